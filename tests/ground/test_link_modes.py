"""Modes, laws, fading and budgets: against theory, brute force, and CCSDS's published needs."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from sheber.diagrams import standalone
from sheber.ground.link import (
    FRAME_BITS,
    MODES,
    X_BAND_MODES,
    Dish,
    Link,
    LinkError,
    Mode,
    ModeLaw,
    StatedNoise,
    Transmitter,
    best_law,
    bit_error_rate,
    budget,
    budget_bars,
    carrier_at,
    climate,
    eb_n0_db,
    flicker_db,
    levels_over_time,
    mode,
    modes,
    normal_process,
    rain_db,
    rarity_percent,
    scintillation_deviation_db,
    volume,
)

X_BAND = 8.2e9
LINK = Link(Transmitter(2.0, 6.0, X_BAND), Dish(5.0), StatedNoise(150.0), climate("almaty"))
LEVELS = np.linspace(-3.0, 16.0, 400)

# --- modes ----------------------------------------------------------------------------------------


def test_uncoded_bits_are_those_of_the_textbook() -> None:
    """Q(sqrt(2 Eb/N0)): 7.8e-4 at 7 dB, 1e-5 at 9.59 dB (Proakis, figure 5.2-4)."""
    assert bit_error_rate([7.0, 9.59]) == pytest.approx([7.73e-4, 1.0e-5], rel=0.02)
    lost = mode("qpsk-uncoded").frame_error_rate(9.59)
    assert lost == pytest.approx(1 - (1 - 1.0e-5) ** FRAME_BITS, rel=0.02)


@pytest.mark.parametrize(
    ("name", "needed"), [("bpsk-1/2-rs", 2.4), ("qpsk-1/2-rs", 2.4), ("qpsk-rs", 6.4), ("qpsk-uncoded", 11.3)]
)
def test_what_a_mode_needs_is_near_the_published_number(name: str, needed: float) -> None:
    """CCSDS 130.1-G: about 2.4 dB concatenated, 6.4 dB Reed-Solomon alone; uncoded by theory."""
    one = mode(name)
    assert one.required_db(1e-3) == pytest.approx(needed, abs=0.15)
    assert one.frame_error_rate(one.required_db(1e-3)) == pytest.approx(1e-3, rel=0.02)


@pytest.mark.parametrize("one", MODES.values(), ids=str)
def test_more_energy_never_loses_more_frames(one: Mode) -> None:
    lost = one.frame_error_rate(LEVELS)
    assert np.all(np.diff(lost) <= 1e-12)
    assert lost[0] == pytest.approx(1.0)
    assert lost[-1] < 1e-9
    assert np.all((lost >= 0.0) & (lost <= 1.0))


def test_sturdier_modes_carry_less_and_need_less_of_the_carrier() -> None:
    rates = [one.bits_a_symbol for one in X_BAND_MODES]
    needs = [one.required_db() + 10 * np.log10(rate) for one, rate in zip(X_BAND_MODES, rates, strict=True)]
    assert rates == sorted(rates)
    assert needs == sorted(needs)
    assert mode("qpsk-3/4-rs").bit_rate(10e6) == pytest.approx(2 * 10e6 * 3 / 4 * 223 / 255)


def test_reed_solomon_is_the_binomial_distribution() -> None:
    rng = np.random.default_rng(4)
    p = 0.055
    level = next(x for x in np.arange(2.0, 8.0, 0.001) if 1 - (1 - bit_error_rate(x)) ** 8 < p)
    inside = level - 10 * np.log10(223 / 255)
    drawn = (rng.random((20_000, 5, 255)) < p).sum(axis=-1) > 16
    assert mode("qpsk-rs").frame_error_rate(inside) == pytest.approx(drawn.any(axis=1).mean(), abs=0.015)


def test_the_simulated_words_agree_with_an_ideal_interleaver() -> None:
    """Within 0.15 dB. The table has lost words at depth 5 beside the rate of wrong symbols, which the modes use."""
    form = tomllib.loads((Path(modes.__file__).parent / "viterbi.toml").read_text())
    assert set(form) - {"source"} == set(modes._viterbi())
    for rate in modes._viterbi():
        words, levels = np.array(form[rate]["lost_words"]), np.array(form[rate]["eb_n0_db"])
        worse, better = (binom.sf(16, 255, modes._after_viterbi(rate, levels + shift)) for shift in (-0.15, 0.15))
        assert np.all((words <= worse + 0.01) & (words >= better - 0.01))


# --- laws -----------------------------------------------------------------------------------------

TIMES = np.arange(0.0, 12.0)


def brute(levels: np.ndarray, modes: tuple[Mode, ...], gap: int) -> float:
    """The largest volume of all laws, by trying every one that changes at a step."""
    names = ["", *(one.name for one in modes)]
    rates = [one.bit_rate(1e6) for one in modes]
    lost = [one.frame_error_rate(eb_n0_db(levels, rate)) for one, rate in zip(modes, rates, strict=True)]
    gains = [np.where(part <= 1e-3, rate * (1 - part), -np.inf) for part, rate in zip(lost, rates, strict=True)]
    table = np.array([*gains, np.zeros(levels.size)])  # place -1: silence
    best = 0.0
    for picks in product(range(len(names)), repeat=levels.size):
        changes = [(float(k), names[p]) for k, p in enumerate(picks) if k == 0 or p != picks[k - 1]]
        places = ModeLaw(tuple(changes)).places(TIMES[: levels.size], modes, float(gap))
        best = max(best, float(table[places, np.arange(levels.size)].sum()))
    return best


@pytest.mark.parametrize("gap", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_law_is_the_best_of_all(gap: int, seed: int) -> None:
    two = (mode("bpsk-1/2-rs"), mode("qpsk-rs"))
    levels = np.random.default_rng(seed).uniform(57.0, 72.0, 7)
    law = best_law(TIMES[:7], levels, two, 1e6, gap_s=float(gap))
    found = volume(TIMES[:7], levels, law, two, 1e6, gap_s=float(gap))
    assert found.delivered_bits == pytest.approx(brute(levels, two, gap), rel=1e-9)
    assert found.lost_part <= 1e-3


def test_on_a_pass_the_best_law_climbs_and_descends_and_beats_every_single_mode() -> None:
    up = np.radians(5 + 60 * np.sin(np.linspace(0, np.pi, 601)))
    distance = -6371e3 * np.sin(up) + np.sqrt((6371e3 * np.sin(up)) ** 2 + 2 * 6371e3 * 5e5 + 25e10)
    times, levels = np.arange(601.0), carrier_at(LINK, up, distance).cn0_dbhz - 10.0
    law = best_law(times, levels, X_BAND_MODES, 25e6)
    best = volume(times, levels, law, X_BAND_MODES, 25e6).delivered_bits
    for one in X_BAND_MODES:
        single = volume(times, levels, ModeLaw(((0.0, one.name),)), X_BAND_MODES, 25e6)
        assert best > single.delivered_bits * 1.05 or single.lost_part > 0.01
    order = {one.name: place for place, one in enumerate(X_BAND_MODES)}
    places = [order[name] for _time, name in law.changes if name]
    top = places.index(max(places))
    assert places[: top + 1] == sorted(places[: top + 1])
    assert places[top:] == sorted(places[top:], reverse=True)


def test_a_change_costs_its_gap_and_silence_costs_nothing_but_time() -> None:
    levels = np.full(12, 90.0)
    steady, changed, paused = (
        volume(TIMES, levels, ModeLaw(law), X_BAND_MODES, 1e6, gap_s=2.0).delivered_bits / 1e6
        for law in (
            ((0.0, "qpsk-rs"),),
            ((0.0, "qpsk-rs"), (6.0, "qpsk-uncoded")),
            ((0.0, "qpsk-rs"), (3.0, ""), (5.0, "qpsk-rs")),
        )
    )
    rs = mode("qpsk-rs").bits_a_symbol
    assert steady == pytest.approx(10 * rs)  # the receiver locks at the start too
    assert changed == pytest.approx(4 * rs + 4 * 2.0)
    assert paused == pytest.approx(1 * rs + 5 * rs)


def test_a_law_says_its_mode_at_a_time() -> None:
    law = ModeLaw(((2.0, "qpsk-rs"), (5.0, "")))
    assert [law.at(time) for time in (0.0, 2.0, 4.9, 5.0)] == ["", "qpsk-rs", "qpsk-rs", ""]


# --- fading ---------------------------------------------------------------------------------------


def test_a_normal_process_is_normal_and_forgets_at_its_rate() -> None:
    x = normal_process(np.arange(200_000.0), 20.0, np.random.default_rng(1))
    assert x.mean() == pytest.approx(0.0, abs=0.06)
    assert x.std() == pytest.approx(1.0, abs=0.04)
    assert np.corrcoef(x[:-20], x[20:])[0, 1] == pytest.approx(np.exp(-1.0), abs=0.04)
    again = normal_process(np.arange(200_000.0), 20.0, np.random.default_rng(1))
    assert np.array_equal(x, again)
    assert normal_process([0.0, 1.0], 20.0, np.random.default_rng(1), start=2.5)[0] == 2.5


def test_the_rain_of_a_long_time_has_the_statistics_of_the_table() -> None:
    """Drawn weather exceeds the table's 1 % value for 1 % of the time."""
    rng = np.random.default_rng(3)
    percent = rarity_percent(rng.standard_normal(200_000))
    rain = rain_db(climate("almaty"), np.full(percent.shape, 0.3), X_BAND, percent)
    for rare in (0.5, 1.0, 2.0):
        limit = climate("almaty").air(0.3, X_BAND, rare).rain_db
        assert (rain > limit).mean() * 100 == pytest.approx(rare, rel=0.15)
    assert (rain == 0.0).mean() == pytest.approx(0.95, abs=0.01)


