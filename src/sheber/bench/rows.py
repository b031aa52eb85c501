"""Rows: what a measurement gives, and how two things are measured in turn."""

from __future__ import annotations

import math
import operator
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Row", "absolute", "aimed", "gated", "in_turn", "load", "quantile", "skipped", "timed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number."""

    name: str
    value: float | None  # None: could not be measured here; `note` says why
    unit: str
    gate: str = ""  # "≥ 2", "≤ 8"; empty for an absolute, which gates nothing
    met: bool | None = None  # None where nothing is gated or measured
    note: str = ""


def gated(name: str, value: float, unit: str, gate: str, note: str = "") -> Row:
    """A row held against a gate such as "≥ 0.80"."""
    sign, _, bound = gate.partition(" ")
    met = {"≥": operator.ge, "≤": operator.le}[sign](value, float(bound))
    return Row(name, value, unit, gate, bool(met), note)


def absolute(name: str, value: float, unit: str, note: str = "") -> Row:
    """A row that only tells."""
    return Row(name, value, unit, note=note)


def aimed(name: str, value: float, unit: str, aim: str, note: str = "") -> Row:
    """A row that is held against an aim such as "≤ 1": it says whether it was reached, and decides nothing."""
    reached = gated(name, value, unit, aim).met
    words = "reached" if reached else "NOT reached"
    return Row(name, value, unit, note=f"aim {aim}, {words}" + (f"; {note}" if note else ""))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def skipped(name: str, unit: str, gate: str, why: str) -> Row:
    """A row that could not be measured on this machine."""
    return Row(name, None, unit, gate, None, why)


def timed(work: Callable[[], object]) -> float:
    """Wall time of a call [s]."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(first: Callable[[], float], second: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Measure two things by turns: (median of the first, of the second, of their ratios first / second).

    A machine that is busy for a while is busy for both; the order changes every round.
    """
    pairs = []
    for number in range(rounds):
        if number % 2:
            after = second()
            pairs.append((first(), after))
        else:
            before = first()
            pairs.append((before, second()))
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)


def load() -> str:
    """Load of the machine over 1, 5 and 15 minutes, and its cores, in words."""
    return f"{', '.join(f'{one:.2f}' for one in os.getloadavg())} on {os.cpu_count()} cores"
