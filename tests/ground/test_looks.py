"""Looks: the dish that is drawn looks where the mount looks, and names from a stranger's trace do no harm."""

from __future__ import annotations

import numpy as np
import pytest

from sheber.geometry import Pose
from sheber.ground.looks import LOWEST_DEG, Antenna, mesh, satellite, texture
from sheber.ground.mount import direction
from sheber.ground.site import Skyline

ANTENNA = Antenna(5.0)


def pose(values: list[float]) -> Pose:
    return Pose(values[:3], values[3:])


@pytest.mark.parametrize("azimuth", [0.0, 37.0, 90.0, 200.0, 359.0, 400.0, -30.0])
@pytest.mark.parametrize("elevation", [0.0, 12.0, 89.9, 90.0, 150.0])
def test_the_dish_looks_where_the_mount_looks(azimuth: float, elevation: float) -> None:
    dish = pose(ANTENNA.poses(azimuth, elevation)[1])
    assert dish.rotation @ (0.0, 1.0, 0.0) == pytest.approx(direction(azimuth, elevation), abs=1e-9)
    assert dish.position == pytest.approx((0.0, 0.0, ANTENNA.axes_m))


@pytest.mark.parametrize("azimuth", [0.0, 120.0, 300.0])
def test_the_yoke_turns_by_the_azimuth_alone(azimuth: float) -> None:
    for elevation in (0.0, 60.0, 150.0):
        yoke = pose(ANTENNA.poses(azimuth, elevation)[0])
        assert yoke.rotation @ (0.0, 1.0, 0.0) == pytest.approx(direction(azimuth, 0.0), abs=1e-9)


@pytest.mark.parametrize(("azimuth", "elevation"), [(10.0, 0.0), (200.0, 45.0), (90.0, -10.0)])
def test_a_satellite_is_drawn_in_its_direction(azimuth: float, elevation: float) -> None:
    place = pose(ANTENNA.satellite_pose(azimuth, elevation)).position - (0.0, 0.0, ANTENNA.axes_m)
    assert place == pytest.approx(ANTENNA.dome_m * direction(azimuth, elevation), abs=1e-9)


def test_a_satellite_on_the_other_side_of_the_earth_waits_below_the_horizon() -> None:
    assert ANTENNA.satellite_pose(50.0, -80.0) == ANTENNA.satellite_pose(50.0, LOWEST_DEG)


def test_the_dish_clears_the_ground_wherever_it_looks() -> None:
    lowest = 0.0
    for visual in ANTENNA.visuals():
        if visual.body == "dish" and visual.shape == "mesh":
            points = np.array([visual.pose @ point for point in mesh(visual.mesh).vertices.astype(float)])
            for elevation in (0.0, 45.0, 90.0, 170.0):
                moved = points @ pose(ANTENNA.poses(77.0, elevation)[1]).rotation.T + (0.0, 0.0, ANTENNA.axes_m)
                lowest = max(lowest, -float(moved[:, 2].min()))
    assert lowest == 0.0


def test_the_skyline_is_drawn_where_it_is() -> None:
    bare = len(ANTENNA.visuals())
    bars = ANTENNA.visuals(([0.0, 90.0, 180.0, 270.0], [0.0, 30.0, 0.0, 0.0]))[bare:]
    highest = max(bars, key=lambda bar: float(bar.pose.position[2]))
    assert highest.pose.position[:2] @ (1.0, 0.0) > 0.8 * ANTENNA.dome_m  # east, where it is 30 degrees high
    assert highest.pose.position[2] == pytest.approx(ANTENNA.axes_m + ANTENNA.dome_m * 0.5, abs=0.3)


def test_the_reflector_is_closed_and_seen_from_outside() -> None:
    found = mesh("reflector/5")
    corners = found.vertices.astype(float)[found.faces]
    edges = np.concatenate([found.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    assert {tuple(edge) for edge in edges.tolist()} == {(b, a) for a, b in edges.tolist()}
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6.0
    assert 0.5 < volume < 2.0  # m3: a shell of 6 cm; turned inside out it would be negative


@pytest.mark.parametrize(
    "name", ["", "reflector", "reflector/", "reflector/nan", "reflector/1e9", "reflector/-1", "x/5"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        mesh(name)
    with pytest.raises(KeyError):
        texture(name)


def test_every_mesh_and_texture_that_is_named_is_there() -> None:
    for visual in (*ANTENNA.visuals(), *Antenna(0.9).visuals(), *satellite("A", ANTENNA)):
        if visual.mesh:
            assert len(mesh(visual.mesh).faces) < 3000
        if visual.texture:
            assert texture(visual.texture).shape == (512, 512, 3)


def test_north_is_up_on_the_ground() -> None:
    """The rose is seen from above, its picture's upper rim in the north: there the letter is darker than elsewhere."""
    dark = texture("rose/20").mean(axis=2) < 120
    letter = dark[40:100, 236:276]
    letter = letter[letter.any(axis=1)]
    assert (letter.mean(axis=0) > 0.45).sum() >= 6  # the two uprights of an N, which an S does not have
    assert dark[225:290, 430:490].sum() > 100  # E


def test_a_yagi_looks_along_its_boom() -> None:
    yagi = Antenna(2.4, yagi=True)
    rods = [one for one in yagi.visuals() if one.body == "dish" and one.shape == "cylinder"]
    boom = max(rods, key=lambda one: one.size[1])
    assert boom.pose.rotation @ (0.0, 0.0, 1.0) == pytest.approx((0.0, 1.0, 0.0), abs=1e-9)
    assert boom.size[1] == pytest.approx(2.4)
    assert not any(one.mesh for one in yagi.visuals())
    others = [one for one in rods if one is not boom]
    assert {round(abs(float((one.pose.rotation @ (0.0, 0.0, 1.0))[1])), 9) for one in others} == {0.0}  # across it


def test_a_narrow_tower_is_as_high_and_as_narrow_as_it_is() -> None:
    """Between 92 and 94 degrees, away from every point that is filled in."""
    skyline = ([0.0, 92.0, 92.0, 94.0, 94.0], [2.0, 2.0, 30.0, 30.0, 2.0])
    bars = ANTENNA.visuals(Skyline(tuple(zip(*skyline, strict=True))).table)[len(ANTENNA.visuals()) :]
    top = ANTENNA.axes_m + ANTENNA.dome_m * 0.5
    roofs = [bar for bar in bars if abs(float(bar.pose.position[2]) - top) < 0.05]
    assert len(roofs) == 1
    assert roofs[0].size[1] == pytest.approx(ANTENNA.dome_m * np.radians(2.0) * np.cos(np.radians(30.0)), rel=0.01)
    walls = [bar for bar in bars if bar.size[1] > 0.3 * ANTENNA.dome_m]
    assert len(walls) == 2
