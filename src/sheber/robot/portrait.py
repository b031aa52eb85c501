"""Portrait: how a whole cell looks at the first moment of a trace, by the same renderer that its cameras have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.appearance import mesh, texture
from sheber.robot.vision.camera import Camera
from sheber.trace import Trace

__all__ = ["portrait"]

_EYE: Final = (1.75, -1.45, 1.25)  # m, base frame
_TARGET: Final = (0.25, 0.05, 0.2)


@dataclass(frozen=True, slots=True)
class _View:
    """A camera that looks at the whole cell."""

    pose: Pose
    width: int = 480
    height: int = 320
    focal: tuple[float, float] = (560.0, 560.0)
    centre: tuple[float, float] = (239.5, 159.5)
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    exposure: float = 1.0
    noise: float = 0.0
    depth: bool = False


@dataclass(frozen=True, slots=True)
class _Light:
    """A lamp over the shoulder."""

    direction: tuple[float, float, float] = (-0.45, 0.5, -0.75)
    ambient: float = 0.45
    diffuse: float = 0.6
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


def portrait(trace: Trace) -> NDArray[np.uint8]:
    """The cell from its front right corner: (h, w, 3) RGB."""
    camera = Camera(_View(_looking(_EYE, _TARGET)), trace.visuals, mesh, texture)
    known = [name for name in trace.bodies if name in camera.bodies and trace.knows(name)]
    poses = {name: trace.body(name)[0] for name in known}
    blue_first = camera.capture(poses, _Light()).colour
    return np.ascontiguousarray(blue_first[..., ::-1])


def _looking(eye: tuple[float, float, float], target: tuple[float, float, float]) -> Pose:
    """T_base_camera of a camera at `eye` that looks at `target`: +x right, +y down, +z forward."""
    forward = np.subtract(target, eye)
    forward = forward / math.sqrt(float(forward @ forward))
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right = right / math.sqrt(float(right @ right))
    T_base_camera = np.eye(4)
    T_base_camera[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    T_base_camera[:3, 3] = eye
    return Pose.from_matrix(T_base_camera)
