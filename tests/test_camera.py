"""The whole camera: the analytic pinhole with its lens, OpenCV and the engine's renderer are the authorities."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from sheber.geometry import DOWN, Pose
from sheber.robot.cell.scene import CameraSpec, Lighting
from sheber.robot.vision import textures
from sheber.robot.vision.camera import Camera, opengl_pose
from sheber.robot.vision.textures import texture
from sheber.station import Mesh, Visual

BARREL = (-0.22, 0.07, 0.0011, -0.0007, 0.0)
SHARP = Lighting((0.0, 0.0, -1.0), 0.9, 0.1)
HERE = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def no_mesh(name: str) -> Mesh:
    raise AssertionError(f"mesh {name} was asked for")


def spec(**changes: Any) -> CameraSpec:
    eye = Pose((0.02, -0.05, 0.8)) @ DOWN.rotated(x=0.06, y=-0.05, z=0.2)
    return replace(CameraSpec("test", eye, focal=(700.0, 702.0), centre=(322.6, 236.8), noise=0.0), **changes)


def matrix(camera: CameraSpec) -> np.ndarray:
    (fx, fy), (cx, cy) = camera.focal, camera.centre
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def projected(camera: CameraSpec, points: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) of points (n, 3) in the base frame, by OpenCV."""
    T_camera_base = camera.pose.inverse()
    pixels, _ = cv2.projectPoints(
        points, T_camera_base.rotvec, T_camera_base.position, matrix(camera), np.array(camera.distortion)
    )
    return np.asarray(pixels).reshape(-1, 2)


# --- calibration ----------------------------------------------------------------------------------


@pytest.mark.parametrize("distortion", [(0.0,) * 5, BARREL], ids=["pinhole", "lens"])
def test_chessboard_corners_are_where_opencv_projects_them(distortion: tuple[float, ...]) -> None:
    board = Visual("", "plane", (0.45, 0.35), Pose.from_rotvec((0, 0, 0), (0.1, 0.15, 0.0)), texture="chessboard/8x6")
    camera = spec(distortion=distortion)
    image = Camera(camera, [board], no_mesh, texture).capture({}, SHARP)
    grey = cv2.cvtColor(image.colour, cv2.COLOR_BGR2GRAY)
    found, corners = cv2.findChessboardCorners(grey, (7, 5))
    assert found
    corners = cv2.cornerSubPix(grey, corners, (5, 5), (-1, -1), (3, 60, 1e-4)).reshape(-1, 2)
    x, y = np.meshgrid((np.arange(7) - 3) * 0.05, (np.arange(5) - 2) * 0.05)
    truth = projected(camera, board.pose @ np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1))
    error = np.linalg.norm(truth[:, None] - corners[None], axis=2).min(axis=1)
    assert np.sqrt((error**2).mean()) < 0.1
    assert error.max() < 0.25


def test_depth_through_the_lens_is_where_the_ray_meets_the_plane() -> None:
    camera = spec(distortion=BARREL)
    plane = Visual("", "plane", (3.0, 3.0), Pose.from_rotvec((0, 0, 0.1), (0.3, -0.2, 0.0)))
    depth = Camera(camera, [plane], no_mesh, texture).capture({}, SHARP).depth
    assert depth is not None
    columns, rows = np.meshgrid(np.arange(640.0), np.arange(480.0))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).reshape(-1, 1, 2)
    rays = cv2.undistortPoints(
        pixels, matrix(camera), np.array(BARREL), criteria=(cv2.TERM_CRITERIA_COUNT, 100, 0)
    ).reshape(480, 640, 2)
    T_camera_plane = camera.pose.inverse() @ plane.pose
    normal = T_camera_plane.rotation[:, 2]
    expected = (normal @ T_camera_plane.position) / (rays @ normal[:2] + normal[2])
    assert depth.dtype == np.float32
    assert np.abs(depth - expected).max() < 2e-6


# --- segmentation ---------------------------------------------------------------------------------


def workplace() -> list[Visual]:
    return [
        Visual("", "plane", (6.0, 6.0), Pose((0, 0, -0.5)), (0.5, 0.5, 0.5)),
        Visual("table", "box", (0.9, 0.7, 0.04), Pose((0, 0, -0.02)), (0.8, 0.8, 0.8)),
        Visual("cup", "cylinder", (0.04, 0.09), Pose((0, 0, 0.045)), (0.8, 0.2, 0.1)),
        Visual("cup", "box", (0.05, 0.01, 0.04), Pose((0.05, 0, 0.045)), (0.8, 0.2, 0.1)),
        Visual("ball", "sphere", (0.03,), Pose((0, 0, 0.03)), (0.1, 0.3, 0.8)),
        Visual("pill", "capsule", (0.02, 0.06), Pose.from_rotvec((0, 0, 0.02), (0, np.pi / 2, 0)), (0.9, 0.8, 0.1)),
    ]


