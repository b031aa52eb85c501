"""Traces go by rule; rows, scores and programs stay; what goes is said."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from school.judged import judged, write
from school.making import Class, Clock, found, make_class
from sheber.school import clock
from sheber.school.audit import AuditEntry
from sheber.school.gradebook.campaigns import publish, start_campaign, withdraw
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.gradebook.results import digest_of, whole_results
from sheber.school.opening import School
from sheber.school.operating import keeping, retention
from sheber.school.operating.retention import Removed, Rule, clean
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import claim, finish
from sheber.school.storage import storage
from sheber.school.submissions.models import SceneResult, Submission

NEVER = Rule(practice_days=10_000, graded_days=10_000)


def there(school: School) -> set[str]:
    return {str(file.relative_to(school.traces)) for file in school.traces.rglob("*.trace")}


def named(school: School) -> set[str]:
    with school.reading() as session:
        return set(session.scalars(select(SceneResult.trace))) - {""}


def test_practice_goes_before_graded_work(any_school: School, time: Clock) -> None:
    course = make_class(any_school)
    practice, graded = judged(course, "practice"), judged(course, "graded")
    time.forward(days=29)
    assert clean(any_school, Rule()).files == 0
    time.forward(days=2)
    assert clean(any_school, Rule()) == Removed(old=1, size=1000)
    assert there(any_school) == named(any_school) == {graded}
    time.forward(days=400)
    assert clean(any_school, Rule()).old == 1
    assert there(any_school) == named(any_school) == set()
    assert practice != graded


def test_scores_and_programs_stay(school: School, time: Clock) -> None:
    course = make_class(school)
    judged(course, "graded")
    time.forward(days=500)
    clean(school, Rule())
    with school.reading() as session:
        submission, result = session.scalars(select(Submission)).one(), session.scalars(select(SceneResult)).one()
        assert (submission.points, session.scalar(select(Submission.source))) == (50.0, b"x")
        assert (result.points, result.score, result.trace_sha256) == (50.0, {"checks": 3}, "ab")
        assert (result.trace, result.trace_bytes) == ("", 0)


def test_over_the_quota_the_oldest_practice_goes_first(any_school: School, time: Clock) -> None:
    course = make_class(any_school)
    graded = judged(course, "graded")
    time.forward(days=1)
    practice = []
    for _day in range(5):
        practice.append(judged(course, "practice"))
        time.forward(days=1, hours=1)
    assert clean(any_school, Rule(quota_bytes=6000)).files == 0  # 6 of 6
    assert clean(any_school, Rule(quota_bytes=4000)) == Removed(quota=3, size=3000)  # down to nine tenths: 3 of 4
    assert there(any_school) == named(any_school) == {graded, *practice[3:]}


def test_nothing_younger_than_a_day_goes(school: School, time: Clock, caplog: pytest.LogCaptureFixture) -> None:
    course = make_class(school)
    names: Sequence[str] = [judged(course, "practice"), judged(course, "graded")]
    time.forward(hours=23)
    rule = Rule(practice_days=0, graded_days=0, quota_bytes=500)
    assert clean(school, rule) == Removed(over_bytes=1500)
    assert "all that is left is younger than a day" in caplog.text
    assert there(school) == set(names)


def test_files_of_no_result_go_after_a_day(school: School, time: Clock) -> None:
    course = make_class(school)
    kept = judged(course, "graded")
    write(school, "2026-09/99-1-try2.trace", 300)
    write(school, "running/12-1.trace", 200)
    time.forward(hours=23)
    assert clean(school, NEVER).files == 0
    time.forward(hours=2)
    write(school, "running/13-1.trace")
    assert clean(school, NEVER) == Removed(unnamed=2, size=500)
    assert there(school) == {kept, "running/13-1.trace"}


@pytest.mark.parametrize(
    ("state", "days", "stays"), [("ready", 900, True), ("published", 399, True), ("withdrawn", 401, False)]
)
def test_traces_of_a_regrade_stay_until_it_is_decided(
    school: School, time: Clock, state: str, days: int, stays: bool
) -> None:
    course = make_class(school)
    submission = int(judged(course, "graded").split("/")[1].split("-")[0])
    name = "2026-09/1-1-regrade1.trace"
    write(school, name)
    with school.writing() as session:
        campaign = Campaign(
            assignment_id=course.assignment,
            chosen="all",
            reason="",
            state=state,
            made_by=course.teacher.id,
            created=clock.now(),
        )
        session.add(campaign)
        session.flush()
        result = {"trace": name, "trace_bytes": 1000, "judged": clock.now().isoformat()}
        session.add(CampaignResult(campaign_id=campaign.id, submission_id=submission, place=1, result=result))
    time.forward(days=days)
    clean(school, Rule())
    assert (name in there(school)) is stays
    assert (name in aside(school)) is stays


def aside(school: School) -> list[str]:
    """The traces that campaigns have aside."""
    with school.reading() as session:
        return [str(one["trace"]) for one in session.scalars(select(CampaignResult.result))]


def regraded(course: Class, size: int = 700) -> tuple[int, str]:
    """A campaign that a worker has judged: its id, and the name of its trace."""
    school = course.school
    with school.writing() as session:
        id_ = start_campaign(session, course.teacher, course.assignment, "all", "A tolerance was wrong.")
    with school.writing() as session:
        (job,) = claim(session, "w", 10)
        name = f"{clock.now():%Y-%m}/{job.submission_id}-1-regrade{id_}.trace"
        assert finish(session, "w", job.job_id, found(90.0, trace=name, trace_bytes=size))
    write(school, name, size)
    return id_, name


def put_out(course: Class, id_: int) -> None:
    with course.school.writing() as session:
        publish(session, course.teacher, id_, digest_of(whole_results(session, id_)))


def take_back(course: Class, id_: int) -> None:
    with course.school.writing() as session:
        withdraw(session, course.teacher, id_)


def test_a_whole_campaign_loses_no_trace_that_is_named(any_school: School, time: Clock) -> None:
    """Run, published, taken back, swept between: what counts has its trace until its own days are over."""
    course = make_class(any_school)
    first = judged(course, "graded")
    time.forward(days=300)
    id_, second = regraded(course)
    time.forward(days=150)  # the first is past its days, and the campaign is not decided
    assert clean(any_school, NEVER).files == 0
    put_out(course, id_)
    assert (named(any_school), aside(any_school)) == ({second}, [first])
    assert clean(any_school, NEVER).files == 0
    take_back(course, id_)
    assert (named(any_school), aside(any_school)) == ({first}, [second])
    assert clean(any_school, NEVER).files == 0
    assert there(any_school) == {first, second}
    assert clean(any_school, Rule()) == Removed(old=1, size=1000)  # 450 days; the other has 150
    assert (there(any_school), aside(any_school)) == ({second}, [second])
    time.forward(days=251)
    assert clean(any_school, Rule()) == Removed(old=1, size=700)
    assert (there(any_school), aside(any_school)) == (set(), [""])
    with any_school.reading() as session:
        assert session.scalars(select(CampaignResult.result)).one()["points"] == 90.0


def test_taking_back_after_a_sweep_names_no_file_that_is_gone(any_school: School, time: Clock) -> None:
    course = make_class(any_school)
    judged(course, "graded")
    time.forward(days=300)
    id_, second = regraded(course)
    put_out(course, id_)
    time.forward(days=101)
    assert clean(any_school, Rule()) == Removed(old=1, size=1000)  # what was replaced
    take_back(course, id_)
    assert named(any_school) == set()
    assert aside(any_school) == [second]
    with any_school.reading() as session:
        own = session.scalars(select(SceneResult)).one()
    assert (own.points, own.trace, own.trace_bytes) == (50.0, "", 0)


def test_what_campaigns_have_aside_counts_in_the_quota(any_school: School, time: Clock) -> None:
    course = make_class(any_school)
    first = judged(course, "graded")
    id_, second = regraded(course, 3000)
    time.forward(days=2)
    assert clean(any_school, Rule(quota_bytes=4000)).files == 0
    assert clean(any_school, Rule(quota_bytes=3900)).quota == 1  # 4000 of 3900: the one that counts, since ...
    assert there(any_school) == {second}  # ... a campaign that waits needs its own
    assert first not in named(any_school)
    with any_school.reading() as session:
        root = Actor(course.teacher.id, "", "administrator")
        assert [one.size for one in storage(session, root, any_school.folder).courses] == [3000]
    put_out(course, id_)
    practice = judged(course, "practice", 1000)
    time.forward(days=2)
    take_back(course, id_)
    assert clean(any_school, Rule(quota_bytes=3500)) == Removed(quota=1, size=1000)
    assert practice not in there(any_school)
    assert clean(any_school, Rule(quota_bytes=2000)) == Removed(quota=1, size=3000)
    assert (there(any_school), aside(any_school)) == (set(), [""])


def test_a_campaign_that_is_published_while_traces_are_forgotten_keeps_its_own(
    any_school: School, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is old and the forgetting of it, the two results have changed places."""
    course = make_class(any_school)
    first = judged(course, "graded")
    time.forward(days=401)
    id_, second = regraded(course)
    past = retention._past

    def overtaken(school: School, rule: Rule) -> object:
        found = past(school, rule)
        put_out(course, id_)
        return found

    monkeypatch.setattr(retention, "_past", overtaken)
    assert clean(any_school, Rule()).files == 0
    assert (named(any_school), aside(any_school)) == ({second}, [first])
    assert there(any_school) == {first, second}


