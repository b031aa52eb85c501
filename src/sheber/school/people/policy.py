"""Policy: who may do what, in one table. Everything that pages and API offer asks here first.

Roles belong to a course; an administrator may do everything. Who is not in a course does not learn that it exists
(`NotFound`); who is in it and may not do something is told so (`NotAllowed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from sheber.i18n import _
from sheber.school import zones
from sheber.school.courses.models import Course, Member
from sheber.school.errors import NotAllowed, NotFound

__all__ = [
    "IN_COURSE",
    "IN_SCHOOL",
    "Actor",
    "Standing",
    "allowed",
    "may",
    "placed",
    "require",
    "require_rank",
    "standing",
]

_ALL: Final = ("student", "assistant", "teacher")
_STAFF: Final = ("assistant", "teacher")
_TEACHER: Final = ("teacher",)

IN_COURSE: Final = {
    "course.see": _ALL,  # its title, visible assignments, one's own work
    "work.submit": _ALL,  # staff try their own exercises
    "work.see-all": _STAFF,  # programs, results, replays and printed text of every student
    "comment.write": _STAFF,
    "comment.remove": _TEACHER,  # of anybody; who wrote one removes it too
    "statistics.see": _STAFF,
    "gradebook.see": _STAFF,
    "similarity.see": _STAFF,
    "request.answer": _TEACHER,
    "grade.override": _TEACHER,
    "regrade": _TEACHER,
    "scene.release": _TEACHER,
    "extension.give": _TEACHER,
    "assignment.change": _TEACHER,
    "course.change": _TEACHER,
    "people.enrol": _TEACHER,
    "audit.see": _TEACHER,
}
"""What may be done in a course, and in which roles."""

IN_SCHOOL: Final = {
    "course.make": ("teacher", "administrator"),
    "exercise.propose": ("teacher", "administrator"),
    "exercise.admit": ("administrator",),  # its code would run on the server
    "people.change": ("administrator",),
    "school.change": ("administrator",),  # what is set for all: its time zone
    "school.see": ("administrator",),  # queue, workers, disk, the audit of everything
}
"""What may be done in the school, and with which rank."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something."""

    id: int
    name: str
    rank: str
    language: str = ""  # "": as the browser asks

    @property
    def administrator(self) -> bool:
        """Whether this person may do everything."""
        return self.rank == "administrator"


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody in one course."""

    actor: Actor
    course: Course
    role: str  # of the course; "teacher" for an administrator
    group_id: int | None

    def may(self, what: str) -> bool:
        """Whether this may be done here. Raises KeyError for what is not in the table."""
        return self.role in IN_COURSE[what]


def standing(session: Session, actor: Actor, course_id: int) -> Standing:
    """What somebody is in a course, whose time zone is in force from here on. Raises NotFound for who is not in it."""
    course = session.get(Course, course_id)
    here = (Member.course_id == course_id, Member.person_id == actor.id, Member.left.is_(None))
    return placed(actor, course, session.scalars(select(Member).where(*here)).one_or_none())


def placed(actor: Actor, course: Course | None, member: Member | None) -> Standing:
    """What somebody is in a course, from rows that were read before: the course, and the membership that has not ended.

    The time zone of the course is in force from here on. Raises NotFound for who has nothing to do with it.
    """
    if course is None or (member is None and not actor.administrator):
        raise NotFound(_("There is no such course, or you are not in it."))
    session = object_session(course)
    if session is not None:
        zones.enter(session, course.zone)
    role = "teacher" if actor.administrator or member is None else member.role
    return Standing(actor, course, role, member.group_id if member else None)


def require(session: Session, actor: Actor, what: str, course_id: int) -> Standing:
    """What somebody is in a course, who may do this there. Raises NotFound, NotAllowed."""
    return allowed(standing(session, actor, course_id), what)


def allowed(found: Standing, what: str) -> Standing:
    """The same standing, of somebody who may do this in the course. Raises NotAllowed."""
    if not found.may(what):
        raise NotAllowed(_("You may not do this in this course. Please ask its teacher."))
    return found


def may(actor: Actor, what: str) -> bool:
    """Whether somebody may do this in the school. Raises KeyError for what is not in the table."""
    return actor.rank in IN_SCHOOL[what]


def require_rank(actor: Actor, what: str) -> None:
    """Raise NotAllowed for who may not do this in the school."""
    if not may(actor, what):
        raise NotAllowed(_("You may not do this. Please ask an administrator of the school."))
