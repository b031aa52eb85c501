"""Statistics: where a class loses points. Made of the attempts that count, as numbers for charts.

Of each check: how many of the students lost points there, and how many points on the mean. Lost points are those before
the rule of the groups, which multiplies everything but quality by min(1, quality / 60); what the rule took is told by
itself. Histograms count students. The number of queries is fixed, for one assignment and for a whole course.

Of the scores only their losses are read (`school.losses`), and one whole score for each check, for its title.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text as Characters
from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session

from sheber.exercises.score import PASS
from sheber.i18n import Text
from sheber.judge.forms import revived_score
from sheber.school.courses.assignments import require_assignment
from sheber.school.courses.models import Assignment, Group, Member
from sheber.school.gradebook.counting import Counted, Place, counted, counting_ids, given
from sheber.school.losses import Losses, key_of, losses_in
from sheber.school.people import policy
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["BINS", "Bin", "CheckLoss", "GroupLoss", "Statistics", "assignment_statistics", "statistics_of"]

BINS: Final = 10
"""Bars of a histogram of points; the last one holds 100 too."""

_AT_ONCE: Final = 2000  # rows that are read from the database at a time


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar of a histogram: `low` <= points < `high`."""

    low: float
    high: float
    students: int


@dataclass(frozen=True, slots=True)
class GroupLoss:
    """What one group of students lost in a check."""

    group_id: int | None  # None: students without a group
    group: str
    students: int
    lost_by: int
    mean_lost: float


