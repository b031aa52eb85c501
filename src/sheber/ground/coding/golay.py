"""The extended Golay code (24, 12): twelve bits in twenty-four, three wrong ones put right, four noticed.

A word is twelve check bits, then the twelve bits of the number, as the AX100 radio sends it. The check bits are the
quadratic residues modulo 11 in a circulant, bordered with ones (MacWilliams and Sloane, "The Theory of
Error-Correcting Codes", chapter 2, section 6).
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["GolayError", "decode", "encode"]

_TOO_LARGE = message("ground.golay_number", "a Golay word holds a number of 12 bits, 0 to 4095, not {number}")
_CIRCULANT = 0b10001110110  # an eleven-bit row; the next is one bit round to the left
_MOST_MENDED = 3


class GolayError(GroundError):
    """A number does not fit into a word."""


def _row(index: int) -> int:
    """The check bits of the number whose only bit is the one at `index`, counted from the highest."""
    if index == 11:
        return 0xFFE
    turned = (_CIRCULANT << index | _CIRCULANT >> 11 - index) & 0x7FF
    return turned << 1 | 1


_ROWS = tuple(_row(index) for index in range(12))


def _checks(number: int) -> int:
    """The check bits of a number."""
    return sum((row & number).bit_count() % 2 << 11 - index for index, row in enumerate(_ROWS))


def encode(number: int) -> int:
    """The word of a number 0 to 4095. Raises GolayError."""
    if not 0 <= number < 4096:
        raise GolayError(_TOO_LARGE(number=number))
    return _checks(number) << 12 | number


def decode(word: int) -> tuple[int, int] | None:
    """The number of a word of 24 bits, and how many bits were wrong; None where more than three were."""
    wrong = int(_errors()[word >> 12 ^ _checks(word & 0xFFF)])
    return None if wrong < 0 else ((word ^ wrong) & 0xFFF, wrong.bit_count())


@cache
def _errors() -> NDArray[np.int32]:
    """The wrong bits by syndrome (4096,), -1 where there are more than three."""
    table = np.full(4096, -1, np.int32)
    for count in range(_MOST_MENDED + 1):
        for places in combinations(range(24), count):
            wrong = sum(1 << place for place in places)
            table[wrong >> 12 ^ _checks(wrong & 0xFFF)] = wrong
    return table
