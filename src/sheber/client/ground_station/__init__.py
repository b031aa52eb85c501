"""The client of the ground station: what a program drives there."""

from sheber.client.ground_station.archive import Archive
from sheber.client.ground_station.clock import Clock
from sheber.client.ground_station.elements import Elements, Look, Satellite
from sheber.client.ground_station.front_end import FrontEnd, Word
from sheber.client.ground_station.modem import Mode, Modem, Reading
from sheber.client.ground_station.mount import Axis, Mount, MountState
from sheber.client.ground_station.receiver import Block, Receiver
from sheber.client.ground_station.schedule import Contact, NetworkSatellite, News, Offer, OwnTime, Partner, Schedule
from sheber.client.ground_station.site import Site
from sheber.client.ground_station.station import GroundStation

__all__ = [
    "Archive",
    "Axis",
    "Block",
    "Clock",
    "Contact",
    "Elements",
    "FrontEnd",
    "GroundStation",
    "Look",
    "Mode",
    "Modem",
    "Mount",
    "MountState",
    "NetworkSatellite",
    "News",
    "Offer",
    "OwnTime",
    "Partner",
    "Reading",
    "Receiver",
    "Satellite",
    "Schedule",
    "Site",
    "Word",
]
