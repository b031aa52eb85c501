"""The bench's own arithmetic, without measuring: rows, turns, writes, and the memory of a family of processes."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count

import numpy as np
import pytest

from sheber import bench
from sheber.bench import rows
from sheber.bench.memory import peak_MB
from sheber.cli import main


@pytest.mark.parametrize(
    ("value", "gate", "met"), [(2.0, "≥ 2.0", True), (1.9, "≥ 2.0", False), (8.0, "≤ 8", True), (8.1, "≤ 8", False)]
)
def test_gates_hold_at_their_bound(value: float, gate: str, met: bool) -> None:
    assert rows.gated("x", value, "times", gate).met is met


def test_in_turn_changes_the_order_and_takes_the_median_of_ratios() -> None:
    """A machine that slows down steadily must not favour what is always measured first."""
    clock = count(1)
    order: list[str] = []

    def take(name: str, seconds: float) -> float:
        order.append(name)
        return seconds * next(clock)

    first, second, ratio = rows.in_turn(lambda: take("a", 2.0), lambda: take("b", 1.0), rounds=4)
    assert order == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert (first, second) == (9.0, 4.5)
    assert ratio == pytest.approx(np.median([2 * 1 / 2, 2 * 4 / 3, 2 * 5 / 6, 2 * 8 / 7]))


def test_every_gate_names_a_function_that_exists() -> None:
    from importlib import import_module

    for gate in (*bench.GATES.values(), *bench.SCHOOL.values()):
        assert callable(getattr(import_module(f"sheber.bench.{gate.module}"), gate.function))


def test_writes_are_kept_where_they_change_and_minus_zero_is_a_change() -> None:
    """Wakes are written as -0.0: a comparison by value would lose them."""
    from sheber.bench.loop import _note

    changes: dict[int, np.ndarray] = {}
    for number, value in enumerate([0.0, 0.0, -0.0, 0.0, 0.0]):
        _note(changes, number, np.array([value]))
    assert list(changes) == [0, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_memory_counts_the_whole_family() -> None:
    hold = "block = bytearray({size}); block[::4096] = b'x' * len(block[::4096]); import time; time.sleep(0.4)"
    child = hold.format(size=60_000_000)
    parent = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); "
    parent += hold.format(size=40_000_000) + "; p.wait()"
    assert 100 < peak_MB([sys.executable, "-c", parent]) < 160
    with pytest.raises(subprocess.CalledProcessError):
        peak_MB([sys.executable, "-c", "raise SystemExit(1)"])


def test_json_has_the_promised_fields(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made = [rows.gated("start", 3.0, "times", "≤ 8"), rows.skipped("camera", "times", "≥ 1.8", "no GL")]
    monkeypatch.setattr(bench, "measure", lambda name, quick: made)
    assert main(["bench", "--only", "start", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == [
        {"name": "start", "value": 3.0, "unit": "times", "gate": "≤ 8", "met": True},
        {"name": "camera", "value": None, "unit": "times", "gate": "≥ 1.8", "met": None},
    ]


def test_what_was_measured_is_told_where_a_later_gate_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(name: str, quick: bool) -> list[rows.Row]:
        if name == "sleep":
            raise RuntimeError("the engine is away")
        return [rows.gated("graded loop", 0.7, "times", "≥ 0.80")]

    monkeypatch.setattr(bench, "measure", measure)
    assert main(["bench", "--only", "loop", "--only", "sleep"]) != 0
    out, err = capsys.readouterr()
    assert "graded loop" in out
    assert "the engine is away" in err


def test_what_is_asked_of_a_loop_follows_from_its_looks() -> None:
    """With few looks 0.60; with many what the plainest look costs, and a quarter more."""
    from sheber.bench.loops import bound

    assert bound(engine=1.0, looks=100, look=1e-3) == 0.60
    assert bound(engine=1.0, looks=1000, look=1e-3) == pytest.approx(1.0 / 2.25)
    assert bound(engine=1.0, looks=1000, look=2e-3) < bound(engine=2.0, looks=1000, look=2e-3)


@pytest.mark.physics
@pytest.mark.box
def test_the_replay_ends_where_the_graded_run_did() -> None:
    """The heart of the gate `loop`: if anything wrote to the engine unseen, the ratio would compare two runs."""
    import tempfile
    from pathlib import Path

    from sheber.bench.loop import prepared
    from sheber.exercises import load
    from sheber.judge import Program, best_sandbox

    exercise = load("poses-and-moves")
    program = Program.read(exercise.program("reference"))
    with tempfile.TemporaryDirectory() as folder:
        writes, told = prepared(exercise, program, 1, best_sandbox(), Path(folder))
    assert told.steps <= len(writes.controls)
    assert told.served_s < told.loop_s < told.whole_s
    assert 0.0 < told.worked_s <= told.processor_s


@pytest.mark.physics
@pytest.mark.box
def test_the_commands_that_a_gate_starts_may_write_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder is held by the process that made it, so no other one may write its results there."""
    from sheber.bench import memory, starting

    monkeypatch.setattr(starting, "in_turn", lambda ours, _plain, rounds: (ours(), 1.0, float(rounds)))
    assert starting.start(quick=True)[1].value > 0.0
    monkeypatch.setattr(memory, "GATES", {"poses-and-moves": "≤ 250"})
    assert memory.memory(quick=True)[0].value > 10.0
