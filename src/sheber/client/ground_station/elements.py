"""The elements that the station holds, and where satellites are seen by them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client.errors import NotGiven, wrong
from sheber.client.fixed import Fixed
from sheber.client.named import missing
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["Elements", "Look", "Satellite"]

SATELLITE = message("client.what_satellite", "satellite")
TIMES = message("client.times", "times must be a number or a list of numbers in s, finite, from -1e9 to 1e9.")
CHUNK = 5000  # times in one request

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Satellite:
    """The elements of one satellite, as they were published.

    >>> from sgp4.api import Satrec
    >>> orbit = Satrec.twoline2rv(*station.elements["AL-FARABI-2"].lines)
    """

    name: str
    norad_id: int  # its number in the catalogue
    lines: tuple[str, str]  # the two lines of the TLE
    epoch: float  # s after the start of the run; negative for elements of the past
    source: str  # where they come from
    fetched: float | None  # when they were fetched, s after the start; None if nobody knows

    def age(self, time: float) -> float:
        """Seconds from their epoch to `time`.

        >>> days = station.elements["AL-FARABI-2"].age(0.0) / 86400.0
        """
        return time - self.epoch


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Where a satellite is seen from the site, at some times. All arrays have the shape of the times.

    >>> seen = station.elements.look("AL-FARABI-2", [0.0, 10.0, 20.0])
    >>> print(seen.elevation_deg.max())
    """

    time: Array  # s after the start of the run
    azimuth_deg: Array  # from north over east, 0 to 360
    elevation_deg: Array  # above the horizon; the air does not bend it
    range: Array  # m
    range_rate: Array  # m/s, positive while the satellite goes away


class Elements(Fixed):
    """The elements of the satellites, by name: `station.elements["AL-FARABI-2"]`. `list(...)` gives the names."""

    __slots__ = ("_satellites", "_session", "oldest")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self._satellites = {name: _satellite(name, one) for name, one in given["satellites"].items()}
        self.oldest = float(given["oldest"])  # s; the station does not use elements farther from their epoch

    def __repr__(self) -> str:
        return f"Elements({', '.join(self._satellites)})"

    def __getitem__(self, name: str) -> Satellite:
        if name not in self._satellites:
            raise NotGiven(missing(SATELLITE, name, self._satellites))
        return self._satellites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._satellites)

    def __len__(self) -> int:
        return len(self._satellites)

    def __contains__(self, name: object) -> bool:
        return name in self._satellites

    def look(self, name: str, times: ArrayLike) -> Look:
        """Where the satellite `name` is seen at `times` [s], by its elements (SGP4). Costs no simulated time.

        `times` is a number or an array (n,). Each 5000 of them count as one command. Raises NotGiven for a name that
        does not exist, ElementsTooOld where the elements are too far from their epoch, TypeError or ValueError for
        times that are no numbers.

        >>> import numpy as np
        >>> seen = station.elements.look("AL-FARABI-2", np.arange(0.0, 86400.0, 30.0))
        """
        wanted = _checked(times)
        if name not in self._satellites:
            raise NotGiven(missing(SATELLITE, name, self._satellites))
        flat = wanted.ravel()
        parts = [self._asked(name, flat[first : first + CHUNK]) for first in range(0, max(1, len(flat)), CHUNK)]
        azimuth, elevation, distance, rate = np.concatenate(parts, axis=1).reshape(4, *wanted.shape)
        return Look(wanted, np.degrees(azimuth), np.degrees(elevation), distance, rate)

    def _asked(self, name: str, times: Array) -> Array:
        if not len(times):
            return np.zeros((4, 0))
        sent = base64.b64encode(times.astype("<f8").tobytes()).decode()
        _reply, binary = self._session.call_for_bytes("look", satellite=name, times=sent)
        return np.frombuffer(binary, dtype="<f8").reshape(4, -1)


def _checked(times: ArrayLike) -> Array:
    try:
        wanted = np.array(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise wrong(TypeError, TIMES()) from None
    if not np.isfinite(wanted).all() or (wanted.size and np.abs(wanted).max() > 1e9):
        raise wrong(ValueError, TIMES())
    return wanted


def _satellite(name: str, given: Mapping[str, Any]) -> Satellite:
    first, second = given["lines"]
    fetched = given["fetched"]
    return Satellite(
        name, int(given["norad_id"]), (first, second), float(given["epoch"]), str(given["source"]), fetched
    )
