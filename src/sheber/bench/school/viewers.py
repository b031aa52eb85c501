"""Viewers: three hundred watch cells that run, by server-sent events. Nobody may miss how a run ended.

The runs are recorded ones. A worker of the bench claims their jobs, writes each trace at the pace at which the cell
moved, five times a second, and finishes them: to the server they look like cells that other machines compute, so its
share of the processor is its own.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sheber.bench.rows import Row, absolute, aimed, gated
from sheber.bench.school.browser import Connection
from sheber.bench.school.recorded import Recording, recording
from sheber.bench.school.town import Guest, Served, Town, served, settled
from sheber.school.opening import School
from sheber.school.queue import files
from sheber.school.queue.claiming import About, Claimed, claim, finish, heartbeat, register
from sheber.school.submissions.handing_in import submit

__all__ = ["viewers"]

VIEWERS: Final = 300
CELLS: Final = 20  # that run at a time, each watched by as many: no person may have very many live pages open
UPDATES: Final = 5  # a second
LONGEST_S: Final = 24.0  # of the time in which a run is written
WORKER: Final = "bench"
CONNECT_S: Final = 60.0


@dataclass(slots=True)
class _Seen:
    """What one viewer got."""

    pieces: list[int] = field(default_factory=list)  # numbers
    last_s: float = -1.0  # simulated time of the newest piece
    bytes: int = 0
    done: bool = False
    done_at: float = 0.0  # monotonic [s]
    alive: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Watched:
    seen: list[_Seen]
    share: float  # of a core, while the cells ran
    ending_s: float  # processor time that the ends took
    ended_s: float  # from the end of the runs to the last viewer's


def viewers(quick: bool, database: str = "") -> list[Row]:
    """Watch recorded runs of poses-and-moves."""
    count, cells = (VIEWERS // 10, CELLS // 4) if quick else (VIEWERS, CELLS)
    run = recording("poses-and-moves")
    with settled(cells, database) as town:
        jobs = _begun(town, run)
        with served(town, "--workers", "0") as server:
            found = asyncio.run(_watched(town, server, jobs, run, count))
    seen = found.seen
    whole = sum(one.done and one.pieces == list(range(1, len(one.pieces) + 1)) for one in seen)
    last = sum(abs(one.last_s - run.duration_s) < 0.05 for one in seen)
    updates = sum(len(one.pieces) for one in seen) / len(seen)
    size = sum(one.bytes for one in seen) / max(1, sum(len(one.pieces) for one in seen)) / 1e3
    told = f"{cells} cells, {updates:.0f} updates of {size:.1f} kB each in {_paced(run):.0f} s"
    return [
        gated("live viewers who saw the final state", min(whole, last), "viewers", f"≥ {count}", told),
        aimed("live viewers: share of a core", 100.0 * found.share, "%", "≤ 15", "the server, while the cells ran"),
        absolute("live viewers: processor time of the ends", found.ending_s, "s", f"all within {found.ended_s:.1f} s"),
    ]


def _paced(run: Recording) -> float:
    return min(LONGEST_S, run.duration_s)


def _begun(town: Town, run: Recording) -> list[Claimed]:
    """A practice run of each student, claimed by the bench."""
    school = town.school
    for student in town.students:
        with school.writing() as session:
            submit(school.secret, session, student.actor, town.assignments[0], run.source, "p.py", kind="practice")
    with school.writing() as session:
        register(session, About(WORKER, "local", len(town.students), "A", "bench"))
        return claim(session, WORKER, len(town.students))


async def _watched(town: Town, server: Served, jobs: list[Claimed], run: Recording, count: int) -> _Watched:
    seen = [_Seen() for _ in range(count)]
    pairs = [(one, jobs[n % len(jobs)]) for n, one in enumerate(seen)]
    people = {student.actor.id: student for student in town.students}
    owners = dict(zip([job.submission_id for job in jobs], people.values(), strict=True))
    tasks = [asyncio.create_task(_watch(server, owners[job.submission_id], job, one)) for one, job in pairs]
    await _connected(tasks, seen)
    before, begun = server.processor_s(), time.monotonic()
    await asyncio.gather(*(_write(town.school, job, run) for job in jobs))
    share = (server.processor_s() - before) / (time.monotonic() - begun)
    before, begun = server.processor_s(), time.monotonic()
    await asyncio.to_thread(_finished, town.school, jobs, run)
    await asyncio.wait_for(asyncio.gather(*tasks), CONNECT_S)
    return _Watched(seen, share, server.processor_s() - before, max(one.done_at for one in seen) - begun)


async def _connected(tasks: Sequence[asyncio.Task[None]], seen: Sequence[_Seen]) -> None:
    """Wait until every viewer sees something. Raises what stopped the first viewer that cannot."""
    alive = asyncio.gather(*(one.alive.wait() for one in seen))
    waited: list[asyncio.Future[Any]] = [alive, *tasks]
    await asyncio.wait(waited, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
    if not alive.done():
        raise TimeoutError(f"{sum(not one.alive.is_set() for one in seen)} viewers see nothing after {CONNECT_S:g} s")


async def _watch(server: Served, student: Guest, job: Claimed, seen: _Seen) -> None:
    connection = await Connection.open(server.host, server.port, student.cookie)
    async for event in connection.stream(f"/submissions/{job.submission_id}/live"):
        seen.alive.set()
        if event.kind == "piece":
            seen.pieces.append(event.number)
            seen.bytes += len(event.data)
            seen.last_s = float(event.data.partition(b'"time":')[2].split(b",", 1)[0])
        elif event.kind == "done":
            seen.done, seen.done_at = b'"words"' in event.data, time.monotonic()
            break
    connection.close()


async def _write(school: School, job: Claimed, run: Recording) -> None:
    """Append a recorded trace to the file of a job at the pace of its cell."""
    file = files.running_file(school.traces, job.job_id, job.tries)
    file.parent.mkdir(exist_ok=True)
    steps = max(1, round(_paced(run) * UPDATES))
    begun = time.monotonic()
    with file.open("wb", buffering=0) as stream:
        for step in range(steps):
            stream.write(run.trace[len(run.trace) * step // steps : len(run.trace) * (step + 1) // steps])
            await asyncio.sleep(max(0.0, begun + (step + 1) / UPDATES - time.monotonic()))


def _finished(school: School, jobs: list[Claimed], run: Recording) -> None:
    with school.writing() as session:
        heartbeat(session, WORKER, [job.job_id for job in jobs])
    for job in jobs:
        name = files.keep(school.traces, job)
        with school.writing() as session:
            if not finish(session, WORKER, job.job_id, run.found(name)):
                raise RuntimeError("a job of the bench was taken by another worker")
    shutil.rmtree(school.traces / "running", ignore_errors=True)
