"""Scores: laws of ramps and sums, and the criteria of each exercise on synthetic traces. No physics."""

from __future__ import annotations

import gettext
import math
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import exercise_traces
from exercise_traces import along, facts_of, idle_run, placing_run, poses_run, write_trace
from sheber import i18n
from sheber.exercises import Check, Exercise, ExerciseError, Score, catalogue, final, load, ramp
from sheber.exercises.criteria import falls, gripped_nothing, set_down, worth
from sheber.exercises.criteria.measure import (
    best_in_order,
    circle_deviation,
    last_action,
    line_deviation,
    pose_errors,
    turn_between,
)
from sheber.exercises.score import GROUPS, PASS
from sheber.geometry import Pose
from sheber.i18n import message
from sheber.trace import NOTHING, Channel, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

NAMES = [exercise.name for exercise in catalogue() if exercise.station.name == "robot-cell"]  # others: tests/ground
A_CHECK = message("test_scores.a_check", "a check")
HIT = message("test_scores.hit", "Emergency stop: the tool hit the table.")
finite = st.floats(-1e6, 1e6)


def check(points: float, group: str = "quality", maximum: float = 60.0) -> Check:
    return Check(A_CHECK(), group, points, maximum)


def by_key(score: Score) -> dict[str, Check]:
    for text in (text for one in score.checks for text in (one.title, one.told) if text):
        assert not str(text).startswith(text.id), "a sentence that does not fit its values"
    return {check.key: check for check in score.checks}


