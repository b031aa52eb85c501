"""Ahead: how far away the next surface is, along a ray from the TCP. For nozzles and probes."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.world import LOOSE, SCENERY, World

__all__ = ["BACK", "Ahead"]

Array = NDArray[np.float64]
BACK = 0.01  # m: a ray begins so far behind the TCP, so that it meets a surface that the tip touches


class Ahead:
    """Rays that meet fixtures, belts and loose parts, but not the robot."""

    def __init__(self, world: World) -> None:
        self._model, self._data = world.model, world.data
        tcp = world.body("tcp")
        self.tip: Array = world.data.xpos[tcp]  # (3,) m, base frame; alive
        self._z = world.data.xmat[tcp][2::3]  # (3,), alive
        self._groups = np.zeros(6, dtype=np.uint8)
        self._groups[[SCENERY, LOOSE]] = 1
        self.axis: Array = np.zeros(3)  # the tool's axis, base frame, as of the last look along it: it leaves the tool
        self.normal = np.zeros(3)  # of the surface that was met last
        self._start = np.zeros(3)

    def refresh(self) -> None:
        """Bring the engine's poses up to date: a step leaves those of its start behind."""
        mujoco.mj_kinematics(self._model, self._data)

    def along_axis(self) -> float:
        """The distance [m], see `distance`, along the tool's axis as it is now."""
        self.axis[:] = self._z
        return self.distance(self.axis)

    def distance(self, direction: Array) -> float:
        """Distance [m] from the TCP to the next surface in a direction (3,) of length 1; infinite where there is none.

        Less than 0 where the tip is up to `BACK` inside a surface.
        """
        start = self._start
        np.multiply(direction, -BACK, start)
        start += self.tip
        met = mujoco.mj_ray(self._model, self._data, start, direction, self._groups, 1, -1, None, self.normal)
        return float(met) - BACK if met >= 0.0 else math.inf
