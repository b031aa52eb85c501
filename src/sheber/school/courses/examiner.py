"""Examiner: a thread of a worker that checks uploads, one at a time, once an administrator allowed it.

A check takes minutes, so it is leased like a job of the queue: the upload is the worker's until the lease runs out, and
while the check goes on the lease is made longer. A worker that is lost lets it run out, and another begins anew. A
check that three workers could not bring to its end says nothing about the exercise: the upload goes back to where it
was, with a sentence for the administrator, who may allow it again. Nothing is held while the check goes on.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit
from sheber.school.background import Background
from sheber.school.clock import now
from sheber.school.courses import checking
from sheber.school.courses.models import OwnExercise
from sheber.school.errors import DatabaseAway
from sheber.school.opening import School

__all__ = ["LEASE_S", "TRIES", "Examiner", "give_back", "keep", "take"]

log = logging.getLogger("sheber.school.examiner")

LEASE_S: Final = 60.0  # that an upload is a worker's after its last word [s]
TRIES: Final = 3  # checks that may be lost before nobody begins another
LOOK_S: Final = 2.0  # between two looks for an upload [s]
BEAT_S: Final = 5.0  # between two words of a worker that checks [s]
LEAVE_S: Final = 15.0  # to end a check at the end [s]


def take(session: Session, checker: str) -> int | None:
    """Lease the oldest upload whose check is allowed and nobody's; None where there is none."""
    longest = now() + timedelta(seconds=LEASE_S)
    until = OwnExercise.check_until
    free = or_(until.is_(None), until < now(), until > longest)  # the last: given before the clock was set back
    waiting = select(OwnExercise).where(OwnExercise.state == "checking", free).order_by(OwnExercise.id)
    for own in session.scalars(waiting.with_for_update(skip_locked=True)):
        if own.check_tries >= TRIES:
            _give_up(session, own)
        else:
            own.checker, own.check_until, own.check_tries = checker, longest, own.check_tries + 1
            return own.id
    return None


def keep(session: Session, checker: str, own_id: int) -> bool:
    """Make the lease longer. False where the upload is no longer this worker's to check."""
    own = _held(session, checker, own_id)
    if own is not None:
        own.check_until = now() + timedelta(seconds=LEASE_S)
    return own is not None


def give_back(session: Session, checker: str, own_id: int) -> None:
    """Let another worker check it; this try does not count."""
    own = _held(session, checker, own_id)
    if own is not None:
        own.checker, own.check_until, own.check_tries = "", None, own.check_tries - 1


def _held(session: Session, checker: str, own_id: int) -> OwnExercise | None:
    own = session.get(OwnExercise, own_id, with_for_update=True)
    return own if own is not None and (own.state, own.checker) == ("checking", checker) else None


def _give_up(session: Session, own: OwnExercise) -> None:
    text = _("The check was begun {count} times, and each time the worker was lost. It can be allowed again.")
    own.findings = [{"promise": "", "broken": [text.format(count=own.check_tries)]}]
    own.state, own.checker, own.check_until = "proposed", "", None
    audit.record(session, None, "exercise.check-lost", f"exercise {own.id}", name=own.name)


class Examiner(Background):
    """The thread. A check that goes on at the end of the block is given back."""

    def __init__(self, school: School, checker: str) -> None:
        """checker: the name of the worker."""
        super().__init__("examiner", LEAVE_S)
        self._school, self._checker = school, checker
        self._next_beat = 0.0  # monotonic [s]

    def rest_s(self) -> float:
        """Between two looks [s]."""
        return LOOK_S

    def turn(self) -> None:
        """Check everything that waits."""
        while self.look() and not self._stopping.is_set():
            pass

    def look(self) -> bool:
        """Check one upload, where one waits; whether one did."""
        with self._school.reading() as session:  # a look takes no lock
            waits = session.scalar(select(OwnExercise.id).where(OwnExercise.state == "checking").limit(1))
        if waits is None:
            return False
        with self._school.writing() as session:
            own_id = take(session, self._checker)
        if own_id is not None:
            self._check(own_id)
        return own_id is not None

    def _check(self, own_id: int) -> None:
        log.info("exercise %d is checked", own_id)
        self._next_beat = time.monotonic() + BEAT_S
        try:
            examined = checking.examine(self._school, own_id, going=lambda: self._going(own_id))
        except checking.BrokenOff:
            with self._school.writing() as session:
                give_back(session, self._checker, own_id)
            return
        self._store(own_id, examined)

    def _going(self, own_id: int) -> bool:
        """Whether to go on; now and then a word to the database. One that is away does not end the check."""
        if self._stopping.is_set():
            return False
        if time.monotonic() < self._next_beat:
            return True
        self._next_beat = time.monotonic() + BEAT_S
        try:
            with self._school.writing() as session:
                return keep(session, self._checker, own_id)
        except DatabaseAway:
            return True

    def _store(self, own_id: int, examined: checking.Examined) -> None:
        """Store what was found; wait for a database that is away."""
        while True:
            try:
                stored = checking.store(self._school, own_id, examined, self._checker)
            except DatabaseAway as error:
                log.warning("examiner %s: %s", self._checker, error)
                if self._stopping.wait(LOOK_S):
                    return
                continue
            log.info("exercise %d %s", own_id, "was checked" if stored else "is no longer ours to check")
            return
