"""Plan: a choice of contacts, its value with a bound, what each partner holds, and whether it keeps the rules.

`broken` looks at the times of a choice as a stranger would, neighbour by neighbour, without the rows of the solver.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.model import Contact, Problem
from sheber.ground.schedule.rules import Broken, broken_rules, kept_part
from sheber.i18n import Text, message

__all__ = ["Holding", "Plan", "Unmet", "broken"]

_PROOF: Final = 1e-9  # value and bound are equal to this part: both are sums of thousands of numbers
_UNMET = message("ground.schedule.unmet", "The rules cannot be met together. {broken}")
_BROKEN_TOGETHER = message("ground.schedule.joined", "{first} {rest}")
_OVERLAP = message(
    "ground.schedule.broken_overlap",
    "{antenna} shall serve {first} and {second} at one time: they overlap by {by:.0f} s.",
)
_TURN_ROUND = message(
    "ground.schedule.broken_turn_round",
    "{antenna} has {gap:.0f} s from {first} to {second}. It needs {wanted:.0f} s to turn round: {missing:.0f} s are"
    " missing.",
)
_SATELLITE = message(
    "ground.schedule.broken_satellite",
    "{satellite} shall speak to {first} and {second} at one time: the contacts overlap by {by:.0f} s.",
)
_OWN_TIME = message(
    "ground.schedule.broken_own_time", "{contact} of {satellite} overlaps an own time of {antenna} by {by:.0f} s."
)
_TWICE = message("ground.schedule.broken_twice", "The contact {name} is chosen {n} times.")


@dataclass(frozen=True, slots=True)
class Holding:
    """What one partner has of a plan."""

    partner: str
    contacts: int
    seconds: float
    share: float  # of the contact time that is given, 0…1
    value: float


@dataclass(frozen=True)
class Plan:
    """A choice of contacts."""

    problem: Problem
    chosen: tuple[Contact, ...]  # in the order of their start
    bound: float = math.inf  # no choice that keeps the rules is worth more
    method: str = "exact"
    seconds: float = 0.0  # that it took to make

    @classmethod
    def of(cls, problem: Problem, names: Iterable[str], **more: object) -> Plan:
        """The plan of the contacts with these names. Raises ScheduleError for an unknown one."""
        chosen = sorted((problem.named(name) for name in names), key=lambda one: (one.start, one.name))
        return cls(problem, tuple(chosen), **more)  # type: ignore[arg-type]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the chosen contacts."""
        return frozenset(one.name for one in self.chosen)

    @cached_property
    def value(self) -> float:
        """What the chosen contacts are worth together."""
        return math.fsum(one.value for one in self.chosen)

    @property
    def proven(self) -> bool:
        """Whether no better plan exists: value and bound are the same."""
        return self.bound - self.value <= _PROOF * max(1.0, abs(self.bound))

    @property
    def gap(self) -> float:
        """By which part of its value a better plan could be better."""
        return max(0.0, self.bound - self.value) / self.value if self.value else math.inf if self.bound > 0 else 0.0

    @cached_property
    def holdings(self) -> tuple[Holding, ...]:
        """What each partner holds, in the order of the partners."""
        whole = sum(one.seconds for one in self.chosen) or 1.0
        found = []
        for partner in self.problem.partners:
            own = [one for one in self.chosen if self.problem.partner_of[one.satellite] == partner.name]
            seconds = sum(one.seconds for one in own)
            found.append(Holding(partner.name, len(own), seconds, seconds / whole, math.fsum(one.value for one in own)))
        return tuple(found)

    @cached_property
    def kept(self) -> float:
        """The part of the promises that is kept, 0…1: the worst share of a partner × contacts given ÷ promised."""
        return kept_part(self.problem, self.chosen)

    @property
    def counted(self) -> float:
        """The value, less the part of the promises that is not kept: `value × kept`."""
        return self.value * self.kept

    @cached_property
    def broken(self) -> tuple[Broken, ...]:
        """The rules that it does not keep, and by how much; empty for a good plan."""
        return tuple(broken(self.problem, self.chosen))


class Unmet(ScheduleError):
    """No plan keeps all rules. `nearest` misses least; its `broken` says which rules, and by how much."""

    def __init__(self, nearest: Plan) -> None:
        super().__init__(_UNMET(broken=_joined([one.text for one in nearest.broken])))
        self.nearest = nearest


def _joined(texts: list[Text]) -> Text | str:
    """Sentences one after the other."""
    if not texts:
        return ""
    whole = texts[-1]
    for text in reversed(texts[:-1][:6]):  # a reader needs the first few; all are in `nearest.broken`
        whole = _BROKEN_TOGETHER(first=text, rest=whole)
    return whole


def broken(problem: Problem, chosen: Iterable[Contact]) -> list[Broken]:
    """Every rule that a choice does not keep: of time first, then what is promised."""
    chosen = sorted(chosen, key=lambda one: (one.start, one.name))
    return [
        *_twice(chosen),
        *_at_antennas(problem, chosen),
        *_of_satellites(chosen),
        *_in_own_time(problem, chosen),
        *broken_rules(problem, chosen),
    ]


def _twice(chosen: list[Contact]) -> Iterable[Broken]:
    names = [one.name for one in chosen]
    for name in dict.fromkeys(names):
        if (n := names.count(name)) > 1:
            yield Broken("twice", name, n - 1, _TWICE(name=name, n=n))


def _at_antennas(problem: Problem, chosen: list[Contact]) -> Iterable[Broken]:
    """Neighbours in time at one antenna: overlapping, or with too little time between."""
    for antenna in problem.antennas:
        own = [one for one in chosen if one.antenna == antenna.name]
        for first, second in _following(own):
            gap = second.start - first.end
            if gap < 0:
                text = _OVERLAP(antenna=antenna.name, first=first.name, second=second.name, by=-gap)
                yield Broken("overlap", antenna.name, -gap, text)
            elif gap < antenna.turn_round_s:
                missing = antenna.turn_round_s - gap
                values = {"gap": gap, "wanted": antenna.turn_round_s, "missing": missing}
                text = _TURN_ROUND(antenna=antenna.name, first=first.name, second=second.name, **values)
                yield Broken("turn_round", antenna.name, missing, text)


def _of_satellites(chosen: list[Contact]) -> Iterable[Broken]:
    for name in dict.fromkeys(one.satellite for one in chosen):
        for first, second in _following([one for one in chosen if one.satellite == name]):
            by = first.end - second.start
            if by > 0:
                text = _SATELLITE(satellite=name, first=first.antenna, second=second.antenna, by=by)
                yield Broken("satellite", name, by, text)


def _following(contacts: list[Contact]) -> Iterable[tuple[Contact, Contact]]:
    """Each contact but the first (by start), with the one before it that ends last."""
    last: Contact | None = None
    for one in contacts:
        if last is not None:
            yield last, one
        if last is None or one.end > last.end:
            last = one


def _in_own_time(problem: Problem, chosen: list[Contact]) -> Iterable[Broken]:
    for one in chosen:
        block = problem.barred.get(problem.place[one.name])
        if block is not None:
            by = min(one.end, block.end) - max(one.start, block.start)
            values = {"contact": one.name, "satellite": one.satellite, "antenna": one.antenna}
            yield Broken("own_time", one.antenna, by, _OWN_TIME(by=by, **values))
