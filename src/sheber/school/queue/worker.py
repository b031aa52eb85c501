"""Worker: the process that judges. It takes jobs, has them judged, says that it lives, and stores what came of them.

    JudgingWorker(school, LocalExecutor(best_sandbox())).run()      # until SIGTERM or Ctrl-C

Theory of operation. Everything happens in one thread, in rounds: take what the executor has ended; store it; every few
seconds say that the worker lives and hear what was cancelled; take as many jobs as there are free places. No file is
touched and nothing is judged inside a transaction. What could not be stored because the database is away stays here and
is stored when it is back: the jobs stay ours as long as nobody else has taken them.

Two kinds of trouble. One of the job (an exercise that breaks, a run that dies) is a try that failed; after three it is
a fault. One of the machine (a full disk, a box that cannot be made) would soon make faults of everything that waits:
its first one counts as a try, in case the job is the reason after all; then the worker pauses, tries one job alone, and
nothing counts until something has been judged well again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Final

from sheber.cache import processor
from sheber.exercises import ExerciseError
from sheber.i18n import _, language
from sheber.judge.errors import JudgeError, SandboxError
from sheber.judge.forms import stored_outcome, stored_score
from sheber.judge.program import Program
from sheber.school.errors import DatabaseAway, Refused, SchoolError
from sheber.school.opening import School
from sheber.school.queue import exercises, files
from sheber.school.queue.claiming import (
    About,
    Claimed,
    Found,
    claim,
    expire,
    fail,
    finish,
    heartbeat,
    leave,
    register,
)
from sheber.school.queue.executor import Ended, Executor, Judged, MachineTrouble, Work
from sheber.trace import OutcomeKind, TraceWriteError

__all__ = ["JudgingWorker"]

log = logging.getLogger("sheber.school.worker")

POLL_S: Final = 0.25  # of a round in which nothing ends [s]
HEARTBEAT_S: Final = 3.0  # also how long a cancelled run goes on [s]
AWAY_S: Final = (0.5, 15.0)  # first and longest wait for a database that is away [s]
PAUSE_S: Final = (5.0, 300.0)  # first and longest pause after a trouble of the machine [s]
LEAVE_S: Final = 5.0  # to give jobs back at the end [s]


_OF_MACHINE: Final = (TraceWriteError, SandboxError, MachineTrouble, DatabaseAway, OSError)


class JudgingWorker:
    """One worker. `run` returns after `stop`, or after SIGTERM or Ctrl-C where it is the main thread."""

    def __init__(self, school: School, executor: Executor, name: str = "") -> None:
        """Raises Refused for level C: it does not isolate, and these are the programs of others."""
        if executor.level == "C":
            text = _("Level C does not isolate programs. A school judges the programs of others at level A or B.")
            raise Refused(text)
        self.name = name or f"{socket.gethostname()[:50]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._school, self._executor = school, executor
        self._jobs: dict[int, Claimed] = {}  # taken, and neither stored nor cancelled
        self._unstored: dict[int, Found | _Trouble] = {}  # ended, and not yet in the database
        self._stopping = threading.Event()
        self._registered = False
        self._next_beat = self._away_until = self._paused_until = 0.0  # monotonic [s]
        self._away, self._pause = AWAY_S[0], PAUSE_S[0]
        self._well = True  # something was judged well since the last trouble of the machine

    def stop(self) -> None:
        """End after this round. May be called from a signal or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Judge until `stop`. What is judged then is ended, and its jobs go back into the queue untried."""
        with self._signals():
            log.info("worker %s begins: %s, %d places", self.name, self._executor.name, self._executor.places)
            try:
                while not self._stopping.is_set():
                    self.round()
            finally:
                self._executor.close()
                self._leave()
                log.info("worker %s ends", self.name)

    def round(self) -> None:
        """One round."""
        for ended in self._executor.endings(POLL_S):
            self._take_ending(ended)
        if time.monotonic() < self._away_until:
            return
        try:
            self._store()
            self._beat()
            self._claim()
        except DatabaseAway as error:
            self._wait_for_database(error)
        else:
            self._away = AWAY_S[0]

    # --- what has ended -------------------------------------------------------------------------

    def _take_ending(self, ended: Ended) -> None:
        """Keep what a work gave until it is stored. One that was cancelled in this moment is nobody's."""
        job = self._jobs.get(ended.id)
        if job is not None:
            self._unstored[ended.id] = self._kept(job, ended.found)

    def _kept(self, job: Claimed, found: Judged | Exception) -> Found | _Trouble:
        """What will be stored of an ending; the trace of a good one is moved to where it stays."""
        if isinstance(found, Exception):
            return _Trouble(found)
        if found.outcome.kind is OutcomeKind.SYSTEM_FAULT:
            with language("en"):
                return _Trouble(SystemError(found.outcome.reason))
        try:
            name = files.keep(self._school.traces, job)
            size = (self._school.traces / name).stat().st_size
        except OSError as error:
            return _Trouble(error)
        return _found(found, name, size)

    def _store(self) -> None:
        """Store what has ended. Raises DatabaseAway; what is not stored yet stays."""
        for id_, what in list(self._unstored.items()):
            job = self._jobs[id_]
            if isinstance(what, _Trouble):
                self._store_trouble(job, what)
            else:
                with self._school.writing() as session:
                    stored = finish(session, self.name, id_, what)
                if not stored:
                    files.forget(self._school.traces, job, what.trace)
                self._well, self._pause = True, PAUSE_S[0]
            del self._unstored[id_], self._jobs[id_]

    def _store_trouble(self, job: Claimed, trouble: _Trouble) -> None:
        of_machine = isinstance(trouble.error, _OF_MACHINE)
        counts = self._well or not of_machine
        files.forget(self._school.traces, job)  # before another worker may write the same try anew
        with self._school.writing() as session:
            fail(session, self.name, job.job_id, trouble.told(), counts=counts)
        log.warning("job %d, try %d: %s: %s", job.job_id, job.tries, type(trouble.error).__name__, trouble.error)
        if of_machine:
            self._well = False
            self._paused_until = time.monotonic() + self._pause
            self._pause = min(PAUSE_S[1], 2.0 * self._pause)

    # --- what is begun ---------------------------------------------------------------------------

    def _beat(self) -> None:
        """Say that the worker lives; end what was cancelled or is no longer ours."""
        if time.monotonic() < self._next_beat:
            return
        with self._school.writing() as session:
            if not self._registered:
                register(session, self._about())
            unwanted = heartbeat(session, self.name, list(self._jobs))
            expire(session)
        self._registered, self._next_beat = True, time.monotonic() + HEARTBEAT_S
        for id_ in unwanted:
            self._drop(id_)

    def _drop(self, id_: int) -> None:
        self._executor.cancel(id_)
        what = self._unstored.pop(id_, None)
        files.forget(self._school.traces, self._jobs.pop(id_), what.trace if isinstance(what, Found) else "")

    def _claim(self) -> None:
        """Take jobs for the free places; after a trouble of the machine one alone, and not before the pause is over."""
        free = self._executor.places - len(self._jobs)
        if not self._well:
            free = min(free, 1 - len(self._jobs)) if time.monotonic() >= self._paused_until else 0
        if free <= 0 or self._stopping.is_set():
            return
        with self._school.writing() as session:
            taken = claim(session, self.name, free)
        for job in taken:
            self._jobs[job.job_id] = job
            self._begin(job)

    def _begin(self, job: Claimed) -> None:
        """Start a job. What fails here is kept like any other trouble."""
        try:
            self._executor.start(self._work(job))
        except (ExerciseError, JudgeError, SchoolError, OSError) as error:
            self._unstored[job.job_id] = _Trouble(error)

    def _work(self, job: Claimed) -> Work:
        files.forget_older(self._school.traces, job)
        exercise = exercises.exercise_of(self._school, job)
        return Work(
            id=job.job_id,
            exercise=exercise,
            program=Program(job.file_name, job.source),
            seed=job.seed,
            scene=f"practice {job.seed}" if job.kind == "practice" else f"scene {job.place}",
            file=files.running_file(self._school.traces, job.job_id, job.tries),
            language=job.language,
            limit_s=exercises.limit_s(exercise),
        )

    def _about(self) -> About:
        return About(self.name, self._executor.name, self._executor.places, self._executor.level, processor())

    # --- the database is away, and the end ---------------------------------------------------------

    def _wait_for_database(self, error: DatabaseAway) -> None:
        log.warning("worker %s: %s Trying again in %.1f s.", self.name, error, self._away)
        self._registered = False
        self._away_until = time.monotonic() + self._away
        self._away = min(AWAY_S[1], 2.0 * self._away)

    def _leave(self) -> None:
        """Store what has ended and give the rest back. Where the database stays away, the leases run out."""
        until = time.monotonic() + LEAVE_S
        while True:
            try:
                self._store()
                for job in self._jobs.values():
                    files.forget(self._school.traces, job)
                with self._school.writing() as session:
                    leave(session, self.name)
            except DatabaseAway as error:
                if time.monotonic() < until:
                    time.sleep(AWAY_S[0])
                    continue
                log.warning("worker %s could not give its jobs back: %s", self.name, error)
            break

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C end the worker in good order."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, lambda *_: self.stop()) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


class _Trouble:
    """Why a try gave nothing."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def told(self) -> dict[str, str]:
        """For the operator; no student sees it."""
        return {"kind": type(self.error).__name__, "why": str(self.error)[:2000]}


def _found(judged: Judged, trace: str, trace_bytes: int) -> Found:
    return Found(
        points=judged.score.points,
        outcome=stored_outcome(judged.outcome),
        score=stored_score(judged.score),
        trace_sha256=judged.trace_sha256,
        trace=trace,
        trace_bytes=trace_bytes,
        level=judged.level,
        processor=judged.processor,
        versions=judged.versions,
        seconds=judged.seconds,
        exercise_sha256=judged.exercise_sha256,
    )
