"""Orders: criteria of what a program does in which order, and of what it tells the people beside the cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from itertools import permutations
from typing import TypeVar

import numpy as np

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.criteria.measure import output_at
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.trace import Trace
from sheber.units import SI

__all__ = ["fault_told", "matched", "taken_first", "told_at"]

Order = TypeVar("Order")
MOST_CODE = 1000  # what an output says beyond this is no code

NOT_FIRST = message(
    "criteria.not_taken_first",
    "It came at {came:.1f} s. Before its part was gripped, parts of other orders were gripped for the first time: "
    "{count}.",
)
NEVER = message("criteria.never_taken", "It came at {came:.1f} s, and it was not completed.")
RUN_ENDED = message("criteria.ended_before", "The run ended before it came.")
TOLD = message("criteria.fault_told", "The fault told to the operator")
NOT_TOLD = message("criteria.fault_not_told", "In this scene {fault}. The output “{output}” never said so.")
WRONG_NUMBER = message(
    "criteria.wrong_number",
    "At {time:.1f} s, when the part was let go, the output “{output}” was {told:.1f} {unit}. The true value is "
    "{true:.1f} {unit}.",
)
TOLD_MORE = message(
    "criteria.fault_told_more", "In this scene {fault}. The output “{output}” also had these codes: {others}."
)


def taken_first(
    trace: Trace,
    key: str,
    title: Text,
    part: str,
    others: Sequence[str],
    asked_for: Collection[str],
    came: float,
    notice: float,
    worth: Worth,
) -> Check:
    """Of the other parts that were not begun when something came [s]: the share that was not begun before `part`.

    `part` is "" where nothing was completed.

    Of `asked_for`, the parts whose orders a program had before that, what is begun within `notice` [s] after it counts
    as begun before: a program does not drop what it has begun.
    """
    if trace.duration < came:
        return worth.missing(key, title, RUN_ENDED(), follows=True)
    begun = _first_grip(trace, part)
    if math.isinf(begun):
        return worth.missing(key, title, NEVER(came=came), follows=True)
    grips = {other: _first_grip(trace, other) for other in others}
    waiting = [time for other, time in grips.items() if time > came + (notice if other in asked_for else 0.0)]
    before = [time for time in waiting if time < begun]
    share = 1.0 - len(before) / max(1, len(waiting))
    return worth.check(key, title, share, min(before, default=None), NOT_FIRST(came=came, count=len(before)))


def matched(
    trace: Trace, orders: Collection[Order], parts: Sequence[str], flawed: Callable[[Order, str], bool]
) -> dict[Order, str]:
    """Of orders that any of these parts serves: which part was for which, so that as few as can be are flawed.

    Where that leaves a choice, the part that was gripped first was for the order that came first.
    """
    by_grip = sorted(parts, key=lambda part: _first_grip(trace, part))
    best: tuple[str, ...] = min(permutations(by_grip, len(orders)), key=lambda chosen: sum(map(flawed, orders, chosen)))
    return dict(zip(orders, best, strict=True))


def _first_grip(trace: Trace, part: str) -> float:
    """When [s] a part was gripped for the first time; infinity where it never was."""
    times = (event.step * trace.step_s for event in trace.events_of("grip") if event.data.get("part") == part)
    return min(times, default=math.inf)


def fault_told(trace: Trace, output: str, code: int, fault: Text, worth: Worth) -> Check:
    """Whether an analog output had the code of the fault that a scene has; each other code but 0 takes half."""
    moments = [event.data["value"] for event in trace.events_of("output") if event.data.get("name") == output]
    values = {float(value) for value in (*np.unique(trace[f"output_{output}"]), *moments)}  # a moment may fall between
    said = {round(value) for value in values if abs(value) < MOST_CODE} - {0}  # two samples
    others = sorted(said - {code})
    if code not in said:
        return worth.missing("told", TOLD(), NOT_TOLD(fault=fault, output=output), follows=cut_off(trace))
    told = TOLD_MORE(fault=fault, output=output, others=others)
    return worth.check("told", TOLD(), max(0.0, 1.0 - 0.5 * len(others)), None, told)


def told_at(
    trace: Trace, key: str, title: Text, output: str, unit: str, true: float, time: float, worth: Worth
) -> Check:
    """How far an analog output in `unit` was from the `true` value (SI) when a part was let go at `time` [s]."""
    told = output_at(trace, output, time)
    said = WRONG_NUMBER(time=time, output=output, unit=unit, told=told, true=true / SI[unit])
    return worth.check(key, title, abs(told * SI[unit] - true), time, said)
