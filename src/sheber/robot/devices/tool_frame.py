"""Tool frame: where the program says that its TCP is. What is recorded keeps the true one."""

from __future__ import annotations

import numpy as np

from sheber.desk import Command, CommandError
from sheber.i18n import N_, message
from sheber.robot.asked import asked_pose
from sheber.robot.fields import Seven
from sheber.robot.motion.words import in_words
from sheber.robot.port import Device
from sheber.robot.serving import Served, serves
from sheber.trace import EventKind

__all__ = ["TOOL_FRAME", "SetTool"]

LONGEST = 1.0  # m: no tool reaches so far; the number is meant in another unit

TOO_LONG = message(
    "tool_frame.too_long",
    "A TCP {off:g} m away from the flange was asked for. It may be up to {most:g} m away. Lengths are in metres.",
)
COMPLIANT = message("tool_frame.compliant", "The robot is compliant. End this before you set another TCP.")


class SetTool(Command, tag="set_tool", frozen=True, kw_only=True):
    """Plan, read and compute with this TCP from now on."""

    pose: Seven  # T_flange_tcp


@serves(SetTool)
def _set_tool(station: Served, command: SetTool) -> None:
    pose = asked_pose(command.pose)
    off = float(np.linalg.norm(pose.position))
    if off > LONGEST:
        raise CommandError("RobotError", TOO_LONG(off=off, most=LONGEST))
    if station.motion is not station.interpolator:
        raise CommandError("RobotError", COMPLIANT())
    station.stand()
    station.use_tool(pose)
    station.event("tool_set", {"pose": in_words(pose), "line": station.line})
    station.tick()


TOOL_FRAME = Device("tool-frame", (SetTool,), events={"tool_set": EventKind(N_("TCP set"), "{pose}")})
