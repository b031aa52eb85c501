"""Watch: notices what happens in the cell (contacts, tool, inputs) and when the emergency stop must act."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sheber.i18n import Text, Worded, message
from sheber.robot.arms import Arm
from sheber.robot.bodies import called
from sheber.robot.io import Signals
from sheber.robot.port import Port

if TYPE_CHECKING:
    from sheber.robot.cell.cell import Cell
    from sheber.robot.cell.contacts import Contact

__all__ = ["FOLLOWING_ERROR", "FORCE_LIMIT_N", "SPEED_MARGIN", "EmergencyStop", "Watch"]

FORCE_LIMIT_N = 150.0  # of a contact that was not meant: ends the run
FOLLOWING_ERROR = 0.10  # rad between a joint and its target: the arm is blocked or overloaded
SPEED_MARGIN = 1.25  # times the largest joint speed: beyond it something drives the arm


HIT = message(
    "robot.hit",
    "Collision of {a} with {b}: {force:.0f} N. An unintended contact above {limit:.0f} N triggers the emergency stop.",
)
PRESSED_ON = message(
    "robot.pressed_on",
    "The tool pressed {part} on {other}: {force:.0f} N. "
    "An unintended contact above {limit:.0f} N triggers the emergency stop.",
)
BLOCKED = message(
    "robot.blocked",
    "Joint {joint} is {error:.1f} deg behind its target: the arm is blocked or overloaded. "
    "This triggered the emergency stop.",
)
PRESSED = message(
    "robot.pressed_on_what",
    "Joint {joint} is {error:.1f} deg behind its target, and {a} presses on {b} with {force:.0f} N: the arm is blocked "
    "or overloaded. This triggered the emergency stop.",
)
TOO_FAST = message(
    "robot.too_fast",
    "Joint {joint} turned at {speed:.1f} rad/s. Its largest speed is {limit:.1f} rad/s. "
    "This triggered the emergency stop.",
)


class EmergencyStop(Worded):
    """Something must stop the run."""

    def __init__(self, text: Text, pair: tuple[str, str] = ("", ""), force_N: float = 0.0) -> None:
        super().__init__(text)
        self.pair, self.force_N = pair, force_N  # names of the bodies that press on each other


class Watch:
    """Looks at the cell after every tick."""

    def __init__(
        self, cell: Cell, arm: Arm, inputs: Signals, tool: Port, record: Callable[[str, dict[str, Any]], None]
    ) -> None:
        """`record` takes the kind and the values of an event."""
        self._touches, self._inputs, self._tool, self._record = cell.touches, inputs, tool, record
        self._happened = cell.happened
        self._joints, self._speeds = cell.joints, cell.joint_speeds  # views, alive
        self._error = np.zeros(len(arm.joints))
        self._arm = arm
        self._max_speed = SPEED_MARGIN * arm.max_speed
        self._gate_error = FOLLOWING_ERROR**2  # below it no single joint can be over
        self._gate_speed = float(self._max_speed.min()) ** 2
        self._holding = ""
        self._let_go_by = 0  # line of the last command that let go; a part lost without one is lost

    def let_go(self, line: int) -> None:
        """The command in this line lets go: what leaves the tool from now on was released."""
        self._let_go_by = line

    def hold(self) -> None:
        """A command wants to hold something: what leaves the tool from now on is lost."""
        self._let_go_by = 0

    def events(self, line: int) -> None:
        """Record what began or ended in the last tick; `line` of the program is running."""
        contacts = self._touches.events
        if contacts:
            self._contacts(contacts)
        if self._happened:
            for kind, values in self._happened:
                self._record(kind, values)
            self._happened.clear()
        holding = self._tool.holding
        if holding != self._holding:
            self._held(holding, line)
        inputs = self._inputs
        if inputs.digital != inputs.seen:
            for name, value in inputs.changed():
                self._record("input", {"name": name, "value": value})

    def finish(self, step: int) -> None:
        """Record the end of every contact that lasts to the end of the run, at this step."""
        self._touches.begin()
        self._touches.finish(step)
        self._contacts(self._touches.events)

    def collision(self) -> None:
        """Raise EmergencyStop where a contact that was not meant is too hard."""
        touches = self._touches
        if touches.collision_N > FORCE_LIMIT_N:
            self._collided(touches.collision, touches.collision_N)

    def joints(self, target: NDArray[np.float64]) -> None:
        """Raise EmergencyStop where a joint is far behind its target (n,) [rad], or too fast."""
        error, speeds = self._error, self._speeds
        np.subtract(target, self._joints, error)
        if error.dot(error) > self._gate_error and np.abs(error).max() > FOLLOWING_ERROR:
            self._blocked(int(np.argmax(np.abs(error))), float(np.abs(error).max()))
        if speeds.dot(speeds) > self._gate_speed and (np.abs(speeds) > self._max_speed).any():
            joint = int(np.argmax(np.abs(speeds) / self._max_speed))
            name, most = self._arm.joints[joint].name, self._arm.joints[joint].speed
            raise EmergencyStop(TOO_FAST(joint=name, speed=round(float(abs(speeds[joint])), 2), limit=most))

    def _contacts(self, contacts: Iterable[Contact]) -> None:
        for contact in contacts:
            if contact.ended:
                self._record(
                    "contact_end",
                    {
                        "a": contact.a,
                        "b": contact.b,
                        "peak_N": round(contact.peak_N, 2),
                        "meant": contact.meant,
                        "duration_s": round(contact.duration_s, 3),
                    },
                )
            else:
                self._record(
                    "contact",
                    {"a": contact.a, "b": contact.b, "force_N": round(contact.force_N, 2), "meant": contact.meant},
                )

    def _held(self, holding: str, line: int) -> None:
        tool, before = self._tool.kind, self._holding
        self._holding = holding
        if before:
            if self._let_go_by:
                self._record("release", {"tool": tool, "part": before, "line": self._let_go_by})
            else:
                self._record("lost", {"tool": tool, "part": before})
        if holding:
            self._record("grip", {"tool": tool, "part": holding, "line": line})

    def _collided(self, pair: tuple[str, str], force_N: float) -> None:
        held = self._tool.holding
        values = {"force": round(force_N, 2), "limit": FORCE_LIMIT_N}
        if held in pair:
            part, other = called(held), called(next(name for name in pair if name != held))
            raise EmergencyStop(PRESSED_ON(part=part, other=other, **values), pair, force_N)
        a, b = map(called, pair)
        raise EmergencyStop(HIT(a=a, b=b, **values), pair, force_N)

    def _blocked(self, joint: int, error: float) -> None:
        name, behind = self._arm.joints[joint].name, round(math.degrees(error), 2)
        pair, force_N = self._touches.hardest()
        if force_N <= 0.0:
            raise EmergencyStop(BLOCKED(joint=name, error=behind))
        a, b = map(called, pair)
        force = round(force_N, 2)
        raise EmergencyStop(PRESSED(joint=name, error=behind, a=a, b=b, force=force), pair, force_N)
