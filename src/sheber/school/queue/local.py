"""Local: scenes are judged by a pool of processes on this machine."""

from __future__ import annotations

import contextlib
import time

from sheber.cache import processor
from sheber.judge.errors import SystemFault
from sheber.judge.pool import Job, Judgement, Pool, cores
from sheber.judge.run import versions
from sheber.judge.sandbox import Sandbox
from sheber.school.queue.executor import Ended, Judged, Work

__all__ = ["LocalExecutor"]


class LocalExecutor:
    """A pool of this machine, made when it is first needed and made anew where it could not live."""

    name = "local"

    def __init__(self, sandbox: Sandbox, places: int | None = None) -> None:
        """places: scenes at a time; one for each processor core if left out."""
        self.places = places or cores()
        self._sandbox = sandbox
        self._pool: Pool | None = None
        self._started: dict[int, tuple[Work, Job]] = {}

    @property
    def level(self) -> str:
        """Of the sandbox."""
        return self._sandbox.level

    def start(self, work: Work) -> None:
        """Hand a work to the pool."""
        if self._pool is None:
            self._pool = Pool(self._sandbox, self.places).__enter__()
        job = Job(work.exercise, work.program, work.seed, work.scene, work.file, work.language, limit_s=work.limit_s)
        self._started[work.id] = (work, job)
        self._pool.submit(job)

    def endings(self, wait_s: float) -> list[Ended]:
        """What has ended; where the pool cannot live, everything has, with that error."""
        found: list[Ended] = []
        try:
            while self._started and (ended := self._next(0.0 if found else wait_s)) is not None:
                found.append(ended)
        except SystemFault as error:
            found += [Ended(id_, error) for id_ in self._started]
            self.close()
        if not self._started and not found:
            time.sleep(wait_s)
        return found

    def _next(self, wait_s: float) -> Ended | None:
        assert self._pool is not None
        ended = self._pool.ending(wait_s)
        if ended is None:
            return None
        id_, work = next((id_, work) for id_, (work, job) in self._started.items() if job is ended[0])
        del self._started[id_]
        return Ended(id_, self._judged(work, ended[1]))

    def _judged(self, work: Work, found: Judgement | Exception) -> Judged | Exception:
        if isinstance(found, Exception):
            return found
        about = dict(versions(work.exercise.station.packages))
        return Judged(
            outcome=found.outcome,
            score=found.score,
            trace_sha256=found.trace_sha256,
            seconds=found.seconds,
            level=self.level,
            processor=processor(),
            versions=about,
            exercise_sha256=work.exercise.sha256,
        )

    def cancel(self, id: int) -> None:  # noqa: A002
        """Kill the run and its box."""
        started = self._started.pop(id, None)
        if started is not None and self._pool is not None:
            self._pool.cancel(started[1])

    def close(self) -> None:
        """End the pool."""
        pool, self._pool = self._pool, None
        self._started.clear()
        if pool is not None:
            with contextlib.ExitStack() as ending:
                ending.push(pool)
