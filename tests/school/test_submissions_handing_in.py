"""Handing in: what is taken, what is refused and in which words, and that nothing is stored twice or half."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from making import SOURCE, Class, Clock, make_class, person
from sqlalchemy import event, func, select

from sheber.school.audit import AuditEntry
from sheber.school.clock import now
from sheber.school.courses.models import Assignment, Course, Extension, Member, ReleasedScene
from sheber.school.errors import NotAllowed, NotFound, Refused, TooMany
from sheber.school.opening import School, open_school
from sheber.school.queue.claiming import claim, fail
from sheber.school.queue.models import Job
from sheber.school.submissions.handing_in import LARGEST_BYTES, MOST_A_MINUTE, MOST_AN_HOUR, cancel, judge_again
from sheber.school.submissions.models import SceneResult, Submission

HOUR = timedelta(hours=1)


def stored(school: School, submission: int) -> Submission:
    with school.reading() as session:
        return session.get_one(Submission, submission)


def count(school: School, what: Any = Submission) -> int:
    with school.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def jobs(school: School, submission: int) -> list[Job]:
    with school.reading() as session:
        return list(session.scalars(select(Job).where(Job.submission_id == submission).order_by(Job.place)))


def take(school: School, how_many: int = 1) -> None:
    with school.writing() as session:
        claim(session, "w", how_many)


def extend(work: Class, student: int, **columns: Any) -> None:
    with work.school.writing() as session:
        given = {"assignment_id": work.assignment, "person_id": work.students[student].id}
        session.add(Extension(**given, given_by=work.teacher.id, created=now(), **columns))


def test_a_program_becomes_a_submission_with_a_job_for_each_scene(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=3)
    submission = work.submit(0, b"print(1)\n", language="ru")
    one = stored(any_school, submission)
    assert (one.state, one.kind, one.number, one.scenes, one.late_days) == ("queued", "graded", 1, 3, 0)
    assert (one.language, one.created, one.file_name, one.final) == ("ru", now(), "program.py", None)
    made = jobs(any_school, submission)
    assert [(job.place, job.round, job.state, job.rank) for job in made] == [(n, 1, "queued", 1) for n in (1, 2, 3)]
    assert len({job.seed for job in made}) == 3
    assert all(int(job.seed).bit_length() > 200 for job in made)


def test_students_of_one_course_stand_before_the_same_scenes(school: School) -> None:
    work = make_class(school)
    first, second = (jobs(school, work.submit(student)) for student in (0, 1))
    assert [job.seed for job in first] == [job.seed for job in second]


def test_a_released_scene_is_drawn_anew(school: School) -> None:
    work = make_class(school)
    before = jobs(school, work.submit(0))
    with school.writing() as session:
        session.add(
            ReleasedScene(assignment_id=work.assignment, place=2, round=1, released=now(), released_by=work.teacher.id)
        )
    after = jobs(school, work.submit(1))
    assert [job.round for job in after] == [1, 2]
    assert after[0].seed == before[0].seed
    assert after[1].seed != before[1].seed


def test_practice_is_on_the_scene_that_was_asked_for(school: School) -> None:
    work = make_class(school)
    (job,) = jobs(school, work.submit(0, kind="practice", seed=7))
    assert (job.seed, job.round, job.place) == ("7", 0, 1)
    (job,) = jobs(school, work.submit(1, kind="practice"))
    assert 0 <= int(job.seed) < 1_000_000
    with pytest.raises(Refused, match="is not a seed") as refused:
        work.submit(0, kind="practice", seed=2**256)
    assert refused.value.where == "seed"


# --- programs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "The program is empty"),
        (b" \n\t\n", "The program is empty"),
        (b"x" * (LARGEST_BYTES + 1), "The program has 256 KiB. A program may have up to 256 KiB"),
        (b"x" * (20 << 20), "The program has 20480 KiB"),
        (b"\x7fELF\x02\x01\x01\x00", "This file is no text"),
        ("print(1)".encode("utf-16"), "is saved as UTF-16"),
        ("x = 1\n# шебер\n".encode("cp1251"), "Line 2 of the program is not UTF-8"),
    ],
)
def test_what_is_no_program_is_refused_in_words(school: School, source: bytes, words: str) -> None:
    work = make_class(school)
    with pytest.raises(Refused, match=words) as refused:
        work.submit(0, source)
    assert refused.value.where == "program"
    assert (count(school), count(school, Job)) == (0, 0)


def test_a_program_may_be_as_long_as_the_limit_and_in_any_script(school: School) -> None:
    work = make_class(school)
    work.submit(0, b"\xef\xbb\xbf# \xd1\x88\n" + b"#" * (LARGEST_BYTES - 8))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("cell.py", "cell.py"),
        ("../../etc/passwd", "passwd"),
        ("C:\\work\\шебер бір.py", "шебер бір.py"),
        ("a\x00b\n\u202ec.py", "abc.py"),
        ("", "program.py"),
        ("..", "program.py"),
        ("a/", "program.py"),
        ("x" * 300 + ".py", "x" * 197 + ".py"),
    ],
)
def test_the_name_of_a_file_is_only_a_name(any_school: School, given: str, kept: str) -> None:
    from sheber.school.submissions.handing_in import submit

    work = make_class(any_school)
    with any_school.writing() as session:
        submission = submit(any_school.secret, session, work.students[0], work.assignment, SOURCE, given)
    assert stored(any_school, submission).file_name == kept


# --- who and when ---------------------------------------------------------------------------------------


def test_who_is_not_in_the_course_does_not_learn_of_it(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    for actor in (other.students[0], other.teacher):
        with pytest.raises(NotFound, match=r"There is no such exercise in your courses\."):
            work.submit(actor)
    with pytest.raises(NotFound, match=r"There is no such exercise in your courses\."):
        work.submit(0, assignment=999)
    with school.writing() as session:
        member = session.scalars(select(Member).where(Member.person_id == work.students[0].id)).one()
        member.left = now()
    with pytest.raises(NotFound):
        work.submit(0)
    assert count(school) == 0


def test_a_hidden_assignment_is_for_staff_alone(school: School) -> None:
    work = make_class(school, visible=False)
    with pytest.raises(NotFound, match="no such exercise"):
        work.submit(0)
    work.submit(work.teacher)
    work.submit(person(school, "chief", "administrator"))


def test_a_course_that_has_ended_takes_nothing(school: School) -> None:
    work = make_class(school)
    with school.writing() as session:
        session.get_one(Course, work.course).archived = True
    with pytest.raises(Refused, match="This course has ended"):
        work.submit(0)


def test_students_hand_in_between_opening_and_closing(school: School, time: Clock) -> None:
    work = make_class(school, opens=now() + HOUR, due=now() + 2 * HOUR, closes=now() + 4 * HOUR)
    for kind in ("graded", "practice"):
        with pytest.raises(Refused, match=r"opens at 2026-09-01 10:00 UTC\."):
            work.submit(0, kind=kind)
    work.submit(work.teacher)
    time.forward(hours=1)
    assert stored(school, work.submit(0)).late_days == 0
    time.forward(hours=1)
    assert stored(school, work.submit(0)).late_days == 0, "to the millisecond"
    time.forward(milliseconds=1)
    assert stored(school, work.submit(0)).late_days == 1
    time.forward(hours=2)
    with pytest.raises(Refused, match=r"closed at 2026-09-01 13:00 UTC\."):
        work.submit(0)
    assert stored(school, work.submit(0, kind="practice")).late_days == 0, "one may practise after it closes"


def test_an_extension_gives_one_student_more_time_and_more_attempts(school: School, time: Clock) -> None:
    work = make_class(school, due=now() + HOUR, closes=now() + 2 * HOUR, attempts=1)
    extend(work, 0, due=now() + 5 * HOUR, attempts=2)
    time.forward(hours=3)
    assert stored(school, work.submit(0)).late_days == 0
    take(school)
    work.submit(0)
    take(school, 9)
    with pytest.raises(Refused, match="all 2 attempts"):
        work.submit(0)
    with pytest.raises(Refused, match="closed at"):
        work.submit(1)


def test_attempts_are_counted_and_practice_is_free(school: School) -> None:
    work = make_class(school, attempts=2, scenes=1)
    for _ in range(2):
        work.submit(0)
        take(school)
    with pytest.raises(Refused, match=r"You have used all 2 attempts of this exercise\. You can still practise"):
        work.submit(0)
    work.submit(0, kind="practice")
    work.submit(1)
    for _ in range(3):
        work.submit(work.teacher)


def test_only_what_was_seen_is_an_attempt(any_school: School) -> None:
    """Neither what was replaced or cancelled before a scene was seen, nor a fault of ours."""
    from making import found

    from sheber.school.queue.claiming import finish

    work = make_class(any_school, attempts=1, scenes=2)
    for _ in range(3):
        last = work.submit(0)  # each replaces the one before
    take(any_school)
    with any_school.writing() as session:
        cancel(session, work.students[0], last)
    faulty = work.submit(0)
    for _ in range(3):
        with any_school.writing() as session:
            (job,) = claim(session, "w", 1)
            fail(session, "w", job.job_id, {"kind": "", "why": ""})
    assert stored(any_school, faulty).state == "fault"
    seen = work.submit(0)
    with any_school.writing() as session:
        (job,) = claim(session, "w", 1)
        finish(session, "w", job.job_id, found())
        cancel(session, work.students[0], seen)
    with pytest.raises(Refused, match="all 1 attempts"):
        work.submit(0)


# --- again and again --------------------------------------------------------------------------------------


def test_a_newer_one_replaces_an_older_one_that_waits(any_school: School) -> None:
    work = make_class(any_school)
    older, others = work.submit(0), [work.submit(1), work.submit(0, kind="practice")]
    newer = work.submit(0)
    assert (work.state(older), work.state(newer)) == ("replaced", "queued")
    assert {job.state for job in jobs(any_school, older)} == {"cancelled"}
    assert [work.state(one) for one in others] == ["queued", "queued"]
    assert [stored(any_school, one).number for one in (older, newer)] == [1, 2]
    take(any_school, 1)
    running = next(one for one in (newer, others[0]) if work.state(one) == "running")
    work.submit(work.person_of(running))
    assert work.state(running) == "running", "what has begun is judged to its end"


def test_every_attempt_is_judged_where_the_teacher_says_so(school: School) -> None:
    work = make_class(school, every_attempt=True)
    older, newer = work.submit(0), work.submit(0)
    assert (work.state(older), work.state(newer)) == ("queued", "queued")


def another_assignment(work: Class) -> int:
    """Of the same course."""
    with work.school.writing() as session:
        made = Assignment(course_id=work.course, exercise="keep_warm", scenes=1, created=now())
        session.add(made)
        session.flush()
        return made.id


def test_the_same_token_is_the_same_submission(any_school: School) -> None:
    work = make_class(any_school)
    first = work.submit(0, token="t1")
    assert work.submit(0, token="t1") == first
    assert work.submit(0, b"other\n", token="t2") != first
    assert work.submit(1, token="t1") != first
    assert work.submit(0, token="t1", assignment=another_assignment(work)) != first
    assert work.submit(0, token="t1") == first, "also after it was replaced"
    with pytest.raises(Refused, match="at most 40 characters"):
        work.submit(0, token="t" * 41)
    assert count(any_school) == 4


def test_many_clicks_at_once_are_one_submission(any_school: School) -> None:
    work = make_class(any_school, attempts=1)
    made: list[Any] = []

    def click(token: str) -> None:
        try:
            made.append(work.submit(0, token=token))
        except Refused as refused:
            made.append(str(refused))

    threads = [threading.Thread(target=click, args=("same",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert (count(any_school), count(any_school, Job)) == (1, 2)


def test_what_a_worker_begins_in_this_moment_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look for what waits and its lock, another transaction takes a job of it."""
    from postgresql import fresh_database
    from sheber.school.submissions import handing_in

    school = open_school(tmp_path / "school", fresh_database())
    work = make_class(school, scenes=1)
    older = work.submit(0)
    lock = handing_in.lock_submission

    def overtaken(session: Any, submission: int) -> Submission:
        take(school)
        return lock(session, submission)

    monkeypatch.setattr(handing_in, "lock_submission", overtaken)
    newer = work.submit(0)
    assert (work.state(older), work.state(newer)) == ("running", "queued")
    school.close()


