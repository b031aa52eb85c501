"""Executor: where scenes are judged, behind one small interface: on this machine, or on several."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sheber.exercises import Exercise
from sheber.exercises.score import Score
from sheber.judge.program import Program
from sheber.trace import Outcome

__all__ = ["Ended", "Executor", "Judged", "MachineTrouble", "Work"]


class MachineTrouble(Exception):
    """This machine, or one of the cluster, is at fault, and not the job."""


@dataclass(frozen=True, slots=True)
class Work:
    """One scene to judge."""

    id: int  # of the job
    exercise: Exercise
    program: Program
    seed: int
    scene: str  # what people call it: "scene 3"
    file: Path  # of the trace, on this machine
    language: str
    limit_s: float  # for the whole of it [wall s]


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging gave. The trace lies in the file of the work."""

    outcome: Outcome
    score: Score
    trace_sha256: str
    seconds: float
    level: str  # of the sandbox
    processor: str  # class of processor
    versions: dict[str, str]
    exercise_sha256: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A work that has ended: with what it gave, or with the error that says why there is nothing."""

    id: int
    found: Judged | Exception


class Executor(Protocol):
    """What a worker needs. All is called from one thread."""

    name: str

    @property
    def places(self) -> int:
        """Scenes at a time; it may change while machines come and go."""
        ...

    @property
    def level(self) -> str:
        """Of the sandbox."""
        ...

    def start(self, work: Work) -> None:
        """Begin a work; its end is told by `endings`."""
        ...

    def endings(self, wait_s: float) -> list[Ended]:
        """The works that have ended since the last call; waits up to `wait_s` for the first of them."""
        ...

    def cancel(self, id: int) -> None:  # noqa: A002
        """End a work and all its processes; it has no ending then. One that has ended is no error."""
        ...

    def close(self) -> None:
        """End everything that runs; may be called again."""
        ...
