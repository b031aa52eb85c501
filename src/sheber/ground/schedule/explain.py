"""Explain: why a contact is not in a plan, who took its place, what each partner holds, and what a rule costs."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sheber.ground.schedule.conflicts import rivals
from sheber.ground.schedule.exact import LIMIT_S, solve
from sheber.ground.schedule.model import Contact, Partner, Problem
from sheber.ground.schedule.plan import Holding, Plan, Unmet, broken
from sheber.i18n import Text, message

__all__ = ["Price", "Refusal", "cost", "prices", "refusal", "refusals"]

_TAKEN = message(
    "ground.schedule.refused_taken",
    "{contact} ({satellite} over {antenna}) is worth {own:.0f}. In its place are {takers}, worth {theirs:.0f} "
    "together. {holds}",
)
_CHAIN = message(
    "ground.schedule.refused_chain",
    "{contact} ({satellite} over {antenna}) is worth {own:.0f}. In its place are {takers}, worth only {theirs:.0f} "
    "together: with these the whole plan is worth more, or keeps its promises. {holds}",
)
_TAKER = message("ground.schedule.taker", "{contact} of {satellite} over {antenna} ({partner}, {value:.0f})")
_HOLDS = message("ground.schedule.holds", "{partner} holds {share:.1%} of the contact time.")
_CLOSED = message(
    "ground.schedule.refused_closed",
    "{contact} ({satellite} over {antenna}) cannot happen: nobody may use the antenna then.",
)
_OWN_TIME = message(
    "ground.schedule.refused_own_time",
    "{contact} ({satellite} over {antenna}) cannot happen: the antenna works for {owner} alone then.",
)
_PROMISE = message(
    "ground.schedule.refused_promise",
    "{contact} ({satellite} over {antenna}) is free, but to give it breaks a rule. {rule}",
)
_LEFT = message(
    "ground.schedule.refused_left",
    "{contact} ({satellite} over {antenna}) is free. This plan did not take it, worth {own:.0f}.",
)
_SHARE = message("ground.schedule.price_share", "the share of {partner}, {least:.0%}")
_CAP = message("ground.schedule.price_cap", "the limit of {partner}, {most:.0%}")
_MINIMUM = message("ground.schedule.price_minimum", "the contacts that each satellite has a day")
_BLOCKS = message("ground.schedule.price_own_time", "own time of partners")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a contact is not in a plan."""

    contact: Contact
    reason: str  # "taken", "own_time", "closed", "promise", "left"
    takers: tuple[Contact, ...]  # the chosen contacts in its place
    theirs: float  # what these are worth together
    partner: Holding  # what the partner of the refused satellite holds
    text: Text


@dataclass(frozen=True, slots=True)
class Price:
    """What a rule costs: by how much the best plan without it is worth more."""

    rule: Text
    value: float
    part: float  # of the value of the plan


def refusals(plan: Plan) -> list[Refusal]:
    """Every contact that the plan does not have, with the reason, in the order of the contacts."""
    near = _Near(plan)
    return [_refused(plan, one, near.of(one)) for one in plan.problem.contacts if one.name not in plan.names]


def refusal(plan: Plan, name: str) -> Refusal | None:
    """Why the contact with this name is not in the plan; None where it is. Raises ScheduleError for an unknown one."""
    contact = plan.problem.named(name)
    return None if name in plan.names else _refused(plan, contact, _Near(plan).of(contact))


class _Near:
    """The chosen contacts near a moment: of thousands only a few are compared."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._starts = [one.start for one in plan.chosen]
        longest = max((one.seconds for one in plan.chosen), default=0.0)
        self._reach = longest + max(plan.problem.turn_round_s.values(), default=0.0)

    def of(self, contact: Contact) -> list[Contact]:
        """The chosen contacts that exclude this one."""
        turn = self._plan.problem.turn_round_s[contact.antenna]
        first = bisect.bisect_left(self._starts, contact.start - self._reach)
        last = bisect.bisect_right(self._starts, contact.end + turn)
        return rivals(self._plan.problem, contact, self._plan.chosen[first:last])


def _refused(plan: Plan, contact: Contact, takers: list[Contact]) -> Refusal:
    problem = plan.problem
    partner = problem.partner_of[contact.satellite]
    holding = next(one for one in plan.holdings if one.partner == partner)
    theirs = sum(one.value for one in takers)
    values = {"contact": contact.name, "satellite": contact.satellite, "antenna": contact.antenna}
    block = problem.barred.get(problem.place[contact.name])
    if block is not None:
        text = _OWN_TIME(owner=block.partner, **values) if block.partner else _CLOSED(**values)
        return Refusal(contact, "own_time" if block.partner else "closed", (), 0.0, holding, text)
    if takers:
        said = _TAKEN if theirs >= contact.value else _CHAIN
        names = [_taker(problem, one) for one in takers]
        holds = _HOLDS(partner=partner, share=holding.share)
        text = said(own=contact.value, takers=names, theirs=theirs, holds=holds, **values)
        return Refusal(contact, "taken", tuple(takers), theirs, holding, text)
    worse = [one for one in broken(problem, (*plan.chosen, contact)) if one.rule in ("least", "most")]
    if worse and not plan.broken:
        return Refusal(contact, "promise", (), 0.0, holding, _PROMISE(rule=worse[0].text, **values))
    return Refusal(contact, "left", (), 0.0, holding, _LEFT(own=contact.value, **values))


def _taker(problem: Problem, one: Contact) -> Text:
    partner = problem.partner_of[one.satellite]
    return _TAKER(contact=one.name, satellite=one.satellite, antenna=one.antenna, partner=partner, value=one.value)


def cost(plan: Plan, name: str, *, limit_s: float = LIMIT_S) -> float | None:
    """What it would cost to give a refused contact: the value of the plan less that of the best plan with it.

    None where no plan with it keeps the rules. 0 where the plan has it. Raises ScheduleError for an unknown name.
    """
    if plan.problem.named(name).name in plan.names:
        return 0.0
    if plan.problem.place[name] in plan.problem.barred:
        return None
    try:
        return plan.value - solve(plan.problem.requiring([name]), limit_s=limit_s).value
    except Unmet:
        return None


def prices(plan: Plan, *, limit_s: float = LIMIT_S) -> list[Price]:
    """What each rule costs, the dearest first: the best plan without it is worth so much more.

    plan: the exact plan of its problem. A price of 0 is that of a rule that does not bind.
    """
    found = []
    for rule, freed in _freed(plan.problem):
        value = max(0.0, solve(freed, limit_s=limit_s).value - plan.value)
        found.append(Price(rule, value, value / plan.value if plan.value else 0.0))
    return sorted(found, key=lambda one: -one.value)


def _freed(problem: Problem) -> Iterator[tuple[Text, Problem]]:
    """The problem without each of its rules."""
    for one in problem.partners:
        if one.least > 0:
            text = _SHARE(partner=one.name, least=one.least)
            yield text, _changed(problem, replace(one, least=0.0))
        if one.most < 1:
            yield _CAP(partner=one.name, most=one.most), _changed(problem, replace(one, most=1.0))
    if any(one.contacts_a_day for one in problem.satellites):
        yield _MINIMUM(), problem.without_minimum()
    if any(one.partner for one in problem.own_time):
        yield _BLOCKS(), problem.without_own_time()


def _changed(problem: Problem, partner: Partner) -> Problem:
    partners = tuple(partner if one.name == partner.name else one for one in problem.partners)
    return replace(problem, partners=partners)
