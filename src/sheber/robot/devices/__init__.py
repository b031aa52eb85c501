"""Devices: what a cell has beside its arm. A new one is a file here, named in `DEVICES`, and its physics in `cell/`.

One file holds all that the program's side knows of a device: its port to the simulated one, its commands and what
each does, what a sample records of it, and its sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheber.robot.cell.scene import ToolSpec
from sheber.robot.devices.camera import CAMERA
from sheber.robot.devices.dispenser import DISPENSER
from sheber.robot.devices.force import FORCE
from sheber.robot.devices.gripper import GRIPPER
from sheber.robot.devices.panel import PANEL
from sheber.robot.devices.pointer import POINTER
from sheber.robot.devices.suction import SUCTION
from sheber.robot.devices.tool_frame import TOOL_FRAME
from sheber.robot.port import Device, Port
from sheber.trace import Channel

if TYPE_CHECKING:
    from sheber.robot.cell.tool import Tool

__all__ = ["DEVICES", "tool_channels", "tool_port"]

DEVICES: tuple[Device, ...] = (POINTER, GRIPPER, SUCTION, DISPENSER, CAMERA, FORCE, TOOL_FRAME, PANEL)
_ports = {device.kind: device.port for device in DEVICES if device.port is not None}


def tool_port(spec: ToolSpec, tool: Tool) -> Port:
    """The port of a cell's tool; raises ValueError for a kind that a program cannot talk to."""
    if spec.kind not in _ports:
        raise ValueError(f"no port for a tool of kind {spec.kind!r}; there are: {', '.join(_ports)}")
    return _ports[spec.kind](tool)


def tool_channels(spec: ToolSpec) -> tuple[Channel, ...]:
    """What a sample records of the tool."""
    return next(device.channels for device in DEVICES if device.kind == spec.kind)
