"""Diagrams: values that say what is drawn, and pure functions that draw them as SVG.

Whoever has something to show (a kind of station, a command) makes a value: a `Sky`, `Lines`, `Points`, `Raster` or
`Bars`. It knows nothing of pages. `svg` puts it into words and lines, in the language in force; a page has it in
its own colours, and `standalone` makes a file of it.
"""

from sheber.diagrams.drawing import standalone, svg
from sheber.diagrams.style import STYLE
from sheber.diagrams.values import (
    Axis,
    Bar,
    Bars,
    Beam,
    Cloud,
    Diagram,
    DiagramError,
    Lane,
    Level,
    Lines,
    Mark,
    Missing,
    Points,
    Raster,
    Series,
    Sky,
    Track,
    Words,
    attempted,
    broken,
    said,
)

__all__ = [
    "STYLE",
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
    "standalone",
    "svg",
]
