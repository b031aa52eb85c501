"""Passes: complete against brute force, exact, whole at the window's edges; skyfield as the second opinion."""

from __future__ import annotations

import numpy as np
import orbits

from sheber.ground.elements import Elements
from sheber.ground.instants import DAY
from sheber.ground.passes import find_passes
from sheber.ground.site import Site

START = orbits.START


def _same(satellites: list[Elements], site: Site, days: float, step: float) -> int:
    """How many passes there were, each as by brute force; those shorter than a step may be ours alone."""
    end, count = START + days * DAY, 0
    for one in satellites:
        truth = orbits.brute_force(one, site, START, end, step)
        ours = [(max(found.aos, START), min(found.los, end)) for found in find_passes(one, site, START, end)]
        if len(ours) != len(truth):
            ours = [pair for pair in ours if pair[1] - pair[0] > step]
        assert len(ours) == len(truth), one
        count += len(truth)
        assert not truth or np.abs(np.array(ours) - np.array(truth)).max() < 0.2, one
    return count


def test_low_orbits_are_complete() -> None:
    assert _same(orbits.low(6, 1), orbits.FLAT, 3.0, 1.0) > 60


def test_low_orbits_behind_walls_are_complete() -> None:
    assert _same(orbits.low(6, 2), orbits.WALLED, 3.0, 1.0) > 60


def test_deep_space_is_complete() -> None:
    assert _same(orbits.deep(12, 3), orbits.FLAT, 3.0, 5.0) > 40


def test_deep_space_behind_walls_is_complete() -> None:
    assert _same(orbits.deep(12, 4), orbits.WALLED, 3.0, 5.0) > 40
