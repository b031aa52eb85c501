"""Raises its limits and its priority."""
import ctypes, os, resource

for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_FSIZE"):
    soft, hard = resource.getrlimit(getattr(resource, name))
    if hard == resource.RLIM_INFINITY:
        print("BREACH no limit", name)
    for wanted in ((soft, resource.RLIM_INFINITY), (hard, hard)):
        try:
            resource.setrlimit(getattr(resource, name), wanted)
            print("BREACH raised", name, wanted)
        except (OSError, ValueError):
            pass
for attempt in (lambda: os.nice(-5), lambda: os.nice(1), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
                lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.sched_setaffinity(0, {0})):
    try:
        attempt()
        print("BREACH", attempt)
    except OSError:
        pass
if 0 in os.getresuid() + os.getresgid():
    print("BREACH is root")
print("DONE")
