"""Browser: as much of HTTP as the bench needs to be a thousand browsers in one process; standard library."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

__all__ = ["Answer", "Connection", "Event"]

LARGEST_LINE = 1 << 22  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes

    def text(self) -> str:
        """The body, unpacked."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    kind: str
    number: int
    data: bytes

    def content(self) -> Any:
        """Its JSON."""
        return json.loads(self.data)


class Connection:
    """One connection of one browser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cookie: str) -> None:
        self._reader, self._writer, self._cookie = reader, writer, cookie

    @classmethod
    async def open(cls, host: str, port: int, cookie: str = "") -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection(host, port, limit=LARGEST_LINE), cookie)

    async def get(self, path: str) -> Answer:
        """Ask for a page."""
        await self._send("GET", path)
        return await self._answer()

    async def fill(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        await self._send("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")
        return await self._answer()

    async def stream(self, path: str) -> AsyncIterator[Event]:
        """The events of a stream, until the server ends it. Raises RuntimeError where it gives none."""
        await self._send("GET", path)
        status, headers = await self._head()
        if status != 200 or headers.get("transfer-encoding") != "chunked":
            raise RuntimeError(f"{path} answers {status} and no stream")
        rest = b""
        while chunk := await self._chunk():
            *whole, rest = (rest + chunk).split(b"\n\n")
            for block in whole:
                if (event := _event(block)) is not None:
                    yield event

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: bench", "Accept: text/html", "Accept-Encoding: gzip"]
        lines += [f"Cookie: {self._cookie}"] if self._cookie else []
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if method == "POST" else []
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self._writer.drain()

    async def _head(self) -> tuple[int, dict[str, str]]:
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _answer(self) -> Answer:
        status, headers = await self._head()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while chunk := await self._chunk():
                body += chunk
        else:
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(status, headers, body)

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]


def _event(block: bytes) -> Event | None:
    fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and not line.startswith(b":"))
    if b"event" not in fields:
        return None
    return Event(fields[b"event"].decode(), int(fields.get(b"id", b"0")), fields.get(b"data", b""))
