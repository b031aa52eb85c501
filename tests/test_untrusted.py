"""What comes from others: modules, links, pipes and folders that somebody has put where the judge works."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import resource
import shutil
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sheber.cli import main, several
from sheber.exercises import load
from sheber.exercises.exercise import read_exercise
from sheber.exercises.numbers import ExerciseError
from sheber.judge.pool import import_folders
from sheber.judge.program import Program, ProgramError
from sheber.judge.sandbox.levels import find_bubblewrap
from sheber.judge.sandbox.scratch import remove
from sheber.trace import Header, TraceReadError, TraceWriteError, TraceWriter, read
from sheber.untrusted import DEEPEST, create, files_below, held, write_whole

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
SOURCES = Path(__file__).parents[1] / "src"
COMMANDS = [
    ["exercises", "--json"],
    ["new", "poses-and-moves", "work"],
    ["run", "poses-and-moves", "program.py", "--seed", "1"],
    ["grade", "poses-and-moves", "program.py"],
    ["rescore", "reports/poses-and-moves/program/scene-1.trace"],
    ["report", "reports/poses-and-moves/program/scene-1.trace"],
    ["check", "poses-and-moves"],
    ["prepare"],
    ["bench", "--quick", "--only", "start"],
    ["bench", "--quick", "--only", "memory"],
    ["doctor", "--json"],
    ["grade", "poses-and-moves", "class", "--no-report"],
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
    (folder / "class").mkdir()
    for program in (folder / "program.py", folder / "class" / "aida.py"):
        program.write_text("from sheber import connect\n\nconnect()\n")
    return folder


@pytest.mark.box
@pytest.mark.physics
@pytest.mark.parametrize("how", ["console script", "-P -m"])
def test_no_module_beside_a_program_runs_as_the_judge(how: str, planted: Path, tmp_path: Path) -> None:
    (planted / "RAN").unlink(missing_ok=True)
    script = tmp_path / "sheber"
    script.write_text(CONSOLE_SCRIPT)
    start = [str(script)] if how == "console script" else ["-P", "-m", "sheber"]
    for words in COMMANDS if how == "console script" else COMMANDS[2:4]:
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
    own = str(SOURCES)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "link"), ".", "lib", own, "/elsewhere"])
    assert import_folders() == [own, "/elsewhere"]
    monkeypatch.chdir(own)
    assert own in import_folders()  # the package itself comes from there


def test_numba_takes_no_settings_from_the_working_folder(tmp_path: Path) -> None:
    """numba reads a file of settings there, where it finds a package yaml: with it, kernels are not even compiled."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "yaml.py").write_text("import json\nsafe_load = json.load\n")
    (tmp_path / ".numba_config.yaml").write_text('{"disable_jit": 1}')
    seen = (
        "import os, yaml\n"
        "from sheber import jit\n"
        "print(jit.numba.config.DISABLE_JIT)\n"
        "os.environ['NUMBA_DEBUG'] = '0'\n"  # a change, after which numba reads its settings again
        "jit.numba.core.config.reload_config()\n"
        "print(jit.numba.config.DISABLE_JIT, yaml.safe_load.__module__)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "lib"), str(SOURCES)])}
    command = [sys.executable, "-P", "-W", "error", "-c", seen]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0", "0", "json"], done.stderr


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


@pytest.mark.parametrize("write", [lambda path: create(path).close(), lambda path: write_whole(path, b"page")])
def test_a_folder_that_becomes_a_link_meanwhile_is_not_left(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a name and the writing the folder's path is made to lead elsewhere; what is written stays."""
    folder, elsewhere, away = tmp_path / "reports", tmp_path / "elsewhere", tmp_path / "away"
    folder.mkdir()
    elsewhere.mkdir()
    real = os.lstat

    def swapped(*args: Any, **more: Any) -> os.stat_result:
        if folder.is_dir() and not folder.is_symlink():
            folder.rename(away)
            folder.symlink_to(elsewhere)
        return real(*args, **more)

    monkeypatch.setattr(os, "lstat", swapped)
    write(folder / "scene-1.trace")
    monkeypatch.undo()
    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in away.iterdir()] == ["scene-1.trace"]


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
    treasure, folder = tmp_path / "treasure", tmp_path / "hand-in" / "reports" / "poses-and-moves" / "program"
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
@pytest.mark.parametrize("link", ["reports", "reports/poses-and-moves", "reports/poses-and-moves/program"])
@pytest.mark.parametrize("command", ["run", "grade", "practice"])
def test_the_usual_folder_is_no_link(
    command: str, link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hand-in").mkdir()
    monkeypatch.chdir(tmp_path / "hand-in")
    Path("program.py").write_text("")
    Path(link).parent.mkdir(parents=True, exist_ok=True)
    Path(link).symlink_to(tmp_path / "elsewhere")
    assert main([command, "poses-and-moves", *(["--program"] if command == "practice" else []), "program.py"]) == 2
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
    with pytest.raises(ExerciseError, match="It must have letters, digits and hyphens only"):
        read_exercise(tmp_path)


# --- an exercise from a stranger


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `poses_and_moves` in the working folder, whose exercise.py tells that it ran."""
    folder = tmp_path / "poses_and_moves"
    shutil.copytree(load("poses-and-moves").folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "exercise.py").open("a") as file:
        file.write(f"\nfrom pathlib import Path\nPath({str(tmp_path / 'RAN')!r}).touch()\n")
    (tmp_path / "program.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["run", "@", "program.py"],
        ["grade", "@", "program.py"],
        ["grade", "@", "."],
        ["new", "@", "w"],
        ["check", "@"],
        ["practice", "@"],
    ],
    ids=" ".join,
)
def test_a_word_like_a_name_of_the_catalogue_opens_no_folder(
    words: list[str], strangers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([strangers.name if word == "@" else word for word in words]) == 2
    told = capsys.readouterr().err
    assert "Did you mean poses-and-moves?" in told
    assert "name it by its path: ./poses_and_moves" in told
    assert not Path("RAN").exists()
    assert main(["new", "./poses_and_moves", "work"]) == 0
    assert Path("RAN").exists()


def test_a_folder_of_ones_own_is_opened_by_its_name(strangers: Path) -> None:
    strangers.rename("pyramid")
    assert main(["new", "pyramid", "work"]) == 0


def test_a_trace_is_judged_by_no_folder_of_a_look_alike_name(
    strangers: Path, poses_trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rescore", str(poses_trace), "--exercise", strangers.name]) == 2
    assert "name it by its path" in capsys.readouterr().err
    assert not Path("RAN").exists()


def test_what_runs_of_an_exercise_is_what_one_reads_there(strangers: Path) -> None:
    """A compiled file beside the source would run in its place, whatever the source says."""
    source = strangers / "exercise.py"
    code = compile(source.read_text().replace("RAN", "HIDDEN"), str(source), "exec")
    compiled = Path(importlib.util.cache_from_source(str(source)))
    compiled.parent.mkdir(exist_ok=True)
    unchecked = importlib.util.MAGIC_NUMBER + struct.pack("<I", 1) + bytes(8)
    compiled.write_bytes(unchecked + marshal.dumps(code))
    read_exercise(strangers)
    assert Path("RAN").exists()
    assert not Path("HIDDEN").exists()


@pytest.mark.parametrize("name", ["starter.py", "text/en.md", "exercise.toml", "exercise.py"])
def test_a_pipe_in_an_exercise_holds_nobody_up(name: str, strangers: Path) -> None:
    (strangers / name).unlink()
    os.mkfifo(strangers / name)
    with pytest.raises(ExerciseError, match=r"not a regular file|is missing|has no exercise\.toml"):
        all_read(strangers)
    (strangers / name).unlink()
    (strangers / name).write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(ExerciseError, match="more than 1048576 bytes"):
        all_read(strangers)


def all_read(folder: Path) -> str:
    """What an exercise has to say."""
    exercise = read_exercise(folder)
    return exercise.starter + exercise.text()


# --- a class in which somebody has built


def test_programs_are_looked_for_without_recursion_and_links(tmp_path: Path) -> None:
    for name in ("b.py", "a/c.py", ".hidden/d.py", "__pycache__/e.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "b.py")
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    (tmp_path / "closed").mkdir(mode=0)
    here = tmp_path
    for depth in range(DEEPEST + 5):
        here = here / "deep"
        here.mkdir()
        (here / f"at{depth}.py").touch()
    found = [path.relative_to(tmp_path) for path in files_below(tmp_path, ".py")]
    shallow = [path for path in found if path.parts[0] != "deep"]
    assert shallow == [Path("a/c.py"), Path("b.py")]
    assert len(found) - len(shallow) == DEEPEST


def test_a_class_with_folders_too_deep_for_python_is_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        for _ in range(1500):
            os.mkdir("deep")
            os.chdir("deep")
        os.chdir(tmp_path)
        assert main(["grade", "poses-and-moves", "."]) == 2
        assert "There is no program (a file with the ending .py) in" in capsys.readouterr().err
    finally:
        os.chdir(tmp_path)
        remove(tmp_path / "deep")  # else pytest falls over it


def test_more_programs_than_open_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        Path(f"{number}.py").touch()
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (100, 203))
    assert main(["grade", "poses-and-moves", "."]) == 2
    assert "These are 4 programs. This system lets one command grade 3." in capsys.readouterr().err
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (100, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: asked.append(limits))
    several._make_room(50)
    assert asked == [(250, 4096)]


@pytest.mark.parametrize("link", ["out/class", "out/class/aida"])
def test_below_a_named_folder_no_link_is_followed(
    link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("class/aida", "elsewhere"):
        Path(folder).mkdir(parents=True)
    Path("class/aida/program.py").touch()
    Path(link).parent.mkdir(parents=True)
    Path(link).symlink_to(tmp_path / "elsewhere")
    assert main(["grade", "poses-and-moves", "class", "--out", "out"]) == 2
    assert f"{link} is a link" in capsys.readouterr().err
    assert list(Path("elsewhere").iterdir()) == []


def test_no_device_is_taken_away(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    for write in (lambda: write_whole(tmp_path / "null", b"x"), lambda: create(tmp_path / "null")):
        with pytest.raises(OSError, match="something that is not a file has this name"):
            write()
    assert stat.S_ISCHR((tmp_path / "null").lstat().st_mode)
