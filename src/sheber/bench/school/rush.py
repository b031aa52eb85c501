"""Rush: a thousand students hand in at one moment, and some of them click twice. Each program is stored once."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from sheber.bench.rows import Row, absolute, aimed, gated, quantile, skipped
from sheber.bench.school import postgresql
from sheber.bench.school.browser import Connection
from sheber.bench.school.town import Guest, Served, Town, served, settled
from sheber.school.queue.models import Job
from sheber.school.submissions.models import Submission
from sheber.web.security import FIELD, mask, token_for

__all__ = ["rush"]

STUDENTS: Final = 1000
TWICE: Final = 10  # every so many a student clicks twice
SCENES: Final = 8
SOURCE: Final = "from sheber import connect\n\ncell = connect()\ncell.robot.move_joints(cell.robot.home)\n"


def rush(quick: bool, database: str = "") -> list[Row]:
    """On SQLite, and on PostgreSQL where there is one. database: URL of an empty one."""
    students = STUDENTS // 10 if quick else STUDENTS
    rows = _measured("SQLite", "", students)
    try:
        with postgresql.empty(database) as url:
            rows += _measured("PostgreSQL", url, students)
    except postgresql.NoPostgreSQL as error:
        rows.append(skipped("submissions at one moment, PostgreSQL", "stored once", f"≥ {students}", str(error)))
    return rows


@dataclass(frozen=True, slots=True)
class _Sent:
    status: int
    seconds: float  # from the common moment to the answer


def _measured(name: str, url: str, students: int) -> list[Row]:
    with settled(students, url, scenes=SCENES) as town:
        with served(town, "--workers", "0") as server:
            before = server.processor_s()
            sent = asyncio.run(_all_at_once(town, server))
            spent = server.processor_s() - before
        once, jobs = _stored(town)
    waits = [one.seconds for one in sent]
    refused = sum(one.status != 303 for one in sent)
    title = f"submissions at one moment, {name}"
    return [
        gated(title, once, "stored once", f"≥ {students}", f"{len(sent)} requests; {refused} not taken"),
        gated(f"{title}: jobs", jobs, "jobs", f"≥ {students * SCENES}", f"{SCENES} scenes each"),
        absolute(f"{title}: p50", quantile(waits, 0.5), "s"),
        aimed(f"{title}: p99", quantile(waits, 0.99), "s", "≤ 1", f"{spent:.1f} s of the server's processor time"),
    ]


async def _all_at_once(town: Town, server: Served) -> list[_Sent]:
    """Everybody sends when the gun goes off; connecting counts."""
    gun = asyncio.Event()
    tasks = []
    for number, student in enumerate(town.students):
        token = secrets.token_urlsafe(24)
        clicks = 2 if number % TWICE == 0 else 1
        tasks += [asyncio.create_task(_one(town, server, student, token, gun)) for _click in range(clicks)]
    await asyncio.sleep(0.5)
    gun.set()
    return await asyncio.gather(*tasks)


async def _one(town: Town, server: Served, student: Guest, token: str, gun: asyncio.Event) -> _Sent:
    form = {FIELD: mask(token_for(town.school.secret, student.key)), "source": SOURCE, "token": token}
    await gun.wait()
    begun = time.perf_counter()
    connection = await Connection.open(server.host, server.port, student.cookie)
    answer = await connection.fill(f"/assignments/{town.assignments[0]}/submit", **form)
    connection.close()
    return _Sent(answer.status, time.perf_counter() - begun)


def _stored(town: Town) -> tuple[int, int]:
    """Students with exactly one submission, and jobs of all."""
    with town.school.reading() as session:
        counts = session.scalars(select(func.count(Submission.id)).group_by(Submission.person_id)).all()
        return sum(one == 1 for one in counts), session.scalar(select(func.count(Job.id))) or 0
