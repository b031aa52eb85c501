"""Scenes of ground stations that tests share."""

from __future__ import annotations

from typing import Any

from ground_conversation import START, ground_scene
from sheber.ground.elements import Elements, Provenance
from sheber.ground.equipment import (
    AntennaSpec,
    ArchiveSpec,
    Field,
    Form,
    FrontEndSpec,
    ModemSpec,
    OrbitsSpec,
    ReceiverSpec,
    ScheduleSpec,
)
from sheber.ground.link import X_BAND_MODES, Dish, Link, StatedNoise, Transmitter, climate
from sheber.ground.mount import DISH
from sheber.ground.scene import Satellite, Scene
from sheber.ground.schedule import Antenna, Contact, OwnTime, Partner, Problem
from sheber.ground.schedule import Satellite as Owned

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


def schedule() -> ScheduleSpec:
    """A network of one antenna, two partners and three contacts; the last two exclude each other."""
    contacts = (
        Contact("c0001", "Almaty", "AL-FARABI-2", 2000.0, 2600.0, 500.0, 50.0),
        Contact("c0002", "Almaty", "NKSAT-1", 3000.0, 3600.0, 600.0, 60.0),
        Contact("c0003", "Almaty", "AL-FARABI-2", 3500.0, 4000.0, 400.0, 40.0),
    )
    partners = (Partner("KazNU", 0.25), Partner("NWPU"))
    satellites = (Owned("AL-FARABI-2", "KazNU"), Owned("NKSAT-1", "NWPU"))
    own = (OwnTime("Almaty", 5000.0, 6000.0, "KazNU"),)
    problem = Problem((Antenna("Almaty"),), partners, satellites, contacts, own_time=own)
    return ScheduleSpec(problem, asked=("c0003",), answer_by=1800.0)


def whole_station() -> Scene:
    """A station that has every piece of equipment."""
    satellite = Satellite("AL-FARABI-2", al_farabi(), al_farabi())
    return ground_scene(
        OrbitsSpec(),
        AntennaSpec(DISH, 0.5),
        ReceiverSpec(),
        modem(),
        schedule(),
        FrontEndSpec((bytes(1115),)),
        ArchiveSpec((FRAME,)),
        satellites=(satellite,),
        sheet=(("satellite", "AL-FARABI-2"),),
    )
