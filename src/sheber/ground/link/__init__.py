"""Link: from the satellite's transmitter to C/N0, Eb/N0 and delivered bits.

antenna    gain, beam and pointing loss of dishes and Yagis
noise      system temperature, G/T
path       free space, air, rain and flicker of a place
carrier    all of it together, as functions of elevation, range and pointing error
fading     rain, flicker and turning satellites in time
modes      modulation and coding: bits a symbol, frame error rate, required Eb/N0
laws       modes over time: the volume of a pass, and the law that delivers most
budget     one moment line by line; figures: the same as diagrams
"""

from sheber.ground.link.antenna import LIGHT_M_S, Antenna, Dish, Yagi, wavelength_m
from sheber.ground.link.budget import Budget, Line, budget
from sheber.ground.link.carrier import Carrier, Link, Transmitter, carrier_at
from sheber.ground.link.errors import LinkError
from sheber.ground.link.fading import flicker_db, normal_process, rain_db, rarity_percent
from sheber.ground.link.figures import budget_bars, levels_over_time
from sheber.ground.link.laws import ModeLaw, Volume, best_law, eb_n0_db, volume
from sheber.ground.link.modes import FRAME_BITS, MODES, X_BAND_MODES, Mode, bit_error_rate, mode
from sheber.ground.link.noise import Noise, ReceiverNoise, StatedNoise, figure_of_merit_db, galactic_k, sky_k
from sheber.ground.link.path import (
    Air,
    Climate,
    climate,
    free_space_db,
    scintillation_db,
    scintillation_deviation_db,
)

__all__ = [
    "FRAME_BITS",
    "LIGHT_M_S",
    "MODES",
    "X_BAND_MODES",
    "Air",
    "Antenna",
    "Budget",
    "Carrier",
    "Climate",
    "Dish",
    "Line",
    "Link",
    "LinkError",
    "Mode",
    "ModeLaw",
    "Noise",
    "ReceiverNoise",
    "StatedNoise",
    "Transmitter",
    "Volume",
    "Yagi",
    "best_law",
    "bit_error_rate",
    "budget",
    "budget_bars",
    "carrier_at",
    "climate",
    "eb_n0_db",
    "figure_of_merit_db",
    "flicker_db",
    "free_space_db",
    "galactic_k",
    "levels_over_time",
    "mode",
    "normal_process",
    "rain_db",
    "rarity_percent",
    "scintillation_db",
    "scintillation_deviation_db",
    "sky_k",
    "volume",
    "wavelength_m",
]
