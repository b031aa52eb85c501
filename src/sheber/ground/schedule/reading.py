"""Reading: a schedule described in a file, TOML or JSON: antennas with their places, satellites with elements, rules.

Either the file lists contacts, or they are found: whoever reads gives the finder of passes (`sheber.ground.passes`),
which stands beside this package. What the file gets wrong is told with the place in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sheber.ground.elements import Elements, chosen, parse
from sheber.ground.elements import read as read_elements
from sheber.ground.instants import from_datetime
from sheber.ground.schedule.candidates import LEAST_S, Passing, contacts_of
from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.model import Antenna, Contact, OwnTime, Partner, Problem, Satellite, worth
from sheber.ground.site import Site, Skyline
from sheber.i18n import message
from sheber.untrusted import read_regular

__all__ = ["Described", "Finder", "read", "understood"]

if TYPE_CHECKING:
    Finder = Callable[[Sequence[Elements], Site, float, float], Sequence[Passing]]
else:
    Finder = Callable

LARGEST_FILE: Final = 32 << 20
MOST_HOURS: Final = 24.0 * 31
_NOT_READ = message("ground.schedule.not_read", "{file} cannot be read: {why}.")
_TOO_LARGE = message("ground.schedule.too_large", "{file} is larger than {most} MB; no schedule is.")
_NO_SUCH_FORM = message("ground.schedule.form", "{file} is no schedule: {why}.")
_NO_PLACE = message(
    "ground.schedule.no_place", "The antenna {name!r} has no latitude_deg and longitude_deg, so no pass can be found."
)
_NO_ELEMENTS = message(
    "ground.schedule.no_elements",
    "The satellite {name!r} has no elements. Give it `tle`, name a file in `elements`, or list `contacts`.",
)
_HOURS = message(
    "ground.schedule.hours",
    "The schedule has {hours} hours. It must have more than 0 and at most {most:.0f}.",
)


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in a file: no other names than these."""


class _Antenna(_Struct):
    name: str
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float = 0.0
    turn_round_s: float = 60.0
    minimum_deg: float | None = None
    skyline: list[tuple[float, float]] = []


class _Partner(_Struct):
    name: str
    least: float = 0.0
    most: float = 1.0


class _Satellite(_Struct):
    name: str
    partner: str
    priority: float = 1.0
    contacts_a_day: int = 0
    norad_id: int | None = None
    tle: list[str] = []


class _OwnTime(_Struct):
    antenna: str
    start: datetime
    end: datetime
    partner: str = ""


class _Contact(_Struct):
    antenna: str
    satellite: str
    start: datetime
    end: datetime
    name: str = ""
    value: float | None = None
    elevation_max_deg: float = 60.0


class _File(_Struct):
    start: datetime
    hours: float
    antennas: list[_Antenna]
    partners: list[_Partner]
    satellites: list[_Satellite]
    minimum_deg: float = 10.0
    least_s: float = LEAST_S
    elements: str = ""
    own_time: list[_OwnTime] = []
    contacts: list[_Contact] = []
    required: list[str] = []
    all_it_has: bool = True


@dataclass(frozen=True, slots=True)
class Described:
    """A schedule as a file describes it."""

    start: float  # UTC [s since 1970-01-01]
    end: float
    antennas: tuple[Antenna, ...]
    partners: tuple[Partner, ...]
    satellites: tuple[Satellite, ...]
    contacts: tuple[Contact, ...]  # empty: they are to be found
    sites: tuple[Site, ...]  # of the antennas, where contacts are to be found
    elements: tuple[Elements, ...]  # of the satellites, as above
    own_time: tuple[OwnTime, ...]
    required: frozenset[str]
    all_it_has: bool
    least_s: float

    def problem(self, find: Finder) -> Problem:
        """The problem; find(elements, site, start, end): passes, such as `sheber.ground.passes.find_passes`."""
        return Problem(
            self.antennas,
            self.partners,
            self.satellites,
            self.contacts or self._found(find),
            self.start,
            self.own_time,
            self.required,
            self.all_it_has,
        )

    def _found(self, find: Finder) -> tuple[Contact, ...]:
        passes = {site.name: find(self.elements, site, self.start, self.end) for site in self.sites}
        return tuple(one for one in contacts_of(passes, self.satellites, least_s=self.least_s) if self._within(one))

    def _within(self, one: Contact) -> bool:
        return self.start <= one.start < self.end


