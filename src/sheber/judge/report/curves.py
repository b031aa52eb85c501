"""Curves: the recorded channels as plots, few enough points for a page and no peak left out.

What is plotted, under which title and in which unit, the channels of the trace say themselves: a new station needs no
line here. A channel without a title is plotted under its name.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.i18n import _
from sheber.judge.report.moments import translated
from sheber.judge.report.thin import thinned
from sheber.trace import Channel, Trace
from sheber.units import shown

__all__ = ["Plot", "packed", "path", "plots"]

POINTS: Final = 3000  # of a curve in a page
MOST: Final = 8  # curves of one channel in a plot
JUMP_M: Final = 0.01  # m between two samples, while it moves by less than
STANDS_M: Final = 0.001  # before and after: nothing moves so
POSE: Final = (7,)  # shape of a channel that holds a pose: m, wxyz
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves with one unit over the same times."""

    title: str
    unit: str
    labels: tuple[str, ...]
    times: Floats  # (n,) s
    curves: Floats  # (k, n)

    def words(self) -> dict[str, Any]:
        """Plain JSON: curves as int16 within their range, base64."""
        low, high = float(self.curves.min()), float(self.curves.max())
        step = max(high - low, 1e-9) / 65534.0
        rows = np.round((self.curves - low) / step - 32767.0).astype("<i2")
        return {
            "title": self.title,
            "unit": self.unit,
            "labels": list(self.labels),
            "times": packed(self.times.astype("<f4")),
            "curves": [packed(row) for row in rows],
            "low": low,
            "step": step,
        }


def packed(array: NDArray[Any]) -> str:
    """The bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def plots(trace: Trace) -> list[Plot]:
    """The plots of a trace, in the order of its channels; channels with the same title and kind share one."""
    times = np.asarray(trace.time)
    if len(times) < 2:
        return []
    found: dict[tuple[str, ...], Plot] = {}
    for channel in trace.channels:
        if channel.type[0] == "f" and channel.plot != "none":
            for plot in _of_channel(channel, times, _columns(trace, channel)):
                key = (channel.plot, plot.title, plot.unit) if channel.title else (channel.name, plot.title)
                found[key] = _together(found[key], plot) if key in found else plot
    return [_reduced(plot) for plot in _told_apart(list(found.values()))]


def _told_apart(made: list[Plot]) -> list[Plot]:
    """The plots, with the unit in a title that another one has too."""
    titles = Counter(plot.title for plot in made)
    return [
        replace(plot, title=f"{plot.title} ({plot.unit})") if titles[plot.title] > 1 and plot.unit else plot
        for plot in made
    ]


def _of_channel(channel: Channel, times: Floats, columns: Floats) -> Iterator[Plot]:
    """What one channel adds to the plots."""
    if channel.plot == "speed":
        yield _speed(channel, times, columns)
    elif channel.title or channel.shape != POSE:  # a pose that nobody named is no use as seven curves
        yield from _values(channel, times, columns)


def _columns(trace: Trace, channel: Channel) -> Floats:
    """The components (n, k); zero where a run that went wrong has no number: a page holds numbers only."""
    values = np.nan_to_num(np.asarray(trace[channel.name], np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return values.reshape(len(values), -1)


def _together(one: Plot, other: Plot) -> Plot:
    return replace(one, labels=one.labels + other.labels, curves=np.concatenate((one.curves, other.curves)))


# --- one channel ------------------------------------------------------------------------------------------


def _values(channel: Channel, times: Floats, columns: Floats) -> Iterator[Plot]:
    """The components in one plot; a plot for each where each has a unit of its own ("m, N")."""
    units = [part.strip() for part in channel.unit.split(",")]
    if len(units) > 1 and len(units) == columns.shape[1]:
        wanted = [part.strip() for part in channel.shown.split(",")] if channel.shown else units
        for n, unit in enumerate(units):
            if unit:
                yield _component(channel, n, unit, wanted[n] if n < len(wanted) else unit, times, columns[:, n])
        return
    unit = units[0] if channel.title or len(units) == 1 else ""  # labels name the first components: those of one unit
    unit, factor = _in_plots(unit, channel.shown, bool(channel.title))
    count = min(len(channel.labels) or MOST, columns.shape[1])
    curves = columns[:, :count].T * factor
    labels = tuple(_label(channel, n, count) for n in range(count))
    if channel.plot == "length":
        curves, labels = np.vstack((curves, np.linalg.norm(curves, axis=0))), (*labels, _("all"))
    yield Plot(_title(channel, unit), unit, labels, times, curves)


def _component(channel: Channel, n: int, unit: str, wanted: str, times: Floats, column: Floats) -> Plot:
    """The plot of one component that has a unit of its own."""
    unit, factor = _in_plots(unit, wanted, bool(channel.title))
    title = _title(channel, unit)
    if channel.title and n < len(channel.labels):
        title = f"{title}: {translated(channel.labels[n])}"
    return Plot(title, unit, ("",), times, column[None] * factor)


def _speed(channel: Channel, times: Floats, columns: Floats) -> Plot:
    """How fast a place moves: the first three components."""
    wanted = channel.shown.removesuffix("/s")  # "mm" and "mm/s" ask for the same
    unit, factor = _in_plots(channel.unit.split(",")[0].strip(), wanted, bool(channel.title))
    speed = np.linalg.norm(np.gradient(_without_jumps(columns[:, :3]), times, axis=0), axis=1) * factor
    unit = f"{unit}/s"
    return Plot(_title(channel, unit), unit, (_label(channel, 0, 1),), times, speed[None])


def _without_jumps(places: Floats) -> Floats:
    """Places (n, 3) [m] without jumps of what stands before and after: another place is meant from there."""
    way = np.diff(places, axis=0)
    far = np.linalg.norm(way, axis=1)
    before, after = np.concatenate(([0.0], far[:-1])), np.concatenate((far[1:], [0.0]))
    jumps = (far > JUMP_M) & (before < STANDS_M) & (after < STANDS_M)
    if not jumps.any():
        return places
    way[jumps] = 0.0
    return np.concatenate((places[:1], places[0] + np.cumsum(way, axis=0)))


def _title(channel: Channel, unit: str) -> str:
    """The channel's title; its name and unit where it has none."""
    if channel.title:
        return translated(channel.title)
    name = channel.name.replace("_", " ").capitalize()
    return f"{name} ({unit})" if unit else name


