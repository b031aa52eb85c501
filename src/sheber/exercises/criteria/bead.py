"""Bead: criteria of glue that was laid along a contour on a plate: centre line, width, stand-off, gaps, start and stop.

All is read from what the nozzle really laid: how much, where, from how high. The contour is cut into cells of 2 mm, and
each cell counts the same: an empty cell has the largest error that the tolerance knows, so line, width and stand-off
cannot be earned by laying a short bead well. The start of the bead and glue elsewhere are judged by what was laid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.criteria.measure import Array
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.robot.bodies import called
from sheber.trace import NOTHING, Trace

__all__ = ["Bead", "Contour", "bead_checks", "bead_on", "bead_only_there", "touched_gently"]

CELL = 0.002  # m of the contour
FINE = 0.0005  # m: laid glue is spread over pieces no longer than this
NEAR = 0.006  # m beside the contour: glue farther away does not belong to it
BEYOND = 0.03  # m before the start and after the stop, where glue still belongs to it
ON_PLATE = 0.001  # m: glue farther from the plane lies on something else
JUMP = 0.01  # m from one sample to the next: no strand is pulled so fast
EMPTY = 0.25  # of the wanted cross-section: a cell with less is a gap
HALF = 0.5  # of the wanted cross-section: there the bead begins and ends
BLOB = 0.01  # m from an end, within which a blob belongs to it
WORST = 95.0  # per cent of the cells lie better than the worst place that counts
SHIFTED = 0.5  # of the mean error: a bead that is shifted and turned as a whole by so much is told so

LINE = message("bead.line", "Centre line of the bead, on average")
WORST_PLACE = message("bead.worst", "Centre line of the bead, worst places")
WIDTH = message("bead.width", "Width of the bead, on average")
EVEN = message("bead.even", "Width of the bead, worst places")
STAND_OFF = message("bead.stand_off", "Stand-off of the nozzle")
GAPS = message("bead.gaps", "Gaps in the bead")
START = message("bead.start", "Start of the bead")
STOP = message("bead.stop", "Stop of the bead")
ONLY_THERE = message("bead.only_there", "Glue only on the contour")
GENTLE = message("bead.gentle", "The tool touches gently")
NEVER_TOUCHED = message("bead.never_touched", "The tool never touched the plate.")

NOT_LAID = message("bead.not_laid", "There is no glue on the contour.")
NOT_LAID_CUT_OFF = message("bead.not_laid_cut_off", "The run ended before glue was laid on the contour.")
BESIDE = message(
    "bead.beside", "{volume:.0f} mm³ of glue lie on the plate, but none within {near:.0f} mm of the contour."
)
MISSING = message("bead.missing", "{told} On {share:.0f} % of the contour there is no glue.")
LINE_OFF = message(
    "bead.line_off",
    "The middle of the bead lies {off:.2f} mm beside the contour on average. At {time:.1f} s it was {most:.1f} mm.",
)
SHIFTED_BY = message(
    "bead.shifted",
    "{told} The whole bead is shifted by x {x:+.1f}, y {y:+.1f} mm and turned by {turn:+.2f}° on the plate. Look at "
    "the work object first.",
)
WORST_OFF = message(
    "bead.worst_off",
    "At the worst places, one in twenty, the bead lies {off:.1f} mm beside the contour or more, for example at "
    "{time:.1f} s.",
)
WIDTH_OFF = message(
    "bead.width_off",
    "The bead is {wide:.1f} mm wide on average, from {least:.1f} to {most:.1f} mm; {wanted:.1f} mm are wanted. The "
    "error is largest at {time:.1f} s. Width follows from flow and speed.",
)
UNEVEN = message(
    "bead.uneven",
    "At the worst places, one in twenty, the width of the bead is wrong by {off:.0f} % or more. At {time:.1f} s it was "
    "{wide:.1f} mm; {wanted:.1f} mm are wanted. A bead grows where the robot is slow or stands.",
)
HIGH = message(
    "bead.high",
    "The nozzle was {off:.1f} mm from the plate on average; {wanted:.1f} mm are wanted. It was {most:.1f} mm "
    "at {time:.1f} s.",
)
GAPS_FOUND = message(
    "bead.gaps_found", "There is no glue on {share:.1f} % of the contour. The first gap is {at:.0f} mm after the start."
)
EARLY = message("bead.early", "The bead begins {off:.1f} mm before the start of the contour.")
LATE = message("bead.late", "The bead begins {off:.1f} mm after the start of the contour.")
SHORT = message("bead.short", "The bead ends {off:.1f} mm before the end of the contour.")
LONG = message("bead.long", "The bead ends {off:.1f} mm after the end of the contour.")
BLOB_THERE = message(
    "bead.blob",
    "There is a blob: {volume:.0f} mm³ more than elsewhere, as much as {off:.1f} mm of bead. Glue came while the robot "
    "stood.",
)
ELSEWHERE = message(
    "bead.elsewhere",
    "{off:.0f} mm³ of {all:.0f} mm³ of glue lie beside the contour. The first of it fell at {time:.1f} s.",
)
PRESSED = message("bead.pressed", "At {time:.1f} s {tool} pressed on {other} with {force:.0f} N. Touch more slowly.")


@dataclass(frozen=True, slots=True)
class Contour:
    """A line on a plate, and the bead that is wanted on it."""

    T_base_plate: Pose  # x and y in its surface, z up from it
    points: Array  # (n, 2) m, close together, from start to stop
    width: float  # m
    stand_off: float  # m

    @property
    def area(self) -> float:
        """Cross-section [m2] of the wanted bead: half round."""
        return math.pi * self.width**2 / 8.0


@dataclass(frozen=True, slots=True)
class Bead:
    """What lies along a contour, cell by cell; a cell without glue has volume 0 and no number for the rest."""

    contour: Contour
    length: float  # m
    area: Array  # (k,) m2, cross-section
    off: Array  # (k,) m, how far glue lies beside the contour, on average; a zigzag is not a straight bead
    stand_off: Array  # (k,) m
    time: Array  # (k,) s
    places: Array  # (k, 2) m on the plate, the middle of the bead
    ends: tuple[float, float]  # m along the contour: where the bead begins and ends; NaN where it does not
    near_ends: tuple[float, float]  # m3, glue around its start and its stop, on both sides of each
    laid: float  # m3, all glue
    elsewhere: float  # m3 of it that lies beside the contour
    elsewhere_at: float  # s, when the first of that was laid

    @property
    def full(self) -> NDArray[np.bool_]:
        """Cells (k,) that have glue."""
        filled: NDArray[np.bool_] = self.area >= EMPTY * self.contour.area
        return filled

    @property
    def missing(self) -> float:
        """Share 0..1 of the contour without glue."""
        return 1.0 - float(self.full.mean())

    @property
    def width(self) -> Array:
        """Width (k,) [m], over three cells: glue evens out."""
        return _widths(self.area)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Laid glue in small pieces: along and beside the contour."""

    along: Array  # (n,) m
    beside: Array  # (n,) m, to the left
    volume: Array  # (n,) m3
    stand_off: Array  # (n,) m
    time: Array  # (n,) s
    on_plate: NDArray[np.bool_]

    def belongs(self, length: float) -> NDArray[np.bool_]:
        """Which pieces belong to the contour."""
        inside = (self.along > -BEYOND) & (self.along < length + BEYOND)
        return np.asarray(inside & (np.abs(self.beside) < NEAR) & self.on_plate)


