"""Capstone cell: its scenes, and what its criteria measure, with synthetic traces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from exercise_traces import Event, facts_of, write_trace
from sheber.exercises import Exercise, load
from sheber.exercises.criteria import matched
from sheber.exercises.score import Check, Score
from sheber.geometry import Pose
from sheber.robot.cell.scene import Scene
from sheber.trace import Trace

SECONDS = 10.0  # for each order, in synthetic runs: gripped at 2, in the gauge from 4 to 6, let go at 8
DEPTH = 0.025


@pytest.fixture(scope="module")
def cell() -> Exercise:
    return load("capstone-cell")


@pytest.fixture(scope="module")
def scenes(cell: Exercise) -> list[Scene]:
    return [cell.scene(seed) for seed in range(60)]


def seed_with(cell: Exercise, fault: int, defective: int = -1) -> int:
    """A seed with this fault, whose defective part is that of an order (0 to 2; 3: the rush order), or any."""
    for seed in range(500):
        facts = facts_of(cell, seed)
        bad = facts["parts"][facts["defective"]]
        if facts["fault"] == fault and defective in (-1, [number for number, _slot in facts["orders"]].index(bad)):
            return seed
    raise AssertionError("no such scene")


def parts_of(facts: Mapping[str, Any]) -> list[str]:
    """The part for each order: its own, or the substitute of one that is missing."""
    known: dict[str, int] = facts["parts"]
    left, found = list(known), []
    for number, _slot in facts["orders"]:
        wanted = number if number in known.values() else {1: 2, 2: 1, 3: 4, 4: 3}[number]
        part = next(one for one in left if known[one] == wanted and (wanted == number or one in list(known)[3:]))
        left.remove(part)
        found.append(part)
    return found


def numbers_of(facts: Mapping[str, Any]) -> list[int]:
    """The number of the part for each order."""
    return [facts["parts"][part] for part in parts_of(facts)]


def places_of(facts: Mapping[str, Any]) -> list[Pose]:
    """Where the part of each order belongs."""
    slots, reject = [Pose.from_list(values) for values in facts["slots"]], Pose.from_list(facts["reject"])
    bad = facts["defective"]
    parts = parts_of(facts)
    return [reject if part == bad else slots[slot - 1] for part, (_n, slot) in zip(parts, facts["orders"], strict=True)]


def served(
    path: Path,
    cell: Exercise,
    seed: int,
    sequence: tuple[int, ...] = (0, 3, 1, 2),
    depth: Mapping[int, float] | None = None,
    force: Mapping[int, float] | None = None,
    places: Mapping[int, Pose] | None = None,
    results: Mapping[int, float] | None = None,
    alarms: tuple[float, ...] | None = None,
    before: float = 0.0,
    deeper: float = 0.0,
) -> Trace:
    """A run that serves the orders in this sequence; by order, what differs from a perfect one: depth [m], force [N],
    place, result on the panel. `alarms`: codes on the panel, a second each. `before`: force [N] before the first part
    is in the gauge. `deeper`: by how much [mm] the panel's depths are too large."""
    facts = facts_of(cell, seed)
    depth, force, places, results = depth or {}, force or {}, places or {}, results or {}
    count = round((SECONDS * len(sequence) + 2.0) / 0.02)
    start = {part.name: part.pose for part in cell.scene(seed).parts}
    bodies = {name: np.tile(pose.to_list(), (count, 1)) for name, pose in start.items()}
    outputs = {name: np.zeros(count) for name in ("alarm", "result", "depth")}
    wrench, events = np.zeros((count, 6)), []
    wrench[: round(3.9 / 0.02), 2] = before
    for n, order in enumerate(sequence):
        part, begin = parts_of(facts)[order], SECONDS * n
        inside = slice(round((begin + 4.0) / 0.02), round((begin + 6.0) / 0.02))
        deep = depth.get(order, DEPTH)
        bodies[part][inside] = Pose.from_list(facts["gauge"]).offset(z=-deep).to_list()
        bodies[part][round((begin + 8.0) / 0.02) - 1 :] = places.get(order, places_of(facts)[order]).to_list()
        wrench[inside, 2] = -force.get(order, 10.0)
        good = 2.0 if part == facts["defective"] else 1.0
        outputs["result"][round((begin + 7.0) / 0.02) :] = results.get(order, good)
        outputs["depth"][round((begin + 7.0) / 0.02) :] = deep * 1e3 + deeper
        events += [*_asked("rush" if order == 3 else "order", begin), *_handled(part, begin)]
    for n, code in enumerate((float(facts["fault"]),) if alarms is None else alarms):
        outputs["alarm"][50 * (n + 1) : 50 * (n + 2)] = code
    events.append((SECONDS * len(sequence) + 1.0, "move_done", {"kind": "joints", "line": 1}))
    joints = np.tile(facts["home"], (count, 1))
    joints[10 : count - 20] += 0.5
    tcp = np.tile(Pose((0.4, 0.1, 0.3)).to_list(), (count, 1))
    return write_trace(path, cell, facts, tcp, joints, bodies, events, outputs=outputs, wrench=wrench)


