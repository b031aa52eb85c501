"""Words for students: errors in terms of their own program, the simulated time on printed lines, a hint on sleeping."""

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

from sheber.client.errors import RunOver, SheberError
from sheber.client.hints import hint, in_plain_words
from sheber.client.session import is_students_file

__all__ = ["TimedLines", "explain", "explain_uncaught", "hint_on_sleep", "install_stdout_times", "set_clock"]

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
    plain = in_plain_words(error)
    lines = [_sentence(error, places, plain)]
    if places:
        source = linecache.getline(str(program), places[-1]).strip()
        if source:
            lines.append(f"    {source}")
        callers = [str(line) for line in places[-2::-1]]
        if callers:
            shown = ", ".join(callers[:5]) + (", ..." if len(callers) > 5 else "")
            lines.append(f"(called from line {shown})")
    further = hint(error)
    if further:
        lines.append(further)
    return "\n".join(lines)


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


def _sentence(error: BaseException, places: list[int], plain: str) -> str:
    where = f"Line {places[-1]}: " if places else ""
    if plain:
        return f"{where}{plain}"
    words = str(error).strip()
    if isinstance(error, SheberError):
        moved = f" (the move of line {error.line})" if error.line and places and error.line != places[-1] else ""
        return f"{where}{type(error).__name__}: {words}{moved}"
    if isinstance(error, RunOver):
        return f"{where}{words}"
    if isinstance(error, KeyboardInterrupt):
        return f"{where}interrupted"
    if isinstance(error, MemoryError):
        return f"{where}MemoryError: the program used up its memory"
    if isinstance(error, RecursionError):
        return f"{where}RecursionError: a function called itself too many times"
    if isinstance(error, KeyError) and len(error.args) == 1:
        return f"{where}KeyError: there is no entry {error.args[0]!r}"
    return f"{where}{type(error).__name__}{': ' + words if words else ''}"


def _explain_syntax(error: SyntaxError) -> str:
    where = f"Line {error.lineno}: " if error.lineno else ""
    lines = [f"{where}the program cannot be read as Python: {error.msg}"]
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
            raise TypeError(f"write() takes a text, not {type(text).__name__}")
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
    told = False

    def sleep(seconds: float, /) -> None:
        """Sleep in wall time; passes no simulated time (sheber: cell.wait)."""
        nonlocal told
        caller = sys._getframe(1)
        if not told and is_students_file(caller.f_code.co_filename):
            told = True
            print(
                f"hint: time.sleep({seconds:g}) in line {caller.f_lineno} passes no simulated time: "
                f"the cell stands still while a program sleeps. Use cell.wait({seconds:g}).",
                file=sys.stderr,
                flush=True,
            )
            tell(seconds)
        usual(seconds)

    sleep.hints = True  # type: ignore[attr-defined]
    time.sleep = sleep  # type: ignore[assignment]
