"""Orbit: where a satellite is, in which frame, and how it looks from a site.

Theory of operation. SGP4 gives position and velocity in TEME: the true equator of the day, with x to a mean equinox.
TEME turns into the axes of the Earth in two steps (AIAA 2006-6753, appendix C): about the pole by the sidereal time of
1982, which needs UT1; then from the pole of rotation to the pole of the Earth's crust, which needs polar motion.

    r_itrf = W(x_p, y_p)^T · R_z(GMST82(UT1)) · r_teme

UT1-UTC and polar motion have to be measured. They are an argument, `EarthOrientation`, and zero by default. Without
them a site is off by at most 0.9 s of rotation (420 m on the equator; since 2020 less than 0.1 s and 50 m) and 15 m of
polar motion, while elements are off by a kilometre at their epoch. A position on the Earth is geodetic, on WGS 84.

SGP4's velocity is not exactly the derivative of its position: it is off by up to 0.1 m/s in a low orbit, and by 2 m/s
near the perigee of an eccentric one. That is the theory's own, and far below what old elements do.

What a site sees is geometric: no refraction (0.16° at 5° of elevation), no light time (10 ms at 3000 km, 70 m).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.elements import Elements
from sheber.ground.elements.fitness import propagation_failed
from sheber.ground.instants import DAY, EARTH_TURN, elapsed, gmst, julian, tai_minus_utc
from sheber.ground.site import EARTH_FLATTENING, EARTH_RADIUS, Site

__all__ = [
    "LIGHT",
    "EarthOrientation",
    "Look",
    "doppler",
    "followed",
    "geodetic",
    "look",
    "pole_axes",
    "propagate",
    "propagate_after",
    "propagate_many",
    "seen_from",
    "to_itrf",
]

Array = NDArray[np.float64]

LIGHT: Final = 299792458.0  # m/s


@dataclass(frozen=True, slots=True)
class EarthOrientation:
    """How the Earth lies, as the IERS measures it (bulletin A). Zero: not known, and said so by this."""

    ut1_utc: float = 0.0
    """UT1-UTC [s]."""
    pole_x: float = 0.0
    """Polar motion [rad], towards Greenwich."""
    pole_y: float = 0.0
    """Polar motion [rad], towards 90° west."""


NOT_MEASURED: Final = EarthOrientation()


@dataclass(frozen=True, slots=True)
class Look:
    """A satellite as a site sees it: one instant, or arrays of equal shape."""

    azimuth: Array
    """[rad] from north by east, 0 to 2π."""
    elevation: Array
    """[rad] above the horizontal, without refraction."""
    range: Array
    """Distance [m]."""
    range_rate: Array
    """[m/s], positive where the distance grows."""


# --- SGP4 -------------------------------------------------------------------------------------------


def propagate(elements: Elements, t: ArrayLike) -> tuple[Array, Array]:
    """Position [m] and velocity [m/s] in TEME at instants (n,): two arrays (n, 3); of one instant (3,).

    Raises Unfit where SGP4 fails: a decayed satellite.
    """
    return propagate_after(elements, elapsed(elements.epoch, t))


def followed(elements: Elements, t: Array) -> NDArray[np.bool_]:
    """Whether SGP4 follows a satellite to instants (n,)."""
    errors, _km, _km_s = _sgp4(elements, elapsed(elements.epoch, t))
    return np.asarray(errors == 0)


def _sgp4(elements: Elements, after: Array) -> tuple[NDArray[np.uint8], Array, Array]:
    """SGP4's error numbers (n,), positions [km] and velocities [km/s] (n, 3), by seconds after the epoch (n,)."""
    satrec = elements.satrec
    found: tuple[NDArray[np.uint8], Array, Array] = satrec.sgp4_array(
        np.full_like(after, satrec.jdsatepoch), satrec.jdsatepochF + after / DAY
    )
    return found


def propagate_after(elements: Elements, seconds: ArrayLike) -> tuple[Array, Array]:
    """The same, by seconds after the epoch. Raises Unfit."""
    after = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
    errors, km, km_s = _sgp4(elements, after)
    if errors.any():
        first = int(np.argmax(errors != 0))
        raise propagation_failed(elements, elements.epoch + after[first], int(errors[first]))
    shape = (*np.shape(seconds), 3)
    return km.reshape(shape) * 1e3, km_s.reshape(shape) * 1e3


def propagate_many(elements: Sequence[Elements], t: Array) -> tuple[Array, Array]:
    """The same of many satellites at common instants (n,): two arrays (m, n, 3). Raises Unfit."""
    if not elements or _leaps(elements, t):
        both = [propagate(one, t) for one in elements]
        return np.array([r for r, _ in both]), np.array([v for _, v in both])
    from sgp4.api import SatrecArray

    day, fraction = julian(t)
    errors, km, km_s = SatrecArray([one.satrec for one in elements]).sgp4(day, fraction)
    if errors.any():
        satellite, first = np.argwhere(errors)[0]
        raise propagation_failed(elements[satellite], float(t[first]), int(errors[satellite, first]))
    km *= 1e3
    km_s *= 1e3
    return km, km_s


