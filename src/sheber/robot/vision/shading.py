"""Kernels that turn seen faces into linear light.

Each output pixel has 2 x 2 samples. Samples that see the same smooth group of faces are
shaded once, at the middle of those samples; samples of different groups are shaded apart and
averaged. So edges and creases are antialiased at the price of one shading for most pixels.

What leaves a surface: albedo * (ambient * (0.75 + 0.25 * n_z) + diffuse * lit * max(0, n . l)). What further lamps,
highlights, scratches and lit panels add to it is in `lamps`.

The work goes row of tiles by row of tiles through four short loops over lists of shading
points, which stay in the processor's cache: `_list_points`, `_find_surfaces`, `_cast_shadows`,
`_paint`. (Small functions that are handed arrays for each point would be easier to write, but
numba counts references for each array of each call; that alone took longer than the shading.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import inlined, kernel
from sheber.robot.vision.lamps import add_glow, add_lamps, add_panels, share_pixels
from sheber.robot.vision.texels import texture_colours

__all__ = ["shade_tiles"]

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


@kernel("i8(i8, u1[:, ::1], i4[:, ::1], i4[::1], i8, i8, i4[::1], i4[::1], f8[:, ::1])")
def _list_points(
    tile_row: int,
    touched: NDArray[np.uint8],
    seen: I4,
    groups: I4,
    height: int,
    width: int,
    face: I4,
    pixel: I4,
    at: F8,
) -> int:
    """List what is to be shaded in a row of tiles; returns how many points.

    face: -1 for the background; pixel: row * width + column; at: column and row of the samples, and
    the share of the pixel.
    """
    count = 0
    for row in range(4 * tile_row, min(4 * tile_row + 4, height)):
        for column in range(width):
            if touched[tile_row, column >> 2] == 0:
                continue
            done = 0
            for k in range(4):
                if (done >> k) & 1:
                    continue
                f = seen[2 * row + (k >> 1), 2 * column + (k & 1)]
                group = groups[f] if f >= 0 else -1
                n, dx, dy = 0, 0, 0
                for m in range(k, 4):
                    g = seen[2 * row + (m >> 1), 2 * column + (m & 1)]
                    if g == f or (g >= 0 and groups[g] == group):
                        done |= 1 << m
                        n += 1
                        dx += m & 1
                        dy += m >> 1
                face[count] = f
                pixel[count] = row * width + column
                at[count, 0] = 2.0 * column + dx / n
                at[count, 1] = 2.0 * row + dy / n
                at[count, 2] = 0.25 * n
                count += 1
    return count


@kernel(
    "void(i8, i4[::1], f8[:, ::1], f8[:, ::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1], i4[::1],"
    "f8[:, :, ::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], b1)"
)
def _find_surfaces(
    count: int,
    face: I4,
    at: F8,
    points: F8,
    faces: I4,
    normals: F4,
    uvs: F4,
    shape_of: I4,
    T_base_shape: F8,
    lamp: F8,
    lamp_from_image: F8,
    light: F8,
    look: F8,
    where: F8,
    rich: bool,
) -> None:
    """The surface at each point.

    light (p, 5): ambient light, direct light, and column, row, depth [m] in the shadow map;
    look (p, 3): texture coordinates, and the part of the texture's area that a pixel covers; with
    `rich`, where (p, 6): normal, and homogeneous sample coordinates.
    """
    for p in range(count):
        f = face[p]
        if f < 0:
            continue
        x, y = at[p, 0], at[p, 1]
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        xa, ya, za = points[a, 0], points[a, 1], points[a, 2]
        xb, yb, zb = points[b, 0], points[b, 1], points[b, 2]
        xc, yc, zc = points[c, 0], points[c, 1], points[c, 2]
        ax, ay, az = yb * zc - zb * yc, zb * xc - xb * zc, xb * yc - yb * xc
        pa = ax * x + ay * y + az
        pb = (yc * za - zc * ya) * x + (zc * xa - xc * za) * y + (xc * ya - yc * xa)
        pc = (ya * zb - za * yb) * x + (za * xb - xa * zb) * y + (xa * yb - ya * xb)
        determinant = xa * ax + ya * ay + za * az
        total = pa + pb + pc
        if total == 0.0:
            total, pa, pb = 3.0, 1.0, 1.0
        # the middle of samples may lie outside of the face: go on a little, and no further, as a face
        # seen edge-on would give nonsense
        pa = min(max(pa / total, -0.25), 1.25)
        pb = min(max(pb / total, -0.25), 1.25)
        pc = 1.0 - pa - pb
        mx = pa * normals[f, 0, 0] + pb * normals[f, 1, 0] + pc * normals[f, 2, 0]
        my = pa * normals[f, 0, 1] + pb * normals[f, 1, 1] + pc * normals[f, 2, 1]
        mz = pa * normals[f, 0, 2] + pb * normals[f, 1, 2] + pc * normals[f, 2, 2]
        length = np.sqrt(mx * mx + my * my + mz * mz + 1e-30)
        if determinant > 0.0:  # seen from behind, as rows run downwards
            length = -length
        k = shape_of[f]
        nx = (T_base_shape[k, 0, 0] * mx + T_base_shape[k, 0, 1] * my + T_base_shape[k, 0, 2] * mz) / length
        ny = (T_base_shape[k, 1, 0] * mx + T_base_shape[k, 1, 1] * my + T_base_shape[k, 1, 2] * mz) / length
        nz = (T_base_shape[k, 2, 0] * mx + T_base_shape[k, 2, 1] * my + T_base_shape[k, 2, 2] * mz) / length
        cosine = nx * lamp[0] + ny * lamp[1] + nz * lamp[2]
        light[p, 0] = lamp[3] * (0.75 + 0.25 * nz)
        light[p, 1] = lamp[4] * max(cosine, 0.0)
        if cosine > 0.0:
            qx, qy, qz = pa * xa + pb * xb + pc * xc, pa * ya + pb * yb + pc * yc, pa * za + pb * zb + pc * zc
            for i in range(3):
                light[p, 2 + i] = (
                    lamp_from_image[i, 0] * qx
                    + lamp_from_image[i, 1] * qy
                    + lamp_from_image[i, 2] * qz
                    + lamp_from_image[i, 3]
                )
            # a slanted surface must not shade itself: as far as its depth changes within the window of texels
            slope = min(np.sqrt(max(1.0 - cosine * cosine, 0.0)) / cosine, 5.0)
            light[p, 4] -= lamp[5] * (1.0 + 2.5 * slope)
        if rich:
            where[p, 0], where[p, 1], where[p, 2] = nx, ny, nz
            where[p, 3] = pa * xa + pb * xb + pc * xc
            where[p, 4] = pa * ya + pb * yb + pc * yc
            where[p, 5] = pa * za + pb * zb + pc * zc
        look[p, 0] = pa * uvs[f, 0, 0] + pb * uvs[f, 1, 0] + pc * uvs[f, 2, 0]
        look[p, 1] = pa * uvs[f, 0, 1] + pb * uvs[f, 1, 1] + pc * uvs[f, 2, 1]
        whole = (uvs[f, 0, 0] - uvs[f, 2, 0]) * (uvs[f, 1, 1] - uvs[f, 2, 1]) - (uvs[f, 1, 0] - uvs[f, 2, 0]) * (
            uvs[f, 0, 1] - uvs[f, 2, 1]
        )
        # how fast the parts change in the image, as an area, is determinant^2 / total^3; a pixel is 2 x 2 samples
        look[p, 2] = abs(4.0 * determinant * determinant / (total * total * total) * whole)


@inlined
def _window(near: np.float32, a: np.float32, b: np.float32, c: np.float32, d: np.float32, part: float) -> float:
    """How much of a row of the window is lit: four depths of the shadow map, the outer two by `part`."""
    lit = 1.0 - part if a >= near else 0.0
    lit += 1.0 if b >= near else 0.0
    lit += 1.0 if c >= near else 0.0
    lit += part if d >= near else 0.0
    return lit


@kernel("void(i8, i4[::1], i4[::1], f8[:, ::1], f4[:, ::1], i8, i4[:, ::1], b1)")
def _cast_shadows(count: int, face: I4, pixel: I4, light: F8, shadow: F4, width: int, read: I4, record: bool) -> None:
    """Take from the direct light at each point what shadows keep away.

    The mean over a window of 3 x 3 texels; outside of the map all is lit. With `record`, `read`
    (tiles of the row, 4) takes the least and greatest column and row of the map that a tile read.
    """
    rows, columns = shadow.shape
    if record:
        for tile in range(len(read)):
            read[tile, 0], read[tile, 1], read[tile, 2], read[tile, 3] = columns, -1, rows, -1
    for p in range(count):
        if face[p] < 0 or light[p, 1] <= 0.0:
            continue
        u, v, near = light[p, 2], light[p, 3], np.float32(light[p, 4])
        if not (u >= 1.0 and v >= 1.0 and u < columns - 2.0 and v < rows - 2.0):
            continue
        i, j = int(u) - 1, int(v) - 1
        fu, fv = u - (i + 1), v - (j + 1)
        lit = (1.0 - fv) * _window(near, shadow[j, i], shadow[j, i + 1], shadow[j, i + 2], shadow[j, i + 3], fu)
        for m in range(j + 1, j + 3):
            lit += _window(near, shadow[m, i], shadow[m, i + 1], shadow[m, i + 2], shadow[m, i + 3], fu)
        m = j + 3
        lit += fv * _window(near, shadow[m, i], shadow[m, i + 1], shadow[m, i + 2], shadow[m, i + 3], fu)
        light[p, 1] *= lit / 9.0
        if record:
            tile = (pixel[p] % width) >> 2
            read[tile, 0] = min(read[tile, 0], i)
            read[tile, 1] = max(read[tile, 1], i + 3)
            read[tile, 2] = min(read[tile, 2], j)
            read[tile, 3] = max(read[tile, 3], j + 3)


@kernel("void(i8, i4[::1], i4[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], f4[:, ::1])")
def _paint(count: int, face: I4, pixel: I4, at: F8, light: F8, colour: F8, background: F8, out: F4) -> None:
    """Add up each pixel (h * w, 3) from its points; the points of one pixel follow one another."""
    last = -1
    red, green, blue = 0.0, 0.0, 0.0
    for p in range(count):
        if pixel[p] != last:
            red, green, blue = 0.0, 0.0, 0.0
            last = pixel[p]
        share = at[p, 2]
        if face[p] < 0:
            red += share * background[0]
            green += share * background[1]
            blue += share * background[2]
        else:
            share *= light[p, 0] + light[p, 1]
            red += share * colour[p, 0]
            green += share * colour[p, 1]
            blue += share * colour[p, 2]
        out[last, 0], out[last, 1], out[last, 2] = red, green, blue


@kernel(
    "void(u1[:, ::1], i4[:, ::1], i4[::1], f8[:, ::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1], i4[::1],"
    "f8[:, :, ::1], f4[:, ::1], i4[::1], u2[:, ::1], i4[:, :, ::1], f8[::1], f8[:, ::1], f4[:, ::1], f8[::1],"
    "f4[:, ::1], i8, i4[:, :, ::1], b1, b1, f8[:, ::1], f8[:, ::1], f8[:, ::1], i4[::1], i4[::1], f4[::1], f4[::1])"
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
    out: F4,
    width: int,
    read: I4,
    record: bool,
    rich: bool,
    base_from_image: F8,
    lamps: F8,
    gloss: F8,
    reliefs: I4,
    panel_of: I4,
    share: F4,
    shining: F4,
) -> None:
    """Write linear light (h * w, 3) for each touched tile of 4 x 4 pixels (8 x 8 samples).

    lamp: direction to the lamp (3), ambient, diffuse, width of a shadow texel [m]. With `record`,
    read (tile rows, tile columns, 4) takes the least and greatest column and row of the shadow
    map that a tile read. `rich`: whether further lamps or surfaces that shine are there; for them
    base_from_image (3, 4), lamps and gloss (see `lamps.add_lamps`), reliefs (k,): the number of a
    shape's relief among the textures, -1 for none. share, shining (h * w): see `panels.shares`, empty where no
    panel is lit; panel_of (k,): the number of the panel that a shape is, -1 for none.
    """
    height, most = len(out) // width, 16 * width  # four rows of pixels of four samples
    face, pixel, at = np.empty(most, np.int32), np.empty(most, np.int32), np.empty((most, 3))
    light, look, colour = np.empty((most, 5)), np.empty((most, 3)), np.empty((most, 3))
    extra = most if rich else 0
    where, relief, glow = np.empty((extra, 6)), np.empty((extra, 3)), np.empty(extra)
    smooth = np.zeros((len(reliefs) if rich else 0, 3), np.float32)
    for row in range(len(touched)):
        n = _list_points(row, touched, seen, groups, height, width, face, pixel, at)
        if len(share):
            share_pixels(n, face, pixel, at, shape_of, panel_of, share)
        _find_surfaces(
            n, face, at, points, faces, normals, uvs, shape_of, T_base_shape, lamp, lamp_from_image, light, look,
            where, rich,
        )  # fmt: skip
        _cast_shadows(n, face, pixel, light, shadow, width, read[row], record)
        texture_colours(n, face, shape_of, albedos, textures, texels, levels, look, colour)
        if rich:
            texture_colours(n, face, shape_of, smooth, reliefs, texels, levels, look, relief)
            add_lamps(
                n, face, shape_of, where, base_from_image, base_from_image[:, 3].copy(), lamp, lamps, gloss, relief,
                points, faces, uvs, light, glow,
            )  # fmt: skip
        _paint(n, face, pixel, at, light, colour, background, out)
        if rich:
            add_glow(n, face, pixel, at, glow, out)
        if len(share):
            add_panels(row, touched, height, width, shining, out)
