"""App: the web application of one school."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from sheber.school.opening import School
from sheber.web import api, assets
from sheber.web.crowd import Crowd, Streams
from sheber.web.errors import Faults, add_handlers
from sheber.web.language import InLanguage
from sheber.web.live.board import Board
from sheber.web.live.hall import Hall
from sheber.web.operating import watch
from sheber.web.pages import ROUTERS
from sheber.web.security import Guard

__all__ = ["create_app"]

LARGE = {"/roster": 8 << 20, "/own-exercises": 32 << 20, **api.SIZES}
"""Bytes of a request that carries a file, by the end of its path; all others are small."""

THREADS: Final = 16
"""Pages that are worked on at a time, also each with a connection to the database. More would be no quicker: Python
computes one at a time, and threads that wait for it cost a third of a rush."""


def create_app(school: School, *, public_url: str = "") -> FastAPI:
    """The application. public_url: the address that browsers use, where a proxy stands before it."""
    app = FastAPI(title="Sheberkhana", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life)
    app.state.school, app.state.hall, app.state.board = school, Hall(), Board(school)
    app.state.hashing = Crowd(at_once=4, waiting=300)  # a class that logs in together, and not a flood
    app.state.heavy = Crowd(at_once=2, waiting=100, each=3)  # reports, and long histories
    app.state.streams = Streams(each=24)
    for router in (assets.router, *ROUTERS, *api.ROUTERS):
        app.include_router(router)
    add_handlers(app)
    app.add_middleware(Faults)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(InLanguage)
    app.add_middleware(Guard, public_url=public_url, large=LARGE)
    watch(app, school)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
    await app.state.hall.close()
    await app.state.board.close()
