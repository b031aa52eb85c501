"""Trace: the record of one run, written as it happens, whole up to its last record. No physics.

Theory of operation. A trace is one file: sixteen bytes that name the format and its number, then records of
a little-endian u32 length, one kind byte and that many bytes of payload (docs/trace-format.md has the table).
Nothing is ever gone back to, so a file that was cut short, by a killed process or a full disk, is a trace up
to its last whole record. A sample is one packed row of a numpy structured type that the station declares at
the start; the writer keeps records in memory and hands them to the system with every event and at the latest
every `FLUSH_BYTES`, because a system call for each sample would cost more than the sample. What the system has
been handed survives the death of the process; there is no fsync, since a machine that loses power loses
the run anyway, and the run is repeated.

The hash covers what the equipment did (samples, poses of bodies, events, hashes of frames, the kind of
outcome) and not what surrounds it (printed text, paths, versions, wall time). It is computed on reading.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.geometry import Pose

__all__ = [
    "FORMAT",
    "Channel",
    "Event",
    "Frame",
    "Header",
    "Outcome",
    "OutcomeKind",
    "Picture",
    "Printed",
    "Trace",
    "TraceError",
    "TraceReadError",
    "TraceWriteError",
    "TraceWriter",
    "Visual",
    "read",
    "sample_dtype",
]

FORMAT = 1  # raised when an older reader would misread a newer file
MAGIC = b"sheber-trace %02d\n"  # sixteen bytes once the number is in
FLUSH_BYTES = 16 << 10  # at 300 bytes a sample: about one second of simulated time
JPEG_QUALITY = 88

_HEAD = struct.Struct("<IB")  # length of the payload, kind
_STEP = struct.Struct("<I")  # every record but header, begin, printed and end starts with the step
_SAMPLE_HEAD = struct.Struct("<IBI")  # _HEAD and _STEP in one go

_HEADER, _BEGIN, _SAMPLE, _BODIES, _EVENT, _FRAME, _PICTURE, _PRINTED, _END = b"HBSPEFVOZ"
_KINDS = frozenset(b"HBSPEFVOZ")

Channel = tuple[str, str, tuple[int, ...], str]  # name, numpy type ("f8"), shape (() for one number), unit


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
    """How a run ended, and why, in words."""

    kind: OutcomeKind
    reason: str = ""  # one calm sentence; empty for finished
    line: int = 0  # line of the student's program, 0 where none is known
    connected: bool = True  # False: the program never connected


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    step: int  # physics steps since the start
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values


@dataclass(frozen=True, slots=True)
class Visual:
    """One drawn shape, fixed to a body. Axes: the shape's own; z is the axis of round ones."""

    body: str  # the body that carries it; "" is what never moves (the base frame)
    shape: str  # box, cylinder, sphere, capsule, plane, mesh
    size: tuple[float, ...]  # m. box: full x, y, z; cylinder, capsule: radius, length; sphere: radius; plane: x, y; mesh: ()
    pose: Pose = field(default_factory=Pose)  # T_body_shape
    colour: tuple[float, float, float] = (0.7, 0.7, 0.7)  # sRGB, 0..1
    mesh: str = ""  # name for `Exercise.mesh`
    texture: str = ""  # name for `Exercise.texture`; box: on each face, plane: once, mesh: by x, y


@dataclass(frozen=True, slots=True)
class Header:
    """What the judge knows before the run begins. Nothing in it counts for the hash."""

    exercise: str
    exercise_version: str = ""
    exercise_sha256: str = ""  # of the exercise's folder
    program: str = ""  # name of the program's file, without its folder
    program_sha256: str = ""
    scene: str = ""  # "practice 3", "rehearsal 2": what people call this scene
    seed: int | None = None  # None where it is not shown (a graded scene)
    sandbox: str = ""  # level: A, B or C
    language: str = "en"
    processor: str = ""  # class of processor; equal bits are promised within one class
    versions: Mapping[str, str] = field(default_factory=dict)  # sheber, python, mujoco, numpy, ...
    limits: Mapping[str, float] = field(default_factory=dict)  # what the run might use
    started: str = ""  # wall time, ISO 8601


