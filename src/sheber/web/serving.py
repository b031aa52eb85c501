"""Serving: the web server of one process, from a bound socket to its end by a signal."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from sheber.i18n import _
from sheber.school.errors import Refused
from sheber.web.punctual import Punctual

__all__ = ["bind", "configured", "serve"]

MOST_FILES: Final = 65_536
GARBAGE: Final = (20_000, 20, 20)  # new objects, and rounds, before the three ages of objects are looked through
LEAVE_S: Final = 5  # that open answers have at the end: live views would go on for ever [s]


def bind(host: str, port: int) -> socket.socket:
    """The socket at an address. Raises Refused where another program has it, or the machine does not.

    What is written goes out at once, on all its connections. Otherwise the body of a page waits until the browser has
    acknowledged the head, which browsers put off by 40 ms. uvloop asks for it by itself; asyncio does where a socket
    names TCP, which this one does not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=2048)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound
    except OSError as error:
        text = _("The server cannot listen at {host}, port {port}: {why}. Choose another one with --host and --port.")
        raise Refused(text.format(host=host, port=port, why=error.strerror or error)) from error


def configured(app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves an application: the same wherever other protocols are installed too."""
    return uvicorn.Config(
        app,
        http=Punctual,
        ws="none",
        log_config=None,
        access_log=False,  # our own tells routes, and not one-time links
        server_header=False,
        timeout_graceful_shutdown=LEAVE_S,
        lifespan="on",
    )


def serve(app: FastAPI, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; answers that were begun are ended within seconds."""
    server = uvicorn.Server(configured(app))
    _allow_connections()

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:  # uvloop, where it is installed
            runner.run(_served(server, bound, ready))
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        bound.close()


def _settle() -> None:
    """Let the collector of garbage leave alone what stays for ever, and look less often. Python's own pace makes it
    walk through all modules again and again while a thousand requests are open: a third of the time of a rush, and half
    of that of a page with many rows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def _allow_connections() -> None:
    """Let this process have as many open files as it may: each reader of a live view holds one."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _served(server: uvicorn.Server, bound: socket.socket, ready: Callable[[], None]) -> None:
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not (server.started or task.done()):
        await asyncio.sleep(0.02)
    if server.started:
        _settle()
        ready()
    await task
