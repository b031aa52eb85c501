"""Reads and writes the memory of other processes, the judge's first."""
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


mine = Piece(ctypes.addressof(buffer), 8)
for pid in [1, 2, os.getppid(), int("@JUDGE@")]:
    theirs = Piece(ctypes.addressof(buffer), 8)
    if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) >= 0 and pid != os.getpid():
        print("BREACH process_vm_readv", pid)
    try:
        with open(f"/proc/{pid}/mem", "rb+") as file:
            print("BREACH /proc/mem", pid, file)
    except OSError:
        pass
    if libc.ptrace(16, pid, 0, 0) == 0:
        print("BREACH ptrace", pid)
print("DONE")
