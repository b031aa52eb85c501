"""The scenes and criteria of x-band-budget: the truth is hidden, the budget is the link's, lost frames take points."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sheber
from ground_conversation import conversation
from sheber.exercises import load
from sheber.exercises.score import Score
from sheber.ground.equipment import ModemSpec
from sheber.ground.orbit import look

EXERCISE = load("x-band-budget")


def modem_of(scene: Any) -> ModemSpec:
    (spec,) = [one for one in scene.equipment if isinstance(one, ModemSpec)]
    return spec


def scored(tmp_path: Path, program: Any, seed: int = 705) -> Score:
    scene = EXERCISE.scene(seed)
    with conversation(scene, tmp_path / "run.trace", EXERCISE.limits) as talk:
        program(talk.station, dict(scene.facts))
    return EXERCISE.score(talk.trace)


def points(score: Score, key: str) -> float:
    return sum(check.points for check in score.checks if check.key.startswith(key))


def hand_in(station: Any, facts: Any, **off: float) -> None:
    values = {f"{name}_db": value + off.get(name, 0.0) for name, value in facts["budget"].items()}
    station.archive.store("budget", **values)


@pytest.mark.parametrize("seed", [*EXERCISE.rehearsal, 11, 12, 2**200])
def test_each_scene_has_a_pass_that_the_text_promises(seed: int) -> None:
    scene = EXERCISE.scene(seed)
    facts = dict(scene.facts)
    lead = EXERCISE.number("scene.lead_s")
    assert lead - 2.0 <= facts["rise"] <= lead + 2.0
    times = np.linspace(facts["rise"], facts["set"], 400)
    (satellite,) = scene.satellites
    seen = look(satellite.told, scene.site, scene.start + times)
    low, high = EXERCISE.number("scene.elevation_deg")
    assert low - 0.1 <= np.degrees(seen.elevation).max() <= high + 0.1
    assert np.degrees(seen.elevation[[0, -1]]) == pytest.approx([5.0, 5.0], abs=0.05)
    true = look(satellite.true, scene.site, scene.start + times)
    along = np.abs(true.range - seen.range) / np.maximum(np.abs(seen.range_rate), 500.0)
    assert along.max() < 1.3  # up to a second early or late
    assert facts["set"] + 60.0 < EXERCISE.limits.simulated_s


def test_the_budget_is_that_of_the_sheet(tmp_path: Path) -> None:
    """By the formulas of the text alone, from what a program is told."""
    for seed in EXERCISE.rehearsal:
        scene = EXERCISE.scene(seed)
        sheet, facts = dict(scene.sheet), dict(scene.facts)
        at_rise = look(scene.satellites[0].told, scene.site, scene.start + np.array([facts["rise"]]))
        length = 299_792_458.0 / sheet["frequency_hz"]
        space = 20 * np.log10(4 * np.pi * float(at_rise.range[0]) / length)
        gain = 10 * np.log10(sheet["efficiency"] * (np.pi * sheet["dish_m"] / length) ** 2)
        merit = gain - 10 * np.log10(sheet["system_k"])
        eirp = 10 * np.log10(sheet["power_w"]) + sheet["satellite_gain_dbi"] - sheet["satellite_line_db"]
        cn0 = eirp - space - sheet["air_rare_db"][0] - sheet["polarisation_db"] + merit + 228.6
        level = cn0 - 10 * np.log10(2 * 0.5 * 223 / 255 * modem_of(scene).symbol_rate)
        assert list(facts["budget"].values()) == pytest.approx([space, merit, cn0, level], abs=0.02)


def test_neither_weather_nor_the_best_law_is_told(tmp_path: Path) -> None:
    scene = EXERCISE.scene(701)
    with conversation(scene, tmp_path / "run.trace", EXERCISE.limits) as talk:
        told = str(talk.controller.given())
    weather = modem_of(scene).weather
    assert weather is not None
    for word in (
        "weather",
        "best",
        str(weather.percent),
        *(str(value) for value in dict(scene.facts)["budget"].values()),
    ):
        assert word not in told


def test_a_right_budget_earns_its_points_and_each_wrong_number_loses_its_own(tmp_path: Path) -> None:
    assert points(scored(tmp_path, lambda station, facts: hand_in(station, facts, cn0=0.29)), "budget") == 16.0
    worse = scored(tmp_path, lambda station, facts: hand_in(station, facts, cn0=-1.15, merit=5.0))
    assert [check.points for check in worse.checks if check.key.startswith("budget")] == pytest.approx([4, 0, 2, 4])
    told = next(check.message for check in worse.checks if check.key == "budget-cn0")
    assert "dBHz" in told


def test_a_budget_after_the_rise_loses_its_procedure(tmp_path: Path) -> None:
    def late(station: Any, facts: Any) -> None:
        station.clock.wait_until(facts["rise"] + 30.0)
        hand_in(station, facts)

    assert points(scored(tmp_path, late), "early") == pytest.approx(2.5, abs=0.1)


def test_lost_frames_take_the_points_of_the_bits_too(tmp_path: Path) -> None:
    def uncoded(station: Any, facts: Any) -> None:
        station.modem.use("qpsk-uncoded")
        station.clock.wait_until(facts["set"])
        station.modem.use("")

    score = scored(tmp_path, uncoded)
    assert points(score, "delivered") == 0.0
    assert points(score, "lost") == 0.0
    assert points(score, "silent") == 5.0
    lost = next(check for check in score.checks if check.key == "lost")
    assert "frames were lost" in lost.message


def test_a_mode_that_stays_on_after_the_pass_loses_points(tmp_path: Path) -> None:
    def forgets(station: Any, facts: Any) -> None:
        station.modem.use("bpsk-1/2-rs")
        station.clock.wait_until(facts["set"] + 32.5)

    score = scored(tmp_path, forgets)
    assert points(score, "silent") == pytest.approx(2.5, abs=0.1)


def test_who_is_silent_a_little_late_loses_by_the_time_of_the_change(tmp_path: Path) -> None:
    """Samples stand far apart after the pass: they cannot say when the mode went off."""

    def late(station: Any, facts: Any) -> None:
        station.modem.use("bpsk-1/2-rs")
        station.clock.wait_until(facts["set"] + 32.5)
        station.modem.use("")
        station.clock.wait_until(facts["set"] + 130.0)

    assert points(scored(tmp_path, late), "silent") == pytest.approx(2.5, abs=0.1)


def test_the_best_law_itself_earns_all_points_for_the_bits(tmp_path: Path) -> None:
    """What the judge compares with can be flown, and loses nothing."""
    scene = EXERCISE.scene(708)
    with conversation(scene, tmp_path / "a.trace", EXERCISE.limits) as talk:
        pass
    law = talk.trace.events_of("downlink")[-1].data["best_law"]

    def flown(station: Any, facts: Any) -> None:
        station.modem.plan(law)
        station.clock.wait_until(facts["set"] + 1.0)

    score = scored(tmp_path, flown, 708)
    assert points(score, "delivered") == 44.0
    assert points(score, "lost") == 15.0


def test_a_run_that_never_sends_earns_nothing(tmp_path: Path) -> None:
    assert scored(tmp_path, lambda station, facts: None).points == 0.0


def test_the_starter_receives_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def starter(station: Any, facts: Any) -> None:
        monkeypatch.setattr(sheber, "connect", lambda exercise: station)
        runpy.run_path(str(EXERCISE.folder / "starter.py"))

    score = scored(tmp_path, starter)
    assert points(score, "lost") == 15.0
    assert points(score, "silent") == 5.0
    assert points(score, "delivered") < 20.0  # it leaves the choice to the student
