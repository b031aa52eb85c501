"""Kernels that keep what does not move: tiles of the image, blocks of the shadow map.

A still background is drawn and shaded once and kept whole. For each further picture only those
tiles are put back that the picture before had changed, the moving faces are drawn over them,
and only tiles are shaded again in which a moving face is seen or whose part of the shadow map
was changed. A tile that is not shaded again would have come out the same, bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import kernel

__all__ = ["restore_blocks", "restore_tiles", "spread_shadows"]

F4 = NDArray[np.float32]
I4 = NDArray[np.int32]
U1 = NDArray[np.uint8]


@kernel("void(u1[:, ::1], f4[:, ::1], f4[:, ::1], i4[:, ::1], i4[:, ::1], f4[:, :, ::1], f4[:, :, ::1])")
def restore_tiles(
    touched: U1, nearness: F4, still_nearness: F4, seen: I4, still_seen: I4, light: F4, still_light: F4
) -> None:
    """Put back the still picture in all touched tiles, and untouch them."""
    for tile_row in range(touched.shape[0]):
        for tile_column in range(touched.shape[1]):
            if touched[tile_row, tile_column] == 0:
                continue
            touched[tile_row, tile_column] = 0
            for y in range(8 * tile_row, min(8 * tile_row + 8, seen.shape[0])):
                for x in range(8 * tile_column, min(8 * tile_column + 8, seen.shape[1])):
                    nearness[y, x] = still_nearness[y, x]
                    seen[y, x] = still_seen[y, x]
            for y in range(4 * tile_row, min(4 * tile_row + 4, light.shape[0])):
                for x in range(4 * tile_column, min(4 * tile_column + 4, light.shape[1])):
                    for k in range(3):
                        light[y, x, k] = still_light[y, x, k]


@kernel("void(u1[:, ::1], f4[:, ::1], f4[:, ::1])")
def restore_blocks(touched: U1, shadow: F4, still_shadow: F4) -> None:
    """Put back the still shadow map in all touched blocks, and untouch them."""
    for block_row in range(touched.shape[0]):
        for block_column in range(touched.shape[1]):
            if touched[block_row, block_column] == 0:
                continue
            touched[block_row, block_column] = 0
            for y in range(8 * block_row, min(8 * block_row + 8, shadow.shape[0])):
                for x in range(8 * block_column, min(8 * block_column + 8, shadow.shape[1])):
                    shadow[y, x] = still_shadow[y, x]


@kernel("void(u1[:, ::1], i4[:, :, ::1], u1[:, ::1])")
def spread_shadows(touched_blocks: U1, read: I4, touched_tiles: U1) -> None:
    """Touch each tile whose part of the shadow map holds a touched block."""
    last_row, last_column = touched_blocks.shape[0] - 1, touched_blocks.shape[1] - 1
    for tile_row in range(read.shape[0]):
        for tile_column in range(read.shape[1]):
            if touched_tiles[tile_row, tile_column]:
                continue
            at = read[tile_row, tile_column]
            for block_row in range(at[2] >> 3, min(at[3] >> 3, last_row) + 1):
                for block_column in range(at[0] >> 3, min(at[1] >> 3, last_column) + 1):
                    if touched_blocks[block_row, block_column]:
                        touched_tiles[tile_row, tile_column] = 1
