"""Thinning: the fewest keys of a track between which straight lines stay within a tolerance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["continuous", "thinned"]

Floats = NDArray[np.float64]

ROUNDS = 400  # of looking for keys; a track of a real run needs some ten


def thinned(times: Floats, values: Floats, tolerance: float) -> NDArray[np.int64]:
    """Indices of the kept keys of values (n, k) at times (n,): first, last, and those that lines cannot miss.

    Ramer, Douglas and Peucker's way, all pieces of one depth at once, so that it costs a few array operations
    a depth and not one a key.
    """
    count = len(values)
    if count < 3:
        return np.arange(count)
    kept = np.zeros(count, bool)
    kept[[0, -1]] = True
    for _round in range(ROUNDS):
        keys = np.flatnonzero(kept)
        error = np.abs(between(times, values, keys) - values).max(axis=1)
        error[keys] = 0.0
        starts = keys[:-1]
        worst = np.maximum.reduceat(error[:-1], starts)
        piece = np.searchsorted(keys, np.arange(count), side="right") - 1
        piece = np.minimum(piece, len(starts) - 1)
        split = (error >= worst[piece]) & (error > tolerance)
        if not split.any():
            return keys
        chosen = np.flatnonzero(split)
        first = np.unique(piece[chosen], return_index=True)[1]  # one new key a piece
        kept[chosen[first]] = True
    return np.flatnonzero(kept | (error > tolerance))  # a track made so that each round finds one key: keep them all


def between(times: Floats, values: Floats, keys: NDArray[np.int64]) -> Floats:
    """What straight lines through the keys give at all times (n, k)."""
    return np.stack([np.interp(times, times[keys], column[keys]) for column in values.T], axis=1)


def continuous(quaternions: Floats) -> Floats:
    """Quaternions (n, 4) with signs chosen so that neighbours are near each other."""
    turned = np.einsum("ij,ij->i", quaternions[1:], quaternions[:-1]) < 0.0
    signs = np.concatenate(([1.0], np.where(np.cumsum(turned) % 2 == 1, -1.0, 1.0)))
    return np.asarray(quaternions * signs[:, None])
