"""Criteria of a network's timetable: what a plan is worth beside the best one, what a new plan moves, how soon it
stands.

The station measures at the end of a run what the program's plans and the best ones are worth (the event `network`). A
plan counts `value × kept`, where `kept` is the part of the promises that it keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check, ramp
from sheber.i18n import message
from sheber.trace import NOTHING, Trace

__all__ = [
    "asks_answered",
    "contacts_moved",
    "holds_lapsed",
    "holds_refused",
    "plan_anew",
    "plan_worth",
    "reaction",
]

PLAN = message("criteria.network_plan", "Worth of the plan")
ANEW = message("criteria.network_anew", "Won back by the new plan")
MOVED = message("criteria.network_moved", "Contacts moved")
REACTION = message("criteria.network_reaction", "Time of the new plan")
CLASHES = message("criteria.network_clashes", "Holds that clash")
ANSWERS = message("criteria.network_answers", "Answers to partners")
LAPSED = message("criteria.network_lapsed", "Holds not confirmed")

NO_PLAN = message("criteria.network_no_plan", "Nothing was held and confirmed when the antenna failed.")
WORTH = message(
    "criteria.network_worth",
    "The plan counts {counted:.0f}: its value {value:.0f}, of which {kept:.1%} stay because of the promises that it "
    "keeps. The best plan is worth {best:.0f}.",
)
WORTH_ANEW = message(
    "criteria.network_worth_anew",
    "Without any change, {left:.0f} were left after the failure. The best new plan counts {best:.0f}. Yours counts "
    "{counted:.0f}, with {kept:.1%} of the promises kept.",
)
MANY_MOVED = message(
    "criteria.network_many_moved",
    "{moved:d} of {agreed:d} agreed contacts that could still happen were moved. {added:d} new ones were added.",
)
MOVED_FOLLOWS = message(
    "criteria.network_moved_follows", "Contacts that stay count as far as the new plan wins back: {share:.0%}."
)
NO_NEW_PLAN = message("criteria.network_no_new_plan", "Nothing was changed after the antenna failed.")
LATE = message(
    "criteria.network_late",
    "The last change came {late:.0f} s after the failure. You get full points up to {full:g} s, and none from "
    "{zero:g} s.",
)
CLASHED = message(
    "criteria.network_clashed",
    "{n:d} of {all:d} holds were refused, because somebody had the time, or it was too late.",
)
UNANSWERED = message("criteria.network_unanswered", "Nobody answered the partners who asked for {names}.")
LAPSED_TOLD = message("criteria.network_lapsed_told", "{n:d} of {all:d} holds were not confirmed in time.")
NOTHING_HELD = message("criteria.network_nothing_held", "No contact was held.")


def _told(trace: Trace) -> Mapping[str, Any]:
    """What the station measured; nothing where the run broke before."""
    for event in reversed(trace.events):
        if event.kind == "network":
            return event.data
    return {}


def plan_worth(trace: Trace, worth: Worth) -> Check:
    """What was held when the antenna failed, as a part of the best plan."""
    told = _told(trace)
    if not told.get("first"):
        return worth.missing("plan", PLAN(), NO_PLAN(), follows=cut_off(trace))
    value = told["first"] / told["first_kept"]
    text = WORTH(counted=told["first"], value=value, kept=told["first_kept"], best=told["first_best"])
    return worth.check("plan", PLAN(), told["first"] / told["first_best"], None, text)


def plan_anew(trace: Trace, worth: Worth) -> Check:
    """What happens in the end: the part that it wins of what the best new plan wins, beside no change at all."""
    told = _told(trace)
    if not told.get("final"):
        return worth.missing("anew", ANEW(), NO_PLAN(), follows=cut_off(trace))
    text = WORTH_ANEW(counted=told["final"], kept=told["final_kept"], best=told["final_best"], left=told["left"])
    to_win = told["final_best"] - told["left"]
    won = (told["final"] - told["left"]) / to_win if to_win > 0.0 else 1.0
    return worth.check("anew", ANEW(), max(0.0, won), told["changed_at"], text)


def contacts_moved(trace: Trace, worth: Worth, share: float) -> Check:
    """The part of the agreed contacts that could still happen and do not; it counts as far as the new plan does."""
    told = _told(trace)
    agreed = told.get("kept", 0) + told.get("moved", 0)
    if not agreed or share == 0.0:
        return worth.missing("moved", MOVED(), MOVED_FOLLOWS(share=share) if agreed else NO_PLAN(), follows=True)
    text = MANY_MOVED(moved=told["moved"], agreed=agreed, added=told["added"])
    check = worth.check("moved", MOVED(), told["moved"] / agreed, told["changed_at"], text)
    if share == 1.0:
        return check
    follows = not check.told
    return replace(check, points=check.points * share, told=check.told or MOVED_FOLLOWS(share=share), follows=follows)


def reaction(trace: Trace, numbers: Numbers, failed_at: float) -> Check:
    """When the last change of the plan came [s], against T_ref; counts only where it came after the failure."""
    points, reference = numbers.points("cycle"), numbers.reference_time(trace.facts["counts"])
    full, zero = numbers.real("cycle.full") * reference, numbers.real("cycle.zero") * reference
    changed, wanted = _told(trace).get("changed_at"), round(full, 1)
    if changed is None or changed < failed_at:
        return Check(REACTION(), "cycle", 0.0, points, None, wanted, "s", None, NO_NEW_PLAN(), "cycle", cut_off(trace))
    earned = points * ramp(changed, full, zero)
    late = LATE(late=changed - failed_at, full=full - failed_at, zero=zero - failed_at)
    text = NOTHING if round(earned, 2) == points else late
    return Check(REACTION(), "cycle", earned, points, round(changed, 2), wanted, "s", changed, text, "cycle")


def holds_refused(trace: Trace, worth: Worth) -> Check:
    """The part of the holds that clashed."""
    told = _told(trace)
    n, everything = told.get("refused_holds", 0), told.get("holds", 0)
    text = CLASHED(n=n, all=everything)
    return worth.check("clashes", CLASHES(), n / max(1, everything), _first(trace, "refused"), text)


def asks_answered(trace: Trace, worth: Worth) -> Check:
    """The part of the asks that got the contact or a refusal with a true reason."""
    told = _told(trace)
    if not told.get("asked"):
        return worth.check("answers", ANSWERS(), 1.0 if told else 0.0, None, NOTHING_HELD())
    text = UNANSWERED(names=told["unanswered"])
    return worth.check("answers", ANSWERS(), told["answered"] / told["asked"], None, text)


def holds_lapsed(trace: Trace, worth: Worth) -> Check:
    """The part of the holds that nobody confirmed."""
    told = _told(trace)
    n, everything = told.get("lapsed", 0), told.get("holds", 0)
    text = LAPSED_TOLD(n=n, all=everything)
    return worth.check("lapsed", LAPSED(), n / max(1, everything), _first(trace, "lapsed"), text)


def _first(trace: Trace, state: str) -> float | None:
    """When a contact was first in this state [s]."""
    times = (one.step * trace.step_s for one in trace.events_of("contact") if one.data.get("state") == state)
    return next(times, None)
