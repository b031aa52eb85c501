"""Loop: a graded run against the bare engine, and the engine with sleep against without.

The reference program of palletising is run once with every write to the engine on record: controls, surface
velocities of belts, the forces that wake sleepers, and what couples tools and parts (`RARE`). Replayed with raw
`mj_step` on a fresh copy of the same cell they must end in the same state, bit for bit; then both are timed in turn.
What the graded loop has beyond the engine is the controller, motion, contacts, samples, the trace and the
conversation with the box.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.bench.rows import Row, absolute, gated, in_turn
from sheber.exercises import Exercise, load
from sheber.judge import Program, Sandbox, best_sandbox, run
from sheber.judge.collector import collector_at_rest
from sheber.robot.cell import build
from sheber.robot.cell import cell as cell_module
from sheber.robot.clock import STEP_S
from sheber.station import Answer, Limits, Station
from sheber.temporary import temporary_folder
from sheber.trace import OutcomeKind, TraceWriter

__all__ = ["Graded", "graded", "graded_loop", "prepared", "replayed", "sleep"]

EXERCISE = "palletising"


RARE = {
    "model": (
        *("geom_surfacevel", "eq_data", "body_gravcomp"),
        *("body_mass", "body_inertia", "body_subtreemass", "body_ipos", "body_iquat"),
    ),
    "data": ("xfrc_applied", "eq_active"),
}
"""The engine's arrays that a cell writes beside the controls, now and then, in its model and in its state."""


@dataclass
class Writes:
    """Everything that was written to the engine, by step."""

    controls: list[NDArray[np.float64]] = field(default_factory=list)  # (nu,) at each step
    rare: dict[str, dict[int, NDArray[Any]]] = field(default_factory=dict)  # of `RARE`, by name, where one changed
    state: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # qpos and qvel at the end


class _Clocked:
    """A station that notes when its first command was accepted and its last reply was ready."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self.first = self.last = 0.0  # wall clock [s]
        self.processor = [0.0, 0.0]  # the same moments in processor time of this process [s]
        self.served = 0.0  # wall time in which the program waited for the station [s]
        self.requests = 0
        self.worked = 0.0  # processor time of this process meanwhile [s]
        self.steps = 0  # at the last reply
        self.step = station.step

    def handle(self, request: bytes) -> Answer:
        started, begun = time.perf_counter(), time.process_time()
        if not self.first:
            self.first, self.processor[0] = started, begun
        try:
            return self._station.handle(request)
        finally:
            self.last, self.processor[1] = time.perf_counter(), time.process_time()
            self.requests += 1
            self.served += self.last - started
            self.worked += self.processor[1] - begun
            self.step = self.steps = self._station.step

    def settle(self) -> None:
        try:
            self._station.settle()
        finally:
            self.step = self._station.step

    def close(self) -> None:
        self._station.close()


class _Watched:
    """An exercise whose stations are clocked."""

    def __init__(self, exercise: Exercise) -> None:
        self.name, self.version, self.sha256 = exercise.name, exercise.version, exercise.sha256
        self.limits: Limits = exercise.limits
        self.station = exercise.station
        self._exercise = exercise
        self.clocked: _Clocked | None = None

    def build(self, seed: int, recorder: TraceWriter) -> Station:
        self.clocked = _Clocked(self._exercise.build(seed, recorder))
        return self.clocked


@dataclass(frozen=True)
class Graded:
    """What one graded run took."""

    loop_s: float  # from the first command accepted to the last reply, wall
    processor_s: float  # the same in processor time of the judge alone: what a busy machine cannot change
    served_s: float  # of the loop, what the program waited for the station
    worked_s: float  # the same in processor time
    requests: int
    steps: int
    whole_s: float  # the whole call: box, building, settling and reading the trace too


def graded(exercise: Exercise, program: Program, seed: int, sandbox: Sandbox, folder: Path) -> Graded:
    """One graded run, timed."""
    watched = _Watched(exercise)
    started = time.perf_counter()
    with collector_at_rest():
        trace = run(watched, program, seed, sandbox, to=folder / "loop.trace")
    whole = time.perf_counter() - started
    if trace.outcome.kind is not OutcomeKind.FINISHED or watched.clocked is None:
        raise RuntimeError(f"the reference program of {exercise.name} did not finish: {trace.outcome}")
    clocked = watched.clocked
    processor = clocked.processor[1] - clocked.processor[0]
    return Graded(
        clocked.last - clocked.first, processor, clocked.served, clocked.worked, clocked.requests, clocked.steps, whole
    )


@contextmanager
def _recorded(writes: Writes) -> Iterator[None]:
    """While inside, every step of a cell leaves its writes in `writes`."""

    def step(model: Any, data: Any) -> None:
        number = len(writes.controls)
        writes.controls.append(data.ctrl.copy())
        for name, array in _rare(model, data).items():
            _note(writes.rare.setdefault(name, {}), number, array)
        mujoco.mj_step(model, data)
        writes.state = np.concatenate([data.qpos, data.qvel])

    class Recording:
        mj_step = staticmethod(step)

        def __getattr__(self, name: str) -> Any:
            return getattr(mujoco, name)

    names = vars(cell_module)
    names["mujoco"] = Recording()
    try:
        yield
    finally:
        names["mujoco"] = mujoco


def _rare(model: Any, data: Any) -> dict[str, NDArray[Any]]:
    """The arrays of `RARE`, by name."""
    owners = {"model": model, "data": data}
    return {name: getattr(owners[owner], name) for owner, names in RARE.items() for name in names}


def _note(changes: dict[int, NDArray[Any]], number: int, array: NDArray[Any]) -> None:
    """Keep an array where it differs from what was kept last; -0.0 counts as another value than 0.0."""
    last = next(reversed(changes.values()), None)
    if last is None or last.tobytes() != array.tobytes():
        changes[number] = array.copy()


def replayed(
    exercise: Exercise,
    seed: int,
    writes: Writes,
    steps: int,
    *,
    asleep: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, Any]:
    """Replay the first `steps` steps with raw `mj_step`: time by `clock` [s], and the engine's data at the end."""
    world = build(exercise.scene(seed)).world
    model, data = world.model, world.data
    if not asleep:
        model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    controls, arrays = writes.controls[:steps], _rare(model, data)
    moments = {number for changes in writes.rare.values() for number in changes if number < steps}
    due = {number: _due(writes, number, arrays) for number in moments}
    written, step = data.ctrl, mujoco.mj_step
    at = 0
    start = clock()
    for until in [*sorted(due), steps]:
        for row in controls[at:until]:
            written[:] = row
            step(model, data)
        at = until
        for array, value in due.get(at, ()):
            array[:] = value
    return clock() - start, data


