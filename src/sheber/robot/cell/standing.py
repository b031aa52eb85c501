"""Standing: whether the things of a scene stand where the scene says, before any program does anything.

For the author of an exercise. Things inside one another are pushed apart by the engine, and things in the air fall: the
scene of a run is then not the scene that was described.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sheber.i18n import _
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.tool import TOOL_BODIES
from sheber.robot.clock import STEP_S

__all__ = ["flaws"]

DEEP = 1e-3  # m inside one another that are noticed
WATCHED_S = 2.0  # s that nothing is done
MOVED = 5e-3  # m that a part may move meanwhile
TURNED = math.radians(5.0)  # that it may turn
_AT_ONCE = 10  # steps


def flaws(scene: Scene) -> Iterator[str]:
    """What is wrong with how a scene stands, a sentence each. Raises SceneError where it cannot be built."""
    cell = Cell(scene)
    found = False
    for sentence in _inside_one_another(cell):
        found = True
        yield sentence
    if not found:
        yield from _moving(cell)


def _inside_one_another(cell: Cell) -> Iterator[str]:
    """Pairs of bodies that are inside one another; the robot must not touch anything at all."""
    world = cell.world
    robot = {*(link.name for link in cell.arm.links), *TOOL_BODIES}
    docks = {dock.name for dock in cell.scene.docks}
    deepest: dict[tuple[str, str], float] = {}
    for geoms, distance in zip(world.data.contact.geom, world.data.contact.dist, strict=True):
        first, other = sorted(world.bodies[world.model.geom_bodyid[geom] - 1] for geom in geoms)
        deepest[first, other] = min(deepest.get((first, other), 0.0), float(distance))
    for (first, other), distance in deepest.items():
        if distance < -DEEP:
            text = _("{first} and {other} are {depth:.0f} mm inside one another at the start.")
            yield text.format(first=first, other=other, depth=-distance * 1e3)
        elif (first in robot) is not (other in robot) and not docks & {first, other}:
            yield _("{first} and {other} touch at the start.").format(first=first, other=other)


def _moving(cell: Cell) -> Iterator[str]:
    """Parts that move although nothing is done; belts may carry theirs."""
    parts = [part.name for part in cell.scene.parts if part.name not in cell.carried]
    before = {name: cell.body_pose(name) for name in parts}
    targets = np.tile(cell.measured_joints, (_AT_ONCE, 1))
    for _time in range(round(WATCHED_S / STEP_S / _AT_ONCE)):
        cell.advance(targets)
    for name in parts:
        now = cell.body_pose(name)
        moved, turned = float(np.linalg.norm(now.position - before[name].position)), before[name].angle(now)
        if moved > MOVED:
            text = _("{part} moves {moved:.0f} mm in the first {time:g} s, although the program does nothing.")
            yield text.format(part=name, moved=moved * 1e3, time=WATCHED_S)
        elif turned > TURNED:
            text = _("{part} turns {turned:.0f}° in the first {time:g} s, although the program does nothing.")
            yield text.format(part=name, turned=math.degrees(turned), time=WATCHED_S)
