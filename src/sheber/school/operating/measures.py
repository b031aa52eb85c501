"""Measures: whether a school works and how much waits, for monitors. A few queries, kept for some seconds."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from sheber.school import clock
from sheber.school.errors import DatabaseAway
from sheber.school.opening import School
from sheber.school.queue.claiming import LEASE_S
from sheber.school.queue.models import CLASSES, JOB_STATES, Job, Worker
from sheber.school.submissions.models import SceneResult

__all__ = ["LEAST_FREE_BYTES", "Health", "Kept", "Measures", "health", "measures"]

LEAST_FREE_BYTES: Final = 500 << 20
"""Less room than this on the disk of the school is trouble."""

KEEP_S: Final = 10.0  # how long measures are given again without asking the database
NEWEST: Final = 200  # scenes that the seconds are told of


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a school works."""

    database: bool  # answers
    worker: bool  # one has said lately that it lives
    disk: bool  # has room
    free_bytes: int
    worker_seen_s: float | None  # since a worker last said that it lives [s]; None: never

    @property
    def well(self) -> bool:
        """Everything works."""
        return self.database and self.worker and self.disk


@dataclass(frozen=True, slots=True)
class Measures:
    """How much waits, and how fast it goes."""

    waiting: Mapping[str, int]  # scenes that wait, by class
    oldest_s: float  # how long the oldest of them waits [s]; 0: nothing waits
    jobs: Mapping[str, int]  # by state
    seconds: tuple[float, float] | None  # that a scene takes, of the newest: the middle one, and one of 20 [s]
    workers: int  # that live
    places: int  # scenes that they judge at a time
    free_bytes: int


def health(school: School) -> Health:
    """Ask database, workers and disk. Raises nothing."""
    free = shutil.disk_usage(school.folder).free
    try:
        with school.reading() as session:
            session.execute(text("SELECT 1"))
            seen = session.scalar(select(func.max(Worker.seen)))
    except DatabaseAway:
        return Health(False, False, free >= LEAST_FREE_BYTES, free, None)
    age = _age(seen)
    return Health(True, age is not None and age < LEASE_S, free >= LEAST_FREE_BYTES, free, age)


def measures(school: School) -> Measures:
    """Measure now. Raises DatabaseAway."""
    with school.reading() as session:
        waiting = _by(session, select(Job.rank, func.count(Job.id)).where(Job.state == "queued").group_by(Job.rank))
        states = _by(session, select(Job.state, func.count(Job.id)).group_by(Job.state))
        oldest = session.scalar(select(func.min(Job.created)).where(Job.state == "queued"))
        lately = clock.now() - timedelta(seconds=LEASE_S)
        alive = select(func.count(Worker.name), func.coalesce(func.sum(Worker.places), 0)).where(Worker.seen > lately)
        workers, places = session.execute(alive).one()
        seconds = _seconds(session)
    return Measures(
        waiting={name: waiting.get(rank, 0) for rank, name in enumerate(CLASSES)},
        oldest_s=_age(oldest) or 0.0,
        jobs={state: states.get(state, 0) for state in JOB_STATES},
        seconds=seconds,
        workers=workers,
        places=places,
        free_bytes=shutil.disk_usage(school.folder).free,
    )


class Kept:
    """The measures of a school, asked for at most every few seconds, however many monitors ask."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._lock = threading.Lock()
        self._last: tuple[float, Measures] | None = None

    def get(self) -> Measures:
        """The newest. Raises DatabaseAway."""
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > KEEP_S:
                self._last = (now, measures(self._school))
            return self._last[1]


def _by(session: Session, query: object) -> dict[object, int]:
    return {row[0]: row[1] for row in session.execute(query)}  # type: ignore[call-overload]


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (clock.now() - moment).total_seconds())


def _seconds(session: Session) -> tuple[float, float] | None:
    newest = select(SceneResult.seconds).order_by(SceneResult.id.desc()).limit(NEWEST)
    measured = sorted(session.scalars(newest))
    return (measured[len(measured) // 2], measured[len(measured) * 19 // 20]) if measured else None
