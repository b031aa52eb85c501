"""Passes: criteria of a timetable that was handed in, of satellites that were refused, and of rises announced in time.

The truth is a table by satellite: rows of AOS, TCA, LOS [s after the start] and the highest elevation [rad]. What is
handed in is compared pass by pass: each true pass takes the one entry of its satellite whose worse end is nearest, and
each entry is taken once. An entry that no pass takes is one too many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.trace import NOTHING, Event, Trace

__all__ = [
    "Compared",
    "announced",
    "compared",
    "entries_of",
    "invented",
    "listed",
    "moments",
    "refusals",
    "unfit_listed",
]

PASSES = message("criteria.passes", "Passes missed or wrong")
PASSES_LACK = message(
    "criteria.passes_lack",
    "There are {true:d} passes. You handed in {told:d}, and {near:d} of them are less than {zero:g} s off, on average "
    "{late:.1f} s at the worse end; {extra:d} are too many. {example}",
)
PASSES_NONE_NEAR = message(
    "criteria.passes_none_near",
    "There are {true:d} passes. You handed in {told:d}, and none of them is less than {zero:g} s off. {example}",
)
FIRST_MISSED = message(
    "criteria.passes_first_missed", "The first that is missing: {satellite}, from {aos:.0f} s to {los:.0f} s."
)
NO_PASSES = message("criteria.no_passes", "No pass was handed in.")
MOMENTS = message("criteria.pass_moments", "Rise and setting of a pass")
MOMENTS_OFF = message(
    "criteria.pass_moments_off", "In the middle of all passes, a rise or a setting is {off:.2f} s off."
)
CULMINATION = message("criteria.pass_culmination", "Moment of the largest elevation")
CULMINATION_OFF = message(
    "criteria.pass_culmination_off", "In the middle of all passes, this moment is {off:.2f} s off."
)
HIGHEST = message("criteria.pass_highest", "Largest elevation")
HIGHEST_OFF = message("criteria.pass_highest_off", "In the middle of all passes, it is {off:.3f}° off.")
HALF_MISSING = message("criteria.pass_half_missing", "Half of the passes or more are missing.")
UNFIT = message("criteria.unfit_listed", "No pass by elements that are no good")
UNFIT_SOME = message("criteria.unfit_some", "The timetable has passes of {names}, whose elements are no good.")
INVENTED = message("criteria.passes_invented", "The antenna is sent to satellites that are there")
INVENTED_SOME = message(
    "criteria.passes_invented_some",
    "{extra:d} of {told:d} entries are at times when their satellite is not up at all. The first: {satellite}, "
    "{aos:.0f} s.",
)
REFUSED = message("criteria.refusals", "Refusals that are missing")
NOT_REFUSED = message("criteria.refusals_missing", "Not refused, although their elements are no good: {names}.")
WRONGLY_REFUSED = message("criteria.refusals_wrong", "Refused, although their elements are good: {names}.")
BOTH = message("criteria.refusals_both", "{missing} {wrong}")
ANNOUNCED = message("criteria.announced", "Rises not announced in time")
ANNOUNCED_NOT = message(
    "criteria.announced_not",
    "{true:d} times a satellite rose while you were on duty. You announced {near:d} of them less than {zero:g} s off, "
    "on average {late:.1f} s; {extra:d} announcements were of no rise.",
)
NONE_ANNOUNCED = message(
    "criteria.announced_none",
    "{true:d} times a satellite rose while you were on duty. None was announced less than {zero:g} s off; {extra:d} "
    "announcements were of no rise.",
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A pass, true or handed in."""

    satellite: str
    aos: float
    tca: float
    los: float
    highest: float  # rad

    def off(self, other: _Row) -> float:
        """How far the worse end is off [s]."""
        return max(abs(self.aos - other.aos), abs(self.los - other.los))

    def meets(self, other: _Row) -> bool:
        """Whether both have a moment in common."""
        return self.aos <= other.los and self.los >= other.aos


