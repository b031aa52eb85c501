"""Schedule: a crowded network of five antennas, planned to the proof, and planned anew after a fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from sheber.bench.rows import Row, absolute, gated, timed

if TYPE_CHECKING:
    from sheber.ground.schedule import Problem

__all__ = ["network", "schedule"]

START: Final = 1_805_608_800.0  # 2027-03-21 06:00:00 UTC
HOURS: Final = 48.0
SATELLITES: Final = 60
SEED: Final = 1
FAULT_AT: Final = 9.0  # h
NAME: Final = "schedule"


def schedule(quick: bool) -> list[Row]:
    """How long the exact plan takes, whether it is proven, and what greedy ways and a fault cost."""
    from sheber.ground.schedule import by_priority, by_value, replan, solve

    problem = network(SEED)
    times = [(timed(lambda: solve(problem)), _worked(lambda: solve(problem))) for _round in range(1 if quick else 3)]
    plan = solve(problem)
    fault = problem.closing("Almaty", START + FAULT_AT * 3600.0, START + HOURS * 3600.0)
    change = replan(fault, plan, START + FAULT_AT * 3600.0)
    passes = f"{len(problem.contacts)} passes, 5 antennas, 3 partners of at least 25 %, 2 contacts a day"
    return [
        gated(f"{NAME}: exact plan, processor time", median(worked for _wall, worked in times), "s", "≤ 1", passes),
        absolute(f"{NAME}: exact plan, by the clock", median(wall for wall, _worked in times), "s"),
        gated(f"{NAME}: proven and all rules kept", float(plan.proven and not plan.broken), "", "≥ 1"),
        absolute(f"{NAME}: value by value ÷ exact", by_value(problem).value / plan.value, ""),
        absolute(f"{NAME}: value by priority ÷ exact", by_priority(problem).value / plan.value, ""),
        absolute(f"{NAME}: planned anew, contacts moved", 100.0 * change.part_moved, "%", "Almaty fails at hour 9"),
        absolute(f"{NAME}: planned anew, value ÷ best", change.part_of_best, "", f"{change.plan.seconds:.2f} s"),
    ]


def _worked(work: Callable[[], object]) -> float:
    """Processor time of a call [s]: on a busy machine the clock tells of the neighbours."""
    start = time.process_time()
    work()
    return time.process_time() - start


def network(seed: int, hours: float = HOURS, count: int = SATELLITES) -> Problem:
    """Five antennas, three partners and all passes of synthetic satellites."""
    from sheber.ground.passes import find_passes
    from sheber.ground.schedule import Problem, contacts_of
    from sheber.ground.schedule.examples import ANTENNAS, PARTNERS, SITES, satellites, synthetic

    rng = np.random.default_rng(seed)
    owned = satellites(rng, count)
    elements = synthetic(rng, [one.name for one in owned], START)
    passes = {site.name: find_passes(elements, site, START, START + hours * 3600.0) for site in SITES}
    contacts = tuple(one for one in contacts_of(passes, owned) if START <= one.start < START + hours * 3600.0)
    return Problem(ANTENNAS, PARTNERS, owned, contacts, START)
