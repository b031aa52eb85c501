"""Said: what was said and decided about one student's work in one course, for the printed page of the student.

Points given by hand or taken back, comments of the staff, requests for another look with their answers: who, when, and
in which words. A few queries, however much was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from sheber.i18n import _
from sheber.school.courses.models import Assignment
from sheber.school.errors import NotFound
from sheber.school.gradebook.models import Override
from sheber.school.people import policy
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Comment, RegradeRequest, Submission

__all__ = ["Said", "said"]

MOST: Final = 500  # of each kind: a page to print, and no archive


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said or decided."""

    kind: str  # points, comment, request, answer
    at: datetime
    who: str
    text: str  # of a person: always escaped
    assignment_id: int
    number: int | None = None  # of the attempt; None: the assignment as a whole
    points: float | None = None  # given by hand; None: taken back
    state: str = ""  # of an answer: granted, declined
    line: int | None = None  # of the program, that a comment is about
    place: int | None = None  # of the scene, with its moment
    time_s: float | None = None


def said(session: Session, actor: Actor, course_id: int, person_id: int) -> dict[int, tuple[Said, ...]]:
    """By assignment, the oldest first. For the staff and the student. Raises NotFound."""
    standing = policy.require(session, actor, "course.see", course_id)
    if person_id != actor.id and not standing.may("gradebook.see"):
        raise NotFound(_("There is no such student in this course."))
    every = [
        *_decisions(session, course_id, person_id),
        *_comments(session, course_id, person_id),
        *_requests(session, course_id, person_id),
    ]
    found: dict[int, list[Said]] = {}
    for one in sorted(every, key=lambda one: one.at):
        found.setdefault(one.assignment_id, []).append(one)
    return {id_: tuple(lines) for id_, lines in found.items()}


def _decisions(session: Session, course_id: int, person_id: int) -> list[Said]:
    query = select(Override, Person.name).join(Person, Person.id == Override.given_by)
    query = query.join(Assignment, Assignment.id == Override.assignment_id)
    mine = (Assignment.course_id == course_id, Override.person_id == person_id)
    rows = session.execute(query.where(*mine).order_by(Override.id.desc()).limit(MOST))
    return [Said("points", one.created, who, one.reason, one.assignment_id, points=one.points) for one, who in rows]


def _comments(session: Session, course_id: int, person_id: int) -> list[Said]:
    """Of attempts; practice is not printed."""
    query = select(Comment, Person.name, Submission.assignment_id, Submission.number)
    query = query.join(Person, Person.id == Comment.author_id).join(Submission, Submission.id == Comment.submission_id)
    query = query.join(Assignment, Assignment.id == Submission.assignment_id)
    mine = (Assignment.course_id == course_id, Submission.person_id == person_id, Submission.kind == "graded")
    rows = session.execute(query.where(*mine, Comment.removed.is_(None)).order_by(Comment.id.desc()).limit(MOST))
    return [
        Said("comment", one.created, who, one.text, id_, number, line=one.line, place=one.place, time_s=one.time_s)
        for one, who, id_, number in rows
    ]


def _requests(session: Session, course_id: int, person_id: int) -> list[Said]:
    """Each request, and its answer where it has one."""
    teacher = aliased(Person)
    query = select(RegradeRequest, Person.name, teacher.name, Submission.assignment_id, Submission.number)
    query = query.join(Submission, Submission.id == RegradeRequest.submission_id)
    query = query.join(Assignment, Assignment.id == Submission.assignment_id)
    query = query.join(Person, Person.id == RegradeRequest.person_id)
    query = query.outerjoin(teacher, teacher.id == RegradeRequest.answered_by)
    mine = (Assignment.course_id == course_id, Submission.person_id == person_id, RegradeRequest.state != "withdrawn")
    found = []
    for one, asker, answerer, id_, number in session.execute(
        query.where(*mine).order_by(RegradeRequest.id.desc()).limit(MOST)
    ):
        found.append(Said("request", one.created, asker, one.reason, id_, number))
        if one.answered is not None:
            found.append(Said("answer", one.answered, answerer or "", one.answer, id_, number, state=one.state))
    return found
