"""Planning: how long a queue of many students takes to drain, by the seconds that scenes took on these machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["LEAST", "Drain", "Measured", "drains", "measured"]

LEAST: Final = 5  # scenes of an exercise from which something can be said
NEWEST: Final = 500  # scenes that are looked at
SCENES: Final = 8  # of a submission, as an assignment has them unless its teacher chose others
_SHARES: Final = (0.25, 0.5, 1.0, 2.0)  # of the students: how many hand in at one moment


@dataclass(frozen=True, slots=True)
class Measured:
    """How long the scenes of an exercise took."""

    exercise: str
    scenes: int
    mean_s: float
    slow_s: float  # one of 20 took longer


@dataclass(frozen=True, slots=True)
class Drain:
    """So many submissions at one moment, and how long they take with so many places [s]."""

    students: int
    scenes: int
    drain_s: tuple[float, ...]  # for each number of places


def measured(session: Session) -> tuple[Measured, ...]:
    """What the newest scenes took, by exercise; those of which there are enough."""
    newest = select(func.coalesce(func.max(SceneResult.id), 0)).scalar_subquery()
    query = (
        select(Assignment.exercise, SceneResult.seconds)
        .join(Submission, Submission.id == SceneResult.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(SceneResult.id > newest - NEWEST, Submission.kind == "graded")
    )
    taken: dict[str, list[float]] = {}
    for exercise, seconds in session.execute(query):
        taken.setdefault(exercise, []).append(seconds)
    return tuple(of(name, found) for name, found in sorted(taken.items()) if len(found) >= LEAST)


def of(exercise: str, seconds: Sequence[float]) -> Measured:
    """Mean and slow end of what was measured."""
    ordered = sorted(seconds)
    return Measured(exercise, len(ordered), sum(ordered) / len(ordered), ordered[len(ordered) * 19 // 20])


def drains(students: int, seconds: float, places: Sequence[int], scenes: int = SCENES) -> tuple[Drain, ...]:
    """The table: a part of the students, all of them, and twice as many hand in at one moment.

    seconds: that one scene takes, mean. Scenes are judged side by side, each of them whole.
    """
    found = []
    for share in _SHARES:
        count = max(1, round(students * share))
        jobs = count * scenes
        found.append(Drain(count, jobs, tuple(-(-jobs // one) * seconds for one in places)))
    return tuple(found)
