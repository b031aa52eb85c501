"""The rasteriser against geometry that can be computed by hand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sheber.geometry import DOWN, Pose
from sheber.robot.vision.camera import Camera
from sheber.robot.vision.creases import crease_normals
from sheber.robot.vision.lamps import PARALLEL, POINT, SHEET
from sheber.robot.vision.material import DULL, Material
from sheber.robot.vision.rasteriser import Lamp, Lights, Picture, Pinhole, Rasteriser
from sheber.robot.vision.shapes import surface
from sheber.robot.vision.textures import texture
from sheber.robot.vision.triangles import triangles
from sheber.station import Mesh, Visual

HERE = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
LAMP = Lamp((0.0, 0.0, -1.0), 0.4, 0.6)


def no_mesh(name: str) -> Mesh:
    raise AssertionError(f"mesh {name} was asked for")


def above(height: float = 1.0, size: tuple[int, int] = (160, 120), focal: float = 150.0) -> Pinhole:
    """A camera that looks straight down from a height [m]."""
    width, rows = size
    return Pinhole(width, rows, (focal, focal), ((width - 1) / 2, (rows - 1) / 2), Pose((0.0, 0.0, height)) @ DOWN)


def draw(visuals: list[Visual], camera: Pinhole, lamp: Lamp = LAMP, **poses: Any) -> tuple[Picture, Rasteriser]:
    rasteriser = Rasteriser(triangles(visuals, no_mesh, texture))
    table = np.array([poses.get(name, HERE) for name in rasteriser.triangles.bodies], float)
    return rasteriser.picture(camera, lamp, table), rasteriser


def centre_depth(picture: Picture) -> np.ndarray:
    """Depth [m] at the pixels' centres, from the samples."""
    near = picture.nearness.astype(float)
    mean = 0.25 * (near[0::2, 0::2] + near[1::2, 0::2] + near[0::2, 1::2] + near[1::2, 1::2])
    return 1.0 / mean


def linear(colour: float) -> float:
    """Linear light of an sRGB value 0..1, from the standard's formula, at the nearest of 256 steps."""
    step = round(255 * colour) / 255
    return step / 12.92 if step <= 0.04045 else ((step + 0.055) / 1.055) ** 2.4


# --- where things are ---------------------------------------------------------------------------


def test_depth_of_a_slanted_plane_is_where_the_ray_meets_it() -> None:
    slant = Pose.from_rotvec((0.05, -0.02, 0.1), (0.4, -0.3, 0.2))
    picture, _ = draw([Visual("", "plane", (4.0, 4.0), slant)], camera := above())
    columns, rows = np.meshgrid(np.arange(160), np.arange(120))
    rays = np.stack(
        [(columns - camera.centre[0]) / 150.0, (rows - camera.centre[1]) / 150.0, np.ones_like(rows)], axis=-1
    )
    T_camera_plane = camera.pose.inverse() @ slant
    normal = T_camera_plane.rotation[:, 2]
    expected = (normal @ T_camera_plane.position) / (rays @ normal)
    assert np.abs(centre_depth(picture) - expected).max() < 1e-6


def test_a_point_is_drawn_where_the_pinhole_sees_it() -> None:
    ball = Visual("", "sphere", (0.01,), Pose((0.21, -0.13, 0.2)))
    picture, _ = draw([ball], camera := above(focal=140.0))
    x, y, z = camera.pose.inverse() @ np.array([0.21, -0.13, 0.2])
    rows, columns = np.nonzero(picture.seen >= 0)
    seen = np.array([columns.mean() / 2 - 0.25, rows.mean() / 2 - 0.25])
    expected = np.array([140.0 * x / z, 140.0 * y / z]) + camera.centre
    assert np.abs(seen - expected).max() < 0.1


def test_a_floor_around_the_camera_is_clipped_and_nothing_is_lost() -> None:
    floor = Visual("", "plane", (200.0, 200.0))
    camera = Pinhole(160, 120, (150.0, 150.0), (79.5, 59.5), Pose.from_rotvec((0.0, 0.0, 0.3), (-np.pi / 2, 0.0, 0.0)))
    picture, _ = draw([floor], camera)
    slope = (np.arange(240) / 2 - 0.25 - 59.5) / 150.0  # of a row of samples below the horizon
    reaches = (slope > 0.3 / 99.0)[:, None] & np.ones(320, bool)
    assert (picture.seen[reaches] >= 0).all()
    assert (picture.seen[slope < 0.3 / 101.0] == -1).all()
    depth = 1.0 / picture.nearness[200:].astype(float)
    assert np.abs(depth - (0.3 / slope[200:])[:, None]).max() < 1e-6


