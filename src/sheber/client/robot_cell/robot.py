"""The robot: moves, sensors, forward and inverse kinematics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client import checks
from sheber.client.errors import wrong
from sheber.client.fixed import Fixed
from sheber.client.robot_cell import force as forces
from sheber.client.robot_cell.force import Compliance, Contact, Signal, Touch
from sheber.client.session import Session
from sheber.client.wire import LONGEST_NAME
from sheber.geometry import Pose
from sheber.i18n import message

__all__ = ["Robot", "RobotLimits", "Tool"]

Array = NDArray[np.float64]

STOPS_THERE = message(
    "client.guarded_stops",
    "A guarded move (until=...) stops where its guard is met, and returns then. It takes no blend and no wait=False.",
)
SLOWEST = 0.01  # of the speed of all moves; a slower robot would hardly move


@dataclass(frozen=True, slots=True)
class Tool:
    """What is mounted on the flange, and where its working point is.

    >>> robot.tool.pose
    Pose(0.0, 0.0, 120.0 mm; rotvec 0.0, 0.0, 0.0 deg)
    """

    kind: str  # gripper, suction, pointer, dispenser; changer: a quick changer without a tool
    pose: Pose  # T_flange_tcp; the TCP's z axis points out of the tool
    mass: float  # kg
    centre: tuple[float, float, float]  # centre of mass in the flange frame, m
    strength: float  # N, the most that it may be asked to press with


def tool_of(given: Mapping[str, Any]) -> Tool:
    """The tool that the cell tells of."""
    centre = tuple(given["centre"])
    return Tool(given["kind"], Pose.from_list(given["pose"]), given["mass"], centre, float(given["strength"]))


@dataclass(frozen=True, slots=True, eq=False)
class RobotLimits:
    """The limits of the arm.

    >>> lower, upper = robot.limits.joints.T
    """

    joints: Array  # (n, 2) rad: lower and upper end of each joint
    joint_speed: Array  # (n,) rad/s
    joint_acceleration: Array  # (n,) rad/s^2
    linear_speed: float  # m/s of the TCP
    linear_acceleration: float  # m/s^2 of the TCP
    reach: float  # m from the base axis to the flange
    payload: float  # kg
    force: float  # N, the most that the arm may be asked to press with
    torque: float  # Nm, likewise


class Robot(Fixed):
    """The arm. Angles in rad, lengths in m; poses are T_base_tcp unless `frame` says otherwise.

    >>> robot.move_joints(robot.home)
    >>> robot.move_linear(robot.pose.offset(z=-0.05), speed=0.1)
    """

    __slots__ = ("_home", "_limits", "_model", "_override", "_session", "_tool")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self._override = 1.0
        limits = given["limits"]
        self._model = str(given["model"])
        self._home = np.array(given["home"], dtype=np.float64)
        self._home.setflags(write=False)
        self._tool = tool_of(given["tool"])
        self._limits = RobotLimits(
            np.array(limits["joints"], dtype=np.float64),
            np.array(limits["joint_speed"], dtype=np.float64),
            np.array(limits["joint_acceleration"], dtype=np.float64),
            float(limits["linear_speed"]),
            float(limits["linear_acceleration"]),
            float(limits["reach"]),
            float(limits["payload"]),
            float(limits["force"]),
            float(limits["torque"]),
        )

    def __repr__(self) -> str:
        reach = self._limits.reach * 1000.0
        return f"Robot({self._model}, {len(self._home)} joints, reach {reach:.0f} mm, tool {self._tool.kind})"

    # --- what is known without asking -----------------------------------------------------

    @property
    def model(self) -> str:
        """The arm's model, as its maker calls it.

        >>> robot.model
        'UR5e'
        """
        return self._model

    @property
    def home(self) -> Array:
        """The joint angles (n,) [rad] of the home position.

        >>> robot.move_joints(robot.home)
        """
        return self._home

    @property
    def limits(self) -> RobotLimits:
        """The arm's limits; see `RobotLimits` for units.

        >>> robot.limits.linear_speed
        1.0
        """
        return self._limits

    @property
    def tool(self) -> Tool:
        """The tool: kind, T_flange_tcp, mass [kg], centre of mass [m] in the flange frame.

        >>> robot.tool.mass
        0.6
        """
        return self._tool

    def set_tool(self, pose: Pose) -> None:
        """Tell the controller where the TCP is: T_flange_tcp, as you measured it (one tick). The robot stops first.

        Moves, `pose`, `wrench`, `forward` and `inverse` use it from now on, and `tool.pose` gives it. Nothing moves.
        Raises RobotError for a TCP more than 1 m away from the flange.

        >>> robot.set_tool(Pose((0.012, -0.034, 0.181)))
        """
        wanted = checks.pose(pose, "pose")
        self._session.call("set_tool", pose=wanted.to_list())
        self._tool = replace(self._tool, pose=wanted)

    def _takes_tool(self, given: Mapping[str, Any]) -> None:
        """Another tool is in front of the flange; the controller has taken it on already."""
        self._tool = tool_of(given)

    # --- what is read from the cell -------------------------------------------------------

    @property
    def joints(self) -> Array:
        """The joint angles (n,) [rad] that the encoders read now (one tick).

        >>> robot.joints.round(2)
        array([ 3.14, -1.57,  1.57, -1.57, -1.57, -1.57])
        """
        return np.array(self._session.call("state")["joints"])

    @property
    def pose(self) -> Pose:
        """T_base_tcp, computed from the encoders with the arm's nominal kinematics, read now (one tick).

        >>> print(robot.pose)
        Pose(491.9, 133.3, 367.9 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        return Pose.from_list(self._session.call("state")["pose"])

    @property
    def wrench(self) -> Array:
        """Force [N] and torque [Nm] (6,) on the tool, at the TCP in TCP axes, read now (one tick).

        It is what the surroundings do to the tool: a table that the tool presses on from above pushes against its z.
        Weight and inertia of the tool are compensated. Those of a part that the tool holds are in it. The sensor has
        noise, and in some cells a bias: `zero_wrench` takes that away.

        >>> force = robot.wrench[:3]
        """
        return np.array(self._session.call("state")["wrench"])

    def zero_wrench(self) -> None:
        """Let the wrench read 0 from now on: the mean of 0.1 s is subtracted. The robot must stand.

        Do it while the tool touches nothing. While it holds a part, this takes away the weight of the part too, but
        only as long as the tool is not turned. Raises RobotError while the robot moves.

        >>> robot.zero_wrench()
        """
        self._session.call("zero_wrench")

    # --- force ----------------------------------------------------------------------------

    def compliance(
        self,
        force: Mapping[str, float],
        frame: Pose | None = None,
        speed: float | None = None,
        travel: float | None = None,
    ) -> Compliance:
        """Give way along chosen axes until the tool presses with these forces. Begins now; a `with` block ends it.

        `force`: by axis ("x", "y", "z" [N], "rx", "ry", "rz" [Nm]) what the tool does to its surroundings. 0 lets the
        tool float along this axis. The axes are those of the TCP now, or of `frame` (T_base_frame). The tool moves
        along them with at most `speed` [m/s] (0.01), and at most `travel` [m] (0.1) from where it began. Moves keep the
        other axes. Read `robot.wrench` and `robot.pose` to see what happens. Raises RobotError, ToolError,
        SpeedLimit; a later call raises NoContact at the end of the travel, Unreachable, JointLimit or Singularity.

        >>> with robot.compliance({"x": 0.0, "y": 0.0, "z": 10.0}, speed=0.01):
        ...     cell.wait(0.5)
        """
        self._session.call(
            "comply",
            force=forces.wanted(force),
            frame=None if frame is None else checks.pose(frame, "frame").to_list(),
            speed=checks.optional(speed, "speed", "m/s", above=0.0),
            travel=checks.optional(travel, "travel", "m", above=0.0),
        )
        return Compliance(self._session)

    @property
    def moving(self) -> bool:
        """True while the robot moves, read now (one tick).

        >>> robot.move_joints(robot.home, wait=False)
        >>> while robot.moving:
        ...     cell.wait(0.05)
        """
        return bool(self._session.call("state")["moving"])

    @property
    def speed_override(self) -> float:
        """Factor on the speed of all moves, from 0.01 to 1, as on a teach pendant. To set it takes one tick.

        Raises ValueError for any other factor.

        >>> robot.speed_override = 0.3
        """
        return self._override

    @speed_override.setter
    def speed_override(self, factor: float) -> None:
        value = checks.factor(factor, "speed_override", SLOWEST, 1.0)
        self._session.call("override", factor=value)
        self._override = value

    # --- moves ----------------------------------------------------------------------------

    def move_joints(
        self,
        q: ArrayLike,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        wait: bool = True,
    ) -> None:
        """MoveJ: move all joints together to the angles `q` (n,) [rad], along a straight line in joint space.

        `speed` [rad/s] and `acceleration` [rad/s^2] are those of the joint with the longest turn. The defaults are
        those of the arm (UR5e: 1.05 rad/s, 1.4 rad/s^2). `limits` has the largest values.
        `blend` [m]: do not stop at the end, but pass it within this distance. `wait=False`: return after one tick,
        while the robot moves. Raises JointLimit, SpeedLimit, SelfCollision, Collision, ValueError.

        >>> robot.move_joints([3.14, -1.57, 1.57, -1.57, -1.57, 0.0], speed=1.0)
        """
        self._session.call(
            "move_joints",
            q=checks.joints(q, "q", len(self._home)),
            **self._options(speed, acceleration, blend, wait, "rad"),
        )

    def move_to(
        self,
        pose: Pose,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        frame: Pose | None = None,
        configuration: str | None = None,
        wait: bool = True,
    ) -> None:
        """MoveJ to a pose: move all joints together until the TCP is at `pose`. The path of the TCP is a curve.

        `pose` is T_base_tcp, or T_frame_tcp if you give a work object `frame` (T_base_frame). The arm
        takes the nearest configuration. With `configuration` you ask for another one by name, for example
        "left up flip" or only "up". `speed` [rad/s], `acceleration` [rad/s^2], `blend` [m],
        `wait` as in `move_joints`. Raises Unreachable, JointLimit, SpeedLimit, SelfCollision, Collision, ValueError.

        >>> robot.move_to(cell.frames["pick"] @ DOWN, blend=0.02)
        """
        if configuration is not None:
            configuration = checks.text(configuration, "configuration", LONGEST_NAME)
        self._session.call(
            "move_to",
            pose=_target(pose, frame, "pose"),
            configuration=configuration,
            **self._options(speed, acceleration, blend, wait, "rad"),
        )

    @overload
    def move_linear(
        self,
        pose: Pose,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        frame: Pose | None = None,
        wait: bool = True,
        until: None = None,
    ) -> None: ...

    @overload
    def move_linear(
        self,
        pose: Pose,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        frame: Pose | None = None,
        wait: bool = True,
        *,
        until: Contact | Signal | Sequence[Contact | Signal],
    ) -> Touch: ...

    def move_linear(
        self,
        pose: Pose,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        frame: Pose | None = None,
        wait: bool = True,
        until: Contact | Signal | Sequence[Contact | Signal] | None = None,
    ) -> Touch | None:
        """MoveL: move the TCP to `pose` on a straight line. The tool turns evenly on the path.

        `pose` is T_base_tcp, or T_frame_tcp with `frame`. `speed` [m/s] and `acceleration` [m/s^2] are those of
        the TCP. The defaults are those of the arm (UR5e: 0.25 m/s, 1.2 m/s^2). `blend` [m] and `wait` as in
        `move_joints`. The controller checks the whole line before the robot starts. Raises Unreachable,
        JointLimit, Singularity, SpeedLimit, SelfCollision, Collision, ValueError.

        `until` makes it a guarded move: `Contact(5.0)` stops at a force, `Signal("part_present")` at an input, a list
        at the first of several. It gives a `Touch`: where and why. Raises NoContact if it comes to its end and meets
        nothing, RobotError if the guard is met before it begins.

        >>> robot.move_linear(robot.pose.offset(z=-0.1), speed=0.1)
        """
        if until is not None:
            return self._guarded(pose, speed, acceleration, blend, frame, wait, until)
        self._session.call(
            "move_linear",
            pose=_target(pose, frame, "pose"),
            **self._options(speed, acceleration, blend, wait, "m"),
        )
        return None

    def _guarded(
        self, pose: Any, speed: Any, acceleration: Any, blend: Any, frame: Any, wait: Any, until: Any
    ) -> Touch:
        options = self._options(speed, acceleration, blend, wait, "m")
        if options.pop("blend") > 0.0 or not options.pop("wait"):
            raise wrong(ValueError, STOPS_THERE())
        reply = self._session.call(
            "move_linear_until", pose=_target(pose, frame, "pose"), until=forces.guards(until), **options
        )
        return Touch(
            Pose.from_list(reply["pose"]), str(reply["reason"]), np.array(reply["wrench"]), float(reply["met_at"])
        )

    def move_circular(
        self,
        via: Pose,
        to: Pose,
        speed: float | None = None,
        acceleration: float | None = None,
        blend: float = 0.0,
        frame: Pose | None = None,
        wait: bool = True,
    ) -> None:
        """MoveC: move the TCP on a circle from its present position through the position of `via` to `to`.

        The tool turns evenly from its present orientation to that of `to`. `via` gives only a position.
        Options and errors are those of `move_linear`. Raises Unreachable too if the three points lie on one line.

        >>> start = robot.pose
        >>> robot.move_circular(start.offset(x=0.1, y=0.1), start.offset(y=0.2), speed=0.1)
        """
        self._session.call(
            "move_circular",
            via=_target(via, frame, "via"),
            to=_target(to, frame, "to"),
            **self._options(speed, acceleration, blend, wait, "m"),
        )

    def wait(self) -> None:
        """Wait until all moves are finished and the robot stands still. Takes at least one tick.

        >>> robot.move_joints(robot.home, wait=False)
        >>> robot.wait()
        """
        self._session.call("wait_motion")

    def stop(self) -> None:
        """Brake on the path, drop the moves in the queue, and return when the robot stands still.

        >>> robot.stop()
        """
        self._session.call("stop")

    # --- computing, without a simulated tick ----------------------------------------------

    def forward(self, q: ArrayLike) -> Pose:
        """T_base_tcp for the joint angles `q` (n,) [rad] with the arm's nominal kinematics. Costs no simulated time.

        >>> robot.forward(robot.home)
        Pose(491.9, 133.3, 367.9 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        reply = self._session.call("forward", q=checks.joints(q, "q", len(self._home)))
        return Pose.from_list(reply["pose"])

    def inverse(self, pose: Pose, frame: Pose | None = None) -> Array:
        """All sets of joint angles (k, n) [rad] that bring the TCP to `pose`. Costs no simulated time.

        Gives every branch (up to 8) within the joint limits. The branch nearest to the robot's joints comes first.
        `pose` is T_base_tcp, or T_frame_tcp with `frame`. Raises Unreachable if there is none.

        >>> robot.inverse(robot.pose).shape
        (8, 6)
        """
        reply = self._session.call("inverse", pose=_target(pose, frame, "pose"))
        return np.array(reply["joints"], dtype=np.float64).reshape(-1, len(self._home))

    def _options(self, speed: Any, acceleration: Any, blend: Any, wait: Any, unit: str) -> dict[str, Any]:
        return {
            "speed": checks.optional(speed, "speed", f"{unit}/s", above=0.0),
            "acceleration": checks.optional(acceleration, "acceleration", f"{unit}/s^2", above=0.0),
            "blend": checks.length(blend, "blend", self._limits.reach, least=0.0),
            "wait": checks.truth(wait, "wait"),
        }


def _target(pose: Any, frame: Any, name: str) -> list[float]:
    """T_base_tcp as seven numbers."""
    target = checks.pose(pose, name)
    return target.to_list() if frame is None else (checks.pose(frame, "frame") @ target).to_list()
