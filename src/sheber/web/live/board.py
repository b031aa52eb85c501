"""Board: how far the submissions are that somebody waits for. One look at the database a moment for all who wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sheber.school.clock import now
from sheber.school.errors import DatabaseAway
from sheber.school.opening import School
from sheber.school.queue.waiting import Place, Snapshot, place, snapshot
from sheber.school.submissions.reading import Progress, progress

__all__ = ["ENDED", "Board"]

LOOK_S: Final = 0.6  # between two looks
FRESH: Final = timedelta(seconds=1)  # how old a picture of the queue may be
ENDED: Final = frozenset({"done", "replaced", "cancelled", "fault"})


@dataclass(slots=True, eq=False)
class Line:
    """One submission that is waited for."""

    newest: Progress | None = None
    readers: int = 0
    fresh: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """All submissions that are waited for on this server."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._lines: dict[int, Line] = {}
        self._task: asyncio.Task[None] | None = None
        self._queue: Snapshot | None = None
        self._reading = threading.Lock()

    def queue(self) -> Snapshot:
        """The queue as it was within the last second, for all who ask. Called beside the server's loop."""
        with self._reading:
            if self._queue is None or not timedelta() <= now() - self._queue.at < FRESH:
                with self._school.reading() as session:
                    self._queue = snapshot(session)
            return self._queue

    def place(self, submission_id: int) -> Place:
        """Where a submission stands in the queue. The caller has asked whether the reader may see it."""
        queue = self.queue()
        with self._school.reading() as session:
            return place(session, submission_id, queue)

    async def changes(self, submission_id: int, silent_s: float) -> AsyncIterator[Progress | None]:
        """How far a submission is, now and at each change, until it has ended; None after a silence."""
        line = self._lines.setdefault(submission_id, Line())
        line.readers += 1
        self._begin()
        seen: Progress | None = None
        try:
            while seen is None or seen.state not in ENDED:
                waiting = line.fresh
                if line.newest is not None and line.newest != seen:
                    seen = line.newest
                    yield seen
                    continue
                try:
                    await asyncio.wait_for(waiting.wait(), silent_s)
                except TimeoutError:
                    yield None
        finally:
            line.readers -= 1
            if not line.readers:
                self._lines.pop(submission_id, None)

    async def close(self) -> None:
        """Stop looking."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """Look while somebody waits. A database that is away is asked again."""
        while self._lines:
            try:
                found = await asyncio.to_thread(self._read, list(self._lines))
            except DatabaseAway:
                found = {}
            for submission_id, newest in found.items():
                line = self._lines.get(submission_id)
                if line is not None and line.newest != newest:
                    line.newest = newest
                    line.fresh.set()
                    line.fresh = asyncio.Event()
            await asyncio.sleep(LOOK_S)

    def _read(self, ids: list[int]) -> dict[int, Progress]:
        with self._school.reading() as session:
            return progress(session, ids)