def copied(exercise: Exercise, folder: Path, *changes: tuple[str, str]) -> Exercise:
    """A copy of an exercise, its exercise.toml changed as a teacher would."""
    shutil.copytree(exercise.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "exercise.toml"
    text = file.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return load(str(folder))


# --- ramps and sums ---------------------------------------------------------------------------------


@given(a=finite, b=finite, full=finite, zero=finite)
def test_a_ramp_never_rewards_being_farther_off(a: float, b: float, full: float, zero: float) -> None:
    if full == zero:
        return
    nearer, farther = sorted((a, b), reverse=zero < full)
    assert 0.0 <= ramp(farther, full, zero) <= ramp(nearer, full, zero) <= 1.0


def test_a_ramp_is_full_and_zero_at_its_ends_and_straight_between() -> None:
    assert [ramp(value, 0.5, 5.0) for value in (0.0, 0.5, 2.75, 5.0, 9.0)] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert [ramp(value, 1.0, 0.6) for value in (1.0, 0.8, 0.6)] == pytest.approx([1.0, 0.5, 0.0])
    assert ramp(math.nan, 0.5, 5.0) == 0.0
    assert ramp(math.inf, 0.5, 5.0) == 0.0


@pytest.mark.parametrize(("full", "zero"), [(1.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
def test_a_cliff_is_no_ramp(full: float, zero: float) -> None:
    with pytest.raises(ValueError, match="ramp"):
        ramp(0.5, full, zero)


def test_groups_are_multiplied_by_quality() -> None:
    others = (check(15, "cycle", 15), check(15, "safety", 15), check(10, "procedure", 10))
    assert Score((check(60), *others)).points == 100.0
    assert Score((check(30), *others)).points == 50.0
    assert Score((check(0), *others)).points == 0.0
    assert Score((check(30), *others)).factor == 0.5
    assert Score((check(30), *others)).counted(others[0]) == 7.5


def test_a_score_travels_and_is_equal_by_value(poses: Exercise, tmp_path: Path) -> None:
    score = poses.score(idle_run(tmp_path / "idle.trace", poses))
    assert pickle.loads(pickle.dumps(score)) == score
    assert score != poses.score(poses_run(tmp_path / "run.trace", poses))


def test_a_score_is_read_in_the_language_of_its_reader(
    poses: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Marked(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"» {message}"

    monkeypatch.setitem(i18n._catalogues, "kk", Marked())
    score = poses.score(idle_run(tmp_path / "idle.trace", poses))
    english = [(check.name, check.message) for check in score.checks]
    with i18n.language("kk"):
        assert [check.name for check in score.checks] == [f"» {name}" for name, _told in english]
        assert all(check.message.startswith("» ") for check in score.checks if check.lost)


def test_a_check_refuses_points_it_cannot_have() -> None:
    with pytest.raises(ValueError, match="allowed are 0 to"):
        check(61.0)
    with pytest.raises(ValueError, match="group 'speed' of check"):
        check(1.0, "speed")


def test_the_final_score_weighs_the_worst_scene() -> None:
    assert final([100.0, 100.0, 40.0, 80.0]) == pytest.approx(0.7 * 80.0 + 0.3 * 40.0)
    with pytest.raises(ValueError, match="at least one scene"):
        final([])


# --- geometry ---------------------------------------------------------------------------------------


def test_pose_errors_are_those_of_pose() -> None:
    rng = np.random.default_rng(1)
    wanted = Pose(rng.normal(size=3), rng.normal(size=4))
    others = [Pose(rng.normal(size=3), rng.normal(size=4)) for _n in range(20)]
    others += [wanted.rotated(x=1e-9).offset(y=1e-6)]
    distance, angle = pose_errors(np.array([pose.to_list() for pose in others]), wanted)
    assert distance == pytest.approx([pose.distance(wanted) for pose in others], abs=1e-15)
    assert angle == pytest.approx([pose.angle(wanted) for pose in others], abs=1e-13)


@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**32))
def test_best_in_order_finds_the_largest_sum(rows: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).choice([0.0, 0.0, 1.0, 2.0, 3.0], (rows, columns))

    def best(row: int, column: int) -> float:
        if row == rows:
            return 0.0
        return max(float(values[row, c]) + best(row + 1, c) for c in range(column, columns))

    chosen = best_in_order(values)
    found = [column for column in chosen if column is not None]
    assert found == sorted(found)
    assert sum(values[row, column] for row, column in enumerate(chosen) if column is not None) == best(0, 0)


def test_deviations_from_line_and_circle() -> None:
    points = np.array([[0, 0, 0], [0.5, 0.003, 0.004], [1.01, 0, 0], [1, 0, 0]])
    assert line_deviation(points) == pytest.approx([0, 0.005, 0.01, 0])
    t = np.linspace(0.0, 1.5, 7)
    arc = np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    moved = arc * 1.002 + [0, 0, 0.0015]
    assert circle_deviation(moved, arc[0], arc[3], arc[-1]) == pytest.approx(0.0025)


@pytest.mark.parametrize(("symmetry", "wanted"), [(1, 95.0), (2, -85.0), (4, 5.0), (6, -25.0), (0, 0.0)])
def test_a_turn_is_taken_within_the_symmetry(symmetry: int, wanted: float) -> None:
    place = Pose((0, 0, 0)).rotated(z=1.0)
    lying = place.rotated(z=math.radians(95.0)).rotated(x=0.1)
    turn = turn_between(lying.to_list(), place, symmetry)
    assert math.degrees(turn.yaw) == pytest.approx(wanted, abs=0.3)
    assert turn.tilt == pytest.approx(0.1)


# --- every exercise with robots ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_doing_nothing_earns_nothing(name: str, tmp_path: Path) -> None:
    score = load(name).score(idle_run(tmp_path / "idle.trace", load(name)))
    assert score.points == 0.0
    assert score.quality == 0.0
    assert {group: score.group(group)[1] for group in GROUPS} == pytest.approx(GROUPS, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_a_single_sample_can_be_scored(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    scene = exercise.scene(1)
    bodies = {part.name: np.empty((0, 7)) for part in scene.parts}
    empty = np.empty((0, 7)), np.empty((0, 6))
    trace = write_trace(tmp_path / "empty.trace", exercise, dict(scene.facts), *empty, bodies)
    assert exercise.score(trace).points == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_the_same_trace_gives_the_same_score(name: str, tmp_path: Path) -> None:
    trace = idle_run(tmp_path / "idle.trace", load(name))
    assert load(name).score(trace) == load(name).score(trace)


# --- poses and moves --------------------------------------------------------------------------------


@pytest.fixture
def poses() -> Exercise:
    return load("poses-and-moves")


def test_perfect_poses_earn_everything(poses: Exercise, tmp_path: Path) -> None:
    score = poses.score(poses_run(tmp_path / "run.trace", poses))
    assert [(check.name, check.message) for check in score.checks if check.lost] == []
    assert score.points == 100.0


def test_points_of_a_pose_fall_with_its_error(poses: Exercise, tmp_path: Path) -> None:
    points = []
    for millimetres in (0.0, 0.4, 1.0, 2.0, 4.0, 6.0):

        def off(name: str, pose: Pose, by: float = millimetres * 1e-3) -> Pose:
            return pose.offset(x=by) if name == "E" else pose

        score = poses.score(poses_run(tmp_path / "run.trace", poses, spoil=off))
        points.append(by_key(score)["pose-E-position"].points)
    assert points == sorted(points, reverse=True)
    assert points[1] == points[0] == 4.0
    assert points[-1] == 0.0
    assert points[2] == pytest.approx(4.0 * ramp(1.0, 0.5, 5.0), abs=0.01)


def test_a_lost_point_says_what_when_and_by_how_much(poses: Exercise, tmp_path: Path) -> None:
    def off(name: str, pose: Pose) -> Pose:
        return pose.offset(x=0.003).rotated(z=math.radians(1.5)) if name == "F" else pose

    checks = by_key(poses.score(poses_run(tmp_path / "run.trace", poses, spoil=off)))
    position, angle = checks["pose-F-position"], checks["pose-F-angle"]
    assert (position.measured, position.wanted, position.unit) == (3.0, 0.5, "mm")
    assert "3.0 mm" in position.message
    assert "x +3.0" in position.message
    assert f"{position.time:.1f} s" in position.message
    assert angle.measured == pytest.approx(1.5, abs=0.01)
    assert "1.50°" in angle.message


def test_poses_out_of_order_do_not_count(poses: Exercise, tmp_path: Path) -> None:
    taught = {name: Pose.from_list(values) for name, values in facts_of(poses, 1)["poses"].items()}

    def swapped(name: str, pose: Pose) -> Pose:
        return {"E": taught["F"], "F": taught["E"]}.get(name, pose)

    score = poses.score(poses_run(tmp_path / "run.trace", poses, spoil=swapped))
    lost = [check for check in score.checks if check.key in ("pose-E-position", "pose-F-position") and check.lost]
    assert len(lost) == 1
    assert "not in the right order" in lost[0].message
    cycle = by_key(score)["cycle"]
    assert cycle.points == 0.0
    assert "whole job" in cycle.message


def test_a_criterion_is_worth_what_the_table_of_its_points_says(poses: Exercise, tmp_path: Path) -> None:
    changes = ("line = 12\n", "speed = 12\n"), ("speed = 6  ", "line = 6  ")
    score = copied(poses, tmp_path / "copy", *changes).score(poses_run(tmp_path / "run.trace", poses))
    assert score.points == 100.0
    checks = by_key(score)
    assert (checks["line-A-B"].group, checks["line-A-B"].maximum) == ("procedure", 6.0)
    assert (checks["speed-C-D"].group, checks["speed-C-D"].maximum) == ("quality", 6.0)


def test_the_arc_must_pass_its_via_pose(poses: Exercise, tmp_path: Path) -> None:
    def flat(name: str, pose: Pose) -> Pose:
        return pose.offset(x=-0.03) if name == "via" else pose

    arc = by_key(poses.score(poses_run(tmp_path / "run.trace", poses, spoil=flat)))["arc-C-D"]
    assert arc.points == 0.0
    assert arc.measured is not None
    assert arc.measured > 3.0


def test_a_changed_tolerance_changes_the_points(poses: Exercise, tmp_path: Path) -> None:
    def off(name: str, pose: Pose) -> Pose:
        return pose.offset(x=0.002) if name == "A" else pose

    trace = poses_run(tmp_path / "run.trace", poses, spoil=off)
    strict = poses.score(trace)
    change = ('full = 0.5, zero = 5.0, unit = "mm"', 'full = 2.5, zero = 20.0, unit = "mm"')
    mild = copied(poses, tmp_path / "copy", change).score(trace)
    assert by_key(strict)["pose-A-position"].points < by_key(mild)["pose-A-position"].points == 4.0
    assert strict.points < mild.points


def arriving(
    exercise: Exercise, path: Path, seed: int, rest_s: float, off_mm: float, first_mm: float | None = None
) -> Trace:
    """Poses and moves as an arm drives: each stop is reached along a bend, braking, and each is off_mm beside its pose;
    the tool rests there rest_s, drives the line and the arc exactly, and creeps by 0.1 mm while it settles.
    It may stand first_mm beside A first, and come from above again."""
    trace = poses_run(path.with_suffix(".ideal"), exercise, seed=seed)
    tcp, facts = trace["tcp"].copy(), trace.facts
    taught = [Pose.from_list(facts["poses"][name]).offset(x=off_mm * 1e-3) for name in "ABCDEF"]
    rows = [tcp[:3]]
    if first_mm is not None:
        first = taught[0].offset(x=first_mm * 1e-3)
        rows.append(along([first.offset(z=0.1), first, first.offset(z=0.1)], [1.0, 1.0]))
    ends = [int(np.argmin(pose_errors(tcp, Pose.from_list(facts["poses"][name]))[0])) for name in "ABCDEF"]
    for n, (pose, end) in enumerate(zip(taught, ends, strict=True)):
        start = ends[n - 1] + 1 if n else 3
        driven = tcp[start : end + 1].copy()
        driven[:, 0] += off_mm * 1e-3
        if n not in (1, 3):  # neither the line nor the arc
            left = np.arange(0.5, 0.0, -0.02)  # s to the stop
            bend = np.stack([0.2 * left**2, 0.06 * left**1.5, 0.1 * left**2], axis=1)
            driven = np.hstack([pose.position + bend, np.tile(pose.quaternion, (len(left), 1))])
        settling = np.tile(pose.to_list(), (3 + round(rest_s / 0.02), 1))
        settling[:, 2] += 1e-4 * np.exp(-np.arange(len(settling)))
        rows += [driven, settling]
    way = np.concatenate(rows)
    joints = np.tile(facts["home"], (len(way), 1))
    joints[10:-5] += 0.5
    end_s = (len(way) - 1) * 0.02
    return write_trace(path, exercise, facts, way, joints, events=[(end_s, "move_done", {"kind": "joints", "line": 1})])


FULL = 'position = { full = 0.5, zero = 5.0, unit = "mm" }'


@pytest.mark.parametrize(
    ("seed", "rest_s", "off_mm", "first_mm"),
    [(1, 0.0, 0.0, None), (2, 0.2, 0.0, None), (3, 0.0, 0.7, None), (4, 0.1, 2.5, None), (5, 0.1, 0.0, 0.4)],
)
def test_a_looser_tolerance_never_lowers_a_score(
    poses: Exercise, tmp_path: Path, seed: int, rest_s: float, off_mm: float, first_mm: float | None
) -> None:
    trace = arriving(poses, tmp_path / "run.trace", seed, rest_s, off_mm, first_mm)
    ramps = [(0.05, 0.5), (0.05, 5.0), (0.1, 5.0), (0.5, 5.0), (1.0, 5.0), (2.0, 5.0), (2.0, 20.0), (20.0, 100.0)]
    scores = []
    for n, (full, zero) in enumerate(ramps):
        ramp_ = f'position = {{ full = {full}, zero = {zero}, unit = "mm" }}'
        scores.append(copied(poses, tmp_path / f"copy-{n}", (FULL, ramp_)).score(trace))
    assert [score.points for score in scores] == sorted(score.points for score in scores)
    for looser, stricter in zip(scores[1:], scores[:-1], strict=True):
        lost = [key for key, check in by_key(looser).items() if check.points < by_key(stricter)[key].points]
        assert lost == []


def test_line_and_arc_begin_where_the_tool_stands(poses: Exercise, tmp_path: Path) -> None:
    checks = by_key(poses.score(arriving(poses, tmp_path / "run.trace", 1, 0.0, 0.0)))
    for key in ("line-A-B", "arc-C-D", *(f"pose-{name}-position" for name in "ABCDEF")):
        assert checks[key].measured == pytest.approx(0.0, abs=0.11), key
        assert checks[key].lost == 0.0


def test_who_comes_twice_to_a_pose_is_judged_by_the_way_that_was_asked(poses: Exercise, tmp_path: Path) -> None:
    """A look at A and back up, A again and the line to B, up and to B again: only the way from A to B is measured."""
    facts = facts_of(poses, 1)
    a, b = (Pose.from_list(facts["poses"][name]) for name in "AB")
    seconds = a.distance(b) / facts["speeds"]["line"]
    for first, second in ((0.0, 0.05), (0.05, 0.0)):  # mm beside the pose
        starts, ends = ([pose.offset(x=off * 1e-3) for off in (first, second)] for pose in (a, b))
        stops = [a.offset(z=0.2), starts[0], a.offset(z=0.1), starts[1], ends[0], b.offset(z=0.1), ends[1]]
        way = along(stops, [1.0, 1.0, 1.0, seconds, 1.0, 1.0])
        joints = np.tile(facts["home"], (len(way), 1))
        checks = by_key(poses.score(write_trace(tmp_path / "run.trace", poses, facts, way, joints)))
        assert checks["line-A-B"].measured == pytest.approx(0.0, abs=0.01)
        assert checks["speed-A-B"].measured == pytest.approx(0.0, abs=1.0)


def test_a_pose_is_judged_where_the_tool_stands_not_where_it_passed(poses: Exercise, tmp_path: Path) -> None:
    taught = {name: Pose.from_list(values) for name, values in facts_of(poses, 1)["poses"].items()}
    facts = facts_of(poses, 1)

    def score(*ways: Pose) -> dict[str, Check]:
        """From above through poses near A; between two of them the tool stands."""
        way = along([taught["A"].offset(z=0.1), *ways, taught["A"].offset(x=0.1, z=0.1)], [1.0] * (len(ways) + 1))
        joints = np.tile(facts["home"], (len(way), 1))
        return by_key(poses.score(write_trace(tmp_path / "run.trace", poses, facts, way, joints)))

    too_far = score(taught["A"].offset(z=-0.003))  # through A, and 3 mm on
    assert too_far["pose-A-position"].measured == 3.0
    far_too_far = score(taught["A"].offset(z=-0.007))
    assert far_too_far["pose-A-position"].points == 0.0
    assert "stopped at a distance of 7.0 mm" in far_too_far["pose-A-position"].message
    again = score(taught["A"].offset(z=-0.003), taught["A"])
    assert again["pose-A-position"].measured == 0.0


def test_a_pose_that_is_passed_without_a_stop_is_judged_where_the_tool_came_nearest(
    poses: Exercise, tmp_path: Path
) -> None:
    facts = facts_of(poses, 1)
    pose = Pose.from_list(facts["poses"]["A"]).offset(y=0.001)
    way = along([pose.offset(z=0.1), pose.offset(z=-0.05)], [1.5])
    joints = np.tile(facts["home"], (len(way), 1))
    check = by_key(poses.score(write_trace(tmp_path / "run.trace", poses, facts, way, joints)))["pose-A-position"]
    assert check.measured == pytest.approx(1.0, abs=0.15)


def rounding(exercise: Exercise, path: Path, blend: float) -> Trace:
    """Poses and moves driven without a stop: each corner is rounded, 20 mm before and after its pose."""
    ideal = poses_run(path.with_suffix(".ideal"), exercise)
    driven, facts = ideal["tcp"], ideal.facts
    moves = np.concatenate(([True], np.any(np.diff(driven[:, :3], axis=0) != 0.0, axis=1)))
    way = driven[moves].copy()
    told: list[tuple[float, str, dict[str, object]]] = []
    for line, name in enumerate("ABCDEF", start=11):
        pose = Pose.from_list(facts["poses"][name])
        at = int(np.argmin(pose_errors(way, pose)[0]))
        near = np.flatnonzero(np.linalg.norm(way[:, :3] - way[at, :3], axis=1) < 0.02)
        near = near[(near > at - 60) & (near < at + 60)]
        share = np.linspace(0.0, 1.0, len(near))[:, None]
        first, last = way[near[0], :3].copy(), way[near[-1], :3].copy()
        way[near, :3] = (1 - share) ** 2 * first + 2 * share * (1 - share) * pose.position + share**2 * last
        told.append(((at - 40) * 0.02, "move", {"kind": "move_linear", "line": line, "blend": blend}))
        told.append((at * 0.02, "move_done", {"kind": "move_linear", "line": line}))
    joints = np.tile(facts["home"], (len(way), 1))
    joints[10:-5] += 0.5
    return write_trace(path, exercise, facts, way, joints, events=told)


def test_a_pose_that_is_passed_costs_its_own_points_alone(poses: Exercise, tmp_path: Path) -> None:
    checks = by_key(poses.score(rounding(poses, tmp_path / "run.trace", 0.02)))
    for name in "ABCD":
        assert checks[f"pose-{name}-position"].points < 1.0
    for key in ("line-A-B", "arc-C-D", "speed-A-B", "speed-C-D"):
        assert checks[key].lost == 0.0, (key, checks[key].message)
    assert "did not reach these poses in the right order: A, C, D, F." in checks["cycle"].message, "no time for those"


def test_a_corner_that_turns_back_is_no_stop(poses: Exercise, tmp_path: Path) -> None:
    """After the last pose the way goes back where it came from: the tool is slow there, but it does not stand."""
    ideal = poses_run(tmp_path / "ideal.trace", poses)
    way, name = ideal["tcp"].copy(), "F"
    pose = Pose.from_list(ideal.facts["poses"][name])
    at = int(np.argmin(pose_errors(way, pose)[0]))
    swing = 0.011 + 0.5 * 0.4 * (np.arange(-40, 41) * 0.02) ** 2  # m from the pose: it brakes and goes back
    way[at - 40 : at + 41] = [pose.offset(z=float(z)).to_list() for z in swing]
    way[at - 1 : at + 2, 1] += np.array([-1e-4, 0.0, 1e-4])
    told: list[tuple[float, str, dict[str, object]]] = [
        ((at - 40) * 0.02, "move", {"kind": "move_linear", "line": 16, "blend": 0.03}),
        (at * 0.02, "move_done", {"kind": "move_linear", "line": 16}),
    ]
    trace = write_trace(tmp_path / "run.trace", poses, ideal.facts, way, ideal["joints"], events=told)
    checks = by_key(poses.score(trace))
    message = checks["pose-F-position"].message
    assert "passed pose F" in message
    assert "The move of line 16 has blend=0.03." in message
    assert "stopped" not in message
    assert checks["cycle"].message.endswith("in the right order: F.")


def driven_by(poses: Exercise, path: Path, kind: str) -> dict[str, Check]:
    """Line and arc bent by 20 mm, both driven by line 7, which calls `kind`."""
    ideal = poses_run(path.with_suffix(".ideal"), poses)
    way = ideal["tcp"].copy()
    taught = {name: Pose.from_list(values) for name, values in ideal.facts["poses"].items()}
    at = {name: int(np.argmin(pose_errors(way, taught[name])[0])) for name in "ABCD"}
    told: list[tuple[float, str, dict[str, object]]] = []
    for start, end in ("AB", "CD"):
        count = at[end] - at[start] + 1
        way[at[start] : at[end] + 1, 2] += 0.02 * np.sin(np.linspace(0.0, np.pi, count))
        told.append((at[start] * 0.02, "move", {"kind": kind, "line": 7}))
        told.append((at[end] * 0.02, "move_done", {"kind": kind, "line": 7}))
    return by_key(poses.score(write_trace(path, poses, ideal.facts, way, ideal["joints"], events=told)))


def test_a_joint_move_where_a_line_or_an_arc_is_asked_for_is_named_with_its_line(
    poses: Exercise, tmp_path: Path
) -> None:
    checks = driven_by(poses, tmp_path / "joints.trace", "move_to")
    assert checks["line-A-B"].message.endswith("Line 7 calls move_to. Use move_linear for this path.")
    assert checks["arc-C-D"].message.endswith("Line 7 calls move_to. Use move_circular for this path.")
    linear = driven_by(poses, tmp_path / "linear.trace", "move_linear")
    assert "calls" not in linear["line-A-B"].message
    assert linear["arc-C-D"].message.endswith("Line 7 calls move_linear. Use move_circular for this path.")


def test_poses_after_the_end_of_the_run_follow_from_it(poses: Exercise, tmp_path: Path) -> None:
    """Of a run that was stopped after B, the poses C to F are consequences; A, which it missed, is a cause."""
    ideal = poses_run(
        tmp_path / "ideal.trace", poses, spoil=lambda name, pose: pose.offset(z=0.2) if name == "A" else pose
    )
    at_b = int(np.argmin(pose_errors(ideal["tcp"], Pose.from_list(ideal.facts["poses"]["B"]))[0])) + 2
    args = poses, ideal.facts, ideal["tcp"][:at_b], ideal["joints"][:at_b]
    stop = [(at_b * 0.02 - 0.1, "emergency_stop", {"text": "a wall"})]
    run = write_trace(tmp_path / "cut.trace", *args, outcome=OutcomeKind.EMERGENCY_STOP, events=stop)
    cut = by_key(poses.score(run))
    assert cut["pose-C-position"].message == "The run ended before the tool reached pose C."
    follows = {key for key, check in cut.items() if check.follows}
    assert {f"pose-{name}-position" for name in "CDEF"} | {"home"} <= follows
    assert not {"pose-A-position", "pose-B-position", "stop"} & follows
    ended = by_key(poses.score(write_trace(tmp_path / "ended.trace", *args)))
    assert not ended["pose-C-position"].follows


def test_a_distance_from_before_the_poses_tells_nothing_of_a_later_one(poses: Exercise, tmp_path: Path) -> None:
    """The tool comes near to D before A, then drives A, B, C and goes away: D has no smallest distance."""
    facts = dict(poses.scene(1).facts)
    taught = {name: Pose.from_list(values) for name, values in facts["poses"].items()}
    stops = [taught["D"].offset(z=0.04), taught["A"], taught["B"], taught["C"]]
    away = along([*stops, taught["C"].offset(x=-0.02, y=-0.1)], [1.0] * 4)
    nearer = along([*stops, taught["D"].offset(z=0.06)], [1.0] * 4)
    words = []
    for n, way in enumerate((away, nearer)):
        args = tmp_path / f"{n}.trace", poses, facts, way, np.zeros((len(way), 6))
        words.append(by_key(poses.score(write_trace(*args, events=[(2.0, "move_done", {})]))))
    assert words[0]["pose-D-position"].message == "The tool never reached pose D."
    assert "Its smallest distance was 57 mm, at 4.1 s" in words[1]["pose-D-position"].message


def test_a_tool_that_passes_a_pose_did_not_stop(poses: Exercise, tmp_path: Path) -> None:
    passed = by_key(poses.score(rounding(poses, tmp_path / "run.trace", 0.02)))["pose-A-position"]
    assert passed.measured is not None
    assert f"passed pose A at {passed.time:.1f} s at a distance of {passed.measured:.1f} mm" in passed.message
    assert "without stopping. The move of line 11 has blend=0.02. Without a blend the tool stops" in passed.message
    assert "stopped" not in passed.message
    plain = by_key(poses.score(rounding(poses, tmp_path / "run.trace", 0.0)))["pose-A-position"]
    assert plain.message.endswith("without stopping.")


def test_a_pose_to_which_the_tool_never_went_leaves_no_line_to_measure(poses: Exercise, tmp_path: Path) -> None:
    def off(name: str, pose: Pose) -> Pose:
        return pose.offset(z=0.04) if name == "A" else pose

    checks = by_key(poses.score(poses_run(tmp_path / "run.trace", poses, spoil=off)))
    assert checks["line-A-B"].points == checks["cycle"].points == 0.0
    assert "never reached pose A" in checks["pose-A-position"].message
    consequences = {key for key, check in checks.items() if check.follows}
    assert consequences == {"line-A-B", "speed-A-B", "cycle"}, "the pose is the cause"


# --- palletising ------------------------------------------------------------------------------------


def test_an_empty_place_says_where_its_box_was_let_go_instead(palletising: Exercise, tmp_path: Path) -> None:
    """All boxes are let go half a pitch beside their places, as by a program that forgets the half."""
    places = pattern(palletising)
    pitch = dict(palletising.scene(1).sheet)["pitch"]
    beside = {name: pose.offset_tool(x=-pitch["x"] / 2, y=-pitch["y"] / 2) for name, pose in places.items()}
    checks = by_key(palletising.score(placing_run(tmp_path / "run.trace", palletising, beside)))
    off = np.hypot(pitch["x"], pitch["y"]) / 2 * 1e3
    assert off > 50.0, "farther than a box may stand from its place"
    message = checks["place-1"].message
    assert f"box 1 was let go at 4.0 s. It lies {off:.0f} mm from this place (x " in message
    assert "box 5 was let go at 20.0 s" in checks["place-5"].message
    few = {name: beside[name] for name in ("box_1", "box_2")}
    checks = by_key(palletising.score(placing_run(tmp_path / "few.trace", palletising, few)))
    assert "box 2 was let go" in checks["place-3"].message, "the nearest one, where its own was not let go"


def test_places_count_from_0_as_in_a_program(palletising: Exercise, tmp_path: Path) -> None:
    checks = by_key(palletising.score(placing_run(tmp_path / "run.trace", palletising, pattern(palletising))))
    assert "counted from 0" in palletising.text()
    assert checks["place-1"].name == "Layer 0, row 0, column 0"
    assert checks["place-2"].name == "Layer 0, row 0, column 1"


def test_a_box_that_was_dropped_is_told_its_fall(palletising: Exercise, tmp_path: Path) -> None:
    places = pattern(palletising)
    trace = placing_run(tmp_path / "run.trace", palletising, places)
    bodies = {name: np.array(trace.body(name), np.float64) for name in trace.bodies}
    bodies["box_1"][round(4.0 / 0.02) - 1 : round(4.1 / 0.02), 2] += 0.05
    bodies["box_1"][round(4.0 / 0.02) - 1 :, 0] += 0.006
    events = [(event.step * trace.step_s, event.kind, dict(event.data)) for event in trace.events]
    args = palletising, trace.facts, trace["tcp"], trace["joints"], bodies, events
    score = palletising.score(write_trace(tmp_path / "dropped.trace", *args))
    assert by_key(score)["place-1"].message.endswith("It fell 50 mm when it was let go.")
    down = by_key(score)["set-down"].message
    assert "box 1" in down
    assert "moving" not in down
    tcp = trace["tcp"].copy()
    tcp[:, 0] += np.arange(len(tcp)) * 0.02 * 0.3
    args = palletising, trace.facts, tcp, trace["joints"], bodies, events
    moving = by_key(palletising.score(write_trace(tmp_path / "moving.trace", *args)))["set-down"].message
    assert moving.endswith("The tool was still moving then (300 mm/s). Let go only when the move is done.")


@pytest.mark.parametrize(
    ("channel", "values", "words"),
    [
        ("vacuum", (0.0, 0.0), "The suction cup was never switched on."),
        ("vacuum", (0.0, 8.0), "but it never held a part"),
        ("gripper_width", (0.04, 0.08), "The gripper was never closed."),
        ("gripper_width", (0.08, 0.0), "The gripper never held a part."),
    ],
)
def test_who_never_gripped_is_told_why(
    palletising: Exercise, tmp_path: Path, channel: str, values: tuple[float, float], words: str
) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("palletising")) as writer:
        row = writer.begin([Channel(channel, "f4", (), "")], [], (), {}, step_s=0.002, events={})
        for step, value in enumerate(values):
            sample = np.zeros((), row)
            sample[channel] = value
            writer.sample(10 * step, sample.tobytes())
        writer.end(10, Outcome(OutcomeKind.FINISHED, NOTHING))
    trace = read(tmp_path / "run.trace")
    assert words in str(gripped_nothing(trace))
    assert words in set_down(trace, worth(palletising.numbers, "set_down", "drop"), 1).message


@pytest.fixture
def palletising() -> Exercise:
    return load("palletising")


def pattern(exercise: Exercise, seed: int = 1) -> dict[str, Pose]:
    """Each box on a place of its own: T_base_box of the middle of the box."""
    scene = exercise.scene(seed)
    height = dict(scene.sheet)["box"]["z"]
    facts = dict(scene.facts)
    places = [Pose.from_list(values) for values in facts["places"]]
    return {box: place.offset(z=0.0) for box, place in zip(facts["boxes"], places, strict=True) if height}


def test_a_perfect_pattern_earns_everything(palletising: Exercise, tmp_path: Path) -> None:
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, pattern(palletising)))
    assert [(check.name, check.message) for check in score.checks if check.lost] == []
    assert score.points == 100.0


def test_any_box_may_stand_on_any_place_and_either_way_round(palletising: Exercise, tmp_path: Path) -> None:
    places = pattern(palletising)
    turned = dict(zip(places, [pose.rotated(z=math.pi) for pose in reversed(places.values())], strict=True))
    assert palletising.score(placing_run(tmp_path / "run.trace", palletising, turned)).points == 100.0


def test_the_worst_of_position_yaw_and_tilt_counts(palletising: Exercise, tmp_path: Path) -> None:
    places = pattern(palletising)
    places["box_1"] = places["box_1"].offset(x=0.006)
    places["box_2"] = places["box_2"].rotated(z=math.radians(6.0)).offset(x=0.001)
    places["box_3"] = places["box_3"].rotated(x=math.radians(6.0))
    checks = by_key(palletising.score(placing_run(tmp_path / "run.trace", palletising, places)))
    assert [checks[f"place-{n}"].points for n in (1, 2, 3, 4)] == pytest.approx([2.5, 2.5, 2.5, 5.0], abs=0.01)
    assert [checks[f"place-{n}"].unit for n in (1, 2, 3)] == ["mm", "deg", "deg"]
    assert "box 1 was let go" in checks["place-1"].message


def test_a_box_that_was_not_let_go_or_was_lost_earns_nothing(palletising: Exercise, tmp_path: Path) -> None:
    places = pattern(palletising)
    lost = (100.0, "lost", {"tool": "suction", "part": "box_12"})
    trace = placing_run(tmp_path / "run.trace", palletising, places, events=[(47.99, *lost[1:])])
    assert by_key(palletising.score(trace))["place-12"].points == 5.0  # let go on purpose after that
    trace = placing_run(tmp_path / "run.trace", palletising, places, events=[(48.5, *lost[1:])])
    score = palletising.score(trace)
    assert by_key(score)["place-12"].points == 0.0
    assert by_key(score)["cycle"].points == 0.0


@pytest.mark.parametrize(
    ("later_s", "words"), [(1.0, "There is no box at this place"), (2.5, "At 50.5 s box 1 was moved away")]
)
def test_a_stack_that_is_knocked_over_later_loses_its_points(
    palletising: Exercise, tmp_path: Path, later_s: float, words: str
) -> None:
    places = pattern(palletising)
    table = Pose((0.2, 0.5, 0.03))
    path = np.tile(places["box_1"].to_list(), (5000, 1))
    path[round((48.0 + later_s) / 0.02) :] = table.to_list()
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, places, later={"box_1": path}))
    checks = by_key(score)
    assert (checks["place-1"].points, checks["place-2"].points) == (0.0, 5.0)
    assert words in checks["place-1"].message
    assert checks["cycle"].points == 0.0


def test_a_box_that_is_pushed_aside_later_counts_where_it_stands_at_the_end(
    palletising: Exercise, tmp_path: Path
) -> None:
    places = pattern(palletising)
    path = np.tile(places["box_1"].to_list(), (5000, 1))
    path[round(51.0 / 0.02) :] = places["box_1"].offset(x=0.006).to_list()
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, places, later={"box_1": path}))
    check = by_key(score)["place-1"]
    assert check.points == pytest.approx(2.5, abs=0.01)
    assert "It moved 6 mm after it was let go" in check.message


