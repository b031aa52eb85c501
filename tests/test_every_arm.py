"""Every exercise that does not insist on one arm, with each arm: its scenes stand, its programs get what they must."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sheber.exercises import Exercise, catalogue, load
from sheber.geometry import Pose
from sheber.judge import Sandbox, best_sandbox, contract
from sheber.robot import arms
from sheber.robot.cell.reaching import out_of_reach

pytestmark = [pytest.mark.physics, pytest.mark.box]

FREE = [exercise.name for exercise in catalogue() if "scene.arm" in exercise.changeable]
OTHERS = [arm for arm in arms.available() if arm != "ur5e"]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    best = best_sandbox()
    assert best.level in ("A", "B"), f"no box that holds: {best.reason}"
    return best


def with_arm(name: str, arm: str, folder: Path) -> Exercise:
    """An exercise as a teacher has it who wrote the name of another arm into `exercise.toml`."""
    exercise = load(name)
    copy = shutil.copytree(exercise.folder, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    toml = copy / "exercise.toml"
    text, count = re.subn(r'(?m)^arm = "\w+"', f'arm = "{arm}"', toml.read_text("utf-8"))
    assert count == 1
    toml.write_text(text, "utf-8")
    return load(str(copy))


@pytest.mark.parametrize("arm", OTHERS)
@pytest.mark.parametrize("name", FREE)
def test_the_programs_get_what_they_must_with_each_arm(name: str, arm: str, sandbox: Sandbox, tmp_path: Path) -> None:
    exercise = with_arm(name, arm, tmp_path)
    assert exercise.scene(1).arm == arm
    programs = {"reference": contract.SCENES["reference"], "clumsy": 2, "wrong": 2}
    for program, found in contract.judged(exercise, sandbox, tmp_path / "traces", programs).items():
        assert contract.misjudged(exercise, program, found) == []


@pytest.mark.parametrize("arm", OTHERS)
@pytest.mark.parametrize("name", FREE)
def test_the_scenes_stand_and_are_in_reach_with_each_arm(name: str, arm: str, tmp_path: Path) -> None:
    assert contract.misdrawn(with_arm(name, arm, tmp_path)) == []


def test_a_frame_out_of_reach_is_told_with_the_arms_that_reach_it() -> None:
    """The pointer is 0.15 m long. At 1.1 m, level with the shoulders, only a straight arm of 1.13 m is long enough."""
    frames = (("near", Pose((0.5, 0.0, 0.2))), ("far", Pose((1.1, 0.0, 0.2))), ("off", Pose((2.0, 0.0, 0.0))))
    scene = replace(load("poses-and-moves").scene(1), frames=frames)
    told = {arm: list(out_of_reach(replace(scene, arm=arm))) for arm in arms.available()}
    assert (
        "The arm 'ur5e' (UR5e) cannot bring its tool to the frame 'far' at (1100.0, 0.0, 200.0) mm." in told["ur5e"][0]
    )
    off = "'off' at (2000.0, 0.0, 0.0) mm. No arm can. There are: irb1200, kr6_r900, ur5e."
    assert all(sentences[-1].endswith(off) for sentences in told.values())


def test_a_teacher_is_told_of_a_frame_out_of_reach(copy: Path) -> None:
    drawn = "return replace(_first(seed, numbers), frames=(('off', Pose((2, 0, 0))),), noise_seed=seed)"
    with (copy / "exercise.py").open("a", encoding="utf-8") as file:
        file.write(f"\nfrom dataclasses import replace\n_first = scene\ndef scene(seed, numbers):\n    {drawn}\n")
    told = contract.misdrawn(load(str(copy)))
    assert told[0].startswith("Seed 101: The arm 'ur5e' (UR5e) cannot bring its tool to the frame 'off' at")
