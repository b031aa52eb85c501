"""Settling: parts that are let go above a table, a bin or a wall, and where they come to rest.

For the author of an exercise, when a scene is made: a part that lies on a side or leans on something has a pose that
only the engine knows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Imperfections, Part, Scene
from sheber.robot.clock import STEP_S
from sheber.station import SceneError

__all__ = ["settled"]

LONGEST_S = 6.0  # s until everything must lie still
_AT_ONCE = 10  # steps
FREE_S = 1.5  # s of free fall and bounce; afterwards something like oil brakes what rocks and rolls
BRAKE = 0.85  # of the speed is left after each look
_STILL_LOOKS = 10  # in a row, before it is believed
_PLACE_DIGITS, _TURN_DIGITS = 5, 6  # 10 µm: less than engines of other processors differ by


def settled(scene: Scene, names: Collection[str] = ()) -> Scene:
    """The scene with its parts (those of `names`, or all) where they lie after falling; the robot stands at home.

    A round part may rock for long: after 1.5 s all speeds are braked. Equal scenes settle equally: chance plays no
    part, and belts stand still. Raises SceneError where parts still move after 6 s, as round ones in a heap may, or
    where the scene cannot be built.
    """
    belts = tuple(replace(belt, until="", output=belt.output or belt.name) for belt in scene.belts)  # of no output: off
    cell = Cell(replace(scene, imperfections=Imperfections(), belts=belts))
    targets = np.tile(cell.measured_joints, (_AT_ONCE, 1))
    still = 0
    speeds = cell.world.data.qvel[cell.world.dof_parts :]  # a view
    for look in range(round(LONGEST_S / STEP_S / _AT_ONCE)):
        cell.advance(targets)
        if look * _AT_ONCE * STEP_S > FREE_S:
            speeds *= BRAKE
        still = still + 1 if cell.settled() else 0
        if still == _STILL_LOOKS:
            return replace(scene, parts=tuple(_placed(cell, part, names) for part in scene.parts))
    moving = ", ".join(part.name for part in scene.parts if _moves(cell, part.name))
    raise SceneError(_("These parts still move after {time:g} s: {names}.").format(time=LONGEST_S, names=moving))


def _placed(cell: Cell, part: Part, names: Collection[str]) -> Part:
    if names and part.name not in names:
        return part
    pose = cell.body_pose(part.name)
    place = np.round(pose.position, _PLACE_DIGITS).tolist()
    return replace(part, pose=Pose(place, np.round(pose.quaternion, _TURN_DIGITS).tolist()))


def _moves(cell: Cell, name: str) -> bool:
    first = cell.world.dof_parts + 6 * cell.world.parts.index(name)
    return bool(np.abs(cell.world.data.qvel[first : first + 6]).max() > 1e-3)
