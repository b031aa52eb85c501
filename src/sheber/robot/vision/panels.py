"""Kernels that find how much of each pixel sees a lit panel: the silhouettes of what stands in front of a back light.

An edge between 2 x 2 samples may be a quarter of a pixel off. In front of a panel each pixel has
64 samples, kept as the bits of one number (Carpenter, "The A-buffer", 1984). They lie on a
slightly turned grid, so that no two share a column or a row: an upright edge is met to 1/128 px.
A thing is in front of the panel where a corner of the face is on the panel's bright side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.coverage import edge_bounds
from sheber.robot.vision.jit import inlined, kernel

__all__ = ["cover_panel", "shares"]

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]

_IN_FRONT_M = 2e-5
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@inlined
def _bits(ax: float, ay: float, a: float, bx: float, by: float, b: float, cx: float, cy: float, c: float) -> np.uint64:
    """Which of a pixel's 64 samples lie inside of three lines; a, b, c are the lines' values in its middle."""
    found = np.uint64(0)
    for row in range(8):
        for column in range(8):
            x = (8 * column + row + 0.5) / 32.0 - 1.0
            y = (8 * row + (7 - column) + 0.5) / 32.0 - 1.0
            if ax * x + ay * y + a >= 0.0 and bx * x + by * y + b >= 0.0 and cx * x + cy * y + c >= 0.0:
                found |= np.uint64(1) << np.uint64(8 * row + column)
    return found


@kernel("void(f8[:, ::1], i4[:, ::1], i8, i8, i4[::1], i8, b1, f8[::1], i4[::1], u8[:, ::1], u1[:, ::1])")
def cover_panel(
    points: F8,
    faces: I4,
    first: int,
    last: int,
    shape_of: I4,
    panel: int,
    own: bool,
    plane: F8,
    window: I4,
    bits: U8,
    touched: NDArray[np.uint8],
) -> None:
    """Set the bits of the samples that the faces first..last-1 cover: those of the shape `panel`, or of all others.

    points: as for `cover_image`; own: whether the panel's own faces are meant; plane (4,): height [m] over the
    panel of homogeneous sample coordinates; window: least and greatest column and row that count; touched: the
    tiles of 4 x 4 pixels in which bits were set.
    """
    for f in range(first, last):
        if (shape_of[f] == panel) != own:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        xa, ya, za = points[a, 0], points[a, 1], points[a, 2]
        xb, yb, zb = points[b, 0], points[b, 1], points[b, 2]
        xc, yc, zc = points[c, 0], points[c, 1], points[c, 2]
        if not own:
            highest = max(
                plane[0] * xa + plane[1] * ya + plane[2] * za,
                plane[0] * xb + plane[1] * yb + plane[2] * zb,
                plane[0] * xc + plane[1] * yc + plane[2] * zc,
            )
            if highest + plane[3] < _IN_FRONT_M:
                continue
        box = (1e30, -1e30, 1e30, -1e30)
        box = edge_bounds(xa, ya, za, xb, yb, zb, box)
        box = edge_bounds(xb, yb, zb, xc, yc, zc, box)
        left, right, top, bottom = edge_bounds(xc, yc, zc, xa, ya, za, box)
        # pixel i has the samples 2 i - 0.5 to 2 i + 1.5
        if right < 2 * window[0] - 0.5 or left > 2 * window[1] + 1.5 or right < left:
            continue
        if bottom < 2 * window[2] - 0.5 or top > 2 * window[3] + 1.5:
            continue
        x0 = int(np.floor((max(left, 2.0 * window[0]) + 0.5) / 2.0))
        x1 = int(np.floor((min(right, 2.0 * window[1] + 1.0) + 0.5) / 2.0))
        y0 = int(np.floor((max(top, 2.0 * window[2]) + 0.5) / 2.0))
        y1 = int(np.floor((min(bottom, 2.0 * window[3] + 1.0) + 0.5) / 2.0))
        ax, ay, az = yb * zc - zb * yc, zb * xc - xb * zc, xb * yc - yb * xc
        bx, by, bz = yc * za - zc * ya, zc * xa - xc * za, xc * ya - yc * xa
        cx, cy, cz = ya * zb - za * yb, za * xb - xa * zb, xa * yb - ya * xb
        determinant = xa * ax + ya * ay + za * az
        if determinant == 0.0:
            continue
        if determinant < 0.0:
            ax, ay, az, bx, by, bz, cx, cy, cz = -ax, -ay, -az, -bx, -by, -bz, -cx, -cy, -cz
        reach_a, reach_b, reach_c = abs(ax) + abs(ay), abs(bx) + abs(by), abs(cx) + abs(cy)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u, v = 2.0 * x + 0.5, 2.0 * y + 0.5
                at_a, at_b, at_c = ax * u + ay * v + az, bx * u + by * v + bz, cx * u + cy * v + cz
                if at_a < -reach_a or at_b < -reach_b or at_c < -reach_c:
                    continue
                if at_a >= reach_a and at_b >= reach_b and at_c >= reach_c:
                    found = _ALL
                else:
                    found = _bits(ax, ay, at_a, bx, by, at_b, cx, cy, at_c)
                if found & ~bits[y, x]:
                    bits[y, x] |= found
                    touched[y >> 2, x >> 2] = 1


@inlined
def _count(bits: np.uint64) -> int:
    """How many of 64 bits are set."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel("void(u8[:, ::1], u8[:, ::1], f8, i4[::1], f4[:, ::1], f4[:, ::1])")
def shares(own: U8, covered: U8, brightness: float, window: I4, share: F4, shining: F4) -> None:
    """Add up for each pixel the part through which the panel is seen, and its light.

    share (h, w): -1 where no panel is; shining (h, w): linear light.
    """
    for y in range(window[2], window[3] + 1):
        for x in range(window[0], window[1] + 1):
            if own[y, x] == np.uint64(0):
                continue
            part = np.float32(_count(own[y, x] & ~covered[y, x]) / 64.0)
            share[y, x] = max(share[y, x], np.float32(0.0)) + part
            shining[y, x] += part * np.float32(brightness)
