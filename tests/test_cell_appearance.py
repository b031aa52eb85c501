"""What a cell looks like: meshes that their names describe, the maker's colours, visuals on bodies that exist."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cell_driver import box, scene
from sheber.geometry import DOWN, Pose
from sheber.robot import appearance
from sheber.robot.arms import load, meshes
from sheber.robot.cell import build, stock
from sheber.robot.cell.eyes import Eye
from sheber.robot.cell.looks import camera_visuals, cell_visuals
from sheber.robot.cell.scene import Belt, CameraSpec, LightBarrier, Part, Shape
from sheber.station import Mesh

ARM = load("ur5e")


def volume(mesh: Mesh) -> float:
    """Signed: positive where all faces look outwards."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]].astype(np.float64) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def test_a_prism_is_what_its_name_says() -> None:
    outline = ((0.0, 0.0), (0.04, 0.0), (0.0, 0.03))
    mesh = appearance.mesh(appearance.prism_name(0.02, outline))
    assert volume(mesh) == pytest.approx(0.5 * 0.04 * 0.03 * 0.02, rel=1e-5)
    assert np.allclose(mesh.vertices.min(axis=0), (0.0, 0.0, -0.01))
    assert np.allclose(mesh.vertices.max(axis=0), (0.04, 0.03, 0.01))


def test_a_turned_profile_is_what_its_name_says() -> None:
    mesh = appearance.mesh(appearance.lathe_name(((0.0, -0.1), (0.05, -0.1), (0.05, 0.0), (0.0, 0.0))))
    assert volume(mesh) == pytest.approx(math.pi * 0.05**2 * 0.1, rel=0.01)


def test_an_unknown_mesh_says_what_exists() -> None:
    with pytest.raises(ValueError, match="no mesh 'cup/1'; there are: prism"):
        appearance.mesh("cup/1")
    with pytest.raises(ValueError, match="ur5e/forearm/0"):
        appearance.mesh("ur5e/nose/0")
    with pytest.raises(ValueError, match="at most 200 points; this one has 20000"):
        appearance.mesh("lathe/" + ";".join(["0.1,0.1"] * 20_000))


def test_the_arm_has_the_makers_colours_and_a_sensible_number_of_faces() -> None:
    pieces = meshes.pieces(ARM)
    assert {piece.body for piece in pieces} == {link.name for link in ARM.links}
    blue = [piece for piece in pieces if piece.colour[2] > 1.3 * piece.colour[0]]
    grey = [piece for piece in pieces if max(piece.colour) - min(piece.colour) < 0.01]
    assert {piece.body for piece in blue} == {"shoulder", "upper_arm", "forearm", "wrist_1", "wrist_2"}
    assert len(blue) + len(grey) == len(pieces)
    assert 12_000 < sum(len(appearance.mesh(piece.mesh).faces) for piece in pieces) < 32_000


def test_the_arms_meshes_lie_about_its_links() -> None:
    """A base turned the wrong way, or a link's mesh in another frame, would stand out of the colliders by far."""
    for piece in meshes.pieces(ARM):
        link = next(link for link in ARM.links if link.name == piece.body)
        points = piece.pose @ appearance.mesh(piece.mesh).vertices.astype(np.float64)
        reach = [_outside(points, collider) for collider in link.colliders]
        assert np.min(reach, axis=0).max() < 0.5e-3, piece.mesh


def _outside(points: np.ndarray, collider) -> np.ndarray:
    """How far points (n, 3) of a link are outside a collider [m]."""
    local = collider.pose.inverse() @ points
    if collider.shape == "box":
        return np.linalg.norm(np.maximum(np.abs(local) - np.array(collider.size) / 2, 0.0), axis=1)
    radius, length = collider.size
    along = np.maximum(np.abs(local[:, 2]) - length / 2, 0.0)
    across = np.hypot(local[:, 0], local[:, 1])
    if collider.shape == "capsule":
        return np.maximum(np.hypot(across, along) - radius, 0.0)
    return np.hypot(np.maximum(across - radius, 0.0), along)


def test_the_meshes_notice_is_there_in_full() -> None:
    (notice,) = appearance.notices("ur5e")
    assert "ROS Industrial" in notice
    assert "Redistribution" in notice


def everything(tool):
    hexagon = tuple((0.02 * math.cos(k * math.pi / 3), 0.02 * math.sin(k * math.pi / 3)) for k in range(6))
    nut = Part("nut", (Shape("prism", (0.02,), polygon=hexagon),), Pose((0.5, -0.2, 0.01)), 0.05)
    return scene(
        tool,
        box(),
        nut,
        fixtures=(
            stock.post("post", 0.03, 0.3, Pose((0.3, 0.4, 0.0))),
            stock.open_bin("bin", 0.2, 0.15, 0.08, Pose((0.6, -0.4, 0.0)), (0.8, 0.2, 0.2)),
            stock.pallet("pallet", 0.4, 0.3, 0.1, Pose((0.3, 0.3, 0.1))),
        ),
        belts=(Belt("belt", Pose((0.0, -0.6, 0.1)), 1.0, 0.2),),
        barriers=(LightBarrier("seen", (0.3, -0.5, 0.15), (0.3, -0.7, 0.15)),),
        cameras=(CameraSpec("overhead", Pose((0.5, 0.0, 0.9)) @ DOWN, 320, 240, (300.0, 300.0), (159.5, 119.5)),),
    )


@pytest.mark.parametrize("tool", [stock.pointer(), stock.suction(), stock.gripper()], ids=lambda tool: tool.kind)
@pytest.mark.physics
def test_every_visual_is_on_a_body_that_exists_and_every_mesh_can_be_found(tool) -> None:
    cell = build(everything(tool))
    visuals = cell.visuals()
    assert {visual.body for visual in visuals} - {""} <= set(cell.bodies)
    assert {"tool", "post", "bin", "pallet", "belt", "box", "nut", "floor", "table"} <= {v.body for v in visuals}
    for visual in visuals:
        assert (visual.shape == "mesh") == bool(visual.mesh)
        if visual.mesh:
            assert len(appearance.mesh(visual.mesh).faces) > 0
        if visual.texture:
            assert appearance.texture(visual.texture).shape[2] == 3


def test_cameras_do_not_see_themselves() -> None:
    seen = camera_visuals(everything(stock.pointer()), ARM)
    shown = cell_visuals(everything(stock.pointer()), ARM)
    assert len(shown) - len(seen) == 3


@pytest.mark.physics
def test_a_camera_of_the_cell_sees_the_box_where_it_is() -> None:
    scene = everything(stock.pointer())
    cell = build(scene)
    image = cell.capture("overhead")
    number = Eye(scene, ARM, "overhead").bodies.index("box")
    assert image.depth is not None
    rows, columns = np.nonzero((image.segmentation == number) & (image.depth < 0.803))  # its top, without its sides
    # x of the picture is x of the base, y of the picture is -y; 0.8 m from the lens to the box's top
    assert columns.mean() == pytest.approx(159.5, abs=2.0)
    assert rows.mean() == pytest.approx(119.5 - 300.0 * 0.15 / 0.8, abs=2.0)
    assert np.median(image.depth[rows, columns]) == pytest.approx(0.8, abs=2e-3)
    with pytest.raises(KeyError, match="no camera 'side'; there are: overhead"):
        cell.capture("side")