@pytest.mark.parametrize(("beside_m", "pushed"), [(0.0, True), (0.4, False)])
def test_a_box_that_another_one_pushed_says_so(
    palletising: Exercise, tmp_path: Path, beside_m: float, pushed: bool
) -> None:
    """Box 1 moves at 7 s, when box 2 hangs in the tool beside it, or far from it."""
    places = pattern(palletising)
    trace = placing_run(tmp_path / "run.trace", palletising, places)
    bodies = {name: np.array(trace.body(name), np.float64) for name in trace.bodies}
    bodies["box_1"][round(7.0 / 0.02) :, 0] += 0.006
    held = slice(round(6.0 / 0.02), round(7.9 / 0.02))
    bodies["box_2"][held] = places["box_1"].offset(x=0.1 + beside_m, z=0.03).to_list()
    events = [(event.step * trace.step_s, event.kind, dict(event.data)) for event in trace.events]
    args = tmp_path / "pushed.trace", palletising, trace.facts, trace["tcp"], trace["joints"], bodies, events
    check = by_key(palletising.score(write_trace(*args)))["place-1"]
    assert ("At 7.0 s box 2 pushed it. In all it moved 6 mm." in check.message) is pushed
    assert ("It moved 6 mm after it was let go." in check.message) is not pushed


