"""Finish: how a surface takes light, from the name of its texture, or else from its colour.

A trace says what colour a thing has and not of what it is made. What is grey in the middle is mostly metal in a
workshop, what is nearly black rubber, what is light painted, and what has the brown of cardboard is cardboard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sheber.station import Visual

__all__ = ["Finish", "finish"]


class Finish(NamedTuple):
    """What glTF calls the metallic-roughness of a surface, each 0..1."""

    metallic: float
    roughness: float


PAINT: Final = Finish(0.0, 0.42)
METAL: Final = Finish(0.75, 0.38)
RUBBER: Final = Finish(0.0, 0.8)
CARDBOARD: Final = Finish(0.0, 0.92)

_NAMED: Final[Mapping[str, Finish]] = {
    "aluminium": METAL,
    "steel": METAL,
    "rubber": Finish(0.0, 0.95),
    "felt": Finish(0.0, 1.0),
    "cardboard": CARDBOARD,
    "wood": Finish(0.0, 0.85),
    "laminate": PAINT,
    "label": Finish(0.0, 0.6),
}


def finish(visual: Visual) -> Finish:
    """How the surface of a visual takes light."""
    named = _NAMED.get(visual.texture.partition("/")[0])
    return named or _of_colour(*visual.colour)


def _of_colour(red: float, green: float, blue: float) -> Finish:
    light, strength = max(red, green, blue), max(red, green, blue) - min(red, green, blue)
    if strength < 0.06:
        return RUBBER if light < 0.25 else METAL if light < 0.8 else PAINT
    brown = red > green > blue and 0.2 < strength < 0.55 and red - green < 0.7 * (red - blue)
    return CARDBOARD if brown else PAINT
