"""The suction cup as a program sees it."""

from __future__ import annotations

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Suction"]


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
        """Switch the vacuum on; returns when a part is held, after `timeout` [simulated s] at the latest.

        Raises ToolError where nothing is held by then (the vacuum stays on, and the message says what
        the sensor reads). `wait=False` returns after one tick without checking.

        >>> suction.on(timeout=0.5)
        """
        self._session.call(
            "suction_on",
            timeout=checks.number(timeout, "timeout", "s", above=0.0),
            wait=checks.truth(wait, "wait"),
        )

    def off(self, wait: bool = True) -> None:
        """Switch the vacuum off; returns when the part is released. `wait=False` returns after one tick.

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
