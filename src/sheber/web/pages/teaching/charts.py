"""Charts: numbers become the shapes of an SVG; each chart has a table beside it that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bar", "bars", "line_chart"]

_WIDTH, _HEIGHT, _GAP = 600.0, 150.0, 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One upright bar, within 600 × 150."""

    label: str
    value: float
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.x + self.width / 2, 1)


def bars(values: Sequence[tuple[str, float]]) -> tuple[Bar, ...]:
    """Upright bars side by side, the highest as high as the chart."""
    most = max((value for _label, value in values), default=0) or 1
    wide = _WIDTH / max(len(values), 1)
    found = []
    for place, (label, value) in enumerate(values):
        high = round(_HEIGHT * value / most, 1)
        found.append(Bar(label, value, round(place * wide + _GAP / 2, 1), _HEIGHT - high, round(wide - _GAP, 1), high))
    return tuple(found)


def line_chart(points: Sequence[tuple[float, float]]) -> str:
    """A line within 1000 × 100 through places and values of 0 to 100; "" for fewer than two points."""
    if len(points) < 2:
        return ""
    first, last = points[0][0], points[-1][0]
    spread = (last - first) or 1.0
    return " ".join(f"{1000 * (x - first) / spread:.1f},{100 - value:.1f}" for x, value in points)
