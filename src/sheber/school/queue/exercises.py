"""Exercises of the queue: the exercise that a job is judged with. The one place that opens it for a worker."""

from __future__ import annotations

from sheber.exercises import Exercise
from sheber.school.courses import exercises
from sheber.school.opening import School
from sheber.school.queue.claiming import Claimed

__all__ = ["exercise_of", "limit_s"]

_AROUND_S = 120.0  # for opening, warming, building the scene and scoring, on a busy machine [s]
_PARTS = 4  # a run has two sums of wall time, each with the limit of its exercise, and is tried twice


def exercise_of(school: School, job: Claimed) -> Exercise:
    """The exercise of a job, with the course's own numbers. Raises Refused, ExerciseError, DatabaseAway."""
    with school.reading() as session:
        return exercises.exercise_of(session, job)


def limit_s(exercise: Exercise) -> float:
    """How long judging one scene may take before it is ended [wall s]. The program's own limits are far below it."""
    return _PARTS * exercise.limits.wall_s + _AROUND_S
