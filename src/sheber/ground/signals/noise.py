"""Noise: white and Gaussian, by its density."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["add_noise", "noise", "noise_density"]


def noise_density(cn0_dbhz: float) -> float:
    """The noise density [1/Hz] beside a carrier of power 1, at this C/N0 [dBHz]."""
    return float(10.0 ** (-cn0_dbhz / 10.0))


def noise(n: int, rate_hz: float, density: float, rng: np.random.Generator) -> NDArray[np.complex64]:
    """n samples of complex white noise with this two-sided density [power/Hz]; their power is density · rate."""
    made = rng.standard_normal((n, 2), dtype=np.float32)
    made *= np.float32(np.sqrt(density * rate_hz / 2.0))
    return made.view(np.complex64)[:, 0]


def add_noise(
    iq: NDArray[np.complex64], rate_hz: float, cn0_dbhz: float, rng: np.random.Generator
) -> NDArray[np.complex64]:
    """IQ of a carrier of amplitude 1, heard at this C/N0 [dBHz]."""
    return iq + noise(len(iq), rate_hz, noise_density(cn0_dbhz), rng)
