"""The first start makes an administrator and a course; the demo makes people and work; the plan makes a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from school.judged import judged
from school.making import Clock, make_class
from sheber.exercises import catalogue
from sheber.school.courses.assignments import course_page
from sheber.school.courses.courses import my_courses
from sheber.school.courses.models import Course
from sheber.school.gradebook.models import Grade
from sheber.school.opening import School, open_school
from sheber.school.operating import beginning
from sheber.school.operating.beginning import begin, begin_demo
from sheber.school.operating.planning import drains, measured, of
from sheber.school.people import invitations, logins
from sheber.school.people.models import Person
from sheber.school.queue.models import Job
from sheber.school.submissions.models import Submission

NAMES = [exercise.name for exercise in catalogue()]


def test_the_first_start_makes_an_administrator_and_a_course(any_school: School) -> None:
    token = begin(any_school)
    assert token is not None
    with any_school.writing() as session:
        admin = invitations.accept(session, token, "a long enough password")
    assert admin.administrator
    with any_school.reading() as session:
        (course,) = my_courses(session, admin)
        assert [one.exercise for one in course_page(session, admin, course.id).assignments] == NAMES


def test_a_second_start_makes_nothing_again(school: School) -> None:
    first, second = begin(school), begin(school)
    assert first != second
    assert second is not None  # nobody has used the first one
    with school.writing() as session:
        invitations.accept(session, second, "a long enough password")
    assert begin(school) is None
    with school.reading() as session:
        assert session.scalar(select(func.count(Course.id))) == 1
        assert session.scalar(select(func.count(Person.id))) == 1


def test_each_start_sets_points_right_that_are_not_those_that_count(
    any_school: School, caplog: pytest.LogCaptureFixture
) -> None:
    begin(any_school)
    course = make_class(any_school)
    judged(course, "graded")
    for wrong in (True, False):
        with any_school.reading() as session:
            assert (session.scalars(select(Grade.points)).all() != [50.0]) == wrong
        begin(any_school)
        assert ("1 points of the gradebook" in caplog.text) == wrong
        caplog.clear()


def test_the_demo_has_people_who_can_log_in_and_have_handed_in(any_school: School) -> None:
    begin(any_school)
    demo = begin_demo(any_school)
    assert [guest.rank for guest in demo.guests] == ["teacher", "student", "student", "student"]
    for guest in demo.guests:
        with any_school.writing() as session:
            actor, _token = logins.log_in(session, guest.login, guest.password, address="127.0.0.1")
        assert (actor.name, actor.rank) == (guest.name, guest.rank)
    assert (demo.submitted, demo.missing) == (4 * len(NAMES), ())
    with any_school.reading() as session:
        assert session.scalar(select(func.count(Job.id))) == 4 * len(NAMES) * beginning.DEMO_SCENES
        sources = set(session.scalars(select(Submission.source)))
    wanted = {one.program(name).read_bytes() for one in catalogue() for name in ("reference", "clumsy")}
    assert sources == wanted


def test_a_demo_that_is_there_is_told_again_and_not_made_again(school: School) -> None:
    begin(school)
    first, second = begin_demo(school), begin_demo(school)
    assert first.guests == second.guests
    assert second.submitted == 0
    with school.reading() as session:
        assert session.scalar(select(func.count(Person.id))) == 5


def test_the_passwords_of_another_school_are_others(school: School, tmp_path: Path) -> None:
    other = open_school(tmp_path / "other")
    mine = beginning._password(school, "teacher")
    assert mine == beginning._password(school, "teacher")
    assert len({mine, beginning._password(school, "aigul"), beginning._password(other, "teacher")}) == 3
    other.close()


def test_an_installation_without_programs_says_so(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(school)
    real = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path, **more: path.name != "programs" and real(path, **more))
    demo = begin_demo(school)
    assert (demo.submitted, demo.missing) == (0, tuple(NAMES))


# --- the plan --------------------------------------------------------------------------------------


def test_a_plan_follows_the_measured_seconds() -> None:
    table = drains(120, seconds=5.0, places=[2, 16])
    assert [(row.students, row.scenes) for row in table] == [(30, 240), (60, 480), (120, 960), (240, 1920)]
    assert table[2].drain_s == (2400.0, 300.0)
    assert drains(1, 5.0, [16])[0].drain_s == (5.0,)  # no scene is shared between places


def test_what_was_measured_is_told_by_exercise(any_school: School, time: Clock) -> None:
    course = make_class(any_school)
    for _scene in range(4):
        judged(course, "graded")
    with any_school.reading() as session:
        assert measured(session) == ()  # too few
    judged(course, "graded")
    judged(course, "practice")
    with any_school.reading() as session:
        (found,) = measured(session)
    assert (found.exercise, found.scenes, found.mean_s) == ("keep-warm", 5, 1.0)


def test_mean_and_slow_end() -> None:
    found = of("keep-warm", [float(number) for number in range(1, 101)])
    assert (found.mean_s, found.slow_s) == (50.5, 96.0)
