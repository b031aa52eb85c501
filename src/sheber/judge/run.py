"""Run: one program, one scene, one trace. The central loop of the whole product is `converse`.

A fault of ours (a broken station, a box that does not lock) is never the program's: the run is repeated once,
and a second time around the outcome says "system fault", which nobody turns into points.
"""

from __future__ import annotations

import contextlib
import gc
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Protocol

from sheber.cache import processor
from sheber.i18n import _, current
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.sandbox import LAST_WORDS_S, LimitReached, Sandbox, best_sandbox, limits_shown
from sheber.station import Answer, Limits, ProtocolError, RunEnds, Station
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceError, TraceWriter, read

__all__ = ["Runnable", "converse", "header", "run"]

ATTEMPTS = 2  # of a run that failed by our own fault
COLLECT_AFTER = 50_000  # new objects, while a run lasts


class Runnable(Protocol):
    """What a run needs of an exercise."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def limits(self) -> Limits: ...
    def build(self, seed: int, recorder: TraceWriter) -> Station:
        """The station of this seed, alive, writing to the recorder."""
        ...


class Conversation(Protocol):
    """A program that talks: in a box, or at a student's own desk."""

    @property
    def limits(self) -> Limits: ...
    @property
    def requests(self) -> int:
        """How many have come."""
        ...

    def receive(self) -> bytes | None:
        """The next request; None where there is none any more. Raises LimitReached, ProtocolError."""
        ...

    def send(self, answer: Answer) -> None:
        """Answer it. Raises LimitReached, ProtocolError."""
        ...

    def printed(self) -> Iterator[tuple[str, str]]:
        """What was printed since the last call: stream, text."""
        ...

    def where(self) -> int:
        """The line of the program that is being executed, 0 where that is not known. It may end the program."""
        ...

    def hang_up(self, patience: float = 0.0) -> None:
        """End the conversation; the program has `patience` [s] for its last words."""
        ...

    def outcome(self) -> Outcome:
        """How the run ended where the program went of itself."""
        ...


def run(
    exercise: Runnable,
    program: Program,
    seed: int,
    sandbox: Sandbox | None = None,
    to: Path | None = None,
    *,
    scene: str = "",
) -> Trace:
    """Judge a program on the scene of a seed, and return the trace of what happened.

    sandbox: the strongest that works here if left out. to: file of the trace; kept in memory only if left out.
    scene: what people call this scene ("rehearsal 2"); "practice SEED" if left out. A program that does badly, or
    breaks, is a trace like any other; its `outcome` says how the run ended.

    Raises SandboxError where no box can be had, TraceError where the trace cannot be written, and what the
    exercise raises where it cannot build its scene.
    """
    sandbox = sandbox or best_sandbox()
    about = header(exercise, program, seed, sandbox, scene or f"practice {seed}")
    with _file(to) as path, _collector_at_rest():
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if _attempt(exercise, program, seed, sandbox, path, about).kind is not OutcomeKind.SYSTEM_FAULT:
                    break
            except SandboxError:
                if attempt == ATTEMPTS:
                    raise
        return read(path)


def converse(box: Conversation, station: Station, recorder: TraceWriter) -> Outcome:
    """The conversation of a run: the program asks, the station answers; time moves only in `handle`."""
    while (request := box.receive()) is not None:
        record_printed(box, recorder)
        if box.requests > box.limits.commands:
            text = _("The program sent more than {count} requests, which is its limit.")
            raise LimitReached(text.format(count=box.limits.commands))
        box.send(station.handle(request))
    return box.outcome()


