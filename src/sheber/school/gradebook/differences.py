"""Differences: what a campaign would change, for each student and each check, before anything is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import Text
from sheber.judge.forms import revived_score
from sheber.school.courses.models import Assignment
from sheber.school.gradebook.campaigns import CampaignLine, campaign
from sheber.school.gradebook.counting import given
from sheber.school.gradebook.results import Results, digest_of, judged_in, points_of, whole_results
from sheber.school.people.models import Person, folded
from sheber.school.people.policy import Actor
from sheber.school.queue.models import Job
from sheber.school.submissions.models import Submission

__all__ = ["CheckChange", "Preview", "StudentChange", "SubmissionChange", "preview"]


@dataclass(frozen=True, slots=True)
class CheckChange:
    """One check of a submission: its points in the mean of the scenes, before the rule of the groups."""

    key: str
    title: Text
    group: str
    maximum: float  # after
    before: float | None  # None: the exercise had no such check
    after: float | None


@dataclass(frozen=True, slots=True)
class SubmissionChange:
    """One submission."""

    submission_id: int
    number: int
    before: float | None  # points, less lateness
    after: float
    checks: tuple[CheckChange, ...]  # those that differ
    other_exercise: bool  # it is judged with another edition of the exercise


@dataclass(frozen=True, slots=True)
class StudentChange:
    """One student: what counts in the gradebook."""

    person_id: int
    login: str
    name: str
    before: float | None
    after: float | None
    by_hand: float | None  # points that a teacher gave: they count, whatever is published
    submissions: tuple[SubmissionChange, ...]

    @property
    def gained(self) -> float:
        """Points more than before."""
        return round((self.after or 0.0) - (self.before or 0.0), 2)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a campaign would change; of a published one, what it changed."""

    campaign: CampaignLine
    students: tuple[StudentChange, ...]  # those whose points or checks differ; the largest change first
    same: int  # students for whom nothing changes
    not_judged: tuple[int, ...]  # submissions of which a scene was not judged: they stay as they are
    digest: str  # what `publish` wants to hear


def preview(session: Session, actor: Actor, campaign_id: int) -> Preview:
    """What a campaign would change, as far as it is. The number of queries is fixed. Raises NotFound, NotAllowed."""
    line = campaign(session, actor, campaign_id)
    assignment = session.get_one(Assignment, line.assignment_id)
    results = whole_results(session, campaign_id)
    changes = _changes(session, assignment, line, results)
    students = _students(session, assignment, changes)
    different = [one for one in students if one.gained or any(sub.checks for sub in one.submissions)]
    different.sort(key=lambda one: (-abs(one.gained), folded(one.name), one.person_id))
    jobs = select(Job.submission_id).where(Job.campaign_id == campaign_id).distinct().order_by(Job.submission_id)
    missing = tuple(id_ for id_ in session.scalars(jobs) if id_ not in results)
    return Preview(line, tuple(different), len(students) - len(different), missing, digest_of(results))


def _changes(
    session: Session, assignment: Assignment, line: CampaignLine, results: Results
) -> dict[int, tuple[Submission, SubmissionChange]]:
    """What changes of each submission that was judged anew."""
    published = line.state == "published"
    found: dict[int, tuple[Submission, SubmissionChange]] = {}
    for one in session.scalars(select(Submission).where(Submission.id.in_(judged_in(line.id)))):
        if one.id not in results:
            continue
        own = [scene.own.score for scene in results[one.id]]
        aside = [scene.aside.result["score"] for scene in results[one.id]]
        points = [float(scene.aside.result["points"]) for scene in results[one.id]]
        other = points_of(points, one.late_days, assignment.late_percent)[1]
        before, after = (other, one.points or 0.0) if published else (one.points, other)
        checks = _checks(aside, own) if published else _checks(own, aside)
        sha256 = {str(scene.aside.result["exercise_sha256"]) for scene in results[one.id]}
        changed = SubmissionChange(one.id, one.number, before, after, checks, sha256 != {one.exercise_sha256})
        found[one.id] = (one, changed)
    return found


def _students(
    session: Session, assignment: Assignment, changes: Mapping[int, tuple[Submission, SubmissionChange]]
) -> list[StudentChange]:
    """What changes for each student of these submissions, all attempts considered."""
    people = {one.person_id for one, _change in changes.values()}
    done = (Submission.assignment_id == assignment.id, Submission.kind == "graded", Submission.state == "done")
    query = select(Submission.id, Submission.person_id, Submission.points, Person.login, Person.name)
    query = query.join(Person, Person.id == Submission.person_id).where(*done)
    attempts: dict[int, list[Any]] = {}
    for row in session.execute(query.order_by(Submission.number)):
        if row.person_id in people:
            attempts.setdefault(row.person_id, []).append(row)
    by_hand = given(session, [assignment])
    return [
        _student(
            assignment, rows, changes, by_hand[place].points if (place := (assignment.id, id_)) in by_hand else None
        )
        for id_, rows in attempts.items()
    ]


def _student(
    assignment: Assignment,
    rows: Sequence[Any],
    changes: Mapping[int, tuple[Submission, SubmissionChange]],
    by_hand: float | None,
) -> StudentChange:
    own = [changes[row.id][1] for row in rows if row.id in changes]
    by_id = {one.submission_id: one for one in own}
    before = _counts(assignment, [by_id[row.id].before if row.id in by_id else row.points for row in rows])
    after = _counts(assignment, [by_id[row.id].after if row.id in by_id else row.points for row in rows])
    if by_hand is not None:
        before = after = by_hand
    first = rows[0]
    return StudentChange(first.person_id, first.login, first.name, before, after, by_hand, tuple(own))


def _counts(assignment: Assignment, points: Iterable[float | None]) -> float | None:
    """What counts of the points of attempts, by their numbers."""
    known = [one for one in points if one is not None]
    if not known:
        return None
    return known[-1] if assignment.counts == "latest" else max(known)


def _checks(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[CheckChange, ...]:
    """The checks that differ in the mean of the scenes, in the order of the exercise."""
    old, new = _means(before), _means(after)
    found = []
    for key in [*new, *(one for one in old if one not in new)]:
        change = new.get(key) or replace(old[key], after=None)
        change = replace(change, before=old[key].after if key in old else None)
        if change.before is None or change.after is None or abs(change.before - change.after) >= 0.005:
            found.append(change)
    return tuple(found)


def _means(scores: Sequence[Mapping[str, Any]]) -> dict[str, CheckChange]:
    """The checks of some scenes by key (by title where one has none), with their mean points as `after`."""
    sums: dict[str, tuple[Any, float, int]] = {}
    for form in scores:
        for check in revived_score(form).checks:
            key = check.key or check.title.id
            first, points, count = sums.get(key, (check, 0.0, 0))
            sums[key] = (first, points + check.points, count + 1)
    return {
        key: CheckChange(key, one.title, one.group, one.maximum, None, round(points / count, 2))
        for key, (one, points, count) in sums.items()
    }
