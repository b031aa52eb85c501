"""Printing: what stands on the printed page of a student and of a group. Data only; the page is the web's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.exercises.score import GROUPS, Check, Score
from sheber.i18n import Text
from sheber.judge.forms import revived_score
from sheber.school import clock
from sheber.school.gradebook.book import Gradebook, assignments_of, gradebook
from sheber.school.gradebook.statistics import Statistics, statistics_of
from sheber.school.gradebook.student import AssignmentOfStudent, StudentPage, student_page
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import SceneResult

__all__ = ["Explained", "GroupReport", "Loss", "StudentReport", "group_report", "student_report"]

MOST_LOSSES: Final = 5
"""Checks that an explained grade names."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Points that an attempt lost in one check, on the mean of its scenes."""

    key: str
    title: Text
    group: str
    lost: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Explained:
    """An assignment of the student, with the reasons of its points."""

    assignment: AssignmentOfStudent
    scenes: tuple[float, ...]  # points of each scene of the attempt that counts
    groups: Mapping[str, tuple[float, float]]  # earned and maximum of quality, cycle, ...; mean of the scenes
    losses: tuple[Loss, ...]  # the largest first


@dataclass(frozen=True, slots=True)
class StudentReport:
    """A printed page of one student."""

    made: datetime
    student: StudentPage
    assignments: tuple[Explained, ...]


@dataclass(frozen=True, slots=True)
class GroupReport:
    """Printed pages of one group, or of the whole course."""

    made: datetime
    book: Gradebook  # every student
    statistics: tuple[Statistics, ...]  # of each column


def student_report(session: Session, actor: Actor, course_id: int, person_id: int) -> StudentReport:
    """A student of a course, each grade explained: for the staff and the student. Raises NotFound."""
    page = student_page(session, actor, course_id, person_id)
    counting = [one.cell.submission_id for one in page.assignments if one.cell.submission_id is not None]
    query = select(SceneResult.submission_id, SceneResult.points, SceneResult.score)
    query = query.where(SceneResult.submission_id.in_(counting)).order_by(SceneResult.place)
    scenes: dict[int, list[Any]] = {}
    for row in session.execute(query):
        scenes.setdefault(row.submission_id, []).append(row)
    explained = (_explained(one, scenes.get(one.cell.submission_id or 0, [])) for one in page.assignments)
    return StudentReport(clock.now(), page, tuple(explained))


def group_report(session: Session, actor: Actor, course_id: int, group_id: int | None = None) -> GroupReport:
    """A group of a course (None: all its students), with what it lost. Raises NotFound, NotAllowed."""
    book = gradebook(session, actor, course_id, group_id=group_id, page=None)
    numbers = statistics_of(session, actor, course_id, assignments_of(session, course_id), group_id=group_id)
    return GroupReport(clock.now(), book, numbers)


def _explained(one: AssignmentOfStudent, rows: Sequence[Any]) -> Explained:
    scores = [revived_score(row.score) for row in rows]
    return Explained(one, tuple(row.points for row in rows), _groups(scores), _losses(scores))


def _groups(scores: Sequence[Score]) -> dict[str, tuple[float, float]]:
    if not scores:
        return {}
    return {name: _means([score.group(name) for score in scores]) for name in GROUPS}


def _means(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    earned, maximum = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
    return round(earned, 2), round(maximum, 2)


def _losses(scores: Sequence[Score]) -> tuple[Loss, ...]:
    checks: dict[str, list[Check]] = {}
    for score in scores:
        for one in score.checks:
            checks.setdefault(one.key or one.title.id, []).append(one)
    found = [_loss(key, every, len(scores)) for key, every in checks.items()]
    return tuple(_largest(one for one in found if one.lost > 0))


def _loss(key: str, every: Sequence[Check], scenes: int) -> Loss:
    lost = round(sum(one.lost for one in every) / scenes, 2)
    return Loss(key, every[0].title, every[0].group, lost, every[0].maximum)


def _largest(losses: Iterable[Loss]) -> list[Loss]:
    return sorted(losses, key=lambda one: (-one.lost, one.key))[:MOST_LOSSES]
