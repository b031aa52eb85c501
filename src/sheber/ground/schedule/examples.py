"""Examples: a crowded network of five antennas in one function, for the bench, the exercise and the docs.

The orbits are synthetic: near-circular, at heights and inclinations that earth observation and small satellites use.
"""

from __future__ import annotations

import bisect
import math
from typing import Final

import numpy as np

from sheber.ground.elements import Elements
from sheber.ground.schedule.model import Antenna, Partner, Satellite
from sheber.ground.site import Site

__all__ = ["ANTENNAS", "PARTNERS", "SITES", "satellites", "synthetic"]

SITES: Final = (
    Site("Almaty", 43.222, 76.921, 850.0, minimum_deg=10.0),
    Site("Astana", 51.090, 71.400, 350.0, minimum_deg=10.0),
    Site("Kashi", 39.470, 75.990, 1290.0, minimum_deg=10.0),
    Site("Hainan", 18.310, 109.310, 50.0, minimum_deg=10.0),
    Site("Xi'an", 34.230, 108.920, 400.0, minimum_deg=10.0),
)
ANTENNAS: Final = tuple(Antenna(site.name, 60.0) for site in SITES)
PARTNERS: Final = (Partner("KazNU", 0.25), Partner("NWPU", 0.25), Partner("Hainan Centre", 0.25))
OWNED: Final = (0.2, 0.55)  # where the satellites of the second and the third partner begin, as parts of all
HEIGHTS: Final = (450e3, 800e3)  # m
INCLINATIONS_DEG: Final = (51.6, 74.0, 87.0, 97.5, 98.2)
EARTH_RADIUS: Final = 6378.137e3  # m
MU: Final = 3.986004418e14  # m³/s²


def satellites(rng: np.random.Generator, count: int = 60, contacts_a_day: int = 2) -> tuple[Satellite, ...]:
    """Satellites of the three partners, of priorities 1 to 5: "S-01", "S-02" …"""
    owners = [PARTNERS[bisect.bisect_right(OWNED, place / count)].name for place in range(count)]  # the first has few
    rng.shuffle(owners)
    priorities = rng.integers(1, 6, count)
    return tuple(
        Satellite(f"S-{number:02d}", owner, float(priority), contacts_a_day)
        for number, (owner, priority) in enumerate(zip(owners, priorities, strict=True), start=1)
    )


def synthetic(rng: np.random.Generator, names: list[str], epoch: float) -> list[Elements]:
    """Synthetic elements of low satellites with these names; epoch: UTC [s since 1970-01-01]."""
    found = []
    for number, name in enumerate(names, start=1):
        axis = EARTH_RADIUS + rng.uniform(*HEIGHTS)
        node, argument, anomaly = (round(float(one), 4) for one in rng.uniform(0.0, 360.0, 3))
        found.append(
            Elements(
                name=name,
                norad_id=70_000 + number,
                epoch=epoch,
                inclination_deg=float(rng.choice(INCLINATIONS_DEG)),
                raan_deg=node,
                eccentricity=round(float(rng.uniform(1e-4, 2e-3)), 7),
                argument_deg=argument,
                anomaly_deg=anomaly,
                mean_motion_rev_day=round(86_400.0 / (2.0 * math.pi) * math.sqrt(MU / axis**3), 8),
                bstar=1e-5,
            )
        )
    return found
