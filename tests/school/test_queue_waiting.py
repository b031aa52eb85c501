"""Waiting: the place that is shown is the place that it has, and the time follows from what was measured."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import Class, Clock, found, make_class, person
from sqlalchemy import event, select

from sheber.school.clock import now
from sheber.school.errors import NotAllowed
from sheber.school.opening import School
from sheber.school.queue.claiming import LEASE_S, About, claim, fail, finish, register
from sheber.school.queue.models import Job
from sheber.school.queue.waiting import CONGESTED_S, overview, place, snapshot
from sheber.school.submissions.models import Submission


def workers(school: School, places: int = 2) -> None:
    with school.writing() as session:
        register(session, About("w", "local", places, "A", "x86_64-avx2"))


def check_places(school: School) -> None:
    """Place by place, what is shown is what happens when the jobs are taken one after another."""
    with school.reading() as session:
        waiting = list(session.scalars(select(Job.submission_id).where(Job.state == "queued").distinct()))
        shown = {one: place(session, one) for one in waiting}
    with school.writing() as session:
        order = [job.submission_id for job in claim(session, "w", 200)]
        session.rollback()
    for one in waiting:
        mine = [n for n, submission in enumerate(order, 1) if submission == one]
        assert (shown[one].position, shown[one].scenes_before) == (mine[0], mine[-1] - 1), one


def test_places_are_those_of_the_turns(any_school: School, time: Clock) -> None:
    large = make_class(any_school, "Large", students=4, scenes=3)
    small = make_class(any_school, "Small", students=2, scenes=5, every_attempt=True)
    exam = make_class(any_school, "Exam", students=2, scenes=2, exam=True)
    check_places(any_school)
    for work in (large, small, exam, large, small):
        for student in range(len(work.students)):
            time.forward(seconds=1)
            work.submit(student)
    large.submit(2, kind="practice")
    check_places(any_school)
    for count in (1, 3, 6, 9):
        with any_school.writing() as session:
            claim(session, "w", count)
        check_places(any_school)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)), max_size=7))
def test_places_are_those_of_any_turns(classes: list[Class], steps: list[tuple[int, int, int]]) -> None:
    school = classes[0].school
    with school.writing() as session:
        for job in session.scalars(select(Job)):
            job.state = "done"
        for one in session.scalars(select(Submission)):
            one.state, one.created = "done", now() - timedelta(days=1)
    for course, student, taken in steps:
        classes[course].submit(student)
        with school.writing() as session:
            claim(session, "w", taken)
    check_places(school)


@pytest.fixture
def classes(school: School) -> list[Class]:
    return [make_class(school, f"Course {n}", students=3, scenes=n + 1) for n in range(3)]


def test_times_follow_from_what_was_measured(any_school: School, time: Clock) -> None:
    work = make_class(any_school, students=3, scenes=5)
    workers(any_school)
    first = work.submit(0)
    with any_school.writing() as session:
        for number, job in enumerate(claim(session, "w", 5)):
            finish(session, "w", job.job_id, found(seconds=10.0 * (number + 1)))
    assert work.state(first) == "done"
    second = work.submit(1)
    third = work.submit(2)
    with any_school.writing() as session:
        claim(session, "w", 1)
        queue = snapshot(session)
        assert (queue.places, queue.running, queue.waiting, queue.seconds) == (2, 1, 9, (20.0, 40.0))
        assert (queue.drain_s, queue.congested) == (5 * 30.0, False)
        shown = {one: place(session, one, queue) for one in (first, second, third)}
    assert (shown[first].position, shown[first].low_s) == (0, 20.0)
    assert (shown[second].position, shown[third].position) == (2, 1)
    assert (shown[third].low_s, shown[third].high_s) == (5 * 20.0, 5 * 40.0)


def test_a_queue_that_nobody_judges_has_no_time(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    workers(any_school)
    submission = work.submit(0)
    time.forward(seconds=LEASE_S + 1)
    with any_school.reading() as session:
        queue = snapshot(session)
        assert (queue.places, queue.drain_s, queue.congested) == (0, None, True)
        assert place(session, submission, queue).low_s is None


def test_a_long_queue_is_told(school: School) -> None:
    work = make_class(school, students=3, scenes=20)
    workers(school, 1)
    for student in range(3):
        work.submit(student)
    with school.reading() as session:
        queue = snapshot(session)
    assert queue.drain_s is not None
    assert queue.drain_s > CONGESTED_S
    assert queue.congested


def test_the_queries_do_not_grow_with_what_waits(school: School) -> None:
    def queries() -> int:
        seen: list[str] = []

        def look(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(school.engine, "before_cursor_execute", look)
        try:
            with school.reading() as session:
                overview(session, chief)
        finally:
            event.remove(school.engine, "before_cursor_execute", look)
        return len(seen)

    chief = person(school, "chief", "administrator")
    few = queries()
    for course in range(4):
        work = make_class(school, f"Course {course}", students=5)
        for student in range(5):
            work.submit(student)
    assert queries() == few <= 10


def test_the_administrator_sees_queue_workers_and_troubles(any_school: School, time: Clock) -> None:
    work = make_class(any_school, "Robotics", students=2, scenes=1)
    chief = person(any_school, "chief", "administrator")
    workers(any_school)
    faulty = work.submit(0)
    made = now()
    time.forward(minutes=2)
    with any_school.writing() as session:
        for _ in range(3):
            (job,) = claim(session, "w", 1)
            fail(session, "w", job.job_id, {"kind": "ExerciseError", "why": "line 3"})
        register(session, About("v", "ray", 8, "B", "aarch64"))
    work.submit(1)
    work.submit(0, kind="practice")
    with any_school.reading() as session:
        with pytest.raises(NotAllowed):
            overview(session, work.teacher)
        seen = overview(session, chief)
    assert seen.waiting == {"exam": 0, "graded": 1, "practice": 1, "regrade": 0}
    assert (seen.oldest, seen.courses, seen.faults) == (now(), ((work.course, "Robotics", 2),), 1)
    assert [(one.name, one.executor, one.places, one.level, one.lives) for one in seen.workers] == [
        ("v", "ray", 8, "B", True),
        ("w", "local", 2, "A", False),
    ]
    assert seen.workers[1].seen == made
    (trouble,) = seen.troubles
    assert (trouble.submission_id, trouble.place, trouble.tries, trouble.state) == (faulty, 1, 3, "failed")
    assert (trouble.kind, trouble.why, trouble.worker) == ("ExerciseError", "line 3", "w")