def test_a_token_that_no_database_holds_is_still_one(any_school: School) -> None:
    work = make_class(any_school)
    assert work.submit(0, token="a\x00b") == work.submit(0, token="a\x00b")
    assert work.submit(0, token="\x00") != work.submit(0, token="a\x00b")


def test_programs_that_come_too_fast_wait(any_school: School, time: Clock) -> None:
    work = make_class(any_school, students=2)
    for _ in range(MOST_A_MINUTE):
        work.submit(0, kind="practice")
        time.forward(seconds=1)
    with pytest.raises(TooMany, match=r"20 programs within a minute. Please wait 40 s") as refused:
        work.submit(0)
    assert refused.value.wait_s == 40.0
    with pytest.raises(TooMany):
        work.submit(0, assignment=another_assignment(work))
    work.submit(1)
    time.forward(seconds=41)
    work.submit(0)


@pytest.mark.parametrize("kind", ["graded", "practice"])
def test_who_hands_in_for_hours_waits_and_who_works_does_not(any_school: School, time: Clock, kind: str) -> None:
    work = make_class(any_school, students=2, scenes=1)
    most = MOST_AN_HOUR[kind]
    for _ in range(most):
        work.submit(0, kind=kind)
        time.forward(seconds=10)
    with pytest.raises(TooMany, match=f"{most} .* within an hour") as refused:
        work.submit(0, kind=kind)
    assert refused.value.wait_s == 3600 - 10 * most
    work.submit(0, kind="practice" if kind == "graded" else "graded")  # each kind has its own
    work.submit(1, kind=kind)
    time.forward(seconds=3601 - 10 * most)
    work.submit(0, kind=kind)