@dataclass(frozen=True, slots=True)
class CheckLoss:
    """What was lost in one check."""

    key: str
    title: Text  # in words by `str`, in the language of who reads it
    group: str  # quality, cycle, safety, procedure
    maximum: float  # mean, where scenes differ
    students: int  # whose program has this check
    lost_by: int  # of them: lost something in at least one scene
    mean_lost: float  # points a scene, of all these students
    share: float  # of all the points that were lost, 0..1
    groups: tuple[GroupLoss, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """One assignment."""

    assignment_id: int
    students: int  # in the course, or in the group that was asked for
    graded: int  # of them have an attempt that is judged
    passed: int  # by the points that count, those by hand included
    mean: float | None  # of the final points before lateness; None where nobody has any
    median: float | None
    histogram: tuple[Bin, ...]  # of the final points before lateness
    attempts: tuple[tuple[int, int], ...]  # how many students made 1, 2, ... judged attempts; 0 is among them
    checks: tuple[CheckLoss, ...]  # the most lost points first
    rule_lost: float  # points a scene that the rule of the groups took, on the mean


@dataclass(slots=True)
class _Losses:
    """What is known of a check, while results are read. Points are hundredths."""

    result_id: int  # the first result that has the check: its score has the title
    group: str
    maximum: int = 0
    students: list[NDArray[np.int64]] = field(default_factory=list)  # of each scene: the place among the students
    lost: list[NDArray[np.int64]] = field(default_factory=list)  # of each scene


_Checks = Mapping[str, _Losses]
"""The checks of an assignment, by key."""


class _Students:
    """The students, numbered, and the groups that they are in."""

    def __init__(self, members: Mapping[int, tuple[int | None, str]]) -> None:
        """members: the group of each person."""
        self.place = {person: place for place, person in enumerate(members)}
        self.groups = list(dict.fromkeys(members.values()))
        number = {group: place for place, group in enumerate(self.groups)}
        self.group = np.array([number[group] for group in members.values()], dtype=np.int64)  # (students,)


def assignment_statistics(
    session: Session, actor: Actor, assignment_id: int, *, group_id: int | None = None
) -> Statistics:
    """The statistics of one assignment; group_id: of the students of this group. Raises NotFound, NotAllowed."""
    found, _standing = require_assignment(session, actor, "statistics.see", assignment_id)
    return statistics_of(session, actor, found.course_id, [found], group_id=group_id)[0]


def statistics_of(
    session: Session,
    actor: Actor,
    course_id: int,
    assignments: Sequence[Assignment],
    *,
    group_id: int | None = None,
) -> tuple[Statistics, ...]:
    """The statistics of some assignments of a course, in their order. Raises NotFound, NotAllowed."""
    policy.require(session, actor, "statistics.see", course_id)
    members = _members(session, course_id, group_id)
    attempts = {place: one for place, one in counted(session, assignments).items() if place[1] in members}
    by_hand = {place: one.points for place, one in given(session, assignments).items() if place[1] in members}
    tries = _tries(session, assignments)
    students = _Students(members)
    counting = {one.submission_id: place for place, one in attempts.items()}
    losses, rule = _losses(session, assignments, counting, students)
    titles = _titles(session, losses.values())
    checks = {id_: _checks(found, titles, students) for id_, found in losses.items()}
    return tuple(
        _statistics(one, members, attempts, by_hand, tries, checks.get(one.id, ()), rule.get(one.id, []))
        for one in assignments
    )


def _members(session: Session, course_id: int, group_id: int | None) -> dict[int, tuple[int | None, str]]:
    """The students, each with the group."""
    query = select(Member.person_id, Member.group_id, Group.name).outerjoin(Group, Group.id == Member.group_id)
    query = query.where(Member.course_id == course_id, Member.role == "student", Member.left.is_(None))
    if group_id is not None:
        query = query.where(Member.group_id == group_id)
    return {person: (group, name or "") for person, group, name in session.execute(query)}


def _tries(session: Session, assignments: Sequence[Assignment]) -> dict[Place, int]:
    """How many judged attempts each student has."""
    ids = [one.id for one in assignments]
    judged = (Submission.assignment_id.in_(ids), Submission.kind == "graded", Submission.state == "done")
    query = select(Submission.assignment_id, Submission.person_id, func.count(Submission.id)).where(*judged)
    rows = session.execute(query.group_by(Submission.assignment_id, Submission.person_id))
    return {(row[0], row[1]): row[2] for row in rows}


def _losses(
    session: Session, assignments: Sequence[Assignment], places: Mapping[int, Place], students: _Students
) -> tuple[dict[int, dict[str, _Losses]], dict[int, list[float]]]:
    """What was lost in each check, and what the rule of the groups took in each scene; by assignment."""
    losses: dict[int, dict[str, _Losses]] = {}
    rule: dict[int, list[float]] = {}
    query = select(SceneResult.submission_id, SceneResult.id, cast(SceneResult.losses, Characters))
    query = query.where(SceneResult.submission_id.in_(counting_ids(assignments)))
    for part in session.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        alike: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[_Scene]] = {}
        for submission_id, result_id, text in part:
            if submission_id in places:
                assignment, person = places[submission_id]
                lost = losses_in(text)
                rule.setdefault(assignment, []).append(lost.rule)
                scene = (result_id, students.place[person], lost)
                alike.setdefault((assignment, lost.keys, lost.groups), []).append(scene)
        for (assignment, keys, groups), scenes in alike.items():
            _add(losses.setdefault(assignment, {}), keys, groups, scenes)
    return losses, rule


_Scene = tuple[int, int, Losses]
"""The id of a result, the place of its student, and what was lost."""


def _add(checks: dict[str, _Losses], keys: Sequence[str], groups: Sequence[str], scenes: Sequence[_Scene]) -> None:
    """Some scenes more that have the same checks."""
    first = min(result_id for result_id, _student, _lost in scenes)
    students = np.array([student for _id, student, _lost in scenes], dtype=np.int64)
    lost = np.array([one.lost for _id, _student, one in scenes], dtype=np.int64)  # (scenes, checks)
    maximum = np.array([one.maximum for _id, _student, one in scenes], dtype=np.int64).sum(axis=0)
    for number, (key, group) in enumerate(zip(keys, groups, strict=True)):
        check = checks.setdefault(key, _Losses(first, group))
        if first < check.result_id:
            check.result_id, check.group = first, group
        check.maximum += int(maximum[number])
        check.students.append(students)
        check.lost.append(lost[:, number])


