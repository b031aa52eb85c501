"""Record: what goes into the trace of a robot cell: a sample every 20 ms, the bodies that moved, events.

All are kept in order for up to three seconds and handed over together: the poses of the targets then cost
one vectorised computation instead of one each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import Arm
from sheber.robot.motion.kinematics import forward_all
from sheber.trace import Channel

__all__ = ["Record", "channels", "poses_to_seven"]

Array = NDArray[np.float64]
ROWS = 150  # kept at most: three seconds
Given = tuple[int, Array, float, float, int, int, bool, int]
"""Of one row: step, joint targets, the tool's two numbers, inputs, outputs, moving, line."""


TOOL_UNITS = {"gripper": "m, N", "suction": "kPa, ", "pointer": ", "}
"""Units of the two numbers of a tool: opening and force; vacuum and whether it is enough to hold."""


def channels(joints: int, tool: str) -> list[Channel]:
    """Names, types, shapes and units of the sample of a robot with that kind of tool."""
    return [
        Channel("joints", "f8", (joints,), "rad"),  # true
        Channel("joint_targets", "f8", (joints,), "rad"),
        Channel("joint_speeds", "f4", (joints,), "rad/s"),
        Channel("torques", "f4", (joints,), "Nm"),
        Channel("tcp", "f8", (7,), "m, wxyz"),  # T_base_tcp, true
        Channel("tcp_target", "f8", (7,), "m, wxyz"),  # of the targets, by the nominal arm
        Channel("wrench", "f4", (6,), "N, Nm"),  # at the TCP, in TCP axes
        Channel("tool", "f4", (2,), TOOL_UNITS[tool]),
        Channel("inputs", "u4", (), "bits"),
        Channel("outputs", "u4", (), "bits"),
        Channel("moving", "u1", (), ""),
        Channel("line", "u2", (), ""),  # of the program: the move that runs, or the command that is served
    ]


class Record:
    """Keeps rows and events in order, and hands them to the recorder with the bodies that moved."""

    def __init__(self, recorder: Any, row: np.dtype[np.void], cell: Any, arm: Arm, T_flange_tcp: Pose) -> None:
        self._recorder, self._cell, self._arm = recorder, cell, arm
        self._T_flange_tcp = T_flange_tcp.matrix
        self._row = row
        self._given: list[Given] = []  # what the cell does not keep of each kept row
        self._events: list[tuple[int, int, str, dict[str, Any]]] = []  # rows kept before it, step, kind, data

    def sample(
        self, step: int, targets: Array, tool: tuple[float, float], inputs: int, outputs: int, moving: bool, line: int
    ) -> None:
        """Record one row of the cell as it is now, and the bodies that moved; `targets` must stay as they are."""
        if len(self._given) == ROWS:
            self.hand_over()
        self._cell.keep()
        self._given.append((step, targets, *tool, inputs, outputs, moving, line))

    def event(self, step: int, kind: str, data: dict[str, Any]) -> None:
        """Record one thing that happened."""
        self._events.append((len(self._given), step, kind, data))

    def hand_over(self) -> None:
        """Give everything that is kept to the recorder, in order."""
        given, self._given = self._given, []
        events, self._events = self._events, []
        steps, done = [one[0] for one in given], 0
        if given:
            measured, changes = self._cell.kept()
            rows = self._filled(given, measured)
        for before, *event in events:
            if before > done:
                self._recorder.samples(steps, rows, *changes, done, before)
                done = before
            self._recorder.event(*event, at_once=False)
        if len(given) > done:
            self._recorder.samples(steps, rows, *changes, done, len(given))
        self._recorder.flush()

    def _filled(self, given: list[Given], measured: Mapping[str, Array]) -> NDArray[np.void]:
        """The kept rows as the trace has them."""
        rows = np.zeros(len(given), dtype=self._row)
        for name, column in measured.items():
            rows[name] = column
        _, targets, first, second, *signals = zip(*given, strict=True)
        rows["joint_targets"] = np.concatenate(targets).reshape(len(given), -1)
        poses = forward_all(self._arm, rows["joint_targets"]) @ self._T_flange_tcp
        rows["tcp_target"] = poses_to_seven(poses)
        rows["tool"][:, 0], rows["tool"][:, 1] = first, second
        rows["inputs"], rows["outputs"], rows["moving"], rows["line"] = signals
        return rows


def poses_to_seven(matrices: Array) -> Array:
    """Homogeneous matrices (n, 4, 4) as (n, 7): x, y, z [m], w, x, y, z with w >= 0 (Shepperd, as `Pose` has it)."""
    r = matrices[:, :3, :3]
    trace = r[:, 0, 0] + r[:, 1, 1] + r[:, 2, 2]
    # four times the outer product of the quaternion with itself; its longest row is the best conditioned
    k = np.empty((len(r), 4, 4))
    k[:, 0, 0] = 1.0 + trace
    for axis in range(3):
        following, last = (axis + 1) % 3, (axis + 2) % 3
        k[:, axis + 1, axis + 1] = 1.0 + 2.0 * r[:, axis, axis] - trace
        k[:, 0, axis + 1] = k[:, axis + 1, 0] = r[:, last, following] - r[:, following, last]
        k[:, axis + 1, following + 1] = k[:, following + 1, axis + 1] = r[:, axis, following] + r[:, following, axis]
    best = np.argmax(np.diagonal(k, axis1=1, axis2=2), axis=1)
    q = k[np.arange(len(r)), best]
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    q[q[:, 0] < 0.0] *= -1.0
    return np.concatenate((matrices[:, :3, 3], q), axis=1)
