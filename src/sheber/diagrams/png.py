"""PNG: a picture of few colours as a file, by the standard library (ISO/IEC 15948, colour type 3)."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["png"]


def png(indices: NDArray[np.uint8], palette: NDArray[np.uint8], clear: int) -> bytes:
    """The file of a picture (h, w) of indices into a palette (k, 3) RGB; the colour `clear` of it is transparent."""
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = indices
    opaque = np.full(len(palette), 255, np.uint8)
    opaque[clear] = 0
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"tRNS", opaque.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
