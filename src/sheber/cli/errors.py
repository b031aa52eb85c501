"""Exit codes, and which errors the user, the operator or nobody can mend."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["DONE", "FAULT", "INTERRUPTED", "NEVER_CONNECTED", "WRONG_USE", "Refused", "expected"]

DONE: Final = 0  # even if the score is low or a scene ended badly
WRONG_USE: Final = 2
NEVER_CONNECTED: Final = 3
FAULT: Final = 4
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells expect

# Errors that the user of a command can mend, each a whole message. By name, so that no part is
# imported for an error that cannot have come from it.
_MENDED_BY_THE_USER: Final = (
    ("sheber.exercises.numbers", "ExerciseError"),
    ("sheber.judge.errors", "JudgeError"),
    ("sheber.trace.records", "TraceError"),
    ("sheber.cache", "CacheError"),
    ("sheber.school.errors", "SchoolError"),
    ("sheber.ground.errors", "GroundError"),
)
_MENDED_BY_THE_OPERATOR: Final = (
    ("sheber.judge.errors", "SandboxError"),
    ("sheber.judge.errors", "SystemFault"),
    ("sheber.school.errors", "DatabaseAway"),
)


class Refused(Exception):
    """The command stops here. The message says what was asked, what was wrong, and what exists."""

    def __init__(self, message: str, code: int = WRONG_USE) -> None:
        super().__init__(message)
        self.code = code


def expected(error: Exception) -> int | None:
    """The exit code of an error whose text is the whole message; None for an unexpected one."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, _imported(_MENDED_BY_THE_OPERATOR)):
        return FAULT
    if isinstance(error, _imported(_MENDED_BY_THE_USER)):
        return WRONG_USE
    return None


def _imported(names: tuple[tuple[str, str], ...]) -> tuple[type[BaseException], ...]:
    """Those of the errors whose module has been imported."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in names)
    return tuple(error for error in found if isinstance(error, type))
