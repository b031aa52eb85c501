"""Tables of the gradebook: grades, overrides and regrade campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = ["CAMPAIGN_STATES", "Campaign", "CampaignResult", "Grade", "Override"]

CAMPAIGN_STATES: Final = ("running", "ready", "published", "withdrawn")


class Grade(Base):
    """The points that count for a student in an assignment; None: nothing counts. Written by `school.grades` alone."""

    __tablename__ = "grades"
    __table_args__ = ({"sqlite_with_rowid": False},)  # the rows lie in the order of their key

    # In this order: the points of a course lie side by side, by student.
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    points: Mapped[float | None]


class Override(Base):
    """Points that a teacher gave by hand. Rows are only added: the newest counts; `points` None takes it back."""

    __tablename__ = "overrides"
    __table_args__ = (Index("ix_overrides_assignment_person", "assignment_id", "person_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    points: Mapped[float | None]
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]


class Campaign(Base):
    """A regrade of an assignment: judged aside, looked at, then published as one."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    chosen: Mapped[str] = mapped_column(String(10))  # latest, best, all: which submissions of each student
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="running")
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]
    finished: Mapped[datetime | None]


class CampaignResult(Base):
    """What one scene gave in a campaign; it replaces the submission's own result when the campaign is published."""

    __tablename__ = "campaign_results"
    __table_args__ = (UniqueConstraint("campaign_id", "submission_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    place: Mapped[int]
    result: Mapped[dict[str, Any]]  # the columns of a SceneResult, by name
