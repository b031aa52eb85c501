"""Bench: the ladder of gates, each a ratio of two things measured in one run, in turn.

A gate is one function that gives rows; `docs/performance.md` explains each. Absolute times are rows
too, without a gate, because they say more about the machine than about us.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from sheber.bench.rows import Row, load

__all__ = ["GATES", "GROUND", "SCHOOL", "Gate", "Row", "load", "measure", "measure_ground", "measure_school"]

os.environ.setdefault("MUJOCO_GL", "egl")  # read once, when the engine is imported; EGL draws without a display


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a gate is measured."""

    module: str
    function: str

    def measure(self, quick: bool, *more: str) -> list[Row]:
        """Import what it needs and measure."""
        found: Callable[..., list[Row]] = getattr(import_module(f"sheber.bench.{self.module}"), self.function)
        return found(quick, *more)


GATES: Final = {
    "loop": Gate("loop", "graded_loop"),
    "loops": Gate("loops", "loops"),
    "sleep": Gate("loop", "sleep"),
    "workers": Gate("judging", "workers"),
    "camera": Gate("seeing", "camera"),
    "inverse": Gate("inverse", "inverse_kinematics"),
    "start": Gate("starting", "start"),
    "replay": Gate("judging", "replay"),
    "memory": Gate("memory", "memory"),
}
"""The gates by name, in the order of the ladder."""


SCHOOL: Final = {
    "submissions": Gate("school.rush", "rush"),
    "viewers": Gate("school.viewers", "viewers"),
    "pages": Gate("school.pages", "pages"),
    "sizes": Gate("school.pages", "sizes"),
    "killed": Gate("school.killed", "killed"),
    "first": Gate("school.first", "first"),
}
"""The gates of a school by name: `sheber bench school`."""


GROUND: Final = {
    "sgp4": Gate("ground.orbits", "sgp4"),
    "passes": Gate("ground.orbits", "passes"),
    "schedule": Gate("ground.schedule", "schedule"),
    "chains": Gate("ground.receiving", "chains"),
    "decoding": Gate("ground.receiving", "decoding"),
    "hearing": Gate("ground.receiving", "hearing"),
}
"""The gates of the ground station by name: `sheber bench ground`."""


def measure(name: str, *, quick: bool = False) -> list[Row]:
    """The rows of one gate; `quick` takes fewer repetitions. Raises KeyError for an unknown name."""
    return GATES[name].measure(quick)


def measure_school(name: str, *, quick: bool = False, database: str = "") -> list[Row]:
    """The rows of one gate of the school; database: URL of an empty one. Raises KeyError for an unknown name."""
    return SCHOOL[name].measure(quick, database)


def measure_ground(name: str, *, quick: bool = False) -> list[Row]:
    """The rows of one gate of the ground station. Raises KeyError for an unknown name."""
    return GROUND[name].measure(quick)
