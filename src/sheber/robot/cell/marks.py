"""Marks: bodies that are drawn and never touched. Each waits hidden until it is laid somewhere, once. No physics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.snapshots import Changes

__all__ = ["Marks"]

HIDDEN = (0.0, 0.0, 0.05, 1.0, 0.0, 0.0, 0.0)  # base frame: inside the foot of the arm


class Marks:
    """A stock of marks, used up in the order of their names."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.poses = np.tile(np.array(HIDDEN), (len(self.names), 1))  # (n, 7) x, y, z [m], wxyz, base frame
        self.used = 0
        self._kept: list[int] = []  # marks that were used at each kept moment
        self._told = -1  # marks that were told of; -1: nobody was told anything yet

    def lay(self, position: NDArray[np.float64]) -> None:
        """Lay the next mark at a position (3,) [m]; nothing happens where none is left."""
        if self.used < len(self.names):
            self.poses[self.used, :3] = position
            self.used += 1

    def keep(self) -> None:
        """Note this moment."""
        self._kept.append(self.used)

    def into(self, changes: Changes, first: int) -> Changes:
        """The changes of the kept moments, with the marks that were laid, and forget these moments.

        `first`: number of the first mark among the bodies.
        """
        kept, self._kept = self._kept, []
        if not kept or self._told == kept[-1]:
            return changes  # none is new
        # where none was told yet, the first moment has all of them
        begins = [self._told, *kept[:-1]] if self._told >= 0 else [0, *kept[:-1]]
        ends = kept if self._told >= 0 else [len(self.names), *kept[1:]]
        self._told = kept[-1]
        fresh = [np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)]
        return _joined(changes, fresh, first, self.poses)


def _joined(changes: Changes, fresh: Sequence[NDArray[np.intp]], first: int, poses: NDArray[np.float64]) -> Changes:
    """The changes, with at the end of each moment those of `poses` (n, 7) that are fresh then."""
    counts = [len(one) for one in fresh]
    where = np.repeat(changes.ends[1:], counts)  # of each fresh one, before which row it goes
    numbers = np.concatenate(fresh)
    indices = np.insert(changes.indices, where, (first + numbers).astype(np.uint16))
    placed = np.insert(changes.poses, where, poses[numbers].astype(np.float32), axis=0)
    ends = (np.array(changes.ends) + np.cumsum([0, *counts])).tolist()
    return Changes(indices, placed, ends)
