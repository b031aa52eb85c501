"""Timetable, well: a coarse search, a fine one where a satellite may be up, then each end by halving."""

import numpy as np

from sheber import ElementsTooOld, connect

station = connect(exercise="timetable")
site, elements, archive = station.site, station.elements, station.archive
window, duty = station.sheet["window_s"], station.sheet["duty_s"]
shortest = station.sheet["shortest_s"]

BEFORE = 43200.0  # s: a pass may have begun before the window, and end after it
lowest = float(np.maximum(site.skyline_deg[:, 1], site.minimum_deg).min())


def above(name, times):
    """Elevation above the mask [°]."""
    seen = elements.look(name, times)
    return seen.elevation_deg - site.mask_deg(seen.azimuth_deg)


def stretches(name):
    """Pieces of time in which the satellite is above the lowest part of the mask, with a little room."""
    t = np.arange(-BEFORE, window + BEFORE, 20.0)
    up = elements.look(name, t).elevation_deg > lowest - 2.0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], up, [False])).astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start, end = t[max(0, first - 1)], t[min(len(t) - 1, last)]
        if end >= 0.0 and start <= window:
            yield start, end


def crossings(name, low, high):
    """The moments between `low` and `high` at which the satellite crosses the mask: by halving, all at once."""
    sign = above(name, low) > 0.0
    for _ in range(12):
        middle = (low + high) / 2.0
        same = (above(name, middle) > 0.0) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return (low + high) / 2.0


def passes(name):
    """(aos, tca, los, largest elevation) of the passes of one satellite."""
    pieces = [np.arange(start, end + 1.0, 1.0) for start, end in stretches(name)]
    if not pieces:
        return []
    t = np.concatenate(pieces)
    seen = elements.look(name, t)
    up = seen.elevation_deg > site.mask_deg(seen.azimuth_deg)
    joined = np.diff(t) < 1.5
    rises, sets = np.flatnonzero(joined & ~up[:-1] & up[1:]), np.flatnonzero(joined & up[:-1] & ~up[1:])
    if not len(rises):
        return []
    ends = crossings(name, t[np.concatenate((rises, sets))], t[np.concatenate((rises, sets)) + 1])
    found = []
    for k, (aos, los) in enumerate(zip(ends[: len(rises)], ends[len(rises) :], strict=True)):
        if los < 0.0 or aos > window or los - aos < shortest:
            continue
        inside = np.arange(rises[k] + 1, sets[k] + 1)
        top = inside[np.argmax(seen.elevation_deg[inside])]
        tca = min(max(t[top], aos), los)
        found.append((aos, tca, los, seen.elevation_deg[top]))
    return found


timetable, refused = [], []
for name in elements:
    try:
        timetable += [(name, *one) for one in passes(name)]
    except ElementsTooOld as error:
        print("refused:", error)
        refused.append(name)

for name, aos, tca, los, highest in timetable:
    archive.store("pass", satellite=name, aos=aos, tca=tca, los=los, elevation_max_deg=highest)
for name in refused:
    archive.store("refused", satellite=name)

rises = sorted((aos, name) for name, aos, *_ in timetable if 0.0 < aos < duty)
for aos, name in rises:
    station.clock.wait_until(max(aos, station.clock.time))
    archive.store("rise", satellite=name)
station.clock.wait_until(duty)
archive.store("sign_off", rises=len(rises))
print(len(timetable), "passes,", len(refused), "refused,", len(rises), "announced")