def _asked(job: str, begin: float) -> list[Event]:
    return [
        (begin + 0.5, "output", {"name": f"{job}_request", "value": True}),
        (begin + 0.9, "input", {"name": f"{job}_done", "value": True}),
        (begin + 1.0, "output", {"name": f"{job}_request", "value": False}),
    ]


def _handled(part: str, begin: float) -> list[Event]:
    touch = {"a": "gauge", "b": part, "force_N": 5.0, "meant": True}
    return [
        (begin + 2.0, "grip", {"part": part}),
        (begin + 4.0, "contact", touch),
        (begin + 6.0, "contact_end", {**touch, "peak_N": 20.0, "duration_s": 2.0}),
        (begin + 8.0, "release", {"part": part}),
    ]


def by_key(score: Score) -> dict[str, Check]:
    return {check.key: check for check in score.checks}


def earned(score: Score, begins: str) -> float:
    return sum(check.points for check in score.checks if check.key.startswith(begins))


# --- scenes -----------------------------------------------------------------------------------------


def test_every_fault_comes_and_none_is_told(scenes: list[Scene]) -> None:
    faults = Counter(dict(scene.facts)["fault"] for scene in scenes)
    assert set(faults) == {1, 2, 3, 4, 5}
    assert min(faults.values()) >= 5
    for scene in scenes:
        told = json.dumps(dict(scene.sheet))
        assert "fault" not in told
        assert dict(scene.facts)["defective"] not in told


def test_a_teacher_chooses_what_fails(cell: Exercise) -> None:
    chosen = cell.with_numbers({"scene.fault": "no_vacuum"})
    assert {dict(chosen.scene(seed).facts)["fault"] for seed in range(12)} == {2}


def test_each_order_wants_another_part_and_another_slot(scenes: list[Scene]) -> None:
    for scene in scenes:
        numbers, slots = zip(*dict(scene.facts)["orders"], strict=True)
        assert sorted(numbers) == [1, 2, 3, 4]
        assert len(set(slots)) == 4


def test_what_an_order_wants_comes_on_the_belt(scenes: list[Scene]) -> None:
    """The first group has the parts of the first two orders and the rush order, the second the third and a spare."""
    for scene in scenes:
        facts = dict(scene.facts)
        first, second, third, rush = (number for number, _slot in facts["orders"])
        numbers = list(facts["parts"].values())
        assert sorted(numbers[:3]) == sorted((first, second, rush))
        spare = {1: 2, 2: 1, 3: 4, 4: 3}[third]
        assert sorted(numbers[3:]) == ([spare] if facts["fault"] == 4 else sorted((third, spare)))


