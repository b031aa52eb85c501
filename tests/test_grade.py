"""Several scenes at once: the same results as one after another, and nothing lost or left behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from counting import ASK, HONEST, Breaks, KillsItsCrew, KillsItsWorker
from ordinary_user import ROOT
from sheber.judge import Grade, Program, Sandbox, SandboxError, SystemFault, best_sandbox, grade, run
from sheber.judge.grade import GradedScene
from sheber.judge.selftest import CountingExercise
from sheber.trace import OutcomeKind, TraceWriteError, read

pytestmark = pytest.mark.box
PROGRAM = Program("mine.py", HONEST)


def hashes(result: Grade) -> list[str]:
    return [scene.trace_sha256 for scene in result.scenes]


def test_one_worker_and_three_give_the_same() -> None:
    exercise = CountingExercise()
    alone, together = (grade(exercise, PROGRAM, best_sandbox(), workers=workers) for workers in (1, 3))
    assert hashes(alone) == hashes(together)
    assert hashes(alone) == [run(exercise, PROGRAM, seed, best_sandbox()).sha256 for seed in exercise.rehearsal]
    assert alone.final == together.final == 60.0
    assert alone.level == best_sandbox().level
    assert [scene.scene for scene in alone.scenes] == ["rehearsal 1", "rehearsal 2", "rehearsal 3", "rehearsal 4"]
    assert [scene.seed for scene in alone.scenes] == [1, 2, 3, 4]
    assert {scene.outcome.kind for scene in alone.scenes} == {OutcomeKind.FINISHED}


def test_traces_are_kept_where_asked(tmp_path: Path) -> None:
    result = grade(CountingExercise(), PROGRAM, best_sandbox(), out=tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"scene-{seed}.trace" for seed in (1, 2, 3, 4)]
    for scene in result.scenes:
        assert scene.trace_path is not None
        assert read(scene.trace_path).sha256 == scene.trace_sha256


def test_progress_is_told_of_each_scene() -> None:
    told: list[tuple[int, int, GradedScene | None]] = []
    grade(CountingExercise(), PROGRAM, best_sandbox(), progress=lambda *what: told.append(what))
    assert [(done, total) for done, total, _ in told] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[0][2] is None
    assert {scene.seed for _, _, scene in told if scene is not None} == {1, 2, 3, 4}


def test_a_program_that_breaks_is_graded_like_any_other() -> None:
    result = grade(CountingExercise(), Program("mine.py", ASK + b"1 / 0\n"), best_sandbox())
    assert result.final == 0.0
    assert {scene.outcome.kind for scene in result.scenes} == {OutcomeKind.PROGRAM_ERROR}


def test_a_killed_worker_costs_no_points(tmp_path: Path) -> None:
    result = grade(KillsItsWorker(marks=tmp_path), PROGRAM, best_sandbox(), workers=2)
    assert result.final == 60.0
    assert len(list(tmp_path.glob("2-*"))) == 2, "the scene was judged again"
    assert len(list(tmp_path.glob("1-*"))) == 1, "the others were not"


def test_a_worker_that_always_dies_is_our_fault(tmp_path: Path) -> None:
    with pytest.raises(SystemFault, match=r"rehearsal 2 could not be judged: its worker died 3 times \(signal 9\)"):
        grade(KillsItsWorker(marks=tmp_path, times=99), PROGRAM, best_sandbox(), workers=2)


def test_a_killed_crew_is_replaced(tmp_path: Path) -> None:
    result = grade(KillsItsCrew(marks=tmp_path), PROGRAM, best_sandbox(), workers=2)
    assert result.final == 60.0
    assert len(result.scenes) == 4


def test_a_fault_of_ours_is_never_a_zero(tmp_path: Path) -> None:
    with pytest.raises(SystemFault, match=r"rehearsal 1.*a bug of ours"):
        grade(Breaks(marks=tmp_path, times=99), PROGRAM, best_sandbox(), workers=1)


def test_a_level_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake = tmp_path / "bwrap"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\nprint('bubblewrap 0.9.0') if '--version' in sys.argv else sys.exit('no')\n"
    )
    fake.chmod(0o755)
    with pytest.raises(SandboxError, match="no"):
        grade(CountingExercise(), PROGRAM, Sandbox("A"), workers=1)


def test_a_full_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceWriteError, match="no such file"):
        grade(CountingExercise(), PROGRAM, best_sandbox(), out=tmp_path / "nowhere")


def test_what_travels_to_the_crew_can_be_packed() -> None:
    assert pickle.loads(pickle.dumps((PROGRAM, best_sandbox(), CountingExercise()))) == (
        PROGRAM,
        best_sandbox(),
        CountingExercise(),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupt_leaves_no_process_and_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    marks, scratch = tmp_path / "marks", tmp_path / "scratch"
    marks.mkdir()
    scratch.mkdir()
    script = (
        "from pathlib import Path\n"
        "from counting import *\n"
        "from sheber.judge import *\n"
        "from sheber.station import Limits\n"
        f"exercise = Marked(marks=Path({str(marks)!r}), limits=Limits(wall_s=60.0))\n"
        "grade(exercise, Program('p.py', HONEST + b'import time\\ntime.sleep(100)\\n'), best_sandbox(), workers=2)\n"
    )
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": path, "TMPDIR": str(scratch), "SHEBER_MARK": "interrupted"}
    judge = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(list(marks.iterdir())) >= 3, 60.0)  # one to warm the crew, two that are being judged
    below = session_of(judge.pid)
    assert len(below) >= 3, "a crew and its workers"
    judge.send_signal(number)
    judge.wait(20.0)
    wait_until(lambda: not session_of(judge.pid, below))
    if number == signal.SIGINT:  # nobody can tidy up after being killed
        assert list(scratch.iterdir()) == []


def session_of(judge: int, known: list[int] | None = None) -> list[int]:
    """The processes that a judge started: all below it now, or those of `known` that still run."""
    from test_sandbox import alive, descendants

    return [pid for pid in known if alive(pid)] if known is not None else descendants(judge)


def wait_until(condition: object, limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not come to pass"
        time.sleep(0.02)


@pytest.mark.physics
@pytest.mark.parametrize("name", ["poses-and-moves", "palletising", "vision-sorting"])
def test_real_scenes_are_the_same_bits_however_they_are_judged(name: str) -> None:
    """One after another in this process, and two at a time by a crew that forks."""
    from sheber.exercises import load

    exercise = load(name)
    some = Some(exercise)
    program = Program.read(exercise.program("reference"))
    together = grade(some, program, best_sandbox(), workers=2)
    assert hashes(together) == [run(some, program, seed, best_sandbox()).sha256 for seed in some.rehearsal]


class Some:
    """An exercise with two scenes in its rehearsal."""

    def __init__(self, exercise: object) -> None:
        self.exercise = exercise
        self.rehearsal = exercise.rehearsal[:2]  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["exercise"], name)

    def __reduce__(self) -> tuple[object, ...]:
        return (Some, (self.exercise,))
