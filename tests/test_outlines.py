"""Outlines with holes are filled, and plates made of them are closed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sheber.robot.appearance import mesh, plate_name
from sheber.robot.outlines import filled

SQUARE = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)])
NOTCHED = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)])


def circle(x: float, y: float, radius: float, count: int = 24) -> np.ndarray:
    angles = np.arange(count) * (2 * math.pi / count)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def area(ring: np.ndarray) -> float:
    following = np.roll(ring, -1, axis=0)
    return abs(float((ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]).sum())) / 2.0


@pytest.mark.parametrize("turned", [1, -1], ids=["counter-clockwise", "clockwise"])
@pytest.mark.parametrize("outline", [SQUARE, NOTCHED], ids=["square", "notched"])
@pytest.mark.parametrize("holes", [0, 1, 3])
def test_the_triangles_have_the_area_of_the_outline_without_its_holes(
    outline: np.ndarray, holes: int, turned: int
) -> None:
    rings = [outline[::turned], *[circle(x, 0.6, 0.3)[::turned] for x in (0.9, 2.0, 3.1)[:holes]]]
    triangles = np.concatenate(rings)[filled(rings)]
    areas = [area(triangle) for triangle in triangles]
    assert sum(areas) == pytest.approx(area(outline) - sum(area(ring) for ring in rings[1:]))
    for hole in rings[1:]:
        middle = hole.mean(axis=0)
        corners = triangles - middle
        around = np.roll(corners, -1, axis=1)
        sides = corners[..., 0] * around[..., 1] - corners[..., 1] * around[..., 0]
        assert not (sides > 0).all(axis=1).any(), "a triangle covers the middle of a hole"


@pytest.mark.parametrize("turned", [1, -1], ids=["counter-clockwise", "clockwise"])
def test_holes_in_line_with_each_other_and_with_corners_are_cut(turned: int) -> None:
    middles = [(x, y) for x in (-0.5, 0.0, 0.5) for y in (-0.5, 0.0, 0.5)]
    rings = [circle(0.0, 0.0, 2.0)[::turned], *(circle(x, y, 0.1, 16) for x, y in middles)]
    triangles = np.concatenate(rings)[filled(rings)]
    assert sum(map(area, triangles)) == pytest.approx(area(rings[0]) - 9 * area(rings[1]))


def test_a_plate_is_closed_and_its_walls_look_outwards() -> None:
    rings = (SQUARE, circle(1.0, 1.0, 0.4), circle(2.6, 2.4, 0.7))
    plate = mesh(
        plate_name(0.5, *(tuple(map(tuple, r)) for r in rings[:1]), tuple(tuple(map(tuple, r)) for r in rings[1:]))
    )
    a, b, c = (plate.vertices[plate.faces[:, k]].astype(float) for k in range(3))
    volume = float((np.cross(a, b) * c).sum()) / 6.0
    assert volume == pytest.approx(0.5 * (area(rings[0]) - area(rings[1]) - area(rings[2])), rel=1e-5)
    assert np.abs(np.cross(b - a, c - a).sum(axis=0)).max() < 1e-5


def test_a_crossed_outline_and_a_plate_of_too_many_points_are_refused() -> None:
    with pytest.raises(ValueError, match="crosses itself"):
        filled([np.array([(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])])
    with pytest.raises(ValueError, match="a hole is not inside"):
        filled([SQUARE, circle(4.0, 2.0, 0.5)])
    with pytest.raises(ValueError, match="at most 200 points in all"):
        mesh(plate_name(1.0, tuple(map(tuple, circle(0, 0, 5, 150))), (tuple(map(tuple, circle(0, 0, 1, 60))),)))
