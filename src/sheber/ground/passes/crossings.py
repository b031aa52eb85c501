"""Crossings: where the motion of satellites crosses the mask of a site; passes are searched on samples of polynomials.

The samples of all satellites are one line, by satellite and by time; `joined` says where the line goes on.

1. Each stretch is sampled; the *margin* is the elevation above the lowest value of the mask.
2. A sample that is higher than its neighbours but below zero may hide a short pass, and one that is lower but above
   zero a short gap between two culminations. The true extreme between the neighbours is found and becomes a sample.
3. If the mask changes with azimuth, only what is above its lowest value goes on: it is sampled ten times as densely and
   also at each corner of the skyline and between two corners, so that no notch or pole lies between two samples. Then
   step 2 again.
4. Between two samples of different sign lies one crossing, found by halving.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.passes.motion import Array, Indices, Motion
from sheber.ground.site import Site

__all__ = ["Spans", "find_spans", "lowest_of"]

_PIECES: Final = 8  # of a stretch
_DENSER: Final = 10  # pieces of these, under a mask that changes with azimuth
_FLAT: Final = 1e-12
_REACH: Final = 0.09  # rad that an extreme may be away from the best sample
_GOLDEN: Final = 0.6180339887498949
_CLOSE: Final = 1e-4  # s

Margin = Callable[[Indices, Array], Array]


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time above the mask, as places on the motion: (n,) each."""

    row: Indices
    share: Array  # of the rise
    last_row: Indices
    last_share: Array  # of the setting
    top_row: Indices
    top_share: Array  # of the largest elevation
    rises: NDArray[np.bool_]  # False: up at the motion's beginning
    sets: NDArray[np.bool_]  # False: up at its end


@dataclass(frozen=True, slots=True)
class _Samples:
    """Places on the motion in their order, each with its margin."""

    row: Indices
    share: Array
    run: Indices  # which unbroken piece of the line
    margin: Array

    @property
    def joined(self) -> NDArray[np.bool_]:
        """Whether the line goes on from each sample but the last to the next."""
        return np.asarray(self.run[1:] == self.run[:-1])

    def with_more(self, row: Indices, share: Array, run: Indices, margin: Array) -> _Samples:
        """These and more of them, in order."""
        rows, shares = np.concatenate([self.row, row]), np.concatenate([self.share, share])
        runs, margins = np.concatenate([self.run, run]), np.concatenate([self.margin, margin])
        order = np.lexsort((rows + shares, runs))
        return _Samples(rows[order], shares[order], runs[order], margins[order])


def lowest_of(site: Site) -> float:
    """The lowest elevation of the mask [rad]."""
    return float(np.radians(np.maximum(site.skyline.table[1], site.minimum_deg).min()))


def elevation(place: Array) -> Array:
    """Elevation [rad] of places east, north, up (n, 3)."""
    return np.asarray(np.arctan2(place[:, 2], np.hypot(place[:, 0], place[:, 1])))


def azimuth_deg(place: Array) -> Array:
    """Azimuth [°], 0 to 360, of places east, north, up (n, 3)."""
    return np.asarray(np.mod(np.degrees(np.arctan2(place[:, 0], place[:, 1])), 360.0))


def find_spans(motion: Motion, site: Site) -> Spans:
    """All spans above the mask."""
    lowest = lowest_of(site)

    def above_lowest(row: Indices, share: Array) -> Array:
        return elevation(motion.place(row, share)) - lowest

    def above_mask(row: Indices, share: Array) -> Array:
        place = motion.place(row, share)
        return np.asarray(elevation(place) - np.radians(site.mask_deg(azimuth_deg(place))))

    samples = _with_extremes(_sampled(motion, above_lowest), above_lowest)
    if np.ptp(np.maximum(site.skyline.table[1], site.minimum_deg)) < _FLAT:
        return _spans(motion, samples, above_lowest)
    dense = _densified(motion, samples, site, above_mask)
    return _spans(motion, _with_extremes(dense, above_mask), above_mask)


