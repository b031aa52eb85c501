"""Curves: the recorded channels as plots, few enough points for a page and no peak left out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.i18n import N_, _
from sheber.judge.report.thin import thinned
from sheber.trace import Trace

__all__ = ["Plot", "packed", "path", "plots"]

POINTS: Final = 3000  # of a curve in a page
MOST: Final = 8  # curves in one plot
Floats = NDArray[np.float64]

# channel: title, unit in the plot, factor, names of the components, how many of them
_KNOWN: Final[dict[str, tuple[str, str, float, tuple[str, ...]]]] = {
    "joints": (N_("Joints"), "°", 180.0 / np.pi, ("1", "2", "3", "4", "5", "6")),
    "wrench": (N_("Force"), "N", 1.0, ("x", "y", "z")),
    "joint_speeds": (N_("Joint speeds"), "°/s", 180.0 / np.pi, ("1", "2", "3", "4", "5", "6")),
    "torques": (N_("Torques"), "Nm", 1.0, ("1", "2", "3", "4", "5", "6")),
}
_SKIPPED: Final = frozenset({"joint_targets"})  # under the curves of the joints


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
    """Joints, speed and force first, where the station records them; then every other channel of numbers."""
    times = np.asarray(trace.time)
    if len(times) < 2:
        return []
    units = {name: unit for name, _kind, _shape, unit, *_rest in trace.channels}
    shapes = {name: shape for name, _kind, shape, *_rest in trace.channels}
    numbers = {name for name, kind, shape, *_rest in trace.channels if kind[0] == "f" and shape != (7,)} - _SKIPPED
    found: list[Plot] = []
    for name in [*_KNOWN, *(name for name in shapes if name not in _KNOWN)]:
        if name == "wrench" and shapes.get("tcp") == (7,):
            found.append(_speed(trace, times))
        if name in _KNOWN and name in shapes:
            found.append(_channel(name, units[name], times, _finite(trace[name])))
        elif name in numbers:
            found += _components(name, units[name], times, _finite(trace[name]))
    return found


def _finite(values: NDArray[Any]) -> Floats:
    """Zero where a run that went wrong has no number: a page holds numbers only."""
    return np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _unknown(name: str, unit: str) -> tuple[str, str, float, tuple[str, ...]]:
    """Title, unit, factor and no labels for a channel that we have no words for."""
    shown, factor = ("mm", 1e3) if unit == "m" else (unit, 1.0)
    words = name.replace("_", " ").capitalize()
    return (f"{words} ({shown})" if shown else words, shown, factor, ())


def _channel(name: str, unit: str, times: Floats, values: Floats) -> Plot:
    columns = values.reshape(len(values), -1)
    title, shown, factor, labels = _KNOWN.get(name) or _unknown(name, unit)
    count = min(len(labels) or MOST, columns.shape[1])
    names = labels[:count] or (("",) if columns.shape[1] == 1 else tuple(str(n + 1) for n in range(count)))
    columns = columns[:, :count] * factor
    if name == "wrench":
        columns = np.column_stack((columns, np.linalg.norm(columns, axis=1)))
        names = (*names, _("all"))
    return _reduced(Plot(_(title), shown, tuple(names), times, columns.T))


def _components(name: str, unit: str, times: Floats, values: Floats) -> list[Plot]:
    """A channel that we have no words for: one plot, or one a component where each has a unit ("mm, N")."""
    units = [part.strip() for part in unit.split(",")]
    columns = values.reshape(len(values), -1)
    if len(units) == 1 or len(units) != columns.shape[1]:
        return [_channel(name, unit if len(units) == 1 else "", times, values)]
    return [_channel(name, part, times, columns[:, n]) for n, part in enumerate(units) if part]


def _speed(trace: Trace, times: Floats) -> Plot:
    """Speed of the tool, as it was and as it was commanded where that is recorded."""
    names = {"tcp": _("true"), "tcp_target": _("commanded")}
    channels = [name for name in names if name in {channel[0] for channel in trace.channels}]
    curves = []
    for name in channels:
        path = _finite(trace[name][:, :3])
        curves.append(np.linalg.norm(np.gradient(path, times, axis=0), axis=1) * 1e3)
    return _reduced(Plot(_("Speed"), "mm/s", tuple(names[name] for name in channels), times, np.stack(curves)))


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
    return Plot(plot.title, plot.unit, plot.labels, plot.times[starts], curves)


def path(trace: Trace, channel: str = "tcp", tolerance: float = 5e-4) -> dict[str, str] | None:
    """The tool's path: times and points (k, 3) m that lines join within the tolerance; None where not recorded."""
    if (channel, (7,)) not in {(name, shape) for name, _kind, shape, *_rest in trace.channels} or len(trace.time) < 2:
        return None
    points = _finite(trace[channel][:, :3])
    keys = thinned(np.asarray(trace.time), points, tolerance)
    return {"times": packed(trace.time[keys].astype("<f4")), "points": packed(points[keys].astype("<f4"))}
