"""`sheber schedule`: the file of the docs, what is printed, and what a file gets wrong."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from sheber.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "ground.md"
CONTACTS = {
    "start": "2027-03-21T06:00:00Z",
    "hours": 24,
    "antennas": [{"name": "Almaty"}],
    "partners": [{"name": "KazNU"}, {"name": "NWPU"}],
    "satellites": [{"name": "A", "partner": "KazNU"}, {"name": "N", "partner": "NWPU", "priority": 2}],
    "contacts": [
        {"antenna": "Almaty", "satellite": "A", "start": "2027-03-21T07:00:00Z", "end": "2027-03-21T07:10:00Z"},
        {"antenna": "Almaty", "satellite": "N", "start": "2027-03-21T07:05:00Z", "end": "2027-03-21T07:15:00Z"},
    ],
}


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """The file of the docs."""
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "week.toml"
    file.write_text(block, "utf-8")
    return file


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "listed.json"
    file.write_text(json.dumps(CONTACTS), "utf-8")
    return file


def test_the_file_of_the_docs_gives_a_timetable(week: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, picture = tmp_path / "week.csv", tmp_path / "week.svg"
    assert main(["schedule", str(week), "--prices", "--csv", str(table), "--svg", str(picture)]) == 0
    printed = capsys.readouterr().out
    assert "no better plan exists" in printed
    assert "Price of the share of KazNU, 30%: 0" in printed
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert {row["antenna"] for row in rows} == {"Almaty", "Hainan"}
    assert all(float(row["elevation_max_deg"]) >= 10.0 for row in rows)
    own = [row for row in rows if row["antenna"] == "Almaty" and "2027-03-21T12" <= row["start"] < "2027-03-21T13:30"]
    assert {row["partner"] for row in own} <= {"KazNU"}
    assert picture.read_text("utf-8").startswith("<")


def test_json_has_all_and_nothing_else(week: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", str(week), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["proven"]
    assert plan["value"] == pytest.approx(plan["bound"])
    assert plan["candidates"] == len(plan["contacts"]) + len(plan["refused"])
    assert sum(one["share"] for one in plan["partners"]) == pytest.approx(1.0)
    assert sum(one["value"] for one in plan["contacts"]) == pytest.approx(plan["value"], abs=0.1)


def test_why_says_who_took_it_and_what_it_costs(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", str(listed), "--why", "c0001"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "c0001 (A over Almaty) is worth 600. In its place are c0002 of N over Almaty (NWPU, 1200), worth 1200 "
        "together. KazNU holds 0.0% of the contact time.",
        "The best plan with it is worth 600 less.",
    ]
    assert main(["schedule", str(listed), "--why", "c0002", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"contact": "c0002", "given": True, "words": None, "cost": 0.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hours": -1}, "has -1.0 hours. It must have more than 0"),
        ({"antenna": []}, r"object contains unknown field `antenna`"),
        ({"antennas": [{"name": "Almaty", "turn_round_s": "long"}]}, r"`\$.antennas\[0\].turn_round_s`"),
        ({"contacts": []}, "The antenna 'Almaty' has no latitude_deg and longitude_deg"),
        (
            {"contacts": [], "antennas": [{"name": "Almaty", "latitude_deg": 43.2, "longitude_deg": 76.9}]},
            "The satellite 'A' has no elements",
        ),
        ({"required": ["c0001", "c0002"]}, "cannot be met together. The required contact c0001"),
        ({"satellites": [{"name": "A", "partner": "ESA"}]}, "names the partner 'ESA', which does not exist"),
    ],
)
def test_what_a_file_gets_wrong_is_told_in_words(
    changes: dict[str, object], words: str, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed.write_text(json.dumps(CONTACTS | changes), "utf-8")
    assert main(["schedule", str(listed)]) == 2
    assert re.search(words, " ".join(capsys.readouterr().err.split()), re.IGNORECASE)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"start = ", b"[" * 5000, b"{" + b'"a":{' * 5000])
def test_what_is_no_schedule_is_told(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)
    assert main(["schedule", str(file)]) == 2
    assert "x.toml is no schedule" in capsys.readouterr().err
    assert main(["schedule", str(tmp_path / "none.toml")]) == 2


def test_the_bench_gate_measures_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from sheber.bench.ground import schedule

    monkeypatch.setattr(schedule, "HOURS", 12.0)
    whole = schedule.network
    monkeypatch.setattr(schedule, "network", lambda seed: whole(seed, 12.0, 12))
    rows = schedule.schedule(quick=True)
    assert [row.met for row in rows if row.gate] == [True, True]
