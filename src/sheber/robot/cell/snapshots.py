"""Snapshots: what is measured and where all bodies are, kept moment by moment, and told for many moments at once.

Keeping a moment is one copy; what changed is found for all kept moments at once, which
costs a tenth of looking at each by itself. Poses are rounded to 1/16 of a micrometre: a robot
that stands still trembles in the last bit of its numbers, and that is not moving.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.world import World

__all__ = ["Changes", "Snapshots"]

Array = NDArray[np.float64]
FINE = float(1 << 24)  # parts of a metre, and of a quaternion's one


class Changes(NamedTuple):
    """The bodies that moved, of n moments: those of moment i are rows `ends[i]` to `ends[i + 1]`."""

    indices: NDArray[np.uint16]  # (m,) in the order of the cell's bodies
    poses: NDArray[np.float32]  # (m, 7) in the base frame
    ends: list[int]  # (n + 1,)


class Snapshots:
    """Keeps what is measured and the poses of the bodies of a world, and tells which of them changed."""

    def __init__(self, world: World, bodies: list[int], measured: Mapping[str, Array], room: int = 160) -> None:
        """`bodies`: the engine's bodies that are told, in their order; `measured`: flat views of what is kept too.

        `room`: moments kept without growing.
        """
        model, data, parts = world.model, world.data, len(world.parts)
        robot = [i for i in bodies if model.body_treeid[i] >= 0 and i <= world.first_part]
        # a part's free joint is its pose
        runs = _runs(robot)
        positions, quaternions = ([poses[run].reshape(-1) for run in runs] for poses in (data.xpos, data.xquat))
        loose = data.qpos[world.qpos_parts :]
        self._sources = (*measured.values(), *positions, *quaternions, loose)
        ends = np.cumsum([source.size for source in self._sources]).tolist()
        self._columns = {
            name: slice(end - view.size, end) for end, (name, view) in zip(ends, measured.items(), strict=False)
        }
        borders = [ends[len(measured) - 1], *(ends[len(measured) + k * len(runs) - 1] for k in (1, 2)), ends[-1]]
        self._positions, self._quaternions, self._loose = (slice(*pair) for pair in pairwise(borders))
        self._all = np.array(bodies)
        self._data = data
        self._split, self._moving = len(robot), len(robot) + parts
        self._rows = np.array([*map(bodies.index, robot), *range(len(bodies) - parts, len(bodies))], dtype=np.uint16)
        self._table = np.zeros((room, ends[-1]))
        self._lines = list(self._table)
        self.count = 0  # moments kept
        self._told: NDArray[np.int32] | None = None  # (moving bodies, 8) of the last moment told

    def keep(self) -> None:
        """Note this moment; the engine's poses must be up to date."""
        count = self.count
        if count == len(self._lines):
            self._table = np.concatenate((self._table, np.zeros_like(self._table)))
            self._lines = list(self._table)
        np.concatenate(self._sources, out=self._lines[count])
        self.count = count + 1

    def take(self) -> tuple[dict[str, Array], Changes]:
        """What was measured at each kept moment, (n, its size), and what moved since the one before.

        The very first moment has all bodies. What is handed over is forgotten.
        """
        count, self.count = self.count, 0
        table = self._table[:count]
        return {name: table[:, column].copy() for name, column in self._columns.items()}, self._changes(table)

    def _changes(self, table: Array) -> Changes:
        count = len(table)
        if count == 0:
            return Changes(np.empty(0, np.uint16), np.empty((0, 7), np.float32), [0])
        kept = np.zeros((count, self._moving, 8))  # the last is always 0
        kept[:, : self._split, :3] = table[:, self._positions].reshape(count, -1, 3)
        kept[:, : self._split, 3:7] = table[:, self._quaternions].reshape(count, -1, 4)
        kept[:, self._split :, :7] = table[:, self._loose].reshape(count, -1, 7)
        fine = np.rint(kept * FINE).astype(np.int32)
        before = fine[:1] if self._told is None else self._told[None]
        different = fine != np.concatenate((before, fine[:-1]))
        moment, body = np.nonzero(different.view(np.uint64)[:, :, 0])  # any of the eight
        indices, poses = self._rows[body], (fine[moment, body, :7] / FINE).astype(np.float32)
        ends = moment.searchsorted(np.arange(count + 1))
        if self._told is None:
            everything = self._everything((fine[0, :, :7] / FINE).astype(np.float32))
            indices = np.concatenate((np.arange(len(everything), dtype=np.uint16), indices))
            poses = np.concatenate((everything, poses))
            ends[1:] += len(everything)
        self._told = fine[-1]
        return Changes(indices, poses, ends.tolist())

    def _everything(self, moving: NDArray[np.float32]) -> NDArray[np.float32]:
        poses = np.hstack((self._data.xpos[self._all], self._data.xquat[self._all])).astype(np.float32)
        poses[self._rows] = moving
        return poses


def _runs(bodies: list[int]) -> list[slice]:
    """Slices of bodies that follow each other: the links and the tool, and what motors drive."""
    breaks = [i for i in range(1, len(bodies)) if bodies[i] != bodies[i - 1] + 1]
    return [slice(bodies[a], bodies[b - 1] + 1) for a, b in zip([0, *breaks], [*breaks, len(bodies)], strict=True)]
