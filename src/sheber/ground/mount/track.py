"""A program track: a table of times, azimuths and elevations that a mount follows by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.mount.spec import MountError, MountSpec
from sheber.i18n import message

__all__ = ["MOST_ROWS", "TrackTable"]

MOST_ROWS = 20_000
"""Rows of one table: five and a half hours at one a second."""

_CLOSEST_S = 0.01  # two rows: a mount has no use for more, and slopes stay numbers
_FARTHEST_S = 1e11  # a time, from 1970 or from the start
_WIDEST_DEG = 1e6  # an angle: thousands of turns; differences stay numbers

_SHAPE = message("ground.mount.table_shape", "A track table has {rows} rows. It must have from 2 to {most}.")
_LENGTHS = message(
    "ground.mount.table_lengths", "A track table has {times} times, {azimuths} azimuths and {elevations} elevations."
)
_NO_NUMBER = message("ground.mount.table_no_number", "Row {row} of the track table holds something that is no number.")
_ORDER = message(
    "ground.mount.table_order", "Row {row} of the track table is not {least:g} s or more later than the row before it."
)
_FAR = message("ground.mount.table_far", "Row {row} of the track table has the time {time:g} s, which no clock shows.")
_WIDE = message(
    "ground.mount.table_wide", "Row {row} of the track table has the angle {angle:g} deg, which no axis has."
)
_JUMP = message(
    "ground.mount.table_jump",
    "The azimuth jumps from {before:.1f} to {after:.1f} deg at row {row} of the track table. A mount turns through all "
    "angles between. The short way leads to {continued:.1f} deg, where the axis goes so far.",
)
_OUTSIDE = message("ground.mount.table_outside", "Row {row} of the track table: {why}")


class BadTable(MountError):
    """A table that no mount can follow, whatever its travel."""


@dataclass(frozen=True, slots=True)
class TrackTable:
    """Where a mount is to be, and when; between rows it goes smoothly."""

    time_s: NDArray[np.float64]  # (n,) s, by the clock of the mount, increasing
    azimuth_deg: NDArray[np.float64]  # (n,) angle of the axis, without jumps
    elevation_deg: NDArray[np.float64]  # (n,)

    @classmethod
    def of(cls, time_s: ArrayLike, azimuth_deg: ArrayLike, elevation_deg: ArrayLike) -> TrackTable:
        """A checked table; raises BadTable, which names the row."""
        columns = [np.atleast_1d(np.asarray(column, float)) for column in (time_s, azimuth_deg, elevation_deg)]
        lengths = [len(column) if column.ndim == 1 else 0 for column in columns]
        if len(set(lengths)) > 1:
            raise BadTable(_LENGTHS(times=lengths[0], azimuths=lengths[1], elevations=lengths[2]))
        if not 2 <= lengths[0] <= MOST_ROWS:
            raise BadTable(_SHAPE(rows=lengths[0], most=MOST_ROWS))
        bad = ~np.isfinite(np.stack(columns)).all(axis=0)
        if bad.any():
            raise BadTable(_NO_NUMBER(row=int(np.argmax(bad)) + 1))
        table = cls(*columns)
        table._check_order()
        return table

    def _check_order(self) -> None:
        """Raise BadTable for what no clock or axis shows, times that do not grow and azimuths that jump."""
        far = np.abs(self.time_s) > _FARTHEST_S
        if far.any():
            row = int(np.argmax(far))
            raise BadTable(_FAR(row=row + 1, time=float(self.time_s[row])))
        angles = np.stack([self.azimuth_deg, self.elevation_deg])
        wide = np.abs(angles) > _WIDEST_DEG
        if wide.any():
            row = int(np.argmax(wide.any(axis=0)))
            raise BadTable(_WIDE(row=row + 1, angle=float(angles[:, row][wide[:, row]][0])))
        late = np.diff(self.time_s) < _CLOSEST_S * (1.0 - 1e-4)
        if late.any():
            raise BadTable(_ORDER(row=int(np.argmax(late)) + 2, least=_CLOSEST_S))
        turns = np.diff(self.azimuth_deg)
        jumps = np.abs(turns) > 180.0
        if jumps.any():
            row = int(np.argmax(jumps)) + 1
            before, after = self.azimuth_deg[row - 1], self.azimuth_deg[row]
            continued = before + (after - before + 180.0) % 360.0 - 180.0
            raise BadTable(_JUMP(before=float(before), after=float(after), row=row + 1, continued=float(continued)))

    def check(self, spec: MountSpec) -> None:
        """Raise MountError, with the row, where the mount cannot go."""
        azimuth, elevation = spec.azimuth, spec.elevation
        inside = (self.azimuth_deg >= azimuth.lowest_deg) & (self.azimuth_deg <= azimuth.highest_deg)
        inside &= (self.elevation_deg >= elevation.lowest_deg) & (self.elevation_deg <= elevation.highest_deg)
        if inside.all():
            return
        row = int(np.argmin(inside))
        try:
            spec.check(float(self.azimuth_deg[row]), float(self.elevation_deg[row]))
        except MountError as error:
            raise MountError(_OUTSIDE(row=row + 1, why=error.text)) from error

    def sampled(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Azimuth, elevation and their speeds at times: (n, 4), deg and deg/s; it stands still outside the table."""
        azimuth, azimuth_speed = _smooth(self.time_s, self.azimuth_deg, time_s)
        elevation, elevation_speed = _smooth(self.time_s, self.elevation_deg, time_s)
        return np.stack([azimuth, elevation, azimuth_speed, elevation_speed], axis=1)


def _smooth(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Values and slopes of the cubic Hermite curve through rows (x, y), with slopes by differences."""
    slopes = np.gradient(y, x)
    row = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width = x[row + 1] - x[row]
    u = np.clip((at - x[row]) / width, 0.0, 1.0)
    rise = y[row + 1] - y[row]
    one, other = slopes[row] * width, slopes[row + 1] * width
    a, b = one + other - 2.0 * rise, 3.0 * rise - 2.0 * one - other
    values = y[row] + u * (one + u * (b + u * a))
    speeds = (one + u * (2.0 * b + 3.0 * u * a)) / width
    return values, np.where((at < x[0]) | (at > x[-1]), 0.0, speeds)
