"""The exercise from-symbols-to-health: what can be had can be had, what is news is news, and what each loss costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import conversation
from sheber.exercises import load
from sheber.exercises.score import Check
from sheber.ground.coding.cadu import Cadu
from sheber.ground.coding.convolutional import Convolutional
from sheber.ground.equipment.front_end import recorded
from sheber.ground.scene import Scene

EXERCISE = load("from-symbols-to-health")
SEEDS = (1601, 1602, 7)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return EXERCISE.scene(1601)


def facts(scene: Scene) -> dict[str, Any]:
    return dict(scene.facts)


def can_be_had(scene: Scene) -> list[bytes]:
    return [frame for n, frame in enumerate(scene.equipment[0].frames) if n not in facts(scene)["lost"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_frames_that_can_be_had_are_those_that_the_library_decodes(seed: int) -> None:
    scene = EXERCISE.scene(seed)
    symbols = recorded(scene.equipment[0], np.random.default_rng(seed)).astype(np.float32)
    found = Cadu(1115, 5, convolutional=Convolutional()).decode(symbols)
    assert [one.data for one in found.frames] == can_be_had(scene)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_trap_is_in_every_scene(seed: int) -> None:
    """An alarm before the wheel's limits were widened that came after, none after; none of the dump; both levels."""
    scene = EXERCISE.scene(seed)
    wheel, payload = (change["since"] for change in dict(scene.sheet)["limits"])
    alarms = {(parameter, level): time for time, parameter, level in facts(scene)["alarms"]}
    assert len(facts(scene)["alarms"]) == len(alarms) == 7
    assert wheel - 60.0 < alarms["WHEEL_TEMPERATURE", "warning"] < wheel
    assert alarms["PAYLOAD_TEMPERATURE", "warning"] > payload
    assert {("BATTERY_VOLTAGE", "warning"), ("BATTERY_VOLTAGE", "critical"), ("MODE", "critical")} < set(alarms)
    assert {("RATE_Z", "warning"), ("RATE_Z", "critical")} < set(alarms)
    assert min(time for time, _parameter, _level in facts(scene)["alarms"]) > -600.0
    stored = [value for time, name, value in facts(scene)["values"] if time < -10_000.0 and name == "BATTERY_VOLTAGE"]
    assert len(stored) > 15
    assert min(stored) < 7.0  # it would have been an alarm


def test_nothing_that_is_told_gives_the_truth_away(scene: Scene) -> None:
    told = str(scene.sheet)
    assert "sent" not in dict(scene.sheet)
    assert not any(digest in told for digest in facts(scene)["sent"])


def scored(scene: Scene, path: Path, forms: dict[str, list[dict[str, Any]]]) -> dict[str, Check]:
    """The checks of a program that decodes twice and hands this in."""
    with conversation(scene, path, EXERCISE.limits) as talk:
        front = talk.station.front_end
        for step in (0, 1):
            front.viterbi(step, front.symbols - step)
        for form, entries in forms.items():
            for entry in entries:
                talk.station.archive.store(form, **entry)
    return {check.key: check for check in EXERCISE.score(talk.trace).checks}


