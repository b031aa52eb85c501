"""Kernel that reads colours out of textures: bilinear in a level, linear between two levels.

Textures lie one after another in one array of linear light, 0..65535, each with its smaller
copies (mip levels), each copy half as wide and high as the one before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["texture_colours"]

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


@kernel("void(i8, i4[::1], i4[::1], f4[:, ::1], i4[::1], u2[:, ::1], i4[:, :, ::1], f8[:, ::1], f8[:, ::1])")
def texture_colours(
    count: int,
    face: I4,
    shape_of: I4,
    albedos: F4,
    textures: I4,
    texels: NDArray[np.uint16],
    levels: I4,
    look: F8,
    colour: F8,
) -> None:
    """Linear red, green, blue (p, 3) of the surface at each point: its shape's albedo, or its texture.

    levels (t, l, 3) hold offset, width, height. look (p, 3): u, v from the left upper corner, 0..1,
    beyond which the border goes on; and the part of the texture's area that a pixel covers.
    """
    last = levels.shape[1] - 1
    for p in range(count):
        if face[p] < 0:
            continue
        shape = shape_of[face[p]]
        texture = textures[shape]
        if texture < 0:
            for k in range(3):
                colour[p, k] = albedos[shape, k]
            continue
        level = 0
        area = look[p, 2] * levels[texture, 0, 1] * levels[texture, 0, 2]
        while area >= 4.0 and level < last:
            area *= 0.25
            level += 1
        # between two levels in steps of the pixel's width, not of its logarithm: no library function needed
        part = min(max(np.sqrt(area) - 1.0, 0.0), 1.0) if level < last else 0.0
        colour[p, 0], colour[p, 1], colour[p, 2] = 0.0, 0.0, 0.0
        for step in range(2):
            weight = part if step else 1.0 - part
            if weight == 0.0:
                continue
            at = level + step
            offset, width, height = levels[texture, at, 0], levels[texture, at, 1], levels[texture, at, 2]
            x = min(max(look[p, 0] * width - 0.5, 0.0), width - 1.0)
            y = min(max(look[p, 1] * height - 0.5, 0.0), height - 1.0)
            i, j = int(x), int(y)
            right, below = min(i + 1, width - 1), min(j + 1, height - 1)
            x -= i
            y -= j
            weight /= 65535.0
            p00, p10 = offset + j * width + i, offset + j * width + right
            p01, p11 = offset + below * width + i, offset + below * width + right
            w00, w10, w01, w11 = (1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y
            for k in range(3):
                value = texels[p00, k] * w00 + texels[p10, k] * w10 + texels[p01, k] * w01 + texels[p11, k] * w11
                colour[p, k] += weight * value
