"""Asked: one request to the application within this process, without a server."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI

from sheber.bench.school.browser import Answer

__all__ = ["ask"]


def ask(app: FastAPI, path: str, cookie: str) -> Answer:
    """Ask for a page, as a browser that takes gzip."""
    return asyncio.run(_asked(app, path, cookie))


async def _asked(app: FastAPI, path: str, cookie: str) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(_scope(path, cookie), receive, send)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))


def _scope(path: str, cookie: str) -> dict[str, Any]:
    plain, _, query = path.partition("?")
    headers = {"host": "bench", "accept": "text/html", "accept-encoding": "gzip", "cookie": cookie}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
    }
