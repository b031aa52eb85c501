"""Record: what goes into the trace of a robot cell: a sample every 20 ms, the bodies that moved, events.

All are kept in order for up to three seconds and handed over together: the poses of the targets then cost
one vectorised computation instead of one each.
"""

from __future__ import annotations

from collections.abc import Callable
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
MEASURED = ("joints", "joint_targets", "joint_speeds", "torques", "tcp", "wrench")


TOOL_UNITS = {"gripper": "m, N", "suction": "kPa, ", "pointer": ", "}
"""Units of the two numbers of a tool: opening and force; vacuum and whether it is enough to hold."""


def channels(joints: int, tool: str) -> list[Channel]:
    """Names, types, shapes and units of the sample of a robot with that kind of tool."""
    return [
        ("joints", "f8", (joints,), "rad"),  # true
        ("joint_targets", "f8", (joints,), "rad"),
        ("joint_speeds", "f4", (joints,), "rad/s"),
        ("torques", "f4", (joints,), "Nm"),
        ("tcp", "f8", (7,), "m, wxyz"),  # T_base_tcp, true
        ("tcp_target", "f8", (7,), "m, wxyz"),  # of the targets, by the nominal arm
        ("wrench", "f4", (6,), "N, Nm"),  # at the TCP, in TCP axes
        ("tool", "f4", (2,), TOOL_UNITS[tool]),
        ("inputs", "u4", (), "bits"),
        ("outputs", "u4", (), "bits"),
        ("moving", "u1", (), ""),
        ("line", "u2", (), ""),  # of the program: the move that runs, or the command that is served
    ]


class Record:
    """Fills rows from the cell and hands them to the recorder, with events and bodies between them."""

    def __init__(self, recorder: Any, row: np.dtype[np.void], cell: Any, arm: Arm, T_flange_tcp: Pose) -> None:
        self._recorder, self._cell, self._arm = recorder, cell, arm
        self._T_flange_tcp = T_flange_tcp.matrix
        self._rows = np.zeros(ROWS, dtype=row)
        n = len(arm.joints)
        widths = (n, n, n, n, 7, 6)  # of MEASURED, in one row of floats: one copy a sample instead of six
        ends = np.cumsum(widths).tolist()
        self._measured = np.zeros((ROWS, ends[-1]))
        self._lines = list(self._measured)
        self._columns = {
            name: self._measured[:, end - width : end] for name, width, end in zip(MEASURED, widths, ends, strict=True)
        }
        self._signals: list[tuple[float, float, int, int, bool, int]] = []  # the rest of each kept row
        self._views = cell.joints, cell.joint_speeds, cell.joint_torques  # stay alive with the cell
        self._kept: list[int | tuple[Callable[..., None], tuple[Any, ...]]] = []  # step of a row, or a call to make

    def sample(
        self, step: int, targets: Array, tool: tuple[float, float], inputs: int, outputs: int, moving: bool, line: int
    ) -> None:
        """Record one row of the cell as it is now, and the bodies that moved."""
        index, cell = len(self._signals), self._cell
        if index == ROWS:
            self.hand_over()
            index = 0
        cell.keep_poses()  # first: it brings the TCP's pose up to date as well
        joints, speeds, torques = self._views
        np.concatenate((joints, targets, speeds, torques, cell.tcp7, cell.wrench), out=self._lines[index])
        self._signals.append((*tool, inputs, outputs, moving, line))
        self._kept.append(step)

    def event(self, step: int, kind: str, data: dict[str, Any]) -> None:
        """Record one thing that happened."""
        self._kept.append((self._recorder.event, (step, kind, data)))

    def hand_over(self) -> None:
        """Give everything that is kept to the recorder, in order."""
        raw, size = self._bytes_of_rows(), self._rows.itemsize
        kept, self._kept, self._signals = self._kept, [], []
        write_sample, write_bodies, start = self._recorder.sample, self._recorder.bodies, 0
        changes = iter(self._cell.kept_poses())
        for entry in kept:
            if isinstance(entry, int):
                write_sample(entry, raw[start : start + size])
                write_bodies(entry, *next(changes))
                start += size
            else:
                write, about = entry
                write(*about)

    def _bytes_of_rows(self) -> bytes:
        """The kept rows as the trace has them."""
        count = len(self._signals)
        if not count:
            return b""
        rows = self._rows[:count]
        for name, column in self._columns.items():
            rows[name] = column[:count]
        targets = forward_all(self._arm, rows["joint_targets"]) @ self._T_flange_tcp
        rows["tcp_target"] = poses_to_seven(targets)
        first, second, rows["inputs"], rows["outputs"], rows["moving"], rows["line"] = zip(*self._signals, strict=True)
        rows["tool"][:, 0], rows["tool"][:, 1] = first, second
        return rows.tobytes()


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
