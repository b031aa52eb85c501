"""`sheber grade` over a class: one table, rows with words, and going on where it was stopped."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sheber.cli import main
from sheber.cli.several import Row, _endings, _losses, _points
from sheber.exercises import load
from sheber.exercises.numbers import ExerciseError
from sheber.exercises.score import Check, Score
from sheber.i18n import message
from sheber.judge.grade import Grade, GradedScene
from sheber.judge.program import LARGEST_PROGRAM
from sheber.trace import Outcome, OutcomeKind, read
from sheber.trace.records import BEGIN
from test_strange_traces import changed, records

pytestmark = [pytest.mark.physics, pytest.mark.box]

TOUCHED = message("test_class.touched", "Unintended contact: {a}")
HOME = message("test_class.home", "Home at the end")
IDLE = "from sheber import connect\nconnect()\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a class may hand in."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "class"
    for student, source in (("aida", IDLE), ("boris", IDLE), ("chingiz", "print('hello')\n"), ("dana", "def f(:\n")):
        (folder / student).mkdir(parents=True)
        (folder / student / "program.py").write_text(source)
    (folder / "erlan.py").write_bytes(b"#" * (LARGEST_PROGRAM + 1))
    (folder / "notes.ipynb").write_text("{}")
    (folder / "linked.py").symlink_to(folder / "aida" / "program.py")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.py").write_text("")
    return folder


def graded(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["grade", "poses-and-moves", *arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_loss_that_is_called_otherwise_in_each_run_goes_by_its_key() -> None:
    """The wall of one student is not what the whole class ran into."""
    scenes = []
    for body in ("the wall", "the post"):
        checks = (
            Check(TOUCHED(a=body), "safety", 0.0, 5.0, key="contact"),
            Check(HOME(), "procedure", 0.0, 3.0, key="home"),
        )
        scenes.append(GradedScene("", 1, Outcome(OutcomeKind.FINISHED), Score(checks), "", None))
    lost = _losses([Row("aida", grade=Grade(0.0, "A", tuple(scenes)))])
    assert [(one.name, one.points) for one in lost] == [("contact", 5.0), ("Home at the end", 3.0)]


def graded_scenes(*outcomes: Outcome) -> Grade:
    """A grade without points whose scenes ended so."""
    scenes = (GradedScene(f"rehearsal {n}", n, one, Score(()), "", None) for n, one in enumerate(outcomes, 1))
    return Grade(0.0, "A", tuple(scenes))


def test_the_note_says_how_runs_ended_and_in_how_many_scenes() -> None:
    well = Outcome(OutcomeKind.FINISHED)
    stop = [Outcome(OutcomeKind.EMERGENCY_STOP, TOUCHED(a=body), 12) for body in ("the wall", "the post")]
    loop = Outcome(OutcomeKind.RESOURCE_LIMIT, HOME(), 5)
    assert _endings(graded_scenes(well, well)) == ""
    assert _endings(graded_scenes(loop, loop)) == (
        "In every scene: The program exceeded a limit of the run: Home at the end. It happened in line 5."
    )
    assert _endings(graded_scenes(well, loop, *stop)) == (
        "In 2 of 4 scenes: Emergency stop: Unintended contact: the wall. It happened in line 12."
    )


def test_a_row_for_a_spreadsheet_has_the_worst_scene_and_who_passed() -> None:
    well = Outcome(OutcomeKind.FINISHED)
    scores = [Score((Check(HOME(), "quality", points, 60.0, key="home"),)) for points in (50.0, 30.0)]
    scenes = tuple(GradedScene("", n, well, score, "", None) for n, score in enumerate(scores))
    assert _points(Grade(60.0, "A", scenes)) == [60.0, 30.0, "yes", 50.0, 30.0]
    assert _points(Grade(59.9, "A", scenes))[2] == "no"


def test_a_folder_gives_one_table_over_the_class(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = graded(capsys, "class/", "--csv", "out/class.csv")
    rows = {row["name"]: row for row in told["programs"]}
    assert list(rows) == ["aida/program", "boris/program", "chingiz/program", "dana/program", "erlan"]
    assert [row["final"] for row in rows.values()] == [0.0, 0.0, 0.0, 0.0, None]
    assert len(rows["aida/program"]["scenes"]) == 8
    assert rows["boris/program"]["words"] == "This is the same program as aida/program."
    assert rows["dana/program"]["scenes"][0]["outcome"] == "program error"
    assert "A program may have up to" in rows["erlan"]["words"]
    assert rows["dana/program"]["words"].startswith("In every scene: ")
    assert [loss["points"] for loss in told["lost"][:2]] == [15.0, 12.0]
    assert told["lost"][0]["key"] == "cycle"
    with open("out/class.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["program"], row["final"], row["seed 101"]) for row in table][::4] == [
        ("aida/program", "0.0", "0.0"),
        ("erlan", "", ""),
    ]
    assert [(row["worst"], row["passed"]) for row in table][::4] == [("0.0", "no"), ("", "")]
    assert table[3]["note"] == rows["dana/program"]["words"]
    assert len(list(Path("reports/poses-and-moves/class").rglob("scene-*.trace"))) == 4 * 8

    before = {file: file.stat().st_mtime_ns for file in Path("reports").rglob("*.trace")}
    broken = Path("reports/poses-and-moves/class/aida/program/scene-103.trace")
    broken.write_bytes(broken.read_bytes()[:-30])
    (folder / "boris" / "program.py").write_text(IDLE + "# mended\n")
    again = graded(capsys, "class/", "--resume")
    new = {str(file) for file, time in before.items() if file.stat().st_mtime_ns != time}
    assert {name.split("/")[-3] for name in new} == {"aida", "boris"}
    assert len(new) == 1 + 8
    assert [row["final"] for row in again["programs"]] == [0.0, 0.0, 0.0, 0.0, None]
    assert main(["grade", "poses-and-moves", "class/", "--resume"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "aida/program 0 0 Not passed" in text
    assert "Mean of the class: 0.0. The class lost most points here (mean of all runs): −15 Cycle time" in text


def test_a_name_that_no_encoding_has_gets_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("class").mkdir()
    Path("class/=\udcff\x1b[2J.py").write_text("")
    assert main(["grade", "poses-and-moves", "class", "--csv", "class.csv"]) == 0
    with open("class.csv", encoding="utf-8", newline="") as file:
        assert [row["program"] for row in csv.DictReader(file)] == ["'=\ufffd\ufffd[2J"]


def test_a_trace_that_cannot_be_scored_is_judged_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody may have put it there: it has the right program, exercise and seed, and no facts."""
    one = "class/aida/program.py"
    before = graded(capsys, one, "--out", "results", "--no-report")["final"]
    gift = Path("results/scene-101.trace")
    parts = records(gift.read_bytes())
    gift.write_bytes(changed(parts, BEGIN, lambda words: words | {"facts": {}}))
    with pytest.raises(ExerciseError):
        load("poses-and-moves").score(read(gift))
    place = Path("reports/poses-and-moves/class/aida/program")
    place.mkdir(parents=True)
    gift.rename(place / gift.name)
    told = graded(capsys, one, "--resume", "--no-report")["programs"]
    assert [row["final"] for row in told] == [before]
    assert load("poses-and-moves").score(read(place / gift.name))


