"""Two teachers decide about one thing at one moment: one comes after the other, and sees what the other did."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from grading import Marks, make_marks, result_columns
from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.school.courses.assignments import end_extension, extensions, give_extension
from sheber.school.courses.models import Member
from sheber.school.errors import Conflict, NotFound, Refused, SchoolError
from sheber.school.gradebook.campaigns import campaign, publish, start_campaign, withdraw
from sheber.school.gradebook.differences import preview
from sheber.school.gradebook.overrides import override, override_history, withdraw_override
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import Found, claim, finish
from sheber.school.submissions.models import SceneResult, Submission

Deed = Callable[[Session], Any]


@pytest.fixture
def marks(any_school: School) -> Marks:
    return make_marks(any_school)


def overtaken(school: School, first: Deed, second: Deed) -> Any:
    """The second begins while the first has done its part and not stored it yet; gives how the second ended."""

    def late() -> Any:
        try:
            with school.writing() as session:
                return second(session)
        except SchoolError as error:
            return error

    with ThreadPoolExecutor(1) as pool:
        with school.writing() as session:
            first(session)
            session.flush()
            later = pool.submit(late)
            time.sleep(0.3)
            assert not later.done()  # it waits for its turn
        return later.result(30)


@pytest.fixture
def colleague(marks: Marks) -> Actor:
    with marks.school.writing() as session:
        here = (Member.course_id == marks.course, Member.person_id == marks.assistant.id)
        session.scalars(select(Member).where(*here)).one().role = "teacher"
    return marks.assistant


# --- extensions and overrides ------------------------------------------------------------------------


def give(marks: Marks, actor: Actor, work: int, attempts: int) -> Deed:
    student = marks.students[0].id
    return lambda session: give_extension(session, actor, work, student, attempts=attempts, reason="ill")


def end(marks: Marks, actor: Actor, work: int) -> Deed:
    return lambda session: end_extension(session, actor, work, marks.students[0].id)


def given(marks: Marks, work: int) -> list[int | None]:
    with marks.school.reading() as session:
        return [one.attempts for one in extensions(session, marks.teacher, work)]


def test_two_extensions_of_one_student(marks: Marks, colleague: Actor) -> None:
    work = marks.assignment(attempts=1)
    assert overtaken(marks.school, give(marks, marks.teacher, work, 2), give(marks, colleague, work, 3)) is None
    assert given(marks, work) == [3]
    assert marks.actions() == ["extension.given"] * 2


def test_an_extension_that_somebody_ends_while_another_changes_it(marks: Marks, colleague: Actor) -> None:
    work = marks.assignment(attempts=1)
    with marks.school.writing() as session:
        give(marks, marks.teacher, work, 2)(session)
    assert overtaken(marks.school, end(marks, marks.teacher, work), give(marks, colleague, work, 3)) is None
    assert given(marks, work) == [3]
    assert overtaken(marks.school, give(marks, marks.teacher, work, 4), end(marks, colleague, work)) is None
    assert given(marks, work) == []


def test_an_extension_is_ended_once(marks: Marks, colleague: Actor) -> None:
    work = marks.assignment(attempts=1)
    with marks.school.writing() as session:
        give(marks, marks.teacher, work, 2)(session)
    ended = overtaken(marks.school, end(marks, marks.teacher, work), end(marks, colleague, work))
    assert isinstance(ended, NotFound)
    assert marks.actions().count("extension.ended") == 1


def test_two_overrides_of_one_student(marks: Marks, colleague: Actor) -> None:
    work, student = marks.assignment(), marks.students[0].id
    first = overtaken(
        marks.school,
        lambda session: override(session, marks.teacher, work, student, 70, "right", seen=0),
        lambda session: override(session, colleague, work, student, 80, "right", seen=0),
    )
    assert isinstance(first, Conflict)
    second = overtaken(
        marks.school,
        lambda session: withdraw_override(session, marks.teacher, work, student, "wrong"),
        lambda session: withdraw_override(session, colleague, work, student, "wrong"),
    )
    assert isinstance(second, Refused)
    with marks.school.reading() as session:
        history = override_history(session, marks.teacher, work, student)
    assert [one.points for one in history] == [None, 70.0]


# --- campaigns ---------------------------------------------------------------------------------------


def ready(marks: Marks) -> tuple[int, int, str]:
    """Assignment, campaign that is judged, and what its teacher saw. The points are 40 before and 80 after."""
    work = marks.assignment()
    marks.attempt(0, work, 40, 40)
    with marks.school.writing() as session:
        id_ = start_campaign(session, marks.teacher, work, "all", "A tolerance was wrong.")
    with marks.school.writing() as session:
        for job in claim(session, "w", 10):
            columns = result_columns(80, seed=job.seed) | {"exercise_sha256": "new"}
            columns.pop("seed")
            assert finish(session, "w", job.job_id, Found(**columns))
    with marks.school.reading() as session:
        return work, id_, preview(session, marks.teacher, id_).digest


def standing(marks: Marks, id_: int) -> tuple[str, list[float | None], set[float]]:
    """State of the campaign, points of submissions and of scenes."""
    with marks.school.reading() as session:
        points = list(session.scalars(select(Submission.points).order_by(Submission.id)))
        return campaign(session, marks.teacher, id_).state, points, set(session.scalars(select(SceneResult.points)))


def test_a_campaign_is_published_once(marks: Marks, colleague: Actor) -> None:
    _work, id_, seen = ready(marks)
    ended = overtaken(
        marks.school,
        lambda session: publish(session, marks.teacher, id_, seen),
        lambda session: publish(session, colleague, id_, seen),
    )
    assert isinstance(ended, Refused)
    assert standing(marks, id_) == ("published", [80.0], {80.0})
    assert marks.actions().count("campaign.published") == 1


def test_one_publishes_and_one_withdraws(marks: Marks, colleague: Actor) -> None:
    _work, id_, seen = ready(marks)
    ended = overtaken(
        marks.school,
        lambda session: withdraw(session, marks.teacher, id_),
        lambda session: publish(session, colleague, id_, seen),
    )
    assert isinstance(ended, Refused)
    assert standing(marks, id_) == ("withdrawn", [40.0], {40.0})


def test_one_withdraws_what_another_publishes_at_this_moment(marks: Marks, colleague: Actor) -> None:
    """It is taken back whole: neither half of it counts."""
    _work, id_, seen = ready(marks)
    ended = overtaken(
        marks.school,
        lambda session: publish(session, marks.teacher, id_, seen),
        lambda session: withdraw(session, colleague, id_),
    )
    assert ended is None
    assert standing(marks, id_) == ("withdrawn", [40.0], {40.0})
    again = overtaken(
        marks.school,
        lambda session: start_campaign(session, marks.teacher, _work, "all", "again"),
        lambda session: start_campaign(session, colleague, _work, "all", "again"),
    )
    assert isinstance(again, Refused)


def test_a_published_campaign_is_taken_back_once(marks: Marks, colleague: Actor) -> None:
    _work, id_, seen = ready(marks)
    with marks.school.writing() as session:
        publish(session, marks.teacher, id_, seen)
    ended = overtaken(
        marks.school,
        lambda session: withdraw(session, marks.teacher, id_),
        lambda session: withdraw(session, colleague, id_),
    )
    assert isinstance(ended, Refused)
    assert standing(marks, id_) == ("withdrawn", [40.0], {40.0})
