"""Keep the beam, by another strategy: one symmetric turn about the highest point, or the plane of the pass over the top."""

import numpy as np

from sheber import connect

station = connect(exercise="keep-the-beam")
mount = station.mount
fastest = mount.azimuth.speed_deg_s


def room(azimuths):
    """The azimuths turned by whole circles into the travel; None where they do not fit."""
    for turn in (0.0, 360.0, -360.0, 720.0):
        moved = azimuths + turn
        if moved.min() >= mount.azimuth.lowest_deg and moved.max() <= mount.azimuth.highest_deg:
            return moved
    return None


def steady(times, azimuths, middle):
    """The same path, with a straight turn about the middle that is no faster than the mount."""
    for half in np.arange(0.0, 40.0, 0.25):
        first, last = np.searchsorted(times, [times[middle] - half, times[middle] + half])
        if abs(azimuths[last] - azimuths[first]) <= 0.97 * fastest * (times[last] - times[first]) and last > first:
            ends = times[[first, last]], azimuths[[first, last]]
            inside = (times > times[first]) & (times < times[last])
            smooth = np.where(inside, np.interp(times, *ends), azimuths)
            if np.abs(np.diff(smooth) / np.diff(times)).max() <= fastest:
                return smooth
    return azimuths


def tilt(times, name, azimuths):
    """The elevation of the axis that is nearest to the satellite."""
    seen = station.elements.look(name, times)
    up = np.sin(np.radians(seen.elevation_deg))
    along = np.cos(np.radians(seen.elevation_deg)) * np.cos(np.radians(seen.azimuth_deg - azimuths))
    return np.clip(np.degrees(np.arctan2(up, along)), 0.0, mount.elevation.highest_deg)


for name, start, end in station.sheet["passes"]:
    times = np.arange(start - 1.0, end + 1.0, 0.25)
    seen = station.elements.look(name, times)
    bearing = np.degrees(np.unwrap(np.radians(seen.azimuth_deg)))
    top = int(np.argmax(seen.elevation_deg))
    choices = [bearing, bearing + 180.0] if mount.elevation.highest_deg > 90.0 else [bearing]
    if mount.elevation.highest_deg > 90.0 and seen.elevation_deg[top] > 83.0:
        half = 180.0 * np.sign(bearing[-1] - bearing[0])
        later = np.arange(len(times)) >= top
        choices = [bearing - half * later, bearing + half * ~later]
    fitting = [one for one in map(room, choices) if one is not None]
    now = mount.state().azimuth_deg
    azimuths = steady(times, min(fitting, key=lambda one: abs(one[0] - now)), top)
    mount.follow(times, azimuths, tilt(times, name, azimuths))
    station.clock.wait_until(end + 0.5)
mount.park()
mount.wait(200.0)
