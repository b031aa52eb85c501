"""Lateness: what a deadline that moved means for the programs that are in already."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from sheber.school import grades
from sheber.school.courses.dates import dates_of, less_lateness
from sheber.school.courses.models import Assignment, Extension
from sheber.school.submissions.models import Submission

__all__ = ["TAKING", "losing", "recount"]

TAKING: Final = frozenset({"due", "closes", "late_percent"})
"""What of an assignment decides how late a program came, and what that takes."""


def recount(session: Session, assignment: Assignment, person_id: int | None = None) -> int:
    """Count anew how late graded programs came, by the dates of now, and what that takes of their points.

    person_id: of one student only. Gives how many attempts changed. The number of statements does not grow with them.
    """
    session.flush()
    mine = [Submission.assignment_id == assignment.id, Submission.kind == "graded"]
    theirs = [Extension.assignment_id == assignment.id]
    if person_id is not None:
        mine.append(Submission.person_id == person_id)
        theirs.append(Extension.person_id == person_id)
    extensions = {one.person_id: one for one in session.scalars(select(Extension).where(*theirs))}
    usual = dates_of(assignment, None)
    dates = {person: dates_of(assignment, one) for person, one in extensions.items()}
    columns = (Submission.id, Submission.person_id, Submission.created, Submission.late_days, Submission.final)
    rows = session.execute(select(*columns, Submission.points).where(*mine).with_for_update(key_share=True))
    changed: list[dict[str, Any]] = []
    for row in rows:
        days = dates.get(row.person_id, usual).late_days(row.created)
        points = None if row.final is None else less_lateness(row.final, days, assignment.late_percent)
        if (days, points) != (row.late_days, row.points):
            changed.append({"which": row.id, "days": days, "less": points})
    if changed:
        same = update(Submission).where(Submission.id == bindparam("which"))
        values = same.values(late_days=bindparam("days"), points=bindparam("less"))
        session.connection().execute(values, changed)
        session.expire_all()
        grades.recount(session, assignment.id, None if person_id is None else [person_id])
    return len(changed)


def losing(session: Session, assignment: Assignment) -> tuple[int, int]:
    """Of the graded programs that are in, how many come later by the dates of now than was told so far, and how many
    lose points that they have. `recount` has not been called yet. Two queries."""
    session.flush()
    theirs = select(Extension).where(Extension.assignment_id == assignment.id)
    dates = {one.person_id: dates_of(assignment, one) for one in session.scalars(theirs)}
    usual = dates_of(assignment, None)
    columns = (Submission.person_id, Submission.created, Submission.late_days, Submission.final, Submission.points)
    mine = (Submission.assignment_id == assignment.id, Submission.kind == "graded")
    later = poorer = 0
    for row in session.execute(select(*columns).where(*mine)):
        days = dates.get(row.person_id, usual).late_days(row.created)
        later += days > row.late_days
        if row.final is not None and row.points is not None:
            poorer += less_lateness(row.final, days, assignment.late_percent) < row.points
    return later, poorer
