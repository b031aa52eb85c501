"""Numbers of a teacher that leave no room for a scene are told in words, and soon: nobody waits for a draw for ever."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sheber.exercises import ExerciseError, load
from teachers_copy import changed


def test_a_budget_without_a_pass_is_told(tmp_path: Path) -> None:
    folder = copied("x-band-budget", tmp_path)
    changed(folder, "elevation_deg = [20.0, 60.0]", "elevation_deg = [60.0, 60.0]")
    with pytest.raises(ExerciseError, match=re.escape("between 60 and 60 deg (scene.elevation_deg)")):
        load(str(folder)).scene(1)


def test_a_pass_below_the_lowest_elevation_is_told(tmp_path: Path) -> None:
    folder = copied("keep-the-beam", tmp_path)
    changed(folder, "plain_deg = [25.0, 60.0]", "plain_deg = [15.0, 15.0]")
    changed(folder, "minimum_deg = 10.0", "minimum_deg = 20.0")
    with pytest.raises(ExerciseError, match=re.escape("between 15 and 15 deg (scene.plain_deg)")):
        load(str(folder)).scene(1)


def copied(name: str, tmp_path: Path) -> Path:
    """A teacher's own copy of an exercise of the catalogue."""
    return Path(shutil.copytree(load(name).folder, tmp_path / "mine"))
