"""Keep the beam, in a hurry: tables that cross north as they should, but nothing is done about the zenith."""

import numpy as np

from sheber import connect

station = connect(exercise="keep-the-beam")
mount, clock = station.mount, station.clock


def fitting(bearing, elevation):
    """The first way that has room: straight, or over the top."""
    for azimuth, height in ((bearing, elevation), (bearing + 180.0, 180.0 - elevation)):
        for turn in (0.0, 360.0, -360.0):
            inside = azimuth.min() + turn >= 0.0 and azimuth.max() + turn <= mount.azimuth.highest_deg
            if inside and height.max() <= mount.elevation.highest_deg:
                return azimuth + turn, height
    return np.clip(bearing % 360.0, 0.0, 360.0), elevation


for name, start, end in station.sheet["passes"]:
    times = np.arange(start, end + 1.0, 1.0)
    seen = station.elements.look(name, times)
    azimuth, elevation = fitting(np.degrees(np.unwrap(np.radians(seen.azimuth_deg))), seen.elevation_deg)
    mount.follow(times, azimuth, elevation)
    clock.wait_until(end)
