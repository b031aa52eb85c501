"""Figures of a link, as values of diagrams: the budget as steps, the levels of a pass over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.typing import ArrayLike

from sheber.diagrams import Axis, Bar, Bars, Lane, Level, Lines, Series
from sheber.ground.link.budget import Budget
from sheber.ground.link.errors import finite
from sheber.ground.link.laws import eb_n0_db
from sheber.ground.link.modes import ALLOWED, Mode
from sheber.i18n import N_, message

__all__ = ["budget_bars", "levels_over_time"]

NEEDS = message("ground.link.needs", "needed")


def budget_bars(budget: Budget) -> Bars:
    """The budget as steps: each gain and loss begins where the one before it ended."""
    return Bars(N_("Link budget"), tuple(_lanes(budget)), Axis(N_("Level"), "dB"))


def _lanes(budget: Budget) -> Iterator[Lane]:
    level = 0.0
    for line in budget.lines:
        if line.kind in ("fact", "sum"):
            continue
        after = level + (line.value if line.kind == "gain" else -line.value)
        owner = N_("gain") if after >= level else N_("loss")
        bar = Bar(min(level, after), max(level, after), f"{abs(line.value):.1f} dB", owner)
        if abs(line.value) >= 0.005:
            yield Lane(line.title, (bar,))
        level = after


def levels_over_time(
    times: ArrayLike,
    cn0_dbhz: ArrayLike,
    modes: Sequence[Mode],
    symbol_rate: float,
    implementation_db: float = 0.0,
    run_start: float | None = None,
) -> Lines:
    """How far Eb/N0 is above what each mode needs, over time [s]: a mode can be used while its curve is above zero."""
    instants = finite("times", times)
    curves = tuple(
        Series(
            mode.name,
            instants,
            eb_n0_db(cn0_dbhz, mode.bit_rate(symbol_rate), implementation_db) - mode.required_db(ALLOWED),
        )
        for mode in modes
    )
    x = Axis(N_("Time"), "s", run_start=run_start)
    return Lines(N_("Margin of the modes"), curves, x, Axis(N_("Margin"), "dB"), (Level(NEEDS(), 0.0),))
