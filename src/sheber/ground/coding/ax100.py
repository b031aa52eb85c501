"""The framings of the AX100 radio, which many small satellites have: mode 5 (ASM + Golay) and mode 6 (Reed-Solomon).

Mode 5: the sync word, a Golay word of 24 bits whose lower eight are a length, then as many bytes, with the randomiser
of CCSDS on them. (The other four bits are for options. Satellites that were heard leave them zero.) Mode 6: everything
is scrambled by G3RUH; after the sync word one byte of length, which counts itself, then the bytes. In both the bytes
are a shortened word of (255, 223), conventional basis. What it carries is usually a CSP packet. (GomSpace, "NanoCom
AX100" data sheet; the layout as satellites send it.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.coding import g3ruh, golay, markers
from sheber.ground.coding.bits import Bits, Row, from_bytes, given, hard, to_bytes
from sheber.ground.coding.found import Found
from sheber.ground.coding.randomiser import randomised_bytes
from sheber.ground.coding.reed_solomon import E16_CONVENTIONAL as CODE
from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["Ax100Error", "decode_mode_5", "decode_mode_6", "encode_mode_5", "encode_mode_6"]

MOST: Final = 222  # bytes of data in a frame: 255 with parity, and mode 6 counts the length too

_PREAMBLE = b"\xaa" * 8
_SYNC_BITS, _GOLAY_BITS = 32, 24
_TOLERANCE = 4  # wrong bits of a sync word
_BAD_LENGTH = message("ground.ax100_length", "a frame of the AX100 carries 1 to {most} bytes, not {count}")


class Ax100Error(GroundError):
    """A frame does not fit."""


def encode_mode_5(data: bytes) -> Bits:
    """The bits of a frame, with a preamble. Raises Ax100Error."""
    word = _coded(data)
    header = golay.encode(len(word)).to_bytes(3, "big")
    return from_bytes(_PREAMBLE + markers.AX100 + header + randomised_bytes(word))


def decode_mode_5(bits: ArrayLike, tolerance: int = _TOLERANCE) -> list[Found]:
    """The frames in a row of bits, either way up."""
    row, found = hard(bits), []
    for place in markers.find(row, markers.AX100, tolerance):
        upright = row[place.start :] ^ np.uint8(place.upside_down)
        number = golay.decode(_number(upright[_SYNC_BITS : _SYNC_BITS + _GOLAY_BITS]))
        if number is not None:
            body, length = upright[_SYNC_BITS + _GOLAY_BITS :], number[0] & 0xFF
            word = randomised_bytes(to_bytes(body[: 8 * length]))
            found.append(_decoded(word, length, place.start, _SYNC_BITS + _GOLAY_BITS, number[1]))
    return [one for one in found if one]


def encode_mode_6(data: bytes, sent: ArrayLike = ()) -> Bits:
    """The bits of a frame, with a preamble, scrambled. `sent`: bits that went out just before. Raises Ax100Error."""
    word = _coded(data)
    return g3ruh.scramble(from_bytes(_PREAMBLE + markers.AX100 + bytes([len(word) + 1]) + word), sent)


def decode_mode_6(bits: ArrayLike, tolerance: int = _TOLERANCE) -> list[Found]:
    """The frames in a row of scrambled bits; the scrambler reads inverted bits as inverted ones."""
    row: Row = hard(g3ruh.descramble(given(bits)))
    found = []
    for place in markers.find(row, markers.AX100, tolerance):
        upright = row[place.start + _SYNC_BITS :] ^ np.uint8(place.upside_down)
        length = _number(upright[:8]) - 1
        word = to_bytes(upright[8 : 8 + 8 * max(length, 0)])
        found.append(_decoded(word, length, place.start, _SYNC_BITS + 8, 0))
    return [one for one in found if one]


def _coded(data: bytes) -> bytes:
    """Data with parity. Raises Ax100Error."""
    if not 1 <= len(data) <= MOST:
        raise Ax100Error(_BAD_LENGTH(most=MOST, count=len(data)))
    return CODE.encode(data)


def _decoded(word: bytes, length: int, start: int, head: int, mended: int) -> Found | None:
    """The frame of a word that follows `head` bits after `start`, if it is whole and can be mended."""
    if not CODE.parity < length <= 255 or len(word) < length:
        return None
    out = CODE.decode(word)
    return Found(out.data, start, start + head + 8 * length, mended + out.count) if out.good else None


def _number(bits: Bits) -> int:
    """The number that bits are, the highest first."""
    return int.from_bytes(np.packbits(bits).tobytes(), "big") >> -bits.size % 8
