"""`sheber doctor` tells what a school lacks: its packages, its secret, its tables, its room."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheber import doctor
from sheber.cli import extras, main
from sheber.school import migrating
from sheber.school.opening import School
from sheber.school.operating import measures
from sheber.school.operating.examining import Found, examine_school


def looked_at(folder: Path, database: str = "") -> dict[str, Found]:
    return {found.name: found for found in examine_school(folder, database)}


def test_a_school_that_can_be_served(school: School) -> None:
    found = looked_at(school.folder)
    assert found.keys() == {"school", "secret", "database", "disk", "worker"}
    assert found["database"].value == f"sqlite, tables of edition {migrating.newest()}"
    assert all(one.ok for name, one in found.items() if name != "school")
    assert found["worker"].value == "none runs now"


def test_a_folder_without_a_school(tmp_path: Path) -> None:
    (found,) = examine_school(tmp_path / "nowhere")
    assert (found.ok, found.advice) == (False, f"sheber serve {tmp_path / 'nowhere'}")
    assert not looked_at(tmp_path)["database"].ok
    assert list(tmp_path.iterdir()) == []  # nothing is made by looking


def test_a_secret_that_is_lost_or_open(school: School) -> None:
    file = school.folder / "secret"
    file.chmod(0o644)
    assert looked_at(school.folder)["secret"].advice == f"chmod 600 {file}"
    file.unlink()
    assert "from a backup" in looked_at(school.folder)["secret"].advice
    assert not file.exists()


def test_tables_of_another_edition(school: School) -> None:
    migrating.downgrade(school.engine, "base")
    found = looked_at(school.folder)["database"]
    assert not found.ok
    assert "Make a backup" in found.advice
    assert migrating.edition(school.engine) is None  # looking changes nothing


def test_a_database_that_is_away(school: School) -> None:
    found = looked_at(school.folder, "postgresql://nobody@127.0.0.1:1/x")["database"]
    assert not found.ok
    assert found.value.startswith("it does not answer: ")


def test_a_disk_that_is_almost_full(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "LEAST_FREE_BYTES", 1 << 60)
    assert "--quota-gb" in looked_at(school.folder)["disk"].advice


def test_root_is_told_to_take_another_account(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "as a user of its own" in looked_at(school.folder)["school"].advice
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert looked_at(school.folder)["school"].ok


def test_the_command_tells_of_the_packages_and_of_the_school(
    school: School, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda progress: [])
    monkeypatch.setenv("COLUMNS", "400")  # no sentence is wrapped, however long the folder's path is
    assert main(["doctor", "--school", str(school.folder)]) == 0
    told = capsys.readouterr().out
    assert "parts of a school" in told
    assert "tables of edition" in told
    real = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "fastapi" else real(name))
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "needed only by `sheber serve`: fastapi" in told
    assert "pip install 'sheberkhana[school]'" in told
