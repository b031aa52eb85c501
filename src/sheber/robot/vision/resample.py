"""Kernels between the pinhole picture and the sensor: the lens, the exposure, the noise. Integers where it counts.

cv2.remap and numpy's functions give other bytes on other processors; these do not. Grey levels,
depths and bodies are kept from picture to picture and written anew only where a tile of the
pinhole picture changed; the noise is new in every picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["develop", "expose", "measure_depth"]

F4 = NDArray[np.float32]
I4 = NDArray[np.int32]
U1 = NDArray[np.uint8]


@kernel("u8(u8)")
def _scramble(number: np.uint64) -> np.uint64:
    """64 well mixed bits from a counter (SplitMix64: Steele, Lea and Flood 2014)."""
    z = number * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel("void(u1[::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1], f4[:, ::1], f4[::1], u2[::1], u2[:, :, ::1])")
def develop(
    changed: U1,
    tile: I4,
    light: F4,
    source: F4,
    vignette: F4,
    gain: F4,
    encoded: NDArray[np.uint16],
    levels: NDArray[np.uint16],
) -> None:
    """Write grey levels (h, w, 3), blue, green, red, in 1/64 of a step of sRGB.

    changed: by tile; tile (h, w): the tile that a pixel looks at; light: linear red, green, blue;
    source (h, w, 2): the column and row in `light` that a pixel looks at; gain (3,): exposure and
    colour of the light, red, green, blue; encoded: sRGB in 1/64 grey levels of 65,536 steps of light.
    """
    rows, columns = light.shape[0], light.shape[1]
    one = np.float32(1.0)
    for y in range(levels.shape[0]):
        for x in range(levels.shape[1]):
            if changed[tile[y, x]] == 0:
                continue
            u = min(max(source[y, x, 0], np.float32(0.0)), np.float32(columns - 1))
            v = min(max(source[y, x, 1], np.float32(0.0)), np.float32(rows - 1))
            i, j = int(u), int(v)
            right, below = min(i + 1, columns - 1), min(j + 1, rows - 1)
            fu, fv = u - np.float32(i), v - np.float32(j)
            w00, w10 = (one - fu) * (one - fv), fu * (one - fv)
            w01, w11 = (one - fu) * fv, fu * fv
            for k in range(3):
                above = light[j, i, k] * w00 + light[j, right, k] * w10
                value = above + light[below, i, k] * w01 + light[below, right, k] * w11
                value *= vignette[y, x] * gain[k]
                levels[y, x, 2 - k] = encoded[int(min(value, one) * np.float32(65535.0) + np.float32(0.5))]


@kernel("void(u2[:, :, ::1], i4[::1], i2[::1], u8, b1, u1[:, :, ::1])")
def expose(
    levels: NDArray[np.uint16],
    spread: I4,
    quantiles: NDArray[np.int16],
    seed: np.uint64,
    noisy: bool,
    out: U1,
) -> None:
    """Write the picture (h, w, 3) uint8 of grey levels in 1/64, with noise.

    spread: sigma of the noise at each grey level, in 1/1024 grey levels; quantiles: a normal
    distribution's 4,096 quantiles in 1/1024 sigma. A pixel's noise depends on the seed and its number.
    """
    columns = out.shape[1]
    for y in range(out.shape[0]):
        for x in range(columns):
            bits = _scramble(seed + np.uint64(y * columns + x)) if noisy else np.uint64(0)
            for k in range(3):
                level = int(levels[y, x, k])
                if noisy:
                    q = int(quantiles[(bits >> np.uint64(12 * k)) & np.uint64(4095)])
                    level += (q * spread[level >> 6] + (1 << 13)) >> 14
                out[y, x, k] = np.uint8(min(max((level + 32) >> 6, 0), 255))


@kernel(
    "void(u1[::1], i4[:, ::1], f4[:, ::1], i4[:, ::1], i4[::1], i4[::1], i4[::1], f4[:, :, ::1], f4[:, ::1],i4[:, ::1])"
)
def measure_depth(
    changed: U1,
    tile: I4,
    nearness: F4,
    seen: I4,
    groups: I4,
    shape_of: I4,
    body_of: I4,
    source: F4,
    depth: F4,
    segmentation: I4,
) -> None:
    """Write depth [m] (h, w), 0 where nothing is seen, and the number of the seen body, -1 where none is.

    changed, tile, source: see `develop`; the samples of the pinhole picture lie at 2 * source + 0.5.
    In a plane 1 / depth is linear in the image, so the mean of the samples around is exact.
    """
    rows, columns = nearness.shape
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            if changed[tile[y, x]] == 0:
                continue
            u = min(max(2.0 * source[y, x, 0] + 0.5, 0.0), columns - 1.0)
            v = min(max(2.0 * source[y, x, 1] + 0.5, 0.0), rows - 1.0)
            i0, j0 = int(u), int(v)
            i1, j1 = min(i0 + 1, columns - 1), min(j0 + 1, rows - 1)
            fu, fv = u - i0, v - j0
            i, j = i1 if fu > 0.5 else i0, j1 if fv > 0.5 else j0
            f = seen[j, i]
            if f < 0:
                depth[y, x] = 0.0
                segmentation[y, x] = -1
                continue
            segmentation[y, x] = body_of[shape_of[f]]
            near = np.float64(nearness[j, i])
            a, b, c, d = seen[j0, i0], seen[j0, i1], seen[j1, i0], seen[j1, i1]
            g = groups[f]
            same = a == f and b == f and c == f and d == f
            if not same and a >= 0 and b >= 0 and c >= 0 and d >= 0:
                same = groups[a] == g and groups[b] == g and groups[c] == g and groups[d] == g
            if same:
                above = nearness[j0, i0] * (1.0 - fu) + nearness[j0, i1] * fu
                below = nearness[j1, i0] * (1.0 - fu) + nearness[j1, i1] * fu
                near = above * (1.0 - fv) + below * fv
            depth[y, x] = 1.0 / near
