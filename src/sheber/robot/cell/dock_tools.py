"""Dock tools: the tools of docks in the engine's model, and alive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import mujoco

from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.coupling import DockTool, add_weld
from sheber.robot.cell.docks import (
    GROOVE_FRICTION,
    PLATE,
    PLATE_MASS,
    T_dock_tool,
    T_flange_tool,
    on_arm,
    plate_shapes,
    tools_of_docks,
)
from sheber.robot.cell.scene import Dock, Scene, Shape, ToolSpec
from sheber.robot.cell.tool import add_tool, make_tool, tool_bodies, tool_shapes
from sheber.robot.cell.world import ROBOT, World, add_shape, set_mass

__all__ = ["add_dock_tools", "add_on_arm", "bodies_in_dock", "dock_tool_shapes", "make_dock_tools"]

FREE: Final = {"suction": (("bellows_kg", 0.2),)}
"""Numbers that a kind of tool needs where it is a body of its own: the cup, drawn by 80 N, would never come to rest."""


def add_dock_tools(spec: Any, scene: Scene) -> None:
    """Add the tools of the docks to the engine's model, each a free body that can be welded to the changer."""
    for dock, tool in tools_of_docks(scene):
        place = dock.pose @ T_dock_tool
        root = spec.worldbody.add_body(name=dock.tool_name, pos=place.position, quat=place.quaternion)
        root.add_freejoint()
        root.sleep = mujoco.mjtSleepPolicy.mjSLEEP_ALLOWED  # its drives rest while it is parked
        _fill(spec, root, dock, tool)
        for body in (root, *root.find_all("body")):
            body.gravcomp = 0.0
        add_weld(spec, dock.tool_name)


def add_on_arm(spec: Any, flange: Any, dock: Dock, tool: ToolSpec) -> None:
    """Add the tool of a dock as if it were fixed to the flange: for what plans, not for the cell."""
    root = flange.add_body(name=dock.tool_name, pos=T_flange_tool.position)
    _fill(spec, root, dock, tool)


def _fill(spec: Any, root: Any, dock: Dock, tool: ToolSpec) -> None:
    """Give a body a tool plate, and the bodies of a tool, their names behind that of the tool."""
    set_mass(root, PLATE_MASS, (0.0, 0.0, -PLATE / 2), (0.12, 0.06, PLATE))
    for shape in plate_shapes():
        if shape.solid:
            add_shape(spec, root, shape, GROOVE_FRICTION, ROBOT)
    drives, excludes = len(spec.actuators), len(spec.excludes)
    add_tool(spec, root, replace(tool, numbers=(*FREE.get(tool.kind, ()), *tool.numbers)), tcp=False)
    prefix = f"{dock.tool_name}_"
    for body in root.find_all("body"):
        body.name = prefix + body.name
        for joint in body.joints:
            joint.name = prefix + joint.name
    for drive in spec.actuators[drives:]:
        drive.name, drive.target = prefix + drive.name, prefix + drive.target
    for exclude in spec.excludes[excludes:]:
        exclude.bodyname1, exclude.bodyname2 = prefix + exclude.bodyname1, prefix + exclude.bodyname2


def make_dock_tools(world: World, contacts: Contacts, scene: Scene) -> dict[str, DockTool]:
    """The tools of the docks of a compiled world, alive, by name."""
    model = world.model
    found = {}
    for number, (dock, tool) in enumerate(tools_of_docks(scene), start=1):
        first = world.body(dock.tool_name)
        end = first + 1
        while end < model.nbody and model.body_rootid[end] == first:
            end += 1
        bodies = slice(first, end)
        found[dock.tool_name] = DockTool(
            number,
            dock.tool_name,
            dock.name,
            on_arm(tool, scene.tool),
            make_tool(replace(world, prefix=f"{dock.tool_name}_"), contacts, tool),
            bodies,
            int(model.equality(dock.tool_name).id),
            model.body_mass[bodies].copy(),
            model.body_inertia[bodies].copy(),
            model.body_subtreemass[bodies].copy(),
        )
    return found


def bodies_in_dock(dock: Dock, tool: ToolSpec) -> list[str]:
    """Names of the bodies of the tool of a dock: its plate, and what is behind it."""
    return [dock.tool_name, *(f"{dock.tool_name}_{body}" for body in tool_bodies(tool))]


def dock_tool_shapes(dock: Dock, tool: ToolSpec) -> list[tuple[str, Shape]]:
    """What the tool of a dock looks like: (body, shape) pairs."""
    plate = [(dock.tool_name, shape) for shape in plate_shapes()]
    return plate + [(f"{dock.tool_name}_{body}", shape) for body, shape in tool_shapes(tool)]
