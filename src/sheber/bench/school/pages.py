"""Pages: two thousand students, fifty exercises, two hundred thousand submissions; time, queries and size of each page.

The queries are counted in this process, in the school with many rows and in one with few: a page that asks once for
each row would ask more often there. Times are those of a server that a browser asks again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event, insert

from sheber.bench.rows import Row, absolute, aimed, gated, quantile, skipped
from sheber.bench.school.asked import ask
from sheber.bench.school.recorded import Recording, recording
from sheber.bench.school.town import Guest, Served, Town, served, settled
from sheber.bench.school.browser import Connection
from sheber.exercises import catalogue
from sheber.school.clock import now
from sheber.school.opening import School
from sheber.school.submissions.models import SceneResult, Submission
from sheber.temporary import temporary_folder
from sheber.web.app import create_app

__all__ = ["Page", "fill", "main_pages", "pages", "queries", "sizes"]

STUDENTS: Final = 2000
EXERCISES: Final = 50
ATTEMPTS: Final = 2  # of each student in each exercise: 200,000 submissions
SCENES: Final = 2  # with a stored result each
FEW: Final = (20, 5)  # students and exercises of the school with few rows
LOADS: Final = 60  # of each page
BATCH: Final = 5000  # rows stored at once
LIGHT_kB: Final = "≤ 250"
HEAVY_kB: Final = "≤ 700"
_ASSET: Final = re.compile(r"/(?:assets|names)/[^\"'\s<>]+?\.(?:js|css|json|svg)")


@dataclass(frozen=True, slots=True)
class Page:
    """One of the main pages, and who looks at it."""

    name: str
    path: str
    guest: Guest


def main_pages(town: Town) -> list[Page]:
    """The pages that students and teachers look at most. Those of the end of the class: its last student."""
    student, teacher = town.students[-1], town.teacher
    work, first = town.assignments[0], _first_of(town, len(town.students) - 1, 0)
    course = f"/courses/{town.course}"
    return [
        Page("my courses", "/", student),
        Page("course", course, student),
        Page("exercise", f"/assignments/{work}", student),
        Page("submission", f"/submissions/{first}", student),
        Page("history", f"/assignments/{work}/attempts", student),
        Page("comparison", f"/compare?older={first}&newer={first + 1}", student),
        Page("gradebook", f"{course}/gradebook", teacher),
        Page("statistics", f"/assignments/{work}/statistics", teacher),
        Page("student, for the teacher", f"{course}/students/{student.actor.id}", teacher),
        Page("handed in", f"/assignments/{work}/handed-in", teacher),
        Page("people of the course", f"{course}/people", teacher),
        Page("people of the school", "/school/people", teacher),
    ]


# --- measured ------------------------------------------------------------------------------------


def pages(quick: bool, database: str = "") -> list[Row]:
    """Times and numbers of queries with many rows."""
    students = STUDENTS // 10 if quick else STUDENTS
    with temporary_folder("bench") as folder:
        with settled(Path(folder, "few", "school"), "", FEW[0], _exercises(FEW[1]), SCENES) as town:
            fill(town)
            few = queries(town)
        with settled(Path(folder, "many", "school"), database, students, _exercises(EXERCISES), SCENES) as town:
            started = time.perf_counter()
            count = fill(town)
            filled = time.perf_counter() - started
            many = queries(town)
            with served(town, "--workers", "0") as server:
                times = asyncio.run(_times(town, server, [name for name in many], LOADS // 6 if quick else LOADS))
    about = f"{students} students, {EXERCISES} exercises, {count} submissions"
    rows = [absolute("rows made for the pages", filled, "s", about)]
    for name, number in many.items():
        more = gated(f"page {name}: more queries than with few rows", number - few[name], "queries", "≤ 0")
        rows.append(Row(more.name, more.value, more.unit, more.gate, more.met, f"{number} in all"))
        rows.append(aimed(f"page {name}: p95", 1e3 * quantile(times[name], 0.95), "ms", "≤ 100", _median(times[name])))
    missing = [page.name for page in main_pages(town) if page.name not in many]
    rows += [skipped(f"page {name}", "ms", "", "this school has no such page") for name in missing]
    return rows


def _median(times: list[float]) -> str:
    return f"p50 {1e3 * quantile(times, 0.5):.0f} ms"


def _exercises(count: int) -> list[str]:
    names = [one.name for one in catalogue()]
    return [names[n % len(names)] for n in range(count)]


async def _times(town: Town, server: Served, names: list[str], loads: int) -> dict[str, list[float]]:
    """Seconds of each load, one after another."""
    found: dict[str, list[float]] = {}
    for page in main_pages(town):
        if page.name not in names:
            continue
        connection = await Connection.open(server.host, server.port, page.guest.cookie)
        times = []
        for number in range(loads + 2):  # the first two open exercises and templates
            started = time.perf_counter()
            answer = await connection.get(page.path)
            if answer.status != 200:
                raise RuntimeError(f"{page.path} answers {answer.status}")
            times += [time.perf_counter() - started] if number >= 2 else []
        connection.close()
        found[page.name] = times
    return found


def queries(town: Town) -> dict[str, int]:
    """How often each page asks the database, by name; without the pages that this school does not have."""
    app, found = create_app(town.school), {}
    for page in main_pages(town):
        if ask(app, page.path, page.guest.cookie).status == 200:  # also opens what is opened once
            with _counted(town.school) as statements:
                ask(app, page.path, page.guest.cookie)
            found[page.name] = len(statements)
    return found


@contextlib.contextmanager
def _counted(school: School) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(school.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(school.engine, "before_cursor_execute", note)


# --- sizes ---------------------------------------------------------------------------------------


def sizes(quick: bool, database: str = "") -> list[Row]:
    """What a browser loads for a page that it sees for the first time, compressed."""
    del quick
    with temporary_folder("bench") as folder:
        with settled(Path(folder, "school"), database, 3, _exercises(3), SCENES) as town:
            fill(town)
            weighed = dict(_weighed(town))
    heavy = {name: size for name, (size, whole) in weighed.items() if whole}
    light = {name: size for name, (size, whole) in weighed.items() if not whole}
    return [_heaviest("largest page without editor and 3D", light, LIGHT_kB)] + [
        _heaviest("largest page with both", heavy, HEAVY_kB)
    ]


def _heaviest(title: str, found: dict[str, int], gate: str) -> Row:
    name = max(found, key=lambda one: found[one])
    return gated(title, found[name] / 1e3, "kB", gate, f"{name}; of {len(found)}")


def _weighed(town: Town) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Bytes of each page with all that it loads, and whether editor and 3D are among it."""
    app = create_app(town.school)
    for page in main_pages(town):
        answer = ask(app, page.path, page.guest.cookie)
        if answer.status != 200:
            continue
        loaded = sorted(set(_ASSET.findall(answer.text())))
        size = len(answer.body) + sum(len(ask(app, one, page.guest.cookie).body) for one in loaded)
        yield page.name, (size, any("/editor.js" in one for one in loaded))


