"""Elements: the value that all formats are read into, and the propagator that is made of it.

The numbers stay in the units of the catalogues, so that what is read is written again digit by digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sheber.ground.errors import GroundError
from sheber.ground.instants import DAY, written
from sheber.i18n import message

__all__ = ["BadElements", "Elements", "Provenance"]

LARGEST_NUMBER: Final = 999_999_999  # nine digits, as the catalogue has promised
_DAYS_1949: Final = 7306.0  # from 1949-12-31, where SGP4 counts from, to 1970-01-01
_JD_1949: Final = 2433281.5  # its Julian date

NO_ELEMENTS = message(
    "ground.elements_none", "{where} holds no elements: no TLE lines, and no OMM as CSV, JSON or XML."
)
NO_NUMBER = message(
    "ground.elements_range", "The elements of {name} have {what} = {value}; it must be a number from {least} to {most}."
)
NOT_FOR_SGP4 = message("ground.elements_sgp4", "SGP4 does not take the elements of {name}: {why}.")


class BadElements(GroundError):
    """Elements that cannot be read, or are none. The sentence names file and line."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where elements come from."""

    where: str = ""
    """A file's name, an address, "synthetic"."""
    fetched: float | None = None
    """When they were read or loaded: an instant; None: nobody knows."""

    def __str__(self) -> str:
        """In words, such as "amateur.txt, 2026-11-29T14:30:00Z"."""
        return ", ".join([self.where or "?", *([] if self.fetched is None else [written(self.fetched)])])


_BOUNDS: Final = (
    ("norad_id", 0, LARGEST_NUMBER),
    ("inclination_deg", 0.0, 180.0),
    ("raan_deg", -360.0, 360.0),
    ("eccentricity", 0.0, 0.999_999_9),
    ("argument_deg", -360.0, 360.0),
    ("anomaly_deg", -360.0, 360.0),
    ("mean_motion_rev_day", 1e-3, 20.0),
    ("bstar", -10.0, 10.0),
    ("mean_motion_dot", -100.0, 100.0),
    ("mean_motion_ddot", -100.0, 100.0),
    ("epoch", -4e8, 4e9),
)


@dataclass(frozen=True)
class Elements:
    """The mean elements of one satellite at one epoch, for SGP4 (theory SGP4, frame TEME, time UTC)."""

    name: str
    norad_id: int
    """Number in the catalogue, up to nine digits."""
    epoch: float
    """An instant."""
    inclination_deg: float
    raan_deg: float
    """Right ascension of the ascending node."""
    eccentricity: float
    argument_deg: float
    """Argument of perigee."""
    anomaly_deg: float
    """Mean anomaly."""
    mean_motion_rev_day: float
    """Revolutions a day (Kozai's mean motion, as TLE and OMM give it)."""
    bstar: float = 0.0
    """Drag term of SGP4 [1/Earth radii]."""
    mean_motion_dot: float = 0.0
    """Half the first derivative as TLE prints it [rev/day²]; SGP4 does not use it."""
    mean_motion_ddot: float = 0.0
    """A sixth of the second derivative as TLE prints it [rev/day³]; SGP4 does not use it."""
    designator: str = ""
    """International designator, "1998-067A"."""
    classification: str = "U"
    element_number: int = 999
    revolution: int = 0
    """Revolutions at epoch."""
    source: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        """Raise BadElements for numbers that no orbit has."""
        for what, least, most in _BOUNDS:
            value = getattr(self, what)
            if not (math.isfinite(value) and least <= value <= most):
                raise BadElements(NO_NUMBER(name=self.label, what=what, value=value, least=least, most=most))

    @property
    def label(self) -> str:
        """The name, or the number where there is no name."""
        return self.name or str(self.norad_id)

    @property
    def mean_motion(self) -> float:
        """Mean motion [rad/s]."""
        return self.mean_motion_rev_day * 2 * math.pi / DAY

    @property
    def period(self) -> float:
        """Seconds of one revolution."""
        return DAY / self.mean_motion_rev_day

    @cached_property
    def satrec(self) -> Any:
        """SGP4 started with these elements: a `sgp4.api.Satrec` (WGS 72, improved mode). Raises BadElements."""
        from sgp4.api import SGP4_ERRORS, WGS72, Satrec

        made = Satrec()
        rad, per_minute = math.pi / 180, 2 * math.pi / 1440
        day, fraction = _since_1949(self.epoch)
        made.sgp4init(
            WGS72,
            "i",
            0,  # the number plays no part, and may have nine digits
            (day + _JD_1949 + fraction) - _JD_1949,  # rounded to 40 µs, as all programs do that read a TLE
            self.bstar,
            self.mean_motion_dot * per_minute / 1440,
            self.mean_motion_ddot * per_minute / 1440**2,
            self.eccentricity,
            self.argument_deg * rad,
            self.inclination_deg * rad,
            self.anomaly_deg * rad,
            self.mean_motion_rev_day * per_minute,
            self.raan_deg * rad,
        )
        made.jdsatepoch, made.jdsatepochF = day + _JD_1949, fraction
        if made.error not in (0, 6):  # 6, decayed, is told with its time by whoever propagates
            raise BadElements(NOT_FOR_SGP4(name=self.label, why=SGP4_ERRORS.get(made.error, str(made.error))))
        return made


def _since_1949(epoch: float) -> tuple[float, float]:
    """The epoch as SGP4 counts it: days and a fraction; a TLE's eight decimals come out as they were printed."""
    day, seconds = divmod(epoch, DAY)
    fraction = seconds / DAY
    printed = round(fraction, 8)
    return day + _DAYS_1949, printed if abs(fraction - printed) * DAY < 1e-6 else fraction


def designator_of(text: str) -> str:
    """ "98067A" of a TLE as "1998-067A"; anything else as it is."""
    text = text.strip()
    if len(text) >= 6 and text[:5].isdigit():
        year = int(text[:2])
        return f"{year + (1900 if year >= 57 else 2000)}-{text[2:]}"
    return text
