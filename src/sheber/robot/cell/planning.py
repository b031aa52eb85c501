"""Planning: would the robot touch itself, or what stands around it, at given joint angles?

Asked of a model of its own: arm, tool and fixtures, no loose parts, kinematics and collisions
only. A capsule whose axis goes right through a thin box is missed by the engine's box collider
(an error of version 4.0), so thin boxes are given to it as convex meshes here.
"""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import Arm
from sheber.robot.cell.arm import add_arm
from sheber.robot.cell.dock_tools import add_on_arm
from sheber.robot.cell.docks import dock_fixture, tools_of_docks
from sheber.robot.cell.scene import Fixture, Scene, Shape
from sheber.robot.cell.tool import add_tool
from sheber.robot.cell.world import SCENERY, add_fixture, add_shape, new_spec, quiet_engine

__all__ = ["CollisionChecker"]

Array = NDArray[np.float64]

THIN = 0.2  # m: boxes with a thinner side are checked as convex meshes
STRIDE = 0.02  # rad: joint positions of a path that are nearer to the last one checked are left out


class CollisionChecker:
    """Checks joint positions of an arm with its tool; build once, ask often (some microseconds each)."""

    def __init__(self, scene: Scene, arm: Arm, surroundings: bool = False, on: str = "") -> None:
        """`surroundings`: look at fixtures and the floor too, not at the robot alone.

        `on`: name of the docks' tool that the changer has; "": none.
        """
        quiet_engine()
        spec = new_spec()
        flange = add_arm(spec, arm)
        add_tool(spec, flange, scene.tool)
        for dock, tool in tools_of_docks(scene):
            if dock.tool_name == on:
                add_on_arm(spec, flange, dock, tool)
        if surroundings:
            floor = spec.worldbody.add_body(name="floor")
            add_shape(spec, floor, Shape("plane", (0.0, 0.0)), 0.5, SCENERY).pos = (0.0, 0.0, scene.floor)
            for fixture in (*scene.fixtures, *map(dock_fixture, scene.docks)):
                add_fixture(spec, _without_thin_boxes(fixture))
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._n = len(arm.joints)
        mujoco.mj_forward(self._model, self._data)

    def first(self, q: Array) -> int:
        """Index of the first of the joint positions (m, n) [rad] where something touches, or -1."""
        model, data = self._model, self._data
        joints, n = data.qpos, self._n
        last = None
        near = len(q) > 2 and bool((np.abs(q[1:] - q[:-1]).max(axis=1) < STRIDE).any())
        for index, position in enumerate(q):
            if near and last is not None and index + 1 < len(q) and np.abs(position - last).max() < STRIDE:
                continue
            last = position
            joints[:n] = position
            mujoco.mj_kinematics(model, data)
            mujoco.mj_collision(model, data)
            if data.ncon:
                return index
        return -1

    def touching(self, q: Array) -> tuple[str, str] | None:
        """Names of two bodies that touch at one joint position (n,), or None."""
        if self.first(np.asarray(q)[None, :]) < 0:
            return None
        model = self._model
        a, b = (int(model.geom_bodyid[g]) for g in self._data.contact.geom[0])
        return model.body(a).name, model.body(b).name


def _without_thin_boxes(fixture: Fixture) -> Fixture:
    return replace(fixture, shapes=tuple(_as_convex(shape) for shape in fixture.shapes))


def _as_convex(shape: Shape) -> Shape:
    if shape.kind != "box" or min(shape.size) >= THIN:
        return shape
    x, y, z = (side / 2 for side in shape.size)
    return replace(shape, kind="prism", size=(2 * z,), polygon=((-x, -y), (x, -y), (x, y), (-x, y)))
