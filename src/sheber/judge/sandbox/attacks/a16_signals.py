"""Sends signals to the judge, and takes hold of it by a descriptor."""
import ctypes, os, signal

for pid in (1, os.getppid(), int("@JUDGE@"), -1, 0):
    try:
        os.kill(pid, signal.SIGURG)
        print("BREACH kill", pid)
    except OSError:
        pass
    try:
        print("BREACH pidfd", os.pidfd_open(abs(pid) or 1))
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(234, int("@JUDGE@"), int("@JUDGE@"), 0) == 0 and os.uname().machine == "x86_64":
    print("BREACH tgkill reaches the judge")
print("DONE")
