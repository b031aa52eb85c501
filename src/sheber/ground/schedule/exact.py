"""Exact: the best plan that keeps all rules, with the proof that there is no better one.

Each contact is a variable that is 0 or 1. The rows are the cliques of `conflicts.py` (at most one of each) and the
promises of `rules.py`. HiGHS (Huangfu & Hall, Math. Prog. Comp. 10, 2018, by `scipy.optimize.milp`) makes the sum of
the values large and gives a bound that no plan exceeds. Where a plan is proven, value and bound are one number.

Most contacts are settled by prices before anything is searched: the relaxed problem (fractions allowed) gives each
variable a reduced cost, which is what the sum loses at least if that variable takes its other value. Where it loses
more than the difference between the relaxed problem and a plan that was found, no better plan has that other value. So
the rest (the *core*) is searched, with all that loses more than `CORE` of the value left as it is; if the plan found
lies within `CORE` of the relaxed value, that is the proof for the whole problem. Else the whole problem is searched.
Shares are rows in units of a usual contact: in larger units the solver's tolerance is seconds of contact time, and it
finds "plans" that lack them.

Where the rules cannot be met together, a second problem says what is missing: each promise may be missed by a slack,
and the weighted sum of slacks is made small. A missing contact weighs 1, a share that is missed by the time of a usual
contact weighs 1 too, a required contact weighs 100. Of the plans that miss least the better one is taken.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from sheber.ground.schedule.conflicts import cliques
from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.model import Contact, Problem
from sheber.ground.schedule.plan import Plan, Unmet
from sheber.ground.schedule.quiet import without_lines
from sheber.ground.schedule.rules import Row, rows
from sheber.i18n import message

__all__ = ["Found", "Frame", "framed", "nearest", "solve"]

LIMIT_S: Final = 60.0
CORE: Final = 4e-4  # part of the value: plans of the bench's network lie within 3.1e-4 of the relaxed value
_INFEASIBLE: Final = 2  # scipy's status
_NOISE: Final = b"HighsMipSolverData::"  # what HiGHS prints by itself begins so
_OUT_OF_TIME = message(
    "ground.schedule.out_of_time", "No plan was found in {limit:.0f} s. Give it more time, or fewer contacts."
)


@dataclass(frozen=True)
class Frame:
    """A problem as the solver sees it: only the contacts that can happen are variables."""

    problem: Problem
    places: NDArray[np.intp]  # (m,) the usable contacts
    once: csr_array  # (cliques, m): at most one of each row
    promises: list[Row]  # their coefficients are of all n contacts
    owed: csr_array  # (promises, m)

    @property
    def values(self) -> NDArray[np.float64]:
        """What each usable contact is worth (m,)."""
        return self.problem.values[self.places]

    @property
    def least(self) -> NDArray[np.float64]:
        """What each promise asks for."""
        return np.array([one.least for one in self.promises])

    def chosen(self, x: NDArray[np.float64]) -> tuple[Contact, ...]:
        """The contacts of a solution (m,), in the order of their start."""
        taken = (self.problem.contacts[place] for place in self.places[x > 0.5])
        return tuple(sorted(taken, key=lambda one: (one.start, one.name)))


@dataclass(frozen=True, slots=True)
class Found:
    """What the solver found."""

    x: NDArray[np.float64] | None  # (m,) or more
    bound: float  # of what was made large
    status: int


def solve(problem: Problem, *, gap: float = 0.0, limit_s: float = LIMIT_S) -> Plan:
    """The plan of the largest value that keeps all rules, with its bound.

    gap: stop where no plan can be better by more than this part. limit_s: stop after so long with the best plan found.
    Raises Unmet (a ScheduleError) with the nearest plan where no plan keeps all rules, and ScheduleError where none was
    found in time.
    """
    started = time.perf_counter()
    frame = framed(problem)
    found = _in_core(frame, gap, limit_s) or largest(frame, frame.values, gap=gap, limit_s=limit_s)
    if found.status == _INFEASIBLE:
        raise Unmet(nearest(problem, limit_s=limit_s))
    if found.x is None:
        raise ScheduleError(_OUT_OF_TIME(limit=limit_s))
    return _plan(frame, found, "exact", started)


def nearest(problem: Problem, *, limit_s: float = LIMIT_S) -> Plan:
    """The plan that misses the promises of a problem least; its `broken` says which and by how much.

    Raises ScheduleError where none was found in time.
    """
    started = time.perf_counter()
    frame = framed(problem)
    n, m = len(frame.places), len(frame.promises)
    if not m:
        return solve(problem, limit_s=limit_s)
    weights = np.array([one.weight for one in frame.promises])
    better = frame.values / (frame.values.sum() or 1.0) * 1e-4  # of plans that miss as little
    elastic = replace(
        frame,
        once=_hstack(frame.once, csr_array((frame.once.shape[0], m))),
        owed=_hstack(frame.owed, eye_array(m, format="csr")),
    )
    integral = np.concatenate([np.ones(n), np.zeros(m)])
    upper = np.concatenate([np.ones(n), np.full(m, np.inf)])
    found = largest(elastic, np.concatenate([better, -weights]), integral=integral, upper=upper, limit_s=limit_s)
    if found.x is None:
        raise ScheduleError(_OUT_OF_TIME(limit=limit_s))
    return _plan(frame, replace(found, x=found.x[:n], bound=math.inf), "nearest", started)


def framed(problem: Problem) -> Frame:
    """A problem as the solver sees it."""
    usable = np.ones(len(problem.contacts), bool)
    usable[list(problem.barred)] = False
    places = np.flatnonzero(usable)
    column = np.full(len(problem.contacts), -1)
    column[places] = np.arange(len(places))
    sets = cliques(problem, places.tolist())
    ends = np.cumsum([0, *(len(one) for one in sets)])
    inner = column[np.concatenate([np.array(one) for one in sets])] if sets else np.zeros(0, int)
    once = csr_array((np.ones(len(inner)), inner, ends), shape=(len(sets), len(places)))
    promises = rows(problem, usable)
    owed = np.array([one.coefficients[places] for one in promises]).reshape(len(promises), len(places))
    return Frame(problem, places, once, promises, csr_array(owed))


def _in_core(frame: Frame, gap: float, limit_s: float) -> Found | None:
    """The best plan, searched in the core alone; None where that proves nothing for the whole problem."""
    if not len(frame.places):
        return None
    rows = csr_array(vstack([frame.once, -frame.owed]))
    limits = np.concatenate([np.ones(frame.once.shape[0]), -frame.least])
    with without_lines(_NOISE):
        relaxed = linprog(-frame.values, A_ub=rows, b_ub=limits, bounds=(0.0, 1.0), method="highs-ds")
    if relaxed.status != 0:
        return None
    near = CORE * -relaxed.fun
    settled = np.abs(relaxed.lower.marginals + relaxed.upper.marginals) > near
    kept = np.round(relaxed.x)
    lower, upper = np.where(settled, kept, 0.0), np.where(settled, kept, 1.0)
    found = largest(frame, frame.values, lower=lower, upper=upper, gap=gap, limit_s=limit_s)
    if found.x is None or frame.values @ np.round(found.x) < -relaxed.fun - near:
        return None
    return found


def largest(
    frame: Frame,
    objective: NDArray[np.float64],
    *,
    integral: NDArray[np.float64] | None = None,
    lower: NDArray[np.float64] | float = 0.0,
    upper: NDArray[np.float64] | float = 1.0,
    also: tuple[NDArray[np.float64], float] | None = None,
    gap: float = 0.0,
    limit_s: float = LIMIT_S,
) -> Found:
    """Make `objective · x` large within a frame; `also`: a further row (coefficients, least)."""
    if not len(objective):
        missing = bool((frame.least > 0).any())
        return Found(None, -math.inf, _INFEASIBLE) if missing else Found(np.zeros(0), 0.0, 0)
    limits: list[Any] = []
    if frame.once.shape[0]:
        limits.append(LinearConstraint(frame.once, -np.inf, 1.0))
    if frame.promises:
        limits.append(LinearConstraint(frame.owed, frame.least, np.inf))
    if also is not None:
        limits.append(LinearConstraint(csr_array(also[0].reshape(1, -1)), also[1], np.inf))
    whole = np.ones(len(objective)) if integral is None else integral
    options = {"mip_rel_gap": gap, "time_limit": limit_s}
    with without_lines(_NOISE):
        answer = milp(-objective, constraints=limits, bounds=Bounds(lower, upper), integrality=whole, options=options)
    bound = math.inf if answer.mip_dual_bound is None else -float(answer.mip_dual_bound)
    return Found(answer.x, bound, int(answer.status))


def _plan(frame: Frame, found: Found, method: str, started: float) -> Plan:
    assert found.x is not None
    chosen = frame.chosen(found.x)
    return Plan(frame.problem, chosen, found.bound, method, time.perf_counter() - started)


def _hstack(left: csr_array, right: csr_array) -> csr_array:
    return csr_array(hstack([left, right]))