# --- vision sorting ---------------------------------------------------------------------------------


@pytest.fixture
def sorting() -> Exercise:
    return load("vision-sorting")


def sorted_parts(exercise: Exercise, seed: int = 1) -> dict[str, Pose]:
    """Each wanted part on a place of its own in its tray."""
    facts = facts_of(exercise, seed)
    free = {tray: [Pose.from_list(values) for values in places] for tray, places in facts["trays"].items()}
    return {name: free[about["tray"]].pop(0) for name, about in facts["parts"].items() if about["tray"]}


def test_perfect_sorting_earns_everything(sorting: Exercise, tmp_path: Path) -> None:
    score = sorting.score(placing_run(tmp_path / "run.trace", sorting, sorted_parts(sorting)))
    assert [(check.name, check.message) for check in score.checks if check.lost] == []
    assert score.points == 100.0


@pytest.mark.parametrize(
    "mistaken",
    [lambda yaw: yaw + math.pi / 2, lambda yaw: math.degrees(yaw)],
    ids=["by 90 degrees", "degrees as radians"],
)
def test_a_misunderstood_angle_does_not_pass(
    sorting: Exercise, tmp_path: Path, mistaken: Callable[[float], float]
) -> None:
    """Every part lies in its place, turned by what the mistake makes of its angle on the mat: few scenes pass."""
    scores = {}
    for seed in (*sorting.rehearsal, *range(1, 13)):
        found = {part.name: part.pose for part in sorting.scene(seed).parts}
        yaws = {name: math.atan2(pose.rotation[1, 0], pose.rotation[0, 0]) for name, pose in found.items()}
        laid = {
            name: place.rotated(z=math.remainder(mistaken(yaws[name]) - yaws[name], math.tau))
            for name, place in sorted_parts(sorting, seed).items()
        }
        run = placing_run(tmp_path / f"{seed}.trace", sorting, laid, seed, seconds_each=2.0)
        scores[seed] = sorting.score(run).points
    assert sum(points >= PASS for points in scores.values()) <= 2, scores
    assert final(scores.values()) < 50.0, scores


