"""Commands: the closed set of what a program may ask of a robot cell, decoded strictly.

A request is one JSON object whose "do" names the command. Unknown commands, unknown or missing
fields, wrong kinds and numbers out of range are what no client sends: they raise ProtocolError and
end the run. What a student may ask for in good faith but cannot have (a pose out of reach, a speed
too high, a name that does not exist) passes here and is answered by the controller in words.
"""

from __future__ import annotations

from typing import Annotated, Union, get_args

import msgspec
from msgspec import Meta, Struct

from sheber.client.wire import (
    LARGEST_NUMBER,
    LARGEST_REQUEST,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_TITLE,
    PROTOCOL,
)
from sheber.station import ProtocolError

__all__ = [
    "MOVES",
    "PURE",
    "Capture",
    "Command",
    "Connect",
    "Forward",
    "GripperClose",
    "GripperOpen",
    "Inverse",
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
    "SuctionOff",
    "SuctionOn",
    "Wait",
    "WaitFor",
    "WaitMotion",
    "decode",
]

Line = Annotated[int, Meta(ge=0, le=10_000_000)]
Number = Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Positive = Annotated[float, Meta(gt=0.0, le=LARGEST_NUMBER)]
NotNegative = Annotated[float, Meta(ge=0.0, le=LARGEST_NUMBER)]
Joints = Annotated[list[Number], Meta(min_length=1, max_length=16)]
Seven = Annotated[list[Number], Meta(min_length=7, max_length=7)]  # x, y, z [m], w, x, y, z
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


class _Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """What every command carries."""

    line: Line = 0  # of the student's program


class Connect(_Command, tag="connect", frozen=True, kw_only=True):
    """The first command, and only the first: what a program may know without asking."""

    protocol: Annotated[int, Meta(ge=PROTOCOL, le=PROTOCOL)]
    client: Name = ""


class _Move(_Command, frozen=True, kw_only=True):
    """What every move carries; None is the arm's default."""

    speed: Positive | None = None  # rad/s or m/s
    acceleration: Positive | None = None  # rad/s2 or m/s2
    blend: NotNegative = 0.0  # m
    wait: bool = True


class MoveJoints(_Move, tag="move_joints", frozen=True, kw_only=True):
    """MoveJ to joint angles."""

    q: Joints  # rad


class MoveTo(_Move, tag="move_to", frozen=True, kw_only=True):
    """MoveJ to a pose."""

    pose: Seven  # T_base_tcp
    configuration: Name | None = None


class MoveLinear(_Move, tag="move_linear", frozen=True, kw_only=True):
    """MoveL."""

    pose: Seven  # T_base_tcp


class MoveCircular(_Move, tag="move_circular", frozen=True, kw_only=True):
    """MoveC."""

    via: Seven  # T_base_tcp, of which the position counts
    to: Seven  # T_base_tcp


class WaitMotion(_Command, tag="wait_motion", frozen=True, kw_only=True):
    """Until the robot stands."""


class Stop(_Command, tag="stop", frozen=True, kw_only=True):
    """Brake on the path, forget what was queued."""


class Override(_Command, tag="override", frozen=True, kw_only=True):
    """Scale the speed of all moves."""

    factor: Annotated[float, Meta(gt=0.0, le=1.0)]


class State(_Command, tag="state", frozen=True, kw_only=True):
    """All sensors of one tick."""


class Wait(_Command, tag="wait", frozen=True, kw_only=True):
    """Let simulated time pass."""

    seconds: NotNegative


class WaitFor(_Command, tag="wait_for", frozen=True, kw_only=True):
    """Until a digital input has a value."""

    name: Name
    value: bool = True
    timeout: NotNegative = 10.0  # s


class Output(_Command, tag="output", frozen=True, kw_only=True):
    """Set a digital output."""

    name: Name
    value: bool


class GripperOpen(_Command, tag="gripper_open", frozen=True, kw_only=True):
    """Open to a width, fully for None."""

    width: Number | None = None  # m


class GripperClose(_Command, tag="gripper_close", frozen=True, kw_only=True):
    """Close with a force, the usual one for None."""

    force: Positive | None = None  # N


class SuctionOn(_Command, tag="suction_on", frozen=True, kw_only=True):
    """Vacuum on, until something is held."""

    timeout: Positive = 1.0  # s
    wait: bool = True


class SuctionOff(_Command, tag="suction_off", frozen=True, kw_only=True):
    """Vacuum off, until it is let go."""

    wait: bool = True


class Forward(_Command, tag="forward", frozen=True, kw_only=True):
    """Joint angles to a pose."""

    q: Joints  # rad


class Inverse(_Command, tag="inverse", frozen=True, kw_only=True):
    """A pose to joint angles, every branch."""

    pose: Seven  # T_base_tcp


class Capture(_Command, tag="capture", frozen=True, kw_only=True):
    """A picture."""

    camera: Name


class Note(_Command, tag="note", frozen=True, kw_only=True):
    """A mark in the trace."""

    text: Annotated[str, Meta(max_length=LONGEST_NOTE)]


class Show(_Command, tag="show", frozen=True, kw_only=True):
    """A picture that the program made."""

    jpeg: bytes  # base64 on the wire
    title: Annotated[str, Meta(max_length=LONGEST_TITLE)] = ""


class Slept(_Command, tag="slept", frozen=True, kw_only=True):
    """The program sleeps in wall time: worth a hint in the report."""

    seconds: NotNegative


MOVES = (MoveJoints, MoveTo, MoveLinear, MoveCircular)
PURE = (Forward, Inverse, Note, Show, Slept)
"""Commands that cost no simulated time, and leave an open corner open: they do not touch the cell."""

Command = Union[  # noqa: UP007  (one name for the whole closed set, also at run time)
    Connect,
    MoveJoints,
    MoveTo,
    MoveLinear,
    MoveCircular,
    WaitMotion,
    Stop,
    Override,
    State,
    Wait,
    WaitFor,
    Output,
    GripperOpen,
    GripperClose,
    SuctionOn,
    SuctionOff,
    Forward,
    Inverse,
    Capture,
    Note,
    Show,
    Slept,
]

_decoder = msgspec.json.Decoder(Command, strict=True)
_KNOWN = ", ".join(str(kind.__struct_config__.tag) for kind in get_args(Command))


def decode(request: bytes) -> Command:
    """The command of one request; raises ProtocolError that says what arrived and what is allowed."""
    if len(request) > LARGEST_REQUEST:
        raise ProtocolError(f"a request of {len(request)} bytes arrived; at most {LARGEST_REQUEST} are allowed")
    try:
        command: Command = _decoder.decode(request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = request[:80].decode("utf-8", "replace")
        raise ProtocolError(f"not a command: {error}; arrived: {shown!r}; known commands: {_KNOWN}") from error
    return command
