"""Laws of tracking: how a path through the sky is laid on the two axes of a mount.

Theory of operation. A satellite that passes near the zenith turns in azimuth by half a circle within seconds, faster
than the mount can: this is the keyhole. Four laws, from the simplest to the best:

* `naive` sends the bearing, 0 to 360°, and the elevation. It takes the long way at north and lags in the keyhole.
* `continued` has no jump at north. A mount with overlap, or one that goes over the top, has several such ways; those
  that do not fit between the ends of the travel are left out. So the choice is made before the pass.
* Over the top: the elevation runs on beyond 90° and the azimuth jumps by half a circle at the highest point, where
  half a circle in azimuth is a small angle in the sky.
* `look_ahead` leaves the satellite before the keyhole, turns at a steady speed, and meets it again behind it. It tries
  the moment of leaving on a simulated mount without flaws and keeps the one with the least time outside the beam.

Wherever the azimuth is not that of the satellite, the elevation is the one whose direction is nearest to it: with the
azimuth d off, tan(el') = tan(el) / cos(d).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.mount.dynamics import Mount
from sheber.ground.mount.pointing import direction, pointing_error_deg
from sheber.ground.mount.spec import MountError, MountSpec
from sheber.ground.mount.track import TrackTable
from sheber.i18n import message

__all__ = ["Foreseen", "SkyPath", "continued", "followed", "look_ahead", "naive"]

_GRID_S = 0.1  # of a path through the sky
_ROWS_S = 0.5  # of the tables that are made
_SHARE = 0.95  # of the azimuth's speed that a look-ahead uses: the rest is for the servo
_BEFORE_S = 40.0  # the earliest moment of leaving, before the azimuth is too fast
_AROUND_S = 80.0  # of the highest point: where ways differ
_GOOD_ENOUGH = 0.05  # of the beam: with a smaller error no look-ahead is tried
_NO_WAY = message(
    "ground.mount.no_way",
    "The path turns from azimuth {first:.0f} to {last:.0f} deg. The azimuth axis of {lowest:.0f} to {highest:.0f} deg "
    "has no room for it.",
)
_SHORT_PATH = message("ground.mount.short_path", "A path through the sky needs two times or more, in increasing order.")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SkyPath:
    """Where a satellite is seen: bearings without a jump, every 0.1 s."""

    time_s: Array  # (n,) s, by the clock of the mount
    azimuth_deg: Array  # (n,) bearing, continued over north
    elevation_deg: Array  # (n,)

    @classmethod
    def of(cls, time_s: ArrayLike, azimuth_deg: ArrayLike, elevation_deg: ArrayLike) -> SkyPath:
        """The path through directions at some times (a second apart is enough, also at the zenith)."""
        times, vectors = np.asarray(time_s, float), direction(azimuth_deg, elevation_deg)
        if len(times) < 2 or not (np.diff(times) > 0.0).all():
            raise MountError(_SHORT_PATH())
        grid = np.append(np.arange(times[0], times[-1], _GRID_S), times[-1])
        east, north, up = (np.interp(grid, times, vectors[:, i]) for i in range(3))
        bearing = np.degrees(np.unwrap(np.arctan2(east, north)))
        start = 360.0 * np.floor(bearing[0] / 360.0)
        return cls(grid, bearing - start, np.degrees(np.arctan2(up, np.hypot(east, north))))

    def at(self, time_s: ArrayLike) -> tuple[Any, Any]:
        """Bearings and elevations at other times: numbers, or arrays where arrays are given."""
        times = np.asarray(time_s, float)
        return np.interp(times, self.time_s, self.azimuth_deg), np.interp(times, self.time_s, self.elevation_deg)

    @property
    def highest_s(self) -> float:
        """When it is highest."""
        return float(self.time_s[np.argmax(self.elevation_deg)])


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How a mount without flaws would follow a path."""

    time_s: Array  # (n,)
    error_deg: Array  # (n,) angle between antenna and satellite
    reversals: int  # of both axes

    def lost_s(self, beam_deg: float) -> float:
        """How long the satellite would be outside a beam of this full width."""
        return float(np.mean(self.error_deg > beam_deg / 2.0) * (self.time_s[-1] - self.time_s[0]))


def naive(path: SkyPath, every_s: float = 1.0) -> list[tuple[float, float, float]]:
    """What a simple client sends: time, bearing from 0 to 360°, elevation."""
    times = np.arange(path.time_s[0], path.time_s[-1], every_s)
    azimuths, elevations = path.at(times)
    return list(zip(times.tolist(), (azimuths % 360.0).tolist(), elevations.tolist(), strict=True))


def continued(path: SkyPath, spec: MountSpec) -> list[TrackTable]:
    """All ways to follow a path that have room on the mount; raises MountError where there is none."""
    times = _rows(path)
    tables = [_table(path, spec, times, azimuths) for azimuths in _ways(path, spec, times)]
    if not tables:
        first, last = float(path.azimuth_deg[0]), float(path.azimuth_deg[-1])
        axis = spec.azimuth
        raise MountError(_NO_WAY(first=first, last=last, lowest=axis.lowest_deg, highest=axis.highest_deg))
    return tables


