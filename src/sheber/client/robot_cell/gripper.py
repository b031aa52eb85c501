"""The parallel gripper."""

from __future__ import annotations

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Gripper"]

WIDE = 0.5  # m: no gripper opens wider, so a larger number is in millimetres


class Gripper(Fixed):
    """A parallel gripper. A width is the opening between the fingers, in metres.

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
        """Open to `width` [m], or fully without a width. Returns when the fingers stand still.

        Raises ToolError for a width outside 0..stroke and if something blocks the fingers, ValueError for
        millimetres.

        >>> gripper.open(width=0.05)
        """
        self._session.call("gripper_open", width=None if width is None else checks.length(width, "width", WIDE))

    def close(self, force: float | None = None) -> None:
        """Close with `force` [N], or with the gripper's default force. Returns when the fingers stand still.

        The fingers stop when they touch a part or each other: read `holding` or `width`. Raises ToolError for a
        force above `max_force`.

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
