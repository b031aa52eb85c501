"""News: what happened to somebody's work that they have not looked at yet.

A comment was written, a request was answered, points were given by hand or taken back, a regrade was published, a
scene was released, more time or more attempts were given. Nothing is written when it happens: news are read from what
is stored anyway, and a `Look` says until when somebody has looked at one attempt, at the attempts of an assignment,
at its dates, or at the list of all news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Integer, Select, String, cast, func, literal, null, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sheber.school import clock
from sheber.school.courses.models import Assignment, Course, Extension, Member, ReleasedScene
from sheber.school.gradebook.models import Campaign, CampaignResult, Override
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Comment, Look, RegradeRequest, SceneResult, Submission

__all__ = [
    "KINDS",
    "News",
    "assignments_of",
    "looked_at",
    "news",
    "unread",
]

KINDS: Final = ("comment", "answer", "points", "regrade", "scene", "extension")

MOST: Final = 100  # on the list; older ones stand only where they belong

_EVERYTHING: Final = "everything"


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened."""

    kind: str  # one of KINDS
    created: datetime
    course_id: int
    course: str
    assignment_id: int
    submission_id: int | None  # the attempt that it is about; None: the assignment as a whole
    number: int | None  # of that attempt
    practice: bool  # it is a practice run
    thing: int  # id of the comment or request; place of the scene
    text: str  # of a comment, an answer or a reason: always escaped
    points: float | None  # given by hand; None where they were taken back
    due: datetime | None  # until when there is time now; None where only attempts were given
    attempts: int | None  # that one has now; None where only time was given
    zone: str  # of the course; "": the school's
    state: str  # of a request: granted, declined
    fresh: bool  # not looked at yet


def news(session: Session, actor: Actor) -> tuple[News, ...]:
    """What happened to one's own work, the newest first. Two queries."""
    return _found(session, actor, None)


def unread(session: Session, actor: Actor) -> tuple[News, ...]:
    """What of it one has not looked at yet. Two queries."""
    looks = _looks(session, actor)
    return tuple(one for one in _found(session, actor, looks) if one.fresh)


def looked_at(
    session: Session,
    actor: Actor,
    *,
    attempt: int | None = None,
    attempts_of: int | None = None,
    dates_of: int | None = None,
) -> None:
    """One has seen one's own attempt, what was decided about all attempts of an assignment, its dates; none: all."""
    things = [f"submission {attempt}"] if attempt else []
    things += [f"assignment {attempts_of}"] if attempts_of else []
    things += [f"dates {dates_of}"] if dates_of else []
    for thing in things or [_EVERYTHING]:
        _look(session, actor, thing)


def assignments_of(session: Session, found: Iterable[News]) -> tuple[Assignment, ...]:
    """The assignments that news are about, for their titles."""
    ids = {one.assignment_id for one in found}
    return tuple(session.scalars(select(Assignment).where(Assignment.id.in_(ids))))


# --- how far somebody has looked ----------------------------------------------------------------------


def _looks(session: Session, actor: Actor) -> dict[str, datetime]:
    query = select(Look.thing, Look.looked).where(Look.person_id == actor.id)
    return {row.thing: row.looked for row in session.execute(query)}


def _look(session: Session, actor: Actor, thing: str) -> None:
    row = session.scalars(select(Look).where(Look.person_id == actor.id, Look.thing == thing)).one_or_none()
    if row is not None:
        row.looked = clock.now()
        return
    with suppress(IntegrityError), session.begin_nested():  # another page of theirs looked in the same moment
        session.add(Look(person_id=actor.id, thing=thing, looked=clock.now()))


def _fresh(row: Any, looks: dict[str, datetime]) -> bool:
    """Whether it is newer than the last look at any place that shows it."""
    place = f"assignment {row.assignment_id}" if row.submission_id is None else f"submission {row.submission_id}"
    if row.kind == "extension":
        place = f"dates {row.assignment_id}"
    seen = [looks[one] for one in (place, _EVERYTHING) if one in looks]
    return not seen or row.created > max(seen)


# --- what happened -------------------------------------------------------------------------------------


