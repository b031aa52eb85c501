"""The quick changer: it takes the tools of docks, and gives them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.named import Named
from sheber.client.robot_cell.robot import Tool, tool_of
from sheber.client.session import Session
from sheber.geometry import Pose
from sheber.i18n import message

__all__ = ["Changer", "DockedTool"]

DOCKED_TOOL = message("client.what_docked_tool", "tool in a dock")


@dataclass(frozen=True, slots=True)
class DockedTool(Tool):
    """A tool that the changer can take. Its values are those that it has on the arm.

    >>> cell.changer.tools["gripper"].dock
    'dock_a'
    """

    number: int  # that it tells as `tool_id`
    dock: str  # where it stands at the start


class Changer(Fixed):
    """A quick changer on the flange.

    >>> changer.lock()
    >>> changer.tool
    'gripper'
    >>> changer.unlock()
    """

    __slots__ = ("_face", "_on", "_session", "_takes", "_tools")

    def __init__(self, session: Session, given: Mapping[str, Any], takes: Callable[[Mapping[str, Any]], None]) -> None:
        """`takes` is told what is in front of the flange, when that changed."""
        self._session, self._takes = session, takes
        self._on = str(given["on"])
        self._face = Pose.from_list(given["face"])
        tools = {name: _docked(one) for name, one in given["tools"].items()}
        self._tools: Named[DockedTool] = Named(DOCKED_TOOL, tools)

    def __repr__(self) -> str:
        return f"Changer(tools {', '.join(self._tools)})"

    @property
    def tools(self) -> Named[DockedTool]:
        """The tools that stand in docks at the start, by name: kind, TCP, mass, number, dock.

        >>> list(changer.tools)
        ['gripper', 'suction']
        """
        return self._tools

    @property
    def face(self) -> Pose:
        """T_flange_face: where the middle of the changer's face is, with a tool or without.

        >>> down = cell.frames["dock_a"] @ DOWN @ changer.face.inverse() @ robot.tool.pose
        """
        return self._face

    def lock(self, timeout: float = 1.0) -> None:
        """Lock the tool before the changer. Returns when the sensor `changer_locked` is on; the robot stops first.

        The tool is drawn to its place. From then on moves, `pose` and `wrench` are those of its TCP, and `robot.tool`
        has its values. Raises ToolError as soon as the piston is at its end without a tool, at the latest after
        `timeout` [simulated s]; and where a tool is on already.

        >>> changer.lock()
        """
        self._changed(self._session.call("changer_lock", timeout=checks.number(timeout, "timeout", "s", above=0.0)))

    def unlock(self) -> None:
        """Let go of the tool. Returns when the sensor `changer_unlocked` is on; the robot stops first.

        A tool that is not in a dock falls. From then on the TCP is the middle of the changer's face. Without a tool it
        draws its piston back. Raises ToolError where an interlock holds the tool.

        >>> changer.unlock()
        """
        self._changed(self._session.call("changer_unlock"))

    def _changed(self, reply: Mapping[str, Any]) -> None:
        self._on = str(reply["on"])
        self._takes(reply["tool"])

    @property
    def tool(self) -> str:
        """Name of the tool that is locked, or "" for none, read now (one tick).

        >>> changer.tool
        ''
        """
        return str(self._session.call("state")["tool"]["on"])

    @property
    def locked(self) -> bool:
        """True while a tool is locked, read now (one tick).

        >>> changer.locked
        False
        """
        return bool(self._session.call("state")["inputs"]["changer_locked"])


def _docked(given: Mapping[str, Any]) -> DockedTool:
    tool = tool_of(given)
    return DockedTool(
        tool.kind, tool.pose, tool.mass, tool.centre, tool.strength, int(given["number"]), str(given["dock"])
    )
