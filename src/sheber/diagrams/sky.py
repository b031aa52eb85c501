"""Sky: directions over the horizon. North is up, east is right, the zenith in the middle.

The distance from the middle is 90 degrees less the elevation, so that rings of equal elevation are equally far apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from sheber.diagrams.arrays import Floats, alike, circle, column, few_points, number, span
from sheber.diagrams.layout import Drawing, Entry, colour, dash, head, noted
from sheber.diagrams.scales import Scale, clock, known, signed, ticks
from sheber.diagrams.tags import curve, label, shortest, tag
from sheber.diagrams.values import Axis, Beam, Mark, Sky, Track, said
from sheber.i18n import N_, _

__all__ = ["draw_sky"]

WIDTH: Final = 420.0
RADIUS: Final = 180.0  # of the horizon
MOST_TRACKS: Final = 40
MOST_PLACES: Final = 240  # of a track
ALL_PLACES: Final = 4000  # of all tracks
MOST_BEAMS: Final = 60
STAMPS: Final = 5  # times along a track, about
NORTH: Final = N_("N")
EAST: Final = N_("E")
SOUTH: Final = N_("S")
WEST: Final = N_("W")
_MINIMUM: Final = N_("Lowest elevation")
_SKYLINE: Final = N_("Skyline")
_LETTERS: Final = 12.0  # units of the picture that times beside a track keep from each other


def draw_sky(diagram: Sky) -> Drawing:
    """Tracks, beams and named directions over the skyline."""
    tracks = diagram.tracks[:MOST_TRACKS]
    beams = diagram.beams[:MOST_BEAMS]
    top, y = head(diagram.title, _legend(diagram), WIDTH)
    middle = (WIDTH / 2.0, y + RADIUS + 14.0)
    body = [_skyline(diagram), _rings(), _minimum(diagram)]
    most = min(MOST_PLACES, ALL_PLACES // max(1, len(tracks)))
    stamped: list[tuple[float, float]] = []
    body += [_track(n, track, diagram, most, stamped) for n, track in enumerate(tracks)]
    body += [_beam(beam) for beam in beams] + [_mark(mark) for mark in diagram.marks[:MOST_BEAMS]]
    below, end = noted(diagram.note, WIDTH, y + 2.0 * RADIUS + 30.0, len(diagram.tracks) - MOST_TRACKS)
    moved = tag("g", *body, transform=f"translate({middle[0]:g} {middle[1]:g})")
    return Drawing(WIDTH, end, top + moved + below, _about(tracks))


def _placed(azimuth_deg: Floats, elevation_deg: Floats) -> tuple[Floats, Floats]:
    """Places about the zenith; NaN below the horizon. Above 90 degrees an antenna looks over the top."""
    away = RADIUS * (90.0 - elevation_deg) / 90.0
    away = np.where(np.abs(away) <= RADIUS + 0.02, away, np.nan)
    turn = np.radians(azimuth_deg)
    return away * np.sin(turn), -away * np.cos(turn)


def _legend(diagram: Sky) -> list[Entry]:
    found = [Entry("line", n, said(track.label)) for n, track in enumerate(diagram.tracks[:MOST_TRACKS])]
    if diagram.skyline_deg is not None and np.nanmax(column(diagram.skyline_deg[1]), initial=0.0) > 0.0:
        found.append(Entry("hatched", 0, said(_SKYLINE)))
    if diagram.minimum_deg > 0.0:
        found.append(Entry("level", 0, said(_MINIMUM)))
    return found


def _rings() -> str:
    """Rings each 30 degrees, spokes each 30 degrees, the four names of directions."""
    rings = [tag("circle", r=RADIUS * share, class_="grid") for share in (1.0 / 3.0, 2.0 / 3.0)]
    turns = np.radians(np.arange(0.0, 360.0, 30.0))
    ends = zip((RADIUS * np.sin(turns)).tolist(), (RADIUS * np.cos(turns)).tolist(), strict=True)
    spokes = tag("path", d="".join(f"M0 0L{a:.1f} {b:.1f}" for a, b in ends), class_="grid")
    names = [
        label(said(NORTH), 0.0, -RADIUS - 5.0, text_anchor="middle"),
        label(said(SOUTH), 0.0, RADIUS + 14.0, text_anchor="middle"),
        label(said(EAST), RADIUS + 5.0, 4.0),
        label(said(WEST), -RADIUS - 5.0, 4.0, text_anchor="end"),
    ]
    heights = [
        label(f"{degrees}°", 3.0, -RADIUS * (90 - degrees) / 90.0 + 11.0, class_="soft small") for degrees in (30, 60)
    ]
    return "".join([*rings, spokes, tag("circle", r=RADIUS, class_="frame"), *names, *heights])


def _skyline(diagram: Sky) -> str:
    """What hides the sky: the ring between the horizon and the skyline."""
    if diagram.skyline_deg is None:
        return ""
    azimuth, elevation = (column(one) for one in diagram.skyline_deg)
    alike(azimuth, elevation)
    there = np.isfinite(azimuth) & np.isfinite(elevation)
    if not there.any():
        return ""
    around = np.arange(0.0, 360.0, 1.0)
    high = np.interp(around, *circle(azimuth[there], np.clip(elevation[there], 0.0, 90.0)))
    x, y = _placed(around, high)
    ring = f"M0 {-RADIUS:g}A{RADIUS:g} {RADIUS:g} 0 1 1 -0.1 {-RADIUS:g}Z{curve(x, y)}Z"
    rim = tag("path", d=curve(x, y) + "Z", class_="frame")
    return tag("path", d=ring, class_="shade", fill_rule="evenodd") + _hatching(around, high) + rim


def _hatching(azimuth_deg: Floats, high_deg: Floats) -> str:
    """Short strokes between horizon and skyline, so that it is seen without colour too."""
    some = high_deg[::3] > 1.0
    outer = _placed(azimuth_deg[::3][some], np.zeros(int(some.sum())))
    inner = _placed(azimuth_deg[::3][some] + 2.0, high_deg[::3][some])
    ends = zip(*(part.tolist() for part in (*outer, *inner)), strict=True)
    path = "".join(f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for a, b, c, d in ends)
    return tag("path", d=path, class_="hatch", stroke_opacity=0.5) if path else ""


def _minimum(diagram: Sky) -> str:
    minimum = number(diagram.minimum_deg)
    return tag("circle", r=RADIUS * (90.0 - minimum) / 90.0, class_="level") if 0.0 < minimum < 90.0 else ""


def _track(n: int, track: Track, sky: Sky, most: int, stamped: list[tuple[float, float]]) -> str:
    """A way of at most so many places, its times, the ring of the moment. Adds to `stamped` where times stand."""
    azimuth, elevation = column(track.azimuth_deg), column(track.elevation_deg)
    alike(azimuth, elevation)
    x, y = _placed(azimuth, elevation)
    kept = few_points(len(x), most)
    line = tag("path", d=curve(x[kept], y[kept]), class_=f"line s{colour(n)}", stroke_dasharray=dash(n))
    if track.times is None:
        return line
    times = column(track.times)
    alike(times, azimuth)
    moving = _moving(n, track, sky, times[kept], x[kept], y[kept])
    return line + _stamps(n, times, x, y, sky.utc, stamped) + moving


def _stamps(n: int, times: Floats, x: Floats, y: Floats, utc: bool, stamped: list[tuple[float, float]]) -> str:
    """Dots at round times along a way, with the time beside each that has room."""
    there = np.isfinite(times) & np.isfinite(x)
    known_times, first = np.unique(times[there], return_index=True)
    if len(known_times) < 2:
        return ""
    scale = Scale(*span(known_times), 0.0, 1.0)
    at = np.array([time for time, _words in ticks(Axis(utc=utc), scale, STAMPS)])
    around, down = (np.interp(at, known_times, part[there][first]) for part in (x, y))
    parts = [tag("path", d="".join(_dot(a, b) for a, b in zip(around, down, strict=True)), class_=f"dots s{colour(n)}")]
    step = float(np.diff(at)[0]) if len(at) > 1 else 60.0
    for time, a, b in zip(at.tolist(), around.tolist(), down.tolist(), strict=True):
        if all(abs(a - c) > 3.0 * _LETTERS or abs(b - d) > _LETTERS for c, d in stamped):
            words = clock(time, step) if utc else f"{signed(time)} s"
            parts.append(label(words, a + 6.0, b + 4.0, class_="small halo soft"))
            stamped.append((a, b))
    return "".join(parts)


def _dot(x: float, y: float) -> str:
    return f"M{shortest(float(x))} {shortest(float(y))}h0"


def _moving(n: int, track: Track, sky: Sky, times: Floats, x: Floats, y: Floats) -> str:
    """A ring that the page's script moves along the way: its places and their times stand in it."""
    there = np.isfinite(times) & np.isfinite(x)
    start = known(sky.run_start)
    if start is None or not there.any():
        return ""
    rows = zip((times[there] - start).tolist(), x[there].tolist(), y[there].tolist(), strict=True)
    places = " ".join(f"{shortest(time)},{shortest(a)},{shortest(b)}" for time, a, b in rows)
    radius = max(RADIUS * number(track.beam_deg) / 180.0, 5.0)
    return tag("circle", r=min(radius, RADIUS), class_=f"now s{colour(n)}", visibility="hidden", data_places=places)


