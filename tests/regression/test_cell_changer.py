"""The quick changer, with numbers: what it draws in, how well it holds, what falls, and what a tool on it weighs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cell_driver import Driver, box, held, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.changer import Changer
from sheber.robot.cell.docks import T_dock_tool, T_flange_tool
from sheber.robot.cell.planning import CollisionChecker
from sheber.robot.cell.scene import Dock, Fault, Part, Scene
from sheber.station import SceneError

pytestmark = pytest.mark.physics

AT = (Pose((0.0, 0.55, 0.32)), Pose((0.0, -0.55, 0.32)))
BLOCK = box("block", 1.0, (0.5, 0.0), (0.05, 0.05, 0.1))


def docks(**more: Any) -> tuple[Dock, ...]:
    return (
        stock.dock("dock_a", AT[0], stock.gripper(), "gripper", **more),
        stock.dock("dock_b", AT[1], stock.suction(), "suction"),
    )


def cell_with(*parts: Part, away: bool = False, arm: str = "ur5e", **numbers: Any) -> Cell:
    """A changer, a gripper and a suction cup in their docks, and parts on the table."""
    names = [part.name for part in parts]
    meant = [(tool, name) for name in names for tool in ("gripper_*", "suction_*")] + [(n, "table") for n in names]
    return build(
        Scene(
            stock.changer(**numbers),
            arm,
            parts,
            (stock.table(),),
            docks(away=away),
            meant_contacts=(*meant, ("gripper*", "table"), ("gripper*", "floor")),
        )
    )


def changer(cell: Cell) -> Changer:
    assert isinstance(cell.tool, Changer)
    return cell.tool


def valve(driver: Driver, lock: bool, seconds: float = 0.5) -> None:
    driver.cell.outputs["changer_lock"], driver.cell.outputs["changer_unlock"] = lock, not lock
    driver.wait(seconds)


def dock_at(driver: Driver, at: Pose, gap: float = 0.001, across: float = 0.0, twist: float = 0.0) -> None:
    """Come down on a tool; the coupling faces are `gap` apart."""
    face = (at @ DOWN).offset(x=across, z=gap).rotated(z=twist)
    driver.to(face.offset(z=0.1))
    driver.line(face, 1.0)
    driver.wait(0.2)


def taken(*parts: Part, lift: float = 0.3, **numbers: Any) -> tuple[Cell, Driver]:
    """A cell whose arm has taken the gripper and lifted it."""
    cell = cell_with(*parts, **numbers)
    driver = Driver(cell)
    dock_at(driver, AT[0])
    valve(driver, lock=True)
    driver.line(cell.T_base_tcp.offset(z=lift), 1.0)
    return cell, driver


def off(cell: Cell, tool: str = "gripper") -> Pose:
    """How far a locked tool is off its place on the arm."""
    pose: Pose = T_flange_tool.inverse() @ cell.T_base_flange.inverse() @ cell.body_pose(tool)
    return pose


def told(cell: Cell, kind: str) -> list[dict[str, Any]]:
    return [values for name, values in cell.happened if name == kind]


def kinds(cell: Cell) -> list[str]:
    return [name for name, _values in cell.happened]


# --- drawing in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "across", "twist"), [(0.0, 0.0, 0.0), (0.0015, 0.0, 0.0), (0.001, 0.0015, 0.02), (0.0005, 0.0028, 0.0)]
)
def test_a_tool_within_the_lead_in_is_drawn_to_its_place(gap: float, across: float, twist: float) -> None:
    cell = cell_with()
    driver = Driver(cell)
    dock_at(driver, AT[0], gap, across, twist)
    assert cell.inputs["tool_present"]
    valve(driver, lock=True, seconds=0.6)
    (docked,) = told(cell, "docked")
    assert docked["lateral_mm"] == pytest.approx(across * 1e3, abs=0.05)
    assert docked["axial_mm"] == pytest.approx(gap * 1e3, abs=0.05)
    assert docked["angle_deg"] == pytest.approx(math.degrees(twist), abs=0.05)
    assert (docked["tool"], docked["dock"]) == ("gripper", "dock_a")
    assert cell.inputs["changer_locked"]
    assert cell.analog_inputs["tool_id"] == 1.0
    driver.line(cell.T_base_tcp.offset(z=0.3), 1.0)
    driver.wait(0.3)
    assert np.linalg.norm(off(cell).position) < 0.1e-6
    assert off(cell).angle(Pose()) < 1e-6
    assert not cell.inputs["dock_a_occupied"]
    assert cell.inputs["dock_b_occupied"]


@pytest.mark.parametrize(
    ("gap", "across", "twist"), [(0.003, 0.0, 0.0), (0.001, 0.0035, 0.0), (0.001, 0.0, math.radians(3.5))]
)
def test_beyond_the_lead_in_it_does_not_lock(gap: float, across: float, twist: float) -> None:
    cell = cell_with()
    driver = Driver(cell)
    dock_at(driver, AT[0], gap, across, twist)
    assert not cell.inputs["tool_present"]
    valve(driver, lock=True)
    assert [values["tool"] for values in told(cell, "lock_missed")] == ["gripper"]
    assert not cell.inputs["changer_locked"]
    assert not cell.inputs["changer_unlocked"]  # the piston is at its end
    driver.line(cell.T_base_tcp.offset(z=0.1), 0.5)
    assert cell.body_pose("gripper").distance(AT[0] @ T_dock_tool) < 0.02e-3
    valve(driver, lock=False)
    assert cell.inputs["changer_unlocked"]


def test_in_empty_air_nothing_locks() -> None:
    cell = cell_with()
    driver = Driver(cell)
    valve(driver, lock=True)
    assert [str(values["text"].id) for values in told(cell, "lock_missed")] == ["changer.nothing_near"]
    assert not cell.inputs["changer_locked"]


def test_with_both_coils_on_or_off_the_valve_stays() -> None:
    cell, driver = taken()
    for value in (True, False):
        cell.outputs["changer_lock"] = cell.outputs["changer_unlock"] = value
        driver.wait(0.3)
        assert cell.inputs["changer_locked"]


# --- holding -------------------------------------------------------------------------------


def shaken(driver: Driver, seconds: float = 1.8, period: float = 0.6) -> None:
    """Swing every joint with its largest acceleration, two with six tenths of it."""
    t = np.arange(1, round(seconds / 0.002) + 1) * 0.002
    most = driver.cell.arm.max_acceleration * np.array([1.0, 0.6, 0.6, 1.0, 1.0, 1.0])
    swing = (period / (2.0 * np.pi)) ** 2 * (1.0 - np.cos(2.0 * np.pi * t / period))
    driver.follow(driver.q + np.outer(swing, most))


def test_a_locked_tool_stays_in_place_under_full_acceleration_and_does_not_drift() -> None:
    cell, driver = taken()
    driver.joints(np.array(cell.arm.home), 1.0)
    moved, turned, behind = [], [], []

    def look() -> None:
        moved.append(float(np.linalg.norm(off(cell).position)))
        turned.append(off(cell).angle(Pose()))

    driver.each_tick = look
    shaken(driver)
    assert max(moved) < 15e-6  # 11 um: what makers state as the repeatability of a changer
    assert max(turned) < 60e-6  # rad: 10 um more at the TCP
    driver.wait(2.0)
    assert moved[-1] < 1e-9
    behind = np.abs(cell.measured_joints - driver.q).max()
    assert behind < 2e-6


def test_the_servos_know_the_tool_that_is_on() -> None:
    """A locked tool is followed nearly as well as one that is screwed on, and carried by the drives."""
    fixed = build(scene(stock.gripper(length=0.21)))
    cell, driver = taken()
    driver.joints(np.array(cell.arm.home), 1.0)
    other = Driver(fixed)
    behind: dict[str, list[float]] = {"fixed": [], "locked": []}
    torques: dict[str, Any] = {}
    for name, one in (("fixed", other), ("locked", driver)):
        one.each_tick = lambda name=name, one=one: behind[name].append(
            float(np.abs(one.cell.joints - one.cell._servo._work.latest[-1]).max())
        )
        shaken(one)
        one.each_tick = lambda: None
        one.wait(1.0)
        torques[name] = one.cell.joint_torques.copy()
    assert max(behind["fixed"]) < 20e-6
    assert max(behind["locked"]) < 60e-6
    # gripper and tool plate, and the changer, 0.18 m in front of the last joint: they weigh on the second joint
    assert abs(torques["locked"][1]) > abs(torques["fixed"][1]) + 1.0


def test_a_part_in_a_locked_gripper_slips_no_more_than_in_a_fixed_one() -> None:
    cell, driver = taken(BLOCK)
    pick = Pose((0.5, 0.0, 0.07)) @ DOWN
    driver.to(pick.offset(z=0.15))
    driver.line(pick, 1.0)
    gripper: Any = changer(cell).tools["gripper"].tool
    gripper.command(0.0, 60.0)
    driver.wait(0.6)
    assert cell.tool.holding == "block"
    driver.line(pick.offset(z=0.2), 0.8)
    start, slip = held(cell, "block"), []
    driver.each_tick = lambda: slip.append(held(cell, "block").distance(start))
    for turn in (1.2, -1.2):
        driver.joints(driver.q + turn * np.eye(6)[0], 0.8)
    driver.wait(0.5)
    assert max(slip) < 0.2e-3
    assert slip[-1] < 10e-6
    assert cell.wrench[2] == pytest.approx(9.81, abs=0.05)
    assert np.abs(np.delete(cell.wrench, 2)).max() < 0.1


@pytest.mark.parametrize("mass", [0.15, 0.5, 2.0])
@pytest.mark.parametrize("kick", [0.3, 1.0])
def test_what_hangs_on_a_locked_cup_comes_to_rest_after_a_blow(mass: float, kick: float) -> None:
    """With bellows as light as those of a fixed cup it goes up and down by 5 mm for ever."""
    cell = cell_with(box("lid", mass, (0.5, 0.0), (0.09, 0.09, 0.008)))
    driver = Driver(cell)
    dock_at(driver, AT[1])
    valve(driver, lock=True)
    driver.line(cell.T_base_tcp.offset(z=0.3), 1.0)
    pick = Pose((0.5, 0.0, 0.008)) @ DOWN
    driver.to(pick.offset(z=0.1))
    driver.line(pick, 1.0)
    cup: Any = changer(cell).tools["suction"].tool
    cup.command(True)
    driver.wait(0.3)
    driver.line(pick.offset(z=0.12), 0.8)
    driver.wait(0.3)
    before = held(cell, "lid").position[2]
    cell.world.data.qvel[cell.world.dof_parts + 2] += kick
    driver.wait(1.0)
    assert cell.tool.holding == "lid"
    assert held(cell, "lid").position[2] == pytest.approx(before, abs=0.05e-3)


def test_what_presses_on_a_locked_tool_is_in_the_wrench_as_on_a_fixed_one() -> None:
    """The weld's own forces are not in it."""
    cell, driver = taken(box("plinth", 40.0, (0.5, 0.0), (0.2, 0.2, 0.1)))
    touch = Pose((0.5, 0.0, 0.11)) @ DOWN  # the tips reach 10 mm further
    driver.to(touch.offset(z=0.1))
    driver.line(touch.offset(z=0.001), 1.0)
    cell.touches.closely(True)
    assert np.abs(cell.wrench).max() == 0.0
    driver.line(touch.offset(z=-0.0005), 1.0)
    driver.wait(0.3)
    cell.refresh()
    pressed = sum(cell.touches.forces.values())
    assert pressed > 5.0
    assert cell.wrench[2] == pytest.approx(-pressed, rel=0.02)


