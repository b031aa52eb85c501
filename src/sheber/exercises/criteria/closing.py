"""Closing: what every exercise of a robot cell measures beside its own job: time, safety, procedure, home."""

from __future__ import annotations

from collections.abc import Iterable

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.criteria.safety import Incident, safety
from sheber.exercises.criteria.way import finished_at_home
from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check
from sheber.i18n import N_, Text
from sheber.trace import Trace

__all__ = ["CLOSING_TITLES", "closing"]

CLOSING_TITLES = {
    "points.cycle": N_("Cycle time"),
    "points.safety": N_("No unintended contact"),
    "points.set_down": N_("Set down, not dropped"),
    "points.home": N_("Finish at home"),
}
"""What the points of these criteria are for, as the `TITLES` of an exercise say it."""


def closing(
    trace: Trace, numbers: Numbers, not_done: Text, *procedure: Check, also: Iterable[Incident] = ()
) -> list[Check]:
    """The last checks of an exercise: cycle time, safety, its own checks of `procedure`, and the arm at home.

    `not_done` says what is missing of the whole job; cycle time counts where it is nothing. `also`: see `safety`.
    """
    return [
        cycle_time(trace, numbers, not_done),
        *safety(trace, numbers, also),
        *procedure,
        finished_at_home(trace, trace.facts["home"], worth(numbers, "home", "home")),
    ]