@dataclass(frozen=True, slots=True)
class Frame:
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
    return np.dtype([(name, np.dtype(kind).newbyteorder("<"), shape) for name, kind, shape, _ in channels])


# --- writing --------------------------------------------------------------------------------------------


def _plain(value: object) -> object:
    """Numbers of numpy, arrays and poses as JSON values."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Pose):
        return value.to_list()
    raise TypeError(f"a trace holds plain JSON values, not {type(value).__name__}: {value!r}")


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain).encode


def _json(value: object) -> bytes:
    return _encode(value).encode("utf-8", "replace")  # a lone surrogate from a student must not stop the judge


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


class TraceWriter:
    """Writes one trace. A context manager: leaving it hands over what is left and closes the file.

    Every method raises TraceWriteError where the system takes no more, at once and from then on;
    `close` never raises. Steps are whole physics steps since the start and never decrease.
    """

    def __init__(self, path: Path | str, header: Header) -> None:
        """Create (or replace) the file and write the header."""
        self.path = Path(path)
        self._buffer = bytearray()
        self._error: TraceWriteError | None = None
        try:
            self._file: BinaryIO | None = open(self.path, "wb", buffering=0)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise TraceWriteError(f"cannot write the trace {self.path}: {_reason(error)}") from error
        self._row_bytes = 0
        self._sample_bytes = 0
        self._buffer += MAGIC % FORMAT
        self._record(_HEADER, _json(asdict(header)))
        self.flush()

    def begin(
        self,
        channels: Sequence[Channel],
        bodies: Sequence[str],
        visuals: Sequence[Visual] = (),
        facts: Mapping[str, Any] | None = None,
        *,
        step_s: float = 0.002,
    ) -> np.dtype[np.void]:
        """Declare what the station records; once, before the first sample. Returns the type of a sample's row.

        channels: name, numpy type, shape, unit of each, in the order of the row. bodies: names in the order
        of the indices that `bodies` takes. visuals: what to draw. facts: truth for the checks, plain JSON.
        step_s: seconds a step.
        """
        row = sample_dtype(channels)
        self._row_bytes = row.itemsize
        self._sample_bytes = _STEP.size + row.itemsize
        declared = {
            "channels": [[name, kind, list(shape), unit] for name, kind, shape, unit in channels],
            "bodies": list(bodies),
            "visuals": [{**{f.name: getattr(v, f.name) for f in fields(v)}, "pose": v.pose} for v in visuals],
            "facts": dict(facts or {}),
            "step_s": step_s,
        }
        self._record(_BEGIN, _json(declared))
        self.flush()
        return row

    def sample(self, step: int, row: bytes | np.void | NDArray[np.void]) -> None:
        """One row of the declared type (or its bytes) at `step`. About a microsecond."""
        raw = row if isinstance(row, bytes) else row.tobytes()
        if len(raw) != self._row_bytes:
            raise ValueError(f"a sample of this station has {self._row_bytes} bytes, got {len(raw)}")
        buffer = self._buffer
        buffer += _SAMPLE_HEAD.pack(self._sample_bytes, _SAMPLE, step)
        buffer += raw
        if len(buffer) > FLUSH_BYTES:
            self.flush()

    def bodies(self, step: int, indices: NDArray[np.uint16], poses: NDArray[np.float32]) -> None:
        """New poses (k, 7) float32 (m, wxyz; in the base frame) of the bodies `indices` (k,) uint16 at `step`.

        Only those that changed since they were last written; the first call has all of them.
        """
        if len(indices) == 0:
            return
        rows = np.ascontiguousarray(poses, dtype="<f4")
        if rows.shape != (len(indices), 7):
            raise ValueError(f"{len(indices)} bodies need poses ({len(indices)}, 7), got {rows.shape}")
        names = np.ascontiguousarray(indices, dtype="<u2").tobytes()
        buffer = self._buffer
        buffer += _SAMPLE_HEAD.pack(_STEP.size + len(names) + rows.nbytes, _BODIES, step)
        buffer += names
        buffer += rows.tobytes()

    def event(self, step: int, kind: str, data: Mapping[str, Any] | None = None) -> None:
        """One thing that happened at `step`: plain JSON values. Handed to the system at once."""
        self._record(_EVENT, _STEP.pack(step), _json([kind, dict(data or {})]))
        self.flush()

    def frame(
        self, step: int, camera: str, colour: NDArray[np.uint8] | None, depth: NDArray[np.float32] | None = None
    ) -> None:
        """A camera's picture of `step`: colour (h, w, 3) BGR, depth (h, w) m. Keeps hashes and a JPEG of the colour."""
        shape = next((image.shape for image in (colour, depth) if image is not None), (0, 0))
        about = {
            "camera": camera,
            "width": shape[1],
            "height": shape[0],
            "colour_sha256": _sha256(colour),
            "depth_sha256": _sha256(depth),
        }
        self._attached(_FRAME, step, about, b"" if colour is None else _jpeg(colour))

    def picture(self, step: int, jpeg: bytes, title: str = "") -> None:
        """A picture that the program showed at `step`, already a JPEG."""
        self._attached(_PICTURE, step, {"title": title}, jpeg)

    def printed(self, stream: str, text: str) -> None:
        """A piece of what the program printed to `stream` (stdout, stderr)."""
        self._record(_PRINTED, _json([stream, text]))

    def end(self, step: int, outcome: Outcome, usage: Mapping[str, Any] | None = None) -> None:
        """How the run ended, and what it used (plain JSON; not part of the hash). The last record."""
        self._record(_END, _STEP.pack(step), _json({"outcome": asdict(outcome), "usage": dict(usage or {})}))
        self.flush()

    def flush(self) -> None:
        """Hand what is kept to the system, so that it outlives this process."""
        if self._error is not None:
            raise self._error
        if self._file is None:
            raise ValueError(f"the trace {self.path} is closed")
        buffer = self._buffer
        try:
            while buffer:
                del buffer[: self._file.write(buffer) or 0]
        except OSError as error:
            self._error = TraceWriteError(
                f"cannot go on writing the trace {self.path}: {_reason(error)}; what was written stays readable"
            )
            raise self._error from error

    def close(self) -> None:
        """Hand over what is kept, as far as the system takes it, and close; may be called again."""
        if self._file is None:
            return
        try:
            self.flush()
        except TraceWriteError:
            pass  # was raised where it happened, or nothing of the run is lost: the reader says where it stops
        finally:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, kind: int, *parts: bytes) -> None:
        if self._error is not None:
            raise self._error
        self._buffer += _HEAD.pack(sum(map(len, parts)), kind)
        for part in parts:
            self._buffer += part
        if len(self._buffer) > FLUSH_BYTES:
            self.flush()

    def _attached(self, kind: int, step: int, about: Mapping[str, Any], jpeg: bytes) -> None:
        """A record of words with a picture behind them."""
        words = _json(about)
        self._record(kind, _STEP.pack(step), _STEP.pack(len(words)), words, jpeg)


