"""A frame that was heard, and KISS, in which other programs take frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Frame", "kiss", "once"]

_FEND, _FESC, _TFEND, _TFESC = b"\xc0", b"\xdb", b"\xdc", b"\xdd"
_SAME_S: Final = 0.05  # two ways of listening put the same frame at most this far apart


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose check sequence or code says that it is right."""

    time_s: float  # of its beginning, from the first sample of the recording
    data: bytes  # without what the framing added
    mended: int = 0  # symbols that a code put right


def kiss(frames: Iterable[Frame]) -> bytes:
    """Frames as a KISS stream (Chepponis and Karn, 1987): each a data frame of port 0 between FEND bytes."""
    out = b""
    for frame in frames:
        body = frame.data.replace(_FESC, _FESC + _TFESC).replace(_FEND, _FESC + _TFEND)
        out += _FEND + b"\x00" + body + _FEND
    return out


def once(frames: Iterable[Frame]) -> list[Frame]:
    """Frames in the order of their times; what was heard twice at the same time stays once, the least mended."""
    kept: list[Frame] = []
    for frame in sorted(frames, key=lambda one: (one.time_s, one.mended)):
        if not any(old.data == frame.data and frame.time_s - old.time_s < _SAME_S for old in kept[-20:]):
            kept.append(frame)
    return kept
