"""The corpus of attacks, judged: each program in a box of its own, and what came of it.

Run as a program, `corpus.py LEVEL [NAME...]`, it prints the verdicts as JSON; the tests start it as root and as an
ordinary user. An attack is held where its program printed no BREACH and got no points that it did not earn.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from sheber.judge.sandbox import Sandbox, attacks
from sheber.judge.selftest import attack, temptations

HERE = Path(__file__).parent
TWICE = (attacks.CONTROL, "a35_notes", "a41_random_sleeps", "a45_locks")  # what did the first run leave behind?


def corpus() -> dict[str, bytes]:
    """Every program by name, the honest control first: those that the package ships, and those beside this file."""
    found = {name: attacks.source(name) for name in attacks.NAMES}
    found |= {file.stem: file.read_bytes() for file in sorted(HERE.glob("a[0-9]*.py"))}
    return {attacks.CONTROL: found.pop(attacks.CONTROL), **found}


def judged(name: str, source: bytes, sandbox: Sandbox, lures: dict[str, str]) -> dict[str, object]:
    """Judge one program; what can be said of it, as plain values."""
    started = time.monotonic()
    verdicts = [attack(name, source, sandbox, lures) for _ in range(1 + (name in TWICE))]
    return {
        "outcome": str(verdicts[-1].trace.outcome.kind),
        "reason": verdicts[-1].trace.outcome.reason,
        "connected": verdicts[-1].trace.outcome.connected,
        "printed": verdicts[-1].printed,
        "points": verdicts[-1].points,
        "hashes": [verdict.trace.sha256 for verdict in verdicts],
        "wall_s": round(time.monotonic() - started, 2),
    }


def main() -> None:
    """Verdicts of a level as JSON."""
    level, *names = sys.argv[1:]
    with temptations() as lures:
        chosen = {name: source for name, source in corpus().items() if not names or name in names}
        found = {name: judged(name, source, Sandbox(level), lures) for name, source in chosen.items()}
    print(json.dumps({"user": os.getuid(), "verdicts": found}))


if __name__ == "__main__":
    main()
