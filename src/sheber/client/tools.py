"""Tools at the flange as a program sees them: the parallel gripper and the suction cup."""

from __future__ import annotations

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Gripper", "Suction"]

WIDE = 0.5  # m: no gripper opens so far; who asks for more has written millimetres


class Gripper(Fixed):
    """A parallel gripper; widths are between the fingers, in metres.

    >>> gripper.close(force=20.0)
    >>> gripper.holding
    False
    >>> gripper.open()
    """

    __slots__ = ("_session", "max_force", "stroke")

    def __init__(self, session: Session, stroke: float, max_force: float) -> None:
        self._session = session
        self.stroke = stroke  # m, widest opening
        self.max_force = max_force  # N, strongest grip

    def __repr__(self) -> str:
        return f"Gripper(opens to {self.stroke * 1000.0:g} mm, grips with up to {self.max_force:g} N)"

    def open(self, width: float | None = None) -> None:
        """Open to `width` [m], fully if left out; returns when the fingers are there.

        Raises ToolError for a width outside 0..stroke, and where something blocks the fingers, ValueError for
        millimetres.

        >>> gripper.open(width=0.05)
        """
        self._session.call("gripper_open", width=None if width is None else checks.length(width, "width", WIDE))

    def close(self, force: float | None = None) -> None:
        """Close with `force` [N], the gripper's usual force if left out; returns when the fingers have stopped.

        The fingers stop at a part or at each other: ask `holding` or `width`. Raises ToolError for a
        force that the gripper does not have.

        >>> gripper.close(force=30.0)
        """
        self._session.call("gripper_close", force=checks.optional(force, "force", "N", above=0.0))

    @property
    def width(self) -> float:
        """Opening between the fingers [m], read now (one tick).

        >>> round(gripper.width, 3)
        0.085
        """
        return float(self._session.call("state")["tool"]["width"])

    @property
    def holding(self) -> bool:
        """True while the fingers press on something between them, read now (one tick).

        >>> if not gripper.holding:
        ...     print("dropped")
        dropped
        """
        return bool(self._session.call("state")["tool"]["holding"])


class Suction(Fixed):
    """A suction cup with a vacuum sensor.

    >>> suction.on()
    >>> if suction.holding:
    ...     suction.off()
    """

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        return "Suction(on, off, vacuum, holding)"

    def on(self, timeout: float = 1.0, wait: bool = True) -> None:
        """Switch the vacuum on; returns when a part is held, at the latest after `timeout` [simulated s].

        Raises ToolError where nothing was held by then (the vacuum stays on, and the message says what
        the sensor reads). `wait=False` returns after one tick without looking.

        >>> suction.on(timeout=0.5)
        """
        self._session.call(
            "suction_on",
            timeout=checks.number(timeout, "timeout", "s", above=0.0),
            wait=checks.truth(wait, "wait"),
        )

    def off(self, wait: bool = True) -> None:
        """Switch the vacuum off; returns when the part is let go. `wait=False` returns after one tick.

        >>> suction.off()
        """
        self._session.call("suction_off", wait=checks.truth(wait, "wait"))

    @property
    def vacuum(self) -> float:
        """What the vacuum sensor reads [kPa below the air], read now (one tick).

        >>> suction.vacuum > 30.0
        False
        """
        return float(self._session.call("state")["tool"]["vacuum"])

    @property
    def holding(self) -> bool:
        """True while the vacuum sensor says that a part is held, read now (one tick).

        >>> suction.holding
        False
        """
        return bool(self._session.call("state")["tool"]["holding"])
