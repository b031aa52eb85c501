"""What every station lets a program do, and the plain client of a station that has none of its own."""

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
        """Simulated time [s] since the start of the run, as the last reply told it; costs nothing.

        >>> start = cell.time
        """
        return self._session.time

    def note(self, text: str) -> None:
        """Put a mark with a text (at most 200 characters) into the trace and the report; costs no simulated time.

        >>> cell.note("third box picked")
        """
        self._session.call("note", text=checks.text(text, "text", LONGEST_NOTE))

    def show(self, image: NDArray[Any], title: str = "") -> None:
        """Put a picture into the trace and the report; costs no simulated time.

        `image` (h, w, 3) BGR or (h, w) grey: uint8, bool, or floats from 0 to 1. It is made smaller where
        needed (longest side 640 px) and stored as JPEG. The number of pictures in a run is limited.
        Raises TypeError or ValueError for what is no picture.

        >>> cell.show(mask, "red parts")
        """
        data = base64.b64encode(compressed(image)).decode()
        self._session.call("show", jpeg=data, title=checks.text(title, "title", LONGEST_TITLE))


class Station(Connected):
    """A station without a client of its own: `connect()` gives this for every station that it does not know.

    `name` is the station's name, `given` what it told the program at the start, read-only.
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

        Raises what the station reports, TypeError for fields that are no plain values.

        >>> reply = station.call("count")
        """
        return self._session.call(do, **fields)