def test_a_wrong_tray_costs_double_a_miss(sorting: Exercise, tmp_path: Path) -> None:
    facts = facts_of(sorting, 1)
    wanted = sorted_parts(sorting)
    part = next(iter(wanted))
    missed = {name: pose for name, pose in wanted.items() if name != part}
    tray = next(name for name in facts["trays"] if name != facts["parts"][part]["tray"])
    wrong = {**wanted, part: Pose.from_list(facts["trays"][tray][-1])}

    def share(parts: dict[str, Pose]) -> float:
        measured = by_key(sorting.score(placing_run(tmp_path / "run.trace", sorting, parts)))["sorted"].measured
        assert measured is not None
        return measured

    one = 100.0 / len(wanted)
    assert (share(wanted), share(missed), share(wrong)) == pytest.approx(
        (100.0, 100.0 - one, 100.0 - 2 * one), abs=0.01
    )


def test_a_part_that_was_dropped_into_its_place_loses_the_place(sorting: Exercise, tmp_path: Path) -> None:
    wanted = sorted_parts(sorting)
    part = next(iter(wanted))
    trace = placing_run(tmp_path / "run.trace", sorting, wanted)
    bodies = {name: np.array(trace.body(name), np.float64) for name in trace.bodies}
    released = round(4.0 / 0.02)
    bodies[part][released - 2 : released + 5, 2] = bodies[part][-1, 2] + 0.05
    events = [(event.step * trace.step_s, event.kind, dict(event.data)) for event in trace.events]
    args = tmp_path / "dropped.trace", sorting, trace.facts, trace["tcp"], trace["joints"], bodies, events
    check = by_key(sorting.score(write_trace(*args)))[f"placed-{part}"]
    assert check.points == 0.0
    assert check.measured == pytest.approx(50.0, abs=0.1)
    assert check.message.endswith("It fell 50 mm when it was let go.")


