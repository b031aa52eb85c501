"""Kinematics against independent authorities: the maker's table, MuJoCo on other numbers, EAIK."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.geometry import Pose
from sheber.robot import arms
from sheber.robot.arms import Arm, ArmError
from sheber.robot.motion import kinematics
from sheber.robot.motion.closed_form import closed_form
from sheber.robot.motion.errors import Unreachable
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.motion.moves import MoveLinear

ARM = arms.load("ur5e")
HOME = np.array(ARM.home)
turns = st.lists(st.floats(-math.pi, math.pi), min_size=6, max_size=6).map(np.array)


def random_joints(count: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-math.pi, math.pi, (count, 6))


def by_the_makers_table(q: np.ndarray) -> np.ndarray:
    """T_base_flange (4, 4) as Universal Robots publishes it: each row is Rot z, Trans z, Trans x, Rot x."""
    table = [(0, 0.1625, 90), (-0.425, 0, 0), (-0.3922, 0, 0), (0, 0.1333, 90), (0, 0.0997, -90), (0, 0.0996, 0)]
    T = np.eye(4)
    for angle, (a, d, alpha) in zip(q, table, strict=True):
        about_z = Pose.from_rotvec((0, 0, d), (0, 0, angle))
        about_x = Pose.from_rotvec((a, 0, 0), (math.radians(alpha), 0, 0))
        T = T @ (about_z @ about_x).matrix
    return T


def error(T: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of any entry: metres, or sines."""
    return float(np.abs(T - other).max())


@given(turns)
def test_forward_is_the_makers(q: np.ndarray) -> None:
    assert error(kinematics.forward(ARM, q).matrix, by_the_makers_table(q)) < 1e-12
    assert error(kinematics.forward_all(ARM, q[None])[0], by_the_makers_table(q)) < 1e-12


def test_home_points_down_in_front_of_the_base() -> None:
    home = kinematics.forward(ARM, HOME)
    assert np.allclose(home.position, (0.4919, 0.1333, 0.4879), atol=1e-9)
    assert np.allclose(home.rotation @ (0, 0, 1), (0, 0, -1))


def test_forward_agrees_with_mujoco_on_the_chain_of_another_package() -> None:
    """The description in airo-models has the same maker, other frames, and its base turned by half a turn."""
    mujoco = pytest.importorskip("mujoco")
    text = (resources.files("airo_models") / "arms/ur5e/ur5e.urdf").read_text().replace("drake:", "")
    text = re.sub(r"<(visual|collision)>.*?</\1>", "", text, flags=re.DOTALL)
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    half_turn = np.diag([-1.0, -1.0, 1.0])
    for q in random_joints(50):
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        T = kinematics.forward_all(ARM, q[None])[0]
        assert np.abs(half_turn @ data.body("wrist_3_link").xpos - T[:3, 3]).max() < 1e-8
        assert np.abs(half_turn @ data.body("wrist_3_link").xmat.reshape(3, 3) - T[:3, :3]).max() < 1e-8


def test_the_jacobian_is_the_derivative() -> None:
    h = 1e-6
    for q in random_joints(20):
        T = kinematics.forward_all(ARM, np.concatenate([q + h * np.eye(6), q - h * np.eye(6)]))
        linear = (T[:6, :3, 3] - T[6:, :3, 3]) / (2 * h)
        turn = (T[:6, :3, :3] - T[6:, :3, :3]) / (2 * h) @ kinematics.forward(ARM, q).rotation.T
        angular = np.stack([turn[:, 2, 1], turn[:, 0, 2], turn[:, 1, 0]], axis=1)
        assert np.allclose(kinematics.jacobian(ARM, q), np.concatenate([linear, angular], axis=1).T, atol=1e-8)


# --- inverse ------------------------------------------------------------------------------------


def test_inverse_solves_2000_random_poses_all_branches() -> None:
    q = random_joints(2000)
    T = kinematics.forward_all(ARM, q)
    solved = kinematics.inverse(ARM, T)
    exists = ~np.isnan(solved[..., 0])
    assert exists.any(axis=1).all()
    assert set(exists.sum(axis=1)) <= {2, 4, 6, 8}
    back = kinematics.forward_all(ARM, solved[exists])
    wanted = np.repeat(T[:, None], 8, axis=1)[exists]
    assert error(back, wanted) < 1e-9
    turned = (solved - q[:, None] + math.pi) % (2 * math.pi) - math.pi
    assert np.nanmin(np.abs(turned).max(axis=2), axis=1).max() < 1e-8  # the joints it came from are among them
    assert np.nanmax(np.abs(solved)) <= math.pi + 1e-12


