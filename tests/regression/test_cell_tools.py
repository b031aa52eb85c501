"""Suction and gripper, with numbers: what they hold, what slips, what they lose."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cell_driver import BOX, Driver, box, held, picked, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.scene import Part, Shape

pytestmark = pytest.mark.physics


# --- suction -------------------------------------------------------------------------------


def test_a_two_kilogram_box_stays_through_a_fast_move_and_falls_when_let_go() -> None:
    cell, driver, _ = picked(box(mass=2.0))
    start = held(cell, "box")
    slip, speed = [], []
    driver.each_tick = lambda: (
        slip.append(held(cell, "box").distance(start)),
        speed.append(np.abs(cell.joint_speeds).max()),
    )
    for turn in (1.2, -1.2):
        driver.joints(driver.q + turn * np.eye(6)[0], 0.8)
    assert max(speed) > 2.7  # rad/s, 0.52 m from the axis: 1.4 m/s and 5.6 m/s2
    assert max(slip) < 0.5e-3
    driver.wait(0.5)
    assert slip[-1] < 0.15e-3
    assert cell.tool.holding == "box"
    before = cell.body_pose("box").position[2]
    cell.tool.command(False)
    driver.wait(0.2)
    assert cell.tool.holding == ""
    assert before - cell.body_pose("box").position[2] > 0.01
    driver.wait(1.0)
    assert cell.body_pose("box").position[2] == pytest.approx(BOX[2] / 2, abs=1e-3)


def test_a_held_box_does_not_creep() -> None:
    cell, driver, _ = picked(box(mass=2.0))
    driver.wait(0.5)
    start = held(cell, "box")
    driver.wait(10.0)
    assert held(cell, "box").distance(start) < 20e-6


def test_weight_of_what_hangs_is_in_the_wrench() -> None:
    cell, driver, _ = picked(box(mass=2.0))
    driver.wait(0.5)
    assert cell.wrench[2] == pytest.approx(2.0 * 9.81, abs=0.1)
    assert np.abs(np.delete(cell.wrench, 2)).max() < 0.2


def test_suction_wakes_a_sleeping_box() -> None:
    cell = build(scene(stock.suction(), box()))
    driver = Driver(cell)
    driver.wait(1.0)
    tree = cell.world.model.body_treeid[cell.world.body("box")]
    assert cell.world.data.tree_asleep[tree] >= 0
    pick = Pose((0.5, 0.15, BOX[2])) @ DOWN
    driver.to(pick.offset(z=0.05))
    driver.line(pick)
    cell.tool.command(True)
    driver.wait(0.3)
    driver.line(pick.offset(z=0.1))
    assert cell.body_pose("box").position[2] == pytest.approx(BOX[2] / 2 + 0.1, abs=1e-3)


def test_vacuum_builds_up_in_a_tenth_of_a_second_and_stays_away_in_free_air() -> None:
    cell, _, _ = picked(box())
    assert cell.tool.vacuum_kPa == pytest.approx(65.0, abs=0.5)
    free = build(scene(stock.suction()))
    free.tool.command(True)
    Driver(free).wait(1.0)
    assert free.tool.vacuum_kPa < 5.0
    assert not free.tool.sealed


@pytest.mark.parametrize(("inside", "seals"), [(0.021, True), (0.015, False), (0.0, False)])
def test_a_cup_at_an_edge_does_not_seal(inside: float, seals: bool) -> None:
    cell = build(scene(stock.suction(), box()))
    driver = Driver(cell)
    at = Pose((0.5, 0.15 + BOX[1] / 2 - inside, BOX[2])) @ DOWN
    driver.to(at.offset(z=0.05))
    driver.line(at)
    cell.tool.command(True)
    driver.wait(0.4)
    assert cell.tool.sealed is seals
    assert (cell.tool.vacuum_kPa > 60.0) == seals
    driver.line(at.offset(z=0.1))
    assert (cell.tool.holding == "box") is seals
    assert (cell.body_pose("box").position[2] > 0.1) == seals


@pytest.mark.parametrize(("gap", "holds"), [(0.0035, False), (0.001, True), (-0.001, True), (-0.005, True)])
def test_the_lip_follows_small_gaps_and_the_bellows_give_way(gap: float, holds: bool) -> None:
    cell = build(scene(stock.suction(), box()))
    driver = Driver(cell)
    at = Pose((0.5, 0.15, BOX[2] + gap)) @ DOWN
    driver.to(at.offset(z=0.05))
    driver.line(at)
    assert cell.wrench[2] > -40.0  # 5 mm too low presses with less than 40 N
    cell.tool.command(True)
    driver.wait(0.4)
    driver.line(at.offset(z=0.1))
    assert (cell.tool.holding == "box") is holds


@pytest.mark.parametrize(("mass", "holds"), [(6.5, True), (9.0, False)])
def test_more_than_the_vacuum_can_pull_is_lost(mass: float, holds: bool) -> None:
    cell, _, _ = picked(box(mass=mass))
    assert cell.tool.most_pull == pytest.approx(65e3 * math.pi * 0.02**2)  # 81.7 N: 8.3 kg
    assert (cell.tool.holding == "box") is holds
    assert cell.tool.sealed is holds


def test_a_box_that_is_held_back_is_torn_off() -> None:
    cell, driver, _ = picked(box())
    cell.world.data.xfrc_applied[cell.world.body("box"), 2] = -80.0
    driver.wait(0.3)
    cell.world.data.xfrc_applied[:] = 0.0
    assert cell.tool.holding == ""
    assert cell.tool.vacuum_kPa < 30.0


# --- gripper -------------------------------------------------------------------------------


def _hexagon(radius: float) -> tuple[tuple[float, float], ...]:
    return tuple((radius * math.cos(math.pi * i / 3), radius * math.sin(math.pi * i / 3)) for i in range(6))


SHAPES = {
    "box": (Shape("box", (0.040, 0.035, 0.030)), 0.0350),
    "cylinder": (Shape("cylinder", (0.018, 0.030)), 0.0360),
    "hexagon": (Shape("prism", (0.030,), polygon=_hexagon(0.020)), 0.0346),
}


def gripped(shape: Shape, mass: float, force: float):
    """A cell whose gripper has closed on a part that lies on the table."""
    part = Part("part", (shape,), Pose((0.5, 0.15, 0.015)), mass)
    cell = build(scene(stock.gripper(), part))
    driver = Driver(cell)
    pick = part.pose @ DOWN
    driver.to(pick.offset(z=0.1))
    driver.line(pick)
    cell.tool.command(0.0, force)
    for _ in range(200):
        driver.wait(0.01)
        if not cell.tool.moving:
            break
    return cell, driver, pick


@pytest.mark.parametrize("kind", SHAPES)
def test_parts_are_lifted_by_friction_and_stay_through_a_fast_move(kind: str) -> None:
    shape, width = SHAPES[kind]
    cell, driver, pick = gripped(shape, 0.1, 40.0)
    assert cell.tool.holding == "part"
    assert cell.tool.width == pytest.approx(width, abs=0.7e-3)  # less what the pads give
    assert cell.tool.force == pytest.approx(40.0, abs=0.5)
    start = held(cell, "part")
    driver.line(pick.offset(z=0.2), 0.8)
    assert held(cell, "part").distance(start) < 0.1e-3
    slip = []
    driver.each_tick = lambda: slip.append(held(cell, "part").distance(start))
    for turn in (1.2, -1.2):
        driver.joints(driver.q + turn * np.eye(6)[0], 0.8)
    assert max(slip) < 0.5e-3
    driver.wait(5.0)
    assert slip[-1] < 0.1e-3
    assert cell.tool.holding == "part"


@pytest.mark.parametrize(("force", "holds"), [(5.0, False), (8.0, True)])
def test_a_grip_that_is_too_weak_slips(force: float, holds: bool) -> None:
    cell, driver, pick = gripped(SHAPES["box"][0], 1.0, force)  # friction 0.9, two pads: 5.45 N are needed
    driver.line(pick.offset(z=0.2), 0.8)
    assert (cell.tool.holding == "part") is holds
    assert (cell.body_pose("part").position[2] > 0.1) == holds


def test_closing_on_nothing_holds_nothing() -> None:
    cell = build(scene(stock.gripper()))
    driver = Driver(cell)
    cell.tool.command(0.0, 40.0)
    driver.wait(1.5)
    assert not cell.tool.moving
    assert cell.tool.holding == ""
    assert cell.tool.width == pytest.approx(0.0, abs=1e-4)
    assert driver.events == []


def test_opening_goes_to_the_width_and_lets_go() -> None:
    cell, driver, pick = gripped(SHAPES["box"][0], 0.1, 40.0)
    driver.line(pick.offset(z=0.05))
    cell.tool.command(0.06, 40.0)
    driver.wait(0.8)
    assert cell.tool.width == pytest.approx(0.06, abs=1e-4)
    assert cell.tool.holding == ""
    assert cell.body_pose("part").position[2] < 0.03


def test_closing_centres_a_part_that_is_off_the_middle() -> None:
    part = Part("part", (SHAPES["box"][0],), Pose((0.5, 0.158, 0.015)), 0.1)
    cell = build(scene(stock.gripper(), part))
    driver = Driver(cell)
    pick = Pose((0.5, 0.15, 0.015)) @ DOWN
    driver.to(pick.offset(z=0.1))
    driver.line(pick)
    cell.tool.command(0.0, 40.0)
    driver.wait(1.0)
    assert cell.tool.holding == "part"
    assert cell.body_pose("part").position[1] == pytest.approx(0.15, abs=0.3e-3)


@pytest.mark.parametrize("tool", [stock.gripper, stock.suction])
def test_a_number_that_does_not_exist_is_named(tool) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="has no number colour"):
        build(scene(replace(tool(), numbers=(("colour", 1.0),))))


def test_an_unknown_tool_is_named() -> None:
    from dataclasses import replace

    with pytest.raises(
        ValueError, match=r"no tool of the kind 'hammer'\. The kinds are: pointer, suction, dispenser, gripper, changer"
    ):
        build(scene(replace(stock.pointer(), kind="hammer")))


# --- cartons -------------------------------------------------------------------------------


CARTON = (0.10, 0.07, 0.06)
EDGE = 0.005  # m
SPEED = 0.1  # m/s, of the tool that brings the second carton, at its fastest


def carton(name: str, x: float, z: float = CARTON[2] / 2) -> Part:
    return Part(name, (Shape("box", CARTON, edge=EDGE),), Pose((x, 0.15, z)), 0.35, friction=0.5)


@pytest.mark.parametrize("overlap_mm", [0.3, 0.6])
def test_a_carton_that_is_set_down_over_a_rim_rubs_past_it(overlap_mm: float) -> None:
    """Sharp edges would catch: the bellows are pressed together and throw the neighbour by 50 mm."""
    cell = build(scene(stock.suction(), carton("first", 0.5), carton("second", 0.35)))
    driver = Driver(cell)
    pick = Pose((0.35, 0.15, CARTON[2])) @ DOWN
    driver.to(pick.offset(z=0.05))
    driver.line(pick)
    cell.tool.command(True)
    driver.wait(0.4)
    put = pick.offset(x=0.15 - CARTON[0] + overlap_mm * 1e-3)
    driver.line(pick.offset(z=0.1), 0.5)
    driver.line(put.offset(z=0.1), 0.5)
    before = cell.body_pose("first").position
    driver.line(put, 1.875 * 0.1 / SPEED)
    cell.tool.command(False)
    driver.wait(0.5)
    driver.line(put.offset(z=0.1), 0.5)
    driver.wait(1.0)
    moved = cell.body_pose("first").position - before
    assert cell.body_pose("second").position[2] == pytest.approx(CARTON[2] / 2, abs=0.5e-3)
    assert 0.5e-3 * overlap_mm < moved[0] < 4e-3


def test_a_stack_of_cartons_stands() -> None:
    parts = [carton(f"box_{n}", 0.5, (n + 0.5) * CARTON[2]) for n in range(4)]
    cell = build(scene(stock.suction(), *parts))
    Driver(cell).wait(10.0)
    for n, part in enumerate(parts):
        np.testing.assert_allclose(cell.body_pose(part.name).position, (0.5, 0.15, (n + 0.5) * 0.06), atol=0.2e-3)