def _widths(area: Array) -> Array:
    """Widths (k,) [m] of cells with these cross-sections [m2], evened out over three."""
    padded = np.pad(area, 1, mode="edge")
    even = (padded[:-2] + padded[1:-1] + padded[2:]) / 3.0
    return np.asarray(np.sqrt(8.0 * even / math.pi))


def bead_on(trace: Trace, contour: Contour) -> Bead:
    """What was laid on a contour."""
    points, along, tangents = _extended(contour.points)
    length = float(along[-1] - BEYOND)
    pieces = _pieces(trace, contour.T_base_plate, points, along, tangents)
    mine = pieces.belongs(length)
    count = max(1, round(length / CELL))
    cell = np.floor(pieces.along / length * count).astype(int)
    inside = mine & (cell >= 0) & (cell < count)
    volume = _summed(cell[inside], pieces.volume[inside], count)
    mean = [
        _summed(cell[inside], pieces.volume[inside] * one[inside], count) / np.where(volume > 0.0, volume, np.nan)
        for one in (np.abs(pieces.beside), pieces.stand_off, pieces.time, pieces.beside)
    ]
    middle = (np.arange(count) + 0.5) * length / count
    here = np.stack([np.interp(middle, along, column) for column in (*points.T, *tangents.T)], axis=1)
    places = here[:, :2] + mean[3][:, None] * np.stack([-here[:, 3], here[:, 2]], axis=1)
    other = ~mine & (pieces.volume > 0.0)
    return Bead(
        contour,
        length,
        volume * count / length,
        mean[0],
        mean[1],
        mean[2],
        places,
        _ends(pieces.along[mine], pieces.volume[mine], contour.area, length),
        _near_ends(pieces.along[mine], pieces.volume[mine], length),
        float(pieces.volume.sum()),
        float(pieces.volume[other].sum()),
        float(pieces.time[other].min()) if other.any() else math.nan,
    )


