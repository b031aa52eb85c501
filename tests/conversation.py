"""A program and a controller in one process: the real client and the real station over a socket pair."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sheber.client.robot_cell import Cell
from sheber.client.session import Session
from sheber.client.wire import PROTOCOL, Channel, _SocketStream
from sheber.geometry import Pose
from sheber.robot.cell import build
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.stock import pointer
from sheber.robot.controller import Controller
from sheber.station import Limits, ProtocolError, RunEnds, Station
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceWriter, read


def serve(station: Station, connection: socket.socket, ended: list[Any]) -> None:
    """Answer requests until the program closes or the run ends; `ended` gets what ended it."""

    def receive(size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = connection.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def send(answer: Any) -> None:
        connection.sendall(struct.pack("<I", len(answer.body)) + answer.body + bytes(answer.binary))

    with connection:
        try:
            while True:
                (length,) = struct.unpack("<I", receive(4))
                send(station.handle(receive(length)))
        except (EOFError, OSError):
            pass
        except RunEnds as end:
            ended.append(end.outcome)
            if end.answer is not None:
                send(end.answer)
        except ProtocolError as error:
            ended.append(Outcome(OutcomeKind.PROTOCOL_ERROR, str(error)))
        except BaseException as error:  # a fault of ours, for the test to see
            ended.append(error)


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
    ours, theirs = socket.socketpair()
    ended: list[Any] = []
    thread = threading.Thread(target=serve, args=(station, theirs, ended), daemon=True)
    thread.start()
    session = Session(Channel(_SocketStream(ours)))
    given = session.call("connect", protocol=PROTOCOL, client="test")
    talk = Conversation(Cell(session, given), session, station, path)
    try:
        yield talk
    finally:
        session.close()
        thread.join(60.0)
        try:
            station.settle()
        except RunEnds as end:
            ended.append(end.outcome)
        talk.outcome = next((o for o in ended if isinstance(o, Outcome)), Outcome(OutcomeKind.FINISHED))
        station.close()
        recorder.end(station.step, talk.outcome)
        recorder.close()
    for fault in ended:
        if not isinstance(fault, Outcome):
            raise fault


def empty_scene(**changes: Any) -> Scene:
    """An arm with a pointer on a floor."""
    return Scene(**({"tool": pointer(), "frames": (("corner", Pose((0.4, 0.1, 0.2))),)} | changes))
