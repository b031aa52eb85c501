"""The exercise timetable: its scenes hold every trap, and each mistake costs what it should, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import conversation
from sheber.diagrams import Bars, svg
from sheber.exercises import Exercise, load
from sheber.exercises.criteria.passes import Compared, _Row
from sheber.exercises.score import Check, Score
from sheber.ground.elements import Unfit, check_fit
from sheber.ground.instants import DAY
from sheber.ground.kind import GROUND
from sheber.ground.orbit import look, propagate
from sheber.trace import read

SEEDS = range(1, 13)
Row = dict[str, Any]


@cache
def _exercise() -> Exercise:
    """The exercise with a shorter timetable."""
    return load("timetable").with_numbers({"scene.days": 1.0, "scene.satellites": 16})


@cache
def _scene(seed: int, whole: bool = False) -> Any:
    return (load("timetable") if whole else _exercise()).scene(seed)


def _facts(seed: int = 1) -> dict[str, Any]:
    return dict(_scene(seed).facts)


def _perfect(facts: dict[str, Any]) -> list[Row]:
    """The timetable that is right."""
    return [
        {"satellite": name, "aos": aos, "tca": tca, "los": los, "elevation_max_deg": float(np.degrees(highest))}
        for name, rows in facts["passes"].items()
        for aos, tca, los, highest in rows
    ]


def _judged(
    tmp_path: Path,
    change: Callable[[list[Row]], list[Row]] = list,
    refused: Callable[[list[str]], list[str]] = list,
    late: float = 0.0,
    announce: bool = True,
    end: float = 0.0,
) -> Score:
    """The score of a program that hands in the truth, changed. late: s that announcements come after their rise."""
    facts = _facts()
    with conversation(_scene(1), tmp_path / "run.trace", _exercise().limits) as talk:
        station = talk.station
        for row in change(_perfect(facts)):
            station.archive.store("pass", **row)
        for name in refused(facts["unfit"]):
            station.archive.store("refused", satellite=name)
        duty = station.sheet["duty_s"]
        rises = sorted((row["aos"], row["satellite"]) for row in _perfect(facts) if 0.0 < row["aos"] < duty)
        for aos, name in rises if announce else ():
            station.clock.wait_until(max(aos + late, station.clock.time + 0.5))
            station.archive.store("rise", satellite=name)
        station.clock.wait_until(max(duty, station.clock.time + 0.5) + end)
        station.archive.store("sign_off", rises=len(rises))
    return _exercise().score(talk.trace)


def _lost(score: Score) -> dict[str, Check]:
    """The checks that lost points, by key."""
    return {check.key: check for check in score.checks if check.points < check.maximum - 0.005}


def _shares(score: Score) -> dict[str, float]:
    return {key: check.points / check.maximum for key, check in _lost(score).items()}


# --- scenes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_what_must_be_refused_is_refused_by_every_look(seed: int) -> None:
    scene, facts = _scene(seed), _facts(seed)
    unfit = {one.name: one.told for one in scene.satellites if one.name in facts["unfit"]}
    assert len(unfit) == 5
    decayed = []
    for one in unfit.values():
        for hours in range(25):
            at = scene.start + 3600.0 * hours
            with pytest.raises(Unfit):
                check_fit(one, at, at)
            if abs(at - one.epoch) < 14 * DAY:
                decayed.append(one.name)
                with pytest.raises(Unfit):
                    propagate(one, at)
    assert len(set(decayed)) == 1
    ages = [(scene.start - one.epoch) / DAY for one in unfit.values()]
    assert min(ages) < -20.0
    assert max(ages) > 35.0
    for one in scene.satellites:
        if one.name not in unfit:
            check_fit(one.told, scene.start - DAY, scene.start + 4 * DAY)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_is_that_of_looks(seed: int) -> None:
    scene, facts = _scene(seed), _facts(seed)
    told = {one.name: one.told for one in scene.satellites}
    for name, rows in facts["passes"].items():
        for aos, tca, los, highest in rows:
            seen = look(
                told[name], scene.site, scene.start + np.array([aos - 1.0, aos + 1.0, los - 1.0, los + 1.0, tca])
            )
            up = np.degrees(seen.elevation) > scene.site.mask_deg(np.degrees(seen.azimuth))
            assert up[:4].tolist() == [False, True, True, False], (name, aos, los)
            assert float(seen.elevation[4]) == pytest.approx(highest, abs=1e-4)
            assert los - aos >= 15.0
    rises = [row[0] for rows in facts["passes"].values() for row in rows if 0.0 < row[0] < 1800.0]
    assert len(rises) >= 2


def test_scenes_hold_their_traps() -> None:
    """Over the public scenes: passes over both edges of the window, passes behind a tower, two culminations."""
    before = after = split = twice = 0
    for seed in load("timetable").rehearsal:
        scene = _scene(seed, whole=True)
        facts = dict(scene.facts)
        told = {one.name: one.told for one in scene.satellites}
        for name, rows in facts["passes"].items():
            before += sum(row[0] < 0.0 for row in rows)
            after += sum(row[2] > 3 * DAY for row in rows)
            split += sum(0.0 < two[0] - one[2] < 60.0 for one, two in pairwise(rows))
            for aos, _tca, los, _highest in rows:
                if los - aos > 7200.0:
                    elevation = look(told[name], scene.site, scene.start + np.linspace(aos, los, 300)).elevation
                    peaks = (elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] > elevation[2:])
                    twice += int(peaks.sum()) > 1
    assert before >= 8
    assert after >= 8
    assert split >= 40
    assert twice >= 4


# --- scores -----------------------------------------------------------------------------------------


def test_the_truth_earns_everything(tmp_path: Path) -> None:
    score = _judged(tmp_path)
    assert _lost(score) == {}
    assert score.points == pytest.approx(100.0)


def test_moments_are_measured_on_the_middle_pass(tmp_path: Path) -> None:
    def later(rows: list[Row]) -> list[Row]:
        return [{**row, "los": row["los"] + 5.25, "tca": row["tca"] + 8.0} for row in rows]

    lost = _shares(_judged(tmp_path, later))
    assert lost["moments"] == pytest.approx(0.5)
    assert lost["culmination"] == pytest.approx(0.5)
    assert set(lost) == {"moments", "culmination", "passes"}
    assert lost["passes"] == pytest.approx(1 - (0.1466 - 0.01) / 0.59, abs=0.01)  # each counts 1 - 4.25 / 29


def test_the_middle_pass_is_that_of_all_passes() -> None:
    """Missing ones are the worst: where half are missing there is no middle one."""
    true = [_Row("A", 1000.0 * k, 1000.0 * k, 1000.0 * k + 500.0, 0.5) for k in range(5)]
    offs = [3.0, None, 1.0, 9.0, 2.0]
    taken = [None if off is None else replace(row, aos=row.aos - off) for row, off in zip(true, offs, strict=True)]
    assert Compared(tuple(true), tuple(taken), (), (), 4).middle("aos") == 3.0
    assert Compared(tuple(true[:4]), (taken[0], None, None, taken[2]), (), (), 2).middle("aos") == math.inf


def test_a_wrong_elevation_costs_its_points(tmp_path: Path) -> None:
    lost = _shares(
        _judged(tmp_path, lambda rows: [{**row, "elevation_max_deg": row["elevation_max_deg"] - 1.05} for row in rows])
    )
    assert lost == {"highest": pytest.approx(0.5)}


def test_missing_passes_cost_their_part(tmp_path: Path) -> None:
    count = len(_perfect(_facts()))
    lost = _judged(tmp_path, lambda rows: sorted(rows, key=lambda row: row["aos"])[count // 4 :])
    part = (count // 4) / count
    check = _lost(lost)["passes"]
    assert check.points / check.maximum == pytest.approx(1 - (part - 0.01) / 0.59, abs=0.01)
    first = min(_perfect(_facts()), key=lambda row: row["aos"])
    assert f"The first that is missing: {first['satellite']}, from {first['aos']:.0f} s" in str(check.message)


def test_guesses_cost_more_than_they_bring(tmp_path: Path) -> None:
    """Each pass three times, a little moved: one of them is right, two are too many."""
    moved = (0.0, -3.0, 3.0)
    lost = _lost(
        _judged(
            tmp_path,
            lambda rows: [{**row, "aos": row["aos"] + by, "los": row["los"] + by} for by in moved for row in rows],
        )
    )
    assert lost["passes"].points == 0.0
    assert "invented" not in lost  # they are at times when the satellite is up


def test_entries_without_a_satellite_cost_safety(tmp_path: Path) -> None:
    def with_more(rows: list[Row]) -> list[Row]:
        long = [row for row in rows if row["los"] - row["aos"] < 1000.0]
        return rows + [{**row, "aos": row["los"] + 600.0, "los": row["los"] + 900.0} for row in long[: len(rows) // 10]]

    lost = _shares(_judged(tmp_path, with_more))
    assert lost["invented"] == pytest.approx(0.55, abs=0.06)
    assert set(lost) == {"invented", "passes"}


@pytest.mark.parametrize(("count", "share"), [(1, 1 - 20 / 60), (3, 0.0)])
def test_passes_by_bad_elements_cost_safety(tmp_path: Path, count: int, share: float) -> None:
    bad = [
        {"satellite": name, "aos": 1.0, "tca": 2.0, "los": 3.0, "elevation_max_deg": 9.0}
        for name in _facts()["unfit"][:count]
    ]
    lost = _lost(_judged(tmp_path, lambda rows: rows + bad))
    assert lost["unfit"].points / lost["unfit"].maximum == pytest.approx(share, abs=1e-3)
    assert _facts()["unfit"][0] in str(lost["unfit"].message)
    assert "invented" not in lost


def test_refusals_that_are_missing_or_wrong_cost_procedure(tmp_path: Path) -> None:
    good = next(iter(_facts()["passes"]))
    check = _lost(_judged(tmp_path, refused=lambda names: [*names[1:], good]))["refusals"]
    assert check.points / check.maximum == pytest.approx(0.6)
    assert str(check.message) == (
        f"Not refused, although their elements are no good: {_facts()['unfit'][0]}. "
        f"Refused, although their elements are good: {good}."
    )


def test_announcements_count_by_their_moment(tmp_path: Path) -> None:
    assert set(_lost(_judged(tmp_path, announce=False))) == {"announced"}
    assert _shares(_judged(tmp_path, late=16.0))["announced"] == pytest.approx(0.4, abs=0.03)


def test_announcements_of_no_rise_cost_as_much_as_missing_ones(tmp_path: Path) -> None:
    facts = _facts()
    rises = sorted((row["aos"], row["satellite"]) for row in _perfect(facts) if 0.0 < row["aos"] < 1800.0)
    with conversation(_scene(1), tmp_path / "run.trace", _exercise().limits) as talk:
        for aos, name in rises:
            talk.station.clock.wait_until(max(aos, talk.station.clock.time))
            for _again in range(4):
                talk.station.archive.store("rise", satellite=name)
    (check,) = [one for one in _exercise().score(talk.trace).checks if one.key == "announced"]
    assert check.measured == pytest.approx(75.0, abs=0.5)
    assert f"{3 * len(rises)} announcements were of no rise" in str(check.message)


def test_short_passes_need_not_be_told_and_may_be(tmp_path: Path) -> None:
    brief = [(name, row) for name, rows in _facts()["short"].items() for row in rows]
    more = [
        {"satellite": name, "aos": row[0], "tca": row[1], "los": row[2], "elevation_max_deg": float(np.degrees(row[3]))}
        for name, row in brief
    ]
    assert brief, "another seed has some"
    assert _lost(_judged(tmp_path, lambda rows: rows + more)) == {}


def test_time_counts_only_after_the_duty(tmp_path: Path) -> None:
    lost = _lost(_judged(tmp_path, announce=False, end=-900.0))
    assert lost["cycle"].points == 0.0
    assert "before your duty ended at 1800 s" in str(lost["cycle"].message)
    slow = _lost(_judged(tmp_path, end=452.5 + 10.0))
    assert slow["cycle"].points / slow["cycle"].maximum == pytest.approx(0.5, abs=0.01)


def test_a_name_that_nobody_knows_is_one_too_many(tmp_path: Path) -> None:
    odd = {"satellite": "<b>NOBODY</b>", "aos": 1.0, "tca": 2.0, "los": 3.0, "elevation_max_deg": 9.0}
    lost = _lost(_judged(tmp_path, lambda rows: [*rows, odd]))
    assert set(lost) == {"passes", "invented"} or set(lost) == {"invented"}


# --- the picture ------------------------------------------------------------------------------------


def test_the_picture_shows_what_was_handed_in_and_what_was_not(tmp_path: Path) -> None:
    facts = _facts()
    some = sorted(_perfect(facts), key=lambda row: row["aos"])[3:]
    with conversation(replace(_scene(1), facts=()), tmp_path / "run.trace", _exercise().limits) as talk:
        for row in some:
            talk.station.archive.store("pass", **row)
        talk.station.clock.wait(1.0)
    *_sky, alone = GROUND.diagrams(talk.trace)
    assert isinstance(alone, Bars)
    assert sum(len(lane.bars) for lane in alone.lanes) == sum(row["los"] > 0.0 and row["aos"] < DAY for row in some)
    _judged(tmp_path, lambda rows: sorted(rows, key=lambda row: row["aos"])[3:])
    *_sky, beside = GROUND.diagrams(read(tmp_path / "run.trace"))
    assert isinstance(beside, Bars)
    assert sum(bar.refused for lane in beside.lanes for bar in lane.bars) == 3
    assert all(0.0 <= bar.start < bar.end <= DAY for lane in beside.lanes for bar in lane.bars)
    assert "<svg" in svg(beside)
