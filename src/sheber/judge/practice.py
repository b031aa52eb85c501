"""Practice: a station for a program that a student started by hand, in an IDE, with breakpoints.

`connect()` starts `sheber practice EXERCISE --endpoint` as its child, reads the endpoint from the first line
it prints, and shows what it prints afterwards. Nothing is isolated: it is the student's own program on their own
machine, and the trace says level C. There is no limit of wall time, because a breakpoint is not an endless loop.
"""

from __future__ import annotations

import contextlib
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sheber.exercises.score import Score
from sheber.i18n import _, current
from sheber.judge.program import Program, ProgramError
from sheber.judge.run import Runnable, header, judged
from sheber.judge.sandbox import Sandbox
from sheber.judge.sandbox.separate import Doorman
from sheber.judge.wire import Channel, wait_for_socket
from sheber.station import Answer, Limits, Station
from sheber.trace import Outcome, OutcomeKind, Trace, TraceWriter, read
from sheber.untrusted import write_whole

__all__ = ["Guest", "Practicable", "practice"]

ARRIVAL_S = 60.0  # from the endpoint's line to the program's call [s]
EVER = 1e9  # no deadline [s]


class Practicable(Runnable, Protocol):
    """What practice needs of an exercise, beside what a run needs."""

    @property
    def title(self) -> str: ...
    def score(self, trace: Trace, /) -> Score:
        """Points of a trace."""
        ...

    def diagrams(self, trace: Trace, /) -> Any:
        """What the station draws of a run, for the report."""
        ...

    def mesh(self, name: str, /) -> Any:
        """A mesh that a visual names, for the report."""
        ...

    def texture(self, name: str, /) -> Any:
        """A texture that a visual names, for the report."""
        ...


class Guest:
    """A program at the student's own desk: a conversation without a box."""

    def __init__(self, channel: Channel, limits: Limits) -> None:
        self.limits = limits
        self.requests = 0
        self._channel = channel

    def receive(self) -> bytes | None:
        """The next request, however long it takes; None at the end."""
        request = self._channel.receive(time.monotonic() + EVER)
        self.requests += request is not None
        return request

    def send(self, answer: Answer) -> None:
        """Answer it; a program that has gone is no error."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            self._channel.send(answer, time.monotonic() + EVER)

    def printed(self) -> Iterator[tuple[str, str]]:
        """Nothing: what such a program prints goes to the student's own screen."""
        return iter(())

    def where(self) -> int:
        """Not known: it is not ours to stop."""
        return 0

    def hang_up(self, patience: float = 0.0) -> None:
        """End the conversation; the program itself is the student's."""
        self._channel.close()

    def outcome(self) -> Outcome:
        """How the program ended is seen by the student, not by us."""
        return Outcome(OutcomeKind.FINISHED, connected=self.requests > 0)


def practice(
    exercise: Practicable, seed: int, *, program: Path | None = None, out: Path, report_page: bool = True
) -> int:
    """Serve one station to one program on this machine, then score the run and write trace and report into `out`.

    program: its file, for its name and text in the report. Prints the endpoint first, and at the end the score and
    where the files are. Returns the exit code of the command: 0; 3 where no program called.
    """
    text = _own_program(program)
    doorman = Doorman()
    with contextlib.closing(doorman):
        _say(doorman.endpoint)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the program; the run is then scored
        about = header(exercise, text, seed, Sandbox("C"), f"practice {seed}")
        file = out / f"practice-{seed}.trace"
        with TraceWriter(file, about) as recorder:
            station = exercise.build(seed, recorder)
            with contextlib.closing(station):  # it hands over what it has kept
                outcome = _serve(doorman, station, recorder, exercise.limits)
            if outcome is None:
                _say(_("No program connected within {limit:g} s.").format(limit=ARRIVAL_S))
                return 3
            recorder.end(station.step, outcome)
    _tell(exercise, read(file), file, report_page)
    return 0


def _serve(doorman: Doorman, station: Station, recorder: TraceWriter, limits: Limits) -> Outcome | None:
    """The run, from the program's call on, and how it ended; None where nobody called."""
    channel = _guest_channel(doorman)
    return None if channel is None else judged(Guest(channel, limits), station, recorder)


def _guest_channel(doorman: Doorman) -> Channel | None:
    """Wait for the program that knows the token."""
    deadline = time.monotonic() + ARRIVAL_S
    while (left := deadline - time.monotonic()) > 0.0:
        select.select([doorman.listener], [], [], left)
        caller = doorman.admit()
        if caller is not None:
            return Channel(caller[1], wait_for_socket)
    return None


def _tell(exercise: Practicable, trace: Trace, file: Path, report_page: bool) -> None:
    """Score and files, in words, for the student's screen."""
    from sheber.judge import report
    from sheber.judge.report import words

    score = exercise.score(trace)
    text = _("{title}, seed {seed}: {points} points of 100. {passed}. (practice, not verified)")
    points, passed = words.number(score.points), words.passed(score.points)
    _say("")
    _say(text.format(title=exercise.title, seed=trace.header.seed, points=points, passed=passed))
    for part, code in words.ending_parts(trace):
        _say(f"    {part}" if code else part)
    for loss in words.losses(score, trace.outcome):
        _say(f"  \N{MINUS SIGN}{words.lacking(loss.lost):<5}  {loss.name}: {loss.message}")
    if advice := words.advice(score, trace.outcome):
        _say(advice)
    if report_page:
        page = file.with_suffix(".html")
        write_whole(page, report(exercise, trace, score, language=current()).encode())
        _say(_("Report: {page}").format(page=page))
    _say(_("Trace: {file}").format(file=file))


def _own_program(file: Path | None) -> Program:
    """The program's name and text; without them the report has no source."""
    if file is not None:
        with contextlib.suppress(ProgramError):
            return Program.read(file.resolve())  # the student's own link
    return Program("program.py", b"")


def _say(words: str) -> None:
    print(words, flush=True, file=sys.stdout)
