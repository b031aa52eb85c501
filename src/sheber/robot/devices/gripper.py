"""Gripper: opens to a width, closes with a force, and knows whether something is between its fingers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheber.desk import Command, CommandError, Number, Positive
from sheber.i18n import N_, message
from sheber.robot.port import Device
from sheber.robot.serving import Served, fitted, serves
from sheber.trace import Channel

if TYPE_CHECKING:
    from sheber.robot.cell.gripper import Gripper

__all__ = ["GRIPPER", "GripperClose", "GripperOpen", "GripperPort"]

USUAL_FORCE = 0.4  # of the strongest, where a program names none
ANSWER_S = 3.0  # the longest time that the fingers may take
STOPPED_SHORT = 0.002  # m: opened less than was aimed at by more than this, the fingers were stopped

TOO_WIDE = message(
    "gripper.too_wide", "A width of {asked:.1f} mm was asked for. The gripper opens from 0 to {stroke:.1f} mm."
)
STOPPED = message(
    "gripper.stopped", "A width of {asked:.1f} mm was asked for. Something stopped the gripper at {width:.1f} mm."
)
TOO_STRONG = message(
    "gripper.too_strong", "A force of {asked:g} N was asked for. The limit of the gripper is {most:g} N."
)


class GripperOpen(Command, tag="gripper_open", frozen=True, kw_only=True):
    """Open to a width, fully for None."""

    width: Number | None = None  # m


class GripperClose(Command, tag="gripper_close", frozen=True, kw_only=True):
    """Close with a force, the usual one for None."""

    force: Positive | None = None  # N


class GripperPort:
    """The parallel gripper."""

    kind = "gripper"

    def __init__(self, tool: Gripper) -> None:
        self._tool = tool
        self.stroke = tool.stroke  # m
        self.max_force = tool.max_force  # N

    @property
    def holding(self) -> str:
        """Name of the part between the fingers, or ""."""
        return self._tool.holding

    @property
    def width(self) -> float:
        """Opening [m]."""
        return self._tool.width

    @property
    def busy(self) -> bool:
        """The fingers are still on their way."""
        return self._tool.moving

    def open(self, width: float | None) -> float:
        """Start opening; returns the width [m] that is aimed at."""
        wanted = self.stroke if width is None else width
        self._tool.command(wanted, USUAL_FORCE * self.max_force)
        return wanted

    def close(self, force: float | None) -> None:
        """Start closing with `force` [N]."""
        self._tool.command(0.0, USUAL_FORCE * self.max_force if force is None else force)

    def given(self) -> dict[str, Any]:
        """Stroke [m] and force [N]."""
        return {"stroke": self.stroke, "max_force": self.max_force}

    def read(self) -> dict[str, Any]:
        """Opening [m], and whether something is between the fingers."""
        return {"width": self.width, "holding": bool(self.holding)}

    def row(self) -> tuple[float, ...]:
        """Opening [m], force [N]."""
        return self._tool.width, self._tool.force


@serves(GripperOpen)
def _open(station: Served, command: GripperOpen) -> None:
    gripper = fitted(station, GripperPort, "gripper")
    if command.width is not None and not 0.0 <= command.width <= gripper.stroke:
        text = TOO_WIDE(asked=command.width * 1000.0, stroke=gripper.stroke * 1000.0)
        raise CommandError("ToolError", text)
    # to open less wide than now is to close: what is dropped then was not let go on purpose
    if command.width is not None and command.width < gripper.width:
        station.watch.hold()
    else:
        station.watch.let_go(station.line)
    wanted = gripper.open(command.width)
    station.until(lambda: not gripper.busy, ANSWER_S)
    if gripper.width < wanted - STOPPED_SHORT:
        raise CommandError("ToolError", STOPPED(asked=wanted * 1000.0, width=gripper.width * 1000.0))


@serves(GripperClose)
def _close(station: Served, command: GripperClose) -> None:
    gripper = fitted(station, GripperPort, "gripper")
    if command.force is not None and command.force > gripper.max_force:
        raise CommandError("ToolError", TOO_STRONG(asked=command.force, most=gripper.max_force))
    station.watch.hold()
    gripper.close(command.force)
    station.until(lambda: not gripper.busy, ANSWER_S)


GRIPPER = Device(
    "gripper",
    (GripperOpen, GripperClose),
    (
        Channel("gripper_width", "f4", (), "m", N_("Opening of the gripper"), "mm"),
        Channel("gripper_force", "f4", (), "N", N_("Force of the gripper")),
    ),
    port=GripperPort,
)
