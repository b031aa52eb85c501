"""Keep the beam: for each pass, try every way on the axes and every moment to leave, and follow the best table."""

import numpy as np

from sheber import connect

STEP = 0.5  # s between the rows of a table
station = connect(exercise="keep-the-beam")
mount, clock = station.mount, station.clock
azimuth, elevation = mount.azimuth, mount.elevation
SPEED, ACCELERATION = 0.93 * azimuth.speed_deg_s, azimuth.acceleration_deg_s2


def direction(az, el):
    """Unit vectors of directions."""
    az, el = np.radians(az), np.radians(el)
    return np.stack([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)], axis=-1)


def ways(bearing, el):
    """All azimuths of the axis along a pass that have room on the mount."""
    after = np.arange(len(el)) > np.argmax(el)
    half = 180.0 * np.sign(bearing[-1] - bearing[0])
    found = [bearing]
    if elevation.highest_deg > 90.0:  # over the top: the whole pass, or one half of it
        found += [bearing + 180.0, bearing - half * after, bearing + half * ~after]
    for way in found:
        for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
            if azimuth.lowest_deg <= (way + turn).min() and (way + turn).max() <= azimuth.highest_deg:
                yield way + turn


def cuts(times, way):
    """The way itself, and with the fast part replaced by a steady turn, for several moments of leaving."""
    yield way
    fast = np.flatnonzero(np.abs(np.diff(way)) > SPEED * np.diff(times))
    if not len(fast):
        return
    for leave in range(fast[0], max(-1, fast[0] - 60), -1):
        room = SPEED * (times - times[leave]) - np.abs(way - way[leave])
        meets = np.flatnonzero((room >= 0.0) & (np.arange(len(times)) > fast[-1]))
        if len(meets):
            yield rounded(times, way, leave, meets[0])


def rounded(times, way, leave, meet):
    """A steady turn between two rows, its corners as round as the acceleration needs."""
    cut = way.copy()
    cut[leave : meet + 1] = np.linspace(way[leave], way[meet], meet - leave + 1)
    speeds = np.diff(cut) / np.diff(times)
    change = max(abs(speeds[min(row, len(speeds) - 1)] - speeds[max(row - 1, 0)]) for row in (leave, meet))
    width = 2 * round(change / ACCELERATION / STEP / 2) + 1
    smooth = np.convolve(np.pad(cut, width // 2, mode="edge"), np.full(width, 1.0 / width), mode="valid")
    near = slice(max(0, leave - width), meet + width + 1)
    cut[near] = smooth[near]
    return cut


def heights(bearing, el, way):
    """The elevations of the axis whose directions are nearest to the satellite."""
    forward = np.cos(np.radians(el)) * np.cos(np.radians(bearing - way))
    return np.clip(np.degrees(np.arctan2(np.sin(np.radians(el)), forward)), elevation.lowest_deg, elevation.highest_deg)


def driven(times, ways):
    """Where axes with this speed and acceleration are, row by row: a rough copy of the mount. ways: (n, rows)."""
    at, speed = ways[:, 0].copy(), np.zeros(len(ways))
    wanted, places = np.gradient(ways, times, axis=1), np.empty_like(ways)
    for row in range(len(times)):
        left = ways[:, row] - at - speed * STEP
        brake = np.sqrt(2.0 * ACCELERATION * np.abs(left))
        goal = wanted[:, row] + np.clip(2.0 * left, -brake, brake)
        new = np.clip(goal, speed - ACCELERATION * STEP, speed + ACCELERATION * STEP)
        new = np.clip(new, -azimuth.speed_deg_s, azimuth.speed_deg_s)
        at, speed = at + 0.5 * (speed + new) * STEP, new
        places[:, row] = at
    return places


def best(name, start, end):
    """The table of a pass with the least time outside the beam; of equal ones that with the smallest error."""
    times = np.arange(start - 2.0, end + 2.0, STEP)
    seen = station.elements.look(name, times)
    bearing, el = np.degrees(np.unwrap(np.radians(seen.azimuth_deg))), seen.elevation_deg
    tables = np.array([cut for way in ways(bearing, el) for cut in cuts(times, way)])
    reached = direction(driven(times, tables), heights(bearing, el, tables))
    error = np.degrees(np.arccos(np.clip((reached * direction(bearing, el)).sum(-1), -1.0, 1.0)))
    lost, largest = STEP * (error > mount.beam_deg / 2.0).sum(axis=1), error.max(axis=1).round(1)
    away = np.abs(tables[:, 0] - mount.state().azimuth_deg)
    way = tables[np.lexsort((away, largest, lost))[0]]
    return times, way, heights(bearing, el, way)


for name, start, end in station.sheet["passes"]:
    mount.follow(*best(name, start, end))
    clock.wait_until(end + 0.5)
mount.park()
mount.wait(200.0)
