"""Watch: notices what happens in the cell (contacts, tool, inputs) and when the emergency stop must act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.i18n import _
from sheber.robot.arms import Arm
from sheber.robot.io import Signals, ToolPort

__all__ = ["FOLLOWING_ERROR", "FORCE_LIMIT_N", "SPEED_MARGIN", "EmergencyStop", "Watch"]

FORCE_LIMIT_N = 150.0  # of a contact that was not meant: ends the run
FOLLOWING_ERROR = 0.10  # rad between a joint and its target: the arm is blocked or overloaded
SPEED_MARGIN = 1.25  # times the largest joint speed: beyond it something drives the arm


class EmergencyStop(Exception):
    """Something must stop the run."""

    def __init__(self, reason: str, a: str = "", b: str = "", force: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.a, self.b, self.force = reason, a, b, force  # bodies' names; N


class Watch:
    """Looks at the cell after every tick."""

    def __init__(
        self, cell: Any, arm: Arm, inputs: Signals, tool: ToolPort, record: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._touches, self._inputs, self._tool, self._record = cell.touches, inputs, tool, record
        self._joints, self._speeds = cell.joints, cell.joint_speeds  # views, alive
        self._error = np.zeros(len(arm.joints))
        self._arm = arm
        self._max_speed = SPEED_MARGIN * arm.max_speed
        self._gate_error = FOLLOWING_ERROR**2  # below it no single joint can be over
        self._gate_speed = float(self._max_speed.min()) ** 2
        self._holding = ""
        self.released_by = 0  # line of the last command that let go; a part lost without one is lost

    def events(self, line: int) -> None:
        """Record what began or ended in the last tick; `line` of the program is running."""
        contacts = self._touches.events
        if contacts:
            self._contacts(contacts)
        holding = self._tool.holding
        if holding != self._holding:
            self._held(holding, line)
        inputs = self._inputs
        if inputs.values != inputs.seen:
            for name, value in inputs.changed():
                self._record("input", {"name": name, "value": value})

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
            raise EmergencyStop(
                _("joint {joint} turned at {speed:.1f} rad/s, its largest speed is {limit:.1f} rad/s").format(
                    joint=self._arm.joints[joint].name, speed=abs(speeds[joint]), limit=self._arm.joints[joint].speed
                )
            )

    def _contacts(self, contacts: Any) -> None:
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
            if self.released_by:
                self._record("release", {"tool": tool, "part": before, "line": self.released_by})
            else:
                self._record("lost", {"tool": tool, "part": before})
        if holding:
            self._record("grip", {"tool": tool, "part": holding, "line": line})

    def _collided(self, pair: tuple[str, str], force: float) -> None:
        a, b = (_called(name) for name in pair)
        raise EmergencyStop(
            _("{a} hit {b} with {force:.0f} N; the emergency stop acts above {limit:.0f} N").format(
                a=a, b=b, force=force, limit=FORCE_LIMIT_N
            ),
            pair[0],
            pair[1],
            force,
        )

    def _blocked(self, joint: int, error: float) -> None:
        pair = self._touches.collision if self._touches.collision_N > 0.0 else ("", "")
        touched = _(" ({a} presses on {b})").format(a=_called(pair[0]), b=_called(pair[1])) if pair[0] else ""
        raise EmergencyStop(
            _("joint {joint} is {error:.1f} deg behind its target: the arm is blocked or overloaded{touched}").format(
                joint=self._arm.joints[joint].name, error=np.degrees(error), touched=touched
            ),
            pair[0],
            pair[1],
            self._touches.collision_N,
        )


def _called(body: str) -> str:
    """A body as people call it: "the forearm", but "box 2"."""
    words = body.replace("_", " ")
    return words if words[-1:].isdigit() else _("the {body}").format(body=words)
