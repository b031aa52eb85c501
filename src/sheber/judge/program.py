"""Program: a student's source as bytes. The trusted side never compiles, parses or imports it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sheber.i18n import _
from sheber.judge.errors import ProgramError
from sheber.untrusted import read_regular

__all__ = ["LARGEST_PROGRAM", "Program", "ProgramError"]

LARGEST_PROGRAM = 1 << 20  # bytes


@dataclass(frozen=True)
class Program:
    """What a student wrote: one file of Python."""

    name: str  # name of the file, without its folder; shown in reports and error messages
    source: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.source) > LARGEST_PROGRAM:
            text = _("{name} has {size} bytes. A program may have up to {allowed} bytes.")
            raise ProgramError(text.format(name=self.name, size=len(self.source), allowed=LARGEST_PROGRAM))

    @classmethod
    def read(cls, path: Path | str) -> Program:
        """The program in a file. Raises ProgramError where there is none, one that is too long, or no regular file.

        A link is refused: in a hand-in it may lead to a file of the judge's user, whose text the report would show.
        """
        file = Path(path)
        try:
            source = read_regular(file, LARGEST_PROGRAM + 1)
        except OSError as error:
            text = _("The program {file} cannot be read: {why}.")
            raise ProgramError(text.format(file=file, why=(error.strerror or str(error)).lower())) from error
        return cls(file.name, source)

    @cached_property
    def sha256(self) -> str:
        """Hash of the source."""
        return hashlib.sha256(self.source).hexdigest()
