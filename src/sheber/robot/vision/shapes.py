"""Triangles of plain shapes: box, cylinder, sphere, capsule, plane. Numpy only.

A shape has its origin in its middle; round ones lie along z. Textures: once, upright, on each
face of a box (its sides with z up, its top with y up); once on a plane with y up; by x, y on
everything else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Surface", "plan_uv", "surface"]

_AROUND = 48  # corners of a round outline
_RINGS = 12  # steps from the equator of a sphere to its pole


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles of one shape in its own frame."""

    vertices: NDArray[np.float32]  # (n, 3) m
    faces: NDArray[np.int32]  # (m, 3), counter-clockwise seen from outside
    uv: NDArray[np.float32]  # (m, 3, 2) texture coordinates of the faces' corners: 0..1 from the left upper corner
    smooth: bool


def surface(shape: str, size: Sequence[float]) -> Surface:
    """Triangles of a named shape with the sizes of `sheber.station.Visual`; raises ValueError for an unknown one."""
    if shape == "box":
        return _box(size)
    if shape == "plane":
        return _plane(size)
    if shape == "cylinder":
        return _turned([(0.0, -size[1] / 2), (size[0], -size[1] / 2), (size[0], size[1] / 2), (0.0, size[1] / 2)])
    if shape == "sphere":
        return _turned(_arc(size[0], -90, 90, 0.0))
    if shape == "capsule":
        return _turned(_arc(size[0], -90, 0, -size[1] / 2) + _arc(size[0], 0, 90, size[1] / 2))
    raise ValueError(f"unknown shape {shape!r}; known: box, capsule, cylinder, plane, sphere")


def plan_uv(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    """Texture coordinates (m, 3, 2) by x, y: the bounding rectangle carries the texture once, y up."""
    flat = vertices[:, :2]
    low, extent = flat.min(axis=0), np.maximum(np.ptp(flat, axis=0), 1e-9)
    uv = (flat - low) / extent
    uv[:, 1] = 1.0 - uv[:, 1]
    return np.ascontiguousarray(uv[faces], dtype=np.float32)


def _box(size: Sequence[float]) -> Surface:
    """Six faces; each of its own (right, up, outward) axes, so that pictures stand upright."""
    half = np.array(size[:3]) / 2.0
    axes = np.eye(3)
    x, y, z = axes
    sides = [(y, z, x), (-y, z, -x), (-x, z, y), (x, z, -y), (x, y, z), (x, -y, -z)]
    vertices = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]) * half
    faces, uv = [], []
    for right, up, out in sides:
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        signs = [((out + r * right + u * up) > 0).astype(int) for r, u in corners]
        index = [int(s[0] * 4 + s[1] * 2 + s[2]) for s in signs]
        faces += [[index[0], index[1], index[2]], [index[0], index[2], index[3]]]
        uv += [[(0, 1), (1, 1), (1, 0)], [(0, 1), (1, 0), (0, 0)]]
    return Surface(vertices.astype(np.float32), np.array(faces, np.int32), np.array(uv, np.float32), smooth=False)


def _plane(size: Sequence[float]) -> Surface:
    x, y = size[0] / 2.0, size[1] / 2.0
    vertices = np.array([[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]], np.float32)
    uv = np.array([[(0, 1), (1, 1), (1, 0)], [(0, 1), (1, 0), (0, 0)]], np.float32)
    return Surface(vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uv, smooth=False)


def _arc(radius: float, start_deg: int, end_deg: int, z: float) -> list[tuple[float, float]]:
    """Points (radius, z) of an arc; the poles exactly on the axis."""
    steps = _RINGS * (end_deg - start_deg) // 90
    angles = [math.radians(start_deg + (end_deg - start_deg) * k / steps) for k in range(steps + 1)]
    return [(radius * round(math.cos(a), 12), z + radius * round(math.sin(a), 12)) for a in angles]


def _turned(outline: Sequence[tuple[float, float]]) -> Surface:
    """Turn an outline (radius, z), from the lower to the upper pole, about z."""
    angles = np.arange(_AROUND) * (2.0 * math.pi / _AROUND)
    # rounded, because the last bits of sine and cosine are another processor's others
    x, y = np.round(np.cos(angles), 12), np.round(np.sin(angles), 12)
    inner = outline[1:-1]
    rings = [np.stack([r * x, r * y, np.full(_AROUND, z)], axis=1) for r, z in inner]
    vertices = np.concatenate([[[0.0, 0.0, outline[0][1]]], *rings, [[0.0, 0.0, outline[-1][1]]]])
    here = np.arange(_AROUND)
    there = (here + 1) % _AROUND
    faces = [np.stack([np.zeros(_AROUND, int), 1 + there, 1 + here], axis=1)]
    for ring in range(len(inner) - 1):
        low, high = 1 + ring * _AROUND, 1 + (ring + 1) * _AROUND
        faces.append(np.stack([low + here, low + there, high + there], axis=1))
        faces.append(np.stack([low + here, high + there, high + here], axis=1))
    top = 1 + (len(inner) - 1) * _AROUND
    faces.append(np.stack([top + here, top + there, np.full(_AROUND, len(vertices) - 1)], axis=1))
    points, triangles = vertices.astype(np.float32), np.concatenate(faces).astype(np.int32)
    return Surface(points, triangles, plan_uv(points, triangles), smooth=True)
