"""Stops itself, so that it neither computes nor ends."""
import ctypes, os, signal

ctypes.CDLL(None).syscall(234 if os.uname().machine == "x86_64" else 131, os.getpid(), os.getpid(), signal.SIGSTOP)
import time

time.sleep(1000)
