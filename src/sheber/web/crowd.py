"""Crowd: what costs a server more than a page does. Few at once, few for each person, a bounded number waits.

All other pages share a pool of threads. Whoever asks for a hundred hashes of passwords, or a hundred reports, waits in
a line of their own, and the pages of everybody else are answered meanwhile.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from sheber.i18n import _
from sheber.school.errors import TooMany

__all__ = ["Crowd", "Streams"]

P = ParamSpec("P")
R = TypeVar("R")

_WAIT_S: Final = 5.0  # that is told to who finds the line full


class Crowd:
    """One line of waiting requests. Used in the server's loop only."""

    def __init__(self, at_once: int, waiting: int, each: int | None = None) -> None:
        """at_once: works that are done at a time. waiting: in the line, all told. each: of one asker; None: all."""
        self._at_once, self._most, self._each = at_once, waiting, each
        self._limiter: CapacityLimiter | None = None  # of the loop that serves
        self._here: Counter[Hashable] = Counter()

    async def run(self, asker: Hashable, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do a work in a thread, when its turn has come. Raises TooMany, and what the work raises."""
        with self._place(asker):
            if self._limiter is None:
                self._limiter = CapacityLimiter(self._at_once)
            return await to_thread.run_sync(lambda: work(*args, **kwargs), limiter=self._limiter)

    @contextlib.contextmanager
    def _place(self, asker: Hashable) -> Iterator[None]:
        """A place in the line. Raises TooMany where it is full."""
        if self._here.total() >= self._most + self._at_once:
            raise TooMany(_("Very many people ask for this at this moment. Please wait a few seconds."), _WAIT_S)
        if self._each is not None and self._here[asker] >= self._each:
            raise TooMany(_("You have asked for this several times already. Please wait for the answer."), _WAIT_S)
        self._here[asker] += 1
        try:
            yield
        finally:
            self._here[asker] -= 1
            if not self._here[asker]:
                del self._here[asker]


class Streams:
    """Answers that stay open: live views and progress. Each holds a connection, so one person may have so many."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._here: Counter[Hashable] = Counter()

    def begin(self, asker: Hashable, content: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The same stream, counted while it is open. Raises TooMany."""
        if self._here[asker] >= self._each:
            raise TooMany(_("You have very many live pages open. Close some of them."), _WAIT_S)
        return self._counted(asker, content)

    async def _counted(self, asker: Hashable, content: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._here[asker] += 1
        try:
            async with contextlib.aclosing(content) as pieces:
                async for one in pieces:
                    yield one
        finally:
            self._here[asker] -= 1
            if not self._here[asker]:
                del self._here[asker]
