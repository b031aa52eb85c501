"""Model: what a schedule is made of. Antennas, partners with shares, satellites, contacts that could be had, rules.

All instants are seconds of one clock; those of the ground station are UTC seconds since 1970. Durations are seconds.
A *contact* is one satellite over one antenna from start to end, whole or not at all. Who pays for a satellite is its
*partner*. A `Problem` says what may be chosen and by which rules; a plan (`plan.py`) is a choice.

The rules of a problem:

* one satellite at a time over an antenna, and its turn-round before the next;
* one antenna at a time for a satellite;
* own time: while a block lasts, its antenna works for one partner, or for nobody;
* each partner has at least `least` and at most `most` of all contact time that is given;
* each satellite has at least `contacts_a_day` on each day, counted from the start of the problem; `all_it_has`: or as
  many as it could have if it were alone;
* what is required happens.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from sheber.ground.schedule.errors import ScheduleError
from sheber.i18n import Text, message

__all__ = ["DAY_S", "Antenna", "Contact", "OwnTime", "Partner", "Problem", "Satellite", "worth"]

DAY_S: Final = 86_400.0
FULL_DEG: Final = 60.0  # from this elevation on a second counts whole
MOST_CONTACTS: Final = 50_000

_TWICE = message("ground.schedule.twice", "There are two {what} with the name {name!r}. Each name stands for one.")
_UNKNOWN = message(
    "ground.schedule.unknown", "{where} names the {what} {name!r}, which does not exist. There are: {names}."
)
_NO_NUMBER = message("ground.schedule.no_number", "{where}: {name} is {value}. It must be {wanted}.")
_BACKWARDS = message("ground.schedule.backwards", "{where} ends {back:.0f} s before it starts, or takes no time.")
_TOO_MUCH = message(
    "ground.schedule.too_much",
    "The partners were promised {sum:.1%} of the contact time together. Take {over:.1%} away.",
)
_TOO_MANY = message("ground.schedule.too_many", "There are {n} contacts. A schedule takes at most {most}.")
_SHARES = message(
    "ground.schedule.least_over_most",
    "{partner} shall have at least {least:.1%} and at most {most:.1%} of the contact time.",
)
_CONTACT = message("ground.schedule.contact", "The contact {name!r}")
_SATELLITE = message("ground.schedule.satellite", "The satellite {name!r}")
_ANTENNA = message("ground.schedule.antenna", "The antenna {name!r}")
_PARTNER = message("ground.schedule.partner", "The partner {name!r}")
_OWN_TIME = message("ground.schedule.own_time", "An own time of {antenna}")
_PROBLEM = message("ground.schedule.problem", "The schedule")
_REQUIRED = message("ground.schedule.required", "The list of required contacts")


@dataclass(frozen=True, slots=True)
class Antenna:
    """An antenna that serves one satellite at a time."""

    name: str
    turn_round_s: float = 60.0  # from the end of one contact to the start of the next


@dataclass(frozen=True, slots=True)
class Partner:
    """One who shares the antennas."""

    name: str
    least: float = 0.0  # of all contact time that is given, 0…1
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite and who it belongs to."""

    name: str
    partner: str
    priority: float = 1.0  # a second of it is worth so much
    contacts_a_day: int = 0  # at least


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that could be had."""

    name: str
    antenna: str
    satellite: str
    start: float  # [s]
    end: float  # [s]
    value: float  # > 0, in any unit: the sum over a plan is what is made large
    elevation_max_deg: float = math.nan  # for people

    @property
    def seconds(self) -> float:
        """How long it takes [s]."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class OwnTime:
    """A block of time in which an antenna works for one partner, or for nobody (repair, a fault)."""

    antenna: str
    start: float  # [s]
    end: float  # [s]
    partner: str = ""  # "": nobody


def worth(priority: float, seconds: float, elevation_max_deg: float, full_deg: float = FULL_DEG) -> float:
    """The value of a contact: priority × duration × min(1, highest elevation / 60°)."""
    return priority * seconds * min(1.0, elevation_max_deg / full_deg)


