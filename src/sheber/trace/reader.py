"""Reader: a file of records opened as arrays, events and pictures."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.i18n import Text, _, message, revived
from sheber.trace import forms
from sheber.trace.records import (
    BEGIN,
    BODIES,
    CAPTURE,
    END,
    EVENT,
    FORMAT,
    HEAD,
    HEADER,
    KINDS,
    MAGIC,
    PICTURE,
    PRINTED,
    SAMPLE,
    SENTENCE,
    STEP,
    Capture,
    Channel,
    Event,
    EventKind,
    Header,
    Outcome,
    OutcomeKind,
    Picture,
    Printed,
    TraceReadError,
    Visual,
    sample_dtype,
)
from sheber.untrusted import read_regular

__all__ = ["Declared", "Trace", "read"]

T = TypeVar("T")

LARGEST_TRACE = 1 << 30  # bytes
MOST_RECORDS = 2_000_000  # each takes some 200 bytes of memory, however small it is

BREAKS_OFF = message("trace.breaks_off", "The recording stops before the end of the run.")

_NONSENSE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    struct.error,
)  # of a file that is damaged, or made up
_LEAST = {SAMPLE: 4, BODIES: 4, EVENT: 4, END: 4, CAPTURE: 8, PICTURE: 8}  # bytes of what stands before the rest


def read(path: Path | str) -> Trace:
    """The trace in a file. Raises TraceReadError where it is not one, or one of another version."""
    try:
        raw = read_regular(path, LARGEST_TRACE + 1, links=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise TraceReadError(_("The trace {path} cannot be read: {why}.").format(path=path, why=why)) from error
    if len(raw) > LARGEST_TRACE:
        text = _("The trace {path} cannot be read: it has more than {most} bytes.")
        raise TraceReadError(text.format(path=path, most=LARGEST_TRACE))
    try:
        return Trace(raw)
    except TraceReadError as error:
        raise TraceReadError(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """What a station declared before its first sample."""

    raw: bytes  # of the record
    channels: tuple[Channel, ...] = ()
    event_kinds: Mapping[str, EventKind] = field(default_factory=dict)
    visuals: tuple[Visual, ...] = ()
    notices: tuple[str, ...] = ()  # licences of what is drawn
    bodies: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    taught: Mapping[str, Pose] = field(default_factory=dict)
    step_s: float = 0.0  # s; 0 where the run ended before the station began
    row: np.dtype[np.void] = field(default_factory=lambda: sample_dtype(()))


class Trace:
    """The record of one run, opened: arrays, events, pictures. Read-only.

    >>> trace = read("run.trace")
    >>> trace.time                  # (n,) s
    >>> trace["tcp"], trace.body("box_3"), trace.events_of("grip")
    """

    def __init__(self, raw: bytes, declared: Declared | None = None) -> None:
        """Take the bytes of a file; raises TraceReadError. A file cut short is read up to its last whole record.

        declared: of another piece of the same run. It is not read again where this piece has the same bytes.
        """
        self._known = declared
        try:
            self._open(raw)
        except _NONSENSE as error:
            text = _("The trace is damaged: its first records make no sense ({why}).")
            raise TraceReadError(text.format(why=error)) from error

    def _open(self, raw: bytes) -> None:
        self._raw = raw
        self._spans: dict[int, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
        self._order: list[tuple[int, int, int]] = []  # kind, start and end of each payload, as they stand
        _check_magic(raw)
        for kind, start, end in _records(raw):
            if len(self._order) == MOST_RECORDS:
                raise TraceReadError(_("The trace has more than {most} records.").format(most=MOST_RECORDS))
            self._spans[kind].append((start, end))
            self._order.append((kind, start, end))
        if self._spans[END] and self._spans[END][0][1] != len(raw):
            raise TraceReadError(_("The trace is damaged: bytes follow its last record."))
        self.whole = bool(self._spans[END])  # False: the file was cut short before the run's end
        if not self._spans[HEADER]:
            raise TraceReadError(_("The trace stops before the end of its header. It has nothing of the run."))
        if self.whole:
            self._check_sum()
        self.header: Header = self._made(forms.header, *self._spans[HEADER][0])
        self._begin(self._spans[BEGIN][0] if self._spans[BEGIN] else None)

    def _begin(self, span: tuple[int, int] | None) -> None:
        """What the station declared; nothing where the run ended before the station began."""
        self.declared = Declared(b"") if span is None else self._declared(*span)
        told = self.declared
        self.channels: tuple[Channel, ...] = told.channels
        self.event_kinds: Mapping[str, EventKind] = told.event_kinds
        self.visuals: tuple[Visual, ...] = told.visuals
        self.notices: tuple[str, ...] = told.notices
        self.bodies: tuple[str, ...] = told.bodies
        self.facts: Mapping[str, Any] = told.facts
        self.taught: Mapping[str, Pose] = told.taught
        self.step_s: float = told.step_s
        self._row = told.row

    def _declared(self, start: int, end: int) -> Declared:
        if self._known is not None and self._known.raw == self._raw[start:end]:
            return self._known
        told, channels, kinds, visuals = self._made(forms.begin, start, end)
        taught = {name: Pose.from_list(pose) for name, pose in told.taught.items()}
        row = sample_dtype(channels)
        return Declared(
            self._raw[start:end],
            channels,
            kinds,
            visuals,
            told.notices,
            told.bodies,
            told.facts,
            taught,
            told.step_s,
            row,
        )

    # --- samples and bodies

    @cached_property
    def samples(self) -> NDArray[np.void]:
        """All samples (n,): a structured array with `step` and one field a channel."""
        row = np.dtype([("step", "<u4"), *((name, self._row[name]) for name in self._row.names or ())])
        spans = self._spans[SAMPLE]
        if any(end - start != row.itemsize for start, end in spans):
            text = _(
                "The trace is damaged: the header promises samples of {size} bytes, but one sample has another size."
            )
            raise TraceReadError(text.format(size=row.itemsize))
        samples = np.frombuffer(b"".join(self._raw[start:end] for start, end in spans), row)
        _check_order(samples["step"])
        return samples

    @property
    def steps(self) -> NDArray[np.int64]:
        """Physics steps of the samples (n,)."""
        return self.samples["step"].astype(np.int64)

    @property
    def time(self) -> NDArray[np.float64]:
        """Simulated time of the samples (n,) [s]."""
        return np.asarray(self.steps * self.step_s, dtype=np.float64)

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
        return np.asarray(poses[mine][np.maximum(at, 0)], dtype=np.float64)

    def knows(self, name: str) -> bool:
        """Whether any pose of a body was recorded."""
        return name in self.bodies and bool((self._poses[1] == self.bodies.index(name)).any())

    @cached_property
    def _poses(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Every written pose: step (m,), index of the body (m,), pose (m, 7); steps do not decrease."""
        steps, indices, poses = [], [], []
        for start, end in self._spans[BODIES]:
            if (end - start - STEP.size) % 30:
                text = _("The trace is damaged at byte {start}: a pose of a body is not whole.")
                raise TraceReadError(text.format(start=start))
            count = (end - start - STEP.size) // 30  # 2 bytes of index and 28 of pose each
            steps.append(np.full(count, self._step(start), np.int64))
            indices.append(np.frombuffer(self._raw, "<u2", count, start + STEP.size))
            poses.append(np.frombuffer(self._raw, "<f4", count * 7, start + STEP.size + 2 * count).reshape(-1, 7))
        if not steps:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 7), np.float32)
        found = np.concatenate(steps)
        _check_order(found)
        return found, np.concatenate(indices).astype(np.int64), np.concatenate(poses)

    # --- what happened

    @cached_property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return [self._made(self._event, start, end) for start, end in self._spans[EVENT]]

    def events_of(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [event for event in self.events if event.kind in kinds]

    @cached_property
    def captures(self) -> list[Capture]:
        """The pictures of the station's cameras, in order."""
        return [self._made(_capture, start, end) for start, end in self._spans[CAPTURE]]

    @cached_property
    def pictures(self) -> list[Picture]:
        """The pictures that the program showed, in order."""
        return [self._made(_picture, start, end) for start, end in self._spans[PICTURE]]

    @cached_property
    def printed(self) -> list[Printed]:
        """What the program printed, piece by piece."""
        return [self._made(_printed, start, end) for start, end in self._spans[PRINTED]]

    @cached_property
    def outcome(self) -> Outcome:
        """How the run ended; a trace that was cut short says so as a system fault."""
        if not self.whole:
            return Outcome(OutcomeKind.SYSTEM_FAULT, BREAKS_OFF())
        return self._end[0]

    @property
    def usage(self) -> Mapping[str, Any]:
        """What the run used: wall and processor time, memory, ...; empty where the trace was cut short."""
        return self._end[1] if self.whole else {}

    @property
    def last_step(self) -> int:
        """The last step that anything is known of."""
        timed = (SAMPLE, BODIES, EVENT, END)
        return max((self._step(self._spans[kind][-1][0]) for kind in timed if self._spans[kind]), default=0)

    @property
    def duration(self) -> float:
        """Simulated time of the whole run [s]."""
        return self.last_step * self.step_s

    @cached_property
    def sha256(self) -> str:
        """Hash of what the equipment did; equal for a repeated run of the same program, exercise, seed and build."""
        digest = hashlib.sha256(MAGIC % FORMAT)
        digest.update(_words([[one[:4] for one in self.channels], self.bodies, self.step_s]))
        for kind, start, end in self._order:
            if kind in (SAMPLE, BODIES, EVENT):
                digest.update(HEAD.pack(end - start, kind))
                digest.update(self._raw[start:end])
        for capture in self.captures:
            digest.update(_words([capture.step, capture.camera, capture.colour_sha256, capture.depth_sha256]))
        digest.update(self.outcome.kind.value.encode())
        return digest.hexdigest()

    # --- bytes

    @cached_property
    def _end(self) -> tuple[Outcome, Mapping[str, Any]]:
        return self._made(self._ending, *self._spans[END][0])

    @cached_property
    def _sentences(self) -> Mapping[str, str]:
        """The English sentences that the file brings along, by id."""
        return dict(self._made(forms.two_texts, start, end) for start, end in self._spans[SENTENCE])

    def _event(self, raw: bytes) -> Event:
        kind, data = forms.event(raw[STEP.size :])
        told = {name: revived(value, self._sentences) for name, value in data.items()}
        return Event(STEP.unpack_from(raw)[0], kind, told)

    def _ending(self, raw: bytes) -> tuple[Outcome, Mapping[str, Any]]:
        told = forms.end(raw[STEP.size :])
        outcome = told.outcome
        text = Text.from_form(outcome.text, self._sentences)
        return Outcome(outcome.kind, text, outcome.line, outcome.connected), told.usage

    def _check_sum(self) -> None:
        """Raise TraceReadError where bytes were changed since they were written. It guards against accidents alone."""
        start, end = self._spans[END][0]
        told = self._made(forms.end, start + STEP.size, end)
        if told.crc32 != zlib.crc32(memoryview(self._raw)[: start - HEAD.size]):
            raise TraceReadError(_("The trace is damaged: its bytes have changed since it was written."))

    def _step(self, start: int) -> int:
        step: int = STEP.unpack_from(self._raw, start)[0]
        return step

    def _made(self, make: Callable[[bytes], T], start: int, end: int) -> T:
        """What `make` makes of a payload; a payload that makes no sense is damage, whatever went wrong with it."""
        try:
            return make(self._raw[start:end])
        except _NONSENSE as error:
            text = _("The trace is damaged at byte {start}: {why}.")
            raise TraceReadError(text.format(start=start, why=error)) from error


def _check_order(steps: NDArray[np.unsignedinteger[Any] | np.signedinteger[Any]]) -> None:
    """Raise TraceReadError where time goes back."""
    if (steps[1:] < steps[:-1]).any():
        raise TraceReadError(_("The trace is damaged: its steps are not in order."))


def _with_jpeg(raw: bytes) -> tuple[int, bytes, bytes]:
    """Step, words and picture of a payload that holds them one after the other."""
    step, words = struct.unpack_from("<II", raw)
    return step, raw[8 : 8 + words], raw[8 + words :]


def _capture(raw: bytes) -> Capture:
    step, words, jpeg = _with_jpeg(raw)
    about = forms.capture(words, jpeg)
    return Capture(step, about.camera, about.width, about.height, about.colour_sha256, about.depth_sha256, jpeg)


def _picture(raw: bytes) -> Picture:
    step, words, jpeg = _with_jpeg(raw)
    return Picture(step, forms.picture(words, jpeg), jpeg)


def _printed(raw: bytes) -> Printed:
    return Printed(*forms.two_texts(raw))


def _check_magic(raw: bytes) -> None:
    magic = MAGIC % FORMAT
    if raw[: len(magic)] == magic:
        return
    if magic.startswith(raw):
        raise TraceReadError(_("The file stops before its first record. It has nothing of the run."))
    name, _space, number = raw[: len(magic)].partition(b" ")
    if name == b"sheber-trace" and number.strip().isdigit():
        text = _("The trace has format {found}. This version of sheber reads format {known}.")
        raise TraceReadError(text.format(found=int(number), known=FORMAT))
    raise TraceReadError(_("This file is not a trace. A trace begins with the word 'sheber-trace'."))


def _records(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each whole record; stops where the file was cut."""
    at = len(MAGIC % FORMAT)
    while at + HEAD.size <= len(raw):
        length, kind = HEAD.unpack_from(raw, at)
        start = at + HEAD.size
        if kind not in KINDS:
            text = _("The trace is damaged at byte {start}: there are no records of kind {kind!r}.")
            raise TraceReadError(text.format(start=at, kind=bytes([kind])))
        if length < _LEAST.get(kind, 0):
            text = _("The trace is damaged at byte {start}: a record of {length} bytes is too short.")
            raise TraceReadError(text.format(start=at, length=length))
        if start + length > len(raw):
            return
        yield kind, start, start + length
        at = start + length


def _words(value: object) -> bytes:
    """JSON with one spelling, for the hash."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
