"""The contract of the whole catalogue: every exercise judged with its own programs, each as `expected.toml` says.

The judge is tested by judging: reference and hostile programs on all rehearsal scenes, clumsy and wrong ones on
three, and a program that does nothing on one. Hostile programs run in a box or not at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from sheber.exercises import PROGRAMS, Exercise, catalogue, load
from sheber.exercises.score import GROUPS
from sheber.judge import Grade, Program, Sandbox, best_sandbox, grade, run
from sheber.trace import OutcomeKind

NAMES = [exercise.name for exercise in catalogue()]
SCENES = {"reference": 8, "hostile": 8, "clumsy": 3, "wrong": 3, "nothing": 1}

pytestmark = [pytest.mark.physics, pytest.mark.box]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A box that holds; without one a hostile program must not run."""
    best = best_sandbox()
    assert best.level in ("A", "B"), f"no box that holds: {best.reason}"
    return best


def disappointments(exercise: Exercise, program: str, expected: Mapping[str, Any], found: Grade) -> list[str]:
    """What is not as expected, scene by scene, in words that show where to look."""
    low, high = expected["points"]
    told = []
    for scene in found.scenes:
        lost = [f"{check.key} -{check.lost:g} ({check.message})" for check in scene.score.checks if check.lost]
        where = f"{exercise.name}, {program}, seed {scene.seed}"
        if scene.outcome.kind not in expected["outcome"]:
            told.append(f"{where}: ended with {scene.outcome.kind}: {scene.outcome.reason}")
        if not low <= scene.score.points <= high:
            told.append(f"{where}: {scene.score.points} points, expected {low} to {high}; lost: {'; '.join(lost)}")
    return told


def judged(exercise: Exercise, program: str, sandbox: Sandbox, scenes: int) -> Grade:
    """A grade on the first scenes of the rehearsal."""
    some = dataclasses.replace(exercise, rehearsal=exercise.rehearsal[:scenes])
    return grade(some, Program.read(exercise.program(program)), sandbox)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_each_program_gets_what_it_must(name: str, program: str, sandbox: Sandbox) -> None:
    exercise = load(name)
    found = judged(exercise, program, sandbox, SCENES[program])
    assert len(found.scenes) == SCENES[program]
    assert disappointments(exercise, program, exercise.expected[program], found) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_time_leaves_little_room(name: str, sandbox: Sandbox) -> None:
    exercise = load(name)
    for scene in judged(exercise, "reference", sandbox, 2).scenes:
        cycle = next(check for check in scene.score.checks if check.key == "cycle")
        assert cycle.measured is not None
        assert cycle.wanted is not None
        assert 0.8 <= cycle.measured / cycle.wanted <= 1.05, f"{exercise.name}, seed {scene.seed}"
        assert {group: scene.score.group(group)[1] for group in GROUPS} == pytest.approx(GROUPS, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_the_starter_runs_and_does_something(name: str, sandbox: Sandbox) -> None:
    exercise = load(name)
    trace = run(exercise, Program("starter.py", exercise.starter.encode()), 5, sandbox)
    assert trace.outcome.kind is OutcomeKind.FINISHED, trace.outcome.reason
    assert trace.events_of("move_done", "capture")
    assert not [event for event in trace.events_of("contact") if not event.data["meant"]]


def test_a_broken_promise_is_seen(sandbox: Sandbox) -> None:
    exercise = load("poses-and-moves")
    found = judged(exercise, "wrong", sandbox, 1)
    told = disappointments(exercise, "wrong", exercise.expected["reference"], found)
    assert len(told) == 2
    assert "ended with emergency stop" in told[0]
    assert "expected 95 to 100; lost: pose-C-position -4" in told[1]
