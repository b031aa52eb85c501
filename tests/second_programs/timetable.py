"""Timetable by looks alone: a coarse grid, a fine one where a satellite may be up, then halving, all by the station."""

import numpy as np

from sheber import ElementsTooOld, connect

station = connect(exercise="timetable")
site, elements, sheet = station.site, station.elements, station.sheet
window, duty, shortest = sheet["window_s"], sheet["duty_s"], sheet["shortest_s"]
BESIDE = (43_200.0, 21_600.0, 7_200.0, 1_800.0, 0.0)  # s looked at before and after the window, as far as elements allow


def margin(name, times):
    """Elevation above the mask, and elevation [deg]."""
    seen = elements.look(name, times)
    return seen.elevation_deg - site.mask_deg(seen.azimuth_deg), seen.elevation_deg, seen


def reach(name):
    """How far before and after the window one may look; None where not even at the window itself."""
    for beside in BESIDE:
        try:
            elements.look(name, [-beside, 0.0, window, window + beside])
            return beside
        except ElementsTooOld:
            continue
    return None


def fine_times(name, start, end):
    """Times to look at: every second while a low satellite may be up, every fifth for a high one."""
    coarse = np.arange(start, end + 30.0, 30.0)
    _above, elevation, seen = margin(name, coarse)
    maybe = elevation > site.minimum_deg - 8.0
    maybe = maybe | np.roll(maybe, 1) | np.roll(maybe, -1)
    pieces = []
    for first in np.flatnonzero(maybe):
        step = 1.0 if seen.range[first] < 6e6 else 5.0
        pieces.append(coarse[first] + np.arange(0.0, 30.0, step))
    return np.concatenate(pieces) if pieces else np.zeros(0)


def halved(name, low, high):
    """The crossings between pairs of times, one of them up and one of them down."""
    rising = margin(name, high)[0] > 0.0
    for _round in range(22):
        middle = (low + high) / 2.0
        up = margin(name, middle)[0] > 0.0
        high = np.where(up == rising, middle, high)
        low = np.where(up == rising, low, middle)
    return (low + high) / 2.0


def culmination(name, rise, setting):
    """TCA and largest elevation between two times."""
    for _round in range(4):
        times = np.linspace(rise, setting, 400)
        elevation = margin(name, times)[1]
        best = int(np.argmax(elevation))
        rise, setting = times[max(best - 1, 0)], times[min(best + 1, 399)]
    return float(times[best]), float(elevation[best])


def passes_of(name, beside):
    times = fine_times(name, -beside, window + beside)
    if not len(times):
        return
    up = margin(name, times)[0] > 0.0
    near = np.diff(times) < 6.0
    change = np.flatnonzero((up[1:] != up[:-1]) & near)
    if not len(change):
        return
    crossings = halved(name, times[change], times[change + 1])
    rises = up[change + 1]
    for place in np.flatnonzero(rises[:-1]):
        aos, los = float(crossings[place]), float(crossings[place + 1])
        if rises[place + 1] or los < 0.0 or aos > window or los - aos < shortest:
            continue
        yield aos, los


found = []
for name in elements:
    beside = reach(name)
    if beside is None:
        station.archive.store("refused", satellite=name)
        continue
    try:
        pieces = list(passes_of(name, beside))
    except ElementsTooOld:
        station.archive.store("refused", satellite=name)
        continue
    for aos, los in pieces:
        tca, highest = culmination(name, aos, los)
        station.archive.store("pass", satellite=name, aos=aos, tca=tca, los=los, elevation_max_deg=highest)
        found.append((aos, name))

announced = 0
for aos, name in sorted(found):
    if station.clock.time <= aos < duty:
        station.clock.wait_until(aos)
        station.archive.store("rise", satellite=name)
        announced += 1
if station.clock.time < duty:
    station.clock.wait_until(duty)
station.archive.store("sign_off", rises=announced)
