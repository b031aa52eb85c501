"""Scratch: the folder of a box that has no file system of its own, counted while it is used and removed afterwards.

A program decides what lies there: folders that nobody may list, a thousand folders inside each other, files that have
no name any more and are still open. Nothing here recurses, and nothing follows a link. The judge owns the folders, or
is root, so it can open what the program has closed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["DEEPEST", "FILES", "Contents", "contents", "held_bytes", "remove"]

FILES = 4096  # files and folders that a program may have
DEEPEST = 64  # folders inside each other that a program may have
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Contents(NamedTuple):
    """What lies below a folder. Counting ends where a limit is passed."""

    files: int  # and folders
    size: int  # bytes that they take
    depth: int  # of the deepest folder; 0 where there is none


def contents(folder: Path) -> Contents:
    """Count what lies below a folder, while a program may be changing it."""
    files = size = deepest = 0
    way: list[tuple[int, list[str]]] = []  # the folders from the top to where we are, and what is left in each
    try:
        way.append(_listed(folder))
        while way and files <= FILES and deepest <= DEEPEST:
            here, names = way[-1]
            if not names:
                os.close(way.pop()[0])
                continue
            name = names.pop()
            files += 1
            with contextlib.suppress(OSError):  # it may have gone meanwhile
                status = os.lstat(name, dir_fd=here)
                size += status.st_blocks * 512
                if stat.S_ISDIR(status.st_mode):
                    deepest = max(deepest, len(way))
                    way.append(_listed(name, here))
    finally:
        for descriptor, _names in way:
            os.close(descriptor)
    return Contents(files, size, deepest)


def held_bytes(pid: int, folder: Path, largest: int) -> int:
    """Bytes of files below the folder that have no name any more, but that a process holds open or in its memory.

    largest: what a file counts as whose size the system does not tell. 0 where the process has gone, or may not be
    looked at.
    """
    sizes: dict[int, int] = {}  # by inode
    for link in _names(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            status = os.stat(f"/proc/{pid}/fd/{link}")
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                sizes[status.st_ino] = status.st_blocks * 512
    for place, inode in _mapped(pid, folder):
        if inode not in sizes:
            sizes[inode] = largest
            with contextlib.suppress(OSError):
                sizes[inode] = os.stat(f"/proc/{pid}/map_files/{place}").st_blocks * 512
    return sum(sizes.values())


def _mapped(pid: int, folder: Path) -> Iterator[tuple[str, int]]:
    """Place and inode of each removed file below the folder that a process has in its memory."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.rstrip("\n").split(maxsplit=5)  # place, rights, offset, device, inode, path
            if len(words) == 6 and words[5].startswith(f"{folder}/") and words[5].endswith(" (deleted)"):
                yield words[0], int(words[4])


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def remove(folder: Path) -> None:
    """Remove a folder with all that lies in it, however deep and whatever its rights. May be called again.

    Each folder that is not empty has its folders moved to the top first, so that no way becomes too long. What the
    system does not give away is left.
    """
    if os.open not in os.supports_dir_fd:
        shutil.rmtree(folder, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        top, names = _listed(folder)
        try:
            fresh = (f"{secrets.token_hex(8)}-{number}" for number in itertools.count())
            left: set[str] = set()
            while names and left != set(names):
                left = set(names)
                for name in names:
                    with contextlib.suppress(OSError):
                        _remove_one(top, name, fresh)
                names = os.listdir(top)
        finally:
            os.close(top)
        os.rmdir(folder)


def _remove_one(top: int, name: str, fresh: Iterator[str]) -> None:
    """Remove a file, or a folder whose own folders are moved to the top. Raises OSError."""
    if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
        os.unlink(name, dir_fd=top)
        return
    here, names = _listed(name, top)
    try:
        for below in names:
            if stat.S_ISDIR(os.lstat(below, dir_fd=here).st_mode):
                os.chmod(below, 0o700, dir_fd=here)  # who moves a folder must be able to write in it
                os.rename(below, next(fresh), src_dir_fd=here, dst_dir_fd=top)
            else:
                os.unlink(below, dir_fd=here)
    finally:
        os.close(here)
    os.rmdir(name, dir_fd=top)


def _listed(name: str | Path, beside: int | None = None) -> tuple[int, list[str]]:
    """A folder, open, and the names in it. One that its owner may not use is made usable. Raises OSError."""
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=beside)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=beside)
        descriptor = os.open(name, _FOLDER, dir_fd=beside)
    try:
        if os.fstat(descriptor).st_mode & 0o700 != 0o700:
            os.fchmod(descriptor, 0o700)
        return descriptor, os.listdir(descriptor)
    except OSError:
        os.close(descriptor)
        raise
