"""Scenes of ground stations that tests share."""

from __future__ import annotations

from typing import Any

from ground_conversation import START, ground_scene
from sheber.ground.elements import Elements, Provenance
from sheber.ground.equipment import AntennaSpec, ArchiveSpec, Field, Form, ModemSpec, OrbitsSpec, ReceiverSpec
from sheber.ground.link import X_BAND_MODES, Dish, Link, StatedNoise, Transmitter, climate
from sheber.ground.mount import DISH
from sheber.ground.scene import Satellite, Scene

FRAME = Form("frame", (Field("data", "bytes"), Field("at", unit="s", optional=True)))


def al_farabi(days_old: float = 1.0, name: str = "AL-FARABI-2") -> Elements:
    """Synthetic elements of a satellite like Al-Farabi-2: about 580 km high, sun-synchronous."""
    return Elements(
        name=name,
        norad_id=43805,
        epoch=START - days_old * 86_400.0,
        inclination_deg=97.75,
        raan_deg=30.0,
        eccentricity=0.0012,
        argument_deg=100.0,
        anomaly_deg=260.0,
        mean_motion_rev_day=14.96,
        bstar=4e-5,
        source=Provenance("synthetic", START - 3600.0),
    )


def modem(**changes: Any) -> ModemSpec:
    """A downlink of AL-FARABI-2 in X-band, received with 3.7 m."""
    link = Link(Transmitter(0.5, 4.0, 8.2e9), Dish(3.7), StatedNoise(150.0), climate("almaty"))
    names = tuple(one.name for one in X_BAND_MODES)
    about = {"satellite": "AL-FARABI-2", "link": link, "modes": names, "symbol_rate": 25e6, "until_s": 600.0}
    return ModemSpec(**(about | changes))


def whole_station() -> Scene:
    """A station that has every piece of equipment."""
    satellite = Satellite("AL-FARABI-2", al_farabi(), al_farabi())
    return ground_scene(
        OrbitsSpec(),
        AntennaSpec(DISH, 0.5),
        ReceiverSpec(),
        modem(),
        ArchiveSpec((FRAME,)),
        satellites=(satellite,),
        sheet=(("satellite", "AL-FARABI-2"),),
    )
