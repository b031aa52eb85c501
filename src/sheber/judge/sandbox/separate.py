"""Level C: a separate process on this machine, not isolated. For one's own programs, and marked so.

The conversation is a TCP connection on the loopback, because that exists on every system; everybody on
the machine could connect, so the first frame must show a token that only the started process was told. The stub's
own lines come over a second connection. What is printed goes to files, which every system lets us read along.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Annotated, Literal

import msgspec

from sheber.i18n import _, current
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.sandbox import layout
from sheber.judge.sandbox.box import START_S, Box, LimitReached
from sheber.judge.sandbox.scratch import remove
from sheber.judge.sandbox.setup import plain_setup
from sheber.judge.wire import Channel
from sheber.station import Limits
from sheber.temporary import temporary_folder

__all__ = ["Doorman", "SeparateBox", "start_separate"]

LARGEST_HELLO = 1024  # bytes
HELLO_S = 5.0  # from a connection to its token [s]
LOOK_S = 0.05  # between looks at the files of printed text [s]


class _Hello(msgspec.Struct, forbid_unknown_fields=True):
    """The first frame of every connection."""

    do: Literal["hello"]
    token: Annotated[str, msgspec.Meta(max_length=200)]
    role: Literal["program", "stub"] = "program"


class Doorman:
    """Listens on the loopback and lets in who knows the token."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    @property
    def endpoint(self) -> str:
        """What the client is told."""
        return f"tcp:127.0.0.1:{self.port}:{self.token}"

    @property
    def listener(self) -> socket.socket:
        """What to wait for; when it is ready, somebody calls."""
        return self._listener

    def admit(self) -> tuple[str, socket.socket] | None:
        """The next caller who knows the token, and in what role; None where nobody calls. Strangers are sent away."""
        try:
            connection, _address = self._listener.accept()
        except BlockingIOError:
            return None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            hello = _read_hello(connection)
        except (OSError, ValueError):
            connection.close()
            return None
        if not secrets.compare_digest(hello.token.encode(), self.token.encode()):
            connection.close()
            return None
        return hello.role, connection

    def close(self) -> None:
        """Stop listening; may be called again."""
        self._listener.close()


def _read_hello(connection: socket.socket) -> _Hello:
    """The first frame and not a byte more: the caller may go on talking at once. Raises OSError, ValueError."""
    deadline = time.monotonic() + HELLO_S

    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            piece = connection.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    size = int.from_bytes(exactly(4), "little")
    if size > LARGEST_HELLO:
        raise ValueError(size)
    return msgspec.json.decode(exactly(size), type=_Hello)


class SeparateBox(Box):
    """A box whose conversation begins when the program calls, and whose printed text lies in files."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        doorman: Doorman,
        limits: Limits,
        files: tuple[IO[bytes], IO[bytes]],
        leftovers: contextlib.ExitStack,
    ) -> None:
        super().__init__(process, None, None, limits, leftovers)
        self._doorman = doorman
        self._files = files

    def wait_until_locked(self) -> None:
        """Until the stub has called. Nothing is locked at this level."""
        deadline = time.monotonic() + START_S
        while self._status is None and time.monotonic() < deadline and self.process.poll() is None:
            self._open_door(deadline)
        super().wait_until_locked()

    def receive(self) -> bytes | None:
        """The next request, as `Box.receive`; None too where the program ended without ever calling."""
        started = time.monotonic()
        while not self._called():
            self._listen()
            gone = self.process.poll() is not None
            self._open_door(started + LOOK_S)
            if gone and not self._called():
                return None
            if time.monotonic() > self._deadline(started):
                raise LimitReached(self._out_of_time())
        return super().receive()

    def _called(self) -> bool:
        return self._channel is not None

    def clean(self) -> None:
        """End the process and let go of everything; may be called again."""
        super().clean()
        self._doorman.close()

    def _open_door(self, deadline: float) -> None:
        """Let in who calls: the stub, or the program's client."""
        if not self._poll(self._doorman.listener, False, deadline):
            return
        role, connection = self._doorman.admit() or ("", None)
        if role == "stub" and self._status is None:
            self._status = connection
        elif role == "program" and self._channel is None and connection is not None:
            self._channel = Channel(connection, self._wait)
        elif connection is not None:
            connection.close()

    def _poll(self, connection: socket.socket | None, write: bool, deadline: float) -> bool:
        left = max(0.0, min(LOOK_S, deadline - time.monotonic()))
        if connection is None:
            time.sleep(left)
            ready = False
        else:
            reading, writing = ([], [connection]) if write else ([connection], [])
            ready = any(select.select(reading, writing, [], left))
        for file, stream in zip(self._files, self.streams, strict=True):
            stream.take(file.read(1 << 20))
        return ready


def start_separate(program: Program, limits: Limits, probe: bool) -> SeparateBox:
    """Start a program at level C. Raises SandboxError where the process cannot be started."""
    with contextlib.ExitStack() as kept:
        folder = kept.enter_context(temporary_folder("box", remove=remove))
        doorman = Doorman()
        kept.callback(doorman.close)
        (folder / "program.py").write_bytes(program.source)
        (folder / "scratch").mkdir()
        setup = plain_setup(limits, probe, str(folder / "program.py")) | {
            "address": ["127.0.0.1", doorman.port],  # the token goes by the environment, which others cannot read
            "limits": {
                "RLIMIT_CPU": limits.processor_s,
                "RLIMIT_CORE": 0,
            },  # others would count all that this user does
            "lock": False,
            "path": [str(folder / "sheber")],
        }
        layout.copy_sheber_files(folder / "sheber" / "sheber")
        printed = [(folder / name).open("w+b") for name in ("stdout", "stderr")]
        read = [kept.enter_context((folder / name).open("rb")) for name in ("stdout", "stderr")]
        arguments = [sys.executable, "-u", "-s", "-P", "-B", str(layout.stub_file()), json.dumps(setup)]
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=printed[0],
                stderr=printed[1],
                env=_environment(folder) | {"SHEBER_ENDPOINT": doorman.endpoint},
                cwd=folder / "scratch",
            )
        except OSError as error:
            text = _("{file} could not be started: {why}.")
            raise SandboxError(text.format(file=sys.executable, why=error)) from error
        finally:
            for file in printed:
                file.close()
        return SeparateBox(process, doorman, limits, (read[0], read[1]), kept.pop_all())


def _environment(folder: Path) -> dict[str, str]:
    """The short environment of a box, and what Windows cannot start a process without."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR") if name in os.environ}
    return kept | layout.environment(str(folder / "scratch"), current())
