"""Loops: the judge's own work in a graded run of each exercise against the bare engine, pictures apart.

The measurement of `loop`, for the reference program of each exercise: its writes to the engine are replayed with raw
`mj_step`, which must end in the same state. What counts is the time in which the program waits for the judge. Drawing
and recording pictures is told apart, and so is what the program itself computes: machine vision has its own gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from sheber.bench.loop import Graded, graded, prepared, replayed
from sheber.bench.rows import Row, gated, in_turn, timed
from sheber.exercises import Exercise, catalogue
from sheber.judge import Program, Sandbox, best_sandbox
from sheber.robot.cell.cell import Cell
from sheber.robot.clock import STEP_S
from sheber.robot.record import Record
from sheber.temporary import temporary_folder

__all__ = ["loops"]

GATE: Final = "≥ 0.60"


def loops(quick: bool) -> list[Row]:
    """The judge's work of each exercise against raw `mj_step` with the same writes; 1 would be no cost at all."""
    sandbox = best_sandbox()
    with temporary_folder("bench") as name:
        return [_row(one, sandbox, Path(name), 1 if quick else 5) for one in catalogue()]


def _row(exercise: Exercise, sandbox: Sandbox, folder: Path, rounds: int) -> Row:
    program, seed = Program.read(exercise.program("reference")), exercise.rehearsal[0]
    writes, told = prepared(exercise, program, seed, sandbox, folder)
    runs: list[tuple[float, Graded]] = []

    def ours() -> float:
        with _pictures() as pictures:
            run = graded(exercise, program, seed, sandbox, folder)
        runs.append((sum(pictures), run))
        return run.served_s - runs[-1][0]

    raw, judge, ratio = in_turn(lambda: replayed(exercise, seed, writes, told.steps)[0], ours, rounds)
    drawn = float(np.median([pictures for pictures, _run in runs]))
    own = float(np.median([run.loop_s - run.served_s for _pictures, run in runs]))
    apart = f"apart from it pictures {drawn:.2f} s, the program itself and its box {own:.2f} s"
    note = f"{told.steps * STEP_S:.0f} s simulated; engine {raw:.2f} s, judge {judge:.2f} s; {apart}"
    return gated(f"{exercise.name}: judge's work ÷ raw engine, speed", ratio, "", GATE, note)


@contextmanager
def _pictures() -> Iterator[list[float]]:
    """While inside, drawing and recording a picture leaves its seconds in the list."""
    seconds: list[float] = []
    drawing, recording = (patch.object(one, "capture", _told(one.capture, seconds)) for one in (Cell, Record))
    with drawing, recording:
        yield seconds


def _told(capture: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, with its time added to the list."""

    def timed_capture(*given: Any) -> Any:
        given_back: list[Any] = []
        seconds.append(timed(lambda: given_back.append(capture(*given))))
        return given_back[0]

    return timed_capture
