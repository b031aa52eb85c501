"""Moments: what happened in a run, as words with a time, for marks and lists. Knows no station."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sheber.i18n import N_, _
from sheber.trace import Event, Printed, Trace

__all__ = ["Line", "Moment", "last_trouble", "moments", "printed_lines", "running_lines", "visible"]

CROWD: Final = 120  # kinds with more events than this get no marks of their own
QUIET: Final = frozenset({"connect", "end", "move_done", "wait", "contact_end"})  # nothing that one would look for
GRAVE: Final = frozenset({"emergency_stop", "error", "lost"})

_WORDS: Final[Mapping[str, str]] = {
    "move": N_("move"),
    "error": N_("error"),
    "grip": N_("gripped"),
    "release": N_("let go"),
    "lost": N_("lost"),
    "contact": N_("contact"),
    "emergency_stop": N_("emergency stop"),
    "input": N_("input"),
    "output": N_("output"),
    "capture": N_("picture taken"),
    "note": N_("note"),
    "show": N_("picture shown"),
    "hint": N_("hint"),
}
_UNIT: Final = re.compile(r"_(N|Nm|s|m|mm|kPa|deg)$")  # `force_N`: a name that carries its unit
_NAME: Final = re.compile(r"[a-z]+(_\w+)+")  # `upper_arm`: a name of a thing, not a text
_STAMP: Final = re.compile(r"^\[\s*(\d+(?:\.\d+)?)\s*s\]\s?")  # what the box puts before a printed line
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing worth a mark."""

    time: float  # s
    kind: str
    text: str
    grave: bool  # something went wrong
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


def moments(trace: Trace) -> list[Moment]:
    """The events that a reader looks for, in order; kinds that come in crowds only where they are grave."""
    counts: dict[str, int] = {}
    for event in trace.events:
        counts[event.kind] = counts.get(event.kind, 0) + 1
    return [
        Moment(event.step * trace.step_s, event.kind, _said(event), _grave(event), int(event.data.get("line") or 0))
        for event in trace.events
        if _grave(event) or not (event.kind in QUIET or counts[event.kind] > CROWD or event.data.get("meant"))
    ]


def last_trouble(trace: Trace) -> float:
    """When the last thing went wrong [s]; the run's end where nothing did."""
    times = [event.step * trace.step_s for event in trace.events if event.kind in GRAVE]
    return times[-1] if times else trace.duration


def _grave(event: Event) -> bool:
    return event.kind in GRAVE or (event.kind == "contact" and event.data.get("meant") is False)


def _said(event: Event) -> str:
    """`contact: forearm, post, 82 N`."""
    head = _(_WORDS[event.kind]) if event.kind in _WORDS else event.kind.replace("_", " ")
    skipped = {"line", "index", "meant", "start_step", "speed", "acceleration", "blend"}
    parts = [_value(name, value) for name, value in event.data.items() if name not in skipped]
    words = ", ".join(part for part in parts if part)
    return visible(f"{head}: {words}" if words else head)[:400]


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{name} {_('on') if value else _('off')}" if name != "value" else (_("on") if value else _("off"))
    if isinstance(value, int | float):
        unit = _UNIT.search(name)
        return f"{value:.4g} {unit[1]}" if unit else ""
    if not isinstance(value, str):
        return ""
    return value.replace("_", " ") if _NAME.fullmatch(value) else value


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
    if channel not in {name for name, *_rest in trace.channels}:
        return []
    lines = trace[channel].astype(int)
    changes = [n for n in range(len(lines)) if n == 0 or lines[n] != lines[n - 1]]
    times = trace.time
    return [(round(float(times[n]), 3), int(lines[n])) for n in changes]