def _sha256(image: NDArray[Any] | None) -> str:
    return "" if image is None else hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()


def _jpeg(colour: NDArray[np.uint8]) -> bytes:
    import cv2  # a program without cameras never pays for it

    done, encoded = cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"no JPEG can be made of a picture of shape {colour.shape}")
    return bytes(encoded)


# --- reading --------------------------------------------------------------------------------------------


def read(path: Path | str) -> Trace:
    """The trace in a file. Raises TraceReadError where it is not one, or one of another version."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise TraceReadError(f"cannot read the trace {path}: {_reason(error)}") from error
    try:
        return Trace(raw)
    except TraceReadError as error:
        raise TraceReadError(f"{path}: {error}") from error


class Trace:
    """The record of one run, opened: arrays, events, pictures. Read-only.

    >>> trace = read("run.trace")
    >>> trace.time                  # (n,) s
    >>> trace["tcp"], trace.body("box_3"), trace.events_of("grip")
    """

    def __init__(self, raw: bytes) -> None:
        """Take the bytes of a file; raises TraceReadError. A file cut short is read up to its last whole record."""
        self._raw = raw
        self._spans: dict[int, list[tuple[int, int]]] = {kind: [] for kind in _KINDS}
        self._order: list[tuple[int, int, int]] = []  # kind, start and end of each payload, as they stand
        _check_magic(raw)
        for kind, start, end in _records(raw):
            self._spans[kind].append((start, end))
            self._order.append((kind, start, end))
        self.whole = bool(self._spans[_END])  # False: the file was cut short before the run's end
        if not self._spans[_HEADER]:
            raise TraceReadError("the trace breaks off before its header was written; nothing of the run is in it")
        self.header: Header = _header(self._words(*self._spans[_HEADER][0]))
        begin = self._words(*self._spans[_BEGIN][0]) if self._spans[_BEGIN] else {}
        self.channels: tuple[Channel, ...] = tuple((n, k, tuple(s), u) for n, k, s, u in begin.get("channels", ()))
        self.bodies: tuple[str, ...] = tuple(begin.get("bodies", ()))
        self.visuals: tuple[Visual, ...] = tuple(_visual(one) for one in begin.get("visuals", ()))
        self.facts: Mapping[str, Any] = begin.get("facts", {})
        self.step_s: float = begin.get("step_s", 0.002)
        self._row = sample_dtype(self.channels)

    # --- samples and bodies

    @cached_property
    def samples(self) -> NDArray[np.void]:
        """All samples (n,): a structured array with `step` and one field a channel."""
        row = np.dtype([("step", "<u4"), *((name, self._row[name]) for name in self._row.names or ())])
        spans = self._spans[_SAMPLE]
        if any(end - start != row.itemsize for start, end in spans):
            raise TraceReadError(f"the trace is damaged: a sample has not the {row.itemsize} bytes that were declared")
        return np.frombuffer(b"".join(self._raw[start:end] for start, end in spans), row)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Physics steps of the samples (n,)."""
        return self.samples["step"].astype(np.int64)

    @property
    def time(self) -> NDArray[np.float64]:
        """Simulated time of the samples (n,) [s]."""
        return self.steps * self.step_s

    def __getitem__(self, channel: str) -> NDArray[Any]:
        """One channel at all samples (n, ...); KeyError says which there are."""
        if channel not in (self._row.names or ()):
            raise KeyError(f"no channel {channel!r} in this trace; it has {', '.join(self._row.names or ()) or 'none'}")
        array: NDArray[Any] = self.samples[channel]
        return array

    def body(self, name: str) -> NDArray[np.float64]:
        """Pose of a body at the samples (n, 7): m, wxyz, base frame. KeyError says which bodies there are."""
        if name not in self.bodies:
            raise KeyError(f"no body {name!r} in this trace; it has {', '.join(self.bodies) or 'none'}")
        steps, indices, poses = self._poses
        mine = indices == self.bodies.index(name)
        if not mine.any():
            raise KeyError(f"the trace holds no pose of {name!r}; it breaks off before the first")
        at = np.searchsorted(steps[mine], self.steps, side="right") - 1
        return np.asarray(poses[mine][np.maximum(at, 0)], np.float64)

    @cached_property
    def _poses(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Every written pose: step (m,), index of the body (m,), pose (m, 7); steps do not decrease."""
        steps, indices, poses = [], [], []
        for start, end in self._spans[_BODIES]:
            count = (end - start - _STEP.size) // 30  # 2 bytes of index and 28 of pose each
            steps.append(np.full(count, self._step(start), np.int64))
            indices.append(np.frombuffer(self._raw, "<u2", count, start + _STEP.size))
            poses.append(np.frombuffer(self._raw, "<f4", count * 7, start + _STEP.size + 2 * count).reshape(-1, 7))
        if not steps:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 7), np.float32)
        return np.concatenate(steps), np.concatenate(indices).astype(np.int64), np.concatenate(poses)

    # --- what happened

    @cached_property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return [Event(self._step(start), *self._words(start + _STEP.size, end)) for start, end in self._spans[_EVENT]]

    def events_of(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [event for event in self.events if event.kind in kinds]

    @cached_property
    def frames(self) -> list[Frame]:
        """The pictures of the station's cameras, in order."""
        return [Frame(step, jpeg=jpeg, **about) for step, about, jpeg in self._with_jpeg(_FRAME)]

    @cached_property
    def pictures(self) -> list[Picture]:
        """The pictures that the program showed, in order."""
        return [Picture(step, about["title"], jpeg) for step, about, jpeg in self._with_jpeg(_PICTURE)]

    @cached_property
    def printed(self) -> list[Printed]:
        """What the program printed, piece by piece."""
        return [Printed(*self._words(start, end)) for start, end in self._spans[_PRINTED]]

    @cached_property
    def outcome(self) -> Outcome:
        """How the run ended; a trace that was cut short says so as a system fault."""
        if not self.whole:
            return Outcome(OutcomeKind.SYSTEM_FAULT, "the record breaks off before the run came to its end")
        told = dict(self._end["outcome"])
        return Outcome(kind=OutcomeKind(told.pop("kind")), **told)

    @property
    def usage(self) -> Mapping[str, Any]:
        """What the run used: wall and processor time, memory, ...; empty where the trace was cut short."""
        usage: Mapping[str, Any] = self._end["usage"] if self.whole else {}
        return usage

    @property
    def last_step(self) -> int:
        """The last step that anything is known of."""
        timed = (_SAMPLE, _BODIES, _EVENT, _END)
        return max((self._step(self._spans[kind][-1][0]) for kind in timed if self._spans[kind]), default=0)

    @property
    def duration(self) -> float:
        """Simulated time of the whole run [s]."""
        return self.last_step * self.step_s

    @cached_property
    def sha256(self) -> str:
        """Hash of what the equipment did; equal for a repeated run of the same program, exercise, seed and build."""
        digest = hashlib.sha256(MAGIC % FORMAT)
        digest.update(_json([self.channels, self.bodies, self.step_s]))
        for kind, start, end in self._order:
            if kind in (_SAMPLE, _BODIES, _EVENT):
                digest.update(_HEAD.pack(end - start, kind))
                digest.update(self._raw[start:end])
        for frame in self.frames:
            digest.update(_json([frame.step, frame.camera, frame.colour_sha256, frame.depth_sha256]))
        digest.update(self.outcome.kind.value.encode())
        return digest.hexdigest()

    # --- bytes

    @cached_property
    def _end(self) -> Mapping[str, Any]:
        start, end = self._spans[_END][0]
        end_record: Mapping[str, Any] = self._words(start + _STEP.size, end)
        return end_record

    def _step(self, start: int) -> int:
        step: int = _STEP.unpack_from(self._raw, start)[0]
        return step

    def _words(self, start: int, end: int) -> Any:
        try:
            return json.loads(self._raw[start:end])
        except ValueError as error:
            raise TraceReadError(f"the trace is damaged at byte {start}: {error}") from error

    def _with_jpeg(self, kind: int) -> Iterator[tuple[int, Any, bytes]]:
        for start, end in self._spans[kind]:
            step, words = struct.unpack_from("<II", self._raw, start)
            yield step, self._words(start + 8, start + 8 + words), self._raw[start + 8 + words : end]


def _check_magic(raw: bytes) -> None:
    magic = MAGIC % FORMAT
    if raw[: len(magic)] == magic:
        return
    name, _, number = raw[: len(magic)].partition(b" ")
    if name == b"sheber-trace" and number.strip().isdigit():
        raise TraceReadError(f"a trace of format {int(number)}; this version of sheber reads format {FORMAT}")
    if not raw or magic.startswith(raw):
        raise TraceReadError("the file breaks off before its first record; nothing of the run is in it")
    raise TraceReadError("not a trace: a trace begins with the words 'sheber-trace'")


def _records(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each whole record; stops where the file was cut."""
    at = len(MAGIC % FORMAT)
    while at + _HEAD.size <= len(raw):
        length, kind = _HEAD.unpack_from(raw, at)
        start = at + _HEAD.size
        if kind not in _KINDS:
            raise TraceReadError(f"the trace is damaged at byte {at}: no record is of kind {bytes([kind])!r}")
        if start + length > len(raw):
            return
        yield kind, start, start + length
        at = start + length


def _header(words: Mapping[str, Any]) -> Header:
    """A header; words that a later version of the same format added are left out."""
    known = {f.name for f in fields(Header)}
    return Header(**{name: value for name, value in words.items() if name in known})


def _visual(words: Mapping[str, Any]) -> Visual:
    size: tuple[float, ...] = tuple(words["size"])
    red, green, blue = words["colour"]
    return Visual(
        words["body"],
        words["shape"],
        size,
        Pose.from_list(words["pose"]),
        (red, green, blue),
        words["mesh"],
        words["texture"],
    )