def _extended(points: Array) -> tuple[Array, Array, Array]:
    """Points (n, 2) with a straight piece before and after; how far along each is [m], 0 at the start; tangents."""
    ahead, back = points[-1] - points[-2], points[0] - points[1]
    more = np.arange(1, round(BEYOND / FINE) + 1)[:, None] * FINE
    before = points[0] + more[::-1] * back / np.linalg.norm(back)
    after = points[-1] + more * ahead / np.linalg.norm(ahead)
    whole = np.concatenate((before, points, after))
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(whole, axis=0), axis=1))))
    tangents = np.gradient(whole, axis=0)
    return whole, way - BEYOND, tangents / np.linalg.norm(tangents, axis=1, keepdims=True)


def _summed(cell: NDArray[np.int_], values: Array, count: int) -> Array:
    return np.bincount(cell, values, count).astype(np.float64)


def _pieces(trace: Trace, T_base_plate: Pose, points: Array, along: Array, tangents: Array) -> _Pieces:
    """Spread what each sample laid: a strand over its way, a drop over its width."""
    volume = np.diff(trace["glue_laid"].astype(np.float64), prepend=0.0)
    places = T_base_plate.inverse() @ np.stack([trace[f"bead_{axis}"] for axis in "xyz"], axis=1).astype(np.float64)
    rows: list[Array] = []
    for n in np.flatnonzero(volume > 0.0):
        way = places[n] - places[n - 1] if n and volume[n - 1] > 0.0 else np.zeros(3)
        length = float(np.linalg.norm(way))
        strand = 0.0 < length < JUMP
        width = 0.0 if strand or length else min(2.0 * NEAR, float(trace["bead_width"][n]))
        many = max(1, math.ceil((length if strand else width) / FINE))
        share = (np.arange(many) + 0.5) / many
        piece = np.zeros((many, 7))  # x, y, z, drop's spread, volume, stand-off, time
        piece[:, :3] = places[n] - (1.0 - share[:, None]) * (way if strand else np.zeros(3))
        piece[:, 3] = (share - 0.5) * width
        piece[:, 4:] = volume[n] / many, float(trace["stand_off"][n]), float(trace.time[n])
        rows.append(piece)
    table = np.concatenate(rows) if rows else np.zeros((0, 7))
    nearest = _nearest(table[:, :2], points)
    off = table[:, :2] - points[nearest]
    t = tangents[nearest]
    return _Pieces(
        along[nearest] + (off * t).sum(axis=1) + table[:, 3],
        t[:, 0] * off[:, 1] - t[:, 1] * off[:, 0],
        table[:, 4],
        table[:, 5],
        table[:, 6],
        np.abs(table[:, 2]) < ON_PLATE,
    )


def _nearest(places: Array, points: Array) -> NDArray[np.intp]:
    """For each of the places (n, 2) the number of the nearest of the points (m, 2)."""
    found = [np.argmin(((part[:, None] - points) ** 2).sum(axis=2), axis=1) for part in _parts(places)]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)


def _parts(places: Array) -> list[Array]:
    """At most 1,000 rows at once: a glue head that runs for minutes must not fill the memory."""
    return [places[n : n + 1000] for n in range(0, len(places), 1000)]


def _ends(along: Array, volume: Array, area: float, length: float) -> tuple[float, float]:
    """Where [m] the bead begins and ends: half of the wanted cross-section is there."""
    edges = np.arange(-BEYOND, length + BEYOND + CELL / 2, CELL / 2)
    filled = np.histogram(along, edges, weights=volume)[0] / (CELL / 2) >= HALF * area
    where = np.flatnonzero(filled)
    if not len(where):
        return math.nan, math.nan
    return float(edges[where[0]]), float(edges[where[-1] + 1])


def _near_ends(along: Array, volume: Array, length: float) -> tuple[float, float]:
    """The glue [m3] within `BLOB` of the start and of the stop of the contour, on both sides of each."""
    start, stop = (float(volume[np.abs(along - end) < BLOB].sum()) for end in (0.0, length))
    return start, stop


