"""Lines and points: curves over an axis, the overlaid segments of an eye, and places in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sheber.diagrams.arrays import Floats, alike, column, few_curve, few_points, number, span, table
from sheber.diagrams.layout import BELOW, LEFT, RIGHT, Drawing, Entry, axes, colour, dash, head, moment, noted
from sheber.diagrams.scales import Scale, fitting, known, signed
from sheber.diagrams.tags import curve, dots, slanted, tag
from sheber.diagrams.values import Axis, Lines, Points, Series, said
from sheber.i18n import _

__all__ = ["draw_lines", "draw_points"]

WIDTH: Final = 440.0  # few enough that words can be read on a telephone
HIGH: Final = 190.0  # of the field of curves
SQUARE: Final = 330.0  # of the field of points
MOST_SERIES: Final = 24
MOST_PLACES: Final = 600  # of a curve
ALL_PLACES: Final = 6000  # of all series of a diagram: it stays small, however much is shown
SEGMENT_PLACES: Final = 48  # of a segment of an eye
MOST_DOTS: Final = 1500  # of a cloud
Curves = tuple[Floats, Floats]  # x (n,), y (k, n)


def draw_lines(diagram: Lines) -> Drawing:
    """Curves over one axis."""
    drawn = [_checked(series) for series in diagram.series[:MOST_SERIES]]
    levels = [
        (said(level.label), number(level.value))
        for level in diagram.levels[:MOST_SERIES]
        if known(level.value) is not None
    ]
    names = [said(series.label) for series in diagram.series[:MOST_SERIES]]
    legend = [Entry("dots" if one.dots else "line", n, names[n]) for n, one in enumerate(diagram.series[:MOST_SERIES])]
    top, y = head(diagram.title, legend + [Entry("level", 0, name) for name, _ in levels], WIDTH)
    across = fitting(diagram.x, LEFT, WIDTH - RIGHT, *(x for x, _ in drawn), room=0.0)
    upright = _upright(diagram.y, y, HIGH, *(ys for _, ys in drawn), np.array([value for _, value in levels]))
    places = ALL_PLACES // max(1, len(drawn))
    body = [top, axes(diagram.x, diagram.y, across, upright), _levels(levels, across, upright)]
    body += [_curves(n, one, drawn[n], across, upright, places) for n, one in enumerate(diagram.series[:MOST_SERIES])]
    body.append(moment(diagram.x, across, (y, y + HIGH)))
    below, end = noted(diagram.note, WIDTH, y + HIGH + BELOW, len(diagram.series) - MOST_SERIES)
    return Drawing(WIDTH, end, "".join(body) + below, _about(names, drawn, diagram.x, diagram.y))


def _checked(series: Series) -> Curves:
    x, y = column(series.x), table(series.y)
    alike(x, y)
    return x, y


def _upright(axis: Axis, y: float, high: float, *values: Floats) -> Scale:
    """An upright scale from y on: its low end at the bottom, or at the top where the axis goes down."""
    start, end = (y, y + high) if axis.down else (y + high, y)
    return fitting(axis, start, end, *values)


def _levels(levels: Sequence[tuple[str, float]], across: Scale, upright: Scale) -> str:
    path = "".join(f"M{across.start:.1f} {upright.at(value):.1f}H{across.end:.1f}" for _, value in levels)
    return tag("path", d=path, class_="level") if path else ""


def _curves(n: int, series: Series, drawn: Curves, across: Scale, upright: Scale, places: int) -> str:
    """One series of at most so many places: a curve, dots, or the segments of an eye."""
    x, rows = across.all(drawn[0]), _within(upright, drawn[1])
    if len(rows) > 1:
        return tag("path", d=_segments(x, rows, places), class_=f"eye s{colour(n)}")
    kept = few_curve(rows[0], places if series.dots else min(places, MOST_PLACES))
    if series.dots:
        return _marks(n, x[kept], rows[0][kept])
    return tag("path", d=curve(x[kept], rows[0][kept]), class_=f"line s{colour(n)}", stroke_dasharray=dash(n))


def _marks(n: int, x: Floats, y: Floats) -> str:
    """Points of the n-th kind: dots, or slanted crosses at every second one, so that no colour is needed."""
    if n % 2:
        return tag("path", d=slanted(x, y), class_=f"line s{colour(n)}")
    return tag("path", d=dots(x, y), class_=f"dots s{colour(n)}")


def _within(scale: Scale, values: Floats) -> Floats:
    """Places of values; what lies far beyond the ends of an axis is a gap."""
    places = scale.all(values)
    low, high = sorted((scale.start, scale.end))
    return np.where((places >= low - 0.5) & (places <= high + 0.5), places, np.nan)


def _segments(x: Floats, rows: Floats, most: int) -> str:
    """The paths of many curves over the same x."""
    places = few_points(len(x), SEGMENT_PLACES)
    some = few_points(len(rows), max(1, most // max(1, len(places))))
    return "".join(curve(x[places], row[places]) for row in rows[some])


def _about(names: Sequence[str], drawn: Sequence[Curves], x: Axis, y: Axis) -> str:
    """What the curves say in numbers, for readers who do not see them."""
    told = []
    for name, (_x, values) in zip(names, drawn, strict=True):
        if np.isfinite(values).any():
            low, high = (f"{signed(end, 1)} {y.unit}".strip() for end in span(values))
            told.append(_("{name}: from {low} to {high}.").format(name=name or said(y.title), low=low, high=high))
    return " ".join(told)


def draw_points(diagram: Points) -> Drawing:
    """Places in a plane whose axes have one scale."""
    clouds = [(column(one.x), column(one.y)) for one in diagram.clouds[:MOST_SERIES]]
    for one, other in clouds:
        alike(one, other)
    names = [said(one.label) for one in diagram.clouds[:MOST_SERIES]]
    shapes = ["cross" if one.wanted else "dots" for one in diagram.clouds]
    legend = [Entry("cross" if shapes[n] == "cross" else "dots", n, name) for n, name in enumerate(names)]
    width = LEFT + SQUARE + RIGHT
    top, y = head(diagram.title, legend, width)
    across, upright = _equal(diagram, clouds, y)
    body = [top, axes(diagram.x, diagram.y, across, upright)]
    most = min(MOST_DOTS, ALL_PLACES // max(1, len(clouds)))
    for n, cloud in enumerate(clouds):
        body.append(_cloud(n, *cloud, across, upright, most, crosses=shapes[n] == "cross"))
    below, end = noted(diagram.note, width, y + SQUARE + BELOW, len(diagram.clouds) - MOST_SERIES)
    counted = [_("{name}: {n} points.").format(name=name, n=len(clouds[n][0])) for n, name in enumerate(names)]
    return Drawing(width, end, "".join(body) + below, " ".join(counted))


def _equal(diagram: Points, clouds: Sequence[Curves], y: float) -> tuple[Scale, Scale]:
    """Two scales of one size: the larger span decides, the other is about its middle."""
    x_scale = fitting(diagram.x, LEFT, LEFT + SQUARE, *(x for x, _ in clouds))
    y_scale = _upright(diagram.y, y, SQUARE, *(values for _, values in clouds))
    half = max(x_scale.high - x_scale.low, y_scale.high - y_scale.low) / 2.0
    return _about_middle(x_scale, half), _about_middle(y_scale, half)


def _about_middle(scale: Scale, half: float) -> Scale:
    middle = (scale.low + scale.high) / 2.0
    return Scale(middle - half, middle + half, scale.start, scale.end)


def _cloud(n: int, x: Floats, y: Floats, across: Scale, upright: Scale, most: int, *, crosses: bool) -> str:
    kept = few_points(len(x), most)
    places = across.all(x[kept]), _within(upright, y[kept])
    if not crosses:
        return _marks(n, *places)
    pairs = zip(places[0].tolist(), places[1].tolist(), strict=True)
    path = "".join(f"M{a - 6:.1f} {b:.1f}h12m-6-6v12" for a, b in pairs if np.isfinite(a) and np.isfinite(b))
    return tag("path", d=path, class_="cross")
