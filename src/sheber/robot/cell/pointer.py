"""Pointer: a pin on the flange, for taught points; nothing on it moves."""

from __future__ import annotations

from typing import Any

from sheber.geometry import Pose
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import ROBOT, World, add_shape, set_mass

__all__ = ["BODIES", "Pointer", "add", "shapes"]

BODIES = ("tool",)


def _length(tool: ToolSpec) -> float:
    return float(tool.pose.position[2])


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the pin's body and colliders to the flange."""
    body = flange.add_body(name="tool")
    set_mass(body, tool.mass, tool.centre, (0.06, 0.06, _length(tool)))
    for _, shape in shapes(tool):
        if shape.solid:
            add_shape(spec, body, shape, 0.4, ROBOT)


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A flange plate, a handle and a pin that ends in the TCP."""
    length = _length(tool)
    plate, pin = 0.012, 0.045
    handle = length - plate - pin
    return (
        ("tool", Shape("cylinder", (0.0315, plate), Pose((0.0, 0.0, plate / 2)), (0.78, 0.79, 0.80))),
        ("tool", Shape("cylinder", (0.016, handle), Pose((0.0, 0.0, plate + handle / 2)), (0.20, 0.21, 0.23))),
        # the collider of the pin stops one radius short: a capsule's round end is the tip
        (
            "tool",
            Shape("capsule", (0.003, pin - 0.003), Pose((0.0, 0.0, length - 0.003 - (pin - 0.003) / 2)), drawn=False),
        ),
        ("tool", Shape("lathe", (), Pose((0.0, 0.0, length)), (0.85, 0.30, 0.12), _profile(pin), solid=False)),
    )


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

    def pull(self) -> float:
        """A pin draws nothing."""
        return 0.0