def test_only_the_defective_part_has_no_mark(scenes: list[Scene]) -> None:
    for scene in scenes:
        bare = [part.name for part in scene.parts if len(part.shapes) == 2]
        assert bare == [dict(scene.facts)["defective"]]


def test_a_stuck_sensor_is_that_of_a_slot_in_which_a_good_part_belongs(scenes: list[Scene]) -> None:
    for scene in scenes:
        facts = dict(scene.facts)
        if facts["fault"] == 3:
            (order,), (fault,) = facts["hit"], scene.faults
            number, slot = facts["orders"][order]
            assert fault.what == f"rack_1_{slot}"
            assert facts["parts"][facts["defective"]] != number


# --- criteria ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [1, 2, 3, 4, 5])
def test_a_perfect_run_earns_everything_but_time(cell: Exercise, tmp_path: Path, fault: int) -> None:
    score = cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, fault)))
    assert score.quality == 60.0
    assert [check.key for check in score.checks if check.lost] == []


def test_a_defective_part_and_its_double_each_serve_an_order(cell: Exercise, tmp_path: Path) -> None:
    """The substitute for the third order has the number of the rush order’s part, which is the defective one here."""
    doubled = 0
    for seed in range(300):
        facts = facts_of(cell, seed)
        if facts["fault"] == 4 and parts_of(facts)[3] == facts["defective"] and len(set(numbers_of(facts))) == 3:
            doubled += numbers_of(facts)[2] == numbers_of(facts)[3]
            assert cell.score(served(tmp_path / f"{seed}.trace", cell, seed)).quality == 60.0
    assert doubled >= 2


def test_a_part_in_a_wrong_slot_is_no_complete_order(cell: Exercise, tmp_path: Path) -> None:
    seed = seed_with(cell, 5, defective=3)
    facts = facts_of(cell, seed)
    free = ({1, 2, 3, 4, 5} - {slot for _number, slot in facts["orders"]}).pop()
    wrong = {0: Pose.from_list(facts["slots"][free - 1])}
    checks = by_key(cell.score(served(tmp_path / "run.trace", cell, seed, places=wrong)))
    assert checks["complete"].measured == 75.0
    slot = facts["orders"][0][1]
    assert f"order 1 (its part does not stand in slot {slot})" in checks["complete"].message
    assert checks["cycle"].points == 0.0


def test_a_part_that_fell_over_in_its_slot_does_not_stand_there(cell: Exercise, tmp_path: Path) -> None:
    seed = seed_with(cell, 5, defective=3)
    upright = places_of(facts_of(cell, seed))[0]
    fallen = {0: upright.offset(z=0.01).rotated(x=np.pi / 2)}
    lean = {0: upright.rotated(x=0.1)}
    for places, share in ((fallen, 75.0), (lean, 100.0)):
        trace = served(tmp_path / f"{share}.trace", cell, seed, places=places)
        assert by_key(cell.score(trace))["complete"].measured == share


def test_good_and_defective_parts_in_each_others_places(cell: Exercise, tmp_path: Path) -> None:
    seed = seed_with(cell, 5, defective=1)
    facts = facts_of(cell, seed)
    _number, slot = facts["orders"][1]
    stored = {1: Pose.from_list(facts["slots"][slot - 1]), 0: Pose.from_list(facts["reject"])}
    told = by_key(cell.score(served(tmp_path / "run.trace", cell, seed, places=stored)))["complete"]
    assert told.measured == 50.0
    assert "order 2 (its part is defective and belongs into the reject bin)" in told.message
    assert f"order 1 (its part is good and belongs into slot {facts['orders'][0][1]})" in told.message


def test_an_order_that_skips_the_gauge_is_not_complete(cell: Exercise, tmp_path: Path) -> None:
    score = cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, 5), depth=dict.fromkeys(range(4), -0.05)))
    assert by_key(score)["complete"].measured == 0.0
    assert earned(score, "depth") == earned(score, "force") == earned(score, "report") == 0.0
    assert "its part was not, or not deep enough, in the gauge" in by_key(score)["complete"].message


