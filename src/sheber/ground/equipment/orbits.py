"""Orbits: the elements that the station holds, where satellites will be by them, and where they truly are.

A program is told elements as they were published. The truth follows the satellite's own (`Satellite.true`), which other
equipment asks for (`Orbits.true_look`) and no program gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Name, Reply, missing
from sheber.ground.serving import Device, Equipment, Served, serves
from sheber.i18n import message
from sheber.station import ProtocolError

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.orbit import Look
    from sheber.ground.scene import Satellite

__all__ = ["ORBITS", "Orbits", "OrbitsSpec"]

Array = NDArray[np.float64]

SATELLITE = message("ground.what_satellite", "satellite")
NO_TIMES = message("ground.no_times", "The program sent times that are no list of finite numbers.")
MOST_TIMES: Final = 5000  # that one request holds

Times = Annotated[bytes, Meta(max_length=8 * MOST_TIMES)]  # base64 on the wire: float64, little-endian [s]


@dataclass(frozen=True, slots=True)
class OrbitsSpec:
    """What the station allows itself with elements."""

    oldest_s: float = 14 * 86_400.0  # s from their epoch, either way, at which elements are still used


class LookAt(Command, tag="look", frozen=True, kw_only=True):
    """Where a satellite is seen at some times, by the elements as told."""

    satellite: Name
    times: Times


class Orbits(Equipment):
    """The satellites of a scene."""

    def __init__(self, spec: OrbitsSpec, station: Served) -> None:
        scene = station.scene
        self._spec, self._site, self._start = spec, scene.site, scene.start
        self._satellites = {satellite.name: satellite for satellite in scene.satellites}

    def given(self) -> dict[str, Any]:
        """The elements as they were published, by name, and how old they may be."""
        told = {name: self._told(one) for name, one in self._satellites.items()}
        return {"satellites": told, "oldest": self._spec.oldest_s}

    def _told(self, satellite: Satellite) -> dict[str, Any]:
        from sheber.ground.elements import to_tle

        elements = satellite.told
        source = elements.source
        return {
            "norad_id": elements.norad_id,
            "lines": to_tle(elements).splitlines()[-2:],
            "epoch": elements.epoch - self._start,
            "source": source.where,
            "fetched": None if source.fetched is None else source.fetched - self._start,
        }

    def look(self, name: str, times: Array) -> Look:
        """Where a satellite is seen by the elements as told. times (n,): s after the start.

        Raises CommandError: NotGiven for a name that the station does not hold, ElementsTooOld.
        """
        satellite = self._satellites.get(name)
        if satellite is None:
            raise missing(SATELLITE(), name, tuple(self._satellites))
        return self._look(satellite.told, times)

    def true_look(self, name: str, times: Array) -> Look:
        """Where a satellite truly is, seen from the site. times (n,): s after the start. Never told to a program."""
        from sheber.ground.orbit import look

        return look(self._satellites[name].true, self._site, self._start + times)

    def _look(self, elements: Elements, times: Array) -> Look:
        from sheber.ground.elements import STATION, Unfit, check_fit
        from sheber.ground.orbit import look

        instants = self._start + times
        try:
            check_fit(elements, float(instants.min()), float(instants.max()), STATION, self._spec.oldest_s)
            return look(elements, self._site, instants)
        except Unfit as error:
            raise CommandError("ElementsTooOld", error.text) from error


@serves(LookAt)
def _look_at(station: Served, command: LookAt) -> Reply:
    if not command.times or len(command.times) % 8:
        raise ProtocolError(NO_TIMES())
    times = np.frombuffer(command.times, dtype="<f8")
    if not np.isfinite(times).all() or np.abs(times).max() > 1e9:
        raise ProtocolError(NO_TIMES())
    seen = station.part(Orbits).look(command.satellite, times)
    columns = (seen.azimuth, seen.elevation, seen.range, seen.range_rate)
    binary = np.stack(columns).astype("<f8").tobytes()  # (4, n) rad, rad, m, m/s
    return Reply({"binary": len(binary)}, binary)


ORBITS = Device("elements", OrbitsSpec, Orbits, (LookAt,))