def test_a_torque_on_a_locked_tool_reads_as_on_a_fixed_one() -> None:
    """Only one finger stands on the plinth."""
    plinth = box("plinth", 40.0, (0.5, 0.09), (0.2, 0.2, 0.1))
    read = []
    for fixed in (True, False):
        cell, driver = taken(plinth) if not fixed else (build(scene(stock.gripper(length=0.21), plinth)), None)
        driver = driver or Driver(cell)
        touch = Pose((0.5, 0.0, 0.11)) @ DOWN
        driver.to(touch.offset(z=0.1))
        driver.line(touch.offset(z=-0.0003), 1.0)
        driver.wait(0.5)
        read.append(cell.wrench.copy())
    assert max(one[2] for one in read) < -20.0
    levers = [one[3] / one[2] for one in read]  # m: the servos of the cells are not equally stiff
    assert abs(levers[0]) > 0.04
    assert levers[1] == pytest.approx(levers[0], rel=0.02)


def test_the_arm_is_planned_with_the_tool_that_is_on() -> None:
    cell, driver = taken()
    bare, with_it = (CollisionChecker(cell.scene, cell.arm, on=name) for name in ("", "gripper"))
    rng = np.random.default_rng(1)
    low, high = np.array([(joint.lower, joint.upper) for joint in cell.arm.joints]).T
    positions = [one[None, :] for one in rng.uniform(low, high, (400, 6))]
    only = [q for q in positions if with_it.first(q) == 0 and bare.first(q) == -1]
    assert only, "the gripper can touch the arm where the changer cannot"
    assert all(cell.self_collides(q) == 0 for q in only)
    valve(driver, lock=False)
    assert all(cell.self_collides(q) == -1 for q in only)


