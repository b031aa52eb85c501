"""Services: what each command does. One function a command, found by the kind of the command.

A service gets the controller and the command, lets time pass through it, and returns the fields of the
reply (and the bytes behind it). What it cannot do it raises as CommandError, in words for the student.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.robot import commands as c
from sheber.robot.facts import given
from sheber.robot.io import GripperPort, SuctionPort
from sheber.robot.motion import moves as m
from sheber.robot.motion.kinematics import forward, inverse_one, nearest, within
from sheber.robot.moves import Queued
from sheber.station import ProtocolError

if TYPE_CHECKING:
    from sheber.robot.arms import Arm
    from sheber.robot.controller import Controller

__all__ = ["SERVICES", "CommandError", "Reply"]

Array = NDArray[np.float64]
Reply = tuple[dict[str, Any], bytes]
Service = Callable[[Any, Any], Reply | None]
F = TypeVar("F", bound=Service)

FAR = 20.0  # m: nothing of a cell is so far away, and no path there is worth looking at
IN_DEGREES, IN_MILLIMETRES = 8.0, 20.0  # times what the arm can do: who asks for more has written another unit
TOOL_S = 3.0  # the longest time that fingers or a vacuum may take to answer

SERVICES: dict[type[Any], Service] = {}
"""The service of each command."""


class CommandError(Exception):
    """A command that cannot be carried out; the reply tells the student why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind  # a name of sheber.client.errors.KINDS


def _serves(command: type[Any]) -> Callable[[F], F]:
    def enter(service: F) -> F:
        SERVICES[command] = service
        return service

    return enter


@_serves(c.Connect)
def _connect(station: Controller, command: c.Connect) -> Reply:
    station.event("connect", {"client": command.client})
    inputs, outputs = station.inputs.names, station.outputs.names
    return given(station.arm, station.scene, station.tool, station.limits, inputs, outputs), b""


# --- moves


@_serves(c.MoveJoints)
def _move_joints(station: Controller, command: c.MoveJoints) -> None:
    _check_joints(station, command.q)
    _check_radians(station, command.q)
    _move(station, command, m.MoveJoints(np.array(command.q), command.speed, command.acceleration, command.blend))


@_serves(c.MoveTo)
def _move_to(station: Controller, command: c.MoveTo) -> None:
    pose = _pose(command.pose)
    _move(
        station,
        command,
        m.MoveTo(pose, command.speed, command.acceleration, command.blend, command.configuration or ""),
    )


@_serves(c.MoveLinear)
def _move_linear(station: Controller, command: c.MoveLinear) -> None:
    _move(station, command, m.MoveLinear(_pose(command.pose), command.speed, command.acceleration, command.blend))


@_serves(c.MoveCircular)
def _move_circular(station: Controller, command: c.MoveCircular) -> None:
    via, to = _pose(command.via), _pose(command.to)
    _move(station, command, m.MoveCircular(via, to, command.speed, command.acceleration, command.blend))


def _move(station: Controller, command: Any, move: Any) -> None:
    """Queue one move; let pass what its kind demands: a tick, or all until it is done."""
    kind = str(type(command).__struct_config__.tag)
    joint = isinstance(command, c.MoveJoints | c.MoveTo)
    arm = station.arm
    _check_unit_of_speed(arm, command, joint)
    facts = {
        "speed": command.speed or (arm.joint_speed if joint else arm.linear_speed),
        "acceleration": command.acceleration or (arm.joint_acceleration if joint else arm.linear_acceleration),
    }
    station.moves.add(move, Queued(kind, command.line, command.blend, command.wait, facts))
    station.tick()
    if command.blend == 0.0 and command.wait:
        station.stand()
    while station.moves.full:
        station.run(2)


def _check_unit_of_speed(arm: Arm, command: Any, joint: bool) -> None:
    """Raise SpeedLimit for a speed or an acceleration that can only be meant in degrees or in millimetres."""
    if joint:
        most = {"speed": max(arm.max_speed), "acceleration": max(arm.max_acceleration)}
    else:
        most = {"speed": arm.max_linear_speed, "acceleration": arm.max_linear_acceleration}
    for name, limit in most.items():
        asked = getattr(command, name)
        if asked is None or asked <= (IN_DEGREES if joint else IN_MILLIMETRES) * limit:
            continue
        words = (
            _(
                "a {name} of {asked:g} {unit} was asked; this arm has at most {limit:.3g}. Angles are in radians, "
                "not in degrees: {asked:g} deg is {meant:.3g} rad"
            )
            if joint
            else _(
                "a {name} of {asked:g} {unit} was asked; this arm has at most {limit:.3g}. Lengths are in metres, "
                "not in millimetres: {asked:g} mm is {meant:g} m"
            )
        )
        meant = np.radians(asked) if joint else asked / 1000.0
        unit = ("rad" if joint else "m") + ("/s" if name == "speed" else "/s^2")
        raise CommandError("SpeedLimit", words.format(name=name, asked=asked, unit=unit, limit=limit, meant=meant))


