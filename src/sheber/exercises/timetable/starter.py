"""Timetable: a first program. It finds the first pass of one satellite, to the minute. You write the rest."""

import numpy as np

from sheber import connect

station = connect(exercise="timetable")
print(station, "at", station.site.name, "from", station.clock.utc(0.0))

times = np.arange(0.0, 86400.0, 60.0)  # s after the start
for name in station.elements:
    satellite = station.elements[name]
    if abs(satellite.age(0.0)) > 5 * 86400.0:
        continue  # are these elements any good?
    seen = station.elements.look(name, times)
    up = seen.elevation_deg > station.site.mask_deg(seen.azimuth_deg)
    if up.any():
        first = int(np.argmax(up))  # the first minute in which it is up
        count = int(np.argmin(up[first:]))  # how many there are until it is down
        print(name, "is up for", count, "minutes from", times[first], "s on")
        highest = float(seen.elevation_deg[first : first + count].max())
        station.archive.store(
            "pass",
            satellite=name,
            aos=times[first],
            tca=times[first + count // 2],
            los=times[first + count],
            elevation_max_deg=highest,
        )
        break

# Next: all passes of all satellites, to the second; refusals; and then be on duty:
station.clock.wait(1.0)
