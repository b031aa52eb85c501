"""Line codes: NRZI of AX.25 and NRZ-M of CCSDS, on hard and on soft bits.

NRZI (also called NRZ-S) changes the level for a 0, NRZ-M for a 1. A receiver that has all bits upside down reads both
rightly. One wrong level gives two wrong bits. CCSDS 401.0-B-32 (2.4.11) has NRZ-M; AX.25 v2.2 leaves NRZI to the modem.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.coding.bits import Bits, Row, given, hard, is_soft, xor

__all__ = ["nrz_m_decode", "nrz_m_encode", "nrzi_decode", "nrzi_encode"]


def nrz_m_encode(bits: ArrayLike, level: int = 0) -> Bits:
    """Levels (0, 1) of bits: each 1 changes the level, each 0 keeps it. `level` is the one before the first bit."""
    return (np.cumsum(hard(bits), dtype=np.int64) + level & 1).astype(np.uint8)


def nrz_m_decode(levels: ArrayLike, level: int = 0) -> Row:
    """Bits of levels: 1 where the level changed. Soft levels give soft bits. `level` is the one before the first."""
    here = given(levels)
    first = np.array([2.0 * level - 1.0] if is_soft(here) else [level], here.dtype)
    if is_soft(here):
        first *= np.float32(np.inf)  # known for sure: the weaker of the two decides
    return xor(here, np.concatenate((first, here[:-1]))) if here.size else here


def nrzi_encode(bits: ArrayLike, level: int = 0) -> Bits:
    """Levels (0, 1) of bits: each 0 changes the level, each 1 keeps it. `level` is the one before the first bit."""
    return nrz_m_encode(1 - hard(bits), level)


def nrzi_decode(levels: ArrayLike, level: int = 0) -> Row:
    """Bits of levels: 0 where the level changed. Soft levels give soft bits. `level` is the one before the first."""
    changed = nrz_m_decode(levels, level)
    return -changed if is_soft(changed) else 1 - changed
