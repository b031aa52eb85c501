"""The site of the station: where it stands, what hides the sky, from where on one receives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client.fixed import Fixed

__all__ = ["Site"]

Array = NDArray[np.float64]


class Site(Fixed):
    """Where the antenna stands.

    The skyline (mountains, houses) hides the sky; the policy minimum is what the station's people decided. A satellite
    counts as up where it is above both. What the mount can reach is a third thing: `station.mount`.
    """

    __slots__ = ("altitude_m", "latitude_deg", "longitude_deg", "minimum_deg", "name", "skyline_deg")

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.name = str(given["name"])
        self.latitude_deg = float(given["latitude_deg"])  # WGS 84, north positive
        self.longitude_deg = float(given["longitude_deg"])  # east positive
        self.altitude_m = float(given["altitude_m"])  # above the ellipsoid
        self.minimum_deg = float(given["minimum_deg"])  # the policy minimum
        self.skyline_deg: Array = np.array(
            given["skyline_deg"], dtype=np.float64
        )  # (n, 2) azimuth, elevation, once around
        self.skyline_deg.setflags(write=False)

    def __repr__(self) -> str:
        return f"Site({self.name!r}, {self.latitude_deg:.4f}, {self.longitude_deg:.4f}, {self.altitude_m:.0f} m)"

    def mask_deg(self, azimuth_deg: ArrayLike) -> Array:
        """The elevation [deg] above which a satellite counts as up at `azimuth_deg`, straight between the given points.

        >>> up = seen.elevation_deg > station.site.mask_deg(seen.azimuth_deg)
        """
        azimuth, elevation = self.skyline_deg.T
        skyline = np.interp(np.mod(np.asarray(azimuth_deg, dtype=np.float64), 360.0), azimuth, elevation)
        mask: Array = np.maximum(skyline, self.minimum_deg)
        return mask
