"""Hearing: which frames of a satellite a program received, how weak they were, and what it took for frames.

What was sent is in the trace as events `transmission` (bytes, strength, when it arrived, how much of it was read). What
was received are the entries `frame` of the archive (bytes, and when the program says that it began). A frame is
received where its bytes are handed in after it has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.score import Check
from sheber.i18n import message
from sheber.trace import NOTHING, Trace

__all__ = ["Frame", "Sent", "false_frames", "frames_heard", "heard_again", "listened", "sensitivity", "time_tags"]

LOUD = message("hearing.loud", "Loud frames received")
LOUD_MISSED = message(
    "hearing.loud_missed",
    "{heard:d} of the {sent:d} frames with {loud:.0f} dBHz or more were received. The first one that is missing came "
    "at {time:.1f} s with {cn0:.1f} dBHz.",
)
SENSITIVITY = message("hearing.sensitivity", "Sensitivity: C/N0 at which half of the frames are received")
DEAF = message(
    "hearing.deaf", "Half of the frames were received at {cn0:.1f} dBHz. The receiver can do better: {full:.1f} dBHz."
)
NO_FRAMES = message("hearing.none", "No frame was received.")
TIMES = message("hearing.times", "Times of the frames")
TIMES_OFF = message(
    "hearing.times_off",
    "Half of the times are wrong by {off:.0f} ms or more. The frame at {time:.2f} s was said to be at {told:.2f} s.",
)
NO_FALSE = message("hearing.no_false", "No frame that was never sent")
NO_FURTHER = message("hearing.no_further", "No further false frame")
FALSE = message("hearing.false", "False frame")
FALSE_TOLD = message(
    "hearing.false_told", "At {time:.1f} s a frame of {size:d} bytes was handed in that was never sent: {start}."
)
LISTENED = message("hearing.listened", "Listened without gaps")
GAPS = message(
    "hearing.gaps",
    "{share:.0f} % of the transmissions were read. The first one that was not read whole came at {time:.1f} s.",
)
ONCE = message("hearing.once", "Each frame once")
AGAIN = message("hearing.again", "{count:d} frames were handed in again. The first time was at {time:.1f} s.")

FARTHEST_S = 1e6  # s: a time that is said to be farther away is taken for this, so that the middle stays a number
_SHOWN = 8  # bytes of a false frame


@dataclass(frozen=True, slots=True)
class Frame:
    """One transmission, and whether it was received."""

    data: str  # hexadecimal
    start: float  # s, when it began to arrive
    cn0_dbhz: float
    read: float  # share of it that was read
    heard_at: float | None = None  # s, when it was handed in
    told: float = 0.0  # s, when it began, as the program said


@dataclass(frozen=True, slots=True)
class Sent:
    """All transmissions that were strong enough to count, and what else was handed in."""

    frames: tuple[Frame, ...]
    false: tuple[tuple[float, str], ...]  # when, and the bytes in hexadecimal
    again: tuple[float, ...]  # when a frame was handed in that had been before

    @classmethod
    def of(cls, trace: Trace, least_dbhz: float) -> Self:
        """Match what was handed in with what was sent."""
        sent = {event.data["data"]: event.data for event in trace.events_of("transmission")}
        heard: dict[str, tuple[float, float]] = {}
        false, again = [], []
        for event in trace.events_of("entry"):
            values, time = event.data["values"], event.step * trace.step_s
            data = str(values.get("data", ""))
            if data not in sent or time < sent[data]["start"]:
                false.append((time, data))
            elif data in heard:
                again.append(time)
            else:
                heard[data] = time, max(-FARTHEST_S, min(FARTHEST_S, float(values.get("at", 0.0))))
        frames = (
            Frame(data, one["start"], one["cn0_dbhz"], one["read"], *heard.get(data, (None, 0.0)))
            for data, one in sent.items()
            if one["cn0_dbhz"] >= least_dbhz
        )
        return cls(tuple(sorted(frames, key=lambda frame: frame.start)), tuple(false), tuple(again))

    @property
    def heard(self) -> tuple[Frame, ...]:
        """Those that were received."""
        return tuple(frame for frame in self.frames if frame.heard_at is not None)


def frames_heard(trace: Trace, sent: Sent, loud_dbhz: float, worth: Worth) -> Check:
    """The share of the loud frames that were received."""
    loud = [frame for frame in sent.frames if frame.cn0_dbhz >= loud_dbhz]
    if not loud:  # the run ended before the pass
        return worth.missing("frames", LOUD(), NO_FRAMES())
    missing = [frame for frame in loud if frame.heard_at is None]
    share = 1.0 - len(missing) / len(loud)
    first = missing[0] if missing else None
    told = (
        LOUD_MISSED(
            heard=len(loud) - len(missing), sent=len(loud), loud=loud_dbhz, time=first.start, cn0=first.cn0_dbhz
        )
        if first
        else NOTHING
    )
    return worth.check("frames", LOUD(), share, first.start if first else None, told)


def sensitivity(trace: Trace, sent: Sent, worth: Worth) -> Check:
    """The C/N0 that parts the frames that were received from the others with the fewest exceptions."""
    if not sent.heard:
        return worth.missing("sensitivity", SENSITIVITY(), NO_FRAMES(), follows=True)
    ordered = sorted(sent.frames, key=lambda frame: frame.cn0_dbhz)
    strength = np.array([frame.cn0_dbhz for frame in ordered])
    heard = np.array([frame.heard_at is not None for frame in ordered])
    wrong = np.concatenate(([0], np.cumsum(heard))) + np.concatenate((np.cumsum(~heard[::-1])[::-1], [0]))
    place = int(np.argmin(wrong))  # so many of the weakest are taken for lost
    edges = np.concatenate((strength[:1] - 0.5, (strength[1:] + strength[:-1]) / 2.0, strength[-1:] + 0.5))
    half = float(edges[place])
    return worth.check("sensitivity", SENSITIVITY(), half, None, DEAF(cn0=half, full=worth.tolerance.full))


def time_tags(trace: Trace, sent: Sent, worth: Worth) -> Check:
    """How far the times that the program said lie from when the frames began to arrive: the median."""
    if not sent.heard:
        return worth.missing("times", TIMES(), NO_FRAMES(), follows=True)
    off = np.array([abs(frame.told - frame.start) for frame in sent.heard])
    middle = float(np.median(off))
    at = sent.heard[int(np.argmin(np.abs(off - middle)))]
    told = TIMES_OFF(off=1000.0 * middle, time=at.start, told=at.told)
    return worth.check("times", TIMES(), middle, at.start, told)


def false_frames(sent: Sent, points: float, each: float) -> list[Check]:
    """All points at the start; each frame that was never sent takes some."""
    left, checks = points, []
    for time, data in sent.false:
        cost = min(each, left)
        if cost > 0.0:
            told = FALSE_TOLD(time=time, size=len(data) // 2, start=data[: 2 * _SHOWN] or "-")
            checks.append(Check(FALSE(), "safety", 0.0, cost, 1.0, 0.0, "", time, told, "false"))
            left = round(left - cost, 2)
    if left > 0.0 or points == 0.0:
        title = NO_FURTHER() if checks else NO_FALSE()
        checks.append(Check(title, "safety", left, left, 0.0, 0.0, "", None, NOTHING, "no-false"))
    return checks


def listened(trace: Trace, sent: Sent, worth: Worth) -> Check:
    """The share of the transmissions that the program read."""
    if not sent.frames:
        return worth.missing("listened", LISTENED(), NO_FRAMES(), follows=cut_off(trace))
    share = float(np.mean([frame.read for frame in sent.frames]))
    gap = next((frame for frame in sent.frames if frame.read < 1.0), None)
    told = GAPS(share=100.0 * share, time=gap.start) if gap else NOTHING
    return worth.check("listened", LISTENED(), share, gap.start if gap else None, told)


def heard_again(trace: Trace, sent: Sent, worth: Worth) -> Check:
    """How many frames were handed in more than once, for each one that was received."""
    if not sent.heard:
        return worth.missing("once", ONCE(), NO_FRAMES(), follows=True)
    told = AGAIN(count=len(sent.again), time=sent.again[0]) if sent.again else NOTHING
    return worth.check("once", ONCE(), len(sent.again) / len(sent.heard), sent.again[0] if sent.again else None, told)
