"""The simulated mount: its limits, its flaws, its latch, and track tables."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from sheber.ground.mount import (
    DISH,
    FLIPPING,
    OVERLAPPING,
    AxisSpec,
    EncoderFault,
    Flaws,
    Mount,
    MountError,
    MountSpec,
    TrackTable,
    Wind,
    pointing_error_deg,
)

STEP_S = 0.1


def driven(mount: Mount, seconds: float) -> np.ndarray:
    """Time, readings, speeds and true angles of each step: (n, 7)."""
    rows = []
    for _ in range(round(seconds / STEP_S)):
        mount.step()
        state = mount.state
        speeds = state.azimuth_speed_deg_s, state.elevation_speed_deg_s
        rows.append((state.time_s, state.azimuth_deg, state.elevation_deg, *speeds, *mount.true_deg))
    return np.array(rows)


@pytest.mark.parametrize("goal", [0.3, 3.0, 90.0, 450.0])
def test_a_move_keeps_speed_and_acceleration_and_does_not_overshoot(goal):
    mount = Mount(DISH)
    mount.point(goal, 90.0)
    rows = driven(mount, 120.0)
    speed = rows[:, 3]
    assert rows[:, 1].max() <= goal
    assert rows[-1, 1] == pytest.approx(goal, abs=0.0021)
    assert speed.max() <= DISH.azimuth.speed_deg_s
    assert np.abs(np.diff(speed)).max() <= DISH.azimuth.acceleration_deg_s2 * STEP_S + 1e-12
    assert mount.state.moving is False


def test_a_long_move_takes_what_a_trapezoid_of_its_numbers_takes_and_a_soft_end():
    mount = Mount(DISH)
    mount.point(90.0, 90.0)
    rows = driven(mount, 40.0)
    arrived = rows[np.argmax(rows[:, 1] > 89.9), 0]
    assert 90.0 / 6.0 + 6.0 / 2.0 - 0.5 < arrived < 90.0 / 6.0 + 6.0 / 2.0 + 1.5  # the last bit is exponential


def test_braking_has_no_jerk_at_its_end():
    mount = Mount(DISH)
    mount.point(90.0, 90.0)
    accelerations = np.diff(driven(mount, 40.0)[:, 3]) / STEP_S
    at_the_end = np.diff(accelerations[160:]) / STEP_S
    assert np.abs(at_the_end).max() < 6.0  # a trapezoid's end has 2 deg/s² / 0.1 s = 20 deg/s³


def test_an_axis_at_rest_does_not_start_within_its_dead_band():
    mount = Mount(OVERLAPPING)
    mount.point(0.99, 90.0)
    assert driven(mount, 5.0)[-1, 1] == 0.0
    mount.point(1.01, 90.0)
    assert driven(mount, 5.0)[-1, 1] == pytest.approx(1.01, abs=0.1)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "says"),
    [
        (10.0, 91.0, "cannot go to elevation 91.00 deg: this axis goes from 0.0 to 90.0 deg"),
        (450.1, 45.0, "cannot go to azimuth 450.10 deg: this axis goes from 0.0 to 450.0 deg"),
        (-0.1, 45.0, "azimuth -0.10"),
        (float("nan"), 45.0, "azimuth nan is no number"),
        (10.0, float("inf"), "elevation inf is no number"),
        ("north", 10.0, "azimuth north is no number"),
    ],
)
def test_what_the_mount_cannot_reach_is_refused_in_words_and_changes_nothing(azimuth, elevation, says):
    mount = Mount(OVERLAPPING)
    mount.point(20.0, 30.0)
    with pytest.raises(MountError, match=says):
        mount.point(azimuth, elevation)
    rows = driven(mount, 60.0)
    assert rows[-1, 1:3] == pytest.approx((20.0, 30.0), abs=0.1)


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        (AxisSpec(0.0, 450.0, speed_deg_s=0.0), "speed_deg_s = 0.0. It must be a number above 0"),
        (AxisSpec(0.0, 450.0, acceleration_deg_s2=float("nan")), "acceleration_deg_s2 = nan"),
        (AxisSpec(0.0, 450.0, dead_band_deg=-1.0), "dead_band_deg = -1.0. It must be 0 or more"),
        (AxisSpec(90.0, 90.0), "highest_deg = 90.0. It must be above lowest_deg = 90.0"),
    ],
)
def test_a_mount_that_cannot_be_is_refused(axis, says):
    with pytest.raises(MountError, match=says):
        MountSpec(axis, AxisSpec(0.0, 90.0))


def test_the_places_for_a_bearing():
    assert OVERLAPPING.azimuths(10.0) == (10.0, 370.0)
    assert OVERLAPPING.azimuths(100.0) == (100.0,)
    assert OVERLAPPING.overlap_deg == 90.0
    assert FLIPPING.azimuths(0.0) == (0.0, 360.0)
    assert FLIPPING.flips
    assert replace(OVERLAPPING, azimuth=AxisSpec(-180.0, 180.0)).azimuths(270.0) == (-90.0,)


# --- the latch ---


def test_a_command_past_north_takes_the_long_way_and_holds_the_next_ones():
    mount = Mount(replace(DISH, park_deg=(359.0, 30.0)))
    mount.point(1.0, 30.0)
    assert mount.state.latched
    driven(mount, 5.0)
    mount.point(361.0, 30.0)  # too late
    azimuth = driven(mount, 60.0)[:, 1]
    assert azimuth.min() < 1.1
    azimuth = driven(mount, 100.0)[:, 1]
    assert azimuth[-1] == pytest.approx(361.0, abs=0.05)
    kinds = [event.kind for event in mount.take_events()]
    assert kinds == ["latched", "released", "latched", "reversed", "released"]


def test_stop_releases_the_latch():
    mount = Mount(DISH)
    mount.point(300.0, 90.0)
    driven(mount, 3.0)
    assert mount.state.latched
    mount.stop()
    assert not mount.state.latched
    mount.point(20.0, 90.0)
    assert driven(mount, 20.0)[:, 1].max() < 25.0


def test_a_mount_without_latch_obeys_at_once():
    mount = Mount(replace(DISH, latch_deg=None))
    mount.point(300.0, 90.0)
    driven(mount, 3.0)
    mount.point(20.0, 90.0)
    assert driven(mount, 20.0)[:, 1].max() < 25.0


# --- turning, stopping, limits ---


def test_turning_runs_against_the_end_and_says_so():
    mount = Mount(DISH)
    mount.turn(0.0, -3.0)
    rows = driven(mount, 40.0)
    assert rows[-1, 2] == 0.0
    assert [(event.kind, event.axis) for event in mount.take_events()][:1] == [("limit", "elevation")]


def test_a_limit_is_said_once():
    mount = Mount(DISH)
    mount.turn(-6.0, 0.0)
    driven(mount, 10.0)
    assert [event.kind for event in mount.take_events()] == ["limit"]


def test_turning_is_cut_to_the_speed_of_the_axis_and_nan_is_refused():
    mount = Mount(DISH)
    with pytest.raises(MountError, match="cannot turn at nan"):
        mount.turn(float("nan"), 0.0)
    mount.turn(100.0, 0.0)
    assert driven(mount, 10.0)[-1, 3] == 6.0


def test_stop_brakes_with_the_acceleration_of_the_axis():
    mount = Mount(DISH)
    mount.turn(6.0, 0.0)
    driven(mount, 10.0)
    mount.stop()
    rows = driven(mount, 5.0)
    assert (rows[:, 3] == 0.0).argmax() == pytest.approx(6.0 / 2.0 / STEP_S - 1, abs=1)


def test_park_goes_to_the_park_position():
    mount = Mount(replace(DISH, park_deg=(10.0, 80.0)))
    mount.point(30.0, 40.0)
    driven(mount, 30.0)
    mount.park()
    assert driven(mount, 30.0)[-1, 1:3] == pytest.approx((10.0, 80.0), abs=0.02)


# --- flaws ---


def test_play_delays_the_antenna_on_each_reversal_and_is_invisible_to_the_encoder():
    mount = Mount(DISH, flaws=Flaws(backlash_deg=(0.4, 0.0)))
    mount.point(20.0, 90.0)
    there = driven(mount, 20.0)[-1]
    mount.point(10.0, 90.0)
    back = driven(mount, 20.0)[-1]
    assert there[1] - there[5] == pytest.approx(0.2, abs=1e-9)
    assert back[1] - back[5] == pytest.approx(-0.2, abs=1e-9)


def test_wind_bends_the_antenna_as_its_numbers_say_and_follows_its_seed():
    def bent(seed: int, wind: Wind) -> np.ndarray:
        return driven(Mount(DISH, flaws=Flaws(wind=wind), rng=np.random.default_rng(seed)), 2000.0)[:, 5:7] - (
            0.0,
            90.0,
        )

    turbulence = Wind(turbulence_deg=0.1)
    assert bent(1, turbulence).std() == pytest.approx(0.1, rel=0.15)
    assert np.array_equal(bent(1, turbulence), bent(1, turbulence))
    assert not np.array_equal(bent(1, turbulence), bent(2, turbulence))
    gusts = np.hypot(*bent(1, Wind(gust_deg=0.3, gust_every_s=20.0)).T)
    assert 0.15 < gusts.max() <= 0.3
    assert 0.1 < (gusts > 0.0).mean() < 0.25  # 4 s of every 24 s


def test_the_wind_does_not_depend_on_how_the_steps_are_grouped():
    one, other = (Mount(DISH, flaws=Flaws(wind=Wind(0.1)), rng=np.random.default_rng(5)) for _ in range(2))
    for _ in range(100):
        one.step()
    other.advance(3.0)
    other.advance(7.0)
    assert one.true_deg == other.true_deg


def test_an_encoder_that_slips_moves_the_antenna_and_says_nothing():
    fault = EncoderFault("azimuth", "slips", from_s=20.0, slip_deg=2.0)
    mount = Mount(DISH, flaws=Flaws(faults=(fault,)))
    mount.point(30.0, 90.0)
    rows = driven(mount, 60.0)
    assert rows[150, 5] == pytest.approx(30.0, abs=0.01)
    assert rows[-1, 1] == pytest.approx(30.0, abs=0.01)
    assert rows[-1, 5] == pytest.approx(28.0, abs=0.01)


def test_an_encoder_that_freezes_stops_the_mount_until_it_is_reset():
    fault = EncoderFault("azimuth", "freezes", from_s=5.0, until_s=60.0)
    mount = Mount(DISH, flaws=Flaws(faults=(fault,)))
    mount.point(150.0, 30.0)
    driven(mount, 20.0)
    assert mount.state.deaf
    assert not mount.state.moving
    assert [(event.kind, event.axis) for event in mount.take_events()] == [("deaf", "azimuth")]
    with pytest.raises(MountError, match="azimuth encoder stood still while its drive turned"):
        mount.point(10.0, 10.0)
    driven(mount, 60.0)
    mount.reset()
    mount.point(10.0, 10.0)
    assert driven(mount, 60.0)[-1, 1:3] == pytest.approx((10.0, 10.0), abs=0.02)


# --- track tables ---


def waves(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A smooth way through the sky, within the limits of a mount."""
    return 200.0 + 80.0 * np.tanh((at - 300.0) / 40.0), 10.0 + 70.0 * np.exp(-(((at - 300.0) / 100.0) ** 2))


