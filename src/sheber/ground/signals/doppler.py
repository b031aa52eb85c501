"""The law of Doppler: how the distance of a transmitter changes, and what that does to its signal.

A signal that leaves at t - r/c arrives at t. So its time runs by the delay r(t)/c, and a carrier of frequency f that
is sent without error arrives with the phase -f r(t)/c turns beside its nominal one: the shift -f ṙ/c follows, in
full agreement with the phase. (One-way, first order in v/c; the next term is 1e-10 of the carrier for a low orbit.)

The law is kept as distance and its rate on an even grid. Between grid points a cubic Hermite runs through both. Its
error is h⁴/384 · r'''': for a pass at 500 km with h = 0.5 s below 0.1 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIGHT_M_S", "DopplerLaw"]

LIGHT_M_S: Final = 299_792_458.0


@dataclass(frozen=True, slots=True)
class DopplerLaw:
    """Distance and range rate of a transmitter on an even grid of times."""

    frequency_hz: float  # nominal, of the carrier
    start: float  # [s] time of the first grid point; the same origin as the times that are asked for
    step_s: float
    range_m: NDArray[np.float64]  # (n,)
    range_rate_m_s: NDArray[np.float64]  # (n,) positive: it goes away

    @classmethod
    def steady(
        cls, frequency_hz: float, shift_hz: float = 0.0, drift_hz_s: float = 0.0, seconds: float = 3600.0
    ) -> DopplerLaw:
        """A law whose shift begins with `shift_hz` and changes evenly: for tests and lessons."""
        times = np.arange(0.0, seconds + 1.0)
        per_hz = -LIGHT_M_S / frequency_hz
        return cls(
            frequency_hz,
            0.0,
            1.0,
            per_hz * (shift_hz * times + drift_hz_s * times**2 / 2.0),
            per_hz * (shift_hz + drift_hz_s * times),
        )

    def range_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distances [m] at these times; outside the grid the first or last piece goes on."""
        x, i = self._place(times)
        h, r, v = self.step_s, self.range_m, self.range_rate_m_s
        y = 1.0 - x
        away: NDArray[np.float64] = (
            r[i] * y * y * (1.0 + 2.0 * x) + r[i + 1] * x * x * (3.0 - 2.0 * x) + h * x * y * (v[i] * y - v[i + 1] * x)
        )
        return away

    def range_rate_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Range rates [m/s] at these times: the derivative of `range_at`."""
        x, i = self._place(times)
        h, r, v = self.step_s, self.range_m, self.range_rate_m_s
        rate: NDArray[np.float64] = (
            6.0 * x * (1.0 - x) * (r[i + 1] - r[i]) / h
            + v[i] * (1.0 - x) * (1.0 - 3.0 * x)
            + v[i + 1] * x * (3.0 * x - 2.0)
        )
        return rate

    def shift_hz(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """The shift of the carrier [Hz]: positive while the transmitter comes nearer."""
        shift: NDArray[np.float64] = -self.frequency_hz / LIGHT_M_S * self.range_rate_at(times)
        return shift

    def turns(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """The phase that the changing distance adds to the carrier [turns], counted from the first grid point."""
        phase: NDArray[np.float64] = -self.frequency_hz / LIGHT_M_S * (self.range_at(times) - self.range_m[0])
        return phase

    def delay_s(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """How long the signal that arrives at these times was under way [s]."""
        delay: NDArray[np.float64] = self.range_at(times) / LIGHT_M_S
        return delay

    def _place(self, times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Where each time lies: the fraction within its piece, and the piece."""
        place = (np.asarray(times, np.float64) - self.start) / self.step_s
        piece = np.clip(np.floor(place).astype(np.intp), 0, len(self.range_m) - 2)
        return place - piece, piece
