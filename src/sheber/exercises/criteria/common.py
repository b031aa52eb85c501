"""Common: what every criterion of every kind of station stands on: what it is worth, and the time of the whole job.

A criterion gives a `Check` from the trace alone. Its message says what was wanted, what was measured, when, and by how
much, in units that students use; it is nothing where no point was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sheber.exercises.criteria.measure import last_action
from sheber.exercises.numbers import Numbers, Tolerance
from sheber.exercises.score import Check, ramp, shared
from sheber.i18n import Text, message
from sheber.trace import NOTHING, OutcomeKind, Trace

__all__ = ["Worth", "cut_off", "cycle_time", "worst", "worth"]

CYCLE = message("criteria.cycle", "Cycle time")
CYCLE_NOT_DONE = message("criteria.cycle_not_done", "Cycle time counts only when the whole job is done. {why}")
CYCLE_SLOW = message(
    "criteria.cycle_slow",
    "The job took {time:.2f} s. You get full points up to {full:g} s, and no points from {zero:g} s.",
)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a criterion is worth: points of a group, earned along the ramp of a tolerance."""

    group: str
    points: float
    tolerance: Tolerance

    def shared(self, count: int) -> list[Worth]:
        """The same in `count` equal shares."""
        return [replace(self, points=points) for points in shared(self.points, count)]

    def check(self, key: str, title: Text, value: float, time: float | None, told: Text) -> Check:
        """The check of a measured `value` (SI) at `time` [s]; `told` is kept where points were lost."""
        points, tolerance = self.points * self.tolerance.share(value), self.tolerance
        kept = told if round(points, 2) < round(self.points, 2) else NOTHING
        measured = tolerance.show(value)
        return Check(title, self.group, points, self.points, measured, tolerance.full, tolerance.unit, time, kept, key)

    def missing(self, key: str, title: Text, told: Text, time: float | None = None, *, follows: bool = False) -> Check:
        """The check that earns nothing, because what it measures did not happen; `follows`: only from another loss."""
        full, unit = self.tolerance.full, self.tolerance.unit
        return Check(title, self.group, 0.0, self.points, None, full, unit, time, told, key, follows)


def cut_off(trace: Trace) -> bool:
    """Whether something ended the run before the program did: what is missing then only follows from that."""
    return trace.outcome.kind is not OutcomeKind.FINISHED


def worth(numbers: Numbers, points: str, tolerance: str) -> Worth:
    """What `exercise.toml` says of a criterion: its points and their group, and the tolerance of that name."""
    return Worth(numbers.group(points), numbers.points(points), numbers.tolerance(tolerance))


def worst(key: str, title: Text, errors: Sequence[tuple[Worth, float]], time: float | None, told: Text) -> Check:
    """The check of that error (SI) which earns least; the first one where several do."""
    least, error = min(errors, key=lambda one: one[0].tolerance.share(one[1]))
    return least.check(key, title, error, time, told)


def cycle_time(trace: Trace, numbers: Numbers, not_done: Text) -> Check:
    """Simulated time against T_ref. Counts only if the whole job is done: `not_done` says what is missing."""
    points = numbers.points("cycle")
    reference = numbers.reference_time(trace.facts.get("counts", {}))
    full, zero = numbers.real("cycle.full") * reference, numbers.real("cycle.zero") * reference
    wanted = round(full, 1)
    if not_done:
        told = CYCLE_NOT_DONE(why=not_done)
        return Check(CYCLE(), "cycle", 0.0, points, None, wanted, "s", None, told, "cycle", follows=True)
    time = last_action(trace)
    earned = points * ramp(time, full, zero)
    told = NOTHING if round(earned, 2) == points else CYCLE_SLOW(time=time, full=full, zero=zero)
    return Check(CYCLE(), "cycle", earned, points, round(time, 2), wanted, "s", time, told, "cycle")
