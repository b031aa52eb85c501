"""Hear the satellite: receive a pass of a small satellite, from IQ to frames with a right check sequence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.criteria.hearing import (
    Sent,
    false_frames,
    frames_heard,
    heard_again,
    listened,
    sensitivity,
    time_tags,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.kind import GROUND
from sheber.i18n import N_, message
from sheber.trace import NOTHING, Trace

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.passes import Pass
    from sheber.ground.scene import Scene
    from sheber.ground.site import Site

STATION = GROUND
COUNTS = ("seconds",)
NUMBERS = {
    "scene.elevation": Allowed(20, 89, "deg", pair=True, title=N_("Height of the pass")),
    "scene.peak": Allowed(50, 75, "dBHz", pair=True, title=N_("C/N0 where the satellite is nearest")),
    "scene.turn_db": Allowed(0, 20, "dB", title=N_("Fading as the satellite turns")),
    "scene.offset_hz": Allowed(0, 4000, "Hz", pair=True, title=N_("Error of the satellite’s oscillator")),
    "scene.late_s": Allowed(0, 5, "s", pair=True, title=N_("Error of the elements along the orbit")),
    "scene.pause_s": Allowed(1, 60, "s", pair=True, title=N_("Pause between two frames")),
    "scene.loud": Allowed(40, 70, "dBHz", title=N_("C/N0 of a loud frame")),
    "scene.minimum": Allowed(30, 60, "dBHz", title=N_("C/N0 of the weakest frame that counts")),
    "safety.false_frame": Allowed(0, 15, title=N_("Points lost for a frame that was never sent")),
    "tolerance.frames": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Loud frames received")),
    "tolerance.sensitivity": Allowed(
        30, 70, "dBHz", ramp=True, title=N_("C/N0 at which half of the frames are received")
    ),
    "tolerance.times": Allowed(1, 60000, "ms", ramp=True, title=N_("Time of a frame")),
    "tolerance.listened": Allowed(
        0, 100, "%", ramp=True, more=True, title=N_("Part of the transmissions that was read")
    ),
    "tolerance.once": Allowed(0, 1000, "%", ramp=True, title=N_("Frames handed in more than once")),
}
TITLES = {
    "points.frames": N_("Loud frames received"),
    "points.sensitivity": N_("Sensitivity"),
    "points.times": N_("Times of the frames"),
    "points.cycle": N_("Done when the pass is over"),
    "points.safety": N_("No frame that was never sent"),
    "points.listened": N_("Listened without gaps"),
    "points.once": N_("Each frame once"),
    "cycle.per.seconds": N_("Seconds for each second of the pass"),
}

NAME = "AL-FARABI-2"
FREQUENCY = 436.5e6
DAY = 86_400.0
START = 1_805_608_800.0  # 2027-03-21 06:00:00 UTC
LEAD_S = 30.0  # the run starts so long before the satellite rises
MINIMUM_DEG = 5.0
MOUNTAINS = ((0.0, 2.0), (110.0, 3.0), (150.0, 9.0), (180.0, 11.0), (215.0, 9.0), (250.0, 3.0), (300.0, 1.0))
CALL, TO = "UN1GWA", "CQ"


def scene(seed: int, numbers: Numbers) -> Scene:
    """The station of one seed, some seconds before a pass, and all that the satellite will send."""
    from sheber.ground.chains import satellite
    from sheber.ground.equipment import ArchiveSpec, Field, FollowingSpec, Form, OrbitsSpec, ReceiverSpec
    from sheber.ground.reception import Burst, Emitter
    from sheber.ground.scene import Satellite, Scene

    rng = np.random.default_rng([seed, 24])
    site = _site()
    told, found = _pass(rng, site, numbers)
    start = round(found.aos - LEAD_S, 1)
    true = _later(told, _aside(rng, *numbers.pair("scene.late_s")))
    lasts = found.los - start
    bursts = tuple(Burst(at, _frame(rng, number)) for number, at in enumerate(_times(rng, numbers, lasts)))
    emitter = Emitter(
        NAME,
        satellite(NAME).downlinks[0],
        _link(rng, numbers, true, site, found.tca),
        bursts,
        round(_aside(rng, *numbers.pair("scene.offset_hz")), 1),
        round(float(rng.uniform(40.0, 90.0)), 1),
        numbers.real("scene.turn_db"),
        round(float(rng.uniform()), 3),
    )
    form = Form("frame", (Field("data", "bytes"), Field("at", unit="s")), most=2000)
    return Scene(
        start=start,
        site=site,
        satellites=(Satellite(NAME, true, told),),
        equipment=(
            OrbitsSpec(),
            FollowingSpec(NAME, 2.4, yagi=True),
            ReceiverSpec((emitter,), tuned_hz=FREQUENCY),
            ArchiveSpec((form,)),
        ),
        sample_steps=10,
        sheet=(
            ("satellite", NAME),
            ("frequency", FREQUENCY),
            ("baud", 4800.0),
            ("deviation", 1200.0),
            ("rises", round(found.aos - start, 1)),
            ("sets", round(lasts, 1)),
        ),
        facts=(("counts", {"seconds": round(lasts, 1)}), ("offset_hz", emitter.offset_hz)),
        noise_seed=seed,
    )


def _site() -> Site:
    from sheber.ground.site import Site, Skyline

    return Site("Almaty", 43.2220, 76.9210, 850.0, Skyline(MOUNTAINS), MINIMUM_DEG)


def _pass(rng: np.random.Generator, site: Site, numbers: Numbers) -> tuple[Elements, Pass]:
    """Elements as told, and a pass of the wanted height within a day: the orbit is drawn until there is one."""
    from sheber.ground.passes import find_passes

    low, high = numbers.pair("scene.elevation")
    wanted = float(rng.uniform(low, high))
    best: tuple[float, Elements, Pass] | None = None
    for _draw in range(6):
        elements = _orbit(rng)
        for one in find_passes(elements, site, START, START + DAY):
            off = abs(one.elevation_max_deg - wanted)
            if one.rises and one.sets and (best is None or off < best[0]):
                best = off, elements, one
    assert best is not None, "no pass in six days of six orbits"
    return best[1], best[2]


def _orbit(rng: np.random.Generator) -> Elements:
    from sheber.ground.elements import Elements, Provenance

    return Elements(
        name=NAME,
        norad_id=43805,
        epoch=START - round(float(rng.uniform(0.5, 3.0)) * DAY),
        inclination_deg=round(float(rng.uniform(97.4, 97.9)), 4),
        raan_deg=round(float(rng.uniform(0.0, 360.0)), 4),
        eccentricity=round(float(rng.uniform(0.0005, 0.002)), 7),
        argument_deg=round(float(rng.uniform(0.0, 360.0)), 4),
        anomaly_deg=round(float(rng.uniform(0.0, 360.0)), 4),
        mean_motion_rev_day=round(float(rng.uniform(15.05, 15.25)), 8),
        bstar=4e-5,
        source=Provenance("catalogue", START - 7200.0),
    )


def _later(elements: Elements, seconds: float) -> Elements:
    """The same orbit, on which the satellite comes so much later."""
    turned = elements.anomaly_deg - 360.0 * elements.mean_motion_rev_day * seconds / DAY
    return replace(elements, anomaly_deg=round(turned % 360.0, 6))


def _link(rng: np.random.Generator, numbers: Numbers, true: Elements, site: Site, tca: float) -> Any:
    """The link whose C/N0 is as drawn where the satellite is nearest: a fixed antenna that hears the whole sky."""
    from sheber.ground.link import Link, StatedNoise, Transmitter, Yagi, carrier_at
    from sheber.ground.orbit import look

    seen = look(true, site, np.array([tca]))
    link = Link(Transmitter(1.0, 0.0, FREQUENCY), Yagi(3.0), StatedNoise(500.0), polarisation_db=3.0)
    gained = float(rng.uniform(*numbers.pair("scene.peak"))) - float(
        carrier_at(link, seen.elevation, seen.range).cn0_dbhz[0]
    )
    return replace(link, transmitter=Transmitter(round(10.0 ** (gained / 10.0), 5), 0.0, FREQUENCY))


def _times(rng: np.random.Generator, numbers: Numbers, lasts: float) -> list[float]:
    """When frames are sent: some seconds after each other, from before the satellite rises until it has set."""
    low, high = numbers.pair("scene.pause_s")
    times, at = [], LEAD_S / 2.0
    while at < lasts:
        times.append(round(at, 3))
        at += float(rng.uniform(low, high))
    return times


def _frame(rng: np.random.Generator, number: int) -> bytes:
    """A frame with a counter and measured values: no two are alike, and none can be guessed."""
    from sheber.ground.coding.ax25 import Address, Frame

    information = number.to_bytes(2, "big") + rng.bytes(int(rng.integers(30, 110)))
    return Frame(Address(TO), Address(CALL, 1), information).encoded()


def _aside(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between low and high, to either side of zero."""
    return math.copysign(float(rng.uniform(low, high)), float(rng.uniform(-1.0, 1.0)))


NOTHING_HEARD = message("hear_the_satellite.nothing", "No frame was received.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Loud frames, sensitivity, times, cycle time, false frames, gaps, and frames that came twice."""
    sent = Sent.of(trace, numbers.real("scene.minimum"))
    share = frames_heard(trace, sent, numbers.real("scene.loud"), worth(numbers, "frames", "frames"))
    return [
        share,
        sensitivity(trace, sent, worth(numbers, "sensitivity", "sensitivity")),
        time_tags(trace, sent, worth(numbers, "times", "times")),
        cycle_time(trace, numbers, NOTHING if sent.heard else NOTHING_HEARD()),
        *false_frames(sent, numbers.points("safety"), numbers.real("safety.false_frame")),
        listened(trace, sent, worth(numbers, "listened", "listened")),
        heard_again(trace, sent, worth(numbers, "once", "once")),
    ]
