"""Pool: processes that judge scenes and stay warm, for any program, exercise and seed.

    with Pool(sandbox, workers=2) as pool:
        pool.submit(Job(exercise, program, seed=3, scene="practice 3", file=Path("scene-3.trace")))
        for job, ending in pool.endings():
            ...                                     # a Judgement, or the error that says why there is none

Theory of operation. The pool starts one process beside this one, the crew (`crew.py`). The crew opens and warms an
exercise when its first job arrives, and forks a worker for each job. It is a process of its own because forking a
process that has threads may hang, and a command line with a progress bar or a web server has threads. A worker that is
killed costs time, not points: its scene is judged again. A crew that dies is replaced, and what it had not finished is
judged again. What a scene gives does not depend on how many are judged at once.

A worker is a process group of its own, with its box: to cancel a job, or to end one that takes too long, is to kill
that group. An exercise whose jobs have a limit of time is first opened in a process that may be lost, so that one that
never comes to its end holds up nobody but itself.

All messages are pickles between processes of the judge. They carry the program's bytes on the way there and the text of
its error on the way back, as plain values; nothing that a box has sent is ever unpickled.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Any, Protocol, Self

from sheber.exercises.numbers import ExerciseError
from sheber.exercises.score import Score
from sheber.i18n import _, check_language, current
from sheber.judge.errors import SandboxError, SystemFault, TooLong
from sheber.judge.program import Program
from sheber.judge.run import Runnable
from sheber.judge.sandbox import Sandbox
from sheber.judge.sandbox.scratch import remove
from sheber.temporary import temporary_folder
from sheber.trace import Outcome, Trace, TraceWriteError

__all__ = ["Cancel", "Gradable", "Job", "Judgement", "Parcel", "Pool", "Report", "take_parcel"]

TRIES = 3  # of a scene whose worker was killed, and of a crew
END_S = 3.0  # for a crew to end its workers by itself [s]


class Gradable(Runnable, Protocol):
    """What a pool needs of an exercise, beside what a run needs. It must be picklable."""

    @property
    def rehearsal(self) -> tuple[int, ...]: ...
    def warm(self) -> None:
        """Load what every run needs, before a parent forks its workers. Starts no thread."""
        ...

    def score(self, trace: Trace, /) -> Score:
        """Points of a trace."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One program to judge on one scene."""

    exercise: Gradable
    program: Program
    seed: int
    scene: str  # what people call it: "rehearsal 2"
    file: Path  # of the trace
    language: str = field(default_factory=current)  # of what the program is told while it runs
    limit_s: float | None = None  # for the whole of it: scene, run and score [wall s]; None: as long as it takes

    def __post_init__(self) -> None:
        """Refuse a language that nothing is written in; raises ValueError."""
        check_language(self.language)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a worker found: the trace itself stays in its file."""

    outcome: Outcome
    score: Score
    trace_sha256: str
    seconds: float = field(default=0.0, compare=False)  # that it took, in all


class Pool:
    """The crew, seen from here. A context manager; leaving it ends all its processes.

    On Linux the crew is killed when the thread that started it ends: make the pool, and read its endings, in a thread
    that lives as long as the pool. `submit` may be called from any thread.
    """

    def __init__(self, sandbox: Sandbox, workers: int | None = None) -> None:
        """Start it. workers: scenes at a time; one for each processor core if left out."""
        self._sandbox, self._workers = sandbox, workers or cores()
        self._leftovers = contextlib.ExitStack()
        # the crew's folders go with it
        self._scratch = self._leftovers.enter_context(temporary_folder("pool", remove=remove))
        self._clean = weakref.finalize(self, self._leftovers.close)
        self._numbers = itertools.count()
        self._left: dict[int, Job] = {}  # submitted and not ended
        self._tries: dict[int, int] = {}  # of those whose worker was killed
        self._deaths = 0  # of crews, since the last job ended
        self._changing = threading.Lock()  # of `_left` and `_crew` together
        self._crew = Crew(sandbox, self._workers, self._scratch)

    def submit(self, job: Job) -> None:
        """One more scene to judge."""
        number = next(self._numbers)
        parcel = _packed(number, job)
        with self._changing:
            self._left[number] = job
            self._crew.send(parcel)

    def cancel(self, job: Job) -> None:
        """Judge this job no longer: what runs of it is killed, and it has no ending. One that has ended is no error."""
        with self._changing:
            number = next((number for number, one in self._left.items() if one is job), None)
            if number is not None:
                del self._left[number]
                self._tries.pop(number, None)
                self._crew.send(Cancel(number))
                self._crew.reports.put(Report(number, ""))  # wakes who waits for an ending; it is nobody's

    def ending(self, wait_s: float | None = None) -> tuple[Job, Judgement | Exception] | None:
        """The next job that ends, as `endings` has it; None where none is left, or none has ended after `wait_s`."""
        until = None if wait_s is None else time.monotonic() + wait_s
        while self._left:
            try:
                report = self._crew.reports.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except Empty:
                return None
            if report is None:
                self._replace_crew()
                continue
            job = self._left.get(report.number)
            ending = None if job is None else self._ending(report, job)
            if job is not None and ending is not None:
                self._deaths = 0
                self._tries.pop(report.number, None)
                self._left.pop(report.number, None)
                return job, ending
        return None

    def endings(self) -> Iterator[tuple[Job, Judgement | Exception]]:
        """Each job as it ends, until none is left: with its judgement, or with the error that says why there is none.

        The errors are SandboxError, TraceWriteError, ExerciseError, SystemFault, and TooLong where a job has a limit.
        Raises SystemFault where the crew died again and again; what was left is then given up.
        """
        while (ended := self.ending()) is not None:
            yield ended

    def _ending(self, report: Report, job: Job) -> Judgement | Exception | None:
        """What a report means for its job; None where the job is judged again."""
        if isinstance(report.found, Judgement):
            return report.found
        if report.kind:
            return _ERRORS.get(report.kind, SystemFault)(report.found)
        tries = self._tries[report.number] = self._tries.get(report.number, 0) + 1
        if tries >= TRIES:
            text = _("{scene} could not be judged: its worker died {count} times ({why}).")
            return SystemFault(text.format(scene=job.scene, count=tries, why=report.found))
        with self._changing:
            self._crew.send(_packed(report.number, job))
        return None

    def _replace_crew(self) -> None:
        """Start another crew with what is left. Raises SystemFault where that has been done too often."""
        with self._changing:
            if not self._left:
                return  # the pool was closed
            self._crew.end()
            self._deaths += 1
            if self._deaths >= TRIES:
                self._left.clear()
                text = _("The processes that judge scenes died {count} times. Nothing more was judged.")
                raise SystemFault(text.format(count=TRIES))
            self._crew = Crew(self._sandbox, self._workers, self._scratch)
            for number, job in self._left.items():
                self._crew.send(_packed(number, job))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the crew, its workers and their boxes, and wait for them."""
        with self._changing:
            self._left.clear()
            self._crew.end()
        self._clean()


