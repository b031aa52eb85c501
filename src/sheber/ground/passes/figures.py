"""Figures of passes, as values of diagrams: the sky plot with mask, elevation over time, the track over the ground."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams import Axis, Cloud, Level, Lines, Points, Series, Sky, Track
from sheber.ground.elements import Elements
from sheber.ground.instants import written
from sheber.ground.orbit import geodetic, look, propagate, to_itrf
from sheber.ground.passes.model import Pass
from sheber.ground.site import Site
from sheber.i18n import N_

__all__ = ["GroundTrack", "elevation_curves", "ground_map", "ground_track", "sky_plot"]

Array = NDArray[np.float64]

_PLACES: Final = 200  # of one pass


def sky_plot(passes: Iterable[Pass], elements: Sequence[Elements], site: Site, beam_deg: float = 0.0) -> Sky:
    """The ways of passes over the sky of a site, with its skyline and policy minimum. Times are UTC.

    elements: those of the satellites, which the passes name by their numbers.
    """
    known = {one.norad_id: one for one in elements}
    tracks = []
    for one in passes:
        t = np.linspace(one.aos, one.los, _PLACES)
        seen = look(known[one.norad_id], site, t)
        label = f"{one.satellite or one.norad_id} {written(one.aos)[:16].replace('T', ' ')}"
        tracks.append(Track(label, np.degrees(seen.azimuth), np.degrees(seen.elevation), t, beam_deg))
    azimuth = np.arange(0.0, 360.5, 0.5)
    skyline = None if site.skyline.is_flat else (azimuth, site.skyline.at(azimuth))
    lowest = max(site.minimum_deg, float(site.skyline.at(0.0)) if skyline is None else 0.0)
    return Sky(N_("Passes"), tuple(tracks), skyline, max(0.0, lowest), utc=True)


def elevation_curves(passes: Iterable[Pass], elements: Sequence[Elements], site: Site) -> Lines:
    """Elevation over time of passes. Times are UTC."""
    known = {one.norad_id: one for one in elements}
    curves = []
    for one in passes:
        t = np.linspace(one.aos, one.los, _PLACES)
        elevation = np.degrees(look(known[one.norad_id], site, t).elevation)
        curves.append(Series(one.satellite or str(one.norad_id), t, elevation))
    levels = (Level(N_("Lowest elevation"), site.minimum_deg),) if site.minimum_deg > 0 else ()
    upright = Axis(N_("Elevation"), "°", 0.0, 90.0)
    return Lines(N_("Elevation"), tuple(curves), Axis(N_("Time"), utc=True), upright, levels)


@dataclass(frozen=True, slots=True, eq=False)
class GroundTrack:
    """The points of the Earth below a satellite."""

    times: Array  # (n,) instants
    latitude_deg: Array  # (n,) geodetic
    longitude_deg: Array  # (n,) -180 to 180
    altitude_m: Array  # (n,) above WGS 84


def ground_track(elements: Elements, start: float, end: float, step: float = 30.0) -> GroundTrack:
    """The track over the ground from start to end, a point each step [s] and one at the end. Raises Unfit."""
    t: Array = np.append(start + step * np.arange(max(1, math.ceil((end - start) / step)), dtype=np.float64), end)
    latitude, longitude, altitude = geodetic(to_itrf(*propagate(elements, t), t)[0])
    return GroundTrack(t, np.degrees(latitude), np.degrees(longitude), altitude)


def ground_map(tracks: Mapping[str, GroundTrack], sites: Iterable[Site] = ()) -> Points:
    """Tracks by the names of their satellites, and sites, over longitude and latitude."""
    clouds = [Cloud(name, track.longitude_deg, track.latitude_deg) for name, track in tracks.items()]
    places = [Cloud(site.name, [site.longitude_deg], [site.latitude_deg], wanted=True) for site in sites]
    return Points(
        N_("Track over the ground"),
        (*clouds, *places),
        Axis(N_("Longitude"), "°", -180.0, 180.0),
        Axis(N_("Latitude"), "°", -90.0, 90.0),
    )
