"""What comes from others: modules, links, pipes and folders that somebody has put where the judge works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sheber.cli import main
from sheber.exercises import load
from sheber.exercises.exercise import read_exercise
from sheber.exercises.numbers import ExerciseError
from sheber.judge.pool import import_folders
from sheber.judge.program import Program, ProgramError
from sheber.judge.sandbox.levels import find_bubblewrap
from sheber.trace import Header, TraceReadError, TraceWriteError, TraceWriter, read
from sheber.untrusted import held

EVERY_MODULE = """
import importlib, json, pkgutil, sys
from importlib import metadata
import sheber

for one in pkgutil.walk_packages(sheber.__path__, "sheber."):
    if not {"attacks", "programs", "__main__"} & set(one.name.split(".")) and not one.name.endswith(".starter"):
        importlib.import_module(one.name)
print(json.dumps(sorted({name.partition(".")[0] for name in (*sys.modules, *metadata.packages_distributions())})))
"""
CONSOLE_SCRIPT = "import sys\nfrom sheber.cli import main\nsys.exit(main())\n"  # what pip writes for `sheber`
COMMANDS = [
    ["exercises", "--json"],
    ["new", "poses-and-moves", "work"],
    ["run", "poses-and-moves", "program.py", "--seed", "1"],
    ["grade", "poses-and-moves", "program.py"],
    ["rescore", "reports/poses-and-moves/scene-1.trace"],
    ["report", "reports/poses-and-moves/scene-1.trace"],
]


# --- modules beside a program


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program and with a module of every name that the judge may import; each tells that it ran."""
    folder = tmp_path_factory.mktemp("planted")
    told = subprocess.run([sys.executable, "-P", "-c", EVERY_MODULE], capture_output=True, text=True, check=True)
    names = {name for name in json.loads(told.stdout) if name.isidentifier()} | {"sitecustomize", "usercustomize"}
    assert {"msgspec", "numpy", "sheber", "json", "rich", "mujoco", "jinja2"} <= names
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'RAN')!r}, 'a').write({name!r} + ' ')\n")
    (folder / "program.py").write_text("from sheber import connect\n\nconnect()\n")
    return folder


@pytest.mark.box
@pytest.mark.physics
@pytest.mark.parametrize("how", ["console script", "-P -m"])
def test_no_module_beside_a_program_runs_as_the_judge(how: str, planted: Path, tmp_path: Path) -> None:
    (planted / "RAN").unlink(missing_ok=True)
    script = tmp_path / "sheber"
    script.write_text(CONSOLE_SCRIPT)
    start = [str(script)] if how == "console script" else ["-P", "-m", "sheber"]
    for words in [*COMMANDS, ["doctor", "--json"]] if how == "console script" else COMMANDS[2:4]:
        done = subprocess.run(
            [sys.executable, *start, *words], cwd=planted, capture_output=True, text=True, check=False
        )
        assert not (planted / "RAN").exists(), (words, (planted / "RAN").read_text())
        assert done.returncode == 0, (words, done.stderr)


@pytest.mark.box
@pytest.mark.physics
def test_practice_by_hand_starts_no_module_of_the_working_folder(planted: Path, tmp_path: Path) -> None:
    """The program itself is the student's; the station that serves it must not come from where it is started."""
    (planted / "RAN").unlink(missing_ok=True)
    program = tmp_path / "program.py"
    program.write_text("from sheber import connect\n\nconnect(exercise='poses-and-moves', seed=1)\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHEBER_")}
    done = subprocess.run(
        [sys.executable, str(program)], cwd=planted, env=clean, capture_output=True, text=True, check=False
    )
    assert not (planted / "RAN").exists(), (planted / "RAN").read_text()
    assert "points of 100" in done.stdout, done.stderr


def test_the_crew_imports_neither_from_the_working_folder_nor_from_a_relative_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(Path(__file__).parents[1] / "src")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "link"), ".", "lib", own, "/elsewhere"])
    assert import_folders() == [own, "/elsewhere"]
    monkeypatch.chdir(own)
    assert own in import_folders()  # the package itself comes from there


@pytest.mark.box
def test_bubblewrap_is_never_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "bwrap"
    planted.write_text("#!/bin/sh\necho bubblewrap 9.9.9\n")
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    assert os.path.isabs(find_bubblewrap())


# --- what is read


def test_a_program_is_a_regular_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the teacher's own words")
    (tmp_path / "link.py").symlink_to(secret)
    with pytest.raises(ProgramError, match=rf"it is a link; name the file that it leads to, {secret}"):
        Program.read(tmp_path / "link.py")
    os.mkfifo(tmp_path / "pipe.py")
    for name, why in (("pipe.py", "not a regular file"), (".", "directory|not a regular file")):
        with pytest.raises(ProgramError, match=why):
            Program.read(tmp_path / name)
    with pytest.raises(ProgramError, match="not a regular file"):
        Program.read("/dev/zero")
    assert Program.read(secret).source == secret.read_bytes()