@pytest.mark.parametrize(("wrong", "most"), [(1, 90.0), (99, 0.0)])
def test_the_share_of_sorted_parts_has_one_decimal_and_is_never_below_nothing(
    sorting: Exercise, tmp_path: Path, wrong: int, most: float
) -> None:
    wanted = sorted_parts(sorting)
    trays = [Pose.from_list(places[0]) for places in facts_of(sorting, 1)["trays"].values()]
    for name in list(wanted)[:wrong]:
        wanted[name] = max(trays, key=wanted[name].distance)
    measured = by_key(sorting.score(placing_run(tmp_path / "run.trace", sorting, wanted)))["sorted"].measured
    assert measured is not None
    assert 0.0 <= measured <= most
    assert measured == round(measured, 1)


def test_two_parts_on_one_place_and_a_turned_part(sorting: Exercise, tmp_path: Path) -> None:
    facts = facts_of(sorting, 1)
    wanted = sorted_parts(sorting)
    first = next(name for name in wanted if facts["parts"][name]["shape"] != "disc")
    turned = {**wanted, first: wanted[first].rotated(z=math.radians(9.0))}
    checks = by_key(sorting.score(placing_run(tmp_path / "run.trace", sorting, turned)))
    assert checks[f"placed-{first}"].measured == pytest.approx(9.0, abs=0.01)
    assert checks[f"placed-{first}"].points == pytest.approx(checks[f"placed-{first}"].maximum / 2, abs=0.02)
    pairs = [(a, b) for a in wanted for b in wanted if a < b and facts["parts"][a]["tray"] == facts["parts"][b]["tray"]]
    a, b = pairs[0]
    both = {**wanted, b: wanted[a].offset(z=0.0005)}
    checks = by_key(sorting.score(placing_run(tmp_path / "run.trace", sorting, both)))
    assert checks["sorted"].measured == 100.0
    assert sorted((checks[f"placed-{a}"].points, checks[f"placed-{b}"].points))[0] == 0.0
    assert checks[f"placed-{a}"].points > 0.0


@pytest.mark.parametrize(("moved_mm", "share"), [(2.0, 1.0), (6.5, 0.5), (20.0, 0.0)])
def test_a_moved_decoy_is_told(sorting: Exercise, tmp_path: Path, moved_mm: float, share: float) -> None:
    facts, scene = facts_of(sorting, 1), sorting.scene(1)
    decoy = next(name for name, about in facts["parts"].items() if not about["tray"])
    path = np.tile(next(part.pose for part in scene.parts if part.name == decoy).to_list(), (5000, 1))
    path[100:, 0] += moved_mm * 1e-3
    trace = placing_run(tmp_path / "run.trace", sorting, sorted_parts(sorting), paths={decoy: path})
    check = by_key(sorting.score(trace))[f"decoy-{decoy}"]
    assert check.points == pytest.approx(share * check.maximum, abs=0.01)
    assert (check.time is None, "belongs in no tray" in check.message) == (share == 1.0, share < 1.0)


def test_a_trace_of_something_else_is_refused_in_words(
    palletising: Exercise, sorting: Exercise, tmp_path: Path
) -> None:
    trace = idle_run(tmp_path / "idle.trace", sorting)
    with pytest.raises(ExerciseError, match=r"exercise\.py: line \d+: These criteria cannot judge this trace"):
        palletising.score(trace)


def test_a_fall_is_measured_from_the_height_before_the_part_was_let_go(palletising: Exercise, tmp_path: Path) -> None:
    """A part may fall a good way within the sample in which it is let go."""
    heights = np.full((200, 7), Pose((0.4, 0.2, 0.02)).to_list())
    heights[100:, 2] = 0.0
    events = [(1.0, "grip", {"part": "box_1"}), (2.0, "release", {"part": "box_1"})]
    still = np.zeros((200, 6)), {"box_1": heights}
    tool = np.tile(heights[0], (200, 1))
    trace = write_trace(tmp_path / "run.trace", palletising, {}, tool, *still, events=events)
    check = set_down(trace, worth(palletising.numbers, "set_down", "drop"), 1)
    assert check.measured == pytest.approx(20.0, abs=0.01)
    assert (
        check.message == "Parts that fell when they were let go: box 1. The highest fall was 20.0 mm: box 1, at 2.0 s."
    )


