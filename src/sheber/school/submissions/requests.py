"""Requests: a student asks for another look at a grade; a teacher answers, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.courses.courses import require_open
from sheber.school.courses.models import Assignment
from sheber.school.errors import Conflict, NotFound, Refused
from sheber.school.people import policy
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import lock_submission
from sheber.school.submissions.models import RegradeRequest, Submission
from sheber.school.submissions.seeing import who_may_see

__all__ = ["MOST_ASKED", "RequestLine", "answer", "ask", "requests_in", "requests_of", "take_back"]

LONGEST: Final = 2000  # characters
MOST_OPEN: Final = 10  # of one student in one course
MOST_ASKED: Final = 5  # about one attempt, those that were taken back among them
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request."""

    id: int
    submission_id: int
    number: int  # of the attempt
    assignment_id: int
    exercise: str
    person_id: int
    person: str
    points: float | None  # of the attempt
    reason: str  # text of a student: always escaped
    state: str  # open, granted, declined, withdrawn
    answer: str
    answered_by: str  # "": nobody yet
    created: datetime
    answered: datetime | None


def ask(session: Session, actor: Actor, submission_id: int, reason: str) -> int:
    """Ask for another look at one's own judged attempt; gives the request's id. Raises NotFound, Refused."""
    owner, standing = who_may_see(session, actor, submission_id)
    if owner != actor.id:
        raise NotFound(_("There is no such submission."))
    require_open(session, actor, "work.submit", standing.course.id)
    reason = _words(reason, "reason")
    submission = lock_submission(session, submission_id)
    if submission.kind != "graded" or submission.state != "done":
        raise Refused(_("You can ask about an attempt that was judged for a grade."))
    mine = (RegradeRequest.person_id == actor.id, RegradeRequest.state == "open")
    if session.scalar(select(RegradeRequest.id).where(*mine, RegradeRequest.submission_id == submission_id).limit(1)):
        raise Refused(_("You have asked about this attempt already. Your teacher will answer."))
    asked = select(func.count(RegradeRequest.id)).where(RegradeRequest.submission_id == submission_id)
    if (session.scalar(asked) or 0) >= MOST_ASKED:
        text = _("You have asked about this attempt {most} times. Please talk to your teacher.")
        raise Refused(text.format(most=MOST_ASKED))
    if _open_in(session, actor, standing.course.id) >= MOST_OPEN:
        raise Refused(_("{most} of your requests wait for an answer. Please wait for it.").format(most=MOST_OPEN))
    row = RegradeRequest(submission_id=submission_id, person_id=actor.id, reason=reason, created=clock.now())
    session.add(row)
    session.flush()
    return row.id


def take_back(session: Session, actor: Actor, request_id: int) -> None:
    """End one's own request before it is answered. Raises NotFound, Conflict."""
    row, _course = _locked(session, request_id)
    if row.person_id != actor.id:
        raise _unknown()
    _check_open(session, row)
    row.state, row.answered = "withdrawn", clock.now()


def answer(session: Session, actor: Actor, request_id: int, granted: bool, text: str) -> None:
    """Answer a request, in words that the student reads. Granted: the teacher then changes the grade or regrades.

    Raises NotFound, NotAllowed, Refused, and Conflict where somebody else answered it.
    """
    row, course_id = _locked(session, request_id)
    try:
        require_open(session, actor, "request.answer", course_id)
    except NotFound as error:
        raise _unknown() from error
    _check_open(session, row)
    row.answer = _words(text, "answer")
    row.state, row.answered_by, row.answered = "granted" if granted else "declined", actor.id, clock.now()
    thing, details = f"submission {row.submission_id}", {"request": row.id, "answer": row.answer}
    audit.record(session, actor.id, f"request.{row.state}", thing, course_id=course_id, **details)


def requests_in(
    session: Session, actor: Actor, course_id: int, *, state: str = "open", page: int = 1
) -> tuple[tuple[RequestLine, ...], int]:
    """A page of the requests of a course, and how many there are; the oldest first. state: "" for all of them.

    Raises NotFound, NotAllowed.
    """
    policy.require(session, actor, "work.see-all", course_id)
    here = [Assignment.course_id == course_id, *([RegradeRequest.state == state] if state else [])]
    count = select(func.count(RegradeRequest.id)).join(Submission).join(Assignment).where(*here)
    total = session.scalar(count) or 0
    before = (max(page, 1) - 1) * PAGE
    query = _lines().where(*here).order_by(RegradeRequest.id).limit(PAGE).offset(min(before, total))
    return tuple(RequestLine(*row) for row in session.execute(query)), total


def requests_of(session: Session, actor: Actor, submission_id: int) -> tuple[RequestLine, ...]:
    """The requests about one submission, the oldest first: for its student and the staff. Raises NotFound."""
    owner, standing = who_may_see(session, actor, submission_id)
    if owner != actor.id and not standing.may("work.see-all"):
        raise NotFound(_("There is no such submission."))
    query = _lines().where(RegradeRequest.submission_id == submission_id).order_by(RegradeRequest.id)
    return tuple(RequestLine(*row) for row in session.execute(query))


def _lines() -> Select[*tuple[Any, ...]]:
    """The columns of a RequestLine."""
    teacher = aliased(Person)
    return (
        select(
            RegradeRequest.id,
            RegradeRequest.submission_id,
            Submission.number,
            Submission.assignment_id,
            Assignment.exercise,
            RegradeRequest.person_id,
            Person.name,
            Submission.points,
            RegradeRequest.reason,
            RegradeRequest.state,
            RegradeRequest.answer,
            func.coalesce(teacher.name, ""),
            RegradeRequest.created,
            RegradeRequest.answered,
        )
        .join(Submission, Submission.id == RegradeRequest.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Person, Person.id == RegradeRequest.person_id)
        .outerjoin(teacher, teacher.id == RegradeRequest.answered_by)
    )


def _open_in(session: Session, actor: Actor, course_id: int) -> int:
    mine = (RegradeRequest.person_id == actor.id, RegradeRequest.state == "open", Assignment.course_id == course_id)
    return session.scalar(select(func.count(RegradeRequest.id)).join(Submission).join(Assignment).where(*mine)) or 0


def _locked(session: Session, request_id: int) -> tuple[RegradeRequest, int]:
    """A request that nobody else changes until this transaction ends, and its course. Raises NotFound."""
    row = session.get(RegradeRequest, request_id, with_for_update={"key_share": True})
    if row is None:
        raise _unknown()
    course = select(Assignment.course_id).join(Submission, Submission.assignment_id == Assignment.id)
    return row, session.scalars(course.where(Submission.id == row.submission_id)).one()


def _check_open(session: Session, row: RegradeRequest) -> None:
    """Raises Conflict for a request that has ended."""
    if row.state == "open":
        return
    who = session.get(Person, row.answered_by) if row.answered_by else None
    if who is None:
        raise Conflict(_("The student has taken this request back."))
    raise Conflict(_("{name} has answered this request already.").format(name=who.name))


def _words(text: str, where: str) -> str:
    text = storable(text.strip())
    if not 1 <= len(text) <= LONGEST:
        raise Refused(_("Say it in 1 to {most} characters.").format(most=LONGEST), where)
    return text


def _unknown() -> NotFound:
    return NotFound(_("There is no such request."))
