"""Re-planning: a new plan after something happened, that moves little of the old one.

What has begun stays; what begins later may change. Two numbers pull apart: the value of the new plan, and how many
agreed contacts it moves. A *moved* contact is one of the old plan that could still happen and does not: its people were
told, and have to be told again. One that can no longer happen (its antenna is broken) is *lost*, and one that is new is
*added*; neither is a move. First the best value is found as if nothing had been agreed. Then, of all plans worth at
least `1 - give_up` of it, the one that moves least is taken, and of these the better one.

On the example of the bench (an antenna of five fails at hour 9 of 48) the best value alone moves 10 to 18 % of the
contacts that could be kept; a plan that gives up 2 % of the value moves 1 to 5 %.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.exact import LIMIT_S, framed, largest, solve
from sheber.ground.schedule.model import Contact, Problem
from sheber.ground.schedule.plan import Plan, Unmet
from sheber.i18n import message

__all__ = ["GIVE_UP", "Change", "change", "loosened", "now_open", "replan"]

GIVE_UP: Final = 0.02
_NONE_IN_TIME = message("ground.schedule.replan_late", "No plan that moves little was found in {limit:.0f} s.")
_A_PART = message("ground.schedule.give_up", "A plan cannot give up {part} of its value. It must be from 0 to 1.")


@dataclass(frozen=True, slots=True)
class Change:
    """From one plan to the next, as those see it who were told the first."""

    plan: Plan
    kept: tuple[Contact, ...]  # of those that had not begun
    moved: tuple[Contact, ...]  # could still happen, and do not
    lost: tuple[Contact, ...]  # cannot happen any more
    added: tuple[Contact, ...]
    best: float  # the value of the best plan, however much it moves

    @property
    def part_moved(self) -> float:
        """The measure of change: moved ÷ (kept + moved), 0…1."""
        agreed = len(self.kept) + len(self.moved)
        return len(self.moved) / agreed if agreed else 0.0

    @property
    def part_of_best(self) -> float:
        """The value of the plan ÷ that of the best one."""
        return self.plan.value / self.best if self.best else 1.0


def replan(problem: Problem, agreed: Plan, now: float, *, give_up: float = GIVE_UP, limit_s: float = LIMIT_S) -> Change:
    """A plan for the problem as it is now, worth at least `1 - give_up` of the best one, that moves least.

    problem: with what happened in it (`closing`, `requiring`, `adding`). now: what began before stays as it is [s].
    Where its rules cannot be met any more, they are loosened to what the nearest plan reaches; `broken` of the new plan
    tells which. Raises ScheduleError.
    """
    if not 0 <= give_up <= 1:
        raise ScheduleError(_A_PART(part=give_up))
    started = time.perf_counter()
    left = now_open(problem, agreed, now)
    try:
        best = solve(left, limit_s=limit_s)
    except Unmet as unmet:
        left = loosened(left, unmet.nearest)
        best = solve(left, limit_s=limit_s)
    chosen = _moving_least(left, agreed, best, give_up, limit_s)
    plan = Plan(problem, chosen, method="replanned", seconds=time.perf_counter() - started)
    return change(agreed, plan, now, best.value)


def _moving_least(left: Problem, agreed: Plan, best: Plan, give_up: float, limit_s: float) -> tuple[Contact, ...]:
    """Of the plans worth enough, the one that keeps most of what was agreed."""
    frame = framed(left)
    kept = np.array([left.contacts[place].name in agreed.names for place in frame.places], float)
    tie = frame.values / (2.0 * (frame.values.sum() or 1.0))  # less than half a contact, all together
    least = (1.0 - give_up - 1e-9) * best.value
    row = (frame.values / (best.value or 1.0), least / (best.value or 1.0))
    near = 0.4 / max(1.0, kept.sum())  # less than half a contact: then none fewer can be moved
    found = largest(frame, kept + tie, also=row, gap=near, limit_s=limit_s)
    if found.x is None:
        raise ScheduleError(_NONE_IN_TIME(limit=limit_s))
    return frame.chosen(found.x)


def now_open(problem: Problem, agreed: Plan, now: float) -> Problem:
    """What can still be decided: what has begun happens if it was agreed and can, and does not if it was not."""
    started = {one.name for one in problem.contacts if one.start < now}
    barred = {problem.contacts[place].name for place in problem.barred}
    begun = (started & agreed.names) - barred
    contacts = tuple(one for one in problem.contacts if one.name not in started or one.name in begun)
    return replace(problem, contacts=contacts, required=(problem.required - started) | begun)


def loosened(problem: Problem, reached: Plan) -> Problem:
    """The problem with each promise that a plan does not keep lowered to what that plan reaches."""
    missed = reached.broken
    share = {one.partner: one.share for one in reached.holdings}
    partners = tuple(
        replace(one, least=min(one.least, share[one.name]), most=max(one.most, share[one.name]))
        for one in problem.partners
    )
    short: dict[str, int] = {}
    for one in missed:
        if one.rule == "contacts":
            short[one.who] = max(short.get(one.who, 0), round(one.missing))
    satellites = tuple(
        replace(one, contacts_a_day=max(0, one.contacts_a_day - short.get(one.name, 0))) for one in problem.satellites
    )
    required = problem.required - {one.who for one in missed if one.rule == "required"}
    return replace(problem, partners=partners, satellites=satellites, required=required)


def change(agreed: Plan, plan: Plan, now: float, best: float) -> Change:
    """What a new plan changes for those who were told the old one; contacts that had begun do not count."""
    names, barred = plan.names, {plan.problem.contacts[place].name for place in plan.problem.barred}
    there = plan.problem.place
    later = [one for one in agreed.chosen if one.start >= now]
    possible = [one for one in later if one.name in there and one.name not in barred]
    return Change(
        plan,
        kept=tuple(one for one in possible if one.name in names),
        moved=tuple(one for one in possible if one.name not in names),
        lost=_but(later, possible),
        added=tuple(one for one in plan.chosen if one.name not in agreed.names),
        best=best,
    )


def _but(contacts: Iterable[Contact], others: Iterable[Contact]) -> tuple[Contact, ...]:
    left_out = {one.name for one in others}
    return tuple(one for one in contacts if one.name not in left_out)
