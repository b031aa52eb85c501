"""Crew: the process that judges scenes for `grade`. It opens the exercise once and forks for each scene.

Theory of operation. `grade` starts `python -m sheber.judge.crew` with one thread for each library, sends the
exercise, the program and the level of the sandbox, then jobs. The crew warms the exercise, so that
every import, compiled kernel and mesh is in memory, and forks a worker for each job, which judges one
scene and ends. A pipe for each worker tells of its end, however it ends. Both die with their parents. Messages are
pickles between processes of the judge; nothing of a program comes near them. Where a process cannot safely fork
(macOS, Windows), scenes are judged one after another here.
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
from dataclasses import dataclass
from typing import IO, Any

from sheber.judge.errors import JudgeError
from sheber.judge.grade import Gradable, Job, Verdict, take_parcel
from sheber.judge.program import Program
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox
from sheber.trace import Header, TraceError, TraceWriter

PR_SET_PDEATHSIG = 1


@dataclass
class Order:
    """What `grade` sends first, and where to report."""

    exercise: Gradable
    program: Program
    sandbox: Sandbox
    workers: int
    reports: IO[bytes]

    def report(self, kind: str, job: Job, words: Any = None) -> None:
        """Tell `grade` how a job ended."""
        pickle.dump((kind, job.index, words), self.reports)
        self.reports.flush()


def main() -> None:
    """Judge what comes in until nothing more comes."""
    parent = os.getppid()
    _die_with(parent)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the reports
    exercise, program, sandbox, workers = take_parcel(0)
    order = Order(exercise, program, sandbox, workers, reports)
    _warm(order.exercise)
    if sys.platform == "linux":
        _judge_in_workers(order)
    else:
        _judge_here(order)


def _warm(exercise: Gradable) -> None:
    """Load what all scenes share, and build one for the rest. What fails here fails again, and is told, in a worker."""
    with contextlib.suppress(Exception), TraceWriter(os.devnull, Header(exercise.name)) as nowhere:
        exercise.warm()
        exercise.build(exercise.rehearsal[0], nowhere).close()
    gc.collect()
    gc.freeze()  # the workers share this memory as long as the collector does not touch it


def _judge_here(order: Order) -> None:
    while (job := take_parcel(0)) is not None:
        order.report(*_report(job, _judge(order, job)))


def _judge_in_workers(order: Order) -> None:
    """Up to `workers` at a time; ends when `grade` has closed its stream."""
    waiting: deque[Job] = deque()
    running: dict[int, tuple[int, Job]] = {}  # by the worker's pipe: its process and job
    while True:
        while waiting and len(running) < order.workers:
            job = waiting.popleft()
            pipe, pid = _start(order, job, list(running))
            running[pipe] = (pid, job)
        for descriptor in select.select([0, *running], [], [])[0]:
            if descriptor == 0:
                ordered = take_parcel(0)
                if ordered is None:
                    return
                waiting.append(ordered)
            else:
                _tell_end(order, descriptor, *running.pop(descriptor))


def _start(order: Order, job: Job, others: list[int]) -> tuple[int, int]:
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
            pickle.dump(_judge(order, job), stream)
        code = 0
    finally:
        os._exit(code)


def _tell_end(order: Order, pipe: int, pid: int, job: Job) -> None:
    with os.fdopen(pipe, "rb") as stream:
        words = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0:
        order.report("died", job, f"exit code {code}" if code > 0 else f"signal {-code}")
    else:
        order.report(*_report(job, pickle.loads(words)))


def _report(job: Job, found: Verdict | tuple[str, str]) -> tuple[str, Job, Verdict | tuple[str, str]]:
    return ("done" if isinstance(found, Verdict) else "failed"), job, found


def _judge(order: Order, job: Job) -> Verdict | tuple[str, str]:
    """Judge one scene: its verdict, or the kind and the text of what could not be done."""
    try:
        trace = run(order.exercise, order.program, job.seed, order.sandbox, job.file, scene=job.scene)
        return Verdict(trace.outcome, order.exercise.score(trace), trace.sha256)
    except (JudgeError, TraceError) as error:
        return type(error).__name__, str(error)
    except Exception as error:  # an exercise that cannot build its scene, or a fault of ours
        return type(error).__name__, f"{job.scene}: {error}"


def _die_with(parent: int) -> None:
    """Be killed when the parent goes, however it goes (Linux)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    main()
