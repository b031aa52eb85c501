"""Arrays: what is given as numbers, checked and made few enough to be drawn."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams.values import DiagramError
from sheber.i18n import message

__all__ = ["Floats", "alike", "circle", "column", "few_curve", "few_points", "number", "span", "table"]

Floats: TypeAlias = NDArray[np.float64]
MOST: Final = 50_000_000  # numbers of one array: more are no diagram
LARGEST: Final = 1e15  # in size: no instant, frequency or level is larger; what is, is a gap

_NO_NUMBERS = message("diagrams.no_numbers", "Its values are not numbers.")
_SHAPE = message("diagrams.shape", "Its values have the shape {shape}. A diagram needs {wanted}.")
_UNLIKE = message("diagrams.unlike", "It has {one:d} places for {other:d} values.")
_EMPTY = message("diagrams.empty", "There is no value to draw.")


def column(values: Any) -> Floats:
    """Numbers (n,); NaN for what is not finite or absurdly large. Raises DiagramError for what are no numbers."""
    found = _numbers(values)
    if found.ndim != 1:
        raise DiagramError(_SHAPE(shape=str(found.shape), wanted="(n,)"))
    return found


def table(values: Any) -> Floats:
    """Numbers (k, n), one row or many; otherwise as `column`."""
    found = _numbers(values)
    if found.ndim == 1:
        found = found[None]
    if found.ndim != 2:
        raise DiagramError(_SHAPE(shape=str(found.shape), wanted="(n,), (k, n)"))
    return found


def number(value: Any) -> float:
    """One number; NaN as above."""
    found = _numbers(value)
    if found.ndim:
        raise DiagramError(_SHAPE(shape=str(found.shape), wanted="()"))
    return float(found)


def _numbers(values: Any) -> Floats:
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "biuf" or found.size > MOST:
            raise DiagramError(
                _NO_NUMBERS() if found.size <= MOST else _SHAPE(shape=str(found.shape), wanted=f"≤ {MOST}")
            )
        found = found.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DiagramError(_NO_NUMBERS()) from error
    return np.where(np.abs(found) <= LARGEST, found, np.nan)


def alike(one: Floats, other: Floats) -> None:
    """Raise DiagramError where the last axes of two arrays have different lengths."""
    if one.shape[-1] != other.shape[-1]:
        raise DiagramError(_UNLIKE(one=one.shape[-1], other=other.shape[-1]))


def span(*arrays: Floats) -> tuple[float, float]:
    """The lowest and the highest of all finite numbers. Raises DiagramError where there is none."""
    lows = [float(np.nanmin(one)) for one in arrays if np.isfinite(one).any()]
    if not lows:
        raise DiagramError(_EMPTY())
    return min(lows), max(float(np.nanmax(one)) for one in arrays if np.isfinite(one).any())


def circle(azimuth_deg: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Points by azimuth from 0 to 360, with the last one before them and the first one behind, for straight lines.

    Two points of one azimuth are an edge and keep their order. What lies beyond both ends already is left out.
    """
    if azimuth_deg.min() < 0.0 and azimuth_deg.max() >= 360.0:
        inside = (azimuth_deg >= 0.0) & (azimuth_deg < 360.0)
        azimuth_deg, values = azimuth_deg[inside], values[inside]
    turned = np.mod(azimuth_deg, 360.0)
    order = np.argsort(turned, kind="stable")
    turned, values = turned[order], values[order]
    ends = turned[-1:] - 360.0, turned[:1] + 360.0
    return np.concatenate((ends[0], turned, ends[1])), np.concatenate((values[-1:], values, values[:1]))


def few_curve(y: Floats, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` values of a curve (n,): the lowest, the highest and a gap of each bucket."""
    count = len(y)
    if count <= most:
        return np.arange(count)
    size = -(-count // (most // 3))
    rows = -(-count // size)
    padded = np.full(rows * size, np.nan)
    padded[:count] = y
    buckets = padded.reshape(rows, size)
    gaps = np.isnan(buckets)
    low = np.argmin(np.where(gaps, np.inf, buckets), axis=1)
    high = np.argmax(np.where(gaps, -np.inf, buckets), axis=1)
    starts = size * np.arange(rows)
    kept: NDArray[np.int64] = np.unique(np.concatenate((starts + low, starts + high, starts + np.argmax(gaps, axis=1))))
    return kept[kept < count]


def few_points(count: int, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` of so many points, evenly over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)) if count else np.arange(0)
