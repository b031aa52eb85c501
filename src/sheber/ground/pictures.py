"""Pictures: the diagrams of a ground station, from plain arrays: sky, curves of a pass, waterfall, timetable.

The functions compute nothing of an orbit or a link; they say how such arrays are shown. A time that is given as
`start` (UTC [s since 1970-01-01]) makes an axis one of times of day; the replay of a run that begins then follows on
it. Without it times are seconds of the run, as a trace has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.diagrams import (
    Axis,
    Bar,
    Bars,
    Beam,
    Cloud,
    DiagramError,
    Lane,
    Level,
    Lines,
    Mark,
    Points,
    Raster,
    Series,
    Sky,
    Track,
    Words,
)
from sheber.i18n import N_, message

__all__ = [
    "Booking",
    "Way",
    "constellation",
    "doppler",
    "elevations",
    "eye",
    "pointing",
    "run_time",
    "sky",
    "timetable",
    "waterfall",
]

MOST_SEGMENTS: Final = 200  # of an eye
_NOT_COMPLEX: Final = message("ground.picture_symbols", "Symbols are complex numbers (n,).")
_SHORT: Final = message(
    "ground.picture_eye", "An eye needs samples of two symbols, {need:d} at least. There are {n:d} samples."
)


class Way(NamedTuple):
    """A way over the sky: of a satellite, or of what an antenna looked at."""

    name: Words
    times: ArrayLike  # (n,) s
    azimuth_deg: ArrayLike  # (n,)
    elevation_deg: ArrayLike  # (n,)
    beam_deg: float = 0.0  # full width of the beam, for an antenna


class Booking(NamedTuple):
    """A contact that somebody holds, or asked for in vain."""

    antenna: Words
    satellite: Words
    start: float  # s
    end: float  # s
    owner: Words
    refused: bool = False


def run_time(start: float | None = None) -> Axis:
    """An axis of times: of day where the beginning of the run is known, else seconds of the run."""
    if start is None:
        return Axis(N_("Time"), "s", run_start=0.0)
    return Axis(N_("Time"), utc=True, run_start=start)


def _instants(times: ArrayLike, start: float | None) -> NDArray[Any]:
    """Times of a run as places on its axis."""
    return np.asarray(times) + (0.0 if start is None else start)


# --- the sky ----------------------------------------------------------------------------------------------


def sky(
    ways: Sequence[Way],
    *,
    skyline_deg: tuple[ArrayLike, ArrayLike] | None = None,
    minimum_deg: float = 0.0,
    start: float | None = None,
    beams: Mapping[Words, tuple[float, float, float]] | None = None,
    marks: Mapping[Words, tuple[float, float]] | None = None,
    title: Words = "",
) -> Sky:
    """The sky plot of passes, with skyline and lowest elevation.

    beams: azimuth, elevation and full width [deg] by name; marks: azimuth and elevation [deg], such as of the sun.
    """
    tracks = [
        Track(
            way.name,
            np.asarray(way.azimuth_deg),
            np.asarray(way.elevation_deg),
            _instants(way.times, start),
            way.beam_deg,
        )
        for way in ways
    ]
    mask = None if skyline_deg is None else (np.asarray(skyline_deg[0]), np.asarray(skyline_deg[1]))
    pointed = tuple(Beam(name, *place) for name, place in (beams or {}).items())
    named = tuple(Mark(name, *place) for name, place in (marks or {}).items())
    run_start = 0.0 if start is None else start
    return Sky(
        title or N_("Sky"), tuple(tracks), mask, minimum_deg, pointed, named, utc=start is not None, run_start=run_start
    )


def elevations(ways: Sequence[Way], *, minimum_deg: float = 0.0, start: float | None = None) -> Lines:
    """How high satellites stand over a time."""
    drawn = tuple(Series(way.name, _instants(way.times, start), np.asarray(way.elevation_deg)) for way in ways)
    levels = (Level(N_("Lowest elevation"), minimum_deg),) if minimum_deg else ()
    return Lines(N_("Elevation"), drawn, run_time(start), Axis(N_("Elevation"), "°", 0.0, 90.0), levels)


def pointing(times: ArrayLike, error_deg: ArrayLike, beam_deg: float, *, start: float | None = None) -> Lines:
    """How far an antenna looks beside the satellite; at half of the beam's width half of the power is lost."""
    series = (Series(N_("Pointing error"), _instants(times, start), np.asarray(error_deg)),)
    levels = (Level(N_("Half of the beam"), beam_deg / 2.0),)
    return Lines(N_("Pointing error"), series, run_time(start), Axis(N_("Angle"), "°", low=0.0), levels)


