"""Ending: how a program's process ended, and which outcome that is."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from sheber.i18n import _
from sheber.station import Limits
from sheber.trace import Outcome, OutcomeKind

__all__ = ["LAST_WORDS_S", "Ending", "Said", "outcome_of"]

LAST_WORDS_S = 5.0  # between the end of the conversation and the end of the process [s]


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """The stub's last words: how the program ended, as far as it can tell. Untrusted."""

    ended: Literal["finished", "error", "memory", "stopped"]
    message: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    line: Annotated[int, msgspec.Meta(ge=0, le=1 << 20)] = 0
    processor_s: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How the process ended."""

    code: int  # exit code; negative: minus the signal
    said: Said | None  # None: it went without a word
    processor_s: float  # processor time [s], as last seen
    stopped: bool = False  # it did not go of itself: the judge ended it


def outcome_of(ending: Ending, limits: Limits, connected: bool) -> Outcome:
    """The outcome of a run whose program has gone of itself."""
    said = ending.said
    if said is not None and said.ended == "finished":
        if connected:
            return Outcome(OutcomeKind.FINISHED)
        text = _("The program came to its end without connecting to the cell; it has to call connect().")
        return Outcome(OutcomeKind.PROGRAM_ERROR, text, 0, connected)
    if said is not None and said.ended == "stopped":
        text = _("The program used up its {limit} s of processor time.").format(limit=limits.processor_s)
        return Outcome(OutcomeKind.RESOURCE_LIMIT, text, said.line, connected)
    if said is not None:
        kind = OutcomeKind.RESOURCE_LIMIT if said.ended == "memory" else OutcomeKind.PROGRAM_ERROR
        return Outcome(kind, _plain(said.message), said.line, connected)
    if ending.stopped:
        text = _("The program closed its connection and did not come to its end within {limit:g} s; it was stopped.")
        return Outcome(OutcomeKind.PROGRAM_ERROR, text.format(limit=LAST_WORDS_S), 0, connected)
    if ending.code == -9:  # SIGKILL
        if ending.processor_s > 0.9 * limits.processor_s - 1.0:
            text = _("The program used up its {limit} s of processor time.").format(limit=limits.processor_s)
        else:
            text = _("The program was killed by the system; most often that is a lack of memory.")
        return Outcome(OutcomeKind.RESOURCE_LIMIT, text, 0, connected)
    if ending.code < 0:
        text = _("The program crashed: {signal}.").format(signal=signal_words(-ending.code))
    else:
        text = _("The program left in the middle (exit code {code}), without coming to its end.").format(
            code=ending.code
        )
    return Outcome(OutcomeKind.PROGRAM_ERROR, text, 0, connected)


def _plain(text: str) -> str:
    """Text of a program as one line, without what a terminal would obey or no file would take."""
    line = " · ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def signal_words(number: int) -> str:
    """A signal in words: "segmentation fault"."""
    return (signal.strsignal(number) or f"signal {number}").lower()
