"""The interpolator: moves in, joint targets out, as on a robot's controller."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.geometry import DOWN, Pose
from sheber.robot import arms
from sheber.robot.motion import kinematics
from sheber.robot.motion.errors import (
    JointLimit,
    MotionError,
    SelfCollision,
    Singularity,
    SpeedLimit,
    Unreachable,
)
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.motion.moves import Move, MoveCircular, MoveJoints, MoveLinear, MoveTo

ARM = arms.load("ur5e")
HOME = np.array(ARM.home)
TCP = Pose((0.0, 0.0, 0.12))  # T_flange_tcp
STEP = 0.002
START = Pose((0.45, 0.1, 0.2)) @ DOWN
TICK = 5


def interpolator(q: np.ndarray = HOME, **options: Any) -> Interpolator:
    return Interpolator(ARM, TCP, q, **options)


def at_start() -> Interpolator:
    """Standing at START."""
    robot = interpolator()
    robot.add(MoveTo(START))
    finish(robot)
    return robot


def finish(robot: Interpolator) -> np.ndarray:
    """Run until all is done; the targets (n, 6), with the one before in front."""
    robot.close_corner()
    rows = [robot.joints[None]]
    while robot.moving:
        rows.append(robot.next(TICK))
        assert len(rows) < 40_000
    assert robot.pending == 0
    assert robot.remaining_steps() == 0
    return np.concatenate(rows)


def run(robot: Interpolator, *moves: Move) -> np.ndarray:
    """Drive the interpolator as a controller does for a program whose moves wait: depth two, a tick a command."""
    rows = [robot.joints[None]]
    for move in moves:
        robot.add(move)
        while robot.pending > 2:
            rows.append(robot.next(TICK))
        rows.append(robot.next(TICK))
    return np.concatenate([*rows, finish(robot)[1:]])


def tcp(q: np.ndarray) -> np.ndarray:
    """T_base_tcp (n, 4, 4)."""
    return kinematics.forward_all(ARM, q) @ TCP.matrix


def tcp_speed(q: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(tcp(q)[:, :3, 3], axis=0), axis=1) / STEP


def within_limits(q: np.ndarray) -> None:
    """Speeds and accelerations of the targets by differences, and no target beyond a joint's range."""
    speed = np.diff(q, axis=0) / STEP
    acceleration = np.diff(speed, axis=0) / STEP
    assert (np.abs(speed) / ARM.max_speed).max() <= 1.0
    assert (np.abs(acceleration) / ARM.max_acceleration).max() <= 1.0
    assert kinematics.within(ARM, q).all()


