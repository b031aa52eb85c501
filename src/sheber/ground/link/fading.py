"""Fading in time: rain that comes and goes, the flicker of turbulent air, a satellite that turns.

* Rain follows Recommendation ITU-R P.1853 (synthesis of time series): a standard normal process X(t) of the first
  order, with beta = 2e-4 / s, says how rare the weather of the moment is: it is exceeded for 100 Q(X) per cent of the
  year. The rain at that moment is what the climate table has for this percentage, frequency and elevation. Within a
  pass of ten minutes it changes slowly; the change of elevation does more.
* Flicker is a normal process in dB whose deviation is that of P.618 (`path.scintillation_deviation_db`), with a corner
  at 0.1 Hz as in P.1853.
* A satellite that turns shows the station its antenna from changing sides: 10 log(1 - depth sin^2).

All randomness comes from the generator that is given. Times are seconds at even steps.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.errors import Floats, LinkError, checked, finite
from sheber.ground.link.path import Climate, scintillation_deviation_db
from sheber.i18n import message

__all__ = ["even_step", "flicker_db", "normal_process", "rain_db", "rarity_percent"]

RAIN_S: Final = 1.0 / 2e-4  # s, time constant of the weather
FLICKER_S: Final = 1.0 / (2.0 * np.pi * 0.1)  # s
MOST_STEPS: Final = 10_000_000

UNEVEN: Final = message("ground.link.uneven", "The times must rise at even steps.")


def normal_process(
    times: ArrayLike, time_constant_s: float, rng: np.random.Generator, start: float | None = None
) -> Floats:
    """A standard normal process of the first order (Gauss and Markov) at even times; it begins at `start`. (n,)

    Its correlation over a time d is exp(-d / time_constant_s). Raises LinkError for times that are not even.
    """
    from scipy.signal import lfilter

    instants = finite("times", times)
    checked({"time_constant_s": (time_constant_s, 1e-6, 1e9), "number of times": (instants.size, 0, MOST_STEPS)})
    if not instants.size:
        return np.zeros(0)
    kept = np.exp(-even_step(instants) / time_constant_s)
    news = np.sqrt(1.0 - kept**2) * rng.standard_normal(instants.size)
    news[0] = rng.standard_normal() if start is None else start
    return np.asarray(lfilter([1.0], [1.0, -kept], news))


def rarity_percent(normal: ArrayLike) -> Floats:
    """For how many per cent of the year the weather of a moment is exceeded: 100 Q(X). (n,) to (n,)"""
    from scipy.special import ndtr

    return np.asarray(100.0 * ndtr(-finite("normal", normal)))


def rain_db(climate: Climate, elevation: ArrayLike, frequency_hz: float, percent: ArrayLike) -> Floats:
    """The rain of each moment, by elevation [rad] and by how rare its weather is [% of the year]; (n,)."""
    return climate.rain_at(elevation, frequency_hz, percent)


def flicker_db(
    climate: Climate,
    times: ArrayLike,
    elevation: ArrayLike,
    frequency_hz: float,
    aperture_m: float,
    rng: np.random.Generator,
) -> Floats:
    """The flicker of each moment in dB, with either sign; (n,)."""
    deviation = scintillation_deviation_db(elevation, frequency_hz, climate.wet_refractivity, aperture_m)
    return normal_process(times, FLICKER_S, rng) * deviation


def even_step(instants: Floats) -> float:
    """Seconds between times that rise evenly (n,). Raises LinkError where they do not."""
    steps = np.diff(instants)
    if not steps.size:
        return 1.0
    if steps.min() <= 0.0 or np.ptp(steps) > 1e-3 * steps[0] + 1e-6:
        raise LinkError(UNEVEN())
    return float(steps.mean())
