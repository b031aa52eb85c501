"""The equipment of a station, one file a piece: specification, commands, services, channels, events, sentences.

A new piece adds its file and its line here. The order of the table is the order in which equipment lives through a
step: what others look at comes first.
"""

from __future__ import annotations

from typing import Final

from sheber.ground.equipment.antenna import ANTENNA, Aim, Antenna, AntennaSpec
from sheber.ground.equipment.archive import ARCHIVE, Archive, ArchiveSpec, Field, Form
from sheber.ground.equipment.clock import CLOCK, Clock, ClockSpec
from sheber.ground.equipment.following import FOLLOWING, Following, FollowingSpec
from sheber.ground.equipment.front_end import FRONT_END, FrontEnd, FrontEndSpec
from sheber.ground.equipment.modem import MODEM, Modem, ModemSpec, Weather
from sheber.ground.equipment.orbits import ORBITS, Orbits, OrbitsSpec
from sheber.ground.equipment.receiver import RECEIVER, Receiver, ReceiverSpec
from sheber.ground.equipment.schedule import SCHEDULE, Outage, Schedule, ScheduleSpec
from sheber.ground.serving import Device

__all__ = [
    "DEVICES",
    "Aim",
    "Antenna",
    "AntennaSpec",
    "Archive",
    "ArchiveSpec",
    "Clock",
    "ClockSpec",
    "Field",
    "Following",
    "FollowingSpec",
    "Form",
    "FrontEnd",
    "FrontEndSpec",
    "Modem",
    "ModemSpec",
    "Orbits",
    "OrbitsSpec",
    "Outage",
    "Receiver",
    "ReceiverSpec",
    "Schedule",
    "ScheduleSpec",
    "Weather",
]

DEVICES: Final[tuple[Device, ...]] = (CLOCK, ORBITS, ANTENNA, FOLLOWING, RECEIVER, MODEM, SCHEDULE, FRONT_END, ARCHIVE)
