"""Hall: runs that are being watched. Each is followed and encoded once, however many watch it.

Theory of operation. A judge, in whatever process, appends to the file of a trace. The hall reads what came since the
last look, five times a second, in a thread beside the server's loop, and keeps the messages it made of that. A watcher
is a place in this list: who comes late gets everything from the beginning at once, who lost the connection goes on
after the last message that arrived. A run that nobody watches any more is let go of.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sheber.i18n import language as in_language
from sheber.judge.report.glb import replay
from sheber.school.errors import DatabaseAway
from sheber.school.submissions.watching import Watching
from sheber.trace import Trace, TraceError
from sheber.trace.following import Following
from sheber.web.live import encoding

__all__ = ["Drawn", "Hall", "Watched"]

LOOK_S: Final = 0.2  # between two looks at a file
ASK_S: Final = 0.7  # between two questions where the file is
ALONE_S: Final = 10.0  # that a run is followed without a watcher
KEPT_BYTES: Final = 12 << 20  # of messages of one run; pictures are left out of what comes after
SILENT_S: Final = 15.0  # without a message: then a line of nothing, so that no proxy hangs up

_drawing: Final = threading.Lock()  # one scene after another: runs that begin together have the same arm to draw


class Drawn(Protocol):
    """What the hall needs of an exercise."""

    def mesh(self, name: str, /) -> Any: ...
    def texture(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A run to watch."""

    key: tuple[int, int]  # submission and place
    exercise: Drawn
    where: Callable[[], Watching]  # the file, and whether more will be written: asked now and then, in a thread


@dataclass(slots=True, eq=False)
class Show:
    """A run that is being followed, in one language."""

    watched: Watched
    language: str
    messages: list[bytes] = field(default_factory=list)
    scene: bytes = b""  # the 3D scene, as GLB
    over: bool = False
    watchers: int = 0
    task: asyncio.Task[None] | None = None
    fresh: asyncio.Event = field(default_factory=asyncio.Event)
    bytes_kept: int = 0
    beats: int = 0  # of silence

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Keep one message, and wake those who wait for it."""
        made = encoding.framed(kind, len(self.messages) + 1, content)
        self.messages.append(made)
        self.bytes_kept += len(made)
        self.wake()

    def wake(self) -> None:
        """Wake every watcher."""
        self.fresh.set()
        self.fresh = asyncio.Event()


class Hall:
    """All runs that are watched on this server."""

    def __init__(self) -> None:
        self._shows: dict[tuple[tuple[int, int], str], Show] = {}

    async def watch(self, watched: Watched, language: str, after: int = 0) -> AsyncIterator[bytes]:
        """The messages of a run after the one of this number, until it is over."""
        show = self._show(watched, language)
        show.watchers += 1
        try:
            at = min(max(after, 0), len(show.messages))
            while True:
                waiting = show.fresh
                while at < len(show.messages):
                    yield show.messages[at]
                    at += 1
                if show.over:
                    return
                beats = show.beats
                await waiting.wait()
                if show.beats > beats:
                    yield b": still here\n\n"
        finally:
            show.watchers -= 1

    def scene(self, key: tuple[int, int]) -> bytes:
        """The 3D scene of a run that is watched; b"" where there is none (yet)."""
        return next((show.scene for (one, _), show in self._shows.items() if one == key and show.scene), b"")

    async def close(self) -> None:
        """Stop following."""
        tasks = [show.task for show in self._shows.values() if show.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._shows.clear()

    def _show(self, watched: Watched, language: str) -> Show:
        name = (watched.key, language)
        show = self._shows.get(name)
        if show is None:
            show = self._shows[name] = Show(watched, language)
            show.task = asyncio.create_task(self._follow(show, name))
        return show

    async def _follow(self, show: Show, name: tuple[tuple[int, int], str]) -> None:
        """Follow a run to its end; what goes wrong with the picture never touches the run."""
        following = Following()
        beat = asyncio.create_task(_beat(show))
        try:
            await self._until_over(show, following)
        except TraceError as error:
            show.add("trouble", {"words": str(error)})
        finally:
            beat.cancel()
            following.close()
            show.over = True
            show.wake()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(ALONE_S)  # late watchers still get the whole
            self._shows.pop(name, None)

    async def _until_over(self, show: Show, following: Following) -> None:
        alone, begun, asked = time.monotonic(), 0, -ASK_S
        place = Watching(None, over=False)
        while not following.ended:
            now = time.monotonic()
            if now - asked > ASK_S:
                asked = now
                with contextlib.suppress(DatabaseAway):
                    place = await asyncio.to_thread(show.watched.where)
                following.follow(place.file)
            news = await asyncio.to_thread(_look, following, show)
            if news is not None:
                if following.begun > begun > 0:
                    show.add("again", {})
                begun = following.begun
                show.add("piece", news)
                if following.behind:
                    continue
            alone = now if show.watchers or news is not None else alone
            if news is None and (place.over or now - alone > ALONE_S):
                return
            await asyncio.sleep(LOOK_S)


async def _beat(show: Show) -> None:
    """Let every watcher of a run hear something within SILENT_S. One clock a run: one for each watcher costs more than
    the messages do."""
    while True:
        before = len(show.messages)
        await asyncio.sleep(SILENT_S / 2.0)
        if len(show.messages) == before:
            show.beats += 1
            show.wake()


def _look(following: Following, show: Show) -> dict[str, Any] | None:
    """What came since the last look, encoded. Runs beside the server's loop."""
    fresh = following.begun
    trace = following.news()
    if trace is None:
        return None
    with in_language(show.language):
        content = encoding.piece(trace)
    if show.bytes_kept > KEPT_BYTES:
        content.pop("captures", None)
    if following.begun > fresh or not show.scene:
        content["stage"] = _staged(trace, show)
    return content


def _staged(trace: Trace, show: Show) -> dict[str, Any]:
    about = encoding.begins(trace)
    exercise = show.watched.exercise
    with _drawing:
        show.scene = replay(trace, exercise.mesh, exercise.texture) if about["drawn"] else b"-"
    return about
