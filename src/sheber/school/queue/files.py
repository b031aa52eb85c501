"""Files of traces: aside while a scene is judged, then in the folder of their month.

A try of a job has a name of its own, so that two workers that judge the same scene never write to the same file. Which
file counts says the database (`SceneResult.trace`).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sheber.school.clock import now
from sheber.school.queue.claiming import Claimed

__all__ = ["forget", "forget_older", "keep", "running_file"]

_ASIDE = "running"


def running_file(traces: Path, job_id: int, tries: int) -> Path:
    """Where the trace of a job is written while it is judged. A live view reads it there."""
    return traces / _ASIDE / f"{job_id}-{tries}.trace"


def keep(traces: Path, job: Claimed) -> str:
    """Move the trace of a judged job to where it stays; gives its name below the folder of traces. Raises OSError."""
    regrade = "" if job.campaign_id is None else f"-regrade{job.campaign_id}"
    again = "" if job.tries == 1 else f"-try{job.tries}"
    name = f"{now():%Y-%m}/{job.submission_id}-{job.place}{regrade}{again}.trace"
    (traces / name).parent.mkdir(exist_ok=True, mode=0o700)
    os.replace(running_file(traces, job.job_id, job.tries), traces / name)
    return name


def forget(traces: Path, job: Claimed, name: str = "") -> None:
    """Remove the trace of a try that does not count, aside or kept. None is no error."""
    for file in [running_file(traces, job.job_id, job.tries), *([traces / name] if name else [])]:
        with contextlib.suppress(OSError):
            file.unlink()


def forget_older(traces: Path, job: Claimed) -> None:
    """Remove what lost workers have left of a job, and make the folder for the new try. Raises OSError."""
    for tries in range(1, job.tries + 1):
        running_file(traces, job.job_id, tries).unlink(missing_ok=True)
    (traces / _ASIDE).mkdir(exist_ok=True, mode=0o700)
