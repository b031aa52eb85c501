"""Kernels that carry vertices from the frames of their shapes into an image or into the lamp's map.

A projection is a (3, 4) matrix: it takes (x, y, z, 1) in metres to homogeneous image
coordinates (column * depth, row * depth, depth) for a camera, or to (column, row, depth) for
the parallel light of a lamp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["place", "project", "rotation_matrix"]


@kernel("void(f8[::1], f8[:, ::1])")
def rotation_matrix(pose: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the (3, 4) matrix of a pose (7,): m, wxyz."""
    w, x, y, z = pose[3], pose[4], pose[5], pose[6]
    out[0, 0] = 1.0 - 2.0 * (y * y + z * z)
    out[0, 1] = 2.0 * (x * y - w * z)
    out[0, 2] = 2.0 * (x * z + w * y)
    out[1, 0] = 2.0 * (x * y + w * z)
    out[1, 1] = 1.0 - 2.0 * (x * x + z * z)
    out[1, 2] = 2.0 * (y * z - w * x)
    out[2, 0] = 2.0 * (x * z - w * y)
    out[2, 1] = 2.0 * (y * z + w * x)
    out[2, 2] = 1.0 - 2.0 * (x * x + y * y)
    out[0, 3] = pose[0]
    out[1, 3] = pose[1]
    out[2, 3] = pose[2]


@kernel("void(f8[:, :, ::1], f8[:, ::1], i4[::1], f8[:, :, ::1])")
def place(
    local: NDArray[np.float64], poses: NDArray[np.float64], body_of: NDArray[np.int32], out: NDArray[np.float64]
) -> None:
    """Poses of shapes in the base frame, T_base_shape (k, 3, 4), from T_body_shape (k, 3, 4) and T_base_body (b, 7)."""
    body = np.empty((3, 4))
    for k in range(len(local)):
        rotation_matrix(poses[body_of[k]], body)
        for i in range(3):
            for j in range(4):
                total = body[i, 3] if j == 3 else 0.0
                for m in range(3):
                    total += body[i, m] * local[k, m, j]
                out[k, i, j] = total


@kernel("void(f4[:, ::1], i4[::1], f8[:, :, ::1], f8[:, ::1], i8, i8, f8[:, ::1])")
def project(
    vertices: NDArray[np.float32],
    shape_of: NDArray[np.int32],
    T_base_shape: NDArray[np.float64],
    projection: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
) -> None:
    """Project the vertices first..last-1 (n, 3) of their shapes by a (3, 4) projection of the base frame."""
    combined = np.empty((3, 4))
    shape = -1
    for n in range(first, last):
        if shape_of[n] != shape:
            shape = shape_of[n]
            for i in range(3):
                for j in range(4):
                    total = projection[i, 3] if j == 3 else 0.0
                    for m in range(3):
                        total += projection[i, m] * T_base_shape[shape, m, j]
                    combined[i, j] = total
        x, y, z = np.float64(vertices[n, 0]), np.float64(vertices[n, 1]), np.float64(vertices[n, 2])
        for i in range(3):
            out[n, i] = combined[i, 0] * x + combined[i, 1] * y + combined[i, 2] * z + combined[i, 3]
