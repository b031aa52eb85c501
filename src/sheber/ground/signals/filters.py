"""Filters of the receivers: finite, symmetric, without delay; and the change of rate."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

__all__ = ["box", "filtered", "low_pass", "root_raised_cosine", "smooth", "to_rate"]

_Samples = TypeVar("_Samples", NDArray[np.float32], NDArray[np.complex64])


def filtered(samples: _Samples, taps: NDArray[np.float64]) -> _Samples:
    """Samples through a symmetric filter of odd length: as many come out, none later than it went in."""
    if len(samples) == 0:
        return samples
    whole = signal.oaconvolve(samples, taps.astype(np.float32), mode="full")
    half = len(taps) // 2
    kept: _Samples = whole[half : half + len(samples)].astype(samples.dtype)
    return kept


def low_pass(samples: _Samples, rate_hz: float, cutoff_hz: float, steep: float = 4.0) -> _Samples:
    """What is below a frequency; the filter is `steep` periods of the cutoff long (Hamming window)."""
    if cutoff_hz >= 0.49 * rate_hz:
        return samples
    taps = signal.firwin(2 * round(steep * rate_hz / cutoff_hz / 2.0) + 1, cutoff_hz, fs=rate_hz)
    return filtered(samples, taps)


def box(samples: _Samples, rate_hz: float, seconds: float) -> _Samples:
    """The mean over a time around each sample; the ends of the box weigh what of them lies within it."""
    n = seconds * rate_hz
    half = max(0, int(np.ceil((n - 1.0) / 2.0)))
    taps = np.ones(2 * half + 1)
    if half:
        taps[0] = taps[-1] = (n - (2 * half - 1)) / 2.0
    return filtered(samples, taps / taps.sum())


def smooth(samples: _Samples, n: float) -> _Samples:
    """A slow mean of about n samples, symmetric: three boxes in turn, which come close to a Gaussian."""
    size = max(1, round(n / np.sqrt(3.0)))
    for _ in range(3):
        samples = ndimage.uniform_filter1d(samples, size, mode="nearest")
    return samples


def root_raised_cosine(per_symbol: float, roll_off: float, symbols: int = 8) -> NDArray[np.float64]:
    """Taps of the root raised cosine over ± this many symbols, of energy 1 (Proakis, Digital Communications, 9.2)."""
    half = round(symbols * per_symbol)
    t = np.arange(-half, half + 1) / per_symbol
    a = roll_off
    with np.errstate(divide="ignore", invalid="ignore"):
        taps = (np.sin(np.pi * t * (1 - a)) + 4 * a * t * np.cos(np.pi * t * (1 + a))) / (
            np.pi * t * (1 - (4 * a * t) ** 2)
        )
    taps[half] = 1 - a + 4 * a / np.pi
    edge = np.abs(np.abs(4 * a * t) - 1) < 1e-8
    there = (1 + 2 / np.pi) * np.sin(np.pi / (4 * a)) + (1 - 2 / np.pi) * np.cos(np.pi / (4 * a))
    taps[edge] = a / np.sqrt(2) * there
    made: NDArray[np.float64] = taps / np.sqrt(np.sum(taps**2))
    return made


def to_rate(samples: _Samples, rate_hz: float, wanted_hz: float) -> tuple[_Samples, float]:
    """Samples at a rate near the wanted one (a small fraction of the old one), and that rate."""
    ratio = Fraction(wanted_hz / rate_hz).limit_denominator(16)
    if ratio in (0, 1) or len(samples) == 0:
        return samples, rate_hz
    made: _Samples = signal.resample_poly(samples, ratio.numerator, ratio.denominator).astype(samples.dtype)
    return made, rate_hz * float(ratio)
