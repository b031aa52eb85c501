"""Kernel for normals that are smooth across flat edges and sharp across creases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["crease_normals"]


@kernel("i4(i4[::1], i4)")
def _root(parent: NDArray[np.int32], face: int) -> int:
    """The representative of a face's group (union-find, path halving)."""
    while parent[face] != face:
        parent[face] = parent[parent[face]]
        face = parent[face]
    return face


@kernel("void(f4[:, ::1], i4[:, ::1], f8[:, ::1], f8[:, ::1])")
def _face_normals(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], normals: NDArray[np.float64], weights: NDArray[np.float64]
) -> None:
    """Unit normals (m, 3) of the faces, zero where a face has no area, and their weights (m, 3) at their corners.

    The weight at a corner is sin(angle) / (product of its two edges' lengths), which gives a
    sphere its exact normals (Max, "Weights for computing vertex normals from facet normals", 1999).
    """
    for f in range(len(faces)):
        for k in range(3):
            a, b, c = faces[f, k], faces[f, (k + 1) % 3], faces[f, (k + 2) % 3]
            ux = np.float64(vertices[b, 0]) - vertices[a, 0]
            uy = np.float64(vertices[b, 1]) - vertices[a, 1]
            uz = np.float64(vertices[b, 2]) - vertices[a, 2]
            vx = np.float64(vertices[c, 0]) - vertices[a, 0]
            vy = np.float64(vertices[c, 1]) - vertices[a, 1]
            vz = np.float64(vertices[c, 2]) - vertices[a, 2]
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            length = np.sqrt(nx * nx + ny * ny + nz * nz)
            if length > 0.0:
                normals[f, 0], normals[f, 1], normals[f, 2] = nx / length, ny / length, nz / length
                weights[f, k] = length / ((ux * ux + uy * uy + uz * uz) * (vx * vx + vy * vy + vz * vz))


@kernel("i4(i4[:, ::1], i4, i4)")
def _shared_vertices(faces: NDArray[np.int32], f: int, g: int) -> int:
    """How many vertices two faces have in common."""
    count = 0
    for i in range(3):
        for j in range(3):
            if faces[f, i] == faces[g, j]:
                count += 1
    return count


@kernel("void(f4[:, ::1], i4[:, ::1], f8, f4[:, :, ::1], i4[::1])")
def crease_normals(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    least_cosine: float,
    normals: NDArray[np.float32],
    group: NDArray[np.int32],
) -> None:
    """Unit normals at the corners of faces (m, 3, 3), and the smooth group (m,) that each face belongs to.

    A corner's normal is the weighted mean over the faces around its vertex whose own
    normals are within the crease angle of this face's. Faces that meet at such an edge are one
    group; a group is named by one of its faces.
    """
    n, m = len(vertices), len(faces)
    start = np.zeros(n + 1, np.int32)
    for f in range(m):
        for k in range(3):
            start[faces[f, k] + 1] += 1
    for v in range(n):
        start[v + 1] += start[v]
    around = np.empty(3 * m, np.int32)
    filled = start[:-1].copy()
    for f in range(m):
        for k in range(3):
            around[filled[faces[f, k]]] = 3 * f + k
            filled[faces[f, k]] += 1
        group[f] = f
    flat = np.zeros((m, 3))
    weights = np.zeros((m, 3))
    _face_normals(vertices, faces, flat, weights)
    for f in range(m):
        for k in range(3):
            x, y, z = 0.0, 0.0, 0.0
            for at in range(start[faces[f, k]], start[faces[f, k] + 1]):
                g, corner = around[at] // 3, around[at] % 3
                cosine = flat[f, 0] * flat[g, 0] + flat[f, 1] * flat[g, 1] + flat[f, 2] * flat[g, 2]
                if g != f and cosine < least_cosine:
                    continue
                x += weights[g, corner] * flat[g, 0]
                y += weights[g, corner] * flat[g, 1]
                z += weights[g, corner] * flat[g, 2]
                if g > f and _shared_vertices(faces, f, g) >= 2:
                    group[_root(group, g)] = _root(group, f)
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0.0:
                normals[f, k, 0], normals[f, k, 1], normals[f, k, 2] = x / length, y / length, z / length
            else:
                normals[f, k, 2] = 1.0
    for f in range(m):
        group[f] = _root(group, f)
