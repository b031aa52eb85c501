"""Punctual: a connection that has no request, or no reader, ends after its time.

uvicorn bounds the pause between two requests and nothing else: a request that comes byte by byte, or an answer that
nobody reads, would hold its connection for ever. A proxy before us sees to it; this holds also where there is none.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Punctual"]

ALLOWED_S: Final[dict[object, float]] = {h11.IDLE: 30.0, h11.SEND_BODY: 600.0}
"""That a browser has for the head of a request, and for its body: an archive of 32 MiB at 0.5 Mbit/s."""

UNREAD_S: Final = 120.0
"""That an answer waits for a reader who takes nothing of it: a laptop that was closed on a live view."""


class Punctual(H11Protocol):
    """uvicorn's protocol of one connection, with these times."""

    _phase: object = None  # of the request: a state of h11
    _request: asyncio.TimerHandle | None = None
    _answer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request may begin."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop()
        self.resume_writing()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Whatever came; what is awaited then has its whole time only where it is something new."""
        super().handle_events()
        self._look()

    def pause_writing(self) -> None:
        """The reader takes less than we have."""
        super().pause_writing()
        self._answer = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader has taken most of it."""
        super().resume_writing()
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None

    def _look(self) -> None:
        phase = self.conn.their_state
        if phase is self._phase:
            return
        self._stop()
        self._phase = phase
        if phase in ALLOWED_S:
            self._request = self.loop.call_later(ALLOWED_S[phase], self.transport.abort)

    def _stop(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None
