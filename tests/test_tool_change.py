"""Tool change: its scenes, and what its criteria measure of dockings, parts, handshakes and forbidden states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exercise_traces import Event, facts_of, write_trace
from sheber.exercises import Exercise, load
from sheber.exercises.score import Check, Score
from sheber.geometry import Pose
from sheber.robot.cell.scene import Scene

SEED = 3
EACH = 8.0  # s a job
SECONDS = 60.0


@pytest.fixture(scope="module")
def changing() -> Exercise:
    return load("tool-change")


@pytest.fixture(scope="module")
def scenes(changing: Exercise) -> list[Scene]:
    return [changing.scene(seed) for seed in range(40)]


def by_key(score: Score) -> dict[str, Check]:
    return {check.key: check for check in score.checks}


def output(time: float, value: bool) -> Event:
    return time, "output", {"name": "clamp_request", "value": value, "line": 1}


def answer(time: float, name: str, value: bool) -> Event:
    return time, "input", {"name": f"clamp_{name}", "value": value}


def handshake(time: float) -> list[Event]:
    """Asked, answered and taken off, as it should be; 2 s in all."""
    return [
        output(time, True),
        answer(time + 0.3, "busy", True),
        answer(time + 1.0, "busy", False),
        answer(time + 1.0, "done", True),
        output(time + 1.1, False),
        answer(time + 1.1, "done", False),
    ]


def docked(time: float, tool: str, off_mm: float = 0.5, angle_deg: float = 0.0) -> list[Event]:
    values = {"tool": tool, "dock": "dock_left", "lateral_mm": off_mm, "axial_mm": 1.0, "angle_deg": angle_deg}
    return [(time, "docked", values), (time + 0.25, "tool_on", {"tool": tool})]


def put_down(time: float, tool: str, off_mm: float = 0.3) -> list[Event]:
    values = {"tool": tool, "dock": "dock_left", "lateral_mm": off_mm, "axial_mm": 0.4, "angle_deg": 0.0}
    return [(time, "tool_off", values)]


def good_run(exercise: Exercise) -> list[Event]:
    """What happens when the jobs are done in their order, each at n times `EACH`; the strange request is repeated."""
    facts = facts_of(exercise, SEED)
    found: list[Event] = []
    on = ""
    for n, job in enumerate(facts["jobs"]):
        time = n * EACH
        if job["tool"] != on:
            found += put_down(time + 0.1, on) if on else []
            on = job["tool"]
            found += docked(time + 0.5, on)
        found += [(time + 1.0, "grip", {"tool": on, "part": job["part"]})]
        found += [(time + 2.0, "release", {"tool": on, "part": job["part"]})]
        asked = time + 2.2
        if n == facts["strange"]:
            found += [output(asked, True), output(asked + 1.5, False)]
            asked += 1.7
        found += handshake(asked)
    return found + put_down(len(facts["jobs"]) * EACH, on)


def judged(exercise: Exercise, folder: Path, events: Sequence[Event], lie: dict[str, float] | None = None) -> Score:
    """The score of these events; each part lies on its place from its release on, but `lie` [m] beside it."""
    facts = facts_of(exercise, SEED)
    count = round(SECONDS / 0.02)
    bodies = {}
    for job in facts["jobs"]:
        place = Pose.from_list(job["place"]).offset(x=(lie or {}).get(job["part"], 0.0))
        bodies[job["part"]] = np.tile(place.to_list(), (count, 1))
    tcp = np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (count, 1))
    joints = np.tile(facts["home"], (count, 1))
    joints[10:-20] += 0.5
    end: list[Event] = [(50.0, "move_done", {"kind": "joints", "line": 1})]
    trace = write_trace(folder / "run.trace", exercise, facts, tcp, joints, bodies, [*events, *end])
    return exercise.score(trace)


def without(events: Sequence[Event], kind: str, number: int) -> list[Event]:
    """The events without the one of this kind and number."""
    ones = [event for event in events if event[1] == kind]
    return [event for event in events if event is not ones[number]]


# --- scenes -----------------------------------------------------------------------------------------


def test_what_must_be_found_out_is_not_told(changing: Exercise, scenes: list[Scene]) -> None:
    for scene in scenes:
        told = json.dumps(dict(scene.sheet)) + json.dumps({name: pose.to_list() for name, pose in scene.frames})
        (job,) = scene.plc
        assert "strange" not in told
        assert "unanswered" not in told
        assert bool(job.late) is not bool(job.unanswered)
        for one in scene.docks:
            taught = dict(scene.frames)[one.name]
            assert 0.0 < np.abs(taught.position - one.pose.position).max() <= 1.0e-3
            assert taught.angle(one.pose) < 1e-9
            assert json.dumps(one.pose.to_list())[:20] not in told


def test_what_is_drawn_differs(scenes: list[Scene]) -> None:
    orders = {tuple(job["tool"] for job in dict(scene.sheet)["jobs"]) for scene in scenes}
    assert len(orders) >= 5
    assert {dict(scene.facts)["counts"]["changes"] for scene in scenes} == {2, 3, 4}
    assert {scene.docks[0].tool_name for scene in scenes} == {"gripper", "suction"}
    assert {dict(scene.facts)["strange"] for scene in scenes} == {0, 1, 2, 3}
    assert len({scene.docks[0].pose.position[0] for scene in scenes}) > 35


def test_each_job_names_the_tool_that_can_take_its_part(scenes: list[Scene]) -> None:
    """A block is narrower than the cup; a lid is wider than the gripper opens."""
    for scene in scenes:
        tools = {one.tool_name: dict(one.tool.numbers) for one in scene.docks if one.tool}
        parts = {part.name: part.shapes[0].size for part in scene.parts}
        for job in dict(scene.facts)["jobs"]:
            narrow, wide = sorted(parts[job["part"]][:2])
            assert (narrow < 2 * tools["suction"]["radius"]) is (job["tool"] == "gripper")
            assert (wide > tools["gripper"]["stroke"]) is (job["tool"] == "suction")


# --- criteria ---------------------------------------------------------------------------------------


def test_a_good_run_earns_all_but_the_time(changing: Exercise, tmp_path: Path) -> None:
    score = judged(changing, tmp_path, good_run(changing))
    assert score.quality == 60.0
    assert [check.key for check in score.checks if check.lost] == []


def test_a_docking_is_judged_by_the_worse_of_position_and_angle(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    first = next(n for n, event in enumerate(events) if event[1] == "docked")
    needed = facts_of(changing, SEED)["counts"]["changes"]
    each = 20.0 / (2 * needed)
    for off, angle, share in ((0.5, 0.5, 1.0), (2.5, 0.0, 0.5), (0.0, 2.5, 0.5), (2.5, 3.4, 0.2), (4.0, 0.0, 0.0)):
        one = docked(events[first][0], events[first][2]["tool"], off, angle)
        checks = by_key(judged(changing, tmp_path, [*events[:first], *one, *events[first + 2 :]]))
        assert checks["take-1"].points == pytest.approx(share * each, abs=0.02), (off, angle)
        assert checks["put-1"].lost == 0.0


def test_a_tool_put_down_too_high_or_beside_costs_its_docking(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    last = max(n for n, event in enumerate(events) if event[1] == "tool_off")
    data = {**events[last][2], "lateral_mm": 1.5, "axial_mm": 2.0}
    checks = by_key(
        judged(changing, tmp_path, [*events[:last], (events[last][0], "tool_off", data), *events[last + 1 :]])
    )
    needed = facts_of(changing, SEED)["counts"]["changes"]
    assert checks[f"put-{needed}"].measured == 2.5
    assert checks[f"put-{needed}"].points == pytest.approx(0.5 * 20.0 / (2 * needed), abs=0.02)
    assert "was 2.5 mm off its place" in checks[f"put-{needed}"].message


def test_further_dockings_replace_better_ones_only(changing: Exercise, tmp_path: Path) -> None:
    """Nobody gains by trying again until one docking is exact."""
    events = good_run(changing)
    more = [*docked(52.0, "gripper", 3.0), *put_down(53.0, "gripper")]
    score = judged(changing, tmp_path, [*events, *more])
    takes = [check for check in score.checks if check.key.startswith("take-")]
    assert sum(check.lost > 0.0 for check in takes) == 1
    assert max(check.measured or 0.0 for check in takes) == 3.0


def test_a_tool_that_fell_was_not_put_down(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    last = max(n for n, event in enumerate(events) if event[1] == "tool_off")
    fell = (events[last][0], "tool_off", {"tool": events[last][2]["tool"], "dock": ""})
    checks = by_key(judged(changing, tmp_path, [*events[:last], fell, *events[last + 1 :]]))
    needed = facts_of(changing, SEED)["counts"]["changes"]
    assert checks[f"put-{needed}"].points == 0.0
    assert checks["parked"].points == 2.0


def test_a_tool_that_is_not_put_back_is_missing_at_both_places(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    last = sum(event[1] == "tool_off" for event in events) - 1
    checks = by_key(judged(changing, tmp_path, without(events, "tool_off", last)))
    assert checks["parked"].points == 2.0
    assert checks[f"put-{last + 1}"].points == 0.0


def test_a_part_by_the_wrong_tool_earns_nothing(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    spoilt = [
        (time, kind, {**data, "tool": "gripper" if data["tool"] == "suction" else "suction"})
        if kind == "release" and time < EACH
        else (time, kind, data)
        for time, kind, data in events
    ]
    checks = by_key(judged(changing, tmp_path, spoilt))
    assert checks["job-1"].points == 0.0
    assert "The right tool for it is" in checks["job-1"].message
    assert checks["job-2"].lost == 0.0


def test_a_part_beside_its_place_falls_along_the_ramp(changing: Exercise, tmp_path: Path) -> None:
    part = facts_of(changing, SEED)["jobs"][1]["part"]
    checks = by_key(judged(changing, tmp_path, good_run(changing), {part: 0.006}))
    assert checks["job-2"].points == pytest.approx(2.5, abs=0.01)
    assert checks["job-3"].lost == 0.0


def job_events(changing: Exercise, number: int, answers: Sequence[Event]) -> list[Event]:
    """A good run in which the handshake of a job (0, 1, …) that is not the strange one is replaced."""
    first, last = number * EACH + 2.1, (number + 1) * EACH
    kept = [event for event in good_run(changing) if not (event[1] in ("output", "input") and first < event[0] < last)]
    return [*kept, *answers]


def plain_job(changing: Exercise) -> int:
    """A job whose request is answered at once, followed by another job."""
    strange = facts_of(changing, SEED)["strange"]
    return 1 if strange != 1 else 2


def test_the_order_of_a_handshake(changing: Exercise, tmp_path: Path) -> None:
    number = plain_job(changing)
    start = number * EACH + 2.2
    whole = handshake(start)
    cases: list[tuple[str, list[Event], float, str]] = [
        ("never asked", [], 0.0, "clamp_request was not switched on before the next part"),
        (
            "a pulse",
            [output(start, True), output(start + 0.1, False)],
            0.0,
            f"The last one was on from {start:.1f} s to",
        ),
        ("taken back while busy", [*whole[:2], output(start + 0.6, False)], 0.0, "kept on until clamp_done came"),
        ("left on", whole[:4], 0.5, "The request was on when the next part was gripped"),
        ("too soon", [output(start - 0.7, True), *whole[1:]], 0.0, "before the part was let go"),
    ]
    for name, answers, share, words in cases:
        key = f"handshake-{number + 1}"
        check = by_key(judged(changing, tmp_path, job_events(changing, number, answers)))[key]
        assert check.points == pytest.approx(share * 3.5), name
        assert words in check.message, name


def test_the_answer_that_is_late_is_measured_from_its_request_however_it_was_got(
    changing: Exercise, tmp_path: Path
) -> None:
    facts = facts_of(changing, SEED)
    start = facts["strange"] * EACH + 2.2
    for took, share in ((3.0, 1.0), (5.0, 1.0)):
        late = [output(start, True), answer(start + took - 0.5, "busy", True), answer(start + took, "done", True)]
        late += [output(start + took + 0.1, False)]
        check = by_key(judged(changing, tmp_path, job_events(changing, facts["strange"], late)))["reply"]
        assert check.points == pytest.approx(6.0 * share)
        assert check.measured == pytest.approx(took, abs=0.03)
    given_up = [output(start, True), output(start + 3.0, False)]
    checks = by_key(judged(changing, tmp_path, job_events(changing, facts["strange"], given_up)))
    assert checks["reply"].points == 0.0
    assert checks[f"handshake-{facts['strange'] + 1}"].points == 0.0


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("unlocked_off_dock", {"tool": "gripper"}, "unlocked the tool 'gripper' outside a dock. The tool fell."),
        ("unlocked_under_load", {"tool": "suction", "part": "lid_1"}, "which held lid 1"),
        ("load_dropped", {"tool": "gripper", "part": "block_2"}, "let block 2 go in the air"),
        ("left_unlocked", {"tool": "suction"}, "The changer had not locked it."),
    ],
)
def test_a_forbidden_state_costs_ten_points_of_safety(
    changing: Exercise, tmp_path: Path, kind: str, data: dict[str, Any], words: str
) -> None:
    score = judged(changing, tmp_path, [*good_run(changing), (49.0, kind, data)])
    check = by_key(score)[kind]
    assert check.lost == 10.0
    assert words in check.message
    assert score.group("safety")[0] == 5.0


def test_a_part_that_is_let_go_before_that_of_an_earlier_job_earns_nothing(changing: Exercise, tmp_path: Path) -> None:
    """The second part was let go at 0.5 s, long before the first one."""
    facts = facts_of(changing, SEED)
    early = facts["jobs"][1]
    first = [(0.5, "release", {"tool": early["tool"], "part": early["part"]})]
    checks = by_key(judged(changing, tmp_path, [*first, *good_run(changing)]))
    assert checks["job-1"].lost == 0.0
    assert checks["job-2"].points == 0.0
    assert "before the part of job 1" in checks["job-2"].message


def test_to_ask_once_more_for_a_part_that_is_clamped_costs_half_of_its_handshake(
    changing: Exercise, tmp_path: Path
) -> None:
    jobs = range(len(facts_of(changing, SEED)["jobs"]))
    again = [event for n in jobs for event in (output(n * EACH + 6.0, True), output(n * EACH + 6.2, False))]
    checks = by_key(judged(changing, tmp_path, [*good_run(changing), *again]))
    assert all(checks[f"handshake-{n + 1}"].measured == 50.0 for n in jobs)
    assert "There was nothing left to clamp." in checks["handshake-1"].message


def test_an_unanswered_request_with_nothing_to_clamp_earns_no_reply(changing: Exercise, tmp_path: Path) -> None:
    strange = int(facts_of(changing, SEED)["strange"])
    burnt = [event for n in range(strange + 1) for event in (output(0.1 * n, True), output(0.1 * n + 0.05, False))]
    check = by_key(judged(changing, tmp_path, [*burnt, *good_run(changing)]))["reply"]
    assert check.points == 0.0
    assert "It was one with nothing to clamp" in check.message


def test_a_tool_that_slid_into_its_dock_is_back(changing: Exercise, tmp_path: Path) -> None:
    events = good_run(changing)
    time, _kind, values = events[-1]
    fell = (time, "tool_off", {**values, "dock": ""})
    assert by_key(judged(changing, tmp_path, [*events[:-1], fell]))["parked"].points == 2.0
    slid = (time + 0.3, "input", {"name": "dock_left_occupied", "value": True})
    assert by_key(judged(changing, tmp_path, [*events[:-1], fell, slid]))["parked"].points == 4.0
