"""Camera: what a camera in the cell sees, as colour, depth and segmentation.

Its frame is that of computer vision: +x right, +y down, +z forward. OpenGL and MuJoCo look
along -z with +y up; `opengl_pose` is the one place where that is turned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.geometry import Pose
from sheber.robot.vision.lens import Lens, Sensor
from sheber.robot.vision.material import Material
from sheber.robot.vision.rasteriser import DARK, Lamp, Lights, Pinhole, Rasteriser
from sheber.robot.vision.resample import measure_depth
from sheber.robot.vision.triangles import Texture, triangles
from sheber.station import Mesh, Visual

__all__ = ["Camera", "CameraImage", "CameraSpec", "Lighting", "opengl_pose"]


class CameraSpec(Protocol):
    """What `Camera` reads of a scene's camera (see `sheber.robot.cell.scene.CameraSpec`)."""

    @property
    def pose(self) -> Pose: ...  # T_base_camera, unless a picture is told another
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def focal(self) -> tuple[float, float]: ...
    @property
    def centre(self) -> tuple[float, float]: ...
    @property
    def distortion(self) -> tuple[float, float, float, float, float]: ...
    @property
    def exposure(self) -> float: ...
    @property
    def noise(self) -> float: ...
    @property
    def depth(self) -> bool: ...


class Lighting(Protocol):
    """What `Camera` reads of a scene's light (see `sheber.robot.cell.scene.Lighting`)."""

    @property
    def direction(self) -> tuple[float, float, float]: ...
    @property
    def ambient(self) -> float: ...
    @property
    def diffuse(self) -> float: ...
    @property
    def colour(self) -> tuple[float, float, float]: ...


@dataclass(frozen=True, slots=True, eq=False)
class CameraImage:
    """One picture."""

    colour: NDArray[np.uint8]  # (h, w, 3) blue, green, red, sRGB
    depth: NDArray[np.float32] | None  # (h, w) m along the camera's z; 0 where nothing is seen
    segmentation: NDArray[np.int32]  # (h, w) number of the body in `Camera.bodies`, -1 where none is seen


class Camera:
    """A camera and all it may see.

    >>> camera = Camera(spec, cell.visuals(), mesh, texture, still=["table"])
    >>> image = camera.capture({"part_1": (0.4, 0.1, 0.02, 1, 0, 0, 0)}, scene.lighting, rng)
    >>> mask = image.segmentation == camera.bodies.index("part_1")
    """

    def __init__(
        self,
        spec: CameraSpec,
        visuals: Sequence[Visual],
        mesh: Callable[[str], Mesh],
        texture: Texture,
        still: Collection[str] = (),
        *,
        vignetting: float = 0.12,
        shadow_size: int = 1024,
        materials: Sequence[Material] = (),
    ) -> None:
        """`mesh` and `texture` look names up. `still`: bodies that will not move; they are drawn once and kept.

        `materials`: one a visual, or none where every surface is dull.
        A body that is called still and moves all the same is drawn rightly, only slower.
        Raises ValueError for an unknown shape, nothing to draw, or a distortion that cannot be undone.
        """
        self.spec = spec
        self._lens = Lens.of((spec.width, spec.height), spec.focal, spec.centre, spec.distortion, vignetting)
        self._sensor = Sensor(self._lens, spec.noise)
        self._pinhole = Pinhole(self._lens.width, self._lens.height, spec.focal, self._lens.centre, spec.pose)
        self._rasteriser = Rasteriser(triangles(visuals, mesh, texture, still, materials), shadow_size)
        self._depth = np.zeros((spec.height, spec.width), np.float32)
        self._segmentation = np.full(self._depth.shape, -1, np.int32)
        self._poses = np.tile([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], (len(self.bodies), 1))

    @property
    def bodies(self) -> tuple[str, ...]:
        """Names of the bodies, in the order of the numbers in a segmentation; the first, "", is the base frame."""
        return self._rasteriser.triangles.bodies

    def capture(
        self,
        poses: Mapping[str, ArrayLike],
        lighting: Lighting,
        rng: np.random.Generator | None = None,
        exposure: float = 1.0,
        *,
        lights: Lights = DARK,
        T_base_camera: Pose | None = None,
    ) -> CameraImage:
        """A picture with the bodies at poses T_base_body: (7,) x, y, z [m], w, x, y, z, by name.

        A body that is not named stays where it was, at first at the origin. `rng` seeds the noise;
        None gives a picture without noise. `exposure` multiplies that of the camera. `lights`: what gives light beside
        `lighting`. `T_base_camera`: of a camera that is carried about; nothing of such a view is kept.
        Raises KeyError for a body that has no visual.
        """
        for name, pose in poses.items():
            self._poses[self._number(name)] = pose
        lamp = Lamp(lighting.direction, lighting.ambient, lighting.diffuse)
        pinhole = self._pinhole if T_base_camera is None else replace(self._pinhole, pose=T_base_camera)
        picture = self._rasteriser.picture(pinhole, lamp, self._poses, lights, passing=T_base_camera is not None)
        shapes = self._rasteriser.triangles
        measure_depth(
            picture.changed, self._lens.tile, picture.nearness, picture.seen, shapes.groups, shapes.face_shape,
            shapes.body_of, self._lens.source, self._depth, self._segmentation,
        )  # fmt: skip
        gain = [self.spec.exposure * exposure * float(part) for part in lighting.colour]
        seed = None if rng is None else int(rng.integers(1 << 63))
        colour = self._sensor.read(picture.light, picture.changed, gain, seed)
        return CameraImage(colour, self._depth.copy() if self.spec.depth else None, self._segmentation.copy())

    def _number(self, name: str) -> int:
        try:
            return self.bodies.index(name)
        except ValueError:
            raise KeyError(f"no visual belongs to a body {name!r}; bodies: {', '.join(self.bodies)}") from None


def opengl_pose(T_base_camera: Pose) -> Pose:
    """The same camera as OpenGL and MuJoCo write it: +x right, +y up, looking along -z."""
    turned: Pose = T_base_camera @ Pose((0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0))
    return turned
