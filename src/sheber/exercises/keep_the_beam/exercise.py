"""Keep the beam: follow five passes with a mount that is too slow at the zenith and has its cable's end at north."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.criteria.pointing import beam_kept, mount_parked, mount_safety, reversals_made
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.kind import GROUND
from sheber.i18n import N_, message
from sheber.station import SceneError
from sheber.trace import NOTHING, Trace

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.mount import MountSpec
    from sheber.ground.passes import Pass
    from sheber.ground.scene import Scene
    from sheber.ground.site import Site

STATION = GROUND
COUNTS = ("end",)
NUMBERS = {
    "scene.zenith_deg": Allowed(80, 89, "deg", pair=True, title=N_("Culmination in the keyhole")),
    "scene.north_deg": Allowed(20, 60, "deg", pair=True, title=N_("Culmination in the north")),
    "scene.plain_deg": Allowed(15, 70, "deg", pair=True, title=N_("Culmination of the other pass")),
    "scene.overlap_beam_deg": Allowed(0.3, 30, "deg", pair=True, title=N_("Beam on a mount with overlap")),
    "scene.flip_beam_deg": Allowed(0.3, 30, "deg", pair=True, title=N_("Beam on a mount that goes over the top")),
    "scene.minimum_deg": Allowed(5, 20, "deg", title=N_("Lowest elevation")),
    "scene.spacing_s": Allowed(600, 1800, "s", title=N_("Time between passes")),
    "scene.lead_s": Allowed(330, 900, "s", title=N_("Time before the first culmination")),
    "scene.late_s": Allowed(0, 2, "s", title=N_("Error of the elements")),
    "scene.turbulence_deg": Allowed(0, 1, "deg", pair=True, title=N_("Wind")),
    "scene.gust_deg": Allowed(0, 5, "deg", title=N_("Peak of a gust")),
    "scene.play_deg": Allowed(0, 1, "deg", title=N_("Play of the gears")),
    "tolerance.zenith": Allowed(0, 600, "s", ramp=True, title=N_("Outside the beam, keyhole")),
    "tolerance.north": Allowed(0, 600, "s", ramp=True, title=N_("Outside the beam, across north")),
    "tolerance.plain": Allowed(0, 600, "s", ramp=True, title=N_("Outside the beam, other pass")),
    "tolerance.reversals": Allowed(0, 10_000, ramp=True, title=N_("Reversals")),
    "tolerance.park": Allowed(0.1, 90, "deg", ramp=True, title=N_("From the park position")),
    "safety.limit": Allowed(0, 15, title=N_("Points for an end of the travel")),
    "safety.refused": Allowed(0, 15, title=N_("Points for a place beyond the travel")),
    "safety.long_turn": Allowed(0, 15, title=N_("Points for a long turn in a pass")),
}
TITLES = {
    "points.zenith": N_("Passes through the keyhole"),
    "points.north": N_("Passes across north"),
    "points.plain": N_("The other pass"),
    "points.cycle": N_("Cycle time"),
    "points.safety": N_("Nothing forced"),
    "points.reversals": N_("Few reversals"),
    "points.park": N_("Parked at the end"),
    "cycle.per.end": N_("For each second until the end of the last pass"),
}

KINDS: Final = ("zenith", "zenith", "north", "north", "plain")
NAMES: Final = ("NKSAT-1", "NKSAT-2", "ALMA-3", "TIEN-SHAN-4", "KAZNU-5")
FIRST_DAY: Final = 1_805_587_200.0  # 2027-03-21 00:00:00 UTC
SUN_SYNCHRONOUS_DEG: Final = 97.5
STEP_S: Final = 0.1
MOST_DRAWS: Final = 300  # orbits that are tried for a pass
NO_PASS = message(
    "keep_the_beam.no_pass",
    "None of {orbits:d} orbits has a pass that culminates between {low:g} and {high:g} deg (scene.{kind}_deg), high "
    "enough over scene.minimum_deg for this mount.",
)


def scene(seed: int, numbers: Numbers) -> Scene:
    """Five satellites that pass one after the other, and one of two mounts."""
    from sheber.ground.equipment import Aim, AntennaSpec, OrbitsSpec
    from sheber.ground.scene import Satellite, Scene
    from sheber.ground.site import Site, Skyline

    rng = np.random.default_rng([seed, 22])
    site = Site("Almaty", 43.2220, 76.9210, 850.0, Skyline.flat(), numbers.real("scene.minimum_deg"))
    start = FIRST_DAY + 60.0 * int(rng.integers(0, 300 * 1440))
    spec, beam = _mount(rng, numbers)
    kinds = [KINDS[index] for index in rng.permutation(len(KINDS))]
    found = []
    for number, (name, kind) in enumerate(zip(NAMES, kinds, strict=True)):
        at = start + numbers.real("scene.lead_s") + number * numbers.real("scene.spacing_s")
        found.append(_pass(rng, name, kind, site, at, numbers, spec))
    aims = tuple(
        Aim(name, _whole(one.aos - start), _whole(one.los - start))
        for name, (_elements, one) in zip(NAMES, found, strict=True)
    )
    late = numbers.real("scene.late_s")
    satellites = tuple(
        Satellite(name, _late(elements, float(rng.uniform(-late, late))), elements)
        for name, (elements, _one) in zip(NAMES, found, strict=True)
    )
    return Scene(
        start=start,
        site=site,
        satellites=satellites,
        equipment=(OrbitsSpec(), AntennaSpec(spec, beam, _flaws(rng, numbers), aims)),
        step_s=STEP_S,
        sample_steps=2,
        sheet=(("passes", [[aim.satellite, aim.from_s, aim.until_s] for aim in aims]),),
        facts=(
            ("counts", {"end": aims[-1].until_s}),
            ("beam_deg", beam),
            ("park_deg", list(spec.park_deg)),
            ("passes", [[aim.satellite, kind, aim.from_s, aim.until_s] for aim, kind in zip(aims, kinds, strict=True)]),
        ),
        noise_seed=seed,
    )


def _whole(seconds: float) -> float:
    """A time in whole steps."""
    return round(round(seconds / STEP_S) * STEP_S, 6)


def _mount(rng: np.random.Generator, numbers: Numbers) -> tuple[MountSpec, float]:
    """A mount with overlap, or one that goes over the top, and the beam of its antenna."""
    from sheber.ground.mount import AxisSpec, MountSpec

    over = bool(rng.integers(2))
    fine = {"speed_deg_s": 6.0, "acceleration_deg_s2": 2.0, "dead_band_deg": 0.02}
    azimuth = AxisSpec(0.0, 360.0 if over else 450.0, **fine)
    elevation = AxisSpec(0.0, 180.0 if over else 90.0, **fine)
    beam = rng.uniform(*numbers.pair("scene.flip_beam_deg" if over else "scene.overlap_beam_deg"))
    return MountSpec(azimuth, elevation, park_deg=(180.0, 90.0)), round(float(beam), 2)


def _flaws(rng: np.random.Generator, numbers: Numbers) -> Any:
    from sheber.ground.mount import Flaws, Wind

    turbulence = round(float(rng.uniform(*numbers.pair("scene.turbulence_deg"))), 3)
    play = numbers.real("scene.play_deg")
    return Flaws((play, play), Wind(turbulence, gust_deg=numbers.real("scene.gust_deg")))


def _pass(
    rng: np.random.Generator, name: str, kind: str, site: Site, at: float, numbers: Numbers, spec: MountSpec
) -> tuple[Elements, Pass]:
    """Elements of a satellite that culminates near an instant, as its kind says, and the pass.

    Raises SceneError where the numbers leave no room for one.
    """
    from sheber.ground.mount import MountError, SkyPath, continued
    from sheber.ground.orbit import look
    from sheber.ground.passes import find_passes

    for _draw in range(MOST_DRAWS):
        wanted = float(rng.uniform(*numbers.pair(f"scene.{kind}_deg")))
        elements = _tuned(_family(rng, name, kind, site, at), wanted, site, at)
        passes = find_passes(elements, site, at - 600.0, at + 600.0)
        if len(passes) != 1 or abs(passes[0].elevation_max_deg - wanted) > 0.2:
            continue
        times = np.arange(passes[0].aos, passes[0].los, 1.0)
        seen = look(elements, site, times)
        try:
            path = SkyPath.of(times, np.degrees(seen.azimuth), np.degrees(seen.elevation))
            continued(path, spec)
        except MountError:
            continue  # an arc for which this mount has no room at all, or no arc
        crosses = math.floor(path.azimuth_deg.max() / 360.0) > math.floor(path.azimuth_deg.min() / 360.0)
        if kind == "zenith" or crosses == (kind == "north"):
            return elements, passes[0]
    low, high = numbers.pair(f"scene.{kind}_deg")
    raise SceneError(str(NO_PASS(kind=kind, low=low, high=high, orbits=MOST_DRAWS)))


def _family(
    rng: np.random.Generator, name: str, kind: str, site: Site, at: float
) -> tuple[Callable[[float], Elements], float]:
    """Satellites that culminate near an instant, the lower the larger a number is; and the largest such number."""
    longitude = math.radians(site.longitude_deg)
    side, speed = float(rng.choice([-1.0, 1.0])), round(float(rng.uniform(15.10, 15.22)), 8)
    ascending = bool(rng.integers(2))
    epoch = at - 3600.0 * round(float(rng.uniform(3.0, 20.0)), 1)

    def across_north(beside_deg: float) -> Elements:
        """Its northernmost point is that much north of the site; eastbound or westbound."""
        inclination = site.latitude_deg + beside_deg
        inclination = inclination if ascending else 180.0 - inclination
        return _above(name, inclination, math.pi / 2.0, longitude, at, epoch, speed)

    def beside(beside_deg: float) -> Elements:
        """Sun-synchronous, with its node turned by that much from where it goes over the site."""
        latitude = math.radians(site.latitude_deg)
        along = math.asin(math.sin(latitude) / math.sin(math.radians(SUN_SYNCHRONOUS_DEG)))
        along = along if ascending else math.pi - along  # northbound or southbound
        east = longitude + side * math.radians(beside_deg)
        return _above(name, SUN_SYNCHRONOUS_DEG, along, east, at, epoch, speed)

    return (across_north, 12.0) if kind == "north" else (beside, 28.0)


def _above(
    name: str, inclination_deg: float, along: float, longitude: float, at: float, epoch: float, speed: float
) -> Elements:
    """Elements of a satellite that is `along` its orbit [rad from the node], above a longitude [rad], at an instant."""
    from sheber.ground.elements import Elements, Provenance
    from sheber.ground.instants import gmst

    beyond_node = math.atan2(math.cos(math.radians(inclination_deg)) * math.sin(along), math.cos(along))
    node = math.degrees(longitude + float(gmst(at)) - beyond_node)
    turned = 360.0 * speed * (at - epoch) / 86_400.0
    return Elements(
        name=name,
        norad_id=90_300 + NAMES.index(name),
        epoch=epoch,
        inclination_deg=round(inclination_deg, 4),
        raan_deg=round(node % 360.0, 4),
        eccentricity=0.0009,
        argument_deg=0.0,
        anomaly_deg=round((math.degrees(along) - turned) % 360.0, 4),
        mean_motion_rev_day=speed,
        source=Provenance("synthetic", at - 7200.0),
    )


def _tuned(family: tuple[Callable[[float], Elements], float], wanted_deg: float, site: Site, at: float) -> Elements:
    """The satellite of a family that culminates as high as wanted, as nearly as there is one."""
    make, largest = family
    low, high = 0.0, largest
    for _halving in range(14):
        middle = 0.5 * (low + high)
        higher = _highest_deg(make(middle), site, at) > wanted_deg
        low, high = (middle, high) if higher else (low, middle)
    return make(0.5 * (low + high))


def _highest_deg(elements: Elements, site: Site, at: float) -> float:
    """How high a satellite culminates near an instant."""
    from sheber.ground.orbit import look

    seen = look(elements, site, at + np.arange(-300.0, 301.0, 15.0))
    top = 15.0 * int(np.argmax(seen.elevation)) - 300.0
    fine = look(elements, site, at + top + np.arange(-15.0, 15.5, 0.5))
    return math.degrees(float(fine.elevation.max()))


def _late(elements: Elements, late_s: float) -> Elements:
    """The truth: the satellite is a little before or behind its elements."""
    turned = elements.anomaly_deg - late_s * elements.mean_motion_rev_day * 360.0 / 86_400.0
    return replace(elements, anomaly_deg=turned % 360.0)


NOT_KEPT = message("keep_the_beam.not_kept", "The beam was lost for more than a tenth of: {names}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """The time outside the beam in five passes, time, what was forced, reversals, the park position."""
    facts = trace.facts
    passes: Sequence[Sequence[Any]] = facts["passes"]
    kept = []
    for kind in dict.fromkeys(KINDS):
        mine = [(n, one) for n, one in enumerate(passes, 1) if one[1] == kind]
        shares = worth(numbers, kind, kind).shared(len(mine))
        kept += [
            (number, beam_kept(trace, number, name, since, until, facts["beam_deg"], share))
            for share, (number, (name, _kind, since, until)) in zip(shares, mine, strict=True)
        ]
    ordered = [check for _number, check in sorted(kept, key=lambda one: one[0])]
    lost = [one[0] for one, check in zip(passes, ordered, strict=True) if _is_lost(check, one[3] - one[2])]
    not_done = NOT_KEPT(names=lost) if lost else NOTHING
    costs = {name: numbers.real(f"safety.{name}") for name in ("limit", "refused", "long_turn")}
    return [
        *ordered,
        cycle_time(trace, numbers, not_done),
        *mount_safety(trace, numbers.points("safety"), costs, passes),
        reversals_made(trace, passes, worth(numbers, "reversals", "reversals")),
        mount_parked(trace, facts["park_deg"], worth(numbers, "park", "park")),
    ]


def _is_lost(check: Check, whole_s: float) -> bool:
    """Whether the beam was lost for so long that the job is not done."""
    return check.measured is None or check.measured > 0.1 * whole_s
