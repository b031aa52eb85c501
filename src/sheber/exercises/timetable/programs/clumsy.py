"""Timetable, clumsily: a look every ten seconds and nothing finer, and only from the beginning to the end of the window."""

import numpy as np

from sheber import StationError, connect

station = connect(exercise="timetable")
window, duty = station.sheet["window_s"], station.sheet["duty_s"]
t = np.arange(0.0, window, 10.0)

timetable = []
for name in station.elements:
    try:
        seen = station.elements.look(name, t)
    except StationError:
        continue
    up = seen.elevation_deg > station.site.mask_deg(seen.azimuth_deg)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], up, [False])).astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        top = first + int(np.argmax(seen.elevation_deg[first:last]))
        timetable.append((name, t[first], t[top], t[last - 1], seen.elevation_deg[top]))

for name, aos, tca, los, highest in timetable:
    station.archive.store("pass", satellite=name, aos=aos, tca=tca, los=los, elevation_max_deg=highest)

rises = sorted((aos, name) for name, aos, *_ in timetable if 0.0 < aos < duty)
for aos, name in rises:
    station.clock.wait_until(aos)
    station.archive.store("rise", satellite=name)
station.clock.wait_until(duty)
station.archive.store("sign_off", rises=len(rises))
