"""Moments: what happened in a run, as words with a time, for marks and lists.

What a kind of event is called, and whether a reader looks for it, the trace says itself (`Trace.event_kinds`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sheber.i18n import Text, _, filled
from sheber.trace import Event, EventKind, Printed, Trace

__all__ = [
    "Line",
    "Moment",
    "cycles",
    "failures",
    "last_trouble",
    "moments",
    "printed_lines",
    "running_lines",
    "translated",
    "visible",
]

OFTEN: Final = 30  # kinds with more events than this get small marks that the keys N and P pass over
CROWD: Final = 120  # kinds with more events than this get no marks of their own
_FEWEST_CYCLES: Final = 3
_MOST_CYCLES: Final = 200
_LONGEST: Final = 400  # characters of a moment
_UNNAMED: Final = EventKind("")

_UNIT: Final = re.compile(r"_(N|Nm|s|m|mm|kPa|deg)$")  # `force_N`: a name that carries its unit
_NAME: Final = re.compile(r"[a-z]+(_\w+)+")  # `upper_arm`: a name of a thing, not a text
_STAMP: Final = re.compile(r"^\[\s*(\d+(?:\.\d+)?)\s*s\]\s?")  # what the box puts before a printed line
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing worth a mark."""

    time: float  # s
    text: str
    grave: bool  # something went wrong
    often: bool  # one of many of its kind
    line: int  # of the program; 0: none


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line."""

    stream: str
    text: str
    time: float | None  # simulated s, where the line carries it


def visible(text: object) -> str:
    """Text of a student without characters that steer terminals or turn writing round."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


def translated(msgid: str) -> str:
    """A title or label that the station brought along, in the language in force."""
    return visible(_(msgid)) if msgid else ""


def moments(trace: Trace) -> list[Moment]:
    """The events that a reader looks for, in order; kinds that come in crowds only where they are grave."""
    counts = Counter(event.kind for event in trace.events)
    found = []
    for event in trace.events:
        kind = trace.event_kinds.get(event.kind, _UNNAMED)
        grave, often = _grave(event, kind), counts[event.kind] > OFTEN
        if grave or not (kind.quiet or _as_meant(event, kind) or counts[event.kind] > CROWD):
            time = event.step * trace.step_s
            found.append(Moment(time, _said(event, kind), grave, often and not grave, _line(event)))
    return found


def last_trouble(trace: Trace) -> float:
    """When the last thing went wrong [s]; the run's end where nothing did."""
    kinds = trace.event_kinds
    troubles = [event for event in trace.events if _grave(event, kinds.get(event.kind, _UNNAMED))]
    return troubles[-1].step * trace.step_s if troubles else trace.duration


def cycles(trace: Trace) -> list[float]:
    """When each cycle of the run begins [s]: at every event of the first kind of action that comes again and again."""
    actions = [name for name, kind in trace.event_kinds.items() if kind.action]
    for name in sorted(actions, key=lambda name: trace.event_kinds[name].quiet):
        times = [event.step * trace.step_s for event in trace.events if event.kind == name]
        if _FEWEST_CYCLES <= len(times) <= _MOST_CYCLES:
            return [0.0, *times]
    return [0.0]


def failures(trace: Trace) -> list[tuple[float, str]]:
    """When [s] and what failed in the equipment, of which no program was told; in words."""
    untold = {name: kind for name, kind in trace.event_kinds.items() if kind.untold}
    return [
        (event.step * trace.step_s, visible(_by_template(event, untold[event.kind]))[:_LONGEST])
        for event in trace.events_of(*untold)
    ]


def _as_meant(event: Event, kind: EventKind) -> bool:
    """Whether the event's own values say that it needs no attention: a contact that was meant."""
    return bool(kind.unless and event.data.get(kind.unless))


def _grave(event: Event, kind: EventKind) -> bool:
    return kind.grave and not _as_meant(event, kind)


def _line(event: Event) -> int:
    line = event.data.get("line")
    return line if isinstance(line, int) else 0


def _said(event: Event, kind: EventKind) -> str:
    """`contact: forearm, post, 82 N`."""
    head = translated(kind.title) or event.kind.replace("_", " ")
    words = _by_template(event, kind) if kind.title else _by_values(event)
    return visible(f"{head}: {words}" if words else head)[:_LONGEST]


def _by_template(event: Event, kind: EventKind) -> str:
    """The words that the station has for this kind; the values alone where they do not fit the words."""
    if not kind.says:
        return ""
    values = {name: _plain(value) for name, value in event.data.items()}
    words = (filled(template, values) for template in (_(kind.says), kind.says))
    return next((found for found in words if found is not None), None) or _by_values(event)


def _plain(value: Any) -> Any:
    """A value as it stands in a sentence: on and off, names without underscores."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return value.replace("_", " ") if isinstance(value, str) and _NAME.fullmatch(value) else value


def _by_values(event: Event) -> str:
    """The values of an event that nobody has words for."""
    parts = [_value(name, value) for name, value in event.data.items() if name != "line"]
    return ", ".join(part for part in parts if part)


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_plain(value)) if name == "value" else f"{name} {_plain(value)}"
    if isinstance(value, int | float):
        unit = _UNIT.search(name)
        return f"{value:.4g} {unit[1]}" if unit else ""
    return str(_plain(value)) if isinstance(value, str | Text) else ""


def printed_lines(pieces: Sequence[Printed]) -> list[Line]:
    """The printed text as lines; a time in square brackets at the start of a line becomes the line's time."""
    lines: list[Line] = []
    for stream in dict.fromkeys(piece.stream for piece in pieces):
        whole = "".join(piece.text for piece in pieces if piece.stream == stream)
        for text in whole.splitlines():
            stamp = _STAMP.match(text)
            time = float(stamp[1]) if stamp else None
            lines.append(Line(stream, visible(text[stamp.end() :] if stamp else text), time))
    return lines


def running_lines(trace: Trace, channel: str = "line") -> list[tuple[float, int]]:
    """Which line of the program was running from when on: (time s, line), one entry a change."""
    if channel not in {one.name for one in trace.channels}:
        return []
    lines = trace[channel].astype(int)
    changes = [n for n in range(len(lines)) if n == 0 or lines[n] != lines[n - 1]]
    times = trace.time
    return [(round(float(times[n]), 3), int(lines[n])) for n in changes]
