"""One pool for many programs and exercises: what it gives is what each would get alone."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from counting import ASK, HONEST, KillsItsCrew, KillsItsWorker, Marked
from sheber.i18n import language
from sheber.judge import Job, Judgement, Pool, Program, Sandbox, SandboxError, SystemFault, TooLong, best_sandbox, grade
from sheber.judge.selftest import CountingExercise
from sheber.station import FakeStation, Limits
from sheber.trace import OutcomeKind, TraceWriter, read

pytestmark = pytest.mark.box
GOOD = Program("good.py", HONEST)
FEW = Program("few.py", ASK + b"ask(do='connect')\nfor _ in range(3): ask(do='count')\n")


@dataclass(frozen=True)
class Doubled(CountingExercise):
    """Another exercise, in which each count is there twice."""

    name: str = "doubled"
    rehearsal: tuple[int, ...] = (5, 6)

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        recorder.event(0, "doubled", {"seed": seed})
        return super().build(seed, recorder)


@dataclass(frozen=True)
class CannotBuild(CountingExercise):
    """An exercise that has no scene."""

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        raise LookupError(f"no scene {seed}")


def jobs(exercise: Any, program: Program, folder: Path) -> list[Job]:
    """A job for each scene of the rehearsal."""
    stem = f"{exercise.name}-{program.name}"
    return [
        Job(exercise, program, seed, f"rehearsal {place}", folder / f"{stem}-{seed}.trace")
        for place, seed in enumerate(exercise.rehearsal, 1)
    ]


def test_two_exercises_and_two_programs_get_what_each_gets_alone(tmp_path: Path) -> None:
    killed = KillsItsWorker(marks=tmp_path, name="killed", sha256="k")
    pairs = [(killed, GOOD), (Doubled(), FEW), (killed, FEW), (Doubled(), GOOD)]
    with Pool(best_sandbox(), workers=2) as pool:
        for exercise, program in pairs:
            for job in jobs(exercise, program, tmp_path):
                pool.submit(job)
        found: dict[tuple[str, str, int], Any] = {}
        for job, ending in pool.endings():
            found[job.exercise.name, job.program.name, job.seed] = ending
            assert read(job.file).sha256 == ending.trace_sha256  # type: ignore[union-attr]
    assert len(list(tmp_path.glob("2-*"))) == 3, "the scene of the killed worker was judged again, and no other"
    for exercise, program in pairs:
        alone = grade(exercise, program, best_sandbox(), workers=1)
        for scene in alone.scenes:
            ending = found.pop((exercise.name, program.name, scene.seed))
            assert ending == Judgement(scene.outcome, scene.score, scene.trace_sha256)
    assert found == {}


def test_an_exercise_is_warmed_once_and_stays_warm(tmp_path: Path) -> None:
    exercise = Marked(marks=tmp_path)
    with Pool(best_sandbox(), workers=1) as pool:
        for program in (GOOD, FEW):
            for job in jobs(exercise, program, tmp_path)[:2]:
                pool.submit(job)
            assert len(list(pool.endings())) == 2, "a pool can be asked again"
    assert len([mark for mark in tmp_path.iterdir() if mark.suffix != ".trace"]) == 5, "one to warm, four judged"


def test_an_error_of_one_job_is_its_own(tmp_path: Path) -> None:
    with Pool(best_sandbox(), workers=2) as pool:
        for exercise, place in (
            (CannotBuild(), 0),
            (CountingExercise(), 0),
            (KillsItsWorker(marks=tmp_path, times=99), 1),
        ):
            folder = tmp_path / type(exercise).__name__  # two that write one trace would disturb each other
            folder.mkdir()
            pool.submit(jobs(exercise, GOOD, folder)[place])
        found = {type(job.exercise): ending for job, ending in pool.endings()}
    assert isinstance(found[CountingExercise], Judgement)
    assert isinstance(found[CannotBuild], SystemFault)
    assert str(found[CannotBuild]) == "rehearsal 1: no scene 1"
    assert "its worker died 3 times (signal 9)" in str(found[KillsItsWorker])


def test_a_crew_that_dies_takes_nothing_with_it(tmp_path: Path) -> None:
    with Pool(best_sandbox(), workers=2) as pool:
        for job in (*jobs(KillsItsCrew(marks=tmp_path), GOOD, tmp_path), *jobs(Doubled(), GOOD, tmp_path)):
            pool.submit(job)
        endings = [ending for _job, ending in pool.endings()]
    assert len(endings) == 6
    assert all(isinstance(ending, Judgement) and ending.score.points == 60.0 for ending in endings)


def test_a_crew_that_cannot_live_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Pool(best_sandbox(), workers=1) as pool:
        pool.submit(jobs(CountingExercise(), GOOD, tmp_path)[0])
        with pytest.raises(SystemFault, match="died 3 times"):
            list(pool.endings())
        assert list(pool.endings()) == []


def test_a_box_that_cannot_be_made_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.9.0 || exit 1\n')
    fake.chmod(0o755)
    with Pool(Sandbox("A"), workers=1) as pool:
        pool.submit(jobs(CountingExercise(), GOOD, tmp_path)[0])
        ((_job, ending),) = pool.endings()
    assert isinstance(ending, SandboxError)


def test_jobs_may_come_from_another_thread_while_endings_are_read(tmp_path: Path) -> None:
    with Pool(best_sandbox(), workers=2) as pool:
        first, *others = jobs(CountingExercise(), GOOD, tmp_path)
        pool.submit(first)
        adding = threading.Thread(target=lambda: [pool.submit(job) for job in others])
        adding.start()
        adding.join()
        assert {job.seed for job, _ending in pool.endings()} == {1, 2, 3, 4}


def test_a_run_is_in_the_language_of_its_job(tmp_path: Path) -> None:
    program = Program("p.py", b"import os\nprint(os.environ['SHEBER_LANGUAGE'])\n" + HONEST)
    with Pool(best_sandbox(), workers=1) as pool:
        with language("kk"):
            pool.submit(Job(CountingExercise(), program, 1, "practice 1", tmp_path / "kk.trace"))
        pool.submit(Job(CountingExercise(), program, 1, "practice 1", tmp_path / "ru.trace", language="ru"))
        endings = [ending for _job, ending in pool.endings()]
    for tag in ("kk", "ru"):
        trace = read(tmp_path / f"{tag}.trace")
        assert trace.header.language == tag
        assert "".join(piece.text for piece in trace.printed).endswith(f"{tag}\n")
    assert {ending.trace_sha256 for ending in endings if isinstance(ending, Judgement)} == {trace.sha256}


def test_leaving_a_pool_ends_what_it_judges(tmp_path: Path) -> None:
    import os

    from test_grade import session_of, wait_until

    before = session_of(os.getpid())  # a database of other tests, say
    endless = Program("p.py", HONEST + b"import time\ntime.sleep(100)\n")
    with Pool(best_sandbox(), workers=2) as pool:
        for job in jobs(Marked(marks=tmp_path), endless, tmp_path):
            pool.submit(job)
        wait_until(lambda: len([mark for mark in tmp_path.iterdir() if mark.suffix != ".trace"]) >= 3, 60.0)
        below = [pid for pid in session_of(os.getpid()) if pid not in before]
        assert len(below) >= 3
    wait_until(lambda: not session_of(os.getpid(), below))


def test_scenes_of_any_seed_are_graded(tmp_path: Path) -> None:
    seeds = (2**255 + 1, 7)
    result = grade(
        CountingExercise(), GOOD, best_sandbox(), scenes=[("hidden 1", seeds[0]), ("hidden 2", seeds[1])], out=tmp_path
    )
    assert [(scene.scene, scene.seed) for scene in result.scenes] == [("hidden 1", seeds[0]), ("hidden 2", seeds[1])]
    assert {scene.outcome.kind for scene in result.scenes} == {OutcomeKind.FINISHED}
    trace = read(tmp_path / f"scene-{seeds[0]}.trace")
    assert (trace.header.seed, trace.header.scene, trace.facts["seed"]) == (seeds[0], "hidden 1", seeds[0])


@pytest.mark.parametrize("scenes", [[], [("one", 1), ("two", 1)]])
def test_a_grade_needs_scenes_and_each_once(scenes: list[tuple[str, int]]) -> None:
    with pytest.raises(ValueError, match="Each seed may be there only once"):
        grade(CountingExercise(), GOOD, best_sandbox(), scenes=scenes)


@dataclass(frozen=True)
class LeavesItsJudge(CountingExercise):
    """An exercise of a teacher whose code ends the process that it runs in."""

    name: str = "leaves"
    sha256: str = "l"
    how: str = "exit"

    def score(self, trace: Any, /) -> Any:
        if self.how == "exit":
            os._exit(0)
        raise SystemExit(0)


@pytest.mark.parametrize("how", ["exit", "raise"])
def test_an_exercise_that_ends_its_judge_costs_itself_and_no_other(tmp_path: Path, how: str) -> None:
    good = [Job(Doubled(), GOOD, seed, f"good {seed}", tmp_path / f"{seed}.trace") for seed in (5, 6)]
    bad = Job(LeavesItsJudge(how=how), GOOD, 1, "bad", tmp_path / "bad.trace")
    with Pool(best_sandbox(), workers=2) as pool:
        for job in [bad, *good]:
            pool.submit(job)
        found: dict[str, Any] = {job.scene: ending for job, ending in pool.endings()}
    assert isinstance(found["bad"], Exception)
    assert all(isinstance(found[job.scene], Judgement) for job in good)


def test_a_job_in_a_language_that_nobody_writes_is_refused_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="known: en, kk, ru, zh-Hans"):
        Job(Doubled(), GOOD, 5, "a", tmp_path / "a.trace", language="../../etc")


@dataclass(frozen=True)
class NeverEnds(CountingExercise):
    """An exercise of a teacher that never comes to its end: while it is opened, or while it builds the scene 2."""

    name: str = "never"
    sha256: str = "n"
    where: str = "scene"

    def warm(self) -> None:
        while self.where == "warm":
            time.sleep(0.1)

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        while seed == 2 or self.where == "warm":
            time.sleep(0.1)
        return super().build(seed, recorder)


@pytest.mark.parametrize("where", ["warm", "scene"])
def test_an_exercise_that_never_ends_holds_up_nobody_but_itself(tmp_path: Path, where: str) -> None:
    bad = [
        Job(NeverEnds(where=where), GOOD, seed, f"bad {seed}", tmp_path / f"b{seed}", limit_s=2.0) for seed in (2, 1)
    ]
    good = [Job(Doubled(), GOOD, seed, f"good {seed}", tmp_path / f"{seed}", limit_s=60.0) for seed in (5, 6)]
    with Pool(best_sandbox(), workers=1) as pool:
        for job in [*bad, *good]:
            pool.submit(job)
        found: dict[str, Any] = {job.scene: ending for job, ending in pool.endings()}
    assert isinstance(found["bad 2"], TooLong)
    assert str(found["bad 2"]) == "bad 2 was not judged within 2 s."
    assert isinstance(found["bad 1"], TooLong if where == "warm" else Judgement)
    assert all(isinstance(found[job.scene], Judgement) for job in good)


def test_a_cancelled_job_is_killed_with_its_box_and_has_no_ending(tmp_path: Path) -> None:
    from test_grade import session_of, wait_until

    before = session_of(os.getpid())
    endless = Program("endless.py", HONEST + b"import time\ntime.sleep(100)\n")
    patient = Limits(processor_s=2, wall_s=90.0, silent_s=80.0, memory_bytes=512 << 20)
    running, waiting, good = (
        Job(Marked(marks=tmp_path, limits=patient), program, seed, str(seed), tmp_path / f"{seed}.trace")
        for program, seed in ((endless, 1), (endless, 2), (GOOD, 3))
    )
    with Pool(best_sandbox(), workers=1) as pool:
        for job in (running, waiting, good):
            pool.submit(job)
        wait_until(lambda: b"connect" in _bytes_of(running.file), 60.0)
        below = [pid for pid in session_of(os.getpid()) if pid not in before]
        pool.cancel(waiting)
        pool.cancel(running)
        pool.cancel(running)
        cancelled = time.monotonic()
        ended = list(pool.endings())
        assert time.monotonic() - cancelled < 60.0, "it was not killed, its program came to its limit"
        wait_until(lambda: len(session_of(os.getpid(), below)) <= 1, 10.0)
    assert [(job.scene, type(ending)) for job, ending in ended] == [("3", Judgement)]
    assert not waiting.file.exists()


def test_who_waits_for_an_ending_waits_no_longer_than_told(tmp_path: Path) -> None:
    job = jobs(CountingExercise(), GOOD, tmp_path)[0]
    with Pool(best_sandbox(), workers=1) as pool:
        assert pool.ending(0.0) is None
        pool.submit(job)
        started = time.monotonic()
        assert pool.ending(0.001) is None
        assert time.monotonic() - started < 1.0
        cancelling = threading.Timer(0.2, pool.cancel, [job])
        cancelling.start()
        while (ended := pool.ending()) is not None:
            assert ended[0] is job  # it was quicker than the timer
        cancelling.join()


def _bytes_of(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
