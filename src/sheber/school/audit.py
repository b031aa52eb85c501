"""Audit: who changed what, and when. Rows are only added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from sheber.school.clock import now
from sheber.school.database import Base

__all__ = ["AuditEntry", "record"]


class AuditEntry(Base):
    """One change."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # None: the school itself
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"), index=True)
    action: Mapped[str] = mapped_column(String(60))  # "assignment.changed"
    thing: Mapped[str] = mapped_column(String(80))  # "assignment 12"
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # before and after, never a password or a token


def record(
    session: Session, person_id: int | None, action: str, thing: str, *, course_id: int | None = None, **details: Any
) -> None:
    """Add an entry to the transaction of the change itself."""
    entry = AuditEntry(at=now(), person_id=person_id, course_id=course_id, action=action, thing=thing, details=details)
    session.add(entry)
