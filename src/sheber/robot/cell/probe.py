"""Probe: a digital input that says whether the tip of the tool touches something ahead of it, as an electric touch
sensor does. It feels along the tool's axis only, not sideways.

Burrs, dust and dried glue let a real one answer a little early. Each touch draws how much.
"""

from __future__ import annotations

import numpy as np

from sheber.robot.cell.ahead import Ahead
from sheber.robot.cell.scene import TouchProbe
from sheber.robot.cell.wires import Wires
from sheber.robot.cell.world import World

__all__ = ["Probe"]

TOUCHING = 5e-5  # m: a tip that touches is no farther from the surface than this
LEFT = 5e-4  # m beyond the last touch: farther away the touch is over, and the next one is another one


class Probe:
    """The touch sensor, alive."""

    def __init__(self, world: World, probe: TouchProbe, seed: int, wires: Wires) -> None:
        self._probe, self._inputs = probe, wires.inputs
        self._ahead = Ahead(world)
        self._rng = np.random.default_rng([seed, 11])  # its own, so that it changes no other noise
        self._early = self._drawn()

    def _drawn(self) -> float:
        return max(TOUCHING, float(self._rng.uniform(0.0, self._probe.noise)))

    def update(self, steps: int) -> None:
        """Say what was felt at the end of the last advance."""
        distance = self._ahead.along_axis()
        touched = self._inputs[self._probe.name]
        if touched and distance > self._early + LEFT:
            self._inputs[self._probe.name] = False
            self._early = self._drawn()
        elif not touched and distance <= self._early:
            self._inputs[self._probe.name] = True
