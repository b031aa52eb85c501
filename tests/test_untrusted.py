"""What comes from others: modules, links, pipes and folders that somebody has put where the judge works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sheber.judge.pool import import_folders
from sheber.judge.sandbox.levels import find_bubblewrap

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
