"""A program started by hand: a practice cell beside it, its score at the end, errors in the student's words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sheber.client.connection import in_the_box
from sheber.exercises import load
from sheber.judge import run
from sheber.judge.program import Program
from sheber.trace import OutcomeKind, read

pytestmark = pytest.mark.physics


def start(tmp_path: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.py"
    program.write_text(source, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SHEBER_E")} | environment
    return subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=clean
    )


def test_it_runs_is_scored_and_leaves_a_trace(tmp_path: Path) -> None:
    done = start(
        tmp_path,
        'from sheber import connect\ncell = connect(exercise="poses-and-moves", seed=3)\n'
        "assert connect() is cell\n"
        "cell.robot.move_joints(cell.robot.home + 0.2)\nprint('moved')\ncell.robot.move_joints(cell.robot.home)\n",
    )
    assert done.returncode == 0, done.stderr
    assert "without isolation" in done.stderr
    assert "To run it in the box, use: sheber run poses-and-moves program.py --seed 3\n" in done.stderr
    assert "s] moved\n" in done.stdout
    assert "points of 100" in done.stdout
    traces = list(tmp_path.rglob("*.trace"))
    assert len(traces) == 1
    trace = read(traces[0])
    assert [event.data["line"] for event in trace.events_of("move")] == [4, 6]
    assert trace.header.program == "program.py"


def test_the_starter_of_a_copy_runs_from_any_folder(tmp_path: Path) -> None:
    shutil.copytree(load("poses-and-moves").folder, tmp_path / "my")
    work = tmp_path / "work"
    sheber = [sys.executable, "-m", "sheber"]
    subprocess.run([*sheber, "new", "my/", "work/"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = work / "program.py"
    copy = tmp_path / "my"
    assert '"../my"' in program.read_text("utf-8"), "so both can move to another machine together"
    for _written in ("relative", "whole"):
        done = subprocess.run([sys.executable, program], cwd=elsewhere, capture_output=True, text=True, timeout=120)
        assert "points of 100" in done.stdout, done.stderr
        program.write_text(program.read_text("utf-8").replace('"../my"', json.dumps(copy.as_posix())))
    assert copy.as_posix() in program.read_text("utf-8")


def test_the_exercise_may_stand_in_the_environment_and_errors_are_short(tmp_path: Path) -> None:
    done = start(
        tmp_path,
        "from sheber import Pose, connect\ncell = connect()\ndef go(x):\n"
        "    cell.robot.move_to(Pose((x, 0, 0)))\ngo(2.0)\n",
        SHEBER_EXERCISE="poses-and-moves",
        SHEBER_SEED="3",
    )
    assert done.returncode == 1
    assert "Line 4: Unreachable: " in done.stderr
    assert "(called from line 5)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "session.py" not in done.stderr
    assert "points of 100" in done.stdout


def test_an_unknown_exercise_says_what_exists(tmp_path: Path) -> None:
    done = start(tmp_path, 'from sheber import connect\nconnect(exercise="juggling")\n')
    assert done.returncode == 1
    assert "palletising" in done.stderr, "the child's own message lists what exists"
    assert "Line 2: ValueError: The practice cell of 'juggling' did not start" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_for_the_box_names_an_exercise_beside_the_program_from_here(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    path = os.path.relpath(copy, work)
    for here, typed in ((tmp_path, f"./{copy.name} work/ten.py"), (work, f"{path} ten.py")):
        monkeypatch.chdir(here)
        assert in_the_box(path, None, str(work / "ten.py")) == f"sheber run {typed}"


def test_the_command_for_the_box_names_the_file_as_it_can_be_typed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = str(tmp_path / "my work" / "ten.py"), str(tmp_path.parent / "ten.py")
    assert in_the_box("palletising", None, inside) == "sheber run palletising 'my work/ten.py'"
    assert in_the_box("palletising", 7, outside) == f"sheber run palletising {outside} --seed 7"
    assert in_the_box("palletising", None, "") == "sheber run palletising program.py"


@pytest.mark.box
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("input('how many? ')", "Line 3: There is no keyboard in the box, so input() has nothing to read"),
        ("breakpoint()\ncell.wait(1)", "so breakpoint() does not work there"),
        (
            "from urllib.request import urlopen\nurlopen('http://example.com')",
            "Line 4: A program in the box has no network",
        ),
        ("import subprocess\nsubprocess.run(['ls'])", "Line 4: A program in the box cannot start other programs"),
        ("import os\nos.fork()", "Line 4: The box does not allow this. It has no other programs or processes"),
    ],
)
def test_what_the_box_refuses_is_one_sentence(source: str, sentence: str) -> None:
    program = f"from sheber import connect\ncell = connect()\n{source}\n".encode()
    outcome = run(load("poses-and-moves"), Program("mine.py", program), 3).outcome
    assert outcome.kind is OutcomeKind.PROGRAM_ERROR
    assert sentence in outcome.reason
    assert "Errno" not in outcome.reason
