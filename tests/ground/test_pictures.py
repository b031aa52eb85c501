"""Pictures: arrays of a ground station become the diagram that a radio amateur or a planner knows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sheber.diagrams import DiagramError, Sky, svg
from sheber.ground import pictures

NOON = 1795003200.0  # 2026-11-18 12:00 UTC
TIMES = np.arange(0.0, 600.0, 10.0)
WAY = pictures.Way("A", TIMES, np.linspace(200.0, 340.0, 60), 50.0 * np.sin(np.pi * TIMES / 600.0), 4.0)


def test_a_sky_of_a_run_keeps_its_clock() -> None:
    found = pictures.sky([WAY], start=NOON, minimum_deg=5.0, beams={"dish": (10.0, 20.0, 4.0)})
    assert isinstance(found, Sky)
    assert found.run_start == NOON
    assert found.tracks[0].times is not None
    assert np.asarray(found.tracks[0].times)[0] == NOON
    assert "12:04" in svg(found)
    assert "12:04" not in svg(pictures.sky([WAY]))


def test_times_of_all_curves_follow_the_run() -> None:
    pair = (TIMES, np.zeros(60))
    for made in (
        pictures.elevations([WAY], minimum_deg=10.0),
        pictures.pointing(TIMES, np.zeros(60), 0.5),
        pictures.doppler(pair),
    ):
        assert 'class="now"' in svg(made)
        assert made.x.run_start == 0.0
    assert pictures.elevations([WAY], start=NOON).x.run_start == NOON


def test_half_of_the_beam_is_the_limit_of_pointing() -> None:
    assert pictures.pointing(TIMES, TIMES, 0.5).levels[0].value == 0.25


def test_doppler_is_told_in_kilohertz() -> None:
    found = pictures.doppler((TIMES, np.full(60, 2500.0)), measured=(TIMES[:3], [1000.0, 2000.0, 3000.0]))
    assert np.asarray(found.series[0].y)[0] == 2.5
    assert found.series[1].dots
    assert found.x.title


def test_a_waterfall_has_its_first_spectrum_at_the_top_and_frequency_across() -> None:
    found = pictures.waterfall(np.zeros((3, 4)), (0.0, 30.0), 48_000.0, start=NOON)
    assert found.y.down
    assert (found.y.low, found.y.high) == (NOON, NOON + 30.0)
    assert (found.x.low, found.x.high) == (-24.0, 24.0)


def test_an_eye_is_two_symbols_wide_and_stays_in_step() -> None:
    """2.4 samples a symbol: pieces that began at rounded steps would drift away."""
    per = 2.4
    samples = np.cos(np.pi * np.arange(5000) / per)  # a line of symbols +1, -1, +1 ...
    found = pictures.eye(samples, per)
    x, rows = np.asarray(found.series[0].x), np.asarray(found.series[0].y)
    assert x[0] == -1.0
    assert x[-1] == pytest.approx(1.0, abs=0.1)
    assert len(rows) <= pictures.MOST_SEGMENTS
    middle = np.abs(np.cos(np.pi * (x + 1.0)))
    assert np.abs(np.abs(rows) - middle).max() < math.pi * 0.5 / per  # half a sample beside at most


@pytest.mark.parametrize(("samples", "per"), [([], 4.0), ([1.0] * 8, 4.0), (np.ones((3, 30)), 4.0), ([1.0] * 9, 0.2)])
def test_an_eye_of_too_little_is_said(samples: object, per: float) -> None:
    with pytest.raises(DiagramError):
        pictures.eye(samples, per)  # type: ignore[arg-type]


def test_a_constellation_is_of_complex_numbers() -> None:
    found = pictures.constellation(np.array([1 + 2j, -1j]), np.array([1.0 + 0j]))
    assert np.asarray(found.clouds[0].x).tolist() == [1.0, 0.0]
    assert np.asarray(found.clouds[0].y).tolist() == [2.0, -1.0]
    assert found.clouds[1].wanted
    with pytest.raises(DiagramError):
        pictures.constellation(np.array(["a"]))


def test_a_timetable_has_a_lane_for_each_antenna() -> None:
    bookings = [
        pictures.Booking("north", "A", 0.0, 60.0, "us"),
        pictures.Booking("south", "B", 30.0, 90.0, "they"),
        pictures.Booking("north", "C", 30.0, 90.0, "they", refused=True),
    ]
    found = pictures.timetable(bookings, start=NOON)
    assert [(lane.label, len(lane.bars)) for lane in found.lanes] == [("north", 2), ("south", 1)]
    assert found.lanes[0].bars[1].refused
    assert found.lanes[1].bars[0].start == NOON + 30.0
