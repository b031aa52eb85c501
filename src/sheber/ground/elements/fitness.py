"""Fitness: whether elements are good enough for what one wants of them, at the time when one wants it.

Elements are a fit to observations around their epoch. The satellite leaves them by a kilometre or so at once, by 1 to
3 km more each day in a low orbit, and faster when the Sun heats the air: most of it along the track, so that a pass
comes early or late. How much of this one can bear depends on the purpose; each has its limit, and whoever knows better
gives another. Backwards from the epoch it is the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sheber.ground.elements.model import BadElements, Elements
from sheber.ground.errors import GroundError
from sheber.ground.instants import DAY, julian, written
from sheber.i18n import Message, Text, message

__all__ = [
    "ANY",
    "POINTING",
    "STATION",
    "TIMETABLE",
    "Purpose",
    "Unfit",
    "age",
    "check_fit",
    "propagation_failed",
    "sorted_out",
]

TOO_OLD = message(
    "ground.elements_old",
    "The elements of {name} are too old for {purpose}: at {at} they are {days:.1f} days from their epoch {epoch}, "
    "and {most:g} days are the most. Load new ones.",
)
TOO_EARLY = message(
    "ground.elements_early",
    "The elements of {name} are of another time: {at} is {days:.1f} days before their epoch {epoch}, and for {purpose} "
    "{most:g} days are the most. Check the clock, or take elements of that time.",
)
DECAYED = message(
    "ground.elements_decayed",
    "{name} has decayed: by its elements of {epoch} it is in the air at {at}. It is no satellite any more.",
)
FAILED = message("ground.elements_failed", "SGP4 cannot follow {name} to {at} by its elements of {epoch}: {why}.")

NO_AGE = message("ground.elements_no_age", "The oldest age of elements is {seconds:g} s. It must be 0 or more.")

FOR_TIMETABLE = message("ground.purpose_timetable", "a timetable of passes")
FOR_POINTING = message("ground.purpose_pointing", "pointing a narrow beam")
FOR_STATION = message("ground.purpose_station", "what this station does")
FOR_ANY = message("ground.purpose_any", "anything")

_GM: Final = 398_600.8  # km³/s² of the Earth (WGS 72, as SGP4 has it)
_MOMENTS: Final = 5  # of a window, its ends among them
_ABOVE_APOGEE: Final = 1.5  # times the apogee: no perturbation brings a satellite there
_IN_THE_AIR: Final = 6  # SGP4's number of a decayed satellite


class Unfit(GroundError):
    """Elements that are not good enough for the purpose: too old, of another epoch, of a decayed satellite."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What elements are wanted for."""

    words: Message
    oldest: float
    """The most seconds from the epoch, either way."""


TIMETABLE: Final = Purpose(FOR_TIMETABLE, 14 * DAY)
"""Passes within some seconds."""
POINTING: Final = Purpose(FOR_POINTING, 3 * DAY)
"""A low satellite within a beam of half a degree."""
STATION: Final = Purpose(FOR_STATION, 14 * DAY)
"""What a station of the workshop computes for its programs; each scene says how old is too old."""
ANY: Final = Purpose(FOR_ANY, 3650 * DAY)
"""Old elements are the subject itself."""


def age(elements: Elements, t: float) -> float:
    """Seconds from the epoch to an instant; negative before it."""
    return t - elements.epoch


def check_fit(
    elements: Elements, start: float, end: float, purpose: Purpose = TIMETABLE, oldest: float | None = None
) -> None:
    """Raise Unfit where elements are not good for the purpose at an instant of a window.

    oldest: the most seconds from the epoch, in place of the purpose's; BadElements where it is no age.
    """
    most = purpose.oldest if oldest is None else oldest
    if not most >= 0.0:  # nan too
        raise BadElements(NO_AGE(seconds=most))
    at, says = (end, TOO_OLD) if end - elements.epoch >= elements.epoch - start else (start, TOO_EARLY)
    away = abs(age(elements, at))
    if away > most:
        values = {"name": elements.label, "at": written(at), "epoch": written(elements.epoch)}
        raise Unfit(says(**values, purpose=purpose.words(), days=away / DAY, most=most / DAY))
    _check_flies(elements, start, end)


def _check_flies(elements: Elements, start: float, end: float) -> None:
    """Raise Unfit where SGP4 does not follow the satellite through the window.

    Long after a decay SGP4 may report no error and give places hundreds of thousands of kilometres away. So the
    distance is held against the orbit's apogee too.
    """
    for at in np.linspace(start, end, _MOMENTS).tolist():
        day, fraction = julian(at)
        error, place, _speed = elements.satrec.sgp4(float(day), float(fraction))
        if error:
            raise propagation_failed(elements, at, error)
        if math.hypot(*place) > _ABOVE_APOGEE * _apogee_km(elements):
            raise propagation_failed(elements, at, _IN_THE_AIR)


def _apogee_km(elements: Elements) -> float:
    """Distance of the apogee from the Earth's centre, by Kepler's third law."""
    axis_km = float((_GM / elements.mean_motion**2) ** (1.0 / 3.0))
    return axis_km * (1.0 + elements.eccentricity)


def propagation_failed(elements: Elements, at: float, error: int) -> Unfit:
    """What an error number of SGP4 means: 1 and 6 come of an orbit that has sunk into the air."""
    from sgp4.api import SGP4_ERRORS

    values: dict[str, Any] = {"name": elements.label, "at": written(at), "epoch": written(elements.epoch)}
    if error in (1, 6):
        return Unfit(DECAYED(**values))
    return Unfit(FAILED(**values, why=SGP4_ERRORS.get(error, str(error))))


def sorted_out(
    elements: Iterable[Elements], start: float, end: float, purpose: Purpose = TIMETABLE, oldest: float | None = None
) -> tuple[list[Elements], list[tuple[Elements, Text]]]:
    """Those that are good for the purpose, and the others with the reason of each."""
    fit: list[Elements] = []
    refused: list[tuple[Elements, Text]] = []
    for one in elements:
        try:
            check_fit(one, start, end, purpose, oldest)
        except (Unfit, BadElements) as error:
            refused.append((one, error.text))
        else:
            fit.append(one)
    return fit, refused