@_serves(c.WaitMotion)
def _wait_motion(station: Controller, command: c.WaitMotion) -> None:
    station.tick()
    station.stand()


@_serves(c.Stop)
def _stop(station: Controller, command: c.Stop) -> None:
    station.moves.stop()
    station.tick()
    station.stand()


@_serves(c.Override)
def _override(station: Controller, command: c.Override) -> None:
    station.interpolator.speed_override = command.factor
    station.tick()


# --- sensors, time, signals


@_serves(c.State)
def _state(station: Controller, command: c.State) -> Reply:
    station.tick()
    cell = station.cell
    joints = cell.measured_joints
    return {
        "joints": joints.tolist(),
        "pose": _forward_pose(station, joints).to_list(),
        "wrench": cell.wrench.tolist(),
        "moving": station.moves.moving,
        "tool": station.tool.read(),
        "inputs": dict(cell.inputs),
        "outputs": dict(cell.outputs),
    }, b""


@_serves(c.Wait)
def _wait(station: Controller, command: c.Wait) -> None:
    station.run(station.ticks(command.seconds))


@_serves(c.WaitFor)
def _wait_for(station: Controller, command: c.WaitFor) -> None:
    name, value = command.name, command.value
    if name not in station.inputs.names:
        raise CommandError("NotGiven", _missing(_("digital input"), name, station.inputs.names))
    if not station.until(lambda: station.cell.inputs[name] == value, command.timeout):
        raise CommandError(
            "Timeout",
            _("the input {name!r} did not become {value} within {timeout:g} s; it is {now}").format(
                name=name, value=value, timeout=command.timeout, now=not value
            ),
        )


@_serves(c.Output)
def _output(station: Controller, command: c.Output) -> None:
    if command.name not in station.outputs.names:
        raise CommandError("NotGiven", _missing(_("digital output"), command.name, station.outputs.names))
    station.cell.set_output(command.name, command.value)
    for name, value in station.outputs.changed():
        station.event("output", {"name": name, "value": value, "line": station.line})
    station.tick()


# --- tools


def _gripper(station: Controller) -> GripperPort:
    if not isinstance(station.tool, GripperPort):
        raise CommandError("NotGiven", _missing(_("tool"), "gripper", (station.tool.kind,)))
    return station.tool


def _suction(station: Controller) -> SuctionPort:
    if not isinstance(station.tool, SuctionPort):
        raise CommandError("NotGiven", _missing(_("tool"), "suction", (station.tool.kind,)))
    return station.tool


@_serves(c.GripperOpen)
def _gripper_open(station: Controller, command: c.GripperOpen) -> None:
    gripper = _gripper(station)
    if command.width is not None and not 0.0 <= command.width <= gripper.stroke:
        raise CommandError(
            "ToolError",
            _("the gripper was asked to open to {asked:.1f} mm; it opens from 0 to {stroke:.1f} mm").format(
                asked=command.width * 1000.0, stroke=gripper.stroke * 1000.0
            ),
        )
    # to open less wide than now is to close: what is dropped then was not let go on purpose
    narrower = command.width is not None and command.width < gripper.width
    station.watch.released_by = 0 if narrower else station.line
    wanted = gripper.open(command.width)
    station.until(lambda: not gripper.busy, TOOL_S)
    if gripper.width < wanted - 0.002:
        raise CommandError(
            "ToolError",
            _("the gripper was asked to open to {asked:.1f} mm and was stopped at {width:.1f} mm").format(
                asked=wanted * 1000.0, width=gripper.width * 1000.0
            ),
        )


@_serves(c.GripperClose)
def _gripper_close(station: Controller, command: c.GripperClose) -> None:
    gripper = _gripper(station)
    if command.force is not None and command.force > gripper.max_force:
        raise CommandError(
            "ToolError",
            _("the gripper was asked for {asked:g} N; it has at most {most:g} N").format(
                asked=command.force, most=gripper.max_force
            ),
        )
    station.watch.released_by = 0
    gripper.close(command.force)
    station.until(lambda: not gripper.busy, TOOL_S)


@_serves(c.SuctionOn)
def _suction_on(station: Controller, command: c.SuctionOn) -> None:
    suction = _suction(station)
    station.watch.released_by = 0
    suction.switch(True)
    if not command.wait:
        station.tick()
    elif not station.until(lambda: suction.sealed, command.timeout):
        raise CommandError(
            "ToolError",
            _(
                "the suction cup holds nothing after {timeout:g} s: the vacuum is {vacuum:.0f} kPa; is the cup on "
                "the part, not beside it and not above it?"
            ).format(timeout=command.timeout, vacuum=suction.vacuum),
        )


@_serves(c.SuctionOff)
def _suction_off(station: Controller, command: c.SuctionOff) -> None:
    suction = _suction(station)
    station.watch.released_by = station.line
    suction.switch(False)
    if not command.wait:
        station.tick()
    elif not station.until(lambda: suction.vacuum <= 1.0 and not suction.holding, TOOL_S):
        raise CommandError("ToolError", _("the suction cup did not let go within {timeout:g} s").format(timeout=TOOL_S))


