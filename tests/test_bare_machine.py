"""The two commands of the README on a machine that has nothing of ours: no bubblewrap, no browser, no git."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bare_machine import BareMachine, student, why_none
from ordinary_user import ROOT

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(why_none()), reason=why_none())]
GIT = "tests/test_repository.py::test_no_file_names_an_index_host"


def test_the_readme_has_the_two_commands() -> None:
    commands = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]


@pytest.mark.physics
def test_demo_as_root_with_a_python_below_roots_home(tmp_path: Path) -> None:
    run = BareMachine(tmp_path).run("make demo")
    assert run.returncode == 0, run.stdout
    assert "sandbox level B" in run.stdout
    assert "100 / 100" in run.stdout
    assert "sudo" not in run.stdout


@pytest.mark.physics
def test_demo_without_any_sandbox_runs_our_own_program(tmp_path: Path) -> None:
    run = BareMachine(tmp_path, user=student(), landlock=False).run("make demo")
    assert run.returncode == 0, run.stdout
    assert "sandbox level C" in run.stdout
    assert "100 / 100" in run.stdout


@pytest.mark.parametrize("user", [0, student()])
def test_what_is_missing_is_named_once_before_anything_is_fetched(user: int, tmp_path: Path) -> None:
    run = BareMachine(tmp_path, user, set_up=False, network=False).run("make demo")
    assert run.returncode == 2, run.stdout
    lines = run.stdout.splitlines()
    assert lines[0].startswith("Missing on this system: bubblewrap")
    assert run.stdout.count("Missing on this system") == 1
    assert lines[1] == "The work goes on without what is missing."
    assert lines[2].startswith("Programs will run in a sandbox of level B")
    assert lines[3].startswith("Making the environment")
    assert "does not reach the index of Python packages" in run.stdout


def test_without_any_sandbox_it_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    run = BareMachine(tmp_path, landlock=False, set_up=False, network=False).run(
        "sh tools/machine.sh python3 .venv all"
    )
    assert run.returncode == 0, run.stdout
    assert "No sandbox works here." in run.stdout
    assert "bubblewrap is not installed" in run.stdout
    assert "Landlock" in run.stdout


@pytest.mark.parametrize(
    ("user", "landlock", "files", "reason"),
    [
        (0, True, "tests/test_doctor.py", "no sandbox of level A works here"),
        (student(), False, "tests/test_run.py", "no sandbox works here"),
    ],
)
def test_what_cannot_be_tested_is_skipped_with_one_reason(
    user: int, landlock: bool, files: str, reason: str, tmp_path: Path
) -> None:
    run = BareMachine(tmp_path, user, landlock=landlock).run(
        f"make machine PART=all && .venv/bin/python -m pytest {files} {GIT}"
    )
    assert run.returncode == 0, run.stdout
    assert f"\n{reason}, so the tests that need one are skipped." in run.stdout
    assert "git is not installed" in run.stdout
    skipped = set(re.findall(r"^SKIPPED \[\d+\] \S+ (.*)$", run.stdout, re.MULTILINE))
    assert skipped == {reason, "git is not installed"}
