"""Link: from the satellite's transmitter to C/N0, Eb/N0 and delivered bits.

antenna    gain, beam and pointing loss of dishes and Yagis
noise      system temperature, G/T
path       free space, air, rain and flicker of a place
carrier    all of it together, as functions of elevation, range and pointing error
"""

from sheber.ground.link.antenna import LIGHT_M_S, Antenna, Dish, Yagi, wavelength_m
from sheber.ground.link.carrier import Carrier, Link, Transmitter, carrier_at
from sheber.ground.link.errors import LinkError
from sheber.ground.link.noise import Noise, ReceiverNoise, StatedNoise, figure_of_merit_db, galactic_k, sky_k
from sheber.ground.link.path import Air, Climate, climate, free_space_db, scintillation_db

__all__ = [
    "LIGHT_M_S",
    "Air",
    "Antenna",
    "Carrier",
    "Climate",
    "Dish",
    "Link",
    "LinkError",
    "Noise",
    "ReceiverNoise",
    "StatedNoise",
    "Transmitter",
    "Yagi",
    "carrier_at",
    "climate",
    "figure_of_merit_db",
    "free_space_db",
    "galactic_k",
    "scintillation_db",
    "sky_k",
    "wavelength_m",
]
