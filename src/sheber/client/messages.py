"""Texts for students: errors with lines of their program, the simulated time on printed lines, a hint on sleeping."""

from __future__ import annotations

import io
import linecache
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from sheber.client.errors import RunOver, SheberError, wrong
from sheber.client.hints import hint, in_plain_words
from sheber.client.session import is_students_file
from sheber.i18n import Text, _, is_form, message

__all__ = [
    "TimedLines",
    "ended_itself",
    "explain",
    "explain_uncaught",
    "hint_on_sleep",
    "install_stdout_times",
    "set_clock",
    "stopped",
    "told",
]

ENDED_ITSELF = message("client.ended_itself", "The program ended with sys.exit({code}).")
NOT_A_TEXT = message("client.write_takes_a_text", "write() takes a string. You gave an object of type {kind}.")
CALLERS = 5  # calls named beside an error, at most

_clock: Callable[[], float] = lambda: 0.0  # noqa: E731  (simulated s; set_clock puts the session's here)


def set_clock(clock: Callable[[], float]) -> None:
    """Let printed lines carry the time that `clock` tells [simulated s]."""
    global _clock
    _clock = clock


# --- errors ---------------------------------------------------------------------------------


def explain(error: BaseException, program: str | Path) -> str:
    """What went wrong in a student's program, in plain words and with the lines of that program only.

    `error` is what came out of it, `program` the path of its file. Never shows anything of our own insides.
    """
    if isinstance(error, SyntaxError):
        return _explain_syntax(error)
    places = _places(error.__traceback__, str(program))
    if isinstance(error, SheberError) and not places and error.line:
        places = [error.line]
    words = in_plain_words(error) or _words(error, places)
    lines = [_at_line(places[-1], words) if places else words, *_shown_source(program, places), hint(error)]
    return "\n".join(line for line in lines if line)


def told(error: BaseException) -> dict[str, Any]:
    """What the judge may record of an uncaught error of ours: its kind, and the id and values of its sentence.

    Empty for every other error.
    """
    form = getattr(error, "text", None)  # a SyntaxError's `text` is a line of the program
    return {"kind": type(error).__name__, "text": form} if is_form(form) else {}


def ended_itself(code: object) -> Text:
    """The sentence for a program that called `sys.exit(code)`."""
    return ENDED_ITSELF(code=repr(code)[:200])


def stopped(line: int) -> str:
    """What a program prints last when a limit has stopped it at a line."""
    return _at_line(line, _("The program was stopped here, because it exceeded a limit."))


def _at_line(line: int, words: str) -> str:
    return _("Line {line}: {words}").format(line=line, words=words)


def _shown_source(program: str | Path, places: list[int]) -> list[str]:
    """The line that failed, as it stands in the program, and the lines that called it."""
    source = linecache.getline(str(program), places[-1]).strip() if places else ""
    callers = [str(line) for line in places[-2::-1]]
    return [f"    {source}" if source else "", _called_from(callers) if callers else ""]


def _called_from(callers: list[str]) -> str:
    lines = _(", ").join(callers[:CALLERS])
    if len(callers) > CALLERS:
        return _("(called from line {lines}, ...)").format(lines=lines)
    return _("(called from line {lines})").format(lines=lines)


def _places(trace: TracebackType | None, program: str) -> list[int]:
    """The program's own lines in a traceback, outermost first, repetitions of a recursion left out."""
    places: list[int] = []
    while trace is not None:
        if _same_file(trace.tb_frame.f_code.co_filename, program):
            line = trace.tb_lineno
            if line not in places[-2:]:
                places.append(line)
        trace = trace.tb_next
    return places


def _same_file(one: str, other: str) -> bool:
    return one == other or Path(one) == Path(other) or (Path(one).is_absolute() and Path(one) == Path(other).absolute())


