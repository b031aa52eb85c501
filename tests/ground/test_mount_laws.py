"""Laws of tracking: the keyhole, north, overlap, over the top, look-ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sky import overhead

from sheber.ground.mount import (
    DISH,
    AxisSpec,
    Mount,
    MountError,
    SkyPath,
    continued,
    followed,
    look_ahead,
    naive,
    pointing_error_deg,
)

OVER_THE_TOP = replace(DISH, azimuth=replace(DISH.azimuth, highest_deg=360.0), elevation=AxisSpec(0.0, 180.0))


def lag_deg(path: SkyPath, speed_deg_s: float) -> float:
    """The greatest lag across the track of a rotator that has a speed and no inertia."""
    at, lag = path.azimuth_deg[0], 0.0
    for azimuth, elevation in zip(path.azimuth_deg, path.elevation_deg, strict=True):
        at += np.clip(azimuth - at, -speed_deg_s * 0.1, speed_deg_s * 0.1)
        lag = max(lag, abs(azimuth - at) * float(np.cos(np.radians(elevation))))
    return lag


@pytest.mark.parametrize(
    ("highest_deg", "rate_deg_s", "lag"),
    [(28.0, 0.5, 0.0), (80.8, 5.4, 0.0), (84.46, 9.0, 1.9), (88.26, 28.7, 9.7), (89.47, 94.0, 15.4)],
)
def test_the_keyhole_is_as_it_was_measured_on_real_orbits(highest_deg, rate_deg_s, lag):
    path = overhead(highest_deg)
    assert np.abs(np.gradient(path.azimuth_deg, path.time_s)).max() == pytest.approx(rate_deg_s, rel=0.1)
    assert lag_deg(path, 6.0) == pytest.approx(lag, rel=0.12, abs=0.05)


def test_a_path_has_no_jump_at_north_and_none_at_the_zenith():
    path = SkyPath.of([0.0, 1.0, 2.0, 3.0], [358.0, 359.5, 1.0, 2.5], [30.0] * 4)
    assert path.azimuth_deg[0] == pytest.approx(358.0)
    assert path.azimuth_deg[-1] == pytest.approx(362.5)
    assert np.abs(np.diff(overhead(89.9).azimuth_deg)).max() < 90.0
    with pytest.raises(MountError, match="two times or more"):
        SkyPath.of([1.0], [2.0], [3.0])


def test_a_client_that_sends_bearings_takes_the_long_way_at_north():
    path = overhead(40.0, heading_deg=270.0)  # from east over north to west
    mount = Mount(replace(DISH, park_deg=(90.0, 5.0)), start_s=path.time_s[0])
    errors = []
    for time_s, azimuth, elevation in naive(path):
        mount.point(azimuth, elevation)
        mount.advance(1.0)
        errors.append(pointing_error_deg(*mount.true_deg, *path.at(time_s)))
    assert "latched" in [event.kind for event in mount.take_events()]
    assert np.mean(np.array(errors) > 10.0) > 0.08  # about a minute of the pass


def test_every_way_on_the_mount_looks_at_the_satellite():
    path = overhead(40.0, heading_deg=250.0)
    for spec in (DISH, OVER_THE_TOP):
        for table in continued(path, spec):
            errors = pointing_error_deg(table.azimuth_deg, table.elevation_deg, *path.at(table.time_s))
            assert np.quantile(errors, 0.99) < 1e-6
            table.check(spec)


def test_overlap_gives_a_way_over_north_and_without_it_there_is_none():
    path = overhead(40.0, heading_deg=270.0)
    ways = continued(path, DISH)
    assert [way.azimuth_deg[0] > 360.0 for way in ways] == [True]
    short = replace(DISH, azimuth=replace(DISH.azimuth, highest_deg=360.0))
    with pytest.raises(MountError, match="has no room for it"):
        continued(path, short)
    assert continued(path, OVER_THE_TOP)  # on the other side


def test_two_ways_where_the_overlap_has_both_and_the_nearer_is_taken():
    path = overhead(12.0, heading_deg=315.0, lowest_deg=10.0)
    assert len(continued(path, DISH)) == 2
    assert look_ahead(path, DISH, 0.5, now_deg=20.0).azimuth_deg[0] < 180.0
    assert look_ahead(path, DISH, 0.5, now_deg=430.0).azimuth_deg[0] > 180.0


@pytest.mark.parametrize(
    ("highest_deg", "beam_deg", "better_by_s"), [(85.0, 2.0, 0.8), (88.0, 6.0, 7.0), (89.5, 20.0, 11.0)]
)
def test_looking_ahead_loses_less_than_following(highest_deg, beam_deg, better_by_s):
    path = overhead(highest_deg)
    plain = followed(path, DISH, continued(path, DISH)[0])
    ahead = followed(path, DISH, look_ahead(path, DISH, beam_deg))
    assert plain.lost_s(beam_deg) - ahead.lost_s(beam_deg) >= better_by_s
    assert ahead.error_deg.max() < plain.error_deg.max()


@pytest.mark.parametrize("heading_deg", [0.0, 10.0, 100.0, 170.0, 190.0, 260.0, 350.0])
def test_over_the_top_loses_only_what_the_pass_misses_the_zenith_by(heading_deg):
    path = overhead(88.0, heading_deg)
    over = followed(path, OVER_THE_TOP, look_ahead(path, OVER_THE_TOP, 0.5))
    around = followed(overhead(88.0), DISH, look_ahead(overhead(88.0), DISH, 0.5))
    assert over.error_deg.max() == pytest.approx(2.0, abs=0.1)
    assert over.lost_s(0.5) < 0.6 * around.lost_s(0.5)


def test_what_was_foreseen_is_what_happens():
    path = overhead(88.0)
    table = look_ahead(path, DISH, 6.0)
    assert np.abs(np.gradient(table.azimuth_deg, table.time_s)).max() < DISH.azimuth.speed_deg_s  # it looked ahead
    foreseen = followed(path, DISH, table)
    mount = Mount(replace(DISH, park_deg=(table.azimuth_deg[0], table.elevation_deg[0])), start_s=path.time_s[0] - 60.0)
    mount.follow(table)
    mount.advance(60.0)
    errors = []
    while mount.time_s < path.time_s[-1]:
        mount.step()
        errors.append(mount.error_deg(*path.at(mount.time_s)))
    assert np.mean(np.array(errors) > 3.0) * len(errors) * 0.1 == pytest.approx(foreseen.lost_s(6.0), abs=0.3)