# --- the checks -------------------------------------------------------------------------------------


def bead_checks(trace: Trace, bead: Bead, worths: dict[str, Worth]) -> list[Check]:
    """Centre line and width (each on average and at the worst places), stand-off, gaps, start and stop.

    `worths` has one for each of "line", "worst", "width", "even", "stand_off", "gaps", "start" and "stop".
    """
    titles = {
        "line": LINE(),
        "worst": WORST_PLACE(),
        "width": WIDTH(),
        "even": EVEN(),
        "stand_off": STAND_OFF(),
        "gaps": GAPS(),
        "start": START(),
        "stop": STOP(),
    }
    if not bead.full.any():
        told = _why_nothing(trace, bead)
        return [
            worths[kind].missing(f"bead-{kind.replace('_', '-')}", title, told, follows=kind != "line")
            for kind, title in titles.items()
        ]
    return [
        _line(bead, worths["line"]),
        _worst(bead, worths["worst"]),
        _width(bead, worths["width"]),
        _even(bead, worths["even"]),
        _stand_off(bead, worths["stand_off"]),
        _gaps(bead, worths["gaps"]),
        _end(bead, worths["start"], START(), 0),
        _end(bead, worths["stop"], STOP(), 1),
    ]


def _why_nothing(trace: Trace, bead: Bead) -> Text:
    if bead.laid > 0.0:
        return BESIDE(volume=bead.laid * 1e9, near=NEAR * 1e3)
    return NOT_LAID_CUT_OFF() if cut_off(trace) else NOT_LAID()


def _errors(bead: Bead, errors: Array, worth: Worth) -> Array:
    """The errors (k,) of the cells, none larger than what earns nothing; an empty cell has that one."""
    most = worth.tolerance.zero_si
    return np.where(bead.full, np.minimum(np.nan_to_num(np.abs(errors), nan=most), most), most)


def _with_missing(bead: Bead, told: Text) -> Text:
    return MISSING(told=told, share=bead.missing * 100.0) if bead.missing > 0.005 else told


def _most(bead: Bead, errors: Array) -> int:
    """The cell with glue whose error is largest."""
    return int(np.argmax(np.where(bead.full, np.abs(errors), -1.0)))


def _line(bead: Bead, worth: Worth) -> Check:
    at, full = _most(bead, bead.off), bead.full
    mean = float(np.abs(bead.off[full]).mean())
    told = LINE_OFF(off=mean * 1e3, most=abs(float(bead.off[at])) * 1e3, time=float(bead.time[at]))
    value = float(_errors(bead, bead.off, worth).mean())
    return worth.check(
        "bead-line", LINE(), value, float(bead.time[at]), _with_missing(bead, _shifted(bead, told, mean))
    )


def _shifted(bead: Bead, told: Text, mean: float) -> Text:
    """The words, and by how much the bead is shifted and turned as a whole where this explains its error."""
    full = bead.full
    middle = (np.flatnonzero(full) + 0.5) * bead.length / len(bead.area)
    points, along, _tangents = _extended(bead.contour.points)
    wanted = np.stack([np.interp(middle, along, column) for column in points.T], axis=1)
    laid = bead.places[full]
    a, b = wanted - wanted.mean(axis=0), laid - laid.mean(axis=0)
    turn = math.atan2(float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()), float((a * b).sum()))
    shift = laid.mean(axis=0) - wanted.mean(axis=0)
    explained = float(np.linalg.norm(shift)) + abs(turn) * float(np.linalg.norm(a, axis=1).mean())
    if explained < SHIFTED * mean:
        return told
    x, y = (shift * 1e3).tolist()
    return SHIFTED_BY(told=told, x=x, y=y, turn=math.degrees(turn))


def _worst(bead: Bead, worth: Worth) -> Check:
    at = _most(bead, bead.off)
    value = float(np.percentile(_errors(bead, bead.off, worth), WORST))
    time = float(bead.time[at])
    return worth.check(
        "bead-worst", WORST_PLACE(), value, time, _with_missing(bead, WORST_OFF(off=value * 1e3, time=time))
    )


