"""The clock of the station: simulated time and UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Clock"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Fixed):
    """Simulated time. All times of the station are seconds after the start of the run; `utc` gives the date."""

    __slots__ = ("_session", "start", "step")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.start = float(given["start"])  # UTC at time 0 [s since 1970-01-01], leap seconds not counted
        self.step = float(given["step"])  # s; time passes in whole steps

    def __repr__(self) -> str:
        return f"Clock({self.time:.1f} s, {self.utc():%Y-%m-%d %H:%M:%S} UTC)"

    @property
    def time(self) -> float:
        """Simulated time [s] since the start of the run, from the last reply. Costs nothing.

        >>> now = station.clock.time
        """
        return self._session.time

    def utc(self, time: float | None = None) -> datetime:
        """The date and time, UTC, at `time` [s]; now if it is left out. Costs nothing.

        >>> print(station.clock.utc(3600.0))
        2027-03-21 07:00:00+00:00
        """
        seconds = self.time if time is None else checks.number(time, "time", "s")
        return EPOCH + timedelta(seconds=self.start + seconds)

    def wait(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass, in whole steps, at least one. Raises ValueError for a negative time.

        >>> station.clock.wait(10.0)
        """
        self._session.call("wait", seconds=checks.number(seconds, "seconds", "s", least=0.0))

    def wait_until(self, time: float) -> None:
        """Let simulated time pass until `time` [s], at least one step. Raises StationError if it has passed.

        >>> station.clock.wait_until(1800.0)
        """
        self._session.call("wait_until", instant=checks.number(time, "time", "s"))
