"""Sandbox: where programs run, in three levels. `docs/threat-model.md` says what each of them holds."""

from sheber.judge.errors import SandboxError
from sheber.judge.sandbox.box import FLOOD_BYTES, Box, Ending, LimitReached
from sheber.judge.sandbox.levels import LEVELS, Level, Sandbox, best_sandbox, limits_shown, sandbox_of_level

__all__ = [
    "FLOOD_BYTES",
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
