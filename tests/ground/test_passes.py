"""Passes: complete against brute force, exact, whole at the window's edges; skyfield as the second opinion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orbits
import pytest

from sheber.ground import instants
from sheber.ground.elements import Elements, Unfit, from_tle, to_tle
from sheber.ground.instants import DAY
from sheber.ground.orbit import EarthOrientation, followed, look, propagate, to_itrf
from sheber.ground.passes import BadWindow, Pass, crossings, find_passes, finder
from sheber.ground.passes.motion import motion_of, step_of
from sheber.ground.site import Site, Skyline

START = orbits.START


def _same(satellites: list[Elements], site: Site, days: float, step: float) -> int:
    """How many passes there were, each as by brute force; those shorter than a step may be ours alone."""
    end, count = START + days * DAY, 0
    for one in satellites:
        truth = orbits.brute_force(one, site, START, end, step)
        ours = [(max(found.aos, START), min(found.los, end)) for found in find_passes(one, site, START, end)]
        both = [pair for pair in ours if any(pair[0] < los and pair[1] > aos for aos, los in truth)]
        assert all(pair[1] - pair[0] < step for pair in ours if pair not in both), one
        assert len(both) == len(truth), one
        assert not truth or np.abs(np.array(both) - np.array(truth)).max() < 0.2, one
        count += len(truth)
    return count


def test_low_orbits_are_complete() -> None:
    assert _same(orbits.low(6, 1), orbits.FLAT, 3.0, 1.0) > 60


def test_low_orbits_behind_walls_are_complete() -> None:
    assert _same(orbits.low(6, 2), orbits.WALLED, 3.0, 1.0) > 60


def test_deep_space_is_complete() -> None:
    assert _same(orbits.deep(12, 3), orbits.FLAT, 3.0, 5.0) > 40


def test_deep_space_behind_walls_is_complete() -> None:
    assert _same(orbits.deep(12, 4), orbits.WALLED, 3.0, 5.0) > 40


def test_a_pass_over_an_edge_of_the_window_is_found_whole() -> None:
    (one,) = orbits.low(1, 1)
    whole = find_passes(one, orbits.FLAT, START, START + 2 * DAY)
    assert len(whole) > 4
    for each in whole[1:-1]:
        middle = (each.aos + each.los) / 2
        for window in ((START, middle), (middle, START + 2 * DAY), (middle - 1.0, middle + 1.0)):
            found = [again for again in find_passes(one, orbits.FLAT, *window) if again.aos < middle < again.los]
            assert len(found) == 1
            assert found[0].aos == pytest.approx(each.aos, abs=0.05)
            assert found[0].los == pytest.approx(each.los, abs=0.05)
            assert (found[0].rises, found[0].sets) == (True, True)


def test_a_long_pass_over_an_edge_is_found_whole() -> None:
    """A navigation satellite is up for hours: the search goes back far enough for its true AOS."""
    one = orbits.deep(12, 3)[6]
    each = max(find_passes(one, orbits.FLAT, START, START + 3 * DAY), key=lambda found: found.duration)
    assert each.duration > 3 * 3600.0
    for window in ((each.los - 60.0, each.los + 3600.0), (each.aos - 3600.0, each.aos + 60.0)):
        (found,) = find_passes(one, orbits.FLAT, *window)
        assert (found.rises, found.sets) == (True, True)
        assert (found.aos, found.los) == (pytest.approx(each.aos, abs=1.0), pytest.approx(each.los, abs=1.0))


def test_no_stretch_in_which_a_satellite_is_up_is_left_out() -> None:
    end = START + 2 * DAY
    t = np.arange(START, end, 10.0)
    for one in orbits.low(40, 11):
        step = step_of(one)
        kept = motion_of([one], orbits.FLAT, START, end, step, 0.0, EarthOrientation())
        up = t[look(one, orbits.FLAT, t).elevation > 0.0]
        assert set(((up - START) // step).astype(int).tolist()) <= set(kept.node.tolist()), one


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_extreme_between_samples_becomes_a_sample(sign: float) -> None:
    """A peak, or a dip, that is above, or below, zero for a fiftieth of the way between two samples."""
    row, share, run = np.zeros(9, dtype=np.intp), np.arange(9) / 8, np.zeros(9, dtype=np.intp)

    def margin(_row: np.ndarray, at: np.ndarray) -> np.ndarray:
        return sign * (1e-6 - (at - 0.4321) ** 2 * 0.1)

    found = crossings._with_extremes(crossings._Samples(row, share, run, margin(row, share)), margin)
    assert len(found.share) == 10
    (new,) = set(found.share.tolist()) - set(share.tolist())
    assert new == pytest.approx(0.4321, abs=1e-4)
    assert (np.diff(found.row + found.share) > 0).all()


def test_a_pass_beside_the_window_is_not_in_it() -> None:
    (one,) = orbits.low(1, 1)
    first, second = find_passes(one, orbits.FLAT, START, START + 2 * DAY)[1:3]
    assert find_passes(one, orbits.FLAT, first.los + 1.0, second.aos - 1.0) == []
    assert len(find_passes(one, orbits.FLAT, first.los - 1.0, second.aos + 1.0)) == 2


def _synchronous(longitude_deg: float) -> Elements:
    """A geostationary satellite over a longitude."""
    angle = np.degrees(float(instants.gmst(START))) + longitude_deg
    return Elements(
        "SYNCHRONOUS", 95000, START, 0.01, 0.0, 0.0001, 0.0, angle % 360.0, 1.00273791, source=orbits.SOURCE
    )


def test_a_geostationary_satellite_never_sets() -> None:
    (found,) = find_passes(_synchronous(76.85), orbits.FLAT, START, START + DAY)
    assert (found.aos, found.los, found.rises, found.sets) == (START, START + DAY, False, False)
    assert START <= found.tca <= START + DAY
    assert found.elevation_max_deg == pytest.approx(40.1, abs=0.5)  # of 43.2° N, from tables of dish pointing
    assert found.azimuth_tca_deg == pytest.approx(180.0, abs=0.5)
    assert find_passes(_synchronous(-103.0), orbits.FLAT, START, START + DAY) == []


def _dipping() -> tuple[Elements, Pass, float, float]:
    """A satellite, its pass with two culminations, and the instant and elevation [°] of the dip between them."""
    for one in orbits.deep(24, 3)[1::6]:  # Molniya
        for each in find_passes(one, orbits.FLAT, START, START + 3 * DAY):
            t = np.linspace(each.aos, each.los, 4000)
            elevation = np.degrees(look(one, orbits.FLAT, t).elevation)
            dips = np.flatnonzero((elevation[1:-1] < elevation[:-2]) & (elevation[1:-1] < elevation[2:])) + 1
            if len(dips):
                return one, each, float(t[dips[0]]), float(elevation[dips[0]])
    raise AssertionError("no orbit dips")


def test_a_pass_may_culminate_twice() -> None:
    one, each, at, dip = _dipping()
    assert each.aos < at < each.los
    assert each.elevation_max_deg > dip > 10.0
    top = np.degrees(look(one, orbits.FLAT, np.linspace(each.aos, each.los, 20_000)).elevation)
    assert each.elevation_max_deg == pytest.approx(top.max(), abs=0.001)


@pytest.mark.parametrize(("above", "count"), [(-0.002, 1), (0.002, 2)])
def test_a_mask_above_the_dip_between_two_culminations_makes_two_passes(above: float, count: int) -> None:
    one, _, at, dip = _dipping()
    found = find_passes(one, replace(orbits.FLAT, minimum_deg=dip + above), at - 3600.0, at + 3600.0)
    assert len(found) == count


@pytest.mark.parametrize("width", [4.0, 0.5, 0.05])
def test_a_narrow_mast_splits_a_pass(width: float) -> None:
    """However narrow: 0.05° are passed in less than a second."""
    (one,) = orbits.low(1, 1)
    each = max(find_passes(one, orbits.FLAT, START, START + DAY), key=lambda found: found.duration)
    azimuth = float(np.degrees(look(one, orbits.FLAT, each.aos + 100.0).azimuth))
    mast = Skyline(
        tuple(
            ((azimuth + side * width / 2) % 360.0, height)
            for side, height in ((-1, 0.0), (-1, 80.0), (1, 80.0), (1, 0.0))
        )
    )
    found = find_passes(one, replace(orbits.FLAT, skyline=mast), each.aos, each.los)
    assert len(found) == 2
    assert found[0].los < each.aos + 100.0 < found[1].aos
    assert (found[0].aos, found[1].los) == (pytest.approx(each.aos, abs=0.01), pytest.approx(each.los, abs=0.01))
    assert np.degrees(look(one, orbits.FLAT, np.array([found[0].los, found[1].aos])).azimuth) == pytest.approx(
        sorted([azimuth - width / 2, azimuth + width / 2], key=lambda a: abs(a - found[0].azimuth_los_deg)), abs=0.01
    )


@pytest.mark.parametrize("above", [0.02, 0.004])
def test_a_pass_that_only_grazes_the_mask_is_found(above: float) -> None:
    some = orbits.low(4, 1)
    for each in find_passes(some, orbits.FLAT, START, START + DAY):
        one = some[each.norad_id - 90000]
        top = float(np.degrees(look(one, orbits.FLAT, np.linspace(each.tca - 1, each.tca + 1, 201)).elevation).max())
        (found,) = find_passes(one, replace(orbits.FLAT, minimum_deg=top - above), each.aos, each.los)
        assert found.tca == pytest.approx(each.tca, abs=1.0)
        assert find_passes(one, replace(orbits.FLAT, minimum_deg=top + above), each.aos, each.los) == []


def test_the_numbers_of_a_pass_are_those_of_sgp4() -> None:
    for one in [*orbits.low(6, 1), *orbits.deep(6, 2)]:
        for each in find_passes(one, orbits.FLAT, START, START + DAY):
            seen = look(one, orbits.FLAT, np.array([each.aos, each.tca, each.los]))
            azimuth, elevation = np.degrees(seen.azimuth), np.degrees(seen.elevation)
            assert (each.satellite, each.norad_id) == (one.name, one.norad_id)
            assert elevation[1] == pytest.approx(each.elevation_max_deg, abs=0.005)
            assert not each.rises or elevation[0] == pytest.approx(10.0, abs=0.005)
            assert not each.sets or elevation[2] == pytest.approx(10.0, abs=0.005)
            told = [each.azimuth_aos_deg, each.azimuth_tca_deg, each.azimuth_los_deg]
            off = (azimuth - told + 180.0) % 360.0 - 180.0
            assert np.abs(off * np.cos(np.radians(elevation))).max() < 0.02
            assert each.duration == each.los - each.aos


def test_polynomials_follow_sgp4() -> None:
    """The promise of `motion`: metres in low orbits, far below a second of a pass everywhere."""
    for some, most in ((orbits.low(20, 1), 8.0), (orbits.deep(12, 2), 150.0)):
        for one in some:
            motion = motion_of([one], orbits.FLAT, START, START + DAY, step_of(one), 0.0, EarthOrientation())
            row = np.repeat(np.arange(len(motion.node)), 5)
            share = np.tile(np.array([0.1, 0.3, 0.5, 0.7, 0.9]), len(motion.node))
            r_itrf, _ = to_itrf(*propagate(one, motion.instant(row, share)), motion.instant(row, share))
            away = (r_itrf - orbits.FLAT.position) @ orbits.FLAT.axes.T
            assert np.linalg.norm(motion.place(row, share) - away, axis=1).max(initial=0.0) < most, one


def test_many_are_found_as_each_alone() -> None:
    some = [*orbits.low(5, 1), *(replace(one, norad_id=one.norad_id + 500) for one in orbits.deep(6, 2))]
    together = find_passes(some, orbits.WALLED, START, START + DAY)
    alone = [each for one in some for each in find_passes(one, orbits.WALLED, START, START + DAY)]
    alone.sort(key=lambda each: (each.aos, each.norad_id))
    assert [each.norad_id for each in together] == [each.norad_id for each in alone]
    assert [each.los for each in together] == pytest.approx([each.los for each in alone], abs=1e-3)
    assert [each.aos for each in together] == sorted(each.aos for each in together)


def test_the_order_of_searching_in_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    some = orbits.low(7, 1)
    whole = find_passes(some, orbits.FLAT, START, START + DAY)
    monkeypatch.setattr(finder, "_NODES", 1)
    again = find_passes(some, orbits.FLAT, START, START + DAY)
    assert [(each.norad_id, round(each.aos, 2)) for each in again] == [
        (each.norad_id, round(each.aos, 2)) for each in whole
    ]


def test_passes_are_those_of_skyfield() -> None:
    from skyfield.api import EarthSatellite, load, wgs84

    times = load.timescale(builtin=True)
    place = wgs84.latlon(orbits.FLAT.latitude_deg, orbits.FLAT.longitude_deg, orbits.FLAT.altitude_m)
    window = [times.from_datetime(instants.to_datetime(t)) for t in (START, START + 2 * DAY)]
    for one in orbits.low(5, 8):
        (read,) = from_tle(to_tle(one))
        theirs = EarthSatellite(*to_tle(one).splitlines()[1:], one.name, times)
        moments, kinds = theirs.find_events(place, *window, altitude_degrees=10.0)
        earth = EarthOrientation(ut1_utc=float(window[0].dut1))
        ours = find_passes(read, orbits.FLAT, START, START + 2 * DAY, earth=earth)
        for kind, mine in ((0, "aos"), (1, "tca"), (2, "los")):
            t = [moment.utc_datetime().timestamp() for moment, each in zip(moments, kinds, strict=True) if each == kind]
            inside = [getattr(each, mine) for each in ours if START < getattr(each, mine) < START + 2 * DAY]
            assert inside == pytest.approx(t, abs=1.0 if mine == "tca" else 0.5)


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (START, START, "is not after its beginning"),
        (START, START - 1, "is not after its beginning"),
        (float("nan"), START, "finite numbers"),
        (START, float("inf"), "finite numbers"),
        (START, START + 400 * DAY, "has 400 days; 366 are the most"),
    ],
)
def test_a_window_that_is_none(start: float, end: float, words: str) -> None:
    with pytest.raises(BadWindow, match=words):
        find_passes(orbits.low(1, 1), orbits.FLAT, start, end)


@pytest.mark.parametrize("start", [1e18, -1e18, instants.parse("9999-12-31")])
def test_a_window_outside_of_the_calendar_is_told_in_words(start: float) -> None:
    with pytest.raises(instants.NotAnInstant, match="outside of the calendar"):
        find_passes(orbits.low(1, 1), orbits.FLAT, start, start + 3 * DAY)


def test_old_elements_are_refused_loudly() -> None:
    some = orbits.low(2, 1)
    with pytest.raises(Unfit, match="SYNTHETIC 1 are too old for a timetable"):
        find_passes([some[0], replace(some[1], epoch=START - 40 * DAY)], orbits.FLAT, START, START + DAY)


def test_a_satellite_that_decays_within_the_window_is_refused() -> None:
    falling = replace(orbits.low(1, 1)[0], mean_motion_rev_day=16.3, bstar=0.01, eccentricity=0.0005)
    with pytest.raises(Unfit, match="has decayed"):
        find_passes(falling, orbits.FLAT, START, START + 6 * DAY)


@pytest.mark.parametrize("before", [30.0, 20_000.0])
def test_a_satellite_that_decays_soon_after_the_window_costs_the_others_nothing(before: float) -> None:
    some = orbits.low(4, 1)
    falling = replace(some[0], name="FALLING", epoch=START - 3600.0, mean_motion_rev_day=16.3, bstar=0.01)
    falling = replace(falling, eccentricity=0.0005)
    t = np.arange(START, START + DAY, 30.0)
    end = float(t[np.argmin(followed(falling, t))]) - 30.0 - before
    assert START + 3600.0 < end < START + DAY - 3600.0
    found = find_passes([*some[:2], falling, *some[2:]], orbits.FLAT, START, end)
    assert [one for one in found if one.satellite != "FALLING"] == find_passes(some, orbits.FLAT, START, end)
    ours = [(one.aos, one.los) for one in found if one.satellite == "FALLING"]
    assert np.allclose(ours, orbits.brute_force(falling, orbits.FLAT, START, end), rtol=0, atol=0.5)
    assert len(ours) >= 2


def test_no_satellites_have_no_passes() -> None:
    assert find_passes([], orbits.FLAT, START, START + DAY) == []
