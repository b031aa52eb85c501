"""Exit codes, and which errors are whose."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["DONE", "FAULT", "INTERRUPTED", "NEVER_CONNECTED", "WRONG_USE", "WrongUse", "wrong_use_errors"]

DONE: Final = 0  # even if the score is low or a scene ended badly
WRONG_USE: Final = 2
NEVER_CONNECTED: Final = 3
FAULT: Final = 4
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells expect

# Errors that the user of a command can mend, each a whole message. By name, so that no part is
# imported for an error that cannot have come from it.
_MENDED_BY_THE_USER: Final = (
    ("sheber.exercises.numbers", "ExerciseError"),
    ("sheber.judge.program", "ProgramError"),
    ("sheber.judge.sandbox", "SandboxError"),
    ("sheber.trace.records", "TraceError"),
    ("sheber.cache", "CacheError"),
)


class WrongUse(Exception):
    """What was asked cannot be done; the message says what was asked, what was wrong, what exists."""

    def __init__(self, message: str, code: int = WRONG_USE) -> None:
        super().__init__(message)
        self.code = code


def wrong_use_errors() -> tuple[type[BaseException], ...]:
    """The errors of the parts imported so far that a user can mend."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _MENDED_BY_THE_USER)
    return tuple(error for error in found if isinstance(error, type))