def _beam(beam: Beam) -> str:
    """The rim of a beam on the sky, and a cross in its middle."""
    azimuth, elevation, half = (number(one) for one in (beam.azimuth_deg, beam.elevation_deg, beam.width_deg / 2.0))
    if not all(math.isfinite(one) for one in (azimuth, elevation, half)):
        return ""
    x, y = _placed(*_about_direction(azimuth, elevation, min(max(half, 0.0), 90.0)))
    a, b = (float(part[0]) for part in _placed(np.array([azimuth]), np.array([elevation])))
    if not math.isfinite(a):
        return ""
    cross = f"M{a - 4:.1f} {b:.1f}h8m-4-4v8"
    name = label(said(beam.label), a + 7.0, b - 6.0, class_="small halo")
    return tag("path", d=curve(x, y) + cross, class_="cross") + name


def _about_direction(azimuth_deg: float, elevation_deg: float, half_deg: float) -> tuple[Floats, Floats]:
    """Directions that are an angle away from one: azimuths and elevations of a ring on the sphere."""
    turn = np.radians(np.arange(0.0, 361.0, 10.0))
    a, e, h = (math.radians(one) for one in (azimuth_deg, elevation_deg, half_deg))
    up = math.sin(e) * math.cos(h) + math.cos(e) * math.sin(h) * np.cos(turn)
    beside = math.sin(h) * np.sin(turn)
    ahead = math.cos(e) * math.cos(h) - math.sin(e) * math.sin(h) * np.cos(turn)
    return np.degrees(a + np.arctan2(beside, ahead)), np.degrees(np.arcsin(np.clip(up, -1.0, 1.0)))


def _mark(mark: Mark) -> str:
    x, y = _placed(np.array([number(mark.azimuth_deg)]), np.array([number(mark.elevation_deg)]))
    a, b = float(x[0]), float(y[0])
    if not math.isfinite(a) or not math.isfinite(b):
        return ""
    shape = tag("path", d=f"M{a:.1f} {b - 5:.1f}l5 9h-10z", class_="cross")
    return shape + label(said(mark.label), a + 8.0, b + 4.0, class_="small halo")


def _about(tracks: Sequence[Track]) -> str:
    """From where over which height to where each way goes."""
    told = []
    for track in tracks:
        azimuth, elevation = column(track.azimuth_deg), column(track.elevation_deg)
        above = np.flatnonzero(np.isfinite(azimuth) & (elevation >= 0.0))
        if len(above):
            text = _("{name}: from {first}° over {highest}° high to {last}°.")
            first, last = (signed(float(azimuth[above[n]]) % 360.0) for n in (0, -1))
            highest = signed(float(elevation[above].max()))
            told.append(text.format(name=said(track.label), first=first, highest=highest, last=last))
    return " ".join(told)
