"""Where an antenna looks: the angle between two directions of azimuth and elevation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["direction", "pointing_error_deg"]


def direction(azimuth_deg: ArrayLike, elevation_deg: ArrayLike) -> NDArray[np.float64]:
    """Unit vectors (east, north, up) of a direction, (..., 3); an elevation above 90° looks over the top."""
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(elevation_deg))
    flat = np.cos(elevation)
    return np.stack([flat * np.sin(azimuth), flat * np.cos(azimuth), np.sin(elevation)], axis=-1)


def pointing_error_deg(
    azimuth_deg: ArrayLike, elevation_deg: ArrayLike, to_azimuth_deg: ArrayLike, to_elevation_deg: ArrayLike
) -> Any:
    """The angle between two directions, 0 to 180°: a number, or an array where arrays are given.

    By the chord, which keeps its digits for small angles.

    >>> round(pointing_error_deg(10.0, 30.0, 190.0, 150.0), 6)  # the same place, over the top
    0.0
    """
    chord = np.linalg.norm(direction(azimuth_deg, elevation_deg) - direction(to_azimuth_deg, to_elevation_deg), axis=-1)
    error = np.degrees(2.0 * np.arcsin(np.clip(0.5 * chord, 0.0, 1.0)))
    return float(error) if error.ndim == 0 else error
