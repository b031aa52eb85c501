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
from typing import Final

from sqlalchemy import event, select

from sheber.bench.rows import Row, absolute, aimed, gated, quantile, skipped
from sheber.bench.school.asked import ask
from sheber.bench.school.browser import Connection
from sheber.bench.school.filling import SCENES, fill
from sheber.bench.school.town import Guest, Served, Town, served, settled
from sheber.exercises import catalogue
from sheber.school.opening import School
from sheber.school.submissions.models import Submission
from sheber.web.app import create_app

__all__ = ["Page", "fill", "main_pages", "pages", "queries", "sizes"]

STUDENTS: Final = 2000
EXERCISES: Final = 50
FEW: Final = (20, 5)  # students and exercises of the school with few rows
LOADS: Final = 60  # of each page
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
    work, (first, second, *_) = town.assignments[0], _attempts(town, student)
    course = f"/courses/{town.course}"
    return [
        Page("my courses", "/", student),
        Page("course", course, student),
        Page("exercise", f"/assignments/{work}", student),
        Page("submission", f"/submissions/{first}", student),
        Page("history", f"/assignments/{work}/attempts", student),
        Page("comparison", f"/compare?older={first}&newer={second}", student),
        Page("gradebook", f"{course}/gradebook", teacher),
        Page("statistics", f"/assignments/{work}/statistics", teacher),
        Page("student, for the teacher", f"{course}/students/{student.actor.id}", teacher),
        Page("handed in", f"/assignments/{work}/handed-in", teacher),
        Page("people of the course", f"{course}/people", teacher),
        Page("people of the school", "/school/people", teacher),
        Page("gradebook by total", f"{course}/gradebook?sort=total", teacher),
        Page("gradebook, who passed", f"{course}/gradebook?passed=yes", teacher),
        Page("one grade", f"/assignments/{work}/grades/{student.actor.id}", teacher),
        Page("requests", f"{course}/requests", teacher),
        Page("similarity", f"/assignments/{work}/similarity", teacher),
        Page("changes of the course", f"{course}/changes", teacher),
        Page("changes of the school", "/school/changes", teacher),
        Page("queue", "/school", teacher),
        Page("gradebook as CSV", f"{course}/gradebook.csv", teacher),
    ]


# --- measured ------------------------------------------------------------------------------------


def pages(quick: bool, database: str = "") -> list[Row]:
    """Times and numbers of queries with many rows."""
    students = STUDENTS // 10 if quick else STUDENTS
    with settled(FEW[0], "", _exercises(FEW[1]), SCENES) as town:
        fill(town)
        few = queries(town)
    with settled(students, database, _exercises(EXERCISES), SCENES) as town:
        started = time.perf_counter()
        count = fill(town)
        filled = time.perf_counter() - started
        many = queries(town)
        missing = [page.name for page in main_pages(town) if page.name not in many]
        with served(town, "--workers", "0") as server:
            times = asyncio.run(_times(town, server, list(many), LOADS // 6 if quick else LOADS))
    about = f"{students} students, {EXERCISES} exercises, {count} submissions"
    rows = [absolute("rows made for the pages", filled, "s", about)]
    for name, number in many.items():
        more = number - few[name]
        title = f"page {name}: queries more than with few rows"
        rows.append(gated(title, more, "queries", "≤ 0", f"{number} in all"))
        rows.append(aimed(f"page {name}: p95", 1e3 * quantile(times[name], 0.95), "ms", "≤ 100", _median(times[name])))
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
    with settled(3, database, _exercises(3), SCENES) as town:
        fill(town)
        weighed = dict(_weighed(town))
    heavy = {name: size for name, (size, whole) in weighed.items() if whole}
    light = {name: size for name, (size, whole) in weighed.items() if not whole}
    return [
        _heaviest("largest page without editor and 3D", light, LIGHT_kB),
        _heaviest("largest page with both", heavy, HEAVY_kB),
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


def _attempts(town: Town, student: Guest) -> list[int]:
    """The ids of a student's attempts of the first assignment."""
    mine = (Submission.assignment_id == town.assignments[0], Submission.person_id == student.actor.id)
    with town.school.reading() as session:
        return list(session.scalars(select(Submission.id).where(*mine).order_by(Submission.number)))
