"""Parts that fall come to rest, the same way each time, and stand in the scene that is made of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sheber.exercises.robot_cell import any_pose
from sheber.geometry import Pose
from sheber.robot.cell import stock
from sheber.robot.cell.scene import Belt, Fixture, Part, Scene, Shape
from sheber.robot.cell.settling import settled
from sheber.robot.cell.standing import flaws
from sheber.station import SceneError

pytestmark = pytest.mark.physics

BLOCK = (Shape("box", (0.08, 0.05, 0.03)),)
ROD = (Shape("cylinder", (0.012, 0.09)),)


def thrown(seed: int) -> Scene:
    """Blocks that lie, stand and lean in a heap in a bin."""
    rng = np.random.default_rng(seed)
    basket = stock.open_bin("bin", 0.26, 0.20, 0.10, Pose((0.5, 0.1, 0.0)), (0.2, 0.3, 0.6))
    places = [(0.42, 0.05), (0.57, 0.06), (0.43, 0.15), (0.57, 0.15), (0.5, 0.1)]
    parts = tuple(
        Part(f"part_{n}", BLOCK, any_pose(rng, x, y, 0.08 + 0.02 * n), 0.2) for n, (x, y) in enumerate(places)
    )
    return Scene(stock.pointer(), parts=parts, fixtures=(stock.table(pose=Pose((0.4, 0.0, 0.0))), basket))


@pytest.mark.parametrize("seed", range(6))
def test_thrown_parts_lie_in_the_bin_and_stay_there(seed: int) -> None:
    scene = settled(thrown(seed))
    assert scene == settled(thrown(seed)), "two scenes of one seed differ"
    assert list(flaws(scene)) == []
    for part in scene.parts:
        x, y, z = part.pose.position
        assert abs(x - 0.5) < 0.14
        assert abs(y - 0.1) < 0.11
        assert 0.0 < z < 0.13


@pytest.mark.parametrize("seed", range(6))
def test_rods_that_fall_apart_come_to_rest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = [(x, y) for x in (0.3, 0.5) for y in (-0.2, 0.0, 0.2)]
    rods = tuple(Part(f"rod_{n}", ROD, any_pose(rng, x, y, 0.07), 0.1) for n, (x, y) in enumerate(places))
    scene = settled(Scene(stock.pointer(), parts=rods, fixtures=(stock.table(pose=Pose((0.4, 0.0, 0.0))),)))
    assert list(flaws(scene)) == []
    lying = [abs(rod.pose.rotation[2, 2]) < 0.05 for rod in scene.parts]
    assert any(lying)


def test_a_part_leans_on_a_wall() -> None:
    wall = Fixture("wall", (Shape("box", (0.02, 0.2, 0.1)),), Pose((0.6, 0.0, 0.05)))
    board = Part("board", (Shape("box", (0.01, 0.05, 0.12)),), Pose((0.56, 0.0, 0.062)).rotated(y=0.35), 0.2, 0.8)
    table = stock.table(pose=Pose((0.4, 0.0, 0.0)))
    scene = settled(Scene(stock.pointer(), parts=(board,), fixtures=(table, wall)))
    tilt = math.acos(float(scene.parts[0].pose.rotation[2, 2]))
    assert 0.2 < tilt < 1.2
    assert list(flaws(scene)) == []


def test_only_the_named_parts_are_moved_and_a_belt_carries_nothing_away() -> None:
    belt = Belt("belt", Pose((0.5, 0.3, 0.1)), 0.8, 0.2)
    one = Part("one", BLOCK, Pose((0.5, 0.3, 0.13)), 0.2)
    two = replace(one, name="two", pose=Pose((0.5, -0.3, 0.05)))
    table = stock.table(pose=Pose((0.4, 0.0, 0.0)))
    scene = Scene(stock.pointer(), parts=(one, two), belts=(belt,), fixtures=(table,))
    only = settled(scene, ["one"])
    assert only.parts[1] == two
    assert only.parts[0].pose.position == pytest.approx([0.5, 0.3, 0.115], abs=2e-4)
    assert only.belts == scene.belts


def test_what_never_comes_to_rest_is_named() -> None:
    ball = Part("ball", (Shape("sphere", (0.02,)),), Pose((0.5, 0.0, 60.0)), 0.1)
    with pytest.raises(SceneError, match="still move after 6 s: ball"):
        settled(Scene(stock.pointer(), parts=(ball,), floor=-250.0))


def test_a_part_that_topples_in_place_is_a_flaw() -> None:
    coin = Part("coin", (Shape("box", (0.004, 0.008, 0.008)),), Pose((0.5, 0.0, 0.0043)).rotated(y=0.6), 0.01)
    scene = Scene(stock.pointer(), parts=(coin,), fixtures=(stock.table(pose=Pose((0.4, 0.0, 0.0))),))
    assert any("coin turns" in flaw or "coin moves" in flaw for flaw in flaws(scene))
