"""Values: frozen descriptions of diagrams. They hold numbers and words, and nothing of how they look.

Words are a `Text`, or a string that is marked with `N_` where it stands; both are put into the reader's language when
a diagram is drawn. Numbers are arrays or sequences in the units that the axes name. They are checked when a diagram
is drawn, for they may come from a stranger's recording: what is not finite is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sheber.i18n import Text, Worded, _, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Axis",
    "Bar",
    "Bars",
    "Beam",
    "Cloud",
    "Diagram",
    "DiagramError",
    "Lane",
    "Level",
    "Lines",
    "Mark",
    "Missing",
    "Points",
    "Raster",
    "Series",
    "Sky",
    "Track",
    "Words",
    "attempted",
    "broken",
    "said",
]

Words: TypeAlias = Text | str
Numbers: TypeAlias = "NDArray[Any] | Sequence[float]"
LONGEST: Final = 120  # characters of one piece of words in a diagram

_BROKEN = message("diagrams.broken", "It cannot be made of this recording ({what}).")


class DiagramError(Worded):
    """A diagram cannot be drawn from these values; carries the sentence that says why."""


def said(words: Words) -> str:
    """Words in the language in force, on one line, without signs that a page cannot hold, and not too long."""
    text = (_(words) if words else "") if isinstance(words, str) else str(words)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 8 * LONGEST]).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


@dataclass(frozen=True, slots=True)
class Axis:
    """What one direction of a diagram means."""

    title: Words = ""
    unit: str = ""  # "°", "kHz", "dB"; of the values as they are given
    low: float | None = None  # where it begins; None: at the lowest value
    high: float | None = None  # where it ends; None: at the highest value
    utc: bool = False  # the values are UTC seconds since 1970-01-01, and are written as times of day
    run_start: float | None = None  # the value when the run begins, where it is a time [s]: it follows the replay
    down: bool = False  # an upright axis: its low end is at the top


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One curve, or many over the same x: the segments of an eye diagram."""

    label: Words
    x: Numbers  # (n,), rising where it is long
    y: Numbers  # (n,), or (k, n) for k segments; what is not finite is a gap
    dots: bool = False  # dots that no line joins


@dataclass(frozen=True, slots=True)
class Level:
    """A value of the upright axis that a line across the diagram marks: a limit."""

    label: Words
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Curves over one axis."""

    title: Words
    series: tuple[Series, ...]
    x: Axis
    y: Axis
    levels: tuple[Level, ...] = ()
    note: Words = ""  # a sentence below it


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points of one kind in a plane."""

    label: Words
    x: Numbers  # (n,)
    y: Numbers  # (n,)
    wanted: bool = False  # where points should lie: drawn as large crosses


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points in a plane whose two axes have one scale: a constellation."""

    title: Words
    clouds: tuple[Cloud, ...]
    x: Axis
    y: Axis
    note: Words = ""


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A value at every place of a grid, as colours: a waterfall."""

    title: Words
    values: NDArray[Any]  # (rows, columns); the first row is at the low end of y, the first column at that of x
    x: Axis  # low and high: the outer rims of the first and last column
    y: Axis  # the same of the rows
    value: Axis  # what the colours mean; without low and high from the 2nd to the 99.8th hundredth of the values
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of a lane."""

    start: float
    end: float
    label: Words = ""  # stands in it, where there is room
    owner: Words = ""  # bars of one owner have one colour, and a line of the legend
    refused: bool = False  # asked for and not given: hatched, without a filling


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of bars: an antenna, a person, an item of a budget."""

    label: Words
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Spans in lanes over one axis: a timetable."""

    title: Words
    lanes: tuple[Lane, ...]
    x: Axis
    note: Words = ""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A way over the sky."""

    label: Words
    azimuth_deg: Numbers  # (n,) clockwise from north
    elevation_deg: Numbers  # (n,); a part below the horizon is not drawn
    times: Numbers | None = None  # (n,) s, those of the sky's clock
    beam_deg: float = 0.0  # full width of the beam that goes along with it; 0: a point


@dataclass(frozen=True, slots=True)
class Mark:
    """A named direction."""

    label: Words
    azimuth_deg: float
    elevation_deg: float


@dataclass(frozen=True, slots=True)
class Beam:
    """Where a beam is pointed, and how wide it is."""

    label: Words
    azimuth_deg: float
    elevation_deg: float
    width_deg: float  # full width


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """The sky above a place: north is up, east is right, the zenith in the middle, the horizon around."""

    title: Words
    tracks: tuple[Track, ...] = ()
    skyline_deg: tuple[Numbers, Numbers] | None = None  # azimuths (n,), and how high the skyline is there (n,)
    minimum_deg: float = 0.0  # the elevation below which nothing is to be done; 0: none
    beams: tuple[Beam, ...] = ()
    marks: tuple[Mark, ...] = ()
    utc: bool = False  # times of tracks are UTC seconds since 1970-01-01; else seconds of the run
    run_start: float | None = None  # the time of the tracks when the run begins: the moment follows the replay
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A diagram that could not be made: a reader is told why instead."""

    title: Words
    why: Words


Diagram: TypeAlias = Sky | Lines | Points | Raster | Bars | Missing


def attempted(title: Words, make: Callable[[], Diagram]) -> Diagram:
    """The diagram that `make` gives, or in its place why there is none: one bad record never costs the other diagrams.

    >>> attempted("Orbit", lambda: 1 / 0).title
    'Orbit'
    """
    try:
        return make()
    except Exception as error:  # a recording may hold anything
        return Missing(title, broken(error))


def broken(error: Exception) -> Text:
    """Why a diagram cannot be made, for an error of any kind."""
    return error.text if isinstance(error, DiagramError) else _BROKEN(what=type(error).__name__)
