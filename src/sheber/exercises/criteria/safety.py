"""Safety: unintended contacts and emergency stops, each told as a loss of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.robot.bodies import called
from sheber.trace import NOTHING, Event, OutcomeKind, Trace

__all__ = ["safety"]

NO_CONTACT = message("criteria.no_contact", "No unintended contact")
NO_FURTHER = message("criteria.no_further_contact", "No further contact or stop")
TOUCHED_TITLE = message("criteria.touched_title", "Unintended contact: {a} and {b}")
TOUCHED = message(
    "criteria.touched", "At {time:.1f} s {a} and {b} touched for {lasted:.1f} s. The force was up to {force:.0f} N."
)
FELL_TITLE = message("criteria.fell_title", "Fallen on the table: {part}")
FELL = message(
    "criteria.fell",
    "At {time:.1f} s {part} fell on the table. The force was up to {force:.0f} N. It lay there for {lasted:.1f} s.",
)
LASTS_TITLE = message("criteria.lasts_title", "{contact}, still after {time:g} s")
LASTS = message(
    "criteria.lasts",
    "A long contact counts again every {again:g} s. This contact counted again at {time:.1f} s. {contact}",
)
STOP = message("criteria.stop", "Emergency stop")
STOPPED = message("criteria.stopped", "At {time:.1f} s the station was stopped. {why}")


@dataclass(frozen=True, slots=True)
class _Incident:
    """Something that takes points."""

    key: str
    title: Text
    cost: float  # points
    time: float  # s
    told: Text


def safety(trace: Trace, numbers: Numbers) -> list[Check]:
    """All points at the start; each unintended contact and an emergency stop take some, one check for each loss.

    The points go to the first losses in time; what happens when none are left takes nothing and is not told.
    """
    left = maximum = numbers.points("safety")
    checks: list[Check] = []
    for one in sorted(_incidents(trace, numbers), key=lambda incident: incident.time):
        cost = min(one.cost, left)
        if cost > 0.0:
            checks.append(Check(one.title, "safety", 0.0, cost, 1.0, 0.0, "", one.time, one.told, one.key))
            left = round(left - cost, 2)
    if left > 0.0 or maximum == 0.0:
        title = NO_FURTHER() if checks else NO_CONTACT()
        checks.append(Check(title, "safety", left, left, 0.0, 0.0, "", None, NOTHING, "no-contact"))
    return checks


def _incidents(trace: Trace, numbers: Numbers) -> Iterator[_Incident]:
    for event in trace.events_of("contact"):
        if not event.data.get("meant"):
            yield from _contact(trace, numbers, event)
    stop = _stop(trace)
    if stop is not None:
        yield _Incident("stop", STOP(), numbers.real("safety.emergency_stop"), *stop)


def _contact(trace: Trace, numbers: Numbers, event: Event) -> Iterator[_Incident]:
    """A contact that was not meant, and once more for each `again_s` that it lasted."""
    cost, again = numbers.real("safety.contact"), numbers.real("safety.again_s")
    most = numbers.points("safety") / cost if cost else 0.0
    time = event.step * trace.step_s
    force, lasted = _rest_of_contact(trace, event.step, event.data)
    title, told = _contact_words(trace, event, force, lasted)
    yield _Incident("contact", title, cost, time, told)
    for n in range(1, 1 + int(max(0.0, min(lasted / again, most)))):  # more could not cost more
        then = time + n * again
        lasts = LASTS_TITLE(contact=title, time=n * again)
        yield _Incident("contact", lasts, cost, then, LASTS(again=again, time=then, contact=told))


def _contact_words(trace: Trace, event: Event, force: float, lasted: float) -> tuple[Text, Text]:
    """Title and message of a contact that was not meant: what touched what, or what fell on the table."""
    a, b = str(event.data["a"]), str(event.data["b"])
    part = next((one for one, other in ((a, b), (b, a)) if other == "table" and _is_loose(trace, one)), "")
    time = event.step * trace.step_s
    if part and not _is_held(trace, part, event.step):
        fallen = called(part)
        return FELL_TITLE(part=fallen), FELL(part=fallen, time=time, force=force, lasted=lasted)
    pair = {"a": called(part), "b": called("table")} if part else {"a": called(a), "b": called(b)}
    return TOUCHED_TITLE(**pair), TOUCHED(**pair, time=time, force=force, lasted=lasted)


def _is_loose(trace: Trace, name: str) -> bool:
    """Whether a body can fall: it moves in this run, and is none of the robot's."""
    names = list(trace.bodies)
    tools = [n for n, body in enumerate(names) if body == "tool" or body.startswith("finger_")]
    if name not in names[max(tools, default=-1) + 1 :] or len(trace.time) == 0:
        return False
    return bool(np.ptp(trace.body(name)[:, :3], axis=0).max() > 1e-3)


def _is_held(trace: Trace, part: str, step: int) -> bool:
    """Whether the tool holds a part at this step."""
    handled = [
        event.kind
        for event in trace.events_of("grip", "release", "lost")
        if event.step <= step and event.data.get("part") == part
    ]
    return handled[-1:] == ["grip"]


def _stop(trace: Trace) -> tuple[float, Text] | None:
    """When [s] and why the equipment was stopped. The event counts, whatever the outcome: a program that ends with an
    error of its own while the arm runs into something has still run into it."""
    for event in trace.events_of("emergency_stop"):
        time = event.step * trace.step_s
        return time, STOPPED(time=time, why=event.data.get("text", trace.outcome.text))
    if trace.outcome.kind is OutcomeKind.EMERGENCY_STOP:
        return trace.duration, STOPPED(time=trace.duration, why=trace.outcome.text)
    return None


def _rest_of_contact(trace: Trace, step: int, data: Mapping[str, Any]) -> tuple[float, float]:
    """Peak force [N] and duration [s] of the contact that began at `step`; to the end of the run if it never ended."""
    for event in trace.events_of("contact_end"):
        if event.step >= step and (event.data["a"], event.data["b"]) == (data["a"], data["b"]):
            return float(event.data["peak_N"]), float(event.data["duration_s"])
    return float(data["force_N"]), trace.duration - step * trace.step_s
