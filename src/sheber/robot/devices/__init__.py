"""Devices: what a cell has beside its arm. A new one is a file here, named in `DEVICES`, and its physics in `cell/`.

One file holds all that the program's side knows of a device: its port to the simulated one, its commands and what
each does, what a sample records of it, and its sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sheber.robot.cell.docks import tools_of_docks
from sheber.robot.cell.scene import Scene
from sheber.robot.devices.camera import CAMERA
from sheber.robot.devices.changer import CHANGER, ChangerPort
from sheber.robot.devices.dispenser import DISPENSER
from sheber.robot.devices.force import FORCE
from sheber.robot.devices.gripper import GRIPPER
from sheber.robot.devices.panel import PANEL
from sheber.robot.devices.pointer import POINTER
from sheber.robot.devices.positioner import POSITIONER, PositionerPort, positioner_channels
from sheber.robot.devices.suction import SUCTION
from sheber.robot.devices.tool_frame import TOOL_FRAME
from sheber.robot.port import Device, Port
from sheber.trace import Channel

if TYPE_CHECKING:
    from sheber.robot.cell.cell import Cell
    from sheber.robot.cell.every_tool import Tool

__all__ = ["DEVICES", "channels_beside", "ports_beside", "tool_channels", "tool_port"]

DEVICES: tuple[Device, ...] = (
    POINTER,
    GRIPPER,
    SUCTION,
    DISPENSER,
    CHANGER,
    CAMERA,
    FORCE,
    TOOL_FRAME,
    PANEL,
    POSITIONER,
)
_ports = {device.kind: device.port for device in DEVICES if device.port is not None}


def tool_port(kind: str, tool: Tool) -> Port:
    """The port of a cell's tool of this kind; raises ValueError for one that a program cannot talk to."""
    if kind not in _ports:
        raise ValueError(f"no port for a tool of kind {kind!r}; there are: {', '.join(_ports)}")
    port = _ports[kind](tool)
    if isinstance(port, ChangerPort):
        port.connect({name: tool_port(one.tool.kind, one.tool) for name, one in port.changer.tools.items()})
    return port


def tool_channels(scene: Scene) -> tuple[Channel, ...]:
    """What a sample records of the tool, and of those in docks, in the order of the port's `row`."""
    return (*_channels(scene.tool.kind), *_channels_of_docks(scene))


def _channels(kind: str) -> tuple[Channel, ...]:
    return next(device.channels for device in DEVICES if device.kind == kind)


def _channels_of_docks(scene: Scene) -> Iterator[Channel]:
    """Where a kind is there more than once, the tool's name comes before that of the channel."""
    kinds = Counter(tool.kind for _dock, tool in tools_of_docks(scene))
    for dock, tool in tools_of_docks(scene):
        for channel in _channels(tool.kind):
            yield channel._replace(name=f"{dock.tool_name}_{channel.name}") if kinds[tool.kind] > 1 else channel


def ports_beside(cell: Cell) -> tuple[Port, ...]:
    """The ports of what stands beside the arm and takes commands; none in most cells."""
    return (PositionerPort(cell.positioner),) if cell.positioner else ()


def channels_beside(scene: Scene) -> tuple[Channel, ...]:
    """What a sample records of it, in the order of the ports."""
    return positioner_channels(scene.positioner) if scene.positioner else ()