def test_branches_have_the_names_of_their_configurations() -> None:
    q = random_joints(500, seed=3)
    solved = kinematics.inverse(ARM, kinematics.forward_all(ARM, q))
    exists = ~np.isnan(solved[..., 0])
    assert np.array_equal(closed_form(ARM).branches(ARM, solved[exists]), np.nonzero(exists)[1])
    for branch in range(8):
        one = closed_form(ARM).inverse_branch(ARM, kinematics.forward_all(ARM, q), branch)
        assert np.allclose(one, solved[:, branch], atol=1e-12, equal_nan=True)


def test_configurations_are_what_their_words_say() -> None:
    """Up: the elbow is above the straight line from shoulder to wrist; left: the upper arm is left of the way out."""
    q = random_joints(300, seed=4)
    for angles in q:
        name = kinematics.configuration(ARM, angles)
        chain = kinematics.frames(ARM, angles[None])[0]
        shoulder, elbow, wrist = (chain[k, :3, 3] for k in (1, 2, 3))
        out = chain[5, :3, 3] - shoulder
        share = (elbow - shoulder) @ (wrist - shoulder) / ((wrist - shoulder) @ (wrist - shoulder))
        above = (elbow - shoulder - share * (wrist - shoulder))[2]
        radial = chain[1, :3, 0] * np.sign(chain[1, :3, 0] @ out)
        if abs(above) > 1e-6 and (wrist - shoulder) @ radial > 0:
            assert ("up" in name.split()) == (above > 0)
        left = np.cross((0, 0, 1), radial)
        assert ("left" in name.split()) == (chain[1, :3, 2] @ left > 0)
        assert ("flip" in name.split()) == (math.sin(angles[4]) < 0)


def test_inverse_agrees_with_eaik() -> None:
    dh = pytest.importorskip("eaik.IK_DH")
    robot = dh.DhRobot(ARM.dh[:, 2].copy(), ARM.dh[:, 0].copy(), ARM.dh[:, 1].copy())
    for q in random_joints(100, seed=11):
        T = kinematics.forward_all(ARM, q[None])[0]
        theirs = robot.IK(T)
        exact = [np.array(row) for row, approximate in zip(theirs.Q, theirs.is_LS, strict=True) if not approximate]
        ours = kinematics.inverse_one(ARM, Pose.from_matrix(T))
        assert len(exact) == len(ours)
        for row in exact:
            turned = (ours - row + math.pi) % (2 * math.pi) - math.pi
            assert np.abs(turned).max(axis=1).min() < 1e-6


@pytest.mark.parametrize(
    "q_deg",
    [
        (10, -80, 70, -80, 0, 30),  # wrist: joints 4 and 6 on one axis
        (10, -80, 70, -80, 180, 30),
        (10, -80, 0, -80, -90, 30),  # elbow stretched
        (0, -90, 0, -90, 0, 0),  # the maker's upright zero position: both
        (10, -80, 70, -80, 1e-7, 30),
        (10, -80, 1e-6, -80, -90, 30),
    ],
)
def test_inverse_at_singularities_still_reaches_the_pose(q_deg: tuple[float, ...]) -> None:
    T = kinematics.forward_all(ARM, np.radians(q_deg)[None])
    solved = kinematics.inverse(ARM, T)[0]
    solved = solved[~np.isnan(solved[:, 0])]
    assert len(solved) >= 2
    assert error(kinematics.forward_all(ARM, solved), np.repeat(T, len(solved), axis=0)) < 1e-9


def test_what_is_out_of_reach_has_no_branch() -> None:
    far = Pose((1.2, 0.0, 0.2), (0, 1, 0, 0))
    inside = Pose((0.05, 0.0, 0.3), (0, 1, 0, 0))  # the wrist would be inside the cylinder about joint 1
    assert len(kinematics.inverse_one(ARM, far)) == 0
    assert len(kinematics.inverse_one(ARM, inside)) == 0
    assert np.isnan(kinematics.inverse(ARM, far.matrix[None])).all()


def test_nearest_takes_whole_turns_within_the_limits() -> None:
    reference = np.radians((350, -350, 100, 0, 0, 0))
    q = kinematics.nearest(ARM, np.radians((-20.0, 20, 170, 10, 0, 0)), reference)
    assert np.allclose(np.degrees(q), (340, -340, 170, 10, 0, 0))
    q = kinematics.nearest(ARM, np.radians((20.0, 0, -170, 0, 0, 0)), reference)
    assert np.allclose(np.degrees(q), (20, -360, -170, 0, 0, 0))  # 380 and 190 are beyond the limits
    assert kinematics.within(ARM, q).all()
    assert kinematics.within(ARM, np.radians((0, 0, 181, 0, 0, 361.0))).tolist() == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]