def import_folders() -> list[str]:
    """Where the crew imports from: where this process does, but never from the working folder.

    A module that somebody has put beside a program must not run as the judge. Relative names are left out too: they
    mean another folder whenever the working folder changes. Only where this package itself comes from stays.
    """
    package, here = Path(__file__).parents[2], Path.cwd().resolve()
    absolute = [Path(path) for path in sys.path if os.path.isabs(path)]
    return [str(path) for path in absolute if path.resolve() != here or path.resolve() == package.resolve()]


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# --- what travels --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """A job on its way to the crew."""

    number: int
    exercise: bytes  # its pickle, by which the crew knows it again
    edition: str  # its hash: a folder may change while a pool lives
    program: Program
    seed: int
    scene: str
    file: Path
    language: str
    limit_s: float | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """A job that nobody wants any longer."""

    number: int


@dataclass(frozen=True, slots=True)
class Report:
    """How a job ended, on its way back."""

    number: int
    found: Judgement | str  # a string says what went wrong
    kind: str = ""  # class of the error; "": the worker died


def _packed(number: int, job: Job) -> Parcel:
    return Parcel(
        number,
        pickle.dumps(job.exercise),
        job.exercise.sha256,
        job.program,
        job.seed,
        job.scene,
        job.file.absolute(),
        job.language,
        job.limit_s,
    )


def take_parcel(descriptor: int) -> Any:
    """The next message of a crew's `send`, read without a buffer; None at the end of the stream."""

    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(descriptor, size - len(data))
            if not piece:
                break
            data += piece
        return data

    head = exactly(4)
    return pickle.loads(exactly(*struct.unpack("<I", head))) if len(head) == 4 else None


class Crew:
    """One process of `crew.py`, and a thread that reads what it reports, so that it never has to wait for us."""

    def __init__(self, sandbox: Sandbox, workers: int, scratch: Path) -> None:
        """Start it. scratch: where its temporary folders go."""
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(import_folders()),
            "TMPDIR": str(scratch),
            "TEMP": str(scratch),
            # a parent that forks must have no threads, and one thread adds up in one order
            **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sheber.judge.crew"],  # -P: -m alone puts the working folder first
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C reaches this process only, which then ends the crew
            start_new_session=True,
        )
        self.reports: SimpleQueue[Report | None] = SimpleQueue()  # None: the crew has ended
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.send((sandbox, workers))

    def send(self, message: Any) -> None:
        """Tell the crew something. A crew that has died is no error here: its reports end."""
        stream = _pipe(self._process.stdin)
        parcel = pickle.dumps(message)
        with contextlib.suppress(BrokenPipeError):
            stream.write(struct.pack("<I", len(parcel)) + parcel)
            stream.flush()

    def end(self) -> None:
        """Kill the crew with its workers and their boxes, and wait for it; may be called again."""
        if self._process.returncode is not None:
            return  # it was waited for already, and its number may be somebody else's by now
        self._process.terminate()  # its workers are groups of their own: it ends them first
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._kill()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()

    def _kill(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        stream = _pipe(self._process.stdout)
        with contextlib.suppress(EOFError, pickle.UnpicklingError):
            while True:
                self.reports.put(pickle.load(stream))
        self.reports.put(None)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


_ERRORS: dict[str, type[Exception]] = {
    "SandboxError": SandboxError,
    "TraceWriteError": TraceWriteError,
    "ExerciseError": ExerciseError,
    "TooLong": TooLong,
}