def _attempt(exercise: Runnable, program: Program, seed: int, sandbox: Sandbox, path: Path, about: Header) -> Outcome:
    """One run from the start of the box to the end of the trace."""
    started = time.monotonic()
    with sandbox.prepare(program, exercise.limits) as box, TraceWriter(path, about) as recorder:
        station = exercise.build(seed, recorder)  # while the box starts
        try:
            box.wait_until_locked()
            outcome = judged(box, station, recorder)
            usage = {
                "processor_s": round(box.processor_s(), 3),
                "waited_s": round(box.waited_s, 3),
                "worked_s": round(box.worked_s, 3),
                "wall_s": round(time.monotonic() - started, 3),
                "layers": box.layers,
            }
            recorder.end(station.step, outcome, usage)
        finally:
            station.close()
    return outcome


def judged(box: Conversation, station: Station, recorder: TraceWriter) -> Outcome:
    """The conversation and what follows it; all is an outcome but a trace that cannot be written (TraceError)."""
    try:
        outcome = _ended(box, station, recorder)
        try:
            station.settle()
        except RunEnds as end:
            outcome = _graver(outcome, end.outcome)
    except TraceError:
        raise
    except Exception as fault:  # of ours, wherever it came from
        outcome = Outcome(OutcomeKind.SYSTEM_FAULT, _fault_words(fault))
    finally:
        box.hang_up()
    record_printed(box, recorder)
    return outcome


def _graver(ended: Outcome, settled: Outcome) -> Outcome:
    """The outcome that counts: a collision after the program has gone must not hide behind the way in which it went."""
    collided = settled.kind is OutcomeKind.EMERGENCY_STOP and ended.kind is not OutcomeKind.EMERGENCY_STOP
    return settled if collided or ended.kind is OutcomeKind.FINISHED else ended


def _ended(box: Conversation, station: Station, recorder: TraceWriter) -> Outcome:
    """How the conversation ended; all that a program can cause."""
    try:
        return converse(box, station, recorder)
    except RunEnds as end:
        if end.answer is not None:
            with contextlib.suppress(LimitReached, ProtocolError):
                box.send(end.answer)
        box.hang_up(LAST_WORDS_S)
        return end.outcome
    except ProtocolError as error:
        return Outcome(OutcomeKind.PROTOCOL_ERROR, str(error), connected=box.requests > 0)
    except LimitReached as error:
        return Outcome(OutcomeKind.RESOURCE_LIMIT, str(error), box.where(), connected=box.requests > 0)


def record_printed(box: Conversation, recorder: TraceWriter) -> None:
    """Put on the record what the program printed since the last time."""
    for stream, text in box.printed():
        recorder.printed(stream, text)


def header(exercise: Runnable, program: Program, seed: int, sandbox: Sandbox, scene: str) -> Header:
    """What is known before the run begins."""
    return Header(
        exercise=exercise.name,
        exercise_version=exercise.version,
        exercise_sha256=exercise.sha256,
        program=program.name,
        program_sha256=program.sha256,
        source=program.source.decode("utf-8", "replace"),
        scene=scene,
        seed=seed,
        sandbox=sandbox.level,
        language=current(),
        processor=processor(),
        versions=versions(),
        limits=limits_shown(exercise.limits),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@cache
def versions() -> Mapping[str, str]:
    """Versions of what the numbers of a run depend on."""
    found = {"python": platform.python_version()}
    for package in ("sheberkhana", "mujoco-core", "numpy", "numba", "opencv-python-headless", "ruckig"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _fault_words(fault: Exception) -> str:
    """A fault of ours for the operator: what, and the place in our code."""
    traceback = fault.__traceback__
    place = ""
    while traceback is not None:
        place = f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    text = _("The judge itself failed ({kind}: {why}; {place}). This is never held against the program.")
    return text.format(kind=type(fault).__name__, why=fault, place=place)


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Python's cycle collector leaves alone what was there before the run and comes seldom: it took 2 % of a run."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@contextlib.contextmanager
def _file(to: Path | None) -> Iterator[Path]:
    """Where the trace is written: the file that was asked for, or one that goes again."""
    if to is not None:
        yield to
        return
    with tempfile.TemporaryDirectory(prefix="sheber-run-") as folder:
        yield Path(folder, "run.trace")
