"""Calls the kernel by the x32 numbers."""
import ctypes, os

if os.uname().machine == "x86_64":
    print("entering", flush=True)
    print("BREACH", ctypes.CDLL(None).syscall(0x40000000 | 39))
else:
    print("DONE")
