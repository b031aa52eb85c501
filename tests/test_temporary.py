"""Temporary folders: gone at their end, swept where a run was killed, and only ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sheber import temporary
from sheber.temporary import temporary_folder

KILLED = """
import os, signal
from sheber.temporary import temporary_folder
with temporary_folder("run") as folder:
    (folder / "run.trace").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's place for temporary folders, for this test alone."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    temporary._sweep.cache_clear()
    return folder


def age(path: Path, days: float = 2.0) -> None:
    os.utime(path, (time.time() - days * 86400.0,) * 2, follow_symlinks=False)


def names(place: Path) -> set[str]:
    """What lies there, by the first two words of the name."""
    return {"-".join(path.name.split("-")[:2]) for path in place.iterdir()}


def test_a_folder_is_private_and_goes_with_its_block(place: Path) -> None:
    with temporary_folder("grade") as folder:
        assert folder.parent == place
        assert folder.name.startswith("sheber-grade-")
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_goes_a_day_later(place: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (left,) = place.iterdir()
    with temporary_folder("grade"):
        assert names(place) == {"sheber-run", "sheber-grade"}, "a fresh folder may be in use"
    age(left)
    temporary._sweep.cache_clear()
    with temporary_folder("grade"):
        assert names(place) == {"sheber-grade"}


def test_a_folder_in_use_stays_however_old(place: Path) -> None:
    """A school's pool lives for weeks."""
    with temporary_folder("pool") as held:
        age(held)
        temporary._sweep.cache_clear()
        with temporary_folder("grade"):
            assert names(place) == {"sheber-pool", "sheber-grade"}


def test_what_is_not_ours_stays(place: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "work.py").touch()
    (place / "sheber-run-link").symlink_to(elsewhere)
    (place / "sheber-file").touch()
    (place / "other-run").mkdir()
    for path in (*place.iterdir(), elsewhere):
        age(path)
    with temporary_folder("grade"):
        assert names(place) == {"sheber-run", "sheber-file", "other-run", "sheber-grade"}
    assert (elsewhere / "work.py").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_belongs_to_another_user_stays(place: Path) -> None:
    theirs = place / "sheber-run-1"
    theirs.mkdir()
    os.chown(theirs, 60599, 60599)
    age(theirs)
    with temporary_folder("grade"):
        assert theirs.is_dir()
