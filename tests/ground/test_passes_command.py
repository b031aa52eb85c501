"""`sheber passes`: the same passes as table, JSON, CSV and picture; what cannot be searched is told; the figures."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import orbits
import pytest

from sheber.cli import main
from sheber.cli.errors import DONE, WRONG_USE
from sheber.diagrams import standalone
from sheber.ground.elements import Elements, to_tle
from sheber.ground.instants import DAY, parse, written
from sheber.ground.orbit import look
from sheber.ground.passes import elevation_curves, find_passes, ground_map, ground_track, sky_plot
from sheber.ground.site import Site, Skyline

PLACE = ["--latitude", "43.222", "--longitude", "76.8512", "--altitude", "800"]
WHEN = ["--start", "2026-11-29T00:00Z", "--days", "2"]
SITE = Site(
    "the site",
    43.222,
    76.8512,
    800.0,
    Skyline(((0.0, 0.0), (90.0, 0.0), (90.0, 25.0), (180.0, 25.0), (180.0, 0.0))),
    5.0,
)


def _some() -> list[Elements]:
    three = orbits.low(3, 1)
    return [*three[:2], replace(three[2], epoch=orbits.START - 40 * DAY)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with elements, one of them old, and a skyline."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.txt").write_text("".join(map(to_tle, _some())))
    (tmp_path / "roof.csv").write_text("azimuth,elevation\n0,0\n90,0\n90,25\n180,25\n180,0\n")
    return tmp_path


COMMAND = ["passes", "some.txt", *PLACE, *WHEN, "--skyline", "roof.csv", "--minimum", "5"]


@pytest.mark.parametrize("moment", ["9999-12-31", "0001-01-01"])
def test_the_ends_of_the_calendar_are_refused_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], moment: str
) -> None:
    assert main(["passes", "some.txt", *PLACE, "--start", moment, "--days", "3"]) != DONE
    _out, err = capsys.readouterr()
    assert "outside of the calendar" in err or "days before their epoch" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("oldest", ["nan", "-1", "inf"])
def test_an_oldest_age_that_is_none_is_wrong_use(folder: Path, capsys: pytest.CaptureFixture[str], oldest: str) -> None:
    assert main([*COMMAND, f"--oldest={oldest}"]) == WRONG_USE
    assert "is not a number from 0 to" in " ".join(capsys.readouterr().err.split())


def test_json_csv_and_picture_hold_what_the_library_finds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--json", "--csv", "a.csv", "--sky", "sky.svg"]) == DONE
    out, err = capsys.readouterr()
    told = json.loads(out)
    truth = find_passes(_some()[:2], SITE, orbits.START, orbits.START + 2 * DAY)
    assert len(truth) > 5
    for each, real in zip(told["passes"], truth, strict=True):
        assert (each["satellite"], each["norad_id"]) == (real.satellite, real.norad_id)
        for name in ("aos", "tca", "los"):
            assert parse(each[name]) == pytest.approx(getattr(real, name), abs=0.2)
        assert each["elevation_max_deg"] == pytest.approx(real.elevation_max_deg, abs=0.01)
        assert each["duration_s"] == pytest.approx(real.duration, abs=0.2)
    (refused,) = told["refused"]
    assert refused["norad_id"] == 90002
    assert "too old for a timetable of passes" in refused["why"]
    assert refused["why"] in err
    rows = list(csv.DictReader((folder / "a.csv").read_text().splitlines()))
    assert [{name: str(value) for name, value in each.items()} for each in told["passes"]] == rows
    assert (folder / "sky.svg").read_text("utf-8").count("SYNTHETIC") >= len(truth)


@pytest.mark.parametrize("columns", [80, 100])
def test_the_table_has_a_line_for_each_pass(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([*COMMAND, "--satellite", "synthetic 1", "--satellite", "90001"]) == DONE
    lines = capsys.readouterr().out.splitlines()
    truth = find_passes(_some()[1], SITE, orbits.START, orbits.START + 2 * DAY)
    assert len(lines) == len(truth) + 2
    for line, real in zip(lines[1:-1], truth, strict=True):
        assert line.startswith("SYNTHETIC 1")
        assert f"{real.elevation_max_deg:.0f}°" in line
        assert f" {written(real.aos)[:19].replace('T', ' ')} " in line
        assert f" {written(real.los)[11:19]} " in line
    assert lines[-1] == (
        f"{len(truth)} passes of 1 satellite from 2026-11-29T00:00Z to 2026-12-01T00:00Z over the site"
    )


def test_a_narrow_terminal_breaks_names_and_no_date(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    long = "A SATELLITE WITH A NAME AS LONG AS TWENTY-FOUR SIGNS"
    (folder / "some.txt").write_text(to_tle(replace(_some()[0], name=long)))
    assert main(COMMAND) == DONE
    out = capsys.readouterr().out
    (first, *_rest) = find_passes(_some()[0], SITE, orbits.START, orbits.START + 2 * DAY)
    assert f" {written(first.aos)[:19].replace('T', ' ')} " in out
    assert "…" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["passes", "none.txt", *PLACE], "none.txt cannot be read: No such file"),
        (["passes", "roof.csv", *PLACE], "roof.csv holds no elements"),
        (["passes", "some.txt", *PLACE, *WHEN, "--satellite", "synthetic 7"], "Did you mean"),
        (["passes", "some.txt", *PLACE, *WHEN, "--satellite", "90002"], "too old for a timetable"),
        (["passes", "some.txt", *PLACE, "--start", "soon"], "'soon' is no moment"),
        (["passes", "some.txt", *PLACE, *WHEN[:2], "--days", "0"], "is not after its beginning"),
        (["passes", "some.txt", *PLACE, *WHEN[:2], "--days", "nan"], "finite numbers"),
        (["passes", "some.txt", *PLACE, *WHEN[:2], "--days", "4000"], "366 are the most"),
        (["passes", "some.txt", *PLACE, *WHEN, "--skyline", "nothing.csv"], "skyline nothing.csv cannot be read"),
        (["passes", "some.txt", *PLACE, *WHEN, "--skyline", "some.txt"], "Line 1 of the skyline"),
        (["passes", "some.txt", "--latitude", "-93", "--longitude", "0"], "latitude_deg is -93"),
        (["passes", "some.txt", *PLACE, "--start", "1999-01-01"], "Check the clock"),
    ],
)
def test_what_cannot_be_searched_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == WRONG_USE
    out, err = capsys.readouterr()
    assert words in err
    assert "fault of Sheberkhana" not in err
    assert out == ""


def test_old_elements_are_used_where_one_insists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["passes", "some.txt", *PLACE, *WHEN, "--satellite", "90002", "--oldest", "50"]) == DONE
    assert "SYNTHETIC 2" in capsys.readouterr().out


# --- figures ----------------------------------------------------------------------------------------


def test_a_sky_plot_goes_from_aos_to_los() -> None:
    some = _some()[:2]
    found = find_passes(some, SITE, orbits.START, orbits.START + DAY)
    plot = sky_plot(found, some, SITE, beam_deg=3.0)
    assert plot.minimum_deg == 5.0
    for track, real in zip(plot.tracks, found, strict=True):
        assert (track.times[0], track.times[-1]) == (real.aos, real.los)
        assert track.azimuth_deg[[0, -1]] == pytest.approx([real.azimuth_aos_deg, real.azimuth_los_deg], abs=0.2)
        assert np.max(track.elevation_deg) == pytest.approx(real.elevation_max_deg, abs=0.5)
        assert track.beam_deg == 3.0
    azimuth, height = plot.skyline_deg
    assert height[np.searchsorted(azimuth, 120.0)] == 25.0
    assert sky_plot(found, some, orbits.FLAT).skyline_deg is None
    assert "SYNTHETIC 0" in standalone(plot)


def test_elevation_curves_begin_and_end_at_the_mask() -> None:
    some = _some()[:2]
    found = find_passes(some, orbits.FLAT, orbits.START, orbits.START + DAY)
    drawn = elevation_curves(found, some, orbits.FLAT)
    assert [level.value for level in drawn.levels] == [10.0]
    for series in drawn.series:
        assert (series.y[0], series.y[-1]) == (pytest.approx(10.0, abs=0.01), pytest.approx(10.0, abs=0.01))
    assert standalone(drawn)


def test_a_ground_track_is_below_the_satellite() -> None:
    one = _some()[0]
    track = ground_track(one, orbits.START, orbits.START + 5400.0)
    assert (track.times[0], track.times[-1], len(track.times)) == (orbits.START, orbits.START + 5400.0, 181)
    for k in (0, 60, 180):
        below = Site("below", float(track.latitude_deg[k]), float(track.longitude_deg[k]))
        seen = look(one, below, float(track.times[k]))
        assert np.degrees(seen.elevation) == pytest.approx(90.0, abs=1e-4)
        assert seen.range == pytest.approx(track.altitude_m[k], abs=0.01)
    assert np.abs(track.latitude_deg).max() < one.inclination_deg + 0.3
    assert standalone(ground_map({one.name: track}, [SITE]))
