"""HDLC: frames between flags, with stuffed zeros and a check sequence (ISO/IEC 13239; AX.25 v2.2, section 3).

A flag is 01111110. Within a frame a 0 is stuffed after five ones, so that no flag arises; seven ones abort a frame.
Bytes go lowest bit first. The last two bytes are CRC-16/X-25, the low one first.

Theory of operation. The decoder looks at the whole row at once. A 0 after exactly five ones is either stuffed or wrong,
so all of them go at one stroke, and where they went is a running sum. What lies between two flags is a frame if its
remaining bits are whole bytes, no run of six ones is in it, and the check sequence is right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.coding.bits import Bits, from_bytes, hard
from sheber.ground.coding.crc import crc16_x25
from sheber.ground.coding.found import Found

__all__ = ["FLAG", "decode", "encode", "stuffed", "unstuffed"]

FLAG: Bits = np.array([0, 1, 1, 1, 1, 1, 1, 0], np.uint8)
_SHORTEST, _LONGEST = 3, 4096  # bytes between flags, with the check sequence


def encode(data: bytes, flags_before: int = 1, flags_after: int = 1) -> Bits:
    """The bits of a frame: flags, stuffed bytes with their check sequence, flags."""
    checked = data + crc16_x25(data).to_bytes(2, "little")
    body = stuffed(from_bytes(checked, low_first=True))
    return np.concatenate((np.tile(FLAG, flags_before), body, np.tile(FLAG, flags_after)))


def decode(bits: ArrayLike, shortest: int = _SHORTEST, longest: int = _LONGEST) -> list[Found]:
    """The frames in a row of bits whose check sequence is right.

    `shortest` and `longest` count bytes with the check sequence. The end of one frame may be the beginning of the next.
    """
    row = hard(bits)
    ones = _ones_before(row)
    flags = np.flatnonzero((row == 0) & (ones == 6)) - 7  # -1: its first bit was missed
    stuffing = (row == 0) & (ones == 5)
    kept = row[~stuffing]
    dropped = _before(stuffing)
    spoilt = _before((row == 1) & (ones == 5))  # a sixth one: part of a flag or of an abort
    starts, ends = flags[:-1] + 8, flags[1:]
    sizes = ends - starts - (dropped[ends] - dropped[starts]) if flags.size > 1 else np.zeros(0, np.int64)
    good = (sizes % 8 == 0) & (sizes >= 8 * shortest) & (sizes <= 8 * longest) & (spoilt[ends] == spoilt[starts])
    found = []
    for start, end, size in zip(starts[good], ends[good], sizes[good], strict=True):
        at = start - dropped[start]
        data = np.packbits(kept[at : at + size], bitorder="little").tobytes()
        if crc16_x25(data[:-2]) == int.from_bytes(data[-2:], "little"):
            found.append(Found(data[:-2], max(int(start) - 8, 0), int(end) + 8))
    return found


def stuffed(bits: ArrayLike) -> Bits:
    """The bits with a 0 after every five ones in a row."""
    out: list[int] = []
    ones = 0
    for bit in hard(bits).tolist():
        out.append(bit)
        ones = ones + 1 if bit else 0
        if ones == 5:
            out.append(0)
            ones = 0
    return np.array(out, np.uint8)


def unstuffed(bits: ArrayLike) -> Bits:
    """The bits without the 0 that follows five ones; the inverse of `stuffed`."""
    row = hard(bits)
    kept: Bits = row[~((row == 0) & (_ones_before(row) == 5))]
    return kept


def _before(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many marks stand before each bit (n + 1,), the end of the row included."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(marks)))


def _ones_before(row: Bits) -> NDArray[np.int64]:
    """How many ones in a row stand just before each bit."""
    index = np.arange(row.size)
    last_zero = np.maximum.accumulate(np.where(row == 0, index, -1))
    before = np.concatenate(([-1], last_zero[:-1])) if row.size else last_zero
    return index - 1 - before
