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
        indices, poses, ends = [], [], [0]
        for moment, used in enumerate(self._kept):
            begin, end = changes.ends[moment], changes.ends[moment + 1]
            fresh = np.arange(0 if self._told < 0 else self._told, len(self.names) if self._told < 0 else used)
            self._told = used
            indices += [changes.indices[begin:end], (first + fresh).astype(np.uint16)]
            poses += [changes.poses[begin:end], self.poses[fresh].astype(np.float32)]
            ends.append(ends[-1] + end - begin + len(fresh))
        self._kept.clear()
        if len(ends) == 1:
            return changes
        return Changes(np.concatenate(indices), np.concatenate(poses), ends)
