"""Pointer: a pin on the flange, for taught points; nothing on it moves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sheber.geometry import Pose
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import ROBOT, World, add_shape, set_mass

__all__ = ["BODIES", "Pointer", "add", "shapes"]

BODIES = ("tool",)


DEFAULTS = {"ball": 0.0}  # m, radius of a ball whose middle is the TCP; 0: the pin ends in the TCP


def _length(tool: ToolSpec) -> float:
    return float(np.linalg.norm(tool.pose.position))


def _axis(tool: ToolSpec) -> Pose:
    """T_flange_axis: z points from the middle of the flange to the TCP, as the pin does."""
    x, y, z = (tool.pose.position / _length(tool)).tolist()
    lean = math.atan2(math.hypot(x, y), z)
    if lean == 0.0:
        return Pose()
    about = np.array((-y, x, 0.0)) / math.hypot(x, y)
    return Pose.from_rotvec((0.0, 0.0, 0.0), lean * about)


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the pin's body and colliders to the flange."""
    body = flange.add_body(name="tool")
    set_mass(body, tool.mass, tool.centre, (0.06, 0.06, _length(tool)))
    for _name, shape in shapes(tool):
        if shape.solid:
            add_shape(spec, body, shape, 0.4, ROBOT)


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A flange plate, a handle and a pin that ends in the TCP, or in a ball around it."""
    length, axis = _length(tool), _axis(tool)
    plate, pin = 0.012, 0.045
    handle = length - plate - pin
    ball = tool.numbers_over(DEFAULTS)["ball"]
    thick = 0.009 if ball > 0.0 else 0.016  # a stylus is slim: it touches beside what it leans over
    found = [
        Shape("cylinder", (0.0315, plate), Pose((0.0, 0.0, plate / 2)), (0.78, 0.79, 0.80)),
        Shape("cylinder", (thick, handle), axis.offset_tool(z=plate + handle / 2), (0.20, 0.21, 0.23)),
        # the collider of the pin stops one radius short: a capsule's round end is the tip
        Shape("capsule", (0.003, pin - 0.003), axis.offset_tool(z=length - 0.003 - (pin - 0.003) / 2), drawn=False),
        Shape("lathe", (), axis.offset_tool(z=length), (0.85, 0.30, 0.12), _profile(pin), solid=False),
    ]
    if ball > 0.0:
        found.append(Shape("sphere", (ball,), axis.offset_tool(z=length), (0.72, 0.10, 0.16), firm=True))
    return tuple(("tool", shape) for shape in found)


def _profile(pin: float) -> tuple[tuple[float, float], ...]:
    """(radius, z) of the drawn pin, tip at z = 0."""
    return ((0.0, -pin), (0.008, -pin), (0.008, -0.8 * pin), (0.006, -0.6 * pin), (0.001, -0.001), (0.0, 0.0))


class Pointer:
    """The pin alive: it holds nothing and has no drives."""

    kind = "pointer"

    def __init__(self, world: World, contacts: Contacts, tool: ToolSpec) -> None:
        self.holding = ""
        self.busy = False

    def before(self) -> None:
        """Nothing moves."""

    def after(self, step: int) -> None:
        """Nothing is sensed."""

    def unplug(self) -> None:
        """Nothing is plugged in."""

    def pull(self) -> float:
        """A pin draws nothing."""
        return 0.0
