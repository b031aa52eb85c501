"""Antennas of the ground station: gain, half-power beam, and what a pointing error costs.

A dish is described by three numbers of its data sheet. Its main lobe is a parabola in dB and its side lobes are the
reference pattern of ITU-R: Radio Regulations, Appendix 8, Annex III (the same as Recommendation ITU-R F.699-7):

    G(phi) = G_max - 2.5e-3 (D phi / lambda)^2         0     <= phi < phi_m        main lobe
             G_1 = 2 + 15 log(D / lambda)              phi_m <= phi < phi_r        first side lobes
             32 - 25 log phi                           phi_r <= phi < 48 deg       D / lambda >= 100
             52 - 10 log(D / lambda) - 25 log phi      phi_r <= phi < 48 deg       D / lambda <  100
             -10, or 10 - 10 log(D / lambda)                  phi >= 48 deg

with phi in degrees. It is an envelope: between real side lobes a dish hears less. The half-power beam is 70 lambda / D
(degrees), which agrees with the parabola: half of it costs 3.06 dB.

A Yagi is described by its gain. Its beam follows from the gain by G = 30000 / theta^2 (Balanis, Antenna Theory, 3rd
edition, section 2.7: practical antennas), and its side lobes are 16 dB down (Recommendation ITU-R BT.419-3, band IV).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.errors import Floats, checked, finite

__all__ = ["LIGHT_M_S", "Antenna", "Dish", "Yagi", "wavelength_m"]

LIGHT_M_S: Final = 299_792_458.0
_BEAM_DEG: Final = 70.0  # times lambda / D
_RUZE: Final = 10.0 * np.log10(np.e) * (4.0 * np.pi) ** 2  # 685.8 dB times (rms / lambda)^2
_PRACTICAL: Final = 30_000.0  # square degrees: gain times beam squared
_YAGI_LOBES_DB: Final = 16.0


class Antenna(Protocol):
    """What the link asks of an antenna; frequencies in Hz, angles in radians."""

    @property
    def aperture_m(self) -> float:
        """Diameter over which the antenna averages the air's turbulence, in metres; 0 for a small one."""

    def gain_dbi(self, frequency_hz: float) -> float:
        """Gain in the middle of the beam."""

    def beam_rad(self, frequency_hz: float) -> float:
        """Full width of the beam at half power."""

    def pointing_loss_db(self, pointing_error: ArrayLike, frequency_hz: float) -> Floats:
        """What is lost when the beam points beside the satellite, by this angle; (n,) to (n,)."""


def wavelength_m(frequency_hz: float) -> float:
    """Wavelength in metres. Raises LinkError for a frequency outside 1 MHz to 100 GHz."""
    checked({"frequency_hz": (frequency_hz, 1e6, 100e9)})
    return LIGHT_M_S / frequency_hz


@dataclass(frozen=True, slots=True)
class Dish:
    """A parabolic antenna. Raises LinkError for numbers that no dish has."""

    diameter_m: float  # of the aperture
    efficiency: float = 0.6  # of the aperture, with feed and blocking, without the surface
    surface_rms_m: float = 0.0  # error of the surface, root mean square

    def __post_init__(self) -> None:
        checked(
            {
                "diameter_m": (self.diameter_m, 0.1, 100.0),
                "efficiency": (self.efficiency, 0.01, 1.0),
                "surface_rms_m": (self.surface_rms_m, 0.0, 0.05),
            }
        )

    @property
    def aperture_m(self) -> float:
        """Diameter over which the dish averages the air's turbulence (P.618: by its efficiency)."""
        return self.diameter_m * float(np.sqrt(self.efficiency))

    def gain_dbi(self, frequency_hz: float) -> float:
        """Gain in the middle of the beam: efficiency (pi D / lambda)^2, less what the surface scatters (Ruze)."""
        length = wavelength_m(frequency_hz)
        ideal = 10.0 * np.log10(self.efficiency * (np.pi * self.diameter_m / length) ** 2)
        return float(ideal - _RUZE * (self.surface_rms_m / length) ** 2)

    def beam_rad(self, frequency_hz: float) -> float:
        """Full width of the beam at half power: 70 lambda / D degrees."""
        return float(np.radians(_BEAM_DEG * wavelength_m(frequency_hz) / self.diameter_m))

    def pointing_loss_db(self, pointing_error: ArrayLike, frequency_hz: float) -> Floats:
        """What is lost when the beam points beside the satellite, by this angle; never below zero. (n,) to (n,)"""
        aside_deg = np.degrees(_turned(pointing_error))
        ratio = self.diameter_m / wavelength_m(frequency_hz)
        gain = self.gain_dbi(frequency_hz)
        main = 2.5e-3 * (ratio * aside_deg) ** 2
        lobes = gain - _side_lobes_dbi(aside_deg, ratio)
        return np.minimum(main, np.maximum(lobes, 0.0))


@dataclass(frozen=True, slots=True)
class Yagi:
    """A Yagi antenna for VHF and UHF, described by its gain. Raises LinkError for a gain that no Yagi has."""

    gain: float  # dBi, in the middle of the beam

    def __post_init__(self) -> None:
        checked({"gain": (self.gain, 2.0, 22.0)})

    @property
    def aperture_m(self) -> float:
        """No aperture that averages anything."""
        return 0.0

    def gain_dbi(self, frequency_hz: float) -> float:
        """Gain in the middle of the beam; the same at every frequency that the antenna is made for."""
        return self.gain

    def beam_rad(self, frequency_hz: float) -> float:
        """Full width of the beam at half power, from the gain."""
        return float(np.radians(np.sqrt(_PRACTICAL / 10.0 ** (self.gain / 10.0))))

    def pointing_loss_db(self, pointing_error: ArrayLike, frequency_hz: float) -> Floats:
        """What is lost when the beam points beside the satellite, by this angle. (n,) to (n,)"""
        of_beam = _turned(pointing_error) / self.beam_rad(frequency_hz)
        return np.minimum(12.0 * of_beam**2, _YAGI_LOBES_DB)


def _turned(pointing_error: ArrayLike) -> Floats:
    """The angle between beam and satellite, 0 to pi, whatever sign and turns it was given with."""
    error = finite("pointing_error", pointing_error)
    return np.abs((error + np.pi) % (2.0 * np.pi) - np.pi)


def _side_lobes_dbi(aside_deg: Floats, ratio: float) -> Floats:
    """The envelope of the side lobes; aside_deg (n,), ratio is D / lambda."""
    size = 10.0 * np.log10(ratio)
    first = 2.0 + 1.5 * size
    offset, back = (32.0, -10.0) if ratio >= 100.0 else (52.0 - size, 10.0 - size)
    falling = offset - 25.0 * np.log10(np.maximum(aside_deg, 1e-9))
    return np.asarray(np.maximum(np.minimum(first, falling), back))
