"""Killed: server and workers are killed in the middle of two hundred jobs. Each must end graded, exactly once.

Nothing is told to end: all processes are killed at once, as a power cut would, while boxes run and traces are written.
Then the server is started again, its worker is killed once more, and everything is looked at: each submission is done,
each scene has one result and one trace, and the points follow from them. All programs and scenes are the same, so the
traces of one place must be too, whoever judged it and how often it was begun.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from sheber.bench.rows import Row, absolute, gated
from sheber.bench.school.town import Served, Town, descendants, served, settled
from sheber.bench.starting import ONE_MOVE
from sheber.exercises.score import final
from sheber.school.opening import School
from sheber.school.queue.models import Job
from sheber.school.submissions.handing_in import submit
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["Ended", "killed", "looked_at", "until"]

JOBS: Final = 200
SCENES: Final = 4
LONGEST_S: Final = 1500.0  # of it all
WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class Ended:
    """How the submissions of a school have ended."""

    graded: int  # done, with one result for each scene, and the points that follow from them
    doubled: int  # scenes with more than one result, or with a result and a job that did not end as done
    traces: int  # different traces, of all places
    missing: int  # results whose trace is not there
    left: int  # files of tries that nobody removed
    again: int  # jobs that were begun more than once


def killed(quick: bool, database: str = "") -> list[Row]:
    """Kill everything after a quarter of the jobs, and the worker alone after half of them."""
    jobs = JOBS // 10 if quick else JOBS
    with settled(jobs // SCENES, database, scenes=SCENES) as town:
        _hand_in(town)
        started = time.monotonic()
        with served(town, "--workers", str(WORKERS)) as server:
            until(lambda: _judged(town.school) >= jobs // 4, server)
            server.kill()
        before = _judged(town.school)
        with served(town, "--workers", str(WORKERS)) as server:
            until(lambda: _judged(town.school) >= jobs // 2, server)
            _kill_worker(server)
            until(lambda: _waiting(town.school) == 0, server)
        spent = time.monotonic() - started
        found = looked_at(town.school)
    told = f"{before} of {jobs} jobs were judged when all was killed; {found.again} were begun again"
    return [
        gated("graded after kill -9 of server and workers", found.graded, "submissions", f"≥ {jobs // SCENES}", told),
        gated("scenes graded twice", found.doubled, "scenes", "≤ 0"),
        gated("results without their trace, and tries left behind", found.missing + found.left, "files", "≤ 0"),
        gated("different traces of the same scene", found.traces - SCENES, "traces", "≤ 0", f"{SCENES} scenes"),
        absolute("both kills, and all jobs", spent, "s", f"{WORKERS} scenes at a time; a lost job waits for a minute"),
    ]


def _hand_in(town: Town) -> None:
    for student in town.students:
        with town.school.writing() as session:
            submit(town.school.secret, session, student.actor, town.assignments[0], ONE_MOVE.encode(), "program.py")


def _judged(school: School) -> int:
    with school.reading() as session:
        return session.scalar(select(func.count(SceneResult.id))) or 0


def _waiting(school: School) -> int:
    with school.reading() as session:
        return session.scalar(select(func.count(Job.id)).where(Job.state.in_(("queued", "leased")))) or 0


def until(what: Callable[[], bool], server: Served) -> None:
    """Wait for something while the server lives. Raises RuntimeError."""
    deadline = time.monotonic() + LONGEST_S
    while not what():
        if server.process.poll() is not None:
            raise RuntimeError("the server ended by itself")
        if time.monotonic() > deadline:
            raise RuntimeError(f"it took longer than {LONGEST_S:.0f} s")
        time.sleep(0.2)


def _kill_worker(server: Served) -> None:
    """Kill all that the server has started, and let it live."""
    for pid in descendants(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


def looked_at(school: School) -> Ended:
    """What is in the database and on the disk."""
    with school.reading() as session:
        submissions = session.scalars(select(Submission)).all()
        results = session.scalars(select(SceneResult)).all()
        jobs = session.scalars(select(Job)).all()
    of: dict[int, list[SceneResult]] = {one.id: [] for one in submissions}
    for result in results:
        of[result.submission_id].append(result)
    places = Counter((one.submission_id, one.place) for one in results)
    states = {(one.submission_id, one.place): one.state for one in jobs}
    running = school.traces / "running"
    return Ended(
        graded=sum(_graded(one, of[one.id]) for one in submissions),
        doubled=sum(count > 1 or states.get(place) != "done" for place, count in places.items()),
        traces=len({(one.place, one.trace_sha256) for one in results}),
        missing=sum(not (school.traces / one.trace).is_file() for one in results),
        left=len(list(running.iterdir())) if running.is_dir() else 0,
        again=sum(one.tries > 1 for one in jobs),
    )


def _graded(submission: Submission, results: list[SceneResult]) -> bool:
    whole = sorted(one.place for one in results) == list(range(1, submission.scenes + 1))
    return submission.state == "done" and whole and submission.final == final([one.points for one in results])
