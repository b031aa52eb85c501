"""A part picked from a moving belt, with numbers: how far the cup slides on it, going with the belt or standing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from cell_driver import Driver, held, smooth
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Belt, Part, Scene, Shape
from sheber.robot.motion import kinematics

pytestmark = pytest.mark.physics

SIZE = (0.06, 0.04, 0.03)
TOP = 0.10  # m, of the belt
ALONG_Y = Pose((0.52, -0.3, TOP), (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)))  # T_base_belt
HOVER = 0.03  # m


def cell_with(speed: float) -> Cell:
    """One part on a belt that runs at `speed` [m/s] along +y, and a cup of 13 mm."""
    part = Part("part", (Shape("box", SIZE),), Pose((0.52, -0.35, TOP + SIZE[2] / 2)), 0.15)
    belt = Belt("belt", ALONG_Y, 1.4, 0.15, thickness=0.05, speed=speed, ramp=0.4)
    return build(
        Scene(
            stock.suction(radius=0.013),
            parts=(part,),
            fixtures=(stock.table(),),
            belts=(belt,),
            meant_contacts=(("part", "belt"), ("part", "tool")),
        )
    )


def run_along(driver: Driver, speed: float, heights: np.ndarray) -> None:
    """Move the cup along +y at `speed` [m/s] from where it is, at these heights (n,) [m], one a physics step."""
    arm, tool = driver.cell.arm, driver.cell.scene.tool.pose
    start = kinematics.forward(arm, driver.q)
    flange = np.tile(start.matrix, (len(heights), 1, 1))
    flange[:, 1, 3] += speed * 0.002 * np.arange(1, len(heights) + 1)
    flange[:, 2, 3] += heights - (start @ tool).position[2]
    branches = kinematics.inverse(arm, flange)
    first = kinematics.nearest(arm, branches[0], driver.q)
    branch = int(np.nanargmin(np.abs(first - driver.q).max(axis=1)))
    path = np.unwrap(branches[:, branch], axis=0)
    driver.follow(path + (first[branch] - path[0]))


@dataclass
class Picked:
    """What became of one pick."""

    cell: Cell
    driver: Driver
    slid: float  # m, of the cup on the part, level, from the first touch to 0.3 s after
    settled: float  # m, from 0.1 s after the touch on
    behind: float  # m, by which the part stayed behind the belt


def pick(speed: float, cup_speed: float, press: float = 0.0015) -> Picked:
    """Lower the cup on the part within 0.3 s, going along the belt at `cup_speed`, and stay on it for 0.3 s."""
    cell = cell_with(speed)
    driver = Driver(cell)
    down = round(0.30 / 0.002)
    driver.to(Pose((0.52, 0.0 - cup_speed * 0.28, TOP + SIZE[2] + HOVER)) @ DOWN)
    while cell.body_pose("part").position[1] < -speed * 0.28:
        driver.wait(0.01)
    cell.tool.command(True)
    places: list[np.ndarray] = []
    driver.each_tick = lambda: places.append(held(cell, "part").position) if driver.events else None
    heights = TOP + SIZE[2] + HOVER - (HOVER + press) * smooth(down)
    run_along(driver, cup_speed, np.concatenate((heights, np.full(150, heights[-1]))))
    went = cell.body_pose("part").position[1] + 0.35
    belt_went = speed * (cell.step * 0.002 - 0.2)  # half of its ramp of 0.4 s is lost
    level = np.array(places)[:, :2]
    slid = np.linalg.norm(level - level[0], axis=1)
    late = np.linalg.norm(level[10:] - level[10], axis=1)
    return Picked(cell, driver, float(slid.max()), float(late.max()), belt_went - went)


@pytest.mark.parametrize("speed", [0.05, 0.10, 0.20])
def test_a_cup_that_goes_with_the_belt_does_not_slide_and_holds_nothing_back(speed: float) -> None:
    one = pick(speed, speed)
    assert one.cell.tool.holding == "part"
    assert one.slid < 0.1e-3
    assert one.behind < 0.1e-3
    start = held(one.cell, "part")
    run_along(one.driver, 0.0, np.linspace(TOP + SIZE[2], TOP + SIZE[2] + 0.1, 200))
    assert one.cell.tool.holding == "part"
    moved = np.abs(held(one.cell, "part").position - start.position)
    assert moved[:2].max() < 0.1e-3
    assert moved[2] < 1.6e-3  # the bellows stretch again


@pytest.mark.parametrize(
    ("speed", "slid"), [(0.05, (0.1e-3, 0.5e-3)), (0.10, (0.1e-3, 0.5e-3)), (0.20, (0.8e-3, 2e-3))]
)
def test_a_cup_that_stands_stops_the_part_and_the_belt_slides_below_it(speed: float, slid: tuple[float, float]) -> None:
    one = pick(speed, 0.0)
    assert one.cell.tool.holding == "part"
    assert slid[0] < one.slid < slid[1]
    assert one.settled < 0.3e-3
    assert one.behind == pytest.approx(speed * 0.36, rel=0.1)  # from the touch on it stood
