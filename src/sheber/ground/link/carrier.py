"""The carrier at the receiver: the one physical model that receptions, budgets and grading share.

    C/N0 [dBHz] = EIRP - free space - air - polarisation - pointing - fade + G/T + 228.6

Everything is a function of arrays (n,): elevation [rad], range [m], pointing error [rad], and optionally the rain and
the shadow of the moment [dB] (`fading.py`), which take the place of the rain of the year's statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.antenna import Antenna, wavelength_m
from sheber.ground.link.errors import Floats, checked, finite
from sheber.ground.link.noise import BOLTZMANN_DB, Noise
from sheber.ground.link.path import Air, Climate, free_space_db

__all__ = ["Carrier", "Link", "Transmitter", "carrier_at"]


@dataclass(frozen=True, slots=True)
class Transmitter:
    """The satellite's transmitter. Raises LinkError for numbers that no satellite has."""

    power_w: float  # into the antenna's line
    gain_dbi: float  # of its antenna, towards the station
    frequency_hz: float
    line_db: float = 0.0  # lost between transmitter and antenna

    def __post_init__(self) -> None:
        checked(
            {
                "power_w": (self.power_w, 1e-6, 1e4),
                "gain_dbi": (self.gain_dbi, -40.0, 60.0),
                "line_db": (self.line_db, 0.0, 30.0),
            }
        )
        wavelength_m(self.frequency_hz)

    @property
    def eirp_dbw(self) -> float:
        """Power that an isotropic antenna would need, in dB above one watt."""
        return float(10.0 * np.log10(self.power_w) + self.gain_dbi - self.line_db)


@dataclass(frozen=True, slots=True)
class Link:
    """A transmitter in space, a receiving station, and the air between them."""

    transmitter: Transmitter
    antenna: Antenna
    noise: Noise
    climate: Climate | None = None  # None: no air at all
    exceeded_percent: float = 0.1  # of an average year: the weather that the link is made for
    polarisation_db: float = 0.0  # lost between the polarisations of the two antennas

    def __post_init__(self) -> None:
        checked({"polarisation_db": (self.polarisation_db, 0.0, 40.0)})

    @property
    def frequency_hz(self) -> float:
        """Of the carrier."""
        return self.transmitter.frequency_hz

    def air(self, elevation: ArrayLike, rain_db: ArrayLike | None = None) -> Air:
        """What the air takes; `rain_db` is the rain of the moment in place of the statistics. (n,)"""
        up = finite("elevation", elevation)
        none = np.zeros_like(up)
        air = Air(none, none, none, none)
        if self.climate is not None:
            air = self.climate.air(up, self.frequency_hz, self.exceeded_percent, self.antenna.aperture_m)
        if rain_db is None:
            return air
        return Air(air.gas_db, air.cloud_db, finite("rain_db", rain_db) + none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Carrier:
    """The carrier at the receiver, with everything that made it; arrays (n,)."""

    free_space_db: Floats
    air: Air
    pointing_db: Floats
    shadow_db: Floats
    received_dbw: Floats  # carrier power at the antenna's terminals
    system_k: Floats
    noise_dbw_hz: Floats  # noise density there
    cn0_dbhz: Floats


def carrier_at(
    link: Link,
    elevation: ArrayLike,
    range_m: ArrayLike,
    pointing_error: ArrayLike = 0.0,
    rain_db: ArrayLike | None = None,
    shadow_db: ArrayLike = 0.0,
) -> Carrier:
    """The carrier on a path; radians and metres, arrays (n,) or numbers.

    `rain_db`: the rain of the moment, which takes the place of the statistics of rain and flicker. `shadow_db`: what
    else is lost in time (the satellite turns, an obstacle); it does not glow. Raises LinkError for what is not finite.
    """
    up, distance, error, shadow = np.broadcast_arrays(
        finite("elevation", elevation),
        finite("range_m", range_m),
        finite("pointing_error", pointing_error),
        finite("shadow_db", shadow_db),
    )
    frequency = link.frequency_hz
    air = link.air(up, rain_db)
    space = free_space_db(distance, frequency)
    pointing = link.antenna.pointing_loss_db(error, frequency)
    lost = space + air.total_db + pointing + shadow + link.polarisation_db
    received = link.transmitter.eirp_dbw - lost + link.antenna.gain_dbi(frequency)
    system = link.noise.system_k(up, air.absorbed_db, frequency, link.antenna.beam_rad(frequency))
    density = BOLTZMANN_DB + 10.0 * np.log10(system)
    return Carrier(space, air, pointing, shadow, received, system, density, received - density)