# --- rows ------------------------------------------------------------------------------------------


def fill(town: Town) -> int:
    """Judged submissions of every student in every assignment; gives how many."""
    recordings = {name: recording(name) for name in set(town.exercises)}
    made = [
        _submission(town, recordings[name], assignment, student, attempt)
        for student in town.students
        for assignment, name in zip(town.assignments, town.exercises, strict=True)
        for attempt in range(1, ATTEMPTS + 1)
    ]
    for start in range(0, len(made), BATCH):
        part = made[start : start + BATCH]
        with town.school.writing() as session:
            ids = list(session.scalars(insert(Submission).returning(Submission.id, sort_by_parameter_order=True), part))
            exercises = [recordings[town.exercises[(start + n) // ATTEMPTS % len(town.exercises)]] for n in range(len(part))]
            session.execute(insert(SceneResult), list(_results(ids, exercises)))
    with town.school.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return len(made)


def _first_of(town: Town, student: int, assignment: int) -> int:
    """The id of a student's first submission."""
    return 1 + (student * len(town.assignments) + assignment) * ATTEMPTS


def _submission(town: Town, run: Recording, assignment: int, student: Guest, attempt: int) -> dict[str, Any]:
    points = round((run.result.points * (1 + student.actor.id % 7)) / 7.0, 2)
    return {
        "assignment_id": assignment,
        "person_id": student.actor.id,
        "kind": "graded",
        "number": attempt,
        "file_name": "program.py",
        "source": run.source + b"#" * attempt + b"\n",
        "source_sha256": sha256(run.source).hexdigest(),
        "language": "en",
        "created": now(),
        "late_days": 0,
        "state": "done",
        "scenes": SCENES,
        "final": points,
        "points": points,
        "exercise_sha256": run.result.exercise_sha256,
        "finished": now(),
        "shared": False,
        "token": "",
    }


def _results(ids: list[int], runs: list[Recording]) -> Iterator[dict[str, Any]]:
    from dataclasses import asdict

    for id_, run in zip(ids, runs, strict=True):
        columns = asdict(run.result) | {"round": 1, "seed": "1", "judged": now(), "submission_id": id_}
        del columns["exercise_sha256"]
        for place in range(1, SCENES + 1):
            yield columns | {"place": place}
