"""Passes: when a satellite is above the mask of a site, found for many satellites at once, and what shows them.

passes = find_passes(elements, site, start, end)
"""

from sheber.ground.passes.finder import WINDOW, BadWindow, find_passes
from sheber.ground.passes.model import Pass

__all__ = ["WINDOW", "BadWindow", "Pass", "find_passes"]
