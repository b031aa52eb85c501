"""Reaching: whether the arm of a scene can bring its tool to the frames that the scene gives. For an exercise's author.

A frame counts as reached if the TCP can be in its origin in one of many orientations, its own and pointing down on it
among them. Whether the way there is free is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import DOWN, Pose
from sheber.i18n import _
from sheber.robot.arms import available, load
from sheber.robot.cell.docks import on_arm, tools_of_docks
from sheber.robot.cell.scene import Scene
from sheber.robot.motion.kinematics import inverse, nearest, within
from sheber.robot.motion.words import place

__all__ = ["out_of_reach"]


def out_of_reach(scene: Scene) -> Iterator[str]:
    """A sentence for each frame that the scene's arm cannot reach; it names the arms that can."""
    tools = [scene.tool.pose, *(on_arm(tool, scene.tool).pose for _dock, tool in tools_of_docks(scene))]
    for name, frame in scene.frames:
        if _reaches(scene.arm, frame, tools):
            continue
        able = [arm for arm in available() if arm != scene.arm and _reaches(arm, frame, tools)]
        told = _("The arm {arm!r} ({title}) cannot bring its tool to the frame {frame!r} at {place}.").format(
            arm=scene.arm, title=load(scene.arm).title, frame=name, place=place(frame.position)
        )
        if able:
            yield told + " " + _("These arms can: {names}.").format(names=", ".join(able))
        else:
            yield told + " " + _("No arm can. There are: {names}.").format(names=", ".join(available()))


def _reaches(arm_name: str, frame: Pose, tools: Iterable[Pose]) -> bool:
    """Whether some joint angles within their limits bring the TCP of one of the tools to the frame's origin."""
    arm = load(arm_name)
    T_base_tcp = np.stack([_placed(frame, turn) for turn in (*_turns(), frame, frame @ DOWN)])
    ways = (inverse(arm, T_base_tcp @ tool.inverse().matrix) for tool in tools)
    found = (nearest(arm, way, np.array(arm.home)) for way in ways)
    return any(bool((~np.isnan(q).any(axis=-1) & within(arm, q).all(axis=-1)).any()) for q in found)


def _placed(frame: Pose, turn: Pose) -> NDArray[np.float64]:
    return Pose(frame.position, turn.quaternion).matrix


def _turns() -> Iterator[Pose]:
    """Orientations in steps of a quarter turn and half of one, some of them more than once."""
    steps = (-np.pi / 4, 0.0, np.pi / 4)
    for z, y, x in product(np.arange(8) * np.pi / 4, steps, (0.0, np.pi / 2, np.pi, -np.pi / 2)):
        yield Pose().rotated(z=z).rotated(y=y).rotated(x=x)
