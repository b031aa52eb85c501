"""Beginning: the first start makes the administrator and a first course; a demo makes people and their work too."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.exercises import catalogue
from sheber.i18n import _, current
from sheber.school import audit, clock, zones
from sheber.school.courses.assignments import Settings, add_assignment
from sheber.school.courses.courses import make_course
from sheber.school.courses.models import Course, Member
from sheber.school.grades import recount_all
from sheber.school.opening import School
from sheber.school.people.invitations import first_administrator
from sheber.school.people.keys import actor_of
from sheber.school.people.models import Person
from sheber.school.people.passwords import hash_password
from sheber.school.people.policy import Actor
from sheber.school.submissions.handing_in import submit

__all__ = ["Demo", "Guest", "begin", "begin_demo"]

log = logging.getLogger("sheber.school.beginning")

DEMO_SCENES: Final = 3  # of an exercise of the demo, so that it is judged within minutes
_PEOPLE: Final = (
    ("teacher", "Болат Ахметов", "teacher"),
    ("aigul", "Айгүл Серікқызы", "student"),
    ("ilya", "Илья Петров", "student"),
    ("liwei", "李伟", "student"),
)
_HANDED_IN: Final = (("aigul", "reference"), ("ilya", "clumsy"), ("liwei", "clumsy"), ("liwei", "reference"))
"""Who hands in which program of each exercise, in this order."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody of the demo, and how to log in as them."""

    name: str
    rank: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is ready."""

    guests: tuple[Guest, ...]
    submitted: int  # programs, by this start
    missing: tuple[str, ...]  # exercises whose programs are not in this installation


def begin(school: School) -> str | None:
    """Make the administrator and the first course of an empty school; gives the token of the one-time link.

    Each start also counts the points of the gradebook anew, so that a restore or an upgrade cannot leave wrong ones.
    None where somebody has an account already. While nobody has used the link, each start gives a new one.
    """
    with school.writing() as session:
        if wrong := recount_all(session):
            log.warning("%d points of the gradebook were not those that count; they were set right", wrong)
    with school.writing() as session:
        token = first_administrator(session)
        if token is None:
            return None
        zones.begin_school_zone(session)
        owner = actor_of(session.scalars(select(Person).where(Person.rank == "administrator")).one())
        if not session.scalar(select(func.count(Course.id))):
            _course(session, owner, _("First course"), Settings())
    return token


def begin_demo(school: School) -> Demo:
    """A course with a teacher and three students who have handed in; the same people where they are there already.

    Their passwords follow from the secret of the school: every start can tell them, and nobody else knows them.
    """
    guests = tuple(Guest(name, rank, login, _password(school, login)) for login, name, rank in _PEOPLE)
    hashes = {guest.login: hash_password(guest.password) for guest in guests}  # before the transaction: it takes long
    with school.writing() as session:
        known = session.scalar(select(Person.id).where(Person.login == guests[0].login))
        assignments = [] if known else _demo_course(session, guests, hashes)
    submitted, missing = _hand_in(school, assignments)
    return Demo(guests, submitted, missing)


def _course(session: Session, owner: Actor, title: str, settings: Settings) -> tuple[int, list[int]]:
    """A course that asks for every exercise of the catalogue; gives its id and those of the assignments."""
    course = make_course(session, owner, title)
    return course, [add_assignment(session, owner, course, exercise.name, settings) for exercise in catalogue()]


def _demo_course(session: Session, guests: Sequence[Guest], hashes: dict[str, str]) -> list[int]:
    people = [_person(session, guest, hashes[guest.login]) for guest in guests]
    settings = Settings(scenes=DEMO_SCENES, every_attempt=True)
    course, assignments = _course(session, people[0], _("Digital workshop: a demo"), settings)
    for student in people[1:]:
        session.add(Member(course_id=course, person_id=student.id, role="student", joined=clock.now()))
    return assignments


def _person(session: Session, guest: Guest, password: str) -> Actor:
    made = Person(login=guest.login, name=guest.name, rank=guest.rank, password=password, created=clock.now())
    session.add(made)
    session.flush()
    audit.record(session, None, "person.made", f"person {made.id}", login=guest.login, rank=guest.rank, demo=True)
    return actor_of(made)


def _hand_in(school: School, assignments: Sequence[int]) -> tuple[int, tuple[str, ...]]:
    """Hand the shipped programs in; gives how many, and the exercises that have none."""
    with school.reading() as session:
        actors = {one.login: actor_of(one) for one in session.scalars(select(Person))}
    count, missing = 0, []
    for assignment, exercise in zip(assignments, catalogue(), strict=False):
        if not (exercise.folder / "programs").is_dir():
            missing.append(exercise.name)
            continue
        for login, name in _HANDED_IN:
            source = exercise.program(name).read_bytes()
            with school.writing() as session:
                language = current()
                submit(
                    school.secret,
                    session,
                    actors[login],
                    assignment,
                    source,
                    f"{name}.py",
                    language=language,
                    paced=False,
                )
            count += 1
    return count, tuple(missing)


def _password(school: School, login: str) -> str:
    """Twelve letters and digits in groups: 60 bits."""
    letters = base64.b32encode(school.secret.derived(f"demo/{login}"))[:12].decode().lower()
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))
