"""The link against its sources: the worked case, ITU-R's formulas and examples, and laws that hold for any numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.ground.link import (
    Dish,
    Link,
    LinkError,
    ReceiverNoise,
    StatedNoise,
    Transmitter,
    Yagi,
    carrier_at,
    climate,
    figure_of_merit_db,
    free_space_db,
    galactic_k,
    scintillation_db,
    sky_k,
)

X_BAND = 8.2e9
UHF = 436.5e6
FIVE = Dish(5.0, efficiency=0.6)
WORKED = Link(Transmitter(2.0, 6.0, X_BAND), FIVE, StatedNoise(150.0), climate("almaty"), exceeded_percent=0.1)

BETWEEN = [  # itur 0.4.0: frequency, elevation (degrees), per cent of the year; gas, cloud, rain in dB
    (8.1e9, 5.5, 0.1, (0.5042, 0.3947, 1.9846)),
    (8.4e9, 37.0, 0.5, (0.0829, 0.0676, 0.1835)),
    (2.3e9, 8.0, 0.05, (0.2149, 0.0221, 0.0192)),
    (11.0e9, 22.0, 0.02, (0.1809, 0.1852, 3.9729)),
    (5.0e9, 75.0, 2.0, (0.0370, 0.0106, 0.0026)),
]


def range_at(elevation_deg: float, height_m: float = 500e3, earth_m: float = 6371e3) -> float:
    """Distance to a satellite of a circular orbit."""
    sine = earth_m * np.sin(np.radians(elevation_deg))
    return float(-sine + np.sqrt(sine**2 + 2 * earth_m * height_m + height_m**2))


# --- antenna ------------------------------------------------------------------------------------


def test_a_dish_of_five_metres_at_x_band_is_the_worked_one() -> None:
    assert FIVE.gain_dbi(X_BAND) == pytest.approx(50.44, abs=0.01)
    assert np.degrees(FIVE.beam_rad(X_BAND)) == pytest.approx(0.51, abs=0.005)
    assert figure_of_merit_db(FIVE.gain_dbi(X_BAND), 150.0) == pytest.approx(28.7, abs=0.05)


def test_half_a_beam_aside_costs_half_the_power() -> None:
    for antenna in (FIVE, Dish(3.7), Yagi(14.0)):
        half = antenna.beam_rad(X_BAND) / 2
        assert antenna.pointing_loss_db([0.0, half, -half], X_BAND) == pytest.approx([0.0, 3.0, 3.0], abs=0.07)


def test_the_side_lobes_are_those_of_the_reference_pattern() -> None:
    """Appendix 8: 32 - 25 log phi dBi up to 48 degrees for a large dish, 52 - 10 log(D/lambda) - ... for a small."""
    aside = np.array([2.0, 10.0, 40.0])
    large = FIVE.gain_dbi(X_BAND) - FIVE.pointing_loss_db(np.radians(aside), X_BAND)
    assert large == pytest.approx(32 - 25 * np.log10(aside), abs=1e-6)
    small = Dish(1.0)
    ratio = 1.0 / (299792458.0 / X_BAND)
    heard = small.gain_dbi(X_BAND) - small.pointing_loss_db(np.radians([10.0, 60.0]), X_BAND)
    assert heard == pytest.approx([52 - 10 * np.log10(ratio) - 25, 10 - 10 * np.log10(ratio)], abs=1e-6)


@given(st.floats(0.3, 12.0), st.floats(0.5e9, 12e9))
def test_a_dish_hears_no_more_when_it_points_farther_aside(diameter: float, frequency: float) -> None:
    loss = Dish(diameter).pointing_loss_db(np.radians(np.linspace(0.0, 180.0, 4001)), frequency)
    assert loss[0] == 0.0
    assert np.all(np.diff(loss) >= -1e-9)
    whole_turn = Dish(diameter).pointing_loss_db([0.1, 0.1 + 2 * np.pi], frequency)
    assert whole_turn[0] == pytest.approx(whole_turn[1], abs=1e-6)


def test_a_rough_surface_costs_what_ruze_says() -> None:
    length = 299792458.0 / X_BAND
    rough = Dish(5.0, 0.6, surface_rms_m=length / 16)
    assert FIVE.gain_dbi(X_BAND) - rough.gain_dbi(X_BAND) == pytest.approx(2.68, abs=0.01)


def test_a_yagi_is_wide_and_its_back_is_sixteen_decibels_down() -> None:
    assert np.degrees(Yagi(14.0).beam_rad(UHF)) == pytest.approx(34.6, abs=0.1)
    assert Yagi(14.0).pointing_loss_db(np.pi, UHF) == 16.0


# --- noise --------------------------------------------------------------------------------------


def test_what_absorbs_also_glows() -> None:
    assert sky_k([0.0, 3.0103, 60.0]) == pytest.approx([2.7, (275 + 2.7) / 2, 275.0], abs=0.01)


def test_galactic_noise_is_that_of_the_recommendation() -> None:
    assert galactic_k(100e6) == pytest.approx(290 * 10**0.6, rel=1e-6)  # 52 - 23 * 2 = 6 dB
    assert galactic_k(UHF) == pytest.approx(38.9, abs=0.2)
    assert galactic_k(X_BAND) < 0.1


def test_a_wide_beam_hears_the_ground_near_the_horizon_and_a_narrow_one_does_not() -> None:
    low, high = np.radians([0.0, 90.0])
    receiver = ReceiverNoise(100.0, spill=0.0)
    wide = receiver.system_k([low, high], [0.0, 0.0], UHF, Yagi(14.0).beam_rad(UHF))
    assert wide[0] - wide[1] == pytest.approx((290 - 2.7 - galactic_k(UHF)) / 2, abs=0.5)
    narrow = receiver.system_k(np.radians([2.0, 90.0]), [0.0, 0.0], X_BAND, FIVE.beam_rad(X_BAND))
    assert narrow[0] == pytest.approx(narrow[1], abs=0.01)


def test_half_a_beam_above_the_horizon_an_eighth_of_the_lobe_hears_the_ground() -> None:
    """A normal distribution has 12 % above 1.177 deviations, which is half of its width at half power."""
    beam = Yagi(14.0).beam_rad(X_BAND)
    found = ReceiverNoise(100.0, spill=0.0).system_k([beam / 2, np.pi / 2], [0.0, 0.0], X_BAND, beam)
    assert found[0] - found[1] == pytest.approx(0.1195 * (290 - 2.7), abs=0.3)


def test_spilled_over_power_comes_from_the_ground() -> None:
    clean, spilled = (ReceiverNoise(50.0, spill).system_k(1.2, 0.0, X_BAND, 0.01) for spill in (0.0, 0.1))
    assert spilled - clean == pytest.approx(0.1 * (290 - 2.7), abs=0.05)


# --- path ---------------------------------------------------------------------------------------


def test_free_space_is_the_handbooks_formula() -> None:
    assert free_space_db(38_000e3, 12e9) == pytest.approx(92.45 + 20 * np.log10(38_000) + 20 * np.log10(12), abs=0.01)


def test_the_air_of_almaty_is_that_of_the_worked_case() -> None:
    air = climate("almaty").air(np.radians([5.0, 10.0, 30.0, 90.0]), X_BAND, 0.1, aperture_m=5.0 * 0.5**0.5)
    assert air.total_db == pytest.approx([3.9005, 2.0353, 0.7963, 0.4136], abs=2e-4)  # itur 0.4.0, directly
    assert air.rain_db == pytest.approx([2.2167, 1.3076, 0.5853, 0.3155], abs=2e-4)
    assert air.gas_db == pytest.approx([0.5604, 0.2813, 0.0977, 0.0488], abs=2e-4)


def test_the_flicker_is_that_of_the_package_which_made_the_table() -> None:
    up = np.radians([5.0, 10.0, 30.0, 90.0])
    wet = climate("almaty").wet_refractivity
    flicker = scintillation_db(up, X_BAND, 0.1, wet, aperture_m=5.0 * 0.5**0.5)
    assert flicker == pytest.approx([2.01814, 0.85625, 0.22087, 0.08700], rel=2e-4)
    assert np.all(scintillation_db(up, X_BAND, 0.1, wet, aperture_m=1.0) > flicker)  # a large dish averages


def test_between_the_rows_of_the_table_it_is_what_the_package_gives() -> None:
    """Gas, cloud, rain of itur 0.4.0 at elevations, frequencies and percentages that are no rows."""
    for frequency, elevation, percent, wanted in BETWEEN:
        air = climate("almaty").air(np.radians(elevation), frequency, percent)
        assert [air.gas_db, air.cloud_db, air.rain_db] == pytest.approx(wanted, rel=0.03, abs=0.001)


def test_below_five_degrees_the_air_takes_more_and_never_jumps() -> None:
    total = climate("almaty").air(np.radians(np.linspace(0.0, 90.0, 1801)), X_BAND, 0.1).absorbed_db
    assert np.all(np.diff(total) < 0.0)
    assert np.max(np.abs(np.diff(total))) < 0.6
    assert 10.0 < total[0] < 18.0


def test_rarer_weather_is_worse() -> None:
    up = np.radians([5.0, 20.0, 70.0])
    totals = [climate("almaty").air(up, X_BAND, percent).total_db for percent in (0.01, 0.02, 0.1, 0.5, 1.0, 5.0)]
    assert np.all(np.diff(totals, axis=0) < 0.0)


def test_the_table_names_its_source() -> None:
    assert "P.618-13" in climate("almaty").source
    assert "itur 0.4.0" in climate("almaty").source


# --- the carrier ----------------------------------------------------------------------------------


def test_the_worked_case_is_met() -> None:
    """2 W, 6 dBi, 150 K, 5 m: Eb/N0 at 50 Mbit/s 8.4 dB at 5 degrees and 18.7 dB at 30 (stated to a tenth)."""
    found = carrier_at(WORKED, np.radians([5.0, 30.0]), [range_at(5.0), range_at(30.0)])
    assert found.cn0_dbhz - 10 * np.log10(50e6) == pytest.approx([8.4, 18.7], abs=0.1)


def test_a_pointing_error_and_a_shadow_are_taken_from_the_carrier() -> None:
    off = FIVE.beam_rad(X_BAND) / 2
    values = [
        carrier_at(WORKED, 0.5, 1e6, error, shadow_db=shade).cn0_dbhz for error, shade in ((0, 0), (off, 0), (0, 7))
    ]
    assert values[0] - values[1] == pytest.approx(3.06, abs=0.01)
    assert values[0] - values[2] == pytest.approx(7.0)


def test_what_the_polarisations_lose_is_lost() -> None:
    turned = Link(WORKED.transmitter, FIVE, WORKED.noise, WORKED.climate, polarisation_db=3.0)
    assert carrier_at(WORKED, 0.5, 1e6).cn0_dbhz - carrier_at(turned, 0.5, 1e6).cn0_dbhz == pytest.approx(3.0)


def test_the_rain_of_the_moment_takes_the_place_of_the_statistics_and_glows() -> None:
    link = Link(WORKED.transmitter, FIVE, ReceiverNoise(60.0), WORKED.climate)
    dry, wet = (carrier_at(link, 0.5, 1e6, rain_db=rain) for rain in (0.0, 3.0))
    assert wet.received_dbw - dry.received_dbw == pytest.approx(-3.0)
    assert wet.noise_dbw_hz > dry.noise_dbw_hz + 2.0
    assert wet.cn0_dbhz == pytest.approx(wet.received_dbw - wet.noise_dbw_hz)


@given(st.integers(0, 5), st.floats(-0.1, 1.57), st.floats(3e5, 4e6), st.floats(-4, 4))
def test_an_array_gives_what_its_numbers_give(n: int, elevation: float, distance: float, error: float) -> None:
    up, far, off = (np.full(n, value) for value in (elevation, distance, error))
    whole = carrier_at(WORKED, up, far, off).cn0_dbhz
    assert whole.shape == (n,)
    assert whole == pytest.approx(np.full(n, carrier_at(WORKED, elevation, distance, error).cn0_dbhz))
    assert np.all(np.isfinite(whole))


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: Dish(0.0), "diameter_m"),
        (lambda: Dish(float("nan")), "diameter_m"),
        (lambda: Dish(5.0, efficiency=1.2), "efficiency"),
        (lambda: Dish("5"), "diameter_m"),  # type: ignore[arg-type]
        (lambda: Yagi(40.0), "gain"),
        (lambda: Transmitter(-2.0, 6.0, X_BAND), "power_w"),
        (lambda: Transmitter(2.0, 6.0, 8.2), "frequency_hz"),
        (lambda: StatedNoise(0.0), "system"),
        (lambda: climate("astana"), "almaty"),
        (lambda: climate("../../etc/passwd"), "almaty"),
        (lambda: climate("almaty").air(0.5, 26e9, 0.1), "12 GHz"),
        (lambda: climate("almaty").air(0.5, X_BAND, 50.0), "exceeded_percent"),
        (lambda: carrier_at(WORKED, [0.5, float("nan")], 1e6), "position 1"),
        (lambda: carrier_at(WORKED, 0.5, 0.0), "range_m"),
        (lambda: carrier_at(WORKED, 0.5, 1e6, float("inf")), "pointing_error"),
    ],
)
def test_numbers_that_nothing_has_are_told_in_words(what: object, words: str) -> None:
    assert callable(what)
    with pytest.raises(LinkError, match=words.replace(".", r"\.")):
        what()
