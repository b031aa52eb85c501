"""The robot cell: a scene and what it becomes when it is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from sheber.robot.cell.cell import Cell
    from sheber.robot.cell.scene import Scene

__all__ = ["build"]


def build(scene: Scene, rng: np.random.Generator | None = None) -> Cell:
    """Bring a scene to life. Only here is the physics engine imported: scenes are described without it."""
    from sheber.robot.cell.cell import Cell

    return Cell(scene, rng)
