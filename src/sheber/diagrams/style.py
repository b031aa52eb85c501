"""Style: the colours of diagrams as a style sheet. A page has its own values of the variables; a file those here.

Nothing is told by colour alone: curves differ in their dashes, kinds of points in their shapes, refused bars are
hatched, and each has its line in the legend.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["COLOURS", "DARK", "DASHES", "LIGHT", "STYLE", "file_style"]

COLOURS: Final = 8
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 4", "6 2 1 2 1 2")  # one a colour

LIGHT: Final[Mapping[str, str]] = {
    "card": "#ffffff",
    "ink": "#1d2628",
    "muted": "#566164",
    "line": "#e5e1d8",
    "line-strong": "#b9b5aa",
    "bad": "#a8401b",
    "room": "#e6e2d9",
    "curve-0": "#00697d",
    "curve-1": "#c2571f",
    "curve-2": "#6a4fb3",
    "curve-3": "#3f7f2f",
    "curve-4": "#b23a72",
    "curve-5": "#8a6d00",
    "curve-6": "#445",
    "curve-7": "#777",
}
DARK: Final[Mapping[str, str]] = {
    "card": "#192225",
    "ink": "#e9edeb",
    "muted": "#a3b0b2",
    "line": "#2b373a",
    "line-strong": "#55666a",
    "bad": "#f49a72",
    "room": "#2c383b",
    "curve-0": "#63cbdc",
    "curve-1": "#f49a72",
    "curve-2": "#b6a2f2",
    "curve-3": "#8fd07c",
    "curve-4": "#f08fbd",
    "curve-5": "#e0c45c",
    "curve-6": "#ccd",
    "curve-7": "#999",
}
"""The values of `frontend/src/tokens.css`, for files that no page gives its own."""

_RULES: Final = """
.diagram { display: block; width: 100%; height: auto; font-size: 12px; font-variant-numeric: tabular-nums; }
.diagram { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans SC', sans-serif; }
.diagram text { fill: var(--ink); }
.diagram .soft { fill: var(--muted); }
.diagram .title { font-size: 14px; font-weight: 650; }
.diagram .small { font-size: 11px; }
.diagram .grid { stroke: var(--line); fill: none; }
.diagram .frame { stroke: var(--line-strong); fill: none; }
.diagram .level { stroke: var(--bad); fill: none; stroke-dasharray: 3 3; }
.diagram .shade { fill: var(--room); }
.diagram .hatch { stroke: var(--muted); fill: none; }
.diagram .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
.diagram .eye { fill: none; stroke-width: 1; stroke-opacity: 0.35; }
.diagram .dots { fill: none; stroke-width: 3.5; stroke-linecap: round; }
.diagram .cross { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.diagram .halo { stroke: var(--card); stroke-width: 3; stroke-linejoin: round; paint-order: stroke; }
.diagram .now { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.diagram .under { stroke: var(--card); stroke-width: 4; stroke-opacity: 0.8; }
.diagram .paper { fill: var(--card); }
"""


def _numbered() -> str:
    return "".join(
        f".diagram .s{n} {{ stroke: var(--curve-{n}); }}\n"
        f".diagram .f{n} {{ fill: var(--curve-{n}); }}\n"
        f".diagram .soft{n} {{ fill: var(--curve-{n}); fill-opacity: 0.18; stroke: var(--curve-{n}); }}\n"
        for n in range(COLOURS)
    )


STYLE: Final = (_RULES + _numbered()).strip() + "\n"
"""The style sheet for a page that has the variables."""


def file_style() -> str:
    """The style sheet of a file: plain values, since not every viewer knows variables; dark where the reader is."""
    coloured = "\n".join(line for line in STYLE.splitlines() if "var(" in line)
    return f"{_valued(STYLE, LIGHT)}@media (prefers-color-scheme: dark) {{\n{_valued(coloured, DARK)}\n}}\n"


def _valued(style: str, colours: Mapping[str, str]) -> str:
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colours[found[1]], style)
