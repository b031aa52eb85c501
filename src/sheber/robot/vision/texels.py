"""Kernels that read colours out of textures: bilinear in a level, linear between two levels.

Textures lie one after another in one array of linear light, 0..65535, each with its smaller
copies (mip levels), each copy half as wide and high as the one before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["texture_colour"]


@kernel("UniTuple(f8, 3)(u2[:, ::1], i4, i4, i4, f8, f8)")
def _bilinear(
    texels: NDArray[np.uint16], offset: int, width: int, height: int, u: float, v: float
) -> tuple[float, float, float]:
    """Colour at u, v (0..1, from the left upper corner) in one level; beyond the border the border goes on."""
    x = min(max(u * width - 0.5, 0.0), width - 1.0)
    y = min(max(v * height - 0.5, 0.0), height - 1.0)
    i0, j0 = int(x), int(y)
    i1, j1 = min(i0 + 1, width - 1), min(j0 + 1, height - 1)
    x -= i0
    y -= j0
    w00, w10, w01, w11 = (1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y
    p00, p10 = offset + j0 * width + i0, offset + j0 * width + i1
    p01, p11 = offset + j1 * width + i0, offset + j1 * width + i1
    r = texels[p00, 0] * w00 + texels[p10, 0] * w10 + texels[p01, 0] * w01 + texels[p11, 0] * w11
    g = texels[p00, 1] * w00 + texels[p10, 1] * w10 + texels[p01, 1] * w01 + texels[p11, 1] * w11
    b = texels[p00, 2] * w00 + texels[p10, 2] * w10 + texels[p01, 2] * w01 + texels[p11, 2] * w11
    return r / 65535.0, g / 65535.0, b / 65535.0


@kernel("UniTuple(f8, 3)(u2[:, ::1], i4[:, :, ::1], i4, f8, f8, f8)")
def texture_colour(
    texels: NDArray[np.uint16], levels: NDArray[np.int32], texture: int, u: float, v: float, footprint: float
) -> tuple[float, float, float]:
    """Linear red, green, blue of a texture at u, v.

    levels (t, l, 3) hold offset, width, height; footprint is the area that a pixel covers, in
    parts of the texture's area.
    """
    last = levels.shape[1] - 1
    level = 0
    area = footprint * levels[texture, 0, 1] * levels[texture, 0, 2]
    while area >= 4.0 and level < last:
        area *= 0.25
        level += 1
    at = levels[texture, level]
    r, g, b = _bilinear(texels, at[0], at[1], at[2], u, v)
    if area <= 1.0 or level == last:
        return r, g, b
    # between two levels in steps of the pixel's width, not of its logarithm: no library function needed
    part = min(np.sqrt(area) - 1.0, 1.0)
    at = levels[texture, level + 1]
    r1, g1, b1 = _bilinear(texels, at[0], at[1], at[2], u, v)
    return r + part * (r1 - r), g + part * (g1 - g), b + part * (b1 - b)
