"""Setup: what a box may use, and what every stub is told, as plain data."""

from __future__ import annotations

from typing import Any

from sheber.station import Limits

__all__ = ["OPEN_FILES", "THREADS", "limits_shown", "plain_setup", "resource_limits"]

THREADS = 32  # at once, in a box
OPEN_FILES = 64


def resource_limits(limits: Limits) -> dict[str, int]:
    """Limits of the process, by the names of the system."""
    return {
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_CPU": limits.processor_s,  # the soft limit; the stub sets the hard one a second later
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_NPROC": THREADS,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_STACK": 64 << 20,
    }


def plain_setup(limits: Limits, probe: bool, program: str) -> dict[str, Any]:
    """What every stub is told; the levels put in what differs."""
    return {
        "descriptors": None,
        "address": None,
        "user": 0,
        "parent": 0,
        "limits": resource_limits(limits),
        "lock": True,
        "seen": False,  # whether the judge has to see which files it holds: no file system of its own bounds them
        "landlock": 0,  # the oldest interface that will do
        "readable": [],
        "writable": [],
        "path": [],
        "probe": probe,
        "program": program,
    }


def limits_shown(limits: Limits) -> dict[str, float]:
    """The limits of a run as plain numbers, those of the box included: for headers, texts and reports."""
    return {**limits.shown(), "threads": THREADS, "open_files": OPEN_FILES}
