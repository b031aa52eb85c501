"""Receiving FSK: the discriminator, and the bits in its output or in the audio of an FM receiver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.signals.clock import at_times, symbol_times
from sheber.ground.signals.filters import box, low_pass, smooth, to_rate
from sheber.ground.signals.soft import RATE_TOO_LOW, SignalError, Soft, rotor

__all__ = ["demodulate_afsk", "demodulate_fsk", "discriminate", "slice_levels"]

_PER_SYMBOL = 5.0  # samples a symbol that the clock gets, at least


def discriminate(iq: NDArray[np.complex64], rate_hz: float) -> NDArray[np.float32]:
    """The frequency of IQ at each sample [Hz], from the turn since the sample before."""
    if len(iq) < 2:
        return np.zeros(len(iq), np.float32)
    turns = np.angle(iq[1:] * np.conj(iq[:-1])) * np.float32(rate_hz / (2.0 * np.pi))
    return np.concatenate((turns[:1], turns)).astype(np.float32)


def demodulate_fsk(
    iq: NDArray[np.complex64],
    rate_hz: float,
    baud: float,
    deviation_hz: float,
    *,
    width: float = 1.0,
    window: float = 60.0,
    level_window: float = 400.0,
) -> Soft:
    """Soft bits of FSK or GMSK in IQ whose carrier is within a fifth of the baud of 0 Hz.

    Limits, measures the frequency, takes its mean over a bit: a receiver that needs no phase. `width` is that mean
    [bits], `window` averages the clock [bits], `level_window` the middle between the two shifts [bits].
    """
    near = low_pass(iq, rate_hz, deviation_hz + 0.45 * baud)
    near, rate_hz = to_rate(near, rate_hz, max(8.0 * baud, 4.0 * deviation_hz))
    return slice_levels(discriminate(near, rate_hz), rate_hz, baud, width, window, level_window)


def demodulate_afsk(
    audio: NDArray[np.float32],
    rate_hz: float,
    baud: float,
    tone_hz: float,
    deviation_hz: float,
    *,
    width: float = 1.0,
    window: float = 40.0,
    level_window: float = 400.0,
) -> Soft:
    """Soft bits of two tones in the audio of an FM receiver, `deviation_hz` above and below `tone_hz`.

    Bit 1 is the higher tone, as in FSK (the Bell 202 modem of packet radio has it the other way round, which its
    differential code does not notice). Raises SignalError where the rate is too low for the tones.
    """
    least = 2.0 * (tone_hz + deviation_hz + 0.5 * baud)
    if rate_hz < least:
        raise SignalError(RATE_TOO_LOW(baud=baud, least=least, rate=rate_hz))
    moved = (audio * rotor(-tone_hz * np.arange(len(audio)) / rate_hz)).astype(np.complex64)
    near = low_pass(moved, rate_hz, deviation_hz + 0.5 * baud)
    return slice_levels(discriminate(near, rate_hz), rate_hz, baud, width, window, level_window)


def slice_levels(
    levels: NDArray[np.float32],
    rate_hz: float,
    baud: float,
    width: float = 1.0,
    window: float = 60.0,
    level_window: float = 400.0,
) -> Soft:
    """Soft bits of a signal with two levels: a discriminator's output, or an FM receiver's audio."""
    per_symbol = rate_hz / baud
    if per_symbol < _PER_SYMBOL:
        levels, rate_hz = to_rate(levels, rate_hz, rate_hz * np.ceil(_PER_SYMBOL / per_symbol))
    levels = box(levels, rate_hz, width / baud)
    levels = levels - smooth(levels, level_window * rate_hz / baud)
    times = symbol_times(levels, rate_hz, baud, window)
    values = at_times(levels, rate_hz, times)
    loud = np.sqrt(smooth((values**2).astype(np.float32), window)) + np.float32(1e-12)
    return Soft((values / loud).astype(np.float32), times)
