"""Layout: what all diagrams have around them: title, legend, axes with round values, a note, the moving moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from sheber.diagrams.scales import Scale, axis_title, known, ticks
from sheber.diagrams.style import COLOURS, DASHES
from sheber.diagrams.tags import cut, label, tag, wide
from sheber.diagrams.values import Axis, Words, said
from sheber.i18n import ngettext

__all__ = ["BELOW", "LEFT", "RIGHT", "Drawing", "Entry", "axes", "colour", "dash", "hatched", "head", "moment", "noted"]

LEFT: Final = 62.0  # room for the values beside an upright axis
RIGHT: Final = 14.0
BELOW: Final = 42.0  # room for values and title below a level axis
_TICK_ROOM: Final = (78.0, 38.0)  # units of the picture that a value needs along a level and an upright axis
_ROW: Final = 17.0
MOST_ENTRIES: Final = 16  # of a legend

Shape = Literal["line", "dots", "cross", "block", "hatched", "level", "none"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn diagram: its size, what is in it, and what it shows in words."""

    width: float
    height: float
    body: str
    about: str


class Entry(NamedTuple):
    """A line of a legend."""

    shape: Shape
    number: int  # of the colour
    words: str


def colour(number: int) -> int:
    """The colour of the n-th of several."""
    return number % COLOURS


def dash(number: int) -> str:
    """The dashes of the n-th of several curves: what the colour says, for those who do not see it."""
    return DASHES[number % len(DASHES)]


def head(title: Words, entries: Sequence[Entry], width: float) -> tuple[str, float]:
    """Title and legend, and where they end."""
    parts = [label(cut(said(title), width - 8.0, 14.5), 4.0, 17.0, class_="title")]
    x, y = 4.0, 36.0
    shown = [entry for entry in entries if entry.words][:MOST_ENTRIES]
    for entry in shown:
        words = cut(entry.words, width - 40.0)
        need = 38.0 + wide(words)
        if x + need > width and x > 4.0:
            x, y = 4.0, y + _ROW
        parts += [_sample(entry, x, y - 4.0), label(words, x + 26.0, y, class_="soft")]
        x += need
    return "".join(parts), y + 10.0 if shown else 28.0


def _sample(entry: Entry, x: float, y: float) -> str:
    """A piece of what the entry stands for, 20 units wide."""
    n = colour(entry.number)
    match entry.shape:
        case "line":
            return tag("path", d=f"M{x:g} {y:g}h20", class_=f"line s{n}", stroke_dasharray=dash(entry.number))
        case "dots" if entry.number % 2:
            return tag("path", d=f"M{x + 7:g} {y - 3:g}l6 6m0-6l-6 6", class_=f"line s{n}")
        case "dots":
            return tag("path", d=f"M{x + 10:g} {y:g}h0", class_=f"dots s{n}", stroke_width=7)
        case "cross":
            return tag("path", d=f"M{x + 5:g} {y:g}h10m-5-5v10", class_="cross")
        case "block":
            return tag("rect", x=x + 2, y=y - 5, width=16, height=10, rx=2, class_=f"soft{n}")
        case "hatched":
            return hatched(x + 2, y - 5, 16.0, 10.0)
        case "level":
            return tag("path", d=f"M{x:g} {y:g}h20", class_="level")
        case _:
            return ""


def hatched(x: float, y: float, width: float, height: float) -> str:
    """A box of slanting lines. They are drawn as lines: a pattern would need a name that is unique in its page."""
    path, at = "", -height + 4.0
    while at < width:
        left, right = max(at, 0.0), min(at + height, width)
        if right > left:
            path += f"M{x + left:.1f} {y + height - (left - at):.1f}L{x + right:.1f} {y + height - (right - at):.1f}"
        at += 5.0
    box = tag("rect", x=x, y=y, width=width, height=height, rx=2, class_="frame")
    return box + tag("path", d=path, class_="hatch")


def axes(x: Axis, y: Axis | None, across: Scale, upright: Scale, *, grid: bool = True) -> str:
    """Grid, values and titles of a level and, where there is one, an upright axis about the field of two scales."""
    left, right = sorted((across.start, across.end))
    top, bottom = sorted((upright.start, upright.end))
    columns = [(across.at(value), words) for value, words in ticks(x, across, _room(across, 0))]
    rows = [(upright.at(value), words) for value, words in ticks(y, upright, _room(upright, 1))] if y else []
    path = "".join(f"M{at:.1f} {top:.1f}V{bottom:.1f}" for at, _ in columns) + "".join(
        f"M{left:.1f} {at:.1f}H{right:.1f}" for at, _ in rows
    )
    parts = [tag("path", d=path, class_="grid")] if grid else []
    parts += [tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="frame")]
    parts += [label(words, at, bottom + 15.0, text_anchor="middle", class_="soft small") for at, words in columns]
    parts += [label(words, left - 6.0, at + 4.0, text_anchor="end", class_="soft small") for at, words in rows]
    return "".join(parts) + _titles(
        axis_title(x, across), axis_title(y, upright) if y else "", (left, right), (top, bottom)
    )


def _room(scale: Scale, upright: int) -> int:
    return max(2, int(abs(scale.end - scale.start) / _TICK_ROOM[upright]))


def _titles(x: str, y: str, level: tuple[float, float], upright: tuple[float, float]) -> str:
    parts = []
    if x:
        words = cut(x, level[1] - level[0])
        parts.append(label(words, sum(level) / 2.0, upright[1] + 33.0, text_anchor="middle", class_="soft"))
    if y:
        middle = sum(upright) / 2.0
        words = cut(y, upright[1] - upright[0] + 20.0)
        turned = f"rotate(-90 14 {middle:.1f})"
        parts.append(label(words, 14.0, middle + 4.0, text_anchor="middle", transform=turned, class_="soft"))
    return "".join(parts)


def moment(axis: Axis, scale: Scale, ends: tuple[float, float], *, upright: bool = False) -> str:
    """The line at the moment of the replay: hidden, and moved by the page's script, where the axis follows the run."""
    start = known(axis.run_start)
    if start is None:
        return ""
    first, last = sorted((scale.start, scale.end))
    way = {"data_at": f"{scale.at(start):.3f}", "data_per_s": f"{scale.slope:.6g}"}
    d = f"M{ends[0]:.1f} 0H{ends[1]:.1f}" if upright else f"M0 {ends[0]:.1f}V{ends[1]:.1f}"
    rims = {"data_from": first, "data_to": last, "data_axis": "y" if upright else "x"}
    lines = tag("path", d=d, class_="under"), tag("path", d=d)  # the lower one parts it from what is as dark
    return tag("g", *lines, class_="now", visibility="hidden", **way, **rims)


def noted(note: Words, width: float, y: float, left_out: int = 0) -> tuple[str, float]:
    """A sentence below a diagram, on as many lines as it needs, and where it ends.

    left_out: how many of what is drawn there were too many; it is told.
    """
    words = said(note)
    if left_out > 0:
        words += " " + ngettext("{n} more is not shown.", "{n} more are not shown.", left_out).format(n=left_out)
    rows = list(_wrapped(words.split(), width - 8.0))
    parts = [label(row, 4.0, y + 13.0 + 16.0 * n, class_="soft") for n, row in enumerate(rows)]
    return "".join(parts), y + 16.0 * len(rows) + (6.0 if rows else 0.0)


def _wrapped(pieces: Iterable[str], room: float) -> Iterable[str]:
    row = ""
    for piece in pieces:
        if row and wide(f"{row} {piece}") > room:
            yield row
            row = piece
        else:
            row = f"{row} {piece}".strip()
    if row:
        yield cut(row, room)