def _width(bead: Bead, worth: Worth) -> Check:
    wanted, width = bead.contour.width, bead.width
    error = width / wanted - 1.0
    at, laid = _most(bead, error), width[bead.full] * 1e3
    told = WIDTH_OFF(
        wide=float(laid.mean()),
        least=float(laid.min()),
        most=float(laid.max()),
        wanted=wanted * 1e3,
        time=float(bead.time[at]),
    )
    value = float(_errors(bead, error, worth).mean())
    return worth.check("bead-width", WIDTH(), value, float(bead.time[at]), _with_missing(bead, told))


def _even(bead: Bead, worth: Worth) -> Check:
    wanted, error = bead.contour.width, bead.width / bead.contour.width - 1.0
    at = _most(bead, error)
    value, time = float(np.percentile(_errors(bead, error, worth), WORST)), float(bead.time[at])
    told = UNEVEN(off=value * 100.0, time=time, wide=float(bead.width[at]) * 1e3, wanted=wanted * 1e3)
    return worth.check("bead-even", EVEN(), value, time, _with_missing(bead, told))


def _stand_off(bead: Bead, worth: Worth) -> Check:
    wanted = bead.contour.stand_off
    error = bead.stand_off - wanted
    at = _most(bead, np.nan_to_num(error))
    time = float(bead.time[at])
    mean, most = float(bead.stand_off[bead.full].mean()), float(bead.stand_off[at])
    told = HIGH(off=mean * 1e3, wanted=wanted * 1e3, most=most * 1e3, time=time)
    value = float(_errors(bead, error, worth).mean())
    return worth.check("bead-stand-off", STAND_OFF(), value, time, _with_missing(bead, told))


def _gaps(bead: Bead, worth: Worth) -> Check:
    first = int(np.argmin(bead.full)) * bead.length / len(bead.area)
    told = GAPS_FOUND(share=bead.missing * 100.0, at=first * 1e3)
    return worth.check("bead-gaps", GAPS(), bead.missing, None, told)


def _end(bead: Bead, worth: Worth, title: Text, which: int) -> Check:
    """Start (0) or stop (1): how far the bead's end is from that of the contour, or a blob's length of bead."""
    key, end = ("bead-start", "bead-stop")[which], bead.ends[which]
    if math.isnan(end):
        return worth.missing(key, title, NOT_LAID(), follows=True)
    cells = round(BLOB / CELL)
    times = bead.time[slice(None, cells) if which == 0 else slice(-cells, None)]
    time = next(iter(times[np.isfinite(times)].tolist()), None)
    off = end if which == 0 else bead.length - end
    told = (LATE if off > 0.0 else EARLY, SHORT if off > 0.0 else LONG)[which](off=abs(off) * 1e3)
    usual = float(np.median(bead.area[bead.full]))
    blob = bead.near_ends[which] / usual - BLOB
    if blob > abs(off) + CELL:
        told = BLOB_THERE(volume=blob * usual * 1e9, off=blob * 1e3)
    return worth.check(key, title, max(abs(off), blob), time, told)


def bead_only_there(bead: Bead, worth: Worth) -> Check:
    """The share of the glue that lies beside the contour."""
    if not bead.full.any():
        told = BESIDE(volume=bead.laid * 1e9, near=NEAR * 1e3) if bead.laid > 0.0 else NOT_LAID()
        return worth.missing("bead-only-there", ONLY_THERE(), told, follows=True)
    time = None if math.isnan(bead.elsewhere_at) else bead.elsewhere_at
    told = ELSEWHERE(off=bead.elsewhere * 1e9, all=bead.laid * 1e9, time=time or 0.0)
    return worth.check("bead-only-there", ONLY_THERE(), bead.elsewhere / bead.laid, time, told)


def touched_gently(trace: Trace, worth: Worth, bodies: Sequence[str], felt: bool) -> Check:
    """The hardest contact [N] of the robot with one of these bodies, meant or not.

    felt: whether a touch was felt at all; who never touched anything has not touched gently.
    """
    hardest, time, told = 0.0, None, NOTHING
    for kind, key in (("contact", "force_N"), ("contact_end", "peak_N")):
        for event in trace.events_of(kind):
            force = float(event.data[key])
            if event.data["b"] in bodies and force > hardest:
                hardest, time = force, event.step * trace.step_s
                pair = {"tool": called(str(event.data["a"])), "other": called(str(event.data["b"]))}
                told = PRESSED(time=time, force=force, **pair)
    if time is None and not felt:
        return worth.missing("gentle", GENTLE(), NEVER_TOUCHED(), follows=cut_off(trace))
    return worth.check("gentle", GENTLE(), hardest, time, told)
