"""Crew: the process that judges the scenes of a pool. It opens each exercise once and forks for each scene.

Theory of operation. A `Pool` starts `python -P -m sheber.judge.crew` with one thread for each library, sends the level
of the sandbox and the number of workers, then jobs. When the crew first sees an exercise it warms it, so that every
import, compiled kernel and mesh is in memory; then it forks a worker for each job, which judges one scene and ends. A
pipe from each worker tells when it ends, in whatever way. Crew and workers die with their parents. All messages are
pickles between processes of the judge: they carry the program as bytes and what its run was worth, and a worker writes
its message itself, outside the box. Where a process cannot safely fork (macOS, Windows), scenes are judged one after
another in this process.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sheber import i18n
from sheber.judge.collector import collector_at_rest
from sheber.judge.errors import JudgeError
from sheber.judge.pool import Gradable, Judgement, Parcel, Report, take_parcel
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox
from sheber.temporary import temporary_folder
from sheber.trace import Header, TraceError, TraceWriter

PR_SET_PDEATHSIG = 1


@dataclass
class Desk:
    """What the crew works with: its sandbox, the exercises that it has opened, and where it reports."""

    sandbox: Sandbox
    workers: int
    reports: IO[bytes]
    opened: dict[tuple[bytes, str], Gradable] = field(default_factory=dict)

    def report(self, report: Report) -> None:
        """Tell the pool how a job ended."""
        pickle.dump(report, self.reports)
        self.reports.flush()

    def exercise(self, parcel: Parcel) -> Gradable:
        """The exercise of a job, opened and warm. Raises what opening it raises."""
        key = (parcel.exercise, parcel.edition)
        if key not in self.opened:
            exercise: Gradable = pickle.loads(parcel.exercise)
            _warm(exercise)
            self.opened[key] = exercise
        return self.opened[key]


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
        desk.report(_judged(desk, parcel))


def _judge_in_workers(desk: Desk) -> None:
    """Up to `workers` at a time; ends when the pool has closed its stream."""
    waiting: deque[Parcel] = deque()
    running: dict[int, tuple[int, Parcel]] = {}  # by the worker's pipe: its process and job
    while True:
        while waiting and len(running) < desk.workers:
            parcel = waiting.popleft()
            with contextlib.suppress(Exception, SystemExit):  # what cannot be opened is told by the worker
                desk.exercise(parcel)
            pipe, pid = _start(desk, parcel, list(running))
            running[pipe] = (pid, parcel)
        for descriptor in select.select([0, *running], [], [])[0]:
            if descriptor == 0:
                parcel = take_parcel(0)
                if parcel is None:
                    return
                waiting.append(parcel)
            else:
                desk.report(_ended(descriptor, *running.pop(descriptor)))


def _start(desk: Desk, parcel: Parcel, others: list[int]) -> tuple[int, int]:
    """Fork a worker for the job; its pipe, and its process."""
    reading, writing = os.pipe()
    me = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return reading, pid
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _die_with(me)
        for descriptor in (reading, *others):
            os.close(descriptor)
        with os.fdopen(writing, "wb") as stream:
            pickle.dump(_judged(desk, parcel), stream)
        code = 0
    finally:
        os._exit(code)


def _ended(pipe: int, pid: int, parcel: Parcel) -> Report:
    """What a worker found, or how it died."""
    with os.fdopen(pipe, "rb") as stream:
        words = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code < 0:
        return Report(parcel.number, f"signal {-code}")
    try:
        report: Report = pickle.loads(words)
    except (EOFError, pickle.UnpicklingError):  # it left before it had said everything
        return Report(parcel.number, f"exit code {code}")
    return report


def _judged(desk: Desk, parcel: Parcel) -> Report:
    """Judge one scene: what it was worth, or the kind and the text of what could not be done."""
    i18n.choose(parcel.language)
    try:
        exercise = desk.exercise(parcel)
        with collector_at_rest():
            trace = run(exercise, parcel.program, parcel.seed, desk.sandbox, parcel.file, scene=parcel.scene)
        return Report(parcel.number, Judgement(trace.outcome, exercise.score(trace), trace.sha256))
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
