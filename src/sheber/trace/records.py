"""Records: what a trace is made of, and its sixteen first bytes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from sheber.geometry import Pose
from sheber.i18n import Text

FORMAT = 2  # raised when an older reader would misread a newer file
MAGIC = b"sheber-trace %02d\n"  # sixteen bytes once the number is in
HEAD = struct.Struct("<IB")  # length of the payload, kind
STEP = struct.Struct("<I")  # every payload but those of header, begin and printed starts with the step

HEADER, BEGIN, SAMPLE, BODIES, SENTENCE, EVENT, CAPTURE, PICTURE, PRINTED, END = b"HBSPWEFVOZ"
KINDS = frozenset(b"HBSPWEFVOZ")
NOTHING = Text("")


class Channel(NamedTuple):
    """One recorded quantity, and how a reader is shown it. Only the first four are hashed."""

    name: str
    type: str  # numpy's: f8, f4, u4, ...
    shape: tuple[int, ...] = ()  # () for one number
    unit: str = ""  # of the recorded numbers; "m, wxyz" where components differ
    title: str = ""  # marked with N_; the name where it is left out
    shown: str = ""  # unit in plots, where it is another one: deg for rad
    labels: tuple[str, ...] = ()  # of the first components, those that are plotted (marked with N_); (): numbered
    plot: str = "value"  # value; length: the components and how long they are together; speed: of a place; none


class EventKind(NamedTuple):
    """What a kind of event is called, and whether a reader looks for it."""

    title: str  # marked with N_: "contact"
    says: str = ""  # marked with N_, with the names of the event's values: "{a}, {b}, {force_N:.0f} N"
    grave: bool = False  # something went wrong
    action: bool = False  # the equipment did something for the program: the cycle lasts until the last of these
    quiet: bool = False  # nothing that a reader would look for
    unless: str = ""  # name of a value; where it is true the event is quiet and not grave: a contact that was meant
    untold: bool = False  # the equipment failed, and no program was told: a report names it beside the losses


class TraceError(Exception):
    """A trace could not be written or read; says what was asked, what was wrong, what there is."""


class TraceReadError(TraceError):
    """Not a trace, a trace of another version, or one that breaks its own rules."""


class TraceWriteError(TraceError):
    """The system refused to take more (disk full, folder not writable); what was written stays readable."""


class OutcomeKind(StrEnum):
    """How a run ended: a closed set."""

    FINISHED = "finished"  # the program came to its end
    EMERGENCY_STOP = "emergency stop"  # a collision, a force or a limit stopped the equipment
    PROGRAM_ERROR = "program error"  # the program ended with an error, or never connected
    TIME_LIMIT = "time limit"  # simulated time was used up
    RESOURCE_LIMIT = "resource limit"  # processor, wall time, memory, output, commands
    PROTOCOL_ERROR = "protocol error"  # bytes that no client sends
    SYSTEM_FAULT = "system fault"  # a fault of ours; never a zero: the run is repeated


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and why."""

    kind: OutcomeKind
    text: Text = NOTHING  # one calm sentence, as id and values; nothing for finished
    line: int = 0  # line of the student's program, 0 where none is known
    connected: bool = True  # False: the program never connected

    def __post_init__(self) -> None:
        """Refuse words: they would tie a stored run to one language."""
        if not isinstance(self.text, Text):
            raise TypeError(f"the text of an outcome is a sheber.i18n.Text, not {self.text!r}")

    @property
    def reason(self) -> str:
        """Why it ended so, in the language in force; "" for finished."""
        return str(self.text)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    step: int  # physics steps since the start
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values, and texts


@dataclass(frozen=True, slots=True)
class Visual:
    """One drawn shape, fixed to a body. Axes: the shape's own; z is the axis of round ones."""

    body: str  # the body that carries it; "" is what never moves (the base frame)
    shape: str  # box, cylinder, sphere, capsule, plane, mesh
    # m. box: full x, y, z; cylinder, capsule: radius, length (a capsule's without its round ends); sphere: radius;
    # plane: x, y; mesh: ()
    size: tuple[float, ...]
    pose: Pose = field(default_factory=Pose)  # T_body_shape
    colour: tuple[float, float, float] = (0.7, 0.7, 0.7)  # sRGB, 0..1
    mesh: str = ""  # name for `Exercise.mesh`
    texture: str = ""  # name for `Exercise.texture`; box: on each face, plane: once, mesh: by x, y


@dataclass(frozen=True, slots=True)
class Header:
    """What the judge knows before the run begins. Nothing in it counts for the hash."""

    exercise: str
    exercise_version: str = ""
    exercise_sha256: str = ""  # of what scene and score come from (exercise.toml, exercise.py)
    program: str = ""  # name of the program's file, without its folder
    program_sha256: str = ""
    source: str = field(repr=False, default="")  # text of the program, for the report; "" where it is not kept
    scene: str = ""  # "practice 3", "rehearsal 2": what people call this scene
    station: str = ""  # kind of the exercise's station: "robot-cell"
    seed: int | None = None  # None where it is not shown (a graded scene)
    sandbox: str = ""  # level: A, B or C
    language: str = "en"
    processor: str = ""  # class of processor; equal bits are promised within one class
    versions: Mapping[str, str] = field(default_factory=dict)  # sheber, python, mujoco, numpy, ...
    limits: Mapping[str, float] = field(default_factory=dict)  # what the run might use
    started: str = ""  # wall time, ISO 8601


@dataclass(frozen=True, slots=True)
class Capture:
    """One picture of a camera of the station, as the program was given it."""

    step: int
    camera: str
    width: int  # px
    height: int  # px
    colour_sha256: str  # of the raw bytes (h, w, 3) BGR; "" where there was no colour
    depth_sha256: str  # of the raw bytes (h, w) float32; "" where there was no depth
    jpeg: bytes = field(repr=False, default=b"")  # the colour picture for people; b"" where there was none


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that the program showed."""

    step: int
    title: str
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Printed:
    """A piece of what the program printed, as it came; not necessarily a whole line."""

    stream: str  # stdout, stderr
    text: str


def sample_dtype(channels: Sequence[Channel]) -> np.dtype[np.void]:
    """The packed little-endian type of one sample row, fields in the order of the channels."""
    return np.dtype([(one.name, np.dtype(one.type).newbyteorder("<"), one.shape) for one in channels])
