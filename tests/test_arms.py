"""The description of the arms: the maker's numbers, and colliders around the meshes."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import pytest

from sheber.geometry import DOWN, Pose
from sheber.robot import arms
from sheber.robot.arms import Arm, ArmError, Collider, Link
from sheber.robot.arms.shells import shell
from sheber.robot.motion import kinematics

ARM = arms.load("ur5e")

# Universal Robots' published table: a [m], d [m], alpha [deg], mass [kg], centre of mass [m]
MAKER = [
    (0.0, 0.1625, 90, 3.761, (0.0, -0.02561, 0.00193)),
    (-0.425, 0.0, 0, 8.058, (0.2125, 0.0, 0.11336)),
    (-0.3922, 0.0, 0, 2.846, (0.15, 0.0, 0.0265)),
    (0.0, 0.1333, 90, 1.37, (0.0, -0.0018, 0.01634)),
    (0.0, 0.0997, -90, 1.3, (0.0, 0.0018, 0.01634)),
    (0.0, 0.0996, 0, 0.365, (0.0, 0.0, -0.001159)),
]


def test_the_numbers_are_the_makers() -> None:
    for joint, link, (a, d, alpha, mass, centre) in zip(ARM.joints, ARM.links[1:], MAKER, strict=True):
        assert (joint.a, joint.d, joint.alpha) == (a, d, pytest.approx(np.radians(alpha)))
        assert (link.mass, link.centre) == (mass, centre)
    assert np.allclose(ARM.max_speed, np.pi)
    assert [joint.torque for joint in ARM.joints] == [150, 150, 150, 28, 28, 28]
    assert [link.name for link in ARM.links] == [
        "base", "shoulder", "upper_arm", "forearm", "wrist_1", "wrist_2", "wrist_3"
    ]  # fmt: skip


# the makers' data sheets: range [deg] and speed [deg/s] of each axis, payload [kg], mass [kg], reach [m]
SHEETS = {
    "kr6_r900": (
        [(-170, 170), (-190, 45), (-120, 156), (-185, 185), (-120, 120), (-350, 350)],
        [360, 300, 360, 381, 388, 615],
        (6.0, 52.0, 0.901),
    ),
    "irb1200": (
        [(-170, 170), (-100, 130), (-200, 70), (-270, 270), (-130, 130), (-400, 400)],
        [288, 240, 300, 400, 405, 600],
        (5.0, 54.0, 0.901),
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_the_limits_are_those_of_the_data_sheet(name: str) -> None:
    arm, (ranges, speeds, (payload, mass, reach)) = arms.load(name), SHEETS[name]
    assert np.allclose(np.degrees([arm.lower, arm.upper]).T, ranges)
    assert np.allclose(np.degrees(arm.max_speed), speeds)
    assert arm.payload == payload
    assert arm.reach == pytest.approx(reach, abs=1e-3)
    assert sum(link.mass for link in arm.links) == pytest.approx(mass, rel=0.02)
    stretched = arm.dh[0, 0] + arm.dh[1, 0] + np.hypot(arm.dh[2, 0], arm.dh[3, 1])
    assert stretched == pytest.approx(reach, abs=1e-3)  # the table's lengths give the sheet's reach


def test_an_unknown_arm_is_told_what_exists() -> None:
    with pytest.raises(ArmError, match=r"no arm is called 'ur6'; there are: .*ur5e"):
        arms.load("ur6")


def test_the_numbers_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ARM.dh[0, 0] = 1.0


@pytest.mark.parametrize("name", arms.available())
def test_at_home_the_tool_points_down_and_is_not_turned(name: str) -> None:
    """So the first move to a pose of a job, which is `T @ DOWN`, does not begin with a spin of the wrist."""
    arm = arms.load(name)
    flange = kinematics.forward(arm, np.array(arm.home))
    assert (Pose(flange.position) @ DOWN).angle(flange) < 1e-9


@pytest.mark.parametrize("name", arms.available())
def test_every_arm_is_a_possible_body(name: str) -> None:
    arm = arms.load(name)
    home = np.array(arm.home)
    assert ((arm.lower < home) & (home < arm.upper)).all()
    assert (arm.max_speed > 0).all()
    assert (arm.max_acceleration > 0).all()
    for link in arm.links:
        xx, yy, zz, xy, xz, yz = link.inertia
        principal = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        assert link.mass > 0
        assert principal.min() > 0
        assert principal[2] < principal[0] + principal[1]  # else no body has it


LINKS = [(arm, link) for arm in map(arms.load, arms.available()) for link in arm.links]
BY_NAME = [f"{arm.name}-{link.name}" for arm, link in LINKS]


@cache
def triangles(arm: Arm, link: Link) -> np.ndarray:
    """What is drawn as triangles (n, 3, 3) in the link's frame [m]."""
    if not arm.mesh_package:
        drawn = [(one.pose, shell(one)) for one in link.shells]
        return np.concatenate([pose @ mesh.vertices[mesh.faces].astype(float) for pose, mesh in drawn])
    text = (resources.files(arm.mesh_package.replace("-", "_")) / arm.mesh_folder / link.mesh).read_text()
    vertices, faces = [], []
    for line in text.splitlines():
        if line.startswith("v "):
            vertices.append([float(word) for word in line.split()[1:4]])
        elif line.startswith("f "):
            corner = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            faces += [[corner[0], corner[k], corner[k + 1]] for k in range(1, len(corner) - 1)]
    return link.mesh_pose @ np.array(vertices)[np.array(faces)]


