"""The corpus of attacks, judged: each program in a box of its own, and what came of it.

Run as a program, `corpus.py LEVEL [NAME...]`, it prints the verdicts as JSON; the tests start it as root and as an
ordinary user. A program holds where it printed no BREACH and ended as expected; DONE shows that it did try.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sheber.exercises.score import Check, Score
from sheber.judge import Program, Sandbox, run
from sheber.judge.sandbox import attacks
from sheber.station import FakeStation, Limits
from sheber.trace import Trace, TraceWriter

HERE = Path(__file__).parent
CONTROL = "a43_honest"
TWICE = (CONTROL, "a35_notes", "a41_random_sleeps", "a45_locks")


@dataclass(frozen=True)
class CountingExercise:
    """An exercise of seven counts, on the smallest station."""

    name: str = "counting"
    version: str = "1"
    sha256: str = "0" * 64
    limits: Limits = field(default_factory=lambda: Limits(processor_s=2, wall_s=6.0))
    rehearsal: tuple[int, ...] = (1, 2, 3, 4)

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        recorder.begin([("count", "u4", (), "")], [], [], {"seed": seed})
        return FakeStation(recorder)

    def score(self, trace: Trace) -> Score:
        """Sixty points for seven counts."""
        return Score((Check("counts", "quality", 60.0 * min(1.0, len(trace.events_of("count")) / 7.0), 60.0),))


def corpus() -> dict[str, bytes]:
    """Every attack by name, the honest control first."""
    found = {name: attacks.source(name) for name in attacks.NAMES}
    found |= {file.stem: file.read_bytes() for file in sorted(HERE.glob("a[0-9]*.py"))}
    return {CONTROL: found.pop(CONTROL), **found}


@contextlib.contextmanager
def temptations() -> Iterator[dict[str, str]]:
    """Things on this machine that an attack would like to reach, by the names that the programs use for them."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        canary = Path(folder, "canary")
        canary.write_text("the secret of the canary")
        os.chmod(folder, 0o755)
        os.environ["SHEBER_TEST_SECRET"] = "hush"
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix, abstract = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        unix.bind(f"{folder}/socket")
        os.chmod(f"{folder}/socket", 0o777)
        abstract.bind(f"\0sheber-test-{os.getpid()}")
        for listener in (unix, abstract):
            listener.listen()
        yield {
            "@CANARY@": str(canary),
            "@PORT@": str(door.getsockname()[1]),
            "@SOCKET@": f"{folder}/socket",
            "@ABSTRACT@": f"sheber-test-{os.getpid()}",
            "@JUDGE@": str(os.getpid()),
        }


def verdict(name: str, source: bytes, sandbox: Sandbox, lures: dict[str, str]) -> dict[str, object]:
    """Judge one program, some twice to find what the first run left behind; what can be said of it."""
    exercise = CountingExercise()
    started = time.monotonic()
    source = attacks.baited(source, lures)
    traces = [run(exercise, Program("program.py", source), seed=1, sandbox=sandbox) for _ in range(1 + (name in TWICE))]
    printed = "".join(piece.text for trace in traces for piece in trace.printed)
    return {
        "outcomes": [str(trace.outcome.kind) for trace in traces],
        "reason": traces[0].outcome.reason,
        "printed": printed,
        "points": max(exercise.score(trace).points for trace in traces),
        "hashes": [trace.sha256 for trace in traces],
        "wall_s": time.monotonic() - started,
    }


def main() -> None:
    """Verdicts of a level as JSON."""
    level, *names = sys.argv[1:]
    with temptations() as lures:
        chosen = {name: source for name, source in corpus().items() if not names or name in names}
        found = {name: verdict(name, source, Sandbox(level), lures) for name, source in chosen.items()}
    print(json.dumps({"user": os.getuid(), "verdicts": found}))


if __name__ == "__main__":
    main()