def test_a_track_table_is_followed_without_lag():
    mount = Mount(DISH)
    times = np.arange(0.0, 601.0)
    mount.follow(TrackTable.of(times, *waves(times)))
    rows = driven(mount, 600.0)[600:]
    azimuth, elevation = waves(rows[:, 0])
    assert pointing_error_deg(rows[:, 5], rows[:, 6], azimuth, elevation).max() < 0.02


def test_a_mount_waits_at_the_first_row_and_stays_at_the_last():
    mount = Mount(DISH)
    mount.follow(TrackTable.of([100.0, 110.0], [20.0, 40.0], [50.0, 55.0]))
    assert driven(mount, 99.0)[-1, 1:3] == pytest.approx((20.0, 50.0), abs=0.02)
    assert driven(mount, 100.0)[-1, 1:3] == pytest.approx((40.0, 55.0), abs=0.02)


def test_a_table_is_kept_through_the_latch():
    mount = Mount(DISH)
    mount.follow(TrackTable.of([100.0, 110.0], [320.0, 340.0], [50.0, 55.0]))
    assert mount.state.latched
    assert driven(mount, 140.0)[-1, 1] == pytest.approx(340.0, abs=0.02)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (([0.0], [1.0], [2.0]), "has 1 rows. It must have from 2 to 20000"),
        (([0.0, 1.0], [1.0], [2.0]), "has 2 times, 1 azimuths and 1 elevations"),
        (([0.0, 1.0], [1.0, np.nan], [2.0, 2.0]), "Row 2 of the track table holds something that is no number"),
        (([0.0, 1.0, 1.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), "Row 3 of the track table is not 0.01 s or more later"),
        (([0.0, 1e-320], [1.0, 400.0], [2.0, 2.0]), "Row 2 of the track table is not 0.01 s or more later"),
        (([0.0, 1e300], [1.0, 2.0], [2.0, 2.0]), "Row 2 of the track table has the time 1e.300 s, which no clock"),
        (([0.0, 1.0], [359.0, 1.0], [2.0, 2.0]), "jumps from 359.0 to 1.0 deg at row 2.*leads to 361.0 deg"),
    ],
)
def test_a_bad_table_is_refused_and_names_its_row(table, says):
    with pytest.raises(MountError, match=says):
        TrackTable.of(*table)


