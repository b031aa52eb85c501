"""Run: one program, one scene, one trace. The central loop of the whole product is `converse`.

Who waits for whom. There are two processes: this one, which holds the station and writes the trace, and the box, in
which the program runs. They take turns. The program sends a request and waits for its answer; meanwhile the station
moves its simulated time, in this process. The judge sends the answer and waits for the next request; meanwhile the
station stands still. Wall time is added up for each of the two, apart from the other, and both sums are limited. While
the judge waits it takes what the program prints, so that a full pipe never stops a program. When the program closes the
conversation, the judge waits a few seconds for its last words and ends what is left of it; then the station comes to
rest, and the judge writes how the run ended.

A fault of ours (a broken station, a box that does not lock) is never the program's: the run is repeated once. If the
fault comes back, the outcome says "system fault", which nobody turns into points.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Protocol

from sheber.cache import processor
from sheber.i18n import Text, current, message
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.sandbox import LAST_WORDS_S, LimitReached, Sandbox, best_sandbox, limits_shown
from sheber.station import Answer, Limits, ProtocolError, RunEnds, Station
from sheber.temporary import temporary_folder
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceError, TraceWriter, read

__all__ = ["Conversation", "Equipment", "Runnable", "converse", "header", "judged", "run", "versions"]

ATTEMPTS = 2  # of a run that failed by our own fault

MANY_REQUESTS = message("run.requests", "The program sent more than {count} requests. This is the limit.")
FAULT = message("run.fault", "The judge failed ({kind}: {why}; {place}). You lose no points for this.")


class Equipment(Protocol):
    """What a run needs to know of an exercise's kind of station; `sheber.station.Kind` is one."""

    @property
    def name(self) -> str: ...
    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions on whose versions the numbers of a run depend."""
        ...


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
    @property
    def station(self) -> Equipment: ...
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
        """The next request; None when no more will come. Raises LimitReached, ProtocolError."""
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
        """How the run ended where the program ended by itself."""
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
    with _file(to) as path:
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
            raise LimitReached(MANY_REQUESTS(count=box.limits.commands))
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
        finally:
            station.close()  # it hands over what it has kept
        recorder.end(station.step, outcome, usage)
    return outcome


def judged(box: Conversation, station: Station, recorder: TraceWriter) -> Outcome:
    """The conversation and what follows it. Whatever goes wrong is an outcome; only a TraceError is raised."""
    try:
        outcome = _ended(box, station, recorder)
        try:
            station.settle()
        except RunEnds as end:
            outcome = _graver(outcome, end.outcome)
    except TraceError:
        raise
    except Exception as fault:  # of ours, wherever it came from
        outcome = Outcome(OutcomeKind.SYSTEM_FAULT, _fault_text(fault))
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
        return Outcome(OutcomeKind.PROTOCOL_ERROR, error.text, connected=box.requests > 0)
    except LimitReached as error:
        return Outcome(OutcomeKind.RESOURCE_LIMIT, error.text, box.where(), connected=box.requests > 0)


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
        station=exercise.station.name,
        seed=seed,
        sandbox=sandbox.level,
        language=current(),
        processor=processor(),
        versions=versions(exercise.station.packages),
        limits=limits_shown(exercise.limits),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@cache
def versions(packages: tuple[str, ...] = ()) -> Mapping[str, str]:
    """Versions of what the numbers of a run depend on; `packages`: those of its kind of station."""
    found = {"python": platform.python_version()}
    for package in ("sheberkhana", "numpy", *packages):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _fault_text(fault: Exception) -> Text:
    """A fault of ours for the operator: what, and the place in our code."""
    traceback = fault.__traceback__
    place = ""
    while traceback is not None:
        place = f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return FAULT(kind=type(fault).__name__, why=str(fault), place=place)


@contextlib.contextmanager
def _file(to: Path | None) -> Iterator[Path]:
    """Where the trace is written: the file that was asked for, or a temporary one."""
    if to is not None:
        yield to
        return
    with temporary_folder("run") as folder:
        yield Path(folder, "run.trace")
