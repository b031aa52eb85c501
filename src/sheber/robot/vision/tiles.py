"""Kernels that keep what does not move: tiles of the image, blocks of the shadow map.

A still background is drawn and shaded once and kept whole. For each further picture only those
samples are put back that the picture before had drawn over, the moving faces are drawn over them,
and only tiles are shaded again in which a moving face is seen or whose part of the shadow map
was changed. A tile that is not shaded again would have come out the same, bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.jit import inlined, kernel

__all__ = ["restore_blocks", "restore_light", "restore_samples", "spread_shadows"]

F4 = NDArray[np.float32]
I4 = NDArray[np.int32]
U1 = NDArray[np.uint8]


@inlined
def _run_end(touched: U1, row: int, first: int) -> int:
    """The column behind the run of touched tiles that begins at `first`; the run is untouched."""
    last = first
    while last < touched.shape[1] and touched[row, last]:
        touched[row, last] = 0
        last += 1
    return last


@kernel("void(u1[:, ::1], f4[:, ::1], f4[:, ::1], i4[:, ::1], i4[:, ::1])")
def restore_samples(drawn: U1, nearness: F4, still_nearness: F4, seen: I4, still_seen: I4) -> None:
    """Put back the still samples in all tiles that were drawn into, and untouch them.

    Whole runs of tiles at once: long rows are copied several times as fast as short ones.
    """
    rows, columns = seen.shape
    for tile_row in range(drawn.shape[0]):
        first = 0
        while first < drawn.shape[1]:
            if drawn[tile_row, first] == 0:
                first += 1
                continue
            last = _run_end(drawn, tile_row, first)
            start, end = 8 * first, min(8 * last, columns)
            for y in range(8 * tile_row, min(8 * tile_row + 8, rows)):
                for x in range(start, end):
                    nearness[y, x] = still_nearness[y, x]
                for x in range(start, end):
                    seen[y, x] = still_seen[y, x]
            first = last


@kernel("void(u1[:, ::1], u1[:, ::1], f4[:, ::1], f4[:, ::1])")
def restore_light(before: U1, touched: U1, light: F4, still_light: F4) -> None:
    """Put back the still light (h, 3 * w) in the tiles of the picture `before` that will not be shaded again now."""
    for tile_row in range(touched.shape[0]):
        for tile_column in range(touched.shape[1]):
            if before[tile_row, tile_column] == 0 or touched[tile_row, tile_column]:
                continue
            start, end = 12 * tile_column, min(12 * tile_column + 12, light.shape[1])
            for y in range(4 * tile_row, min(4 * tile_row + 4, light.shape[0])):
                for x in range(start, end):
                    light[y, x] = still_light[y, x]


@kernel("void(u1[:, ::1], f4[:, ::1], f4[:, ::1])")
def restore_blocks(touched: U1, shadow: F4, still_shadow: F4) -> None:
    """Put back the still shadow map in all touched blocks, and untouch them."""
    rows, columns = shadow.shape
    for block_row in range(touched.shape[0]):
        first = 0
        while first < touched.shape[1]:
            if touched[block_row, first] == 0:
                first += 1
                continue
            last = _run_end(touched, block_row, first)
            start, end = 8 * first, min(8 * last, columns)
            for y in range(8 * block_row, min(8 * block_row + 8, rows)):
                for x in range(start, end):
                    shadow[y, x] = still_shadow[y, x]
            first = last


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
