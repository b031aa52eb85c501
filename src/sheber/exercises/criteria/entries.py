"""Entries: criteria of what a program handed in to an archive: frames, values, alarms and gaps, against the truth.

The facts of such an exercise are `sent` (a digest of each frame), `lost` (the indices of frames that cannot be had),
`values` and `alarms` (time, parameter, value or level) and `gaps` (channel, after, missing).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.score import Check
from sheber.i18n import message
from sheber.trace import NOTHING, Trace

__all__ = ["alarms_raised", "false_alarms", "frames_handed_in", "frames_once", "gaps_told", "values_told"]

NEAR_S = 15.0  # s: an alarm this near to a true one is that one: a packet may be missing
SAME_S = 0.01  # s: a value's time
SAME = 1e-3  # of a value, or of 1 where it is smaller

FRAMES = message("entries.frames", "Frames")
FRAMES_MISSING = message(
    "entries.frames_missing", "Of {wanted:d} frames that can be had, {found:d} were handed in with the right bytes."
)
VALUES = message("entries.values", "Values of parameters")
VALUES_WRONG = message(
    "entries.values_wrong",
    "Of {wanted:d} values {found:d} were handed in with the right number and the time of their packet. There were "
    "{given:d} entries. First missing: {first}.",
)
ALARMS = message("entries.alarms", "Alarms")
GUESSED = message(
    "entries.alarms_guessed",
    "Alarms count where at least half of the frames were handed in. Here it is {share:.0%} of them.",
)
ALARMS_WRONG = message(
    "entries.alarms_wrong",
    "Of {wanted:d} alarms {found:d} were raised. There were {given:d} entries. Missing: {missing}.",
)
ALARM = message("entries.alarm", "{parameter} {level} at {time:.0f} s")
VALUE = message("entries.value", "{parameter} at {time:.1f} s")
NO_MORE = message("entries.no_more", "none")
FALSE = message("entries.false", "No false alarms")
FALSE_RAISED = message(
    "entries.false_raised", "{count:d} alarms were raised that nobody should have had. The first: {first}."
)
GAPS = message("entries.gaps", "Gaps")
GAPS_WRONG = message("entries.gaps_wrong", "Of {wanted:d} gaps {found:d} were told. There were {given:d} entries.")
ONCE = message("entries.once", "Each frame once")
ONCE_WRONG = message(
    "entries.once_wrong",
    "Of {given:d} frames that were handed in, {wrong:d} were never sent and {again:d} came before.",
)
NOTHING_GIVEN = message("entries.nothing_given", "Nothing was handed in.")


def entries(trace: Trace, form: str) -> list[tuple[float, dict[str, Any]]]:
    """What was handed in on a form, and when [s]."""
    found = (event for event in trace.events_of("entry") if event.data["form"] == form)
    return [(event.step * trace.step_s, event.data["values"]) for event in found]


def frames_handed_in(trace: Trace, worth: Worth) -> Check:
    """The share of the frames that can be had which were not handed in."""
    given = {_digest(entry) for _time, entry in entries(trace, "frame")}
    lost = set(trace.facts["lost"])
    wanted = {digest for n, digest in enumerate(trace.facts["sent"]) if n not in lost}
    found = len(wanted & given)
    missing = 1.0 - min(1.0, len(set(trace.facts["sent"]) & given) / len(wanted))
    return worth.check("frames", FRAMES(), missing, None, FRAMES_MISSING(wanted=len(wanted), found=found))


def _frames_share(trace: Trace) -> float:
    """The share of the frames that were sent which were handed in."""
    sent, given = set(trace.facts["sent"]), {_digest(entry) for _time, entry in entries(trace, "frame")}
    return len(sent & given) / max(1, len(sent))


def frames_once(trace: Trace, worth: Worth) -> Check:
    """The share of the frames handed in that were never sent, or were handed in before."""
    given = [_digest(entry) for _time, entry in entries(trace, "frame")]
    if not given:
        return worth.missing("once", ONCE(), NOTHING_GIVEN(), follows=True)
    wrong = sum(digest not in trace.facts["sent"] for digest in given)
    again = len(given) - len(set(given))
    told = ONCE_WRONG(given=len(given), wrong=wrong, again=again)
    return worth.check("once", ONCE(), min(1.0, (wrong + again) / len(given)), None, told)


def values_told(trace: Trace, worth: Worth) -> Check:
    """The share of values that are missing, wrong, or too many."""
    given = [(one["time"], one["parameter"], one["value"]) for _time, one in entries(trace, "value")]
    wanted = [tuple(one) for one in trace.facts["values"]]
    near: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for time, parameter, value in given:
        near.setdefault((parameter, round(time)), []).append((time, value))
    missing = [one for one in wanted if not _among(one, near)]
    found = len(wanted) - len(missing)
    first = VALUE(parameter=missing[0][1], time=missing[0][0]) if missing else NO_MORE()
    told = VALUES_WRONG(wanted=len(wanted), found=found, given=len(given), first=first)
    return worth.check("values", VALUES(), _lacking(found, len(wanted), len(given)), None, told)


def alarms_raised(trace: Trace, worth: Worth) -> Check:
    """The share of alarms that are missing or too many; who hands in less than half of the frames has guessed."""
    share = _frames_share(trace)
    if share < 0.5:
        return worth.missing("alarms", ALARMS(), GUESSED(share=share), follows=True)
    missing, _false = _matched(trace)
    wanted, given = len(trace.facts["alarms"]), len(entries(trace, "alarm"))
    found = wanted - len(missing)
    names = [ALARM(time=time, parameter=parameter, level=level) for time, parameter, level in missing[:5]]
    told = ALARMS_WRONG(wanted=wanted, found=found, given=given, missing=names or [NO_MORE()])
    return worth.check("alarms", ALARMS(), _lacking(found, wanted, given), None, told)


def false_alarms(trace: Trace, points: float, each: float) -> Check:
    """Points are lost for each alarm that nobody should have had."""
    _missing, false = _matched(trace)
    earned = max(0.0, points - each * len(false))
    told = NOTHING
    if false:
        entry = false[0][1]
        first = ALARM(time=entry["time"], parameter=entry["parameter"], level=entry["level"])
        told = FALSE_RAISED(count=len(false), first=first)
    when = false[0][0] if false else None
    return Check(FALSE(), "safety", earned, points, float(len(false)), 0.0, "", when, told, "false")


def gaps_told(trace: Trace, worth: Worth) -> Check:
    """The share of gaps that are missing or too many."""
    given = Counter(
        (int(one["channel"]), int(one["after"]), int(one["missing"])) for _time, one in entries(trace, "gap")
    )
    wanted = Counter((int(one[0]), int(one[1]), int(one[2])) for one in trace.facts["gaps"])
    found = (given & wanted).total()
    told = GAPS_WRONG(wanted=wanted.total(), found=found, given=given.total())
    lacking = _lacking(found, wanted.total(), given.total())
    return (
        worth.check("gaps", GAPS(), lacking, None, told)
        if given or not wanted
        else worth.missing("gaps", GAPS(), told, follows=cut_off(trace))
    )


def _lacking(found: int, wanted: int, given: int) -> float:
    """1 less the share of right ones among all that were wanted or given, whichever are more."""
    most = max(wanted, given)
    return 1.0 - found / most if most else 0.0


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(bytes.fromhex(entry["data"])).hexdigest()[:16]


def _among(wanted: Sequence[Any], near: dict[tuple[str, int], list[tuple[float, float]]]) -> bool:
    """Whether a value is among those that were handed in near its time."""
    time, parameter, value = wanted
    close = [one for second in (-1, 0, 1) for one in near.get((parameter, round(time) + second), [])]
    return any(abs(t - time) <= SAME_S and abs(v - value) <= SAME * max(1.0, abs(value)) for t, v in close)


def _matched(trace: Trace) -> tuple[list[tuple[float, str, str]], list[tuple[float, dict[str, Any]]]]:
    """The true alarms that nobody raised, and those raised that are no true ones; each true one is matched once."""
    missing = [(float(time), str(parameter), str(level)) for time, parameter, level in trace.facts["alarms"]]
    false = []
    for when, entry in entries(trace, "alarm"):
        fits = [
            one
            for one in missing
            if one[1:] == (entry["parameter"], entry["level"]) and abs(one[0] - entry["time"]) <= NEAR_S
        ]
        if fits:
            missing.remove(fits[0])
        else:
            false.append((when, entry))
    return missing, false
