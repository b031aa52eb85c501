"""Grade: one program on all scenes of the rehearsal, several at a time, and the final score.

The scenes are judged by a crew: a process beside this one that opens the exercise once and forks for each
scene (`crew.py`). It is a process of its own because forking one that has threads, as a command line
with a progress bar has, may hang. What a scene gives does not depend on how many are judged at once. A
worker that is killed costs time, not points: its scene is judged again.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from sheber.exercises.numbers import ExerciseError
from sheber.exercises.score import Score, final
from sheber.i18n import _, current
from sheber.judge.errors import SandboxError, SystemFault
from sheber.judge.program import Program
from sheber.judge.run import Runnable
from sheber.judge.sandbox import Sandbox, best_sandbox
from sheber.trace import Outcome, OutcomeKind, Trace, TraceWriteError, read

__all__ = ["Gradable", "Grade", "GradedScene", "Job", "Progress", "Verdict", "grade", "take_parcel"]

TRIES = 3  # of a scene whose worker was killed, and of a crew


class Gradable(Runnable, Protocol):
    """What a grade needs of an exercise, beside what a run needs. It must be picklable."""

    @property
    def rehearsal(self) -> tuple[int, ...]: ...
    def warm(self) -> None:
        """Load what every run needs, before a parent forks its workers. Starts no thread."""
        ...

    def score(self, trace: Trace, /) -> Score:
        """Points of a trace."""
        ...


class Progress(Protocol):
    """Called once before the first scene and after each one, with what it got."""

    def __call__(self, done: int, total: int, scene: GradedScene | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a worker found of one scene: the trace itself stays in its file."""

    outcome: Outcome
    score: Score
    trace_sha256: str


@dataclass(frozen=True, slots=True)
class GradedScene:
    """One scene of a grade."""

    scene: str  # what people call it
    seed: int
    outcome: Outcome
    score: Score
    trace_sha256: str  # hash of what the equipment did
    trace_path: Path | None  # None where traces were not asked for
    read_trace: Trace | None = None  # where there is no file any more

    @property
    def trace(self) -> Trace:
        """The trace, read from its file."""
        if self.read_trace is not None:
            return self.read_trace
        assert self.trace_path is not None
        return read(self.trace_path)


@dataclass(frozen=True, slots=True)
class Grade:
    """What a program got: the final score and each scene."""

    final: float  # 0.7 mean + 0.3 worst scene
    level: str  # of the sandbox
    scenes: tuple[GradedScene, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One scene to judge."""

    index: int
    seed: int
    scene: str
    file: Path  # of the trace


def grade(
    exercise: Gradable,
    program: Program,
    sandbox: Sandbox | None = None,
    *,
    workers: int | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Grade:
    """Judge a program on the scenes of the rehearsal.

    sandbox: the strongest that works here if left out; level C is marked as practice. workers: scenes at a time;
    one for each processor core if left out. out: folder that keeps the traces, as scene-SEED.trace.

    Raises SandboxError where no box can be had, TraceError where a trace cannot be written, and SystemFault where a
    scene could not be judged through a fault of ours: such a scene is never a zero.
    """
    sandbox = sandbox or best_sandbox()
    seeds = exercise.rehearsal
    if progress is not None:
        progress(0, len(seeds), None)
    with tempfile.TemporaryDirectory(prefix="sheber-grade-") as name:
        scratch = Path(name)
        jobs = [
            Job(index, seed, f"rehearsal {index + 1}", (out or scratch) / f"scene-{seed}.trace")
            for index, seed in enumerate(seeds)
        ]
        found: dict[int, GradedScene] = {}
        for job, verdict in _judged(exercise, program, sandbox, jobs, workers or _cores(), scratch):
            kept, trace = (job.file, None) if out is not None else (None, read(job.file))
            found[job.index] = GradedScene(
                job.scene, job.seed, verdict.outcome, verdict.score, verdict.trace_sha256, kept, trace
            )
            if progress is not None:
                progress(len(found), len(seeds), found[job.index])
    scenes = tuple(found[index] for index in range(len(seeds)))
    _refuse_faults(scenes)
    return Grade(final([scene.score for scene in scenes]), sandbox.level, scenes)


def _judged(
    exercise: Gradable, program: Program, sandbox: Sandbox, jobs: Sequence[Job], workers: int, scratch: Path
) -> Iterator[tuple[Job, Verdict]]:
    """Each job with its verdict; crews that die are replaced, scenes whose worker died are judged again."""
    left = {job.index: job for job in jobs}
    tries = dict.fromkeys(left, 0)
    for _crew in range(TRIES):
        with Crew(exercise, program, sandbox, min(workers, len(left)), scratch) as crew:
            for job in left.values():
                crew.send(job)
            for index, ending in crew.endings():
                if isinstance(ending, Verdict):
                    yield left.pop(index), ending
                    if not left:
                        return
                    continue
                tries[index] += 1
                if tries[index] >= TRIES:
                    text = _("{scene} could not be judged: its worker died {count} times ({why}).")
                    raise SystemFault(text.format(scene=left[index].scene, count=TRIES, why=ending))
                crew.send(left[index])
    raise SystemFault(_("the processes that judge scenes died {count} times; nothing was graded").format(count=TRIES))


def _refuse_faults(scenes: Sequence[GradedScene]) -> None:
    """Raise SystemFault where a scene ended by a fault of ours: it must not count."""
    faults = [scene for scene in scenes if scene.outcome.kind is OutcomeKind.SYSTEM_FAULT]
    if faults:
        text = _("{scenes} could not be judged: {why} Nothing was graded; please grade again.")
        names = ", ".join(scene.scene for scene in faults)
        raise SystemFault(text.format(scenes=names, why=faults[0].outcome.reason))


def _cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    """The process that judges scenes, seen from here. A context manager; leaving it ends all its processes."""

    def __init__(self, exercise: Gradable, program: Program, sandbox: Sandbox, workers: int, scratch: Path) -> None:
        """Start it. scratch: where its temporary folders go, so that they go with ours."""
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TMPDIR": str(scratch),
            "TEMP": str(scratch),
            "SHEBER_LANGUAGE": current(),
            # a parent that forks must have no threads, and one thread adds up in one order
            **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sheber.judge.crew"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C reaches this process only, which then ends the crew
            start_new_session=True,
        )
        self._send((exercise, program, sandbox, workers))

    def send(self, job: Job) -> None:
        """One more scene to judge."""
        self._send(job)

    def endings(self) -> Iterator[tuple[int, Verdict | str]]:
        """Index of each job as it ends, with its verdict, or with how its worker died. Ends where the crew does.

        Raises what a worker could not do: SandboxError, TraceWriteError, ExerciseError, SystemFault.
        """
        stream = self._pipe(self._process.stdout)
        while True:
            try:
                kind, index, words = pickle.load(stream)
            except (EOFError, pickle.UnpicklingError):
                return
            if kind == "failed":
                raise _ERRORS.get(words[0], SystemFault)(words[1])
            yield index, words

    def _send(self, message: Any) -> None:
        stream = self._pipe(self._process.stdin)
        parcel = pickle.dumps(message)
        with contextlib.suppress(BrokenPipeError):  # it has died; `endings` finds out
            stream.write(struct.pack("<I", len(parcel)) + parcel)
            stream.flush()

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the crew, its workers and their boxes, and wait for them."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                self._pipe(pipe).close()


_ERRORS: dict[str, type[Exception]] = {
    "SandboxError": SandboxError,
    "TraceWriteError": TraceWriteError,
    "ExerciseError": ExerciseError,
}
