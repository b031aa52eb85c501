"""Finder: the passes of many satellites over a site in a window of time.

Satellites of like orbits are searched together (`motion`, `crossings`). The search begins before the window and ends
after it, by half of the time in which the satellite comes round to the site again, a day at most: a pass that is under
way at the window's edge is found whole, with its true AOS and LOS. A satellite that SGP4 does not follow so far, since
it decays soon after the window, is searched alone and as far as it flies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.elements import TIMETABLE, Elements, Purpose, Unfit, check_fit
from sheber.ground.errors import GroundError
from sheber.ground.instants import DAY, to_datetime, written
from sheber.ground.orbit import EarthOrientation, followed, look
from sheber.ground.passes.crossings import Spans, azimuth_deg, elevation, find_spans, lowest_of
from sheber.ground.passes.model import Pass
from sheber.ground.passes.motion import Motion, motion_of, nodes, step_of
from sheber.ground.site import Site
from sheber.i18n import message

__all__ = ["WINDOW", "BadWindow", "find_passes"]

Array = NDArray[np.float64]

WINDOW: Final = 366 * DAY  # the longest window
_NODES: Final = 200_000  # of one search, which bounds its memory

BACKWARDS = message("ground.window", "The window ends at {end}, which is not after its beginning {start}.")
NOT_FINITE = message("ground.window_numbers", "The beginning and the end of a window must be finite numbers.")
TOO_LONG = message("ground.window_long", "The window has {days:.0f} days; {most:.0f} are the most.")


class BadWindow(GroundError):
    """A window of time that is none."""


def find_passes(
    elements: Elements | Iterable[Elements],
    site: Site,
    start: float,
    end: float,
    *,
    purpose: Purpose = TIMETABLE,
    oldest: float | None = None,
    earth: EarthOrientation | None = None,
) -> list[Pass]:
    """All passes of one or many satellites that are up at any instant from start to end, by AOS.

    Raises Unfit where elements are not good for the purpose in this window (`oldest`: the most seconds from the epoch
    instead), BadWindow, and NotAnInstant where the window is outside of the calendar.
    """
    check_window(start, end)
    satellites = [elements] if isinstance(elements, Elements) else list(elements)
    for one in satellites:
        check_fit(one, start, end, purpose, oldest)
    found: list[Pass] = []
    for step, pad, some in _alike(satellites, end - start):
        for these, motion in _motions(some, site, (start, end), pad, step, earth or EarthOrientation()):
            found += _passes(these, site, motion, find_spans(motion, site), start, end)
    return sorted(found, key=lambda one: (one.aos, one.norad_id))


def check_window(start: float, end: float) -> None:
    """Raise BadWindow for what is no window, and NotAnInstant for one outside of the calendar."""
    if not (math.isfinite(start) and math.isfinite(end)):
        raise BadWindow(NOT_FINITE())
    for edge in (start, end):
        to_datetime(edge)
    if end <= start:
        raise BadWindow(BACKWARDS(start=written(start), end=written(end)))
    if end - start > WINDOW:
        raise BadWindow(TOO_LONG(days=(end - start) / DAY, most=WINDOW / DAY))


def _pad(elements: Elements, step: float) -> float:
    """How long before and after the window is searched [s], in whole steps: alike orbits share it."""
    often = abs(elements.mean_motion_rev_day - 1.0)  # revolutions a day against the turning Earth
    half = DAY if often < 0.5 else 0.5 * DAY / often
    return 2.0 ** math.ceil(math.log2(max(half / step, 1.0))) * step


def _alike(satellites: Sequence[Elements], window: float) -> Iterator[tuple[float, float, list[Elements]]]:
    """(step, pad, satellites): those that are searched together."""
    keyed = [(step_of(one), _pad(one, step_of(one)), one) for one in satellites]
    for (step, pad), group in groupby(sorted(keyed, key=lambda one: one[:2]), key=lambda one: one[:2]):
        some = [one for *_, one in group]
        size = max(1, int(_NODES / ((window + 2 * pad) / step)))
        for first in range(0, len(some), size):
            yield step, pad, some[first : first + size]


def _motions(
    satellites: list[Elements],
    site: Site,
    window: tuple[float, float],
    pad: float,
    step: float,
    earth: EarthOrientation,
) -> Iterator[tuple[list[Elements], Motion]]:
    """The motion of satellites that are searched together; of each alone that SGP4 does not follow through the pad."""
    first, last, lowest = window[0] - pad, window[1] + pad, lowest_of(site)
    try:
        motion = motion_of(satellites, site, first, last, step, lowest, earth)
    except Unfit:
        t = nodes(first, last, step)
        whole = [bool(followed(one, t).all()) for one in satellites]
        through = [one for one, all_the_way in zip(satellites, whole, strict=True) if all_the_way]
        if through:
            yield through, motion_of(through, site, first, last, step, lowest, earth)
        for one in [one for one, all_the_way in zip(satellites, whole, strict=True) if not all_the_way]:
            yield [one], motion_of([one], site, *_as_far_as_it_flies(one, t, window, step), lowest, earth)
    else:
        yield satellites, motion


def _as_far_as_it_flies(
    one: Elements, t: Array, window: tuple[float, float], step: float
) -> tuple[float, float, float]:
    """(start, end, step): the window and as much around it as SGP4 follows, in whole steps; t: nodes (n,)."""
    lost = t[~followed(one, t)]
    before, after = lost[lost < window[0]], lost[lost > window[1]]
    first = min(float(before[-1]) + step, window[0]) if before.size else float(t[0])
    last = max(float(after[0]) - step, window[1]) if after.size else float(t[-1])
    return first, last, (last - first) / math.ceil((last - first) / step)


def _passes(
    satellites: Sequence[Elements], site: Site, motion: Motion, spans: Spans, start: float, end: float
) -> Iterator[Pass]:
    """The spans that touch the window, as passes."""
    places = [(spans.row, spans.share), (spans.top_row, spans.top_share), (spans.last_row, spans.last_share)]
    aos, tca, los = (motion.instant(*place) for place in places)
    seen = [motion.place(*place) for place in places]
    names = [(one.name, one.norad_id) for one in satellites]
    columns = [
        aos,
        tca,
        los,
        *(azimuth_deg(one) for one in seen),
        np.degrees(elevation(seen[1])),
        spans.rises,
        spans.sets,
    ]
    inside = np.flatnonzero((los >= start) & (aos <= end))
    whose = motion.satellite[spans.row][inside].tolist()
    for satellite, *values in zip(whose, *(column[inside].tolist() for column in columns), strict=True):
        found = Pass(*names[satellite], *values)
        yield found if found.rises and found.sets else _within(found, satellites[satellite], site, start, end)


def _within(found: Pass, elements: Elements, site: Site, start: float, end: float) -> Pass:
    """A pass without a rise or a setting, cut to the window."""
    aos, los = found.aos if found.rises else start, found.los if found.sets else end
    t = np.linspace(aos, los, 1 + max(500, math.ceil((los - aos) / 60.0)))
    seen = look(elements, site, t)
    top = int(np.argmax(seen.elevation))
    azimuth = np.degrees(seen.azimuth)
    return replace(
        found,
        aos=aos,
        tca=float(t[top]),
        los=los,
        azimuth_aos_deg=float(azimuth[0]),
        azimuth_tca_deg=float(azimuth[top]),
        azimuth_los_deg=float(azimuth[-1]),
        elevation_max_deg=float(np.degrees(seen.elevation[top])),
    )
