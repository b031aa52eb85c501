"""A frame that a decoder found, and where."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Found"]


@dataclass(frozen=True, slots=True)
class Found:
    """A frame that was found in a row of bits."""

    data: bytes  # without what the framing added
    start: int  # index in the row of the first bit that the framing sent for it
    end: int  # index after the last one
    mended: int = 0  # symbols or bits that a code put right
