"""Safety: unintended contacts and emergency stops, each told as a loss of its own.

What the robot does, and what it holds, counts here. A part that falls on the table costs its place, and nothing more:
else a part that was dropped would cost more than one that was never fetched.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sheber.exercises.criteria.parts import held_at
from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.robot.bodies import called
from sheber.trace import NOTHING, Event, OutcomeKind, Trace

__all__ = ["Incident", "falls", "safety"]

BRIEF = 0.1  # s: a shorter contact is told in milliseconds

NO_CONTACT = message("criteria.no_contact", "No unintended contact")
NO_FURTHER = message("criteria.no_further_contact", "No further contact or stop")
TOUCHED_TITLE = message("criteria.touched_title", "Unintended contact: {a} and {b}")
TOUCHED = message(
    "criteria.touched", "At {time:.1f} s {a} and {b} touched for {lasted:.1f} s. The force was up to {force:.0f} N."
)
TOUCHED_BRIEFLY = message(
    "criteria.touched_briefly",
    "At {time:.1f} s {a} and {b} touched for {lasted:.0f} ms. The force was up to {force:.0f} N.",
)
PRESSED_TITLE = message("criteria.pressed_title", "Pressed on the table: {part}")
PRESSED = message(
    "criteria.pressed",
    "At {time:.1f} s {part} was pressed on the table for {lasted:.1f} s. The force was up to {force:.0f} N.",
)
LASTS_TITLE = message("criteria.lasts_title", "{contact}, still after {time:g} s")
LASTS = message(
    "criteria.lasts",
    "A long contact counts again every {again:g} s. This contact counted again at {time:.1f} s. {contact}",
)
STOP = message("criteria.stop", "Emergency stop")
STOPPED = message("criteria.stopped", "At {time:.1f} s the station was stopped. {why}")
_TABLE = "table"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that takes points."""

    key: str
    title: Text
    cost: float  # points
    time: float  # s
    told: Text


def safety(trace: Trace, numbers: Numbers, also: Iterable[Incident] = ()) -> list[Check]:
    """All points at the start; each unintended contact and an emergency stop take some, one check for each loss.

    `also`: what else takes points in this exercise.
    The points go to the first losses in time; what happens when none are left takes nothing and is not told.
    """
    left = maximum = numbers.points("safety")
    checks: list[Check] = []
    for one in sorted((*_incidents(trace, numbers), *also), key=lambda incident: incident.time):
        cost = min(one.cost, left)
        if cost > 0.0:
            checks.append(Check(one.title, "safety", 0.0, cost, 1.0, 0.0, "", one.time, one.told, one.key))
            left = round(left - cost, 2)
    if left > 0.0 or maximum == 0.0:
        title = NO_FURTHER() if checks else NO_CONTACT()
        checks.append(Check(title, "safety", left, left, 0.0, 0.0, "", None, NOTHING, "no-contact"))
    return checks


def _incidents(trace: Trace, numbers: Numbers) -> Iterator[Incident]:
    ends = _ends(trace)
    for event, part in _unmeant(trace):
        if not part or held_at(trace, event.step * trace.step_s) == part:
            yield from _contact(trace, numbers, event, part, ends)
    stop = _stop(trace)
    if stop is not None:
        yield Incident("stop", STOP(), numbers.real("safety.emergency_stop"), *stop)


def falls(trace: Trace) -> Iterator[tuple[Event, str]]:
    """The contact with the table, and the name, of each part that fell there; again only after it was gripped again."""
    fallen: dict[str, float] = {}  # part -> s, when it fell on the table
    for event, part in _unmeant(trace):
        time = event.step * trace.step_s
        if not part or held_at(trace, time) == part:
            continue
        if part not in fallen or _gripped(trace, part, fallen[part], time):
            fallen[part] = time
            yield event, part


def _unmeant(trace: Trace) -> Iterator[tuple[Event, str]]:
    """Each contact that was not meant, and the loose part in it that touched the table, "" for any other contact."""
    known: dict[tuple[str, str], str] = {}
    for event in trace.events_of("contact"):
        if not event.data.get("meant"):
            pair = _pair(event)
            if pair not in known:
                known[pair] = _on_table(trace, event)
            yield event, known[pair]


