"""Instants: moments as numbers, and the scales of time that orbits need.

An instant is a float: UTC seconds since 1970-01-01T00:00:00, leap seconds not counted, as UNIX counts. Dates and ISO
texts are read and written at the border only. The functions take one instant or an array of them.

A float near 1.8e9 tells 0.24 µs apart, in which a low satellite flies 2 mm. During a leap second (23:59:60) the count
repeats the first second of the next day, so no instant stands for it; `elapsed` knows that it was there.

UT1 is the time of the turning Earth. UT1-UTC is within 0.9 s and has to be measured (IERS bulletin A); here it is an
argument, zero where nobody gives one. 0.1 s of it is 0.0004° of rotation, 46 m on the equator.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = [
    "DAY",
    "EARTH_TURN",
    "LEAP_SECONDS",
    "NotAnInstant",
    "elapsed",
    "from_datetime",
    "gmst",
    "julian",
    "parse",
    "rotation_angle",
    "tai",
    "tai_minus_utc",
    "to_datetime",
    "written",
]

Array = NDArray[np.float64]

DAY: Final = 86400.0
EARTH_TURN: Final = 7.29211514670698e-05  # rad/s of sidereal time (Vallado and others, AIAA 2006-6753, appendix C)

_JD_1970: Final = 2440587.5  # Julian date of the instant 0
_J2000: Final = 946728000.0  # 2000-01-01T12:00:00 as an instant

LEAP_SECONDS: Final = (
    # The day from whose beginning TAI-UTC is this many seconds (IERS, bulletin C; none was announced after 2017).
    ("1972-01-01", 10), ("1972-07-01", 11), ("1973-01-01", 12), ("1974-01-01", 13), ("1975-01-01", 14),
    ("1976-01-01", 15), ("1977-01-01", 16), ("1978-01-01", 17), ("1979-01-01", 18), ("1980-01-01", 19),
    ("1981-07-01", 20), ("1982-07-01", 21), ("1983-07-01", 22), ("1985-07-01", 23), ("1988-01-01", 24),
    ("1990-01-01", 25), ("1991-01-01", 26), ("1992-07-01", 27), ("1993-07-01", 28), ("1994-07-01", 29),
    ("1996-01-01", 30), ("1997-07-01", 31), ("1999-01-01", 32), ("2006-01-01", 33), ("2009-01-01", 34),
    ("2012-07-01", 35), ("2015-07-01", 36), ("2017-01-01", 37),
)  # fmt: skip

NOT_AN_INSTANT = message(
    "ground.not_an_instant", "{text!r} is no moment. Write it as 2026-11-29T14:30:00Z; without a zone it is UTC."
)
OUTSIDE = message(
    "ground.instant_outside", "{seconds:g} s since 1970 is outside of the calendar, which has the years 1 to 9999."
)


class NotAnInstant(GroundError):
    """A text that is no moment, or a number outside of the calendar."""


# --- dates and texts --------------------------------------------------------------------------------

_ORDINAL = re.compile(r"(\d{4})-(\d{3})(?!\d)")  # 2026-333T…, as CCSDS allows
_LEAP = re.compile(r"([T ]\d\d:\d\d):60(\.\d*)?")
_FRACTION = re.compile(r"\.(\d*)")


def parse(text: str) -> float:
    """The instant of an ISO 8601 text, to a microsecond; without a zone it is UTC. Raises NotAnInstant.

    >>> parse("1970-01-02T00:00:01Z")
    86401.0
    """
    try:
        t = _parsed(text.strip())
    except (ValueError, OverflowError):
        raise NotAnInstant(NOT_AN_INSTANT(text=text[:80])) from None
    to_datetime(t)  # with a zone it may be outside of the calendar
    return t


def _parsed(text: str) -> float:
    ordinal = _ORDINAL.match(text)
    if ordinal:
        day = datetime(int(ordinal[1]), 1, 1) + timedelta(days=int(ordinal[2]) - 1)
        if day.year != int(ordinal[1]):
            raise ValueError(text)  # the year has no such day
        text = f"{day:%Y-%m-%d}{text[ordinal.end() :]}"
    leap = _LEAP.search(text)
    if leap:  # the count repeats the next second
        t = _parsed(text[: leap.start()] + f"{leap[1]}:59{leap[2] or ''}" + text[leap.end() :]) + 1.0
        if math.floor(t) not in _FROM[1:]:
            raise ValueError(text)  # no leap second ended then
        return t
    text = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text, count=1)  # microseconds
    return from_datetime(datetime.fromisoformat(text))


def from_datetime(moment: datetime) -> float:
    """The instant of a date and time; without a zone it is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def to_datetime(t: float) -> datetime:
    """Date and time in UTC of an instant, to a microsecond. Raises NotAnInstant outside of the calendar."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=t)
    except (ValueError, OverflowError):
        raise NotAnInstant(OUTSIDE(seconds=t)) from None


def written(t: float, decimals: int = 0) -> str:
    """An instant as ISO 8601 text in UTC, rounded to this many decimals of a second (at most 6). Raises NotAnInstant.

    >>> written(86401.25, 1)
    '1970-01-02T00:00:01.2Z'
    """
    to_datetime(t)
    step = 10**decimals
    whole, fraction = divmod(round(t * step), step)
    after = f".{fraction:0{decimals}d}" if decimals else ""
    return f"{to_datetime(whole).replace(tzinfo=None).isoformat()}{after}Z"


# --- scales of time ---------------------------------------------------------------------------------

_FROM: Final = np.array([parse(day) for day, _ in LEAP_SECONDS])
_TAI_MINUS_UTC: Final = np.array([10.0, *(float(seconds) for _, seconds in LEAP_SECONDS)])


def tai_minus_utc(t: ArrayLike) -> Array:
    """TAI-UTC [s] in force at instants; before 1972, when UTC had no leap seconds, 10 s."""
    found: Array = _TAI_MINUS_UTC[np.searchsorted(_FROM, np.asarray(t, dtype=np.float64), side="right")]
    return found


def tai(t: ArrayLike) -> Array:
    """Seconds of TAI since 1970-01-01T00:00:00 TAI: a count without gaps."""
    return np.asarray(t, dtype=np.float64) + tai_minus_utc(t)


def elapsed(since: float, t: ArrayLike) -> Array:
    """Seconds that really passed from one instant to others: leap seconds between them are counted."""
    return np.asarray(t, dtype=np.float64) - since + (tai_minus_utc(t) - tai_minus_utc(since))


def julian(t: ArrayLike) -> tuple[Array, Array]:
    """Julian date in two parts: that of the day's beginning (….5), and the fraction of the day, 0 to 1."""
    day, seconds = np.divmod(np.asarray(t, dtype=np.float64), DAY)
    return day + _JD_1970, seconds / DAY


