"""Station: what a program can talk to, and what it looks like.

Judge, report and replay know stations only by this page. A station decodes the requests of a
program itself (its commands are a closed set of its own), moves its own simulated time, and
writes samples and events to the recorder that it was built with. `FakeStation`, beside it, is
the smallest whole one, for tests of everything that is not a robot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.allowed import Allowed, Choice
from sheber.i18n import Worded, message
from sheber.trace import Outcome, OutcomeKind, Trace, TraceWriter, Visual

__all__ = [
    "Answer",
    "FakeStation",
    "Kind",
    "Limits",
    "Mesh",
    "ProtocolError",
    "RunEnds",
    "SceneError",
    "Station",
    "Visual",
]

if TYPE_CHECKING:
    from sheber.diagrams import Diagram

SceneT = TypeVar("SceneT", contravariant=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use. Shown to students as it stands here; exceeding one ends the run."""

    simulated_s: float = 120.0  # simulated time [s]; outcome: time limit
    commands: int = 200_000  # requests, pure computations included; outcome: resource limit
    counts: Mapping[str, int] = field(default_factory=dict)  # of what its kind of station counts: {"captures": 60}
    pictures: int = 20  # pictures that the program shows
    notes: int = 200  # notes
    processor_s: int = 60  # processor time of the program [s]; a safety limit, never part of a score
    wall_s: float = 300.0  # wall time that the judge waits for the program, and that it works for it [s]; as above
    silent_s: float = 10.0  # that the program computes or sleeps without a request [s]; as above
    memory_bytes: int = 2 << 30  # address space of the program
    output_bytes: int = 64 << 10  # printed text that is kept, per stream
    scratch_bytes: int = 16 << 20  # /tmp of the box

    def shown(self) -> dict[str, float]:
        """Every limit by name, those of the station among them."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "counts"}
        return {**own, **self.counts}


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles, in metres, in the frame of their shape."""

    vertices: NDArray[np.float32]  # (n, 3) m
    faces: NDArray[np.int32]  # (m, 3) indices, counter-clockwise seen from outside
    smooth: bool = True  # shade across edges flatter than 40 degrees


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the program for one request."""

    body: bytes  # one strict JSON object; where `binary` follows it says so: {"binary": n, ...}
    binary: bytes | memoryview = b""  # raw bytes sent after the body: an image


class ProtocolError(Worded):
    """The program sent what no client sends. Ends the run; says what arrived and what is allowed."""


class SceneError(ValueError):
    """A scene that cannot be built as it is described; raised by `Kind.build`, with words for the exercise's author."""


class RunEnds(Exception):
    """Raised by `Station.handle` when this request ended the run (emergency stop, time limit, ...)."""

    def __init__(self, outcome: Outcome, answer: Answer | None = None) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.answer = answer  # still sent to the program, so that it can say why


class Station(Protocol):
    """One station of the workshop, alive for one run."""

    step: int  # simulated time in whole physics steps

    def handle(self, request: bytes) -> Answer:
        """Carry out one request (a strict JSON object) and answer it; simulated time moves only here.

        Raises ProtocolError for bytes outside the closed set of commands, RunEnds where the run is over.
        """
        ...

    def settle(self) -> None:
        """The program has gone: finish what is under way and let things come to rest, on the record."""
        ...

    def close(self) -> None:
        """Let go of memory and files; may be called again."""
        ...


