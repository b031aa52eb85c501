"""Filling: the rows of a school that has worked for a year, made by the database itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Float, String, cast, func, insert, literal, select
from sqlalchemy.orm import Session

from sheber.bench.school.recorded import Recording, recording
from sheber.bench.school.town import Town
from sheber.school.audit import AuditEntry
from sheber.school.clock import now
from sheber.school.courses.models import Assignment, Member
from sheber.school.database import Moment
from sheber.school.grades import recount_all
from sheber.school.losses import losses_of
from sheber.school.similarity.models import SimilarityReport
from sheber.school.similarity.winnowing import BINS, MOST_PAIRS
from sheber.school.submissions.models import Comment, RegradeRequest, SceneResult, Submission

__all__ = ["ATTEMPTS", "SCENES", "fill"]

ATTEMPTS: Final = 2  # of each student in each exercise
SCENES: Final = 2  # with a stored result each


def fill(town: Town) -> int:
    """Judged submissions of every student in every assignment, and what was said of them; gives how many there are."""
    with town.school.writing() as session:
        for name in dict.fromkeys(town.exercises):
            for attempt in range(1, ATTEMPTS + 1):
                _insert_submissions(session, recording(name), name, attempt)
            for place in range(1, SCENES + 1):
                _insert_results(session, recording(name), name, place)
        recount_all(session)
        _insert_words(session, town)
        session.add(_similarity(session, town))
        count = session.scalar(select(func.count(Submission.id))) or 0
    with town.school.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return count


def _insert_submissions(session: Session, run: Recording, exercise: str, attempt: int) -> None:
    points = literal(run.result.points / 7.0, Float) * (1 + Member.person_id % 7)
    values: dict[str, ColumnElement[Any]] = {
        "assignment_id": Assignment.id.expression,
        "person_id": Member.person_id.expression,
        "kind": literal("graded"),
        "number": literal(attempt),
        "file_name": literal("program.py"),
        "source": literal(run.source + b"#" * attempt),
        "source_sha256": literal("0" * 64),
        "language": literal("en"),
        "created": literal(now(), Moment),
        "late_days": literal(0),
        "state": literal("done"),
        "scenes": literal(SCENES),
        "final": points,
        "points": points,
        "exercise_sha256": literal(run.result.exercise_sha256),
        "finished": literal(now(), Moment),
        "shared": literal(False),
        "token": literal(""),
    }
    rows = select(*values.values()).join(Member, Member.course_id == Assignment.course_id)
    rows = rows.where(Member.role == "student", Assignment.exercise == exercise)
    session.execute(insert(Submission).from_select(list(values), rows))


def _insert_results(session: Session, run: Recording, exercise: str, place: int) -> None:
    found = run.result
    values: dict[str, ColumnElement[Any]] = {
        "submission_id": Submission.id.expression,
        "place": literal(place),
        "round": literal(1),
        "seed": literal("1"),
        "points": literal(found.points, Float),
        "outcome": literal(found.outcome, JSON),
        "losses": literal(losses_of(found.score), JSON),
        "score": literal(found.score, JSON),
        "trace_sha256": literal(found.trace_sha256),
        "trace": literal(""),
        "trace_bytes": literal(0),
        "level": literal(found.level),
        "processor": literal(found.processor),
        "versions": literal({}, JSON),
        "seconds": literal(found.seconds, Float),
        "judged": literal(now(), Moment),
    }
    rows = select(*values.values()).join(Assignment, Assignment.id == Submission.assignment_id)
    session.execute(insert(SceneResult).from_select(list(values), rows.where(Assignment.exercise == exercise)))


def _insert_words(session: Session, town: Town) -> None:
    """Of the first assignment: a comment and a question about each attempt. Of all: a line among the changes."""
    mine = Submission.assignment_id == town.assignments[0]
    at, teacher = literal(now(), Moment), literal(town.teacher.actor.id)
    said: dict[str, Any] = {
        "submission_id": Submission.id,
        "author_id": teacher,
        "text": literal("Look at the second move."),
        "created": at,
    }
    asked: dict[str, Any] = {
        "submission_id": Submission.id,
        "person_id": Submission.person_id,
        "reason": literal("It was placed well."),
    }
    asked |= {"state": literal("open"), "answer": literal(""), "created": at}
    noted: dict[str, Any] = {
        "at": at,
        "person_id": teacher,
        "course_id": literal(town.course),
        "action": literal("comment.removed"),
    }
    noted |= {"thing": literal("submission ").concat(cast(Submission.id, String)), "details": literal({}, JSON)}
    kinds: tuple[tuple[Any, dict[str, Any]], ...] = ((Comment, said), (RegradeRequest, asked), (AuditEntry, noted))
    for table, values in kinds:
        rows = select(*values.values()).select_from(Submission)
        rows = rows.where(Submission.number == 1) if table is AuditEntry else rows.where(mine)
        session.execute(insert(table).from_select(list(values), rows))


def _similarity(session: Session, town: Town) -> SimilarityReport:
    """A comparison of everybody's first attempt of the first assignment."""
    mine = (Submission.assignment_id == town.assignments[0], Submission.number == 1)
    names = [str(id_) for id_ in session.scalars(select(Submission.id).where(*mine).order_by(Submission.id))]
    shares = {"similarity": 0.9, "share": 0.9, "other_share": 0.9, "blocks": [[1, 5, 1, 5, 5]]}
    pairs = [{"one": one, "other": other} | shares for one, other in pairwise(names)]
    found = {
        "compared": names,
        "left_out": [],
        "histogram": [len(names), *[0] * (BINS - 1)],
        "pairs": pairs[:MOST_PAIRS],
    }
    done = {"state": "done", "findings": found, "created": now(), "made_by": town.teacher.actor.id}
    return SimilarityReport(assignment_id=town.assignments[0], **done)
