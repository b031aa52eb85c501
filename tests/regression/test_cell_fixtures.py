"""Belts, light barriers, stacks and sleep, with numbers."""

from __future__ import annotations

import numpy as np
import pytest

from cell_driver import Driver, box, picked, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Belt, LightBarrier, Part, Scene, Shape

pytestmark = pytest.mark.physics

SIZE = (0.12, 0.09, 0.08)
ALONG_Y = Pose((0.45, -0.9, 0.10), (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)))  # T_base_belt: runs along +y


def feeder(count: int = 12, **belt: object) -> Scene:
    """Boxes in a row on a belt that runs until the first of them covers a light barrier."""
    settings: dict = {"until": "part_present", "delay": 0.3, **belt}
    if settings.get("output"):
        settings["until"] = ""
    parts = tuple(
        Part(f"box_{n + 1}", (Shape("box", SIZE),), ALONG_Y @ Pose((0.9 - 0.15 * n, 0.0, SIZE[2] / 2)), 1.5)
        for n in range(count)
    )
    return Scene(
        stock.suction(),
        parts=parts,
        fixtures=(stock.table(),),
        belts=(Belt("feeder", ALONG_Y, 2.4, 0.16, **settings),),
        barriers=(LightBarrier("part_present", (0.35, 0.2, 0.14), (0.55, 0.2, 0.14)),),
        meant_contacts=(("box_*", "box_*"), ("box_*", "feeder"), ("box_*", "table"), ("tool", "box_*")),
    )


def place(cell: Cell, name: str) -> np.ndarray:
    return cell.body_pose(name).position


def asleep(cell: Cell, name: str) -> bool:
    return bool(cell.world.data.tree_asleep[cell.world.model.body_treeid[cell.world.body(name)]] >= 0)


def put(cell: Cell, name: str, pose: Pose) -> None:
    """Set a loose part somewhere, as a hand would."""
    at = cell.world.qpos_parts + 7 * cell.world.parts.index(name)
    cell.world.data.qpos[at : at + 7] = pose.to_list()


def test_a_belt_carries_at_its_speed() -> None:
    cell = build(feeder(1, output="run", speed=0.2))
    driver = Driver(cell)
    assert cell.outputs == {"run": False}
    cell.set_output("run", True)
    driver.wait(0.5)
    start = place(cell, "box_1")
    driver.wait(1.0)
    moved = place(cell, "box_1") - start
    assert moved[1] == pytest.approx(0.2, abs=1e-4)
    assert np.abs(moved[[0, 2]]).max() < 1e-4


def test_a_belt_that_starts_wakes_what_sleeps_on_it_and_one_that_stops_lets_it_sleep() -> None:
    cell = build(feeder(2, output="run"))
    driver = Driver(cell)
    driver.wait(1.0)
    assert asleep(cell, "box_1")
    start = place(cell, "box_1")
    cell.set_output("run", True)
    driver.wait(1.0)
    assert not asleep(cell, "box_1")
    assert place(cell, "box_1")[1] - start[1] > 0.13
    cell.set_output("run", False)
    driver.wait(0.5)
    assert asleep(cell, "box_1")
    assert asleep(cell, "box_2")
    rest = place(cell, "box_1")
    driver.wait(0.5)
    assert np.array_equal(place(cell, "box_1"), rest)


def test_waking_leaves_no_force_behind() -> None:
    cell = build(feeder(2, output="run"))
    Driver(cell).wait(1.0)
    cell.set_output("run", True)
    Driver(cell).wait(0.1)
    assert not np.signbit(cell.world.data.xfrc_applied).any()


def test_a_part_that_was_held_up_goes_on_when_its_way_is_free() -> None:
    stop = ALONG_Y @ Pose((0.97, 0.0, 0.05))
    held_up = feeder(1, output="run")
    wall = Part("wall", (Shape("box", (0.02, 0.1, 0.1)),), stop, 60.0, friction=2.0)
    from dataclasses import replace

    cell = build(replace(held_up, parts=(*held_up.parts, wall), meant_contacts=(("*", "*"),), belts=(
        replace(held_up.belts[0], speed=0.05),
    )))  # fmt: skip
    driver = Driver(cell)
    put(cell, "wall", Pose((0.45, 0.075, 0.05)))  # stands on the table before the belt's end
    cell.set_output("run", True)
    driver.wait(2.0)
    put(cell, "wall", Pose((1.0, 0.5, 0.05)))
    before = place(cell, "box_1")[1]
    driver.wait(1.0)
    assert place(cell, "box_1")[1] - before > 0.03


def test_an_accumulating_feeder_brings_twelve_boxes_one_after_another() -> None:
    cell = build(feeder(12))
    driver = Driver(cell)
    for n in range(12):
        for _ in range(400):
            if cell.inputs["part_present"]:
                break
            driver.wait(0.01)
        assert cell.inputs["part_present"], f"box {n + 1} never came"
        driver.wait(0.3)
        front = place(cell, f"box_{n + 1}")
        assert 0.13 < front[1] < 0.15  # its leading edge is at the beam, 0.2 m
        assert np.abs(front - (0.45, front[1], 0.14)).max() < 1e-3
        put(cell, f"box_{n + 1}", Pose((-0.3, -0.6 + 0.1 * n, 0.04)))
        driver.wait(0.05)
    driver.wait(2.0)
    assert not cell.inputs["part_present"]


def test_the_feeder_waits_until_its_barrier_has_been_free_for_a_while() -> None:
    cell = build(feeder(2, delay=1.0))
    driver = Driver(cell)
    driver.wait(1.5)
    assert cell.inputs["part_present"]
    waiting = place(cell, "box_2")
    put(cell, "box_1", Pose((-0.3, -0.6, 0.04)))
    driver.wait(0.9)
    assert np.allclose(place(cell, "box_2"), waiting, atol=1e-5)
    driver.wait(0.5)
    assert place(cell, "box_2")[1] - waiting[1] > 0.02


