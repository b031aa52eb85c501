"""Figures: bodies that are drawn and never touched, and stand where what they belong to puts them. No physics.

The cap of a button that goes in, a lamp that is lit: seen by every camera and in every replay.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.snapshots import Changes

__all__ = ["Figures"]

Array = NDArray[np.float64]


class Figures:
    """Some figures, by name."""

    def __init__(self, places: Mapping[str, Pose]) -> None:
        """`places`: where each stands at the start, T_base_figure."""
        self.names = tuple(places)
        self.poses: Array = np.array([pose.to_list() for pose in places.values()])  # (n, 7); a new array a change
        self._kept: list[Array] = []  # where they were at each kept moment
        self._told: Array | None = None  # where they were at the last moment told

    def put(self, name: str, pose: Pose) -> None:
        """Let a figure stand somewhere else, T_base_figure."""
        poses = self.poses.copy()
        poses[self.names.index(name)] = pose.to_list()
        self.poses = poses

    def keep(self) -> None:
        """Note this moment."""
        self._kept.append(self.poses)

    def into(self, changes: Changes, first: int) -> Changes:
        """The changes of the kept moments, with the figures that moved, and forget these moments.

        `first`: number of the first figure among the bodies.
        """
        kept, self._kept = self._kept, []
        if all(poses is self._told for poses in kept):
            return changes
        indices, rows, ends = [], [], [0]
        for moment, poses in enumerate(kept):
            begin, end = changes.ends[moment], changes.ends[moment + 1]
            moved = self._moved(poses)
            indices += [changes.indices[begin:end], (first + moved).astype(np.uint16)]
            rows += [changes.poses[begin:end], poses[moved].astype(np.float32)]
            ends.append(ends[-1] + end - begin + len(moved))
        return Changes(np.concatenate(indices), np.concatenate(rows), ends)

    def _moved(self, poses: Array) -> NDArray[np.intp]:
        """Which figures are not where they were told to be; at first all."""
        told, self._told = self._told, poses
        return np.arange(len(poses)) if told is None else np.flatnonzero((poses != told).any(axis=1))