def test_the_same_motions_give_the_same_bits() -> None:
    def last() -> tuple[bytes, bytes]:
        cell, driver = taken(BLOCK)
        shaken(driver, 0.6)
        valve(driver, lock=False)
        return cell.world.data.qpos.tobytes(), cell.world.data.qvel.tobytes()

    assert last() == last()


# --- letting go ----------------------------------------------------------------------------


def test_a_tool_unlocked_off_its_dock_falls() -> None:
    cell, driver = taken()
    driver.joints(np.array(cell.arm.home), 1.0)
    driver.wait(3.0)  # as still as something that sleeps
    before = cell.body_pose("gripper").position[2]
    valve(driver, lock=False, seconds=0.2)
    fallen = before - cell.body_pose("gripper").position[2]
    assert fallen == pytest.approx(9.81 / 2 * 0.2**2, abs=0.005)
    assert kinds(cell)[-2:] == ["tool_off", "unlocked_off_dock"]
    assert told(cell, "tool_off")[0]["dock"] == ""
    driver.wait(1.0)
    assert not cell.inputs["changer_locked"]
    assert cell.body_pose("gripper").position[2] < 0.25


@pytest.mark.parametrize(("x", "y", "z"), [(2.0, -1.0, 2.5), (3.7, 0.0, 3.7)])
def test_a_tool_put_down_beside_its_place_slides_there(x: float, y: float, z: float) -> None:
    """From up to 4 mm beside and above: within that a tool counts as sitting in its dock."""
    cell, driver = taken()
    face = AT[0] @ DOWN
    T_face_tcp = changer(cell).spec.pose.inverse() @ cell.tool_now.pose
    driver.line((face @ T_face_tcp).offset(x=1e-3 * x, y=1e-3 * y, z=1e-3 * z), 1.0)
    driver.wait(0.2)
    valve(driver, lock=False)
    (down,) = told(cell, "tool_off")
    assert down["dock"] == "dock_a"
    assert down["lateral_mm"] == pytest.approx(math.hypot(x, y), abs=0.15)
    assert down["axial_mm"] == pytest.approx(z, abs=0.15)
    driver.line(cell.T_base_tcp.offset(z=0.1), 0.5)
    driver.wait(1.0)
    assert cell.body_pose("gripper").distance(AT[0] @ T_dock_tool) < 0.1e-3
    assert cell.inputs["dock_a_occupied"]
    assert "unlocked_off_dock" not in kinds(cell)
    assert "left_unlocked" not in kinds(cell)


