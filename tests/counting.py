"""Exercises on the smallest station, for tests of the judge: importable, so that a crew can open them too."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from sheber.i18n import message
from sheber.judge.selftest import CountingExercise
from sheber.station import FakeStation, Limits, RunEnds
from sheber.trace import Channel, Outcome, OutcomeKind, TraceWriter

ASK = b"""
import json, os, struct
def ask(**command):
    body = json.dumps(command).encode()
    os.write(3, struct.pack("<I", len(body)) + body)
    (length,) = struct.unpack("<I", os.read(3, 4))
    return json.loads(os.read(3, length))
"""
HONEST = ASK + b"ask(do='connect')\nfor _ in range(7): ask(do='count')\n"


@dataclass(frozen=True)
class Marked(CountingExercise):
    """Counts how often a station was built: a file in `marks` for each."""

    marks: Path = Path()

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        (self.marks / f"{seed}-{time.monotonic_ns()}").touch()
        return super().build(seed, recorder)


@dataclass(frozen=True)
class KillsItsWorker(Marked):
    """The worker of seed 2 dies while it builds its scene, `times` times."""

    times: int = 1

    def warm(self) -> None:
        raise RuntimeError("not warmed, so that only workers build")

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        station = super().build(seed, recorder)
        if seed == 2 and len(list(self.marks.glob("2-*"))) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return station


@dataclass(frozen=True)
class KillsItsCrew(Marked):
    """The worker of seed 2 kills its parent the first time."""

    def warm(self) -> None:
        raise RuntimeError("not warmed, so that only workers build")

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        station = super().build(seed, recorder)
        if seed == 2 and len(list(self.marks.glob("2-*"))) <= 1:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(10.0)
        return station


class BrokenStation(FakeStation):
    """Breaks at the first count of its first life."""

    broken_lives = 1

    def handle(self, request: bytes) -> object:  # type: ignore[override]
        if b"count" in request and type(self).broken_lives > 0:
            type(self).broken_lives -= 1
            raise ZeroDivisionError("a bug of ours")
        return super().handle(request)


@dataclass(frozen=True)
class Breaks(Marked):
    """A station that breaks `times` times and then works."""

    times: int = 1

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        super().build(seed, recorder)
        station = BrokenStation(recorder)
        BrokenStation.broken_lives = int(len(list(self.marks.glob(f"{seed}-*"))) <= self.times)
        return station


COASTING = message("test.coasting", "hit the wall while coasting")


class UnsettledStation(FakeStation):
    """Collides after the program has gone."""

    def settle(self) -> None:
        raise RunEnds(Outcome(OutcomeKind.EMERGENCY_STOP, COASTING()))


@dataclass(frozen=True)
class Coasts(CountingExercise):
    """A station that collides while it settles."""

    limits: Limits = field(default_factory=lambda: Limits(processor_s=2, wall_s=2.0, commands=20))

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        recorder.begin([Channel("count", "u4", (), "")], [], [], {}, step_s=0.002)
        return UnsettledStation(recorder)


@dataclass(frozen=True)
class AtADesk(CountingExercise):
    """With what a report needs to know."""

    title: str = "Counting"

    def diagrams(self, trace: object) -> tuple[()]:
        return ()

    def mesh(self, name: str) -> None:
        raise KeyError(name)

    texture = mesh
