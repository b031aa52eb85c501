"""Turns: which job is next. Class first, then the course, then the student that was served least lately, then the age.

Turns are marked with moments that only grow (`Course.served`, `Member.served`), whatever the clock does: a course that
was served before the clock was set back would else wait until the clock has caught up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, exists, func, literal, select, update
from sqlalchemy.orm import Session

from sheber.school.clock import now
from sheber.school.courses.models import Course, Member
from sheber.school.database import EPOCH, Moment
from sheber.school.queue.models import Job

__all__ = ["Turn", "mark_served", "next_turn", "served_lately"]

_TICK = timedelta(milliseconds=1)
_QUEUED = Job.state == "queued"


class Turn(NamedTuple):
    """The job that is next."""

    job_id: int
    submission_id: int
    course_id: int
    person_id: int


def next_turn(session: Session) -> Turn | None:
    """Whose turn it is; None where nothing waits. Each step looks into the index `ix_jobs_turn`."""
    rank = session.scalar(select(func.min(Job.rank)).where(_QUEUED))
    if rank is None:
        return None
    here = (_QUEUED, Job.rank == rank)
    waits = exists().where(*here, Job.course_id == Course.id)
    course = session.scalars(
        select(Course.id).where(waits).order_by(Course.served.asc().nulls_first(), Course.id).limit(1)
    ).one()
    in_course = (*here, Job.course_id == course)
    person = session.scalars(_least_lately_served(in_course, course)).one()
    job = select(Job.id, Job.submission_id).where(*in_course, Job.person_id == person).order_by(Job.id).limit(1)
    row = session.execute(job).one()
    return Turn(row.id, row.submission_id, course, person)


def _least_lately_served(here: Sequence[ColumnElement[bool]], course: int) -> Select[int]:
    """The student of a course whose turn it is."""
    return (
        select(Job.person_id)
        .outerjoin(Member, (Member.person_id == Job.person_id) & (Member.course_id == course))
        .where(*here)
        .group_by(Job.person_id, Member.id, Member.served)
        .order_by(served_lately(), func.min(Job.id))
        .limit(1)
    )


def served_lately() -> ColumnElement[datetime]:
    """When a student was last served, of jobs that are grouped by student. Who is not in the course (an administrator
    who tries something) counts as served when the oldest job was made."""
    never = case((Member.id.is_(None), func.min(Job.created)), else_=literal(EPOCH, Moment))
    return func.coalesce(Member.served, never, type_=Moment)


def mark_served(session: Session, turn: Turn) -> None:
    """Put course and student at the end of their rows."""
    courses = select(func.max(Course.served)).scalar_subquery()
    members = select(func.max(Member.served)).where(Member.course_id == turn.course_id).scalar_subquery()
    session.execute(update(Course).where(Course.id == turn.course_id).values(served=_after(session, courses)))
    member = (Member.course_id == turn.course_id, Member.person_id == turn.person_id)
    session.execute(update(Member).where(*member).values(served=_after(session, members)))


def _after(session: Session, latest: ScalarSelect[datetime | None]) -> datetime:
    """This moment, or the first one after the latest that was marked."""
    found = session.scalar(select(latest))
    return now() if found is None else max(now(), found + _TICK)
