"""Synthetic satellites and sites for the tests of orbits, and the truth about passes by brute force."""

from __future__ import annotations

import numpy as np

from sheber.ground import instants
from sheber.ground.elements import Elements, Provenance
from sheber.ground.orbit import look
from sheber.ground.site import Site, Skyline

START = instants.parse("2026-11-29T00:00:00Z")
SOURCE = Provenance("synthetic", START)
FLAT = Site("Almaty", 43.2220, 76.8512, 800.0, Skyline.flat(), 10.0)
WALLED = Site(
    "Almaty, between houses",
    43.2220,
    76.8512,
    800.0,
    Skyline(
        (
            (0.0, 4.0), (60.0, 9.0), (95.0, 12.0), (95.0, 33.0), (101.0, 33.0), (101.0, 7.0),
            (180.0, 25.0), (181.0, 6.0), (182.0, 25.0), (250.0, 15.0), (300.0, 2.0), (355.0, 18.0),
        )
    ),
    5.0,
)  # fmt: skip
"""A wall with two edges, a notch of two degrees, and a peak beside north."""


def made(
    number: int, rng: np.random.Generator, *, revolutions: float, eccentricity: float, inclination: float
) -> Elements:
    """A satellite of this orbit, somewhere on it, with elements up to three days old."""
    return Elements(
        name=f"SYNTHETIC {number}",
        norad_id=90000 + number,
        epoch=START - rng.uniform(0.0, 3.0) * instants.DAY,
        inclination_deg=inclination,
        raan_deg=rng.uniform(0.0, 360.0),
        eccentricity=eccentricity,
        argument_deg=rng.uniform(0.0, 360.0),
        anomaly_deg=rng.uniform(0.0, 360.0),
        mean_motion_rev_day=revolutions,
        bstar=1e-5,
        source=SOURCE,
    )


def low(count: int, seed: int) -> list[Elements]:
    """Satellites in low orbits, as most are."""
    rng = np.random.default_rng(seed)
    return [
        made(
            k,
            rng,
            revolutions=rng.uniform(13.5, 15.6),
            eccentricity=rng.uniform(0.0, 0.01),
            inclination=rng.uniform(40.0, 110.0),
        )
        for k in range(count)
    ]


def deep(count: int, seed: int) -> list[Elements]:
    """Satellites in deep space: navigation, Molniya, transfer orbits, synchronous ones."""
    rng = np.random.default_rng(seed)
    kinds = [
        (2.0057, 0.005, 55.0),
        (2.0060, 0.72, 63.4),
        (3.8, 0.6, 27.0),
        (1.0027, 0.2, 30.0),
        (1.5, 0.01, 5.0),
        (6.2, 0.1, 50.0),
    ]
    return [
        made(k, rng, revolutions=n * rng.uniform(0.99, 1.01), eccentricity=e, inclination=i)
        for k, (n, e, i) in enumerate((kinds * count)[:count])
    ]


def brute_force(
    elements: Elements, site: Site, start: float, end: float, step: float = 1.0
) -> list[tuple[float, float]]:
    """(AOS, LOS) of all passes within a window, by looking every step and halving between two looks."""
    t = np.arange(start, end, step)
    up = margin(elements, site, t) > 0
    edges = np.flatnonzero(np.diff(up))
    low_t, high_t = t[edges], t[edges + 1]
    if len(edges):
        for _turn in range(14):
            middle = (low_t + high_t) / 2
            same = (margin(elements, site, middle) > 0) == up[edges]
            low_t, high_t = np.where(same, middle, low_t), np.where(same, high_t, middle)
    moments = [*([start] if up[0] else []), *((low_t + high_t) / 2).tolist(), *([end] if up[-1] else [])]
    return list(zip(moments[::2], moments[1::2], strict=True))


def margin(elements: Elements, site: Site, t: np.ndarray) -> np.ndarray:
    """Elevation above the mask [°] at instants."""
    seen = look(elements, site, t)
    return np.degrees(seen.elevation) - site.mask_deg(np.degrees(seen.azimuth))
