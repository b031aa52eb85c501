"""Totals: the mean of every student of a course at once, summed by the database.

A gradebook that is ordered by its total needs all totals for one page of rows. To make a cell of each student and
assignment for them takes seconds where there are thousands of students. The rules are those of `book.total_of`, for
students without exceptions: no points by hand, no extension.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from sheber.school.courses.models import Assignment, Extension
from sheber.school.gradebook.models import Override
from sheber.school.submissions.models import Submission

__all__ = ["Summed", "exceptional", "summed"]


class Summed:
    """The totals of the students of some assignments."""

    def __init__(self, found: dict[int, tuple[float, float]], past: float) -> None:
        self._found, self._past = found, past

    def total(self, person_id: int) -> float | None:
        """The mean of a student's points by weight, not rounded; None where nothing counts yet."""
        weighted, counting = self._found.get(person_id, (0.0, 0.0))
        weights = round(counting + self._past, 9)  # differences of sums: a little more than nothing is nothing
        return weighted / weights if weights > 0 else None


def summed(session: Session, assignments: Sequence[Assignment], now: datetime) -> Summed:
    """The totals of all who handed anything in, and of who did not. One query."""
    seen = [one for one in assignments if one.visible]
    past = [one for one in seen if (end := one.due if one.due is not None else one.closes) is not None and now > end]
    each = _each([one.id for one in seen], [one.id for one in seen if one.counts == "latest"])
    weight, graded = Assignment.weight, each.c.points.is_not(None)
    ended = Assignment.id.in_([one.id for one in past])
    excused = and_(ended, or_(each.c.waits > 0, each.c.fault > each.c.done))  # neither judged nor missing
    counting = case((graded, case((ended, 0.0), else_=weight)), (excused, -weight), else_=0.0)
    query = select(each.c.person_id, func.sum(case((graded, weight * each.c.points), else_=0.0)), func.sum(counting))
    rows = session.execute(query.join(Assignment, Assignment.id == each.c.assignment_id).group_by(each.c.person_id))
    return Summed({row[0]: (row[1], row[2]) for row in rows}, sum(one.weight for one in past))


def exceptional(session: Session, assignments: Sequence[Assignment]) -> set[int]:
    """Who has points by hand or an extension in any of these. Two queries."""
    ids = [one.id for one in assignments]
    by_hand = select(Override.person_id).where(Override.assignment_id.in_(ids))
    extended = select(Extension.person_id).where(Extension.assignment_id.in_(ids))
    return {*session.scalars(by_hand.distinct()), *session.scalars(extended.distinct())}


def _each(assignments: Sequence[int], latest: Sequence[int]) -> Subquery:
    """Of each student in each assignment: the points that count, and what waits or failed."""
    state, number = Submission.state, Submission.number
    judged = and_(state == "done", Submission.points.is_not(None))
    mine = (Submission.assignment_id, Submission.person_id)
    rows = select(
        *mine,
        func.max(case((judged, Submission.points))).label("best"),
        func.max(case((judged, number))).label("newest"),
        func.sum(case((state.in_(("queued", "running")), 1), else_=0)).label("waits"),
        func.max(case((state == "fault", number), else_=0)).label("fault"),
        func.max(case((state == "done", number), else_=0)).label("done"),
    ).where(Submission.assignment_id.in_(assignments), Submission.kind == "graded")
    each = rows.group_by(*mine).subquery()
    if not latest:
        return select(each, each.c.best.label("points")).subquery()
    last = aliased(Submission)
    same = and_(last.assignment_id == each.c.assignment_id, last.person_id == each.c.person_id)
    same = and_(same, last.kind == "graded", last.number == each.c.newest, each.c.assignment_id.in_(latest))
    return select(each, func.coalesce(last.points, each.c.best).label("points")).outerjoin(last, same).subquery()
