"""Lights: ring, bar, back and spot lights of a cell: how bright they are, and their bodies. No vision."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from sheber.geometry import Pose
from sheber.robot.cell.scene import Colour, Fixture, Light, Shape

__all__ = ["KINDS", "RING_WIDTH", "brightness", "light_fixture"]

KINDS = {"ring": 1, "bar": 1, "back": 2, "spot": 0}
"""Kinds of lights, and how many numbers the size of each has."""

RING_WIDTH, BAR_WIDTH, HOUSING = 0.024, 0.024, 0.02  # m; a housing's depth behind the light
BACK_FRAME = 0.012  # m around the bright panel
SPOT_RADIUS = 0.02
_BLACK: Colour = (0.12, 0.12, 0.13)
_WHITE: Colour = (0.92, 0.93, 0.92)
_AROUND = 8  # solid blocks of a ring
_JUST_OVER = 5e-4  # m, of a drawn surface over the solid one


def brightness(light: Light, switched: Mapping[str, bool], dimmed: Mapping[str, float]) -> float:
    """How bright a light is now, 0..1."""
    if light.dimmable:
        return min(max(dimmed[light.name] / 100.0, 0.0), 1.0)
    return 1.0 if switched[light.name] else 0.0


def light_fixture(light: Light) -> Fixture:
    """The body of a light; what is bright of it is its last shape."""
    return Fixture(light.name, tuple(_SHAPES[light.kind](light)), light.pose)


def _ring(light: Light) -> Iterator[Shape]:
    inner, outer = light.size[0] - RING_WIDTH / 2, light.size[0] + RING_WIDTH / 2
    side = 2.0 * outer * math.tan(math.pi / _AROUND)
    for number in range(_AROUND):
        angle = 2.0 * math.pi * number / _AROUND
        at = Pose((light.size[0] * math.cos(angle), light.size[0] * math.sin(angle), -HOUSING / 2)).rotated(z=angle)
        yield Shape("box", (RING_WIDTH, side, HOUSING), at, drawn=False)
    profile = ((inner, -HOUSING), (outer, -HOUSING), (outer, 0.0), (inner, 0.0), (inner, -HOUSING))
    yield Shape("lathe", (), Pose(), _BLACK, profile, solid=False)
    bright = ((outer - 0.003, _JUST_OVER), (inner + 0.003, _JUST_OVER))
    yield Shape("lathe", (), Pose(), _WHITE, bright, solid=False)


def _bar(light: Light) -> Iterator[Shape]:
    (length,) = light.size
    yield Shape("box", (length + 0.01, BAR_WIDTH, HOUSING), Pose((0.0, 0.0, -HOUSING / 2)), _BLACK)
    bright = Pose((0.0, 0.0, _JUST_OVER))
    yield Shape("plane", (length, BAR_WIDTH - 0.006), bright, _WHITE, solid=False)


def _back(light: Light) -> Iterator[Shape]:
    length, width = light.size
    frame = (length + 2 * BACK_FRAME, width + 2 * BACK_FRAME, HOUSING)
    yield Shape("box", frame, Pose((0.0, 0.0, -HOUSING / 2)), _BLACK)
    yield Shape("plane", (length, width), Pose((0.0, 0.0, _JUST_OVER / 5)), _WHITE, solid=False)


def _spot(light: Light) -> Iterator[Shape]:
    yield Shape("cylinder", (SPOT_RADIUS, 0.05), Pose((0.0, 0.0, -0.025)), _BLACK)
    yield Shape("cylinder", (SPOT_RADIUS - 0.004, 0.001), Pose((0.0, 0.0, 0.0)), _WHITE, solid=False)


_SHAPES = {"ring": _ring, "bar": _bar, "back": _back, "spot": _spot}