def from_line(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distance (n,) of points to the straight line through a and b."""
    along = (b - a) / np.linalg.norm(b - a)
    away = points - a
    return np.linalg.norm(away - np.outer(away @ along, along), axis=1)


# --- single moves -------------------------------------------------------------------------------


def test_a_joint_move_keeps_speed_and_acceleration() -> None:
    goal = HOME + np.radians((40, 10, -20, 5, 0, -60))
    q = run(interpolator(), MoveJoints(goal, speed=1.0, acceleration=2.0))
    assert np.allclose(q[-1], goal, atol=1e-9)
    speed = np.diff(q, axis=0) / STEP
    assert np.abs(speed).max() == pytest.approx(1.0, rel=1e-6)
    assert np.abs(np.diff(speed, axis=0) / STEP).max() == pytest.approx(2.0, rel=1e-4)
    jerk = np.diff(q, 3, axis=0) / STEP**3
    assert np.abs(jerk).max() <= 2.0 / ARM.ramp_s * 1.01
    share = (q - HOME) / (goal - HOME + (goal == HOME))
    assert np.ptp(share[:, goal != HOME], axis=1).max() < 1e-9  # all joints start and stop together
    within_limits(q)


def test_defaults_are_the_makers() -> None:
    q = run(interpolator(), MoveJoints(HOME + 1.5))
    assert np.abs(np.diff(q, axis=0)).max() / STEP == pytest.approx(1.05, rel=1e-6)
    robot = at_start()
    q = run(robot, MoveLinear(START.offset(y=-0.3)))
    assert tcp_speed(q).max() == pytest.approx(0.25, rel=1e-4)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.3, -0.2, 1.5)])
def test_a_linear_move_is_straight_and_even(turn: tuple[float, float, float]) -> None:
    robot = at_start()
    goal = START.offset(0.15, -0.3, 0.12).rotated(*turn)
    q = run(robot, MoveLinear(goal, speed=0.4))
    T = tcp(q)
    assert from_line(T[:, :3, 3], START.position, goal.position).max() < 1e-5
    last = Pose.from_matrix(T[-1])
    assert last.distance(goal) < 1e-8
    assert last.angle(goal) < 1e-8
    way = goal.distance(START)
    for matrix in T[:: len(T) // 20]:  # the orientation turns with the way
        here = Pose.from_matrix(matrix)
        assert here.angle(START) == pytest.approx(START.angle(goal) * here.distance(START) / way, abs=2e-5)
    assert robot.target.distance(goal) < 1e-8
    within_limits(q)


def test_a_circular_move_is_round() -> None:
    robot = at_start()
    via, goal = START.offset(x=0.1, y=0.1), START.offset(x=0.2, z=0.05)
    q = run(robot, MoveCircular(via, goal, speed=0.2))
    points = tcp(q)[:, :3, 3]
    a, b, c = START.position, via.position, goal.position
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal)
    assert np.abs((points - a) @ normal).max() < 1e-6
    edges = np.stack([b - a, c - a, normal])
    centre = np.linalg.solve(edges, [(b @ b - a @ a) / 2, (c @ c - a @ a) / 2, normal @ a])
    assert np.abs(np.linalg.norm(points - centre, axis=1) - np.linalg.norm(a - centre)).max() < 1e-5
    assert np.linalg.norm(points - b, axis=1).min() < 1e-3
    assert tcp_speed(q).max() == pytest.approx(0.2, rel=1e-3)
    within_limits(q)


def test_a_turn_on_the_spot_and_a_move_to_where_it_is() -> None:
    robot = at_start()
    q = run(robot, MoveLinear(START.rotated(z=1.0)))
    T = tcp(q)
    assert np.abs(T[:, :3, 3] - START.position).max() < 1e-6
    assert Pose.from_matrix(T[-1]).angle(START) == pytest.approx(1.0, abs=1e-8)
    before = robot.joints.copy()
    robot.add(MoveLinear(START.rotated(z=1.0)))
    assert (robot.moving, robot.pending) == (False, 0)
    robot.add(MoveJoints(before, blend=0.05))
    robot.add(MoveLinear(START))
    assert robot.pending == 1  # the empty one is done
    assert Pose.from_matrix(tcp(finish(robot))[-1]).distance(START) < 1e-8


def test_a_joint_move_to_a_pose_keeps_the_configuration() -> None:
    goal = Pose((0.3, -0.35, 0.25)) @ DOWN
    q = run(interpolator(), MoveTo(goal))
    assert kinematics.configuration(ARM, q[-1]) == "left up flip"
    assert Pose.from_matrix(tcp(q)[-1]).distance(goal) < 1e-9
    q = run(interpolator(), MoveTo(goal, configuration="down"))
    assert kinematics.configuration(ARM, q[-1]) == "left down flip"
    assert Pose.from_matrix(tcp(q)[-1]).distance(goal) < 1e-9


def test_joints_slow_a_line_down_where_they_must() -> None:
    """Near the base's axis joint 1 has to hurry: the line is run slower there, and stays a line."""
    robot = interpolator()
    a, b = Pose((0.18, -0.3, 0.35)) @ DOWN, Pose((0.18, 0.3, 0.35)) @ DOWN
    robot.add(MoveTo(a))
    finish(robot)
    q = run(robot, MoveLinear(b, speed=1.0, acceleration=5.0))
    within_limits(q)
    assert from_line(tcp(q)[:, :3, 3], a.position, b.position).max() < 1e-4
    assert tcp_speed(q).max() < 0.9


# --- corners ------------------------------------------------------------------------------------


def test_a_corner_is_cut_within_its_zone_and_not_stopped_in() -> None:
    robot = at_start()
    corner = START.offset(x=0.15)
    q = run(robot, MoveLinear(corner, blend=0.04), MoveLinear(corner.offset(y=-0.3)))
    points, speed = tcp(q)[:, :3, 3], tcp_speed(q)
    away = np.linalg.norm(points - corner.position, axis=1)
    assert 0.005 < away.min() < 0.04
    outside = away > 0.0401
    lines = np.minimum(
        from_line(points, START.position, corner.position),
        from_line(points, corner.position, corner.offset(y=-0.3).position),
    )
    assert lines[outside].max() < 1e-4
    assert speed[away[1:] < 0.04].min() > 0.1
    within_limits(q)


def test_straight_on_the_speed_does_not_drop() -> None:
    """Replanned while moving: the trap of moves that wait is that they brake for a corner not yet known."""
    robot = interpolator()
    robot.add(MoveTo(Pose((0.35, -0.35, 0.2)) @ DOWN))
    finish(robot)
    first = robot.target
    moves = [MoveLinear(first.offset(y=0.17 * n), speed=0.3, blend=0.05 if n < 4 else 0.0) for n in range(1, 5)]
    q = run(robot, *moves)
    speed = tcp_speed(q)
    along = tcp(q)[1:, 1, 3] - first.position[1]
    assert speed[(along > 0.1) & (along < 0.58)].min() > 0.299
    within_limits(q)


def test_a_zone_is_cut_to_half_a_move() -> None:
    robot = at_start()
    q = run(robot, MoveLinear(START.offset(x=0.06), blend=0.5), MoveLinear(START.offset(x=0.06, y=-0.06), blend=0.5),
            MoveLinear(START.offset(x=0.12, y=-0.06)))  # fmt: skip
    points = tcp(q)[:, :3, 3]
    for middle in (START.offset(x=0.03), START.offset(x=0.06, y=-0.03), START.offset(x=0.09, y=-0.06)):
        assert np.linalg.norm(points - middle.position, axis=1).min() < 3e-4  # half a sample's way
    within_limits(q)


@pytest.mark.parametrize("left", [0.12, 0.1, 0.09, 0.08, 0.06, 0.03, 0.003])
def test_a_corner_that_comes_too_late_is_not_taken_too_fast(left: float) -> None:
    """The next move arrives when the robot already brakes for the end of this one."""
    robot = at_start()
    robot.add(MoveLinear(START.offset(x=0.05), speed=0.5, blend=0.02))
    robot.add(MoveLinear(START.offset(x=0.05, y=-0.4), speed=0.5, blend=0.05))
    rows = [robot.joints[None]]
    while robot.target.distance(START.offset(x=0.05, y=-0.4)) > left:
        rows.append(robot.next(1))
    robot.add(MoveLinear(START.offset(x=-0.2, y=-0.4), speed=0.5))
    q = np.concatenate([*rows, finish(robot)[1:]])
    acceleration = np.diff(tcp(q)[:, :3, 3], 2, axis=0) / STEP**2
    assert np.linalg.norm(acceleration, axis=1).max() < 1.5 * ARM.linear_acceleration
    within_limits(q)


@pytest.mark.parametrize("order", [0, 1])
def test_between_a_joint_and_a_linear_move_the_corner_is_in_joints(order: int) -> None:
    corner, end = START.offset(z=0.15), START
    goals = [MoveTo(corner, blend=0.05), MoveLinear(end)]
    robot = interpolator()
    if order:
        goals = [MoveLinear(corner, blend=0.05), MoveTo(START.offset(x=-0.1, y=-0.4, z=0.1))]
        robot = at_start()
    q = run(robot, *goals)
    away = np.linalg.norm(tcp(q)[:, :3, 3] - corner.position, axis=1)
    assert 0.0 < away.min() < 0.05
    assert tcp_speed(q)[away[1:] < 0.05].min() > 0.02
    within_limits(q)


def test_a_blended_move_waits_for_its_corner() -> None:
    robot = at_start()
    before = robot.joints.copy()
    robot.add(MoveLinear(START.offset(x=0.1), blend=0.03))
    assert (robot.moving, robot.pending) == (False, 1)
    assert np.array_equal(robot.next(TICK), np.repeat(before[None], TICK, axis=0))
    robot.close_corner()
    assert robot.moving
    assert Pose.from_matrix(tcp(finish(robot))[-1]).distance(START.offset(x=0.1)) < 1e-8


def test_behind_a_fine_point_an_open_move_waits_too() -> None:
    robot = at_start()
    robot.add(MoveLinear(START.offset(x=0.05)))
    robot.add(MoveLinear(START.offset(x=0.05, y=-0.1), blend=0.02))
    while robot.moving:
        robot.next(TICK)
    assert robot.pending == 1
    assert robot.target.distance(START.offset(x=0.05)) < 1e-8
    robot.add(MoveLinear(START.offset(y=-0.1)))
    assert robot.moving
    assert robot.pending == 2
    assert Pose.from_matrix(tcp(finish(robot))[-1]).distance(START.offset(y=-0.1)) < 1e-8


def test_a_move_counts_as_done_in_the_middle_of_its_corner() -> None:
    robot = at_start()
    corner = START.offset(x=0.15)
    robot.add(MoveLinear(corner, blend=0.04))
    robot.add(MoveLinear(corner.offset(y=-0.2)))
    while robot.pending == 2:
        q = robot.next(1)
    x, y = tcp(q)[0, :2, 3] - corner.position[:2]
    assert -x == pytest.approx(-y, abs=1e-3)


# --- while moving -------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [30, 200, 500, 650])
def test_stop_brakes_on_the_path_and_forgets_the_rest(after: int) -> None:
    robot = at_start()
    corner = START.offset(x=0.15)
    robot.add(MoveLinear(corner, speed=0.4, blend=0.04))
    robot.add(MoveLinear(corner.offset(y=-0.3), speed=0.4))
    rows = [robot.joints[None], robot.next(after)]
    remaining = robot.remaining_steps()
    robot.stop()
    assert robot.pending == 0
    assert robot.remaining_steps() < min(remaining, 300)
    rows.append(finish(robot)[1:])
    q = np.concatenate(rows)
    within_limits(q)
    whole = run(at_start(), MoveLinear(corner, speed=0.4, blend=0.04), MoveLinear(corner.offset(y=-0.3), speed=0.4))
    path = tcp(whole)[:, :3, 3]
    for point in tcp(q)[::20, :3, 3]:
        assert np.linalg.norm(path - point, axis=1).min() < 1e-3
    robot.add(MoveLinear(START))  # and goes on from there
    assert Pose.from_matrix(tcp(finish(robot))[-1]).distance(START) < 1e-8


@pytest.mark.parametrize("left", range(1, 7))
@pytest.mark.parametrize("length", [0.1, 0.1003, 0.10007])
def test_anything_may_come_in_the_last_steps(left: int, length: float) -> None:
    """The end of a move lies anywhere between two steps; what is left of the way may be nothing."""
    for meddle in (Interpolator.stop, lambda robot: setattr(robot, "speed_override", 0.5), nothing):
        robot = at_start()
        robot.add(MoveLinear(START.offset(y=-length)))
        rows = [robot.joints[None], robot.next(robot.remaining_steps() - left)]
        meddle(robot)
        robot.add(MoveLinear(START))
        q = np.concatenate([*rows, finish(robot)[1:]])
        within_limits(q)
        assert Pose.from_matrix(tcp(q[-1:])[0]).distance(START) < 1e-8


def test_speed_override_scales_the_speed_at_once_and_back() -> None:
    robot = at_start()
    robot.add(MoveLinear(START.offset(y=-0.5), speed=0.3))
    rows = [robot.joints[None], robot.next(300)]
    robot.speed_override = 0.2
    rows.append(robot.next(500))
    robot.speed_override = 1.0
    rows.append(finish(robot)[1:])
    q = np.concatenate(rows)
    speed = tcp_speed(q)
    assert speed[290] == pytest.approx(0.3, abs=0.01)
    assert speed[780] == pytest.approx(0.06, rel=1e-3)
    assert speed[900:].max() == pytest.approx(0.3, rel=1e-3)
    assert from_line(tcp(q)[:, :3, 3], START.position, START.offset(y=-0.5).position).max() < 1e-5
    within_limits(q)


@pytest.mark.parametrize("factor", [0.0, 0.0099, 1.01, 7.0, -0.5, float("nan")])
def test_a_speed_override_that_would_not_be_run_is_refused(factor: float) -> None:
    robot = at_start()
    robot.speed_override = 0.01
    with pytest.raises(ValueError, match=r"from 0\.01 to 1"):
        robot.speed_override = factor
    assert robot.speed_override == 0.01


def test_the_smallest_speed_override_is_run_as_it_is_set() -> None:
    robot = at_start()
    robot.speed_override = 0.01
    robot.add(MoveLinear(START.offset(y=-0.01), speed=0.5))
    assert tcp_speed(finish(robot)).max() == pytest.approx(0.005, rel=1e-3)


def test_targets_do_not_depend_on_how_many_are_fetched_at_once() -> None:
    def targets(count: int) -> np.ndarray:
        robot = at_start()
        robot.add(MoveLinear(START.offset(x=0.1), blend=0.02))
        robot.add(MoveLinear(START.offset(x=0.1, y=-0.2)))
        return np.concatenate([robot.next(count) for _ in range(2000 // count)])

    assert np.array_equal(targets(5), targets(1))
    assert np.array_equal(targets(5), targets(1000))


# --- refused moves ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "error", "words"),
    [
        (MoveTo(Pose((1.5, 0, 0.3)) @ DOWN), Unreachable, r"\(1500.0, 0.0, 300.0\) mm.* is out of reach.*850 mm"),
        (MoveTo(Pose((0.02, 0, 0.4)) @ DOWN), Unreachable, "from the axis of joint 1, which is too close"),
        (
            MoveLinear(Pose((0.9, 0.1, 0.2)) @ DOWN),
            Unreachable,
            r"leaves the robot's reach after \d+ % of its length, at",
        ),
        (
            MoveTo(START, configuration="sideways"),
            Unreachable,
            "no configuration 'sideways'",
        ),
        (
            MoveJoints(HOME + np.radians((0, 0, 120, 0, 0, 0))),
            JointLimit,
            r"Joint 3 \(elbow\).* 210.0 deg.* -180 to 180",
        ),
        (MoveLinear(START, speed=2.0), SpeedLimit, r"speed of 2000 mm/s was asked.*up to 1000 mm/s"),
        (MoveLinear(START, acceleration=-1.0), SpeedLimit, "acceleration of -1000 mm/s2"),
        (MoveTo(START, speed=4.0), SpeedLimit, r"229.2 deg/s was asked.*up to 180 deg/s"),
        (MoveTo(START, speed=math.nan), SpeedLimit, "nan"),
        (MoveLinear(Pose((-0.45, 0.1, 0.3)) @ DOWN), MotionError, "line or arc"),
        (MoveCircular(START, START, speed=0.1), Unreachable, "No circle goes from"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(move: Move, error: type[MotionError], words: str) -> None:
    robot = interpolator()
    with pytest.raises(error, match=words):
        robot.add(move)
    assert (robot.pending, robot.moving) == (0, False)
    robot.add(MoveTo(START))  # and the robot goes on
    finish(robot)


def test_a_line_through_a_singularity_is_refused() -> None:
    singular = kinematics.forward(ARM, np.radians((180.0, -90, 90, -90, 0, 0))) @ TCP
    with pytest.raises(Singularity, match=r"singularity after \d+ % .*joints 4 and 6 turn about the same axis"):
        interpolator().add(MoveLinear(singular))
    stretched = interpolator(np.radians((180.0, -60, 0.5, -60, -90, 0)))
    with pytest.raises(Singularity, match=r"stretched"):
        stretched.add(MoveLinear(stretched.target.offset(z=-0.1)))


def test_a_pose_that_one_configuration_does_not_reach_names_those_that_do() -> None:
    goal = Pose((0.75, 0.1, 0.1)) @ DOWN
    names = [kinematics.configuration(ARM, q) for q in kinematics.inverse_one(ARM, goal @ TCP.inverse())]
    missing = next(name for name in kinematics.configurations(ARM) if name not in names)
    with pytest.raises(Unreachable, match=f"These configurations reach it: .*{names[0]}"):
        interpolator().add(MoveTo(goal, configuration=missing))


def test_the_arm_against_itself_is_refused_before_it_moves() -> None:
    def folded(q: np.ndarray) -> int:
        hits = np.flatnonzero(np.abs(q[:, 2]) > math.radians(150))
        return int(hits[0]) if len(hits) else -1

    robot = interpolator(self_collides=folded)
    with pytest.raises(SelfCollision, match=r"touch itself on the path to .* after \d+ %"):
        robot.add(MoveJoints(HOME + np.radians((0, 0, 80, 0, 0, 0))))
    robot.add(MoveJoints(HOME + np.radians((0, 0, 40, 0, 0, 0))))


# --- chains of anything -------------------------------------------------------------------------


def poses() -> st.SearchStrategy[Pose]:
    return st.builds(
        lambda x, y, z, a, b, c: (Pose((x, y, z)) @ DOWN).rotated(a, b, c),
        st.floats(0.25, 0.65), st.floats(-0.5, 0.5), st.floats(0.03, 0.5),
        st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(-2.0, 2.0),
    )  # fmt: skip


def moves() -> st.SearchStrategy[Move]:
    blend = st.sampled_from([0.0, 0.005, 0.02, 0.05, 0.2])
    speed, acceleration = st.sampled_from([None, 0.05, 0.5, 1.0]), st.sampled_from([None, 0.5, 3.0, 5.0])
    fast, sharp = st.one_of(st.none(), st.floats(0.2, math.pi)), st.one_of(st.none(), st.floats(0.5, 8.0))
    joints = st.lists(st.floats(-0.6, 0.6), min_size=6, max_size=6).map(lambda by: HOME + by)
    return st.one_of(
        st.builds(MoveLinear, poses(), speed, acceleration, blend),
        st.builds(MoveTo, poses(), fast, sharp, blend),
        st.builds(MoveJoints, joints, fast, sharp, blend),
        st.builds(MoveCircular, poses(), poses(), speed, acceleration, blend),
    )


def nothing(robot: Interpolator) -> None:
    pass


meddling = st.one_of(
    st.just(nothing),
    st.just(Interpolator.stop),
    st.floats(0.1, 1.0).map(lambda factor: lambda robot: setattr(robot, "speed_override", factor)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(moves(), st.integers(1, 60), meddling), min_size=1, max_size=7))
def test_any_chain_of_moves_keeps_every_limit(
    chain: list[tuple[Move, int, Callable[[Interpolator], None]]],
) -> None:
    robot = interpolator()
    rows = [robot.joints[None]]
    for move, ticks, meddle in chain:
        try:
            robot.add(move)
        except MotionError:
            continue
        while robot.pending > 2:
            rows.append(robot.next(TICK))
        rows.extend(robot.next(TICK) for _ in range(ticks))
        meddle(robot)
    robot.speed_override = 1.0
    rows.append(finish(robot)[1:])
    within_limits(np.concatenate([*rows, np.repeat(robot.joints[None], 2, axis=0)]))
