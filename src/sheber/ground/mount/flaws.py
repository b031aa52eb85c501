"""What is imperfect about a mount: play in its gears, wind, an encoder that fails. A program is not told of it.

Wind bends the antenna away from where the encoders say. Turbulence is a first-order Gauss-Markov process, the simplest
of those in MIL-F-8785C; gusts have the "1 − cosine" shape of the same document.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["PERFECT", "EncoderFault", "Flaws", "Wind", "bending"]


@dataclass(frozen=True, slots=True)
class Wind:
    """How far the wind bends the antenna from its place; nothing by default."""

    turbulence_deg: float = 0.0  # standard deviation, of each axis
    memory_s: float = 2.0  # how long turbulence remembers
    gust_deg: float = 0.0  # the peak of a gust, at most
    gust_every_s: float = 60.0  # mean time between gusts
    gust_s: float = 4.0  # how long a gust takes


@dataclass(frozen=True, slots=True)
class EncoderFault:
    """An encoder that fails, from one simulated time to another."""

    axis: Literal["azimuth", "elevation"]
    kind: Literal["slips", "freezes"]  # reads wrong by a constant; or reads the same, whatever the axis does
    from_s: float  # seconds since the start of the mount
    until_s: float = math.inf
    slip_deg: float = 0.0

    def active(self, after_s: float) -> bool:
        """Whether it fails at this time."""
        return self.from_s <= after_s < self.until_s


@dataclass(frozen=True, slots=True)
class Flaws:
    """Everything that keeps this one mount from its data sheet."""

    backlash_deg: tuple[float, float] = (0.0, 0.0)  # play of azimuth and elevation, in all
    wind: Wind = Wind()
    faults: tuple[EncoderFault, ...] = ()


PERFECT = Flaws()

_BLOCK = 512  # numbers drawn at once; any number gives the same wind


def bending(wind: Wind, step_s: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Where the wind bends the antenna to, step by step without end: azimuth and elevation in degrees."""
    if wind.turbulence_deg == 0.0 and wind.gust_deg == 0.0:
        while True:
            yield 0.0, 0.0
    gusts = _gusts(wind, step_s, rng.spawn(1)[0])
    for azimuth, elevation in _turbulence(wind, step_s, rng.spawn(1)[0]):
        gust_azimuth, gust_elevation = next(gusts)
        yield azimuth + gust_azimuth, elevation + gust_elevation


def _turbulence(wind: Wind, step_s: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """First-order Gauss-Markov turbulence, exact for the step."""
    kept = math.exp(-step_s / wind.memory_s)
    new = wind.turbulence_deg * math.sqrt(1.0 - kept * kept)
    azimuth, elevation = (wind.turbulence_deg * rng.standard_normal(2)).tolist()
    while True:
        for one, other in rng.standard_normal((_BLOCK, 2)).tolist():
            azimuth, elevation = kept * azimuth + new * one, kept * elevation + new * other
            yield azimuth, elevation


def _gusts(wind: Wind, step_s: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Gusts of the "1 − cosine" shape, at random times, from random directions."""
    steps = max(2, round(wind.gust_s / step_s))
    while True:
        for _ in range(round(rng.exponential(wind.gust_every_s) / step_s)):
            yield 0.0, 0.0
        peak, angle = wind.gust_deg * rng.uniform(0.5, 1.0), rng.uniform(0.0, 2.0 * math.pi)
        for step in range(steps):
            share = peak * 0.5 * (1.0 - math.cos(2.0 * math.pi * step / steps))
            yield share * math.cos(angle), share * math.sin(angle)
