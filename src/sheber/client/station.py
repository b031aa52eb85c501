"""What a program can do at every station, and the plain client of a station without its own client."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from sheber.client import checks
from sheber.client.fixed import Fixed
from sheber.client.picture import compressed
from sheber.client.session import Session
from sheber.client.wire import LONGEST_NOTE, LONGEST_TITLE

__all__ = ["Connected", "Station"]


class Connected(Fixed):
    """What a program can do at any station: read the time, write notes, show pictures."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def time(self) -> float:
        """Simulated time [s] since the start of the run, from the last reply. Costs nothing.

        >>> start = cell.time
        """
        return self._session.time

    def note(self, text: str) -> None:
        """Put a note (up to 200 characters) into the trace and the report. Costs no simulated time.

        >>> cell.note("third box picked")
        """
        self._session.call("note", text=checks.text(text, "text", LONGEST_NOTE))

    def show(self, image: NDArray[Any], title: str = "") -> None:
        """Put a picture into the trace and the report. Costs no simulated time.

        `image` (h, w, 3) BGR or (h, w) grey: uint8, bool, or floats from 0 to 1. A large
        picture is made smaller (longest side 640 px). It is stored as JPEG. The number of pictures in a run is limited.
        Raises TypeError or ValueError if `image` is not a picture.

        >>> cell.show(mask, "red parts")
        """
        data = base64.b64encode(compressed(image)).decode()
        self._session.call("show", jpeg=data, title=checks.text(title, "title", LONGEST_TITLE))


class Station(Connected):
    """A station without a client of its own: `connect()` gives this for every station that it does not know.

    `name` is the name of the station. `given` has the values that it gave the program at the start, read-only.
    """

    __slots__ = ("given", "name")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        super().__init__(session)
        self.name = str(given["station"])
        self.given: Mapping[str, Any] = MappingProxyType(dict(given))

    def __repr__(self) -> str:
        return f"Station({self.name})"

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send the request `do` with plain values as its fields, and return the reply.

        Raises the error that the station reports, and TypeError for fields that are not plain values.

        >>> reply = station.call("count")
        """
        return self._session.call(do, **fields)
