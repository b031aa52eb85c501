"""Phase-shift keying: BPSK and QPSK with root-raised-cosine or square pulses.

Bit 1 is +1. QPSK sends two bits a symbol, the first on I, the second on Q, each as BPSK. The receiver cannot know which
of 2 or 4 phases is which: what follows it (a differential code, the sync marker of a frame) decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.signals.soft import SignalError, Soft, checked_bits
from sheber.i18n import message

__all__ = ["PskWaveform", "demodulate_psk"]

_FINE: Final = 32  # points of a shaped pulse a symbol: linear between them, wrong by less than -50 dB
_SPAN: Final = 8  # symbols that a pulse reaches to each side
ODD_ORDER = message("ground.psk_order", "PSK is made with 1 or 2 bits a symbol, not {n}.")


@dataclass(frozen=True, slots=True)
class PskWaveform:
    """Some bits, ready to be asked for their signal at any time."""

    baud: float
    seconds: float  # from the beginning of the first symbol to the end of the last one
    _grid: NDArray[np.complex64]  # shaped, on a grid of _FINE points a symbol
    _first: float  # [grid points] where the beginning of the first symbol lies

    @classmethod
    def of(cls, bits: Any, baud: float, bits_a_symbol: int = 1, roll_off: float = 0.35) -> PskWaveform:
        """The waveform of bits, with mean power 1. Raises SignalError."""
        from scipy import signal

        from sheber.ground.signals.filters import root_raised_cosine

        symbols = _symbols(checked_bits(bits), bits_a_symbol)
        taps = root_raised_cosine(_FINE, roll_off, _SPAN) * np.sqrt(_FINE)
        grid = signal.upfirdn(taps, symbols, up=_FINE).astype(np.complex64)
        return cls(baud, len(symbols) / baud, grid, _SPAN * _FINE - _FINE / 2.0)

    def iq(self, times: NDArray[np.float64]) -> NDArray[np.complex64]:
        """The signal at times [s] since the beginning of the first symbol; 0 where no pulse reaches."""
        place = times * (self.baud * _FINE) + self._first
        inside = (place >= 0) & (place < len(self._grid) - 1)
        piece = np.clip(place, 0, len(self._grid) - 2).astype(np.int64)
        before = self._grid[piece]
        made = before + (place - piece).astype(np.float32) * (self._grid[piece + 1] - before)
        return np.where(inside, made, np.complex64(0))

    def sampled(self, rate_hz: float) -> NDArray[np.complex64]:
        """The whole signal at this rate."""
        return self.iq(np.arange(round(self.seconds * rate_hz)) / rate_hz)


def demodulate_psk(
    iq: NDArray[np.complex64],
    rate_hz: float,
    baud: float,
    *,
    bits_a_symbol: int = 1,
    roll_off: float | None = 0.35,
    window: float = 100.0,
    phase_window: float = 40.0,
    within_hz: float | None = None,
    block_symbols: float = 512.0,
) -> Soft:
    """Soft bits of BPSK or QPSK in IQ, wherever its carrier is within `within_hz` of 0 Hz.

    `roll_off` None: square pulses. `window` averages the clock, `phase_window` the carrier's phase [symbols];
    `block_symbols`: over how many symbols a spectrum is taken to find the carrier.
    """
    from sheber.ground.signals.carrier import follow_lines, phase_of, turned_back
    from sheber.ground.signals.clock import at_times, symbol_times
    from sheber.ground.signals.filters import box, filtered, low_pass, root_raised_cosine, to_rate

    order = 2**bits_a_symbol
    if order not in (2, 4):
        raise SignalError(ODD_ORDER(n=bits_a_symbol))
    if within_hz is not None:
        iq = low_pass(iq, rate_hz, within_hz + 0.75 * baud)
    path = follow_lines(
        _powered(iq, order), rate_hz, block_symbols / baud, within_hz=None if within_hz is None else order * within_hz
    )
    still = turned_back(iq, rate_hz, path[0], path[1] / order)
    still, rate_hz = to_rate(still, rate_hz, max(4.0 * baud, min(8.0 * baud, rate_hz)))
    if roll_off is None:
        shaped = box(still, rate_hz, 1.0 / baud)
    else:
        taps = root_raised_cosine(rate_hz / baud, roll_off)
        shaped = filtered(still, taps / np.sqrt(rate_hz / baud))
    times = symbol_times(shaped, rate_hz, baud, window)
    symbols = at_times(shaped, rate_hz, times)
    symbols = symbols * np.exp(-1j * phase_of(symbols, order, phase_window)).astype(np.complex64)
    return _soft(symbols, times, bits_a_symbol, baud, window)


def _symbols(bits: NDArray[np.uint8], bits_a_symbol: int) -> NDArray[np.complex64]:
    levels = 2.0 * bits - 1.0
    if bits_a_symbol == 1:
        return levels.astype(np.complex64)
    if bits_a_symbol != 2:
        raise SignalError(ODD_ORDER(n=bits_a_symbol))
    pairs = np.pad(levels, (0, len(levels) % 2), constant_values=-1.0).reshape(-1, 2)
    made: NDArray[np.complex64] = ((pairs[:, 0] + 1j * pairs[:, 1]) / np.sqrt(2.0)).astype(np.complex64)
    return made


def _powered(iq: NDArray[np.complex64], order: int) -> NDArray[np.complex64]:
    """The signal to a power, each sample no louder than its neighbourhood."""
    loud = np.sqrt(np.mean(np.abs(iq) ** 2)) + 1e-12
    made: NDArray[np.complex64] = ((iq / loud) ** order).astype(np.complex64)
    return made


def _soft(
    symbols: NDArray[np.complex64], times: NDArray[np.float64], bits_a_symbol: int, baud: float, window: float
) -> Soft:
    """Soft bits of symbols that stand still: their real parts, of QPSK both parts in turn."""
    from sheber.ground.signals.filters import smooth

    loud = np.sqrt(smooth((np.abs(symbols) ** 2).astype(np.float32), window)) + np.float32(1e-12)
    still = symbols / loud
    if bits_a_symbol == 1:
        return Soft(still.real.astype(np.float32), times)
    turned = still * np.complex64(np.exp(0.25j * np.pi))  # to the fourth, QPSK is -1: its points lie on the axes
    both = np.stack((turned.real, turned.imag), axis=1).astype(np.float32) * np.float32(np.sqrt(2.0))
    at = np.stack((times - 0.25 / baud, times + 0.25 / baud), axis=1)
    return Soft(both.reshape(-1), at.reshape(-1))
