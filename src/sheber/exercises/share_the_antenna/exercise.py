"""Share the antenna: the timetable of five antennas for three partners, and a new one when an antenna fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sheber.exercises.criteria.common import worth
from sheber.exercises.criteria.network import (
    asks_answered,
    contacts_moved,
    holds_lapsed,
    holds_refused,
    plan_anew,
    plan_worth,
    reaction,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.kind import GROUND
from sheber.i18n import N_
from sheber.trace import Trace

if TYPE_CHECKING:
    from sheber.ground.scene import Scene
    from sheber.ground.schedule import OwnTime, Problem

STATION = GROUND
COUNTS = ("fault",)
NUMBERS = {
    "scene.satellites": Allowed(5, 200, whole=True, title=N_("Satellites")),
    "scene.hours": Allowed(12, 96, title=N_("Hours that are planned")),
    "scene.share": Allowed(0, 0.3, title=N_("Promised share of each partner")),
    "scene.contacts_a_day": Allowed(0, 4, whole=True, title=N_("Promised contacts of a satellite a day")),
    "scene.asked": Allowed(0, 50, whole=True, title=N_("Contacts that partners ask for")),
    "scene.answer_s": Allowed(60, 3600, "s", title=N_("Time for the answers")),
    "scene.fault_hour": Allowed(1.5, 11, pair=True, title=N_("Hour at which an antenna fails")),
    "scene.hold_s": Allowed(60, 3600, "s", title=N_("Time in which a hold must be confirmed")),
    "scene.freeze_s": Allowed(0, 3600, "s", title=N_("Time before a contact in which nothing changes")),
    "tolerance.plan": Allowed(0, 101, "%", ramp=True, more=True, title=N_("Worth of the plan, of the best one’s")),
    "tolerance.anew": Allowed(0, 101, "%", ramp=True, more=True, title=N_("Won back, of what the best plan wins")),
    "tolerance.moved": Allowed(0, 101, "%", ramp=True, title=N_("Moved contacts")),
    "tolerance.clashes": Allowed(0, 101, "%", ramp=True, title=N_("Refused holds")),
    "tolerance.answers": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Answered asks")),
    "tolerance.lapsed": Allowed(0, 101, "%", ramp=True, title=N_("Lapsed holds")),
}
TITLES = {
    "points.plan": N_("Worth of the plan"),
    "points.anew": N_("Won back by the new plan"),
    "points.moved": N_("Contacts moved"),
    "points.cycle": N_("Time of the new plan"),
    "cycle.per.fault": N_("For each second until the failure"),
    "points.clashes": N_("Holds that clash"),
    "points.answers": N_("Answers to partners"),
    "points.lapsed": N_("Holds not confirmed"),
}

FIRST_DAY = 1_805_587_200.0  # 2027-03-21 00:00:00 UTC
FIRST_CONTACT = 3600.0  # s after the start of the run
BLOCKS = (("Almaty", "KazNU"), ("Xi'an", "NWPU"), ("Hainan", "Hainan Centre"))  # each partner has own time at home
BLOCK_S = (7200.0, 14_400.0)


def scene(seed: int, numbers: Numbers) -> Scene:
    """Two days of a network: orbits, owners, priorities, own time, asks, and the antenna that fails."""
    from sheber.ground.equipment import Outage, ScheduleSpec
    from sheber.ground.scene import Scene
    from sheber.ground.schedule.examples import SITES

    rng = np.random.default_rng([seed, 23])
    start = FIRST_DAY + 86_400.0 * int(rng.integers(0, 300))
    problem = _problem(rng, numbers, start)
    at = round(3600.0 * float(rng.uniform(*numbers.pair("scene.fault_hour"))))
    fails = SITES[int(rng.integers(len(SITES)))].name
    return Scene(
        start=start,
        site=SITES[0],
        equipment=(
            ScheduleSpec(
                problem,
                (Outage(fails, at, problem.start + 3600.0 * numbers.real("scene.hours")),),
                _asked(rng, problem, numbers.whole("scene.asked")),
                numbers.real("scene.answer_s"),
                numbers.real("scene.hold_s"),
                numbers.real("scene.freeze_s"),
            ),
        ),
        step_s=1.0,
        idle_steps=300,
        facts=(("counts", {"fault": at}), ("fails", fails), ("fails_at", at)),
        noise_seed=seed,
    )


def _problem(rng: np.random.Generator, numbers: Numbers, start: float) -> Problem:
    """The network as its people know it. Times are seconds after the start of the run."""
    from sheber.ground.passes import find_passes
    from sheber.ground.schedule import Problem, contacts_of
    from sheber.ground.schedule.examples import ANTENNAS, PARTNERS, SITES, satellites, synthetic

    owned = satellites(rng, numbers.whole("scene.satellites"), numbers.whole("scene.contacts_a_day"))
    elements = synthetic(rng, [one.name for one in owned], start)
    end = start + 3600.0 * numbers.real("scene.hours")
    passes = {site.name: find_passes(elements, site, start, end) for site in SITES}
    contacts = [
        replace(one, start=round(one.start - start, 1), end=round(one.end - start, 1), value=round(one.value, 1))
        for one in contacts_of(passes, owned)
        if one.start >= start + FIRST_CONTACT
    ]
    named = tuple(replace(one, name=f"c{number:04d}") for number, one in enumerate(contacts, start=1))
    partners = tuple(replace(one, least=numbers.real("scene.share")) for one in PARTNERS)
    return Problem(ANTENNAS, partners, owned, named, 0.0, _own_time(rng, numbers.real("scene.hours")))


def _own_time(rng: np.random.Generator, hours: float) -> tuple[OwnTime, ...]:
    """A block for each partner at its own antenna."""
    from sheber.ground.schedule import OwnTime

    found = []
    for antenna, partner in BLOCKS:
        begin, length = round(rng.uniform(FIRST_CONTACT, 3600.0 * hours - BLOCK_S[1])), round(rng.uniform(*BLOCK_S))
        found.append(OwnTime(antenna, float(begin), float(begin + length), partner))
    return tuple(found)


def _asked(rng: np.random.Generator, problem: Problem, count: int) -> tuple[str, ...]:
    """Good contacts that partners ask for by name; some will be given, some not."""
    places = [place for place in range(len(problem.contacts)) if place not in problem.barred]
    places.sort(key=lambda place: -problem.contacts[place].value)
    better = places[: len(places) // 2]
    drawn = rng.permutation(len(better))[:count]
    return tuple(problem.contacts[place].name for place in sorted(better[int(one)] for one in drawn))


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """What both plans are worth, how little moved, how soon, and how the desk was used."""
    anew = plan_anew(trace, worth(numbers, "anew", "anew"))
    return [
        plan_worth(trace, worth(numbers, "plan", "plan")),
        anew,
        contacts_moved(trace, worth(numbers, "moved", "moved"), anew.points / anew.maximum),
        reaction(trace, numbers, trace.facts["fails_at"]),
        holds_refused(trace, worth(numbers, "clashes", "clashes")),
        asks_answered(trace, worth(numbers, "answers", "answers")),
        holds_lapsed(trace, worth(numbers, "lapsed", "lapsed")),
    ]
