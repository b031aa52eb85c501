"""Bits: how this package holds them, hard and soft, and how they become bytes.

Hard bits are uint8 arrays of 0 and 1. Soft bits are float32 arrays: a positive value means 1, a negative one 0, and the
magnitude says how sure that is. Functions that take either give back the same kind.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["Bits", "BitsError", "Row", "Soft", "from_bytes", "given", "hard", "is_soft", "soft", "to_bytes", "xor"]

Bits: TypeAlias = NDArray[np.uint8]
Soft: TypeAlias = NDArray[np.float32]
Row: TypeAlias = NDArray[Any]  # hard or soft bits

_NOT_BITS = message("ground.not_bits", "bits are zeros and ones in one row; here is {found}")


class BitsError(GroundError):
    """An array that should hold bits holds something else."""


def is_soft(bits: Row) -> bool:
    """Whether these are soft bits: an array of floating-point numbers."""
    return bool(np.issubdtype(bits.dtype, np.floating))


def given(bits: ArrayLike) -> Row:
    """What a caller gave, as hard or as soft bits (n,). Raises BitsError for anything else."""
    array = np.asarray(bits)
    if array.ndim != 1:
        raise BitsError(_NOT_BITS(found=f"{array.ndim} dimensions"))
    if is_soft(array):
        return array.astype(np.float32, copy=False)
    if array.size and (array.dtype.kind not in "bui" or array.min() < 0 or array.max() > 1):
        raise BitsError(_NOT_BITS(found=f"{array.dtype} from {array.min()} to {array.max()}"))
    return array.astype(np.uint8, copy=False)


def hard(bits: ArrayLike) -> Bits:
    """Hard bits of hard or soft ones; a soft bit of exactly 0 becomes 0."""
    array = given(bits)
    return (array > 0).astype(np.uint8) if is_soft(array) else array.astype(np.uint8, copy=False)


def soft(bits: ArrayLike) -> Soft:
    """Soft bits of hard ones (-1 and +1); soft ones stay what they are."""
    array = given(bits)
    return array.astype(np.float32, copy=False) if is_soft(array) else (2.0 * array - 1.0).astype(np.float32)


def from_bytes(data: bytes, *, low_first: bool = False) -> Bits:
    """The bits of bytes, the highest of each byte first, or the lowest first, as HDLC sends them."""
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little" if low_first else "big")


def to_bytes(bits: ArrayLike, *, low_first: bool = False) -> bytes:
    """Bytes of bits, eight at a time; what is left at the end and fills no byte is dropped."""
    array = hard(bits)
    whole = array[: array.size // 8 * 8]
    return np.packbits(whole, bitorder="little" if low_first else "big").tobytes()


def xor(*rows: Row) -> Row:
    """The exclusive or of rows of equal length.

    Of soft bits it is as sure as the least sure of them: the sign is that of the hard bits, the magnitude the smallest.
    """
    if not is_soft(rows[0]):
        out: Bits = np.bitwise_xor.reduce(np.stack(rows), axis=0)
        return out
    stacked = np.stack(rows)  # (k, n)
    odd = np.count_nonzero(stacked > 0, axis=0) % 2 == 1
    weakest = np.abs(stacked).min(axis=0)
    sure: Soft = np.where(odd, weakest, -weakest).astype(np.float32)
    return sure
