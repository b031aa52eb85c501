"""Kernels of what lamps beyond the first one do, and of what shines: highlights, scratches, panels that give light.

All of it is added to what `shading` works out, and only where a cell has such things.

A highlight is Blinn's: intensity * gloss * (n . h) ^ shininess, with h halfway between lamp and
eye; the power is a whole number, so that multiplications alone make it. A scratch is a groove
with two steep flanks along its direction: each flank has a highlight of its own. So light from
above, whose h is near n, misses the flanks, and light that comes in low across the scratch
meets one of them. How much of a pixel is scratched, and along which direction, is read from a
relief (see `textures`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import inlined, kernel

__all__ = ["PARALLEL", "POINT", "SHEET", "add_glow", "add_lamps", "add_panels", "share_pixels"]

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U1 = NDArray[np.uint8]

PARALLEL, POINT, SHEET = 0.0, 1.0, 2.0
"""Kinds of lamps: parallel light; a point that shines to all sides; a small flat one (Lambert's cosine)."""

REFERENCE_M = 0.3  # m, where a point or a flat lamp has its strength
_FLANK_COSINE, _FLANK_SINE = 0.819152044, 0.573576436  # of 35 degrees, the slope of a scratch's flanks
_FLANK_SHININESS = 32
_FLANK_GLOSS = 0.6
_MIDDLE, _SIGNED = 128.0 / 255.0, 255.0 / 127.0  # of the numbers of a relief that have a sign


@inlined
def _power(base: float, exponent: int) -> float:
    """base ^ exponent by multiplications."""
    result = 1.0
    while exponent > 0:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@inlined
def _towards(lamp: F8, n: int, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Unit direction from a point to lamp n, and the lamp's intensity there."""
    if lamp[n, 0] == PARALLEL:
        return lamp[n, 4], lamp[n, 5], lamp[n, 6], lamp[n, 7]
    dx, dy, dz = lamp[n, 1] - x, lamp[n, 2] - y, lamp[n, 3] - z
    square = dx * dx + dy * dy + dz * dz + 1e-12
    inverse = 1.0 / np.sqrt(square)
    dx, dy, dz = dx * inverse, dy * inverse, dz * inverse
    intensity = lamp[n, 7] * (REFERENCE_M * REFERENCE_M) * inverse * inverse
    if lamp[n, 0] == SHEET:
        intensity *= max(-(dx * lamp[n, 4] + dy * lamp[n, 5] + dz * lamp[n, 6]), 0.0)
    return dx, dy, dz, intensity


@kernel(
    "void(i8, i4[::1], i4[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    "f8[:, ::1], i4[:, ::1], f4[:, :, ::1], f8[:, ::1], f8[::1])"
)
def add_lamps(
    count: int,
    face: I4,
    shape_of: I4,
    where: F8,
    base_from_image: F8,
    eye: F8,
    first_lamp: F8,
    lamps: F8,
    gloss: F8,
    relief: F8,
    points: F8,
    faces: I4,
    uvs: F4,
    light: F8,
    glow: F8,
) -> None:
    """Add the diffuse light of further lamps to light[:, 0]; write what shines, white and of no colour, to `glow`.

    where (p, 6): normal, and homogeneous sample coordinates; eye (3,): m; lamps (n, 8): kind, place [m], direction
    (to a parallel lamp; of a flat lamp's light), strength; gloss (k, 2): height and whole exponent of a shape's
    highlight; relief (p, 3): how much is scratched, and (128 + 127 * that times cosine and sine of twice the scratch's
    angle) / 255; the angle runs from u to v.
    """
    for p in range(count):
        glow[p] = 0.0
        if face[p] < 0:
            continue
        nx, ny, nz = where[p, 0], where[p, 1], where[p, 2]
        qx, qy, qz = where[p, 3], where[p, 4], where[p, 5]
        x = base_from_image[0, 0] * qx + base_from_image[0, 1] * qy + base_from_image[0, 2] * qz + base_from_image[0, 3]
        y = base_from_image[1, 0] * qx + base_from_image[1, 1] * qy + base_from_image[1, 2] * qz + base_from_image[1, 3]
        z = base_from_image[2, 0] * qx + base_from_image[2, 1] * qy + base_from_image[2, 2] * qz + base_from_image[2, 3]
        vx, vy, vz = eye[0] - x, eye[1] - y, eye[2] - z
        length = np.sqrt(vx * vx + vy * vy + vz * vz + 1e-30)
        vx, vy, vz = vx / length, vy / length, vz / length
        k = shape_of[face[p]]
        shine, exponent = gloss[k, 0], int(gloss[k, 1])
        cover, cx, cy, cz = relief[p, 0], 0.0, 0.0, 0.0
        tx, ty, tz = 0.0, 0.0, 0.0
        if cover > 0.0:
            # along the scratch by the face's directions of u and v, in the base frame; and across it
            a, b, c = faces[face[p], 0], faces[face[p], 1], faces[face[p], 2]
            u1, v1 = uvs[face[p], 1, 0] - uvs[face[p], 0, 0], uvs[face[p], 1, 1] - uvs[face[p], 0, 1]
            u2, v2 = uvs[face[p], 2, 0] - uvs[face[p], 0, 0], uvs[face[p], 2, 1] - uvs[face[p], 0, 1]
            double_cosine = min(max((relief[p, 1] - _MIDDLE) * _SIGNED / cover, -1.0), 1.0)
            double_sine = relief[p, 2] - _MIDDLE
            cosine = np.sqrt(max(0.5 + 0.5 * double_cosine, 0.0))
            sine = np.sqrt(max(0.5 - 0.5 * double_cosine, 0.0))
            if double_sine < 0.0:
                sine = -sine
            turned = 1.0 if u1 * v2 - u2 * v1 >= 0.0 else -1.0
            for i in range(3):
                e1 = (
                    base_from_image[i, 0] * (points[b, 0] - points[a, 0])
                    + base_from_image[i, 1] * (points[b, 1] - points[a, 1])
                    + base_from_image[i, 2] * (points[b, 2] - points[a, 2])
                )
                e2 = (
                    base_from_image[i, 0] * (points[c, 0] - points[a, 0])
                    + base_from_image[i, 1] * (points[c, 1] - points[a, 1])
                    + base_from_image[i, 2] * (points[c, 2] - points[a, 2])
                )
                along = turned * (cosine * (e1 * v2 - e2 * v1) + sine * (e2 * u1 - e1 * u2))
                if i == 0:
                    tx = along
                elif i == 1:
                    ty = along
                else:
                    tz = along
            cx, cy, cz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
            length = np.sqrt(cx * cx + cy * cy + cz * cz + 1e-30)
            cx, cy, cz = cx / length, cy / length, cz / length
        for n in range(-1, len(lamps)):
            if n < 0:
                lx, ly, lz = first_lamp[0], first_lamp[1], first_lamp[2]
                facing = nx * lx + ny * ly + nz * lz
                # what the shadows left of it
                intensity = light[p, 1] / facing if light[p, 1] > 0.0 and facing > 1e-9 else 0.0
            else:
                lx, ly, lz, intensity = _towards(lamps, n, x, y, z)
                facing = nx * lx + ny * ly + nz * lz
                if facing > 0.0:
                    light[p, 0] += intensity * facing
            if intensity <= 0.0 or (shine == 0.0 and cover == 0.0):
                continue
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            length = np.sqrt(hx * hx + hy * hy + hz * hz + 1e-30)
            hx, hy, hz = hx / length, hy / length, hz / length
            straight = nx * hx + ny * hy + nz * hz
            if facing > 0.0 and shine > 0.0 and straight > 0.0:
                glow[p] += intensity * shine * (1.0 - cover) * _power(straight, exponent)
            if cover > 0.0:
                aside = cx * hx + cy * hy + cz * hz
                from_side = cx * lx + cy * ly + cz * lz
                for flank in range(2):
                    slope = _FLANK_SINE if flank == 0 else -_FLANK_SINE
                    met = _FLANK_COSINE * straight + slope * aside
                    if met > 0.0 and _FLANK_COSINE * facing + slope * from_side > 0.0:
                        glow[p] += intensity * cover * _FLANK_GLOSS * _power(met, _FLANK_SHININESS)


@kernel("void(i8, i4[::1], i4[::1], f8[:, ::1], f8[::1], f4[:, ::1])")
def add_glow(count: int, face: I4, pixel: I4, at: F8, glow: F8, out: F4) -> None:
    """Add what shines at each point to its pixel (h * w, 3)."""
    for p in range(count):
        if face[p] >= 0 and glow[p] > 0.0:
            shining = np.float32(at[p, 2] * glow[p])
            for k in range(3):
                out[pixel[p], k] += shining


@kernel("void(i8, i4[::1], i4[::1], f8[:, ::1], i4[::1], i4[::1], f4[::1])")
def share_pixels(count: int, face: I4, pixel: I4, at: F8, shape_of: I4, panel_of: I4, share: F4) -> None:
    """Give each point in front of or on a lit panel its exact share of the pixel.

    share (h * w): the part of the pixel through which the panel is seen, -1 where no panel is. The points of one pixel
    follow one another.
    """
    p = 0
    while p < count:
        end = p + 1
        while end < count and pixel[end] == pixel[p]:
            end += 1
        seen = np.float64(share[pixel[p]])
        if seen >= 0.0:
            panel = 0.0
            for m in range(p, end):
                if face[m] >= 0 and panel_of[shape_of[face[m]]] >= 0:
                    panel += at[m, 2]
            for m in range(p, end):
                if face[m] >= 0 and panel_of[shape_of[face[m]]] >= 0:
                    at[m, 2] *= seen / panel
                else:
                    at[m, 2] *= (1.0 - seen) / (1.0 - panel)
        p = end


@kernel("void(i8, u1[:, ::1], i8, i8, f4[::1], f4[:, ::1])")
def add_panels(tile_row: int, touched: U1, height: int, width: int, shining: F4, out: F4) -> None:
    """Add the light of lit panels (h * w) to the pixels of a row of tiles."""
    for row in range(4 * tile_row, min(4 * tile_row + 4, height)):
        for column in range(width):
            if touched[tile_row, column >> 2]:
                at = row * width + column
                if shining[at] > 0.0:
                    for k in range(3):
                        out[at, k] += shining[at]