def test_a_triangle_with_a_corner_behind_the_camera_is_drawn_in_front_of_it() -> None:
    wall = Visual("", "plane", (8.0, 2.0), Pose.from_rotvec((0.0, 0.5, 0.5), (np.pi / 2, 0.0, 0.0)))
    eye = Pose.from_rotvec((0.0, 0.0, 0.5), (-np.pi / 2, 0.0, 0.0)).rotated(y=1.2)  # looks along the wall
    picture, _ = draw([wall], Pinhole(160, 120, (150.0, 150.0), (79.5, 59.5), eye))
    columns = np.arange(320) / 2 - 0.25 - 79.5
    ahead = np.stack([columns / 150.0, np.zeros(320), np.ones(320)], axis=1) @ eye.rotation.T  # in the base frame
    meets = ahead[:, 1] > 1e-6
    depth = np.divide(0.5, ahead[:, 1], out=np.full(320, 1e9), where=meets)
    on_wall = meets & (np.abs(depth * ahead[:, 0]) < 3.99)
    middle = picture.nearness[120]
    assert on_wall.any()
    assert not on_wall.all()
    assert np.abs(1.0 / middle[on_wall] - depth[on_wall]).max() < 1e-5
    assert (middle[~meets] == 0.0).all()


def test_no_sample_is_lost_between_triangles() -> None:
    rng = np.random.default_rng(5)
    side = 40
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1)
    points[1:-1, 1:-1, :2] += rng.uniform(-0.02, 0.02, (side - 2, side - 2, 2))
    points[1:-1, 1:-1, 2] += rng.uniform(-0.05, 0.05, (side - 2, side - 2))
    index = np.arange(side * side).reshape(side, side)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    rough = Mesh(points.reshape(-1, 3).astype(np.float32), faces.astype(np.int32))
    shapes = triangles([Visual("", "mesh", (), mesh="rough")], lambda _: rough, texture)
    for turn in np.linspace(0.0, 1.0, 7):
        camera = above(1.0, (320, 240), 400.0)
        camera = Pinhole(320, 240, camera.focal, camera.centre, camera.pose.rotated(z=float(turn)))
        assert (Rasteriser(shapes).picture(camera, LAMP, np.array([HERE])).seen >= 0).all()


# --- what they look like ------------------------------------------------------------------------


def test_colours_of_flat_patches_are_as_computed_by_hand() -> None:
    grey = Visual("", "plane", (4.0, 4.0), colour=(0.5, 0.2, 0.9))
    picture, _ = draw([grey], above(), Lamp((0.6, 0.0, -0.8), 0.3, 0.5))
    factor = 0.3 + 0.5 * 0.8  # the patch faces up: all of the ambient light, the cosine of the lamp's
    assert picture.light[60, 80] == pytest.approx([factor * linear(c) for c in (0.5, 0.2, 0.9)], rel=1e-5)
    wall = Visual("", "plane", (4.0, 4.0), Pose.from_rotvec((0, 0, 0), (0.6, 0.0, 0.0)), (0.5, 0.5, 0.5))
    picture, _ = draw([wall], above(), Lamp((0.0, 0.0, -1.0), 0.3, 0.5))
    factor = 0.3 * (0.75 + 0.25 * np.cos(0.6)) + 0.5 * np.cos(0.6)
    assert picture.light[60, 80, 0] == pytest.approx(factor * linear(0.5), rel=1e-5)


def test_an_edge_is_antialiased_by_its_samples() -> None:
    # the edge x = 0 of the white half lies a quarter of a pixel right of the centre of column 80
    half = Visual("", "plane", (2.0, 4.0), Pose((-1.0, 0.0, 0.0)), (1.0, 1.0, 1.0))
    camera = Pinhole(160, 120, (150.0, 150.0), (80.1, 59.5), Pose((0.0, 0.0, 1.0)) @ DOWN)
    picture, _ = draw([half], camera, Lamp((0.0, 0.0, -1.0), 1.0, 0.0))
    background = linear(0.62)
    assert picture.light[60, 79, 0] == pytest.approx(1.0)
    assert picture.light[60, 80, 0] == pytest.approx(0.5 + 0.5 * background, rel=1e-5)
    assert picture.light[60, 81, 0] == pytest.approx(background, rel=1e-5)