def test_a_cleaning_that_is_broken_off_names_no_file_that_is_gone(
    school: School, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between database and disk: the file is of no result then, and the next cleaning takes it."""
    course = make_class(school)
    judged(course, "practice")
    time.forward(days=60)

    def killed(_files: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(retention, "_unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            clean(school, Rule())
    assert named(school) == set()
    assert len(there(school)) == 1
    assert clean(school, Rule()).unnamed == 1
    assert there(school) == set()


def test_what_was_removed_is_said(school: School, time: Clock, caplog: pytest.LogCaptureFixture) -> None:
    course = make_class(school)
    judged(course, "practice", 2_500_000)
    time.forward(days=60)
    caplog.set_level(logging.INFO)
    clean(school, Rule())
    assert "removed 1 traces by rule (1 past their days, 0 over the quota, 0 of no result): 2.5 MB" in caplog.text
    with school.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "traces.removed")).one()
    assert entry.person_id is None
    assert entry.details == {"old": 1, "quota": 0, "unnamed": 0, "bytes": 2_500_000}


def test_a_file_that_is_gone_already_is_no_error(school: School, time: Clock) -> None:
    course = make_class(school)
    (school.traces / judged(course, "practice")).unlink()
    time.forward(days=60)
    assert clean(school, Rule()).old == 1
    assert named(school) == set()


def test_many_traces_are_forgotten_in_pieces(school: School, time: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 3)
    course = make_class(school)
    for _scene in range(7):
        judged(course, "practice")
    time.forward(days=60)
    assert clean(school, Rule()).old == 7
    assert there(school) == named(school) == set()


def test_the_cleaning_goes_on_after_trouble(
    school: School, time: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from threading import Event

    tries, done = iter((OSError("a disk that fails"), ValueError("a fault"), None)), Event()

    def cleaning(*_what: object) -> None:
        if (error := next(tries)) is not None:
            raise error
        done.set()

    monkeypatch.setattr(keeping, "clean", cleaning)
    monkeypatch.setattr(keeping, "CLEAN_S", 0.01)
    with keeping.Cleaning(school, Rule()):
        assert done.wait(20)
        monkeypatch.setattr(keeping, "CLEAN_S", 1000.0)
    assert "a disk that fails" in caplog.text
    assert "ValueError: a fault" in caplog.text


def test_the_bytes_of_a_removed_trace_do_not_count(school: School, time: Clock) -> None:
    course = make_class(school)
    judged(course, "practice")
    with school.writing() as session:
        session.execute(update(SceneResult).values(trace=""))
    assert clean(school, Rule(quota_bytes=500)).over_bytes == 0
