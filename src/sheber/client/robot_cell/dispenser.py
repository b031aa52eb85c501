"""The glue head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Dispenser"]


class Dispenser(Fixed):
    """A head that lays a bead of glue while the robot moves it.

    >>> dispenser.on(flow=3e-7)
    >>> robot.move_linear(end, speed=0.05)
    >>> dispenser.off()
    """

    __slots__ = ("_given", "_session")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session, self._given = session, dict(given)

    def __repr__(self) -> str:
        return f"Dispenser(on, off, flow; at most {self.max_flow * 1e9:.0f} mm3/s)"

    def on(self, flow: float, wait: bool = True) -> None:
        """Open the valve for a flow [m³/s]. Returns when glue comes; with `wait=False` after one tick.

        Raises ToolError for more than the dispenser can give, and where no glue comes within 2 s. 1 mm³ is 1e-9 m³.

        >>> dispenser.on(flow=3e-7)
        """
        self._session.call(
            "dispenser_on", flow=checks.number(flow, "flow", "m³/s", above=0.0), wait=checks.truth(wait, "wait")
        )

    def off(self, wait: bool = True) -> None:
        """Close the valve. Returns when no more glue comes; with `wait=False` after one tick.

        Raises ToolError where glue still comes after 2 s.

        >>> dispenser.off(wait=False)
        """
        self._session.call("dispenser_off", wait=checks.truth(wait, "wait"))

    @property
    def flow(self) -> float:
        """The flow [m³/s] that leaves the nozzle, from the flow meter, read now (one tick).

        >>> dispenser.flow > 0.0
        False
        """
        return float(self._session.call("state")["tool"]["flow"])

    @property
    def max_flow(self) -> float:
        """The largest flow [m³/s].

        >>> flow = 0.5 * dispenser.max_flow
        """
        return float(self._given["max_flow"])

    @property
    def bore(self) -> float:
        """The inner diameter [m] of the needle.

        >>> dispenser.bore
        0.0012
        """
        return float(self._given["bore"])

    @property
    def open_delay(self) -> float:
        """The time [s] from the command until glue comes.

        >>> cell.wait(dispenser.open_delay)
        """
        return float(self._given["open_delay"])

    @property
    def close_delay(self) -> float:
        """The time [s] from the command until the flow begins to end.

        >>> before = speed * dispenser.close_delay
        """
        return float(self._given["close_delay"])