def _found(session: Session, actor: Actor, looks: dict[str, datetime] | None) -> tuple[News, ...]:
    """The newest things; looks: where they are known already, and only what came after the last look at all counts."""
    known = _looks(session, actor) if looks is None else looks
    since = None if looks is None else looks.get(_EVERYTHING)
    happened = union_all(*(kind(actor.id) for kind in _kinds())).subquery()
    query = (
        select(happened, Assignment.course_id, Course.title, Course.zone)
        .join(Assignment, Assignment.id == happened.c.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(Member, (Member.course_id == Course.id) & (Member.person_id == actor.id) & Member.left.is_(None))
        .where(Assignment.visible.is_(True))
        .order_by(happened.c.created.desc())
        .limit(MOST)
    )
    rows = session.execute(query if since is None else query.where(happened.c.created > since))
    return tuple(_one(row, _fresh(row, known)) for row in rows)


def _one(row: Any, fresh: bool) -> News:
    return News(
        row.kind,
        row.created,
        row.course_id,
        row.title,
        row.assignment_id,
        row.submission_id,
        row.number,
        row.practice == "practice",
        row.thing,
        row.text or "",
        row.points,
        row.due,
        row.attempts,
        row.zone,
        row.state,
        fresh,
    )


def _line(
    kind: str,
    created: Any,
    thing: Any,
    *,
    text: Any = "",
    points: Any = None,
    due: Any = None,
    attempts: Any = None,
    state: Any = "",
) -> list[Any]:
    """The columns of one kind of news, without the attempt; the same types in each, as both databases want them."""
    return [
        literal(kind).label("kind"),
        created.label("created"),
        thing.label("thing"),
        cast(text, String).label("text"),
        cast(null() if points is None else points, Float).label("points"),
        cast(null() if due is None else due, Extension.due.type).label("due"),
        cast(null() if attempts is None else attempts, Integer).label("attempts"),
        cast(state, String).label("state"),
    ]


_ATTEMPT: Final = (
    Submission.assignment_id,
    Submission.id.label("submission_id"),
    Submission.number,
    Submission.kind.label("practice"),
)


def _comments(person_id: int) -> Select[Any]:
    """What others said of one's attempts and practice runs."""
    query = select(*_line("comment", Comment.created, Comment.id, text=Comment.text), *_ATTEMPT)
    query = query.join(Submission, Submission.id == Comment.submission_id)
    return query.where(Submission.person_id == person_id, Comment.author_id != person_id, Comment.removed.is_(None))


def _answers(person_id: int) -> Select[Any]:
    """Answers to one's requests for another look."""
    one = RegradeRequest
    query = select(*_line("answer", one.answered, one.id, text=one.answer, state=one.state), *_ATTEMPT)
    query = query.join(Submission, Submission.id == one.submission_id)
    return query.where(Submission.person_id == person_id, one.state.in_(("granted", "declined")))


def _given(person_id: int) -> Select[Any]:
    """Points that a teacher gave by hand, or took back."""
    line = _line("points", Override.created, Override.id, text=Override.reason, points=Override.points)
    return select(*line, Override.assignment_id, *_no_attempt()).where(Override.person_id == person_id)


def _regrades(person_id: int) -> Select[Any]:
    """Regrades that were published, and judged one's attempts anew."""
    line = _line("regrade", Campaign.finished, Campaign.id, text=Campaign.reason)
    query = select(*line, Campaign.assignment_id, *_no_attempt()).where(Campaign.state == "published")
    mine = select(CampaignResult.campaign_id).join(Submission, Submission.id == CampaignResult.submission_id)
    return query.where(Campaign.id.in_(mine.where(Submission.person_id == person_id)))


def _scenes(person_id: int) -> Select[Any]:
    """Scenes that were released, and that one's attempts were judged on; each with the newest of these attempts."""
    one = ReleasedScene
    judged_on = (SceneResult.place == one.place) & (SceneResult.round == one.round)
    newest = (
        select(one.id.label("released_id"), func.max(Submission.id).label("submission_id"))
        .join(Submission, Submission.assignment_id == one.assignment_id)
        .join(SceneResult, (SceneResult.submission_id == Submission.id) & judged_on)
        .where(Submission.person_id == person_id, Submission.kind == "graded")
        .group_by(one.id)
        .subquery()
    )
    query = select(*_line("scene", one.released, one.place), *_ATTEMPT)
    query = query.join(newest, newest.c.released_id == one.id)
    return query.join(Submission, Submission.id == newest.c.submission_id)


def _extensions(person_id: int) -> Select[Any]:
    """More time, or more attempts, for this person."""
    until = func.coalesce(Extension.due, Extension.closes)
    line = _line("extension", Extension.created, Extension.id, due=until, attempts=Extension.attempts)
    return select(*line, Extension.assignment_id, *_no_attempt()).where(Extension.person_id == person_id)


def _kinds() -> tuple[Callable[[int], Select[Any]], ...]:
    return (_comments, _answers, _given, _regrades, _scenes, _extensions)


def _no_attempt() -> list[ColumnElement[Any]]:
    """The columns of an attempt, of what is about none."""
    none = literal(None)
    return [
        cast(none, Submission.id.type).label("submission_id"),
        cast(none, Submission.number.type).label("number"),
        cast(literal(""), String).label("practice"),
    ]
