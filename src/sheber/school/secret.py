"""Secret: the key of one server, kept outside its database, and what is derived from it.

The seeds of hidden scenes are HMAC-SHA256 of this key: whoever has the whole source code and a copy of the database
still cannot compute one. A small seed could be found by trying inside the box; these have 256 bits.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from sheber.i18n import _
from sheber.school.errors import Refused

__all__ = ["Secret"]

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """The key. It shows itself nowhere."""

    _key: bytes = field(repr=False)

    def seed(self, course: int, assignment: int, place: int, round: int) -> int:  # noqa: A002
        """The seed, of 256 bits, of a hidden scene: one for each course, assignment, place and round."""
        return int.from_bytes(self._derived(f"scene/{course}/{assignment}/{place}/{round}"), "big")

    def derived(self, purpose: str) -> bytes:
        """32 bytes for another purpose, from which nobody gets the key or those of other purposes."""
        return self._derived(f"purpose/{purpose}")

    def _derived(self, words: str) -> bytes:
        return hmac.new(self._key, words.encode(), hashlib.sha256).digest()

    @classmethod
    def read(cls, file: Path) -> Secret:
        """The key in this file, which only its owner may read; a new one where there is none. Raises Refused."""
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(_BYTES))
                stream.flush()
                os.fsync(stream.fileno())  # scenes that were drawn from a lost key are lost
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or (os.name == "posix" and status.st_mode & 0o077):
            text = _("The secret {file} must be a file that only its owner can read: chmod 600 {file}")
            raise Refused(text.format(file=file))
        key = file.read_bytes()
        if len(key) != _BYTES:
            text = _("The secret {file} has {size} bytes. It must have {wanted}. Take it back from a backup.")
            raise Refused(text.format(file=file, size=len(key), wanted=_BYTES))
        return cls(key)
