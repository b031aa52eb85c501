"""Traces its neighbours: ptrace on its parent, on a child of its own, and the memory of others through /proc."""
import ctypes, os

PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE = 0, 16, 0x4206
libc = ctypes.CDLL(None, use_errno=True)

for number in {os.getppid(), 1, 2}:
    if number <= 0:
        continue
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        if libc.ptrace(request, number, None, None) == 0:
            print("BREACH traces process", number)
    try:
        with open(f"/proc/{number}/mem", "rb") as memory:
            memory.seek(0x400000)
            memory.read(16)
            print("BREACH reads the memory of process", number)
    except (OSError, ValueError):
        pass
try:
    child = os.fork()
    if child == 0:
        traced = libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os._exit(7 if traced == 0 else 0)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7:
        print("BREACH a child may be traced")
except OSError:
    pass  # no children at all
print("DONE")