def read(path: Path | str) -> Described:
    """The schedule that a file describes: JSON, or TOML. Raises GroundError with the place in the file."""
    path = Path(path)
    try:
        content = read_regular(path, LARGEST_FILE + 1, links=True)
    except OSError as error:
        raise ScheduleError(_NOT_READ(file=str(path), why=error.strerror or str(error))) from None
    if len(content) > LARGEST_FILE:
        raise ScheduleError(_TOO_LARGE(file=str(path), most=LARGEST_FILE >> 20))
    try:
        words = content.decode("utf-8-sig")
        plain: Any = msgspec.json.decode(words) if words.lstrip().startswith("{") else tomllib.loads(words)
    except (ValueError, RecursionError) as error:
        raise ScheduleError(_NO_SUCH_FORM(file=path.name, why=str(error))) from None
    return understood(plain, path)


def understood(plain: Any, path: Path) -> Described:
    """The schedule that plain values describe; path: of their file, for messages and for files that it names."""
    try:
        file = msgspec.convert(plain, _File)
    except msgspec.ValidationError as error:
        raise ScheduleError(_NO_SUCH_FORM(file=path.name, why=str(error))) from None
    if not 0 < file.hours <= MOST_HOURS:
        raise ScheduleError(_HOURS(hours=file.hours, most=MOST_HOURS))
    start = from_datetime(file.start)
    satellites = tuple(Satellite(one.name, one.partner, one.priority, one.contacts_a_day) for one in file.satellites)
    return Described(
        start,
        start + file.hours * 3600.0,
        tuple(Antenna(one.name, one.turn_round_s) for one in file.antennas),
        tuple(Partner(one.name, one.least, one.most) for one in file.partners),
        satellites,
        tuple(_contacts(file.contacts, satellites)),
        () if file.contacts else tuple(_site(one, file.minimum_deg) for one in file.antennas),
        () if file.contacts else tuple(_elements(file, path)),
        tuple(OwnTime(o.antenna, from_datetime(o.start), from_datetime(o.end), o.partner) for o in file.own_time),
        frozenset(file.required),
        file.all_it_has,
        file.least_s,
    )


def _site(one: _Antenna, minimum_deg: float) -> Site:
    if one.latitude_deg is None or one.longitude_deg is None:
        raise ScheduleError(_NO_PLACE(name=one.name))
    skyline = Skyline(tuple(one.skyline)) if one.skyline else Skyline()
    least = minimum_deg if one.minimum_deg is None else one.minimum_deg
    return Site(one.name, one.latitude_deg, one.longitude_deg, one.altitude_m, skyline, least)


def _elements(file: _File, path: Path) -> Iterable[Elements]:
    """The elements of each satellite, under its name here: its own lines, or those of the file that is named."""
    catalogue = read_elements(path.parent / file.elements) if file.elements else []
    for one in file.satellites:
        if one.tle:
            (found,) = parse("\n".join([one.name, *one.tle]))[:1]
        elif catalogue:
            found = chosen(catalogue, one.name if one.norad_id is None else one.norad_id)
        else:
            raise ScheduleError(_NO_ELEMENTS(name=one.name))
        yield replace(found, name=one.name)


def _contacts(listed: Sequence[_Contact], satellites: Sequence[Satellite]) -> Iterable[Contact]:
    priority = {one.name: one.priority for one in satellites}
    for number, one in enumerate(listed, start=1):
        start, end = from_datetime(one.start), from_datetime(one.end)
        value = one.value
        if value is None:
            value = worth(priority.get(one.satellite, 1.0), max(0.0, end - start), one.elevation_max_deg)
        name = one.name or f"c{number:04d}"
        yield Contact(name, one.antenna, one.satellite, start, end, value, one.elevation_max_deg)
