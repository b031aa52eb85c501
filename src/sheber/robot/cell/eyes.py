"""Eyes: the cameras of a cell, brought to life when the first picture is asked for. Imports machine vision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot import appearance
from sheber.robot.arms import Arm
from sheber.robot.cell.furniture import standing
from sheber.robot.cell.looks import camera_looks
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.shining import lights_now
from sheber.robot.vision.camera import Camera, CameraImage

__all__ = ["Eye"]


class Eye:
    """One camera of a scene and the light it sees by."""

    def __init__(self, scene: Scene, arm: Arm, name: str) -> None:
        """Raises KeyError that lists what exists where the scene has no camera of this name."""
        specs = {spec.name: spec for spec in scene.cameras}
        if name not in specs:
            raise KeyError(f"no camera {name!r}; there are: {', '.join(specs) or 'none'}")
        seen = camera_looks(scene, arm)
        still = ["", "floor", arm.links[0].name]
        still += [fixture.name for fixture in standing(scene)] + [belt.name for belt in scene.belts]
        visuals, materials = [visual for visual, _ in seen], [material for _, material in seen]
        self._camera = Camera(specs[name], visuals, appearance.mesh, appearance.texture, still, materials=materials)
        self._spec, self._lights = specs[name], scene.lights
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
        T_base_flange: Pose,
        brightness: Mapping[str, float],
    ) -> CameraImage:
        """A picture of the bodies at these positions and quaternions; `rng` seeds the noise, where there is any.

        T_base_flange: where the arm has what it carries; brightness: of each light of the cell, 0..1.
        """
        seen = {name: np.concatenate(pose) for name, pose in poses.items() if name in self._bodies}
        lights = lights_now(self._light.lamps, self._lights, brightness, T_base_flange)
        pose = T_base_flange @ self._spec.pose if self._spec.mount else None
        return self._camera.capture(seen, self._light, rng if self._noisy else None, lights=lights, T_base_camera=pose)
