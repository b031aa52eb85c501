"""Downlink: criteria of a satellite's downlink and of the numbers that are handed in for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.numbers import Tolerance
from sheber.exercises.score import Check
from sheber.i18n import message
from sheber.trace import NOTHING, Event, Trace

__all__ = ["bits_delivered", "budget_told", "frames_lost", "silent_after", "told_before"]

DELIVERED = message("criteria.bits_delivered", "Bits delivered")
DELIVERED_SHARE = message(
    "criteria.bits_delivered_share",
    "{gigabits:.2f} Gbit arrived, {share:.1f} % of the {best:.2f} Gbit that the best choice of modes brings down.",
)
DELIVERED_LOST = message(
    "criteria.bits_delivered_lost",
    "{gigabits:.2f} Gbit arrived, {share:.1f} % of what the best choice brings down. But {lost:.2f} % of the frames "
    "were lost, so that only {kept:.0f} % of these points count.",
)
NOTHING_SENT = message("criteria.nothing_sent", "No frame was sent.")
NO_DOWNLINK = message("criteria.no_downlink", "The run ended before the downlink was over.")
LOST = message("criteria.frames_lost", "Frames that arrive")
LOST_PART = message(
    "criteria.frames_lost_part",
    "{lost:d} of {sent:d} frames were lost, {part:.2f} %. Most were lost around {time:.0f} s.",
)
NUMBER = message("criteria.budget_number", "Budget: {name}")
WRONG_NUMBER = message("criteria.budget_wrong", "You handed in {told:.2f} {unit}. It is {true:.2f} {unit}.")
NOT_TOLD = message("criteria.budget_missing", "It was not handed in.")
EARLY = message("criteria.told_before", "Handed in before the pass")
LATE = message("criteria.told_late", "It was handed in at {time:.1f} s. The satellite rose at {rise:.1f} s.")
SILENT = message("criteria.silent_after", "Silent after the pass")
STILL_ON = message("criteria.still_on", "The pass ended at {end:.1f} s, and a mode was on for {lasted:.1f} s more.")

NUMBERS: Final = {
    "free_space": (message("criteria.free_space", "free space"), "dB"),
    "merit": (message("criteria.merit", "G/T"), "dB/K"),
    "cn0": (message("criteria.cn0", "C/N0"), "dBHz"),
    "eb_n0": (message("criteria.eb_n0", "Eb/N0"), "dB"),
}
"""What the lines of a budget are called."""


def bits_delivered(trace: Trace, worth: Worth, lost: Tolerance) -> Check:
    """Bits in frames that arrived, as a share of the best law's; lost frames take their part of the points."""
    values = _downlink(trace)
    if values is None:
        return worth.missing("delivered", DELIVERED(), NO_DOWNLINK(), follows=cut_off(trace))
    sent, bits, best = values["sent"], values["bits"], max(values["best_bits"], 1)
    if not sent:
        return worth.missing("delivered", DELIVERED(), NOTHING_SENT())
    share, part = bits / best, values["lost"] / sent
    kept = lost.share(part)
    about = {"gigabits": bits / 1e9, "share": 100.0 * share}
    if kept < 1.0:
        told = DELIVERED_LOST(lost=100.0 * part, kept=100.0 * kept, **about)
    else:
        told = DELIVERED_SHARE(best=best / 1e9, **about)
    points, tolerance = worth.points * worth.tolerance.share(share) * kept, worth.tolerance
    kept_told = told if round(points, 2) < round(worth.points, 2) else NOTHING
    title, measured, full = DELIVERED(), tolerance.show(share), tolerance.full
    return Check(title, worth.group, points, worth.points, measured, full, "%", None, kept_told, "delivered")


def frames_lost(trace: Trace, worth: Worth) -> Check:
    """The part of the sent frames that was lost."""
    values = _downlink(trace)
    if values is None or not values["sent"]:
        return worth.missing("lost", LOST(), NOTHING_SENT(), follows=True)
    part, time = values["lost"] / values["sent"], _worst_moment(trace)
    told = LOST_PART(lost=values["lost"], sent=values["sent"], part=100.0 * part, time=time)
    return worth.check("lost", LOST(), part, time, told)


def budget_told(trace: Trace, form: str, true: Mapping[str, float], worth: Worth) -> list[Check]:
    """The last numbers that were handed in with a form, against the true ones (dB), each a check of its own."""
    entries = _entries(trace, form)
    told = entries[-1].data["values"] if entries else {}
    shares = worth.shared(len(true))
    return [_number(name, value, told, share) for (name, value), share in zip(true.items(), shares, strict=True)]


def _number(name: str, true: float, told: Mapping[str, float], worth: Worth) -> Check:
    words, unit = NUMBERS[name]
    title, key = NUMBER(name=words()), f"budget-{name}"
    value = told.get(f"{name}_db")
    if value is None:
        return worth.missing(key, title, NOT_TOLD())
    capped = max(min(float(value), 1e6), -1e6)
    return worth.check(key, title, abs(capped - true), None, WRONG_NUMBER(told=capped, true=true, unit=unit))


def told_before(trace: Trace, form: str, rise: float, worth: Worth) -> Check:
    """By how much the last entry of a form came after the satellite rose [s]."""
    entries = _entries(trace, form)
    if not entries:
        return worth.missing("early", EARLY(), NOT_TOLD(), follows=True)
    time = entries[-1].step * trace.step_s
    return worth.check("early", EARLY(), max(0.0, time - rise), time, LATE(time=time, rise=rise))


def silent_after(trace: Trace, end: float, worth: Worth) -> Check:
    """For how long a mode was on after the pass [s]; a program that never sent earns nothing."""
    values = _downlink(trace)
    if values is None or not values["sent"]:
        return worth.missing("silent", SILENT(), NOTHING_SENT(), follows=True)
    lasted = max(0.0, _last_on(trace) - end)
    if cut_off(trace) and trace.duration < end:
        return worth.missing("silent", SILENT(), NO_DOWNLINK(), follows=True)
    return worth.check("silent", SILENT(), lasted, end, STILL_ON(end=end, lasted=lasted))


def _last_on(trace: Trace) -> float:
    """Until when a mode was on [s], by the changes themselves: samples stand far apart while nothing is received."""
    changes = [(event.step * trace.step_s, event.data["mode"]) for event in trace.events_of("modem_mode")]
    ends = [*(time for time, _mode in changes[1:]), trace.duration]
    return max((end for (_time, mode), end in zip(changes, ends, strict=False) if mode not in ("", "-")), default=0.0)


def _downlink(trace: Trace) -> Mapping[str, int] | None:
    """What the modem says at the end of a run; None where there is nothing."""
    events = trace.events_of("downlink")
    return events[-1].data if events else None


def _entries(trace: Trace, form: str) -> list[Event]:
    return [event for event in trace.events_of("entry") if event.data.get("form") == form]


def _worst_moment(trace: Trace) -> float:
    """Around which sample [s] most frames were lost, over ten seconds."""
    lost = trace["modem_lost"].astype(np.float64)
    if len(lost) < 2:
        return 0.0
    before = np.searchsorted(trace.time, trace.time - 10.0)
    return float(trace.time[int(np.argmax(lost - lost[before]))])
