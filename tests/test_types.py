"""The type checker stands at every seam: a misspelt call there is an error before any program runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSPELT = {
    # controller -> cell, controller -> record, record -> trace, a device's port -> its physics, judge -> station
    "robot/controller.py": [
        ("self.cell.settled()", "self.cell.setled()"),
        ("self.record.sample(", "self.record.smaple("),
    ],
    "robot/record.py": [
        ("self._recorder.samples(", "self._recorder.sampels("),
        ("self._cell.keep()", "self._cell.kep()"),
    ],
    "robot/watch.py": [("self._tool.holding", "self._tool.holdign")],
    "robot/devices/gripper.py": [("return self._tool.width\n", "return self._tool.widht\n")],
    "robot/devices/suction.py": [("station.watch.let_go(", "station.watch.letgo(")],
    "judge/run.py": [("station.settle()", "station.setle()")],
    "exercises/exercise.py": [("self.station.build(", "self.station.biuld(")],
}


@pytest.mark.long
def test_a_misspelt_call_at_each_seam_is_an_error_of_types(tmp_path: Path) -> None:
    """A copy of the package, one word wrong at each seam: the checker names every one of them."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns(".cache", "__pycache__", "bundle"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    wrong: list[str] = []
    for name, changes in MISSPELT.items():
        file = tmp_path / "src" / "sheber" / name
        text = file.read_text("utf-8")
        for right, misspelt in changes:
            assert right in text, f"{name} has no {right!r} any more: take another call of this seam"
            text = text.replace(right, misspelt, 1)
            wrong.append(misspelt.strip("()\n").rpartition(".")[2])
        file.write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False).stdout
    for word in wrong:
        assert f'has no attribute "{word}"' in told, f"{word} passes the type checker:\n{told}"
