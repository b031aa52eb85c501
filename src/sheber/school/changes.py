"""Changes: the audit as people read it. Of one course for its teachers, of the whole school for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.school.audit import AuditEntry
from sheber.school.courses.models import Course
from sheber.school.people.models import Person, folded
from sheber.school.people.policy import Actor, require, require_rank

__all__ = ["PAGE", "ChangeLine", "Changes", "changes"]

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change."""

    id: int
    at: datetime
    person_id: int | None
    person: str  # "": the school itself
    course_id: int | None
    course: str
    action: str  # "assignment.changed"
    thing: str  # "assignment 12"
    details: Mapping[str, Any]  # text of people among it: always escaped
    about: str  # name of the person whom the details name; ""


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes, the newest first."""

    lines: tuple[ChangeLine, ...]
    older: int  # give it as `before` for the next page; 0: there is none


def changes(
    session: Session,
    actor: Actor,
    *,
    course_id: int | None = None,
    person: str = "",
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
) -> Changes:
    """What was changed. course_id: there only, for its teachers; without it everywhere, for administrators.

    person: part of the name of who did it. action: its beginning, such as "assignment." or "grade.overridden". before:
    entries older than this one. A fixed number of queries. Raises NotFound, NotAllowed.
    """
    query = select(AuditEntry, Person.name, Course.title)
    query = query.outerjoin(Person, Person.id == AuditEntry.person_id)
    query = query.outerjoin(Course, Course.id == AuditEntry.course_id)
    if course_id is None:
        require_rank(actor, "school.see")
    else:
        require(session, actor, "audit.see", course_id)
        query = query.where(AuditEntry.course_id == course_id)
    for word in folded(person[:200]).split()[:8]:
        query = query.where(Person.search.contains(word, autoescape=True))
    if action:
        query = query.where(AuditEntry.action.startswith(action[:60], autoescape=True))
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    if before:
        query = query.where(AuditEntry.id < before)
    rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    names = _names(session, [row[0] for row in rows])
    lines = tuple(_line(one, name or "", title or "", names) for one, name, title in rows[:PAGE])
    return Changes(lines, lines[-1].id if len(rows) > PAGE else 0)


def _names(session: Session, entries: list[AuditEntry]) -> dict[int, str]:
    """The names of the people whom entries are about."""
    ids = {found for one in entries if (found := _about(one))}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _about(one: AuditEntry) -> int:
    """The person whom an entry is about; 0 for none."""
    found = one.details.get("person")
    if isinstance(found, int):
        return found
    kind, _space, number = one.thing.partition(" ")
    return int(number) if kind == "person" and number.isdigit() else 0


def _line(one: AuditEntry, person: str, course: str, names: Mapping[int, str]) -> ChangeLine:
    about = names.get(_about(one), "")
    return ChangeLine(
        one.id, one.at, one.person_id, person, one.course_id, course, one.action, one.thing, one.details, about
    )
