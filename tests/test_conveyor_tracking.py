"""Conveyor tracking: its scenes, what its criteria measure, and that another good strategy is judged as good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from exercise_traces import placing_run
from sheber.exercises import Exercise, load
from sheber.exercises.score import Check, Score
from sheber.geometry import Pose
from sheber.judge import Program, best_sandbox, run
from sheber.robot.cell.scene import Scene

SECOND = Path(__file__).parent / "second_programs" / "conveyor_tracking.py"
SECONDS_EACH = 8.0  # in synthetic runs; they last longer than the stop


@pytest.fixture(scope="module")
def tracking() -> Exercise:
    return load("conveyor-tracking")


@pytest.fixture(scope="module")
def scenes(tracking: Exercise) -> list[Scene]:
    return [tracking.scene(seed) for seed in range(40)]


def by_key(score: Score) -> dict[str, Check]:
    return {check.key: check for check in score.checks}


def wanted(exercise: Exercise) -> dict[str, Pose]:
    facts = dict(exercise.scene(1).facts)
    return dict(zip(facts["parts"], map(Pose.from_list, facts["places"]), strict=True))


def moving(exercise: Exercise, part: str, speed: float) -> np.ndarray:
    """A path (n, 7) of a part that the belt carries at this speed [m/s]."""
    scene = exercise.scene(1)
    start = next(one.pose for one in scene.parts if one.name == part)
    way = speed * 0.02 * np.arange(4000)
    path = np.tile(start.to_list(), (4000, 1))
    path[:, :2] += way[:, None] * dict(scene.facts)["along"]
    return path


# --- scenes -----------------------------------------------------------------------------------------


def test_neither_speed_nor_scale_nor_stop_is_told(scenes: list[Scene]) -> None:
    for scene in scenes:
        (belt,), (fault,) = scene.belts, scene.faults
        told = json.dumps(dict(scene.sheet)) + json.dumps({name: pose.to_list() for name, pose in scene.frames})
        for hidden in (belt.speed, belt.counts_per_m, fault.begins, fault.ends):
            assert f"{hidden}" not in told.replace("[", " ").replace(",", " ").split()
        assert scene.outputs == ()
        assert belt.output == belt.until == ""


def test_the_belt_stands_while_parts_are_still_to_come(scenes: list[Scene]) -> None:
    for scene in scenes:
        (belt,), (fault,) = scene.belts, scene.faults
        line = dict(scene.frames)["belt"]
        x = [(line.inverse() @ part.pose).position[0] + belt.speed * fault.begins for part in scene.parts]
        assert sum(one < -0.1 for one in x) >= 2, "some are still to come"
        assert x[0] > -0.1, "the first has come"
        assert fault.ends is not None
        assert 3.0 <= fault.ends - fault.begins <= 6.0


def test_what_is_drawn_differs(scenes: list[Scene]) -> None:
    speeds, scales = ({getattr(scene.belts[0], name) for scene in scenes} for name in ("speed", "counts_per_m"))
    assert min(map(len, (speeds, scales))) > 35
    assert 0.05 <= min(speeds) < 0.06
    assert 0.10 < max(speeds) <= 0.11


def test_parts_on_the_tray_are_clear_of_the_belt_and_the_bin(scenes: list[Scene]) -> None:
    """With room for a bad angle: a part is 68 mm long, so its corner is 40 mm from its middle at most."""
    for scene in scenes:
        (belt,) = scene.belts
        bin_at = next(fixture.pose for fixture in scene.fixtures if fixture.name == "end_bin")
        for place in dict(scene.facts)["places"]:
            assert abs((belt.pose.inverse() @ np.array(place[:3]))[1]) > belt.width / 2 + 0.012 + 0.045
            assert abs((bin_at.inverse() @ np.array(place[:3]))[1]) > 0.09 + 0.045


# --- criteria ---------------------------------------------------------------------------------------


def test_a_perfect_run_earns_all_quality(tracking: Exercise, tmp_path: Path) -> None:
    score = tracking.score(placing_run(tmp_path / "run.trace", tracking, wanted(tracking), seconds_each=SECONDS_EACH))
    assert score.quality == 60.0
    assert [check.key for check in score.checks if check.lost] == []


def test_the_touch_of_a_part_that_moves_below_a_standing_cup_costs_its_points(
    tracking: Exercise, tmp_path: Path
) -> None:
    paths: Mapping[str, np.ndarray] = {"part_3": moving(tracking, "part_3", 0.08)}
    trace = placing_run(tmp_path / "run.trace", tracking, wanted(tracking), seconds_each=SECONDS_EACH, paths=paths)
    checks = by_key(tracking.score(trace))
    assert checks["touch-part_3"].points == 0.0
    assert checks["touch-part_3"].measured == pytest.approx(80.0, abs=0.5)
    assert "It moved at 80 mm/s against the part (-80 mm/s along the belt)." in checks["touch-part_3"].message
    assert checks["touch-part_2"].lost == 0.0


def test_the_speed_counts_at_the_first_touch_before_the_grip(tracking: Exercise, tmp_path: Path) -> None:
    """The part moves until 0.5 s before it is held: only the touch, which came before, finds that."""
    path = moving(tracking, "part_1", 0.03)
    path[25:, :3] = path[25, :3]  # stands from 0.5 s on; the grip is at 1 s
    touch = (0.4, "contact", {"a": "tool", "b": "part_1", "force_N": 5.0, "meant": True})
    found = []
    for events in ([], [touch]):
        trace = placing_run(
            tmp_path / f"{len(events)}.trace",
            tracking,
            wanted(tracking),
            seconds_each=SECONDS_EACH,
            paths={"part_1": path},
            events=events,
        )
        found.append(by_key(tracking.score(trace))["touch-part_1"].measured)
    assert found == [pytest.approx(0.0, abs=0.1), pytest.approx(30.0, abs=0.5)]


@pytest.mark.parametrize(
    ("ends", "speed"),
    [([(3.0, 9.0)], 30.0), ([(3.0, 4.0), (5.0, 5.5), (6.6, 9.0)], 30.0), ([(3.0, 4.0), (6.6, 9.0)], 0.0)],
    ids=["one that lasts", "one after the other", "one that was over long before"],
)
def test_a_cup_that_steps_on_a_part_and_waits_has_touched_it_when_it_came(
    ends: list[tuple[float, float]], speed: float, tracking: Exercise, tmp_path: Path
) -> None:
    """What is pressed on stands still in the end; the part is gripped at 9 s."""
    path = moving(tracking, "part_2", 0.03)
    path[155:, :3] = path[155, :3]  # it stands from 3.1 s on
    pair = {"a": "tool", "b": "part_2", "meant": True}
    events = [(begin, "contact", pair | {"force_N": 5.0}) for begin, _end in ends]
    events += [(end + 0.1, "contact_end", pair | {"peak_N": 70.0, "duration_s": end - begin}) for begin, end in ends]
    trace = placing_run(
        tmp_path / "run.trace",
        tracking,
        wanted(tracking),
        seconds_each=SECONDS_EACH,
        paths={"part_2": path},
        events=events,
    )
    assert by_key(tracking.score(trace))["touch-part_2"].measured == pytest.approx(speed, abs=0.5)


def test_parts_that_are_gripped_and_not_brought_earn_nothing(tracking: Exercise, tmp_path: Path) -> None:
    """Whoever only touches gently, or only grips after the stop, gains nothing."""
    beside = {part: pose.offset(x=-0.4) for part, pose in wanted(tracking).items()}
    score = tracking.score(placing_run(tmp_path / "run.trace", tracking, beside, seconds_each=SECONDS_EACH))
    assert score.quality == 0.0
    assert score.points == 0.0


def test_two_parts_on_one_place_count_once(tracking: Exercise, tmp_path: Path) -> None:
    places = wanted(tracking)
    places["part_6"] = places["part_5"].offset(x=0.004)
    checks = by_key(tracking.score(placing_run(tmp_path / "run.trace", tracking, places, seconds_each=SECONDS_EACH)))
    assert checks["picked"].measured == pytest.approx(83.3)
    assert checks["placed-part_5"].lost == 0.0
    assert "part 6" in checks["picked"].message


def test_any_part_may_stand_on_any_place_and_either_way_round(tracking: Exercise, tmp_path: Path) -> None:
    places = wanted(tracking)
    turned = dict(zip(places, [pose.rotated(z=np.pi) for pose in reversed(places.values())], strict=True))
    score = tracking.score(placing_run(tmp_path / "run.trace", tracking, turned, seconds_each=SECONDS_EACH))
    assert score.quality == 60.0


def test_a_part_that_the_belt_carried_away_is_told_with_its_moment(tracking: Exercise, tmp_path: Path) -> None:
    places = wanted(tracking)
    places.pop("part_2")
    path = moving(tracking, "part_2", 0.0)
    path[1000:, 2] = 0.02  # in the bin from 20 s on
    trace = placing_run(tmp_path / "run.trace", tracking, places, seconds_each=SECONDS_EACH, paths={"part_2": path})
    checks = by_key(tracking.score(trace))
    assert checks["placed-part_2"].message == "At 20.0 s the belt carried part 2 over its end."
    assert checks["placed-part_2"].time == pytest.approx(20.0)
    assert "Over the end of the belt went: part 2." in checks["picked"].message


@pytest.mark.parametrize("touched", [True, False])
def test_a_part_that_the_cup_took_and_lost_is_told_as_lost_not_as_missed(
    touched: bool, tracking: Exercise, tmp_path: Path
) -> None:
    places = wanted(tracking)
    places.pop("part_2")
    path = moving(tracking, "part_2", 0.0)
    path[1200:, 2] = 0.02  # in the bin from 24 s on
    events = [
        (22.6, "grip", {"tool": "suction", "part": "part_2"}),
        (22.7, "contact", {"a": "part_2", "b": "tool", "meant": True}),
        (22.95, "lost", {"tool": "suction", "part": "part_2"}),
    ]
    if touched:
        events.insert(2, (22.9, "contact", {"a": "belt", "b": "part_2", "meant": True}))
    paths = {"part_2": path}
    trace = placing_run(tmp_path / "run.trace", tracking, places, seconds_each=SECONDS_EACH, paths=paths, events=events)
    check = by_key(tracking.score(trace))["placed-part_2"]
    why = (
        "At 23.0 s the cup lost it: part 2 and the belt touched."
        if touched
        else "At 23.0 s it lost it. The part lies on no place."
    )
    assert check.message == f"At 22.6 s the cup took part 2. {why}"
    assert check.time == pytest.approx(22.96)


def test_after_the_stop_only_parts_that_came_later_count(tracking: Exercise, tmp_path: Path) -> None:
    """In a synthetic run part n is gripped at 8 n - 7 s. The first is missing: it was held before the stop."""
    _begins, ends = dict(tracking.scene(1).facts)["stop"]
    places = wanted(tracking)
    later = [part for n, part in enumerate(places) if SECONDS_EACH * n + 1.0 > ends]
    spoilt = {**places, "part_1": places["part_1"].offset(x=-0.4)}
    checks = by_key(tracking.score(placing_run(tmp_path / "a.trace", tracking, spoilt, seconds_each=SECONDS_EACH)))
    assert checks["after-stop"].lost == 0.0
    spoilt = {**places, later[0]: places[later[0]].offset(x=-0.4)}
    checks = by_key(tracking.score(placing_run(tmp_path / "b.trace", tracking, spoilt, seconds_each=SECONDS_EACH)))
    assert checks["after-stop"].measured == pytest.approx(100.0 * (1.0 - 1.0 / len(later)), abs=0.1)


# --- programs ---------------------------------------------------------------------------------------


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize("seed", [61, 62, 63])
def test_another_good_strategy_is_judged_as_good(tracking: Exercise, seed: int) -> None:
    """The second program flies along with the belt before it sinks, and measures its own lag in the air."""
    score = tracking.score(run(tracking, Program.read(SECOND), seed, best_sandbox()))
    assert score.points >= 90.0, [check.message for check in score.checks if check.lost]
