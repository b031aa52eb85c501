"""What a program is told of any tool: plain JSON values."""

from __future__ import annotations

from typing import Any

from sheber.robot.cell.scene import ToolSpec

__all__ = ["tool_given"]


def tool_given(tool: ToolSpec) -> dict[str, Any]:
    """Kind, TCP as it is told, mass [kg] and centre [m] in the flange's frame, strength [N]."""
    known: dict[str, Any] = {"kind": tool.kind, "pose": tool.told.to_list(), "mass": tool.mass}
    return known | {"centre": list(tool.centre), "strength": tool.strength}
