"""Seen: what a reader may see of a run. The one place that decides what is left out.

A reader of "points" may know how well a program did, and not which scene it stood before: a scene that a school uses
to grade must stay unknown until it is released. For such a reader a page is made of what stands here alone, and the
recording is not at hand to whoever writes the page.

The program itself has seen the scene, so whatever it can choose could tell of it. Left out are what it printed and the
words of the error that it ended with, and line numbers that no usual program has. The points themselves stay a
narrow channel (a program can wait for a time that it chooses): see the threat model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from sheber.exercises.score import Score
from sheber.judge.sandbox.ending import PROGRAMS_WORDS
from sheber.trace import NOTHING, Header, Outcome, OutcomeKind, Trace

__all__ = ["Seen", "Shown", "seen", "seen_ending", "seen_scene"]

Shown = Literal["everything", "points"]
MOST_LINES: Final = 1000  # a line beyond it could be any number
_PROGRAM_ENDS: Final = frozenset({OutcomeKind.PROGRAM_ERROR, OutcomeKind.PROTOCOL_ERROR})


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page may be made of."""

    header: Header
    outcome: Outcome
    score: Score
    recording: Trace | None  # None: nothing of what was recorded may be seen


def seen(trace: Trace, score: Score, shown: Shown) -> Seen:
    """What a reader may see of a run. Raises ValueError for an unknown `shown`, never shows more by mistake."""
    _check(shown)
    if shown == "everything":
        return Seen(trace.header, trace.outcome, score, trace)
    timeless = tuple(replace(check, time=None) for check in score.checks)
    return Seen(_public(trace.header), seen_ending(trace.outcome, shown), replace(score, checks=timeless), None)


def seen_scene(name: str, seed: int | None, shown: Shown) -> tuple[str, int | None]:
    """Name and seed of a scene as a reader may see them; "" for a name that gives the seed away ("practice 7")."""
    _check(shown)
    if shown == "everything":
        return name, seed
    tells = seed is not None and str(seed) in re.findall(r"\d+", name)
    return "" if tells else name, None


def seen_ending(outcome: Outcome, shown: Shown) -> Outcome:
    """How a run ended, without words or large numbers that a program may have chosen after it saw the scene."""
    _check(shown)
    if shown == "everything" or not outcome.connected:
        return outcome
    programs_own = outcome.kind in _PROGRAM_ENDS or outcome.text.id.startswith(PROGRAMS_WORDS)
    line = outcome.line if outcome.line <= MOST_LINES else 0
    return replace(outcome, text=NOTHING if programs_own else outcome.text, line=line)


def _public(header: Header) -> Header:
    """The header with what says nothing about the scene. A list of what stays: new fields are left out."""
    name, _seed = seen_scene(header.scene, header.seed, "points")
    return Header(
        header.exercise,
        header.exercise_version,
        header.exercise_sha256,
        header.program,
        header.program_sha256,
        scene=name,
        station=header.station,
        sandbox=header.sandbox,
        language=header.language,
    )


def _check(shown: Shown) -> None:
    if shown not in get_args(Shown):
        raise ValueError(f"a report shows {' or '.join(get_args(Shown))}, not {shown!r}")