@dataclass(frozen=True)
class Problem:
    """What may be chosen, and by which rules. Raises ScheduleError for a description that makes no sense."""

    antennas: tuple[Antenna, ...]
    partners: tuple[Partner, ...]
    satellites: tuple[Satellite, ...]
    contacts: tuple[Contact, ...]
    start: float = 0.0  # [s] days are counted from here
    own_time: tuple[OwnTime, ...] = ()
    required: frozenset[str] = frozenset()  # names of contacts that must happen
    all_it_has: bool = True  # a satellite that could not have `contacts_a_day` even alone is asked for less

    def __post_init__(self) -> None:
        _check_names(self)
        _check_numbers(self)

    # --- another problem -------------------------------------------------------------------------

    def closing(self, antenna: str, start: float, end: float) -> Self:
        """The same problem with an antenna out of work from start to end [s]: a fault, a repair."""
        return replace(self, own_time=(*self.own_time, OwnTime(antenna, start, end)))

    def requiring(self, contacts: Iterable[str]) -> Self:
        """The same problem in which these contacts, by name, must happen."""
        return replace(self, required=self.required | frozenset(contacts))

    def adding(self, contacts: Iterable[Contact]) -> Self:
        """The same problem with more contacts to choose from."""
        return replace(self, contacts=(*self.contacts, *contacts))

    def without_shares(self, *partners: str) -> Self:
        """The same problem without the shares of these partners; of all, if none is named."""
        freed = [Partner(one.name) if one.name in partners or not partners else one for one in self.partners]
        return replace(self, partners=tuple(freed))

    def without_minimum(self) -> Self:
        """The same problem in which no satellite is promised any contact."""
        return replace(self, satellites=tuple(replace(one, contacts_a_day=0) for one in self.satellites))

    def without_own_time(self) -> Self:
        """The same problem without blocks of own time; antennas that are closed stay closed."""
        return replace(self, own_time=tuple(one for one in self.own_time if not one.partner))

    # --- what follows from it -------------------------------------------------------------------------

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each contact stands in `contacts`, by its name."""
        return {one.name: place for place, one in enumerate(self.contacts)}

    @cached_property
    def partner_of(self) -> dict[str, str]:
        """The partner of each satellite."""
        return {one.name: one.partner for one in self.satellites}

    @cached_property
    def turn_round_s(self) -> dict[str, float]:
        """The turn-round of each antenna [s]."""
        return {one.name: one.turn_round_s for one in self.antennas}

    @cached_property
    def seconds(self) -> NDArray[np.float64]:
        """How long each contact takes [s]."""
        return np.array([one.seconds for one in self.contacts])  # (n,)

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """What each contact is worth."""
        return np.array([one.value for one in self.contacts])  # (n,)

    @cached_property
    def barred(self) -> dict[int, OwnTime]:
        """The contacts that cannot happen because of an own time, by place, each with its block."""
        blocks: dict[str, list[OwnTime]] = {}
        for block in self.own_time:
            blocks.setdefault(block.antenna, []).append(block)
        found: dict[int, OwnTime] = {}
        for place, one in enumerate(self.contacts):
            for block in blocks.get(one.antenna, ()):
                if one.start < block.end and block.start < one.end and block.partner != self.partner_of[one.satellite]:
                    found.setdefault(place, block)
        return found

    def day(self, contact: Contact) -> int:
        """The day of a contact, counted from the start of the problem."""
        return math.floor((contact.start - self.start) / DAY_S)

    def named(self, name: str) -> Contact:
        """The contact with this name. Raises ScheduleError."""
        if name not in self.place:
            raise ScheduleError(_UNKNOWN(where=_PROBLEM(), what="contact", name=name, names=_some(list(self.place))))
        return self.contacts[self.place[name]]


def _check_names(problem: Problem) -> None:
    """Each name stands for one thing, and each thing that is named exists."""
    if len(problem.contacts) > MOST_CONTACTS:
        raise ScheduleError(_TOO_MANY(n=len(problem.contacts), most=MOST_CONTACTS))
    antennas = _unique("antennas", [one.name for one in problem.antennas])
    partners = _unique("partners", [one.name for one in problem.partners])
    satellites = _unique("satellites", [one.name for one in problem.satellites])
    contacts = _unique("contacts", [one.name for one in problem.contacts])
    for satellite in problem.satellites:
        _known(_SATELLITE(name=satellite.name), "partner", satellite.partner, partners)
    for contact in problem.contacts:
        if contact.antenna not in antennas:
            _known(_CONTACT(name=contact.name), "antenna", contact.antenna, antennas)
        if contact.satellite not in satellites:
            _known(_CONTACT(name=contact.name), "satellite", contact.satellite, satellites)
    for block in problem.own_time:
        _known(_OWN_TIME(antenna=block.antenna), "antenna", block.antenna, antennas)
        if block.partner:
            _known(_OWN_TIME(antenna=block.antenna), "partner", block.partner, partners)
    for name in problem.required:
        _known(_REQUIRED(), "contact", name, contacts)


def _unique(what: str, names: Sequence[str]) -> dict[str, None]:
    known = dict.fromkeys(names)
    if len(known) < len(names):
        raise ScheduleError(_TWICE(what=what, name=next(name for name in known if names.count(name) > 1)))
    return known


def _known(where: Text, what: str, name: str, names: Collection[str]) -> None:
    if name not in names:
        raise ScheduleError(_UNKNOWN(where=where, what=what, name=name, names=_some(list(names))))


def _some(names: list[str], most: int = 8) -> str:
    """The first names of a list, for a sentence."""
    return ", ".join(names[:most]) + (" …" if len(names) > most else "") if names else "-"


def _check_numbers(problem: Problem) -> None:
    """Each number is one, and in its range."""
    _within(_PROBLEM(), "start", problem.start, -math.inf, math.inf, "a finite number of seconds")
    for antenna in problem.antennas:
        _within(_ANTENNA(name=antenna.name), "turn_round_s", antenna.turn_round_s, 0, DAY_S, "from 0 to 86400 s")
    for satellite in problem.satellites:
        where = _SATELLITE(name=satellite.name)
        _within(where, "priority", satellite.priority, 0, math.inf, "0 or more")
        _within(where, "contacts_a_day", satellite.contacts_a_day, 0, 1000, "from 0 to 1000")
    for contact in problem.contacts:
        _check_times(_CONTACT(name=contact.name), contact.start, contact.end)
        if not 0 <= contact.value < math.inf:
            _within(_CONTACT(name=contact.name), "value", contact.value, 0, math.inf, "0 or more")
    for block in problem.own_time:
        _check_times(_OWN_TIME(antenna=block.antenna), block.start, block.end)
    _check_shares(problem.partners)


def _check_times(where: Text, start: float, end: float) -> None:
    if not (start < end and math.isfinite(start) and math.isfinite(end)):
        _within(where, "start", start, -math.inf, math.inf, "a finite number of seconds")
        _within(where, "end", end, -math.inf, math.inf, "a finite number of seconds")
        raise ScheduleError(_BACKWARDS(where=where, back=start - end))


def _check_shares(partners: Sequence[Partner]) -> None:
    for one in partners:
        where = _PARTNER(name=one.name)
        _within(where, "least", one.least, 0, 1, "from 0 to 1")
        _within(where, "most", one.most, 0, 1, "from 0 to 1")
        if one.least > one.most:
            raise ScheduleError(_SHARES(partner=one.name, least=one.least, most=one.most))
    promised = sum(one.least for one in partners)
    if promised > 1 + 1e-9:
        raise ScheduleError(_TOO_MUCH(sum=promised, over=promised - 1))


def _within(where: Text, name: str, value: float, low: float, high: float, wanted: str) -> None:
    if not low <= value <= high or not math.isfinite(value):
        raise ScheduleError(_NO_NUMBER(where=where, name=name, value=value, wanted=wanted))
