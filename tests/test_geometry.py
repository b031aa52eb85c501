"""Poses: the laws of a group, the makers' angle conventions, and words for wrong arguments."""

from __future__ import annotations

import doctest
import inspect
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber import geometry
from sheber.geometry import (
    DOWN,
    Pose,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    rotvec_from_matrix,
    steady_rotvec,
)

metres = st.floats(-2.0, 2.0)
angles = st.floats(-math.pi, math.pi)
# ordinary rotations, rotations near none, near half a turn, and near the limits of Euler angles
rotvecs = st.one_of(
    st.tuples(angles, angles, angles).filter(lambda r: np.linalg.norm(r) < math.pi - 1e-6),
    st.tuples(*[st.floats(-1e-7, 1e-7)] * 3),
    st.tuples(*[st.floats(-1e-14, 1e-14)] * 3),
    st.sampled_from([(math.pi - 1e-9, 0.0, 0.0), (0.0, math.pi - 1e-7, 0.0), (0.0, math.pi / 2, 0.0)]),
    st.tuples(st.floats(-1e-9, 1e-9), st.floats(math.pi / 2 - 1e-9, math.pi / 2 + 1e-9), st.just(0.0)),
)
poses = st.builds(Pose.from_rotvec, st.tuples(metres, metres, metres), rotvecs)


def near(a: Pose, b: Pose, tolerance: float = 1e-12) -> bool:
    return a.distance(b) < tolerance and a.angle(b) < 10.0 * tolerance


@given(poses, poses, poses)
def test_group_laws(a: Pose, b: Pose, c: Pose) -> None:
    assert near((a @ b) @ c, a @ (b @ c))
    assert near(a @ a.inverse(), Pose())
    assert near(a.inverse() @ a, Pose())
    assert near(a @ Pose(), a)
    assert near(Pose() @ a, a)
    assert near((a @ b).inverse(), b.inverse() @ a.inverse())


@given(poses, poses)
def test_a_pose_acts_as_its_matrix(a: Pose, b: Pose) -> None:
    assert np.allclose((a @ b).matrix, a.matrix @ b.matrix, atol=1e-12)
    points = np.array([[0.1, -0.2, 0.3], [1.0, 2.0, 3.0]])
    assert np.allclose(a @ points, points @ a.matrix[:3, :3].T + a.matrix[:3, 3], atol=1e-12)
    assert np.allclose(a @ points[0], (a @ points)[0], atol=1e-15)
    assert np.allclose(a.rotation @ a.rotation.T, np.eye(3), atol=1e-14)


@given(poses)
def test_every_convention_comes_back(a: Pose) -> None:
    assert near(Pose.from_matrix(a.matrix), a)
    assert near(Pose.from_rotvec(a.position, a.rotvec), a)
    assert near(Pose.from_abc(a.position, a.abc), a, 1e-8)  # at the limits of Euler angles half the digits are lost
    assert near(Pose.from_wpr(a.position, a.wpr), a, 1e-8)
    assert near(Pose.from_quaternion(a.position, a.quaternion), a)
    assert near(Pose.from_list(a.to_list()), a)
    assert pickle.loads(pickle.dumps(a)) == a


@given(st.tuples(angles, st.floats(-math.pi / 2 + 1e-3, math.pi / 2 - 1e-3), angles))
def test_euler_angles_come_back_away_from_their_limits(abc: tuple[float, float, float]) -> None:
    back = Pose.from_abc((0, 0, 0), abc).abc
    turns = (back - np.array(abc)) / (2 * math.pi)
    assert np.allclose(turns, np.round(turns), atol=1e-9)


@given(st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_rotvec_near_the_identity_keeps_its_digits(direction: tuple[float, float, float]) -> None:
    for size in (1e-3, 1e-5, 1e-8, 1e-12):
        rotvec = np.array(direction) * size
        assert np.allclose(Pose.from_rotvec((0, 0, 0), rotvec).rotvec, rotvec, rtol=1e-12, atol=1e-300)


def turned(axis: str, angle_deg: float) -> np.ndarray:
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


@given(poses)
def test_a_matrix_of_ones_own_gives_the_same_vector_unchecked(a: Pose) -> None:
    assert np.array_equal(rotvec_from_matrix(a.rotation), Pose.from_matrix(a.rotation).rotvec)


def test_conventions_are_those_of_the_makers() -> None:
    a, b, c = 30.0, -40.0, 110.0
    kuka = Pose.from_abc((0, 0, 0), np.radians((a, b, c)))
    assert np.allclose(kuka.rotation, turned("z", a) @ turned("y", b) @ turned("x", c))
    fanuc = Pose.from_wpr((0, 0, 0), np.radians((a, b, c)))
    assert np.allclose(fanuc.rotation, turned("z", c) @ turned("y", b) @ turned("x", a))
    robots = Pose.from_rotvec((0, 0, 0), (0.0, math.pi / 2, 0.0))
    assert np.allclose(robots.rotation, turned("y", 90))
    abb = Pose.from_quaternion((0, 0, 0), (math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)))
    assert np.allclose(abb.rotation, turned("z", 90))


def test_gimbal_lock_gives_angles_that_mean_the_same() -> None:
    for b in (math.pi / 2, -math.pi / 2):
        pose = Pose.from_abc((0, 0, 0), (0.4, b, -0.3))
        assert pose.abc[2] == 0.0
        assert near(Pose.from_abc((0, 0, 0), pose.abc), pose, 1e-9)


