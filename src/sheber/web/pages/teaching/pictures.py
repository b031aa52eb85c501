"""Pictures: how a scene of a robot cell begins, drawn from its trace by the same renderer that the cameras have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sheber.geometry import Pose
from sheber.school.courses.checking import pictured
from sheber.school.courses.exercises import Proposal
from sheber.school.opening import School
from sheber.trace import Trace, TraceError, read

__all__ = ["scene_png"]

_KIND: Final = "robot-cell"  # the station whose looks are known here
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


def scene_png(school: School, own: Proposal, place: int) -> bytes | None:
    """The picture of a public scene of a checked upload, by its place from 1; None where there is none.

    Drawn once, and kept beside its trace.
    """
    traces = pictured(school, own)  # type: ignore[arg-type]
    if not 1 <= place <= len(traces):
        return None
    kept = traces[place - 1].with_suffix(".png")
    if not kept.is_file():
        content = _drawn(traces[place - 1])
        if content is None:
            return None
        aside = kept.with_suffix(".part")
        aside.write_bytes(content)
        aside.replace(kept)
    return kept.read_bytes()


def _drawn(file: Path) -> bytes | None:
    """The first moment of a trace as PNG; None for another station, or a trace that cannot be read."""
    try:
        trace = read(file)
        return _picture(trace) if trace.header.station == _KIND else None
    except (TraceError, ValueError, KeyError):
        return None


def _picture(trace: Trace) -> bytes | None:
    from sheber.robot.appearance import mesh, texture
    from sheber.robot.vision.camera import Camera

    camera = Camera(_View(_looking(_EYE, _TARGET)), trace.visuals, mesh, texture)
    known = [name for name in trace.bodies if name in camera.bodies and trace.knows(name)]
    poses = {name: trace.body(name)[0] for name in known}
    image = camera.capture(poses, _Light()).colour
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    return bytes(encoded) if done else None


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
