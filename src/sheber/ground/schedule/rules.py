"""Rules: what a plan owes, each as one row of numbers, with the sentence that tells how far it is missed.

A rule asks that `coefficients · x ≥ least` for the choice x (0 or 1 for each contact). Shares are of the time that is
given, so the row of a share of 25 % is  (seconds of the partner's contacts) - 0.25 (seconds of all) ≥ 0, divided by the
seconds of a usual contact. The solver holds rows to a millionth, so shares are held to a millisecond or so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.schedule.conflicts import possible
from sheber.ground.schedule.model import Contact, Problem
from sheber.i18n import Text, message

__all__ = ["TOLERANCE", "Broken", "Row", "broken_rules", "kept_part", "rows"]

TOLERANCE: Final = 1e-5  # of a usual contact, by which a share may be missed

_LEAST = message(
    "ground.schedule.broken_least",
    "{partner} gets {share:.1%} of the contact time and shall have at least {wanted:.1%}: {missing:.0f} s are missing.",
)
_MOST = message(
    "ground.schedule.broken_most",
    "{partner} gets {share:.1%} of the contact time and shall have at most {wanted:.1%}: that is {missing:.0f} s "
    "too much.",
)
_CONTACTS = message(
    "ground.schedule.broken_contacts",
    "{satellite} gets {count} contacts on day {day} and shall have at least {wanted}: {missing} are missing.",
)
_REQUIRED = message(
    "ground.schedule.broken_required", "The required contact {name} ({satellite} over {antenna}) does not happen."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as numbers."""

    coefficients: NDArray[np.float64]  # (n,)
    least: float
    weight: float  # of one unit that is missing, in contacts: how rules are weighed where not all can be met


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a plan does not keep, and by how much."""

    rule: str  # "least", "most", "contacts", "required", "overlap", "turn_round", "satellite", "own_time"
    who: str  # partner, satellite, antenna or contact
    missing: float  # seconds for "least", "most" and where times overlap; else contacts
    text: Text


def rows(problem: Problem, usable: NDArray[np.bool_]) -> list[Row]:
    """The rules of a problem in which only the usable contacts (n,) can happen."""
    return [*_shares(problem, usable), *_contacts(problem, usable), *_required(problem)]


def _shares(problem: Problem, usable: NDArray[np.bool_]) -> list[Row]:
    """A row for each partner with a share."""
    seconds = np.where(usable, problem.seconds, 0.0)
    unit = usual_s(problem)
    found = []
    for one in problem.partners:
        own = np.array([problem.partner_of[contact.satellite] == one.name for contact in problem.contacts])
        if one.least > 0:
            found.append(Row(seconds * (own - one.least) / unit, 0.0, 1.0))
        if one.most < 1:
            found.append(Row(seconds * (one.most - own) / unit, 0.0, 1.0))
    return found


def usual_s(problem: Problem) -> float:
    """How long a contact usually takes [s]: the mean of all candidates."""
    return float(problem.seconds.mean()) if problem.contacts else 1.0


def _contacts(problem: Problem, usable: NDArray[np.bool_]) -> list[Row]:
    """A row for each satellite and day on which it is promised something."""
    found = []
    for places, wanted in promised(problem, usable).values():
        coefficients = np.zeros(len(problem.contacts))
        coefficients[places] = 1.0
        found.append(Row(coefficients, wanted, 1.0))
    return found


def _required(problem: Problem) -> list[Row]:
    """A row for each contact that must happen; it weighs more than a promise."""
    found = []
    for name in sorted(problem.required):
        coefficients = np.zeros(len(problem.contacts))
        coefficients[problem.place[name]] = 1.0
        found.append(Row(coefficients, 1.0, 100.0))
    return found


def promised(problem: Problem, usable: NDArray[np.bool_]) -> dict[tuple[str, int], tuple[list[int], int]]:
    """By satellite and day: the places of its usable contacts, and how many of them are promised."""
    found: dict[tuple[str, int], list[int]] = {}
    minimum = {one.name: one.contacts_a_day for one in problem.satellites if one.contacts_a_day}
    days = sorted({problem.day(one) for one in problem.contacts})
    for name in minimum:
        found.update({(name, day): [] for day in days})
    for place, one in enumerate(problem.contacts):
        if one.satellite in minimum and usable[place]:
            found[one.satellite, problem.day(one)].append(place)
    return {
        (name, day): (places, _owed(problem, minimum[name], [problem.contacts[place] for place in places]))
        for (name, day), places in found.items()
    }


def _owed(problem: Problem, minimum: int, contacts: list[Contact]) -> int:
    return min(minimum, possible(contacts)) if problem.all_it_has else minimum


def broken_rules(problem: Problem, chosen: Collection[Contact]) -> list[Broken]:
    """The promises of the problem that these contacts do not keep, told in sentences."""
    names = {one.name for one in chosen}
    return [
        *_broken_shares(problem, chosen),
        *_broken_contacts(problem, names),
        *(_not_there(problem, name) for name in sorted(problem.required - names)),
    ]


def kept_part(problem: Problem, chosen: Collection[Contact]) -> float:
    """The part of the promises that is kept, 0…1: the worst share of a partner × contacts given ÷ promised."""
    whole = sum(one.seconds for one in chosen)
    shares = [1.0 if whole or not any(one.least for one in problem.partners) else 0.0]
    for partner in problem.partners:
        own = sum(one.seconds for one in chosen if problem.partner_of[one.satellite] == partner.name)
        if partner.least > 0 and whole:
            shares.append(own / (partner.least * whole))
    names = {one.name for one in chosen}
    owed = promised(problem, _usable(problem)).values()
    wanted = sum(count for _places, count in owed)
    given = sum(min(count, sum(problem.contacts[place].name in names for place in places)) for places, count in owed)
    return min(shares) * (given / wanted if wanted else 1.0)


def _usable(problem: Problem) -> NDArray[np.bool_]:
    usable = np.ones(len(problem.contacts), bool)
    usable[list(problem.barred)] = False
    return usable


def _not_there(problem: Problem, name: str) -> Broken:
    one = problem.named(name)
    return Broken("required", name, 1, _REQUIRED(name=name, satellite=one.satellite, antenna=one.antenna))


def _broken_shares(problem: Problem, chosen: Collection[Contact]) -> list[Broken]:
    whole = sum(one.seconds for one in chosen)
    slack = TOLERANCE * usual_s(problem)
    found = []
    for partner in problem.partners:
        own = sum(one.seconds for one in chosen if problem.partner_of[one.satellite] == partner.name)
        for rule, wanted, missing, words in (
            ("least", partner.least, partner.least * whole - own, _LEAST),
            ("most", partner.most, own - partner.most * whole, _MOST),
        ):
            if missing > slack:
                share = own / whole if whole else 0.0
                text = words(partner=partner.name, share=share, wanted=wanted, missing=missing)
                found.append(Broken(rule, partner.name, missing, text))
    return found


def _broken_contacts(problem: Problem, names: Collection[str]) -> list[Broken]:
    found = []
    for (satellite, day), (places, wanted) in promised(problem, _usable(problem)).items():
        count = sum(problem.contacts[place].name in names for place in places)
        if count < wanted:
            text = _CONTACTS(satellite=satellite, count=count, day=day + 1, wanted=wanted, missing=wanted - count)
            found.append(Broken("contacts", satellite, wanted - count, text))
    return found
