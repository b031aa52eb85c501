"""The gradebook as a teacher reads it: what counts, what is missing, order, search, a fixed number of queries."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from grading import Marks, make_marks, statements
from making import Clock, person

from sheber.school.clock import now
from sheber.school.courses.models import Extension
from sheber.school.errors import Conflict, NotAllowed, NotFound, Refused
from sheber.school.gradebook import book
from sheber.school.gradebook.book import Cell, Gradebook, gradebook, own_standing
from sheber.school.gradebook.overrides import override, override_history, withdraw_override
from sheber.school.gradebook.totals import extended_in, summed
from sheber.school.opening import School


def read(marks: Marks, **how: Any) -> Gradebook:
    with marks.school.reading() as session:
        return gradebook(session, marks.teacher, marks.course, **how)


def cell(marks: Marks, student: int, column: int = 0) -> Cell:
    found = next(row for row in read(marks).rows if row.person_id == marks.students[student].id)
    return found.cells[column]


def names(found: Gradebook) -> list[str]:
    return [row.name for row in found.rows]


def test_the_best_attempt_counts_and_of_equal_ones_the_first(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    marks.attempt(0, asked, 40, 40)
    best = marks.attempt(0, asked, 80, 80)
    marks.attempt(0, asked, 80, 80)
    marks.attempt(0, asked, 70, 70)
    found = cell(marks, 0)
    assert (found.submission_id, found.points, found.attempts, found.state) == (best, 80.0, 4, "graded")
    assert found.passed


def test_the_latest_judged_attempt_counts_where_the_course_says_so(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment(counts="latest")
    marks.attempt(0, asked, 80, 80)
    latest = marks.attempt(0, asked, 40, 50)
    marks.attempt(0, asked)
    found = cell(marks, 0)
    assert (found.submission_id, found.points) == (latest, 0.7 * 45 + 0.3 * 40)
    assert found.waiting
    assert not found.passed


def test_lateness_is_shown_beside_what_it_took(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment(late_percent=10.0)
    marks.attempt(0, asked, 80, 80, late_days=2)
    found = cell(marks, 0)
    assert (found.points, found.computed, found.final, found.late_days) == (64.0, 64.0, 80.0, 2)


def test_practice_does_not_count(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 80, kind="practice")
    assert cell(marks, 0).state == "open"
    assert cell(marks, 0).attempts == 0


def test_states_of_who_has_no_points(any_school: School, time: Clock) -> None:
    marks = make_marks(any_school, students=4)
    asked = marks.assignment(due=now() + timedelta(days=1))
    marks.attempt(0, asked)
    marks.attempt(1, asked, state="fault")
    with any_school.writing() as session:
        row = Extension(assignment_id=asked, person_id=marks.students[2].id, given_by=marks.teacher.id, created=now())
        row.due = now() + timedelta(days=3)
        session.add(row)
    assert [cell(marks, one).state for one in range(4)] == ["waiting", "fault", "open", "open"]
    time.forward(days=2)
    assert [cell(marks, one).state for one in range(4)] == ["waiting", "fault", "open", "missing"]
    assert [cell(marks, one).extended for one in range(4)] == [False, False, True, False]
    time.forward(days=2)
    assert cell(marks, 2).state == "missing"


def test_a_fault_after_a_judged_attempt_is_told(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 80, 80)
    assert not cell(marks, 0).broken
    marks.attempt(0, asked, state="fault")
    assert cell(marks, 0).broken
    marks.attempt(0, asked, 10, 10)
    assert not cell(marks, 0).broken


def test_the_total_is_by_weight_and_a_missing_one_is_zero(any_school: School, time: Clock) -> None:
    marks = make_marks(any_school)
    first = marks.assignment(weight=3.0)
    marks.assignment(weight=1.0, due=now() + timedelta(days=1), position=2)
    unseen = marks.assignment(weight=5.0, visible=False, position=3)
    marks.attempt(0, first, 80, 80)
    marks.attempt(0, unseen, 10, 10)
    assert read(marks).rows[0].total == 80.0
    assert read(marks).rows[1].total is None
    time.forward(days=2)
    assert [row.total for row in read(marks).rows] == [60.0, 0.0, 0.0]
    assert [row.passed for row in read(marks).rows] == [True, False, False]


def test_while_late_work_is_taken_nothing_is_a_zero_yet(any_school: School, time: Clock) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment(due=now() + timedelta(days=1), closes=now() + timedelta(days=5))
    other = marks.assignment(position=2, due=now() + timedelta(days=1))
    marks.assignment(position=3, visible=False)
    marks.attempt(0, other, 80, 80)

    def states(student: int) -> list[tuple[str, bool]]:
        return [(cell(marks, student, n).state, cell(marks, student, n).taken) for n in range(2)]

    def standing(student: int) -> tuple[float | None, int, int, int]:
        one = read(marks).rows[student].standing
        return one.total, one.graded, one.missing, one.asked

    assert (states(1), standing(1)) == ([("open", True)] * 2, (None, 0, 0, 2))
    time.forward(days=2)
    assert (states(1), standing(1)) == ([("late", True), ("missing", True)], (0.0, 0, 1, 2))
    assert (states(0), standing(0)) == ([("late", True), ("graded", True)], (80.0, 1, 0, 2))
    time.forward(days=4)
    assert (states(0), standing(0)) == ([("missing", False), ("graded", True)], (40.0, 1, 1, 2))
    with any_school.reading() as session:
        for student in (0, 1):
            mine = own_standing(session, marks.students[student], marks.course)
            assert mine == read(marks).rows[student].standing
        lines = book.sheet(session, marks.teacher, marks.course).lines
    assert [(one.total, one.graded) for one in lines] == [(40.0, 1), (0.0, 0), (0.0, 0)]
    assert asked


def test_points_by_hand_count_and_are_taken_back(any_school: School) -> None:
    marks = make_marks(any_school)
    asked, student = marks.assignment(), marks.students[0].id
    marks.attempt(0, asked, 40, 40)
    with any_school.writing() as session:
        first = override(session, marks.teacher, asked, student, 75, " The camera was broken. ", seen=0)
        override(session, marks.teacher, asked, student, 70.456, "A slip of the hand.", seen=first)
    found = cell(marks, 0)
    assert (found.points, found.computed, found.by_hand, found.reason) == (70.46, 40.0, True, "A slip of the hand.")
    with any_school.writing() as session:
        withdraw_override(session, marks.teacher, asked, student, "It worked after all.")
    found = cell(marks, 0)
    assert (found.points, found.by_hand, found.reason) == (40.0, False, "")
    with any_school.reading() as session:
        lines = override_history(session, marks.students[0], asked, student)
    assert [(one.points, one.reason) for one in lines] == [
        (None, "It worked after all."),
        (70.46, "A slip of the hand."),
        (75.0, "The camera was broken."),
    ]
    assert marks.actions() == ["grade.overridden", "grade.overridden", "grade.override-withdrawn"]


def test_points_by_hand_need_no_attempt(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    with school.writing() as session:
        override(session, marks.teacher, asked, marks.students[1].id, 55, "Shown at the real robot.")
    assert (cell(marks, 1).state, cell(marks, 1).points) == ("graded", 55.0)


@pytest.mark.parametrize("points", [float("nan"), float("inf"), -0.1, 100.1, True])
def test_points_that_cannot_be_given(school: School, points: float) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    with school.writing() as session, pytest.raises(Refused, match="Points are from 0 to 100") as told:
        override(session, marks.teacher, asked, marks.students[0].id, points, "why")
    assert told.value.where == "points"


def test_points_by_hand_need_a_reason_and_a_student_of_the_course(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    asked = marks.assignment()
    with school.writing() as session:
        for reason in ("  ", "x" * 1001):
            with pytest.raises(Refused, match="Say why"):
                override(session, marks.teacher, asked, marks.students[0].id, 50, reason)
        for stranger in (others.students[0].id, marks.assistant.id, 9999):
            with pytest.raises(NotFound):
                override(session, marks.teacher, asked, stranger, 50, "why")
        with pytest.raises(Refused, match="nothing to take back"):
            withdraw_override(session, marks.teacher, asked, marks.students[0].id, "why")
        with pytest.raises(NotAllowed):
            override(session, marks.assistant, asked, marks.students[0].id, 50, "why")
        with pytest.raises(NotFound):
            override(session, others.teacher, asked, marks.students[0].id, 50, "why")
        with pytest.raises(NotFound):
            override_history(session, marks.students[1], asked, marks.students[0].id)


def test_two_teachers_who_decide_about_the_same_points_notice_each_other(any_school: School) -> None:
    marks = make_marks(any_school)
    asked, student = marks.assignment(), marks.students[0].id
    with any_school.writing() as session:
        override(session, marks.teacher, asked, student, 75, "One.", seen=0)
    with any_school.writing() as session, pytest.raises(Conflict, match="Somebody else changed these points"):
        override(session, marks.teacher, asked, student, 65, "Two.", seen=0)


def test_rows_are_sorted_and_who_has_nothing_comes_last(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    marks.attempt(0, asked, 50, 50)
    marks.attempt(2, asked, 90, 90)
    assert names(read(marks)) == ["Student 0000", "Student 0001", "Student 0002"]
    assert names(read(marks, descending=True)) == ["Student 0002", "Student 0001", "Student 0000"]
    for sort in ("total", f"assignment:{asked}"):
        assert names(read(marks, sort=sort)) == ["Student 0000", "Student 0002", "Student 0001"]
        assert names(read(marks, sort=sort, descending=True)) == ["Student 0002", "Student 0000", "Student 0001"]
    with pytest.raises(Refused, match="cannot be sorted by 'assignment:77'"):
        read(marks, sort="assignment:77")


def test_search_group_and_passed(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    group = marks.group("Б-21", 1, 2)
    marks.attempt(1, asked, 50, 50)
    marks.attempt(2, asked, 90, 90)
    assert names(read(marks, search="STUDENT 0001")) == ["Student 0001"]
    assert names(read(marks, group_id=group)) == ["Student 0001", "Student 0002"]
    assert [row.group for row in read(marks).rows] == ["", "Б-21", "Б-21"]
    assert names(read(marks, sort="group")) == ["Student 0000", "Student 0001", "Student 0002"]
    assert names(read(marks, passed=True)) == ["Student 0002"]
    assert names(read(marks, passed=False)) == ["Student 0000", "Student 0001"]
    assert names(read(marks, passed=False, sort="login", descending=True)) == ["Student 0001", "Student 0000"]


@pytest.mark.parametrize("counts", ["best", "latest", "mixed"])
def test_totals_that_the_database_sums_are_those_of_the_rows(any_school: School, counts: str) -> None:
    """Whatever students did: nothing, a fault, something that waits, many attempts, extensions, points by hand."""
    rng = random.Random(counts)
    marks = make_marks(any_school, students=40)
    for position in range(5):
        dates = {"due": now() + timedelta(days=rng.choice((-1, 1)))} if rng.random() < 0.7 else {}
        dates |= {"closes": now() + timedelta(days=rng.choice((-1, 1)))} if rng.random() < 0.3 else {}
        how = rng.choice(("best", "latest")) if counts == "mixed" else counts
        shared = {"weight": rng.choice((0.0, 0.1, 0.7, 1.0, 3.0)), "visible": position != 1, "counts": how}
        asked = marks.assignment(position=position, **dates, **shared)
        for student in range(30):
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                state = rng.choice(("done", "done", "done", "queued", "fault", "cancelled"))
                points = [round(rng.uniform(0, 100), 2)] if state == "done" else []
                marks.attempt(student, asked, *points, state=state)
        with any_school.writing() as session:
            for student in rng.sample(range(40), 4):
                override(session, marks.teacher, asked, marks.students[student].id, rng.uniform(0, 100), "seen")
            for student in rng.sample(range(40), 4):
                mine = {"assignment_id": asked, "person_id": marks.students[student].id, "given_by": marks.teacher.id}
                session.add(Extension(due=now() + timedelta(days=2), created=now(), **mine))
    rows = {row.person_id: row for row in read(marks, page=None).rows}
    with any_school.reading() as session:
        assignments = book.assignments_of(session, marks.course)
        totals = {id_: one.total for id_, one in rows.items()}
        assert book._totals(session, marks.course, assignments, list(rows.values())) == totals
        sums, special = summed(session, marks.course, assignments, now()), extended_in(session, assignments)
    assert len(special) < 40
    for id_ in rows.keys() - special:
        assert sums.total(id_) == pytest.approx(rows[id_].total, abs=0.0051), id_
    for passed in (True, False):
        found = read(marks, page=None, passed=passed, sort="total", descending=True).rows
        assert {row.person_id for row in found} == {id_ for id_, row in rows.items() if row.passed == passed}
        totals = [row.total for row in found if row.total is not None]
        assert totals == sorted(totals, reverse=True)


def test_a_total_between_two_hundredths_is_that_of_the_row(school: School) -> None:
    marks = make_marks(school)
    first, second = marks.assignment(), marks.assignment(position=2)
    marks.attempt(0, first, 59.99)
    marks.attempt(0, second, 60.0)
    (total,) = (row.total for row in read(marks, search="0000").rows)
    assert book._unsure(59.995)
    assert not book._unsure(59.991)
    passed = {row.person_id: row.total for row in read(marks, passed=total is not None and total >= 60.0).rows}
    assert passed[marks.students[0].id] == total


def test_pages(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "PAGE", 2)
    marks = make_marks(school, students=5)
    marks.assignment()
    last = read(marks, page=3)
    assert (names(last), last.found, last.page, last.pages) == (["Student 0004"], 5, 3, 3)
    assert read(marks, page=99).page == 3
    assert names(read(marks, page=99)) == ["Student 0004"]
    assert names(read(marks, page=2, sort="total")) == ["Student 0002", "Student 0003"]
    assert len(read(marks, page=None).rows) == 5


def test_only_the_staff_reads_it(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    with school.reading() as session:
        assert not gradebook(session, marks.assistant, marks.course).may_override
        assert gradebook(session, marks.teacher, marks.course).may_override
        assert gradebook(session, person(school, "root", "administrator"), marks.course).may_override
        with pytest.raises(NotAllowed):
            gradebook(session, marks.students[0], marks.course)
        with pytest.raises(NotFound):
            gradebook(session, others.assistant, marks.course)


def test_the_staff_of_another_course_is_in_no_row(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    theirs = others.assignment()
    others.attempt(0, theirs, 80, 80)
    assert names(read(marks)) == ["Student 0000", "Student 0001", "Student 0002"]
    assert read(marks).columns == ()
    assert {row.person_id for row in read(marks).rows} == {one.id for one in marks.students}


@pytest.mark.parametrize("how", [{}, {"sort": "total"}, {"page": None, "passed": False}])
def test_the_number_of_queries_does_not_grow_with_students(any_school: School, how: dict[str, Any]) -> None:
    counts = []
    for students, title in ((2, "Robotics"), (200, "Vision")):
        marks = make_marks(any_school, students=students, title=title)
        for position in range(3):
            asked = marks.assignment(position=position)
            for student in range(0, students, max(1, students // 5)):
                marks.attempt(student, asked, 50, 60)
        with statements(any_school) as found:
            read(marks, **how)
        counts.append(len(found))
    assert counts[0] == counts[1] <= (16 if how else 10)
