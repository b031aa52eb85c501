"""The scenes of tcp-calibration: what is hidden is hidden, what is asked can be reached without a touch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sheber.exercises import load
from sheber.geometry import Pose
from sheber.robot import arms
from sheber.robot.cell.scene import Scene
from sheber.robot.motion import kinematics

SEEDS = range(1, 61)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    exercise = load("tcp-calibration")
    return [exercise.scene(seed) for seed in SEEDS]


def asked(scene: Scene) -> list[Pose]:
    """T_base_tcp of the points and of the pivot test, and 60 mm above each."""
    poses = [pose for name, pose in scene.frames if name != "plate"]
    return poses + [pose.offset(z=0.06) for pose in poses]


def test_length_and_lean_are_as_the_numbers_say(scenes: list[Scene]) -> None:
    tips = np.array([scene.tool.pose.position for scene in scenes])
    lengths = np.linalg.norm(tips, axis=1)
    leans = np.degrees(np.arccos(tips[:, 2] / lengths))
    assert 0.0899 < lengths.min() < 0.11
    assert 0.23 < lengths.max() < 0.2501
    assert 4.9 < leans.min() < 10.0
    assert 25.0 < leans.max() < 30.1
    assert np.abs(tips[:, :2].mean(axis=0)).max() < 0.02  # to every side


def test_the_plate_is_never_where_its_frame_says(scenes: list[Scene]) -> None:
    for scene in scenes:
        plate = dict(scene.frames)["plate"].position[2]
        (shape,) = next(fixture.shapes for fixture in scene.fixtures if fixture.name == "plate")
        top = plate + shape.pose.position[2] + shape.size[2] / 2
        assert 0.9e-3 < abs(top - plate) < 4.1e-3
        assert dict(scene.facts)["height"] == pytest.approx(top + 0.004, abs=1e-6)


def test_nothing_that_is_told_gives_the_tip_away(scenes: list[Scene]) -> None:
    first = scenes[0].tool
    for scene in scenes:
        tool = scene.tool
        told = (tool.told, tool.mass, tool.centre, tool.strength, tool.numbers)
        assert told == (first.told, first.mass, first.centre, first.strength, first.numbers)
        assert tool.told.distance(tool.pose) > 0.008


def test_the_six_orientations_are_about_one_point_and_differ(scenes: list[Scene]) -> None:
    for scene in scenes:
        pivots = [pose for name, pose in scene.frames if name.startswith("pivot")]
        assert len(pivots) == 6
        assert max(pose.distance(pivots[0]) for pose in pivots) == 0.0
        assert min(a.angle(b) for n, a in enumerate(pivots) for b in pivots[:n]) > math.radians(8.0)


@pytest.mark.physics
def test_what_is_asked_is_in_reach_and_free(scenes: list[Scene]) -> None:
    from sheber.robot.cell.planning import CollisionChecker

    arm = arms.load("ur5e")
    branch = kinematics.configurations(arm).index(kinematics.configuration(arm, np.array(arm.home)))
    for seed, scene in zip(SEEDS, scenes, strict=True):
        T = np.array([pose.matrix for pose in asked(scene)]) @ scene.tool.pose.inverse().matrix
        joints = kinematics.inverse(arm, T)[:, branch]
        assert not np.isnan(joints).any(), f"seed {seed}"
        checker = CollisionChecker(scene, arm, surroundings=True)
        touching = {n: pair for n, q in enumerate(joints) if (pair := checker.touching(q))}
        assert touching == {}, f"seed {seed}"