def test_a_tool_let_go_more_than_four_millimetres_over_its_dock_was_not_in_it() -> None:
    cell, driver = taken()
    T_face_tcp = changer(cell).spec.pose.inverse() @ cell.tool_now.pose
    driver.line((AT[0] @ DOWN @ T_face_tcp).offset(z=0.0045), 1.0)
    driver.wait(0.2)
    valve(driver, lock=False)
    assert kinds(cell)[-2:] == ["tool_off", "unlocked_off_dock"]


def test_the_arm_carries_away_only_what_is_locked() -> None:
    cell = cell_with()
    driver = Driver(cell)
    dock_at(driver, AT[0], 0.0)
    driver.line(cell.T_base_tcp.offset(z=0.1), 0.5)
    assert cell.body_pose("gripper").distance(AT[0] @ T_dock_tool) < 0.02e-3
    assert told(cell, "left_unlocked") == [{"tool": "gripper"}]


def test_a_gripper_that_is_unlocked_loses_its_air_and_what_it_holds() -> None:
    cell, driver = taken(BLOCK)
    pick = Pose((0.5, 0.0, 0.07)) @ DOWN
    driver.to(pick.offset(z=0.15))
    driver.line(pick, 1.0)
    gripper: Any = changer(cell).tools["gripper"].tool
    gripper.command(0.0, 60.0)
    driver.wait(0.6)
    driver.line(pick.offset(z=0.2), 0.8)
    valve(driver, lock=False)
    assert told(cell, "unlocked_under_load") == [{"tool": "gripper", "part": "block"}]
    assert gripper.force < 1.0
    assert cell.tool.holding == ""
    driver.wait(1.0)
    assert cell.body_pose("block").position[2] < 0.1


