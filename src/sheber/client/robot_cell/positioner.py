"""The positioner: external axes that tilt and turn a plate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.named import Named
from sheber.client.session import Session
from sheber.geometry import Pose
from sheber.i18n import message

__all__ = ["Positioner"]

Array = NDArray[np.float64]

FRAME = message("client.what_frame_on_plate", "frame on the plate")


class Positioner(Fixed):
    """A plate that tilts and turns, with a work object on it. Angles in rad, lengths in m.

    >>> positioner.move_joints([0.5, 1.57])
    >>> robot.move_linear(DOWN.offset(z=0.05), frame=positioner.pose)
    """

    __slots__ = ("_axes", "_below", "_frames", "_limits", "_session", "_zero")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self._axes = tuple(str(name) for name in given["axes"])
        self._limits = np.array(given["joints"], dtype=np.float64)
        self._limits.setflags(write=False)
        self._zero, self._below = Pose.from_list(given["zero"]), float(given["below"])
        frames = {name: Pose.from_list(pose) for name, pose in given["frames"].items()}
        self._frames: Named[Pose] = Named(FRAME, frames)

    def __repr__(self) -> str:
        return f"Positioner({', '.join(self._axes)})"

    # --- what is known without asking -----------------------------------------------------

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of its axes, in the order of their angles.

        >>> positioner.axes
        ('tilt', 'turn')
        """
        return self._axes

    @property
    def limits(self) -> Array:
        """The ranges (n, 2) [rad] of its axes.

        >>> lower, upper = positioner.limits.T
        """
        return self._limits

    @property
    def frames(self) -> Named[Pose]:
        """What was taught on the plate, by name: T_plate_frame.

        >>> nest = positioner.pose @ positioner.frames["nest"]
        """
        return self._frames

    def forward(self, q: ArrayLike) -> Pose:
        """T_base_plate at the angles `q` (n,) [rad]: middle of the plate's surface, z out of it. Costs nothing.

        >>> upright = positioner.forward([1.57, 0.0])
        """
        pose = self._zero
        for axis, angle in zip(self._axes, checks.joints(q, "q", len(self._axes)), strict=True):
            if axis == "tilt":
                pose = pose.offset_tool(z=-self._below).rotated(x=angle).offset_tool(z=self._below)
            else:
                pose = pose.rotated(z=angle)
        return pose

    # --- what is read from the cell -------------------------------------------------------

    @property
    def joints(self) -> Array:
        """The angles (n,) [rad] of its axes, read now (one tick).

        >>> tilt, turn = positioner.joints
        """
        return np.array(self._session.call("positioner_state")["joints"])

    @property
    def pose(self) -> Pose:
        """T_base_plate now, by its angles: the work object for moves of the robot, read now (one tick).

        >>> robot.move_linear(DOWN.offset(z=0.1), frame=positioner.pose)
        """
        return self.forward(self.joints)

    @property
    def moving(self) -> bool:
        """True while it moves, read now (one tick).

        >>> positioner.move_joints([0.0, 0.0], wait=False)
        >>> while positioner.moving:
        ...     cell.wait(0.05)
        """
        return bool(self._session.call("positioner_state")["moving"])

    # --- moves ----------------------------------------------------------------------------

    def move_joints(
        self, q: ArrayLike, speed: float | None = None, acceleration: float | None = None, wait: bool = True
    ) -> None:
        """Move all its axes together to the angles `q` (n,) [rad].

        `speed` [rad/s] and `acceleration` [rad/s^2] are those of the axis with the longest turn; left out, they are the
        limits. With `wait=False` it returns after one tick, and the robot may move meanwhile. A new move takes the
        place of one on the way. Raises JointLimit, SpeedLimit, ValueError; RobotError where something holds an axis.

        >>> positioner.move_joints([0.5, 1.57], speed=0.5)
        """
        self._session.call(
            "positioner_move",
            q=checks.joints(q, "q", len(self._axes)),
            speed=checks.optional(speed, "speed", "rad/s", above=0.0),
            acceleration=checks.optional(acceleration, "acceleration", "rad/s^2", above=0.0),
            wait=checks.truth(wait, "wait"),
        )

    def wait(self) -> None:
        """Wait until it stands. Takes at least one tick. Raises RobotError where something holds an axis.

        >>> positioner.wait()
        """
        self._session.call("positioner_wait")

    def stop(self) -> None:
        """Let it come to rest, and wait for that.

        >>> positioner.stop()
        """
        self._session.call("positioner_stop")
