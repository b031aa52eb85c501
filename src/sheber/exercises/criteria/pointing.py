"""Pointing: criteria of an antenna that follows satellites: time outside the beam, what was forced, reversals, parking.

They read the channels and events of the antenna of a ground station (`mount_error`, `mount_aim`, `mount_…`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.trace import NOTHING, Trace

__all__ = ["beam_kept", "mount_parked", "mount_safety", "reversals_made"]

KEPT = message("criteria.beam_kept", "Beam on {name}")
LEFT = message(
    "criteria.beam_left",
    "{name} was outside the beam for {lost:.1f} s of {whole:.0f} s, the longest time from {since:.1f} s to "
    "{until:.1f} s. The largest error was {error:.1f} deg at {time:.1f} s.",
)
NOT_SEEN = message("criteria.pass_not_recorded", "The run ended before {name} rose.")
SAFE = message("criteria.mount_safe", "Nothing forced")
SAFE_FURTHER = message("criteria.mount_safe_further", "Nothing else forced")
LIMIT = message("criteria.mount_limit", "End of the travel")
HIT = message("criteria.mount_hit", "At {time:.1f} s the {axis} ran against an end of its travel.")
REFUSED = message("criteria.mount_refused", "Place beyond the travel")
BEYOND = message("criteria.mount_beyond", "At {time:.1f} s the mount refused a command. {why}")
LONG_TURN = message("criteria.mount_long_turn", "Long turn during a pass")
TURNED = message(
    "criteria.mount_turned", "At {time:.1f} s, while {name} was up, the mount began to go the long way round."
)
REVERSALS = message("criteria.reversals", "Reversals during the passes")
REVERSED = message(
    "criteria.reversed",
    "The axes changed direction {count:d} times while satellites were up. Most did {most:d}, at {name}.",
)
PARKED = message("criteria.parked", "Parked at the end")
NOT_PARKED = message("criteria.not_parked", "At the end the mount stood {off:.1f} deg from its park position.")
NEVER_MOVED = message("criteria.mount_never_moved", "The mount was never moved.")

Passes = Sequence[Sequence[Any]]  # name, kind, from [s], until [s]


def beam_kept(trace: Trace, number: int, name: str, since: float, until: float, beam_deg: float, worth: Worth) -> Check:
    """How long [s] the satellite of pass `number` was farther from the axis of the beam than half its width.

    Time that was not recorded, because the run had ended, counts as lost.
    """
    key, title = f"beam-{number}", KEPT(name=name)
    here = np.flatnonzero(trace["mount_aim"] == number)
    if not len(here):
        return worth.missing(key, title, NOT_SEEN(name=name), follows=cut_off(trace))
    times, errors = trace.time[here], np.asarray(trace["mount_error"], np.float64)[here]
    lasted = np.diff(times, append=times[-1])
    outside = errors > beam_deg / 2.0
    lost = (until - since) - float(lasted[~outside].sum())
    first, last = _longest(times, outside)
    worst = int(np.argmax(errors))
    told = LEFT(
        name=name,
        lost=lost,
        whole=until - since,
        since=first,
        until=last,
        error=float(errors[worst]),
        time=times[worst],
    )
    return worth.check(key, title, max(0.0, lost), first, told)


def _longest(times: NDArray[np.float64], outside: NDArray[np.bool_]) -> tuple[float, float]:
    """The longest stretch of time outside the beam."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], outside, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2] - 1
    if not len(starts):
        return float(times[0]), float(times[0])
    longest = int(np.argmax(times[ends] - times[starts]))
    return float(times[starts[longest]]), float(times[ends[longest]])


def mount_safety(trace: Trace, points: float, costs: Mapping[str, float], passes: Passes) -> list[Check]:
    """All points at the start; each end of the travel, refused place and long turn in a pass takes some of them.

    `costs`: points by "limit", "refused" and "long_turn".
    """
    left, checks = points, []
    for key, title, time, told in sorted(_forced(trace, passes), key=lambda one: one[2]):
        cost = min(costs[key], left)
        if cost > 0.0:
            checks.append(Check(title, "safety", 0.0, cost, 1.0, 0.0, "", time, told, key))
            left = round(left - cost, 2)
    if left > 0.0 or not checks:
        title = SAFE_FURTHER() if checks else SAFE()
        checks.append(Check(title, "safety", left, left, 0.0, 0.0, "", None, NOTHING, "safe"))
    return checks


def _forced(trace: Trace, passes: Passes) -> Iterator[tuple[str, Text, float, Text]]:
    """Key, title, time [s] and words of everything that was forced."""
    for event in trace.events_of("mount_limit"):
        time = event.step * trace.step_s
        yield "limit", LIMIT(), time, HIT(time=time, axis=event.data["axis"])
    for event in trace.events_of("error"):
        if event.data.get("kind") == "MountLimit":
            time = event.step * trace.step_s
            yield "refused", REFUSED(), time, BEYOND(time=time, why=event.data["text"])
    for event in trace.events_of("mount_latched"):
        time = event.step * trace.step_s
        name = next((name for name, _kind, since, until in passes if since < time < until), None)
        if name is not None:
            yield "long_turn", LONG_TURN(), time, TURNED(time=time, name=name)


def reversals_made(trace: Trace, passes: Passes, worth: Worth) -> Check:
    """How often an axis changed its direction while satellites were up."""
    if not trace.events_of("mount_asked"):
        return worth.missing("reversals", REVERSALS(), NEVER_MOVED(), follows=True)
    times = [event.step * trace.step_s for event in trace.events_of("mount_reversed")]
    counts = [sum(since <= time <= until for time in times) for _name, _kind, since, until in passes]
    most = int(np.argmax(counts))
    told = REVERSED(count=sum(counts), most=counts[most], name=passes[most][0])
    return worth.check("reversals", REVERSALS(), float(sum(counts)), float(passes[most][2]), told)


def mount_parked(trace: Trace, park_deg: Sequence[float], worth: Worth) -> Check:
    """How far [rad] the mount stood from its park position at the end, by its encoders."""
    if not trace.events_of("mount_asked"):
        return worth.missing("park", PARKED(), NEVER_MOVED(), follows=True)
    off = float(np.abs(np.asarray(trace["mount_reading"][-1], np.float64) - np.asarray(park_deg)).max())
    return worth.check("park", PARKED(), math.radians(off), trace.duration, NOT_PARKED(off=off))
