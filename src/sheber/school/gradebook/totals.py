"""Totals: the mean of every student of a course at once, summed by the database.

A gradebook that is ordered by its total needs all totals for one page of rows. To make a cell of each student and
assignment for them takes seconds where there are thousands of students. The points that count are kept in rows
(`school.grades`); here they are summed, and what depends on the clock is added: an assignment that is missing after its
last date. The rules are those of `book.total_of`, for students without an extension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sheber.school.courses.dates import ends
from sheber.school.courses.models import Assignment, Extension
from sheber.school.gradebook.models import Grade
from sheber.school.submissions.models import Submission

__all__ = ["Summed", "counting_points", "extended_in", "summed"]

_UNDECIDED = ("queued", "running", "fault")  # who has such an attempt and no points is not missing


class Summed:
    """The totals of the students of some assignments."""

    def __init__(self, found: Mapping[int, tuple[float, float]], excused: Mapping[int, float], past: float) -> None:
        """found: by person, the sum of weight times points, and the weights that count beside `past`."""
        self._found, self._excused, self._past = found, excused, past

    def total(self, person_id: int) -> float | None:
        """The mean of a student's points by weight, not rounded; None where nothing counts yet."""
        weighted, counting = self._found.get(person_id, (0.0, 0.0))
        counting += self._past - self._excused.get(person_id, 0.0)
        weights = round(counting, 9)  # differences of sums: a little more than nothing is nothing
        return weighted / weights if weights > 0 else None


def summed(session: Session, course_id: int, assignments: Sequence[Assignment], now: datetime) -> Summed:
    """The totals of all who have points, and of who has none. At most two queries."""
    past = {one.id: one.weight for one in assignments if one.visible and (end := ends(one)) is not None and now > end}
    weight, points = Assignment.weight, Grade.points
    more = case((Assignment.id.in_(past), 0.0), else_=weight)  # one that is past counts for everybody
    query = select(Grade.person_id, func.sum(weight * points), func.sum(more))
    query = query.join(Assignment, Assignment.id == Grade.assignment_id)
    mine = (Grade.course_id == course_id, Assignment.visible.is_(True), points.is_not(None))
    rows = session.execute(query.where(*mine).group_by(Grade.person_id))
    found = {row[0]: (row[1], row[2]) for row in rows}
    return Summed(found, _excused(session, course_id, past), sum(past.values()))


def counting_points(session: Session, course_id: int) -> dict[int, dict[int, float]]:
    """The points that count of everybody in a course, by person and assignment. One query."""
    columns = select(Grade.person_id, Grade.assignment_id, Grade.points)
    mine = (Grade.course_id == course_id, Grade.points.is_not(None))
    found: dict[int, dict[int, float]] = {}
    rows: Sequence[Any] = session.connection().execute(columns.where(*mine)).all()  # 100,000 of them: no objects
    for person_id, assignment_id, points in rows:
        found.setdefault(person_id, {})[assignment_id] = points
    return found


def extended_in(session: Session, assignments: Sequence[Assignment]) -> set[int]:
    """Who has an extension in any of these. One query."""
    mine = Extension.assignment_id.in_([one.id for one in assignments])
    return set(session.scalars(select(Extension.person_id).where(mine).distinct()))


def _excused(session: Session, course_id: int, past: Mapping[int, float]) -> dict[int, float]:
    """Of who has no points and is not missing: the weights of the assignments that are past. At most one query."""
    if not past:
        return {}
    waits = select(Submission.assignment_id, Submission.person_id).distinct()
    here = (Submission.assignment_id + 0).in_(past)  # + 0: by the index of states. Few wait, of very many
    waits = waits.where(Submission.state.in_(_UNDECIDED), Submission.kind == "graded", here)
    same = (Grade.assignment_id == Submission.assignment_id, Grade.person_id == Submission.person_id)
    graded = select(Grade.points).where(Grade.course_id == course_id, *same, Grade.points.is_not(None))
    found: dict[int, float] = {}
    for assignment_id, person_id in session.execute(waits.where(~graded.exists())):
        found[person_id] = found.get(person_id, 0.0) + past.get(assignment_id, 0.0)
    return found
