"""Tools: what is flanged to the arm, as physics. A new kind is a file here and a line in `KINDS`; what a program may
ask of it is a file in `robot/devices`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sheber.i18n import _
from sheber.robot.cell import changer, dispenser, gripper, pointer, suction
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.every_tool import Tool
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import ROBOT, World, add_shape
from sheber.station import SceneError

__all__ = ["TOOL_BODIES", "Tool", "add_tool", "make_tool", "tool_bodies", "tool_shapes"]


class _Kind(NamedTuple):
    """What a kind of tool gives."""

    add: Callable[[Any, Any, ToolSpec], None]  # puts bodies, colliders and drives into the engine's model
    shapes: Callable[[ToolSpec], tuple[tuple[str, Shape], ...]]  # what it looks like
    alive: Callable[[World, Contacts, ToolSpec], Tool]  # the tool of a compiled world, updated once a tick
    bodies: tuple[str, ...]  # names of its bodies, the one at the flange first


KINDS: dict[str, _Kind] = {
    "pointer": _Kind(pointer.add, pointer.shapes, pointer.Pointer, pointer.BODIES),
    "suction": _Kind(suction.add, suction.shapes, suction.Suction, suction.BODIES),
    "dispenser": _Kind(dispenser.add, dispenser.shapes, dispenser.Dispenser, dispenser.BODIES),
    "gripper": _Kind(gripper.add, gripper.shapes, gripper.Gripper, gripper.BODIES),
    "changer": _Kind(changer.add, changer.shapes, changer.Changer, changer.BODIES),
}
CARRIED_FRICTION = 0.4
TOOL_BODIES = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.bodies))
"""Names that are taken by the bodies of tools."""


def _kind(tool: ToolSpec) -> _Kind:
    try:
        return KINDS[tool.kind]
    except KeyError:
        text = _("There is no tool of the kind {kind!r}. The kinds are: {names}.")
        raise SceneError(text.format(kind=tool.kind, names=", ".join(KINDS))) from None


def add_tool(spec: Any, flange: Any, tool: ToolSpec, tcp: bool = True) -> None:
    """Add the tool, what it carries and (`tcp`) its TCP, a frame of this name, to the flange's body of `spec`."""
    _kind(tool).add(spec, flange, tool)
    for shape in tool.carries:
        if shape.solid:
            add_shape(spec, flange.bodies[0], shape, CARRIED_FRICTION, ROBOT)
    if tcp:
        flange.add_body(name="tcp", pos=tool.pose.position, quat=tool.pose.quaternion)


def tool_shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """What the tool looks like, with what it carries: (body, shape) pairs."""
    body = _kind(tool).bodies[0]
    return (*_kind(tool).shapes(tool), *((body, shape) for shape in tool.carries))


def tool_bodies(tool: ToolSpec) -> tuple[str, ...]:
    """Names of its bodies, the one at the flange first."""
    return _kind(tool).bodies


def make_tool(world: World, contacts: Contacts, tool: ToolSpec) -> Tool:
    """The tool alive in a compiled world."""
    return _kind(tool).alive(world, contacts, tool)
