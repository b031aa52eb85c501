"""Ending: how a program's process ended, and which outcome that is."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from sheber.i18n import Text, message
from sheber.judge.sandbox.told import one_line, told_text
from sheber.station import Limits
from sheber.trace import NOTHING, Outcome, OutcomeKind

__all__ = ["LAST_WORDS_S", "PROGRAMS_WORDS", "Ending", "Said", "outcome_of"]

LAST_WORDS_S = 5.0  # between the end of the conversation and the end of the process [s]

NOT_CONNECTED = message(
    "run.not_connected", "The program ended and did not connect to the station. It must call connect()."
)
PROCESSOR_TIME = message("run.processor_time", "The program used all of its {limit} s of processor time.")
STAYED = message(
    "run.stayed", "The program closed its connection but did not end within {limit:g} s, so it was stopped."
)
KILLED = message("run.killed", "The system killed the program. The usual reason is a lack of memory.")
CRASHED = message("run.crashed", "The program crashed: {signal}.")
LEFT = message("run.left", "The program stopped before its end, with exit code {code}.")
PROGRAMS_WORDS = "run.program_error"  # how the ids of sentences that hold words of the program begin
SAID = message("run.program_error", "{said}")
TOLD = message("run.program_error_told", "Line {line}: {told}")
KIND = message("run.program_error_kind", "{kind}: {told}")
FURTHER = message(
    "run.program_error_further", "{told} · {further}"
)  # a line of code and a hint, as the program has them

_SAY_IT_THEMSELVES = ("RunOver", "SystemExit")  # kinds whose sentences need no name before them

SIGNAL = message("run.signal", "signal {number}")
_SIGNALS = {
    "SIGSEGV": message("run.segmentation_fault", "segmentation fault"),
    "SIGABRT": message("run.aborted", "aborted"),
    "SIGBUS": message("run.bus_error", "bus error"),
    "SIGFPE": message("run.arithmetic", "arithmetic error"),
    "SIGILL": message("run.illegal_instruction", "illegal instruction"),
    "SIGSYS": message("run.forbidden_call", "a system call that the box forbids"),
    "SIGTERM": message("run.terminated", "terminated"),
}


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """The stub's last words: how the program ended, as far as it can tell. Untrusted."""

    ended: Literal["finished", "error", "memory", "stopped"]
    message: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    line: Annotated[int, msgspec.Meta(ge=0, le=1 << 20)] = 0
    processor_s: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    kind: Annotated[str, msgspec.Meta(max_length=100)] = ""  # class of the error, beside `text`
    text: Any = None  # id and values of the error's sentence, where it is one of ours


@dataclass(frozen=True, slots=True)
class Ending:
    """How the process ended."""

    code: int  # exit code; negative: minus the signal
    said: Said | None  # None: it went without a word
    processor_s: float  # processor time [s], as last seen
    stopped: bool = False  # it did not end by itself: the judge stopped it


def outcome_of(ending: Ending, limits: Limits, connected: bool) -> Outcome:
    """The outcome of a run whose program has gone, where the station did not end it."""
    if ending.said is not None:
        return _outcome_said(ending.said, _used_up(ending, limits), limits, connected)
    kind, text = OutcomeKind.PROGRAM_ERROR, LEFT(code=ending.code)
    if ending.stopped:
        text = STAYED(limit=LAST_WORDS_S)
    elif ending.code == -9:  # SIGKILL
        text = PROCESSOR_TIME(limit=limits.processor_s) if _used_up(ending, limits) else KILLED()
        kind = OutcomeKind.RESOURCE_LIMIT
    elif ending.code < 0:
        text = CRASHED(signal=signal_text(-ending.code))
    return Outcome(kind, text, 0, connected)


def _used_up(ending: Ending, limits: Limits) -> bool:
    """Whether the processor time that the judge has seen is about what the program may use."""
    return ending.processor_s > 0.9 * limits.processor_s - 1.0


def _outcome_said(said: Said, used_up: bool, limits: Limits, connected: bool) -> Outcome:
    """The outcome that the last words tell of. A program can claim that its time is used up, so the judge looks."""
    if said.ended == "finished":
        kind, text = (OutcomeKind.FINISHED, NOTHING) if connected else (OutcomeKind.PROGRAM_ERROR, NOT_CONNECTED())
        return Outcome(kind, text, 0, connected)
    if said.ended == "stopped" and used_up:
        return Outcome(OutcomeKind.RESOURCE_LIMIT, PROCESSOR_TIME(limit=limits.processor_s), said.line, connected)
    kind = OutcomeKind.RESOURCE_LIMIT if said.ended == "memory" else OutcomeKind.PROGRAM_ERROR
    return Outcome(kind, _error_text(said), said.line, connected)


def _error_text(said: Said) -> Text:
    """An error of the program: the sentence of the station or the client where it was one, else the program's words."""
    text = told_text(said.text)
    if text is None:
        return SAID(said=one_line(said.message))
    if said.kind.isidentifier() and said.kind not in _SAY_IT_THEMSELVES:
        text = KIND(kind=said.kind, told=text)
    if said.line:
        text = TOLD(line=said.line, told=text)
    further = one_line(said.message.partition("\n")[2])
    return FURTHER(told=text, further=further) if further else text


def signal_text(number: int) -> Text:
    """A signal in words: "segmentation fault"."""
    names = {one.value: one.name for one in signal.Signals}
    known = _SIGNALS.get(names.get(number, ""))
    return SIGNAL(number=number) if known is None else known()
