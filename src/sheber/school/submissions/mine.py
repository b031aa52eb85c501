"""Mine: what somebody has reached in a course, assignment by assignment, for the pages that list them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment
from sheber.school.gradebook.models import Override
from sheber.school.people.policy import Actor, require
from sheber.school.submissions.models import Submission

__all__ = ["NOTHING_YET", "Mine", "mine"]

_LIVE = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Mine:
    """What one person has reached in one assignment."""

    attempts: int  # that were judged, or will be
    points: float | None  # what counts; None: nothing judged yet
    latest: int | None  # the newest submission
    judging: bool  # the newest one waits or is being judged
    by_hand: bool = False  # a teacher gave the points
    reason: str = ""  # why, in the teacher's words


NOTHING_YET = Mine(0, None, None, False)


def mine(session: Session, actor: Actor, course_id: int) -> Mapping[int, Mine]:
    """What somebody has reached in a course, by assignment: two queries. Raises NotFound."""
    require(session, actor, "course.see", course_id)
    query = (
        select(Assignment.id, Assignment.counts, Submission.id, Submission.state, Submission.points)
        .join(Submission, Submission.assignment_id == Assignment.id)
        .where(Assignment.course_id == course_id, Submission.person_id == actor.id, Submission.kind == "graded")
        .where(Submission.state.not_in(("replaced", "cancelled")))
        .order_by(Submission.id)
    )
    found: dict[int, Mine] = {}
    for assignment_id, counts, submission_id, state, points in session.execute(query):
        before = found.get(assignment_id, NOTHING_YET)
        counted = _counted(counts, before.points, points)
        found[assignment_id] = Mine(before.attempts + 1, counted, submission_id, state in _LIVE)
    return found | _by_hand(session, actor, course_id, found)


def _counted(counts: str, before: float | None, points: float | None) -> float | None:
    if points is None or before is None:
        return before if points is None else points
    return max(before, points) if counts == "best" else points


def _by_hand(session: Session, actor: Actor, course_id: int, found: Mapping[int, Mine]) -> dict[int, Mine]:
    """Those whose points a teacher gave: the newest word counts, and None takes it back."""
    query = (
        select(Override.assignment_id, Override.points, Override.reason)
        .join(Assignment, Assignment.id == Override.assignment_id)
        .where(Assignment.course_id == course_id, Override.person_id == actor.id)
        .order_by(Override.id)
    )
    newest = {assignment_id: (points, reason) for assignment_id, points, reason in session.execute(query)}
    return {
        assignment_id: replace(found.get(assignment_id, NOTHING_YET), points=points, by_hand=True, reason=reason)
        for assignment_id, (points, reason) in newest.items()
        if points is not None
    }