_Ends = Mapping[tuple[str, str], list[Event]]
"""By pair of bodies, when their contacts ended, in order: a program may tap thousands of times."""


def _contact(trace: Trace, numbers: Numbers, event: Event, part: str, ends: _Ends) -> Iterator[Incident]:
    """A contact that was not meant, and once more for each `again_s` that it lasted. `part`: what the tool presses on
    the table; "" for any other contact."""
    cost, again = numbers.real("safety.contact"), numbers.real("safety.again_s")
    most = numbers.points("safety") / cost if cost else 0.0
    time = event.step * trace.step_s
    force, lasted = _rest_of_contact(trace, ends, event)
    if part:
        title, told = (
            PRESSED_TITLE(part=called(part)),
            PRESSED(part=called(part), time=time, force=force, lasted=lasted),
        )
    else:
        pair = {side: called(str(event.data[side])) for side in ("a", "b")}
        title, told = TOUCHED_TITLE(**pair), _touched_told(pair, time, force, lasted)
    yield Incident("contact", title, cost, time, told)
    for n in range(1, 1 + int(max(0.0, min(lasted / again, most)))):  # more could not cost more
        then = time + n * again
        lasts = LASTS_TITLE(contact=title, time=n * again)
        yield Incident("contact", lasts, cost, then, LASTS(again=again, time=then, contact=told))


def _touched_told(pair: Mapping[str, Text | str], time: float, force: float, lasted: float) -> Text:
    """That two bodies touched: for how long [s], and how hard [N], rounded up: no touch is without a force."""
    force = math.ceil(round(force, 2))
    if lasted < BRIEF:
        return TOUCHED_BRIEFLY(**pair, time=time, force=force, lasted=lasted * 1e3)
    return TOUCHED(**pair, time=time, force=force, lasted=lasted)


def _on_table(trace: Trace, event: Event) -> str:
    """The loose part that touched the table; "" for any other contact."""
    a, b = str(event.data["a"]), str(event.data["b"])
    return next((one for one, other in ((a, b), (b, a)) if other == _TABLE and _is_loose(trace, one)), "")


def _gripped(trace: Trace, part: str, since: float, until: float) -> bool:
    """Whether the tool gripped a part between two moments [s]."""
    grips = (event.step * trace.step_s for event in trace.events_of("grip") if event.data.get("part") == part)
    return any(since < time <= until for time in grips)


def _is_loose(trace: Trace, name: str) -> bool:
    """Whether a body can fall: it moves in this run, and is none of the robot's, which come before the table."""
    names = list(trace.bodies)
    first = names.index(_TABLE) + 1 if _TABLE in names else 0
    if name not in names[first:] or len(trace.time) == 0:
        return False
    return bool(np.ptp(trace.body(name)[:, :3], axis=0).max() > 1e-3)


def _stop(trace: Trace) -> tuple[float, Text] | None:
    """When [s] and why the equipment was stopped. The event counts, whatever the outcome: a program that ends with an
    error of its own while the arm runs into something has still run into it."""
    for event in trace.events_of("emergency_stop"):
        time = event.step * trace.step_s
        return time, STOPPED(time=time, why=event.data.get("text", trace.outcome.text))
    if trace.outcome.kind is OutcomeKind.EMERGENCY_STOP:
        return trace.duration, STOPPED(time=trace.duration, why=trace.outcome.text)
    return None


def _ends(trace: Trace) -> _Ends:
    ends: dict[tuple[str, str], list[Event]] = {}
    for event in trace.events_of("contact_end"):
        ends.setdefault(_pair(event), []).append(event)
    return ends


def _pair(event: Event) -> tuple[str, str]:
    return str(event.data["a"]), str(event.data["b"])


def _rest_of_contact(trace: Trace, ends: _Ends, contact: Event) -> tuple[float, float]:
    """Peak force [N] and duration [s] of a contact; to the end of the run if it never ended."""
    later = ends.get(_pair(contact), [])
    first = bisect_left(later, contact.step, key=lambda event: event.step)
    if first < len(later):
        return float(later[first].data["peak_N"]), float(later[first].data["duration_s"])
    return float(contact.data["force_N"]), trace.duration - contact.step * trace.step_s
