"""Noise of the receiving station: the system temperature, in kelvin, at the antenna's terminals.

    T_system = T_sky + T_ground + T_galaxy + T_receiver

* T_sky: air, cloud and rain that absorb also glow (Recommendation ITU-R P.618-13, section 3):
  T_m (1 - 10^(-A/10)) + 2.7 * 10^(-A/10), with T_m = 275 K and A the attenuation without scintillation.
* T_ground: the part of what the antenna receives that comes from the ground, at 290 K. It is the spill-over (a
  constant fraction) and the part of the main lobe that lies below the horizon (a lobe of the shape of Gauss).
* T_galaxy: galactic noise, 52 - 23 log f [MHz] dB above 290 K (Recommendation ITU-R P.372, section 6). It matters
  at VHF and UHF only.
* T_receiver: amplifier and all that comes after it, a number of its data sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.errors import Floats, checked, finite

__all__ = ["BOLTZMANN_DB", "Noise", "ReceiverNoise", "StatedNoise", "figure_of_merit_db", "galactic_k", "sky_k"]

BOLTZMANN_DB: Final = -228.599167  # dBW/K/Hz: 1.380649e-23 W/K/Hz
_MEDIUM_K: Final = 275.0
_COSMIC_K: Final = 2.7
_GROUND_K: Final = 290.0
_SIGMA: Final = 2.354820045  # standard deviations in a half-power width, of the shape of Gauss


class Noise(Protocol):
    """What the link asks of the station's noise; angles in radians."""

    def system_k(self, elevation: ArrayLike, absorbed_db: ArrayLike, frequency_hz: float, beam_rad: float) -> Floats:
        """The system temperature under a sky that absorbs this much; (n,)."""


@dataclass(frozen=True, slots=True)
class StatedNoise:
    """One system temperature for every direction and weather, as a data sheet states it."""

    system: float  # kelvin

    def __post_init__(self) -> None:
        checked({"system": (self.system, 1.0, 1e5)})

    def system_k(self, elevation: ArrayLike, absorbed_db: ArrayLike, frequency_hz: float, beam_rad: float) -> Floats:
        """The stated temperature, as often as there are elevations; (n,)."""
        return np.full_like(finite("elevation", elevation), self.system)


@dataclass(frozen=True, slots=True)
class ReceiverNoise:
    """A receiver and an antenna that hears sky and ground."""

    receiver: float  # kelvin: amplifier, line and all after it, at the antenna's terminals
    spill: float = 0.04  # fraction of the received power that comes from the ground, with the beam in the sky

    def __post_init__(self) -> None:
        checked({"receiver": (self.receiver, 1.0, 1e5), "spill": (self.spill, 0.0, 0.5)})

    def system_k(self, elevation: ArrayLike, absorbed_db: ArrayLike, frequency_hz: float, beam_rad: float) -> Floats:
        """Sky, galaxy, ground and receiver together; (n,)."""
        ground = self.spill + (1.0 - self.spill) * _below_horizon(finite("elevation", elevation), beam_rad)
        above = sky_k(absorbed_db) + galactic_k(frequency_hz)
        return self.receiver + _GROUND_K * ground + above * (1.0 - ground)


def sky_k(absorbed_db: ArrayLike) -> Floats:
    """Brightness of a sky that absorbs this much, in kelvin (P.618-13, section 3). (n,) to (n,)"""
    through = 10.0 ** (-finite("absorbed_db", absorbed_db) / 10.0)
    return _MEDIUM_K * (1.0 - through) + _COSMIC_K * through


def galactic_k(frequency_hz: float) -> float:
    """Galactic noise in kelvin (P.372): 39 K at 436 MHz, nothing to speak of at X-band."""
    checked({"frequency_hz": (frequency_hz, 1e6, 100e9)})
    return float(_GROUND_K * 10.0 ** ((52.0 - 23.0 * np.log10(frequency_hz / 1e6)) / 10.0))


def figure_of_merit_db(gain_dbi: float, system_k: ArrayLike) -> Floats:
    """G/T in dB/K."""
    return gain_dbi - 10.0 * np.log10(finite("system_k", system_k))


def _below_horizon(elevation: Floats, beam_rad: float) -> Floats:
    """The fraction of a lobe of the shape of Gauss that lies below the horizon; (n,)."""
    return _upper_tail(elevation * _SIGMA / beam_rad)


def _upper_tail(deviations: Floats) -> Floats:
    """The part of a normal distribution above so many deviations (Abramowitz and Stegun 7.1.27, error 5e-4)."""
    x = np.abs(deviations) / sqrt(2.0)
    series = 1.0 + x * (0.278393 + x * (0.230389 + x * (0.000972 + x * 0.078108)))
    tail = 0.5 / series**4
    return np.where(deviations >= 0.0, tail, 1.0 - tail)
