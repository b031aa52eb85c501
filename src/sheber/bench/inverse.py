"""Inverse: every branch of 2,000 poses in one call, against one iterative solve a pose.

The other side is what one would write with the engine at hand: damped least squares on its Jacobian, from
home, until 1e-6 m and rad, a hundred steps at most. It finds one branch, or none.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.bench.rows import Row, absolute, gated, in_turn, timed
from sheber.geometry import Pose
from sheber.robot.arms import Arm
from sheber.robot.arms import load as load_arm
from sheber.robot.cell import build
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.stock import pointer
from sheber.robot.motion import kinematics

__all__ = ["inverse_kinematics"]

Array = NDArray[np.float64]

POSES = 2_000
DAMPING = 1e-4
CLOSE = 1e-6  # m and rad, of the iterative solve
MOST_STEPS = 100


def inverse_kinematics(quick: bool) -> list[Row]:
    """Time both on the same poses; ours is checked to 1e-9 m on each."""
    arm = load_arm("ur5e")
    T_base_flange = _reachable(arm, np.random.default_rng(1))
    worst, branches = _worst(arm, T_base_flange)
    few = POSES // 10 if quick else POSES
    solver = _Iterative(arm)
    iterative, ours, ratio = in_turn(
        lambda: timed(lambda: solver.solve_all(T_base_flange[:few])) / few,
        lambda: timed(lambda: kinematics.inverse(arm, T_base_flange)) / POSES,
        rounds=2 if quick else 3,
    )
    return [
        gated("inverse kinematics, all branches, speed", ratio, "times", "≥ 50", f"{POSES} poses in one call"),
        gated("inverse kinematics, worst error", worst, "m", "≤ 1e-9", f"100 % of poses, {branches:.1f} branches each"),
        absolute("closed form, all branches", ours * 1e6, "µs a pose"),
        absolute("damped least squares, one branch", iterative * 1e6, "µs a pose", f"{solver.solved:.1%} solved"),
    ]


def _reachable(arm: Arm, rng: np.random.Generator) -> Array:
    """T_base_flange (n, 4, 4) of joint angles drawn evenly from -pi to pi."""
    q = rng.uniform(-np.pi, np.pi, size=(POSES, len(arm.joints)))
    return kinematics.forward_all(arm, q)


def _worst(arm: Arm, T_base_flange: Array) -> tuple[float, float]:
    """Largest distance of any branch from its pose [m], inf where a pose has none; mean number of branches."""
    q = kinematics.inverse(arm, T_base_flange)  # (n, 8, 6)
    exists: NDArray[np.bool_] = ~np.any(np.isnan(q), axis=2)
    if not np.any(exists, axis=1).all():
        return float("inf"), float(exists.sum(axis=1).mean())
    reached = kinematics.forward_all(arm, q[exists])
    wanted = np.repeat(T_base_flange, exists.sum(axis=1), axis=0)
    distance = np.linalg.norm(reached[:, :3, 3] - wanted[:, :3, 3], axis=1)
    return float(distance.max()), float(exists.sum(axis=1).mean())


class _Iterative:
    """Damped least squares on the engine's Jacobian."""

    def __init__(self, arm: Arm) -> None:
        world = build(Scene(tool=pointer())).world
        self._model, self._data = world.model, world.data
        self._flange = world.body(arm.links[-1].name)
        self._home = np.array(arm.home)
        self._n = len(arm.joints)
        self._lever = np.zeros((6, self._model.nv))
        self.solved = 0.0  # share of the poses of the last call
        self._check(arm)

    def _check(self, arm: Arm) -> None:
        """The last link's frame must be the flange, or the two would not solve the same poses."""
        position, _ = self._at(self._home)
        if np.abs(position - kinematics.forward(arm, self._home).position).max() > 1e-6:
            raise RuntimeError("the engine's last link is not the flange")

    def _at(self, q: Array) -> tuple[Array, Array]:
        data: Any = self._data
        data.qpos[: self._n] = q
        mujoco.mj_kinematics(self._model, data)
        return data.xpos[self._flange], data.xquat[self._flange]

    def solve_all(self, T_base_flange: Array) -> None:
        """Solve pose by pose."""
        found = 0
        for matrix in T_base_flange:
            pose = Pose.from_matrix(matrix)
            found += self._solve(np.asarray(pose.position), np.asarray(pose.quaternion))
        self.solved = found / len(T_base_flange)

    def _solve(self, position: Array, quaternion: Array) -> bool:
        model, data, lever, n = self._model, self._data, self._lever, self._n
        q, error, turn, away = self._home.copy(), np.empty(6), np.empty(4), np.empty(4)
        damping = DAMPING * np.eye(6)
        for _step in range(MOST_STEPS):
            at, facing = self._at(q)
            error[:3] = position - at
            mujoco.mju_negQuat(away, facing)
            mujoco.mju_mulQuat(turn, quaternion, away)
            mujoco.mju_quat2Vel(error[3:], turn, 1.0)
            if np.abs(error).max() < CLOSE:
                return True
            mujoco.mj_comPos(model, data)
            mujoco.mj_jacBody(model, data, lever[:3], lever[3:], self._flange)
            jacobian = lever[:, :n]
            q += jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + damping, error)
        return False