@pytest.mark.parametrize("body", ["", "box"], ids=["still", "moving"])
def test_a_box_throws_its_shadow_where_the_lamp_says_and_it_is_soft(body: str) -> None:
    table = Visual("", "plane", (3.0, 3.0), colour=(0.8, 0.8, 0.8))
    box = Visual(body, "box", (0.1, 0.1, 0.02), Pose((0.0, 0.0, 0.21)))
    lamp = Lamp((1.0, 0.0, -1.0), 0.3, 0.7)  # 0.2 m up: the shadow lies 0.2 m further along x
    picture, _ = draw([table, box], camera := above(1.0, (320, 240), 300.0), lamp)
    lit, dark = 0.3 + 0.7 / np.sqrt(2.0), 0.3

    def light_at(x: float) -> float:
        u, v, w = camera.pose.inverse() @ np.array([x, 0.0, 0.0])
        row, column = round(300.0 * v / w + camera.centre[1]), round(300.0 * u / w + camera.centre[0])
        return float(picture.light[row, column, 0]) / linear(0.8)

    assert light_at(-0.3) == pytest.approx(lit, rel=1e-4)
    assert light_at(0.21) == pytest.approx(dark, rel=1e-4)
    assert light_at(0.40) == pytest.approx(lit, rel=1e-4)
    row = picture.light[120, 160:] / linear(0.8)
    between = ((row[:, 0] > dark + 0.05) & (row[:, 0] < lit - 0.05)).sum()
    assert between >= 2, "the shadow's edges must be soft"


def test_a_lit_plane_does_not_shade_itself() -> None:
    slant = Pose.from_rotvec((0.0, 0.0, 0.0), (0.0, 0.9, 0.0))
    slab = Visual("", "box", (2.0, 2.0, 0.01), slant, (0.8, 0.8, 0.8))
    picture, _ = draw([slab], above(), Lamp((-0.5, 0.0, -1.0), 0.3, 0.7))
    seen = (picture.seen.reshape(120, 2, 160, 2) >= 0).all(axis=(1, 3))
    light = picture.light[seen][:, 0]
    assert np.ptp(light) < 1e-5


def test_texture_lies_upright_on_planes_and_boxes() -> None:
    def painted(name: str) -> np.ndarray:
        image = np.zeros((64, 64, 3), np.uint8)
        image[:32, :32] = (255, 0, 0)  # red: upper left
        image[:32, 32:] = (0, 255, 0)  # green: upper right
        image[32:, :32] = (0, 0, 255)  # blue: lower left
        return image

    def corners(visual: Visual, camera: Pinhole) -> list[int]:
        shapes = triangles([visual], no_mesh, painted)
        light = Rasteriser(shapes).picture(camera, Lamp((0, 0, -1), 1.0, 0.0), np.array([HERE])).light
        return [int(np.argmax(light[row, column])) for row, column in ((40, 60), (40, 100), (80, 60))]

    upright = Pinhole(160, 120, (150.0, 150.0), (79.5, 59.5), Pose((0.0, 0.0, 1.0)) @ DOWN)
    assert corners(Visual("", "plane", (0.6, 0.6), texture="p"), upright) == [0, 1, 2]
    assert corners(Visual("", "box", (0.6, 0.6, 0.1), texture="p"), upright) == [0, 1, 2]
    front = Pinhole(160, 120, (150.0, 150.0), (79.5, 59.5), Pose.from_rotvec((0, -1.0, 0), (-np.pi / 2, 0, 0)))
    assert corners(Visual("", "box", (0.6, 0.2, 0.6), texture="p"), front) == [0, 1, 2]


def test_a_far_texture_is_its_mean() -> None:
    board = Visual("", "plane", (9.0, 7.0), texture="chessboard/8x6")
    picture, _ = draw([board], above(300.0, focal=100.0), Lamp((0, 0, -1), 1.0, 0.0))
    mean = (texture("chessboard/8x6").astype(float) / 255.0).mean()
    assert picture.light[59:61, 79:81, 0].mean() == pytest.approx(mean, rel=0.15)


