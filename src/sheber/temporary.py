"""Temporary folders of ours: held while they are used, removed at their end, and swept where a run was killed.

Each is named `sheber-PURPOSE-…` and locked by the process that uses it and by its children. A folder that is older than
a day and that nobody holds is what a killed run has left: the next run removes it. Standard library only.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

__all__ = ["temporary_folder", "temporary_of_process"]

_OLD_S = 86400.0


@contextlib.contextmanager
def temporary_folder(
    purpose: str, within: str | None = None, remove: Callable[[Path], None] | None = None
) -> Iterator[Path]:
    """A folder of mode 0700 that lasts as long as the block.

    within: where, if not the system's place. remove: how, where a program of others may have filled it.
    """
    path, lock = _made(purpose, within)
    try:
        yield path
    finally:
        if lock is not None:
            os.close(lock)
        if remove is not None:
            remove(path)
        else:
            shutil.rmtree(path, ignore_errors=True)


def temporary_of_process(purpose: str, within: str | None = None) -> Path:
    """A folder of mode 0700 that goes when this process ends; a fork does not take it along."""
    path, _lock = _made(purpose, within)
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(path, ignore_errors=True)

    atexit.register(remove)
    return path


def _made(purpose: str, within: str | None) -> tuple[Path, int | None]:
    """A new folder and the descriptor that holds its lock; None on a system that has no such locks."""
    path = Path(tempfile.mkdtemp(prefix=f"sheber-{purpose}-", dir=within)).resolve()
    if os.name != "posix":
        return path, None
    _sweep(path.parent)
    return path, _lock(path)


@cache
def _sweep(folder: Path) -> None:
    """Remove what killed runs have left here, once in a process: only folders of this user, no links followed."""
    with os.scandir(folder) as entries:
        left = [entry.path for entry in entries if entry.name.startswith("sheber-")]
    for path in left:
        with contextlib.suppress(OSError):  # another process was quicker, or it is in use
            if _is_old(os.lstat(path)):
                os.close(_lock(Path(path)))
                shutil.rmtree(path, ignore_errors=True)


def _is_old(status: os.stat_result) -> bool:
    mine = status.st_uid == os.getuid()
    return mine and stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > _OLD_S


def _lock(folder: Path) -> int:
    """Hold a folder; gives the descriptor. Raises BlockingIOError where somebody holds it."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