@dataclass(frozen=True, slots=True)
class Compared:
    """A timetable beside the truth."""

    true: tuple[_Row, ...]  # the passes that are wanted
    taken: tuple[_Row | None, ...]  # the entry that each took
    extra: tuple[_Row, ...]  # entries that no pass took, short ones that need not be told left out
    nowhere: tuple[_Row, ...]  # those of them that have no moment in common with any pass of their satellite
    told: int  # entries, without those of short passes

    def middle(self, name: str) -> float:
        """How far the middle one of all passes is off in one of its numbers; inf where half of them are missing."""
        off = [
            math.inf if one is None else abs(getattr(one, name) - getattr(real, name))
            for real, one in zip(self.true, self.taken, strict=True)
        ]
        return float(np.sort(off)[len(off) // 2]) if off else math.inf


def entries_of(trace: Trace, form: str) -> list[Event]:
    """What was handed in with a form, in order."""
    return [event for event in trace.events_of("entry") if event.data["form"] == form]


def compared(
    trace: Trace,
    true: Mapping[str, Sequence[Sequence[float]]],
    short: Mapping[str, Sequence[Sequence[float]]],
    farthest: float,
) -> Compared:
    """The entries "pass" beside the truth. short: passes that need not be told. farthest: s that one may be off."""
    told: dict[str, list[_Row]] = {}
    for event in entries_of(trace, "pass"):
        row = _entry(event.data["values"])
        told.setdefault(row.satellite, []).append(row)
    rows, taken, extra, nowhere, count = [], [], [], [], 0
    for name in dict.fromkeys((*true, *told)):
        real, brief = _rows(name, true.get(name, ())), _rows(name, short.get(name, ()))
        found, left = _matched(real, told.get(name, []), farthest)
        left = [one for one in left if not any(one.meets(other) and one.off(other) < farthest for other in brief)]
        rows += real
        taken += found
        extra += left
        nowhere += [one for one in left if not any(one.meets(other) for other in (*real, *brief))]
        count += len(left) + sum(one is not None for one in found)
    return Compared(tuple(rows), tuple(taken), tuple(extra), tuple(nowhere), count)


def _entry(values: Mapping[str, float | str]) -> _Row:
    aos, tca, los = (float(values[name]) for name in ("aos", "tca", "los"))
    return _Row(str(values["satellite"]), aos, tca, los, math.radians(float(values["elevation_max_deg"])))


def _rows(name: str, table: Sequence[Sequence[float]]) -> list[_Row]:
    return [_Row(name, *row) for row in table]


def _matched(true: list[_Row], told: list[_Row], farthest: float) -> tuple[list[_Row | None], list[_Row]]:
    """The entry that each pass takes, and the entries that are left; the nearest pairs first."""
    pairs = sorted(
        (real.off(one), i, k) for i, real in enumerate(true) for k, one in enumerate(told) if real.off(one) < farthest
    )
    taken: dict[int, int] = {}
    for _off, i, k in pairs:
        if i not in taken and k not in taken.values():
            taken[i] = k
    left = [one for k, one in enumerate(told) if k not in taken.values()]
    return [told[taken[i]] if i in taken else None for i in range(len(true))], left


# --- the timetable ----------------------------------------------------------------------------------


def listed(trace: Trace, found: Compared, worth: Worth, near: Worth) -> Check:
    """What the timetable lacks: a pass counts by how near its worse end is (`near`), an entry too many takes one."""
    if not found.told:
        return worth.missing("passes", PASSES(), NO_PASSES(), follows=cut_off(trace))
    both = [(real, one) for real, one in zip(found.true, found.taken, strict=True) if one is not None]
    offs = [real.off(one) for real, one in both]
    shares = sum(near.tolerance.share(off) for off in offs)
    lacking = 1.0 - shares / max(1, len(found.true) + len(found.extra))
    about = {"true": len(found.true), "told": found.told, "zero": near.tolerance.zero, "example": _first_missed(found)}
    if offs:
        told = PASSES_LACK(near=len(both), late=float(np.mean(offs)), extra=len(found.extra), **about)
    else:
        told = PASSES_NONE_NEAR(**about)
    return worth.check("passes", PASSES(), lacking, None, told)


def _first_missed(found: Compared) -> Text:
    missed = [real for real, one in zip(found.true, found.taken, strict=True) if one is None]
    if not missed:
        return NOTHING
    first = min(missed, key=lambda row: row.aos)
    return FIRST_MISSED(satellite=first.satellite, aos=first.aos, los=first.los)


def moments(found: Compared, moment: Worth, culmination: Worth, highest: Worth) -> list[Check]:
    """How exact the middle pass is: its ends, its culmination, its largest elevation."""
    ends = max(found.middle("aos"), found.middle("los"))
    about = (
        ("moments", MOMENTS, MOMENTS_OFF, moment, ends, 1.0),
        ("culmination", CULMINATION, CULMINATION_OFF, culmination, found.middle("tca"), 1.0),
        ("highest", HIGHEST, HIGHEST_OFF, highest, found.middle("highest"), 180.0 / math.pi),
    )
    return [
        worth.check(key, title(), off, None, words(off=off * scale))
        if math.isfinite(off)
        else worth.missing(key, title(), HALF_MISSING(), follows=True)
        for key, title, words, worth, off, scale in about
    ]


def unfit_listed(found: Compared, unfit: Sequence[str], worth: Worth) -> Check:
    """Satellites in the timetable whose elements are no good."""
    names = sorted({row.satellite for row in found.extra} & set(unfit))
    part = len(names) / max(1, len(unfit))
    return worth.check("unfit", UNFIT(), part, None, UNFIT_SOME(names=names))


def invented(found: Compared, unfit: Sequence[str], worth: Worth) -> Check:
    """Entries at times when their satellite is not up; those of unfit satellites are told by `unfit_listed`."""
    rows = sorted((row for row in found.nowhere if row.satellite not in unfit), key=lambda row: row.aos)
    if not rows:
        return worth.check("invented", INVENTED(), 0.0, None, NOTHING)
    told = INVENTED_SOME(extra=len(rows), told=found.told, satellite=rows[0].satellite, aos=rows[0].aos)
    return worth.check("invented", INVENTED(), len(rows) / found.told, None, told)


# --- beside the timetable ---------------------------------------------------------------------------


def refusals(trace: Trace, unfit: Sequence[str], worth: Worth) -> Check:
    """The part of the unfit satellites that was not refused, and one more for each that was refused without need."""
    told = {str(event.data["values"]["satellite"]) for event in entries_of(trace, "refused")}
    missed, wrong = sorted(set(unfit) - told), sorted(told - set(unfit))
    lacking = min(1.0, (len(missed) + len(wrong)) / max(1, len(unfit)))
    return worth.check("refusals", REFUSED(), lacking, None, _refusals_told(missed, wrong))


def _refusals_told(missed: list[str], wrong: list[str]) -> Text:
    """Which refusals are missing, and which are wrong."""
    missing, without_need = NOT_REFUSED(names=missed), WRONGLY_REFUSED(names=wrong[:5])
    if missed and wrong:
        return BOTH(missing=missing, wrong=without_need)
    return missing if missed else without_need


def announced(trace: Trace, rises: Sequence[tuple[str, float]], worth: Worth, near: Worth) -> Check:
    """Rises that were announced while they happened; each counts by how near its announcement was (`near`)."""
    told = [(str(e.data["values"]["satellite"]), e.step * trace.step_s) for e in entries_of(trace, "rise")]
    pairs = sorted(
        (abs(time - at), i, k)
        for i, (name, at) in enumerate(rises)
        for k, (other, time) in enumerate(told)
        if name == other and abs(time - at) < near.tolerance.zero
    )
    taken: dict[int, tuple[int, float]] = {}
    for off, i, k in pairs:
        if i not in taken and all(k != other for other, _off in taken.values()):
            taken[i] = (k, off)
    offs, extra = [off for _k, off in taken.values()], len(told) - len(taken)
    lacking = 1.0 - sum(map(near.tolerance.share, offs)) / max(1, len(rises) + extra)
    about = {"true": len(rises), "zero": near.tolerance.zero, "extra": extra}
    words = ANNOUNCED_NOT(near=len(offs), late=float(np.mean(offs)), **about) if offs else NONE_ANNOUNCED(**about)
    return worth.check("announced", ANNOUNCED(), lacking, None, words)
