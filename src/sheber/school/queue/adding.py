"""Adding: the jobs of a submission are put into the queue, a job for each scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from sheber.school.clock import now
from sheber.school.queue.models import CLASSES, Job
from sheber.school.submissions.models import Submission

__all__ = ["Scene", "add_jobs"]


_INSERT: Final = insert(cast(Table, Job.__table__))  # the table itself: so many rows need no objects


class Scene(NamedTuple):
    """A scene to judge."""

    place: int  # 1, 2, ... in its submission
    round: int  # of the hidden scene's place; 0: a practice scene
    seed: int


def add_jobs(
    session: Session,
    submission: Submission,
    course_id: int,
    kind: str,
    scenes: Iterable[Scene],
    campaign_id: int | None = None,
) -> None:
    """Queue the scenes of a submission, in the transaction that makes it. kind: one of CLASSES."""
    usual = {
        "submission_id": submission.id,
        "campaign_id": campaign_id,
        "course_id": course_id,
        "person_id": submission.person_id,
        "rank": CLASSES.index(kind),
        "created": now(),
    }
    rows = [usual | {"place": place, "round": round_, "seed": str(seed)} for place, round_, seed in scenes]
    session.execute(_INSERT, rows)
