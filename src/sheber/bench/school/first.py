"""First: from Submit to the first scene's points, as a student who waits at the page sees them."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from sqlalchemy import select

from sheber.bench.rows import Row, absolute, aimed
from sheber.bench.school.browser import Connection
from sheber.bench.school.killed import until
from sheber.bench.school.town import Served, Town, served, settled
from sheber.exercises import load
from sheber.school.queue.models import Worker
from sheber.school.submissions.models import SceneResult
from sheber.web.api.caller import V1
from sheber.web.security import FIELD, mask, token_for

__all__ = ["first"]

EXERCISE: Final = "poses-and-moves"
TIMES: Final = 6  # the first of them starts the pool
LONGEST_S: Final = 120.0


def first(quick: bool, database: str = "") -> list[Row]:
    """One student after another, on a server that has nothing else to do."""
    with settled(TIMES // 2 if quick else TIMES, database, (EXERCISE,), 1) as town:
        with served(town) as server:
            until(lambda: _worker_lives(town), server)
            waits = [asyncio.run(_wait(town, server, n)) for n in range(len(town.students))]
        scenes = _scenes(town)
    beyond = [wait - scene for wait, scene in zip(waits, scenes, strict=True)]
    usual = sorted(beyond[1:])[len(beyond[1:]) // 2]
    note = f"{waits[-1]:.1f} s in all, the scene {scenes[-1]:.1f} s"
    return [
        aimed("from Submit to the first points, beyond the scene", usual, "s", "≤ 2", note),
        absolute("... the first after a start, which makes the pool", beyond[0], "s"),
    ]


def _worker_lives(town: Town) -> bool:
    with town.school.reading() as session:
        return session.scalar(select(Worker.name).limit(1)) is not None


async def _wait(town: Town, server: Served, number: int) -> float:
    """Seconds from the click until the page is told that the scene is judged, and has its part with the points."""
    student = town.students[number]
    source = load(EXERCISE).program("reference").read_text("utf-8")
    sending = await Connection.open(server.host, server.port, student.cookie)
    form = {FIELD: mask(token_for(town.school.secret, student.key)), "source": source, "token": f"bench-{number}"}
    started = time.perf_counter()
    answer = await sending.fill(f"/assignments/{town.assignments[0]}/submit", **form)
    page = answer.headers["location"]
    await sending.get(page)
    sending.close()
    watching = await Connection.open(server.host, server.port, student.cookie)
    async with asyncio.timeout(LONGEST_S):
        async for event in watching.stream(f"{V1}{page}/events"):
            if event.kind == "ended":
                break
    watching.close()
    asking = await Connection.open(server.host, server.port, student.cookie)  # the other one was idle, and has ended
    await asking.get(f"{page}/part")
    waited = time.perf_counter() - started
    asking.close()
    return waited


def _scenes(town: Town) -> list[float]:
    """Seconds that judging took, in the order of the submissions."""
    with town.school.reading() as session:
        return list(session.scalars(select(SceneResult.seconds).order_by(SceneResult.submission_id)))
