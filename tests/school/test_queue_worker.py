"""The worker: it judges what waits, and whatever dies in the middle, each job ends exactly once."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time as wall
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import Class, FullDisk, found, keep_warm, make_class, program
from sqlalchemy import func, select

from sheber.exercises.score import Score
from sheber.judge import Program, Sandbox, SandboxError, best_sandbox, run
from sheber.judge.forms import revived_outcome, revived_score
from sheber.school import database
from sheber.school.errors import DatabaseAway, Refused
from sheber.school.opening import School
from sheber.school.queue import exercises, worker
from sheber.school.queue.claiming import claim, finish
from sheber.school.queue.executor import Ended, Judged, MachineTrouble, Work
from sheber.school.queue.local import LocalExecutor
from sheber.school.queue.models import Job, Worker
from sheber.school.queue.worker import JudgingWorker
from sheber.school.submissions.handing_in import cancel
from sheber.school.submissions.models import SceneResult, Submission
from sheber.trace import Outcome, OutcomeKind, TraceWriteError, read

real_exercise_of = exercises.exercise_of
ENDLESS = b"from sheber import connect\nstation = connect(exercise='keep-warm')\nwhile True: pass\n"


def until(condition: Callable[[], object], limit_s: float = 60.0) -> None:
    deadline = wall.monotonic() + limit_s
    while not condition():
        assert wall.monotonic() < deadline, "did not come to pass"
        wall.sleep(0.05)


def results(school: School) -> list[SceneResult]:
    with school.reading() as session:
        return list(session.scalars(select(SceneResult).order_by(SceneResult.submission_id, SceneResult.place)))


def states(school: School) -> list[str]:
    with school.reading() as session:
        return list(session.scalars(select(Submission.state).order_by(Submission.id)))


def job_states(school: School) -> set[str]:
    with school.reading() as session:
        return set(session.scalars(select(Job.state)))


@pytest.fixture(autouse=True)
def thermostats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an assignment names is the small thermostat exercise."""
    monkeypatch.setattr(exercises, "exercise_of", lambda _school, _job: keep_warm())


class FakeExecutor:
    """Judges without judging: gives for each work what `gives` returns; None: it runs on."""

    name, level, places = "fake", "A", 2

    def __init__(self, gives: Callable[[Work], Judged | Exception | None]) -> None:
        self.gives = gives
        self.started: list[Work] = []
        self.cancelled: list[int] = []
        self.closed = False
        self._ended: list[Ended] = []

    def start(self, work: Work) -> None:
        self.started.append(work)
        found = self.gives(work)
        if found is not None:
            self._ended.append(Ended(work.id, found))

    def endings(self, wait_s: float) -> list[Ended]:
        ended, self._ended = self._ended, []
        return ended

    def cancel(self, id: int) -> None:  # noqa: A002
        self.cancelled.append(id)

    def close(self) -> None:
        self.closed = True


def judged(work: Work) -> Judged:
    """A good ending with a trace of some bytes."""
    work.file.write_bytes(b"trace of %d" % work.id)
    return Judged(Outcome(OutcomeKind.FINISHED), Score(()), "5" * 64, 1.5, "A", "x86_64-avx2", {}, "e" * 64)


def rounds(working: JudgingWorker, count: int = 5) -> None:
    for _ in range(count):
        working.round()


@contextlib.contextmanager
def working(school: School, places: int = 2) -> Iterator[JudgingWorker]:
    """A worker with the real pool, in a thread of its own."""
    made = JudgingWorker(school, LocalExecutor(best_sandbox(), places))
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield made
    finally:
        made.stop()
        thread.join(60.0)
        assert not thread.is_alive()


# --- judging ------------------------------------------------------------------------------------


@pytest.mark.box
def test_what_waits_is_judged_as_on_ones_own_machine(any_school: School) -> None:
    work = make_class(any_school, students=1, scenes=3)
    submission = work.submit(0, program("reference"), language="ru")
    with working(any_school):
        until(lambda: work.state(submission) == "done")
    seen = results(any_school)
    assert len(seen) == 3
    for one in seen:
        trace = read(any_school.traces / one.trace)
        alone = run(keep_warm(), Program("program.py", program("reference")), int(one.seed), best_sandbox())
        assert one.trace_sha256 == trace.sha256 == alone.sha256
        assert revived_score(one.score) == keep_warm().score(alone)
        assert revived_outcome(one.outcome) == alone.outcome
        assert (one.level, one.processor) == (alone.header.sandbox, alone.header.processor)
        assert one.versions == alone.header.versions
        assert (trace.header.scene, trace.header.language) == (f"scene {one.place}", "ru")
        assert one.trace_bytes == (any_school.traces / one.trace).stat().st_size
        assert 0.0 < one.seconds < 60.0
    with any_school.reading() as session:
        stored = session.get_one(Submission, submission)
        assert stored.exercise_sha256 == keep_warm().sha256
        assert session.scalars(select(Worker)).all() == [], "it has left"
    assert list((any_school.traces / "running").iterdir()) == []


