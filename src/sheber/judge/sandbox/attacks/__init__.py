"""Attacks: an honest control and a dozen hostile programs that `sheber doctor` really runs.

Each is a program of its own that prints BREACH for what it got through and DONE at its end. The tests run them
among a larger corpus. Names between @ signs stand for things on this machine: a canary file, a port, the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["CONTROL", "NAMES", "baited", "source"]

_HERE = Path(__file__).parent
CONTROL = "a43_honest"
NAMES = tuple(sorted(file.stem for file in _HERE.glob("a[0-9]*.py")))
_DISK = 17 << 20  # bytes: the scratch of a box and a little


def source(name: str) -> bytes:
    """The program of that name."""
    return (_HERE / f"{name}.py").read_bytes()


def baited(program: bytes, lures: Mapping[str, str]) -> bytes:
    """The program with the names of this machine's lures in it."""
    for name, value in {"@DISK@": str(_DISK), **lures}.items():
        program = program.replace(name.encode(), value.encode())
    return program