def test_normals_are_smooth_around_a_cylinder_and_sharp_at_its_caps() -> None:
    shape = surface("cylinder", (0.5, 1.0))
    normals, group = np.zeros((len(shape.faces), 3, 3), np.float32), np.zeros(len(shape.faces), np.int32)
    crease_normals(shape.vertices, shape.faces, 0.766, normals, group)
    flat = np.cross(
        shape.vertices[shape.faces[:, 1]] - shape.vertices[shape.faces[:, 0]],
        shape.vertices[shape.faces[:, 2]] - shape.vertices[shape.faces[:, 0]],
    )
    side = np.abs(flat[:, 2]) < 1e-6 * np.abs(flat).max()
    corners = shape.vertices[shape.faces[side]]
    radial = corners * (1, 1, 0) / 0.5
    assert np.abs(normals[side] - radial).max() < 2e-3  # between the 48 sides they bend
    assert np.abs(np.abs(normals[~side][..., 2]) - 1.0).max() < 1e-6
    assert len(set(group[side])) == 1
    assert len(set(group)) == 3


# --- the kept background ------------------------------------------------------------------------


def room() -> list[Visual]:
    visuals = [
        Visual("", "plane", (4.0, 4.0), Pose((0, 0, -0.3))),
        Visual("table", "box", (1.0, 0.8, 0.04), Pose((0, 0, -0.02)), texture="laminate"),
        Visual("arm", "capsule", (0.05, 0.4), Pose((0, 0, 0.3), (0.8, 0.0, 0.6, 0.0)), (0.2, 0.4, 0.8)),
    ]
    kinds: list[tuple[str, tuple[float, ...]]] = [("box", (0.08, 0.05, 0.06)), ("cylinder", (0.03, 0.06))]
    return visuals + [Visual(f"part_{k}", *kinds[k % 2], colour=(0.2 * k, 0.5, 0.3)) for k in range(5)]


def moment(k: int, bodies: tuple[str, ...]) -> np.ndarray:
    """Poses at a moment, by numbers that every processor computes alike."""
    t = 0.05 * k  # tangent of a quarter of the angle that the arm has turned
    turn = ((1 - t * t) / (1 + t * t), 0.0, 0.0, 2 * t / (1 + t * t))
    poses = {"arm": (0.0, 0.05 * k - 0.2, 0.0, *turn)}
    poses |= {f"part_{n}": (0.15 * n - 0.3, 0.04 * ((n * n + (k > 2)) % 5) - 0.08, 0.03, 1, 0, 0, 0) for n in range(5)}
    return np.array([poses.get(name, HERE) for name in bodies], float)


def test_the_kept_background_changes_no_byte() -> None:
    lamp, camera = Lamp((-0.4, 0.2, -1.0), 0.35, 0.65), above(1.2, (203, 149), 170.0)
    kept = Rasteriser(triangles(room(), no_mesh, texture, still=("table",)))
    for k in range(6):
        fresh = Rasteriser(triangles(room(), no_mesh, texture, still=("table",)))
        poses = moment(k, kept.triangles.bodies)
        old, new = kept.picture(camera, lamp, poses), fresh.picture(camera, lamp, poses)
        for name in ("light", "nearness", "seen"):
            assert getattr(old, name).tobytes() == getattr(new, name).tobytes(), f"{name} differs in picture {k}"
        assert old.changed.any()
    assert not old.changed.all(), "nothing was kept"


def test_what_is_called_still_does_not_matter_to_what_is_seen() -> None:
    lamp, camera = Lamp((-0.4, 0.2, -1.0), 0.35, 0.65), above(1.2, (200, 150), 170.0)
    some = Rasteriser(triangles(room(), no_mesh, texture, still=("table",)))
    more = Rasteriser(triangles(room(), no_mesh, texture, still=("table", "part_0", "part_1", "part_2")))
    for k in (0, 1, 4, 5):  # parts that were called still move between 1 and 4
        poses = moment(k, some.triangles.bodies)
        one, two = some.picture(camera, lamp, poses), more.picture(camera, lamp, poses)
        assert one.nearness.tobytes() == two.nearness.tobytes()


def test_an_unknown_shape_and_an_empty_station_are_named() -> None:
    with pytest.raises(ValueError, match="unknown shape 'cone'; known: box"):
        triangles([Visual("", "cone", (1.0,))], no_mesh, texture)
    with pytest.raises(ValueError, match="nothing to draw"):
        triangles([], no_mesh, texture)


