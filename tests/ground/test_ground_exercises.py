"""What every exercise of the ground station keeps, whatever it asks: a run in which nothing happens earns nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sheber.exercises import Exercise, catalogue, load
from sheber.exercises.score import GROUPS
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceWriter, read

NAMES = [exercise.name for exercise in catalogue() if exercise.station.name == "ground-station"]


class Forgetful(TraceWriter):
    """A recorder that takes no samples."""

    def sample(self, step: int, row: Any) -> None:
        """Nothing."""


def idle(exercise: Exercise, path: Path, writer: type[TraceWriter] = TraceWriter) -> Trace:
    """A run whose program never said a word."""
    with writer(path, Header(exercise.name)) as recorder:
        station = exercise.build(1, recorder)
        station.settle()
        station.close()
        recorder.end(station.step, Outcome(OutcomeKind.FINISHED))
    return read(path)


def test_there_are_six() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_doing_nothing_earns_nothing(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    score = exercise.score(idle(exercise, tmp_path / "idle.trace"))
    assert score.points == 0.0
    assert score.quality == 0.0
    assert {group: score.group(group)[1] for group in GROUPS} == pytest.approx(GROUPS, abs=0.05)
    assert all(check.message for check in score.checks if check.lost)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_a_single_sample_can_be_scored_and_drawn(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    trace = idle(exercise, tmp_path / "empty.trace", Forgetful)
    assert len(trace.time) == 0
    assert exercise.score(trace).points == 0.0
    assert isinstance(exercise.diagrams(trace), tuple)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_trace_gives_the_same_score(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    trace = idle(exercise, tmp_path / "idle.trace")
    assert load(name).score(trace) == exercise.score(trace)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_differ_and_a_seed_is_always_the_same(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    assert exercise.scene(3) == load(name).scene(3)
    assert exercise.scene(3) != exercise.scene(4)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_is_told_nothing_of_the_truth(name: str, tmp_path: Path) -> None:
    """No number of the facts, as it stands there, is in the answer to connect, but for what the sheet says too."""
    exercise = load(name)
    with TraceWriter(tmp_path / "run.trace", Header(name)) as recorder:
        station: Any = exercise.build(1, recorder)
        told = set(_numbers(station.given()))
        truth = set(_numbers({k: v for k, v in dict(exercise.scene(1).facts).items() if k not in ("counts", "home")}))
        station.close()
    common = {one for one in told & truth if one != round(one, 2)}
    assert not common, f"{len(common)} of {len(truth)} numbers of the truth are told: {sorted(common)[:5]}"


def _numbers(value: Any) -> list[float]:
    """Every number within plain values."""
    if isinstance(value, dict):
        return [one for inner in value.values() for one in _numbers(inner)]
    if isinstance(value, list | tuple | np.ndarray):
        return [one for inner in value for one in _numbers(inner)]
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []
