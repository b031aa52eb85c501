"""Comparer: a thread of a worker that compares the programs of an assignment, one assignment at a time.

Comparing takes minutes, so it is leased as a check of an upload is: while it goes on the lease is made longer, and a
worker that is lost lets it run out. A comparison that was begun TRIES times and never ended says so, and can be asked
for again. One that a worker breaks off at its own end is another's, untried. Nothing is held while it goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sheber.exercises import ExerciseError
from sheber.i18n import Text
from sheber.judge.sandbox import Sandbox, SandboxError, best_sandbox
from sheber.judge.sandbox.errand import BrokenOff
from sheber.school.background import Background
from sheber.school.clock import now
from sheber.school.errors import DatabaseAway, NotFound, Refused
from sheber.school.opening import School
from sheber.school.similarity.comparing import LOST, NOT_BEGUN, NotCompared, compare_programs
from sheber.school.similarity.models import SimilarityReport
from sheber.school.similarity.reports import material

__all__ = ["LEASE_S", "TRIES", "Comparer", "keep", "store", "take"]

log = logging.getLogger("sheber.school.comparer")

LEASE_S: Final = 60.0  # that a comparison is a worker's after its last word [s]
TRIES: Final = 2  # that may be lost before nobody begins another
LOOK_S: Final = 2.0  # between two looks for one that was asked for [s]
BEAT_S: Final = 5.0  # between two words of a worker that compares [s]
LEAVE_S: Final = 15.0  # to end one at the end [s]


def take(session: Session, worker: str) -> int | None:
    """Lease the oldest comparison that was asked for and is nobody's; None where there is none."""
    longest = now() + timedelta(seconds=LEASE_S)
    until = SimilarityReport.until
    free = or_(until.is_(None), until < now(), until > longest)  # the last: given before the clock was set back
    waiting = select(SimilarityReport).where(SimilarityReport.state.in_(("asked", "comparing")), free)
    for row in session.scalars(waiting.order_by(SimilarityReport.id).with_for_update(skip_locked=True)):
        if row.tries >= TRIES:
            row.state, row.worker, row.until = "failed", "", None
            row.failure = LOST(count=row.tries).form()
        else:
            row.state, row.worker, row.until, row.tries = "comparing", worker, longest, row.tries + 1
            return row.id
    return None


def keep(session: Session, worker: str, report_id: int) -> bool:
    """Make the lease longer. False where the comparison is no longer this worker's."""
    row = _held(session, worker, report_id)
    if row is not None:
        row.until = now() + timedelta(seconds=LEASE_S)
    return row is not None


def give_back(session: Session, worker: str, report_id: int) -> None:
    """Let another worker do it; this try does not count."""
    row = _held(session, worker, report_id)
    if row is not None:
        row.state, row.worker, row.until, row.tries = "asked", "", None, row.tries - 1


def store(session: Session, worker: str, report_id: int, found: dict[str, Any] | Text) -> bool:
    """Store what was found, or why nothing was; whether it was still this worker's."""
    row = _held(session, worker, report_id)
    if row is None:
        return False
    row.worker, row.until = "", None
    if isinstance(found, Text):
        row.state, row.failure = "failed", found.form()
    else:
        row.state, row.findings = "done", found
    return True


def _held(session: Session, worker: str, report_id: int) -> SimilarityReport | None:
    row = session.get(SimilarityReport, report_id, with_for_update=True)
    return row if row is not None and (row.state, row.worker) == ("comparing", worker) else None


class Comparer(Background):
    """The thread. A comparison that goes on at the end of the block is given back."""

    def __init__(self, school: School, worker: str, sandbox: Callable[[], Sandbox] = best_sandbox) -> None:
        """worker: its name. sandbox: where programs are read; asked for when there is something to compare."""
        super().__init__("comparer", LEAVE_S)
        self._school, self._worker, self._sandbox = school, worker, sandbox
        self._next_beat = 0.0  # monotonic [s]

    def rest_s(self) -> float:
        """Between two looks [s]."""
        return LOOK_S

    def turn(self) -> None:
        """Compare everything that was asked for."""
        while self.look() and not self._stopping.is_set():
            pass

    def look(self) -> bool:
        """Compare one, where one was asked for; whether there was."""
        with self._school.reading() as session:  # a look takes no lock
            waiting = SimilarityReport.state.in_(("asked", "comparing"))
            if session.scalar(select(SimilarityReport.id).where(waiting).limit(1)) is None:
                return False
        with self._school.writing() as session:
            report_id = take(session, self._worker)
        if report_id is not None:
            self._compare(report_id)
        return report_id is not None

    def _compare(self, report_id: int) -> None:
        log.info("comparison %d begins", report_id)
        self._next_beat = time.monotonic() + BEAT_S
        try:
            found = self._found(report_id)
        except BrokenOff:
            with self._school.writing() as session:
                give_back(session, self._worker, report_id)
            return
        with self._school.writing() as session:
            stored = store(session, self._worker, report_id, found)
        if isinstance(found, Text):
            log.warning("comparison %d: %s", report_id, found)
        log.info("comparison %d %s", report_id, "has ended" if stored else "is no longer ours")

    def _found(self, report_id: int) -> dict[str, Any] | Text:
        """What the programs have in common, or why nobody can say. Raises BrokenOff, DatabaseAway."""
        try:
            with self._school.reading() as session:
                given = material(session, report_id)
            return compare_programs(
                self._sandbox(), given.programs, given.starter, given.shipped, going=lambda: self._going(report_id)
            )
        except NotCompared as error:
            return error.text
        except (SandboxError, ExerciseError, Refused, NotFound, OSError) as error:
            return NOT_BEGUN(why=str(error)[:2000])

    def _going(self, report_id: int) -> bool:
        """Whether to go on; now and then a word to the database. One that is away does not end the comparison."""
        if self._stopping.is_set():
            return False
        if time.monotonic() < self._next_beat:
            return True
        self._next_beat = time.monotonic() + BEAT_S
        try:
            with self._school.writing() as session:
                return keep(session, self._worker, report_id)
        except DatabaseAway:
            return True
