"""Town: a school that is ready to be measured: people who have logged in, a course, its assignments."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheber.school.clock import now
from sheber.school.courses.models import Assignment, Course, Member
from sheber.school.opening import School, open_school
from sheber.school.people.logins import remember
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.temporary import temporary_folder

__all__ = ["Guest", "Served", "Town", "served", "settled"]


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a browser that is logged in."""

    actor: Actor
    key: str  # of the browser

    @property
    def cookie(self) -> str:
        """What the browser sends."""
        return f"login={self.key}"


@dataclass(frozen=True, slots=True)
class Town:
    """A school with one course."""

    school: School
    course: int
    assignments: list[int]
    exercises: list[str]  # of the assignments
    teacher: Guest
    students: list[Guest]


@contextlib.contextmanager
def settled(
    students: int, database: str = "", exercises: Sequence[str] = ("poses-and-moves",), scenes: int = 2
) -> Iterator[Town]:
    """A school in a temporary folder. exercises: an assignment each. database: URL of an empty one; "": SQLite."""
    with temporary_folder("bench") as folder, contextlib.closing(open_school(folder / "school", database)) as school:
        with school.writing() as session:
            course = Course(title="Роботтандырылған ұяшықтар", created=now())
            session.add(course)
            session.flush()
            rows = [
                Assignment(course_id=course.id, exercise=name, position=n, scenes=scenes, created=now())
                for n, name in enumerate(exercises)
            ]
            session.add_all(rows)
            people = [Person(login=f"student{n:05}", name=f"Айгүл {n:05}", created=now()) for n in range(students)]
            people.insert(0, Person(login="teacher", name="Болат Ахметов", rank="administrator", created=now()))
            session.add_all(people)
            session.flush()
            roles = ["teacher", *["student"] * students]
            members = zip(people, roles, strict=True)
            session.add_all(Member(course_id=course.id, person_id=p.id, role=r, joined=now()) for p, r in members)
            guests = [Guest(Actor(p.id, p.name, p.rank), remember(session, p.id)) for p in people]
            found = Town(school, course.id, [row.id for row in rows], list(exercises), guests[0], guests[1:])
        yield found


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    host: str
    port: int

    def kill(self) -> None:
        """Kill it with all that it started, as a power cut would: nothing of it can say good-bye."""
        family = [self.process.pid, *descendants(self.process.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()

    def processor_s(self) -> float:
        """Processor time of the server itself until now, without its worker [s]."""
        return processor_s(self.process.pid)


@contextlib.contextmanager
def served(town: Town, *more: str) -> Iterator[Served]:
    """`sheber serve`, as an operator starts it, on a free port. more: options."""
    folder, url = town.school.folder, town.school.url
    command = [sys.executable, "-P", "-m", "sheber", "serve", str(folder), "--port", "0", "--log", "json", *more]
    database = "" if url.startswith("sqlite") else url
    with (folder.parent / "log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"SHEBER_DATABASE": database}
        )
    server = None
    try:
        server = Served(process, *_address(process, folder.parent / "log"))
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str], log: Path) -> tuple[str, int]:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"http://([\d.]+):(\d+)", told)
    if found is None:
        raise RuntimeError(f"the server did not start:\n{told}{log.read_text('utf-8')[-2000:]}")
    return found[1], int(found[2])


def descendants(pid: int) -> list[int]:
    """All processes that a process and its children have started (Linux)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text("ascii").split()):
                found += [child, *descendants(child)]
    return found


def processor_s(pid: int) -> float:
    """Processor time of a process, all its threads, until now [s] (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
