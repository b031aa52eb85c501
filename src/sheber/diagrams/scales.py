"""Scales: from values to places in a picture, and the round values that stand beside an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from sheber.diagrams.arrays import Floats, number, span
from sheber.diagrams.values import Axis, said
from sheber.i18n import _

__all__ = ["Scale", "Tick", "axis_title", "clock", "fitting", "known", "signed", "ticks"]

_ROOM: Final = 0.05  # of the span of values, kept free at both ends of an axis that says nothing else
_CLOCK_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)  # s
MOST_DIGITS: Final = 6
_DAY: Final = 86400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight way from values to units of the picture."""

    low: float  # value at `start`
    high: float  # value at `end`
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) * self.slope

    def all(self, values: Floats) -> Floats:
        """Where values lie."""
        return self.start + (values - self.low) * self.slope

    @property
    def slope(self) -> float:
        """Units of the picture for one of the value."""
        return (self.end - self.start) / (self.high - self.low)


def fitting(axis: Axis, start: float, end: float, *arrays: Floats, room: float = _ROOM) -> Scale:
    """The scale of an axis: from its low to its high end, or so that all finite values lie on it."""
    named = known(axis.low), known(axis.high)
    ends = np.array([one for one in named if one is not None], float)
    low, high = span(*arrays, ends) if arrays or len(ends) else (0.0, 1.0)
    free = room * (high - low) if high > low else 1.0
    low = named[0] if named[0] is not None else low - free
    high = named[1] if named[1] is not None else high + free
    if not high > low:
        high = low + 1.0
    return Scale(low, high, start, end)


def known(end: float | None) -> float | None:
    """A number that an axis names; None where it names none, or one that is not finite."""
    found = math.nan if end is None else number(end)
    return found if math.isfinite(found) else None


def ticks(axis: Axis, scale: Scale, most: int) -> list[Tick]:
    """Round values on a scale, at most about `most`, and what stands at each."""
    if axis.utc:
        return _clock_ticks(scale, most)
    step = _round_step((scale.high - scale.low) / most)
    digits = min(max(0, -math.floor(math.log10(step))), MOST_DIGITS)
    first = math.ceil(scale.low / step - 1e-6)
    last = math.floor(scale.high / step + 1e-6)
    return [(n * step, signed(n * step, digits)) for n in range(first, min(last, first + 4 * most) + 1)]


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, no less than `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(one for one in (1, 2, 5, 10) if one * power >= 0.999 * least)


def _clock_ticks(scale: Scale, most: int) -> list[Tick]:
    least = (scale.high - scale.low) / most
    step = next((one for one in _CLOCK_STEPS if one >= least), _DAY * max(1, math.ceil(least / _DAY)))
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    return [(n * step, clock(n * step, step)) for n in range(first, last + 1)]


def clock(instant: float, step: float = 60.0) -> str:
    """The time of day of an instant (UTC seconds since 1970): with seconds for steps below a minute; at midnight
    between steps of hours the day."""
    when = moment(instant)
    if step >= 3600 and not (when.hour or when.minute):
        return when.strftime("%m-%d")
    return when.strftime("%H:%M:%S" if step < 60 else "%H:%M")


def moment(instant: float) -> datetime:
    """An instant as a date; the first or the last day that there is for what lies outside the calendar."""
    inside = min(max(instant, -6.2e10), 2.5e11)
    return _EPOCH + timedelta(seconds=inside)


def signed(value: float, digits: int = 0) -> str:
    """A number with a minus sign, which a hyphen is not, and without "-0"."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else text.replace("-", "")


def axis_title(axis: Axis, scale: Scale) -> str:
    """What stands along an axis: its title and its unit; for times of day the day on which it begins."""
    unit = said(axis.unit)
    if axis.utc:
        unit = _("UTC, from {day}").format(day=moment(scale.low).strftime("%Y-%m-%d"))
    title = said(axis.title)
    return f"{title} ({unit})" if title and unit else title or unit
