"""Contacts: events with pair, force and whether they were meant; once an episode."""

from __future__ import annotations

import numpy as np
import pytest

from cell_driver import BOX, Driver, box, picked, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.scene import Part

pytestmark = pytest.mark.physics


def with_post() -> tuple:
    return (stock.post("post", 0.03, 0.26, Pose((0.5, 0.0, 0.0))),)


def test_a_collision_is_one_event_with_pair_and_force_and_one_at_its_end() -> None:
    cell = build(scene(stock.pointer(), fixtures=with_post()))
    driver = Driver(cell)
    driver.to(Pose((0.5, 0.15, 0.2)) @ DOWN)
    forces = []
    driver.each_tick = lambda: forces.append(cell.touches.collision_N)
    driver.line(Pose((0.5, 0.0365, 0.2)) @ DOWN, 1.0)
    driver.wait(0.5)
    began = [e for e in driver.events if not e.ended]
    assert [(e.a, e.b, e.meant) for e in began] == [("tool", "post", False)]
    assert cell.touches.collision == ("tool", "post")
    assert max(forces) > 10.0
    driver.line(Pose((0.5, 0.15, 0.2)) @ DOWN, 1.0)
    driver.wait(0.2)
    last = driver.events[-1]
    assert (last.a, last.b, last.ended) == ("tool", "post", True)
    assert last.peak_N == pytest.approx(max(forces))
    assert 0.4 < last.duration_s < 2.0
    assert cell.touches.collision_N == 0.0


def test_a_crash_passes_the_force_of_an_emergency_stop_within_a_few_ticks() -> None:
    cell = build(scene(stock.pointer(), fixtures=with_post()))
    driver = Driver(cell)
    driver.to(Pose((0.5, 0.2, 0.2)) @ DOWN)
    touched, stopped = [], []

    def look() -> None:
        if cell.touches.collision_N > 0.0:
            touched.append(cell.step)
        if cell.touches.collision_N > 150.0:
            stopped.append(cell.step)

    driver.each_tick = look
    driver.line(Pose((0.5, -0.2, 0.2)) @ DOWN, 0.8)
    assert stopped
    assert stopped[0] - touched[0] <= 10 * 5  # a tenth of a second


def test_no_touch_is_too_short_and_every_peak_counts() -> None:
    """Looked at only every 20 ms, most of these touches of a few milliseconds would go unseen."""
    for shift in range(5):
        cell = build(scene(stock.pointer(), fixtures=with_post()))
        driver = Driver(cell)
        x = 0.5323 - 0.001 * shift  # the tip of the pointer brushes along the post
        driver.to(Pose((x, 0.15, 0.2)) @ DOWN)
        forces: dict[int, float] = {}  # step -> N, as the engine has them
        glance, data = cell.touches.glance, cell.world.data

        def look(step: int, glance=glance, data=data, forces=forces) -> None:  # type: ignore[no-untyped-def]
            glance(step)
            rows = data.contact.efc_address
            forces[step] = float(data.efc_force[rows[rows >= 0]].sum())

        cell.touches.glance = look  # type: ignore[method-assign]
        driver.line(Pose((x, -0.15, 0.2)) @ DOWN, 0.4, at_once=10)
        driver.wait(0.3)
        (began, ended) = driver.events
        assert (began.a, began.b, began.meant) == ("tool", "post", False)
        steps = [step for step, force in forces.items() if force > 0.0]
        assert ended.duration_s == pytest.approx((steps[-1] - steps[0] + 1) * 0.002)  # it bounces once or twice
        assert ended.duration_s < 0.06
        assert ended.peak_N == pytest.approx(max(forces.values()))


def test_a_part_that_falls_is_no_collision_of_the_robot() -> None:
    """A carton of 0.35 kg meets the table with more than the force that stops the robot, for some milliseconds."""
    high = Part("box", box().shapes, Pose((0.5, -0.3, 0.35)), 0.35)
    cell = build(scene(stock.pointer(), high, meant_contacts=()))
    driver, collisions = Driver(cell), []
    driver.each_tick = lambda: collisions.append(cell.touches.collision_N)
    driver.wait(2.0)
    cell.touches.begin()
    cell.touches.finish(cell.step)
    (fallen,) = cell.touches.events
    assert (fallen.a, fallen.b, fallen.ended) == ("table", "box", True)
    assert fallen.peak_N > 150.0
    assert fallen.duration_s > 1.0, "it lies there to the end"
    assert max(collisions) == 0.0


def test_touching_again_at_once_is_the_same_contact_and_later_is_another() -> None:
    def touches(pause: float) -> int:
        cell = build(scene(stock.pointer(), fixtures=with_post()))
        driver = Driver(cell)
        near, off = Pose((0.5, 0.0320, 0.24)) @ DOWN, Pose((0.5, 0.0345, 0.24)) @ DOWN
        driver.to(off)
        for _ in range(2):
            driver.line(near, 0.04)
            driver.line(off, 0.04)
            driver.wait(pause)
        return sum(not e.ended for e in driver.events)

    assert touches(0.0) == 1
    assert touches(0.5) == 2


def test_meant_contacts_of_the_robot_are_events_and_resting_parts_are_none() -> None:
    cell, driver, _ = picked(box())
    assert [(e.a, e.b, e.meant) for e in driver.events] == [("tool", "box", True)]
    assert cell.touches.collision_N == 0.0


def test_a_carried_part_that_hits_something_is_a_collision() -> None:
    _, driver, pick = picked(box(), fixtures=(stock.post("post", 0.03, 0.28, Pose((0.5, -0.1, 0.0))),))
    driver.line(pick.offset(y=-0.20, z=0.2), 1.0)
    hits = [e for e in driver.events if not e.meant and not e.ended]
    assert {(e.a, e.b) for e in hits} == {("post", "box")}


def test_a_part_that_falls_asleep_where_it_should_not_be_stays_one_contact() -> None:
    quiet = scene(stock.pointer(), box(), meant_contacts=())
    cell = build(quiet)
    driver = Driver(cell)
    driver.wait(3.0)
    assert cell.world.data.ncon == 0  # asleep: the engine has dropped the contact
    assert [(e.a, e.b, e.ended) for e in driver.events] == [("table", "box", False)]


def test_patterns_name_pairs_in_any_order() -> None:
    cell = build(scene(stock.pointer(), box(), meant_contacts=(("tab*", "b?x"),)))
    driver = Driver(cell)
    driver.wait(0.5)
    assert driver.events == []


def test_what_moved_is_told_once() -> None:
    cell = build(scene(stock.pointer(), box(at=(0.5, 0.4)), box("other", at=(0.5, -0.4))))
    driver = Driver(cell)
    indices, poses = cell.changed_bodies()
    assert indices.tolist() == list(range(len(cell.bodies)))
    assert poses.shape == (len(cell.bodies), 7)
    assert poses.dtype == np.float32
    driver.wait(1.0)
    cell.changed_bodies()
    driver.wait(0.1)
    assert len(cell.changed_bodies()[0]) == 0
    driver.joints(driver.q + 0.1, 0.2)
    moved = {cell.bodies[i] for i in cell.changed_bodies()[0]}
    assert moved == {"shoulder", "upper_arm", "forearm", "wrist_1", "wrist_2", "wrist_3", "tool"}
    assert np.allclose(cell.body_pose("box").position[2], BOX[2] / 2, atol=1e-4)
