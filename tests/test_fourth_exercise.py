"""A fourth exercise: a folder that somebody drops beside the three is judged by the same tests, and breaks none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_a_fourth_exercise_is_welcome(tmp_path: Path) -> None:
    package = tmp_path / "sheber"
    shutil.copytree(ROOT / "src" / "sheber", package, ignore=shutil.ignore_patterns("__pycache__"))
    fourth = package / "exercises" / "fourth"
    shutil.copytree(package / "exercises" / "poses_and_moves", fourth)
    numbers = (fourth / "exercise.toml").read_text("utf-8")
    (fourth / "exercise.toml").write_text(numbers.replace('name = "poses-and-moves"', 'name = "fourth"'), "utf-8")
    text = (fourth / "text" / "en.md").read_text("utf-8")
    (fourth / "text" / "en.md").write_text(
        text.replace("## Limits", "## What a run may use").partition("Your program runs in a box")[0]
    )
    tests = [str(ROOT / "tests" / name) for name in ("test_exercises.py", "test_scores.py", "test_cli.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not physics and not box", *tests]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT / "tests")])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