PLACES = {
    "cup": (0.08, 0.05, 0.0, 0.9, 0.0, 0.0, 0.43589),
    "ball": (-0.12, 0.02, 0.0, 1.0, 0.0, 0.0, 0.0),
    "pill": (0.02, -0.14, 0.0, 0.8, 0.0, 0.0, 0.6),
    "table": HERE,
}


def test_segmentation_names_the_body_that_is_seen() -> None:
    camera = Camera(spec(distortion=BARREL), workplace(), no_mesh, texture, still=["table"])
    image = camera.capture(PLACES, Lighting())
    assert camera.bodies == ("", "table", "cup", "ball", "pill")
    points = np.array([(-0.12, 0.02, 0.03), (0.08, 0.05, 0.09), (0.02, -0.14, 0.02), (-0.3, 0.2, 0.0)])
    pixels = np.round(projected(camera.spec, points)).astype(int)  # type: ignore[arg-type]
    assert [camera.bodies[image.segmentation[row, column]] for column, row in pixels] == [
        "ball", "cup", "pill", "table",
    ]  # fmt: skip
    assert image.depth is not None
    assert (image.depth[image.segmentation >= 0] > 0.0).all()


def test_where_nothing_is_seen_there_is_no_body_and_no_depth() -> None:
    camera = Camera(spec(), [Visual("box", "box", (0.1, 0.1, 0.1))], no_mesh, texture)
    image = camera.capture({"box": (0.0, 0.0, 0.0, 1, 0, 0, 0)}, Lighting())
    assert image.depth is not None
    assert set(np.unique(image.segmentation)) == {-1, 1}
    assert (image.depth[image.segmentation == -1] == 0.0).all()


def test_an_unknown_body_and_texture_are_named() -> None:
    camera = Camera(spec(), workplace(), no_mesh, texture)
    with pytest.raises(KeyError, match=r"no visual belongs to a body 'mug'.*cup"):
        camera.capture({"mug": HERE}, Lighting())
    with pytest.raises(ValueError, match="unknown texture 'marble'; known kinds: aluminium"):
        texture("marble")
    with pytest.raises(ValueError, match="whole number"):
        texture("wood/x")
    with pytest.raises(ValueError, match="cannot print"):
        texture("label/?!")


@pytest.mark.parametrize("side", [False, True], ids=["above", "side"])
def test_masks_are_the_engines_within_a_pixel(side: bool) -> None:
    from sheber.bench.camera import NoSoftwareGL, engine_model, engine_renderer

    camera = spec()
    if side:
        camera = spec(pose=Pose.from_rotvec((0.0, -1.0, 0.45), (-1.9, 0.0, 0.0)))
    visuals = workplace()
    own = Camera(camera, visuals, no_mesh, texture)
    image = own.capture(PLACES, Lighting())
    try:
        with engine_renderer(engine_model(visuals, camera, Lighting()), camera.width, camera.height) as renderer:
            seen, depth = renderer.segmentation(PLACES), renderer.depth(PLACES)
    except NoSoftwareGL as reason:
        pytest.skip(str(reason))
    bodies = np.array([*(own.bodies.index(visual.body) for visual in visuals), -1])[seen]
    window = np.ones((3, 3), np.uint8)
    for number, name in enumerate(own.bodies):
        ours, theirs = (image.segmentation == number).astype(np.uint8), (bodies == number).astype(np.uint8)
        assert ours.any(), f"{name} is not in the picture"
        assert not (ours & ~cv2.dilate(theirs, window)).any(), f"{name} is drawn too large"
        assert not (theirs & ~cv2.dilate(ours, window)).any(), f"{name} is drawn too small"
    assert image.depth is not None
    inside = (bodies == image.segmentation) & (image.segmentation >= 0)
    assert np.percentile(np.abs(depth - image.depth)[inside], 99) < 1e-3


def test_the_turn_to_opengl_looks_the_same_way() -> None:
    pose = Pose.from_rotvec((0.1, 0.2, 0.3), (0.3, -0.4, 0.5))
    turned = opengl_pose(pose)
    assert turned.rotation[:, 0] == pytest.approx(pose.rotation[:, 0])
    assert turned.rotation[:, 1] == pytest.approx(-pose.rotation[:, 1])
    assert turned.rotation[:, 2] == pytest.approx(-pose.rotation[:, 2])