def test_a_light_barrier_sees_parts_and_the_robot_but_no_fixtures() -> None:
    beams = (
        LightBarrier("part", (0.3, 0.15, 0.05), (0.7, 0.15, 0.05)),
        LightBarrier("beside", (0.3, 0.30, 0.05), (0.7, 0.30, 0.05)),
        LightBarrier("short", (0.3, 0.15, 0.05), (0.4, 0.15, 0.05)),
        LightBarrier("robot", (0.3, -0.3, 0.05), (0.7, -0.3, 0.05)),
        LightBarrier("post", (0.3, 0.5, 0.05), (0.7, 0.5, 0.05)),
    )
    post = stock.post("post", 0.03, 0.3, Pose((0.5, 0.5, 0.0)))
    cell = build(scene(stock.pointer(), box(), fixtures=(post,), barriers=beams))
    assert cell.inputs == {"part": True, "beside": False, "short": False, "robot": False, "post": False}
    driver = Driver(cell)
    driver.to(Pose((0.5, -0.3, 0.1)) @ DOWN)
    assert not cell.inputs["robot"]
    driver.line(Pose((0.5, -0.3, 0.03)) @ DOWN)
    assert cell.inputs["robot"]


def test_a_light_barrier_sees_what_crosses_it_within_an_advance() -> None:
    """The tip of the pointer is in the beam for some milliseconds; its input stays on to the end of that advance."""
    for shift in range(5):
        y = 0.15 + 0.004 * shift
        cell = build(scene(stock.pointer(), barriers=(LightBarrier("tip", (0.3, y, 0.05), (0.7, y, 0.05)),)))
        driver, seen = Driver(cell), []
        driver.to(Pose((0.5, 0.0, 0.047)) @ DOWN)
        driver.each_tick = lambda cell=cell, seen=seen: seen.append(cell.inputs["tip"])
        driver.line(Pose((0.5, 0.4, 0.047)) @ DOWN, 0.4, at_once=10)
        driver.wait(0.1)
        assert 1 <= sum(seen) <= 2
        assert not seen[-1]


def test_a_beam_far_from_a_quick_tool_is_looked_at_in_each_advance() -> None:
    """A box falls into one beam while the tool crosses another: it is seen no later than beside a tool that stands."""

    start = build(scene(stock.pointer())).T_base_tcp
    x, y, z = start.position.tolist()

    def seen(quick: bool) -> list[bool]:
        beams = (
            LightBarrier("near", (x - 0.1, y + 0.1, z - 0.1), (x + 0.1, y + 0.1, z - 0.1)),
            LightBarrier("far", (-0.7, 0.15, 0.05), (-0.3, 0.15, 0.05)),
        )
        falling = Part("box", (Shape("box", SIZE),), Pose((-0.5, 0.15, 0.4)), 1.5)
        cell = build(scene(stock.pointer(), falling, barriers=beams))
        driver, told = Driver(cell), []
        driver.each_tick = lambda: told.append(cell.inputs["far"])
        if quick:
            driver.line(start.offset(y=0.2), 0.4, at_once=10)
        else:
            driver.follow(np.tile(driver.q, (200, 1)), at_once=10)
        return told

    assert seen(quick=False).index(True) - seen(quick=True).index(True) in (0, 1)


def test_a_stack_of_boxes_stands_still_and_sleeps() -> None:
    size = (0.12, 0.09, 0.08)
    stack = [Part(f"box_{n}", (Shape("box", size),), Pose((0.5, 0.1, size[2] * (n + 0.5))), 1.5) for n in range(4)]
    cell = build(scene(stock.pointer(), *stack))
    driver = Driver(cell)
    driver.wait(0.5)
    rest = [cell.body_pose(part.name) for part in stack]
    driver.wait(3.0)
    for n, (part, was) in enumerate(zip(stack, rest, strict=True)):
        now = cell.body_pose(part.name)
        assert now.distance(was) < 20e-6
        assert now.position[2] == pytest.approx(size[2] * (n + 0.5), abs=0.5e-3)
        assert np.hypot(*(now.position[:2] - (0.5, 0.1))) < 50e-6
    assert all(asleep(cell, part.name) for part in stack)
    assert cell.settled()


def test_two_runs_are_equal_bit_for_bit_also_after_sleep() -> None:
    def run() -> bytes:
        cell = build(feeder(4))
        driver = Driver(cell)
        driver.wait(2.0)
        put(cell, "box_1", Pose((0.0, -0.6, 0.2)))
        driver.wait(2.0)
        return cell.world.data.qpos.tobytes()

    assert run() == run()


def test_an_unknown_output_is_named() -> None:
    cell = build(feeder(1, output="run"))
    with pytest.raises(KeyError, match="no digital output 'stop'; there are: run"):
        cell.set_output("stop", True)


def test_two_processes_are_equal_bit_for_bit() -> None:
    """Nothing may hang on the address of an object, the order of a set or what ran before."""
    import hashlib
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import hashlib; from cell_driver import *; cell, driver, _ = picked(box());"
        "driver.joints(driver.q + 0.3, 0.5); print(hashlib.sha256(cell.world.data.qpos.tobytes()).hexdigest())"
    )
    here = Path(__file__).parents[1]
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    cell, driver, _ = picked(box())
    driver.joints(driver.q + 0.3, 0.5)
    assert runs == [hashlib.sha256(cell.world.data.qpos.tobytes()).hexdigest()] * 2
