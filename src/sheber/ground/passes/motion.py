"""Motion: satellites as a site sees them, as polynomials between a few positions that SGP4 has given.

SGP4 is asked every 0.4 rad of the perigee (`step_of`, some minutes in a low orbit), for all satellites at once.
Between two of these nodes a quintic that has position, velocity and acceleration of both ends follows the orbit; the
acceleration is that of the Earth's mass and of its oblateness, seen from the turning Earth. It leaves SGP4 by 5 m in
low orbits and by 90 m in eccentric ones, which moves a pass by milliseconds; most of that comes of SGP4's velocities.

A stretch between two nodes is kept only if the satellite can come over the horizon in it: with |u''| ≤ A the height u
above the site's horizontal plane is nowhere higher than the higher end and A·h²/8. In a low orbit nine of ten are left
out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.elements import Elements
from sheber.ground.instants import EARTH_TURN, gmst
from sheber.ground.orbit import EarthOrientation, pole_axes, propagate_many
from sheber.ground.site import Site

__all__ = ["Motion", "motion_of", "nodes", "step_of"]

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

_MU: Final = 3.986008e14  # m³/s² (WGS 72, as SGP4 has it)
_RADIUS: Final = 6378135.0  # m (WGS 72)
_J2: Final = 1.082616e-3  # WGS 72
_ARC: Final = 0.4  # rad of true anomaly at the perigee between nodes
_SHORTEST, _LONGEST = 60.0, 7200.0  # s between nodes


def step_of(elements: Elements) -> float:
    """Seconds between nodes, one of few values so that alike orbits share their instants."""
    e = min(elements.eccentricity, 0.95)
    rate = elements.mean_motion * (1 + e) ** 2 / (1 - e * e) ** 1.5  # rad/s at the perigee
    octaves = math.floor(4 * math.log2(max(_ARC / rate / _SHORTEST, 1.0))) / 4
    return min(_SHORTEST * math.pow(2.0, octaves), _LONGEST)


@dataclass(frozen=True, slots=True)
class Motion:
    """The stretches that were kept, in the order of satellites and of time; what follows on is joined."""

    start: float  # instant of the first node
    step: float  # s between nodes
    satellite: Indices  # (m,) of each stretch
    node: Indices  # (m,) the node with which it begins
    joined: NDArray[np.bool_]  # (m,) whether the next stretch is its continuation
    coefficients: tuple[Array, ...]  # six (m, 3): east, north, up [m] by powers of the share of the stretch

    def place(self, row: Indices, share: Array) -> Array:
        """East, north, up of the site [m], (n, 3), at shares (n,) of stretches (n,).

        A share below 0 or above 1 is one of the stretch before or after.
        """
        over = np.where(share > 1.0, 1, np.where(share < 0.0, -1, 0))
        row, share = row + over, (share - over)[:, None]
        c = self.coefficients
        found = c[5][row]
        for k in (4, 3, 2, 1, 0):
            found *= share
            found += c[k][row]
        return found

    def instant(self, row: Indices, share: Array) -> Array:
        """The instants of shares of stretches."""
        return np.asarray(self.start + (self.node[row] + share) * self.step)


def motion_of(
    elements: Sequence[Elements],
    site: Site,
    start: float,
    end: float,
    step: float,
    lowest: float,
    earth: EarthOrientation,
) -> Motion:
    """The motion of satellites over a window that they share. lowest: elevation [rad] that matters. Raises Unfit."""
    t = nodes(start, end, step)
    r, v = propagate_many(elements, t)  # (satellites, nodes, 3)
    axes, origin = pole_axes(site, earth)
    angle = gmst(t, earth.ut1_utc)
    turn = np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (nodes, 2)
    satellite, node = np.nonzero(_may_be_up(r, axes[2], turn, float(axes[2] @ origin), step, lowest))
    ends = [_seen(r[satellite, at], v[satellite, at], turn[at], axes, origin) for at in (node, node + 1)]
    joined = np.zeros(len(node), dtype=bool)
    joined[:-1] = (satellite[1:] == satellite[:-1]) & (node[1:] == node[:-1] + 1)
    return Motion(start, step, satellite, node, joined, _quintic(*ends[0], *ends[1], step))


def nodes(start: float, end: float, step: float) -> Array:
    """The instants of the nodes of a window (n,); the last is not before its end."""
    return np.asarray(start + step * np.arange(math.ceil((end - start) / step) + 1, dtype=np.float64))


def _may_be_up(r: Array, up: Array, turn: Array, height: float, step: float, lowest: float) -> NDArray[np.bool_]:
    """Which stretches (satellites, nodes - 1) may have the satellite above the lowest elevation."""
    cos, sin = turn[:, 0], turn[:, 1]
    up_teme = np.stack([cos * up[0] - sin * up[1], sin * up[0] + cos * up[1], np.full_like(cos, up[2])], axis=-1)
    u = np.einsum("mnk,nk->mn", r, up_teme) - height
    squared = np.einsum("mnk,mnk->mn", r, r)
    nearest, farthest = np.sqrt(squared.min(axis=1)) * 0.98, np.sqrt(squared.max(axis=1)) * 1.02
    speed = np.sqrt(2 * _MU / nearest)  # more than any speed on an ellipse
    pull = 1.01 * _MU / nearest**2 + 2 * EARTH_TURN * speed + EARTH_TURN**2 * farthest
    floor = (farthest + height) * min(math.sin(lowest), 0.0) - pull * step**2 / 8
    near = u >= floor[:, None]
    return np.asarray(near[:, 1:] | near[:, :-1])


def _seen(r: Array, v: Array, turn: Array, axes: Array, origin: Array) -> tuple[Array, Array, Array]:
    """Position, velocity and acceleration (m, 3) in the axes of the site, of those in TEME."""
    a = _acceleration(r)
    r, v, a = (_turned(one, turn) for one in (r, v, a))
    moving = v + EARTH_TURN * _across(r)
    a += EARTH_TURN * (_across(v) + _across(moving))  # Coriolis and centrifugal
    return (r - origin) @ axes.T, moving @ axes.T, a @ axes.T


def _turned(vector: Array, turn: Array) -> Array:
    cos, sin = turn[:, 0], turn[:, 1]
    x, y = vector[:, 0], vector[:, 1]
    return np.stack([cos * x + sin * y, cos * y - sin * x, vector[:, 2]], axis=-1)


def _across(vector: Array) -> Array:
    """-z × vector: what a turn about the pole at 1 rad/s adds to a rate, seen from what turns."""
    return np.stack([vector[:, 1], -vector[:, 0], np.zeros(len(vector))], axis=-1)


def _acceleration(r: Array) -> Array:
    """Gravity [m/s²] of the Earth with its oblateness J2, (m, 3)."""
    squared = np.sum(r * r, axis=-1)
    inverse = 1 / squared
    bulge = 1.5 * _J2 * _RADIUS**2 * inverse
    sine = 5 * r[:, 2] ** 2 * inverse
    pull = -_MU * inverse / np.sqrt(squared)
    return np.stack([pull * (1 + bulge * (k - sine)) * r[:, i] for i, k in ((0, 1.0), (1, 1.0), (2, 3.0))], axis=-1)


def _quintic(p0: Array, v0: Array, a0: Array, p1: Array, v1: Array, a1: Array, step: float) -> tuple[Array, ...]:
    """Coefficients of the polynomials in the share of the stretch that have these ends."""
    v0, v1, a0, a1, d = v0 * step, v1 * step, a0 * step**2 / 2, a1 * step**2 / 2, p1 - p0
    return (
        p0,
        v0,
        a0,
        10 * d - 6 * v0 - 4 * v1 - 3 * a0 + a1,
        -15 * d + 8 * v0 + 7 * v1 + 3 * a0 - 2 * a1,
        6 * d - 3 * (v0 + v1) - a0 + a1,
    )
