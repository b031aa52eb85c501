"""Crew: the process that judges the scenes of a pool. It opens each exercise once and forks for each scene.

Theory of operation. A `Pool` starts `python -P -m sheber.judge.crew` with one thread for each library, sends the level
of the sandbox and the number of workers, then jobs. When the crew first sees an exercise it warms it, so that every
import, compiled kernel and mesh is in memory; then it forks a worker for each job, which judges one scene and ends. A
pipe from each worker tells when it ends, in whatever way. Crew and workers die with their parents.

An exercise whose jobs have a limit of time is first opened by a worker that does nothing else. Where that one does not
end in time, or dies, the crew itself never opens the exercise, and each job's worker tries alone, within the limit.

All messages are pickles between processes of the judge: they carry the program as bytes and what its run was worth, and
a worker writes its message itself, outside the box. Where a process cannot safely fork (macOS, Windows), scenes are
judged one after another in this process, without limits of time.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import pickle
import select
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from sheber import i18n
from sheber.i18n import _
from sheber.judge.collector import collector_at_rest
from sheber.judge.errors import JudgeError
from sheber.judge.pool import Cancel, Gradable, Judgement, Parcel, Report, take_parcel
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox
from sheber.temporary import temporary_folder
from sheber.trace import Header, TraceError, TraceWriter

PR_SET_PDEATHSIG = 1
FOREVER = math.inf


class _Edition(NamedTuple):
    """By what the crew knows an exercise again."""

    exercise: bytes  # its pickle
    sha256: str


def _edition(parcel: Parcel) -> _Edition:
    return _Edition(parcel.exercise, parcel.edition)


@dataclass
class Worker:
    """A process that judges one scene, or only tries whether an exercise can be opened."""

    pid: int  # of it and of its group
    parcel: Parcel
    trial: bool
    deadline: float  # monotonic [s]
    why: str = ""  # it was killed: "late", "cancelled"

    def end(self, why: str) -> None:
        """Kill it and its box."""
        self.why = self.why or why
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@dataclass
class Desk:
    """What the crew works with: its sandbox, the exercises that it has opened, and where it reports."""

    sandbox: Sandbox
    workers: int
    reports: IO[bytes]
    opened: dict[_Edition, Gradable] = field(default_factory=dict)
    refused: set[_Edition] = field(default_factory=set)  # those whose trial did not end well
    waiting: list[Parcel] = field(default_factory=list)
    running: dict[int, Worker] = field(default_factory=dict)  # by the pipe that tells its end

    def report(self, report: Report) -> None:
        """Tell the pool how a job ended."""
        pickle.dump(report, self.reports)
        self.reports.flush()

    def exercise(self, parcel: Parcel) -> Gradable:
        """The exercise of a job, opened and warm. Raises what opening it raises."""
        key = _edition(parcel)
        if key not in self.opened:
            exercise: Gradable = pickle.loads(parcel.exercise)
            _warm(exercise)
            self.opened[key] = exercise
        return self.opened[key]

    def next(self) -> Parcel | None:
        """The first job that waits for nothing but a worker."""
        tried = {_edition(worker.parcel) for worker in self.running.values() if worker.trial}
        return next((parcel for parcel in self.waiting if _edition(parcel) not in tried), None)

    def needs_trial(self, parcel: Parcel) -> bool:
        """Whether the exercise of a job must first be opened in a process that may be lost."""
        return parcel.limit_s is not None and _edition(parcel) not in self.opened.keys() | self.refused


def main() -> None:
    """Judge what comes in until nothing more comes."""
    parent = os.getppid()
    _die_with(parent)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the reports
    sandbox, workers = take_parcel(0)
    desk = Desk(sandbox, workers, reports)
    if sys.platform == "linux":
        _judge_in_workers(desk)
    else:
        _judge_here(desk)


def _warm(exercise: Gradable) -> None:
    """Load what all scenes share, and build one for the rest. What fails here fails again, and is told, in a worker."""
    with (
        contextlib.suppress(Exception, SystemExit),
        temporary_folder("warm") as folder,
    ):
        exercise.warm()
        with TraceWriter(Path(folder, "warm.trace"), Header(exercise.name)) as nowhere:
            exercise.build(exercise.rehearsal[0], nowhere).close()
    gc.collect()
    gc.freeze()  # the workers share this memory as long as the collector does not touch it


def _judge_here(desk: Desk) -> None:
    while (parcel := take_parcel(0)) is not None:
        if isinstance(parcel, Parcel):  # nothing is cancelled here
            desk.report(_judged(desk, parcel))


def _judge_in_workers(desk: Desk) -> None:
    """Up to `workers` at a time; ends when the pool has closed its stream, or asks for it."""

    def leave(_signal: int, _frame: object) -> NoReturn:
        for worker in desk.running.values():
            worker.end("left")
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    while True:
        while len(desk.running) < desk.workers and (parcel := desk.next()) is not None:
            _begin(desk, parcel)
        soonest = min((worker.deadline for worker in desk.running.values()), default=FOREVER)
        wait = None if soonest == FOREVER else max(0.0, soonest - time.monotonic())
        for descriptor in select.select([0, *desk.running], [], [], wait)[0]:
            if descriptor:
                _end(desk, descriptor, desk.running.pop(descriptor))
            elif not _heard(desk):
                return
        for worker in desk.running.values():
            if worker.deadline <= time.monotonic():
                worker.end("late")
                worker.deadline = FOREVER


def _heard(desk: Desk) -> bool:
    """Take one message of the pool; False where there will be no more."""
    message = take_parcel(0)
    if isinstance(message, Cancel):
        desk.waiting = [parcel for parcel in desk.waiting if parcel.number != message.number]
        for worker in desk.running.values():
            if worker.parcel.number == message.number and not worker.trial:
                worker.end("cancelled")
    elif message is not None:
        desk.waiting.append(message)
    return message is not None


def _begin(desk: Desk, parcel: Parcel) -> None:
    """Start a worker for a job, or for the trial of its exercise."""
    trial = desk.needs_trial(parcel)
    if not trial:
        desk.waiting.remove(parcel)
        if _edition(parcel) not in desk.refused:
            with contextlib.suppress(Exception, SystemExit):  # what cannot be opened is told by the worker
                desk.exercise(parcel)
    deadline = FOREVER if parcel.limit_s is None else time.monotonic() + parcel.limit_s
    pipe, pid = _start(desk, parcel, trial)
    desk.running[pipe] = Worker(pid, parcel, trial, deadline)


def _start(desk: Desk, parcel: Parcel, trial: bool) -> tuple[int, int]:
    """Fork a worker; its pipe, and its process, which is a group of its own."""
    reading, writing = os.pipe()
    me = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        with contextlib.suppress(OSError):  # it has done so itself, or has ended
            os.setpgid(pid, pid)
        return reading, pid
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _die_with(me)
        for descriptor in (reading, *desk.running):
            os.close(descriptor)
        with os.fdopen(writing, "wb") as stream:
            if trial:
                desk.exercise(parcel)
            else:
                pickle.dump(_judged(desk, parcel), stream)
        code = 0
    finally:
        os._exit(code)


def _end(desk: Desk, pipe: int, worker: Worker) -> None:
    """Report what a worker found, or how it died; of a trial, keep how it went."""
    with os.fdopen(pipe, "rb") as stream:
        words = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
    if worker.trial:
        if code:
            desk.refused.add(_edition(worker.parcel))
        else:
            with contextlib.suppress(Exception, SystemExit):
                desk.exercise(worker.parcel)
    elif worker.why != "cancelled":
        desk.report(_told(worker, words, code))


def _told(worker: Worker, words: bytes, code: int) -> Report:
    """What a worker said, or how it died."""
    number, parcel = worker.parcel.number, worker.parcel
    if worker.why == "late":
        text = _("{scene} was not judged within {limit:g} s.")
        return Report(number, text.format(scene=parcel.scene, limit=parcel.limit_s), "TooLong")
    if code < 0:
        return Report(number, f"signal {-code}")
    try:
        report: Report = pickle.loads(words)
    except (EOFError, pickle.UnpicklingError):  # it left before it had said everything
        return Report(number, f"exit code {code}")
    return report


def _judged(desk: Desk, parcel: Parcel) -> Report:
    """Judge one scene: what it was worth, or the kind and the text of what could not be done."""
    i18n.choose(parcel.language)
    started = time.monotonic()
    try:
        exercise = desk.exercise(parcel)
        with collector_at_rest():
            trace = run(exercise, parcel.program, parcel.seed, desk.sandbox, parcel.file, scene=parcel.scene)
        score, sha256 = exercise.score(trace), trace.sha256
        return Report(parcel.number, Judgement(trace.outcome, score, sha256, round(time.monotonic() - started, 3)))
    except (JudgeError, TraceError) as error:
        return Report(parcel.number, str(error), type(error).__name__)
    except (Exception, SystemExit) as error:  # an exercise that cannot build its scene, or a fault of ours
        return Report(parcel.number, f"{parcel.scene}: {error}", type(error).__name__)


def _die_with(parent: int) -> None:
    """Be killed when the parent goes, in whatever way (Linux)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    main()
