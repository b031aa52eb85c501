"""Sockets: the one file here that knows a network. A simulated mount in paced time, and a client that asks.

One thread serves every client, so nothing needs a lock: a round lets the mount catch up with the clock on the wall,
reads what has come, and answers. A client that floods is answered a share in every round and is not read further while
its requests or its answers pile up: what it sent waits in the network, nothing is lost, and the others have their turn.
For practice only: a graded run has no wall clock.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sheber.ground.mount.dynamics import Mount
from sheber.ground.protocols.answering import Closed, Server
from sheber.ground.protocols.asking import Conversation, Reply
from sheber.ground.protocols.language import Code, Language, PeerError, ProtocolError
from sheber.ground.protocols.reader import NeedData
from sheber.i18n import Text, message

__all__ = ["MOST_CLIENTS", "PER_ROUND", "Asking", "Practice"]

MOST_CLIENTS: Final = 16
PER_ROUND: Final = 100  # requests of one client that are answered in a round
MOST_WAITING: Final = 8 << 10  # bytes of one client that wait to be read, or to be sent
READ: Final = 4096  # bytes at once
ROUND_S: Final = 0.02
LATE_S: Final = 1.0  # more than this behind the wall clock, and the simulation lets it go
SILENT_S: Final = 30.0  # a client that does not read its answers for so long is left

_NO_ANSWER = message("ground.peer_silent", "{host}:{port:d} has not answered for {seconds:.1f} s.")
_GONE = message("ground.peer_gone", "{host}:{port:d} has closed the connection.")
_NOBODY = message("ground.peer_nobody", "Nobody answers at {host}:{port:d}: {why}")
_REFUSED = message("ground.practice_refused", "{peer}: {why}")
_FULL = message("ground.practice_full", "{peer} was sent away: {most:d} clients are connected already.")


@dataclass
class _Client:
    """One connected client."""

    socket: socket.socket
    name: str
    server: Server
    unsent: bytes = b""
    ends: bool = False  # its last answers are still to be sent
    moved_at: float = field(default_factory=time.monotonic)  # when it last took something


class Practice:
    """Serves a mount, and whatever else answers, until it is stopped."""

    def __init__(
        self, mount: Mount, doors: Mapping[int, Callable[[], Server]], host: str = "127.0.0.1", pace: float = 1.0
    ) -> None:
        """Listen; `doors`: what answers at a port (0: any free one). Raises OSError for a port that is taken."""
        self.mount = mount
        self.log: Callable[[Text], None] = _silent
        self._pace = pace
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        self.ports: list[int] = []
        for port, make in doors.items():
            door = socket.create_server((host, port), backlog=MOST_CLIENTS)
            door.setblocking(False)
            self.ports.append(door.getsockname()[1])
            self._selector.register(door, selectors.EVENT_READ, make)
        self._anchor = time.monotonic()

    def serve(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Serve until `stop` says so, or an exception such as KeyboardInterrupt ends it."""
        while not stop():
            self.round()

    def close(self) -> None:
        """Close every socket."""
        for client in list(self._clients):
            self._part(client)
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def round(self) -> None:
        """Wait a moment for bytes, let the mount catch up, answer."""
        wait = 0.0 if any(client.server.waiting and not client.unsent for client in self._clients) else ROUND_S
        ready = self._selector.select(wait)
        self._catch_up()
        for key, _events in ready:
            if isinstance(key.data, _Client):
                self._read(key.data)
            else:
                self._accept(key.fileobj, key.data)  # type: ignore[arg-type]
        for client in list(self._clients):
            self._answer(client)
            self._send(client)
            self._watch(client)

    # --- time ---

    def _catch_up(self) -> None:
        """Step the mount up to the clock on the wall; one that is far behind lets the lost time go."""
        now = self.mount.start_s + (time.monotonic() - self._anchor) * self._pace
        if now - self.mount.time_s > LATE_S * max(1.0, self._pace):
            self._anchor += (now - self.mount.time_s) / self._pace
            now = self.mount.time_s
        while self.mount.time_s + self.mount.step_s <= now:
            self.mount.step()

    # --- clients ---

    def _accept(self, door: socket.socket, make: Callable[[], Server]) -> None:
        try:
            connection, address = door.accept()
        except OSError:
            return  # who knocked has gone already
        name = f"{address[0]}:{address[1]}"
        connection.setblocking(False)
        if len(self._clients) >= MOST_CLIENTS:
            self.log(_FULL(peer=name, most=MOST_CLIENTS))
            _quietly(lambda: connection.send(f"RPRT {-Code.BUSY}\n".encode()))
            connection.close()
            return
        client = _Client(connection, name, make())
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _read(self, client: _Client) -> None:
        try:
            data = client.socket.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            client.server.receive_data(data)
        else:
            self._part(client)

    def _answer(self, client: _Client) -> None:
        """Answer a share of what one client asked, while it takes its answers."""
        for _request in range(PER_ROUND):
            if client.ends or len(client.unsent) > MOST_WAITING:
                break
            answer = client.server.next_answer()
            if isinstance(answer, NeedData):
                break
            client.ends = isinstance(answer, Closed)
            client.unsent += b"" if isinstance(answer, Closed) else answer
        for why in client.server.refused:
            self.log(_REFUSED(peer=client.name, why=why))
        client.server.refused.clear()

    def _send(self, client: _Client) -> None:
        """Send what the client takes now."""
        try:
            sent = client.socket.send(client.unsent) if client.unsent else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._part(client)
            return
        if sent or not client.unsent:
            client.moved_at = time.monotonic()
        client.unsent = client.unsent[sent:]

    def _watch(self, client: _Client) -> None:
        """Read a client that keeps up, leave one that is done or gone."""
        if client not in self._clients:
            return
        gone = time.monotonic() - client.moved_at > SILENT_S
        if gone or (client.ends and not client.unsent):
            self._part(client)
            return
        full = client.server.waiting > MOST_WAITING or len(client.unsent) > MOST_WAITING
        listened = client.socket in self._selector.get_map()
        if full and listened:
            self._selector.unregister(client.socket)
        elif not full and not listened:
            self._selector.register(client.socket, selectors.EVENT_READ, client)

    def _part(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            if client.socket in self._selector.get_map():
                self._selector.unregister(client.socket)
            client.socket.close()


class Asking:
    """A client of rotctld or rigctld: `ask("get_pos")` and wait for the reply."""

    def __init__(self, host: str, port: int, language: Language, timeout_s: float = 5.0) -> None:
        """Connect; raises PeerError where nobody answers."""
        self._where = {"host": host, "port": port}
        self._timeout_s = timeout_s
        self._conversation = Conversation(language)
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise PeerError(_NOBODY(**self._where, why=error.strerror or str(error)), -Code.IO) from error

    def __enter__(self) -> Asking:
        """Itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def ask(self, name: str, *values: float | str) -> Reply:
        """Ask, and wait for the reply. Raises PeerError for a refusal or silence, ProtocolError for nonsense."""
        try:
            self._socket.sendall(self._conversation.ask(name, *values))
            return self._reply().check()
        except TimeoutError as error:
            self.close()
            raise PeerError(_NO_ANSWER(**self._where, seconds=self._timeout_s), -Code.TIMEOUT) from error
        except (ConnectionError, ProtocolError) as error:
            if isinstance(error, ProtocolError):
                raise
            raise PeerError(_GONE(**self._where), -Code.IO) from error

    def _reply(self) -> Reply:
        end = time.monotonic() + self._timeout_s
        while True:
            event = self._conversation.next_event()
            if isinstance(event, Reply):
                return event
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            data = self._socket.recv(READ)
            if not data:
                raise ConnectionError
            self._conversation.receive_data(data)


def _silent(_text: Text) -> None:
    """The usual log of a practice: none."""


def _quietly(call: Callable[[], object]) -> None:
    """Call what may fail because the other side has gone."""
    try:
        call()
    except OSError:
        return
