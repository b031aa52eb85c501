"""X-band budget: compute a link budget, then choose the mode of a downlink over a pass, in unforetold rain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.criteria.downlink import bits_delivered, budget_told, frames_lost, silent_after, told_before
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.kind import GROUND
from sheber.i18n import N_, message
from sheber.station import SceneError
from sheber.trace import NOTHING, Trace

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.link import Link
    from sheber.ground.passes import Pass
    from sheber.ground.scene import Scene
    from sheber.ground.site import Site

STATION = GROUND
COUNTS = ("pass",)
NUMBERS = {
    "scene.power_W": Allowed(0.05, 50, "W", pair=True, title=N_("Power of the transmitter")),
    "scene.noise_K": Allowed(20, 1000, "K", pair=True, title=N_("System temperature")),
    "scene.elevation_deg": Allowed(15, 89, "deg", pair=True, title=N_("Culmination of the pass")),
    "scene.weather": Allowed(0.01, 5, "%", pair=True, title=N_("Part of the year with worse weather")),
    "scene.symbol_MBd": Allowed(1, 100, title=N_("Symbols in a microsecond")),
    "scene.gap_s": Allowed(0, 20, "s", title=N_("Gap after a change of mode")),
    "scene.reading_dB": Allowed(0, 3, "dB", title=N_("Error of a reading")),
    "scene.lead_s": Allowed(10, 300, "s", title=N_("Time before the rise")),
    "tolerance.delivered": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Delivered, of the best law’s bits")),
    "tolerance.budget": Allowed(0.01, 20, "dB", ramp=True, title=N_("Error of the budget")),
    "tolerance.lost": Allowed(0, 100, "%", ramp=True, title=N_("Lost frames")),
    "tolerance.early": Allowed(0, 600, "s", ramp=True, title=N_("Budget after the rise")),
    "tolerance.silent": Allowed(0, 600, "s", ramp=True, title=N_("Mode on after the pass")),
}
TITLES = {
    "points.delivered": N_("Bits delivered"),
    "points.budget": N_("Link budget"),
    "points.cycle": N_("Cycle time"),
    "points.lost": N_("Frames that arrive"),
    "points.early": N_("Budget before the pass"),
    "points.silent": N_("Silence after the pass"),
    "cycle.per.pass": N_("For each second until the end of the pass"),
}

NAME = "NKSAT-1"
FREQUENCY = 8.2e9  # Hz
DISHES = (3.7, 5.0, 7.3)  # m
EFFICIENCY = 0.6
DESIGN_PERCENT = 0.1  # of the year: the weather of the budget
MODES = ("bpsk-1/2-rs", "qpsk-1/2-rs", "qpsk-3/4-rs", "qpsk-rs", "qpsk-uncoded")
BUDGET_MODE = "qpsk-1/2-rs"
BUDGET = ("free_space", "merit", "cn0", "eb_n0")  # lines of the budget that are handed in
ELEVATIONS_DEG = (5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)
FIRST_DAY = 1_805_587_200.0  # 2027-03-21 00:00:00 UTC
AFTER_S = 60.0  # that the modem lives after the pass
MOST_DRAWS = 300  # orbits that are tried for a pass
NO_PASS = message(
    "x_band_budget.no_pass",
    "None of {orbits:d} orbits has a pass that culminates between {low:g} and {high:g} deg (scene.elevation_deg).",
)


def scene(seed: int, numbers: Numbers) -> Scene:
    """One pass of a microsatellite over Almaty, with a dish, a transmitter and a weather of its own."""
    from sheber.ground.equipment import ArchiveSpec, Field, FollowingSpec, Form, ModemSpec, OrbitsSpec, Weather
    from sheber.ground.scene import Satellite, Scene
    from sheber.ground.site import Site, Skyline

    rng = np.random.default_rng([seed, 24])
    site = Site("Almaty", 43.2220, 76.9210, 850.0, Skyline.flat(), 5.0)
    link, implementation_db = _link(rng, numbers), round(float(rng.uniform(0.6, 1.6)), 1)
    elements, one = _pass(rng, site, numbers.pair("scene.elevation_deg"))
    start = math.floor(one.aos - numbers.real("scene.lead_s"))
    gap, symbol_rate = numbers.real("scene.gap_s"), numbers.real("scene.symbol_MBd") * 1e6
    fields = tuple(Field(f"{name}_db", unit="dB") for name in BUDGET)
    return Scene(
        start=start,
        site=site,
        satellites=(Satellite(NAME, _true(rng, elements), elements),),
        equipment=(
            OrbitsSpec(),
            FollowingSpec(NAME, round(link.antenna.aperture_m / math.sqrt(EFFICIENCY), 2)),
            ModemSpec(
                satellite=NAME,
                link=link,
                modes=MODES,
                symbol_rate=symbol_rate,
                until_s=one.los - start + AFTER_S,
                implementation_db=implementation_db,
                gap_s=gap,
                weather=Weather(_even_by_ratio(rng, *numbers.pair("scene.weather"))),
                reading_db=numbers.real("scene.reading_dB"),
            ),
            ArchiveSpec((Form("budget", fields, most=20),)),
        ),
        step_s=0.5,
        sheet=tuple(_sheet(link)),
        facts=(
            ("counts", {"pass": round(one.los - start, 1)}),
            ("rise", round(one.aos - start, 1)),
            ("set", round(one.los - start, 1)),
            ("budget", _budget(link, elements, site, one, symbol_rate)),
        ),
        noise_seed=seed,
    )


def _link(rng: np.random.Generator, numbers: Numbers) -> Link:
    """The link of a scene; its numbers are round, as on a data sheet."""
    from sheber.ground.link import Dish, Link, StatedNoise, Transmitter, climate

    dish = Dish(float(rng.choice(DISHES)), EFFICIENCY)
    weaker = (DISHES[0] / dish.diameter_m) ** 2
    power = round(float(rng.uniform(*numbers.pair("scene.power_W"))) * weaker, 3)
    gain, line = round(float(rng.uniform(3.5, 6.5)), 1), round(float(rng.uniform(0.3, 1.2)), 1)
    transmitter = Transmitter(power, gain, FREQUENCY, line)
    noise = StatedNoise(round(float(rng.uniform(*numbers.pair("scene.noise_K")))))
    return Link(transmitter, dish, noise, climate("almaty"), DESIGN_PERCENT, round(float(rng.uniform(0.1, 0.6)), 1))


def _pass(rng: np.random.Generator, site: Site, culmination_deg: tuple[float, float]) -> tuple[Elements, Pass]:
    """Synthetic elements of a sun-synchronous satellite, and a pass of it that culminates between two elevations.

    Raises SceneError where the two are so near to each other that no orbit has such a pass.
    """
    from sheber.ground.elements import Elements, Provenance
    from sheber.ground.passes import find_passes

    day = FIRST_DAY + 86_400.0 * int(rng.integers(0, 300))
    low, high = culmination_deg
    for _draw in range(MOST_DRAWS):
        elements = Elements(
            name=NAME,
            norad_id=90_210,
            epoch=day - 3600.0 * round(float(rng.uniform(6.0, 30.0))),
            inclination_deg=97.5,
            raan_deg=round(float(rng.uniform(0.0, 360.0)), 4),
            eccentricity=0.0011,
            argument_deg=round(float(rng.uniform(0.0, 360.0)), 4),
            anomaly_deg=round(float(rng.uniform(0.0, 360.0)), 4),
            mean_motion_rev_day=round(float(rng.uniform(15.05, 15.25)), 8),
            bstar=3e-5,
            source=Provenance("synthetic", day - 7200.0),
        )
        passes = find_passes(elements, site, day, day + 86_400.0)
        found = [one for one in passes if low <= one.elevation_max_deg <= high]
        if found:
            return elements, found[int(rng.integers(len(found)))]
    raise SceneError(str(NO_PASS(low=low, high=high, orbits=MOST_DRAWS)))


def _true(rng: np.random.Generator, elements: Elements) -> Elements:
    """The satellite is up to a second before or behind its elements."""
    from dataclasses import replace

    late_s = float(rng.uniform(-1.0, 1.0))
    turned = elements.anomaly_deg - late_s * elements.mean_motion_rev_day * 360.0 / 86_400.0
    return replace(elements, anomaly_deg=turned % 360.0)


def _even_by_ratio(rng: np.random.Generator, low: float, high: float) -> float:
    ratio: float = (high / low) ** float(rng.uniform())
    return round(low * ratio, 4)


def _sheet(link: Link) -> list[tuple[str, Any]]:
    """What the program is told of the link: the data sheets, and what the air takes."""
    one, up = link.transmitter, np.radians(ELEVATIONS_DEG)
    aperture = link.antenna.aperture_m
    columns = []
    for percent in (DESIGN_PERCENT, 1.0, 5.0):
        assert link.climate is not None
        total = link.climate.air(up, FREQUENCY, percent, aperture).total_db
        columns.append([round(float(value), 2) for value in total])
    noise = link.noise.system_k(0.5, 0.0, FREQUENCY, 0.01)
    return [
        ("frequency_hz", FREQUENCY),
        ("power_w", one.power_w),
        ("satellite_gain_dbi", one.gain_dbi),
        ("satellite_line_db", one.line_db),
        ("polarisation_db", link.polarisation_db),
        ("dish_m", link.antenna.diameter_m),  # type: ignore[attr-defined]
        ("efficiency", EFFICIENCY),
        ("system_k", float(noise)),
        ("air_elevation_deg", list(ELEVATIONS_DEG)),
        ("air_rare_db", columns[0]),
        ("air_wet_db", columns[1]),
        ("air_usual_db", columns[2]),
    ]


def _budget(link: Link, elements: Elements, site: Site, one: Pass, symbol_rate: float) -> dict[str, float]:
    """The numbers that are asked for: at the rise, in the weather of the design, with an ideal demodulator."""
    from sheber.ground.link import budget, mode
    from sheber.ground.orbit import look

    seen = look(elements, site, np.array([one.aos]))
    rate = mode(BUDGET_MODE).bit_rate(symbol_rate)
    found = budget(link, float(seen.elevation[0]), float(seen.range[0]), rate)
    return {name: round(found[name], 3) for name in BUDGET}


TOO_LITTLE = message("x_band_budget.too_little", "Too few bits arrived.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Bits that arrived, the budget, time, lost frames, the budget in time, silence at the end."""
    facts, lost = trace.facts, worth(numbers, "lost", "lost")
    delivered = bits_delivered(trace, worth(numbers, "delivered", "delivered"), lost.tolerance)
    not_done = TOO_LITTLE() if delivered.points < delivered.maximum / 2 else NOTHING
    return [
        delivered,
        *budget_told(trace, "budget", facts["budget"], worth(numbers, "budget", "budget")),
        cycle_time(trace, numbers, not_done),
        frames_lost(trace, lost),
        told_before(trace, "budget", facts["rise"], worth(numbers, "early", "early")),
        silent_after(trace, facts["set"], worth(numbers, "silent", "silent")),
    ]
