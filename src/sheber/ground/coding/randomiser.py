"""The randomiser of CCSDS: an exclusive or with a fixed sequence of 255 bits (CCSDS 131.0-B-3, section 10).

It starts anew with each frame, and takes away what it put on. The AX100 radio uses the same sequence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.coding.bits import Row, given, is_soft

__all__ = ["SEQUENCE", "randomised", "randomised_bytes"]


def _sequence() -> list[int]:
    """255 bits of x^8 + x^7 + x^5 + x^3 + 1, from all ones."""
    out = [1] * 8
    while len(out) < 255:
        out.append(out[-1] ^ out[-3] ^ out[-5] ^ out[-8])
    return out


SEQUENCE = np.array(_sequence(), np.uint8)
"""The bits that repeat, FF 48 0E C0 9A 0D 70 BC ..."""
_BYTES = np.packbits(np.tile(SEQUENCE, 8))


def randomised(bits: ArrayLike) -> Row:
    """Bits, hard or soft, with the sequence put on or taken away; the first bit is the first of the frame."""
    row = given(bits)
    sequence = np.resize(SEQUENCE, row.size)
    turned: Row = row * (1.0 - 2.0 * sequence).astype(np.float32) if is_soft(row) else row ^ sequence
    return turned


def randomised_bytes(data: bytes) -> bytes:
    """Bytes with the sequence put on or taken away."""
    return (np.frombuffer(data, np.uint8) ^ np.resize(_BYTES, len(data))).tobytes()
