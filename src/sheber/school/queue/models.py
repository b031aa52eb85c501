"""Tables of the queue. A job is one scene of one submission; a row is the only truth about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = ["CLASSES", "JOB_STATES", "Job", "Worker"]

CLASSES: Final = ("exam", "graded", "practice", "regrade")
"""Which jobs go first; `Job.rank` is the place in this list."""

JOB_STATES: Final = ("queued", "leased", "done", "failed", "cancelled")
"""A leased job belongs to a worker until its lease runs out; then anybody may take it again."""


class Job(Base):
    """One scene to judge."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("submission_id", "place", "campaign_id"),
        Index("ix_jobs_turn", "state", "rank", "course_id", "person_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    place: Mapped[int]  # of the scene in its submission
    round: Mapped[int] = mapped_column(default=0)  # of the hidden scene's place; 0: a practice scene
    seed: Mapped[str] = mapped_column(String(80))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    rank: Mapped[int]  # place in CLASSES
    state: Mapped[str] = mapped_column(String(10), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    cancelled: Mapped[bool] = mapped_column(default=False)  # asked for; its worker ends it at the next heartbeat
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    trouble: Mapped[dict[str, Any] | None]  # of the last try that failed: worker, kind, why


class Worker(Base):
    """A process that judges, as it last said of itself."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    executor: Mapped[str] = mapped_column(String(20))
    places: Mapped[int]  # scenes at a time
    level: Mapped[str] = mapped_column(String(1))
    processor: Mapped[str] = mapped_column(String(80))
    started: Mapped[datetime]
    seen: Mapped[datetime] = mapped_column(index=True)
