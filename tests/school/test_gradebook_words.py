"""What teachers and students write about a grade: comments on a submission, requests for another look."""

from __future__ import annotations

from typing import Any

import pytest
from grading import Marks, make_marks, statements
from sqlalchemy import select

from sheber.school.clock import now
from sheber.school.courses.models import ReleasedScene
from sheber.school.errors import Conflict, NotAllowed, NotFound, Refused
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.submissions import requests
from sheber.school.submissions.comments import CommentLine, comment, comments, remove_comment
from sheber.school.submissions.models import Comment
from sheber.school.submissions.requests import answer, ask, requests_in, requests_of, take_back


def say(marks: Marks, actor: Actor, submission: int, text: str = "Look here.", **where: Any) -> int:
    with marks.school.writing() as session:
        return comment(session, actor, submission, text, **where)


def said(marks: Marks, actor: Actor, submission: int) -> tuple[CommentLine, ...]:
    with marks.school.reading() as session:
        return comments(session, actor, submission)


def asked(marks: Marks, actor: Actor, submission: int, reason: str = "The grip held.") -> int:
    with marks.school.writing() as session:
        return ask(session, actor, submission, reason)


def replied(marks: Marks, actor: Actor, request: int, granted: bool = True, text: str = "You are right.") -> None:
    with marks.school.writing() as session:
        answer(session, actor, request, granted, text)


# --- comments ----------------------------------------------------------------------------------


def test_comments_of_a_whole_submission_a_line_and_a_moment(any_school: School) -> None:
    marks = make_marks(any_school)
    submission = marks.attempt(0, marks.assignment(), 80, 80, source=b"one\ntwo\nthree")
    say(marks, marks.teacher, submission, " Well done. ")
    say(marks, marks.assistant, submission, "Why three?", line=3)
    say(marks, marks.assistant, submission, "It slips.", place=2, time_s=4.25)
    found = said(marks, marks.students[0], submission)
    assert [(one.author, one.text, one.line, one.place) for one in found] == [
        ("robotics teacher", "Well done.", None, None),
        ("robotics assistant", "Why three?", 3, None),
        ("robotics assistant", "It slips.", None, 2),
    ]
    assert marks.actions() == ["comment.written"] * 3


def test_the_moment_of_a_hidden_scene_is_kept_from_the_student_until_it_is_released(any_school: School) -> None:
    marks = make_marks(any_school)
    assignment = marks.assignment()
    submission = marks.attempt(0, assignment, 80, 80)
    for place in (1, 2):
        say(marks, marks.teacher, submission, place=place, time_s=4.25)
    assert [one.time_s for one in said(marks, marks.teacher, submission)] == [4.25, 4.25]
    assert [one.time_s for one in said(marks, marks.students[0], submission)] == [None, None]
    with any_school.writing() as session:
        for place, round_ in ((2, 1), (1, 2)):  # of place 1 another scene than the one that was judged
            row = ReleasedScene(assignment_id=assignment, place=place, round=round_, released_by=marks.teacher.id)
            row.released = now()
            session.add(row)
    assert [one.time_s for one in said(marks, marks.students[0], submission)] == [None, 4.25]


def test_moments_of_practice_are_shown(school: School) -> None:
    marks = make_marks(school)
    submission = marks.attempt(0, marks.assignment(), 80, kind="practice")
    say(marks, marks.teacher, submission, place=1, time_s=0.0)
    assert [one.time_s for one in said(marks, marks.students[0], submission)] == [0.0]


def test_who_may_comment_and_read(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    submission = marks.attempt(0, marks.assignment(), 80, kind="practice", shared=True)
    say(marks, marks.teacher, submission)
    with pytest.raises(NotAllowed):
        say(marks, marks.students[0], submission)
    for stranger in (others.teacher, others.students[0]):
        with pytest.raises(NotFound):
            say(marks, stranger, submission)
        with pytest.raises(NotFound):
            said(marks, stranger, submission)
    with pytest.raises(NotFound):  # the result is shared, what was said of it is not
        said(marks, marks.students[1], submission)


def test_a_removed_comment_stays_for_the_staff(any_school: School) -> None:
    marks = make_marks(any_school)
    submission = marks.attempt(0, marks.assignment(), 80, 80)
    mine = say(marks, marks.assistant, submission)
    theirs = say(marks, marks.teacher, submission)
    assert [one.may_remove for one in said(marks, marks.assistant, submission)] == [True, False]
    assert [one.may_remove for one in said(marks, marks.students[0], submission)] == [False, False]
    with any_school.writing() as session:
        with pytest.raises(NotAllowed):
            remove_comment(session, marks.assistant, theirs)
        with pytest.raises(NotAllowed):
            remove_comment(session, marks.students[0], mine)
        remove_comment(session, marks.teacher, mine)
        remove_comment(session, marks.teacher, mine)
        with pytest.raises(NotFound):
            remove_comment(session, marks.students[0], mine)
        with pytest.raises(NotFound):
            remove_comment(session, marks.teacher, 999)
    assert [one.id for one in said(marks, marks.students[0], submission)] == [theirs]
    assert [one.removed is None for one in said(marks, marks.teacher, submission)] == [False, True]
    with any_school.reading() as session:
        assert session.scalars(select(Comment.text).where(Comment.id == mine)).one() == "Look here."
    assert marks.actions().count("comment.removed") == 1


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"line": 0}, "line"),
        ({"line": 4}, "line"),
        ({"place": 3}, "place"),
        ({"place": 0}, "place"),
        ({"time_s": 1.0}, "place"),
        ({"place": 1, "time_s": -1.0}, "time"),
        ({"place": 1, "time_s": float("nan")}, "time"),
        ({"place": 1, "line": 1}, "line"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 4001}, "text"),
    ],
)
def test_comments_that_are_about_nothing(school: School, where: dict[str, Any], field: str) -> None:
    marks = make_marks(school)
    submission = marks.attempt(0, marks.assignment(), 80, 80, source=b"one\ntwo\nthree")
    with pytest.raises(Refused) as told:
        say(marks, marks.teacher, submission, **where)
    assert told.value.where == field


