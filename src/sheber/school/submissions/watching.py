"""Watching: where the trace of a scene is being written, and whether more will come. For live views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.school.clock import now
from sheber.school.queue.files import running_file
from sheber.school.queue.models import Job
from sheber.school.submissions.models import SceneResult

__all__ = ["Watching", "watching"]

_OVER = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Watching:
    """A scene, as one who watches it finds it."""

    file: Path | None  # of its trace; None: not begun, or not kept
    over: bool  # nothing more will be written, or whatever comes is of no use
    runs_s: float | None = None  # since it was begun [s]; None: it waits, or has ended


def watching(session: Session, traces: Path, submission_id: int, place: int = 1) -> Watching:
    """Where a scene's trace is. The caller has asked whether the reader may see all of it."""
    kept = select(SceneResult.trace).where(SceneResult.submission_id == submission_id, SceneResult.place == place)
    name = session.scalars(kept).one_or_none()
    if name is not None:
        return Watching(traces / name if name else None, over=True)
    mine = (Job.submission_id == submission_id, Job.place == place, Job.campaign_id.is_(None))
    job = session.execute(select(Job.id, Job.tries, Job.state, Job.started, Job.cancelled).where(*mine)).one_or_none()
    if job is None:
        return Watching(None, over=True)
    file = running_file(traces, job.id, job.tries) if job.tries else None
    runs_s = (now() - job.started).total_seconds() if job.state == "leased" and job.started else None
    return Watching(file, over=job.cancelled or job.state in _OVER, runs_s=runs_s)
