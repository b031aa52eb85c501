"""Kernels that find which face each sample of an image or of a shadow map sees.

Camera images are drawn in homogeneous coordinates (Olano and Greer, "Triangle scan conversion
using 2D homogeneous coordinates", 1997): with the corners of a triangle as (column * depth,
row * depth, depth), the cross product of two corners is the line through them. A sample is
inside where it lies on the inner side of all three lines, and the three values, divided by the
triangle's determinant, add up to 1 / depth there. A corner behind the camera needs no new
triangles: where 1 / depth is positive and the lines agree, the triangle is in front; only the
rectangle that is searched has to be found with care. Neighbouring triangles compute their
common line from the same two corners, so the values differ in nothing but the sign and no
sample between them is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import inlined, kernel

__all__ = ["NEAREST", "cover_image", "cover_shadow", "edge_bounds"]

NEAREST = 0.01
"""What is nearer to the camera than this is not seen [m]."""


@inlined
def edge_bounds(
    xp: float, yp: float, zp: float, xq: float, yq: float, zq: float, box: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Widen (left, right, top, bottom) by corner p and by where the edge to q comes nearer than NEAREST."""
    left, right, top, bottom = box
    if zp >= NEAREST:
        x, y = xp / zp, yp / zp
        left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    if (zp >= NEAREST) != (zq >= NEAREST):
        t = (NEAREST - zp) / (zq - zp)
        x, y = (xp + t * (xq - xp)) / NEAREST, (yp + t * (yq - yp)) / NEAREST
        left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    return left, right, top, bottom


@inlined
def _inverse(slope: float) -> float:
    """1 / slope; 0 for a line along the row."""
    return 1.0 / slope if slope != 0.0 else 0.0


@inlined
def _span(row: float, inverse: float, start: int, end: int) -> tuple[int, int]:
    """Narrow the columns start..end of a row to where slope * x + row may be positive, and one more on each side.

    It only saves work: each sample is still asked itself.
    """
    if inverse == 0.0 or start > end:
        return start, end
    crossing = -row * inverse
    if inverse > 0.0:
        if crossing > start:
            start = int(min(crossing, end + 1.0))
    elif crossing < end:
        end = int(max(crossing, start - 1.0)) + 1
    return start, end


@kernel("void(f8[:, ::1], i4[:, ::1], i8, i8, f4[:, ::1], i4[:, ::1], u1[:, ::1])")
def cover_image(
    points: NDArray[np.float64],
    faces: NDArray[np.int32],
    first: int,
    last: int,
    nearness: NDArray[np.float32],
    seen: NDArray[np.int32],
    touched: NDArray[np.uint8],
) -> None:
    """Draw the faces first..last-1 into nearness = 1 / depth [1/m] and seen = number of the face, sample by sample.

    points (n, 3) are homogeneous sample coordinates; sample centres are whole numbers. touched
    marks each tile of 8 x 8 samples that was changed.
    """
    rows, columns = nearness.shape
    for f in range(first, last):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        xa, ya, za = points[a, 0], points[a, 1], points[a, 2]
        xb, yb, zb = points[b, 0], points[b, 1], points[b, 2]
        xc, yc, zc = points[c, 0], points[c, 1], points[c, 2]
        box = (1e30, -1e30, 1e30, -1e30)
        box = edge_bounds(xa, ya, za, xb, yb, zb, box)
        box = edge_bounds(xb, yb, zb, xc, yc, zc, box)
        left, right, top, bottom = edge_bounds(xc, yc, zc, xa, ya, za, box)
        if left > columns - 1 or right < 0.0 or top > rows - 1 or bottom < 0.0 or right < left:
            continue
        x0, x1 = int(np.ceil(max(left, 0.0))), int(np.floor(min(right, columns - 1.0)))
        y0, y1 = int(np.ceil(max(top, 0.0))), int(np.floor(min(bottom, rows - 1.0)))
        if x0 > x1 or y0 > y1:
            continue
        ax, ay, az = yb * zc - zb * yc, zb * xc - xb * zc, xb * yc - yb * xc
        bx, by, bz = yc * za - zc * ya, zc * xa - xc * za, xc * ya - yc * xa
        cx, cy, cz = ya * zb - za * yb, za * xb - xa * zb, xa * yb - ya * xb
        determinant = xa * ax + ya * ay + za * az
        if determinant == 0.0:
            continue
        if determinant < 0.0:
            ax, ay, az, bx, by, bz, cx, cy, cz = -ax, -ay, -az, -bx, -by, -bz, -cx, -cy, -cz
            determinant = -determinant
        wx, wy, wz = (ax + bx + cx) / determinant, (ay + by + cy) / determinant, (az + bz + cz) / determinant
        slant_a, slant_b, slant_c = _inverse(ax), _inverse(bx), _inverse(cx)
        for y in range(y0, y1 + 1):
            row_a, row_b, row_c, row_w = ay * y + az, by * y + bz, cy * y + cz, wy * y + wz
            start, end = _span(row_a, slant_a, x0, x1)
            start, end = _span(row_b, slant_b, start, end)
            start, end = _span(row_c, slant_c, start, end)
            for x in range(start, end + 1):
                if ax * x + row_a >= 0.0 and bx * x + row_b >= 0.0 and cx * x + row_c >= 0.0:
                    w = np.float32(wx * x + row_w)
                    if w > nearness[y, x] and w <= 1.0 / NEAREST:
                        nearness[y, x] = w
                        seen[y, x] = f
                        touched[y >> 3, x >> 3] = 1