# --- computing


def _forward_pose(station: Controller, q: Array) -> Pose:
    pose: Pose = forward(station.arm, q) @ station.tool_frame
    return pose


def _check_joints(station: Controller, q: list[float]) -> None:
    if len(q) != len(station.arm.joints):
        raise CommandError(
            "RobotError",
            _("{asked} joint angles were given; this arm has {n} joints").format(
                asked=len(q), n=len(station.arm.joints)
            ),
        )


def _check_radians(station: Controller, q: list[float]) -> None:
    """Raise JointLimit for angles that can only be meant in degrees."""
    for joint, angle in zip(station.arm.joints, q, strict=True):
        if abs(angle) > IN_DEGREES * max(abs(joint.lower), abs(joint.upper)) / 2.0:
            raise CommandError(
                "JointLimit",
                _(
                    "joint {joint} was asked to go to {asked:g} rad; it turns from {lower:.2f} to {upper:.2f} rad; "
                    "angles are in radians, not in degrees: {asked:g} deg is {meant:.3f}"
                ).format(joint=joint.name, asked=angle, lower=joint.lower, upper=joint.upper, meant=np.radians(angle)),
            )


@_serves(c.Forward)
def _forward(station: Controller, command: c.Forward) -> Reply:
    _check_joints(station, command.q)
    return {"pose": _forward_pose(station, np.array(command.q)).to_list()}, b""


@_serves(c.Inverse)
def _inverse(station: Controller, command: c.Inverse) -> Reply:
    pose = _pose(command.pose)
    here = station.interpolator.joints
    branches = nearest(station.arm, inverse_one(station.arm, pose @ station.tool_frame.inverse()), here)
    branches = branches[within(station.arm, branches).all(axis=1)]
    if not len(branches):
        raise CommandError(
            "Unreachable",
            _("no joint angles bring the tool to {pose}; the arm reaches {reach:.0f} mm around its base axis").format(
                pose=pose, reach=station.arm.reach * 1000.0
            ),
        )
    order = np.argsort(np.abs(branches - here).max(axis=1), kind="stable")
    return {"joints": branches[order].tolist()}, b""


# --- pictures and notes


@_serves(c.Capture)
def _capture(station: Controller, command: c.Capture) -> Reply:
    spec = next((camera for camera in station.scene.cameras if camera.name == command.camera), None)
    if spec is None:
        raise CommandError(
            "NotGiven", _missing(_("camera"), command.camera, [camera.name for camera in station.scene.cameras])
        )
    station.count("captures", _("pictures by cameras"))
    ticks = station.ticks(spec.exposure_s)
    middle = (ticks + 1) // 2
    station.run(middle)
    image, shown_at = station.cell.capture(spec.name), station.time
    depth = image.depth if spec.depth else None
    station.event("capture", {"camera": spec.name, "index": station.used["captures"] - 1, "line": station.line})
    station.record.hand_over()
    station.recorder.capture(station.step, spec.name, image.colour, depth)
    station.run(ticks - middle)
    height, width = image.colour.shape[:2]
    binary = image.colour.tobytes() + (b"" if depth is None else depth.astype("<f4", copy=False).tobytes())
    about = {"width": width, "height": height, "depth": depth is not None, "shown_at": shown_at}
    return {**about, "binary": len(binary)}, binary


@_serves(c.Note)
def _note(station: Controller, command: c.Note) -> None:
    station.count("notes", _("notes"))
    station.event("note", {"text": command.text, "line": station.line})


@_serves(c.Show)
def _show(station: Controller, command: c.Show) -> None:
    if not command.jpeg.startswith(b"\xff\xd8\xff"):
        raise ProtocolError("show carries something that is not a JPEG")
    station.count("pictures", _("pictures that the program shows"))
    station.event("show", {"title": command.title, "line": station.line})
    station.record.hand_over()
    station.recorder.picture(station.step, command.jpeg, command.title)


@_serves(c.Slept)
def _slept(station: Controller, command: c.Slept) -> None:
    text = _("time.sleep in line {line} passes no simulated time; cell.wait does").format(line=station.line)
    station.event("hint", {"text": text})


def _pose(values: list[float]) -> Pose:
    """The pose of seven numbers; a quaternion of zeros is what no client sends."""
    if max(map(abs, values[:3])) > FAR:
        x, y, z = values[:3]
        raise CommandError(
            "Unreachable",
            _("({x:g}, {y:g}, {z:g}) m is far outside the cell; positions are in metres, not in millimetres").format(
                x=x, y=y, z=z
            ),
        )
    try:
        return Pose.from_list(values)
    except ValueError as error:
        raise ProtocolError(f"not a pose: {error}") from error


def _missing(what: str, name: str, known: Iterable[str]) -> str:
    names = ", ".join(sorted(known))
    if not names:
        return _("there is no {what} {name!r} in this cell; it has none at all").format(what=what, name=name)
    return _("there is no {what} {name!r} in this cell; there is: {names}").format(what=what, name=name, names=names)
