"""Drawing: any diagram as SVG, for a page or as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Final

from sheber.diagrams.bars import draw_bars
from sheber.diagrams.layout import Drawing, head, noted
from sheber.diagrams.lines import WIDTH, draw_lines, draw_points
from sheber.diagrams.raster import draw_raster
from sheber.diagrams.sky import draw_sky
from sheber.diagrams.style import file_style
from sheber.diagrams.tags import tag
from sheber.diagrams.values import (
    Bars,
    Diagram,
    DiagramError,
    Lines,
    Missing,
    Points,
    Raster,
    Sky,
    said,
)
from sheber.i18n import message

__all__ = ["standalone", "svg"]

_UNKNOWN = message("diagrams.unknown", "{what} is not a diagram.")
_EDGE: Final = 12.0  # of a file's picture about the diagram


def svg(diagram: Diagram, name: str = "diagram") -> str:
    """A diagram as an element for a page that has `STYLE`, in the language in force.

    name: of the element, other than those of the page's other diagrams; what it shows is told in words under it.
    Raises DiagramError where the values cannot be drawn.
    """
    drawing = _drawn(diagram)
    size = f"0 0 {drawing.width:g} {drawing.height:g}"
    return _element(diagram, drawing, name, drawing.body, viewBox=size)


def standalone(diagram: Diagram) -> str:
    """A diagram as a whole SVG file, light or dark as its reader has chosen. Raises DiagramError as `svg`."""
    drawing = _drawn(diagram)
    width, height = drawing.width + 2.0 * _EDGE, drawing.height + 2.0 * _EDGE
    paper = tag("rect", x=-_EDGE, y=-_EDGE, width=width, height=height, class_="paper")
    body = tag("style", file_style()) + paper + drawing.body
    box = f"{-_EDGE:g} {-_EDGE:g} {width:g} {height:g}"
    about = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": box, "width": width, "height": height}
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _element(diagram, drawing, "diagram", body, **about) + "\n"


def _element(diagram: Diagram, drawing: Drawing, name: str, body: str, **about: Any) -> str:
    title, told = f"{name}-title", f"{name}-about"
    words = tag("title", escape(said(diagram.title)) or " ", id=title) + tag("desc", escape(drawing.about), id=told)
    labels = {"role": "img", "aria_labelledby": title, "aria_describedby": told}
    return tag("svg", words, body, id=name, class_="diagram", **about, **labels)


def _drawn(diagram: Diagram) -> Drawing:
    draw = _DRAW.get(type(diagram))
    if draw is None:
        raise DiagramError(_UNKNOWN(what=type(diagram).__name__))
    drawing: Drawing = draw(diagram)
    return drawing


def _draw_missing(diagram: Missing) -> Drawing:
    """In its place the reason why there is none."""
    top, y = head(diagram.title, (), WIDTH)
    below, end = noted(diagram.why, WIDTH, y)
    return Drawing(WIDTH, end, top + below, said(diagram.why))


_DRAW: Final[dict[type, Callable[[Any], Drawing]]] = {
    Sky: draw_sky,
    Lines: draw_lines,
    Points: draw_points,
    Raster: draw_raster,
    Bars: draw_bars,
    Missing: _draw_missing,
}