# --- the same bytes -----------------------------------------------------------------------------

PICTURES = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from test_rasteriser import lit_hash, picture_hash
print(picture_hash() + lit_hash())
"""


def picture_hash() -> str:
    """Hash of colour, depth and segmentation of three noisy pictures through a lens."""
    from sheber.robot.cell.scene import CameraSpec, Lighting

    spec = CameraSpec(
        "c", Pose((0.0, 0.0, 1.2)) @ DOWN, 200, 150, (170.0, 171.0), (99.0, 75.0), (-0.2, 0.05, 0.001, -0.001, 0.0)
    )
    camera = Camera(spec, room(), no_mesh, texture, still=("table",))
    total = hashlib.sha256()
    for k in range(3):
        poses = dict(zip(camera.bodies, moment(k, camera.bodies), strict=True))
        image = camera.capture(poses, Lighting(), np.random.default_rng(k))
        assert image.depth is not None
        for part in (image.colour, image.depth, image.segmentation):
            total.update(part.tobytes())
    return total.hexdigest()


def lit_hash() -> str:
    """Hash of pictures with highlights, scratches, chips, printed codes, a ring of lamps and a lit panel."""
    from sheber.robot.cell.scene import CameraSpec, Lighting

    spec = CameraSpec("c", Pose((0.0, 0.0, 1.2)) @ DOWN, 200, 150, (170.0, 171.0), (99.0, 75.0), (-0.2, 0.05, 0, 0, 0))
    sheet = Visual("", "plane", (0.5, 0.5), Pose((0.0, 0.0, 0.01)))
    code = Visual("", "plane", (0.3, 0.3), Pose((-0.3, 0.2, 0.02)), texture="datamatrix/LOT 17")
    chipped = Visual("", "plane", (0.3, 0.3), Pose((0.3, 0.2, 0.02)), texture="aluminium/2+chip/0.3,0.4,0.1/2")
    relief = "scratch/0.1,0.2,0.9,0.6,0.02/3+chip/0.3,0.4,0.1/2"
    materials = [Material(0.2, 37)] * len(room())
    materials += [Material(light="panel"), DULL, Material(0.3, 60, relief)]
    lamps = tuple((SHEET, 0.02 * k, 0.3 - 0.05 * k, 0.4, 0.1, 0.0, -0.99, 0.3) for k in range(5))
    lamps += ((POINT, 0.3, 0.3, 0.5, 0.0, 0.0, 0.0, 0.4), (PARALLEL, 0.0, 0.0, 0.0, 0.0, 0.6, 0.8, 0.1))
    camera = Camera(spec, [*room(), sheet, code, chipped], no_mesh, texture, still=("table",), materials=materials)
    total = hashlib.sha256()
    for k in range(3):
        poses = dict(zip(camera.bodies, moment(k, camera.bodies), strict=True))
        lights = Lights(lamps, (("panel", 0.7),))
        total.update(camera.capture(poses, Lighting(), np.random.default_rng(k), lights=lights).colour.tobytes())
    return total.hexdigest()


def plainer_processor() -> dict[str, str]:
    """What makes numba, numpy and the C library behave as on a processor without vector instructions of today."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # type: ignore[attr-defined]

    features = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    tunables = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4"
    return {"NUMBA_CPU_NAME": "generic", "NPY_DISABLE_CPU_FEATURES": features, "GLIBC_TUNABLES": tunables}


@pytest.mark.parametrize("plain", [False, True], ids=["another process", "a plainer processor"])
def test_the_bytes_are_the_same_in(plain: bool) -> None:
    environment = {**os.environ, **(plainer_processor() if plain else {})}
    code = PICTURES.format(folder=os.path.dirname(__file__))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == picture_hash() + lit_hash()


def test_a_view_that_is_not_kept_has_the_same_bytes() -> None:
    lamp, camera = Lamp((-0.4, 0.2, -1.0), 0.35, 0.65), above(1.2, (203, 149), 170.0)
    kept, passing = (Rasteriser(triangles(room(), no_mesh, texture, still=("table",))) for _ in range(2))
    for k in range(3):
        poses = moment(k, kept.triangles.bodies)
        one, two = kept.picture(camera, lamp, poses), passing.picture(camera, lamp, poses, passing=True)
        for name in ("light", "nearness", "seen"):
            assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
        assert two.changed.all()