def _sampled(motion: Motion, margin: Margin) -> _Samples:
    """Each stretch in equal pieces; the end of a stretch is the beginning of the next where they are joined."""
    wanted = np.ones((len(motion.node), _PIECES + 1), dtype=bool)
    wanted[:, -1] = ~motion.joined
    row, piece = np.nonzero(wanted)
    share = piece / _PIECES
    run = np.concatenate([[0], np.cumsum(~motion.joined)[:-1]]) if len(motion.node) else np.zeros(0, dtype=np.intp)
    return _Samples(row, share, run[row], margin(row, share))


def _with_extremes(samples: _Samples, margin: Margin) -> _Samples:
    """The samples, and those extremes between them that are of another sign."""
    joined, m = samples.joined, samples.margin
    inner = np.flatnonzero(joined[1:] & joined[:-1]) + 1
    left, here, right = m[inner - 1], m[inner], m[inner + 1]
    peak = (here >= left) & (here >= right) & (here <= 0) & (here > -_REACH)
    dip = (here <= left) & (here <= right) & (here > 0) & (here < _REACH)
    found = inner[peak | dip]
    if not len(found):
        return samples
    sign = np.where(m[found] <= 0, 1.0, -1.0)
    before, after = _offset(samples, found - 1, found), _offset(samples, found + 1, found)
    row = samples.row[found]
    share = _highest(lambda x: sign * margin(row, x), before, after)
    value = margin(row, share)
    other = (value > 0) != (m[found] > 0)
    over = np.where(share > 1.0, 1, np.where(share < 0.0, -1, 0))
    return samples.with_more((row + over)[other], (share - over)[other], samples.run[found][other], value[other])


def _offset(samples: _Samples, of: Indices, seen_from: Indices) -> Array:
    """The share at which a sample lies, counted in the stretch of another."""
    return np.asarray(samples.share[of] + (samples.row[of] - samples.row[seen_from]))


def _highest(value: Callable[[Array], Array], left: Array, right: Array, turns: int = 22) -> Array:
    """Where a value is largest between two places each, by golden section."""
    a, b = left.copy(), right.copy()
    c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_c, at_d = value(c), value(d)
    for _turn in range(turns):
        lower = at_c >= at_d  # the top is in [a, d]
        a, b = np.where(lower, a, c), np.where(lower, d, b)
        new = np.where(lower, b - _GOLDEN * (b - a), a + _GOLDEN * (b - a))
        at_new = value(new)
        c, d = np.where(lower, new, d), np.where(lower, c, new)
        at_c, at_d = np.where(lower, at_new, at_d), np.where(lower, at_c, at_new)
    return np.asarray((a + b) / 2)


# --- masks by azimuth -------------------------------------------------------------------------------


def _densified(motion: Motion, samples: _Samples, site: Site, margin: Margin) -> _Samples:
    """What is above the lowest value of the mask, more densely and with the corners of the skyline."""
    up = samples.margin > 0
    left = np.flatnonzero(samples.joined & (up[1:] | up[:-1]))  # pieces that are up at an end
    width = _offset(samples, left + 1, left) - samples.share[left]
    part = np.arange(_DENSER + 1) / _DENSER
    share = samples.share[left][:, None] + width[:, None] * part  # (pieces, parts)
    follows = np.concatenate([left[1:] == left[:-1] + 1, [False]])  # the next piece begins where this one ends
    run = np.concatenate([[0], np.cumsum(~follows)[:-1]]) if len(left) else np.zeros(0, dtype=np.intp)
    wanted = np.ones(share.shape, dtype=bool)
    wanted[:, -1] = ~follows
    row = np.repeat(samples.row[left], _DENSER + 1).reshape(share.shape)
    runs = np.repeat(run, _DENSER + 1).reshape(share.shape)
    found = _Samples(row[wanted], share[wanted], runs[wanted], margin(row[wanted], share[wanted]))
    return _with_corners(motion, found, site, margin)


def _corners(site: Site) -> Array:
    """Azimuths [°] over three turns at which the skyline has a corner, and those between two corners."""
    azimuth = np.unique(np.mod(site.skyline.table[0], 360.0))
    around = np.concatenate([azimuth - 360.0, azimuth, azimuth + 360.0])
    return np.sort(np.concatenate([around, (around[1:] + around[:-1]) / 2]))