def test_flicker_has_the_deviation_of_the_recommendation() -> None:
    times = np.arange(0.0, 20_000.0, 0.5)
    up = np.full(times.shape, np.radians(10.0))
    flicker = flicker_db(climate("almaty"), times, up, X_BAND, 3.9, np.random.default_rng(5))
    wanted = scintillation_deviation_db(np.radians(10.0), X_BAND, climate("almaty").wet_refractivity, 3.9)
    assert flicker.std() == pytest.approx(float(wanted), rel=0.05)


# --- budget ---------------------------------------------------------------------------------------


def test_the_lines_of_a_budget_add_up_to_its_sums() -> None:
    found = budget(
        LINK,
        np.radians(5.0),
        2077e3,
        50e6,
        mode=mode("qpsk-1/2-rs"),
        pointing_error=0.003,
        shadow_db=1.0,
        implementation_db=1.5,
    )
    level = 0.0
    for line in found.lines:
        if line.kind == "sum":
            assert line.value == pytest.approx(level), line.name
        level += {"gain": line.value, "loss": -line.value}.get(line.kind, 0.0)
    assert found["margin"] == pytest.approx(level)
    whole = carrier_at(LINK, np.radians(5.0), 2077e3, 0.003, shadow_db=1.0)
    assert found["cn0"] == pytest.approx(float(whole.cn0_dbhz))
    assert found["eb_n0"] == pytest.approx(float(whole.cn0_dbhz) - 10 * np.log10(50e6) - 1.5)


