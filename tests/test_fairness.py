"""Fairness: programs by people who saw an exercise's text only. Another strategy earns as much; a trick earns nothing.

The programs in `second_programs/` were written from the texts and the docs alone, without a look at the exercise or
its reference program, and are kept as they were handed in. They are judged on seeds that nobody had practised with;
`SHEBER_ALL_SEEDS=1` takes all eight of them, otherwise two.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sheber.exercises import load
from sheber.exercises.score import Score
from sheber.judge import Program, best_sandbox, run

pytestmark = [pytest.mark.physics, pytest.mark.box]

FOLDER = Path(__file__).parent / "second_programs"
NAMES = [
    "camera-and-hand-eye",
    "capstone-cell",
    "conveyor-tracking",
    "frame-and-trace",
    "from-symbols-to-health",
    "hear-the-satellite",
    "inspection",
    "keep-the-beam",
    "share-the-antenna",
    "tcp-calibration",
    "timetable",
    "tool-change",
    "x-band-budget",
]
SEEDS = range(9001, 9009) if os.environ.get("SHEBER_ALL_SEEDS") else (9002, 9003)


def source_of(name: str) -> str:
    return (FOLDER / f"{name.replace('-', '_')}.py").read_text("utf-8")


def judged(name: str, source: str, seed: int) -> Score:
    exercise = load(name)
    return exercise.score(run(exercise, Program("program.py", source.encode()), seed, best_sandbox()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_good_program_by_another_strategy_earns_ninety_points(name: str, seed: int) -> None:
    score = judged(name, source_of(name), seed)
    assert score.points >= 90.0, [(check.key, check.lost, check.message) for check in score.checks if check.lost]


TOUCH = """\
    robot.move_to(above, speed=2.0, acceleration=3.5, blend=0.003)
    robot.move_linear(above.offset(z=-0.007), speed=0.15, acceleration=2.0)
    touch = robot.move_linear(above.offset(z=-0.036), speed=SPEED, until=Signal("contact"))
    point = touch.pose.position - np.array([0, 0, EARLY - 0.5 * 0.01 * SPEED])
"""
TRICKS = {
    "one part, and home": ("conveyor-tracking", "while placed + gone < count_parts:", "while placed + gone < 1:", 20.0),
    "no touch, 20 mm believed": (
        "frame-and-trace",
        TOUCH,
        "    point = above.position - np.array([0, 0, 0.020])\n",
        45.0,
    ),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_does_not_pass(trick: str) -> None:
    name, honest, tricky, most = TRICKS[trick]
    source = source_of(name)
    assert honest in source
    assert judged(name, source.replace(honest, tricky), 9002).points < most


def test_sorting_without_looking_earns_next_to_nothing() -> None:
    assert judged("inspection", source_of("inspection-blind"), 9002).points < 15.0


def test_a_scatter_that_was_not_computed_earns_little() -> None:
    """The middle of what arms scatter, reported for each of them."""
    source = source_of("tcp-calibration")
    honest = 'cell.outputs["scatter"] = 1000 * s'
    assert honest in source
    shares = []
    for seed in SEEDS:
        score = judged("tcp-calibration", source.replace(honest, 'cell.outputs["scatter"] = 0.03'), seed)
        (check,) = [one for one in score.checks if one.key == "scatter"]
        shares.append(check.points / check.maximum)
    assert sum(shares) / len(shares) <= 0.5
