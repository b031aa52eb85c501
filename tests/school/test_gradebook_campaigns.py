"""Regrade campaigns: judged aside, looked at, published as one, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from grading import Marks, make_marks, result_columns, statements
from making import Clock
from sqlalchemy import select, update

from sheber.school.audit import AuditEntry
from sheber.school.clock import now
from sheber.school.courses.models import Assignment
from sheber.school.errors import Conflict, NotAllowed, NotFound, Refused
from sheber.school.gradebook.book import gradebook
from sheber.school.gradebook.campaigns import campaigns, publish, start_campaign, withdraw
from sheber.school.gradebook.differences import Preview, preview
from sheber.school.gradebook.models import Campaign
from sheber.school.gradebook.overrides import override
from sheber.school.losses import losses_of
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import Claimed, Found, claim, fail, finish, heartbeat
from sheber.school.queue.models import CLASSES, Job
from sheber.school.submissions.models import SceneResult, Submission


def start(marks: Marks, assignment: int, chosen: str = "all", actor: Actor | None = None) -> int:
    with marks.school.writing() as session:
        return start_campaign(session, actor or marks.teacher, assignment, chosen, "A tolerance was wrong.")


def look(marks: Marks, campaign: int) -> Preview:
    with marks.school.reading() as session:
        return preview(session, marks.teacher, campaign)


def take(marks: Marks, count: int = 100) -> list[Claimed]:
    with marks.school.writing() as session:
        return claim(session, "w", count)


def judge(marks: Marks, *points: float) -> None:
    """A worker judges everything that waits; the points of the scenes, by place."""
    for job in take(marks):
        columns = result_columns(points[job.place - 1], seed=job.seed) | {"exercise_sha256": "new"}
        columns.pop("seed")
        with marks.school.writing() as session:
            assert finish(
                session,
                "w",
                job.job_id,
                Found(
                    **columns,
                ),
            )


def put_out(marks: Marks, campaign: int, actor: Actor | None = None) -> int:
    seen = look(marks, campaign).digest
    with marks.school.writing() as session:
        return publish(session, actor or marks.teacher, campaign, seen)


def counts(marks: Marks) -> list[float | None]:
    with marks.school.reading() as session:
        return [row.cells[0].points for row in gradebook(session, marks.teacher, marks.course).rows]


def stored(marks: Marks, submission: int) -> tuple[Any, ...]:
    with marks.school.reading() as session:
        one = session.get_one(Submission, submission)
        own = select(SceneResult).where(SceneResult.submission_id == submission).order_by(SceneResult.place)
        scenes = session.scalars(own).all()
    names = [column.name for column in SceneResult.__table__.columns if column.name != "id"]
    results = [tuple(repr(getattr(scene, name)) for name in names) for scene in scenes]
    return (one.final, one.points, one.exercise_sha256, one.state, *results)


@pytest.mark.parametrize(("chosen", "expected"), [("latest", [3]), ("best", [1]), ("all", [0, 1, 2, 3])])
def test_what_is_judged_anew(any_school: School, chosen: str, expected: list[int]) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = [marks.attempt(0, asked, one, one) for one in (40, 80, 80, 60)]
    marks.attempt(0, asked, 90, 90, kind="practice")
    marks.attempt(1, asked)
    marks.attempt(2, asked, state="fault")
    campaign = start(marks, asked, chosen)
    with any_school.reading() as session:
        jobs = session.scalars(select(Job).where(Job.campaign_id == campaign)).all()
    assert sorted({job.submission_id for job in jobs}) == [mine[one] for one in expected]
    assert {(job.rank, job.place, job.round, job.seed) for job in jobs} == {
        (CLASSES.index("regrade"), place, 1, "7") for place in (1, 2)
    }


def test_nothing_counts_before_it_is_published(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment(late_percent=10.0)
    first = marks.attempt(0, asked, 40, 40, late_days=1)
    marks.attempt(0, asked, 30, 30)
    second = marks.attempt(1, asked, 90, 90)
    before = [stored(marks, one) for one in (first, second)]
    campaign = start(marks, asked)
    assert look(marks, campaign).not_judged == (first, first + 1, second)
    judge(marks, 50, 70)
    assert [stored(marks, one) for one in (first, second)] == before
    found = look(marks, campaign)
    assert (found.campaign.state, found.campaign.jobs, found.campaign.judged, found.campaign.failed) == (
        "ready",
        6,
        6,
        0,
    )
    assert found.not_judged == ()
    new = 0.7 * 60 + 0.3 * 50
    assert [(one.name, one.before, one.after) for one in found.students] == [
        ("Student 0001", 90.0, new),
        ("Student 0000", 36.0, new),
    ]
    assert found.students[0].gained == round(new - 90, 2)
    late = found.students[1].submissions[0]
    assert (late.submission_id, late.before, late.after, late.other_exercise) == (
        first,
        36.0,
        round(new * 0.9, 2),
        True,
    )
    assert [(one.key, one.before, one.after, str(one.title)) for one in late.checks] == [
        ("placed", 40.0, 55.0, "The part is placed"),
        ("cycle", 0.0, 5.0, "The cycle time"),
    ]
    assert put_out(marks, campaign) == 3
    assert counts(marks) == [new, new, None]
    assert stored(marks, first)[:4] == (new, round(new * 0.9, 2), "new", "done")
    shown = look(marks, campaign)
    assert [(one.before, one.after) for one in shown.students] == [(90.0, new), (36.0, new)]
    assert shown.students[1].submissions[0].checks == late.checks
    with any_school.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "campaign.published")).one()
    assert entry.details["points"][str(second)] == [90.0, new]
    assert marks.actions() == ["campaign.started", "campaign.published"]


def test_a_published_campaign_is_taken_back_whole(any_school: School, time: Clock) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = [marks.attempt(0, asked, 40, 45), marks.attempt(1, asked, 90, 95)]
    before = [stored(marks, one) for one in mine]
    campaign = start(marks, asked)
    time.forward(days=1)
    judge(marks, 50, 70)
    put_out(marks, campaign)
    assert [stored(marks, one) for one in mine] != before
    with any_school.reading() as session:
        assert set(session.scalars(select(SceneResult.judged))) == {now()}
        assert all(one.losses == losses_of(one.score) for one in session.scalars(select(SceneResult)))
    with any_school.writing() as session:
        withdraw(session, marks.teacher, campaign)
    assert [stored(marks, one) for one in mine] == before
    with any_school.writing() as session, pytest.raises(Refused, match="withdrawn already"):
        withdraw(session, marks.teacher, campaign)


def test_only_the_last_published_one_is_taken_back(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = marks.attempt(0, asked, 40, 45)
    before = stored(marks, mine)
    first = start(marks, asked)
    judge(marks, 50, 50)
    put_out(marks, first)
    second = start(marks, asked)
    with any_school.writing() as session, pytest.raises(Refused, match="Another campaign"):
        withdraw(session, marks.teacher, first)
    judge(marks, 70, 70)
    put_out(marks, second)
    with any_school.writing() as session, pytest.raises(Refused, match="A later campaign"):
        withdraw(session, marks.teacher, first)
    for one in (second, first):
        with any_school.writing() as session:
            withdraw(session, marks.teacher, one)
    assert stored(marks, mine) == before


def test_a_submission_that_could_not_be_judged_stays(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = [marks.attempt(0, asked, 40, 40), marks.attempt(1, asked, 40, 40)]
    before = stored(marks, mine[0])
    campaign = start(marks, asked)
    for _try in range(3):
        broken = [job for job in take(marks, 4) if (job.submission_id, job.place) == (mine[0], 2)]
        with any_school.writing() as session:
            for job in broken:
                fail(session, "w", job.job_id, {"kind": "SystemFault", "why": "broken"})
    with any_school.reading() as session:
        left = session.scalars(select(Job.id).where(Job.state == "leased").order_by(Job.id)).all()
    for job_id in left:
        with any_school.writing() as session:
            columns = result_columns(80) | {"exercise_sha256": "new"}
            columns.pop("seed")
            finish(session, "w", job_id, Found(**columns))
    found = look(marks, campaign)
    assert (found.campaign.state, found.campaign.failed, found.not_judged) == ("ready", 1, (mine[0],))
    assert put_out(marks, campaign) == 1
    assert counts(marks) == [40.0, 80.0, None]
    assert stored(marks, mine[0]) == before


def test_points_by_hand_stay_whatever_is_published(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 40, 40)
    with school.writing() as session:
        override(session, marks.teacher, asked, marks.students[0].id, 77, "Shown at the robot.")
    campaign = start(marks, asked)
    judge(marks, 90, 90)
    (one,) = look(marks, campaign).students
    assert (one.before, one.after, one.by_hand) == (77.0, 77.0, 77.0)
    assert one.submissions[0].after == 90.0
    put_out(marks, campaign)
    assert counts(marks)[0] == 77.0


def test_the_latest_counts_where_the_course_says_so(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment(counts="latest")
    marks.attempt(0, asked, 90, 90)
    marks.attempt(0, asked, 40, 40)
    campaign = start(marks, asked, "best")
    judge(marks, 20, 20)
    (one,) = look(marks, campaign).students
    assert (one.before, one.after) == (40.0, 40.0)
    assert one.submissions[0].after == 20.0


def test_who_is_judged_the_same_is_not_listed(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    marks.attempt(0, asked, 40, 40)
    marks.attempt(1, asked, 50, 50)
    campaign = start(marks, asked)
    judge(marks, 50, 50)
    found = look(marks, campaign)
    assert ([one.name for one in found.students], found.same) == (["Student 0000"], 1)


def test_published_is_what_was_looked_at_and_once(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = marks.attempt(0, asked, 40, 40)
    campaign = start(marks, asked)
    seen = look(marks, campaign).digest
    with any_school.writing() as session, pytest.raises(Refused, match="'running'"):
        publish(session, marks.teacher, campaign, seen)
    judge(marks, 50, 50)
    with any_school.writing() as session, pytest.raises(Conflict, match="Look at it again"):
        publish(session, marks.teacher, campaign, seen)
    seen = look(marks, campaign).digest
    with any_school.writing() as session:
        session.execute(update(SceneResult).where(SceneResult.submission_id == mine).values(points=41.0))
    with any_school.writing() as session, pytest.raises(Conflict):
        publish(session, marks.teacher, campaign, seen)
    put_out(marks, campaign)
    with any_school.writing() as session, pytest.raises(Refused, match="'published'"):
        publish(session, marks.teacher, campaign, look(marks, campaign).digest)


def test_a_withdrawn_campaign_ends_its_jobs(any_school: School) -> None:
    marks = make_marks(any_school)
    asked = marks.assignment()
    mine = marks.attempt(0, asked, 40, 40)
    before = stored(marks, mine)
    campaign = start(marks, asked)
    (running,) = take(marks, 1)
    with any_school.writing() as session:
        withdraw(session, marks.teacher, campaign)
    assert take(marks) == []
    with any_school.writing() as session:
        assert heartbeat(session, "w", [running.job_id]) == {running.job_id}
    with any_school.reading() as session:
        assert set(session.scalars(select(Job.state).where(Job.campaign_id == campaign))) == {"cancelled"}
        assert session.get_one(Campaign, campaign).state == "withdrawn"
    assert stored(marks, mine) == before
    start(marks, asked)


def test_what_cannot_be_started(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    asked = marks.assignment()
    with pytest.raises(Refused, match="nothing to judge anew"):
        start(marks, asked)
    marks.attempt(0, asked, 40, 40)
    with pytest.raises(Refused, match="It must be one of latest, best, all"):
        start(marks, asked, "worst")
    with school.writing() as session, pytest.raises(Refused, match="Say why"):
        start_campaign(session, marks.teacher, asked, "all", " ")
    with pytest.raises(NotAllowed):
        start(marks, asked, actor=marks.assistant)
    with pytest.raises(NotFound):
        start(marks, asked, actor=others.teacher)
    campaign = start(marks, asked)
    with pytest.raises(Refused, match="Another campaign"):
        start(marks, asked)
    judge(marks, 50, 50)
    with pytest.raises(Refused, match="Another campaign"):
        start(marks, asked)
    with pytest.raises(NotAllowed):
        put_out(marks, campaign, marks.assistant)
    with pytest.raises(NotFound, match="no such campaign"):
        put_out(marks, campaign, others.teacher)
    with school.reading() as session:
        with pytest.raises(NotAllowed):
            preview(session, marks.students[0], campaign)
        with pytest.raises(NotFound):
            preview(session, marks.teacher, 999)
        assert [one.id for one in campaigns(session, marks.assistant, asked)] == [campaign]


def test_the_number_of_queries_of_a_preview_does_not_grow(any_school: School) -> None:
    found = []
    for students, title in ((2, "Robotics"), (40, "Vision")):
        marks = make_marks(any_school, students=students, title=title)
        asked = marks.assignment()
        for one in range(students):
            marks.attempt(one, asked, 40, 40)
        campaign = start(marks, asked)
        judge(marks, 50, 50)
        with statements(any_school) as counted:
            look(marks, campaign)
        found.append(len(counted))
    assert found[0] == found[1] <= 12


def test_lateness_is_that_of_the_assignment_when_it_is_published(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment(late_percent=10.0)
    marks.attempt(0, asked, 40, 40, late_days=1)
    campaign = start(marks, asked)
    judge(marks, 50, 50)
    with school.writing() as session:
        session.get_one(Assignment, asked).late_percent = 20.0
    assert look(marks, campaign).students[0].after == 40.0
    put_out(marks, campaign)
    assert counts(marks)[0] == 40.0
