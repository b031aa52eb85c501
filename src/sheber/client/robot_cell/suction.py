"""The suction cup."""

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
        """Switch the vacuum on. Returns when the cup holds a part, or raises after `timeout` [simulated s].

        Raises ToolError if the cup holds nothing after this time. The vacuum stays on, and the message shows what
        the sensor reads. With `wait=False` it returns after one tick and does not check.

        >>> suction.on(timeout=0.5)
        """
        self._session.call(
            "suction_on",
            timeout=checks.number(timeout, "timeout", "s", above=0.0),
            wait=checks.truth(wait, "wait"),
        )

    def off(self, wait: bool = True) -> None:
        """Switch the vacuum off. Returns when the cup has let the part go; with `wait=False` after one tick.

        >>> suction.off()
        """
        self._session.call("suction_off", wait=checks.truth(wait, "wait"))

    @property
    def vacuum(self) -> float:
        """The vacuum [kPa below the air] from the vacuum sensor, read now (one tick).

        >>> suction.vacuum > 30.0
        False
        """
        return float(self._session.call("state")["tool"]["vacuum"])

    @property
    def holding(self) -> bool:
        """True while the cup holds a part, from the vacuum sensor, read now (one tick).

        >>> suction.holding
        False
        """
        return bool(self._session.call("state")["tool"]["holding"])
