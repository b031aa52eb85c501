"""Examiner: a thread of a worker that checks uploads, one at a time, once an administrator allowed it.

A check takes minutes, so an upload is leased (`school.leases`). A check that three workers could not bring to its end
says nothing about the exercise: the upload goes back to where it was, with a sentence for the administrator, who may
allow it again.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, leases
from sheber.school.courses import checking
from sheber.school.courses.models import OwnExercise
from sheber.school.errors import DatabaseAway
from sheber.school.leases import Lease, Leasing
from sheber.school.opening import School

__all__ = ["CHECKS", "Examiner"]

log = logging.getLogger("sheber.school.examiner")


def _give_up(session: Session, own: OwnExercise) -> None:
    text = _("The check was begun {count} times, and each time the worker was lost. It can be allowed again.")
    own.findings = [{"promise": "", "broken": [text.format(count=own.check_tries)]}]
    own.state = "proposed"
    audit.record(session, None, "exercise.check-lost", f"exercise {own.id}", name=own.name)


CHECKS: Final = Lease(
    OwnExercise,
    waiting=("checking",),
    begun="checking",
    again="checking",
    worker="checker",
    until="check_until",
    tries="check_tries",
    most=3,
    give_up=_give_up,
)


class Examiner(Leasing[OwnExercise]):
    """The thread. A check that goes on at the end of the block is given back."""

    def __init__(self, school: School, checker: str) -> None:
        """checker: the name of the worker."""
        super().__init__("examiner", school, checker, CHECKS)

    def work(self, own_id: int) -> bool:
        """Check one upload, and store what was found. False where it was broken off."""
        log.info("exercise %d is checked", own_id)
        try:
            examined = checking.examine(self._school, own_id, going=lambda: self._going(own_id))
        except checking.BrokenOff:
            return False
        self._store(own_id, examined)
        return True

    def _store(self, own_id: int, examined: checking.Examined) -> None:
        """Store what was found; wait for a database that is away."""
        while True:
            try:
                stored = checking.store(self._school, own_id, examined, self._worker)
            except DatabaseAway as error:
                log.warning("examiner %s: %s", self._worker, error)
                if self._stopping.wait(leases.LOOK_S):
                    return
                continue
            log.info("exercise %d %s", own_id, "was checked" if stored else "is no longer ours to check")
            return
