"""What all tests share: skips that are loud in continuous integration, and one language."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from sheber.judge import SandboxError
from what_works import missing, reason_without

ROOT = Path(__file__).parents[1]

# A busy machine is no failure; continuous integration tries the same examples each time, developers new ones.
settings.register_profile("sheber", deadline=None, derandomize=bool(os.environ.get("SHEBER_NOTHING_SKIPPED")))
settings.load_profile("sheber")

# A skip that may stand in continuous integration: what no package of this machine can give.
ALLOWED_SKIPS = ("no software GL", "no axe-core", "no nginx", "no recordings of satellites")


def pytest_sessionstart() -> None:
    """Look once, before a test changes what can be found."""
    missing()


def pytest_report_header() -> list[str]:
    """Say once, at the start, what this machine lacks."""
    return missing()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs a box is not started where it cannot have one: `box`, or `box("A")` for bubblewrap."""
    for mark in item.iter_markers("box"):
        if reason := reason_without(*mark.args):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A box that cannot be had is a skip. With SHEBER_NOTHING_SKIPPED set, a skip is a failure that says what was
    missing."""
    report = yield
    if report.failed and _wanted_a_box(call):
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {reason_without('A')}")
    if report.skipped and os.environ.get("SHEBER_NOTHING_SKIPPED") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(ALLOWED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"skipped, which continuous integration does not accept: {reason}"
    return report


def _wanted_a_box(call: Any) -> bool:
    """Whether a test or its fixture failed for a box that this machine cannot have."""
    return bool(reason_without("A")) and call.excinfo is not None and call.excinfo.errisinstance(SandboxError)


@pytest.fixture(scope="session")
def palletising_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of palletising's reference program on one scene, made once for all tests that read traces."""
    return reference_trace("palletising", tmp_path_factory.mktemp("traces"))


@pytest.fixture(scope="session")
def poses_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of poses-and-moves."""
    return reference_trace("poses-and-moves", tmp_path_factory.mktemp("traces"))


def reference_trace(name: str, folder: Path) -> Path:
    """Run an exercise's reference program on the scene of seed 1; gives the file of the trace."""
    from sheber.exercises import load
    from sheber.judge import Program, best_sandbox, run

    exercise = load(name)
    path = folder / "run.trace"
    run(exercise, Program.read(exercise.program("reference")), 1, best_sandbox(), to=path)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A teacher's own copy of poses-and-moves."""
    from sheber.exercises import load

    folder = tmp_path / "my-exercise"
    shutil.copytree(load("poses-and-moves").folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    toml = folder / "exercise.toml"
    toml.write_text(re.sub('(?m)^version = ".*"', 'version = "1"', toml.read_text("utf-8")), "utf-8")  # its own
    return folder


LOGS = ("", "sheber", "uvicorn", "uvicorn.error", "uvicorn.access")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """What a test says of the log of its process ends with the test: its stream is closed then."""
    loggers = [logging.getLogger(name) for name in LOGS]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read English, whatever the machine speaks."""
    monkeypatch.setenv("SHEBER_LANGUAGE", "en")
