"""Memory: the peak of judge and box together, as proportional set size, sampled while a run goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sheber.bench.rows import Row, absolute, gated, skipped
from sheber.exercises import load
from sheber.temporary import temporary_folder

__all__ = ["memory", "peak_MB"]

EVERY_S = 0.02
GATES = {"palletising": "≤ 250", "vision-sorting": "≤ 600"}


def memory(quick: bool) -> list[Row]:
    """`sheber run` of each exercise's reference program, without a report page and, to compare, with it."""
    if not Path("/proc/self/smaps_rollup").exists():
        return [skipped(f"memory, {name}", "MB", gate, "needs Linux's /proc") for name, gate in GATES.items()]
    rows = []
    for name, gate in GATES.items():
        program = load(name).program("reference")
        with temporary_folder("bench") as folder:
            out = ["--out", str(folder / "results")]  # the folder itself is held
            command = [sys.executable, "-P", "-m", "sheber", "run", name, str(program), "--seed", "1", *out]
            rows.append(gated(f"memory, {name}", peak_MB([*command, "--no-report"]), "MB", gate, "judge and box"))
            if not quick:
                rows.append(absolute(f"memory, {name}, with its page", peak_MB(command), "MB"))
    return rows


def peak_MB(command: list[str]) -> float:
    """Run a command; the largest sum of proportional set sizes of it and all its descendants [MB = 1e6 bytes]."""
    peak = 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(_proportional(one) for one in _family(process.pid)))
        time.sleep(EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1e6


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    family, at = [pid], 0
    while at < len(family):
        for children in Path(f"/proc/{family[at]}/task").glob("*/children"):
            family += [int(one) for one in _text(children).split()]
        at += 1
    return family


def _proportional(pid: int) -> int:
    """Proportional set size [bytes]; the resident one, which is larger, where only that may be read."""
    for line in _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    resident = _text(Path(f"/proc/{pid}/statm")).split()
    return int(resident[1]) * 4096 if len(resident) > 1 else 0


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", errors="replace")
    except OSError:  # the process has gone, or is another user's
        return ""
