"""Site: where an antenna stands, and what of the sky it may use.

Three limits are three things. The *skyline* is what stands around the antenna: buildings and mountains, by azimuth. The
*policy minimum* is a choice: below it nobody wants to receive, because the path through the air is long or the band
is shared. What the mount can reach is neither of them, and belongs to the mount (`sheber.ground.mount`).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["EARTH_FLATTENING", "EARTH_RADIUS", "BadSite", "Site", "Skyline"]

Array = NDArray[np.float64]

EARTH_RADIUS: Final = 6378137.0  # m, equatorial (WGS 84)
EARTH_FLATTENING: Final = 1 / 298.257223563  # WGS 84
_MOST_POINTS: Final = 3600  # of a skyline

NO_NUMBER = message("ground.site_no_number", "{what} is {value}; it must be a number from {least} to {most}.")
NO_SKYLINE = message("ground.skyline_empty", "A skyline needs at least one point: an azimuth and an elevation.")
TOO_LONG = message("ground.skyline_long", "The skyline has {count} points; at most {most} are taken.")
NOT_A_PAIR = message(
    "ground.skyline_line",
    "Line {line} of the skyline is {text!r}. A line is an azimuth, a comma and an elevation in degrees.",
)
NO_CSV = message("ground.skyline_csv", "Line {line} of the skyline cannot be read: {why}.")


class BadSite(GroundError):
    """A place or a skyline that cannot be."""


@dataclass(frozen=True)
class Skyline:
    """What hides the sky, by azimuth: straight lines between points, around the whole circle.

    Two points of the same azimuth are an edge, such as the wall of a house; exactly there the second counts.
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    """(azimuth, elevation) [°], in any order; azimuths from north by east, elevations above the horizontal."""

    def __post_init__(self) -> None:
        """Raise BadSite for what is no skyline."""
        if not self.points:
            raise BadSite(NO_SKYLINE())
        if len(self.points) > _MOST_POINTS:
            raise BadSite(TOO_LONG(count=len(self.points), most=_MOST_POINTS))
        for azimuth, elevation in self.points:
            _check("azimuth_deg", azimuth, -360.0, 720.0)
            _check("elevation_deg", elevation, -30.0, 90.0)

    @classmethod
    def flat(cls, elevation_deg: float = 0.0) -> Self:
        """The same elevation all around."""
        return cls(((0.0, elevation_deg),))

    @classmethod
    def from_csv(cls, text: str) -> Self:
        """A skyline from lines "azimuth,elevation" [°]; a line of titles and lines with # are passed over.

        Raises BadSite and names the line.
        """
        points: list[tuple[float, float]] = []
        reader = csv.reader(io.StringIO(text))
        try:
            for number, row in enumerate(reader, 1):
                if row and not row[0].lstrip().startswith("#"):
                    points += _pair(number, row, first=not points)
        except csv.Error as error:
            raise BadSite(NO_CSV(line=reader.line_num, why=str(error))) from None
        return cls(tuple(points))

    @property
    def is_flat(self) -> bool:
        """Whether it is the same all around."""
        return len({elevation for _, elevation in self.points}) == 1

    @cached_property
    def table(self) -> tuple[Array, Array]:
        """Azimuths and elevations [°] by azimuth, one point before 0° and one after 360° included."""
        by_azimuth = sorted(self.points, key=lambda point: (point[0] % 360.0, point[0] < 360.0))  # 360° ends at north
        ordered = [(azimuth % 360.0, elevation) for azimuth, elevation in by_azimuth]
        before, after = ordered[-1], ordered[0]
        around = [(before[0] - 360.0, before[1]), *ordered, (after[0] + 360.0, after[1])]
        azimuth, elevation = np.array(around).T
        return azimuth, elevation

    def at(self, azimuth_deg: ArrayLike) -> Array:
        """Elevation of the skyline [°] at azimuths [°], of any turn."""
        return np.asarray(np.interp(np.mod(np.asarray(azimuth_deg, dtype=np.float64), 360.0), *self.table))


def _pair(number: int, row: Sequence[str], *, first: bool) -> Iterable[tuple[float, float]]:
    """The point of a line; none where it is the line of titles."""
    try:
        azimuth, elevation = (float(one) for one in row)
    except ValueError:
        if first and not any(character.isdigit() for character in "".join(row)):
            return []
        raise BadSite(NOT_A_PAIR(line=number, text=",".join(row)[:80])) from None
    return [(azimuth, elevation)]


def _check(what: str, value: float, least: float, most: float) -> None:
    """Raise BadSite for what is no number within the bounds."""
    if not (math.isfinite(value) and least <= value <= most):
        raise BadSite(NO_NUMBER(what=what, value=value, least=least, most=most))


@dataclass(frozen=True)
class Site:
    """Where an antenna stands."""

    name: str
    latitude_deg: float
    """Geodetic, on WGS 84, north positive."""
    longitude_deg: float
    """East positive."""
    altitude_m: float = 0.0
    """Above the ellipsoid."""
    skyline: Skyline = field(default_factory=Skyline)
    """What hides the sky."""
    minimum_deg: float = 0.0
    """The policy minimum: lower than this nobody wants to receive."""

    def __post_init__(self) -> None:
        """Raise BadSite for what is no place."""
        _check("latitude_deg", self.latitude_deg, -90.0, 90.0)
        _check("longitude_deg", self.longitude_deg, -180.0, 360.0)
        _check("altitude_m", self.altitude_m, -500.0, 10000.0)
        _check("minimum_deg", self.minimum_deg, -30.0, 90.0)

    def mask_deg(self, azimuth_deg: ArrayLike) -> Array:
        """The elevation [°] from which a satellite at these azimuths [°] counts as up: skyline or policy minimum."""
        return np.maximum(self.skyline.at(azimuth_deg), self.minimum_deg)

    @cached_property
    def position(self) -> Array:
        """Where it is on the turning Earth [m], (3,): x to the meridian of Greenwich, z to the north."""
        latitude, longitude = math.radians(self.latitude_deg), math.radians(self.longitude_deg)
        squared = EARTH_FLATTENING * (2 - EARTH_FLATTENING)  # of the eccentricity
        normal = EARTH_RADIUS / math.sqrt(1 - squared * math.sin(latitude) ** 2)
        across = (normal + self.altitude_m) * math.cos(latitude)
        height = (normal * (1 - squared) + self.altitude_m) * math.sin(latitude)
        return np.array([across * math.cos(longitude), across * math.sin(longitude), height])

    @cached_property
    def axes(self) -> Array:
        """East, north and up at the site as rows (3, 3), in the axes of `position`."""
        latitude, longitude = math.radians(self.latitude_deg), math.radians(self.longitude_deg)
        sin_lat, cos_lat, sin_lon, cos_lon = (
            math.sin(latitude),
            math.cos(latitude),
            math.sin(longitude),
            math.cos(longitude),
        )
        east = (-sin_lon, cos_lon, 0.0)
        north = (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat)
        up = (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
        return np.array([east, north, up])
