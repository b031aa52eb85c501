"""Table of similarity: what a comparison found. It names submissions, and holds no text of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = ["SimilarityReport"]


class SimilarityReport(Base):
    """One comparison of the programs that count in an assignment. The newest is shown."""

    __tablename__ = "similarity_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]
    findings: Mapped[dict[str, Any]]  # similarity.comparing.compared