def test_several_programs_are_named_as_they_were_typed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = graded(capsys, "class/chingiz/program.py", "./class/chingiz/program.py", "nobody.py", "--out", "results")
    assert [row["name"] for row in told["programs"]] == ["class/chingiz/program", "nobody"]
    assert "nobody.py cannot be read: no such file" in told["programs"][1]["words"]
    assert len(list(Path("results/class/chingiz/program").glob("*.trace"))) == 8


def test_an_empty_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "poses-and-moves", str(tmp_path)]) == 2
    assert "There is no program (a file with the ending .py) in" in capsys.readouterr().err


def test_a_teachers_error_stops_the_class_with_words(
    copy: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (copy / "exercise.py").open("a", encoding="utf-8") as file:
        file.write("\n_first = scene\ndef scene(seed, numbers):\n    return None\n")
    for programs in (["class/"], ["class/aida/program.py"]):
        assert main(["grade", str(copy), *programs, "--no-report"]) == 2
        told = capsys.readouterr().err
        assert "exercise.py: scene() gives nothing (None) for seed" in told
        assert "Traceback" not in told
    assert main(["run", str(copy), "class/aida/program.py"]) == 2
    assert "exercise.py: scene() gives nothing (None) for seed" in capsys.readouterr().err


def test_what_is_finished_is_kept_when_the_command_is_stopped(folder: Path) -> None:
    command = [sys.executable, "-m", "sheber", "grade", "poses-and-moves", "class", "--workers", "1"]
    grading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    traces = Path("reports/poses-and-moves/class")
    deadline = time.monotonic() + 120.0
    while len(list(traces.rglob("*.trace"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    grading.send_signal(signal.SIGINT)
    assert grading.wait(30.0) == 130
    kept = {file: file.stat().st_mtime_ns for file in sorted(traces.rglob("*.trace"))[:4]}
    assert subprocess.run([*command, "--resume"], capture_output=True, timeout=300).returncode == 0
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert len(list(traces.rglob("*.trace"))) == 4 * len(load("poses-and-moves").rehearsal)
