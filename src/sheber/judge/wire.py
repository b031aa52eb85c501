"""Wire: the trusted end of the conversation. Frames in, answers out, under deadlines.

A frame is a little-endian u32 length and that many bytes; an answer may be followed by raw bytes that
its JSON announces. What a frame says is the station's business; here are only its length, its deadline
and the rule of one request in flight. The deadline of a frame covers all of it: a deadline that each byte
renewed would let a slow sender hold the judge.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Protocol

from sheber.i18n import message
from sheber.station import Answer, ProtocolError

__all__ = ["FRAME_S", "LARGEST_REQUEST", "Channel", "Expired", "Waiter", "wait_for_socket"]

LARGEST_REQUEST = 64 << 10  # bytes
FRAME_S = 5.0  # from a frame's first byte to its last [s]

HASTE = message(
    "wire.haste",
    "The program sent a second request before the answer to the first. Only one request at a time is allowed.",
)
TOO_LONG = message(
    "wire.too_long", "A request may have up to {allowed} bytes. The program announced a request of {length} bytes."
)
UNFINISHED = message(
    "wire.unfinished", "The program sent {had} bytes of a request and did not send the rest within {limit:g} s."
)
BROKEN_OFF = message(
    "wire.broken_off", "The program closed its connection in the middle of a request, after {had} bytes."
)

_LENGTH = struct.Struct("<I")


class Expired(Exception):
    """A deadline has passed."""


class Waiter(Protocol):
    """Waits until the socket can be read (or written); may do other work meanwhile. Raises Expired."""

    def __call__(self, connection: socket.socket, write: bool, deadline: float) -> None: ...


class Channel:
    """One conversation with one program, seen from the judge."""

    def __init__(self, connection: socket.socket, wait: Waiter) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._wait = wait
        self._early = False  # bytes came after the request that is being carried out

    def receive(self, deadline: float) -> bytes | None:
        """The next request; None where the program has closed its end between two frames.

        deadline: of the monotonic clock [s]. Raises Expired, and ProtocolError for what is no frame.
        """
        self._wait(self._socket, False, deadline)
        chunk = self._read(_LENGTH.size + LARGEST_REQUEST + 1)
        if not chunk:
            return None
        end = time.monotonic() + FRAME_S
        while len(chunk) < _LENGTH.size:
            chunk += self._more(len(chunk), end)
        (length,) = _LENGTH.unpack_from(chunk)
        if length > LARGEST_REQUEST:
            raise ProtocolError(TOO_LONG(allowed=LARGEST_REQUEST, length=length))
        while len(chunk) < _LENGTH.size + length:
            chunk += self._more(len(chunk), end)
        whole, self._early = chunk[: _LENGTH.size + length], len(chunk) > _LENGTH.size + length
        return whole[_LENGTH.size :]  # carried out even if more came with it: that is refused when it is answered

    def send(self, answer: Answer, deadline: float) -> None:
        """Send an answer and what follows it. Raises Expired where it is not read, OSError where nobody is there."""
        self._refuse_haste()
        parts = [memoryview(_LENGTH.pack(len(answer.body)) + answer.body), memoryview(answer.binary).cast("B")]
        for part in parts:
            while part:
                try:
                    part = part[self._socket.send(part) :]
                except BlockingIOError:
                    self._wait(self._socket, True, deadline)

    def close(self) -> None:
        """Close; may be called again."""
        self._socket.close()

    def _refuse_haste(self) -> None:
        """Raise ProtocolError where bytes have arrived although the program owes us patience.

        Only here: whether they came with the request or a moment after it is chance, and must not change the trace.
        """
        if self._early:
            raise ProtocolError(HASTE())
        try:
            early = self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except ConnectionError:
            return  # it is gone; sending will say so
        if early:
            raise ProtocolError(HASTE())

    def _more(self, had: int, end: float) -> bytes:
        """Further bytes of a frame that has begun; raises ProtocolError where they do not come."""
        try:
            self._wait(self._socket, False, end)
        except Expired:
            raise ProtocolError(UNFINISHED(had=had, limit=FRAME_S)) from None
        chunk = self._read(_LENGTH.size + LARGEST_REQUEST + 1 - had)
        if not chunk:
            raise ProtocolError(BROKEN_OFF(had=had))
        return chunk

    def _read(self, size: int) -> bytes:
        try:
            return self._socket.recv(size)
        except ConnectionError:
            return b""  # torn down without a word: the same as closed


def wait_for_socket(connection: socket.socket, write: bool, deadline: float) -> None:
    """Wait for one socket and do nothing else."""
    reading, writing = ([], [connection]) if write else ([connection], [])
    if not any(select.select(reading, writing, [], max(0.0, deadline - time.monotonic()))):
        raise Expired