def outside(collider: Collider, points: np.ndarray) -> np.ndarray:
    """How far points (n, 3) in the link's frame are outside a collider [m]; negative inside."""
    local = collider.pose.inverse() @ points
    if collider.shape == "box":
        beyond = np.abs(local) - np.array(collider.size) / 2
        return np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)
    radius, length = collider.size
    around, along = np.hypot(local[:, 0], local[:, 1]), np.abs(local[:, 2]) - length / 2
    if collider.shape == "capsule":
        return np.hypot(around, np.maximum(along, 0)) - radius
    beyond = np.stack([around - radius, along], axis=1)
    return np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)


def surface(collider: Collider, rng: np.random.Generator, count: int) -> np.ndarray:
    """Random points (count, 3) of a collider's surface, in the link's frame."""
    directions = rng.normal(size=(4 * count, 3))
    reach = sum(collider.size)
    low, high = np.zeros(len(directions)), np.full(len(directions), reach)
    unit = directions / np.linalg.norm(directions, axis=1)[:, None]
    for _ in range(50):  # along each ray from the middle, where the inside ends
        middle = (low + high) / 2
        inside = outside(collider, collider.pose @ (unit * middle[:, None])) < 0
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return (collider.pose @ (unit * low[:, None]))[:count]


def spread_over(mesh: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Random points (count, 3), as many a square metre everywhere."""
    area = np.linalg.norm(np.cross(mesh[:, 1] - mesh[:, 0], mesh[:, 2] - mesh[:, 0]), axis=1)
    chosen = mesh[rng.choice(len(mesh), count, p=area / area.sum())]
    return np.einsum("nk,nkd->nd", rng.dirichlet((1.0, 1.0, 1.0), count), chosen)


def distance_to_mesh(mesh: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Distance (n,) of points to the nearest of 20,000 points spread evenly over the mesh [m]."""
    cloud = spread_over(mesh, 20_000, rng)
    return np.array([np.sqrt(((cloud - point) ** 2).sum(axis=1).min()) for point in points])


@pytest.mark.parametrize(("arm", "link"), LINKS, ids=BY_NAME)
def test_colliders_enclose_the_mesh(arm: Arm, link: Link) -> None:
    mesh = triangles(arm, link)
    points = np.concatenate([mesh.reshape(-1, 3), spread_over(mesh, 20_000, np.random.default_rng(2))])
    worst = np.min([outside(collider, points) for collider in link.colliders], axis=0)
    assert worst.max() < 1e-5, f"{link.name}: the mesh is {1000 * worst.max():.2f} mm outside of its colliders"


@pytest.mark.parametrize(("arm", "link"), LINKS, ids=BY_NAME)
def test_colliders_stay_near_the_mesh(arm: Arm, link: Link) -> None:
    """The measured margin: what of the colliders' surface is free air."""
    mesh = triangles(arm, link)
    rng = np.random.default_rng(1)
    margins = []
    for collider in link.colliders:
        points = surface(collider, rng, 50)
        others = [other for other in link.colliders if other is not collider]
        free = np.all([np.ones(len(points)), *(outside(other, points) > 0 for other in others)], axis=0)
        margins.append(distance_to_mesh(mesh, points[free], rng))
    margin = np.concatenate(margins)
    print(f"{link.name}: {1e3 * np.median(margin):.1f} mm, nine of ten below {1e3 * np.quantile(margin, 0.9):.1f} mm")
    # the largest ones lie where the next link closes the mesh, which is open there
    assert np.median(margin) < 0.006
    assert np.quantile(margin, 0.9) < 0.025
