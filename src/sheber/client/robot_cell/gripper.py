"""The parallel gripper as a program sees it."""

from __future__ import annotations

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Gripper"]

WIDE = 0.5  # m: no gripper opens so far: a larger number is in millimetres


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
        """Open to `width` [m], fully if left out; returns when the fingers have arrived.

        Raises ToolError for a width outside 0..stroke and where something blocks the fingers, ValueError for
        millimetres.

        >>> gripper.open(width=0.05)
        """
        self._session.call("gripper_open", width=None if width is None else checks.length(width, "width", WIDE))

    def close(self, force: float | None = None) -> None:
        """Close with `force` [N], the gripper's usual force if left out; returns when the fingers have stopped.

        The fingers stop at a part or at each other: read `holding` or `width`. Raises ToolError for a
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
