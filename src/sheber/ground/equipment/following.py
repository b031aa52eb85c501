"""Following: an antenna that nobody drives. It always looks at one satellite, and at its bearing while that is down.

It is there for people: the replay shows the dish, and the page the way over the sky. No program hears of it, and no
other equipment asks it; what a link receives by such an antenna has no pointing error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground import looks
from sheber.ground.equipment.orbits import Orbits
from sheber.ground.mount.pointing import direction
from sheber.ground.serving import Device, Equipment, Looks, Served
from sheber.i18n import N_
from sheber.trace import Channel

if TYPE_CHECKING:
    from sheber.ground.scene import Scene

__all__ = ["FOLLOWING", "Following", "FollowingSpec"]

CHUNK_S: Final = 600.0  # of an orbit that is computed at once
GRID_S: Final = 1.0  # between places of an orbit; on a straight line between them it is wrong by 0.01° at most


@dataclass(frozen=True, slots=True)
class FollowingSpec:
    """Which satellite, and by what."""

    satellite: str
    diameter_m: float = 5.0  # of the dish; of a Yagi the length of its boom
    yagi: bool = False  # no dish


class Following(Equipment):
    """The antenna, alive."""

    def __init__(self, spec: FollowingSpec, station: Served) -> None:
        self._spec, self._station = spec, station
        self._dish = looks.Antenna(spec.diameter_m, spec.yagi)
        self._chunk = -1  # the piece of the orbit that is at hand
        self._ways: NDArray[np.float64] = np.empty((0, 3))  # unit vectors of its grid

    def described(self) -> dict[str, Any]:
        """Which satellite it follows."""
        return {"satellite": self._spec.satellite}

    def row(self) -> tuple[Any, ...]:
        """Where the satellite truly is: azimuth and elevation [deg]."""
        return (self.place(self._station.time),)

    def poses(self) -> list[list[float]]:
        """Yoke, dish and satellite."""
        azimuth, elevation = self.place(self._station.time)
        dish = self._dish.poses(azimuth, max(elevation, 0.0))
        return [*dish, self._dish.satellite_pose(azimuth, elevation)]

    def place(self, time: float) -> tuple[float, float]:
        """Azimuth and elevation of the satellite [deg] at a time [s after the start]."""
        chunk = int(time // CHUNK_S)
        if chunk != self._chunk:
            self._chunk, self._ways = chunk, self._computed(chunk)
        at = (time - chunk * CHUNK_S) / GRID_S
        share = at - int(at)
        east, north, up = (1.0 - share) * self._ways[int(at)] + share * self._ways[int(at) + 1]
        azimuth = float(np.degrees(np.arctan2(east, north))) % 360.0
        return azimuth, float(np.degrees(np.arctan2(up, np.hypot(east, north))))

    def _computed(self, chunk: int) -> NDArray[np.float64]:
        """Unit vectors to the satellite on the grid of a chunk, one place more than it is long."""
        times = chunk * CHUNK_S + GRID_S * np.arange(round(CHUNK_S / GRID_S) + 2, dtype=np.float64)
        seen = self._station.part(Orbits).true_look(self._spec.satellite, times)
        return direction(np.degrees(seen.azimuth), np.degrees(seen.elevation))


def _looks(spec: FollowingSpec, scene: Scene) -> Looks:
    """The antenna, the sky above it, and the satellite."""
    dish = looks.Antenna(spec.diameter_m, spec.yagi)
    visuals = (*dish.visuals(scene.site.skyline.table), *looks.satellite("satellite", dish))
    return Looks((*looks.BODIES, "satellite"), visuals)


def _channels(spec: FollowingSpec, scene: Scene) -> tuple[Channel, ...]:
    return (Channel("following", "f8", (2,), "deg", N_("Satellite"), labels=(N_("azimuth"), N_("elevation"))),)


FOLLOWING = Device("following", FollowingSpec, Following, channels=_channels, looks=_looks)
