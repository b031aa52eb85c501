"""Commands: the closed set of what a program may ask of a robot cell, decoded strictly.

A request is one JSON object whose "do" names the command. Unknown commands, unknown or missing
fields, wrong kinds and numbers out of range are what no client sends: they raise ProtocolError and
end the run. What a student may ask for in good faith but cannot have (a pose out of reach, a speed
too high, a name that does not exist) passes here and is answered by the controller in words.

Here are the commands of every cell; those of a device are in its file in `devices/`.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sheber.client.wire import LARGEST_REQUEST, LONGEST_NOTE, LONGEST_TITLE, PROTOCOL
from sheber.i18n import message
from sheber.robot.devices import DEVICES
from sheber.robot.fields import Command, Joints, Name, NotNegative, Number, Positive, Seven
from sheber.station import ProtocolError

__all__ = [
    "COMMANDS",
    "MOVES",
    "PURE",
    "Connect",
    "Forward",
    "Inverse",
    "Move",
    "MoveCircular",
    "MoveJoints",
    "MoveLinear",
    "MoveTo",
    "Note",
    "Output",
    "Override",
    "Show",
    "Slept",
    "State",
    "Stop",
    "Wait",
    "WaitFor",
    "WaitMotion",
    "decode",
    "name_of",
]

TOO_LONG = message(
    "robot.request_too_long", "A request may have up to {most:d} bytes. The program sent {arrived:d} bytes."
)
NO_COMMAND = message(
    "robot.not_a_command",
    "The program sent something that is not a command: {why}. It sent {arrived!r}. The commands are: {known}.",
)


class Connect(Command, tag="connect", frozen=True, kw_only=True):
    """The first command, and only the first: what a program may know without asking."""

    protocol: Annotated[int, Meta(ge=PROTOCOL, le=PROTOCOL)]
    client: Name = ""


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


class Note(Command, tag="note", frozen=True, kw_only=True):
    """A mark in the trace."""

    text: Annotated[str, Meta(max_length=LONGEST_NOTE)]


class Show(Command, tag="show", frozen=True, kw_only=True):
    """A picture that the program made."""

    jpeg: bytes  # base64 on the wire
    title: Annotated[str, Meta(max_length=LONGEST_TITLE)] = ""


class Slept(Command, tag="slept", frozen=True, kw_only=True):
    """The program sleeps in wall time: worth a hint in the report."""

    seconds: NotNegative


MOVES = (MoveJoints, MoveTo, MoveLinear, MoveCircular)
PURE = (Forward, Inverse, Note, Show, Slept)
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


def name_of(command: type[Command] | Command) -> str:
    """What a command is called in a request: "move_linear"."""
    return str(command.__struct_config__.tag)


_any_of_them: Any = reduce(or_, COMMANDS)
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(_any_of_them, strict=True)
_KNOWN = tuple(name_of(kind) for kind in COMMANDS)


def decode(request: bytes) -> Command:
    """The command of one request; raises ProtocolError that says what arrived and what is allowed."""
    if len(request) > LARGEST_REQUEST:
        raise ProtocolError(TOO_LONG(arrived=len(request), most=LARGEST_REQUEST))
    try:
        return _decoder.decode(request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = request[:80].decode("utf-8", "replace")
        raise ProtocolError(NO_COMMAND(why=str(error), arrived=shown, known=_KNOWN)) from error
