"""Selftest: what a sandbox level really holds on this machine, found out by attacking it.

The honest control runs first: a box in which no program ever starts would hold every attack, and be of no use.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sheber.exercises.score import Check, Score
from sheber.i18n import _, message
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox, attacks
from sheber.station import FakeStation, Limits
from sheber.temporary import temporary_folder
from sheber.trace import Channel, Trace, TraceWriter

__all__ = ["ACCEPTED", "AttackFinding", "CountingExercise", "attack", "selftest", "temptations"]

COUNTS = 7  # that the honest control makes
COUNTED = message("counting.counted", "Counts")
ACCEPTED: Mapping[str, frozenset[str]] = {
    "A": frozenset(),
    "B": frozenset({"a09_disk"}),  # bounded only by being looked at
}
"""Attacks that get through a level, and of which its description warns."""


@dataclass(frozen=True)
class CountingStation:
    """What a header names of the smallest station."""

    name: str = "counter"
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountingExercise:
    """An exercise of seven counts, on the smallest station."""

    name: str = "counting"
    version: str = "1"
    sha256: str = ""
    limits: Limits = field(default_factory=lambda: Limits(processor_s=2, wall_s=6.0, memory_bytes=512 << 20))
    rehearsal: tuple[int, ...] = (1, 2, 3, 4)
    station: CountingStation = CountingStation()

    def warm(self) -> None:
        """Nothing is shared here."""

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        """A counter."""
        recorder.begin([Channel("count", "u4")], [], [], {"seed": seed}, step_s=0.002)
        return FakeStation(recorder)

    def score(self, trace: Trace) -> Score:
        """Sixty points for seven counts."""
        share = min(1.0, len(trace.events_of("count")) / COUNTS)
        return Score((Check(COUNTED(), "quality", 60.0 * share, 60.0),))


@dataclass(frozen=True, slots=True)
class AttackFinding:
    """What came of one hostile program."""

    name: str
    trace: Trace
    printed: str
    points: float

    @property
    def held(self) -> bool:
        """Whether nothing got through; for the control, whether it did its work."""
        if self.name == attacks.CONTROL:
            return self.points == 60.0
        return "BREACH" not in self.printed and self.points == 0.0


def attack(name: str, source: bytes, sandbox: Sandbox, lures: Mapping[str, str]) -> AttackFinding:
    """Run one program of the corpus. Raises SandboxError where there is no box for it."""
    exercise = CountingExercise()
    trace = run(exercise, Program("program.py", attacks.baited(source, lures)), 1, sandbox)
    printed = "".join(piece.text for piece in trace.printed)
    return AttackFinding(name, trace, printed, exercise.score(trace).points)


def selftest(sandbox: Sandbox, progress: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Names of the attacks that got through, with those that the level warns of; empty where all attacks were held.

    Raises SandboxError where the level does not work here, where an honest program does not work in it, and for level
    C: it is no boundary, and the attacks would do what they try.
    """
    if not sandbox.verified:
        raise SandboxError(_("Level {level} has no isolation, so it is not attacked.").format(level=sandbox.level))
    names = sorted(attacks.NAMES, key=lambda name: name != attacks.CONTROL)
    through = []
    with temptations() as lures:
        for name in names:
            if progress is not None:
                progress(name)
            found = attack(name, attacks.source(name), sandbox, lures)
            if name == attacks.CONTROL and not found.held:
                text = _("An honest program does not work at level {level}: {why}")
                why = found.trace.outcome.reason or found.printed[-200:]
                raise SandboxError(text.format(level=sandbox.level, why=why))
            if not found.held:
                through.append(name)
    return tuple(through)


@contextlib.contextmanager
def temptations() -> Iterator[dict[str, str]]:
    """Things on this machine that an attack would like to reach, by the names that the programs use for them."""
    with temporary_folder("test") as folder, contextlib.ExitStack() as stack:
        os.chmod(folder, 0o755)
        Path(folder, "canary").write_text("the secret of the canary")
        os.environ["SHEBER_SELFTEST"] = "hush"
        stack.callback(os.environ.pop, "SHEBER_SELFTEST", None)
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        lures = {
            "@CANARY@": f"{folder}/canary",
            "@PORT@": str(door.getsockname()[1]),
            "@SOCKET@": f"{folder}/socket",
            "@ABSTRACT@": f"sheber-test-{os.getpid()}",
            "@JUDGE@": str(os.getpid()),
        }
        for address in (lures["@SOCKET@"], "\0" + lures["@ABSTRACT@"]) if hasattr(socket, "AF_UNIX") else ():
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        yield lures
