"""Tools: what is flanged to the arm. A new kind is a new file and a line in `KINDS`.

A kind gives three things: `add` puts its bodies, colliders and drives into the engine's model,
`shapes` says what it looks like, and a class is the tool alive, updated once a tick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sheber.robot.cell import gripper, pointer, suction
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import World

__all__ = ["Tool", "add_tool", "make_tool", "tool_shapes"]


class Tool(Protocol):
    """What every tool has; each kind adds its own commands and sensors."""

    kind: str
    holding: str  # name of the part that is held, or ""

    @property
    def busy(self) -> bool:
        """Whether its drives change, so that it must be asked every tick."""
        ...

    def before(self) -> None:
        """Write the drives; called before the physics of a tick, or of several while the tool is not busy."""
        ...

    def after(self, step: int) -> None:
        """Read the sensors; called after the physics."""
        ...

    def pull(self) -> float:
        """Force [N] with which the tool draws what it holds to itself along its z (0 where friction holds)."""
        ...


_Adder = Callable[[Any, Any, ToolSpec], None]
_Shapes = Callable[[ToolSpec], tuple[tuple[str, Shape], ...]]
_Maker = Callable[[World, Contacts, ToolSpec], Tool]

KINDS: dict[str, tuple[_Adder, _Shapes, _Maker]] = {
    "pointer": (pointer.add, pointer.shapes, pointer.Pointer),
    "suction": (suction.add, suction.shapes, suction.Suction),
    "gripper": (gripper.add, gripper.shapes, gripper.Gripper),
}


def _kind(tool: ToolSpec) -> tuple[_Adder, _Shapes, _Maker]:
    try:
        return KINDS[tool.kind]
    except KeyError:
        raise ValueError(f"no tool of kind {tool.kind!r}; there are: {', '.join(KINDS)}") from None


def add_tool(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the tool and its TCP, a frame called `tcp`, to the flange's body of `spec`."""
    _kind(tool)[0](spec, flange, tool)
    flange.add_body(name="tcp", pos=tool.pose.position, quat=tool.pose.quaternion)


def tool_shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """What the tool looks like: (body, shape) pairs."""
    return _kind(tool)[1](tool)


def make_tool(world: World, contacts: Contacts, tool: ToolSpec) -> Tool:
    """The tool alive in a compiled world."""
    return _kind(tool)[2](world, contacts, tool)
