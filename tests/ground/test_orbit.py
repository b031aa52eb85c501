"""Orbit and site: SGP4's own verification states, frames against skyfield, laws of what a site sees."""

from __future__ import annotations

import numpy as np
import orbits
import pytest

from sheber.ground import instants
from sheber.ground.orbit import LIGHT, EarthOrientation, doppler, geodetic, look, propagate, propagate_after, to_itrf
from sheber.ground.site import BadSite, Site, Skyline

T = orbits.START + 60.0 * np.arange(0, 1440, 7)


def test_many_satellites_go_as_each_alone() -> None:
    from sheber.ground.orbit import propagate_many

    some = [*orbits.low(3, 1), *orbits.deep(6, 2)]
    r, v = propagate_many(some, T)
    for k, one in enumerate(some):
        alone = propagate(one, T)
        assert np.abs(r[k] - alone[0]).max() < 5e-3  # an instant is 0.24 µs
        assert np.abs(v[k] - alone[1]).max() < 5e-6


def test_leap_seconds_between_epoch_and_instant_are_flown() -> None:
    from dataclasses import replace

    from sheber.ground.orbit import propagate_many

    (one,) = orbits.low(1, 1)
    before = replace(one, epoch=instants.parse("2016-12-31T12:00:00Z"))
    t = np.array([instants.parse("2017-01-01T12:00:00Z")])
    assert np.abs(propagate(before, t)[0] - propagate_after(before, 86401.0)[0]).max() < 1e-6
    assert np.array_equal(propagate_many([before], t)[0][0], propagate(before, t)[0])


@pytest.fixture(scope="module")
def timescale():
    from skyfield.api import load

    return load.timescale(builtin=True)


def test_sidereal_time_is_that_of_skyfield(timescale) -> None:
    from skyfield.sgp4lib import theta_GMST1982

    t = timescale.utc(2026, 11, 29, range(24))
    moments = orbits.START + 3600.0 * np.arange(24)
    ours = instants.gmst(moments, t.dut1)
    theirs = theta_GMST1982(t.ut1)[0]
    assert np.abs((ours - theirs + np.pi) % (2 * np.pi) - np.pi).max() < 1e-8


def test_a_look_is_that_of_skyfield(timescale) -> None:
    from sgp4.api import Satrec
    from skyfield.api import EarthSatellite, wgs84

    from sheber.ground.elements import from_tle, to_tle

    (one,) = from_tle(to_tle(orbits.low(1, 3)[0]))
    theirs = EarthSatellite.from_satrec(Satrec.twoline2rv(*to_tle(one).splitlines()[1:]), timescale)
    moments = T[::20]
    t = timescale.from_datetimes([instants.to_datetime(moment) for moment in moments])
    place = wgs84.latlon(orbits.FLAT.latitude_deg, orbits.FLAT.longitude_deg, orbits.FLAT.altitude_m)
    elevation, azimuth, distance = (theirs - place).at(t).altaz()
    ours = look(one, orbits.FLAT, moments, EarthOrientation(ut1_utc=float(t.dut1[0])))
    assert np.abs(np.degrees(ours.elevation) - elevation.degrees).max() < 1e-3
    assert np.abs((np.degrees(ours.azimuth) - azimuth.degrees + 180) % 360 - 180).max() < 1e-3
    assert np.abs(ours.range - distance.m).max() < 20.0


def test_velocity_and_range_rate_are_derivatives() -> None:
    for one, close in [*((one, 0.15) for one in orbits.low(2, 5)), *((one, 3.0) for one in orbits.deep(6, 6))]:
        r0, _ = to_itrf(*propagate(one, T - 0.5), T - 0.5)
        r1, _ = to_itrf(*propagate(one, T + 0.5), T + 0.5)
        _, v = to_itrf(*propagate(one, T), T)
        assert np.abs(r1 - r0 - v).max() < close  # SGP4's own, see orbit.py
        before, after, now = (look(one, orbits.FLAT, T + dt) for dt in (-0.5, 0.5, 0.0))
        assert np.abs(after.range - before.range - now.range_rate).max() < close


def test_polar_motion_moves_metres_and_keeps_lengths() -> None:
    r, v = propagate(orbits.low(1, 1)[0], T)
    still, _ = to_itrf(r, v, T)
    arcsecond = np.radians(1 / 3600)
    moved, _ = to_itrf(r, v, T, EarthOrientation(pole_x=0.3 * arcsecond, pole_y=0.4 * arcsecond))
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.linalg.norm(still, axis=1), rel=1e-14)
    away = np.linalg.norm(moved - still, axis=1)
    assert 5.0 < away.max() < 18.0  # 0.5" of 7000 km