def _label(channel: Channel, n: int, count: int) -> str:
    """Name of a component: as declared, else its number; nothing where it is the only one."""
    if n < len(channel.labels):
        return translated(channel.labels[n])
    return str(n + 1) if count > 1 else ""


def _in_plots(recorded: str, wanted: str, titled: bool) -> tuple[str, float]:
    """Unit in the plot, and what recorded numbers are multiplied by; as recorded where a unit is not known."""
    if not wanted:
        wanted = "mm" if recorded == "m" and not titled else recorded
    try:
        factor = shown(1.0, recorded, wanted)
    except KeyError:
        wanted, factor = recorded, 1.0
    return wanted.replace("deg", "°"), factor


# --- few enough points ------------------------------------------------------------------------------------


def _reduced(plot: Plot) -> Plot:
    """At most `POINTS` points, the one farthest from the mean of each bucket."""
    count = plot.curves.shape[1]
    size = -(-count // POINTS)
    if size == 1:
        return plot
    starts = np.arange(0, count, size)
    middle = np.mean(plot.curves, axis=1, keepdims=True)
    low = np.minimum.reduceat(plot.curves, starts, axis=1)
    high = np.maximum.reduceat(plot.curves, starts, axis=1)
    curves = np.where(high - middle >= middle - low, high, low)
    return replace(plot, times=plot.times[starts], curves=curves)


def path(trace: Trace, channel: str = "tcp", tolerance: float = 5e-4) -> dict[str, str] | None:
    """The tool's path: times and points (k, 3) m that lines join within the tolerance; None where not recorded."""
    if (channel, POSE) not in {(one.name, one.shape) for one in trace.channels} or len(trace.time) < 2:
        return None
    points = np.nan_to_num(trace[channel][:, :3].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    keys = thinned(np.asarray(trace.time), points, tolerance)
    return {"times": packed(trace.time[keys].astype("<f4")), "points": packed(points[keys].astype("<f4"))}
