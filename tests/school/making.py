"""People, courses and classes for tests, made without asking whether anybody may."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sheber.exercises import Exercise, load
from sheber.exercises.score import Check, Score
from sheber.i18n import message
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school import clock
from sheber.school.clock import now
from sheber.school.courses.models import Assignment, Course, Member
from sheber.school.opening import School
from sheber.school.people.keys import actor_of
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import Found
from sheber.school.submissions.handing_in import submit
from sheber.school.submissions.models import Submission
from sheber.trace import Outcome, OutcomeKind

KEEP_WARM = Path(__file__).parents[1] / "stations" / "keep_warm"
PLACED = message("making.placed", "The part is placed")
SOURCE = b"print('hello')\n"


class Clock(Protocol):
    """The school's time in tests: the fixture `time`."""

    def forward(self, **span: float) -> None:
        """Let time pass; a negative span is a clock that was set back."""
        ...


@cache
def keep_warm() -> Exercise:
    """The small thermostat exercise: a run takes milliseconds."""
    return load(KEEP_WARM)


@dataclass(frozen=True)
class FullDisk:
    """The thermostat exercise on a disk that takes no more while the file `full` is there."""

    full: Path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(keep_warm(), name)

    def warm(self) -> None:
        """Not warmed: only the workers build."""
        raise RuntimeError

    def build(self, seed: int, recorder: Any) -> Any:
        """The station; its trace may have two kilobytes."""
        if self.full.exists():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return keep_warm().build(seed, recorder)


def program(name: str) -> bytes:
    """One of the exercise's own programs."""
    return keep_warm().program(name).read_bytes()


def person(school: School, login: str, rank: str = "student") -> Actor:
    """Somebody with an account."""
    with school.writing() as session:
        made = Person(login=login, name=login.title(), rank=rank, created=now())
        session.add(made)
        session.flush()
        return Actor(made.id, made.name, rank)


@dataclass(frozen=True)
class Class:
    """A course with one assignment, a teacher and students."""

    school: School
    course: int
    assignment: int
    teacher: Actor
    students: list[Actor]

    def submit(self, student: int | Actor, source: bytes = SOURCE, **how: Any) -> int:
        """One of the students hands in."""
        actor = student if isinstance(student, Actor) else self.students[student]
        with self.school.writing() as session:
            assignment = how.pop("assignment", self.assignment)
            return submit(self.school.secret, session, actor, assignment, source, "program.py", **how)

    def change(self, **values: Any) -> None:
        """Change the assignment."""
        with self.school.writing() as session:
            assignment = session.get_one(Assignment, self.assignment)
            for name, value in values.items():
                setattr(assignment, name, value)

    def state(self, submission: int) -> str:
        """Of a submission."""
        with self.school.reading() as session:
            return session.get_one(Submission, submission).state

    def person_of(self, submission: int) -> int:
        """Which of the students, by place; -1 for others."""
        with self.school.reading() as session:
            owner = session.scalars(select(Submission.person_id).where(Submission.id == submission)).one()
        return next((n for n, one in enumerate(self.students) if one.id == owner), -1)


def make_class(school: School, title: str = "Robotics", students: int = 3, **assignment: Any) -> Class:
    """A course; `assignment`: columns of its assignment that are not as usual."""
    mark = title.lower().replace(" ", "-")
    teacher = person(school, f"{mark}-teacher", "teacher")
    pupils = [person(school, f"{mark}-student-{n}") for n in range(students)]
    with school.writing() as session:
        course = Course(title=title, created=now())
        session.add(course)
        session.flush()
        for actor, role in [(teacher, "teacher"), *((one, "student") for one in pupils)]:
            session.add(Member(course_id=course.id, person_id=actor.id, role=role, joined=now()))
        columns = {"exercise": "keep-warm", "scenes": 2} | assignment
        asked = Assignment(course_id=course.id, created=now(), **columns)
        session.add(asked)
        session.flush()
        return Class(school, course.id, asked.id, teacher, pupils)


def found(points: float = 80.0, **columns: Any) -> Found:
    """What a worker may have found."""
    score = Score((Check(PLACED(), "quality", min(points, 60.0), 60.0),))
    usual: dict[str, Any] = {
        "points": points,
        "outcome": stored_outcome(Outcome(OutcomeKind.FINISHED)),
        "score": stored_score(score),
        "trace_sha256": "0" * 64,
        "trace": "",
        "trace_bytes": 0,
        "level": "A",
        "processor": "x86_64-avx2",
        "versions": {},
        "seconds": 2.0,
        "exercise_sha256": "e" * 64,
    }
    return Found(**(usual | columns))


def a_person(school: School, login: str, rank: str = "student", **more: object) -> Actor:
    """Somebody, stored; their name is their login with a capital."""
    with school.writing() as session:
        person = Person(login=login, name=login.title(), rank=rank, created=clock.now(), **more)
        session.add(person)
        session.flush()
        return actor_of(person)


def a_course(
    school: School, *, teacher: Actor | None = None, students: tuple[Actor, ...] = (), title: str = "R"
) -> int:
    """A course with these people; its id."""
    with school.writing() as session:
        course = Course(title=title, created=clock.now())
        session.add(course)
        session.flush()
        put_in(session, course.id, *students)
        if teacher is not None:
            put_in(session, course.id, teacher, role="teacher")
        return course.id


def put_in(session: Session, course_id: int, *people: Actor, role: str = "student") -> None:
    """Make people members of a course."""
    session.add_all(Member(course_id=course_id, person_id=one.id, role=role, joined=clock.now()) for one in people)
    session.flush()


def an_assignment(school: School, course_id: int, exercise: str = "poses-and-moves", **settings: object) -> int:
    """An assignment, stored as it is given; its id."""
    with school.writing() as session:
        row = Assignment(course_id=course_id, exercise=exercise, created=clock.now(), **settings)
        session.add(row)
        session.flush()
        return row.id


@contextmanager
def counted(school: School) -> Iterator[list[str]]:
    """The SQL statements of a block but its beginning, so that a test can compare their number."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    event.listen(school.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(school.engine, "before_cursor_execute", note)
