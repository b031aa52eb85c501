"""Timetable, wrongly: whatever is above the horizon counts; hills, towers and the policy minimum are forgotten."""

import numpy as np

from sheber import StationError, connect

station = connect(exercise="timetable")
window = station.sheet["window_s"]
t = np.arange(0.0, window, 30.0)

for name in station.elements:
    try:
        seen = station.elements.look(name, t)
    except StationError:
        continue
    up = seen.elevation_deg > 0.0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], up, [False])).astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        top = first + int(np.argmax(seen.elevation_deg[first:last]))
        station.archive.store(
            "pass", satellite=name, aos=t[first], tca=t[top], los=t[last - 1], elevation_max_deg=seen.elevation_deg[top]
        )
station.clock.wait_until(station.sheet["duty_s"])
station.archive.store("sign_off", rises=0)