@pytest.mark.parametrize(("share", "points"), [(0.95, 1.0), (0.725, 0.5), (0.55, 1 / 9)])
def test_depth_is_a_ramp(cell: Exercise, tmp_path: Path, share: float, points: float) -> None:
    depth = dict.fromkeys(range(4), share * DEPTH)
    score = cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, 5), depth=depth))
    assert earned(score, "depth") == pytest.approx(15.0 * points, abs=0.05)
    assert earned(score, "complete") == 20.0


@pytest.mark.parametrize(("force", "points"), [(30.0, 10.0), (45.0, 5.0), (60.0, 0.0)])
def test_force_is_a_ramp(cell: Exercise, tmp_path: Path, force: float, points: float) -> None:
    forces = dict.fromkeys(range(4), force)
    score = cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, 5), force=forces))
    assert earned(score, "force") == pytest.approx(points, abs=0.05)


def test_force_counts_only_while_the_part_touches_the_gauge(cell: Exercise, tmp_path: Path) -> None:
    trace = served(tmp_path / "run.trace", cell, seed_with(cell, 5), before=500.0)
    assert earned(cell.score(trace), "force") == 10.0


@pytest.mark.parametrize(("sequence", "share"), [((0, 3, 1, 2), 1.0), ((0, 1, 3, 2), 0.5), ((0, 1, 2, 3), 0.0)])
def test_the_rush_order_goes_before_orders_that_are_not_begun(
    cell: Exercise, tmp_path: Path, sequence: tuple[int, ...], share: float
) -> None:
    """In a synthetic run orders are begun at 2, 12, 22 and 32 s."""
    score = cell.score(come_at(5.0, served(tmp_path / "run.trace", cell, seed_with(cell, 5), sequence)))
    check = by_key(score)["rush"]
    assert check.points == pytest.approx(5.0 * share)
    if share < 1.0:
        assert "It came at 5.0 s." in check.message
        assert check.message.endswith(f"{round(2 - 2 * share)}.")


def come_at(time: float, trace: Trace) -> Trace:
    """The same run, where the rush order came at another time [s]."""
    assert isinstance(trace.facts, dict)
    trace.facts["rush_s"] = time
    return trace


@pytest.mark.parametrize(("came", "points"), [(11.0, 5.0), (10.5, 2.5)])
def test_an_order_that_the_program_had_before_the_rush_order_came_is_not_counted(
    cell: Exercise, tmp_path: Path, came: float, points: float
) -> None:
    """The program has the second order at 10.9 s and begins it at 12 s; the third one waits."""
    score = cell.score(come_at(came, served(tmp_path / "run.trace", cell, seed_with(cell, 5), (0, 1, 3, 2))))
    assert by_key(score)["rush"].points == points


def test_an_order_that_the_program_did_not_have_has_no_grace(cell: Exercise, tmp_path: Path) -> None:
    """The rush order comes at 1.5 s. The orders that are begun at 2 and 12 s were not asked for before."""
    trace = served(tmp_path / "run.trace", cell, seed_with(cell, 5), (0, 1, 3, 2))
    for event in trace.events_of("input"):
        event.data["name"] = "another"
    assert by_key(cell.score(come_at(1.5, trace)))["rush"].points == pytest.approx(5.0 / 3.0, abs=0.01)


def test_a_code_that_stood_for_a_tick_only_is_seen(cell: Exercise, tmp_path: Path) -> None:
    trace = served(tmp_path / "run.trace", cell, seed_with(cell, 5), alarms=())
    (output, *_) = trace.events_of("output")
    output.data.update(name="alarm", value=5.0)
    assert by_key(cell.score(trace))["told"].points == 5.0


