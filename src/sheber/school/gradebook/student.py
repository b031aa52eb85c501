"""Student: one person in one course. All assignments, attempts and points over time; for the staff and the student.

Whatever a student reads here holds points only, never anything of a hidden scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school.courses.models import Assignment, Group, Member
from sheber.school.errors import NotFound
from sheber.school.gradebook.book import Cell, Column, Standing, assignments_of, cells_of, column_of, standing_of
from sheber.school.people import policy
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Comment, RegradeRequest, Submission

__all__ = ["AssignmentOfStudent", "AttemptLine", "StudentPage", "student_page"]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One graded attempt."""

    submission_id: int
    number: int
    state: str
    created: datetime
    late_days: int
    points: float | None  # after lateness
    final: float | None  # before it
    counts: bool  # it is the one that counts
    comments: int  # that the student can read
    requests: int  # for another look, that are open


@dataclass(frozen=True, slots=True)
class AssignmentOfStudent:
    """One assignment."""

    column: Column
    cell: Cell
    attempts: tuple[AttemptLine, ...]  # the oldest first
    practice_runs: int


@dataclass(frozen=True, slots=True)
class StudentPage:
    """One student."""

    course_id: int
    course: str
    person_id: int
    login: str
    name: str
    group: str
    left: bool
    own: bool  # the reader's
    standing: Standing
    assignments: tuple[AssignmentOfStudent, ...]
    progress: tuple[tuple[datetime, float], ...]  # the mean of the best points so far, after each judged attempt

    @property
    def total(self) -> float | None:
        """The total; None: nothing counts yet."""
        return self.standing.total

    @property
    def passed(self) -> bool:
        """Whether the total passes."""
        return self.standing.passed


def student_page(session: Session, actor: Actor, course_id: int, person_id: int) -> StudentPage:
    """A student of a course. Nine queries. Raises NotFound, also for a student who asks for another one."""
    standing = policy.require(session, actor, "course.see", course_id)
    if person_id != actor.id and not standing.may("gradebook.see"):
        raise NotFound(_("There is no such student in this course."))
    person, group, left = _person(session, course_id, person_id)
    assignments = [one for one in assignments_of(session, course_id) if one.visible or standing.may("gradebook.see")]
    cells = cells_of(session, assignments, [person_id])[person_id]
    attempts = _attempts(session, assignments, person_id, {cell.submission_id for cell in cells})
    practice = _practice(session, assignments, person_id)
    return StudentPage(
        course_id,
        standing.course.title,
        person_id,
        person.login,
        person.name,
        group,
        left,
        person_id == actor.id,
        standing_of(assignments, cells),
        tuple(
            AssignmentOfStudent(column_of(one), cell, tuple(attempts.get(one.id, ())), practice.get(one.id, 0))
            for one, cell in zip(assignments, cells, strict=True)
        ),
        _progress(attempts),
    )


def _person(session: Session, course_id: int, person_id: int) -> tuple[Person, str, bool]:
    query = select(Person, Group.name, Member.left).join(Member, Member.person_id == Person.id)
    query = query.outerjoin(Group, Group.id == Member.group_id)
    here = (Member.course_id == course_id, Member.person_id == person_id, Member.role == "student")
    row = session.execute(query.where(*here)).one_or_none()
    if row is None:
        raise NotFound(_("There is no such student in this course."))
    return row[0], row[1] or "", row[2] is not None


def _attempts(
    session: Session, assignments: Sequence[Assignment], person_id: int, counting: set[int | None]
) -> dict[int, list[AttemptLine]]:
    """The graded attempts, by assignment. Three queries."""
    mine = (Submission.person_id == person_id, Submission.assignment_id.in_([one.id for one in assignments]))
    graded = select(Submission).where(*mine, Submission.kind == "graded").order_by(Submission.number)
    said = select(Comment.submission_id, func.count(Comment.id)).join(Submission)
    said = said.where(*mine, Comment.removed.is_(None)).group_by(Comment.submission_id)
    comments = {row[0]: row[1] for row in session.execute(said)}
    asked = select(RegradeRequest.submission_id, func.count(RegradeRequest.id)).join(Submission)
    asked = asked.where(*mine, RegradeRequest.state == "open").group_by(RegradeRequest.submission_id)
    requests = {row[0]: row[1] for row in session.execute(asked)}
    found: dict[int, list[AttemptLine]] = {}
    for one in session.scalars(graded):
        line = AttemptLine(
            one.id,
            one.number,
            one.state,
            one.created,
            one.late_days,
            one.points,
            one.final,
            one.id in counting,
            comments.get(one.id, 0),
            requests.get(one.id, 0),
        )
        found.setdefault(one.assignment_id, []).append(line)
    return found


def _practice(session: Session, assignments: Sequence[Assignment], person_id: int) -> dict[int, int]:
    mine = (Submission.person_id == person_id, Submission.assignment_id.in_([one.id for one in assignments]))
    query = select(Submission.assignment_id, func.count(Submission.id)).where(*mine, Submission.kind == "practice")
    return {row[0]: row[1] for row in session.execute(query.group_by(Submission.assignment_id))}


def _progress(attempts: dict[int, list[AttemptLine]]) -> tuple[tuple[datetime, float], ...]:
    """The mean of the best points of the assignments begun, after each judged attempt, as the days went by."""
    judged = sorted(
        (one.created, one.submission_id, id_, one.points)
        for id_, every in attempts.items()
        for one in every
        if one.points is not None
    )
    best: dict[int, float] = {}
    found = []
    for created, _submission, id_, points in judged:
        best[id_] = max(points, best.get(id_, 0.0))
        found.append((created, round(sum(best.values()) / len(best), 2)))
    return tuple(found)
