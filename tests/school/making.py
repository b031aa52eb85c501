"""People and courses for tests, made without asking whether anybody may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session

from sheber.school import clock
from sheber.school.courses.models import Assignment, Course, Member
from sheber.school.opening import School
from sheber.school.people.keys import actor_of
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor


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
    """The SQL statements of a block, so that a test can compare their number."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(school.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(school.engine, "before_cursor_execute", note)