class Kind(Protocol[SceneT]):
    """A kind of station, as its exercises know it: `STATION = CELL` in an `exercise.py`.

    Everything that shared parts must know of a kind of equipment is here, as data; none of them names one. A kind that
    inherits from this needs no extra, has nothing heavy, keeps nothing and has no shapes, unless it says otherwise.
    Scenes are its own; what shared parts need of one is `facts`: pairs of a name and a plain JSON value, the counts of
    T_ref among them.
    """

    @property
    def name(self) -> str:
        """What it is called in a trace, and in the answer to a program that connects: "robot-cell"."""
        ...

    @property
    def numbers(self) -> Mapping[str, Allowed | Choice]:
        """What every `exercise.toml` for it holds beside the common numbers, by dotted key."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """What it counts and limits beside requests: the usual limits, by the name in the table [limits]."""
        ...

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages, by the names of their distributions, on whose versions the numbers of a run depend."""
        ...

    @property
    def extra(self) -> str:
        """The extra that installs its `packages`, where they do not come with the package itself: "ground"."""
        return ""

    def build(self, scene: SceneT, limits: Limits, recorder: TraceWriter) -> Station:
        """The station of a scene, alive, writing to the recorder. Raises SceneError for a scene that cannot be."""
        ...

    def flaws(self, scenes: Mapping[int, SceneT]) -> Iterator[str]:
        """What is wrong with these scenes, by seed, before any program runs: a sentence each, for the author.

        It notices scenes that are the same for several seeds, and things that do not stand where the scene says.
        """
        return iter(())

    def warm(self, scene: SceneT) -> None:
        """Load what every run of such a scene needs, before a parent forks its workers. Starts no thread."""
        return

    def prepare(self) -> Mapping[str, Iterator[tuple[str, int, int]]]:
        """What is made once on a machine and kept in its cache, by its name (marked with N_).

        Going through an iterator makes it, and yields part, parts done, parts in all; what is there is passed over.
        """
        return {}

    def mesh(self, name: str) -> Mesh:
        """The mesh that a visual names; raises KeyError."""
        raise KeyError(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        """The texture (h, w, 3) RGB that a visual names; raises KeyError."""
        raise KeyError(name)

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        """What is to be seen of a run beside the replay and the plots: pure, of the trace alone.

        A trace may come from a stranger: `sheber.diagrams.attempted` keeps one bad record from costing the others.
        """
        return ()

    def portrait(self, trace: Trace) -> NDArray[np.uint8] | None:
        """How it looks at the first moment of a trace: (h, w, 3) RGB; None where there is nothing to see."""
        return None


NOT_A_COMMAND = message("fake.not_a_command", "This is not a command: {arrived!r}.")
UNKNOWN = message("fake.unknown", "There is no command {command!r}. The commands are: connect, count, stop.")
ASKED_FOR = message("fake.asked_for", "The stop was asked for.")
TIME_UP = message("fake.time_up", "The {limit:d} ticks are over.")


@dataclass
class FakeStation:
    """A counter that a program can count up: one tick a request, no physics. For tests.

    Requests: {"do": "connect"}, {"do": "count"}, {"do": "stop"} (an emergency stop), {"do": "break"} (our fault).
    """

    recorder: TraceWriter | None
    limit: int = 1_000_000  # ticks; the simulated time limit
    step: int = 0
    count: int = 0
    given: Mapping[str, Any] = field(default_factory=dict)  # what a program is told with each answer

    def handle(self, request: bytes) -> Answer:
        """Count; see the class."""
        import json

        try:
            command = json.loads(request)
            do = command["do"]
        except (ValueError, TypeError, KeyError) as error:
            raise ProtocolError(NOT_A_COMMAND(arrived=request[:60].decode("utf-8", "replace"))) from error
        if do == "break":
            raise RuntimeError("the station broke, as asked")
        if do not in ("connect", "count", "stop"):
            raise ProtocolError(UNKNOWN(command=str(do)[:60]))
        self.step += 5
        if do == "stop":
            raise RunEnds(Outcome(OutcomeKind.EMERGENCY_STOP, ASKED_FOR()))
        if self.step > 5 * self.limit:
            raise RunEnds(Outcome(OutcomeKind.TIME_LIMIT, TIME_UP(limit=self.limit)))
        if do == "count":
            self.count += 1
            if self.recorder is not None:
                self.recorder.event(self.step, "count", {"count": self.count})
        return Answer(json.dumps({"ok": True, "step": self.step, "count": self.count, **self.given}).encode())

    def settle(self) -> None:
        """Nothing moves here."""

    def close(self) -> None:
        """Nothing is held here."""