# --- requests --------------------------------------------------------------------------------------


def test_a_student_asks_and_a_teacher_answers(any_school: School) -> None:
    marks = make_marks(any_school)
    submission = marks.attempt(0, marks.assignment(), 50, 50)
    request = asked(marks, marks.students[0], submission)
    with any_school.reading() as session:
        lines, count = requests_in(session, marks.assistant, marks.course)
    assert [(one.id, one.person, one.reason, one.points, one.number) for one in lines] == [
        (request, "Student 0000", "The grip held.", 50.0, 1)
    ]
    assert count == 1
    with any_school.reading() as session:  # a page that no book has
        assert requests_in(session, marks.assistant, marks.course, page=10**30) == ((), 1)
    replied(marks, marks.teacher, request)
    with any_school.reading() as session:
        assert requests_in(session, marks.assistant, marks.course) == ((), 0)
        (line,) = requests_of(session, marks.students[0], submission)
        assert requests_in(session, marks.assistant, marks.course, state="")[1] == 1
    assert (line.state, line.answer, line.answered_by) == ("granted", "You are right.", "robotics teacher")
    assert marks.actions() == ["request.granted"]
    with pytest.raises(Conflict, match="robotics teacher has answered this request already"):
        replied(marks, marks.teacher, request, granted=False)


def test_one_open_request_for_an_attempt(school: School) -> None:
    marks = make_marks(school)
    submission = marks.attempt(0, marks.assignment(), 50, 50)
    first = asked(marks, marks.students[0], submission)
    with pytest.raises(Refused, match="already"):
        asked(marks, marks.students[0], submission)
    replied(marks, marks.teacher, first, granted=False)
    second = asked(marks, marks.students[0], submission)
    with school.writing() as session:
        with pytest.raises(NotFound):
            take_back(session, marks.students[1], second)
        take_back(session, marks.students[0], second)
    with pytest.raises(Conflict, match="taken this request back"):
        replied(marks, marks.teacher, second)


def test_asking_and_taking_back_has_an_end(school: School) -> None:
    marks = make_marks(school)
    submission = marks.attempt(0, marks.assignment(), 50, 50)
    for _time in range(5):
        request = asked(marks, marks.students[0], submission)
        with school.writing() as session:
            take_back(session, marks.students[0], request)
    with pytest.raises(Refused, match="5 times"):
        asked(marks, marks.students[0], submission)


def test_who_may_ask_and_answer(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    submission = marks.attempt(0, marks.assignment(), 50, 50)
    for stranger in (marks.students[1], marks.teacher, others.students[0]):
        with pytest.raises(NotFound):
            asked(marks, stranger, submission)
    request = asked(marks, marks.students[0], submission)
    with pytest.raises(NotAllowed):
        replied(marks, marks.assistant, request)
    with pytest.raises(NotFound, match="no such request"):
        replied(marks, others.teacher, request)
    with school.reading() as session:
        with pytest.raises(NotFound):
            requests_of(session, marks.students[1], submission)
        with pytest.raises(NotAllowed):
            requests_in(session, marks.students[0], marks.course)


def test_only_about_a_judged_attempt(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = make_marks(school)
    assignment = marks.assignment()
    for waiting in (marks.attempt(0, assignment), marks.attempt(0, assignment, 50, kind="practice")):
        with pytest.raises(Refused, match="judged for a grade"):
            asked(marks, marks.students[0], waiting)
    done = [marks.attempt(0, assignment, 50, 50) for _once in range(2)]
    with pytest.raises(Refused, match="1 to 2000 characters"):
        asked(marks, marks.students[0], done[0], " ")
    monkeypatch.setattr(requests, "MOST_OPEN", 1)
    asked(marks, marks.students[0], done[0])
    with pytest.raises(Refused, match="wait for an answer"):
        asked(marks, marks.students[0], done[1])


def test_the_number_of_queries_does_not_grow(any_school: School) -> None:
    marks = make_marks(any_school, students=30)
    assignment = marks.assignment()
    counts = []
    for students in (range(2), range(2, 30)):
        for one in students:
            submission = marks.attempt(one, assignment, 50, 50)
            asked(marks, marks.students[one], submission)
            say(marks, marks.teacher, submission)
        with statements(any_school) as found, any_school.reading() as session:
            requests_in(session, marks.teacher, marks.course)
            comments(session, marks.students[one], submission)
        counts.append(len(found))
    assert counts[0] == counts[1]
