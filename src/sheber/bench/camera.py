"""The camera against MuJoCo's own renderer: the same meshes, poses, cameras and lamp, picture by picture in turn.

Ours makes the whole picture (lens, noise, depth, segmentation); MuJoCo's makes a pinhole's
colours at double size on a software GL, reduced to half: without that it has no antialiasing
that a processor can pay for.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.clock import STEP_S
from sheber.station import Mesh, Visual

__all__ = ["CameraSpeed", "NoSoftwareGL", "engine_model", "engine_renderer", "measure_camera"]

Poses = Mapping[str, NDArray[np.float64]]  # T_base_body (7,), m and wxyz, by name


class NoSoftwareGL(Exception):
    """This machine has no OpenGL that draws without a graphics card; says what to install."""


@dataclass(frozen=True, slots=True)
class CameraSpeed:
    """One view, medians over pictures taken in turn."""

    view: str
    ours_ms: float
    engine_ms: float
    ratio: float  # median over the pairs of pictures; above 1 ours is faster


def measure_camera(seed: int = 1, pictures: int = 24) -> list[CameraSpeed]:
    """Time the overhead view of vision-sorting and a side view; raises NoSoftwareGL where there is none."""
    from sheber.exercises import load
    from sheber.robot import appearance
    from sheber.robot.cell import build
    from sheber.robot.cell.looks import camera_visuals
    from sheber.robot.cell.scene import CameraSpec
    from sheber.robot.vision.camera import Camera

    scene = load("vision-sorting").scene(seed)
    overhead = scene.cameras[0]
    side = CameraSpec("side", _looking((1.7, -1.3, 1.1), (0.2, 0.0, 0.2)), noise=overhead.noise)
    cell = build(dataclasses.replace(scene, cameras=(overhead, side)))
    visuals = camera_visuals(scene, cell.arm)
    moments = _moments(cell, pictures)
    still = ["floor", cell.arm.links[0].name, *(fixture.name for fixture in scene.fixtures)]
    lamp = scene.lighting
    speeds = []
    for spec in (overhead, side):
        camera = Camera(spec, visuals, appearance.mesh, appearance.texture, still)
        drawn = {name: moments[0][name] for name in camera.bodies if name}
        with engine_renderer(engine_model(visuals, spec, lamp), spec.width * 2, spec.height * 2) as renderer:
            camera.capture(drawn, lamp, np.random.default_rng(1))
            renderer.draw(drawn)
            pairs = []
            for number, moment in enumerate(moments):
                drawn = {name: moment[name] for name in drawn}
                start = time.perf_counter()
                camera.capture(drawn, lamp, np.random.default_rng(number))
                middle = time.perf_counter()
                _halved(renderer.draw(drawn))
                pairs.append((middle - start, time.perf_counter() - middle))
        ours, engine = (median(times) * 1e3 for times in zip(*pairs, strict=True))
        speeds.append(CameraSpeed(spec.name, ours, engine, median(b / a for a, b in pairs)))
    return speeds


def _looking(eye: Sequence[float], at: Sequence[float]) -> Pose:
    """T_base_camera of a camera at `eye` that looks at a point, upright."""
    forward = np.subtract(at, eye)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    matrix[:3, 3] = eye
    return Pose.from_matrix(matrix)


def _moments(cell: Any, count: int) -> list[Poses]:
    """Poses of all bodies while the arm swings, at `count` moments 60 ms apart."""
    moments: list[Poses] = []
    home = np.array(cell.joints)
    for moment in range(count):
        time_s = 0.06 * moment + np.arange(1, 31) * STEP_S
        swing = np.outer(np.sin(1.2 * time_s), (0.5, 0.15, -0.15, 0.2, 0.0, 0.5))
        cell.advance(home + swing)
        poses = {}
        for name in cell.bodies:
            pose = cell.body_pose(name)
            poses[name] = np.concatenate([pose.position, pose.quaternion])
        moments.append(poses)
    return moments


def _halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    height, width = image.shape[:2]
    reduced = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)


# --- the same things in the engine ------------------------------------------------------------------


def engine_model(visuals: Sequence[Visual], camera: Any, lamp: Any, shadow_size: int = 1024) -> Any:
    """A MuJoCo model that only draws: the same triangles on mocap bodies, one camera, one lamp.

    `camera` and `lamp` as in a scene; the lens's distortion is left out, the rest of the camera is the same.
    """
    import mujoco

    from sheber.robot import appearance
    from sheber.robot.vision.camera import opengl_pose

    spec = mujoco.MjSpec()
    spec.visual.quality.shadowsize = shadow_size
    spec.visual.quality.offsamples = 0
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 2 * camera.width, 2 * camera.height
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [lamp.ambient] * 3, [0.0] * 3
    spec.visual.headlight.specular = [0.0] * 3
    spec.visual.map.znear, spec.visual.map.zfar = 0.01, 50.0
    spec.stat.extent, spec.stat.center = 1.0, (0.3, 0.0, 0.2)
    world = spec.worldbody
    world.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=(0.3, 0.0, 2.5), dir=lamp.direction, castshadow=True,
        ambient=(0, 0, 0), diffuse=[lamp.diffuse] * 3, specular=(0, 0, 0),
    )  # fmt: skip
    pose = opengl_pose(camera.pose)
    eye = world.add_camera(name="camera", pos=pose.position, quat=pose.quaternion)
    eye.resolution, eye.sensor_size = (camera.width, camera.height), (camera.width * 1e-5, camera.height * 1e-5)
    eye.focal_pixel = camera.focal
    # the engine counts the principal point from the middle of the picture, and the other way round
    middle = ((camera.width - 1) / 2.0, (camera.height - 1) / 2.0)
    eye.principal_pixel = (middle[0] - camera.centre[0], middle[1] - camera.centre[1])
    bodies = {"": world}
    for number, visual in enumerate(visuals):
        if visual.body not in bodies:
            bodies[visual.body] = world.add_body(name=visual.body, mocap=True)
        _add_visual(spec, bodies[visual.body], f"shape_{number}", visual, appearance.mesh, appearance.texture)
    return spec.compile()


def _add_visual(spec: Any, body: Any, name: str, visual: Visual, mesh: Any, texture: Any) -> None:
    import mujoco

    from sheber.robot.vision.shapes import surface

    geom = body.add_geom(name=name, pos=visual.pose.position, quat=visual.pose.quaternion, rgba=(*visual.colour, 1.0))
    geom.contype = geom.conaffinity = 0
    if visual.texture:
        image = texture(visual.texture)
        material = spec.add_material(name=f"material_{name}")
        made = spec.add_texture(name=f"texture_{name}", type=mujoco.mjtTexture.mjTEXTURE_2D)
        made.width, made.height, made.nchannel, made.data = image.shape[1], image.shape[0], 3, image.tobytes()
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = made.name
        geom.material, geom.rgba = material.name, (1.0, 1.0, 1.0, 1.0)
    if visual.shape == "plane":
        geom.type = mujoco.mjtGeom.mjGEOM_PLANE
        geom.size = (visual.size[0] / 2, visual.size[1] / 2, 0.1)
        return
    geom.type, geom.meshname = mujoco.mjtGeom.mjGEOM_MESH, name
    shape = mesh(visual.mesh) if visual.shape == "mesh" else surface(visual.shape, visual.size)
    made = spec.add_mesh(name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    if not isinstance(shape, Mesh) and visual.texture:
        made.uservert = shape.vertices[shape.faces].ravel().astype(float)
        made.userface = np.arange(shape.faces.size)
        made.usertexcoord = shape.uv.ravel().astype(float)
        return
    made.uservert = shape.vertices.ravel().astype(float)
    made.userface = shape.faces.ravel()
    made.smoothnormal = shape.smooth


def _choose_software_gl() -> None:
    """Let the engine draw by EGL, also where it was imported before: it reads its choice once, at import."""
    from mujoco.rendering.classic import gl_context

    if os.environ.get("MUJOCO_GL") not in ("egl", "osmesa"):
        os.environ["MUJOCO_GL"] = "egl"
    if os.environ["MUJOCO_GL"] not in gl_context.GLContext.__module__:
        importlib.reload(gl_context)


class engine_renderer:  # noqa: N801  (a context manager that reads like a function)
    """MuJoCo's renderer for one model; raises NoSoftwareGL where the machine has none."""

    def __init__(self, model: Any, width: int, height: int) -> None:
        """`width`, `height`: of the picture that is drawn."""
        import mujoco

        self.model, self.data = model, mujoco.MjData(model)
        try:
            _choose_software_gl()
            self._renderer = mujoco.Renderer(model, height=height, width=width)
        except Exception as error:  # the GL loaders raise whatever they please
            raise NoSoftwareGL(
                f"no software GL on this machine ({type(error).__name__}: {error}); "
                "Debian: apt-get install libegl1 libgl1-mesa-dri"
            ) from error

    def __enter__(self) -> engine_renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self._renderer.close()

    def place(self, poses: Poses) -> None:
        """Put the bodies where they are, and the scene with them."""
        import mujoco

        for name, pose in poses.items():
            body = self.model.body(name)
            number = int(body.mocapid[0])
            self.data.mocap_pos[number], self.data.mocap_quat[number] = pose[:3], pose[3:]
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        self._renderer.update_scene(self.data, "camera")

    def draw(self, poses: Poses) -> NDArray[np.uint8]:
        """Colours (h, w, 3) red, green, blue."""
        self.place(poses)
        return np.asarray(self._renderer.render(), np.uint8)

    def segmentation(self, poses: Poses) -> NDArray[np.int32]:
        """Number of the visual that each pixel sees (h, w), -1 for none."""
        self._renderer.enable_segmentation_rendering()
        self.place(poses)
        seen = self._renderer.render()
        self._renderer.disable_segmentation_rendering()
        return np.asarray(seen[:, :, 0], np.int32)

    def depth(self, poses: Poses) -> NDArray[np.float32]:
        """Depth (h, w) in m."""
        self._renderer.enable_depth_rendering()
        self.place(poses)
        seen = self._renderer.render()
        self._renderer.disable_depth_rendering()
        return np.asarray(seen, np.float32)
