"""News: what happened to one's own work is told once, to nobody else, and until it was looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from making import Class, Clock, counted, found, make_class

from sheber.school import clock
from sheber.school.courses import assignments, courses
from sheber.school.courses.models import Assignment
from sheber.school.gradebook import overrides
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import claim, finish
from sheber.school.submissions import comments, news, requests


def told(school: School, who: Actor) -> list[tuple[str, int | None, str]]:
    """Kind, attempt and words of what somebody has not looked at."""
    with school.reading() as session:
        return [(one.kind, one.submission_id, one.text) for one in news.unread(session, who)]


def look(school: School, who: Actor, **where: int) -> None:
    with school.writing() as session:
        news.looked_at(session, who, **where)


def judged(here: Class, n: int = 0, **how: Any) -> int:
    """A submission whose scenes are judged."""
    made = here.submit(n, **how)
    with here.school.writing() as session:
        for job in claim(session, "w", 20):
            finish(session, "w", job.job_id, found())
    return made


def everything(school: School, here: Class, time: Clock) -> int:
    """All that can happen to one attempt; gives its id."""
    attempt = judged(here)
    student = here.students[0]
    with school.writing() as session:
        request = requests.ask(session, student, attempt, "It was right.")
    for step in (
        lambda session: comments.comment(session, here.teacher, attempt, "Well done.", place=1),
        lambda session: requests.answer(session, here.teacher, request, True, "You are right."),
        lambda session: overrides.override(session, here.teacher, here.assignment, student.id, 90.0, "Shown in class."),
        lambda session: assignments.release_scene(session, here.teacher, here.assignment, 1),
        lambda session: regrade(session, here, attempt),
    ):
        time.forward(seconds=1)
        with school.writing() as session:
            step(session)
    time.forward(seconds=1)
    return attempt


def regrade(session: Any, here: Class, attempt: int) -> None:
    """A regrade that was published."""
    made = {"assignment_id": here.assignment, "chosen": "all", "made_by": here.teacher.id}
    row = Campaign(**made, reason="The check was wrong.", state="published", created=clock.now(), finished=clock.now())
    session.add(row)
    session.flush()
    session.add(CampaignResult(campaign_id=row.id, submission_id=attempt, place=1, result={}))


def test_what_happened_is_told_to_whom_it_concerns_and_to_nobody_else(any_school: School, time: Clock) -> None:
    here = make_class(any_school)
    other = judged(here, 1, source=b"print(2)\n")
    attempt = everything(any_school, here, time)
    assert told(any_school, here.students[0]) == [
        ("regrade", None, "The check was wrong."),
        ("scene", attempt, ""),
        ("points", None, "Shown in class."),
        ("answer", attempt, "You are right."),
        ("comment", attempt, "Well done."),
    ]
    assert told(any_school, here.students[1]) == [("scene", other, "")]
    assert told(any_school, here.teacher) == []


def test_what_was_looked_at_is_no_news(any_school: School, time: Clock) -> None:
    here = make_class(any_school)
    student = here.students[0]
    attempt = everything(any_school, here, time)
    look(any_school, student, attempt=attempt)
    assert [kind for kind, _attempt, _text in told(any_school, student)] == ["regrade", "points"]
    look(any_school, student, attempts_of=here.assignment)
    assert told(any_school, student) == []
    time.forward(seconds=1)
    with any_school.writing() as session:
        comments.comment(session, here.teacher, attempt, "One thing more.")
    assert told(any_school, student) == [("comment", attempt, "One thing more.")]
    time.forward(seconds=1)
    look(any_school, student)
    assert told(any_school, student) == []
    with any_school.reading() as session:
        assert len(news.news(session, student)) == 6
        assert not any(one.fresh for one in news.news(session, student))


def test_an_extension_is_news_until_the_dates_were_looked_at(any_school: School, time: Clock) -> None:
    here = make_class(any_school)
    student, due = here.students[0], clock.now() + timedelta(days=3)
    with any_school.writing() as session:
        session.get_one(Assignment, here.assignment).due = clock.now() + timedelta(days=1)
    with any_school.writing() as session:
        give = (session, here.teacher, here.assignment, student.id)
        assignments.give_extension(*give, due=due, reason="A private matter.")
    assert told(any_school, student) == [("extension", None, "")]
    assert told(any_school, here.students[1]) == []
    with any_school.reading() as session:
        (one,) = news.unread(session, student)
    assert (one.due, one.attempts, one.assignment_id) == (due, None, here.assignment)
    time.forward(seconds=1)
    look(any_school, student, attempts_of=here.assignment)
    assert [kind for kind, _attempt, _text in told(any_school, student)] == ["extension"]
    look(any_school, student, dates_of=here.assignment)
    assert told(any_school, student) == []


def test_a_look_at_one_attempt_leaves_the_news_of_another(school: School, time: Clock) -> None:
    here = make_class(school)
    student = here.students[0]
    first, second = judged(here), judged(here, source=b"print(2)\n")
    for attempt in (first, second):
        with school.writing() as session:
            comments.comment(session, here.teacher, attempt, "Read this.")
    time.forward(seconds=1)
    look(school, student, attempt=second)
    assert told(school, student) == [("comment", first, "Read this.")]


def test_ones_own_words_and_removed_ones_are_no_news(school: School, time: Clock) -> None:
    here = make_class(school)
    attempt = judged(here)
    with school.writing() as session:
        one = comments.comment(session, here.teacher, attempt, "A slip.")
    with school.writing() as session:
        comments.remove_comment(session, here.teacher, one)
    assert told(school, here.students[0]) == []
    with school.writing() as session:
        requests.ask(session, here.students[0], attempt, "Please look.")
    assert told(school, here.students[0]) == []
    own = here.submit(here.teacher, kind="practice")
    with school.writing() as session:
        comments.comment(session, here.teacher, own, "To myself.")
    assert told(school, here.teacher) == []


def test_of_a_course_that_one_left_and_of_a_hidden_assignment_there_are_no_news(school: School, time: Clock) -> None:
    here = make_class(school)
    student = here.students[0]
    everything(school, here, time)
    with school.writing() as session:
        session.get_one(Assignment, here.assignment).visible = False
    assert told(school, student) == []
    with school.writing() as session:
        session.get_one(Assignment, here.assignment).visible = True
    assert told(school, student)
    with school.writing() as session:
        courses.remove_member(session, here.teacher, here.course, student.id)
    assert told(school, student) == []


def test_a_scene_that_one_was_not_judged_on_is_no_news(school: School, time: Clock) -> None:
    here = make_class(school)
    with school.writing() as session:
        assignments.release_scene(session, here.teacher, here.assignment, 1)
    time.forward(seconds=1)
    judged(here)  # on the scene that took its place
    assert told(school, here.students[0]) == []


def test_few_queries_tell_the_news_however_many_there_are(school: School, time: Clock) -> None:
    here = make_class(school)
    student = here.students[0]
    for n in range(3):
        everything(school, here, time)
        with counted(school) as statements, school.reading() as session:
            assert len([one for one in news.unread(session, student) if one.kind == "comment"]) == n + 1
        assert len([one for one in statements if "FROM" in one]) == 2
