"""Clock recovery: when the symbols are, from the whole recording at once.

Theory of operation. The energy of shaped symbols pulsates with their clock, so |y|² has a line at the baud (Oerder and
Meyr, IEEE Trans. Commun. 36, 1988). Its phase, averaged over some symbols around, says where the middles are. The
phase may drift: a clock that is wrong by 100 ppm turns it once in 10,000 symbols. There is no loop, so there is nothing
to lock: the first symbol of a burst is found as well as the last one, and nothing can run past the end of a buffer.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.ground.signals.filters import smooth
from sheber.ground.signals.soft import RATE_TOO_LOW, SignalError

__all__ = ["at_times", "instants_of_line", "symbol_times"]

_Samples = TypeVar("_Samples", NDArray[np.float32], NDArray[np.complex64])
_LEAST = 3.0  # samples a symbol


def symbol_times(
    samples: NDArray[np.float32] | NDArray[np.complex64], rate_hz: float, baud: float, window: float
) -> NDArray[np.float64]:
    """The middles of the symbols [s]; `window`: over how many symbols the clock is averaged.

    Raises SignalError below three samples a symbol.
    """
    if rate_hz < _LEAST * baud * 0.999:
        raise SignalError(RATE_TOO_LOW(baud=baud, least=_LEAST * baud, rate=rate_hz))
    energy = (np.abs(samples) ** 2).astype(np.float32)
    return instants_of_line(energy.astype(np.complex64), rate_hz, baud, window)


def instants_of_line(
    pulsating: NDArray[np.complex64], rate_hz: float, baud: float, window: float
) -> NDArray[np.float64]:
    """When a pulsation near a frequency has its tops [s]."""
    times = np.arange(len(pulsating)) / rate_hz
    turning = np.exp(-2j * np.pi * np.remainder(baud * times, 1.0)).astype(np.complex64)
    step = max(1, int(rate_hz / baud))
    line = smooth(pulsating * turning, window * rate_hz / baud)[::step]
    late = -np.unwrap(np.angle(line)) / (2.0 * np.pi)  # [symbols]
    symbols = np.maximum.accumulate(baud * times[::step] - late)
    if len(symbols) < 2:
        return np.empty(0)
    numbers = np.arange(np.ceil(symbols[0]), np.floor(symbols[-1]) + 1.0)
    found: NDArray[np.float64] = np.interp(numbers, symbols, times[::step])
    return found


def at_times(samples: _Samples, rate_hz: float, times: NDArray[np.float64]) -> _Samples:
    """Samples between the samples: a cubic through the four nearest ones (Catmull and Rom)."""
    place = np.clip(times * rate_hz, 1.0, max(1.0, len(samples) - 2.001))
    i = place.astype(np.int64)
    x = (place - i).astype(np.float32)
    if len(samples) < 4:
        nothing: _Samples = np.zeros(len(times), samples.dtype)
        return nothing
    a, b, c, d = (samples[i + k] for k in (-1, 0, 1, 2))
    made: _Samples = b + x / 2 * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)))
    return made
