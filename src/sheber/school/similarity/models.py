"""Table of similarity: what a comparison found. It names submissions, and holds no text of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = ["REPORT_STATES", "SimilarityReport"]

REPORT_STATES: Final = ("asked", "comparing", "done", "failed")


class SimilarityReport(Base):
    """One comparison of the programs that count in an assignment. The newest that is done is shown."""

    __tablename__ = "similarity_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="asked", index=True)  # one of REPORT_STATES
    worker: Mapped[str] = mapped_column(String(80), default="")  # that compares
    until: Mapped[datetime | None]  # it is that worker's until then
    tries: Mapped[int] = mapped_column(default=0)  # that were begun and not ended
    failure: Mapped[dict[str, Any]] = mapped_column(default=dict)  # why there is nothing: id and values of a sentence
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # winnowing.compared
