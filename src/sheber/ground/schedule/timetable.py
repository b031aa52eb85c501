"""Timetable: a plan as bars, a lane for each antenna, a colour for each partner."""

from __future__ import annotations

from sheber.diagrams import Axis, Bar, Bars, Lane, Words
from sheber.ground.schedule.explain import refusals
from sheber.ground.schedule.model import Contact
from sheber.ground.schedule.plan import Plan
from sheber.i18n import N_

__all__ = ["timetable"]

_TITLE = N_("Timetable")


def timetable(plan: Plan, *, title: Words = _TITLE, refused: bool = False, utc: bool = True) -> Bars:
    """The plan as bars; refused: the contacts that it does not have too, hatched. utc: its times are UTC seconds."""
    left_out = [one.contact for one in refusals(plan)] if refused else []
    lanes = tuple(
        Lane(
            antenna.name,
            (
                *(_bar(plan, one, refused=False) for one in plan.chosen if one.antenna == antenna.name),
                *(_bar(plan, one, refused=True) for one in left_out if one.antenna == antenna.name),
            ),
        )
        for antenna in plan.problem.antennas
    )
    return Bars(title, lanes, Axis(unit="" if utc else "s", utc=utc))


def _bar(plan: Plan, one: Contact, *, refused: bool) -> Bar:
    return Bar(one.start, one.end, one.satellite, plan.problem.partner_of[one.satellite], refused)
