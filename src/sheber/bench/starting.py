"""Starting: how long a student waits for the shortest run, against importing numpy and the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sheber.bench.rows import Row, absolute, gated, in_turn, timed
from sheber.judge import best_sandbox
from sheber.temporary import temporary_folder

__all__ = ["start"]

ONE_MOVE = """\
from sheber import connect

cell = connect()
cell.robot.move_joints(cell.robot.home)
"""


def start(quick: bool) -> list[Row]:
    """`sheber run` of a one-move program, trace written, no page; caches warm."""
    level = best_sandbox().level
    with temporary_folder("bench") as folder:
        program = Path(folder, "program.py")
        program.write_text(ONE_MOVE, encoding="utf-8")
        command = [sys.executable, "-P", "-m", "sheber", "run", "poses-and-moves", str(program), "--seed", "1"]
        command += ["--no-report", "--out", str(folder / "results")]  # the folder itself is held
        _quiet(command)  # caches warm
        ours, plain, ratio = in_turn(
            lambda: timed(lambda: _quiet(command)),
            lambda: timed(lambda: _quiet([sys.executable, "-P", "-c", "import numpy, mujoco"])),
            rounds=5 if quick else 15,
        )
    note = "" if level == "A" else f"level {level} here, the gate is for level A"
    return [
        gated("start of sheber run ÷ import numpy, mujoco", ratio, "times", "≤ 8", note),
        absolute("sheber run, one move", ours, "s", f"level {level}"),
        absolute("python -c 'import numpy, mujoco'", plain, "s"),
    ]


def _quiet(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
