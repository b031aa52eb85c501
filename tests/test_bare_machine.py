"""The two commands of the README on a machine that has nothing of ours, with and without bubblewrap."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bare_machine import BareMachine, student, why_none
from ordinary_user import ROOT
from what_works import NO_BROWSER, NO_GIT, NO_LEVEL_A, NO_SANDBOX, missing_sandbox

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(why_none()), reason=why_none())]
GIT = "tests/test_repository.py::test_no_file_names_an_index_host"
PAGE = "tests/test_page.py::test_the_path_of_the_cycle_at_hand_is_the_bright_one"
ANYWHERE = "tests/test_repository.py::test_both_locks_agree"
HONEST = "tests/test_sandbox.py::test_a_box_that_is_given_up_while_it_starts_leaves_nothing"
BEST = ".venv/bin/python -c 'from sheber.judge import best_sandbox; print(best_sandbox().level)'"
NEEDS_A = pytest.mark.skipif(bool(missing_sandbox()[0]), reason=missing_sandbox()[0])

MACHINES = [  # user, bubblewrap, the level that works there
    pytest.param(0, False, "B", id="root-without"),
    pytest.param(0, True, "A", id="root-with", marks=NEEDS_A),
    pytest.param(student(), False, "B", id="user-without"),
    pytest.param(student(), True, "A", id="user-with", marks=NEEDS_A),
]


def test_the_readme_has_the_two_commands() -> None:
    commands = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]


@pytest.mark.physics
@pytest.mark.parametrize(("user", "bubblewrap", "level"), MACHINES)
def test_demo_uses_the_best_sandbox_there_is(user: int, bubblewrap: bool, level: str, tmp_path: Path) -> None:
    """As root, Python and packages lie below root's home, which nobody else may enter."""
    run = BareMachine(tmp_path, user, bubblewrap).run("make demo")
    assert run.returncode == 0, run.stdout
    assert f"sandbox level {level}" in run.stdout
    assert "100 / 100" in run.stdout
    assert "sudo" not in run.stdout


@pytest.mark.physics
def test_demo_without_any_sandbox_runs_our_own_program(tmp_path: Path) -> None:
    run = BareMachine(tmp_path, user=student(), landlock=False).run("make demo")
    assert run.returncode == 0, run.stdout
    assert "sandbox level C" in run.stdout
    assert "100 / 100" in run.stdout


@pytest.mark.physics
@pytest.mark.parametrize(("user", "bubblewrap", "level"), [MACHINES[0], MACHINES[3]])
def test_demo_sets_everything_up_by_itself(user: int, bubblewrap: bool, level: str, tmp_path: Path) -> None:
    """From nothing but the checkout, with the packages from the index: some two minutes."""
    run = BareMachine(tmp_path, user, bubblewrap, set_up=False).run("make demo && make demo")
    assert run.returncode == 0, run.stdout
    first, _made, rest = run.stdout.partition("Making the environment")
    assert f"Programs will run in a sandbox of level {level}" in first
    assert ("Missing on this system: bubblewrap" in first) is not bubblewrap
    assert rest.count("Installing the locked packages") == 1
    assert rest.count(f"sandbox level {level}") >= 2
    assert rest.count("100 / 100") == 2


@pytest.mark.parametrize(("user", "bubblewrap", "level"), MACHINES)
def test_what_is_said_before_the_set_up_holds_afterwards(
    user: int, bubblewrap: bool, level: str, tmp_path: Path
) -> None:
    run = BareMachine(tmp_path, user, bubblewrap).run(f"python3 tools/probe_sandbox.py --level; {BEST}")
    assert run.stdout.split() == [level, level]


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


def made_test(machine: BareMachine, *tests: str) -> tuple[str, set[str]]:
    """What `make test` prints where pytest is told to run these tests alone, and the reasons of skips."""
    run = machine.run("make test", {"PYTEST_ADDOPTS": " ".join(tests)})
    assert run.returncode == 0, run.stdout
    assert re.search(r"\d+ passed", run.stdout), run.stdout
    return run.stdout, set(re.findall(r"^SKIPPED \[\d+\] \S+ (.*)$", run.stdout, re.MULTILINE))


@pytest.mark.parametrize(
    ("machine", "files", "reason"),
    [
        ({"user": 0}, "tests/test_doctor.py", NO_LEVEL_A),
        ({"user": student()}, "tests/test_doctor.py", NO_LEVEL_A),
        ({"user": student(), "landlock": False}, "tests/test_run.py", NO_SANDBOX),
        pytest.param({"user": 0, "bubblewrap": True}, HONEST, "", marks=NEEDS_A),
        pytest.param({"user": student(), "bubblewrap": True}, HONEST, "", marks=NEEDS_A),
    ],
)
def test_what_cannot_be_tested_is_skipped_with_one_reason(
    machine: dict[str, int], files: str, reason: str, tmp_path: Path
) -> None:
    told, skipped = made_test(BareMachine(tmp_path, **machine), files, GIT, PAGE, ANYWHERE)  # type: ignore[arg-type]
    assert skipped == {reason, NO_GIT, NO_BROWSER} - {""}
    assert told.count(f"\n{NO_GIT}, so") == told.count(f"\n{NO_BROWSER}, so") == 1
    assert (f"\n{reason}, so the tests that need one are skipped." in told) is bool(reason)
