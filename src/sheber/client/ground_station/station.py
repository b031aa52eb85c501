"""The ground station: its clock and its equipment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from sheber.client.errors import NotGiven
from sheber.client.ground_station.archive import Archive
from sheber.client.ground_station.clock import Clock
from sheber.client.ground_station.elements import Elements
from sheber.client.ground_station.front_end import FrontEnd
from sheber.client.ground_station.modem import Modem
from sheber.client.ground_station.mount import Mount
from sheber.client.ground_station.receiver import Receiver
from sheber.client.ground_station.schedule import Schedule
from sheber.client.ground_station.site import Site
from sheber.client.named import ENTRY, LIMIT, Named
from sheber.client.session import Session
from sheber.client.station import Connected
from sheber.i18n import message

__all__ = ["GroundStation"]

NO_PART = message("client.no_part", "This station has no {name}. It has: {known}.")

T = TypeVar("T")

PARTS: Final[Mapping[str, Callable[[Session, Mapping[str, Any]], Any]]] = {
    "clock": Clock,
    "elements": Elements,
    "mount": Mount,
    "receiver": Receiver,
    "modem": Modem,
    "schedule": Schedule,
    "front_end": FrontEnd,
    "archive": Archive,
}
"""The client of each piece of equipment, by its name at the station."""


class GroundStation(Connected):
    """The ground station of this program. `connect()` gives it.

    >>> from sheber import connect
    >>> station = connect()
    >>> print(station.clock.utc())
    """

    __slots__ = ("_parts", "limits", "sheet", "site")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        """Take the answer to connect."""
        super().__init__(session)
        self._parts = {name: PARTS[name](session, about) for name, about in given["parts"].items()}
        self.site = Site(given["site"])  # place, skyline, policy minimum
        self.sheet: Named[Any] = Named(ENTRY, given["sheet"])  # job data: plain values
        self.limits: Named[Any] = Named(LIMIT, given["run_limits"])  # what this run may use: simulated_s, ...

    def __repr__(self) -> str:
        return f"GroundStation({', '.join(self._parts)})"

    def _part(self, name: str, kind: type[T]) -> T:
        part = self._parts.get(name)
        if not isinstance(part, kind):
            raise NotGiven(NO_PART(name=name, known=sorted(self._parts)))
        return part

    @property
    def clock(self) -> Clock:
        """Simulated time, and how it passes.

        >>> station.clock.wait(1.0)
        """
        return self._part("clock", Clock)

    @property
    def elements(self) -> Elements:
        """The elements of the satellites, and where they are seen. Raises NotGiven if the station has none.

        >>> print(list(station.elements))
        """
        return self._part("elements", Elements)

    @property
    def mount(self) -> Mount:
        """The mount of the antenna. Raises NotGiven if the station has none.

        >>> station.mount.point(120.0, 45.0)
        """
        return self._part("mount", Mount)

    @property
    def receiver(self) -> Receiver:
        """The receiver. Raises NotGiven if the station has none.

        >>> block = station.receiver.read(1.0)
        """
        return self._part("receiver", Receiver)

    @property
    def modem(self) -> Modem:
        """The downlink of a satellite. Raises NotGiven if the station has none.

        >>> print(list(station.modem.modes))
        """
        return self._part("modem", Modem)

    @property
    def schedule(self) -> Schedule:
        """The timetable of a network that several partners share. Raises NotGiven if the station has none.

        >>> print(len(station.schedule.contacts))
        """
        return self._part("schedule", Schedule)

    @property
    def front_end(self) -> FrontEnd:
        """Recorded soft symbols, and decoders beside them. Raises NotGiven if the station has none.

        >>> bits = station.front_end.viterbi(0, 2000)
        """
        return self._part("front_end", FrontEnd)

    @property
    def archive(self) -> Archive:
        """Where the program hands in what it found. Raises NotGiven if the station has none.

        >>> station.archive.store("frame", data=frame)
        """
        return self._part("archive", Archive)
