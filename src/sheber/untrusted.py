"""Untrusted: files and folders that somebody else may have prepared, opened so that they can do nothing.

A hand-in is a folder that a stranger has filled. A name in it may be a link to a file of the judge's user, a pipe that
nobody ever writes to, or a device. What is read from there is read here: regular files only, opened once and without
waiting, up to a size. What is written there is written here: always to a new file, never through what lies there.

All functions raise OSError, with words of ours where the system has none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sheber.i18n import _

__all__ = ["DEEPEST", "Busy", "create", "files_below", "folder_without_links", "held", "read_regular", "write_whole"]

DEEPEST = 32  # folders inside each other in which files are looked for

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Busy(OSError):
    """Another process is writing there now."""


def read_regular(path: Path | str, most: int, *, links: bool = False) -> bytes:
    """The first `most` bytes of a regular file; never waits. Raises OSError for anything else.

    links: follow a link. Only where the content is shown to nobody unless it is of the right kind.
    """
    if not links and os.path.islink(path):
        text = _("it is a link; name the file that it leads to, {target}")
        raise OSError(errno.ELOOP, text.format(target=os.path.realpath(path)))
    with open(os.open(path, _READ & ~_NO_LINK if links else _READ), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, _("it is not a regular file"))
        return _up_to(file, most)


def _up_to(file: BinaryIO, most: int) -> bytes:
    """What a file holds, up to `most` bytes: one read may give less than there is."""
    pieces, left = [], most
    while left > 0 and (piece := file.read(min(left, 64 << 20))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def files_below(folder: Path, ending: str) -> list[Path]:
    """The regular files below a folder whose names end so, in order. Hidden ones and folders too deep are left out.

    Nothing recurses, and no link is followed: a folder may hold a thousand others inside each other.
    """
    found: list[Path] = []
    left = [(folder, 0)]
    while left:
        here, depth = left.pop()
        with contextlib.suppress(OSError), os.scandir(here) as entries:  # a folder that nobody may list has nothing
            for entry in entries:
                if entry.name.startswith((".", "__")):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    left += [(Path(entry.path), depth + 1)] if depth < DEEPEST else []
                elif entry.is_file(follow_symlinks=False) and entry.name.endswith(ending):
                    found.append(Path(entry.path))
    return sorted(found)


def create(path: Path | str) -> BinaryIO:
    """A new file of this name, without a buffer, held until it is closed. What lay there is removed, not written to.

    A link is removed and its target left alone. Raises Busy where another process holds the file.
    """
    with _within(Path(path)) as (name, folder):
        with contextlib.suppress(FileNotFoundError):
            _give_way(name, folder)
        file = open(os.open(name, _NEW, 0o666, dir_fd=folder), "wb", buffering=0)  # noqa: SIM115 - the caller closes it
    with _as_busy():
        _hold(file.fileno(), alone=True)
    return file


@contextlib.contextmanager
def _within(path: Path) -> Iterator[tuple[str, int | None]]:
    """A name, and its folder, opened once: all that is done with the name is done there, wherever the path leads later.

    Where the system cannot name a file by an open folder (Windows), the name is the whole path.
    """
    if os.open not in os.supports_dir_fd:
        yield str(path), None
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield path.name, folder
    finally:
        os.close(folder)


def _give_way(name: str, folder: int | None) -> None:
    """Remove the file, link or pipe of this name. A folder or a device is left, and said."""
    mode = os.lstat(name, dir_fd=folder).st_mode
    if stat.S_ISREG(mode):
        with (
            contextlib.suppress(PermissionError),
            open(os.open(name, _READ, dir_fd=folder), "rb", buffering=0) as there,
            _as_busy(),
        ):
            _hold(there.fileno(), alone=True)
    else:
        _refuse_devices(mode)
    os.unlink(name, dir_fd=folder)


def _refuse_devices(mode: int) -> None:
    """Raise OSError for what is not ours to remove: root could take away /dev/null."""
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise OSError(errno.EEXIST, _("something that is not a file has this name"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; it takes the place of the file, link or pipe of this name."""
    with _within(path) as (name, folder):
        with contextlib.suppress(FileNotFoundError):
            _refuse_devices(os.lstat(name, dir_fd=folder).st_mode)
        temporary = os.path.join(os.path.dirname(name), f".{path.name[:100]}.{secrets.token_hex(8)}")
        try:
            with open(os.open(temporary, _NEW, 0o666, dir_fd=folder), "wb") as file:
                file.write(content)
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)


def folder_without_links(path: Path, below: Path = Path()) -> Path:
    """Make the folders of a relative path below another folder. Raises OSError where one of them is a link."""
    for part in reversed([below / one for one in (path, *path.parents[:-1])]):
        with contextlib.suppress(FileExistsError):
            os.mkdir(part)
        if part.is_symlink():
            text = _("{part} is a link, and it may lead anywhere. Remove it, or name the folder yourself: --out FOLDER")
            raise OSError(errno.ELOOP, text.format(part=part))
    return below / path


@contextlib.contextmanager
def held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold a folder while the block runs: `alone`, or beside others who do not need it alone. Raises Busy.

    Where the system cannot lock a folder, nothing is held.
    """
    if os.name == "nt":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        with _as_busy():
            _hold(descriptor, alone=alone)
        yield
    finally:
        os.close(descriptor)


def _hold(descriptor: int, *, alone: bool) -> None:
    """Lock an open file until it is closed. Raises BlockingIOError where another has it."""
    if os.name == "nt":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # a file system without locks


@contextlib.contextmanager
def _as_busy() -> Iterator[None]:
    """A lock that somebody else has, in words."""
    try:
        yield
    except BlockingIOError as error:
        text = _("another sheber is writing there now. Wait until it has ended, or name another folder: --out FOLDER")
        raise Busy(errno.EBUSY, text) from error