def test_each_line_has_a_unit_and_a_sentence_with_its_value() -> None:
    found = budget(LINK, np.radians(5.0), 2077e3, 50e6)
    assert len({line.name for line in found.lines}) == len(found.lines)
    assert all(line.unit and str(line.text).endswith(".") for line in found.lines)
    assert "2077 km: 177.1 dB" in str(next(line.text for line in found.lines if line.name == "free_space"))
    assert "= Eb/N0" in str(found)
    with pytest.raises(KeyError):
        found["margin"]


def test_the_steps_of_the_figure_go_from_the_power_to_the_margin() -> None:
    found = budget(LINK, np.radians(5.0), 2077e3, 50e6, mode=mode("qpsk-1/2-rs"))
    figure = budget_bars(found)
    bars = [bar for lane in figure.lanes for bar in lane.bars]
    level = 0.0
    for bar in bars:
        assert level == pytest.approx(bar.start) or level == pytest.approx(bar.end)
        level = bar.end if level == pytest.approx(bar.start) else bar.start
    assert level == pytest.approx(found["margin"])
    assert "Polarisation" not in [lane.label for lane in figure.lanes]  # nothing is lost there
    assert "Free space" in standalone(figure)


def test_the_figure_of_a_pass_has_a_curve_above_zero_where_a_mode_can_be_used() -> None:
    levels = np.array([60.0, 75.0, 90.0])
    figure = levels_over_time([0.0, 1.0, 2.0], levels, X_BAND_MODES, 25e6, implementation_db=1.0)
    for one, curve in zip(X_BAND_MODES, figure.series, strict=True):
        lost = one.frame_error_rate(eb_n0_db(levels, one.bit_rate(25e6), 1.0))
        assert np.array_equal(np.asarray(curve.y) >= 0.0, lost <= 1e-3)
    assert "qpsk-rs" in standalone(figure)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: mode("8psk"), "qpsk-uncoded"),
        (lambda: Mode("x", "8PSK"), "BPSK"),
        (lambda: Mode("x", "QPSK", "4/5", outer=True), "7/8"),
        (lambda: Mode("x", "QPSK", "1/2"), "goes with Reed-Solomon"),
        (lambda: mode("qpsk-rs").bit_rate(0.0), "symbol_rate"),
        (lambda: mode("qpsk-rs").frame_error_rate([1.0, float("nan")]), "position 1"),
        (lambda: ModeLaw(((5.0, "qpsk-rs"), (5.0, ""))), "Change 2"),
        (lambda: ModeLaw(((float("nan"), "qpsk-rs"),)), "time of a change"),
        (lambda: volume([0, 1], [80, 80], ModeLaw(((0.0, "fm"),)), X_BAND_MODES, 1e6), "'fm'"),
        (lambda: volume([0, 1], [80], ModeLaw(()), X_BAND_MODES, 1e6), "2 times and 1 values"),
        (lambda: best_law([0.0], [80.0], X_BAND_MODES, 1e6), "2 or more"),
        (lambda: volume([0, 1, 100], [80] * 3, ModeLaw(()), X_BAND_MODES, 1e6), "even steps"),
        (lambda: best_law([0, 0, 0], [80] * 3, X_BAND_MODES, 1e6), "even steps"),
        (lambda: best_law([0, 1], [80, 80], (), 1e6), "number of modes"),
        (lambda: eb_n0_db(80.0, 0.0), "bit_rate"),
        (lambda: normal_process([0.0, 1.0, 5.0], 1.0, np.random.default_rng(1)), "even steps"),
        (lambda: normal_process([1.0, 0.0], 1.0, np.random.default_rng(1)), "even steps"),
        (lambda: budget(LINK, 5.0, 2e6, 1e6), "elevation"),
    ],
)
def test_numbers_that_nothing_has_are_told_in_words(what: object, words: str) -> None:
    assert callable(what)
    with pytest.raises(LinkError, match=words):
        what()
