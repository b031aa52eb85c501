"""Each pass follows its exact track where the axes can; across the zenith a dynamic programme over azimuth and its speed finds the way that is least outside the beam."""

import numpy as np
from sheber import connect

station = connect(exercise="keep-the-beam")
mount, clock = station.mount, station.clock
LOW, HIGH = mount.azimuth.lowest_deg, mount.azimuth.highest_deg
TOP = mount.elevation.highest_deg
FLIPS = TOP > 100.0
HALF = mount.beam_deg / 2.0
MARGIN = 0.10 * HALF + 0.03
EDGE = 0.3
DT = 0.5
TOPSPEED = 0.98 * mount.azimuth.speed_deg_s
DV = TOPSPEED / 6.0
NV = 6
UNIT = DV * DT / 2.0


def track(name, times):
    seen = station.elements.look(name, times)
    return np.degrees(np.unwrap(np.radians(seen.azimuth_deg))), seen.elevation_deg


def best_elevation(wrong, elevation):
    """The elevation nearest to the satellite where the azimuth is wrong by so much, and the angle that remains."""
    d, e = np.radians(wrong), np.radians(elevation)
    best = np.degrees(np.arctan2(np.sin(e), np.cos(e) * np.cos(d)))
    best = np.clip(best, 0.0, TOP - 0.02)
    b = np.radians(best)
    cosine = np.sin(b) * np.sin(e) + np.cos(b) * np.cos(e) * np.cos(d)
    return best, np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def swing(azimuth, elevation, begin, end, begin_speed, end_speed):
    """The way of the azimuth from `begin` to `end`, over the times of the arrays, that is least outside the beam."""
    low = max(LOW + EDGE, min(begin, end) - 60.0)
    high = min(HIGH - EDGE, max(begin, end) + 60.0)
    first = int((begin - low) / UNIT)
    count = first + int((high - begin) / UNIT) + 1
    places = begin + UNIT * (np.arange(count) - first)
    speeds = np.arange(-NV, NV + 1)
    steps = len(azimuth)
    value = np.full((len(speeds), count), np.inf, np.float32)
    last = int(round((end - begin) / UNIT)) + first
    at = int(np.clip(round(end_speed / DV), -NV, NV)) + NV
    value[max(at - 1, 0) : at + 2, max(last - 1, 0) : last + 2] = 0.0
    choice = np.zeros((steps, len(speeds), count), np.int8)
    for k in range(steps - 2, -1, -1):
        _, angle = best_elevation(places - azimuth[k], np.full(count, elevation[k]))
        cost = DT * ((angle > HALF - MARGIN) + 0.03 * np.minimum(angle / HALF, 3.0) ** 2)
        new = np.full_like(value, np.inf)
        for i, speed in enumerate(speeds):
            for change in (0, -1, 1):
                j = i + change
                if not 0 <= j < len(speeds):
                    continue
                shift = int(speed + speeds[j])
                a, b = max(0, -shift), min(count, count - shift)
                extra = 0.005 * abs(change) + (0.3 if speed * speeds[j] <= 0 and change else 0.0)
                other = value[j, a + shift : b + shift] + np.float32(extra)
                mine = new[i, a:b]
                better = other < mine
                mine[better] = other[better]
                choice[k, i, a:b][better] = change
        value = new + cost.astype(np.float32)
    i = int(np.clip(round(begin_speed / DV), -NV, NV)) + NV
    p, total = first, float(value[i, first])
    if not np.isfinite(total):
        return total, None
    way = [places[p]]
    for k in range(steps - 1):
        j = i + int(choice[k, i, p])
        p += int(speeds[i] + speeds[j])
        i = j
        way.append(places[p])
    way = np.array(way)
    return total, way + (end - way[-1]) * np.linspace(0.0, 1.0, steps)


def reachable(azimuths):
    """What can be added to these azimuths: (turn, whether the antenna is beyond the zenith)."""
    found = []
    for half in range(-4, 5):
        if half % 2 and not FLIPS:
            continue
        moved = azimuths + 180.0 * half
        room = min(moved.min() - LOW, HIGH - moved.max())
        if room >= EDGE:
            found.append((room, 180.0 * half, bool(half % 2)))
    return sorted(found, reverse=True)


