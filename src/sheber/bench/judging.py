"""Judging: what a second worker gives, and how large a report page is."""

from __future__ import annotations

from pathlib import Path

from sheber.bench.rows import Row, absolute, gated, in_turn, timed
from sheber.exercises import load
from sheber.judge import Program, best_sandbox, grade, report, run
from sheber.temporary import temporary_folder

__all__ = ["replay", "workers"]

REPORT_S = 60.0  # simulated length of the run whose page is weighed
_WAIT = "\ncell.wait({seconds})  # up to the length that the gate names\n"


def workers(quick: bool) -> list[Row]:
    """A grade of 8 scenes of palletising by two workers against one."""
    exercise, sandbox = load("palletising"), best_sandbox()
    program = Program.read(exercise.program("reference"))

    def by(count: int) -> float:
        with temporary_folder("bench") as folder:
            return timed(lambda: grade(exercise, program, sandbox, workers=count, out=Path(folder)))

    one, two, ratio = in_turn(lambda: by(1), lambda: by(2), rounds=1 if quick else 3)
    return [
        gated("two workers ÷ one, speed", ratio, "times", "≥ 1.85", f"{len(exercise.rehearsal)} scenes"),
        absolute("grade by one worker", one, "s"),
        absolute("grade by two workers", two, "s"),
    ]


def replay(quick: bool) -> list[Row]:
    """The size of the page of a run of vision-sorting that lasts a simulated minute."""
    exercise, sandbox = load("vision-sorting"), best_sandbox()
    source = exercise.program("reference").read_bytes()
    seed = exercise.rehearsal[0]
    trace = run(exercise, Program("reference.py", source), seed, sandbox)
    if trace.duration < REPORT_S:
        source += _WAIT.format(seconds=round(REPORT_S - trace.duration, 2)).encode()
        trace = run(exercise, Program("reference.py", source), seed, sandbox)
    page = report(exercise, trace, exercise.score(trace)).encode()
    pictures = f"{len(trace.captures)} camera pictures, {trace.duration:.0f} s"
    return [gated("report page of a minute", len(page) / 1e6, "MB", "≤ 4", pictures)]