def test_the_pole_is_where_polar_motion_puts_it() -> None:
    """The pole of rotation seen from the crust: x towards Greenwich, y towards 90° west. (IERS 2010, 5.4.1)"""
    earth = EarthOrientation(pole_x=1e-6, pole_y=2e-6)
    pole, _ = to_itrf(np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)), T[:1], earth)
    assert pole[0] == pytest.approx([1e-6, -2e-6, 1.0], abs=1e-11)


def test_doppler_is_that_of_the_range_rate() -> None:
    seen = look(orbits.low(1, 1)[0], orbits.FLAT, T)
    assert doppler(seen, 436.5e6) == pytest.approx(-436.5e6 * seen.range_rate / LIGHT)
    assert 8e3 < np.abs(doppler(seen, 436.5e6)).max() < 1.2e4


# --- sites ------------------------------------------------------------------------------------------


def test_a_site_lies_where_it_says() -> None:
    site = Site("here", 43.2, -76.9, 800.0)
    latitude, longitude, altitude = geodetic(site.position)
    assert np.degrees([latitude, longitude]) == pytest.approx([43.2, -76.9], abs=1e-10)
    assert altitude == pytest.approx(800.0, abs=1e-6)
    assert site.axes @ site.axes.T == pytest.approx(np.eye(3), abs=1e-15)
    assert np.linalg.det(site.axes) == pytest.approx(1.0)


@pytest.mark.parametrize("altitude", [0.0, 5e5, 2e7, 3.6e7])
@pytest.mark.parametrize("latitude", [-90.0, -89.9, -45.0, 0.0, 0.001, 60.0, 90.0])
def test_geodetic_is_exact(latitude: float, altitude: float) -> None:
    low, high = Site("", latitude, 10.0, 0.0), Site("", latitude, 10.0, 1000.0)
    found = geodetic(low.position + (high.position - low.position) * altitude / 1000.0)
    assert np.degrees(found[0]) == pytest.approx(latitude, abs=1e-9)
    assert found[2] == pytest.approx(altitude, abs=1e-3)


def test_a_skyline_goes_around_north() -> None:
    line = Skyline(((350.0, 10.0), (10.0, 20.0), (180.0, 0.0)))
    assert line.at([350.0, 0.0, 10.0, 180.0, 370.0, -10.0, -350.0]) == pytest.approx([10, 15, 20, 0, 20, 10, 20])


def test_a_wall_has_edges() -> None:
    line = Skyline(((90.0, 0.0), (90.0, 30.0), (100.0, 30.0), (100.0, 0.0)))
    assert line.at([89.999, 90.0, 95.0, 99.999, 100.0]) == pytest.approx([0, 30, 30, 30, 0])
    at_north = Skyline(((0.0, 30.0), (10.0, 30.0), (10.0, 0.0), (360.0, 0.0)))
    assert at_north.at([359.999, 0.0, 360.0, 5.0, 10.0]) == pytest.approx([0, 30, 30, 30, 0])


def test_the_mask_is_the_higher_of_skyline_and_minimum() -> None:
    site = Site("", 0.0, 0.0, 0.0, Skyline(((0.0, 0.0), (90.0, 10.0))), 5.0)
    assert site.mask_deg([0.0, 45.0, 90.0]) == pytest.approx([5.0, 5.0, 10.0])


def test_a_skyline_is_read() -> None:
    line = Skyline.from_csv("# measured in May\nazimuth,elevation\n0,1.5\n90, 3\n\n")
    assert line.points == ((0.0, 1.5), (90.0, 3.0))
    with pytest.raises(BadSite, match="Line 2 of the skyline is '90;3'"):
        Skyline.from_csv("0,1\n90;3\n")
    with pytest.raises(BadSite, match="at least one point"):
        Skyline.from_csv("")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"latitude_deg": 91.0}, r"latitude_deg is 91.0; it must be a number from -90.0 to 90.0"),
        ({"latitude_deg": float("nan")}, "latitude_deg is nan"),
        ({"altitude_m": 1e6}, "altitude_m"),
        ({"minimum_deg": float("inf")}, "minimum_deg is inf"),
    ],
)
def test_a_place_that_cannot_be(values: dict[str, float], words: str) -> None:
    with pytest.raises(BadSite, match=words):
        Site(**{"name": "", "latitude_deg": 0.0, "longitude_deg": 0.0, **values})


def test_a_skyline_that_cannot_be() -> None:
    with pytest.raises(BadSite, match="elevation_deg is 95"):
        Skyline(((0.0, 95.0),))
