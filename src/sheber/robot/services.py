"""Services: what each command of every cell does. One function a command, found by the kind of the command.

Those of a device are in its file in `devices/`; `serving` says what a service is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.desk import REMARKS, CommandError, Connect, Note, Reply, Show, Slept, missing, name_of, remark
from sheber.geometry import Pose
from sheber.i18n import message
from sheber.robot import commands as c
from sheber.robot.arms import Arm
from sheber.robot.asked import DIGITAL_INPUT, IN_DEGREES, asked_pose, check_units
from sheber.robot.given import given
from sheber.robot.motion import moves as m
from sheber.robot.motion.interpolator import SLOWEST
from sheber.robot.motion.kinematics import forward, inverse_one, nearest, within
from sheber.robot.motion.words import in_words
from sheber.robot.queue import Accepted
from sheber.robot.serving import SERVICES, Served, serves

__all__ = ["SERVICES"]

Array = NDArray[np.float64]

OUTPUT = message("robot.what_output", "output")
NOT_IN_TIME = message(
    "robot.not_in_time", "The input {name!r} did not become {value} within {timeout:g} s. It is {now}."
)
TRUTH_WANTED = message("robot.truth_wanted", "The output {name!r} is digital. It takes True or False, not a number.")
NUMBER_WANTED = message("robot.number_wanted", "The output {name!r} is analog. It takes a number, not True or False.")
TOO_SLOW = message(
    "robot.override_too_slow", "A speed override of {asked:g} was asked for. It must be from {least:g} to 1."
)
JOINT_COUNT = message("robot.joint_count", "{asked:d} joint angles were given. This arm has {n:d} joints.")
ANGLE_IN_DEGREES = message(
    "robot.angle_in_degrees",
    "An angle of {asked:g} rad was asked for joint {joint}. Its range is from {lower:.2f} to {upper:.2f} rad. "
    "Angles are in radians, not in degrees: {asked:g} deg is {meant:.3f} rad.",
)
UNREACHABLE = message(
    "robot.no_joint_angles",
    "No joint angles bring the tool to {pose}. The arm reaches {reach:.0f} mm around its base axis.",
)
SLEPT = message("robot.slept", "No simulated time passes during time.sleep in line {line:d}. Use cell.wait instead.")


@serves(Connect)
def _connect(station: Served, command: Connect) -> Reply:
    station.event("connect", {"client": command.client})
    now = station.cell.tool_now
    signals = station.inputs, station.outputs
    known = given(station.arm, station.scene, now, station.tool, station.limits, *signals)
    return Reply(known | {port.kind: port.given() for port in station.beside})


# --- moves


@serves(c.MoveJoints)
def _move_joints(station: Served, command: c.MoveJoints) -> None:
    _check_joints(station, command.q)
    _check_radians(station, command.q)
    move = m.MoveJoints(np.array(command.q), command.speed, command.acceleration, command.blend)
    _move_of_joints(station, command, move)


@serves(c.MoveTo)
def _move_to(station: Served, command: c.MoveTo) -> None:
    configuration = command.configuration or ""
    move = m.MoveTo(asked_pose(command.pose), command.speed, command.acceleration, command.blend, configuration)
    _move_of_joints(station, command, move)


@serves(c.MoveLinear)
def _move_linear(station: Served, command: c.MoveLinear) -> None:
    move = m.MoveLinear(asked_pose(command.pose), command.speed, command.acceleration, command.blend)
    _move_in_space(station, command, move)


@serves(c.MoveCircular)
def _move_circular(station: Served, command: c.MoveCircular) -> None:
    via, to = asked_pose(command.via), asked_pose(command.to)
    move = m.MoveCircular(via, to, command.speed, command.acceleration, command.blend)
    _move_in_space(station, command, move)


def _move_of_joints(station: Served, command: c.Move, move: m.Move) -> None:
    arm = station.arm
    check_units(command.speed, command.acceleration, True, float(max(arm.max_speed)), float(max(arm.max_acceleration)))
    _move(station, command, move, arm.joint_speed, arm.joint_acceleration)


def _move_in_space(station: Served, command: c.Move, move: m.Move) -> None:
    arm = station.arm
    check_units(command.speed, command.acceleration, False, arm.max_linear_speed, arm.max_linear_acceleration)
    _move(station, command, move, arm.linear_speed, arm.linear_acceleration)


def _move(station: Served, command: c.Move, move: m.Move, usual_speed: float, usual_acceleration: float) -> None:
    """Queue one move; let pass what its kind demands: a tick, or all until it is done."""
    speed, acceleration = command.speed or usual_speed, command.acceleration or usual_acceleration
    accepted = Accepted(name_of(command), command.line, command.blend, command.wait, speed, acceleration)
    station.queue.add(move, accepted)
    station.tick()
    if command.blend == 0.0 and command.wait:
        station.stand()
    while station.queue.full:
        station.run(2)


@serves(c.WaitMotion)
def _wait_motion(station: Served, command: c.WaitMotion) -> None:
    station.tick()
    station.stand()


@serves(c.Stop)
def _stop(station: Served, command: c.Stop) -> None:
    station.queue.stop()
    station.tick()
    station.stand()
    station.release()


@serves(c.Override)
def _override(station: Served, command: c.Override) -> None:
    if command.factor < SLOWEST:
        raise CommandError("SpeedLimit", TOO_SLOW(asked=command.factor, least=SLOWEST))
    station.interpolator.speed_override = command.factor
    station.tick()


# --- sensors, time, signals


@serves(c.State)
def _state(station: Served, command: c.State) -> Reply:
    station.tick()
    joints = station.cell.measured_joints
    return Reply(
        {
            "joints": joints.tolist(),
            "pose": _forward_pose(station, joints).to_list(),
            "wrench": station.cell.wrench.tolist(),
            "moving": station.motion.moving,
            "tool": station.tool.read(),
            "inputs": station.inputs.read(),
            "outputs": station.outputs.read(),
        }
    )


@serves(c.Wait)
def _wait(station: Served, command: c.Wait) -> None:
    station.run(station.ticks(command.seconds))


@serves(c.WaitFor)
def _wait_for(station: Served, command: c.WaitFor) -> None:
    name, value, inputs = command.name, command.value, station.inputs.digital
    if name not in inputs:
        raise missing(DIGITAL_INPUT(), name, tuple(inputs))
    if not station.until(lambda: inputs[name] == value, command.timeout):
        raise CommandError("Timeout", NOT_IN_TIME(name=name, value=value, timeout=command.timeout, now=not value))


@serves(c.Output)
def _output(station: Served, command: c.Output) -> None:
    name, value, outputs = command.name, command.value, station.outputs
    if name not in outputs.names:
        raise missing(OUTPUT(), name, outputs.names)
    if name in outputs.digital:
        if not isinstance(value, bool):
            raise CommandError("RobotError", TRUTH_WANTED(name=name))
        station.cell.set_output(name, value)
        changes: list[tuple[str, bool | float]] = [*outputs.changed()]
    else:
        if isinstance(value, bool):
            raise CommandError("RobotError", NUMBER_WANTED(name=name))
        changes = [(name, value)] if outputs.analog[name] != value else []
        station.cell.analog_outputs[name] = value
    for changed, now in changes:
        station.event("output", {"name": changed, "value": now, "line": station.line})
    station.tick()


# --- computing


def _forward_pose(station: Served, q: Array) -> Pose:
    pose: Pose = forward(station.arm, q) @ station.tool_frame
    return pose


def _check_joints(station: Served, q: list[float]) -> None:
    if len(q) != len(station.arm.joints):
        raise CommandError("RobotError", JOINT_COUNT(asked=len(q), n=len(station.arm.joints)))


def _check_radians(station: Served, q: list[float]) -> None:
    """Raise JointLimit for angles that can only be meant in degrees."""
    for joint, angle in zip(station.arm.joints, q, strict=True):
        if abs(angle) > IN_DEGREES * max(abs(joint.lower), abs(joint.upper)) / 2.0:
            meant = float(np.radians(angle))
            text = ANGLE_IN_DEGREES(joint=joint.name, asked=angle, lower=joint.lower, upper=joint.upper, meant=meant)
            raise CommandError("JointLimit", text)


@serves(c.Forward)
def _forward(station: Served, command: c.Forward) -> Reply:
    _check_joints(station, command.q)
    return Reply({"pose": _forward_pose(station, np.array(command.q)).to_list()})


@serves(c.Inverse)
def _inverse(station: Served, command: c.Inverse) -> Reply:
    pose = asked_pose(command.pose)
    here = station.interpolator.joints
    branches = _reaching(station.arm, pose @ station.tool_frame.inverse(), here)
    if not len(branches):
        reach = station.arm.reach * 1000.0
        raise CommandError("Unreachable", UNREACHABLE(pose=in_words(pose, station.arm.orientation), reach=reach))
    order = np.argsort(np.abs(branches - here).max(axis=1), kind="stable")
    return Reply({"joints": branches[order].tolist()})


def _reaching(arm: Arm, T_base_flange: Pose, here: Array) -> Array:
    """All joint angles (k, n) within the limits that bring the flange there, each joint as near to `here` as it can."""
    branches = nearest(arm, inverse_one(arm, T_base_flange), here)
    allowed: Array = branches[within(arm, branches).all(axis=1)]
    return allowed


# --- pictures and notes


def _remark(station: Served, command: Note | Show | Slept) -> None:
    remark(station, command, SLEPT)


SERVICES.update(dict.fromkeys(REMARKS, _remark))
