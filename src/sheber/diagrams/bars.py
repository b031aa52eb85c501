"""Bars: spans in lanes over one axis, by owner; what was refused is hatched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

import numpy as np

from sheber.diagrams.arrays import number
from sheber.diagrams.layout import BELOW, RIGHT, Drawing, Entry, axes, colour, hatched, head, moment, noted
from sheber.diagrams.scales import Scale, fitting
from sheber.diagrams.tags import cut, label, tag, wide
from sheber.diagrams.values import Bar, Bars, Lane, said
from sheber.i18n import N_, _

__all__ = ["draw_bars"]

WIDTH: Final = 960.0
ROW: Final = 24.0  # height of a row of bars
GAP: Final = 3.0  # between two bars above each other
MOST_LANES: Final = 60
MOST_BARS: Final = 1200  # of all lanes
MOST_ROWS: Final = 6  # of a lane; bars that overlap more often lie over each other in the last
NAMES: Final = (60.0, 200.0)  # the least and the most room for the names of lanes
_REFUSED: Final = N_("Refused")


class _Placed(NamedTuple):
    """A bar whose ends are numbers, and its row, counted from the first of all lanes."""

    row: int
    start: float
    end: float
    bar: Bar


class _Place(NamedTuple):
    """Where a lane begins, and its height, in rows."""

    first: int
    high: int


def draw_bars(diagram: Bars) -> Drawing:
    """Lanes below each other; bars of a lane that overlap lie in rows of their own, those that were refused lowest."""
    lanes = diagram.lanes[:MOST_LANES]
    rows, placed = _laid(lanes)
    names = [said(lane.label) for lane in lanes]
    owners = {said(one.bar.owner): n for n, one in enumerate(_firsts(placed))}
    left = min(max(NAMES[0], *(wide(name) + 14.0 for name in [*names, ""])), NAMES[1])
    top, y = head(diagram.title, _legend(owners, placed), WIDTH)
    ends = np.array([end for one in placed for end in (one.start, one.end)], float)
    across = fitting(diagram.x, left, WIDTH - RIGHT, ends, room=0.0)
    count = max(sum(row.high for row in rows), 1)
    upright = Scale(0.0, float(count), y, y + ROW * count)
    body = [top, _lines_between(rows, across, upright), axes(diagram.x, None, across, upright)]
    body += [_name(name, row, left, upright) for name, row in zip(names, rows, strict=True)]
    body += [_bar(one, owners, across, upright) for one in placed]
    body.append(moment(diagram.x, across, (upright.start, upright.end)))
    below, end = noted(
        diagram.note, WIDTH, upright.end + BELOW, sum(len(lane.bars) for lane in diagram.lanes) - len(placed)
    )
    return Drawing(WIDTH, end, "".join(body) + below, _about(names, lanes))


def _laid(lanes: Sequence[Lane]) -> tuple[list[_Place], list[_Placed]]:
    """Rows of each lane, and its bars in them: each in the first row that is free."""
    rows: list[_Place] = []
    placed: list[_Placed] = []
    first = 0
    for lane in lanes:
        free: list[float] = []  # from when on, each row of the lane
        spans = _spans(lane, MOST_BARS // len(lanes))
        for start, end, bar in sorted(spans, key=lambda one: (one[2].refused, one[0])):
            row = next((n for n, since in enumerate(free) if since <= start), len(free))
            row = min(row, MOST_ROWS - 1)
            free[row:] = [end, *free[row + 1 :]]
            placed.append(_Placed(first + row, start, end, bar))
        rows.append(_Place(first, max(len(free), 1)))
        first += rows[-1].high
    return rows, placed


def _spans(lane: Lane, most: int) -> list[tuple[float, float, Bar]]:
    spans = [(number(bar.start), number(bar.end), bar) for bar in lane.bars[:most]]
    return [(min(a, b), max(a, b), bar) for a, b, bar in spans if math.isfinite(a) and math.isfinite(b)]


def _firsts(placed: Sequence[_Placed]) -> list[_Placed]:
    """The first bar of each owner."""
    found: dict[str, _Placed] = {}
    for one in sorted(placed, key=lambda one: one.row):
        found.setdefault(said(one.bar.owner), one)
    return list(found.values())


def _legend(owners: Mapping[str, int], placed: Sequence[_Placed]) -> list[Entry]:
    refused = [Entry("hatched", 0, said(_REFUSED))] if any(one.bar.refused for one in placed) else []
    return [Entry("block", n, owner) for owner, n in owners.items() if owner] + refused


def _lines_between(rows: Sequence[_Place], across: Scale, upright: Scale) -> str:
    path = "".join(f"M{across.start:.1f} {upright.at(row.first):.1f}H{across.end:.1f}" for row in rows[1:])
    return tag("path", d=path, class_="grid") if path else ""


def _name(name: str, row: _Place, room: float, upright: Scale) -> str:
    return label(cut(name, room - 10.0), 4.0, upright.at(row.first + row.high / 2.0) + 4.0)


def _bar(one: _Placed, owners: Mapping[str, int], across: Scale, upright: Scale) -> str:
    """One bar with its words, cut off at the ends of the axis; empty where it lies outside."""
    start, end = max(one.start, across.low), min(one.end, across.high)
    if end < start or (end == start and one.end > one.start):
        return ""
    x, width = across.at(start), max(across.at(end) - across.at(start), 1.5)
    y, height = upright.at(one.row) + GAP, ROW - 2.0 * GAP
    if one.bar.refused:
        box = hatched(x, y, width, height)
    else:
        n = colour(owners[said(one.bar.owner)])
        box = tag("rect", x=x, y=y, width=width, height=height, rx=2, class_=f"soft{n}")
    words = said(one.bar.label) if wide(said(one.bar.label), 11.0) <= width - 4.0 else ""  # a mouse is told the rest
    inside = label(words, x + width / 2.0, y + 13.0, text_anchor="middle", class_="small halo") if words else ""
    return tag("g", tag("title", _told(one.bar)), box, inside)


def _told(bar: Bar) -> str:
    """What a bar is, for a mouse that rests on it."""
    parts = (said(bar.label), said(bar.owner), said(_REFUSED) if bar.refused else "")
    return escape(_(", ").join(part for part in parts if part))


def _about(names: Sequence[str], lanes: Sequence[Lane]) -> str:
    """How many bars each lane has."""
    told = []
    for name, lane in zip(names, lanes, strict=True):
        refused = sum(bar.refused for bar in lane.bars)
        told.append(_("{name}: {n} bars, {refused} refused.").format(name=name, n=len(lane.bars), refused=refused))
    return " ".join(told)
