"""Sandbox: where programs run, in three levels. `docs/threat-model.md` says what each of them holds."""

from sheber.judge.errors import SandboxError
from sheber.judge.sandbox.box import FLOOD_BYTES, Box, LimitReached
from sheber.judge.sandbox.ending import LAST_WORDS_S, Ending
from sheber.judge.sandbox.levels import LEVELS, Level, Sandbox, best_sandbox, sandbox_of_level
from sheber.judge.sandbox.setup import limits_shown

__all__ = [
    "FLOOD_BYTES",
    "LAST_WORDS_S",
    "LEVELS",
    "Box",
    "Ending",
    "Level",
    "LimitReached",
    "Sandbox",
    "SandboxError",
    "best_sandbox",
    "limits_shown",
    "sandbox_of_level",
]
