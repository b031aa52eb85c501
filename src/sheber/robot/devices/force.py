"""Force: the wrench that is zeroed, moves that end at a touch, and compliant motion along chosen axes.

A guard looks at the sensor of the wrist, or at a digital input, after every tick. When it is met the robot brakes on
its path as hard as the arm can. After a force it then goes back to where the guard was met; the tool rests there with
less than the force that was met, because the servos no longer push.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Name, Number, Positive, Reply, missing
from sheber.geometry import Pose
from sheber.i18n import N_, Text, message
from sheber.robot.asked import DIGITAL_INPUT, asked_pose, check_units
from sheber.robot.fields import Seven
from sheber.robot.motion.compliance import AXES, Compliance
from sheber.robot.motion.errors import MotionError
from sheber.robot.motion.kinematics import forward
from sheber.robot.motion.moves import MoveLinear
from sheber.robot.motion.words import in_words
from sheber.robot.port import Device
from sheber.robot.queue import Accepted
from sheber.robot.serving import Served, serves
from sheber.trace import EventKind

__all__ = ["FORCE", "Comply", "ComplyEnd", "GuardedLinear", "ZeroWrench"]

Array = NDArray[np.float64]
Three = Annotated[list[Number], Meta(min_length=3, max_length=3)]

ZERO_TICKS = 10  # whose readings are averaged
BACK_SPEED = 0.02  # m/s, back to where a guard was met
MOST_SPEED = 0.25  # m/s: the reduced speed of ISO 10218-1, for an arm that people push and guide
USUAL_SPEED, USUAL_TRAVEL, MOST_TRAVEL = 0.01, 0.1, 0.5  # m/s, m, m

ZERO_MOVING = message(
    "force.zero_moving",
    "The robot moves. The wrench can be zeroed only while the robot stands. Call robot.wait() first.",
)
ALREADY_MET = message(
    "force.already_met",
    "The guard stops at {limit:g} N, but the sensor reads {force:.1f} N before the move begins. "
    "Call robot.zero_wrench() while the tool touches nothing, or move away first.",
)
ALREADY_TRUE = message(
    "force.already_true", "The guard waits until the input {name!r} is {value}. It is {value} already."
)
NO_DIRECTION = message("force.no_direction", "The direction (0, 0, 0) of a guard has no length.")
MET_NO_FORCE = message(
    "force.met_no_force",
    "The guarded move ended at {pose} and met nothing: the largest force was {force:.1f} N. The guard stops at "
    "{limit:g} N.",
)
MET_NO_INPUT = message(
    "force.met_no_input", "The guarded move ended at {pose}. The input {name!r} did not become {value} on the way."
)
STOPPED_BY_FORCE = message("force.stopped_by_force", "{force:.1f} N, the guard stops at {limit:g} N")
STOPPED_BY_INPUT = message("force.stopped_by_input", "{name} is {value}")
BEYOND_ARM = message("force.beyond_arm", "A force of {asked:g} N was asked for. The limit of this arm is {most:g} N.")
BEYOND_TOOL = message(
    "force.beyond_tool", "A force of {asked:g} N was asked for. The limit of this tool ({tool}) is {most:g} N."
)
BEYOND_TORQUE = message(
    "force.beyond_torque", "A torque of {asked:g} Nm was asked for. The limit of this arm is {most:g} Nm."
)
NO_SUCH_AXIS = message(
    "force.no_such_axis",
    "A compliant motion along {asked!r} was asked for. The axes are: {known}. Forces along x, y, z are in N, torques "
    "about them (rx, ry, rz) in Nm.",
)
NO_AXIS = message("force.no_axis", "A compliant motion was asked for, but no axis for it. The axes are: {known}.")
TOO_FAST = message("force.too_fast", "A compliant motion with {asked:g} m/s was asked for. The limit is {most:g} m/s.")
TOO_FAR = message(
    "force.too_far", "A travel of {asked:g} m was asked for. A compliant motion goes at most {most:g} m from its start."
)
COMPLIANT_ALREADY = message(
    "force.compliant_already",
    "The robot is compliant already, along {axes}. End this first: leave its with block, or call its end().",
)


class ZeroWrench(Command, tag="zero_wrench", frozen=True, kw_only=True):
    """Let the wrench read 0 where it stands now."""


class ForceGuard(Struct, tag="force", tag_field="on", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Met when the force on the tool is above a threshold."""

    force: Positive  # N
    along: Three | None = None  # only what points this way; None: whatever its direction
    tool: bool = False  # `along` is in the axes of the TCP; else in those of the base


