"""A second kind of station goes the whole way: run, graded, scored again, reported, practised, boxed, in any language.

The thermostat of `tests/stations/` has its own step, channels, events, numbers, limits, criteria and client, and no
file of the package names it. Where one of these tests needs a branch in the package, the seam is wrong.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from catalogues import catalogue
from sheber import i18n
from sheber.exercises import Exercise, ExerciseError, load
from sheber.judge import Pool, Program, best_sandbox, grade, report, run
from sheber.judge.pool import Job
from sheber.judge.report.curves import plots
from sheber.judge.report.moments import moments
from sheber.trace import OutcomeKind, Trace, read
from stations.thermostat import NO_COMMAND, TOO_HOT, TOO_STRONG

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "stations" / "keep_warm"
SEED = 2**200 + 2
TOO_STRONG_BY_HAND = """
from sheber import SheberError, connect
try:
    connect().call("heat", power=150.0)
except SheberError:
    pass
"""


@cache
def keep_warm() -> Exercise:
    return load(FOLDER)


@cache
def judged(program: str, seed: int = SEED) -> Trace:
    """The trace of one of the exercise's own programs."""
    return run(keep_warm(), Program.read(keep_warm().program(program)), seed, best_sandbox())


def sheber(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, on a machine that has the thermostat."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths} | variables
    command = [sys.executable, "-P", "-m", "sheber", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300.0, check=False)


def test_no_file_of_the_package_knows_it() -> None:
    for file in (ROOT / "src" / "sheber").rglob("*"):
        if file.suffix in (".py", ".toml", ".md", ".j2", ".po", ".pot"):
            text = file.read_text("utf-8").lower()
            assert "thermostat" not in text, file
            assert "keep_warm" not in text, file


def test_it_is_small() -> None:
    assert len((ROOT / "tests" / "stations" / "thermostat.py").read_text("utf-8").splitlines()) <= 150


@pytest.mark.box
@pytest.mark.parametrize(
    ("program", "outcome", "low", "high"),
    [
        ("reference", OutcomeKind.FINISHED, 80, 100),
        ("clumsy", OutcomeKind.FINISHED, 40, 70),
        ("wrong", OutcomeKind.PROGRAM_ERROR, 0, 0),
        ("nothing", OutcomeKind.FINISHED, 0, 0),
        ("hostile", OutcomeKind.RESOURCE_LIMIT, 0, 0),
    ],
)
def test_its_programs_get_what_they_earn_in_the_box(program: str, outcome: OutcomeKind, low: int, high: int) -> None:
    trace = judged(program)
    assert trace.outcome.kind is outcome, trace.outcome
    assert low <= keep_warm().score(trace).points <= high
    assert (trace.header.station, trace.header.seed) == ("thermostat", SEED)
    assert not {"mujoco-core", "ruckig"} & set(trace.header.versions)
    assert trace.header.limits["switchings"] == 60


@pytest.mark.box
def test_its_clock_is_its_own() -> None:
    trace = judged("reference")
    assert trace.step_s == 0.1
    assert trace.time[1] == 0.1
    assert trace.duration > 60.0


@pytest.mark.box
def test_its_page_has_its_plots_and_its_moments_and_no_empty_stage() -> None:
    trace = judged("reference")
    shown = plots(trace)
    assert [(plot.title, plot.unit) for plot in shown] == [("Temperature", "°C"), ("Heater", "%")]
    assert {moment.text for moment in moments(trace)} >= {"heater set: 100 %", "heater set: 0 %"}
    page = report(keep_warm(), trace, keep_warm().score(trace))
    assert "Keep warm" in page
    assert "The room is warm" in page
    assert '<canvas id="canvas"' not in page
    assert str(SEED) in page
    hidden = report(keep_warm(), trace, keep_warm().score(trace), shown="points")
    assert "The room is warm" in hidden
    assert str(SEED) not in hidden
    assert "heater set" not in hidden


@pytest.mark.box
def test_a_grade_of_it_equals_its_runs_and_shares_a_pool_with_a_robot(tmp_path: Path) -> None:
    program, robot = Program.read(keep_warm().program("reference")), load("poses-and-moves")
    graded = grade(keep_warm(), program, best_sandbox(), workers=2, out=tmp_path)
    assert [scene.seed for scene in graded.scenes] == list(keep_warm().rehearsal)
    alone = run(keep_warm(), program, 3, best_sandbox())
    (third,) = [scene for scene in graded.scenes if scene.seed == 3]
    assert (third.trace_sha256, third.score) == (alone.sha256, keep_warm().score(alone))
    jobs = [
        Job(keep_warm(), program, 3, "a", tmp_path / "a.trace"),
        Job(robot, Program.read(robot.program("nothing")), 101, "b", tmp_path / "b.trace"),
    ]
    with Pool(best_sandbox(), workers=2) as pool:
        for job in jobs:
            pool.submit(job)
        found: dict[str, Any] = {job.scene: ending for job, ending in pool.endings()}
    assert found["a"].trace_sha256 == alone.sha256
    assert found["b"].score.points == 0.0


@pytest.mark.box
def test_the_command_runs_scores_again_and_reports_it(tmp_path: Path) -> None:
    program = FOLDER / "programs" / "reference.py"
    done = sheber("run", FOLDER, program, "--seed", SEED, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    stored = tmp_path / f"scene-{SEED}.trace"
    again = sheber("rescore", stored, "--exercise", FOLDER, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)[0]["points"] == told["points"] > 80.0
    (tmp_path / f"scene-{SEED}.html").unlink()
    page = sheber("report", stored, "--exercise", FOLDER, "--out", tmp_path)
    assert page.returncode == 0, page.stderr
    (html,) = tmp_path.glob("*.html")
    assert "Temperature" in html.read_text("utf-8")


@pytest.mark.box
def test_a_class_of_it_gets_one_table_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    given = tmp_path / "class"
    given.mkdir()
    for name in ("nothing", "reference"):
        (given / f"{name}.py").write_bytes(keep_warm().program(name).read_bytes())
    done = sheber("grade", FOLDER, given, "--out", tmp_path / "out", "--csv", tmp_path / "class.csv", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(one["name"], len(one["scenes"])) for one in told["programs"]] == [("nothing", 8), ("reference", 8)]
    assert told["programs"][0]["final"] == 0.0
    assert told["programs"][1]["final"] > 75.0
    assert {"The room is warm", "Cycle time"} <= {loss["name"] for loss in told["lost"]}
    assert (tmp_path / "class.csv").read_text("utf-8").startswith("program,final,worst,passed,seed 1,")
    traces = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.trace")}
    assert len(traces) == 16
    again = sheber("grade", FOLDER, given, "--out", tmp_path / "out", "--resume", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == told
    assert {file: file.stat().st_mtime_ns for file in traces} == traces


@pytest.mark.box
def test_it_keeps_what_every_exercise_must_keep(tmp_path: Path) -> None:
    done = sheber("check", FOLDER, "--json")
    assert done.returncode == 0, done.stdout
    assert [one["broken"] for one in json.loads(done.stdout)] == [[]] * 5
    copy = shutil.copytree(FOLDER, tmp_path / "copy")
    (copy / "starter.py").write_text(TOO_STRONG_BY_HAND, "utf-8")
    toml = (copy / "exercise.toml").read_text("utf-8").replace("degrees = 2.5", "degrees = 0.1")
    (copy / "exercise.toml").write_text(toml, "utf-8")
    done = sheber("check", copy, "--json")
    assert done.returncode == 2, done.stderr
    _texts, _scenes, starter, _expected, late = (one["broken"] for one in json.loads(done.stdout))
    (words,) = starter
    assert "Something goes wrong in the starter program at 0." in words
    assert "A power of 150 % was asked for" in words
    assert len(late) == 8


@pytest.mark.box
def test_a_program_that_falls_silent_at_it_is_ended_by_its_limit(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "copy")
    toml = (copy / "exercise.toml").read_text("utf-8").replace("[limits]", "[limits]\nsilent_s = 1.0")
    (copy / "exercise.toml").write_text(toml, "utf-8")
    endless = b"from sheber import connect\nconnect().call('heat', power=50.0)\nwhile True:\n    pass\n"
    trace = run(load(copy), Program("endless.py", endless), SEED, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "The program computed for 1 s (processor time) and sent no command" in trace.outcome.reason
    assert trace.header.limits["silent_s"] == 1.0
    assert trace.events_of("heat")


@pytest.mark.box
def test_a_program_started_by_hand_practises_at_it(tmp_path: Path) -> None:
    source = (FOLDER / "programs" / "reference.py").read_text("utf-8")
    program = tmp_path / "mine.py"
    program.write_text(re.sub(r"connect\(.*?\)", f"connect(exercise={str(FOLDER)!r}, seed=2)", source), "utf-8")
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, str(program)],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120.0,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"Keep warm, seed 2: \d+(\.\d+)? points of 100", done.stdout), done.stdout
    (stored,) = tmp_path.rglob("*.trace")
    boxed = run(keep_warm(), Program.read(keep_warm().program("reference")), 2, best_sandbox())
    assert keep_warm().score(read(stored)) == keep_warm().score(boxed)


@pytest.mark.box
def test_one_run_has_one_hash_and_reads_in_every_language() -> None:
    kazakh = {
        TOO_STRONG.english: "{asked:g} % қуат сұралды; жылытқыш 0-ден 100 %-ға дейін береді.",
        "heater set": "жылытқыш қосылды",
        "The program ended with an error": "Бағдарлама қатемен аяқталды",
    }
    with catalogue(kazakh, here=True), i18n.language("kk"):
        told = run(keep_warm(), Program.read(keep_warm().program("wrong")), SEED, best_sandbox())
    english = judged("wrong")
    assert told.header.language == "kk"
    assert told.sha256 == english.sha256
    assert "A power of 150 % was asked for" in told.outcome.reason
    (refused,) = english.events_of("error")
    with catalogue(kazakh, here=True), i18n.language("kk"):
        assert str(refused.data["text"]) == "150 % қуат сұралды; жылытқыш 0-ден 100 %-ға дейін береді."
        assert "150 % қуат сұралды" in english.outcome.reason
        page = report(keep_warm(), judged("reference"), keep_warm().score(judged("reference")), language="kk")
        assert "жылытқыш қосылды" in page


@pytest.mark.box
def test_its_emergency_stop_and_its_strangers_are_told_as_its_own(tmp_path: Path) -> None:
    hot = b"from sheber import connect\ns = connect()\ns.call('heat', power=100.0)\ns.call('wait', seconds=200.0)\n"
    trace = run(keep_warm(), Program("hot.py", hot), SEED, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.EMERGENCY_STOP
    assert (trace.outcome.text.id, trace.outcome.line) == (TOO_HOT.id, 4)
    strange = b"from sheber import connect\nconnect().call('move_linear', pose=[0, 0, 0, 1, 0, 0, 0])\n"
    trace = run(keep_warm(), Program("strange.py", strange), SEED, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.PROTOCOL_ERROR
    assert trace.outcome.text.id == NO_COMMAND.id


def test_its_text_has_its_numbers_in_units_of_its_own() -> None:
    assert "You may set the heater 60 times. The fuse goes at 40 °C. The room is small." in keep_warm().text()


def test_its_numbers_are_checked_when_the_exercise_is_opened(tmp_path: Path) -> None:
    def opened(old: str, new: str) -> Exercise:
        for file in FOLDER.rglob("*.*"):
            copy = tmp_path / file.relative_to(FOLDER)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
        toml = tmp_path / "exercise.toml"
        assert old in toml.read_text("utf-8")
        toml.write_text(toml.read_text("utf-8").replace(old, new), "utf-8")
        return load(tmp_path)

    assert opened("small", "large").numbers.choice("scene.room") == "large"
    with pytest.raises(ExerciseError, match=r"scene\.room is 'hall'. It must be one of .small., .large."):
        opened('room = "small"', 'room = "hall"')
    with pytest.raises(ExerciseError, match=r"cycle\.per\.boxes"):
        opened("degrees = 2.5", "boxes = 2.0")
    with pytest.raises(ExerciseError, match=r"tolerance\.home"):
        opened("[tolerance]", '[tolerance]\nhome = { full = 0.5, zero = 5.0, unit = "deg" }')
