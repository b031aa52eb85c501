"""Passes: when a satellite is above the mask of a site, found for many satellites at once, and what shows them.

passes = find_passes(elements, site, start, end)
"""

from sheber.ground.passes.figures import GroundTrack, elevation_curves, ground_map, ground_track, sky_plot
from sheber.ground.passes.finder import WINDOW, BadWindow, find_passes
from sheber.ground.passes.model import Pass

__all__ = [
    "WINDOW",
    "BadWindow",
    "GroundTrack",
    "Pass",
    "elevation_curves",
    "find_passes",
    "ground_map",
    "ground_track",
    "sky_plot",
]