def _titles(session: Session, losses: Collection[_Checks]) -> dict[tuple[int, str], Text]:
    """The titles of checks, by a result that has the check and its key."""
    ids = {one.result_id for checks in losses for one in checks.values()}
    rows = session.execute(select(SceneResult.id, SceneResult.score).where(SceneResult.id.in_(ids)))
    return {(row[0], key_of(one)): one.title for row in rows for one in revived_score(row[1]).checks}


def _statistics(
    one: Assignment,
    members: Mapping[int, tuple[int | None, str]],
    attempts: Mapping[Place, Counted],
    by_hand: Mapping[Place, float],
    tries: Mapping[Place, int],
    checks: tuple[CheckLoss, ...],
    rule: Sequence[float],
) -> Statistics:
    finals = {person: attempts[place].final for person in members if (place := (one.id, person)) in attempts}
    points = {person: attempts[(one.id, person)].points for person in finals}
    points |= {person: by_hand[place] for person in members if (place := (one.id, person)) in by_hand}
    return Statistics(
        assignment_id=one.id,
        students=len(members),
        graded=len(finals),
        passed=sum(value >= PASS for value in points.values()),
        mean=round(statistics.fmean(finals.values()), 2) if finals else None,
        median=round(statistics.median(finals.values()), 2) if finals else None,
        histogram=_histogram(finals.values()),
        attempts=tuple(sorted(Counter(tries.get((one.id, person), 0) for person in members).items())),
        checks=checks,
        rule_lost=round(statistics.fmean(rule), 2) if rule else 0.0,
    )


def _histogram(points: Iterable[float]) -> tuple[Bin, ...]:
    width = 100.0 / BINS
    bars = Counter(min(BINS - 1, max(0, int(value // width))) for value in points)
    return tuple(Bin(n * width, (n + 1) * width, bars[n]) for n in range(BINS))


def _checks(losses: _Checks, titles: Mapping[tuple[int, str], Text], students: _Students) -> tuple[CheckLoss, ...]:
    """The checks, the most lost points first."""
    sums = {key: _by_group(one, students) for key, one in losses.items()}
    every = sum(one.lost for groups in sums.values() for one in groups.values())
    found = [_check(key, one, titles[one.result_id, key], sums[key], every) for key, one in losses.items()]
    return tuple(sorted(found, key=lambda one: (-one.share, one.key)))


@dataclass(slots=True)
class _Sum:
    """What some students lost in a check. Points are hundredths."""

    students: int = 0
    lost_by: int = 0
    lost: int = 0
    scenes: int = 0

    @property
    def mean(self) -> float:
        """Points a scene."""
        return _mean(self.lost, self.scenes)


def _by_group(one: _Losses, students: _Students) -> dict[tuple[int | None, str], _Sum]:
    """What each group lost in a check."""
    who, count = np.concatenate(one.students), len(students.group)
    lost = np.bincount(who, np.concatenate(one.lost), count)  # by student; whole numbers, so the sums are exact
    scenes = np.bincount(who, minlength=count)
    sums = [np.bincount(students.group, what, len(students.groups)) for what in (scenes > 0, lost > 0, lost, scenes)]
    rows = zip(students.groups, *(column.astype(int).tolist() for column in sums), strict=True)
    return {group: _Sum(*numbers) for group, *numbers in rows if numbers[0]}


def _check(key: str, one: _Losses, title: Text, groups: Mapping[tuple[int | None, str], _Sum], every: int) -> CheckLoss:
    whole = _Sum(*(sum(getattr(part, name) for part in groups.values()) for name in _Sum.__slots__))
    return CheckLoss(
        key=key,
        title=title,
        group=one.group,
        maximum=_mean(one.maximum, whole.scenes),
        students=whole.students,
        lost_by=whole.lost_by,
        mean_lost=whole.mean,
        share=round(whole.lost / every, 4) if every > 0 else 0.0,
        groups=tuple(
            GroupLoss(id_, name, part.students, part.lost_by, part.mean)
            for (id_, name), part in sorted(groups.items(), key=lambda item: (item[0][0] is None, item[0][1]))
        ),
    )


def _mean(hundredths: int, count: int) -> float:
    """Points each."""
    return round(hundredths / 100 / count, 2)