# --- light and noise ------------------------------------------------------------------------------


def test_colour_of_a_flat_patch_is_as_computed_by_hand() -> None:
    patch = Visual("", "plane", (3.0, 3.0), colour=(0.8, 0.4, 0.2))
    camera = spec(exposure=1.25, pose=Pose((0, 0, 0.8)) @ DOWN)
    lighting = Lighting((0.6, 0.0, -0.8), 0.2, 0.5, (1.0, 0.9, 0.8))
    image = Camera(camera, [patch], no_mesh, texture, vignetting=0.0).capture({}, lighting)

    def expected(colour: float, light: float) -> float:
        linear = ((round(255 * colour) / 255 + 0.055) / 1.055) ** 2.4 * (0.2 + 0.5 * 0.8) * 1.25 * light
        return 255 * (1.055 * linear ** (1 / 2.4) - 0.055)

    blue, green, red = image.colour[240, 320].tolist()
    assert red == pytest.approx(expected(0.8, 1.0), abs=0.6)
    assert green == pytest.approx(expected(0.4, 0.9), abs=0.6)
    assert blue == pytest.approx(expected(0.2, 0.8), abs=0.6)


def test_the_seed_makes_the_noise_and_the_picture_is_not_touched_later() -> None:
    camera = Camera(spec(noise=2.0), workplace(), no_mesh, texture, still=["table"])
    first = camera.capture(PLACES, Lighting(), np.random.default_rng(4))
    kept = first.colour.copy(), first.segmentation.copy()
    other = camera.capture(PLACES | {"ball": (0.2, 0.2, 0, 1, 0, 0, 0)}, Lighting(), np.random.default_rng(5))
    assert np.array_equal(first.colour, kept[0])
    assert np.array_equal(first.segmentation, kept[1])
    again = camera.capture(PLACES, Lighting(), np.random.default_rng(4))
    assert not np.array_equal(other.colour, first.colour)
    assert np.array_equal(again.colour, first.colour)
    assert np.array_equal(again.segmentation, first.segmentation)


def test_a_used_camera_gives_the_bytes_of_a_new_one() -> None:
    small = spec(width=160, height=120, focal=(175.0, 175.5), centre=(80.6, 59.2), distortion=BARREL, noise=2.0)
    used = Camera(small, workplace(), no_mesh, texture, still=["table"])
    for k in range(40):  # the ball goes slowly over the borders of tiles
        places = PLACES | {"ball": (-0.2 + 0.007 * k, 0.1 - 0.006 * k, 0.1, 1.0, 0.0, 0.0, 0.0)}
        new = Camera(small, workplace(), no_mesh, texture, still=["table"])
        one, two = (camera.capture(places, SHARP, np.random.default_rng(k)) for camera in (used, new))
        assert one.colour.tobytes() == two.colour.tobytes()
        assert one.segmentation.tobytes() == two.segmentation.tobytes()
        assert one.depth is not None
        assert two.depth is not None
        assert one.depth.tobytes() == two.depth.tobytes()


@pytest.mark.parametrize("kind", sorted(textures.KINDS))
def test_textures_are_pictures_of_a_material(kind: str) -> None:
    image = texture(kind)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.std() > 1.0 or kind == "plain"
    assert not image.flags.writeable
    if kind not in ("label", "chessboard", "plain", "qr", "datamatrix"):
        assert not np.array_equal(texture(f"{kind}/4"), image)
        rows = np.abs(np.diff(image.astype(int), axis=0, append=image[:1])).mean(axis=(1, 2))
        columns = np.abs(np.diff(image.astype(int), axis=1, append=image[:, :1])).mean(axis=(0, 2))
        assert rows[-1] <= rows[:-1].max(), "above and below must join without a seam"
        assert columns[-1] <= columns[:-1].max(), "left and right must join without a seam"


@pytest.mark.parametrize("name", ["chessboard/33x6", "chessboard/8", "chessboard/0x6", "label/" + 41 * "A", "wood/x"])
def test_a_texture_has_a_size_that_a_trace_may_ask_for(name: str) -> None:
    with pytest.raises(ValueError, match=r"a chessboard has 1x1 to 32x32 fields|40 letters at most|whole number"):
        texture(name)


def test_textures_need_numpy_alone() -> None:
    import subprocess
    import sys

    code = "import sys, sheber.robot.vision.textures as t; t.texture('wood/2'); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "False"
