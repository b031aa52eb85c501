"""Comparer: a thread of a worker that compares the programs of an assignment, one assignment at a time.

Comparing takes minutes, so it is leased (`school.leases`). A comparison that was begun twice and never ended says so,
and can be asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.orm import Session

from sheber.exercises import ExerciseError
from sheber.i18n import Text
from sheber.judge.sandbox import Sandbox, SandboxError, best_sandbox
from sheber.judge.sandbox.errand import BrokenOff
from sheber.school.errors import NotFound, Refused
from sheber.school.leases import Lease, Leasing
from sheber.school.opening import School
from sheber.school.similarity.comparing import LOST, NOT_BEGUN, NotCompared, compare_programs
from sheber.school.similarity.models import SimilarityReport
from sheber.school.similarity.reports import material

__all__ = ["COMPARISONS", "Comparer", "store"]

log = logging.getLogger("sheber.school.comparer")


def _give_up(_session: Session, row: SimilarityReport) -> None:
    row.state, row.failure = "failed", LOST(count=row.tries).form()


COMPARISONS: Final = Lease(
    SimilarityReport,
    waiting=("asked", "comparing"),
    begun="comparing",
    again="asked",
    worker="worker",
    until="until",
    tries="tries",
    most=2,
    give_up=_give_up,
)


def store(session: Session, worker: str, report_id: int, found: dict[str, Any] | Text) -> bool:
    """Store what was found, or why nothing was; whether it was still this worker's."""
    row = COMPARISONS.held(session, worker, report_id)
    if row is None:
        return False
    row.worker, row.until = "", None
    if isinstance(found, Text):
        row.state, row.failure = "failed", found.form()
    else:
        row.state, row.findings = "done", found
    return True


class Comparer(Leasing[SimilarityReport]):
    """The thread. A comparison that goes on at the end of the block is given back."""

    def __init__(self, school: School, worker: str, sandbox: Callable[[], Sandbox] = best_sandbox) -> None:
        """worker: its name. sandbox: where programs are read; asked for when there is something to compare."""
        super().__init__("comparer", school, worker, COMPARISONS)
        self._sandbox = sandbox

    def work(self, report_id: int) -> bool:
        """Compare the programs of one assignment, and store what was found. False where it was broken off."""
        log.info("comparison %d begins", report_id)
        try:
            found = self._found(report_id)
        except BrokenOff:
            return False
        with self._school.writing() as session:
            stored = store(session, self._worker, report_id, found)
        if isinstance(found, Text):
            log.warning("comparison %d: %s", report_id, found)
        log.info("comparison %d %s", report_id, "has ended" if stored else "is no longer ours")
        return True

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
