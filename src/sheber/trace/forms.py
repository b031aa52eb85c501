"""Forms: what the JSON of a stored trace may say: which kinds of values, of what size, and how many.

A trace may come from a stranger. What has another form is damage, found when the file is opened or the record is read,
and not somewhere in the middle of a report. Words that a form does not know are left alone: a later version of the
same format may have added them. All functions raise ValueError where a form does not fit.
"""

from __future__ import annotations

import struct
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sheber.geometry import Pose
from sheber.trace.records import Channel, EventKind, Header, OutcomeKind, Visual

__all__ = ["begin", "capture", "check_jpeg", "end", "event", "header", "picture", "two_texts"]

LARGEST_ROW = 1 << 16  # bytes of a sample
LARGEST_PICTURE = 1 << 26  # pixels of a camera's picture
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a JPEG behind which its size stands

_Name = Annotated[str, Meta(max_length=200)]
_Size = Annotated[int, Meta(ge=0, le=1 << 16)]
_Numbers = Annotated[tuple[float, ...], Meta(max_length=3)]
_Seven = tuple[float, float, float, float, float, float, float]


class _Channel(msgspec.Struct):
    name: _Name
    type: Annotated[str, Meta(pattern="^([fiu][1248]|b1)$")]
    shape: Annotated[tuple[Annotated[int, Meta(ge=1, le=LARGEST_ROW)], ...], Meta(max_length=4)] = ()
    unit: _Name = ""
    title: _Name = ""
    shown: _Name = ""
    labels: Annotated[tuple[_Name, ...], Meta(max_length=100)] = ()
    plot: _Name = "value"


class _EventKind(msgspec.Struct):
    title: _Name
    says: Annotated[str, Meta(max_length=1000)] = ""
    grave: bool = False
    action: bool = False
    quiet: bool = False
    unless: _Name = ""
    untold: bool = False


class _Visual(msgspec.Struct):
    body: _Name
    shape: _Name
    size: _Numbers
    pose: _Seven
    colour: tuple[float, float, float]
    mesh: Annotated[str, Meta(max_length=100_000)] = ""
    texture: _Name = ""


class Begin(msgspec.Struct):
    """What a station declares before its first sample."""

    channels: Annotated[list[_Channel], Meta(max_length=1000)]
    step_s: Annotated[float, Meta(gt=0.0, le=1.0)]
    bodies: Annotated[tuple[_Name, ...], Meta(max_length=4096)] = ()
    visuals: Annotated[list[_Visual], Meta(max_length=20_000)] = []
    facts: dict[str, Any] = {}
    taught: Annotated[dict[str, _Seven], Meta(max_length=1000)] = {}
    events: Annotated[dict[str, _EventKind], Meta(max_length=1000)] = {}
    notices: Annotated[tuple[str, ...], Meta(max_length=100)] = ()


class _Outcome(msgspec.Struct):
    kind: OutcomeKind
    text: Any
    line: Annotated[int, Meta(ge=0, le=1 << 32)] = 0
    connected: bool = True


class End(msgspec.Struct):
    """How a run ended."""

    outcome: _Outcome
    crc32: int
    usage: dict[str, Any] = {}


class Captured(msgspec.Struct):
    """What is said of a camera's picture."""

    camera: _Name
    width: _Size
    height: _Size
    colour_sha256: _Name
    depth_sha256: _Name


class _Titled(msgspec.Struct):
    title: str


header = msgspec.json.Decoder(Header).decode
end = msgspec.json.Decoder(End).decode
event = msgspec.json.Decoder(tuple[str, dict[str, Any]]).decode
two_texts = msgspec.json.Decoder(tuple[str, str]).decode
_begin = msgspec.json.Decoder(Begin).decode
_captured = msgspec.json.Decoder(Captured).decode
_titled = msgspec.json.Decoder(_Titled).decode


def begin(raw: bytes) -> tuple[Begin, tuple[Channel, ...], dict[str, EventKind], tuple[Visual, ...]]:
    """What a station declares, and of that its channels, kinds of events and visuals."""
    told = _begin(raw)
    channels = tuple(Channel(**msgspec.structs.asdict(one)) for one in told.channels)
    if sum(_bytes(one) for one in channels) > LARGEST_ROW:
        raise ValueError(f"a sample has more than {LARGEST_ROW} bytes")
    if len({"step", *(one.name for one in channels)}) <= len(channels):
        raise ValueError("two channels have the same name, or one is called 'step'")
    kinds = {name: EventKind(**msgspec.structs.asdict(kind)) for name, kind in told.events.items()}
    visuals = tuple(
        Visual(v.body, v.shape, v.size, Pose.from_list(v.pose), v.colour, v.mesh, v.texture) for v in told.visuals
    )
    return told, channels, kinds, visuals


def _bytes(channel: Channel) -> int:
    """Bytes of a channel in a sample."""
    size = int(channel.type[1])
    for count in channel.shape:
        size *= count
    return size


def capture(raw: bytes, jpeg: bytes) -> Captured:
    """What is said of a camera's picture; the picture itself is a JPEG of that size, or there is none."""
    about = _captured(raw)
    if jpeg and check_jpeg(jpeg) != (about.width, about.height):
        raise ValueError("a picture has not the size that was declared")
    if about.width * about.height > LARGEST_PICTURE:
        raise ValueError(f"a picture has more than {LARGEST_PICTURE} pixels")
    return about


def picture(raw: bytes, jpeg: bytes) -> str:
    """The title of a picture that a program showed. What follows the beginning of the JPEG is the program's."""
    if not jpeg.startswith(_JPEG):
        raise ValueError("a picture is no JPEG")
    return _titled(raw).title


def check_jpeg(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a JPEG [px], as its own first words say, before anything is decoded."""
    if not jpeg.startswith(_JPEG):
        raise ValueError("a picture is no JPEG")
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], struct.unpack_from(">H", jpeg, at + 2)[0]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            return width, height
        at += 2 + length
    raise ValueError("a picture is a JPEG without a size")
