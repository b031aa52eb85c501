"""Filters: the outer, coarse seccomp filter that bubblewrap installs before the stub starts.

It refuses what no Python program and no stub needs, so that a mistake in the stub leaves one layer standing.
The fine list is the stub's own.
"""

from __future__ import annotations

import os
import platform
import struct

from sheber.judge.sandbox import stub

__all__ = ["REFUSED", "coarse_filter", "filter_descriptor"]

# name: number on x86_64, number on aarch64
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "fsopen": (430, 430), "fsmount": (432, 432), "move_mount": (429, 429), "open_tree": (428, 428),
    "mount_setattr": (442, 442), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "flock": (73, 32), "symlink": (88, None), "symlinkat": (266, 36), "link": (86, None), "linkat": (265, 37),
    "mknod": (133, None), "mknodat": (259, 33), "swapon": (167, 224), "reboot": (169, 142), "acct": (163, 89),
    "iopl": (172, None), "ioperm": (173, None), "fanotify_init": (300, 262), "inotify_init1": (294, 26),
}  # fmt: skip


def coarse_filter(column: int, architecture: int) -> bytes:
    """The filter as classic BPF: refuse the calls of the table, allow all others, kill on foreign architectures."""
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    kill, allow, refuse = 0x80000000, 0x7FFF0000, 0x00050001
    code = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, kill), (load, 0, 0, 0)]
    if architecture == stub.X86_64:
        code += [(at_least, 0, 1, 0x40000000), (give, 0, 0, kill)]
    for numbers in REFUSED.values():
        number = numbers[column]
        if number is not None:
            code += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    code.append((give, 0, 0, allow))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def filter_descriptor() -> int:
    """A descriptor from which bubblewrap reads the filter; the caller closes it."""
    reading, writing = os.pipe()
    os.write(writing, coarse_filter(*stub.ARCHITECTURES[platform.machine()]))
    os.close(writing)
    return reading
