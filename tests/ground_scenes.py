"""Scenes of ground stations that tests share."""

from __future__ import annotations

from ground_conversation import START, ground_scene
from sheber.ground.elements import Elements, Provenance
from sheber.ground.equipment import AntennaSpec, ArchiveSpec, Field, Form, OrbitsSpec, ReceiverSpec
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


def whole_station() -> Scene:
    """A station that has every piece of equipment."""
    satellite = Satellite("AL-FARABI-2", al_farabi(), al_farabi())
    return ground_scene(
        OrbitsSpec(),
        AntennaSpec(DISH, 0.5),
        ReceiverSpec(),
        ArchiveSpec((FRAME,)),
        satellites=(satellite,),
        sheet=(("satellite", "AL-FARABI-2"),),
    )
