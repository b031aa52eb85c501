"""The camera: pictures, and from pixels to metres and back.

The camera frame is that of computer vision: +x right, +y down, +z forward. Pixels (u, v): u to the right, v down,
the middle of the upper left pixel is (0, 0). Lens distortion as OpenCV writes it: k1, k2, p1, p2, k3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client import checks
from sheber.client.errors import NotGiven, wrong
from sheber.client.fixed import Fixed
from sheber.client.session import Session
from sheber.geometry import Pose
from sheber.i18n import message

__all__ = ["Camera", "Image"]

WITHHELD = message(
    "client.withheld",
    "This exercise does not give {name} of the camera {camera!r}. You must find it yourself. It gives: {known}.",
)
ON_THE_FLANGE = message(
    "client.camera_on_flange",
    "The camera {camera!r} is on the flange and moves with it, so it has no fixed pose in the base frame. "
    "camera.flange_pose is T_flange_camera, and image.flange is T_base_flange in the picture.",
)
NOT_ON_THE_FLANGE = message(
    "client.camera_not_on_flange",
    "The camera {camera!r} is fixed in the cell, not on the flange. camera.pose is T_base_camera.",
)
FLANGE_WANTED = message(
    "client.camera_needs_flange",
    "The camera {camera!r} moves with the flange. Say where the flange was: flange=image.flange.",
)
NOTHING_GIVEN = message(
    "client.withheld_all",
    "This exercise does not give {name} of the camera {camera!r}. You must find it yourself. It gives nothing.",
)
ROUNDS = 60  # of undoing the lens, at most
EXACT, CONVERGED = 1e-13, 1e-6  # error in x / z: at which it ends, and below which the result counts

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Image:
    """One picture.

    >>> image = camera.capture()
    >>> blue, green, red = image.colour[240, 320]
    """

    colour: NDArray[np.uint8]  # (h, w, 3) BGR, as OpenCV has it
    depth: NDArray[np.float32] | None  # (h, w) m along the camera's z axis; None where the camera has none
    time: float  # simulated s of the moment that it shows, the middle of the exposure
    flange: Pose | None = None  # T_base_flange at this moment, by the encoders; None for a camera fixed in the cell

    def __repr__(self) -> str:
        height, width = self.colour.shape[:2]
        depth = "with depth" if self.depth is not None else "no depth"
        return f"Image({width} x {height} px, {depth}, at {self.time:.2f} s)"


class Camera(Fixed):
    """A camera, fixed in the cell or on the flange. A value that the exercise does not give raises NotGiven."""

    __slots__ = ("_given", "_session", "height", "mount", "name", "width")

    def __init__(self, session: Session, name: str, given: Mapping[str, Any]) -> None:
        self._session = session
        self._given = given
        self.name = name
        self.width = int(given["width"])  # px
        self.height = int(given["height"])  # px
        self.mount = str(given.get("mount", ""))  # "": fixed in the cell; "flange": the arm carries it

    def __repr__(self) -> str:
        given = ", ".join(self._known()) or "nothing"
        return f"Camera({self.name!r}, {self.width} x {self.height} px; given: {given})"

    @property
    def matrix(self) -> Array:
        """The camera matrix (3, 3) [px]: fx, 0, cx; 0, fy, cy; 0, 0, 1. Raises NotGiven if not given.

        >>> fx = camera.matrix[0, 0]
        """
        return np.array(self._told("matrix"), dtype=np.float64)

    @property
    def distortion(self) -> Array:
        """The lens distortion (5,): k1, k2, p1, p2, k3, as OpenCV has it. Raises NotGiven if not given.

        >>> import cv2
        >>> straight = cv2.undistort(image.colour, camera.matrix, camera.distortion)
        """
        return np.array(self._told("distortion"), dtype=np.float64)

    @property
    def pose(self) -> Pose:
        """T_base_camera of a camera fixed in the cell: x right, y down, z forward. Raises NotGiven if not given.

        >>> height = camera.pose.position[2]
        """
        if self.mount:
            raise NotGiven(ON_THE_FLANGE(camera=self.name))
        return Pose.from_list(self._told("pose"))

    @property
    def flange_pose(self) -> Pose:
        """T_flange_camera of a camera on the flange: x right, y down, z forward. Raises NotGiven if not given.

        >>> hand = cell.cameras["hand"]
        >>> T_base_camera = hand.capture().flange @ hand.flange_pose
        """
        if not self.mount:
            raise NotGiven(NOT_ON_THE_FLANGE(camera=self.name))
        return Pose.from_list(self._told("flange_pose"))

    def capture(self) -> Image:
        """Take a picture. Exposure and read-out take simulated time (50 ms, if the exercise gives no other time).

        Gives colour (h, w, 3) uint8 BGR, depth (h, w) float32 [m] or None. The number of pictures in a run is limited.

        >>> image = camera.capture()
        >>> image.colour.shape
        (480, 640, 3)
        """
        reply, binary = self._session.call_for_bytes("capture", camera=self.name)
        height, width = int(reply["height"]), int(reply["width"])
        split = height * width * 3
        colour = np.frombuffer(binary, np.uint8, split).reshape(height, width, 3)
        depth = None
        if reply["depth"]:
            depth = np.frombuffer(binary, np.float32, height * width, split).reshape(height, width)
        flange = reply.get("flange")
        return Image(colour, depth, float(reply["shown_at"]), None if flange is None else Pose.from_list(flange))

    def to_plane(self, u: ArrayLike, v: ArrayLike, height: float = 0.0, flange: Pose | None = None) -> tuple[Any, Any]:
        """Where the rays of pixels meet the horizontal plane z = `height` of the base frame [m]: x and y [m].

        `u` and `v` [px] are numbers, or arrays of the same shape. x and y have this shape too. They are NaN if the ray
        never meets the plane, or if the pixel is far outside the picture. Takes the lens distortion into account.
        `flange`: of a camera on the flange, T_base_flange in the picture (`image.flange`).
        Raises TypeError or ValueError if `u` and `v` are not pixels, NotGiven if the camera's values are not given.

        >>> x, y = camera.to_plane(319.5, 239.5, height=0.03)
        """
        z = checks.length(height, "height")
        pixels = checks.pixels(u, v)
        camera = self._pose_at(flange)
        x, y = self._undistorted(pixels)
        rays = np.stack((x, y, np.ones_like(x)), axis=-1) @ camera.rotation.T  # (..., 3) in base axes
        with np.errstate(divide="ignore", invalid="ignore"):
            along = (z - camera.position[2]) / rays[..., 2]
        along = np.where(along > 0.0, along, np.nan)
        met = camera.position + along[..., None] * rays
        if met.ndim == 1:
            return float(met[0]), float(met[1])
        return met[..., 0], met[..., 1]

    def project(self, points: ArrayLike, flange: Pose | None = None) -> tuple[Any, Any]:
        """The pixels (u, v) where the camera sees points of the base frame. Takes the lens distortion into account.

        `points` (3,) or (n, 3) [m] in the base frame; u and v [px] are numbers or (n,). They are NaN behind
        the camera. `flange`: of a camera on the flange, T_base_flange (`image.flange`).
        Raises NotGiven if the camera's values are not given.

        >>> u, v = camera.project((0.5, 0.1, 0.03))
        """
        array = checks.points(points, "points")
        checks.length(np.abs(array).max(initial=0.0), "the largest coordinate of points")
        seen = self._pose_at(flange).inverse() @ array
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = seen[..., 0] / seen[..., 2], seen[..., 1] / seen[..., 2]
        in_front = seen[..., 2] > 0.0
        x, y = _distorted(np.where(in_front, x, np.nan), np.where(in_front, y, np.nan), self.distortion)
        matrix = self.matrix
        u, v = matrix[0, 0] * x + matrix[0, 2], matrix[1, 1] * y + matrix[1, 2]
        if array.ndim == 1:
            return float(u), float(v)
        return u, v

    def _pose_at(self, flange: Pose | None) -> Pose:
        """T_base_camera, with the flange of a camera on it at T_base_flange."""
        if not self.mount:
            return self.pose
        if not isinstance(flange, Pose):
            raise wrong(TypeError, FLANGE_WANTED(camera=self.name))
        camera: Pose = flange @ self.flange_pose
        return camera

    def _undistorted(self, pixels: Array) -> tuple[Array, Array]:
        """Pixels (..., 2) as x / z and y / z in the camera frame, by fixed-point iteration.

        NaN where it does not converge: far outside the picture, a strong lens has no ray for a pixel.
        """
        matrix, lens = self.matrix, self.distortion
        goal_x = (pixels[..., 0] - matrix[0, 2]) / matrix[0, 0]
        goal_y = (pixels[..., 1] - matrix[1, 2]) / matrix[1, 1]
        x, y = goal_x, goal_y
        error = np.full_like(x, np.inf)
        with np.errstate(over="ignore", invalid="ignore"):  # where it runs away
            for _ in range(ROUNDS):
                seen_x, seen_y = _distorted(x, y, lens)
                error_x, error_y = goal_x - seen_x, goal_y - seen_y
                x, y = x + error_x, y + error_y
                error = np.maximum(np.abs(error_x), np.abs(error_y))
                if error.max(initial=0.0) < EXACT:
                    break
        found = error < CONVERGED
        return np.where(found, x, np.nan), np.where(found, y, np.nan)

    def _told(self, what: str) -> Any:
        value = self._given.get(what)
        if value is None:
            known = self._known()
            if not known:
                raise NotGiven(NOTHING_GIVEN(name=f"camera.{what}", camera=self.name))
            raise NotGiven(WITHHELD(name=f"camera.{what}", camera=self.name, known=known))
        return value

    def _known(self) -> list[str]:
        return [name for name in ("matrix", "distortion", "pose", "flange_pose") if self._given.get(name) is not None]


def _distorted(x: Array, y: Array, lens: Array) -> tuple[Array, Array]:
    """Where the lens puts x / z and y / z (Brown's model, OpenCV's five numbers)."""
    k1, k2, p1, p2, k3 = lens
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return (
        x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
        y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
    )
