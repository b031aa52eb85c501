"""Changes: the audit as people read it. Of one course for its teachers, of the whole school for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.school.audit import AuditEntry
from sheber.school.courses.models import Assignment, Course
from sheber.school.people.models import Person, folded
from sheber.school.people.policy import Actor, require, require_rank
from sheber.school.submissions.models import Submission

__all__ = ["PAGE", "ChangeLine", "Changes", "changes"]

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change."""

    id: int
    at: datetime
    person_id: int | None
    person: str  # "": the school itself
    course_id: int | None
    course: str
    action: str  # "assignment.changed"
    thing: str  # "assignment 12"
    details: Mapping[str, Any]  # text of people among it: always escaped
    about: str  # name of the person whom it is about; ""
    assignment_id: int | None  # that it is about, by itself or by its submission
    exercise: str  # name of that assignment's exercise; ""


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes, the newest first."""

    lines: tuple[ChangeLine, ...]
    older: int  # give it as `before` for the next page; 0: there is none


def changes(
    session: Session,
    actor: Actor,
    *,
    course_id: int | None = None,
    person: str = "",
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
) -> Changes:
    """What was changed. course_id: there only, for its teachers; without it everywhere, for administrators.

    person: part of the name of who did it. action: its beginning, such as "assignment." or "grade.overridden". before:
    entries older than this one. A fixed number of queries. Raises NotFound, NotAllowed.
    """
    query = select(AuditEntry, Person.name, Course.title)
    query = query.outerjoin(Person, Person.id == AuditEntry.person_id)
    query = query.outerjoin(Course, Course.id == AuditEntry.course_id)
    if course_id is None:
        require_rank(actor, "school.see")
    else:
        require(session, actor, "audit.see", course_id)
        query = query.where(AuditEntry.course_id == course_id)
    for word in folded(person[:200]).split()[:8]:
        query = query.where(Person.search.contains(word, autoescape=True))
    if action:
        query = query.where(AuditEntry.action.startswith(action[:60], autoescape=True))
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    if before:
        query = query.where(AuditEntry.id < before)
    rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    subjects = _subjects(session, [row[0] for row in rows])
    lines = tuple(_line(one, name or "", title or "", subjects) for one, name, title in rows[:PAGE])
    return Changes(lines, lines[-1].id if len(rows) > PAGE else 0)


@dataclass(frozen=True, slots=True)
class _Subjects:
    """What entries are about, looked up at once."""

    people: Mapping[int, str]  # names
    submissions: Mapping[int, tuple[int, int]]  # assignment and person
    exercises: Mapping[int, str]  # of assignments, by name


def _subjects(session: Session, entries: list[AuditEntry]) -> _Subjects:
    """Three queries, however many entries there are."""
    handed = select(Submission.id, Submission.assignment_id, Submission.person_id)
    rows = session.execute(handed.where(Submission.id.in_({_number(one, "submission") for one in entries}))).all()
    submissions = {row[0]: (row[1], row[2]) for row in rows}
    wanted = {_number(one, "assignment") for one in entries} | {row[1] for row in rows}
    exercises = session.execute(select(Assignment.id, Assignment.exercise).where(Assignment.id.in_(wanted)))
    who = {_about(one) for one in entries} | {row[2] for row in rows}
    people = session.execute(select(Person.id, Person.name).where(Person.id.in_(who)))
    return _Subjects({row[0]: row[1] for row in people}, submissions, {row[0]: row[1] for row in exercises})


def _about(one: AuditEntry) -> int:
    """The person whom an entry names; 0 for none."""
    found = one.details.get("person")
    return found if isinstance(found, int) else _number(one, "person")


def _number(one: AuditEntry, kind: str) -> int:
    """The id of the thing of an entry, where it is of this kind; else 0."""
    found, _space, number = one.thing.partition(" ")
    return int(number) if found == kind and number.isdigit() else 0


def _line(one: AuditEntry, person: str, course: str, subjects: _Subjects) -> ChangeLine:
    assignment, author = subjects.submissions.get(_number(one, "submission"), (_number(one, "assignment"), 0))
    exercise = subjects.exercises.get(assignment, "")
    about = subjects.people.get(_about(one) or author, "")
    said = (one.action, one.thing, one.details, about, assignment if exercise else None, exercise)
    return ChangeLine(one.id, one.at, one.person_id, person, one.course_id, course, *said)
