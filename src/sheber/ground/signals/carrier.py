"""Carrier recovery: where the carrier is, from the whole recording at once.

Theory of operation. A power takes the data out of a signal: squared BPSK, and QPSK to the fourth, have a line at 2 or 4
times their carrier; squared MSK has two lines, half a baud to each side of twice its carrier. `follow_lines` looks for
these lines in short spectra and joins them to the path over time that has the most power and nowhere drifts faster
than it may (dynamic programming, as in track-before-detect). So one noisy spectrum cannot mislead it, and a satellite's
Doppler is followed through pauses. What is left is a slow phase. `phase_of` averages it over some symbols before and
after (Viterbi and Viterbi, IEEE Trans. Inf. Theory 29, 1983). It does what a Costas loop does, but nothing has to lock:
the first symbols of a burst are as good as its last ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sheber.ground.signals.filters import smooth

__all__ = ["follow_lines", "follow_power", "phase_of", "turned_back"]

_DRIFT_BINS = 1  # how far the line may go from one spectrum to the next


def follow_lines(
    powered: NDArray[np.complex64],
    rate_hz: float,
    block_s: float,
    offsets_hz: tuple[float, ...] = (0.0,),
    within_hz: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [s] and frequencies [Hz] of the lines of a signal that was raised to a power.

    `offsets_hz`: where the lines are beside what is looked for; `within_hz`: how far from 0 Hz that may be.
    """
    power, times, frequencies = _spectra(powered, rate_hz, block_s)
    bin_hz = frequencies[1] - frequencies[0]
    lines = np.mean([np.roll(power, -round(offset / bin_hz), axis=1) for offset in offsets_hz], axis=0)
    return times, _along(lines, frequencies, within_hz)


def follow_power(
    iq: NDArray[np.complex64], rate_hz: float, block_s: float, width_hz: float, within_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [s] and middles [Hz] of a band of this width that holds the most power: where FSK without lines is."""
    power, times, frequencies = _spectra(iq, rate_hz, block_s)
    width = max(1, round(width_hz / (frequencies[1] - frequencies[0])))
    bands = ndimage.uniform_filter1d(power, width, axis=1, mode="wrap")
    bands = bands / bands.mean(axis=1, keepdims=True)
    return times, _along(np.asarray(bands**4), frequencies, within_hz)


def _spectra(
    samples: NDArray[np.complex64], rate_hz: float, block_s: float
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Power (blocks, bins), each block's mean 1, so that a loud one counts no more; the blocks' times; the bins."""
    n = max(64, 1 << round(np.log2(block_s * rate_hz)))
    hop = n // 2
    padded = np.pad(samples, (hop, n))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, n)[::hop]
    power = np.abs(np.fft.fftshift(np.fft.fft(blocks * np.hanning(n).astype(np.float32), axis=1), axes=1)) ** 2
    power /= power.mean(axis=1, keepdims=True) + 1e-30
    return power.astype(np.float32), np.arange(len(power)) * hop / rate_hz, (np.arange(n) - n // 2) * rate_hz / n


def _along(
    lines: NDArray[np.float32], frequencies: NDArray[np.float64], within_hz: float | None
) -> NDArray[np.float64]:
    """The frequency of the best path in each spectrum, finer than a bin and a little smoothed."""
    if within_hz is not None:
        lines = np.where(np.abs(frequencies) > within_hz, np.float32(0), lines)
    path = _best_path(lines.astype(np.float32))
    found = frequencies[path] + (frequencies[1] - frequencies[0]) * _between(lines, path)
    smoothed: NDArray[np.float64] = ndimage.gaussian_filter1d(found, 1.0, mode="nearest")
    return smoothed


def turned_back(
    iq: NDArray[np.complex64], rate_hz: float, times: NDArray[np.float64], frequencies_hz: NDArray[np.float64]
) -> NDArray[np.complex64]:
    """IQ with a changing frequency taken out of it."""
    shift = np.interp(np.arange(len(iq)) / rate_hz, times, frequencies_hz)
    turns = np.cumsum(shift) / rate_hz
    back: NDArray[np.complex64] = iq * np.exp(-2j * np.pi * (turns - np.floor(turns))).astype(np.complex64)
    return back


def phase_of(symbols: NDArray[np.complex64], order: int, window: float) -> NDArray[np.float64]:
    """The carrier's phase at each symbol [rad], up to a whole 1/order of a turn; averaged over `window` symbols."""
    if len(symbols) == 0:
        return np.zeros(0)
    loud = np.sqrt(smooth((np.abs(symbols) ** 2).astype(np.float32), 8 * window)) + 1e-12
    powered = ((symbols / loud) ** order).astype(np.complex64)
    phase: NDArray[np.float64] = np.unwrap(np.angle(smooth(powered, window)).astype(np.float64)) / order
    return phase


def _best_path(lines: NDArray[np.float32]) -> NDArray[np.intp]:
    """The bin of each spectrum on the path with the most power."""
    score = np.log1p(lines)
    size = 2 * _DRIFT_BINS + 1
    total = score[0]
    came = np.zeros(score.shape, np.int8)
    for row in range(1, len(score)):
        around = np.stack([np.roll(total, -step) for step in range(-_DRIFT_BINS, _DRIFT_BINS + 1)])
        came[row] = around.argmax(axis=0)
        total = score[row] + around.max(axis=0)
    path = np.empty(len(score), np.intp)
    path[-1] = int(total.argmax())
    for row in range(len(score) - 1, 0, -1):
        path[row - 1] = (path[row] + came[row, path[row]] - size // 2) % lines.shape[1]
    return path


def _between(lines: NDArray[np.float32], path: NDArray[np.intp]) -> NDArray[np.float64]:
    """How far the top lies from its bin [bins]: a parabola through three points (of a Hann window's logarithm)."""
    rows = np.arange(len(path))
    a, b, c = (np.log(lines[rows, (path + k) % lines.shape[1]] + 1e-9) for k in (-1, 0, 1))
    bent = a - 2 * b + c
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bent < 0, 0.5 * (a - c) / bent, 0.0)
    return np.clip(shift, -0.5, 0.5)
