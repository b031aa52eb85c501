"""Planning checks: the robot against itself and against what stands around it; thin boxes are not missed."""

from __future__ import annotations

import numpy as np
import pytest

from cell_driver import scene
from sheber.geometry import Pose
from sheber.robot.arms import load
from sheber.robot.cell import build, stock
from sheber.robot.cell.planning import CollisionChecker
from sheber.robot.cell.scene import Fixture, Shape
from sheber.robot.motion import kinematics

pytestmark = pytest.mark.physics

ARM = load("ur5e")


def test_home_is_free_and_a_folded_elbow_is_not() -> None:
    cell = build(scene(stock.gripper()))
    home = np.array(ARM.home)
    folded = home.copy()
    folded[2] = np.radians(170.0)
    assert cell.self_collides(home[None]) == -1
    assert cell.self_collides(np.stack([home, home, folded, folded])) in (2, 3)


def test_a_path_is_checked_to_its_last_position() -> None:
    checker = CollisionChecker(scene(stock.pointer()), ARM)
    home = np.array(ARM.home)
    folded = home.copy()
    folded[2] = np.radians(170.0)
    path = home + np.linspace(0.0, 1.0, 400)[:, None] * (folded - home)
    first = checker.first(path)
    assert 0 < first < 400
    assert checker.touching(path[first]) is not None
    assert checker.touching(path[first - 20]) is None


def test_checking_does_not_disturb_the_cell() -> None:
    cell = build(scene(stock.pointer()))
    before = cell.world.data.qpos.copy()
    cell.self_collides(np.zeros((1, 6)))
    assert np.array_equal(cell.world.data.qpos, before)


def _distance_to_plate(p: np.ndarray, q: np.ndarray, half: np.ndarray) -> float:
    """Least distance of sampled points of a segment to a box about the origin."""
    points = p + np.linspace(0.0, 1.0, 200)[:, None] * (q - p)
    return float(np.linalg.norm(np.maximum(np.abs(points) - half, 0.0), axis=1).min())


@pytest.mark.parametrize("thickness", [0.01, 0.04, 0.10])
def test_no_position_of_the_arm_in_a_thin_wall_is_called_free(thickness: float) -> None:
    """The engine's box collider misses a capsule whose axis passes right through a thin box."""
    half = np.array([0.6, thickness / 2, 0.6])
    wall = Pose((0.0, 0.45, 0.5))
    fixture = Fixture("wall", (Shape("box", tuple(2.0 * half)),), wall)
    checker = CollisionChecker(scene(stock.pointer(), fixtures=(fixture,)), ARM, surroundings=True)
    rng = np.random.default_rng(3)
    inside = 0
    for q in rng.uniform(-np.pi, np.pi, (600, 6)):
        chain = kinematics.frames(ARM, q[None])[0]
        capsules = [
            (chain[i], collider)
            for i, link in enumerate(ARM.links)
            for collider in link.colliders
            if collider.shape == "capsule"
        ]
        nearest = 1.0
        for frame, collider in capsules:
            T = wall.inverse().matrix @ frame @ collider.pose.matrix
            ends = [(T @ (0.0, 0.0, s * collider.size[1] / 2, 1.0))[:3] for s in (-1.0, 1.0)]
            nearest = min(nearest, _distance_to_plate(*ends, half) - collider.size[0])
        if nearest < -1e-3:
            inside += 1
            assert checker.first(q[None]) == 0
    assert inside > 40


def test_a_check_is_quick() -> None:
    import time

    checker = CollisionChecker(scene(stock.gripper()), ARM)
    q = np.array(ARM.home) + np.linspace(-0.5, 0.5, 51)[:, None] * np.ones(6) * np.array([1, 0.1, 0.1, 1, 1, 1])
    checker.first(q)
    best = min(_seconds(lambda: checker.first(q), time.perf_counter) for _ in range(5))
    assert best / len(q) < 200e-6  # some microseconds in truth; a busy machine is not what is tested


def _seconds(work, clock) -> float:
    start = clock()
    work()
    return clock() - start