def test_a_part_let_go_in_the_air_is_told_and_one_set_down_is_not() -> None:
    cell, driver = taken(BLOCK)
    pick = Pose((0.5, 0.0, 0.07)) @ DOWN
    driver.to(pick.offset(z=0.15))
    driver.line(pick, 1.0)
    gripper: Any = changer(cell).tools["gripper"].tool
    for height, dropped in ((0.0, []), (0.05, [{"tool": "gripper", "part": "block"}])):
        gripper.command(0.0, 60.0)
        driver.wait(0.6)
        driver.line(pick.offset(z=height), 0.8)
        gripper.command(0.085, 60.0)
        driver.wait(1.0)
        assert told(cell, "load_dropped") == dropped


def test_an_interlock_unlocks_only_in_a_dock() -> None:
    cell, driver = taken(interlock=True)
    valve(driver, lock=False)
    assert told(cell, "unlock_refused") == [{"tool": "gripper"}]
    assert cell.inputs["changer_locked"]
    assert off(cell).distance(Pose()) < 1e-6


# --- other tools ---------------------------------------------------------------------------


def test_a_parked_suction_cup_can_leak() -> None:
    cell = build(Scene(stock.changer(), docks=docks(), faults=(Fault("leaks", "suction", 0.1, value=0.4),)))
    Driver(cell).wait(0.2)
    assert changer(cell).tools["suction"].tool.leak == 0.4  # type: ignore[attr-defined]


def test_a_dispenser_from_a_dock_lays_its_bead() -> None:
    cell = build(
        Scene(stock.changer(), fixtures=(stock.table(),), docks=(stock.dock("d", AT[0], stock.dispenser(), "glue"),))
    )
    driver = Driver(cell)
    dock_at(driver, AT[0])
    valve(driver, lock=True)
    driver.line(cell.T_base_tcp.offset(z=0.3), 1.0)
    start = Pose((0.4, 0.1, 0.002)) @ DOWN
    driver.to(start.offset(z=0.05))
    driver.line(start, 0.5)
    head: Any = changer(cell).tools["glue"].tool
    head.command(3e-7)
    driver.line(start.offset(y=-0.05), 1.0)
    head.command(0.0)
    driver.wait(0.3)
    assert head.laid > 2e-7
    assert head.place[2] == pytest.approx(0.0, abs=1e-4)
    assert head.place[1] == pytest.approx(0.05, abs=2e-3)
    cell.keep()
    _measured, (indices, _poses, _ends) = cell.kept()
    assert set(cell.bodies) == {cell.bodies[index] for index in indices}
    head.command(3e-7)
    driver.wait(0.3)
    valve(driver, lock=False)
    laid = head.laid
    assert head.flow == 0.0
    driver.wait(0.5)
    assert head.laid == laid