def plan(name, start, end):
    times = np.arange(start - 4.0, end + 3.0, 1.0)
    fine = np.arange(start, end, 0.25)
    azimuth, elevation = track(name, fine)
    rate = np.gradient(azimuth, fine)
    here = float(mount_at[0])
    whole = reachable(track(name, times)[0])
    if np.abs(rate).max() < 0.8 * TOPSPEED and whole:
        roomy = [one for one in whole if one[0] >= 2.0] or whole[:1]
        base = track(name, times)[0]
        _, add, over = min(roomy, key=lambda one: abs(base[0] + one[1] - here))
        azimuth, elevation = track(name, times)
        return times, azimuth + add, 180.0 - elevation if over else elevation, 0.0

    middle = fine[np.argmax(elevation)]
    first, last = middle - 28.0, middle + 28.0
    within = first + DT * np.arange(int(round((last - first) / DT)) + 1)
    before, after = np.arange(start - 4.0, first - 0.01, 1.0), np.arange(last + 1.0, end + 3.0, 1.0)
    times = np.concatenate([before, within, after])
    azimuth, elevation = track(name, times)
    n, m = len(before), len(before) + len(within)
    a, e = azimuth[n:m], elevation[n:m]
    tries = []
    for _, add_1, over_1 in reachable(azimuth[: n + 1]):
        for _, add_2, over_2 in reachable(azimuth[m - 1 :]):
            tries.append((abs(a[-1] + add_2 - a[0] - add_1), add_1, over_1, add_2, over_2))
    tries.sort()
    best = None
    kinds = set()
    for length, add_1, over_1, add_2, over_2 in tries:
        kind = (round(length), over_1 == over_2, round(a[-1] + add_2 - a[0] - add_1))
        if length > 300.0 or kind in kinds or len(kinds) >= 3:
            continue
        kinds.add(kind)
        clock.wait(0.1)
        total, way = swing(a + add_1, e, a[0] + add_1, a[-1] + add_2, (a[1] - a[0]) / DT, (a[-1] - a[-2]) / DT)
        if way is not None and (best is None or total < best[0]):
            best = (total, way, add_1, over_1, add_2, over_2)
    total, way, add_1, over_1, add_2, over_2 = best
    way = np.concatenate([way[:2], np.convolve(way, (0.25, 0.5, 0.25), mode="valid")[1:-1], way[-2:]])
    wrong = way - a
    el, angle = best_elevation(wrong, e)
    soft = np.convolve(np.pad(el, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    soft[:2], soft[-2:] = el[:2], el[-2:]
    note = f"{name}: {length_of(way):.0f} deg of azimuth, {DT * (angle > HALF).sum():.1f} s outside, {DT * (angle > HALF - MARGIN).sum():.1f} s with margin"
    print(note, "elevation", np.abs(np.diff(soft)).max() / DT, np.abs(np.diff(soft, 2)).max() / DT**2)
    azimuths = np.concatenate([azimuth[:n] + add_1, way, azimuth[m:] + add_2])
    elevations = np.concatenate(
        [180.0 - elevation[:n] if over_1 else elevation[:n], soft, 180.0 - elevation[m:] if over_2 else elevation[m:]]
    )
    return times, azimuths, elevations, total


def length_of(way):
    return np.abs(np.diff(way)).sum()


mount_at = mount.park_deg
print("over the top" if FLIPS else "overlap", mount.beam_deg)
for name, start, end in station.sheet["passes"]:
    times, azimuths, elevations, total = plan(name, start, end)
    azimuths = np.clip(azimuths, LOW + 0.05, HIGH - 0.05)
    elevations = np.clip(elevations, mount.elevation.lowest_deg + 0.02, TOP - 0.02)
    mount.follow(times.tolist(), azimuths.tolist(), elevations.tolist())
    clock.wait_until(end + 0.5)
    mount_at = (azimuths[-1], elevations[-1])
mount.park()
clock.wait(100.0)
