"""Locks, leases and key rings: marks that another run could see."""
import ctypes, fcntl, os, struct
import numpy

file = open(numpy.__file__)
for what, attempt in (
    ("flock", lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    ("record lock", lambda: fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0))),
    ("lease", lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)),
    ("owner", lambda: fcntl.fcntl(file, fcntl.F_SETOWN, os.getpid())),
):
    try:
        attempt()
        print("BREACH", what)
    except OSError:
        pass
if ctypes.CDLL(None).syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 0) > 0:
    print("BREACH key ring")
print("DONE")
