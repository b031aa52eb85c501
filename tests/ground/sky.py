"""Passes of a satellite for tests of the mount: a circular orbit over a ball that does not turn."""

from __future__ import annotations

import numpy as np

from sheber.ground.mount import SkyPath

EARTH_M = 6_371_000.0
MU = 3.986004418e14  # m³/s²


def overhead(
    highest_deg: float, heading_deg: float = 0.0, altitude_m: float = 500e3, lowest_deg: float = 5.0
) -> SkyPath:
    """The path of a pass: its highest elevation (at time 0), and the direction in which it goes there.

    The satellite is at its highest in the direction 90° to the right of its heading.
    """
    radius = EARTH_M + altitude_m
    rate = np.sqrt(MU / radius**3)
    aside = np.radians(90.0 - highest_deg) - np.arcsin(EARTH_M / radius * np.cos(np.radians(highest_deg)))
    along = rate * np.arange(-500.0, 500.5, 0.5)
    forward, right = radius * np.sin(along), radius * np.cos(along) * np.sin(aside)
    up = radius * np.cos(along) * np.cos(aside) - EARTH_M
    azimuth = heading_deg + np.degrees(np.arctan2(right, forward))
    elevation = np.degrees(np.arctan2(up, np.hypot(forward, right)))
    seen = elevation >= lowest_deg
    return SkyPath.of(along[seen] / rate, azimuth[seen], elevation[seen])
