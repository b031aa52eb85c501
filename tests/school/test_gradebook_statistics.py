"""Where a class loses points, a student's page, and what is printed."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
from grading import Marks, make_marks, score_of, statements
from sqlalchemy import event

from sheber.exercises import load
from sheber.exercises.score import Score
from sheber.judge import Program, best_sandbox, run
from sheber.judge.forms import stored_score
from sheber.school.errors import NotAllowed, NotFound
from sheber.school.gradebook.overrides import override
from sheber.school.gradebook.printing import group_report, student_report
from sheber.school.gradebook.statistics import Statistics, assignment_statistics
from sheber.school.gradebook.student import StudentPage, student_page
from sheber.school.losses import losses_of
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.submissions.comments import comment
from sheber.school.submissions.models import SceneResult
from sheber.school.submissions.requests import ask


def read(marks: Marks, assignment: int, actor: Actor | None = None, **how: Any) -> Statistics:
    with marks.school.reading() as session:
        return assignment_statistics(session, actor or marks.assistant, assignment, **how)


def page(marks: Marks, student: int, actor: Actor | None = None) -> StudentPage:
    with marks.school.reading() as session:
        return student_page(session, actor or marks.teacher, marks.course, marks.students[student].id)


# --- statistics ----------------------------------------------------------------------------------


def test_where_points_were_lost(any_school: School) -> None:
    marks = make_marks(any_school, students=4)
    asked = marks.assignment()
    marks.attempt(0, asked, 10, 10)
    marks.attempt(0, asked, 50, 60)  # counts: lost 10 and 0 in placing, 40 and 40 in time
    marks.attempt(1, asked, 100, 100)
    marks.attempt(2, asked)
    found = read(marks, asked)
    assert [(one.key, one.group, one.maximum, one.students, one.lost_by, one.mean_lost) for one in found.checks] == [
        ("cycle", "cycle", 40.0, 2, 1, 20.0),
        ("placed", "quality", 60.0, 2, 1, 2.5),
    ]
    assert [one.share for one in found.checks] == [round(80 / 90, 4), round(10 / 90, 4)]
    assert [str(one.title) for one in found.checks] == ["The cycle time", "The part is placed"]
    assert (found.students, found.graded, found.passed) == (4, 2, 1)
    assert found.attempts == ((0, 2), (1, 1), (2, 1))
    final = 0.7 * 55 + 0.3 * 50
    assert (found.mean, found.median) == (round((final + 100) / 2, 2), round((final + 100) / 2, 2))
    assert [one.students for one in found.histogram] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert (found.histogram[5].low, found.histogram[5].high) == (50.0, 60.0)


def test_what_the_rule_of_the_groups_took(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 90, 90)
    assert read(marks, asked).rule_lost == 0.0
    form = stored_score(score_of(90))
    form["checks"][0]["points"] = 30.0  # half the quality: the 30 points for time count half
    with school.writing() as session:
        for one in session.query(SceneResult):
            one.score, one.losses = form, losses_of(form)
    assert read(marks, asked).rule_lost == 15.0


@pytest.mark.physics
def test_statistics_are_those_of_the_whole_scores(any_school: School) -> None:
    """What real programs got, counted in both ways: from the losses that are kept, and from the scores."""
    marks = make_marks(any_school)
    asked = marks.assignment()
    scores = {student: [real_score(name, seed) for seed in (1, 2)] for student, name in enumerate(PROGRAMS)}
    for student, judged in scores.items():
        id_ = marks.attempt(student, asked, *[one.points for one in judged])
        with any_school.writing() as session:
            for result in session.query(SceneResult).filter_by(submission_id=id_):
                result.score = stored_score(judged[result.place - 1])
                result.losses = losses_of(result.score)
    found = read(marks, asked)
    every = [one for judged in scores.values() for one in judged]
    assert found.rule_lost == round(statistics.fmean(sum(c.points - s.counted(c) for c in s.checks) for s in every), 2)
    assert sum(one.mean_lost for one in found.checks) > 1.0
    total = math.fsum(check.lost for score in every for check in score.checks)
    for one in found.checks:
        checks = [check for score in every for check in score.checks if check.key == one.key]
        assert one.mean_lost == round(statistics.fmean(check.lost for check in checks), 2)
        assert one.maximum == round(statistics.fmean(check.maximum for check in checks), 2)
        assert one.share == round(math.fsum(check.lost for check in checks) / total, 4)
        assert (one.title, one.group) == (checks[0].title, checks[0].group)
        losers = [any(c.lost > 0 for s in judged for c in s.checks if c.key == one.key) for judged in scores.values()]
        assert one.lost_by == sum(losers)


PROGRAMS = ("reference", "clumsy", "wrong")


def real_score(name: str, seed: int) -> Score:
    """What a program of an exercise gets."""
    exercise = load("poses-and-moves")
    return exercise.score(run(exercise, Program.read(exercise.program(name)), seed, best_sandbox()))


def test_statistics_read_no_more_scores_than_there_are_checks(any_school: School) -> None:
    marks = make_marks(any_school, students=6)
    asked = marks.assignment()
    for student in range(6):
        marks.attempt(student, asked, 50, 60)
    read_scores: list[object] = []
    with any_school.reading() as session:
        event.listen(session, "do_orm_execute", lambda state: read_scores.append(state.statement))
        assignment_statistics(session, marks.teacher, asked)
    whole = [one for one in read_scores if "scene_results.score" in str(one)]
    assert len(whole) == 1
    with any_school.reading() as session:
        assert len(session.execute(whole[0]).all()) == 1


def test_losses_of_a_score() -> None:
    assert losses_of(stored_score(score_of(50))) == {
        "rule": 0.0,
        "keys": ["placed", "cycle"],
        "groups": ["quality", "cycle"],
        "maximum": [6000, 4000],
        "lost": [1000, 4000],
    }
    with pytest.raises(ValueError, match="not a stored score"):
        losses_of({})


def test_by_group(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    group = marks.group("B", 0, 1)
    for student, points in ((0, 50), (1, 60), (2, 20)):
        marks.attempt(student, asked, points, points)
    (placed,) = [one for one in read(marks, asked).checks if one.key == "placed"]
    assert [(one.group, one.students, one.lost_by, one.mean_lost) for one in placed.groups] == [
        ("B", 2, 1, 5.0),
        ("", 1, 1, 40.0),
    ]
    mine = read(marks, asked, group_id=group)
    assert (mine.students, mine.graded, [one.students for one in mine.checks]) == (2, 2, [2, 2])


def test_points_by_hand_pass_and_are_in_no_histogram(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 20, 20)
    with school.writing() as session:
        for one in (0, 1):
            override(session, marks.teacher, asked, marks.students[one].id, 80, "why")
    found = read(marks, asked)
    assert (found.passed, found.graded, found.mean) == (2, 1, 20.0)


def test_nothing_yet(school: School) -> None:
    marks = make_marks(school)
    found = read(marks, marks.assignment())
    assert (found.mean, found.median, found.checks, found.rule_lost) == (None, None, (), 0.0)
    assert sum(one.students for one in found.histogram) == 0


def test_who_sees_statistics(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    asked = marks.assignment()
    with pytest.raises(NotAllowed):
        read(marks, asked, marks.students[0])
    with pytest.raises(NotFound):
        read(marks, asked, others.teacher)


# --- a student ------------------------------------------------------------------------------------


def test_a_students_page(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    hidden = marks.assignment(visible=False, position=2)
    second = marks.assignment(position=3)
    marks.group("B", 0)
    first = marks.attempt(0, asked, 40, 40)
    best = marks.attempt(0, asked, 80, 80)
    marks.attempt(0, asked, 70, 70)
    marks.attempt(0, asked, 30, kind="practice")
    marks.attempt(0, second, 60, 60)
    marks.attempt(1, asked, 99, 99)
    with any_school.writing() as session:
        comment(session, marks.teacher, best, "Good.")
        ask(session, marks.students[0], first, "Why?")
    found = page(marks, 0)
    assert (found.name, found.group, found.total, found.own) == ("Student 0000", "B", 70.0, False)
    assert [one.column.assignment_id for one in found.assignments] == [asked, hidden, second]
    mine = found.assignments[0]
    assert [(one.number, one.points, one.counts, one.comments, one.requests) for one in mine.attempts] == [
        (1, 40.0, False, 0, 1),
        (2, 80.0, True, 1, 0),
        (3, 70.0, False, 0, 0),
    ]
    assert mine.practice_runs == 1
    assert [points for _moment, points in found.progress] == [40.0, 80.0, 80.0, 70.0]
    own = page(marks, 0, marks.students[0])
    assert own.own
    assert [one.column.assignment_id for one in own.assignments] == [asked, second]


def test_who_sees_a_students_page(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    for stranger in (marks.students[1], others.teacher, others.students[0]):
        with pytest.raises(NotFound):
            page(marks, 0, stranger)
    with school.reading() as session, pytest.raises(NotFound):
        student_page(session, marks.teacher, marks.course, others.students[0].id)


# --- printing -----------------------------------------------------------------------------------------


def test_a_printed_report_explains_each_grade(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment(counts="latest")
    marks.assignment(position=2)
    marks.attempt(0, asked, 61, 61)
    with any_school.reading() as session:
        found = student_report(session, marks.students[0], marks.course, marks.students[0].id)
    assert [one.key for one in found.assignments[0].losses] == ["cycle"]  # nothing was lost in placing
    marks.attempt(0, asked, 50, 70)
    with any_school.reading() as session:
        found = student_report(session, marks.students[0], marks.course, marks.students[0].id)
    explained, empty = found.assignments
    assert explained.scenes == (50.0, 70.0)
    assert explained.groups["quality"] == (55.0, 60.0)
    assert explained.groups["cycle"] == (5.0, 40.0)
    assert [(one.key, one.lost, one.maximum) for one in explained.losses] == [
        ("cycle", 35.0, 40.0),
        ("placed", 5.0, 60.0),
    ]
    assert (empty.scenes, empty.groups, empty.losses) == ((), {}, ())


def test_a_printed_report_of_a_group(any_school: School) -> None:
    marks = make_marks(any_school)
    group = marks.group("B", 0, 1)
    for position in (1, 2):
        asked = marks.assignment(position=position)
        marks.attempt(0, asked, 50 * position, 50 * position)
        marks.attempt(2, asked, 10, 10)
    with any_school.reading() as session:
        found = group_report(session, marks.assistant, marks.course, group)
        with pytest.raises(NotAllowed):
            group_report(session, marks.students[0], marks.course, group)
    assert [row.name for row in found.book.rows] == ["Student 0000", "Student 0001"]
    assert [one.mean for one in found.statistics] == [50.0, 100.0]


def test_the_number_of_queries_does_not_grow(any_school: School) -> None:
    counts = []
    for students, title in ((2, "Robotics"), (200, "Vision")):
        marks = make_marks(any_school, students=students, title=title)
        for position in range(2 if students == 2 else 4):
            asked = marks.assignment(position=position)
            for student in range(0, students, max(1, students // 5)):
                marks.attempt(student, asked, 50, 60)
        with statements(any_school) as found, any_school.reading() as session:
            group_report(session, marks.teacher, marks.course)
            student_report(session, marks.teacher, marks.course, marks.students[0].id)
            assignment_statistics(session, marks.teacher, asked)
        counts.append(len(found))
    assert counts[0] == counts[1]
