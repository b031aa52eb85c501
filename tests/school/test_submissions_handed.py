"""What a class has handed in and asks, counted on both databases."""

from __future__ import annotations

import pytest

from school.making import a_course, a_person, an_assignment, counted, put_in
from sheber.school import clock
from sheber.school.courses.courses import remove_member, waiting_requests
from sheber.school.errors import NotAllowed
from sheber.school.opening import School
from sheber.school.submissions.handed import Handed, handed
from sheber.school.submissions.models import RegradeRequest, Submission


def test_what_a_class_has_handed_in(any_school: School) -> None:
    teacher = a_person(any_school, "teacher", "teacher")
    students = tuple(a_person(any_school, f"s{n}") for n in range(4))
    course = a_course(any_school, teacher=teacher, students=students[:3])
    first, second = (an_assignment(any_school, course, scenes=1) for _n in range(2))
    work = [
        (first, students[0], "graded", "done"),
        (first, students[0], "graded", "queued"),
        (first, students[1], "graded", "fault"),
        (first, students[2], "graded", "replaced"),
        (first, students[2], "practice", "done"),
        (first, students[3], "graded", "queued"),  # has left
        (first, teacher, "graded", "running"),
        (second, students[2], "graded", "running"),
    ]
    with any_school.writing() as session:
        put_in(session, course, students[3])
        for n, (assignment, who, kind, state) in enumerate(work):
            row = {"assignment_id": assignment, "person_id": who.id, "kind": kind, "state": state, "number": n + 1}
            session.add(Submission(**row, source=b"x", source_sha256="x", created=clock.now(), scenes=1))
        session.flush()
        remove_member(session, teacher, course, students[3].id)
        for state in ("open", "open", "granted"):
            more = {"submission_id": 1, "person_id": students[0].id, "reason": "x", "created": clock.now()}
            session.add(RegradeRequest(**more, state=state))
    with any_school.reading() as session, counted(any_school) as asked:
        assert handed(session, teacher, course) == {first: Handed(3, 2, 1, 1), second: Handed(3, 1, 1, 0)}
    with any_school.reading() as session:
        assert waiting_requests(session, [course, course + 1]) == {course: 2}
        with pytest.raises(NotAllowed):
            handed(session, students[0], course)
    assert sum(one.startswith("SELECT") for one in asked) <= 6
