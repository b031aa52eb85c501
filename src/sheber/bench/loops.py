"""Loops: the judge's own work in a graded run of each exercise against the bare engine, pictures apart.

The measurement of `loop`, for the reference program of each exercise: its writes to the engine are replayed with raw
`mj_step`, which must end in the same state. What counts is the judge's processor time while the program waits for it:
on a busy machine waiting says nothing. Two things are told apart, since they are no cost of the loop. Drawing and
recording pictures is one: machine vision has its own gate. The law of a compliant arm is the other: a robot's
controller computes it. Its gate is a row of its own.

The bound. The engine and the Python around it cost independently of each other, and the Python costs by the look: once
every 20 ms, or every 10 ms where a guard, a compliant arm or a busy tool wants it. A request costs about as much again.
The plainest exercise says what a look costs. Where the engine has little to do, an exercise that looks and asks more
often cannot reach 0.60; it may pay for that what the plainest one pays, and a quarter more for its devices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from sheber.bench.loop import graded, prepared, replayed
from sheber.bench.rows import Row, gated, in_turn
from sheber.exercises import Exercise, catalogue
from sheber.judge import Program, Sandbox, best_sandbox
from sheber.robot.cell.arm import Servo
from sheber.robot.cell.cell import Cell
from sheber.robot.clock import STEP_S
from sheber.robot.kind import CELL
from sheber.robot.motion.compliance import Compliance
from sheber.robot.record import Record
from sheber.temporary import temporary_folder

__all__ = ["bound", "loops"]

ENOUGH: Final = 0.60
PLAINEST: Final = "poses-and-moves"
DEVICES: Final = 1.25  # times the plainest look: what a look may cost in a cell with devices
COMPLIANT: Final = 10.0  # plainest looks that a tick of a compliant arm may cost


@dataclass(slots=True)
class _Apart:
    """What is told apart in one run."""

    pictures: list[float] = field(default_factory=list)  # s each
    compliance: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Measured:
    """One exercise; processor times of one run, the medians of some."""

    name: str
    engine: float  # s, the bare engine
    judge: float  # s, beyond pictures and compliance
    ratio: float  # of the two, measured in turn
    looks: int  # and requests
    steps: int
    pictures: float  # s
    compliance: float  # s
    compliant: int  # ticks
    own: float  # s, wall time of the program and its box

    @property
    def look(self) -> float:
        """What a look costs beyond the engine [s]."""
        return (self.judge - self.engine) / self.looks


def loops(quick: bool) -> list[Row]:
    """The judge's work of each exercise against raw `mj_step` with the same writes; 1 would be no cost at all."""
    sandbox = best_sandbox()
    with temporary_folder("bench") as name:
        cells = [one for one in catalogue() if one.station.name == CELL.name]  # other stations have no such engine
        measured = [_measured(one, sandbox, Path(name), 1 if quick else 5) for one in cells]
    plainest = next(one for one in measured if one.name == PLAINEST)
    return [*(_row(one, plainest) for one in measured), *_compliance(measured, plainest)]


def bound(engine: float, looks: int, look: float) -> float:
    """The ratio asked of an exercise: engine [s], looks and requests, and what one costs in the plainest one [s]."""
    return min(ENOUGH, engine / (engine + DEVICES * look * looks))


def _row(one: _Measured, plainest: _Measured) -> Row:
    least = ENOUGH if one is plainest else bound(one.engine, one.looks, plainest.look)
    apart = f"pictures {one.pictures:.2f} s, compliance {one.compliance:.2f} s"
    looks = f"{one.looks} looks and requests, {1e6 * one.look:.0f} µs each beyond the engine"
    work = f"engine {one.engine:.2f} s, judge {one.judge:.2f} s; {looks}; apart from it {apart}"
    note = f"{one.steps * STEP_S:.0f} s simulated; {work}, the program itself and its box {one.own:.2f} s"
    return gated(f"{one.name}: judge's work ÷ raw engine, speed", one.ratio, "", f"≥ {least:.2f}", note)


def _compliance(measured: list[_Measured], plainest: _Measured) -> list[Row]:
    """What a tick of a compliant arm costs, in looks of the plainest exercise."""
    ticks = sum(one.compliant for one in measured)
    if not ticks:
        return []
    tick = sum(one.compliance for one in measured) / ticks
    note = f"{ticks} ticks, {1e6 * tick:.0f} µs each"
    return [gated("a tick of a compliant arm ÷ a plain look", tick / plainest.look, "times", f"≤ {COMPLIANT:g}", note)]


def _measured(exercise: Exercise, sandbox: Sandbox, folder: Path, rounds: int) -> _Measured:
    program, seed = Program.read(exercise.program("reference")), exercise.rehearsal[0]
    with _counted(Servo, "rows") as looks:
        writes, told = prepared(exercise, program, seed, sandbox, folder)
    runs: list[tuple[_Apart, float]] = []

    def ours() -> float:
        with _told_apart() as apart:
            run = graded(exercise, program, seed, sandbox, folder)
        runs.append((apart, run.loop_s - run.served_s))
        return run.worked_s - sum(apart.pictures) - sum(apart.compliance)

    def raw() -> float:
        return replayed(exercise, seed, writes, told.steps, clock=time.process_time)[0]

    engine, judge, ratio = in_turn(raw, ours, rounds)
    pictures, compliance = (
        float(np.median([sum(times) for times in all_runs]))
        for all_runs in ([one.pictures for one, _ in runs], [one.compliance for one, _ in runs])
    )
    own = float(np.median([own for _apart, own in runs]))
    compliant = len(runs[-1][0].compliance)
    return _Measured(
        exercise.name,
        engine,
        judge,
        ratio,
        len(looks) + told.requests,
        told.steps,
        pictures,
        compliance,
        compliant,
        own,
    )


@contextmanager
def _told_apart() -> Iterator[_Apart]:
    """While inside, pictures and ticks of a compliant arm leave their seconds."""
    apart = _Apart()
    with ExitStack() as stack:
        for owner, name, seconds in (
            (Cell, "capture", apart.pictures),
            (Record, "capture", apart.pictures),
            (Compliance, "next", apart.compliance),
        ):
            stack.enter_context(patch.object(owner, name, _timed(getattr(owner, name), seconds)))
        yield apart


@contextmanager
def _counted(owner: type, name: str) -> Iterator[list[float]]:
    """While inside, each call of a method leaves its seconds in the list."""
    calls: list[float] = []
    with patch.object(owner, name, _timed(getattr(owner, name), calls)):
        yield calls


def _timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, with its processor time added to the list."""

    def timed_function(*given: Any) -> Any:
        started = time.process_time()
        try:
            return function(*given)
        finally:
            seconds.append(time.process_time() - started)

    return timed_function