def let_go_from(path: Path, exercise: Exercise, drops_mm: dict[str, float], count: int) -> Check:
    """How `count` boxes were set down of which these were let go, each so high over where it lies then."""
    heights, events = {}, []
    for n, (box, drop) in enumerate(drops_mm.items(), 1):
        heights[box] = np.full((500, 7), Pose((0.4, 0.2, 0.02 + drop * 1e-3)).to_list())
        heights[box][100 * n :, 2] = 0.02
        events += [(2.0 * n - 1.0, "grip", {"part": box}), (2.0 * n, "release", {"part": box})]
    tcp, joints = np.full((500, 7), Pose((0.4, 0.2, 0.3)).to_list()), np.zeros((500, 6))
    trace = write_trace(path, exercise, {}, tcp, joints, heights, events=events)
    return set_down(trace, worth(exercise.numbers, "set_down", "drop"), count)


def test_parts_that_fell_are_named_and_those_that_were_not_let_go_counted(
    palletising: Exercise, tmp_path: Path
) -> None:
    def told(drops: dict[str, float], count: int) -> Check:
        return let_go_from(tmp_path / "run.trace", palletising, drops, count)

    left = told({"box_1": 0.1, "box_2": 0.2}, 3)
    assert left.message == "Parts that the program did not let go on purpose: 1 of 3."
    assert (left.points, left.time) == (4.0, None), "no fall is shown where none cost points"
    both = told({"box_1": 300.0, "box_2": 0.1, "box_3": 60.0}, 4)
    assert both.message == (
        "Parts that fell when they were let go: box 1, box 3. The highest fall was 300.0 mm: box 1, at 2.0 s. "
        "Parts that the program did not let go on purpose: 1 of 4."
    )
    assert both.points == 1.5
    assert told({"box_1": 0.1}, 1).message == ""


# --- time and safety --------------------------------------------------------------------------------


def touched(trace_of: Path, exercise: Exercise, *contacts: tuple[float, float, bool]) -> Score:
    """The score of a perfect pattern with contacts (start [s], duration [s], meant)."""
    events = []
    for start, lasting, meant in contacts:
        pair = {"a": "wrist_3", "b": "feeder_stop", "meant": meant}
        events.append((start, "contact", {**pair, "force_N": 12.0}))
        events.append((start + lasting, "contact_end", {**pair, "peak_N": 30.0, "duration_s": lasting}))
    return exercise.score(placing_run(trace_of, exercise, pattern(exercise), events=events))


def test_each_unintended_contact_costs_points(palletising: Exercise, tmp_path: Path) -> None:
    def points(*contacts: tuple[float, float, bool]) -> float:
        return touched(tmp_path / "run.trace", palletising, *contacts).group("safety")[0]

    assert points() == 15.0
    assert points((5.0, 0.1, True)) == 15.0
    assert points((5.0, 0.1, False)) == 10.0
    assert points((5.0, 0.1, False), (9.0, 0.1, False)) == 5.0
    assert points((5.0, 6.0, False)) == 5.0  # longer than 5 s counts again
    assert points(*[(float(n), 0.1, False) for n in range(1, 9)]) == 0.0