# --- signals ----------------------------------------------------------------------------------------------


def doppler(
    carrier: tuple[ArrayLike, ArrayLike],
    *,
    tuned: tuple[ArrayLike, ArrayLike] | None = None,
    measured: tuple[ArrayLike, ArrayLike] | None = None,
    start: float | None = None,
) -> Lines:
    """Doppler shifts over a pass: times (n,) [s] and shifts (n,) [Hz] of the carrier, as tuned and as measured."""
    given = ((N_("carrier"), carrier, False), (N_("tuned"), tuned, False), (N_("measured"), measured, True))
    series = [
        Series(name, _instants(pair[0], start), np.asarray(pair[1]) / 1e3, dots=dots)
        for name, pair, dots in given
        if pair is not None
    ]
    return Lines(N_("Doppler shift"), tuple(series), run_time(start), Axis(N_("Shift"), "kHz"))


def waterfall(
    power_db: NDArray[Any],
    seconds: tuple[float, float],
    span_hz: float,
    *,
    start: float | None = None,
    title: Words = "",
) -> Raster:
    """Spectra below each other, the first at the top: power (rows, columns) [dB], lowest frequency first.

    seconds: when the first row begins and the last ends; span_hz: width of all columns about the tuned frequency.
    """
    half = span_hz / 2e3
    first, last = _instants(seconds, start).tolist()
    times = run_time(start)
    down = Axis(times.title, times.unit, first, last, times.utc, times.run_start, down=True)
    across = Axis(N_("Frequency from the tuned one"), "kHz", -half, half)
    return Raster(title or N_("Waterfall"), power_db, across, down, Axis(N_("Power"), "dB"))


def constellation(symbols: NDArray[Any], wanted: NDArray[Any] | None = None) -> Points:
    """Symbols (n,) complex in the plane, and where they should lie."""
    clouds = [_cloud(N_("received"), symbols)]
    if wanted is not None:
        clouds.append(_cloud(N_("wanted"), wanted, wanted=True))
    return Points(N_("Constellation"), tuple(clouds), Axis(N_("In phase")), Axis(N_("Quadrature")))


def _cloud(name: Words, symbols: NDArray[Any], *, wanted: bool = False) -> Cloud:
    found = np.asarray(symbols)
    if found.ndim != 1 or found.dtype.kind not in "fc":
        raise DiagramError(_NOT_COMPLEX())
    return Cloud(name, found.real, found.imag, wanted)


def eye(samples: ArrayLike, samples_per_symbol: float) -> Lines:
    """The eye of a signal: real samples (n,), cut into pieces of two symbols that lie over each other.

    samples_per_symbol need not be whole; each piece begins at the sample nearest to a symbol.
    """
    found = np.asarray(samples)
    length = round(2.0 * float(samples_per_symbol)) + 1
    if found.ndim != 1 or length < 3 or len(found) < length:
        raise DiagramError(_SHORT(need=max(length, 3), n=found.size))
    count = int((len(found) - length) / samples_per_symbol) + 1
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_SEGMENTS)).round())
    starts = np.minimum(np.round(chosen * samples_per_symbol).astype(np.int64), len(found) - length)
    rows = found[starts[:, None] + np.arange(length)]
    x = np.arange(length) / samples_per_symbol - 1.0
    return Lines(N_("Eye"), (Series("", x, rows),), Axis(N_("Time"), N_("symbols")), Axis(N_("Level")))


# --- timetable --------------------------------------------------------------------------------------------


def timetable(bookings: Sequence[Booking], *, start: float | None = None, title: Words = "") -> Bars:
    """Who uses which antenna when; refused requests are hatched. Antennas in the order of their first booking."""
    shift = 0.0 if start is None else start
    lanes: dict[Words, list[Bar]] = {}
    for one in bookings:
        bar = Bar(one.start + shift, one.end + shift, one.satellite, one.owner, one.refused)
        lanes.setdefault(one.antenna, []).append(bar)
    return Bars(
        title or N_("Timetable"), tuple(Lane(name, tuple(bars)) for name, bars in lanes.items()), run_time(start)
    )
