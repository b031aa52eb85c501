"""Timetable: find all passes of many satellites over a site with a skyline, refuse bad elements, announce rises."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.criteria.passes import (
    announced,
    compared,
    entries_of,
    invented,
    listed,
    moments,
    refusals,
    unfit_listed,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.kind import GROUND
from sheber.i18n import N_, Text, message
from sheber.trace import NOTHING, Trace

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.passes import Pass
    from sheber.ground.scene import Scene
    from sheber.ground.site import Site, Skyline

STATION = GROUND
COUNTS = ("duty",)
NUMBERS = {
    "scene.satellites": Allowed(6, 100, whole=True, title=N_("Satellites")),
    "scene.unfit": Allowed(3, 20, whole=True, title=N_("Satellites whose elements are no good")),
    "scene.days": Allowed(1, 7, title=N_("Days of the timetable")),
    "scene.duty_s": Allowed(600, 3400, "s", title=N_("Time on duty")),
    "scene.minimum_deg": Allowed(0, 20, "deg", title=N_("Policy minimum")),
    "scene.shortest_s": Allowed(5, 120, "s", title=N_("Shortest pass that counts")),
    "tolerance.passes": Allowed(0, 100, "%", ramp=True, title=N_("What the timetable lacks")),
    "tolerance.near": Allowed(0, 600, "s", ramp=True, title=N_("Ends of a pass that counts")),
    "tolerance.moments": Allowed(0, 600, "s", ramp=True, title=N_("Rise and setting")),
    "tolerance.culmination": Allowed(0, 600, "s", ramp=True, title=N_("Moment of the largest elevation")),
    "tolerance.highest": Allowed(0, 90, "deg", ramp=True, title=N_("Largest elevation")),
    "tolerance.unfit": Allowed(0, 100, "%", ramp=True, title=N_("Unfit satellites in the timetable")),
    "tolerance.invented": Allowed(0, 100, "%", ramp=True, title=N_("Entries without a satellite")),
    "tolerance.refusals": Allowed(0, 100, "%", ramp=True, title=N_("Refusals that are missing")),
    "tolerance.announced": Allowed(0, 100, "%", ramp=True, title=N_("Announcements that are missing")),
    "tolerance.rise": Allowed(0, 600, "s", ramp=True, title=N_("Moment of an announcement")),
}
TITLES = {
    "points.passes": N_("Passes missed or wrong"),
    "points.moments": N_("Rise and setting"),
    "points.culmination": N_("Moment of the largest elevation"),
    "points.highest": N_("Largest elevation"),
    "points.cycle": N_("Cycle time"),
    "points.unfit": N_("No pass by elements that are no good"),
    "points.invented": N_("No entry without a satellite"),
    "points.refusals": N_("Refusals that are missing"),
    "points.announced": N_("Rises not announced in time"),
    "cycle.per.duty": N_("For each second of duty"),
}

FIRST_DAY = 1_805_587_200.0  # 2027-03-21 00:00:00 UTC
DAY = 86_400.0
SITES = (
    ("Almaty", 43.2220, 76.8512, 850.0),
    ("Astana", 51.1694, 71.4491, 350.0),
    ("Kyzylorda", 44.8488, 65.4823, 130.0),
    ("Oskemen", 49.9483, 82.6279, 285.0),
)
FEWEST_RISES: Final = 4  # while on duty
FORMS: Final = {
    "pass": (("satellite", "text", ""), ("aos", "number", "s"), ("tca", "number", "s"), ("los", "number", "s"),
             ("elevation_max_deg", "number", "°")),
    "refused": (("satellite", "text", ""),),
    "rise": (("satellite", "text", ""),),
    "sign_off": (("rises", "number", ""),),
}  # fmt: skip
MOST: Final = {"pass": 6000, "refused": 200, "rise": 500, "sign_off": 1}


def scene(seed: int, numbers: Numbers) -> Scene:
    """Satellites, a site and its skyline; the passes of the window are the truth."""
    from sheber.ground.elements import sorted_out
    from sheber.ground.equipment import ArchiveSpec, Field, FollowingSpec, Form, OrbitsSpec
    from sheber.ground.passes import find_passes
    from sheber.ground.scene import Satellite, Scene

    rng = np.random.default_rng([seed, 31])
    site = _site(rng, numbers.real("scene.minimum_deg"))
    day = FIRST_DAY + DAY * int(rng.integers(0, 300))
    told = _satellites(rng, day, numbers.whole("scene.satellites"), numbers.whole("scene.unfit"))
    window, duty = numbers.real("scene.days") * DAY, numbers.real("scene.duty_s")
    fit, refused = sorted_out(told, day - DAY, day + 2 * DAY + window)
    shortest = numbers.real("scene.shortest_s")
    start = _start(rng, [one for one in find_passes(fit, site, day, day + DAY) if one.duration >= shortest], day, duty)
    found = find_passes(fit, site, start, start + window)
    forms = tuple(
        Form(name, tuple(Field(*field) for field in fields), most=MOST[name]) for name, fields in FORMS.items()
    )
    return Scene(
        start=start,
        site=site,
        satellites=tuple(Satellite(one.name, one, one) for one in told),
        equipment=(OrbitsSpec(), FollowingSpec(_shown(found, start, duty)), ArchiveSpec(forms)),
        step_s=0.5,
        idle_steps=10,
        sheet=(("window_s", window), ("duty_s", duty), ("shortest_s", shortest)),
        facts=(
            ("counts", {"duty": duty}),
            ("passes", _table([one for one in found if one.duration >= shortest], start)),
            ("short", _table([one for one in found if one.duration < shortest], start)),
            ("unfit", sorted(one.name for one, _why in refused)),
        ),
        noise_seed=seed,
    )


def _shown(found: list[Pass], start: float, duty: float) -> str:
    """The satellite that stands highest while one is on duty: an antenna follows it, for those who look on."""
    on_duty = [one for one in found if one.aos < start + duty and one.los > start]
    return max(on_duty, key=lambda one: one.elevation_max_deg).satellite


def _table(found: list[Pass], start: float) -> dict[str, list[list[float]]]:
    """Rows of AOS, TCA, LOS [s after the start] and the largest elevation [rad], by satellite."""
    rows: dict[str, list[list[float]]] = {}
    for one in found:
        times = [round(moment - start, 3) for moment in (one.aos, one.tca, one.los)]
        rows.setdefault(one.satellite, []).append([*times, round(math.radians(one.elevation_max_deg), 6)])
    return rows


def _start(rng: np.random.Generator, passes: list[Pass], day: float, duty: float) -> float:
    """The beginning of the run: a minute of the day from which enough satellites rise while one is on duty."""
    rises = np.array([one.aos for one in passes])
    starts = day + 60.0 * rng.permutation(int((DAY - duty) / 60.0))
    counts = [int(((rises > start + 30.0) & (rises < start + duty - 30.0)).sum()) for start in starts]
    good = [start for start, count in zip(starts, counts, strict=True) if count >= FEWEST_RISES]
    return float(good[0] if good else starts[int(np.argmax(counts))])


# --- satellites -------------------------------------------------------------------------------------

OTHERS: Final = (
    (2.0061, 0.722, 63.4, 270.0),
    (2.0057, 0.01, 55.0, None),
    (3.8, 0.6, 27.0, None),
    (5.2, 0.2, 63.4, None),
)
"""Orbits that are not low: revolutions a day, eccentricity, inclination, argument of perigee (None: any) [°]."""


def _satellites(rng: np.random.Generator, day: float, count: int, unfit: int) -> list[Elements]:
    """Elements as they are told: most low, some not; the last ones of the draw are unfit. In a random order."""
    drawn = []
    for number in range(count):
        other = OTHERS[number // 8 % len(OTHERS)] if number % 8 == 0 and number < count - unfit else None
        kind = number - (count - unfit)
        drawn.append(_drawn(rng, f"SALEM-{number + 1:02d}", 90_001 + number, day, other, kind))
    names = [(one.name, one.norad_id) for one in drawn]
    order = rng.permutation(count)
    from dataclasses import replace

    mixed = [replace(drawn[k], name=name, norad_id=norad_id) for k, (name, norad_id) in zip(order, names, strict=True)]
    return [_as_told(one) for one in mixed]


def _drawn(
    rng: np.random.Generator,
    name: str,
    norad_id: int,
    day: float,
    other: tuple[float, float, float, float | None] | None,
    kind: int,
) -> Elements:
    """One satellite. kind: of an unfit one 0 and above: decayed, of another time, too old, too old, …"""
    from sheber.ground.elements import Elements, Provenance

    low = (float(rng.uniform(13.9, 15.4)), float(rng.uniform(0.0002, 0.008)), float(rng.uniform(48.0, 105.0)), None)
    revolutions, eccentricity, inclination, argument = other or low
    age, bstar = float(rng.uniform(0.3, 4.0)), 2e-5
    if kind == 0:
        revolutions, eccentricity, bstar, age = 16.45, 0.0004, 0.06, float(rng.uniform(5.0, 8.0))
    elif kind > 0:
        age = -float(rng.uniform(25.0, 50.0)) if kind == 1 else float(rng.uniform(36.0, 70.0))
    epoch = day - age * DAY
    return Elements(
        name=name,
        norad_id=norad_id,
        epoch=epoch,
        inclination_deg=inclination,
        raan_deg=float(rng.uniform(0.0, 360.0)),
        eccentricity=eccentricity,
        argument_deg=float(rng.uniform(0.0, 360.0)) if argument is None else argument,
        anomaly_deg=float(rng.uniform(0.0, 360.0)),
        mean_motion_rev_day=revolutions,
        bstar=bstar,
        source=Provenance("synthetic", max(epoch, day - 6 * 3600.0)),
    )


def _as_told(elements: Elements) -> Elements:
    """The elements as the lines of their TLE have them, to the last figure."""
    from dataclasses import replace

    from sheber.ground.elements import from_tle, to_tle

    (read,) = from_tle(to_tle(elements))
    return replace(read, source=elements.source)


# --- the site ---------------------------------------------------------------------------------------


def _site(rng: np.random.Generator, minimum_deg: float) -> Site:
    """A town, and around the antenna hills, a mountain with a gorge, and a tower."""
    from sheber.ground.site import Site

    name, latitude, longitude, altitude = SITES[int(rng.integers(len(SITES)))]
    return Site(name, latitude, longitude, altitude, _skyline(rng), minimum_deg)


def _skyline(rng: np.random.Generator) -> Skyline:
    """Hills each 15°, a mountain with a gorge in it, a tower elsewhere."""
    from sheber.ground.site import Skyline

    azimuths, hills = np.arange(0.0, 360.0, 15.0), rng.uniform(1.0, 7.0, 24)
    top = float(rng.uniform(0.0, 360.0))
    away = np.abs((azimuths - top + 180.0) % 360.0 - 180.0)
    heights = np.maximum(hills, float(rng.uniform(14.0, 24.0)) * (1.0 - away / 50.0))
    points = [(float(a), round(float(h), 1)) for a, h in zip(azimuths, heights, strict=True)]
    base = Skyline(tuple(points))
    gorge = round(top + float(rng.uniform(-12.0, 12.0)), 1), round(float(rng.uniform(2.5, 5.0)), 1), 2.0
    tower = round(top + float(rng.uniform(90.0, 270.0)), 1), round(float(rng.uniform(3.0, 6.0)), 1), 0.0
    for middle, width, height in (gorge, (*tower[:2], round(float(rng.uniform(28.0, 50.0)), 1))):
        points = _with_edges(points, base, middle, width, height)
    return Skyline(tuple(points))


def _with_edges(
    points: list[tuple[float, float]], base: Skyline, middle: float, width: float, height: float
) -> list[tuple[float, float]]:
    """The points with a piece of constant height between two edges; no hill has its point within."""
    left, right = round((middle - width / 2) % 360.0, 2), round((middle + width / 2) % 360.0, 2)
    inside = {a for a, _ in points if (a - left) % 360.0 <= (right - left) % 360.0}
    before, after = (round(float(base.at(azimuth)), 2) for azimuth in (left, right))
    kept = [point for point in points if point[0] not in inside]
    return [*kept, (left, before), (left, height), (right, height), (right, after)]


# --- criteria ---------------------------------------------------------------------------------------

FEW_PASSES = message("timetable.few_passes", "Too little of the timetable is right.")
NOT_SIGNED = message("timetable.not_signed", "You did not sign off.")
SIGNED_EARLY = message("timetable.signed_early", "You signed off at {time:.1f} s, before your duty ended at {end:g} s.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Passes and their moments, time, unfit and invented passes, refusals, announcements."""
    facts = trace.facts
    near = worth(numbers, "passes", "near")
    found = compared(trace, facts["passes"], facts["short"], near.tolerance.zero_si)
    passes = listed(trace, found, worth(numbers, "passes", "passes"), near)
    not_done = FEW_PASSES() if passes.points < passes.maximum / 2 else _not_signed(trace, facts["counts"]["duty"])
    rises = [
        (name, row[0])
        for name, rows in facts["passes"].items()
        for row in rows
        if 0.0 < row[0] < facts["counts"]["duty"]
    ]
    return [
        passes,
        *moments(
            found,
            worth(numbers, "moments", "moments"),
            worth(numbers, "culmination", "culmination"),
            worth(numbers, "highest", "highest"),
        ),
        cycle_time(trace, numbers, not_done),
        unfit_listed(found, facts["unfit"], worth(numbers, "unfit", "unfit")),
        invented(found, facts["unfit"], worth(numbers, "invented", "invented")),
        refusals(trace, facts["unfit"], worth(numbers, "refusals", "refusals")),
        announced(trace, rises, worth(numbers, "announced", "announced"), worth(numbers, "announced", "rise")),
    ]


def _not_signed(trace: Trace, duty: float) -> Text:
    """Why the duty was not done; nothing where it was."""
    entries = entries_of(trace, "sign_off")
    if not entries:
        return NOT_SIGNED()
    time = entries[0].step * trace.step_s
    return SIGNED_EARLY(time=time, end=duty) if time < duty - 1e-6 else NOTHING
