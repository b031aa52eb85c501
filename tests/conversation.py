"""A program and a controller in one process: the real client and the real station over a socket pair."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sheber.client.robot_cell import Cell
from sheber.client.session import Session
from sheber.client.wire import PROTOCOL, Channel, _SocketStream
from sheber.geometry import DOWN, Pose
from sheber.judge.practice import Guest
from sheber.judge.run import judged
from sheber.judge.wire import Channel as JudgesChannel
from sheber.judge.wire import wait_for_socket
from sheber.robot.cell import build
from sheber.robot.cell.scene import CameraSpec, Fixture, LightBarrier, Part, Scene, Shape
from sheber.robot.cell.stock import pointer, table
from sheber.robot.controller import Controller
from sheber.station import Limits, Station
from sheber.trace import Event, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

BOX = (0.06, 0.06, 0.05)
PICK = Pose((0.5, 0.1, 0.05))
CAMERA = CameraSpec(
    "overhead", Pose((0.5, 0.1, 1.0)) @ DOWN, width=64, height=48, focal=(60.0, 60.0), centre=(31.5, 23.5)
)


@dataclass
class Conversation:
    """A program's cell, and what came of the run once the `with` block has ended."""

    cell: Cell
    session: Session
    station: Controller
    path: Path
    outcome: Outcome | None = None

    @property
    def trace(self) -> Trace:
        return read(self.path)


def station_for(scene: Scene, path: Path, limits: Limits | None = None) -> tuple[Controller, TraceWriter]:
    """A live controller that writes its trace to `path`."""
    recorder = TraceWriter(path, Header("test"))
    return Controller(build(scene), scene, limits or Limits(), recorder), recorder


@contextmanager
def conversation(scene: Scene, path: Path, limits: Limits | None = None) -> Iterator[Conversation]:
    """Connect a program to a scene; leaving the block ends the program, settles and closes the trace."""
    station, recorder = station_for(scene, path, limits)
    with connected(station, station.limits, recorder) as (session, given, outcomes):
        talk = Conversation(Cell(session, given), session, station, path)
        yield talk
    (talk.outcome,) = outcomes


@contextmanager
def connected(
    station: Station, limits: Limits, recorder: TraceWriter
) -> Iterator[tuple[Session, dict[str, Any], list[Outcome]]]:
    """A session with any station and its answer to connect; the outcome is in the list once the block has ended."""
    ours, theirs = socket.socketpair()
    guest = Guest(JudgesChannel(theirs, wait_for_socket), limits)
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(1) as judge, recorder:
        run = judge.submit(judged, guest, station, recorder)
        session = Session(Channel(_SocketStream(ours)))
        given = session.call("connect", protocol=PROTOCOL, client="test")
        try:
            yield session, given, outcomes
        finally:
            session.close()
            outcomes.append(run.result(60.0))
            station.close()
            recorder.end(station.step, outcomes[0])
    assert outcomes[0].kind is not OutcomeKind.SYSTEM_FAULT, outcomes[0].reason


def empty_scene(**changes: Any) -> Scene:
    """An arm with a pointer on a floor."""
    return Scene(**({"tool": pointer(), "frames": (("corner", Pose((0.4, 0.1, 0.2))),)} | changes))


def box_scene(tool: Any, **changes: Any) -> Scene:
    """A table, one box at PICK, a lamp to switch."""
    box = Part("box", (Shape("box", BOX),), Pose((0.5, 0.1, 0.025)), 0.4)
    wall = Fixture("wall", (Shape("box", (0.2, 0.6, 0.8)),), Pose((0.7, -0.4, 0.4)))
    known = {
        "tool": tool,
        "parts": (box,),
        "fixtures": (table(), wall),
        "cameras": (CAMERA,),
        "outputs": ("lamp",),
        "barriers": (LightBarrier("box_there", (0.4, 0.1, 0.02), (0.6, 0.1, 0.02)),),
        "frames": (("pick", PICK),),
        "sheet": (("count", 1),),
        "meant_contacts": (("tool", "box"), ("finger_*", "box"), ("box", "table")),
        "facts": (("secret", 42),),
    }
    return Scene(**(known | changes))


def events(trace: Trace, kind: str) -> list[Event]:
    """Those of one kind, in order."""
    return [event for event in trace.events if event.kind == kind]
