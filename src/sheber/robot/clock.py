"""Clock: the steps in which the time of a robot cell is counted, in one place."""

from __future__ import annotations

from typing import Final

__all__ = ["NEVER", "SAMPLE_STEPS", "STEP_S", "TICK_S", "TICK_STEPS", "steps_in", "steps_of"]


def steps_of(period_s: float, step_s: float) -> int:
    """How many steps make a period; raises ValueError, naming both, where the period is no whole multiple.

    >>> steps_of(0.01, 0.002)
    5
    """
    steps = round(period_s / step_s)
    if steps < 1 or abs(steps * step_s - period_s) > 1e-9 * period_s:
        raise ValueError(f"a period of {period_s:g} s is no whole multiple of a step of {step_s:g} s")
    return steps


STEP_S: Final = 0.002  # s, one physics step
TICK_S: Final = 0.010  # s, between two looks at commands, contacts and inputs
TICK_STEPS: Final = steps_of(TICK_S, STEP_S)
NEVER: Final = 1 << 62  # steps: more than any run has
SAMPLE_STEPS: Final = steps_of(0.020, STEP_S)  # between two samples of the trace
steps_of(SAMPLE_STEPS * STEP_S, TICK_S)  # a sample is taken at the end of a tick


def steps_in(seconds: float) -> int:
    """The whole physics steps nearest to a time, at least one."""
    return max(1, round(seconds / STEP_S))
