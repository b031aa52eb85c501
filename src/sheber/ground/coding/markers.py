"""Sync markers: where frames begin in a row of bits, whichever way up, with some bits wrong or too many.

A marker is found by comparing it with all places at once. Where noise has spoilt it, a frame may still be expected one
frame's length after or before another (a flywheel): `expected` says where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.coding.bits import hard
from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["AX100", "CCSDS", "MarkerError", "Place", "differences", "expected", "find"]

CCSDS: Final = bytes.fromhex("1acffc1d")
"""The attached sync marker of CCSDS telemetry without turbo or LDPC codes (131.0-B-3, 9.3)."""
AX100: Final = bytes.fromhex("930b51de")
"""The sync word of the AX100 radio."""

_LONGEST = 8  # bytes
_BAD_MARKER = message("ground.sync_marker", "A sync marker has 1 to {most} bytes, not {count}.")


class MarkerError(GroundError):
    """A marker is too long or empty."""


@dataclass(frozen=True, slots=True)
class Place:
    """A marker in a row of bits."""

    start: int  # index of its first bit
    upside_down: bool  # whether all bits are inverted there
    wrong: int  # its bits that differ


def differences(bits: ArrayLike, marker: bytes = CCSDS) -> NDArray[np.uint8]:
    """How many bits differ from the marker at each place (n - bits of the marker + 1,). Raises MarkerError."""
    from sheber.ground.coding.seeking import compare

    if not 1 <= len(marker) <= _LONGEST:
        raise MarkerError(_BAD_MARKER(most=_LONGEST, count=len(marker)))
    row, size = np.ascontiguousarray(hard(bits)), 8 * len(marker)
    out = np.empty(max(row.size - size + 1, 0), np.uint8)
    compare(row, np.uint64(int.from_bytes(marker, "big")), size, out)
    return out


def find(bits: ArrayLike, marker: bytes = CCSDS, tolerance: int = 3, *, upside_down: bool = True) -> list[Place]:
    """The places of a marker with at most `tolerance` wrong bits, in their order; inverted ones if asked for.

    Raises MarkerError.
    """
    wrong = differences(bits, marker)
    size = 8 * len(marker)
    good = wrong <= tolerance
    if upside_down:
        good |= wrong >= size - tolerance
    return [_place(int(at), int(wrong[at]), size) for at in np.flatnonzero(good)]


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


def _place(start: int, wrong: int, size: int) -> Place:
    """The place of a marker of `size` bits, the way up that differs less."""
    return Place(start, upside_down=2 * wrong > size, wrong=min(wrong, size - wrong))
