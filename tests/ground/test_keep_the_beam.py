"""keep-the-beam: its scenes, what its criteria measure, and that a naive client does not pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ground_conversation import conversation
from sheber import MountLimit
from sheber.client.ground_station import GroundStation
from sheber.exercises import load
from sheber.exercises.criteria.common import worth
from sheber.exercises.criteria.pointing import beam_kept
from sheber.exercises.score import Check, Score
from sheber.ground.equipment import AntennaSpec
from sheber.ground.mount import SkyPath, continued
from sheber.ground.orbit import look
from sheber.judge import Program, best_sandbox, run
from sheber.trace import Trace

SEEDS = range(9001, 9005)
EXERCISE = load("keep-the-beam")


def antenna(seed: int) -> AntennaSpec:
    (spec,) = [one for one in EXERCISE.scene(seed).equipment if isinstance(one, AntennaSpec)]
    return spec


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_scene_has_five_passes_as_it_says_with_time_between_them(seed: int) -> None:
    scene, spec = EXERCISE.scene(seed), antenna(seed)
    passes = dict(scene.facts)["passes"]
    assert sorted(kind for _name, kind, _since, _until in passes) == ["north", "north", "plain", "zenith", "zenith"]
    ends = [0.0] + [until for *_rest, until in passes]
    assert min(since - before for before, (_n, _k, since, _u) in zip(ends, passes, strict=False)) > 85.0
    for satellite, (_name, kind, since, until) in zip(scene.satellites, passes, strict=True):
        times = scene.start + np.arange(since, until, 1.0)
        seen = look(satellite.told, scene.site, times)
        path = SkyPath.of(times, np.degrees(seen.azimuth), np.degrees(seen.elevation))
        low, high = EXERCISE.numbers.pair(f"scene.{kind}_deg")
        assert low - 0.3 <= path.elevation_deg.max() <= high + 0.3
        crosses = np.floor(path.azimuth_deg.max() / 360.0) > np.floor(path.azimuth_deg.min() / 360.0)
        assert kind == "zenith" or crosses == (kind == "north")
        assert continued(path, spec.mount)
        true = look(satellite.true, scene.site, times)
        off = np.degrees(np.abs(true.elevation - seen.elevation).max())
        assert 0.0 < off < 0.06 or np.abs(true.azimuth - seen.azimuth).max() > 0.0


def test_both_mounts_occur() -> None:
    assert {antenna(seed).mount.flips for seed in EXERCISE.rehearsal} == {True, False}


@pytest.mark.box
@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_that_sends_bearings_does_not_pass(seed: int) -> None:
    program = Program.read(EXERCISE.folder / "starter.py")
    score = EXERCISE.score(run(EXERCISE, program, seed, best_sandbox()))
    assert score.points < 60.0


# --- the criteria ---


def judged(path: Path, drive: object, seed: int = 724) -> tuple[Score, Trace]:
    """What a run earns that `drive` makes (724: a mount with overlap)."""
    with conversation(EXERCISE.scene(seed), path / "run.trace", EXERCISE.limits) as talk:
        drive(talk.station)  # type: ignore[operator]
    trace = talk.trace
    return EXERCISE.score(trace), trace


def checks(score: Score, key: str) -> list[Check]:
    return [check for check in score.checks if check.key == key]


def follow_first(station: GroundStation) -> None:
    name, since, until = station.sheet["passes"][0]
    times = np.arange(since, until + 1.0, 1.0)
    seen = station.elements.look(name, times)
    azimuth = np.degrees(np.unwrap(np.radians(seen.azimuth_deg)))
    azimuth += 360.0 * np.ceil(-azimuth.min() / 360.0)
    station.mount.follow(times, azimuth, seen.elevation_deg)
    station.clock.wait_until(until)


def test_a_pass_that_was_kept_earns_its_points_and_the_others_are_lost(tmp_path: Path) -> None:
    score, trace = judged(tmp_path, follow_first)
    (first,) = checks(score, "beam-1")
    assert first.points == first.maximum
    assert first.measured is not None
    assert first.measured < 0.5
    for number in range(2, 6):
        (lost,) = checks(score, f"beam-{number}")
        assert lost.points == 0.0
        assert "The run ended before" in lost.message
    (cycle,) = checks(score, "cycle")
    assert "more than a tenth of: ALMA-3, KAZNU-5" in cycle.message.replace("NKSAT-2, ", "").replace(
        "TIEN-SHAN-4, ", ""
    )
    assert trace["mount_aim"].max() == 1


def test_the_time_outside_the_beam_is_measured_and_told(tmp_path: Path) -> None:
    def late(station: GroundStation) -> None:
        _name, since, _until = station.sheet["passes"][0]
        station.clock.wait_until(since + 60.0)
        follow_first(station)

    score, trace = judged(tmp_path, late)
    (first,) = checks(score, "beam-1")
    up = trace["mount_aim"] == 1
    outside = np.count_nonzero(trace["mount_error"][up] > antenna(724).beam_deg / 2.0) * 0.2
    assert first.measured == pytest.approx(outside, abs=1.0)
    assert 60.0 < outside < 140.0
    assert f"was outside the beam for {first.measured:.1f} s" in first.message
    name, _kind, since, until = trace.facts["passes"][0]
    middle = float(np.median(trace["mount_error"][up]))
    half = beam_kept(trace, 1, name, since, until, 2.0 * middle, worth(EXERCISE.numbers, "plain", "plain"))
    assert half.measured == pytest.approx((until - since) / 2.0, abs=1.0)


def test_a_run_that_ends_within_a_pass_loses_the_rest_of_it(tmp_path: Path) -> None:
    def short(station: GroundStation) -> None:
        _name, since, until = station.sheet["passes"][0]
        station.mount.point(10.0, 20.0)
        station.clock.wait_until(0.5 * (since + until))

    score, _trace = judged(tmp_path, short)
    (first,) = checks(score, "beam-1")
    _name, since, until = EXERCISE.scene(724).sheet[0][1][0]
    assert first.measured == pytest.approx(until - since, abs=60.0)
    assert first.points == 0.0


def test_what_is_forced_costs_points_and_is_told(tmp_path: Path) -> None:
    def forced(station: GroundStation) -> None:
        _name, since, _until = station.sheet["passes"][0]
        with pytest.raises(MountLimit):
            station.mount.point(10.0, 91.0)
        station.mount.turn(0.0, 6.0)
        station.clock.wait(5.0)
        station.mount.point(20.0, 30.0)  # not yet up: free
        station.mount.wait()
        station.mount.point(300.0, 30.0)
        station.mount.wait()
        station.clock.wait_until(since + 5.0)
        station.mount.point(20.0, 30.0)
        station.clock.wait(5.0)

    score, _trace = judged(tmp_path, forced)
    told = [(check.key, check.maximum) for check in score.checks if check.group == "safety"]
    assert sorted(told) == [("limit", 10.0), ("long_turn", 3.0), ("refused", 2.0)]
    (limit,) = checks(score, "limit")
    assert "the elevation ran against an end of its travel" in limit.message
    (refused,) = checks(score, "refused")
    assert "cannot go to elevation 91.00 deg" in refused.message
    (turn,) = checks(score, "long_turn")
    assert "while NKSAT-1 was up" in turn.message


def test_a_long_turn_between_passes_costs_nothing(tmp_path: Path) -> None:
    def turned(station: GroundStation) -> None:
        for azimuth in (20.0, 300.0):
            station.mount.point(azimuth, 30.0)
            station.mount.wait()

    score, trace = judged(tmp_path, turned)
    assert len(trace.events_of("mount_latched")) == 1
    assert score.group("safety") == (15.0, 15.0)


def test_reversals_and_the_park_position_are_measured(tmp_path: Path) -> None:
    def restless(station: GroundStation) -> None:
        _name, since, _until = station.sheet["passes"][0]
        station.clock.wait_until(since + 1.0)
        for turn in range(61):
            station.mount.turn(2.0 if turn % 2 else -2.0, 0.0)
            station.clock.wait(2.0)
        station.mount.stop()
        station.mount.point(187.5, 90.0)
        station.mount.wait()

    score, _trace = judged(tmp_path, restless)
    (reversals,) = checks(score, "reversals")
    assert reversals.measured == pytest.approx(60, abs=2)
    assert reversals.points == 0.0
    assert "Most did" in reversals.message
    (park,) = checks(score, "park")
    assert park.measured == pytest.approx(7.5, abs=0.05)
    assert 0.0 < park.points < park.maximum


def test_a_mount_that_was_never_moved_earns_nothing(tmp_path: Path) -> None:
    score, _trace = judged(tmp_path, lambda station: station.clock.wait(10.0))
    assert score.points == 0.0
    for key in ("reversals", "park"):
        (check,) = checks(score, key)
        assert check.points == 0.0
        assert "never moved" in check.message