def test_a_trace_is_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tmp_path / "run.trace"
    with TraceWriter(whole, Header("any")):
        pass
    (tmp_path / "link.trace").symlink_to(whole)
    assert read(tmp_path / "link.trace").header.exercise == "any"  # what it leads to is shown only where it is a trace
    os.mkfifo(tmp_path / "pipe.trace")
    with pytest.raises(TraceReadError, match="not a regular file"):
        read(tmp_path / "pipe.trace")
    monkeypatch.setattr("sheber.trace.reader.LARGEST_TRACE", 100)
    with pytest.raises(TraceReadError, match="more than 100 bytes"):
        read(whole)


# --- what is written


def test_a_trace_is_written_through_nothing_that_lies_there(tmp_path: Path) -> None:
    treasure, path = tmp_path / "treasure", tmp_path / "scene-1.trace"
    for plant in (path.symlink_to, path.hardlink_to, lambda _target: os.mkfifo(path), path.symlink_to):
        path.unlink(missing_ok=True)
        treasure.write_text("mine")
        plant(treasure)
        with TraceWriter(path, Header("any")):
            assert path.is_file()
            assert not path.is_symlink()  # its own name from the beginning: a killed judge loses only the last moments
            assert read(path).header.exercise == "any"
        assert treasure.read_text() == "mine"
    path.unlink()
    path.symlink_to(tmp_path / "new")
    with TraceWriter(path, Header("any")):
        assert not (tmp_path / "new").exists()
    path.unlink()
    path.mkdir()
    with pytest.raises(TraceWriteError, match="something that is not a file has this name"):
        TraceWriter(path, Header("any"))


def test_two_judges_do_not_write_one_trace(tmp_path: Path) -> None:
    path = tmp_path / "scene-1.trace"
    with TraceWriter(path, Header("first")), pytest.raises(TraceWriteError, match="another sheber is writing there"):
        TraceWriter(path, Header("second"))
    assert read(path).header.exercise == "first"
    with TraceWriter(path, Header("second")):
        pass
    assert read(path).header.exercise == "second"


@pytest.mark.box
@pytest.mark.physics
def test_links_in_a_hand_in_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    treasure, folder = tmp_path / "treasure", tmp_path / "hand-in" / "reports" / "poses-and-moves"
    folder.mkdir(parents=True)
    treasure.write_text("mine")
    for name in ("scene-1.trace", "scene-1.html"):
        (folder / name).symlink_to(treasure)
    monkeypatch.chdir(tmp_path / "hand-in")
    Path("program.py").write_text("")
    assert main(["run", "poses-and-moves", "program.py", "--seed", "1"]) == 3
    assert treasure.read_text() == "mine"
    assert read(folder / "scene-1.trace").whole
    assert "<html" in (folder / "scene-1.html").read_text("utf-8")


@pytest.mark.box
@pytest.mark.parametrize("link", ["reports", "reports/poses-and-moves"])
@pytest.mark.parametrize("command", ["run", "grade", "practice"])
def test_the_usual_folder_is_no_link(
    command: str, link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hand-in").mkdir()
    monkeypatch.chdir(tmp_path / "hand-in")
    Path("program.py").write_text("")
    Path(link).parent.mkdir(exist_ok=True)
    Path(link).symlink_to(tmp_path / "elsewhere")
    assert main([command, "poses-and-moves", *(["program.py"] if command != "practice" else [])]) == 2
    told = capsys.readouterr().err
    assert f"{link} is a link" in told
    assert "--out FOLDER" in told
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.box
def test_a_folder_in_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "program.py"
    program.write_text("")
    with held(tmp_path, alone=False):
        assert main(["grade", "poses-and-moves", str(program), "--out", str(tmp_path)]) == 2
    with held(tmp_path, alone=True):
        assert main(["run", "poses-and-moves", str(program), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("another sheber is writing there now") == 2
    with held(tmp_path, alone=False), held(tmp_path, alone=False):
        pass  # runs may share a folder


def test_new_leaves_a_link_alone(tmp_path: Path) -> None:
    (tmp_path / "program.py").symlink_to(tmp_path / "nowhere")
    assert main(["new", "poses-and-moves", str(tmp_path)]) == 2
    assert (tmp_path / "program.py").is_symlink()


@pytest.mark.parametrize("name", ["../../esc", "a/b", ".", "-x", "a b", "x" * 61, "a_b", "a\n"])
def test_the_name_of_an_exercise_is_no_path(name: str, tmp_path: Path) -> None:
    for file in ("exercise.toml", "exercise.py"):
        text = (load("poses-and-moves").folder / file).read_text("utf-8")
        (tmp_path / file).write_text(text.replace('name = "poses-and-moves"', f"name = {json.dumps(name)}"))
    with pytest.raises(ExerciseError, match="it must be letters, digits and hyphens"):
        read_exercise(tmp_path)