def test_configuration_words() -> None:
    assert kinematics.configuration(ARM, HOME) == "left up flip"
    assert kinematics.matching(ARM, "Up, left") == [0, 1]
    assert len(kinematics.matching(ARM, "")) == 8
    with pytest.raises(Unreachable, match=r"no configuration 'sideways'. .* are: left up flip"):
        kinematics.matching(ARM, "sideways")


def test_singularity_measures() -> None:
    def worst(q_deg: tuple[float, ...]) -> tuple[str, float]:
        near = kinematics.nearness(ARM, np.radians(q_deg)[None])[0]
        return closed_form(ARM).singularities[int(near.argmin())], float(near.min())

    assert worst((10, -80, 70, -80, 0, 30)) == ("wrist", pytest.approx(0.0))
    assert worst((10, -80, 0, -80, -90, 30)) == ("elbow", pytest.approx(0.0))
    assert worst(tuple(np.degrees(HOME)))[1] > 10.0
    below = math.degrees(math.acos(0.2125 / 0.3922))  # brings the wrist back over the base
    assert worst((0, -60, below - 120, 180 - below, -90, 0)) == ("shoulder", pytest.approx(0.0, abs=1e-6))


# --- arms whose joints and frames are their makers' own ------------------------------------------

# The makers' drawings: the axis of each joint and the way [m] from the joint before it, at its zero and in the axes of
# its base; then the way to the flange and the flange's axes (columns). KUKA: specification of the KR AGILUS sixx
# and the senses of A1 to A6. ABB: product specification of the IRB 1200. Both agree with ROS-Industrial's descriptions.
DRAWINGS: dict[str, tuple[list[tuple[tuple[int, ...], tuple[float, ...]]], tuple[float, ...], list[list[int]]]] = {
    "kr6_r900": (
        [
            ((0, 0, -1), (0, 0, 0)),
            ((0, 1, 0), (0.025, 0, 0.400)),
            ((0, 1, 0), (0.455, 0, 0)),
            ((-1, 0, 0), (0, 0, 0.035)),
            ((0, 1, 0), (0.420, 0, 0)),
            ((-1, 0, 0), (0, 0, 0)),
        ],
        (0.080, 0, 0),
        [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    ),
    "irb1200": (
        [
            ((0, 0, 1), (0, 0, 0)),
            ((0, 1, 0), (0, 0, 0.3991)),
            ((0, 1, 0), (0, 0, 0.448)),
            ((1, 0, 0), (0, 0, 0.042)),
            ((0, 1, 0), (0.451, 0, 0)),
            ((1, 0, 0), (0, 0, 0)),
        ],
        (0.082, 0, 0),
        [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    ),
}
MAKERS = list(DRAWINGS)


def by_the_drawing(name: str, q: np.ndarray) -> np.ndarray:
    """T_foot_flange (4, 4): each axis turned in its place, without any table."""
    rows, last, axes = DRAWINGS[name]
    T = np.eye(4)
    for angle, (axis, way) in zip(q, rows, strict=True):
        T = T @ Pose(way).matrix @ Pose.from_rotvec((0, 0, 0), angle * np.array(axis)).matrix
    flange = np.eye(4)
    flange[:3, :3], flange[:3, 3] = axes, last
    return T @ flange


def within_limits(arm: Arm, count: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).uniform(arm.lower, arm.upper, (count, 6))


@pytest.mark.parametrize("name", MAKERS)
def test_forward_is_the_drawing_of_the_maker(name: str) -> None:
    arm = arms.load(name)
    foot = Pose(arm.foot).matrix
    for q in (np.zeros(6), *within_limits(arm, 100)):
        wanted = foot @ by_the_drawing(name, q)
        assert error(kinematics.forward(arm, q).matrix, wanted) < 1e-12
        assert error(kinematics.forward_all(arm, q[None])[0], wanted) < 1e-12


@pytest.mark.parametrize("name", arms.available())
def test_forward_is_that_of_the_engine(name: str) -> None:
    mujoco = pytest.importorskip("mujoco")
    from sheber.robot.cell.arm import add_arm

    arm, spec = arms.load(name), mujoco.MjSpec()
    add_arm(spec, arm)
    model = spec.compile()
    data = mujoco.MjData(model)
    for q in within_limits(arm, 50):
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        for link, T in zip(arm.links, kinematics.frames(arm, q[None])[0], strict=True):
            assert np.abs(data.body(link.name).xpos - T[:3, 3]).max() < 1e-9
            assert np.abs(data.body(link.name).xmat.reshape(3, 3) - T[:3, :3]).max() < 1e-9


@pytest.mark.parametrize("name", MAKERS)
def test_the_jacobian_of_each_arm_is_the_derivative(name: str) -> None:
    arm, h = arms.load(name), 1e-6
    for q in within_limits(arm, 10):
        T = kinematics.forward_all(arm, np.concatenate([q + h * np.eye(6), q - h * np.eye(6)]))
        linear = (T[:6, :3, 3] - T[6:, :3, 3]) / (2 * h)
        assert np.allclose(kinematics.jacobian(arm, q)[:3], linear.T, atol=1e-8)


@pytest.mark.parametrize("name", MAKERS)
def test_all_branches_of_each_arm_lead_back(name: str) -> None:
    arm = arms.load(name)
    q = within_limits(arm, 2000)
    T = kinematics.forward_all(arm, q)
    solved = kinematics.inverse(arm, T)
    exists = ~np.isnan(solved[..., 0])
    assert set(exists.sum(axis=1)) <= {4, 8}
    assert error(kinematics.forward_all(arm, solved[exists]), np.repeat(T[:, None], 8, axis=1)[exists]) < 1e-9
    turned = (solved - q[:, None] + math.pi) % (2 * math.pi) - math.pi
    assert np.nanmin(np.abs(turned).max(axis=2), axis=1).max() < 1e-8  # the joints it came from are among them
    assert np.nanmax(np.abs(solved)) <= math.pi + 1e-12
    assert np.array_equal(closed_form(arm).branches(arm, solved[exists]), np.nonzero(exists)[1])
    one = closed_form(arm).inverse_branch(arm, T, 5)
    assert np.allclose(one, solved[:, 5], atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", MAKERS)
def test_inverse_of_each_arm_agrees_with_eaik(name: str) -> None:
    """EAIK knows the table alone: theta, counted from the maker's base."""
    dh = pytest.importorskip("eaik.IK_DH")
    arm = arms.load(name)
    robot = dh.DhRobot(arm.dh[:, 2].copy(), arm.dh[:, 0].copy(), arm.dh[:, 1].copy())
    for q in within_limits(arm, 100, seed=11):
        T = kinematics.forward_all(arm, q[None])[0]
        theirs = robot.IK(Pose(arm.foot).inverse().matrix @ T)
        exact = [np.array(row) for row, approximate in zip(theirs.Q, theirs.is_LS, strict=True) if not approximate]
        ours = arm.directions * kinematics.inverse_one(arm, Pose.from_matrix(T)) + arm.offsets
        assert len(exact) == len(ours)
        for row in exact:
            turned = (ours - row + math.pi) % (2 * math.pi) - math.pi
            assert np.abs(turned).max(axis=1).min() < 1e-6


@pytest.mark.parametrize("name", MAKERS)
def test_configurations_of_each_arm_are_what_their_words_say(name: str) -> None:
    """Front: the wrist is on the side that axis 1 faces; up: the elbow is above the line from shoulder to wrist."""
    arm = arms.load(name)
    assert kinematics.configuration(arm, np.array(arm.home)) == "front up noflip"
    for q in within_limits(arm, 300, seed=4):
        words = kinematics.configuration(arm, q).split()
        shoulder, elbow, _, wrist = kinematics.frames(arm, q[None])[0][1:5, :3, 3]
        facing = np.array([math.cos(q[0]), math.sin(arm.joints[0].direction * q[0]), 0.0])
        out = (wrist - arm.foot) @ facing
        assert ("front" in words) == (out > 0)
        along = wrist - shoulder
        share = (elbow - shoulder) @ along / (along @ along)
        above = (elbow - shoulder - share * along)[2]
        if abs(above) > 1e-6 and along @ facing * out > 0:
            assert ("up" in words) == (above > 0)
        assert ("flip" in words) == (math.sin(q[4]) < 0)


@pytest.mark.parametrize("name", MAKERS)
def test_the_stretched_arm_is_singular_at_the_elbow(name: str) -> None:
    arm = arms.load(name)
    q = np.array([arm.home])
    for angle in (closed_form(arm).stretched(arm), closed_form(arm).stretched(arm) + math.pi):
        q[0, 2] = angle
        assert kinematics.nearness(arm, q)[0, 1] == pytest.approx(0.0, abs=1e-9)


# a, d [m], alpha [deg] of arms with a spherical wrist, with every sign that tables are written in
SPHERICAL = {
    "kuka": [(0.025, 0.4, -90), (0.315, 0, 0), (0.035, 0, -90), (0, 0.365, 90), (0, 0, -90), (0, 0.08, 0)],
    "abb": [(0.07, 0.352, 90), (0.36, 0, 0), (0, 0, 90), (0, 0.38, -90), (0, 0, 90), (0, 0.065, 0)],
    "signs": [(0.07, 0.352, -90), (0.36, 0, 0), (0.05, 0, 90), (0, -0.38, -90), (0, 0, 90), (0, -0.065, 0)],
}


def spherical_arm(name: str) -> Arm:
    """An arm of the other class: other data, the same code."""
    rows = zip(ARM.joints, SPHERICAL[name], strict=True)
    joints = tuple(replace(joint, a=a, d=d, alpha=math.radians(alpha)) for joint, (a, d, alpha) in rows)
    return replace(ARM, name=name, inverse="spherical", joints=joints)


@pytest.mark.parametrize("name", SPHERICAL)
def test_arms_with_a_spherical_wrist_are_solved_too(name: str) -> None:
    arm = spherical_arm(name)
    q = random_joints(2000)
    T = kinematics.forward_all(arm, q)
    solved = kinematics.inverse(arm, T)
    exists = ~np.isnan(solved[..., 0])
    assert set(exists.sum(axis=1)) <= {4, 8}
    wanted = np.repeat(T[:, None], 8, axis=1)[exists]
    assert error(kinematics.forward_all(arm, solved[exists]), wanted) < 1e-9
    turned = (solved - q[:, None] + math.pi) % (2 * math.pi) - math.pi
    assert np.nanmin(np.abs(turned).max(axis=2), axis=1).max() < 1e-8
    assert np.array_equal(closed_form(arm).branches(arm, solved[exists]), np.nonzero(exists)[1])
    one = closed_form(arm).inverse_branch(arm, T, 6)
    assert np.allclose(one, solved[:, 6], atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("q5", [0.0, math.pi, 1e-7])
def test_a_spherical_wrist_at_its_singularity_still_reaches_the_pose(q5: float) -> None:
    arm = spherical_arm("kuka")
    T = kinematics.forward_all(arm, np.array([[0.3, -1.0, 0.8, 0.5, q5, 0.7]]))
    solved = kinematics.inverse(arm, T)[0]
    solved = solved[~np.isnan(solved[:, 0])]
    assert len(solved) == 8
    assert error(kinematics.forward_all(arm, solved), np.repeat(T, 8, axis=0)) < 1e-9
    singular = kinematics.nearness(arm, np.array([[0.3, -1.0, 0.8, 0.5, q5, 0.7]]))[0]
    assert singular.argmin() == 0
    assert singular[0] < 1e-5


def test_an_arm_with_a_spherical_wrist_moves_on_a_line() -> None:
    arm = spherical_arm("abb")
    robot = Interpolator(arm, Pose((0, 0, 0.1)), np.radians((10.0, 60, 40, 20, 50, 0)))
    start = robot.target
    goal = start.offset(0.05, -0.1, 0.05).rotated(z=0.4)
    robot.add(MoveLinear(goal))
    rows = [robot.next(50) for _ in range(40) if robot.moving]
    points = (kinematics.forward_all(arm, np.concatenate(rows)) @ Pose((0, 0, 0.1)).matrix)[:, :3, 3]
    along = (goal.position - start.position) / start.distance(goal)
    away = points - start.position
    assert np.linalg.norm(away - np.outer(away @ along, along), axis=1).max() < 1e-5
    assert robot.target.distance(goal) < 1e-8


def test_an_arm_of_another_class_is_refused() -> None:
    with pytest.raises(ArmError, match="asks for the closed form 'none'; there are: ur, spherical"):
        closed_form(replace(ARM, inverse="none"))
    skewed = replace(ARM.joints[0], alpha=1.0)
    with pytest.raises(ArmError, match="is not of the class 'ur'"):
        closed_form(replace(ARM, joints=(skewed, *ARM.joints[1:])))
    with pytest.raises(ArmError, match="is not of the class 'spherical'"):
        closed_form(replace(ARM, inverse="spherical"))


def test_many_poses_in_one_call_are_quick() -> None:
    """A tenth of what is measured (about 700,000 poses a second), so that a busy machine passes."""
    T = kinematics.forward_all(ARM, random_joints(2000))
    kinematics.inverse(ARM, T)
    start = time.perf_counter()
    kinematics.inverse(ARM, T)
    assert time.perf_counter() - start < 0.04