def _due(writes: Writes, number: int, arrays: dict[str, NDArray[Any]]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """What is written before this step: arrays of the engine, and their values."""
    return [(arrays[name], changes[number]) for name, changes in writes.rare.items() if number in changes]


def prepared(exercise: Exercise, program: Program, seed: int, sandbox: Sandbox, folder: Path) -> tuple[Writes, Graded]:
    """The writes of one run, proved by a replay that ends in the same state."""
    writes = Writes()
    with _recorded(writes):
        told = graded(exercise, program, seed, sandbox, folder)
    _, data = replayed(exercise, seed, writes, len(writes.controls))
    if not np.array_equal(writes.state, np.concatenate([data.qpos, data.qvel])):
        raise RuntimeError("the replay does not end where the graded run did: something writes to the engine unseen")
    return writes, told


def graded_loop(quick: bool) -> list[Row]:
    """The graded loop against raw `mj_step` with the same writes; 1 would be no cost at all."""
    exercise, sandbox = load(EXERCISE), best_sandbox()
    program = Program.read(exercise.program("reference"))
    seed = exercise.rehearsal[0]
    with temporary_folder("bench") as name:
        folder = Path(name)
        writes, told = prepared(exercise, program, seed, sandbox, folder)
        runs: list[Graded] = []

        def ours() -> float:
            runs.append(graded(exercise, program, seed, sandbox, folder))
            return runs[-1].loop_s

        raw, loop, ratio = in_turn(
            lambda: replayed(exercise, seed, writes, told.steps)[0], ours, rounds=3 if quick else 9
        )
    simulated = told.steps * STEP_S
    apart = float(np.median([one.whole_s - one.loop_s for one in runs]))
    return [
        gated("graded loop ÷ raw engine, speed", ratio, "", "≥ 0.80", f"level {sandbox.level}; same end state"),
        absolute("graded loop", loop, "s", f"{simulated:.1f} s simulated, {simulated / loop:.0f} times as fast"),
        absolute("raw engine, same writes", raw, "s", f"{simulated / raw:.0f} times as fast"),
        absolute("graded loop, judge's processor time", float(np.median([one.processor_s for one in runs])), "s"),
        absolute("box, building, settling, reading", apart, "s", "apart from the loop"),
    ]


def sleep(quick: bool) -> list[Row]:
    """The same writes with the engine's sleep and without: only the flag differs."""
    exercise, sandbox = load(EXERCISE), best_sandbox()
    program = Program.read(exercise.program("reference"))
    seed = exercise.rehearsal[0]
    with temporary_folder("bench") as name:
        writes, told = prepared(exercise, program, seed, sandbox, Path(name))
    awake, asleep, ratio = in_turn(
        lambda: replayed(exercise, seed, writes, told.steps, asleep=False)[0],
        lambda: replayed(exercise, seed, writes, told.steps)[0],
        rounds=3 if quick else 7,
    )
    boxes = len(exercise.scene(seed).parts)
    return [
        gated("sleep", ratio, "times", "≥ 2.0", f"{boxes} boxes"),
        absolute("engine awake", awake, "s"),
        absolute("engine asleep where it may", asleep, "s"),
    ]
