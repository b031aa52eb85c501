"""A program and a ground station in one process: the real client and the real station over a socket pair."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conversation import connected
from sheber.client.ground_station import GroundStation
from sheber.client.session import Session
from sheber.ground.controller import Controller
from sheber.ground.scene import Scene
from sheber.ground.site import Site
from sheber.station import Limits
from sheber.trace import Header, Outcome, Trace, TraceWriter, read

START = 1_805_608_800.0  # 2027-03-21 06:00:00 UTC
ALMATY = Site("Almaty", 43.2220, 76.9210, 850.0)


@dataclass
class Conversation:
    """A program's station, and what came of the run once the `with` block has ended."""

    station: GroundStation
    session: Session
    controller: Controller
    path: Path
    outcome: Outcome | None = None

    @property
    def trace(self) -> Trace:
        return read(self.path)


@contextmanager
def conversation(scene: Scene, path: Path, limits: Limits | None = None) -> Iterator[Conversation]:
    """Connect a program to a scene; leaving the block ends the program, settles and closes the trace."""
    recorder = TraceWriter(path, Header("test"))
    limits = limits or Limits(simulated_s=86_400.0)
    controller = Controller(scene, limits, recorder)
    with connected(controller, limits, recorder) as (session, given, outcomes):
        talk = Conversation(GroundStation(session, given), session, controller, path)
        yield talk
    (talk.outcome,) = outcomes


def ground_scene(*equipment: Any, **changes: Any) -> Scene:
    """A station in Almaty with this equipment."""
    return Scene(**({"start": START, "site": ALMATY, "equipment": equipment} | changes))
