"""G3RUH: the self-synchronising scrambler of 9600 bit/s packet radio, 1 + x^12 + x^17.

A bit on the air is the exclusive or of a bit and of the bits that went out 12 and 17 before it. The receiver needs no
beginning: after 17 bits it is right by itself, and each wrong bit makes three. (James Miller G3RUH, "9600 baud packet
radio modem design", 1988.)

Theory of operation. Descrambling is a sum of three shifted rows. Scrambling divides by P = 1 + x^12 + x^17 and would be
a loop. Over GF(2) a square has no mixed terms, P^2 = 1 + x^24 + x^34, so 1/P = P P^2 P^4 ... / P^(2^k), and for k large
enough the last divisor is 1 within the row. Scrambling is a handful of descramblings with doubled taps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.coding.bits import Bits, Row, given, hard, is_soft, xor

__all__ = ["TAPS", "descramble", "scramble"]

TAPS = (12, 17)
"""How many bits before they went out are the bits that are added."""


def scramble(bits: ArrayLike, sent: ArrayLike = ()) -> Bits:
    """The bits on the air of these bits. `sent`: what went out just before (the last 17 count); nothing is zeros."""
    before = np.concatenate((np.zeros(TAPS[1], np.uint8), hard(np.asarray(sent, np.uint8))))[-TAPS[1] :]
    row = np.concatenate((_summed(before, TAPS), hard(bits)))
    taps = TAPS
    while taps[0] < row.size:
        row = _summed(row, taps)
        taps = (2 * taps[0], 2 * taps[1])
    return row[TAPS[1] :]


def descramble(bits: ArrayLike, received: ArrayLike = ()) -> Row:
    """The bits of those on the air, hard or soft. `received`: what came in just before (the last 17 count).

    Where nothing came before, the first 17 bits are not to be trusted.
    """
    here = given(bits)
    if not is_soft(here):
        before = np.concatenate((np.zeros(TAPS[1], np.uint8), hard(np.asarray(received, np.uint8))))
        return _summed(np.concatenate((before[-TAPS[1] :], hard(here))), TAPS)[TAPS[1] :]
    unsure = np.full(TAPS[1], -np.finfo(np.float32).max, np.float32)
    row = np.concatenate((np.concatenate((unsure, np.asarray(received, np.float32)))[-TAPS[1] :], here))
    n = here.size
    return xor(here, row[TAPS[1] - TAPS[0] :][:n], row[:n])


def _summed(row: Bits, taps: tuple[int, int]) -> Bits:
    """The row plus itself, later by each tap; nothing stands before its beginning."""
    out = row.copy()
    for tap in taps:
        out[tap:] ^= row[: max(row.size - tap, 0)]
    return out
