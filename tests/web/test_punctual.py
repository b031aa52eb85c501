"""Connections that come byte by byte, say nothing, or read nothing: they end, and all others do not notice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import h11
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from sheber.web import punctual
from sheber.web.serving import bind, configured

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
HEAD_S, BODY_S, UNREAD_S = 0.3, 0.9, 0.5

Story = Callable[[int, list[str]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "ALLOWED_S", {h11.IDLE: HEAD_S, h11.SEND_BODY: BODY_S})
    monkeypatch.setattr(punctual, "UNREAD_S", UNREAD_S)


def application(ended: list[str]) -> FastAPI:
    app = FastAPI()

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(2 * BODY_S)
        return "here"

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(1 << 16)
                    await asyncio.sleep(0)  # nothing else would let the others come
            finally:
                ended.append("endless")

        return StreamingResponse(pieces())

    return app


def told(story: Story) -> None:
    """Serve, let a story happen, and end."""

    async def whole() -> None:
        ended: list[str] = []
        bound = bind("127.0.0.1", 0)
        server = uvicorn.Server(configured(application(ended)))
        task = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            await story(bound.getsockname()[1], ended)
        finally:
            server.should_exit = True
            await task
            bound.close()

    asyncio.run(whole())


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """A byte now and then, as long as the other side takes them."""
    for one in data:
        writer.write(bytes([one]))
        await asyncio.sleep(0.05)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came before the other side ended the connection."""
    found = b""
    try:
        while piece := await reader.read(1 << 16):
            found += piece
    except ConnectionError:
        pass
    return found


async def held_s(port: int, said: bytes, slowly: bytes = b"") -> tuple[bytes, float]:
    """What came, and how long a connection was open that says something, and then something byte by byte."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    dripping = asyncio.create_task(drip(writer, slowly))
    try:
        found = await asyncio.wait_for(until_closed(reader), 20.0)
    finally:
        dripping.cancel()
        writer.close()
    return found, loop.time() - begun


HELD = [
    pytest.param(b"", b"", HEAD_S, id="says nothing"),
    pytest.param(b"GET / HTTP/1.1\r\n", b"X-Slow: " + b"x" * 400, HEAD_S, id="a head byte by byte"),
    pytest.param(POST % 400, b"x" * 400, BODY_S, id="a body byte by byte"),
    pytest.param(POST % 4, b"", BODY_S, id="a body that never comes"),
    pytest.param(POST % 2 + b"ab", b"G" + b"x" * 400, HEAD_S, id="a second head byte by byte"),
    pytest.param(POST % 2 + b"ab" + POST % 4, b"", BODY_S, id="sent ahead, a body that never comes"),
]


@pytest.mark.parametrize(("said", "slowly", "seconds"), HELD)
def test_a_request_that_does_not_come_ends_its_connection(said: bytes, slowly: bytes, seconds: float) -> None:
    async def story(port: int, _ended: list[str]) -> None:
        _found, held = await held_s(port, said, slowly)
        assert seconds - 0.05 < held < seconds + 2.0

    told(story)


def test_who_comes_in_time_is_answered_however_long_it_takes() -> None:
    async def story(port: int, _ended: list[str]) -> None:
        many = POST % 2 + b"ab" + GET % b"slow" + POST % 3 + b"abc"
        found, held = await held_s(port, many)
        assert held > 2 * BODY_S
        assert found.count(b"200 OK") == 3
        assert found.endswith(b"3")

    told(story)


def test_an_answer_that_nobody_reads_ends() -> None:
    async def story(port: int, ended: list[str]) -> None:
        loop = asyncio.get_running_loop()
        with socket.create_connection(("127.0.0.1", port)) as reader:
            reader.setblocking(False)
            await loop.sock_sendall(reader, GET % b"endless")
            for _n in range(20):  # slowly, and still a reader
                await loop.sock_recv(reader, 1 << 22)
                await asyncio.sleep(0.05)
            assert ended == []
            begun = loop.time()
            while not ended and loop.time() < begun + 20.0:
                await asyncio.sleep(0.02)
            assert ended == ["endless"]
            assert loop.time() - begun > UNREAD_S - 0.2

    told(story)


def test_what_is_written_goes_out_at_once() -> None:
    """Also on the connections of the socket: a body does not wait until its head was acknowledged."""
    bound = bind("127.0.0.1", 0)
    with bound, socket.create_connection(bound.getsockname()):
        accepted, _address = bound.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