def _leaps(elements: Sequence[Elements], t: Array) -> bool:
    """Whether a leap second lies between an epoch and an instant."""
    moments = np.concatenate([[one.epoch for one in elements], [t.min(), t.max()]])
    return len(np.unique(tai_minus_utc(moments))) > 1


# --- frames -----------------------------------------------------------------------------------------


def to_itrf(r_teme: Array, v_teme: Array, t: ArrayLike, earth: EarthOrientation = NOT_MEASURED) -> tuple[Array, Array]:
    """Position [m] and velocity [m/s] on the turning Earth (ITRF), of those in TEME (…, 3) at instants (…)."""
    angle = gmst(t, earth.ut1_utc)
    cos, sin = np.cos(angle), np.sin(angle)
    r = _turned(r_teme, cos, sin)
    v = _turned(v_teme, cos, sin)
    v[..., 0] += EARTH_TURN * r[..., 1]
    v[..., 1] -= EARTH_TURN * r[..., 0]
    if earth.pole_x == earth.pole_y == 0.0:
        return r, v
    wobble = _wobble(earth)
    return r @ wobble, v @ wobble


def _turned(vector: Array, cos: Array, sin: Array) -> Array:
    """Coordinates in axes that are turned about z."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.stack([cos * x + sin * y, cos * y - sin * x, z], axis=-1)


def _wobble(earth: EarthOrientation) -> Array:
    """Polar motion as a matrix from ITRF to the pole of rotation (3, 3)."""
    cos_x, sin_x = math.cos(earth.pole_x), math.sin(earth.pole_x)
    cos_y, sin_y = math.cos(earth.pole_y), math.sin(earth.pole_y)
    return np.array(
        [[cos_x, 0.0, -sin_x], [sin_x * sin_y, cos_y, cos_x * sin_y], [sin_x * cos_y, -sin_y, cos_x * cos_y]]
    )


def pole_axes(site: Site, earth: EarthOrientation) -> tuple[Array, Array]:
    """East, north, up of a site (3, 3) and its position [m], in the axes before polar motion."""
    wobble = _wobble(earth)
    return site.axes @ wobble.T, wobble @ site.position


def geodetic(r_itrf: Array) -> tuple[Array, Array, Array]:
    """Latitude [rad], longitude [rad, -π to π] and altitude [m] on WGS 84 of positions (…, 3).

    Bowring's formula, once more repeated: better than 1 mm up to geostationary altitudes.
    """
    x, y, z = r_itrf[..., 0], r_itrf[..., 1], r_itrf[..., 2]
    across = np.hypot(x, y)
    squared = EARTH_FLATTENING * (2 - EARTH_FLATTENING)
    polar = EARTH_RADIUS * (1 - EARTH_FLATTENING)
    reduced = np.arctan2(z, across * (1 - EARTH_FLATTENING))
    for _again in range(3):
        latitude = np.arctan2(
            z + squared / (1 - squared) * polar * np.sin(reduced) ** 3,
            across - squared * EARTH_RADIUS * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1 - EARTH_FLATTENING) * np.sin(latitude), np.cos(latitude))
    normal = EARTH_RADIUS / np.sqrt(1 - squared * np.sin(latitude) ** 2)
    altitude = across * np.cos(latitude) + z * np.sin(latitude) - EARTH_RADIUS**2 / normal
    return latitude, np.arctan2(y, x), altitude


# --- what a site sees -------------------------------------------------------------------------------


def look(elements: Elements, site: Site, t: ArrayLike, earth: EarthOrientation = NOT_MEASURED) -> Look:
    """How a satellite looks from a site at instants: arrays (n,), or of one instant (). Raises Unfit."""
    r_teme, v_teme = propagate(elements, t)
    return seen_from(site, *to_itrf(r_teme, v_teme, t, earth))


def seen_from(site: Site, r_itrf: Array, v_itrf: Array) -> Look:
    """How something on ITRF positions [m] and velocities [m/s] (…, 3) looks from a site."""
    away = (r_itrf - site.position) @ site.axes.T
    moving = v_itrf @ site.axes.T
    east, north, up = away[..., 0], away[..., 1], away[..., 2]
    distance = np.sqrt(np.sum(away * away, axis=-1))
    return Look(
        azimuth=np.mod(np.arctan2(east, north), 2 * np.pi),
        elevation=np.arctan2(up, np.hypot(east, north)),
        range=distance,
        range_rate=np.sum(away * moving, axis=-1) / distance,
    )


def doppler(seen: Look, frequency_hz: float) -> Array:
    """How much higher a site receives a frequency than the satellite sends it [Hz]: -f·ρ'/c, first order.

    The second order is (v/c)²/2 of the frequency: 2.7 Hz at 8.2 GHz.
    """
    return np.asarray(-frequency_hz * seen.range_rate / LIGHT)
