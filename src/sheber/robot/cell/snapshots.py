"""Snapshots: where all bodies are, kept moment by moment, and told only where something moved.

Keeping a moment is a few copies; what changed is found for all kept moments at once, which
costs a tenth of looking at each by itself. Poses are rounded to 1/16 of a micrometre: a robot
that stands still trembles in the last bit of its numbers, and that is not moving.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.world import World

__all__ = ["Snapshots"]

Changed = tuple[NDArray[np.uint16], NDArray[np.float32]]
FINE = float(1 << 24)  # parts of a metre, and of a quaternion's one


class Snapshots:
    """Keeps poses of the bodies of a world and tells which of them changed."""

    def __init__(self, world: World, bodies: list[int], room: int = 64) -> None:
        """`bodies`: the engine's bodies that are told, in their order; `room`: moments kept without growing."""
        model, data, parts = world.model, world.data, len(world.parts)
        robot = [i for i in bodies if model.body_treeid[i] >= 0 and i <= world.first_part]
        # the moving bodies of the robot follow each other; a part's free joint is its pose
        self._positions = data.xpos[robot[0] : robot[-1] + 1]
        self._quaternions = data.xquat[robot[0] : robot[-1] + 1]
        self._parts = data.qpos[world.qpos_parts :].reshape(parts, 7)
        self._all = np.array(bodies)
        self._data = data
        self._split = len(robot)
        self._rows = np.array([*map(bodies.index, robot), *range(len(bodies) - parts, len(bodies))], dtype=np.uint16)
        self._kept = np.zeros((room, len(robot) + parts, 7))
        self._count = 0
        self._told: NDArray[np.int32] | None = None  # (moving bodies, 7) of the last moment told

    def keep(self) -> None:
        """Note this moment; the engine's poses must be up to date."""
        count, split = self._count, self._split
        if count == len(self._kept):
            self._kept = np.concatenate((self._kept, np.zeros_like(self._kept)))
        moment = self._kept[count]
        moment[:split, :3] = self._positions
        moment[:split, 3:] = self._quaternions
        moment[split:] = self._parts
        self._count = count + 1

    def take(self) -> list[Changed]:
        """For each kept moment what moved since the last: indices (k,), poses (k, 7). The first has all bodies."""
        count, self._count = self._count, 0
        if count == 0:
            return []
        fine = np.rint(self._kept[:count] * FINE).astype(np.int32)
        poses = (fine / FINE).astype(np.float32)
        before = fine[:1] if self._told is None else self._told[None]
        moved = (fine != np.concatenate((before, fine[:-1]))).any(axis=2)
        moment, body = np.nonzero(moved)
        rows, told = self._rows[body], poses[moment, body]
        ends = np.searchsorted(moment, np.arange(count + 1)).tolist()
        changes = [(rows[a:b], told[a:b]) for a, b in pairwise(ends)]
        if self._told is None:
            changes[0] = self._everything(poses[0])
        self._told = fine[-1]
        return changes

    def _everything(self, moving: NDArray[np.float32]) -> Changed:
        poses = np.hstack((self._data.xpos[self._all], self._data.xquat[self._all])).astype(np.float32)
        poses[self._rows] = moving
        return np.arange(len(self._all), dtype=np.uint16), poses
