"""Record: the one writer of a run: a sample every 20 ms with the bodies that moved, events, pictures.

All are kept in order for up to three seconds and handed over together: the poses of the targets then cost
one vectorised computation instead of one each. A row of the sample is kept in two halves, side by side:

    row     Record._given                           Cell.keep (snapshots and wrist)
    0       step, targets, numbers, bits, line      joints, speeds, torques, tcp, wrench, bodies
    1       ...                                     ...

`sample` adds one line to both, `hand_over` empties both and joins line to line. Nobody else keeps or empties either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.i18n import N_
from sheber.robot.arms import Arm
from sheber.robot.motion.kinematics import forward_all
from sheber.trace import Channel, EventKind, TraceWriter

if TYPE_CHECKING:
    from sheber.robot.cell.cell import Cell

__all__ = ["EVENTS", "Record", "channels", "poses_to_seven"]

Array = NDArray[np.float64]
ROWS = 150  # kept at most: three seconds
Given = tuple[int, Array, tuple[float, ...], int, int, bool, int]
"""Of one row: step, joint targets, numbers of devices and signals, inputs, outputs, moving, line."""

EVENTS: Final[Mapping[str, EventKind]] = {
    "connect": EventKind(N_("connected"), "{client}", quiet=True),
    "end": EventKind(N_("end"), quiet=True),
    "move": EventKind(N_("move"), "{kind}"),
    "move_done": EventKind(N_("move done"), "{kind}", action=True, quiet=True),
    "contact": EventKind(N_("contact"), N_("{a}, {b}, {force_N:.0f} N"), grave=True, unless="meant"),
    "contact_end": EventKind(N_("contact ended"), N_("{a}, {b}, at most {peak_N:.0f} N"), quiet=True),
    "grip": EventKind(N_("gripped"), "{part}", action=True),
    "release": EventKind(N_("let go"), "{part}", action=True),
    "lost": EventKind(N_("lost"), "{part}", grave=True),
    "input": EventKind(N_("input"), "{name}: {value}"),
    "output": EventKind(N_("output"), "{name}: {value}", action=True),
    "fault": EventKind(N_("fault"), "{text}", untold=True),
    "fault_end": EventKind(N_("fault ended"), "{text}", quiet=True),
    "error": EventKind(N_("error"), "{text}", grave=True),
    "emergency_stop": EventKind(N_("emergency stop"), "{text}", grave=True),
    "note": EventKind(N_("note"), "{text}"),
    "show": EventKind(N_("picture shown"), "{title}"),
    "hint": EventKind(N_("hint"), "{text}"),
}
"""Kinds of events that every cell may record; those of a device are in its file."""


def channels(names: Sequence[str], numbers: Sequence[Channel]) -> list[Channel]:
    """The sample of a robot with these joints; `numbers`: what is recorded of its devices and analog signals."""
    joints, labels = len(names), tuple(names)
    return [
        Channel("joints", "f8", (joints,), "rad", N_("Joints"), "deg", labels),  # true
        Channel("joint_targets", "f8", (joints,), "rad", N_("Joint targets"), "deg", plot="none"),  # as `joints`
        # T_base_tcp, true; and of the targets, by the nominal arm
        Channel("tcp", "f8", (7,), "m, wxyz", N_("Speed"), "mm/s", (N_("true"),), "speed"),
        Channel("tcp_target", "f8", (7,), "m, wxyz", N_("Speed"), "mm/s", (N_("commanded"),), "speed"),
        Channel("wrench", "f4", (6,), "N, Nm", N_("Force"), "N", ("x", "y", "z"), "length"),  # at the TCP, in its axes
        Channel("joint_speeds", "f4", (joints,), "rad/s", N_("Joint speeds"), "deg/s", labels),
        Channel("torques", "f4", (joints,), "Nm", N_("Torques"), "", labels),
        *numbers,
        Channel("inputs", "u4", (), "bits", N_("Inputs"), plot="none"),
        Channel("outputs", "u4", (), "bits", N_("Outputs"), plot="none"),
        Channel("moving", "u1", (), "", N_("Moving"), plot="none"),
        # of the program: the move that runs, or the command that is served
        Channel("line", "u2", (), "", N_("Line"), plot="none"),
    ]


class Record:
    """Keeps rows and events in order, and hands them to the recorder with the bodies that moved."""

    def __init__(
        self,
        recorder: TraceWriter,
        row: np.dtype[np.void],
        cell: Cell,
        arm: Arm,
        numbers: Sequence[str],
    ) -> None:
        """`row`: the type of a sample; `numbers`: channels whose values `sample` takes, in this order."""
        self._recorder, self._cell, self._arm = recorder, cell, arm
        self._tool = cell.tool_now
        self._row, self._numbers = row, tuple(numbers)
        self._given: list[Given] = []  # what the cell does not keep of each kept row
        self._events: list[tuple[int, int, str, dict[str, Any]]] = []  # rows kept before it, step, kind, data

    def sample(
        self,
        step: int,
        targets: Array,
        numbers: tuple[float, ...],
        inputs: int,
        outputs: int,
        moving: bool,
        line: int,
    ) -> None:
        """Record one row of the cell as it is now, and the bodies that moved; `targets` must stay as they are."""
        if len(self._given) == ROWS or self._cell.tool_now is not self._tool:
            self.hand_over()
            self._tool = self._cell.tool_now  # what is kept is of one tool
        self._cell.keep()
        self._given.append((step, targets, numbers, inputs, outputs, moving, line))

    def event(self, step: int, kind: str, data: dict[str, Any]) -> None:
        """Record one thing that happened."""
        self._events.append((len(self._given), step, kind, data))

    def capture(self, step: int, camera: str, colour: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> None:
        """Record a picture by a camera: colour (h, w, 3) BGR, depth (h, w) m."""
        self.hand_over()
        self._recorder.capture(step, camera, colour, depth)

    def picture(self, step: int, jpeg: bytes, title: str) -> None:
        """Record a picture that the program made."""
        self.hand_over()
        self._recorder.picture(step, jpeg, title)

    def hand_over(self) -> None:
        """Give everything that is kept to the recorder, in order."""
        given, self._given = self._given, []
        events, self._events = self._events, []
        steps, done = [one[0] for one in given], 0
        if given:
            measured, changes = self._cell.kept()
            _check_halves(len(given), measured, len(changes.ends) - 1)
            rows = self._filled(given, measured)
        for before, step, kind, data in events:
            if before > done:
                self._recorder.samples(steps, rows, *changes, done, before)
                done = before
            self._recorder.event(step, kind, data, at_once=False)
        if len(given) > done:
            self._recorder.samples(steps, rows, *changes, done, len(given))
        self._recorder.flush()

    def _filled(self, given: list[Given], measured: Mapping[str, Array]) -> NDArray[np.void]:
        """The kept rows as the trace has them."""
        rows = np.zeros(len(given), dtype=self._row)
        for name, column in measured.items():
            rows[name] = column
        _, targets, numbers, *signals = zip(*given, strict=True)
        rows["joint_targets"] = np.concatenate(targets).reshape(len(given), -1)
        poses = forward_all(self._arm, rows["joint_targets"]) @ self._tool.pose.matrix
        rows["tcp_target"] = poses_to_seven(poses)
        for name, values in zip(self._numbers, zip(*numbers, strict=True), strict=True):
            rows[name] = values
        rows["inputs"], rows["outputs"], rows["moving"], rows["line"] = signals
        return rows


def _check_halves(rows: int, measured: Mapping[str, Array], moments: int) -> None:
    """Raise RuntimeError, a fault of ours, where the two halves of the kept rows are not equally many."""
    lengths = {name: len(column) for name, column in measured.items()} | {"bodies": moments}
    if set(lengths.values()) != {rows}:
        raise RuntimeError(f"{rows} rows were kept, and of the cell {lengths}: somebody else keeps or empties a half")


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