def test_of_two_parts_of_one_number_each_is_held_to_the_order_that_it_fits(cell: Exercise, tmp_path: Path) -> None:
    """Order 1 has a defective part, which is stored as a good one; the third order is served rightly, by another."""
    for seed in range(500):
        facts = facts_of(cell, seed)
        serving = facts["serving"]
        if serving[0] == serving[2] and parts_of(facts)[0] == facts["defective"]:
            break
    else:
        raise AssertionError("no such scene")
    slot = Pose.from_list(facts["slots"][facts["orders"][0][1] - 1])
    score = cell.score(served(tmp_path / "run.trace", cell, seed, places={0: slot}, results={0: 1.0}))
    told = by_key(score)["complete"].message
    assert "order 1 (its part is defective and belongs into the reject bin)" in told
    assert "order 3" not in told
    assert by_key(score)["recovered"].lost == 0.0


def test_where_both_parts_fit_the_one_that_was_gripped_first_was_for_the_first_order() -> None:
    grips = [SimpleNamespace(step=step, data={"part": part}) for step, part in ((10, "b"), (20, "a"), (30, "b"))]
    trace: Any = SimpleNamespace(events_of=lambda _kind: grips, step_s=0.002)
    assert matched(trace, ("first", "second"), ("a", "b", "never"), lambda _order, _part: False) == {
        "first": "b",
        "second": "a",
    }
    only_a = matched(trace, ("first", "second"), ("a", "b"), lambda order, part: (order, part) == ("first", "b"))
    assert only_a == {"first": "a", "second": "b"}


@pytest.mark.parametrize(
    ("alarms", "points"), [((), 0.0), ((5.0,), 5.0), ((5.0, 1.0), 2.5), ((1.0, 5.0, 3.0), 0.0), ((1.0,), 0.0)]
)
def test_the_code_of_the_fault_counts_and_other_codes_cost(
    cell: Exercise, tmp_path: Path, alarms: tuple[float, ...], points: float
) -> None:
    score = cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, 5), alarms=alarms))
    assert earned(score, "told") == points
    if points == 0.0:
        assert "In this scene the PLC answered late or not at all (5)" in by_key(score)["told"].message


def test_recovered_is_measured_on_the_orders_that_the_fault_hit(cell: Exercise, tmp_path: Path) -> None:
    seed = seed_with(cell, 1)
    left = cell.score(served(tmp_path / "a.trace", cell, seed, (0, 3, 1)))
    assert earned(left, "recovered") == 0.0
    assert "In this scene the belt stood (1)." in by_key(left)["recovered"].message
    other = cell.score(served(tmp_path / "b.trace", cell, seed, (3, 1, 2)))
    assert earned(other, "recovered") == 5.0


def test_result_and_depth_on_the_panel(cell: Exercise, tmp_path: Path) -> None:
    seed = seed_with(cell, 5, defective=0)
    facts = facts_of(cell, seed)
    wrong = cell.score(served(tmp_path / "run.trace", cell, seed, results={0: 1.0}))
    check = by_key(wrong)[f"report-{facts['defective']}"]
    assert (check.points, earned(wrong, "report")) == (0.0, 6.0)
    assert "the output “result” was 1. It must be 2." in check.message
    trace = served(tmp_path / "b.trace", cell, seed, deeper=2.5)
    assert earned(cell.score(trace), "report") == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize("told", [np.inf, -np.inf, np.nan])
def test_numbers_without_sense_on_the_panel_earn_nothing_and_hurt_nobody(
    cell: Exercise, tmp_path: Path, told: float
) -> None:
    trace = served(
        tmp_path / "run.trace",
        cell,
        seed_with(cell, 5),
        results=dict.fromkeys(range(3), told),
        alarms=(told,),
        deeper=told,
    )
    score = cell.score(trace)
    assert earned(score, "report") == earned(score, "told") == 0.0
    assert all(check.measured is None or np.isfinite(check.measured) for check in score.checks)


def test_a_run_without_any_order_earns_nothing(cell: Exercise, tmp_path: Path) -> None:
    assert cell.score(served(tmp_path / "run.trace", cell, seed_with(cell, 5), (), alarms=())).points == 0.0
