"""What somebody has reached in a course: the best or the latest, a teacher's word over both, and nobody else's."""

from __future__ import annotations

import pytest
from making import make_class

from sheber.school import clock
from sheber.school.errors import NotFound
from sheber.school.gradebook.models import Override
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.submissions.mine import Mine, mine
from sheber.school.submissions.models import Submission


def reached(school: School, course: int, actor: Actor, assignment: int) -> Mine | None:
    with school.reading() as session:
        return mine(session, actor, course).get(assignment)


@pytest.mark.parametrize(("counts", "points"), [("best", 80.0), ("latest", 60.0)])
def test_the_best_or_the_latest_counts(any_school: School, counts: str, points: float) -> None:
    here = make_class(any_school, counts=counts)
    for given in (50.0, 80.0, 60.0):
        submission = here.submit(0)
        with any_school.writing() as session:
            row = session.get_one(Submission, submission)
            row.state, row.points = "done", given
    found = reached(any_school, here.course, here.students[0], here.assignment)
    assert found == Mine(3, points, submission, judging=False)
    assert reached(any_school, here.course, here.students[1], here.assignment) is None


def test_what_waits_has_no_points_and_what_was_replaced_is_no_attempt(school: School) -> None:
    here = make_class(school)
    here.submit(0)
    newest = here.submit(0, b"print(2)\n")
    here.submit(0, kind="practice")
    found = reached(school, here.course, here.students[0], here.assignment)
    assert found == Mine(1, None, newest, judging=True)


def test_a_teachers_word_counts_until_it_is_taken_back(school: School) -> None:
    here = make_class(school)
    student = here.students[0]
    for points, wanted in ((70.0, 70.0), (75.0, 75.0), (None, None)):
        with school.writing() as session:
            session.add(
                Override(
                    assignment_id=here.assignment,
                    person_id=student.id,
                    points=points,
                    reason="looked at",
                    given_by=here.teacher.id,
                    created=clock.now(),
                )
            )
        found = reached(school, here.course, student, here.assignment)
        assert (found.points if found else None) == wanted
        assert (found.by_hand, found.reason) == (True, "looked at") if found else wanted is None
        assert reached(school, here.course, here.students[1], here.assignment) is None


def test_who_is_not_in_the_course_is_told_nothing(school: School) -> None:
    here, other = make_class(school), make_class(school, "Other")
    with pytest.raises(NotFound):
        reached(school, here.course, other.students[0], here.assignment)