def whole(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """All that is right."""
    truth = facts(scene)
    return {
        "frame": [{"data": frame} for frame in can_be_had(scene)],
        "value": [{"time": t, "parameter": name, "value": value} for t, name, value in truth["values"]],
        "alarm": [{"time": t, "parameter": name, "level": level} for t, name, level in truth["alarms"]],
        "gap": [{"channel": c, "after": after, "missing": missing} for c, after, missing in truth["gaps"]],
    }


def test_all_that_is_right_earns_all_points(scene: Scene, tmp_path: Path) -> None:
    checks = scored(scene, tmp_path / "run.trace", whole(scene))
    assert sum(check.points for check in checks.values()) == 100.0
    assert not any(check.told for check in checks.values())


def test_nothing_earns_nothing_of_the_quality(scene: Scene, tmp_path: Path) -> None:
    checks = scored(scene, tmp_path / "run.trace", {})
    assert [checks[key].points for key in ("frames", "values", "alarms", "cycle", "gaps", "once")] == [0.0] * 6


def test_frames_that_are_missing_wrong_or_twice_are_counted(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    frames = forms["frame"]
    forms["frame"] = [*frames[:-4], frames[0], {"data": b"never sent"}]
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert checks["frames"].measured == pytest.approx(100 * 4 / 43, abs=0.05)
    assert str(checks["frames"].told).startswith("Of 43 frames that can be had, 39 were handed in")
    assert checks["once"].measured == pytest.approx(100 * 2 / 41, abs=0.05)
    assert "1 were never sent and 1 came before" in str(checks["once"].told)


def test_a_frame_that_could_not_be_had_is_no_mistake(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    forms["frame"].append({"data": scene.equipment[0].frames[facts(scene)["lost"][0]]})
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert checks["frames"].points == 24.0
    assert checks["once"].points == 4.0


def test_values_must_have_their_number_and_their_time(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    count = len(forms["value"])
    for n, change in enumerate(({"value": 99.0}, {"time": forms["value"][1]["time"] + 0.1}, {"parameter": "RATE_X"})):
        forms["value"][n] = forms["value"][n] | change
    forms["value"] += forms["value"][10:20]  # twice: ten too many
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert checks["values"].measured == pytest.approx(100 * 13 / (count + 10), abs=0.05)
    first = facts(scene)["values"][0][0]
    assert f"First missing: BATTERY_VOLTAGE at {first:.1f} s" in str(checks["values"].told).replace("−", "-")


def test_a_false_alarm_costs_twice_and_a_missing_one_once(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    first = forms["alarm"][0]
    forms["alarm"][0] = first | {"level": "critical" if first["level"] == "warning" else "warning"}
    forms["alarm"].append({"time": -18_000.0, "parameter": "BATTERY_VOLTAGE", "level": "critical"})
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert checks["alarms"].measured == pytest.approx(25.0)  # six of eight
    assert checks["false"].points == 5.0
    assert "2 alarms were raised that nobody should have had" in str(checks["false"].told)
    del forms["alarm"][-1], forms["alarm"][0]
    checks = scored(scene, tmp_path / "again.trace", forms)
    assert checks["false"].points == 15.0
    assert checks["alarms"].measured == pytest.approx(100 / 7, abs=0.05)
    assert first["parameter"] in str(checks["alarms"].told)


def test_an_alarm_is_matched_once_and_within_some_seconds(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    forms["alarm"][0] = forms["alarm"][0] | {"time": forms["alarm"][0]["time"] + 14.0}
    assert scored(scene, tmp_path / "near.trace", forms)["alarms"].points == 18.0
    forms["alarm"][0] = forms["alarm"][0] | {"time": forms["alarm"][0]["time"] + 2.0}
    assert scored(scene, tmp_path / "far.trace", forms)["false"].measured == 1.0
    forms = whole(scene)
    forms["alarm"].append(forms["alarm"][0])
    assert scored(scene, tmp_path / "twice.trace", forms)["false"].measured == 1.0


def test_alarms_that_are_guessed_earn_nothing(scene: Scene, tmp_path: Path) -> None:
    """Their times are alike from scene to scene: without frames they were not read from any packet."""
    forms = {"alarm": whole(scene)["alarm"]}
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert sum(check.points for check in checks.values() if check.group == "quality") == 0.0
    assert "at least half of the frames" in str(checks["alarms"].told)
    half = whole(scene)
    half["frame"] = half["frame"][: len(facts(scene)["sent"]) // 2 + 1]
    assert scored(scene, tmp_path / "half.trace", half)["alarms"].points == 18.0


def test_gaps_must_be_whole(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    forms["gap"][0] = forms["gap"][0] | {"missing": 9}
    checks = scored(scene, tmp_path / "run.trace", forms)
    wanted = len(forms["gap"])
    assert checks["gaps"].measured == pytest.approx(100 / wanted, abs=0.05)
    assert str(checks["gaps"].told) == f"Of {wanted} gaps {wanted - 1} were told. There were {wanted} entries."


def test_time_counts_when_the_work_is_done(scene: Scene, tmp_path: Path) -> None:
    forms = whole(scene)
    forms["value"] = forms["value"][:100]
    checks = scored(scene, tmp_path / "run.trace", forms)
    assert checks["cycle"].points == 0.0
    assert checks["cycle"].follows
