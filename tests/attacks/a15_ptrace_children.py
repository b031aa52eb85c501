"""Asks to be traced, and traces its parent."""
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(0, 0, 0, 0) == 0:
    print("BREACH traceme")
for pid in (1, os.getppid(), int("@JUDGE@")):
    for request in (16, 0x4206):  # attach, seize
        if libc.ptrace(request, pid, 0, 0) == 0:
            print("BREACH", request, pid)
print("DONE")
