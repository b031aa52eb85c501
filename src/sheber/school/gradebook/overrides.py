"""Overrides: points that a teacher gives by hand, with a reason that the student reads. Nothing is ever overwritten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock, grades
from sheber.school.courses.assignments import require_assignment
from sheber.school.courses.courses import require_open
from sheber.school.courses.models import Assignment, Member
from sheber.school.errors import Conflict, NotFound, Refused
from sheber.school.gradebook.models import Override
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor

__all__ = ["OverrideLine", "override", "override_history", "withdraw_override"]

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One decision of a teacher."""

    id: int
    points: float | None  # None: the one before was taken back
    reason: str
    given_by: str
    created: datetime


def override(
    session: Session,
    actor: Actor,
    assignment_id: int,
    person_id: int,
    points: float,
    reason: str,
    *,
    seen: int | None = None,
) -> int:
    """Give a student points that count instead of the computed ones; gives the override's id.

    points: 0 to 100, after what lateness takes. seen: the override in force that the teacher saw (0: none; None: do
    not compare). Raises NotFound, NotAllowed, Refused, and Conflict where another one was given since.
    """
    found = _asked_for(session, actor, assignment_id, person_id)
    if isinstance(points, bool) or not math.isfinite(points) or not 0.0 <= points <= 100.0:
        text = _("{points} cannot be given. Points are from 0 to 100.")
        raise Refused(text.format(points=points), "points")
    return _add(session, actor, found, person_id, round(float(points), 2), reason, seen)


def withdraw_override(
    session: Session, actor: Actor, assignment_id: int, person_id: int, reason: str, *, seen: int | None = None
) -> int:
    """Take back what was given by hand: the computed points count again. Raises as `override`."""
    found = _asked_for(session, actor, assignment_id, person_id)
    last = _last(session, assignment_id, person_id)
    if last is None or last.points is None:
        raise Refused(_("No points were given to this student by hand. There is nothing to take back."))
    return _add(session, actor, found, person_id, None, reason, seen)


def override_history(session: Session, actor: Actor, assignment_id: int, person_id: int) -> tuple[OverrideLine, ...]:
    """What teachers decided, the newest first: for the staff, and for the student whom it is about. Raises NotFound."""
    _found, standing = require_assignment(session, actor, "course.see", assignment_id)
    if person_id != actor.id and not standing.may("gradebook.see"):
        raise NotFound(_("There is no such assignment, or you are not in its course."))
    query = select(Override, Person.name).join(Person, Person.id == Override.given_by)
    mine = (Override.assignment_id == assignment_id, Override.person_id == person_id)
    rows = session.execute(query.where(*mine).order_by(Override.id.desc()))
    return tuple(OverrideLine(one.id, one.points, one.reason, name, one.created) for one, name in rows)


def _asked_for(session: Session, actor: Actor, assignment_id: int, person_id: int) -> Assignment:
    """The assignment. Decisions about one student come one after another. Raises NotFound, NotAllowed, Refused."""
    found, _standing = require_assignment(session, actor, "grade.override", assignment_id)
    require_open(session, actor, "grade.override", found.course_id)
    here = (Member.course_id == found.course_id, Member.person_id == person_id, Member.role == "student")
    member = select(Member.id).where(*here).with_for_update(key_share=True)
    if session.scalars(member).one_or_none() is None:
        raise NotFound(_("This person is not a student of this course."))
    return found


def _last(session: Session, assignment_id: int, person_id: int) -> Override | None:
    mine = (Override.assignment_id == assignment_id, Override.person_id == person_id)
    newest = select(func.max(Override.id)).where(*mine).scalar_subquery()
    return session.scalars(select(Override).where(Override.id == newest)).one_or_none()


def _add(
    session: Session,
    actor: Actor,
    found: Assignment,
    person_id: int,
    points: float | None,
    reason: str,
    seen: int | None,
) -> int:
    reason = storable(reason.strip())
    if not 1 <= len(reason) <= LONGEST_REASON:
        text = _("Say why, in 1 to {most} characters: the student reads it.")
        raise Refused(text.format(most=LONGEST_REASON), "reason")
    last = _last(session, found.id, person_id)
    in_force = last.id if last is not None and last.points is not None else 0
    if seen is not None and seen != in_force:
        raise Conflict(_("Somebody else changed these points in the meantime. Look at them first."))
    row = Override(
        assignment_id=found.id,
        person_id=person_id,
        points=points,
        reason=reason,
        given_by=actor.id,
        created=clock.now(),
    )
    session.add(row)
    grades.recount(session, found.id, [person_id])
    action = "grade.override-withdrawn" if points is None else "grade.overridden"
    details = {"person": person_id, "before": last.points if last else None, "after": points, "reason": reason}
    audit.record(session, actor.id, action, f"assignment {found.id}", course_id=found.course_id, **details)
    return row.id
