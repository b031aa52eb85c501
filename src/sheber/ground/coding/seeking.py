"""Kernel that compares a marker with every place of a row of bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.coding.jit import kernel

__all__ = ["compare"]

U1 = NDArray[np.uint8]


@kernel("void(u1[::1], u8, i8, u1[::1])")
def compare(bits: U1, marker: np.uint64, size: int, out: U1) -> None:
    """Write how many bits differ from the marker at each place (n - size + 1,).

    marker: its bits, the last one lowest; size: how many bits it has, 1 to 64. The ones of the difference are counted
    in pairs, fours and bytes at once (Warren, "Hacker's Delight", section 5-1).
    """
    one = np.uint64(1)
    mask = ~np.uint64(0) >> np.uint64(64 - size)
    register = np.uint64(0)
    for n in range(bits.shape[0]):
        register = (register << one) | np.uint64(bits[n])
        if n >= size - 1:
            x = (register ^ marker) & mask
            x = x - ((x >> one) & np.uint64(0x5555555555555555))
            x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
            x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            out[n - size + 1] = np.uint8((x * np.uint64(0x0101010101010101)) >> np.uint64(56))