@given(poses, metres, metres, metres)
def test_offsets(a: Pose, x: float, y: float, z: float) -> None:
    assert np.allclose(a.offset(x, y, z).position, a.position + np.array((x, y, z)))
    assert near(a.offset_tool(x, y, z), a @ Pose((x, y, z)))
    assert np.array_equal(a.offset(x, y, z).quaternion, a.quaternion)


def test_a_vector_in_place_of_a_number_is_told() -> None:
    for call in (
        lambda: Pose().offset((0, 0, 0.1)),
        lambda: Pose().offset_tool(z=np.ones(3)),
        lambda: Pose().rotated([1]),
    ):
        with pytest.raises(ValueError, match="x, y and z are three separate numbers, for example offset"):
            call()  # type: ignore[no-untyped-call]


def test_degrees_are_not_taken_for_radians() -> None:
    with pytest.raises(ValueError, match=r"radians. rotated\(0, 0, 45\) would turn .* use math.radians"):
        Pose().rotated(z=45)
    with pytest.raises(ValueError, match="Angles are in radians"):
        Pose().rotated(x=-90)
    assert near(Pose().rotated(z=3.5 * math.pi), Pose().rotated(z=-0.5 * math.pi))


HALF_TURNS = [(1.0, 0.0, 0.0), (0.985, -0.172, 0.0), (-0.707, 0.707, 0.0), (0.0, -1.0, 0.02), (0.0, 0.0, -1.0)]


@given(st.sampled_from(HALF_TURNS), *[st.floats(-0.008, 0.008)] * 3)
def test_poses_near_half_a_turn_that_are_almost_alike_print_almost_alike(
    axis: tuple[float, float, float], x: float, y: float, z: float
) -> None:
    asked = Pose.from_rotvec((0, 0, 0), math.pi * np.array(axis) / np.linalg.norm(axis))
    reached = asked.rotated(x, y, z)
    assert np.abs(steady_rotvec(asked) - steady_rotvec(reached)).max() < 0.03
    assert Pose.from_rotvec((0, 0, 0), steady_rotvec(reached)).angle(reached) < 1e-9


def test_a_pose_just_beyond_half_a_turn_is_printed_so() -> None:
    assert str(DOWN.rotated(x=-0.001)) == "Pose(0.0, 0.0, 0.0 mm; rotvec 179.9, 0.0, 0.0 deg)"
    assert str(DOWN.rotated(x=0.001)) == "Pose(0.0, 0.0, 0.0 mm; rotvec 180.1, 0.0, 0.0 deg)"
    assert str(DOWN.rotated(x=0.1)) == "Pose(0.0, 0.0, 0.0 mm; rotvec -174.3, 0.0, 0.0 deg)"


@settings(max_examples=50)
@given(poses, rotvecs)
def test_rotated_turns_about_the_own_axes(a: Pose, rotvec: tuple[float, float, float]) -> None:
    assert near(a.rotated(*rotvec), a @ Pose.from_rotvec((0, 0, 0), rotvec))


@given(poses, poses)
def test_distance_and_angle(a: Pose, b: Pose) -> None:
    assert a.angle(b) == pytest.approx(b.angle(a), abs=1e-9)
    assert a.angle(b) == pytest.approx(np.linalg.norm((a.inverse() @ b).rotvec), abs=1e-7)
    assert a.distance(b) == b.distance(a)


def test_down_points_down() -> None:
    assert np.allclose((Pose((0.4, 0.1, 0.05)) @ DOWN).rotation @ (0, 0, 1), (0, 0, -1))


def test_a_pose_cannot_be_changed() -> None:
    pose = Pose((1, 2, 3))
    with pytest.raises(ValueError, match="read-only"):
        pose.position[0] = 5.0
    with pytest.raises(AttributeError):
        pose.position = np.zeros(3)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pose((1, 2)), "A position must be 3 numbers. You gave 2"),
        (lambda: Pose((1, 2, float("nan"))), "must be finite"),
        (lambda: Pose("abc"), "must be 3 numbers"),
        (lambda: Pose((0, 0, 0), (0, 0, 0, 0)), "must not be zero"),
        (lambda: Pose.from_matrix(np.eye(4) * 2), "last row"),
        (lambda: Pose.from_matrix(np.diag([1.0, 1.0, -1.0])), "not a rotation"),
        (lambda: quaternion_from_matrix(np.ones((2, 2))), "shape"),
        (lambda: quaternion_from_rotvec((1, 2)), "A rotation vector must be 3 numbers"),
        (lambda: Pose() @ np.zeros(2), "points"),
    ],
)
def test_wrong_arguments_are_told_in_words(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]


def test_it_prints_in_millimetres_and_degrees() -> None:
    assert repr(Pose.from_rotvec((0.4, 0.1, 0.05), (0, 0, math.pi / 2))) == (
        "Pose(400.0, 100.0, 50.0 mm; rotvec 0.0, 0.0, 90.0 deg)"
    )
    assert "-0.0" not in repr(Pose((-1e-9, 0, 0)))


def test_equal_rotations_compare_equal_whatever_their_sign() -> None:
    assert Pose((0, 0, 0), (-1, 0, 0, 0)) == Pose()
    assert hash(Pose((0, 0, 0), (-1, 0, 0, 0))) == hash(Pose())
    assert Pose() != "a pose"


def test_every_function_of_a_pose_shows_an_example_that_runs() -> None:
    public = [name for name in vars(Pose) if not name.startswith("_") and name not in ("position", "quaternion")]
    without = [name for name in public if ">>>" not in (inspect.getdoc(getattr(Pose, name)) or "")]
    assert without == []
    failed, tried = doctest.testmod(geometry)
    assert (failed, tried > len(public)) == (0, True)