@kernel("void(f8[:, ::1], i4[:, ::1], u1[::1], i8, i8, f4[:, ::1], u1[:, ::1])")
def cover_shadow(
    points: NDArray[np.float64],
    faces: NDArray[np.int32],
    casts: NDArray[np.uint8],
    first: int,
    last: int,
    shadow: NDArray[np.float32],
    touched: NDArray[np.uint8],
) -> None:
    """Draw the faces first..last-1 that cast shadows into the map of the depths [m] that the light reaches.

    points (n, 3) are column, row, depth along the light; texel centres are whole numbers.
    touched marks each block of 8 x 8 texels that was changed.
    """
    rows, columns = shadow.shape
    for f in range(first, last):
        if casts[f] == 0:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        xa, ya, xb, yb, xc, yc = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
        x0 = int(np.ceil(max(min(xa, xb, xc), 0.0)))
        x1 = int(np.floor(min(max(xa, xb, xc), columns - 1.0)))
        y0 = int(np.ceil(max(min(ya, yb, yc), 0.0)))
        y1 = int(np.floor(min(max(ya, yb, yc), rows - 1.0)))
        area = (xb - xa) * (yc - ya) - (yb - ya) * (xc - xa)
        if x0 > x1 or y0 > y1 or area == 0.0:
            continue
        bx, by, cx, cy = (yc - ya) / area, (xa - xc) / area, (ya - yb) / area, (xb - xa) / area
        za, zb, zc = points[a, 2], points[b, 2] - points[a, 2], points[c, 2] - points[a, 2]
        slant_a, slant_b, slant_c = _inverse(-bx - cx), _inverse(bx), _inverse(cx)
        for y in range(y0, y1 + 1):
            row_b, row_c = by * (y - ya) - bx * xa, cy * (y - ya) - cx * xa
            start, end = _span(1.0 - row_b - row_c, slant_a, x0, x1)
            start, end = _span(row_b, slant_b, start, end)
            start, end = _span(row_c, slant_c, start, end)
            for x in range(start, end + 1):
                b_part, c_part = bx * x + row_b, cx * x + row_c
                if b_part >= 0.0 and c_part >= 0.0 and b_part + c_part <= 1.0:
                    depth = np.float32(za + b_part * zb + c_part * zc)
                    if depth < shadow[y, x]:
                        shadow[y, x] = depth
                        touched[y >> 3, x >> 3] = 1
