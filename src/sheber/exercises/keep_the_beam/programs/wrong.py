"""Keep the beam, misunderstood: azimuths are counted from south, as astronomers once did."""

import numpy as np

from sheber import connect

station = connect(exercise="keep-the-beam")
mount, clock = station.mount, station.clock

for name, start, end in station.sheet["passes"]:
    times = np.arange(start, end + 1.0, 1.0)
    seen = station.elements.look(name, times)
    azimuth = np.degrees(np.unwrap(np.radians(seen.azimuth_deg))) - 180.0
    azimuth += 360.0 * np.ceil(-azimuth.min() / 360.0)
    if azimuth.max() <= mount.azimuth.highest_deg:
        mount.follow(times, azimuth, seen.elevation_deg)
    clock.wait_until(end)
mount.park()
mount.wait()