def _words(error: BaseException, places: list[int]) -> str:
    """An error in its own words, its kind before them; the usual ones of Python in ours."""
    words = str(error).strip()
    if isinstance(error, RunOver):
        return words
    if isinstance(error, KeyboardInterrupt):
        return _("The program was interrupted.")
    if isinstance(error, MemoryError):
        return _("MemoryError: the program used all of its memory.")
    if isinstance(error, RecursionError):
        return _("RecursionError: a function called itself too many times.")
    if isinstance(error, KeyError) and len(error.args) == 1:
        return _("KeyError: there is no entry {name!r}.").format(name=error.args[0])
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if isinstance(error, SheberError) and error.line and places and error.line != places[-1]:
        return _("{words} (The move in line {line} caused this.)").format(words=said, line=error.line)
    return said


def _explain_syntax(error: SyntaxError) -> str:
    words = _("The program cannot be read as Python: {why}").format(why=error.msg)
    lines = [_at_line(error.lineno, words) if error.lineno else words]
    if error.text and error.text.strip():
        text = error.text.rstrip("\n")
        shown = text.lstrip()
        lines.append(f"    {shown}")
        column = (error.offset or 0) - 1 - (len(text) - len(shown))
        if 0 <= column <= len(shown):
            lines.append(f"    {' ' * column}^")
    return "\n".join(lines)


def explain_uncaught(program: str) -> None:
    """Let uncaught errors of `program` be shown by `explain`; for programs that no stub runs (an IDE)."""
    usual = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not _places(trace, program):
            usual(kind, error, trace)  # not the student's mistake: everything is needed
            return
        print(explain(error, program), file=sys.stderr)

    sys.excepthook = show


# --- printed lines --------------------------------------------------------------------------


class TimedLines(io.TextIOBase):
    """A text stream that puts the simulated time before each line, like ``[   3.42 s] ``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._at_start = True
        self._writing = threading.Lock()

    def write(self, text: str) -> int:
        """Write `text`; every line that begins in it gets the time of now."""
        if not isinstance(text, str):
            raise wrong(TypeError, NOT_A_TEXT(kind=type(text).__name__))
        stamp = f"[{_clock():7.2f} s] "
        with self._writing:
            for line in text.splitlines(keepends=True):
                self._stream.write(stamp + line if self._at_start else line)
                self._at_start = line.endswith(("\n", "\r"))
        return len(text)

    def flush(self) -> None:
        """Flush what lies below."""
        self._stream.flush()

    def isatty(self) -> bool:
        """As what lies below."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As what lies below."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """It is."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As what lies below."""
        return self._stream.encoding

    @property
    def buffer(self) -> Any:
        """The bytes below: what is written there carries no time."""
        return self._stream.buffer


def install_stdout_times() -> None:
    """Let everything that the program prints carry the simulated time; may be called again."""
    if not isinstance(sys.stdout, TimedLines):
        sys.stdout = TimedLines(sys.stdout)


# --- sleeping -------------------------------------------------------------------------------


def hint_on_sleep(tell: Callable[[float], None]) -> None:
    """Say once, at the first `time.sleep` of the program, that it passes no simulated time; `tell` gets the seconds.

    Sleeping goes on as always: only `time.sleep` itself is wrapped, once per process.
    """
    if getattr(time.sleep, "hints", False):
        return
    usual = time.sleep
    hinted = False

    def sleep(seconds: float, /) -> None:
        """Sleep in wall time. No simulated time passes: use cell.wait for that."""
        nonlocal hinted
        caller = sys._getframe(1)
        if not hinted and is_students_file(caller.f_code.co_filename):
            hinted = True
            print(_sleep_hint(seconds, caller.f_lineno), file=sys.stderr, flush=True)
            tell(seconds)
        usual(seconds)

    sleep.hints = True  # type: ignore[attr-defined]
    time.sleep = sleep  # type: ignore[assignment]


def _sleep_hint(seconds: float, line: int) -> str:
    text = _(
        "Hint: No simulated time passes during time.sleep({seconds:g}) in line {line}. The station stands still while "
        "a program sleeps. Use cell.wait({seconds:g}) instead."
    )
    return text.format(seconds=seconds, line=line)
