"""Coherent reception of MSK and GMSK: two to three decibels better than a discriminator, where there is IQ.

Theory of operation. With a deviation of a quarter of the baud each bit turns the phase by a quarter turn, either way.
So at the borders between bits the signal is j^k a_k, where a_k = ±1 is the product of the bits before. Turned back it
is BPSK, with the main pulse of Laurent's decomposition as its pulse (Laurent, IEEE Trans. Commun. 34, 1986).

The squared signal is on average cos(π t / T) around the borders: two lines, half a baud to each side of twice the
carrier. The difference of their phases is the clock, and their sum the carrier; both are averaged over some bits
before and after. A bit is a_k a_(k+1): two neighbours, so one wrong neighbour makes two wrong bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.signals.carrier import follow_lines, phase_of, turned_back
from sheber.ground.signals.clock import at_times
from sheber.ground.signals.filters import filtered, low_pass, smooth, to_rate
from sheber.ground.signals.soft import RATE_TOO_LOW, SignalError, Soft

__all__ = ["demodulate_msk", "main_pulse"]

_PER_BIT = 8.0  # samples that the receiver works with, at most
_LEAST = 4.0  # samples a bit: the squared signal must fit
_WITHIN = 0.22  # of the baud: how far the carrier may be from 0 Hz


def demodulate_msk(
    iq: NDArray[np.complex64],
    rate_hz: float,
    baud: float,
    *,
    bt: float | None = None,
    window: float = 100.0,
    phase_window: float = 40.0,
    block_bits: float = 512.0,
) -> Soft:
    """Soft bits of MSK (or GMSK with this `bt`) whose carrier is within a fifth of the baud of 0 Hz.

    `window` averages the clock, `phase_window` the carrier's phase [bits]; `block_bits`: over how many bits a spectrum
    is taken to find the carrier. Raises SignalError below four samples a bit.
    """
    if rate_hz < 0.999 * _LEAST * baud:
        raise SignalError(RATE_TOO_LOW(baud=baud, least=_LEAST * baud, rate=rate_hz))
    near = low_pass(iq, rate_hz, 1.0 * baud)
    near, rate_hz = to_rate(near, rate_hz, _PER_BIT * baud) if rate_hz > 1.5 * _PER_BIT * baud else (near, rate_hz)
    loud = np.sqrt(np.mean(np.abs(near) ** 2)) + np.float32(1e-12)
    squared = ((near / loud) ** 2).astype(np.complex64)
    offsets = (-baud / 2.0, baud / 2.0)
    path = follow_lines(squared, rate_hz, block_bits / baud, offsets, within_hz=2.0 * _WITHIN * baud)
    still = turned_back(near, rate_hz, path[0], path[1] / 2.0)
    borders = _borders(still, rate_hz, baud, window)
    matched = filtered(still, main_pulse(rate_hz / baud, bt))
    turned = at_times(matched, rate_hz, borders) * _quarter_turns(len(borders))
    turned = turned * np.exp(-1j * phase_of(turned, 2, phase_window)).astype(np.complex64)
    return _bits(turned.real.astype(np.float32), borders, window)


def main_pulse(per_bit: float, bt: float | None = None) -> NDArray[np.float64]:
    """The main pulse of MSK or GMSK, sampled, with odd length and sum 1: the matched filter of its bits' borders."""
    span = 1 if bt is None else 4  # bits that the frequency pulse lasts
    fine = 64
    shift = _frequency_pulse(fine, bt, span)
    turned = np.concatenate(([0.0], np.cumsum(shift) / shift.sum())) * (np.pi / 2.0)  # the phase of one bit, 0 to π/2
    rising = np.concatenate((np.sin(turned), np.sin(np.pi / 2.0 - turned[1:])))  # 2 span bits
    padded = np.concatenate((rising, np.zeros(span * fine)))
    length = (span + 1) * fine
    pulse = np.prod([padded[n * fine : n * fine + length + 1] for n in range(span)], axis=0)
    half = int(np.ceil((span + 1) / 2.0 * per_bit))
    at = np.arange(-half, half + 1) / per_bit * fine + length / 2.0
    taps = np.interp(at, np.arange(len(pulse)), pulse, left=0.0, right=0.0)
    made: NDArray[np.float64] = taps / taps.sum()
    return made


def _frequency_pulse(fine: int, bt: float | None, span: int) -> NDArray[np.float64]:
    """How the shift of one bit goes over time, on `fine` points a bit."""
    if bt is None:
        return np.ones(fine)
    t = (np.arange(span * fine) + 0.5) / fine - span / 2.0
    sigma = np.sqrt(np.log(2.0)) / (2.0 * np.pi * bt)
    taps = np.exp(-(t**2) / (2.0 * sigma**2))
    whole: NDArray[np.float64] = np.convolve(taps, np.ones(fine), mode="same")
    return whole


def _borders(still: NDArray[np.complex64], rate_hz: float, baud: float, window: float) -> NDArray[np.float64]:
    """The borders between the bits [s], from the two lines of the squared signal."""
    times = np.arange(len(still)) / rate_hz
    squared = (still**2).astype(np.complex64)
    turning = np.exp(-1j * np.pi * np.remainder(baud * times, 2.0)).astype(np.complex64)
    n = window * rate_hz / baud
    upper, lower = smooth(squared * turning, n), smooth(squared * np.conj(turning), n)
    step = max(1, int(rate_hz / baud))
    late = -np.unwrap(np.angle(upper[::step] * np.conj(lower[::step]))) / (2.0 * np.pi)  # [bits]
    bits = np.maximum.accumulate(baud * times[::step] - late)
    if len(bits) < 2:
        return np.empty(0)
    found: NDArray[np.float64] = np.interp(np.arange(np.ceil(bits[0]), np.floor(bits[-1]) + 1.0), bits, times[::step])
    return found


def _quarter_turns(n: int) -> NDArray[np.complex64]:
    """One quarter turn back for each bit."""
    return np.array([1.0, -1.0j, -1.0, 1.0j], np.complex64)[np.arange(n) % 4]


def _bits(signs: NDArray[np.float32], borders: NDArray[np.float64], window: float) -> Soft:
    """Bits from the signs at their two borders; a bit is as sure as the less sure of these."""
    before, after = signs[:-1], signs[1:]
    sure = np.sign(before * after) * np.minimum(np.abs(before), np.abs(after))
    loud = np.sqrt(smooth((sure**2).astype(np.float32), window)) + np.float32(1e-12)
    return Soft((sure / loud).astype(np.float32), (borders[:-1] + borders[1:]) / 2.0)