class InputGuard(Struct, tag="input", tag_field="on", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Met when a digital input has a value."""

    name: Name
    value: bool = True


class GuardedLinear(Command, tag="move_linear_until", frozen=True, kw_only=True):
    """MoveL that ends where the first of its guards is met."""

    pose: Seven  # T_base_tcp
    until: Annotated[list[ForceGuard | InputGuard], Meta(min_length=1, max_length=8)]
    speed: Positive | None = None  # m/s
    acceleration: Positive | None = None  # m/s2


class Comply(Command, tag="comply", frozen=True, kw_only=True):
    """Follow forces along chosen axes, until `ComplyEnd` or a stop."""

    force: Annotated[dict[Name, Number], Meta(max_length=16)]  # N, Nm by axis: of the tool on its surroundings
    frame: Seven | None = None  # T_base_frame whose axes they are; None: those of the TCP now
    speed: Positive | None = None  # m/s
    travel: Positive | None = None  # m


class ComplyEnd(Command, tag="comply_end", frozen=True, kw_only=True):
    """Hold the position again."""


# --- zero


@serves(ZeroWrench)
def _zero(station: Served, command: ZeroWrench) -> None:
    if station.motion.moving:
        raise CommandError("RobotError", ZERO_MOVING())
    station.stand()
    readings = []
    for _tick in range(ZERO_TICKS):
        station.tick()
        readings.append(station.cell.wrench)
    reading = np.mean(readings, axis=0)
    station.cell.zero_wrench(reading)
    station.event("wrench_zeroed", {"force_N": round(float(np.linalg.norm(reading[:3])), 2), "line": station.line})


# --- guards


class _Guard(Protocol):
    """What a guarded move looks at."""

    @property
    def is_force(self) -> bool: ...

    def met(self, station: Served) -> bool: ...

    def reason(self) -> tuple[str, Text]:
        """What met it: a name for the program, a sentence for the record."""
        ...

    def too_early(self) -> Text: ...

    def missed(self, pose: Pose) -> Text: ...


@dataclass(slots=True)
class _ForceGuard:
    limit: float  # N
    along: Array | None  # unit vector
    tool: bool
    force: float = 0.0  # N, as of the last look
    most: float = 0.0  # N, of all looks
    is_force: bool = field(default=True, init=False)

    def met(self, station: Served) -> bool:
        force: Array = station.cell.wrench[:3]
        size = math.sqrt(force.dot(force))
        if size <= self.limit and size <= self.most:
            return False  # along no direction is it more than in all
        if self.along is None:
            self.force = size
        else:
            here = force if self.tool else _tcp(station).rotation @ force
            self.force = float(self.along @ here)
        self.most = max(self.most, self.force)
        return self.force > self.limit

    def reason(self) -> tuple[str, Text]:
        return "force", STOPPED_BY_FORCE(force=round(self.force, 2), limit=self.limit)

    def too_early(self) -> Text:
        return ALREADY_MET(force=round(self.force, 2), limit=self.limit)

    def missed(self, pose: Pose) -> Text:
        return MET_NO_FORCE(pose=in_words(pose), force=round(self.most, 2), limit=self.limit)


@dataclass(slots=True)
class _InputGuard:
    name: str
    value: bool
    is_force: bool = field(default=False, init=False)

    def met(self, station: Served) -> bool:
        return station.inputs.digital[self.name] == self.value

    def reason(self) -> tuple[str, Text]:
        return self.name, STOPPED_BY_INPUT(name=self.name, value=self.value)

    def too_early(self) -> Text:
        return ALREADY_TRUE(name=self.name, value=self.value)

    def missed(self, pose: Pose) -> Text:
        return MET_NO_INPUT(pose=in_words(pose), name=self.name, value=self.value)


def _guard(station: Served, asked: ForceGuard | InputGuard) -> _Guard:
    """The guard that was asked for; raises CommandError where it could never be met."""
    if isinstance(asked, InputGuard):
        if asked.name not in station.inputs.digital:
            raise missing(DIGITAL_INPUT(), asked.name, tuple(station.inputs.digital))
        return _InputGuard(asked.name, asked.value)
    _check_force(station, asked.force)
    if asked.along is None:
        return _ForceGuard(asked.force, None, asked.tool)
    along = np.array(asked.along)
    length = float(np.linalg.norm(along))
    if length == 0.0:
        raise CommandError("RobotError", NO_DIRECTION())
    return _ForceGuard(asked.force, along / length, asked.tool)


@serves(GuardedLinear)
def _guarded(station: Served, command: GuardedLinear) -> Reply:
    arm = station.arm
    check_units(command.speed, command.acceleration, False, arm.max_linear_speed, arm.max_linear_acceleration)
    goal = asked_pose(command.pose)
    guards = [_guard(station, asked) for asked in command.until]
    station.stand()
    for guard in guards:
        if guard.met(station):
            raise CommandError("RobotError", guard.too_early())
    speed, acceleration = command.speed or arm.linear_speed, command.acceleration or arm.linear_acceleration
    accepted = Accepted("move_linear_until", command.line, 0.0, True, speed, acceleration)
    station.queue.add(MoveLinear(goal, command.speed, command.acceleration), accepted)
    station.cell.touches.closely(True)
    try:
        met = _watched(station, guards)
    finally:
        station.cell.touches.closely(False)
    if met is None:
        raise CommandError("NoContact", guards[0].missed(_tcp(station)))
    return met


def _watched(station: Served, guards: list[_Guard]) -> Reply | None:
    """Let the move go on until a guard is met, and stop; None where none was."""
    while True:
        station.tick()
        for guard in guards:
            if guard.met(station):
                return _stopped(station, guard)
        if not station.motion.moving:
            station.stand()
            return None


def _stopped(station: Served, guard: _Guard) -> Reply:
    (reason, text), pose, time = guard.reason(), _tcp(station), station.time
    force = station.cell.wrench.tolist()
    flange = forward(station.arm, station.cell.measured_joints).to_list()
    station.event("guard", {"text": text, "flange": flange, "line": station.line})
    station.queue.stop()
    station.stand()
    if guard.is_force and station.motion is station.interpolator:
        _go_back(station, pose)
    return Reply({"pose": pose.to_list(), "reason": reason, "wrench": force, "met_at": time})


def _go_back(station: Served, pose: Pose) -> None:
    """To where the guard was met: no further into what was touched than it took to notice."""
    try:
        station.interpolator.add(MoveLinear(pose, BACK_SPEED))
    except MotionError:  # at the edge of what the arm reaches it stays where it stopped
        return
    station.stand()


def _tcp(station: Served) -> Pose:
    """T_base_tcp as the encoders have it."""
    pose: Pose = forward(station.arm, station.cell.measured_joints) @ station.tool_frame
    return pose


# --- compliance


@serves(Comply)
def _comply(station: Served, command: Comply) -> None:
    if isinstance(station.motion, Compliance):
        raise CommandError("RobotError", COMPLIANT_ALREADY(axes=list(station.motion.wanted)))
    _check_wanted(station, command)
    speed, travel = command.speed or USUAL_SPEED, command.travel or USUAL_TRAVEL
    station.stand()
    axes = _tcp(station) if command.frame is None else asked_pose(command.frame)
    motion = Compliance(
        station.interpolator,
        station.tool_frame,
        axes.rotation,
        dict(command.force),
        speed,
        travel,
        lambda: _over(station),
    )
    station.motion = motion
    station.cell.touches.closely(True)
    data = {"axes": list(command.force), "force": list(command.force.values()), "speed": speed, "line": station.line}
    station.event("compliance", data)
    station.tick()


def _over(station: Served) -> None:
    station.cell.touches.closely(False)
    station.event("compliance_end", {"line": station.line})


@serves(ComplyEnd)
def _comply_end(station: Served, command: ComplyEnd) -> None:
    station.tick()
    station.release()


def _check_wanted(station: Served, command: Comply) -> None:
    """Raise CommandError for axes, forces, a speed or a travel that there are not."""
    if not command.force:
        raise CommandError("RobotError", NO_AXIS(known=list(AXES)))
    for axis, force in command.force.items():
        if axis not in AXES:
            raise CommandError("RobotError", NO_SUCH_AXIS(asked=axis, known=list(AXES)))
        if axis in AXES[:3]:
            _check_force(station, abs(force))
        elif abs(force) > station.arm.max_torque:
            raise CommandError("RobotError", BEYOND_TORQUE(asked=abs(force), most=station.arm.max_torque))
    check_units(command.speed, None, False, MOST_SPEED, np.inf)
    if command.speed is not None and command.speed > MOST_SPEED:
        raise CommandError("SpeedLimit", TOO_FAST(asked=command.speed, most=MOST_SPEED))
    if command.travel is not None and command.travel > MOST_TRAVEL:
        raise CommandError("RobotError", TOO_FAR(asked=command.travel, most=MOST_TRAVEL))


def _check_force(station: Served, asked: float) -> None:
    """Raise CommandError for a force that the arm or its tool does not take."""
    tool = station.cell.tool_now
    if asked > tool.strength and tool.strength < station.arm.max_force:
        raise CommandError("ToolError", BEYOND_TOOL(asked=asked, most=tool.strength, tool=tool.kind))
    if asked > station.arm.max_force:
        raise CommandError("RobotError", BEYOND_ARM(asked=asked, most=station.arm.max_force))


FORCE = Device(
    "force",
    (ZeroWrench, GuardedLinear, Comply, ComplyEnd),
    events={
        "wrench_zeroed": EventKind(N_("wrench zeroed"), N_("it read {force_N:.1f} N"), action=True),
        "guard": EventKind(N_("guard stopped the move"), "{text}", action=True),
        "compliance": EventKind(N_("compliant"), N_("along {axes}"), action=True),
        "compliance_end": EventKind(N_("compliance ended"), action=True),
    },
)
