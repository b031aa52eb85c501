"""Serving: the loop that is taken, the threads that pages have, and the collector of garbage."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import pytest
from anyio import to_thread
from fastapi import FastAPI

from sheber.web import serving
from sheber.web.app import THREADS, create_app
from web.town import Town


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's own collector afterwards."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_a_server_runs_on_the_quick_loop_and_settles_its_garbage(collector: None) -> None:
    told: list[tuple[str, int, tuple[int, int, int]]] = []

    def ready() -> None:
        told.append((type(asyncio.get_running_loop()).__module__, gc.get_freeze_count(), gc.get_threshold()))
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving.serve(FastAPI(), bound, ready)
    ((loop, frozen, threshold),) = told
    assert loop == ("uvloop" if sys.platform != "win32" else loop)
    assert frozen > 10_000
    assert threshold == serving.GARBAGE


def test_pages_have_so_many_threads(town: Town) -> None:
    async def threads() -> float:
        app = create_app(town.school)
        async with app.router.lifespan_context(app):
            return to_thread.current_default_thread_limiter().total_tokens

    assert asyncio.run(threads()) == THREADS
