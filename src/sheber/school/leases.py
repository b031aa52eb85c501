"""Leases: work of minutes that workers do in a thread beside their judging, one row of a table at a time.

A row is a worker's until its lease runs out, as a job of the queue is; while the work goes on the lease is made longer.
A worker that is lost lets it run out, and another begins anew. Work that was begun some times and never ended is given
up, with a sentence. What a worker breaks off at its own end is another's, untried. Nothing is held while it goes on.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sheber.school.background import Background
from sheber.school.clock import now
from sheber.school.database import Base
from sheber.school.errors import DatabaseAway
from sheber.school.opening import School

__all__ = ["LEASE_S", "Lease", "Leasing"]

LEASE_S: Final = 60.0  # that a row is a worker's after its last word [s]
LOOK_S: Final = 2.0  # between two looks for one that waits [s]
BEAT_S: Final = 5.0  # between two words of a worker that is at it [s]
LEAVE_S: Final = 15.0  # to end one at the end [s]

_Row = TypeVar("_Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Lease(Generic[_Row]):
    """How the rows of a table are leased: their states, and the names of the columns."""

    table: type[_Row]
    waiting: tuple[str, ...]  # states of what is to be done, or was begun by a worker that may be lost
    begun: str  # state of what a worker has
    again: str  # state of what a worker gave back
    worker: str  # column: who has it; "": nobody
    until: str  # column: until when
    tries: str  # column: how often it was begun and not ended
    most: int  # tries that may be lost before nobody begins another
    give_up: Callable[[Session, _Row], None]  # says so in the row, and sets its state

    def waits(self, session: Session) -> bool:
        """Whether there is anything to look at; takes no lock."""
        columns: Any = self.table
        return session.scalar(select(columns.id).where(columns.state.in_(self.waiting)).limit(1)) is not None

    def take(self, session: Session, worker: str) -> int | None:
        """Lease the oldest that waits and is nobody's; None where there is none."""
        columns: Any = self.table
        longest, until = now() + timedelta(seconds=LEASE_S), getattr(columns, self.until)
        free = or_(until.is_(None), until < now(), until > longest)  # the last: given before the clock was set back
        waiting = select(columns).where(columns.state.in_(self.waiting), free).order_by(columns.id)
        for row in session.scalars(waiting.with_for_update(skip_locked=True)):
            tries = getattr(row, self.tries)
            if tries < self.most:
                row.state = self.begun
                self._set(row, worker, longest, tries + 1)
                return int(row.id)
            self.give_up(session, row)
            self._set(row, "", None, tries)
        return None

    def keep(self, session: Session, worker: str, row_id: int) -> bool:
        """Make the lease longer. False where the row is no longer this worker's."""
        row = self.held(session, worker, row_id)
        if row is not None:
            setattr(row, self.until, now() + timedelta(seconds=LEASE_S))
        return row is not None

    def give_back(self, session: Session, worker: str, row_id: int) -> None:
        """Let another worker do it; this try does not count."""
        row: Any = self.held(session, worker, row_id)
        if row is not None:
            row.state = self.again
            self._set(row, "", None, getattr(row, self.tries) - 1)

    def held(self, session: Session, worker: str, row_id: int) -> _Row | None:
        """The row, locked, where it is this worker's."""
        row: Any = session.get(self.table, row_id, with_for_update=True)
        mine = row is not None and (row.state, getattr(row, self.worker)) == (self.begun, worker)
        return row if mine else None

    def _set(self, row: Any, worker: str, until: Any, tries: int) -> None:
        for name, value in ((self.worker, worker), (self.until, until), (self.tries, tries)):
            setattr(row, name, value)


class Leasing(Background, Generic[_Row]):
    """A thread of a worker that does what waits, one after another. What goes on at the end is given back."""

    def __init__(self, name: str, school: School, worker: str, lease: Lease[_Row]) -> None:
        """worker: its name."""
        super().__init__(name, LEAVE_S)
        self._school, self._worker, self._lease = school, worker, lease
        self._next_beat = 0.0  # monotonic [s]

    @abstractmethod
    def work(self, row_id: int) -> bool:
        """Do one and store what came of it; asks `_going` now and then. False where it was broken off."""

    def rest_s(self) -> float:
        """Between two looks [s]."""
        return LOOK_S

    def turn(self) -> None:
        """Do everything that waits."""
        while self.look() and not self._stopping.is_set():
            pass

    def look(self) -> bool:
        """Do one, where one waits; whether one did."""
        with self._school.reading() as session:
            if not self._lease.waits(session):
                return False
        with self._school.writing() as session:
            row_id = self._lease.take(session, self._worker)
        if row_id is None:
            return False
        self._next_beat = time.monotonic() + BEAT_S
        if not self.work(row_id):
            with self._school.writing() as session:
                self._lease.give_back(session, self._worker, row_id)
        return True

    def _going(self, row_id: int) -> bool:
        """Whether to go on; now and then a word to the database. One that is away ends nothing."""
        if self._stopping.is_set():
            return False
        if time.monotonic() < self._next_beat:
            return True
        self._next_beat = time.monotonic() + BEAT_S
        try:
            with self._school.writing() as session:
                return self._lease.keep(session, self._worker, row_id)
        except DatabaseAway:
            return True
