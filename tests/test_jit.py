"""Compiled kernels: each part has a cache folder of its own, and parts may be loaded in one process in any order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PART = """
from pathlib import Path
from sheber.jit import Kernels
KERNELS = Kernels(Path(__file__).parent, (Path(__file__).stem,))
@KERNELS.kernel("i8(i8)")
def twice(x):
    return {factor} * x
"""
RUN = "import one, two; print(one.twice(21), two.twice(21))"


def run(folder: Path) -> tuple[str, set[str]]:
    """What a process with both parts prints, and the folders of the cache that hold kernels."""
    environment = {"SHEBER_CACHE": str(folder / "kept"), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True)
    kernels = (folder / "kept" / "numba").rglob("*.nbc")
    return done.stdout.strip(), {file.relative_to(folder / "kept" / "numba").parts[0] for file in kernels}


def test_each_part_has_its_folder(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o700)
    (tmp_path / "one.py").write_text(PART.format(factor=2))
    (tmp_path / "two.py").write_text(PART.format(factor=3))
    printed, folders = run(tmp_path)
    assert printed == "42 63"
    assert len(folders) == 2
    (tmp_path / "two.py").write_text(PART.format(factor=4))  # one part changes: a new folder for it alone
    printed, after = run(tmp_path)
    assert printed == "42 84"
    assert len(after) == 3
    assert folders < after