def test_a_tool_that_taps_all_the_time_is_judged_as_fast_as_another(
    palletising: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events of a trace are looked through as often for many contacts as for one."""
    looks: list[int] = []
    events_of = Trace.events_of

    def counted(trace: Trace, *kinds: str) -> Any:
        looks[-1] += 1
        return events_of(trace, *kinds)

    monkeypatch.setattr(Trace, "events_of", counted)
    for taps in (1, 50):
        looks.append(0)
        contacts = [(2.0 + 0.2 * n, 0.05, False) for n in range(taps)]
        assert touched(tmp_path / f"{taps}.trace", palletising, *contacts).group("safety")[0] == max(0, 15 - 5 * taps)
    assert looks[0] == looks[1]


def test_the_first_losses_in_time_take_the_points(palletising: Exercise, tmp_path: Path) -> None:
    """The long contact counts again only after the short one that began within it."""
    events: list[exercise_traces.Event] = []
    for start, lasting, body in ((5.0, 12.0, "feeder_stop"), (7.0, 0.1, "pallet")):
        pair = {"a": "wrist_3", "b": body, "meant": False}
        events.append((start, "contact", {**pair, "force_N": 12.0}))
        events.append((start + lasting, "contact_end", {**pair, "peak_N": 30.0, "duration_s": lasting}))
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, pattern(palletising), events=events))
    lost = [check for check in score.checks if check.key == "contact"]
    assert [check.time for check in lost] == [5.0, 7.0, 10.0]
    assert [("pallet" in check.name, "still after" in check.name) for check in lost] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_the_cycle_lasts_until_the_last_action_even_if_that_is_a_picture(poses: Exercise, tmp_path: Path) -> None:
    rows = np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (300, 1))
    events = [(1.0, "move_done", {}), (3.0, "capture", {}), (4.0, "lost", {}), (5.0, "contact", {})]
    trace = write_trace(tmp_path / "run.trace", poses, {}, rows, np.zeros((300, 6)), events=events)
    assert last_action(trace) == pytest.approx(3.0)


def test_a_trace_that_names_no_actions_has_no_cycle_time(
    poses: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercise_traces, "EVENTS", {})
    with pytest.raises(ExerciseError, match="does not say which kinds of events are actions"):
        poses.score(poses_run(tmp_path / "run.trace", poses))


def test_a_contact_that_lasts_is_told_as_one(palletising: Exercise, tmp_path: Path) -> None:
    score = touched(tmp_path / "run.trace", palletising, (5.0, 6.0, False))
    first, second = (check for check in score.checks if check.key == "contact")
    assert (first.name, first.time) == ("Unintended contact: wrist 3 and the feeder stop", 5.0)
    assert (second.name, second.time) == ("Unintended contact: wrist 3 and the feeder stop, still after 5 s", 10.0)
    assert second.message.startswith("A long contact counts again every 5 s. This contact counted again at 10.0 s. ")
    assert "counts again every 5 s" in palletising.text()


def on_table(exercise: Exercise, path: Path, *contacts: tuple[float, float], placed: bool = True) -> Trace:
    """A run in which box 2 touches the table, it alone, at these moments [s] for so long [s].

    placed: whether it stands at its place in the end all the same.
    """
    pair = {"a": "table", "b": "box_2", "meant": False}  # the tool holds box 2 from 5 to 8 s
    events: list[exercise_traces.Event] = []
    for start, lasting in contacts:
        events.append((start, "contact", {**pair, "force_N": 12.0}))
        events.append((start + lasting, "contact_end", {**pair, "peak_N": 30.0, "duration_s": lasting}))
    poses, paths = pattern(exercise), {}
    if not placed:
        del poses["box_2"]
        paths["box_2"] = np.tile(exercise.scene(1).parts[1].pose.to_list(), (3000, 1))
        paths["box_2"][450:, 1] += 0.3  # it leaves the feeder
    return placing_run(path, exercise, poses, events=events, paths=paths)


def test_a_part_that_the_tool_presses_on_the_table_is_an_unintended_contact(
    palletising: Exercise, tmp_path: Path
) -> None:
    score = palletising.score(on_table(palletising, tmp_path / "run.trace", (6.0, 0.5)))
    contact = next(check for check in score.checks if check.key == "contact")
    assert contact.message == "At 6.0 s box 2 was pressed on the table for 0.5 s. The force was up to 30 N."
    assert contact.lost == 5.0


def test_a_part_falls_once_until_it_is_gripped_again(palletising: Exercise, tmp_path: Path) -> None:
    def moments(*contacts: tuple[float, float]) -> list[float]:
        trace = on_table(palletising, tmp_path / "run.trace", *contacts)
        return [round(event.step * trace.step_s, 3) for event, _part in falls(trace)]

    assert moments((9.0, 0.1), (9.5, 40.0)) == [9.0], "it bounced"
    assert moments((2.0, 0.1), (5.5, 0.1), (9.0, 40.0)) == [2.0, 9.0], "it was gripped again, pressed, and fell again"


@pytest.mark.parametrize("start", [9.0, 40.0])
def test_a_part_that_fell_costs_what_one_costs_that_was_never_fetched(
    palletising: Exercise, tmp_path: Path, start: float
) -> None:
    """Early or late; its place says that it fell, and no other line does."""
    fell = palletising.score(on_table(palletising, tmp_path / "run.trace", (start, 45.0 - start), placed=False))
    never = palletising.score(on_table(palletising, tmp_path / "run.trace", placed=False))
    assert fell.points == never.points < 100.0
    lost = [check for check in fell.checks if "fell" in check.message]
    assert [check.message for check in lost] == [
        f"There is no box at this place. At {start:.1f} s box 2 fell on the table."
    ]
    assert lost[0].time == start


def test_the_tool_is_no_part_that_fell_whatever_its_bodies_are_called(palletising: Exercise, tmp_path: Path) -> None:
    trace = placing_run(tmp_path / "run.trace", palletising, pattern(palletising))
    still = np.tile(Pose().to_list(), (len(trace.time), 1))
    moving = still.copy()
    moving[:, 0] = np.linspace(0.0, 0.5, len(moving))
    bodies = {"nozzle": moving, "table": still}
    bodies |= {name: np.array(trace.body(name), np.float64) for name in trace.bodies}
    pair = {"a": "nozzle", "b": "table", "meant": False, "force_N": 12.0}
    events = [(event.step * trace.step_s, event.kind, dict(event.data)) for event in trace.events]
    events += [(time, "contact", pair) for time in (9.0, 20.0)]
    args = tmp_path / "touched.trace", palletising, trace.facts, trace["tcp"], trace["joints"], bodies, events
    hits = [check for check in palletising.score(write_trace(*args)).checks if check.key == "contact"]
    assert hits[0].name == "Unintended contact: the nozzle and the table"
    assert "fell" not in " ".join(check.message for check in hits)


def test_a_part_that_is_pressed_on_the_table_counts_as_long_as_it_lasts(palletising: Exercise, tmp_path: Path) -> None:
    score = palletising.score(on_table(palletising, tmp_path / "run.trace", (5.5, 6.0)))
    first, second = (check for check in score.checks if check.key == "contact")
    assert first.name == "Pressed on the table: box 2"
    assert second.name == "Pressed on the table: box 2, still after 5 s"


def test_times_of_checks_are_rounded_for_readers() -> None:
    assert Check(A_CHECK(), "quality", 1.0, 1.0, time=5.6000000000000005).time == 5.6


def test_a_contact_is_told_with_its_moment_and_force(palletising: Exercise, tmp_path: Path) -> None:
    score = touched(tmp_path / "run.trace", palletising, (5.0, 0.2, False))
    contact = next(check for check in score.checks if check.key == "contact")
    assert contact.lost == 5.0
    assert contact.time == pytest.approx(5.0)
    assert "At 5.0 s wrist 3 and the feeder stop touched for 0.2 s. The force was up to 30 N." in contact.message


def test_a_short_contact_is_told_in_milliseconds_and_never_without_a_force(
    palletising: Exercise, tmp_path: Path
) -> None:
    pair = {"a": "wrist_3", "b": "feeder_stop", "meant": False}
    events = [(5.0, "contact", {**pair, "force_N": 0.2})]
    events.append((5.1, "contact_end", {**pair, "peak_N": 0.2, "duration_s": 0.004}))
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, pattern(palletising), events=events))
    contact = next(check for check in score.checks if check.key == "contact")
    assert contact.message == "At 5.0 s wrist 3 and the feeder stop touched for 4 ms. The force was up to 1 N."


def test_an_emergency_stop_keeps_the_points_earned_so_far(poses: Exercise, tmp_path: Path) -> None:
    score = poses.score(idle_run(tmp_path / "idle.trace", poses, outcome=OutcomeKind.EMERGENCY_STOP))
    stop = next(check for check in score.checks if check.key == "stop")
    assert (stop.lost, score.points) == (10.0, 0.0)


@pytest.mark.parametrize("outcome", [OutcomeKind.PROGRAM_ERROR, OutcomeKind.PROTOCOL_ERROR])
def test_an_emergency_stop_is_not_hidden_by_another_ending(
    palletising: Exercise, tmp_path: Path, outcome: OutcomeKind
) -> None:
    stop = (5.0, "emergency_stop", {"text": HIT(), "a": "tool", "b": "table"})
    facts = facts_of(palletising, 1)
    home = np.tile(facts["home"], (400, 1))
    tcp = np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (400, 1))
    trace = write_trace(tmp_path / "run.trace", palletising, facts, tcp, home, events=[stop], outcome=outcome)
    check = next(check for check in palletising.score(trace).checks if check.key == "stop")
    assert check.lost == 10.0
    assert check.message == "At 5.0 s the station was stopped. Emergency stop: the tool hit the table."


def test_an_emergency_stop_without_its_event_is_told_by_the_outcome(palletising: Exercise, tmp_path: Path) -> None:
    facts = facts_of(palletising, 1)
    home, tcp = np.tile(facts["home"], (400, 1)), np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (400, 1))
    stopped = OutcomeKind.EMERGENCY_STOP
    trace = write_trace(tmp_path / "run.trace", palletising, facts, tcp, home, outcome=stopped, reason=HIT())
    check = next(check for check in palletising.score(trace).checks if check.key == "stop")
    assert check.message == "At 8.0 s the station was stopped. Emergency stop: the tool hit the table."


@pytest.mark.parametrize("duration", [1e308, 3e6, -5.0])
def test_a_contact_of_any_duration_costs_what_there_is_at_most(
    palletising: Exercise, tmp_path: Path, duration: float
) -> None:
    pair = {"a": "wrist_3", "b": "feeder_stop", "meant": False}
    contacts = [(5.0, "contact", {**pair, "force_N": 12.0})]
    contacts.append((6.0, "contact_end", {**pair, "peak_N": 30.0, "duration_s": duration}))
    score = palletising.score(placing_run(tmp_path / "run.trace", palletising, pattern(palletising), events=contacts))
    lost = [check for check in score.checks if check.key == "contact"]
    assert len(lost) == (1 if duration < 0 else 3)


def test_a_program_that_never_moved_is_not_told_first_that_it_is_not_home(
    palletising: Exercise, tmp_path: Path
) -> None:
    facts = facts_of(palletising, 1)
    home, tcp = np.tile(facts["home"], (400, 1)), np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (400, 1))
    trace = write_trace(tmp_path / "run.trace", palletising, facts, tcp, home)
    check = by_key(palletising.score(trace))["home"]
    assert check.message == "The arm never left home. These points are for coming home from the job."
    assert check.follows


def test_a_hundredth_of_a_point_is_told_by_a_hundredth_of_a_second(palletising: Exercise, tmp_path: Path) -> None:
    each = (palletising.numbers.reference_time({"boxes": 12}) + 0.04 - 1.0) / 12
    trace = placing_run(tmp_path / "run.trace", palletising, pattern(palletising), seconds_each=each)
    check = by_key(palletising.score(trace))["cycle"]
    assert 0.0 < check.lost < 0.05
    took, full = (float(one) for one in re.findall(r"[\d.]+(?= s)", check.message)[:2])
    assert 0.0 < took - full < 0.05, check.message


def test_cycle_time_falls_from_one_to_two_reference_times(palletising: Exercise, tmp_path: Path) -> None:
    reference = palletising.numbers.reference_time({"boxes": 12})

    def points(share: float) -> float:
        trace: Trace = placing_run(
            tmp_path / "run.trace", palletising, pattern(palletising), seconds_each=(share * reference - 1.0) / 12
        )
        return by_key(palletising.score(trace))["cycle"].points

    assert [points(share) for share in (0.9, 1.5, 2.1)] == pytest.approx([15.0, 7.5, 0.0], abs=0.05)
