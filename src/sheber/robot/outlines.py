"""Outlines: triangles of a flat outline with holes, by cutting ears (Meisters, "Polygons have ears", 1975)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["filled"]

Array = NDArray[np.float64]
Ring = list[int]  # numbers of points, in order


def filled(rings: Sequence[Array]) -> NDArray[np.int32]:
    """Triangles (m, 3) of the first ring without the others, numbers in the rings' points one after another.

    The outline runs counter-clockwise and may be hollow, each hole lies inside of it, in any direction. Raises
    ValueError where no triangles can be cut: the outline crosses itself, or no side sees a hole.
    """
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings])
    numbered = [list(range(end - len(ring), end)) for ring, end in zip(rings, ends, strict=True)]
    outline = numbered[0]
    if _area(points[outline]) < 0.0:
        outline.reverse()
    holes = [hole if _area(points[hole]) < 0.0 else hole[::-1] for hole in numbered[1:]]
    for hole in sorted(holes, key=lambda hole: -float(points[hole, 0].max())):
        outline = _bridged(points, outline, hole)
    return np.array(_ears(points, outline), np.int32)


def _area(ring: Array) -> float:
    """Twice the area, above zero where the ring runs counter-clockwise."""
    following = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]).sum())


def _side(a: Array, b: Array, c: Array) -> float:
    """Above zero where c lies left of the line from a to b."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _bridged(points: Array, outline: Ring, hole: Ring) -> Ring:
    """The outline with a hole, joined by a bridge there and back between two points that see each other."""
    start = max(range(len(hole)), key=lambda k: float(points[hole[k], 0]))
    turned = hole[start:] + hole[: start + 1]
    here = points[hole[start]]
    by_distance = sorted(range(len(outline)), key=lambda k: float(((points[outline[k]] - here) ** 2).sum()))
    for k in by_distance:
        if _sees(points, outline, hole, here, points[outline[k]]):
            return outline[: k + 1] + turned + outline[k:]
    raise ValueError("a hole of an outline lies outside of it")


def _sees(points: Array, outline: Ring, hole: Ring, a: Array, b: Array) -> bool:
    """Whether no side of the rings crosses the way from a to b."""
    for ring in (outline, hole):
        for p, q in zip(ring, ring[1:] + ring[:1], strict=True):
            one, other = points[p], points[q]
            if _side(a, b, one) * _side(a, b, other) < 0.0 and _side(one, other, a) * _side(one, other, b) < 0.0:
                return False
    return True


def _ears(points: Array, outline: Ring) -> list[tuple[int, int, int]]:
    """Cut corners that hold no other point, until a triangle is left."""
    left, ears = list(outline), []
    while len(left) > 3:
        for k in range(len(left)):
            a, b, c = left[k - 1], left[k], left[(k + 1) % len(left)]
            if _side(points[a], points[b], points[c]) > 0.0 and not _holds(points, left, (a, b, c)):
                ears.append((a, b, c))
                del left[k]
                break
        else:
            flat = [k for k in range(len(left)) if _flat(points, left, k)]
            if not flat:
                raise ValueError("an outline crosses itself")
            del left[flat[0]]
    a, b, c = left
    if _side(points[a], points[b], points[c]) < 0.0:
        raise ValueError("an outline crosses itself")
    return [*ears, (a, b, c)]


def _flat(points: Array, left: Ring, k: int) -> bool:
    return abs(_side(points[left[k - 1]], points[left[k]], points[left[(k + 1) % len(left)]])) < 1e-15


def _holds(points: Array, left: Ring, ear: tuple[int, int, int]) -> bool:
    """Whether another corner lies in an ear; a bridge's corners are there twice and do not count."""
    a, b, c = (points[k] for k in ear)
    others = points[[k for k in left if not (points[k] == a).all() and not (points[k] == b).all()
                     and not (points[k] == c).all()]]  # fmt: skip
    if not len(others):
        return False
    inside = np.ones(len(others), bool)
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= (q[0] - p[0]) * (others[:, 1] - p[1]) - (q[1] - p[1]) * (others[:, 0] - p[0]) >= 0.0
    return bool(inside.any())
