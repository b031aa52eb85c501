"""Following: a trace read while it is being written, piece by piece.

    following = Following(path)
    while not following.ended:
        piece = following.news()             # a Trace of what came since the last call, or None
        ...

A trace is only ever appended to, and one that stops after any whole record is a trace. So what came since the last
call is one too, once the records that declare channels, bodies and sentences stand before it. A run that failed by a
fault of ours is begun again under the same name, in another file: then following begins again as well, and says so.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sheber.trace.reader import Declared, Trace
from sheber.trace.records import BEGIN, END, FORMAT, HEAD, HEADER, MAGIC, SENTENCE, TraceReadError

__all__ = ["Following"]

_ASIDE = frozenset({HEADER, BEGIN, SENTENCE})  # what later pieces need to be understood
LARGEST_PIECE = 4 << 20  # bytes; what is more comes with the next call
LARGEST_RECORD = 64 << 20  # bytes: what is longer is no record of ours


class Following:
    """One trace that grows. `close` lets go of the file; reading never waits."""

    def __init__(self, path: Path | None = None) -> None:
        """Follow the file of this name; it need not exist yet. None: its name is not known yet (`follow`)."""
        self.path = path
        self.ended = False  # its last record was read
        self.behind = False  # more was written already than the last call took
        self.begun = 0  # how often the run was begun: raised by each file that was seen under the name
        self._file = -1
        self._declared: Declared | None = None  # by the station: read once, for all pieces
        self._forget()

    def news(self) -> Trace | None:
        """What came since the last call; None where nothing whole did. Raises TraceReadError for what is no trace."""
        if self._file < 0 and not self._open():
            return None
        read = os.read(self._file, LARGEST_PIECE)
        self.behind = len(read) == LARGEST_PIECE
        self._rest += read
        found = self._whole()
        if not found:
            if self._replaced():
                self.close()
            return None
        piece = Trace(bytes(self._head) + found, self._declared)
        self._declared = piece.declared
        return piece

    def follow(self, path: Path | None) -> None:
        """Follow a file of another name, where the run was begun again; one that was only moved is followed on."""
        if self._file >= 0 and (path is None or _same(self._file, path) or not path.exists()):
            return
        if path != self.path or self._file >= 0:
            self.close()
            self.path = path

    def close(self) -> None:
        """Let go of the file; may be called again."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _forget(self) -> None:
        self._head, self._rest, self._magic = bytearray(), bytearray(), False
        self._declared = None

    def _open(self) -> bool:
        if self.path is None:
            return False
        with contextlib.suppress(OSError):
            self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            self._forget()
            self.begun += 1
        return self._file >= 0

    def _replaced(self) -> bool:
        """Whether another file has the name now, and this one none: the run was begun again."""
        return not self.ended and os.fstat(self._file).st_nlink == 0

    def _whole(self) -> bytes:
        """The whole records that have come, without those that every piece begins with."""
        if not self._magic:
            magic = MAGIC % FORMAT
            if len(self._rest) < len(magic):
                return b""
            if self._rest[: len(magic)] != magic:
                raise TraceReadError(f"{self.path}: not a trace of this format")
            self._head += magic
            del self._rest[: len(magic)]
            self._magic = True
        return self._records()

    def _records(self) -> bytes:
        at, piece = 0, bytearray()
        while at + HEAD.size <= len(self._rest):
            length, kind = HEAD.unpack_from(self._rest, at)
            if length > LARGEST_RECORD:
                raise TraceReadError(f"{self.path}: a record of {length} bytes is too long")
            end = at + HEAD.size + length
            if end > len(self._rest):
                break
            if kind == END:
                self.ended = True  # its checksum is of the whole file: left to who reads that
            elif kind in _ASIDE:
                self._head += self._rest[at:end]
            else:
                piece += self._rest[at:end]
            at = end
        del self._rest[:at]
        return bytes(piece)


def _same(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
