"""Serving: what a service sees of the controller, and where services are found by the command they carry out.

A service gets the controller and the command, lets time pass through it, and returns a `Reply`, or None where there
is nothing to tell. What it cannot do it raises as CommandError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Reply, missing
from sheber.i18n import Message, message
from sheber.robot.motion.errors import MotionError
from sheber.robot.port import Exchange

if TYPE_CHECKING:
    from sheber.geometry import Pose
    from sheber.robot.arms import Arm
    from sheber.robot.cell.cell import Cell
    from sheber.robot.cell.scene import Scene
    from sheber.robot.io import Signals
    from sheber.robot.motion.interpolator import Interpolator
    from sheber.robot.port import Port
    from sheber.robot.queue import Queue
    from sheber.robot.record import Record
    from sheber.robot.watch import Watch
    from sheber.station import Limits

__all__ = ["SERVICES", "Motion", "Served", "fitted", "serves"]

TOOL = message("robot.what_tool", "tool")


class Motion(Protocol):
    """What moves the arm: the interpolator, or something that looks at sensors while it moves."""

    every_tick: bool  # must be asked every tick, because it looks at the cell: two ticks are never taken at once
    joints: NDArray[np.float64]  # (n,) rad, the last target given out
    moving: bool
    fault: MotionError | None  # why it stands although it should not

    def next(self, steps: int, cell: Cell, /) -> NDArray[np.float64]:
        """Joint targets (steps, n) [rad] of the next physics steps; where nothing moves, the last one again."""
        ...

    def remaining_steps(self) -> int:
        """Physics steps until it is at rest, as far as is known now; 0 where nothing moves."""
        ...

    def stop(self) -> None:
        """Brake as fast as the limits of the arm allow, and stay there; may be called again."""
        ...

    def over(self) -> None:
        """The controller takes the arm back."""
        ...


class Served(Protocol):
    """The controller, as services see it. Time moves in `tick`, `run`, `until` and `stand` only."""

    arm: Arm
    cell: Cell
    scene: Scene
    limits: Limits
    tool: Port
    beside: tuple[Port, ...]  # what stands beside the arm and takes commands
    tool_frame: Pose  # T_flange_tcp
    inputs: Signals
    outputs: Signals
    interpolator: Interpolator
    motion: Motion  # what the next tick asks for targets; the interpolator, unless a service put another one here
    queue: Queue
    watch: Watch
    record: Record
    line: int  # of the command that is served
    step: int  # physics steps since the start

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        ...

    def tick(self) -> None:
        """Let one tick pass."""
        ...

    def run(self, ticks: int) -> None:
        """Let ticks pass while nothing asks in between."""
        ...

    def ticks(self, seconds: float) -> int:
        """Whole ticks that cover `seconds`, at least one."""
        ...

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let ticks pass, at least one, until `condition` or `seconds` are over; whether it came true."""
        ...

    def stand(self) -> None:
        """Let every move end and the arm come to rest."""
        ...

    def use_tool(self, T_flange_tcp: Pose) -> None:
        """Plan, read the wrench and compute with this TCP from now on; only at rest."""
        ...

    def release(self) -> None:
        """End what moves the arm by its sensors, if anything does: it brakes, and the interpolator goes on."""
        ...

    def count(self, what: str, over: Message) -> int:
        """Count one use of what is limited and give how many there were before; one too many ends the run."""
        ...

    def picture(self, jpeg: bytes, title: str) -> None:
        """Record a picture that the program showed now."""
        ...

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        ...


C = TypeVar("C", bound=Command)
T = TypeVar("T")
Service = Callable[[Served, C], Reply | None]

SERVICES: dict[type[Command], Service[Any]] = {}
"""The service of each command."""


def serves(command: type[C]) -> Callable[[Service[C]], Service[C]]:
    """Enter a function as the service of this kind of command."""

    def enter(service: Service[C]) -> Service[C]:
        SERVICES[command] = service
        return service

    return enter


def fitted(station: Served, port: type[T], kind: str) -> T:
    """The tool on the arm, if it is of this kind; raises CommandError that says which one is there."""
    tool: object = station.tool
    if isinstance(tool, Exchange):
        worn = tool.worn()
        if not isinstance(worn, port):
            raise CommandError("ToolError", tool.off(kind))
        return worn
    if not isinstance(tool, port):
        raise missing(TOOL(), kind, (station.tool.kind,))
    return tool