def test_a_table_beyond_the_limits_is_refused_and_names_its_row():
    mount = Mount(DISH)
    with pytest.raises(MountError, match=r"Row 2 of the track table: The mount cannot go to elevation 91\.00"):
        mount.follow(TrackTable.of([0.0, 1.0], [10.0, 10.0], [89.0, 91.0]))
    assert driven(mount, 5.0)[-1, 1] == 0.0


def test_ten_minutes_take_well_under_a_second():
    mount = Mount(DISH, flaws=Flaws((0.02, 0.02), Wind(0.05, gust_deg=0.2)), rng=np.random.default_rng(1))
    times = np.arange(0.0, 601.0)
    mount.follow(TrackTable.of(times, *waves(times)))
    before = time.process_time()
    mount.advance(600.0)
    assert time.process_time() - before < 0.5


def test_pointing_errors():
    assert pointing_error_deg(0.0, 0.0, 1.0, 0.0) == pytest.approx(1.0)
    assert pointing_error_deg(0.0, 60.0, 10.0, 60.0) == pytest.approx(4.99524, abs=1e-3)
    assert pointing_error_deg(0.0, 0.0, 180.0, 0.0) == pytest.approx(180.0)
    assert pointing_error_deg(20.0, 30.0, 200.0, 150.0) == pytest.approx(0.0, abs=1e-9)
    assert pointing_error_deg(0.0, 0.0, 1e-7, 0.0) == pytest.approx(1e-7, rel=1e-6)
    assert pointing_error_deg([0.0, 0.0], [0.0, 0.0], [1.0, 2.0], 0.0) == pytest.approx([1.0, 2.0])
