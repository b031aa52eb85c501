"""Kernels that turn seen faces into linear light.

Each output pixel has 2 x 2 samples. Samples that see the same smooth group of faces are
shaded once, at the middle of those samples; samples of different groups are shaded apart and
averaged. So edges and creases are antialiased at the price of one shading for most pixels.

What leaves a surface: albedo * (ambient * (0.75 + 0.25 * n_z) + diffuse * lit * max(0, n . l)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel
from sheber.robot.vision.texels import texture_colour

__all__ = ["shade_tiles"]

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


@kernel("UniTuple(f8, 3)(f8[:, ::1], i4, i4, i4, f8, f8)")
def _parts(points: F8, a: int, b: int, c: int, x: float, y: float) -> tuple[float, float, float]:
    """Parts (barycentric, perspective corrected) of the corners a, b, c at column x, row y of the samples.

    Where x, y lies outside of the face, by half a pixel, the parts go on a little and no further:
    a face seen edge-on would give nonsense.
    """
    xa, ya, za = points[a, 0], points[a, 1], points[a, 2]
    xb, yb, zb = points[b, 0], points[b, 1], points[b, 2]
    xc, yc, zc = points[c, 0], points[c, 1], points[c, 2]
    part_a = (yb * zc - zb * yc) * x + (zb * xc - xb * zc) * y + (xb * yc - yb * xc)
    part_b = (yc * za - zc * ya) * x + (zc * xa - xc * za) * y + (xc * ya - yc * xa)
    part_c = (ya * zb - za * yb) * x + (za * xb - xa * zb) * y + (xa * yb - ya * xb)
    total = part_a + part_b + part_c
    if total == 0.0:
        return 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0
    part_a = min(max(part_a / total, -0.25), 1.25)
    part_b = min(max(part_b / total, -0.25), 1.25)
    return part_a, part_b, 1.0 - part_a - part_b


@kernel("b1(f8[:, ::1], i4, i4, i4)")
def _seen_from_behind(points: F8, a: int, b: int, c: int) -> Any:
    """Whether the camera sees the back of a face. Rows run downwards, so a front is clockwise in the image."""
    xa, ya, za = points[a, 0], points[a, 1], points[a, 2]
    xb, yb, zb = points[b, 0], points[b, 1], points[b, 2]
    xc, yc, zc = points[c, 0], points[c, 1], points[c, 2]
    return xa * (yb * zc - zb * yc) + ya * (zb * xc - xb * zc) + za * (xb * yc - yb * xc) > 0.0


@kernel("f8(f8[:, ::1], i4, i4, i4, f4[:, ::1], f8, f8)")
def _footprint(points: F8, a: int, b: int, c: int, uv: F4, x: float, y: float) -> Any:
    """Area of the texture (its whole area is 1) that one pixel, two samples wide, covers."""
    ua, va, _ = _parts(points, a, b, c, x - 1.0, y)
    ub, vb, _ = _parts(points, a, b, c, x + 1.0, y)
    uc, vc, _ = _parts(points, a, b, c, x, y - 1.0)
    ud, vd, _ = _parts(points, a, b, c, x, y + 1.0)
    area = (ub - ua) * (vd - vc) - (vb - va) * (ud - uc)
    whole = (uv[0, 0] - uv[2, 0]) * (uv[1, 1] - uv[2, 1]) - (uv[1, 0] - uv[2, 0]) * (uv[0, 1] - uv[2, 1])
    return abs(area * whole)


@kernel("f8(f4[:, ::1], f8, f8, f8)")
def _lit(shadow: F4, u: float, v: float, depth: float) -> float:
    """How much of the lamp, 0..1, a point at texel column u, row v and depth [m] along the light sees.

    The mean over a window of 3 x 3 texels around the point; outside of the map all is lit.
    """
    rows, columns = shadow.shape
    if not (u >= 1.0 and v >= 1.0 and u < columns - 2.0 and v < rows - 2.0):
        return 1.0
    i, j = int(u), int(v)
    fu, fv = u - i, v - j
    lit = 0.0
    for m in range(4):
        row = 1.0 - fv if m == 0 else (fv if m == 3 else 1.0)
        along = 0.0
        along += (1.0 - fu) if shadow[j + m - 1, i - 1] >= depth else 0.0
        along += 1.0 if shadow[j + m - 1, i] >= depth else 0.0
        along += 1.0 if shadow[j + m - 1, i + 1] >= depth else 0.0
        along += fu if shadow[j + m - 1, i + 2] >= depth else 0.0
        lit += row * along
    return lit / 9.0


@kernel(
    "UniTuple(f8, 5)(i4, f8, f8, f8[:, ::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1], i4[::1], f8[:, :, ::1],"
    "f4[:, ::1], i4[::1], u2[:, ::1], i4[:, :, ::1], f8[::1], f8[:, ::1], f4[:, ::1])"
)
def _light_from(
    f: int,
    x: float,
    y: float,
    points: F8,
    faces: I4,
    normals: F4,
    uvs: F4,
    shape_of: I4,
    T_base_shape: F8,
    albedos: F4,
    textures: I4,
    texels: NDArray[np.uint16],
    levels: I4,
    lamp: F8,
    lamp_from_image: F8,
    shadow: F4,
) -> tuple[float, float, float, float, float]:
    """Linear red, green, blue that face f sends from column x, row y, and where in the shadow map that was read."""
    a, b, c, shape = faces[f, 0], faces[f, 1], faces[f, 2], shape_of[f]
    pa, pb, pc = _parts(points, a, b, c, x, y)
    mx = pa * normals[f, 0, 0] + pb * normals[f, 1, 0] + pc * normals[f, 2, 0]
    my = pa * normals[f, 0, 1] + pb * normals[f, 1, 1] + pc * normals[f, 2, 1]
    mz = pa * normals[f, 0, 2] + pb * normals[f, 1, 2] + pc * normals[f, 2, 2]
    length = np.sqrt(mx * mx + my * my + mz * mz + 1e-30)
    if _seen_from_behind(points, a, b, c):
        length = -length
    R = T_base_shape[shape]
    nx = (R[0, 0] * mx + R[0, 1] * my + R[0, 2] * mz) / length
    ny = (R[1, 0] * mx + R[1, 1] * my + R[1, 2] * mz) / length
    nz = (R[2, 0] * mx + R[2, 1] * my + R[2, 2] * mz) / length
    cosine = nx * lamp[0] + ny * lamp[1] + nz * lamp[2]
    light = lamp[3] * (0.75 + 0.25 * nz)
    u, v = -1.0, -1.0
    if cosine > 0.0:
        qx = pa * points[a, 0] + pb * points[b, 0] + pc * points[c, 0]
        qy = pa * points[a, 1] + pb * points[b, 1] + pc * points[c, 1]
        qz = pa * points[a, 2] + pb * points[b, 2] + pc * points[c, 2]
        S = lamp_from_image
        u = S[0, 0] * qx + S[0, 1] * qy + S[0, 2] * qz + S[0, 3]
        v = S[1, 0] * qx + S[1, 1] * qy + S[1, 2] * qz + S[1, 3]
        depth = S[2, 0] * qx + S[2, 1] * qy + S[2, 2] * qz + S[2, 3]
        # a slanted surface must not shade itself: as far as its depth changes within the window of texels
        slope = min(np.sqrt(max(1.0 - cosine * cosine, 0.0)) / cosine, 5.0)
        light += lamp[4] * cosine * _lit(shadow, u, v, depth - lamp[5] * (1.0 + 2.5 * slope))
    if textures[shape] < 0:
        red, green, blue = float(albedos[shape, 0]), float(albedos[shape, 1]), float(albedos[shape, 2])
    else:
        s = pa * uvs[f, 0, 0] + pb * uvs[f, 1, 0] + pc * uvs[f, 2, 0]
        t = pa * uvs[f, 0, 1] + pb * uvs[f, 1, 1] + pc * uvs[f, 2, 1]
        footprint = _footprint(points, a, b, c, uvs[f], x, y)
        red, green, blue = texture_colour(texels, levels, textures[shape], s, t, footprint)
    return red * light, green * light, blue * light, u, v


@kernel(
    "void(u1[:, ::1], i4[:, ::1], i4[::1], f8[:, ::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1], i4[::1],"
    "f8[:, :, ::1], f4[:, ::1], i4[::1], u2[:, ::1], i4[:, :, ::1], f8[::1], f8[:, ::1], f4[:, ::1], f8[::1],"
    "f4[:, :, ::1], i4[:, :, ::1], b1)"
)
def shade_tiles(
    touched: NDArray[np.uint8],
    seen: I4,
    groups: I4,
    points: F8,
    faces: I4,
    normals: F4,
    uvs: F4,
    shape_of: I4,
    T_base_shape: F8,
    albedos: F4,
    textures: I4,
    texels: NDArray[np.uint16],
    levels: I4,
    lamp: F8,
    lamp_from_image: F8,
    shadow: F4,
    background: F8,
    light: F4,
    read: I4,
    record: bool,
) -> None:
    """Write linear light (h, w, 3) for each touched tile of 4 x 4 pixels (8 x 8 samples).

    lamp: direction to the lamp (3), ambient, diffuse, width of a shadow texel [m]. With `record`,
    read (tile rows, tile columns, 4) takes the least and greatest column and row of the shadow map that a tile read.
    """
    height, width = light.shape[0], light.shape[1]
    for tile_row in range(touched.shape[0]):
        for tile_column in range(touched.shape[1]):
            if touched[tile_row, tile_column] == 0:
                continue
            u0, u1, v0, v1 = 1e9, -1e9, 1e9, -1e9
            for row in range(4 * tile_row, min(4 * tile_row + 4, height)):
                for column in range(4 * tile_column, min(4 * tile_column + 4, width)):
                    red, green, blue = 0.0, 0.0, 0.0
                    done = 0
                    for k in range(4):
                        if (done >> k) & 1:
                            continue
                        f = seen[2 * row + (k >> 1), 2 * column + (k & 1)]
                        group = groups[f] if f >= 0 else -1
                        count, dx, dy = 0, 0, 0
                        for m in range(k, 4):
                            g = seen[2 * row + (m >> 1), 2 * column + (m & 1)]
                            if (groups[g] if g >= 0 else -1) == group:
                                done |= 1 << m
                                count += 1
                                dx += m & 1
                                dy += m >> 1
                        if f < 0:
                            r, g_, b = background[0], background[1], background[2]
                        else:
                            r, g_, b, u, v = _light_from(
                                f, 2.0 * column + dx / count, 2.0 * row + dy / count, points, faces, normals, uvs,
                                shape_of, T_base_shape, albedos, textures, texels, levels, lamp, lamp_from_image, shadow
                            )  # fmt: skip
                            if record and u >= 0.0 and v >= 0.0:
                                u0, u1, v0, v1 = min(u0, u), max(u1, u), min(v0, v), max(v1, v)
                        red += count * r
                        green += count * g_
                        blue += count * b
                    light[row, column, 0] = 0.25 * red
                    light[row, column, 1] = 0.25 * green
                    light[row, column, 2] = 0.25 * blue
            if record:
                read[tile_row, tile_column, 0] = int(min(max(u0 - 1.0, 0.0), 1e6))
                read[tile_row, tile_column, 1] = int(max(u1 + 2.0, -1.0))
                read[tile_row, tile_column, 2] = int(min(max(v0 - 1.0, 0.0), 1e6))
                read[tile_row, tile_column, 3] = int(max(v1 + 2.0, -1.0))