def _with_corners(motion: Motion, samples: _Samples, site: Site, margin: Margin) -> _Samples:
    """The samples, and the places at which satellites pass the corners of the skyline."""
    corners = _corners(site)
    azimuth = azimuth_deg(motion.place(samples.row, samples.share))
    turned = np.where(samples.joined, np.mod(np.diff(azimuth) + 180.0, 360.0) - 180.0, 0.0)
    one, two = azimuth[:-1], azimuth[:-1] + turned
    first, last = np.searchsorted(corners, np.minimum(one, two)), np.searchsorted(corners, np.maximum(one, two))
    count = last - first
    left = np.repeat(np.arange(len(count)), count)
    which = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count) + first[left]
    row, share = samples.row[left], samples.share[left]
    width = _offset(samples, left + 1, left) - share
    wanted = (corners[which] - one[left]) / turned[left]  # how far of the way, if the azimuth went evenly
    part = wanted.copy()
    for _turn in range(3):  # it does not
        gone = np.mod(azimuth_deg(motion.place(row, share + width * part)) - one[left] + 180.0, 360.0) - 180.0
        part = np.clip(part + wanted - gone / turned[left], 0.0, 1.0)
    place = share + width * part
    return samples.with_more(row, place, samples.run[left], margin(row, place))


# --- spans ------------------------------------------------------------------------------------------


def _spans(motion: Motion, samples: _Samples, margin: Margin) -> Spans:
    """The spans between a rise and the next setting on samples."""
    up, joined = samples.margin > 0, samples.joined
    begins, ends = np.concatenate([[True], ~joined]), np.concatenate([~joined, [True]])
    if not len(up):
        begins = ends = np.zeros(0, dtype=bool)
    first = np.flatnonzero(
        up & (begins | ~np.concatenate([[False], up[:-1]])[: len(up)])
    )  # the first sample of each that is up
    last = np.flatnonzero(up & (ends | ~np.concatenate([up[1:], [False]])[: len(up)]))
    rises, sets = ~begins[first], ~ends[last]
    row, share = samples.row[first].copy(), samples.share[first].copy()
    row[rises], share[rises] = _crossing(motion, samples, first[rises] - 1, margin)
    last_row, last_share = samples.row[last].copy(), samples.share[last].copy()
    last_row[sets], last_share[sets] = _crossing(motion, samples, last[sets], margin)
    top = _top(motion, samples, first, last, row + share, last_row + last_share)
    return Spans(row, share, last_row, last_share, *top, rises, sets)


def _crossing(motion: Motion, samples: _Samples, left: Indices, margin: Margin) -> tuple[Indices, Array]:
    """Where the margin changes its sign between samples and their next ones: by halving."""
    row = samples.row[left]
    low, high = samples.share[left].copy(), _offset(samples, left + 1, left)
    sign = samples.margin[left] > 0
    widest = float((high - low).max(initial=0.0)) * motion.step
    for _turn in range(max(1, int(np.ceil(np.log2(max(widest, 2 * _CLOSE) / _CLOSE))))):
        middle = (low + high) / 2
        same = (margin(row, middle) > 0) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return row, (low + high) / 2


def _top(
    motion: Motion, samples: _Samples, first: Indices, last: Indices, begin: Array, end: Array
) -> tuple[Indices, Array]:
    """Where the elevation is largest in spans. begin, end: row + share of rise and setting."""
    count = last - first + 1
    within = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
    height = elevation(motion.place(samples.row[within], samples.share[within]))
    start = np.cumsum(count) - count
    best = np.maximum.reduceat(height, start) if len(start) else height
    is_best = np.flatnonzero(height == np.repeat(best, count))
    span = np.repeat(np.arange(len(count)), count)[is_best]
    top = within[is_best[np.unique(span, return_index=True)[1]]]  # the first best sample of each span
    row = samples.row[top]
    key = samples.row + samples.share
    before, after = np.maximum(top - 1, 0), np.minimum(top + 1, len(key) - 1)
    left = np.where(samples.run[before] == samples.run[top], np.maximum(key[before], begin), begin)
    right = np.where(samples.run[after] == samples.run[top], np.minimum(key[after], end), end)
    share = _highest(lambda x: elevation(motion.place(row, x)), left - row, right - row)
    over = np.where(share > 1.0, 1, np.where(share < 0.0, -1, 0))
    return row + over, share - over
