"""Positioner: external axes that tilt and turn a plate. The program moves them by their angles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sheber.desk import Command, CommandError, Positive, Reply
from sheber.i18n import N_, message
from sheber.robot.fields import Joints
from sheber.robot.port import Device
from sheber.robot.serving import Served, serves
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.robot.cell.positioner import TiltingTable
    from sheber.robot.cell.scene import Positioner

__all__ = [
    "POSITIONER",
    "PositionerMove",
    "PositionerPort",
    "PositionerState",
    "PositionerStop",
    "PositionerWait",
    "positioner_channels",
]

BLOCKED_BY = 0.02  # rad that an axis is behind its target at rest: something holds it
MOST_S = 600.0  # s
SLOWEST, GENTLEST = 0.001, 0.01  # rad/s, rad/s2: motions that take hours are no motions

NONE_HERE = message("positioner.none", "This cell has no positioner.")
JOINT_COUNT = message(
    "positioner.joint_count", "{asked:d} angles were given. The positioner has these axes, in this order: {names}."
)
OUT_OF_RANGE = message(
    "positioner.out_of_range",
    "{asked:g} rad was asked for the axis {axis} of the positioner. Its range is from {lower:.2f} to {upper:.2f} rad. "
    "Angles are in radians, not in degrees.",
)
TOO_FAST = message(
    "positioner.too_fast",
    "A speed of {asked:g} rad/s was asked for. The limit of the positioner is {limit:.3g} rad/s. "
    "Angles are in radians, not in degrees.",
)
TOO_HARD = message(
    "positioner.too_hard",
    "An acceleration of {asked:g} rad/s^2 was asked for. The limit of the positioner is {limit:.3g} rad/s^2. "
    "Angles are in radians, not in degrees.",
)
TOO_SLOW = message(
    "positioner.too_slow",
    "A speed of {speed:g} rad/s and an acceleration of {acceleration:g} rad/s^2 were asked for. The least that the "
    "positioner can do are {least:g} rad/s and {gentlest:g} rad/s^2.",
)
BLOCKED = message(
    "positioner.blocked",
    "The axis {axis} of the positioner is {error:.1f} deg behind its target: something holds it.",
)


class PositionerMove(Command, tag="positioner_move", frozen=True, kw_only=True):
    """Move all axes together to angles."""

    q: Joints  # rad
    speed: Positive | None = None  # rad/s
    acceleration: Positive | None = None  # rad/s2
    wait: bool = True


class PositionerStop(Command, tag="positioner_stop", frozen=True, kw_only=True):
    """Let it come to rest."""


class PositionerWait(Command, tag="positioner_wait", frozen=True, kw_only=True):
    """Until it stands."""


class PositionerState(Command, tag="positioner_state", frozen=True, kw_only=True):
    """Its encoders."""


class PositionerPort:
    """The positioner."""

    kind = "positioner"
    holding = ""

    def __init__(self, table: TiltingTable) -> None:
        self._table = table

    def given(self) -> dict[str, Any]:
        """Names, ranges [rad] and limits of its axes; T_base_plate at 0, and where the tilting axis is [m]; frames."""
        spec, axes = self._table.positioner, self._table.positioner.axes
        return {
            "axes": [name for name, _axis in axes],
            "joints": [[axis.lower, axis.upper] for _name, axis in axes],
            "joint_speed": [axis.speed for _name, axis in axes],
            "joint_acceleration": [axis.acceleration for _name, axis in axes],
            "zero": (spec.nominal or spec.pose).to_list(),
            "below": spec.below,
            "frames": {name: pose.to_list() for name, pose in spec.frames},
        }

    def read(self) -> dict[str, Any]:
        """Angles [rad], and whether it moves."""
        return {"joints": self._table.joints.tolist(), "moving": self._table.drive.moving}

    def row(self) -> tuple[float, ...]:
        """Angles [rad]."""
        return tuple(self._table.joints.tolist())


def positioner_channels(positioner: Positioner) -> tuple[Channel, ...]:
    """What a sample records of it: an angle for each axis."""
    return tuple(
        Channel(f"positioner_{name}", "f4", (), "rad", N_("Positioner"), "deg", (_AXES[name],))
        for name, _axis in positioner.axes
    )


_AXES = {"tilt": N_("tilt"), "turn": N_("turn")}


def _there(station: Served) -> TiltingTable:
    """The positioner of this cell; raises CommandError where it has none."""
    table = station.cell.positioner
    if table is None:
        raise CommandError("NotGiven", NONE_HERE())
    return table


@serves(PositionerMove)
def _move(station: Served, command: PositionerMove) -> None:
    table = _there(station)
    _check(table, command)
    table.move(command.q, command.speed, command.acceleration)
    told = [round(math.degrees(angle), 2) for angle in command.q]
    station.event("positioner_move", {"degrees": told, "line": station.line})
    station.tick()
    if command.wait:
        _stand(station, table)


@serves(PositionerWait)
def _wait(station: Served, command: PositionerWait) -> None:
    station.tick()
    _stand(station, _there(station))


@serves(PositionerStop)
def _stop(station: Served, command: PositionerStop) -> None:
    table = _there(station)
    table.stop()
    station.tick()
    _stand(station, table)


@serves(PositionerState)
def _state(station: Served, command: PositionerState) -> Reply:
    table = _there(station)
    station.tick()
    return Reply(PositionerPort(table).read())


def _check(table: TiltingTable, command: PositionerMove) -> None:
    """Raise CommandError for angles, a speed or an acceleration that it does not have."""
    axes = table.positioner.axes
    if len(command.q) != len(axes):
        raise CommandError("RobotError", JOINT_COUNT(asked=len(command.q), names=[name for name, _axis in axes]))
    for (name, axis), asked in zip(axes, command.q, strict=True):
        if not axis.lower <= asked <= axis.upper:
            values = {"axis": name, "asked": asked, "lower": axis.lower, "upper": axis.upper}
            raise CommandError("JointLimit", OUT_OF_RANGE(**values))
    speed, acceleration = (max(getattr(axis, what) for _name, axis in axes) for what in ("speed", "acceleration"))
    if command.speed is not None and command.speed > speed:
        raise CommandError("SpeedLimit", TOO_FAST(asked=command.speed, limit=speed))
    if command.acceleration is not None and command.acceleration > acceleration:
        raise CommandError("SpeedLimit", TOO_HARD(asked=command.acceleration, limit=acceleration))
    slow, gentle = command.speed or speed, command.acceleration or acceleration
    if slow < SLOWEST or gentle < GENTLEST:
        least = {"least": SLOWEST, "gentlest": GENTLEST}
        raise CommandError("SpeedLimit", TOO_SLOW(speed=slow, acceleration=gentle, **least))


def _stand(station: Served, table: TiltingTable) -> None:
    """Let time pass until it stands; raises CommandError where something holds it away from its target."""
    while table.drive.moving:
        station.run(station.ticks(min(table.drive.remaining, MOST_S)))
    behind = np.abs(table.drive.target - table.joints)
    if behind.max() > BLOCKED_BY:
        axis = int(behind.argmax())
        name, error = table.positioner.axes[axis][0], round(math.degrees(behind[axis]), 2)
        raise CommandError("RobotError", BLOCKED(axis=name, error=error))


POSITIONER = Device(
    "positioner",
    (PositionerMove, PositionerWait, PositionerStop, PositionerState),
    events={
        "positioner_move": EventKind(N_("positioner moves"), "{degrees}"),
        "positioner_done": EventKind(N_("positioner stands"), action=True, quiet=True),
    },
)
