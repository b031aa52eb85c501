"""Auditing: the audit log as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.school.audit import AuditEntry
from sheber.school.people import policy
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor

__all__ = ["PAGE", "Entry", "entries"]

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One change."""

    id: int
    at: datetime
    person_id: int | None
    person: str  # "": the school itself
    course_id: int | None
    action: str
    thing: str
    details: Mapping[str, Any]


def entries(
    session: Session, actor: Actor, course_id: int | None = None, *, before: int | None = None
) -> tuple[Entry, ...]:
    """A page of the log, the newest first. course_id: of one course, for its teachers; None: of everything, for
    administrators. before: the id of an entry; only older ones are given. Raises NotFound, NotAllowed."""
    query = select(AuditEntry, func.coalesce(Person.name, "")).outerjoin(Person, Person.id == AuditEntry.person_id)
    if course_id is None:
        policy.require_rank(actor, "school.see")
    else:
        policy.require(session, actor, "audit.see", course_id)
        query = query.where(AuditEntry.course_id == course_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(PAGE))
    return tuple(
        Entry(one.id, one.at, one.person_id, name, one.course_id, one.action, one.thing, dict(one.details))
        for one, name in rows
    )
