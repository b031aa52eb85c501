"""Outlines: triangles of a flat outline with holes, by mapbox_earcut, with a proof that they cover it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

__all__ = ["filled"]

Array = NDArray[np.float64]
ALIKE: Final = 1e-9  # share of the area by which triangles may miss it: rounding


def filled(rings: Sequence[Array]) -> NDArray[np.int32]:
    """Triangles (m, 3) of the first ring without the others, numbers in the rings' points one after another.

    Each hole lies inside of the first ring. Rings may run either way; the triangles run counter-clockwise. Raises
    ValueError where the triangles do not have the area of the outline less its holes: a ring crosses itself or another.
    """
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings], dtype=np.uint32)
    triangles = mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3).astype(np.int32)
    twice = _twice_area(points[triangles])
    outline, *holes = (abs(_twice_area(ring[None])[0]) for ring in rings)
    if not np.isclose(np.abs(twice).sum(), outline - sum(holes), rtol=ALIKE, atol=ALIKE * outline):
        raise ValueError("an outline crosses itself, or a hole is not inside of it")
    return np.where((twice < 0.0)[:, None], triangles[:, ::-1], triangles)


def _twice_area(rings: Array) -> Array:
    """Twice the area of each ring (m, n, 2), above zero where it runs counter-clockwise."""
    x, y = rings[..., 0], rings[..., 1]
    following = np.roll(rings, -1, axis=-2)
    return np.asarray((x * following[..., 1] - following[..., 0] * y).sum(axis=-1), np.float64)
