"""Sync markers: where frames begin in a row of bits, whichever way up, with some bits wrong or too many.

A marker is found by comparing it with all places at once. Where noise has spoilt it, a frame may still be expected one
frame's length after or before another (a flywheel): `expected` says where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.coding.bits import Bits, from_bytes, hard

__all__ = ["AX100", "CCSDS", "Place", "differences", "expected", "find"]

CCSDS: Final = bytes.fromhex("1acffc1d")
"""The attached sync marker of CCSDS telemetry without turbo or LDPC codes (131.0-B-3, 9.3)."""
AX100: Final = bytes.fromhex("930b51de")
"""The sync word of the AX100 radio."""


@dataclass(frozen=True, slots=True)
class Place:
    """A marker in a row of bits."""

    start: int  # index of its first bit
    upside_down: bool  # whether all bits are inverted there
    wrong: int  # its bits that differ


def differences(bits: ArrayLike, marker: bytes = CCSDS) -> NDArray[np.int64]:
    """How many bits differ from the marker at each place (n - bits of the marker + 1,)."""
    row, wanted = hard(bits), from_bytes(marker)
    places = max(row.size - wanted.size + 1, 0)
    out = np.zeros(places, np.int64)
    for start in range(0, wanted.size if places else 0, 8):
        byte = _bytes_at_all_places(row[start : start + places + 7])
        out += np.bitwise_count(byte ^ np.uint8(marker[start // 8]))
    return out


def find(bits: ArrayLike, marker: bytes = CCSDS, tolerance: int = 3, *, upside_down: bool = True) -> list[Place]:
    """The places of a marker with at most `tolerance` wrong bits, in their order; inverted ones if asked for."""
    wrong = differences(bits, marker)
    most = 8 * len(marker)
    turned = wrong > most // 2
    count = np.where(turned, most - wrong, wrong)
    good = (count <= tolerance) & (~turned | upside_down)
    return [Place(int(at), bool(turned[at]), int(count[at])) for at in np.flatnonzero(good)]


def expected(places: list[Place], period: int, size: int, slack: int = 2) -> list[Place]:
    """Places one period after or before those given, where none is near: frames whose marker was spoilt.

    Where the signal turned over between two neighbours, the place between them is the way up of the one after it: what
    spoilt the marker turned the signal, and the frame follows the marker.
    period: bits from marker to marker; size: bits of the row; slack: bits by which a place may be off and is still the
    same frame.
    """
    starts = np.array([place.start for place in places])
    out = {}
    for place in places:
        for start in (place.start - period, place.start + period):
            near = starts.size and np.abs(starts - start).min() <= slack
            if 0 <= start <= size - period and not near:
                out[start] = Place(start, place.upside_down, -1)  # of the one after it, where both neighbours are there
    return [out[start] for start in sorted(out)]


def _bytes_at_all_places(row: Bits) -> Bits:
    """The byte that begins at each bit (n - 7,)."""
    count = row.size - 7
    out = np.zeros(count, np.uint8)
    for place in range(8):
        out = out << np.uint8(1) | row[place : place + count]
    return out
