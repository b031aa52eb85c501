"""A deadline that moves later forgives what is in already; one that moves back takes it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from making import Class, Clock, found, make_class
from sqlalchemy import event, select

from sheber.school.audit import AuditEntry
from sheber.school.clock import now
from sheber.school.courses import assignments
from sheber.school.errors import Unconfirmed
from sheber.school.opening import School
from sheber.school.queue.claiming import claim, finish
from sheber.school.submissions.models import Submission


def late_class(school: School, time: Clock) -> tuple[Class, list[int]]:
    """Two students who handed in half a minute and a day after the deadline; one in time. 10 % off a day."""
    work = make_class(school, scenes=1, late_percent=10.0, due=now() + timedelta(hours=1), every_attempt=True)
    made = [work.submit(2)]
    time.forward(hours=1, seconds=30)
    made.append(work.submit(0))
    time.forward(days=1)
    made.append(work.submit(1))
    with school.writing() as session:
        for job in claim(session, "w", 3):
            finish(session, "w", job.job_id, found(points=80.0))
    return work, made


def standing(school: School, made: list[int]) -> list[tuple[int, float | None]]:
    with school.reading() as session:
        rows = {one.id: (one.late_days, one.points) for one in session.scalars(select(Submission))}
    return [rows[one] for one in made]


def test_an_extension_forgives_what_came_late_and_its_end_takes_it_again(any_school: School, time: Clock) -> None:
    work, made = late_class(any_school, time)
    assert standing(any_school, made) == [(0, 80.0), (1, 72.0), (2, 64.0)]
    both = (work.assignment, work.students[0].id)
    with any_school.writing() as session:
        assignments.give_extension(session, work.teacher, *both, due=now() + timedelta(days=1), reason="ill")
    assert standing(any_school, made) == [(0, 80.0), (0, 80.0), (2, 64.0)]
    with any_school.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "extension.given")).one()
        assert told.details["recounted"] == 1
    with any_school.writing() as session:
        assignments.end_extension(session, work.teacher, *both)
    assert standing(any_school, made) == [(0, 80.0), (1, 72.0), (2, 64.0)]


def test_a_later_deadline_or_another_share_counts_for_all(any_school: School, time: Clock) -> None:
    work, made = late_class(any_school, time)
    with any_school.writing() as session:
        edition = assignments.change_assignment(session, work.teacher, work.assignment, edition=1, late_percent=5.0)
    assert standing(any_school, made) == [(0, 80.0), (1, 76.0), (2, 72.0)]
    later = now() + timedelta(hours=1)
    with any_school.writing() as session:
        assignments.change_assignment(session, work.teacher, work.assignment, edition=edition, due=later)
    assert standing(any_school, made) == [(0, 80.0)] * 3


def test_what_an_earlier_deadline_takes_is_told_first(any_school: School, time: Clock) -> None:
    """Of the student with an extension nothing is taken; of two others it is, and the teacher was told of it."""
    work, made = late_class(any_school, time)
    early = now() - timedelta(days=3)
    with any_school.writing() as session:
        give = (session, work.teacher, work.assignment, work.students[0].id)
        assignments.give_extension(*give, due=now() + timedelta(days=1), reason="ill")
    changes = {"edition": 1, "due": early}
    with any_school.writing() as session, pytest.raises(Unconfirmed) as asked:
        assignments.change_assignment(session, work.teacher, work.assignment, **changes)
    assert "2 programs that are in already become late, or later. 2 attempts lose points by it." in str(asked.value)
    assert standing(any_school, made) == [(0, 80.0), (0, 80.0), (2, 64.0)]
    with any_school.writing() as session:
        assignments.change_assignment(session, work.teacher, work.assignment, sure=asked.value.mark, **changes)
    assert standing(any_school, made) == [(2, 64.0), (0, 80.0), (3, 56.0)]
    with any_school.writing() as session, pytest.raises(Unconfirmed, match=r"^2 attempts lose points by it\.$"):
        assignments.change_assignment(session, work.teacher, work.assignment, edition=2, late_percent=50.0)


def test_other_settings_and_practice_and_what_waits_stay(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1, late_percent=10.0, due=now() + timedelta(hours=1))
    time.forward(hours=2)
    waiting, practice = work.submit(0), work.submit(1, kind="practice")
    with any_school.writing() as session:
        assignments.change_assignment(session, work.teacher, work.assignment, edition=1, position=7)
    assert standing(any_school, [waiting, practice]) == [(1, None), (0, None)]
    with any_school.writing() as session:
        due = now() + timedelta(days=1)
        assignments.change_assignment(session, work.teacher, work.assignment, edition=2, due=due)
    assert standing(any_school, [waiting, practice]) == [(0, None), (0, None)]
    with any_school.writing() as session:
        for job in claim(session, "w", 2):
            finish(session, "w", job.job_id, found(points=80.0))
    assert standing(any_school, [waiting, practice]) == [(0, 80.0), (0, 80.0)]


def test_the_statements_do_not_grow_with_the_attempts(school: School, time: Clock) -> None:
    counts, seen = [], []
    event.listen(school.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    for attempts in (1, 6):
        work = make_class(school, f"Course {attempts}", scenes=1, late_percent=10.0, due=now() + timedelta(hours=1))
        time.forward(hours=2)
        for n in range(attempts):
            work.submit(n % 3, b"print(%d)" % n)
            time.forward(minutes=1)
        seen.clear()
        with school.writing() as session:
            due = now() + timedelta(days=1)
            assignments.change_assignment(session, work.teacher, work.assignment, edition=1, due=due)
        counts.append(len(seen))
    assert counts[0] == counts[1]
