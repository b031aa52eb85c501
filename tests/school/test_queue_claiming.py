"""The queue: whose turn it is, leases, and that every job ends exactly once. On both databases."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from making import Class, Clock, found, make_class, person
from sqlalchemy import func, select

from sheber.school.clock import now
from sheber.school.errors import DatabaseAway
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.losses import losses_of
from sheber.school.opening import School
from sheber.school.queue.adding import Scene, add_jobs
from sheber.school.queue.claiming import (
    LEASE_S,
    About,
    Claimed,
    claim,
    expire,
    fail,
    finish,
    heartbeat,
    leave,
    register,
)
from sheber.school.queue.models import Job, Worker
from sheber.school.submissions.handing_in import cancel, judge_again
from sheber.school.submissions.models import SceneResult, Submission


def take(school: School, count: int = 1, worker: str = "w") -> list[Claimed]:
    with school.writing() as session:
        return claim(session, worker, count)


def done(school: School, job: Claimed, worker: str = "w", points: float = 80.0) -> bool:
    with school.writing() as session:
        return finish(session, worker, job.job_id, found(points))


def beat(school: School, *jobs: Claimed, worker: str = "w") -> set[int]:
    with school.writing() as session:
        return heartbeat(session, worker, [job.job_id for job in jobs])


def lapse(school: School) -> int:
    with school.writing() as session:
        return expire(session)


def failed(school: School, job: Claimed, worker: str = "w", **how: bool) -> bool:
    with school.writing() as session:
        return fail(session, worker, job.job_id, {"kind": "SystemFault", "why": "broken"}, **how)


def job_of(school: School, job_id: int) -> Job:
    with school.reading() as session:
        return session.get_one(Job, job_id)


# --- turns ----------------------------------------------------------------------------------------


def test_nothing_waits_in_an_empty_queue(any_school: School) -> None:
    assert take(any_school, 3) == []


def test_a_job_has_what_judging_needs(any_school: School) -> None:
    work = make_class(any_school, numbers={"scene.fuse": 50.0})
    submission = work.submit(0, b"x = 1\n", language="kk")
    (job,) = take(any_school)
    seed = any_school.secret.seed(work.course, work.assignment, 1, 1)
    assert (job.submission_id, job.place, job.round, job.seed) == (submission, 1, 1, seed)
    assert (job.source, job.file_name, job.language, job.kind) == (b"x = 1\n", "program.py", "kk", "graded")
    assert (job.exercise, job.numbers, job.tries, job.campaign_id) == ("keep-warm", {"scene.fuse": 50.0}, 1, None)
    assert work.state(submission) == "running"


def test_exams_go_before_graded_before_practice_before_regrades(any_school: School) -> None:
    plain = make_class(any_school, "Plain", students=1, scenes=1)
    exam = make_class(any_school, "Exam", students=2, scenes=1, exam=True)
    with any_school.writing() as session:
        campaign = Campaign(
            assignment_id=plain.assignment, chosen="all", reason="", made_by=plain.teacher.id, created=now()
        )
        session.add(campaign)
        session.flush()
        regraded = campaign.id
    practice = plain.submit(0, kind="practice", seed=1)
    with any_school.writing() as session:
        submission = session.get_one(Submission, practice)
        add_jobs(session, submission, plain.course, "regrade", [Scene(1, 1, 5)], regraded)
    graded = plain.submit(0)
    exam_practice = exam.submit(1, kind="practice", seed=1)
    examined = exam.submit(0)
    order = [(job.submission_id, job.campaign_id) for job in take(any_school, 9)]
    assert order[:2] == [(examined, None), (graded, None)]
    assert set(order[2:4]) == {(practice, None), (exam_practice, None)}
    assert order[4:] == [(practice, regraded)]


def test_courses_and_students_take_turns(any_school: School) -> None:
    """A student with many scenes, and a course with many students, hold up nobody."""
    large = make_class(any_school, "Large", students=3, scenes=3)
    small = make_class(any_school, "Small", students=1, scenes=3)
    for student in range(3):
        large.submit(student)
    small.submit(0)
    taken = []
    for _ in range(4):
        taken += take(any_school, 3)
    whose = [
        ("L", large.person_of(job.submission_id)) if large.person_of(job.submission_id) >= 0 else ("S", 0)
        for job in taken
    ]
    assert whose[:6] == [("L", 0), ("S", 0), ("L", 1), ("S", 0), ("L", 2), ("S", 0)]
    assert whose[6:] == [("L", student) for _ in range(2) for student in range(3)]
    assert [job.place for job in taken if large.person_of(job.submission_id) == 1] == [1, 2, 3]


def test_who_was_served_yesterday_waits_for_who_was_not(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    work.submit(0)
    take(any_school)
    time.forward(days=1)
    work.submit(0)
    second = work.submit(1)
    assert take(any_school)[0].submission_id == second


def test_turns_go_on_after_the_clock_was_set_back(any_school: School, time: Clock) -> None:
    first = make_class(any_school, "First", students=2, scenes=8)
    second = make_class(any_school, "Second", students=1, scenes=8)
    first.submit(0)
    take(any_school, 2)
    time.forward(hours=-5)
    first.submit(1)
    second.submit(0)
    taken = take(any_school, 6)
    whose = [(first.person_of(job.submission_id), second.person_of(job.submission_id)) for job in taken]
    assert whose == [(-1, 0), (1, -1), (-1, 0), (0, -1), (-1, 0), (1, -1)]


def test_who_is_not_in_the_course_neither_starves_nor_starves_others(any_school: School, time: Clock) -> None:
    work = make_class(any_school, students=2, scenes=4)
    chief = person(any_school, "chief", "administrator")
    work.submit(0)
    take(any_school, 1)
    time.forward(seconds=10)
    tried = work.submit(chief)
    time.forward(seconds=10)
    work.submit(1)
    order = [job.submission_id == tried for job in take(any_school, 4)]
    assert order == [False, False, True, True]


# --- leases ---------------------------------------------------------------------------------------


def test_a_submission_is_done_when_each_scene_is_and_has_its_points(any_school: School, time: Clock) -> None:
    work = make_class(any_school, due=now() - timedelta(hours=30), late_percent=10.0)
    submission = work.submit(0)
    first, second = take(any_school, 2)
    assert done(any_school, second, points=90.0)
    assert work.state(submission) == "running"
    assert done(any_school, first, points=70.0)
    with any_school.reading() as session:
        stored = session.get_one(Submission, submission)
        assert (stored.state, stored.final, stored.points, stored.late_days) == ("done", 77.0, 61.6, 2)
        assert (stored.finished, stored.exercise_sha256) == (now(), "e" * 64)
        results = session.scalars(select(SceneResult).order_by(SceneResult.place)).all()
        assert [(one.place, one.points, one.round, int(one.seed)) for one in results] == [
            (1, 70.0, 1, first.seed),
            (2, 90.0, 1, second.seed),
        ]


def test_a_lease_that_runs_out_is_taken_by_another_worker(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    submission = work.submit(0)
    (first,) = take(any_school, worker="lost")
    time.forward(seconds=LEASE_S - 1)
    assert (lapse(any_school), take(any_school, worker="other")) == (0, [])
    assert beat(any_school, first, worker="lost") == set()
    time.forward(seconds=LEASE_S - 1)
    assert lapse(any_school) == 0, "the heartbeat made it longer"
    time.forward(seconds=2)
    assert lapse(any_school) == 1
    (second,) = take(any_school, worker="other")
    assert (second.job_id, second.tries) == (first.job_id, 2)
    assert beat(any_school, first, worker="lost") == {first.job_id}, "it is told that the job is not its own"
    assert not done(any_school, first, worker="lost", points=1.0)
    assert not failed(any_school, first, worker="lost")
    assert done(any_school, second, worker="other", points=99.0)
    assert not done(any_school, second, worker="other", points=2.0)
    assert not done(any_school, first, worker="lost", points=1.0)
    with any_school.reading() as session:
        assert session.scalars(select(SceneResult.points)).all() == [99.0]
        assert session.scalars(select(SceneResult.losses)).all() == [losses_of(found(99.0).score)]
        assert session.get_one(Submission, submission).points == 99.0


def test_a_worker_that_was_away_and_is_not_yet_replaced_still_hands_over(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    work.submit(0)
    (job,) = take(any_school)
    time.forward(hours=3)
    assert done(any_school, job)


def test_a_lost_worker_is_noticed_although_the_clock_was_set_back(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    work.submit(0)
    take(any_school, worker="lost")
    time.forward(hours=-2)
    assert lapse(any_school) == 0
    time.forward(seconds=LEASE_S + 1)
    assert lapse(any_school) == 1
    assert len(take(any_school, worker="other")) == 1


def test_a_clock_that_jumps_ahead_costs_a_living_worker_nothing(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    work.submit(0)
    (job,) = take(any_school)
    time.forward(days=365)
    assert beat(any_school, job) == set()
    assert lapse(any_school) == 0
    assert done(any_school, job)


def test_two_workers_that_finish_the_same_job_store_it_once(any_school: School, time: Clock) -> None:
    work = make_class(any_school, students=1, scenes=8)
    submission = work.submit(0)
    old = take(any_school, 8, worker="a")
    time.forward(seconds=LEASE_S + 1)
    assert lapse(any_school) == 8
    new = {job.job_id: job for job in take(any_school, 8, worker="b")}
    kept: list[tuple[str, bool]] = []

    def hand_over(worker: str, jobs: list[Claimed]) -> None:
        kept.extend((worker, done(any_school, job, worker)) for job in jobs)

    threads = [
        threading.Thread(target=hand_over, args=args)
        for args in (("a", old), ("b", list(new.values())), ("b", list(reversed(list(new.values())))))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(kept) == {("b", True): 8, ("b", False): 8, ("a", False): 8}
    with any_school.reading() as session:
        assert session.scalar(select(func.count(SceneResult.id))) == 8
    assert work.state(submission) == "done"


def test_workers_that_claim_at_once_never_get_the_same_job(any_school: School) -> None:
    work = make_class(any_school, students=4, scenes=6)
    for student in range(4):
        work.submit(student)
    taken: list[int] = []
    troubles: list[Exception] = []

    def work_on(worker: str) -> None:
        try:
            while jobs := take(any_school, 2, worker):
                for job in jobs:
                    taken.append(job.job_id)
                    assert done(any_school, job, worker)
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=work_on, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert len(taken) == len(set(taken)) == 24
    with any_school.reading() as session:
        assert session.scalars(select(Submission.state)).all() == ["done"] * 4


def test_three_tries_then_a_fault_and_never_a_zero(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=3)
    submission = work.submit(0)
    good = take(any_school)[0]
    assert done(any_school, good)
    for attempt in (1, 2, 3):
        (job,) = take(any_school)
        assert (job.place, job.tries) == (2, attempt)
        assert failed(any_school, job)
        assert work.state(submission) == ("fault" if attempt == 3 else "running")
    assert take(any_school) == [], "the scenes that were left are not judged"
    with any_school.reading() as session:
        stored = session.get_one(Submission, submission)
        assert (stored.final, stored.points) == (None, None)
        trouble = session.get_one(Job, job.job_id).trouble
    assert trouble == {"kind": "SystemFault", "why": "broken", "worker": "w", "at": now().isoformat()}
    with any_school.writing() as session:
        judge_again(session, work.teacher, submission)
    again = take(any_school, 9)
    assert [(job.place, job.tries) for job in again] == [(2, 1), (3, 1)]
    assert all(done(any_school, job) for job in again)
    assert work.state(submission) == "done"


def test_three_lost_workers_are_a_fault_too(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    submission = work.submit(0)
    for _ in range(3):
        take(any_school)
        time.forward(seconds=LEASE_S + 1)
        assert lapse(any_school) == 1
    assert work.state(submission) == "fault"


def test_a_fault_of_the_machine_does_not_count_as_a_try(any_school: School) -> None:
    work = make_class(any_school, scenes=1)
    submission = work.submit(0)
    for _ in range(5):
        (job,) = take(any_school)
        assert failed(any_school, job, counts=False)
    assert (work.state(submission), job_of(any_school, job.job_id).tries) == ("running", 0)


def test_a_worker_that_leaves_gives_its_jobs_back_untried(any_school: School) -> None:
    work = make_class(any_school)
    work.submit(0)
    jobs = take(any_school, 2)
    with any_school.writing() as session:
        register(session, About("w", "local", 2, "A", "x86"))
        leave(session, "w")
    assert not done(any_school, jobs[0])
    assert [(job.job_id, job.tries) for job in take(any_school, 2, "other")] == [(job.job_id, 1) for job in jobs]
    with any_school.reading() as session:
        assert session.scalars(select(Worker)).all() == []


def test_cancelling_ends_what_waits_at_once_and_what_runs_at_its_next_heartbeat(any_school: School) -> None:
    work = make_class(any_school, scenes=3)
    submission = work.submit(0)
    running, judged = take(any_school, 2)
    assert done(any_school, judged)
    with any_school.writing() as session:
        cancel(session, work.students[0], submission)
    assert (work.state(submission), take(any_school, 9, "other")) == ("cancelled", [])
    assert beat(any_school, running) == {running.job_id}
    assert not done(any_school, running)
    with any_school.reading() as session:
        states = session.scalars(select(Job.state).order_by(Job.place)).all()
    assert states == ["cancelled", "done", "cancelled"]
    assert work.state(submission) == "cancelled"


@pytest.mark.parametrize("how", ["finish", "fail", "leave", "expire"])
def test_a_cancelled_job_ends_however_its_worker_goes_on(any_school: School, time: Clock, how: str) -> None:
    work = make_class(any_school, scenes=1)
    submission = work.submit(0)
    (job,) = take(any_school)
    with any_school.writing() as session:
        cancel(session, work.students[0], submission)
    time.forward(seconds=LEASE_S + 1)
    with any_school.writing() as session:
        if how == "finish":
            assert not finish(session, "w", job.job_id, found())
        elif how == "fail":
            fail(session, "w", job.job_id, {"kind": "", "why": ""})
        elif how == "leave":
            leave(session, "w")
        else:
            expire(session)
    assert (job_of(any_school, job.job_id).state, work.state(submission)) == ("cancelled", "cancelled")
    assert take(any_school) == []


def regrade(work: Class, submissions: list[int], scenes: int) -> int:
    with work.school.writing() as session:
        campaign = Campaign(
            assignment_id=work.assignment, chosen="all", reason="", made_by=work.teacher.id, created=now()
        )
        session.add(campaign)
        session.flush()
        for one in submissions:
            places = [Scene(place, 1, place) for place in range(1, scenes + 1)]
            add_jobs(session, session.get_one(Submission, one), work.course, "regrade", places, campaign.id)
        return campaign.id


def test_a_campaign_is_judged_aside_and_ready_when_its_last_job_ends(any_school: School) -> None:
    work = make_class(any_school, students=1, scenes=2)
    submission = work.submit(0)
    for job in take(any_school, 2):
        done(any_school, job, points=50.0)
    campaign = regrade(work, [submission], 2)
    first, second = take(any_school, 2)
    assert done(any_school, first, points=90.0)
    for attempt in range(3):
        assert failed(any_school, second)
        with any_school.reading() as session:
            assert session.get_one(Campaign, campaign).state == ("ready" if attempt == 2 else "running")
        if attempt < 2:
            (second,) = take(any_school)
    with any_school.reading() as session:
        (result,) = session.scalars(select(CampaignResult)).all()
        assert (result.place, result.result["points"], result.result["exercise_sha256"]) == (1, 90.0, "e" * 64)
        assert session.get_one(Submission, submission).points == 50.0, "nothing is published"
        assert session.scalars(select(SceneResult.points)).all() == [50.0, 50.0]


def test_what_ends_a_submission_leaves_its_campaign_alone(any_school: School) -> None:
    work = make_class(any_school, students=1, scenes=2)
    submission = work.submit(0)
    regrade(work, [submission], 2)
    with any_school.writing() as session:
        cancel(session, work.students[0], submission)
    assert [job.campaign_id is None for job in take(any_school, 9)] == [False, False]


def test_what_fails_in_the_middle_leaves_nothing(any_school: School) -> None:
    work = make_class(any_school)
    work.submit(0)

    def break_off() -> None:
        with any_school.writing() as session:
            claim(session, "w", 2)
            raise DatabaseAway("gone")

    with pytest.raises(DatabaseAway):
        break_off()
    assert [job.tries for job in take(any_school, 2)] == [1, 1]