def test_a_fault_of_ours_counts_for_no_limit(school: School, time: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_AN_HOUR, "graded", 2)
    work = make_class(school)
    ids = [work.submit(0), work.submit(0)]
    with school.writing() as session:
        session.get_one(Submission, ids[0]).state = "fault"
    work.submit(0)
    with pytest.raises(TooMany):
        work.submit(0)


def test_the_number_of_queries_does_not_grow_with_the_queue(school: School) -> None:
    work = make_class(school, students=6, scenes=2)

    def queries(student: int) -> int:
        seen: list[str] = []

        def look(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(school.engine, "before_cursor_execute", look)
        try:
            work.submit(student)
        finally:
            event.remove(school.engine, "before_cursor_execute", look)
        return len(seen)

    few = queries(0)
    for student in range(1, 5):
        work.submit(student)
    assert queries(5) == few <= 7  # what a thousand at one moment wait for


# --- cancel, and again ----------------------------------------------------------------------------------


def test_a_student_cancels_their_own_and_a_teacher_any_of_the_course(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    mine, theirs = work.submit(0), work.submit(1)
    with school.writing() as session:
        for actor in (work.students[1], other.teacher, other.students[0]):
            with pytest.raises(NotFound, match="no such submission"):
                cancel(session, actor, mine)
        with pytest.raises(NotFound):
            cancel(session, work.students[0], 999)
        member = session.scalars(select(Member).where(Member.person_id == work.students[2].id)).one()
        member.role = "assistant"
        session.flush()
        with pytest.raises(NotAllowed):
            cancel(session, work.students[2], mine)
        cancel(session, work.students[0], mine)
        with pytest.raises(Refused, match="has ended"):
            cancel(session, work.students[0], mine)
        cancel(session, work.teacher, theirs)
    assert (work.state(mine), work.state(theirs)) == ("cancelled", "cancelled")
    with school.reading() as session:
        (entry,) = session.scalars(select(AuditEntry)).all()
    assert (entry.action, entry.thing, entry.person_id) == (
        "submission.cancelled",
        f"submission {theirs}",
        work.teacher.id,
    )
    assert count(school, SceneResult) == 0


def test_only_a_fault_is_tried_again_and_only_by_a_teacher(school: School) -> None:
    work = make_class(school)
    submission = work.submit(0)
    with school.writing() as session:
        with pytest.raises(Refused, match="did not end by a fault"):
            judge_again(session, work.teacher, submission)
        with pytest.raises(NotAllowed):
            judge_again(session, work.students[0], submission)