def look_ahead(path: SkyPath, spec: MountSpec, beam_deg: float, now_deg: float | None = None) -> TrackTable:
    """The way with the least time outside a beam of this full width; of equal ones that with the smallest error.

    `now_deg`: where the azimuth axis stands; of ways as good as each other, the nearest is taken. It simulates up to a
    few hundred short stretches: up to a second for a pass through the keyhole. Raises MountError where no way has room.
    """
    start = spec.park_deg[0] if now_deg is None else now_deg

    def cost(table: TrackTable) -> tuple[float, ...]:
        foreseen = followed(path, spec, _around(table, path.highest_s))
        worst = float(foreseen.error_deg.max())
        return round(foreseen.lost_s(beam_deg), 1), round(worst, 2), abs(float(table.azimuth_deg[0]) - start)

    ways = continued(path, spec)
    best = min(ways, key=cost)
    if cost(best)[1] < _GOOD_ENOUGH * beam_deg:
        return best
    return min([best, *(cut for table in ways for cut in _cuts(path, spec, table))], key=cost)


def followed(path: SkyPath, spec: MountSpec, table: TrackTable, step_s: float = 0.1) -> Foreseen:
    """How a mount without flaws, standing at the table's first row, would follow a path by this table."""
    park = float(table.azimuth_deg[0]), float(table.elevation_deg[0])
    mount = Mount(replace(spec, park_deg=park, latch_deg=None), float(table.time_s[0]), step_s)
    mount.follow(table)
    times, angles = [], []
    for _ in range(int((table.time_s[-1] - table.time_s[0]) / step_s)):
        mount.step()
        times.append(mount.time_s)
        angles.append(mount.true_deg)
    at, pointed = np.array(times), np.array(angles)
    errors = pointing_error_deg(pointed[:, 0], pointed[:, 1], *path.at(at))
    return Foreseen(at, errors, mount.azimuth.reversals + mount.elevation.reversals)


def _around(table: TrackTable, time_s: float) -> TrackTable:
    """The rows near the keyhole; all where that leaves too few."""
    near = np.abs(table.time_s - time_s) <= _AROUND_S
    if np.count_nonzero(near) < 2:
        return table
    return TrackTable(table.time_s[near], table.azimuth_deg[near], table.elevation_deg[near])


# --- ways on the axes ---


def _rows(path: SkyPath) -> Array:
    """The times of a table for a path."""
    return np.append(np.arange(path.time_s[0], path.time_s[-1] - 0.5 * _ROWS_S, _ROWS_S), path.time_s[-1])


def _ways(path: SkyPath, spec: MountSpec, times: Array) -> Iterator[Array]:
    """The azimuth axis along a path, in all ways that have room: (n,) each."""
    bearing, _ = path.at(times)
    after = times > path.highest_s
    half = 180.0 * np.sign(bearing[-1] - bearing[0])
    ways = [bearing]
    if spec.flips:
        ways += [bearing + 180.0, bearing - half * after, bearing + half * ~after]
    axis = spec.azimuth
    for way in ways:
        first = 360.0 * np.ceil((axis.lowest_deg - way.min()) / 360.0)
        for turn in (first, first + 360.0):
            if axis.lowest_deg <= (way + turn).min() and (way + turn).max() <= axis.highest_deg:
                yield way + turn


def _table(path: SkyPath, spec: MountSpec, times: Array, azimuths: Array) -> TrackTable:
    """A table with these azimuths, and the elevations whose directions are nearest to the path."""
    bearing, elevation = path.at(times)
    up, forward = np.sin(np.radians(elevation)), np.cos(np.radians(elevation)) * np.cos(np.radians(bearing - azimuths))
    nearest = np.degrees(np.arctan2(up, forward))
    return TrackTable(times, azimuths, np.clip(nearest, spec.elevation.lowest_deg, spec.elevation.highest_deg))


def _cuts(path: SkyPath, spec: MountSpec, table: TrackTable) -> Iterator[TrackTable]:
    """The same way with the keyhole cut off, for several moments of leaving the satellite; none where it is slow."""
    speed = _SHARE * spec.azimuth.speed_deg_s
    times, azimuths = table.time_s, table.azimuth_deg
    fast = np.abs(np.diff(azimuths)) > speed * np.diff(times)
    if not fast.any():
        return
    fast_from, fast_until = int(np.argmax(fast)), len(fast) - int(np.argmax(fast[::-1]))
    for leave in range(fast_from, max(-1, fast_from - round(_BEFORE_S / _ROWS_S)), -2):
        room = speed * (times - times[leave]) - np.abs(azimuths - azimuths[leave])
        meets = np.flatnonzero((room >= 0.0) & (np.arange(len(times)) >= fast_until))
        if len(meets):
            yield _cut(path, spec, table, leave, int(meets[0]))


def _cut(path: SkyPath, spec: MountSpec, table: TrackTable, leave: int, meet: int) -> TrackTable:
    """The way with a steady turn from one row to another, its corners as round as the acceleration needs."""
    times, azimuths = table.time_s, table.azimuth_deg.copy()
    azimuths[leave : meet + 1] = np.interp(times[leave : meet + 1], times[[leave, meet]], azimuths[[leave, meet]])
    change = max(abs(_speed_change(times, azimuths, row)) for row in (leave, meet))
    width = 2 * round(change / spec.azimuth.acceleration_deg_s2 / _ROWS_S / 2) + 1
    smooth = np.convolve(np.pad(azimuths, width // 2, mode="edge"), np.full(width, 1.0 / width), mode="valid")
    near = slice(max(0, leave - width), meet + width + 1)
    azimuths[near] = smooth[near]
    return _table(path, spec, times, azimuths)


def _speed_change(times: Array, azimuths: Array, row: int) -> float:
    """By how much the speed changes at a row, deg/s."""
    if not 0 < row < len(times) - 1:
        return 0.0
    before, after = (np.diff(azimuths) / np.diff(times))[[row - 1, row]]
    return float(after - before)
