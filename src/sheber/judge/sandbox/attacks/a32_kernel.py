"""Asks the kernel for what no robot program needs: namespaces, mounts, tracing, key rings, rings of requests."""
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {  # name: numbers on x86_64 and aarch64, arguments that would succeed for somebody with the right
    "unshare": (272, 97, 0x10000000), "mount": (165, 40, 0), "bpf": (321, 280, 0), "perf_event_open": (298, 241, 0),
    "io_uring_setup": (425, 425, 1), "keyctl": (250, 219, 0), "add_key": (248, 217, 0), "userfaultfd": (323, 282, 0),
    "setns": (308, 268, 0), "chroot": (161, 51, 0), "memfd_create": (319, 279, 0), "pidfd_open": (434, 434, 1),
    "open_by_handle_at": (304, 265, 0), "fsopen": (430, 430, 0), "init_module": (175, 105, 0), "setuid": (105, 146, 0),
    "capset": (126, 91, 0), "seccomp": (317, 277, 0), "personality": (135, 92, 0), "quotactl": (179, 60, 0),
    "syslog": (103, 116, 3), "msgget": (68, 186, 0), "shmget": (29, 194, 0), "semget": (64, 190, 0), "mq_open": (240, 180, 0),
    "socketpair": (53, 199, 1), "flock": (73, 32, 3), "setrlimit": (160, 164, 0), "sched_setscheduler": (144, 119, 0),
}
column = 0 if os.uname().machine == "x86_64" else 1
for name, call in CALLS.items():
    ctypes.set_errno(0)
    libc.syscall(call[column], ctypes.c_long(call[2]), 0, 0, 0, 0)
    if ctypes.get_errno() not in (1, 38):  # not permitted; no such call
        print("BREACH", name, "was let through, errno", ctypes.get_errno())
print("DONE")