# --- the rest ------------------------------------------------------------------------------


def test_parked_tools_sleep() -> None:
    cell = cell_with()
    driver = Driver(cell)
    driver.wait(1.0)
    assert cell.world.data.ncon == 0
    assert cell.body_pose("suction").distance(AT[1] @ T_dock_tool) < 10e-6


def test_a_tool_may_be_on_the_arm_at_the_start() -> None:
    cell = cell_with(away=True)
    driver = Driver(cell)
    assert cell.inputs["changer_locked"]
    assert not cell.inputs["dock_a_occupied"]
    assert cell.tool.kind == "gripper"
    assert cell.tool_now.pose.position[2] == pytest.approx(0.21)
    shaken(driver, 0.6)
    driver.wait(0.5)
    assert off(cell).distance(Pose()) < 1e-8


def test_every_body_is_told_where_it_is() -> None:
    """Between those of the arm and those of the tools are some that nobody sees."""
    cell = cell_with(BLOCK)
    driver = Driver(cell)
    places: dict[str, Any] = {}
    for look in range(3):
        if look == 1:
            dock_at(driver, AT[0])
            valve(driver, lock=True)
        elif look == 2:
            driver.line(cell.T_base_tcp.offset(z=0.3), 1.0)
        cell.keep()
        _measured, (indices, poses, _ends) = cell.kept()
        places |= {cell.bodies[index]: pose for index, pose in zip(indices, poses, strict=True)}
        for name, pose in places.items():
            assert np.allclose(pose[:3], cell.body_pose(name).position, atol=2e-6), name
    assert set(places) == set(cell.bodies)
    assert {"gripper", "gripper_tool", "gripper_finger_left", "suction_tool", "dock_a", "changer"} <= set(places)
    assert not {"tcp", "payload"} & set(places)


@pytest.mark.parametrize("arm", ["kr6_r900", "irb1200"])
def test_other_arms_change_their_tools_too(arm: str) -> None:
    at = (Pose((0.25, 0.45, 0.32)), Pose((0.25, -0.45, 0.32)))
    cell = build(
        Scene(
            stock.changer(),
            arm,
            fixtures=(stock.table(),),
            docks=(stock.dock("dock_a", at[0], stock.gripper(), "gripper"),),
        )
    )
    driver = Driver(cell)
    dock_at(driver, at[0], 0.001, 0.001)
    valve(driver, lock=True)
    driver.line(cell.T_base_tcp.offset(z=0.2), 1.0)
    moved = []
    driver.each_tick = lambda: moved.append(off(cell).distance(Pose()))
    shaken(driver, 0.6)
    assert max(moved) < 20e-6
    assert cell.inputs["changer_locked"]


@pytest.mark.parametrize(
    ("tool", "parked", "sentence"),
    [
        (stock.suction(), docks(), r"The scene has docks, and the tool of its arm is a suction\. Docks need the tool"),
        (stock.changer(), (stock.dock("d", AT[0], stock.changer(), "x"),), "A changer is on the arm only"),
        (stock.changer(), (stock.dock("d", AT[0], stock.suction()),), r"The tool in the dock 'd' needs a name"),
        (stock.changer(), (stock.dock("d", AT[0], None, "x"),), "has a name for its tool"),
        (
            stock.changer(),
            (*docks(away=True), stock.dock("c", AT[1], stock.gripper(), "x", away=True)),
            "More than one dock has its tool on the arm",
        ),
        (
            stock.changer(),
            (*docks(), stock.dock("dock_a", AT[1])),
            "Two signals of the scene have the name 'dock_a_occupied'",
        ),
    ],
)
def test_a_scene_with_docks_that_cannot_be_is_refused_in_words(tool: Any, parked: Any, sentence: str) -> None:
    with pytest.raises(SceneError, match=sentence):
        build(Scene(tool, docks=parked))
