"""The storage rack: slots, their frames and their sensors, by real geometry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cell_driver import Driver, box, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Fault, Fixture, Part, Shape
from sheber.robot.cell.standing import flaws
from sheber.station import SceneError

pytestmark = pytest.mark.physics

AT = Pose((0.55, 0.25, 0.0)).rotated(z=-0.4)
RACK = stock.rack("rack", AT, columns=3, rows=2)
FRAMES = dict(RACK.frames)
CUBE = (0.06, 0.06, 0.05)


def cube(name: str, slot: str, aside: tuple[float, float] = (0.0, 0.0)) -> Part:
    return Part(name, (Shape("box", CUBE),), FRAMES[slot].offset_tool(x=aside[0], y=aside[1], z=CUBE[2] / 2), 0.3)


def stored(*parts: Part, rack: stock.Rack = RACK, ledge: Fixture | None = None, **more: object) -> Cell:
    """A cell with a rack and some parts in it."""
    meant = (("part_*", "rack"), ("part_*", "tool"), ("part_*", "table"), ("part_*", "ledge"))
    return build(
        scene(
            stock.suction(),
            *parts,
            fixtures=(rack.fixture, *([ledge] if ledge else [])),
            barriers=rack.barriers,
            frames=rack.frames,
            meant_contacts=meant,
            **more,
        )
    )


def test_slots_are_frames_and_inputs_of_the_same_name() -> None:
    cell = stored()
    names = [f"rack_{row}_{column}" for row in (1, 2) for column in (1, 2, 3)]
    assert list(cell.inputs) == names == list(FRAMES)
    assert not any(cell.inputs.values())
    one, right, above = (FRAMES[name].position for name in ("rack_1_1", "rack_1_2", "rack_2_1"))
    assert AT.inverse().rotation @ (right - one) == pytest.approx((0.132, 0.0, 0.0), abs=1e-9)
    assert above - one == pytest.approx((0.0, 0.0, 0.152), abs=1e-9)


@pytest.mark.parametrize("aside", [(0.0, 0.0), (0.028, 0.028), (-0.028, -0.028), (0.02, 0.03), (0.0, -0.03)])
def test_a_part_anywhere_in_a_slot_is_seen_by_the_sensor_of_this_slot_only(aside: tuple[float, float]) -> None:
    for slot in ("rack_1_2", "rack_2_3"):
        cell = stored(cube("part_1", slot, aside))
        assert [name for name, there in cell.inputs.items() if there] == [slot]
        Driver(cell).wait(1.0)
        assert [name for name, there in cell.inputs.items() if there] == [slot]


def test_parts_stand_on_their_slots_frame_and_nothing_is_inside_anything() -> None:
    parts = tuple(cube(f"part_{n}", slot) for n, slot in enumerate(FRAMES))
    cell = stored(*parts)
    assert list(flaws(cell.scene)) == []
    Driver(cell).wait(1.0)
    for part in parts:
        assert cell.body_pose(part.name).distance(part.pose) < 5e-5
    assert all(cell.inputs.values())
    assert cell.settled()


def test_a_part_is_put_into_the_upper_row_from_above_and_its_sensor_answers() -> None:
    cell = stored(replace(box("part_1", 0.3, (0.35, -0.25), CUBE), friction=0.6))
    driver, slot = Driver(cell), FRAMES["rack_2_2"]
    pick, place = Pose((0.35, -0.25, CUBE[2])) @ DOWN, (slot @ DOWN).offset(z=CUBE[2] + 0.001)
    driver.to(pick.offset(z=0.05))
    driver.line(pick)
    cell.tool.command(True)
    driver.wait(0.4)
    driver.line(pick.offset(z=0.4), 0.8)
    driver.to(place.offset(z=0.2), 1.5)
    assert not cell.inputs["rack_2_2"]
    driver.line(place, 1.0)
    assert cell.inputs["rack_2_2"]
    cell.tool.command(False)
    driver.wait(0.5)
    driver.line(place.offset(z=0.2), 1.0)
    assert [name for name, there in cell.inputs.items() if there] == ["rack_2_2"]
    put = cell.body_pose("part_1")
    assert np.hypot(*(put.position - slot.position)[:2]) < 1e-3
    assert put.position[2] - slot.position[2] == pytest.approx(CUBE[2] / 2, abs=1e-4)
    assert not [event for event in driver.events if not event.meant]


def test_a_part_is_pushed_into_the_lower_row_from_the_front() -> None:
    """The tool points into the rack; the part slides from a ledge over the floor of the slot."""
    front = stock.rack("rack", Pose((0.62, 0.0, 0.12)).rotated(z=-np.pi / 2), columns=1, rows=2)
    slot, size = dict(front.frames)["rack_1_1"], (0.06, 0.06, 0.10)
    part = Part("part_1", (Shape("box", size),), slot.offset_tool(y=-0.095, z=size[2] / 2), 0.3)
    ledge = stock.post("ledge", 0.033, float(slot.position[2]), slot.offset_tool(y=-0.095, z=-slot.position[2]))
    cell = stored(part, rack=front, ledge=ledge)
    driver, into = Driver(cell), slot.rotated(x=-np.pi / 2).offset(z=0.05)
    driver.to(into.offset(x=-0.18), 1.5)
    driver.line(into.offset(x=-0.13))
    assert not cell.inputs["rack_1_1"]
    driver.line(into.offset(x=-0.03), 1.5)
    assert cell.inputs["rack_1_1"]
    driver.line(into.offset(x=-0.18))
    assert (slot.inverse() @ cell.body_pose("part_1")).position == pytest.approx((0.0, 0.0, 0.05), abs=2e-3)
    assert not [event for event in driver.events if not event.meant]


def test_the_functions_of_the_docs_find_a_free_slot_and_its_poses() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "program.md").read_text("utf-8")
    code = documented[documented.index("### A storage rack") :].partition("```python\n")[2].partition("```")[0]
    known: dict = {}
    exec(code, known)
    cell = stored(cube("part_1", "rack_1_1"), cube("part_2", "rack_1_2"))
    assert known["free_slot"](cell) == "rack_1_3"
    above, before = known["poses_of_slot"](FRAMES["rack_2_3"], 0.05)
    middle = FRAMES["rack_2_3"].offset(z=0.05).position
    assert above.position == pytest.approx(middle)
    assert before.position == pytest.approx(middle)
    assert above.rotation[:, 2] == pytest.approx((0.0, 0.0, -1.0))
    assert before.rotation[:, 2] == pytest.approx(AT.rotation[:, 1])


def test_a_sensor_of_a_slot_sticks_like_any_light_barrier() -> None:
    cell = stored(cube("part_1", "rack_1_1"), faults=(Fault("sticks", "rack_1_1", 0.1, value=0.0),))
    assert cell.inputs["rack_1_1"]
    Driver(cell).wait(0.2)
    assert not cell.inputs["rack_1_1"]


def test_a_diffuse_sensor_is_drawn_as_one_housing() -> None:
    def housings(rack: stock.Rack) -> int:
        return sum(one.body == "" and one.shape == "box" for one in stored(rack=rack).visuals())

    through = tuple(replace(barrier, diffuse=False) for barrier in RACK.barriers)
    assert housings(RACK) == 6
    assert housings(RACK._replace(barriers=through)) == 12


def test_a_rack_that_cannot_be_is_told_in_words() -> None:
    with pytest.raises(SceneError, match="The rack 'rack' has 0 columns and 2 rows"):
        stock.rack("rack", AT, columns=0)
    with pytest.raises(SceneError, match="The scene has 36 digital inputs"):
        stored(rack=stock.rack("rack", AT, columns=9, rows=4))
    with pytest.raises(SceneError, match="Shape 1 of 'rack': The size of a box is"):
        stored(rack=stock.rack("rack", AT, slot=(0.1, -0.1, 0.1)))
