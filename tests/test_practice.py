"""Practice: a cell for a program that a student started by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinary_user import ROOT
from sheber.client.wire import WireClosed, open_endpoint
from sheber.trace import OutcomeKind, read

SEED = 2**255 + 1
SERVE = """
from pathlib import Path
from counting import AtADesk
from sheber.judge import practice
raise SystemExit(practice(AtADesk(), {seed}, program=Path({program!r}), out=Path({out!r})))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A practice cell that waits for a program, and its endpoint."""
    (tmp_path / "mine.py").write_text("# my program")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    script = SERVE.format(program=str(tmp_path / "mine.py"), out=str(tmp_path), seed=SEED)
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child, child.stdout.readline().strip()
        child.kill()


def test_a_program_is_served_scored_and_reported(served: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    child, endpoint = served
    channel = open_endpoint(endpoint)
    for do in ["connect", *["count"] * 7]:
        reply, _ = channel.exchange({"do": do})
    assert reply["count"] == 7
    channel.close()
    told = child.communicate(timeout=30.0)[0]
    assert child.returncode == 0
    assert f"Counting, seed {SEED}: 60 points of 100. Passed. (practice, not verified)" in told
    assert f"Trace: {tmp_path / f'practice-{SEED}.trace'}" in told
    trace = read(tmp_path / f"practice-{SEED}.trace")
    assert trace.outcome.kind is OutcomeKind.FINISHED
    assert trace.header.sandbox == "C"
    assert (trace.header.seed, trace.header.station) == (SEED, "counter")
    assert trace.header.source == "# my program"
    assert "Counting" in (tmp_path / f"practice-{SEED}.html").read_text("utf-8")


def test_a_stranger_is_not_served(served: tuple[subprocess.Popen[str], str]) -> None:
    child, endpoint = served
    stranger = open_endpoint(endpoint[:-4] + "abcd")
    with pytest.raises(WireClosed):
        stranger.exchange({"do": "connect"})
    stranger.close()
    channel = open_endpoint(endpoint)
    assert channel.exchange({"do": "connect"})[0]["ok"]
    channel.close()
    assert child.wait(30.0) == 0


def test_an_emergency_stop_is_told(served: tuple[subprocess.Popen[str], str]) -> None:
    child, endpoint = served
    channel = open_endpoint(endpoint)
    with pytest.raises(WireClosed):
        channel.exchange({"do": "stop"})
    channel.close()
    assert "Emergency stop: The stop was asked for." in child.communicate(timeout=30.0)[0]


def test_nobody_comes(tmp_path: Path) -> None:
    script = "import sheber.judge, sys\nsys.modules['sheber.judge.practice'].ARRIVAL_S = 0.2\n" + SERVE.format(
        program="none.py", out=str(tmp_path), seed=SEED
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 3
    assert "No program connected within 0.2 s" in told.stdout
