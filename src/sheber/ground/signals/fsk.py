"""Frequency-shift keying: bits as a phase over time. MSK, GMSK and two-level FSK are one modulator.

Bit 1 is a shift of +deviation, bit 0 of -deviation. A Gaussian filter before the modulator (`bt`: its 3 dB bandwidth
times the duration of a bit) rounds the steps: with a deviation of a quarter of the baud that is GMSK, without the
filter MSK. The phase is the integral of the shift, so it is continuous whatever the bits are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.signals.soft import checked_bits, rotor

__all__ = ["FskWaveform"]

_FINE: Final = 16  # points of the rounded phase a bit: linear between them, wrong by less than 1e-3 turns


@dataclass(frozen=True, slots=True)
class FskWaveform:
    """Some bits, ready to be asked for their phase at any time."""

    baud: float
    deviation_hz: float
    seconds: float  # from the beginning of the first bit to the end of the last one
    _grid_hz: float
    _turns: NDArray[np.float64]  # on a grid that begins with the first bit

    @classmethod
    def of(cls, bits: Any, baud: float, deviation_hz: float, bt: float | None = None) -> FskWaveform:
        """The waveform of bits (0 or 1). Raises SignalError for other values."""
        levels = 2.0 * checked_bits(bits) - 1.0
        grid_hz = baud
        if bt is not None:
            levels, grid_hz = _rounded(np.repeat(levels, _FINE), bt), baud * _FINE
        turns = np.concatenate(([0.0], np.cumsum(levels) * (deviation_hz / grid_hz)))
        return cls(baud, deviation_hz, (len(turns) - 1) / grid_hz, grid_hz, turns)

    def turns(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """The phase [turns] at times [s] since the beginning of the first bit; before and after it stands still."""
        place = np.clip(times * self._grid_hz, 0.0, len(self._turns) - 1.0)
        piece = np.minimum(place.astype(np.int64), len(self._turns) - 2)
        before = self._turns[piece]
        phase: NDArray[np.float64] = before + (place - piece) * (self._turns[piece + 1] - before)
        return phase

    def sent(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the transmitter is on at these times."""
        on: NDArray[np.bool_] = (times >= 0.0) & (times < self.seconds)
        return on

    def iq(self, times: NDArray[np.float64]) -> NDArray[np.complex64]:
        """The signal with amplitude 1 at these times, 0 before and after it."""
        return rotor(self.turns(times)) * self.sent(times)

    def sampled(self, rate_hz: float) -> NDArray[np.complex64]:
        """The whole signal at this rate."""
        return rotor(self.turns(np.arange(round(self.seconds * rate_hz)) / rate_hz))


def _rounded(levels: NDArray[np.float64], bt: float) -> NDArray[np.float64]:
    """Levels after the Gaussian filter; the filter's tails are cut at three bits, and the ends are held."""
    times = np.arange(-3 * _FINE, 3 * _FINE + 1) / _FINE  # [bits]
    sigma = np.sqrt(np.log(2.0)) / (2.0 * np.pi * bt)  # [bits]
    taps = np.exp(-(times**2) / (2.0 * sigma**2))
    held = np.pad(levels, 3 * _FINE, mode="edge")
    return np.convolve(held, taps / taps.sum(), mode="valid")
