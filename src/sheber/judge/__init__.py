"""The judge: programs in, traces, grades and reports out. It knows stations and exercises, not robots.

trace = run(exercise, program, seed, sandbox)     # physics, processes, time: only here
score = exercise.score(trace)                     # pure
text  = report(exercise, trace, score)            # pure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheber.judge.errors import JudgeError, ProgramError, SandboxError, SystemFault
from sheber.judge.program import Program
from sheber.judge.report import report

if TYPE_CHECKING:
    from sheber.judge.grade import Grade, GradedScene, grade
    from sheber.judge.practice import practice
    from sheber.judge.run import run
    from sheber.judge.sandbox import Sandbox, best_sandbox, sandbox_of_level

__all__ = [
    "Grade",
    "GradedScene",
    "JudgeError",
    "Program",
    "ProgramError",
    "Sandbox",
    "SandboxError",
    "SystemFault",
    "best_sandbox",
    "grade",
    "practice",
    "report",
    "run",
    "sandbox_of_level",
]

_HOMES = {
    "Grade": "grade",
    "GradedScene": "grade",
    "grade": "grade",
    "practice": "practice",
    "run": "run",
    "Sandbox": "sandbox",
    "best_sandbox": "sandbox",
    "sandbox_of_level": "sandbox",
}


def __getattr__(name: str) -> Any:
    """Fetch the rest when it is asked for: reading a trace needs no sandbox."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found  # a function of the name of its module must win over the module
    return found
