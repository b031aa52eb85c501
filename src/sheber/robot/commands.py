"""Commands: the closed set of what a program may ask of a robot cell; `sheber.desk` decodes them.

Here are the commands of every cell; those of a device are in its file in `devices/`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sheber.desk import REMARKS, Command, Connect, Decoder, Name, NotNegative, Number, Positive
from sheber.robot.devices import DEVICES
from sheber.robot.fields import Joints, Seven

__all__ = [
    "COMMANDS",
    "MOVES",
    "PURE",
    "Forward",
    "Inverse",
    "Move",
    "MoveCircular",
    "MoveJoints",
    "MoveLinear",
    "MoveTo",
    "Output",
    "Override",
    "State",
    "Stop",
    "Wait",
    "WaitFor",
    "WaitMotion",
    "decoder",
]


class Move(Command, frozen=True, kw_only=True):
    """What every move carries; None is the arm's default."""

    speed: Positive | None = None  # rad/s or m/s
    acceleration: Positive | None = None  # rad/s2 or m/s2
    blend: NotNegative = 0.0  # m
    wait: bool = True


class MoveJoints(Move, tag="move_joints", frozen=True, kw_only=True):
    """MoveJ to joint angles."""

    q: Joints  # rad


class MoveTo(Move, tag="move_to", frozen=True, kw_only=True):
    """MoveJ to a pose."""

    pose: Seven  # T_base_tcp
    configuration: Name | None = None


class MoveLinear(Move, tag="move_linear", frozen=True, kw_only=True):
    """MoveL."""

    pose: Seven  # T_base_tcp


class MoveCircular(Move, tag="move_circular", frozen=True, kw_only=True):
    """MoveC."""

    via: Seven  # T_base_tcp, of which the position counts
    to: Seven  # T_base_tcp


class WaitMotion(Command, tag="wait_motion", frozen=True, kw_only=True):
    """Until the robot stands."""


class Stop(Command, tag="stop", frozen=True, kw_only=True):
    """Brake on the path, forget what was queued."""


class Override(Command, tag="override", frozen=True, kw_only=True):
    """Scale the speed of all moves."""

    factor: Annotated[float, Meta(gt=0.0, le=1.0)]


class State(Command, tag="state", frozen=True, kw_only=True):
    """All sensors of one tick."""


class Wait(Command, tag="wait", frozen=True, kw_only=True):
    """Let simulated time pass."""

    seconds: NotNegative


class WaitFor(Command, tag="wait_for", frozen=True, kw_only=True):
    """Until a digital input has a value."""

    name: Name
    value: bool = True
    timeout: NotNegative = 10.0  # s


class Output(Command, tag="output", frozen=True, kw_only=True):
    """Set an output: a digital one to a truth value, an analog one to a number."""

    name: Name
    value: bool | Number


class Forward(Command, tag="forward", frozen=True, kw_only=True):
    """Joint angles to a pose."""

    q: Joints  # rad


class Inverse(Command, tag="inverse", frozen=True, kw_only=True):
    """A pose to joint angles, every branch."""

    pose: Seven  # T_base_tcp


MOVES = (MoveJoints, MoveTo, MoveLinear, MoveCircular)
PURE: tuple[type[Command], ...] = (Forward, Inverse, *REMARKS)
"""Commands that cost no simulated time, and leave an open corner open: they do not touch the cell."""

COMMANDS: tuple[type[Command], ...] = (
    Connect,
    *MOVES,
    WaitMotion,
    Stop,
    Override,
    State,
    Wait,
    WaitFor,
    Output,
    *PURE,
    *(command for device in DEVICES for command in device.commands),
)
"""The closed set."""


decoder = Decoder(COMMANDS)
