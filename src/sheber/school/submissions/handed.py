"""Handed: what a class has handed in, assignment by assignment, for the staff's list of exercises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment, Member
from sheber.school.people.policy import Actor, require
from sheber.school.submissions.models import Submission

__all__ = ["Handed", "handed"]


@dataclass(frozen=True, slots=True)
class Handed:
    """What the students who are in a course now have handed in for one assignment."""

    students: int  # in the course
    handed: int  # of them who have handed in
    waiting: int  # attempts that are not judged yet
    faults: int  # attempts that could not be judged, by our fault

    @property
    def share(self) -> float:
        """The part of the class that has handed in: 0 to 1."""
        return self.handed / self.students if self.students else 0.0


def handed(session: Session, actor: Actor, course_id: int) -> Mapping[int, Handed]:
    """What the class has handed in, by assignment: three queries. Raises NotFound, NotAllowed for who is not staff."""
    require(session, actor, "work.see-all", course_id)
    here = (Member.course_id == course_id, Member.role == "student", Member.left.is_(None))
    students = session.scalar(select(func.count(Member.id)).where(*here)) or 0
    waiting = func.count(Submission.id).filter(Submission.state.in_(("queued", "running")))
    faults = func.count(Submission.id).filter(Submission.state == "fault")
    query = (
        select(Assignment.id, func.count(distinct(Submission.person_id)), waiting, faults)
        .join(Submission, Submission.assignment_id == Assignment.id)
        .join(Member, (Member.course_id == Assignment.course_id) & (Member.person_id == Submission.person_id))
        .where(*here, Submission.kind == "graded", Submission.state.not_in(("replaced", "cancelled")))
        .group_by(Assignment.id)
    )
    found = {row[0]: Handed(students, *row[1:]) for row in session.execute(query)}
    every = session.scalars(select(Assignment.id).where(Assignment.course_id == course_id))
    return {one: found.get(one, Handed(students, 0, 0, 0)) for one in every}