def gmst(t: ArrayLike, ut1_utc: float = 0.0) -> Array:
    """Greenwich mean sidereal time of 1982 [rad], 0 to 2π: the angle between TEME and the turning Earth.

    Source: Aoki and others 1982, as in AIAA 2006-6753, appendix C. ut1_utc: UT1-UTC [s].
    """
    days = (np.asarray(t, dtype=np.float64) - _J2000 + ut1_utc) / DAY
    centuries = days / 36525.0
    rest = 67310.54841 + (8640184.812866 + (0.093104 - 6.2e-6 * centuries) * centuries) * centuries
    turns = np.mod(days, 1.0) + rest / DAY  # 876600 h a century is one turn a day
    return np.asarray(2.0 * math.pi * np.mod(turns, 1.0))


def rotation_angle(t: ArrayLike, ut1_utc: float = 0.0) -> Array:
    """Earth rotation angle [rad], 0 to 2π (IERS conventions 2010, 5.15). ut1_utc: UT1-UTC [s]."""
    days = (np.asarray(t, dtype=np.float64) - _J2000 + ut1_utc) / DAY
    turns = 0.7790572732640 + np.mod(days, 1.0) + 0.00273781191135448 * days
    return np.asarray(2.0 * math.pi * np.mod(turns, 1.0))
