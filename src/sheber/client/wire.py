"""The program's end of the wire: frames of a length and strict JSON, one request in flight.

A frame is a little-endian u32 length and one UTF-8 JSON object. A reply with ``"binary": n`` is followed
by n raw bytes (an image). In the box the wire is an inherited descriptor, and only read and write are
called on it, because the box allows little more; elsewhere it is a TCP connection to this machine.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Protocol

from sheber.client.errors import wrong
from sheber.i18n import _, message

__all__ = [
    "LARGEST_NUMBER",
    "LARGEST_REQUEST",
    "LONGEST_NAME",
    "LONGEST_NOTE",
    "LONGEST_TITLE",
    "PROTOCOL",
    "Channel",
    "WireClosed",
    "open_endpoint",
]

TOO_LONG = message(
    "client.request_too_long", "A request may have up to {most:d} bytes. This request has {size:d} bytes."
)
NO_ENDPOINT = message("client.no_endpoint", "An endpoint is fd:NUMBER or tcp:HOST:PORT:TOKEN. You gave {endpoint!r}.")

PROTOCOL = 1
LARGEST_REQUEST = 64 << 10  # bytes of one request, at most
LARGEST_REPLY = 256 << 20  # bytes of one reply or image: more is a fault, not a picture
LARGEST_NUMBER = 1e6  # magnitude of any number a request may carry, whatever its unit
_in_json = json.JSONEncoder(allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode  # made once
LONGEST_NAME, LONGEST_NOTE, LONGEST_TITLE = 64, 200, 100  # characters


class WireClosed(Exception):
    """The other side has closed the wire."""


class Stream(Protocol):
    """Bytes in both directions."""

    def read_into(self, view: memoryview) -> int:
        """Read at least one byte into `view`; 0 at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of `data`."""
        ...

    def close(self) -> None:
        """Close; may be called again."""
        ...


class _DescriptorStream:
    def __init__(self, descriptor: int) -> None:
        self._file = open(descriptor, "r+b", buffering=0)  # noqa: SIM115  (closed by close)

    def read_into(self, view: memoryview) -> int:
        return self._file.readinto(view) or 0

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]

    def close(self) -> None:
        self._file.close()


class _SocketStream:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def read_into(self, view: memoryview) -> int:
        return self._socket.recv_into(view)

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


class Channel:
    """Requests out, replies in."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.closed = False

    def exchange(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytearray]:
        """Send one request and wait for its reply: the JSON object and the bytes that follow it.

        Raises WireClosed where the other side has gone, ValueError for a request that is too long.
        """
        self.send(request)
        try:
            (length,) = struct.unpack("<I", self._read(4))
            reply: dict[str, Any] = json.loads(self._read(length).decode())
            return reply, self._read(int(reply.get("binary", 0)))
        except OSError as error:
            raise WireClosed(str(error)) from error

    def send(self, request: Mapping[str, Any]) -> None:
        """Send one request without waiting for a reply; raises as `exchange` does."""
        body = _in_json(request).encode()
        if len(body) > LARGEST_REQUEST:
            raise wrong(ValueError, TOO_LONG(most=LARGEST_REQUEST, size=len(body)))
        if self.closed:
            raise WireClosed(_("The connection to the station is closed."))
        try:
            self._stream.write(struct.pack("<I", len(body)) + body)
        except OSError as error:
            raise WireClosed(str(error)) from error

    def _read(self, size: int) -> bytearray:
        if size > LARGEST_REPLY:
            raise WireClosed(_("The station sent a reply of {size} bytes. This is too long.").format(size=size))
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._stream.read_into(view)
            if count == 0:
                raise WireClosed(_("The station has closed the connection."))
            view = view[count:]
        return data

    def close(self) -> None:
        """Close the wire; may be called again."""
        if not self.closed:
            self.closed = True
            self._stream.close()


def open_endpoint(endpoint: str) -> Channel:
    """The channel of an endpoint `fd:N` or `tcp:HOST:PORT:TOKEN`; raises ValueError for any other text.

    A TCP endpoint is shared with everybody on this machine, so the first frame shows the token that
    only the started program was told.
    """
    kind, _, rest = endpoint.partition(":")
    if kind == "fd" and rest.isdecimal():
        return Channel(_DescriptorStream(int(rest)))
    host, _, tail = rest.partition(":")
    port, _, token = tail.partition(":")
    if kind == "tcp" and port.isdecimal() and token:
        connection = socket.create_connection((host, int(port)), timeout=30.0)
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel = Channel(_SocketStream(connection))
        channel.send({"do": "hello", "token": token})
        return channel
    raise wrong(ValueError, NO_ENDPOINT(endpoint=endpoint))
