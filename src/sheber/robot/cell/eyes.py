"""Eyes: the cameras of a cell, brought to life when the first picture is asked for. Imports machine vision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sheber.robot import appearance
from sheber.robot.arms import Arm
from sheber.robot.cell.looks import camera_visuals
from sheber.robot.cell.scene import Scene
from sheber.robot.vision.camera import Camera, CameraImage

__all__ = ["Eye"]


class Eye:
    """One camera of a scene and the light it sees by."""

    def __init__(self, scene: Scene, arm: Arm, name: str) -> None:
        """Raises KeyError that lists what exists where the scene has no camera of this name."""
        specs = {spec.name: spec for spec in scene.cameras}
        if name not in specs:
            raise KeyError(f"no camera {name!r}; there are: {', '.join(specs) or 'none'}")
        visuals = camera_visuals(scene, arm)
        still = ["", "floor", arm.links[0].name]
        still += [fixture.name for fixture in scene.fixtures] + [belt.name for belt in scene.belts]
        self._camera = Camera(specs[name], visuals, appearance.mesh, appearance.texture, still)
        self._bodies = set(self._camera.bodies)
        self._light = scene.lighting
        self._noisy = scene.imperfections.camera_noise

    @property
    def bodies(self) -> tuple[str, ...]:
        """Names behind the numbers of a segmentation."""
        return self._camera.bodies

    def look(
        self,
        poses: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
        rng: np.random.Generator,
    ) -> CameraImage:
        """A picture of the bodies at these positions and quaternions; `rng` seeds the noise, where there is any."""
        seen = {name: np.concatenate(pose) for name, pose in poses.items() if name in self._bodies}
        return self._camera.capture(seen, self._light, rng if self._noisy else None)
