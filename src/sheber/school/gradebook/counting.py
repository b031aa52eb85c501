"""Counting: what counts for a student in an assignment. The best or latest judged attempt, unless a teacher decided.

Each function asks the database once, however many students and assignments there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment, Extension
from sheber.school.gradebook.models import Override
from sheber.school.submissions.models import Submission

__all__ = ["Counted", "Given", "HandedIn", "Place", "counted", "counting_ids", "extended", "given", "handed_in"]

Place = tuple[int, int]
"""An assignment and a person, by their ids."""


class Counted(NamedTuple):
    """The attempt that counts."""

    submission_id: int
    number: int
    points: float  # after what lateness takes
    final: float  # before it
    late_days: int


class HandedIn(NamedTuple):
    """How much a student has handed in."""

    attempts: int  # that wait, run or are judged
    waiting: int  # of them, not yet judged
    broken: bool  # the newest one that ended was a fault of ours


class Given(NamedTuple):
    """Points that a teacher gave by hand, in force."""

    id: int
    points: float
    reason: str


def counted(
    session: Session, assignments: Sequence[Assignment], people: Collection[int] | None = None
) -> dict[Place, Counted]:
    """The attempt that counts of each student (people: of these only) in each assignment.

    Best: the most points, the first of equal ones. Latest: the last one that is judged.
    """
    judged = _ranked(assignments, people)
    rows = session.execute(select(judged).where(judged.c.place == 1))
    return {(row[0], row[1]): Counted._make(row[2:7]) for row in rows}


def counting_ids(assignments: Sequence[Assignment]) -> Select[int]:
    """The ids of the attempts that count, as a part of another query: there may be more of them than one can name."""
    judged = _ranked(assignments, None)
    return select(judged.c.id).where(judged.c.place == 1)


def _ranked(assignments: Sequence[Assignment], people: Collection[int] | None) -> Subquery:
    """The judged attempts, each with its place among those of its student: 1 for the one that counts."""
    latest = [one.id for one in assignments if one.counts == "latest"]
    newest_first = case((Submission.assignment_id.in_(latest), Submission.number), else_=0)
    order = (newest_first.desc(), Submission.points.desc(), Submission.number)
    mine = (Submission.assignment_id, Submission.person_id)
    return (
        select(
            *mine,
            Submission.id,
            Submission.number,
            Submission.points,
            Submission.final,
            Submission.late_days,
            func.row_number().over(partition_by=mine, order_by=order).label("place"),
        )
        .where(*_graded(assignments, people), Submission.state == "done", Submission.points.is_not(None))
        .subquery()
    )


def handed_in(
    session: Session, assignments: Sequence[Assignment], people: Collection[int] | None = None
) -> dict[Place, HandedIn]:
    """How much each student has handed in for each assignment."""
    state, number = Submission.state, Submission.number
    query = select(
        Submission.assignment_id,
        Submission.person_id,
        func.sum(case((state.in_(("queued", "running", "done")), 1), else_=0)),
        func.sum(case((state.in_(("queued", "running")), 1), else_=0)),
        func.max(case((state == "fault", number), else_=0)) > func.max(case((state == "done", number), else_=0)),
    ).where(*_graded(assignments, people))
    rows = session.execute(query.group_by(Submission.assignment_id, Submission.person_id))
    return {(row[0], row[1]): HandedIn(row[2], row[3], bool(row[4])) for row in rows}


def given(
    session: Session, assignments: Sequence[Assignment], people: Collection[int] | None = None
) -> dict[Place, Given]:
    """The points given by hand that are in force."""
    here = [Override.assignment_id.in_([one.id for one in assignments]), *_of(Override.person_id, people)]
    newest = select(func.max(Override.id)).where(*here).group_by(Override.assignment_id, Override.person_id)
    query = select(Override).where(Override.id.in_(newest), Override.points.is_not(None))
    return {
        (one.assignment_id, one.person_id): Given(one.id, one.points, one.reason)
        for one in session.scalars(query)
        if one.points is not None
    }


def extended(
    session: Session, assignments: Sequence[Assignment], people: Collection[int] | None = None
) -> dict[Place, Extension]:
    """The extensions of these students."""
    here = [Extension.assignment_id.in_([one.id for one in assignments]), *_of(Extension.person_id, people)]
    return {(one.assignment_id, one.person_id): one for one in session.scalars(select(Extension).where(*here))}


def _graded(assignments: Sequence[Assignment], people: Collection[int] | None) -> list[ColumnElement[bool]]:
    ids = [one.id for one in assignments]
    return [Submission.assignment_id.in_(ids), *_of(Submission.person_id, people), Submission.kind == "graded"]


def _of(column: Any, people: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if people is None else [column.in_(people)]