@pytest.mark.box
def test_cancelling_kills_the_run_and_frees_its_place(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_S", 0.2)
    work = make_class(school, students=2, scenes=1)
    endless = work.submit(0, ENDLESS)
    with working(school, places=1):
        until(lambda: _printed_or_begun(school))
        good = work.submit(1, program("reference"))
        with school.writing() as session:
            cancel(session, work.students[0], endless)
        until(lambda: work.state(good) == "done")
    assert (work.state(endless), job_states(school)) == ("cancelled", {"cancelled", "done"})
    assert list((school.traces / "running").iterdir()) == []


@pytest.mark.box
def test_a_course_is_judged_with_its_own_numbers(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    from sheber.school.courses import exercises as of_courses

    monkeypatch.setattr(of_courses, "_shipped", lambda _name: keep_warm())
    monkeypatch.setattr(exercises, "exercise_of", real_exercise_of)
    own = {"tolerance.warm": {"full": 0.1, "zero": 0.2, "unit": "°C"}}
    plain, strict = make_class(school, "Plain", 1, scenes=1), make_class(school, "Strict", 1, scenes=1, numbers=own)
    submissions = plain.submit(0, program("clumsy")), strict.submit(0, program("clumsy"))
    try:
        with working(school):
            until(lambda: states(school) == ["done"] * 2)
    finally:
        of_courses._opened.cache_clear()
    with school.reading() as session:
        first, second = (session.get_one(Submission, one) for one in submissions)
    assert first.exercise_sha256 == keep_warm().sha256
    assert second.exercise_sha256 == keep_warm().with_numbers(own).sha256 != first.exercise_sha256
    assert first.final is not None
    assert second.final is not None
    assert first.final > second.final


def _printed_or_begun(school: School) -> bool:
    running = school.traces / "running"
    return running.is_dir() and any(file.stat().st_size > 500 for file in running.iterdir())


@pytest.mark.box
def test_a_worker_that_is_asked_to_end_gives_its_jobs_back(school: School) -> None:
    work = make_class(school, students=1, scenes=1)
    submission = work.submit(0, ENDLESS)
    with working(school):
        until(lambda: _printed_or_begun(school))
    with school.reading() as session:
        (job,) = session.scalars(select(Job)).all()
        assert (job.state, job.tries, job.worker) == ("queued", 0, "")
        assert session.scalars(select(Worker)).all() == []
    assert work.state(submission) == "running"
    assert list((school.traces / "running").iterdir()) == []


def test_level_c_never_judges_the_programs_of_others(school: School) -> None:
    with pytest.raises(Refused, match="Level C does not isolate programs"):
        JudgingWorker(school, LocalExecutor(Sandbox("C"), 1))


# --- troubles -----------------------------------------------------------------------------------


def test_a_fault_of_ours_is_tried_three_times(school: School) -> None:
    work = make_class(school, students=1, scenes=1)
    submission = work.submit(0)
    fake = FakeExecutor(lambda work: replace(judged(work), outcome=Outcome(OutcomeKind.SYSTEM_FAULT)))
    rounds(JudgingWorker(school, fake), 8)
    assert len(fake.started) == 3
    assert list((school.traces / "running").iterdir()) == [], "the traces of what failed are removed"
    assert (work.state(submission), results(school)) == ("fault", [])


def test_an_exercise_that_cannot_be_opened_is_a_fault_and_holds_up_nobody(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sheber.exercises import ExerciseError

    broken, good = make_class(school, "Broken", 1, scenes=1), make_class(school, "Good", 1, scenes=1)

    def open_it(_school: object, job: Any) -> Any:
        if job.assignment_id == broken.assignment:
            raise ExerciseError("exercise.py: line 3: broken")
        return keep_warm()

    monkeypatch.setattr(exercises, "exercise_of", open_it)
    submissions = broken.submit(0), good.submit(0)
    rounds(JudgingWorker(school, FakeExecutor(judged)), 8)
    assert [broken.state(submissions[0]), good.state(submissions[1])] == ["fault", "done"]
    with school.reading() as session:
        trouble = session.scalars(select(Job.trouble).where(Job.state == "failed")).one()
    assert trouble is not None
    assert (trouble["kind"], trouble["why"]) == ("ExerciseError", "exercise.py: line 3: broken")


@pytest.mark.parametrize(
    "error", [TraceWriteError("no space left on device"), SandboxError("no box"), MachineTrouble("node lost")]
)
def test_a_full_disk_makes_no_faults_of_what_waits(
    school: School, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(worker, "PAUSE_S", (0.0, 0.0))
    work = make_class(school, students=3, scenes=2)
    submissions = [work.submit(student) for student in range(3)]
    full = [True]
    fake = FakeExecutor(lambda work: error if full[0] else judged(work))
    made = JudgingWorker(school, fake)
    rounds(made, 40)
    assert len(fake.started) > 12, "it goes on trying, one at a time"
    assert set(states(school)) == {"running"}
    full[0] = False
    rounds(made, 20)
    assert states(school) == ["done"] * 3
    assert len(results(school)) == 6
    assert submissions


def test_a_pause_follows_a_trouble_of_the_machine(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSE_S", (60.0, 60.0))
    work = make_class(school, students=3, scenes=2)
    for student in range(3):
        work.submit(student)
    fake = FakeExecutor(lambda _work: TraceWriteError("no space left on device"))
    rounds(JudgingWorker(school, fake), 10)
    assert len(fake.started) <= 4


def test_a_trace_that_cannot_be_kept_is_a_trouble_of_the_machine(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sheber.school.queue import files

    monkeypatch.setattr(worker, "PAUSE_S", (0.0, 0.0))
    work = make_class(school, students=1, scenes=1)
    submission = work.submit(0)
    keep, full = files.keep, [True]

    def refuse(*arguments: Any) -> str:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return keep(*arguments)

    monkeypatch.setattr(files, "keep", refuse)
    made = JudgingWorker(school, FakeExecutor(judged))
    rounds(made, 20)
    assert work.state(submission) == "running"
    assert len(list((school.traces / "running").iterdir())) <= 1, "that of the last try"
    full[0] = False
    rounds(made, 5)
    assert work.state(submission) == "done"


@pytest.mark.box
def test_a_disk_that_is_full_while_a_trace_is_written(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAUSE_S", (0.2, 0.2))
    full = tmp_path / "full"
    full.touch()
    monkeypatch.setattr(exercises, "exercise_of", lambda _school, _job: FullDisk(full))
    work = make_class(school, students=1, scenes=1)
    submission = work.submit(0, program("reference"))
    with working(school, places=1):
        until(lambda: _trouble(school) == "TraceWriteError")
        assert work.state(submission) == "running"
        full.unlink()
        until(lambda: work.state(submission) == "done")
    assert read(school.traces / results(school)[0].trace).whole
    assert list((school.traces / "running").iterdir()) == []


def _trouble(school: School) -> str:
    with school.reading() as session:
        trouble = session.scalars(select(Job.trouble)).one()
    return str((trouble or {}).get("kind", ""))


# --- the database goes away, and other workers ------------------------------------------------------


def test_what_was_judged_while_the_database_was_away_is_stored_later(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AWAY_S", (0.0, 0.0))
    work = make_class(school, students=1, scenes=2)
    submission = work.submit(0)
    away = [False]

    @contextlib.contextmanager
    def transaction(sessions: Any, write: bool = True) -> Iterator[Any]:
        if away[0]:
            raise DatabaseAway("The database does not answer.")
        with database.transaction(sessions, write) as session:
            yield session

    monkeypatch.setattr("sheber.school.opening.transaction", transaction)

    def leaving(work: Work) -> Judged:
        away[0] = True
        return judged(work)

    made = JudgingWorker(school, FakeExecutor(leaving))
    rounds(made, 20)
    away[0] = False
    assert (work.state(submission), results(school)) == ("running", [])
    rounds(made, 3)
    assert work.state(submission) == "done"
    assert all((school.traces / one.trace).is_file() for one in results(school))


def test_a_trace_that_came_too_late_is_removed(school: School) -> None:
    work = make_class(school, students=1, scenes=1)
    work.submit(0)

    def overtaken(work: Work) -> Judged:
        with school.writing() as session:
            session.get_one(Job, work.id).worker = "other"
        with school.writing() as session:
            assert finish(session, "other", work.id, found(99.0))
        return judged(work)

    rounds(JudgingWorker(school, FakeExecutor(overtaken)), 3)
    assert [one.points for one in results(school)] == [99.0]
    assert list(school.traces.rglob("*.trace")) == []


def test_what_is_no_longer_ours_is_ended(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_S", 0.0)
    work = make_class(school, students=1, scenes=1)
    work.submit(0)
    fake = FakeExecutor(lambda _work: None)
    made = JudgingWorker(school, fake)
    rounds(made, 2)
    with school.writing() as session:
        job = session.scalars(select(Job)).one()
        job.worker = "other"
    rounds(made, 1)
    assert fake.cancelled == [job.id]


def test_a_worker_takes_no_more_than_it_has_places_for(school: School) -> None:
    work = make_class(school, students=3, scenes=4)
    for student in range(3):
        work.submit(student)
    fake = FakeExecutor(lambda _work: None)
    rounds(JudgingWorker(school, fake), 5)
    assert len(fake.started) == 2


# --- kill -9 ------------------------------------------------------------------------------------


@contextlib.contextmanager
def worker_process(school: School, places: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own."""
    script = Path(__file__).with_name("worker_process.py")
    tests = script.parents[1]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(tests.parent / "src"), str(tests)])}
    database_url = "" if school.url.startswith("sqlite") else school.url
    process = subprocess.Popen(
        [sys.executable, script, school.folder, database_url, str(places)], env=variables, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def children(pid: int) -> list[int]:
    return [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]


def done_jobs(school: School) -> int:
    with school.reading() as session:
        return session.scalar(select(func.count(Job.id)).where(Job.state == "done")) or 0


def forty_jobs(school: School) -> Class:
    work = make_class(school, students=5, scenes=8)
    for student in range(5):
        work.submit(student, program("reference"))
    return work


def check_each_once(school: School) -> None:
    """Each of the forty jobs ended exactly once, with its trace, and its result is that of its seed."""
    assert states(school) == ["done"] * 5
    seen = results(school)
    assert len(seen) == len({(one.submission_id, one.place) for one in seen}) == 40
    by_seed = {one.seed: one.trace_sha256 for one in seen}
    assert all(one.trace_sha256 == by_seed[one.seed] for one in seen)
    for one in seen:
        assert read(school.traces / one.trace).sha256 == one.trace_sha256
    kept = {str(file.relative_to(school.traces)) for file in school.traces.glob("2*/*.trace")}
    assert {one.trace for one in seen} <= kept


@pytest.mark.box
@pytest.mark.long
def test_a_worker_killed_in_the_middle_of_forty_jobs(any_school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheber.school.queue.claiming.LEASE_S", 5.0)
    forty_jobs(any_school)
    with worker_process(any_school) as first:
        until(lambda: done_jobs(any_school) >= 10)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    left = done_jobs(any_school)
    assert left < 40
    with any_school.writing() as session:  # its leases end now, and not in a minute
        for job in session.scalars(select(Job).where(Job.state == "leased")):
            job.lease_until = job.created
    with worker_process(any_school):
        until(lambda: states(any_school) == ["done"] * 5, 120.0)
    check_each_once(any_school)


@pytest.mark.box
@pytest.mark.long
def test_a_crew_killed_in_the_middle_of_forty_jobs(any_school: School) -> None:
    forty_jobs(any_school)
    with worker_process(any_school) as process:
        for count in (5, 20):
            until(lambda count=count: done_jobs(any_school) >= count, 120.0)
            for crew in children(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(crew, signal.SIGKILL)
        until(lambda: states(any_school) == ["done"] * 5, 120.0)
    check_each_once(any_school)


@pytest.mark.box
@pytest.mark.long
def test_two_workers_share_forty_jobs_and_one_is_told_to_end(any_school: School) -> None:
    forty_jobs(any_school)
    with worker_process(any_school, 1) as first, worker_process(any_school, 1):
        until(lambda: done_jobs(any_school) >= 8)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30.0) == 0
        until(lambda: states(any_school) == ["done"] * 5, 120.0)
    check_each_once(any_school)
    with any_school.reading() as session:
        assert max(session.scalars(select(Job.tries))) == 1


def test_claimed_jobs_of_a_dead_worker_are_seen(school: School) -> None:
    """What a worker leaves when it is killed between taking a job and starting it."""
    work = make_class(school, students=1, scenes=1)
    submission = work.submit(0)
    with school.writing() as session:
        (job,) = claim(session, "dead", 1)
        session.get_one(Job, job.job_id).lease_until = session.get_one(Job, job.job_id).created
    rounds(JudgingWorker(school, FakeExecutor(judged)), 5)
    assert work.state(submission) == "done"
