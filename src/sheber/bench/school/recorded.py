"""Recorded: one run of an exercise's reference program, judged once, to be stored as often as it is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from sheber.exercises import load
from sheber.judge import Program, best_sandbox, run
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school.queue.claiming import Found
from sheber.temporary import temporary_folder

__all__ = ["Recording", "recording"]

SEED = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """A judged run."""

    source: bytes
    trace: bytes
    duration_s: float  # simulated
    result: Found

    def found(self, name: str) -> Found:
        """What a worker says of it. name: of the trace, below the folder of traces."""
        return replace(self.result, trace=name, trace_bytes=len(self.trace))


@cache
def recording(name: str) -> Recording:
    """A run of the reference program of an exercise of the catalogue."""
    exercise, sandbox = load(name), best_sandbox()
    program = Program.read(exercise.program("reference"))
    with temporary_folder("bench") as folder:
        file = folder / "run.trace"
        trace = run(exercise, program, SEED, sandbox, to=file)
        written = file.read_bytes()
    score = exercise.score(trace)
    found = Found(
        points=score.points,
        outcome=stored_outcome(trace.outcome),
        score=stored_score(score),
        trace_sha256=trace.sha256,
        trace="",
        trace_bytes=0,
        level=sandbox.level,
        processor="bench",
        versions={},
        seconds=1.0,
        exercise_sha256=exercise.sha256,
    )
    return Recording(program.source, written, trace.duration, found)
