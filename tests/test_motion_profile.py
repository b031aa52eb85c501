"""Profiles, curves and paths: how far at which time, and where."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheber.geometry import DOWN, Pose
from sheber.robot.motion.curve import hermite, straight
from sheber.robot.motion.paths import Arc, Corner, Line, corner_weight
from sheber.robot.motion.profile import Block, Profile, brake, plan

blocks = st.lists(
    st.builds(
        lambda length, speed, acceleration, ramp, scale, stop: Block(
            length, speed, acceleration, acceleration / ramp, scale, scale * 1.7, stop
        ),
        st.floats(1e-3, 2.0),
        st.floats(0.02, 3.0),
        st.floats(0.1, 8.0),
        st.floats(0.02, 0.2),
        st.floats(0.3, 3.0),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def walk(profile: Profile, row: list[Block]) -> None:
    """Check a profile at many times: limits, never back, and the speeds across the borders."""
    times = np.linspace(0.0, profile.duration, 200)
    states = [profile.state(float(time)) for time in times]
    for k, position, speed, acceleration in states:
        block = row[k]
        assert -1e-9 <= position <= block.length * (1 + 1e-6)
        assert -1e-6 <= speed <= block.speed * (1 + 1e-6) + 1e-6
        assert abs(acceleration) <= block.acceleration * (1 + 1e-6)
    assert [state[0] for state in states] == sorted(state[0] for state in states)
    for k, end in enumerate(profile.ends[:-1]):
        before, after = profile.state(end - 1e-9), profile.state(end + 1e-9)
        if before[0] == k and after[0] == k + 1:
            out, into = before[2] * row[k].scale_out, after[2] * row[k + 1].scale_in
            assert out == pytest.approx(into, abs=1e-5)
            if row[k].stop:
                assert out < 1e-5


@settings(max_examples=80, deadline=None)
@given(blocks)
def test_a_plan_keeps_all_limits_and_ends_at_rest(row: list[Block]) -> None:
    profile = plan(row)
    walk(profile, row)
    k, position, speed, acceleration = profile.state(profile.duration)
    assert (k, position) == (len(row) - 1, pytest.approx(row[-1].length, abs=1e-9))
    assert abs(speed) < 1e-6
    assert abs(acceleration) < 1e-5
    assert not profile.overrun


def test_a_long_block_takes_the_time_of_the_textbook() -> None:
    profile = plan([Block(1.0, 0.5, 1.0, 10.0)])
    assert profile.duration == pytest.approx(1.0 / 0.5 + 0.5 / 1.0 + 1.0 / 10.0)


@settings(max_examples=60, deadline=None)
@given(blocks, st.floats(0.05, 0.95))
def test_braking_from_anywhere_stays_on_the_path(row: list[Block], share: float) -> None:
    profile = plan(row)
    time = share * profile.duration
    k, position, speed, acceleration = profile.state(time)
    assume(row[k].length - position > 1e-9)  # the interpolator leaves out what is shorter
    before = profile.rest_of_block(time)
    rest = [replace(row[k], length=row[k].length - position), *row[k + 1 :]]
    stopped = brake(rest, max(speed, 0.0), acceleration, before)
    assert abs(stopped.state(stopped.duration)[2]) < 1e-5
    walk(stopped, rest)
    last, where, _, _ = stopped.state(stopped.duration)
    assert last < len(rest) - 1 or where <= rest[-1].length * (1 + 1e-6)


def test_a_curve_passes_its_knots_and_keeps_its_bounds() -> None:
    s = np.linspace(0.0, 2.0, 41)
    joints = np.stack([np.sin(s), np.cos(3 * s), s**2, s, np.exp(-s), 0 * s], axis=1)
    curve = hermite(joints, 2.0)
    assert np.allclose(curve.at(s), joints, atol=1e-12)
    fine = np.linspace(0.0, 2.0, 999)
    assert np.abs(curve.at(fine)[:, 1] - np.cos(3 * fine)).max() < 1e-5
    assert np.abs(curve.slope(fine)[:, 1] + 3 * np.sin(3 * fine)).max() < 1e-3
    first, second = curve.bounds()
    assert np.all(np.abs(curve.slope(fine)).max(axis=0) <= first.max(axis=0) * (1 + 1e-4))
    assert second[:, 1].max() == pytest.approx(9.0, rel=0.02)
    assert np.array_equal(curve.at(np.array([-1.0, 5.0])), curve.at(np.array([0.0, 2.0])))


def test_a_straight_curve() -> None:
    curve = straight(np.zeros(6), np.arange(6.0), 5.0)
    assert np.allclose(curve.at(np.array([2.5]))[0], np.arange(6.0) / 2)


def test_an_arc_goes_through_its_three_points() -> None:
    start, via, end = Pose((0.5, 0, 0.2)) @ DOWN, Pose((0.6, 0.1, 0.25)) @ DOWN, Pose((0.45, 0.2, 0.3)) @ DOWN
    arc = Arc(start, via, end, 0.25)
    positions, rotations = arc.at(np.linspace(0, arc.length, 2001))
    assert np.allclose(positions[[0, -1]], (start.position, end.position))
    assert np.linalg.norm(positions - via.position, axis=1).min() < 1e-3
    assert np.ptp(np.linalg.norm(positions - arc.centre, axis=1)) < 1e-12
    assert np.allclose(rotations, start.rotation)
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    assert np.ptp(steps) < 1e-9


@pytest.mark.parametrize("via", [(0.55, 0.0, 0.2), (0.5, 0.0, 0.2), (0.6, 0.0, 0.2)])
def test_three_points_on_a_line_are_no_arc(via: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="on a line"):
        Arc(Pose((0.5, 0, 0.2)), Pose(via), Pose((0.6, 0, 0.2)), 0.25)


def test_a_turn_on_the_spot_has_a_length() -> None:
    line = Line(Pose(), Pose().rotated(z=1.0), 0.25)
    assert line.length == pytest.approx(0.25)
    _, R = line.at(np.array([0.125]))
    assert np.allclose(R[0], Pose().rotated(z=0.5).rotation)


def test_a_corner_leaves_and_joins_its_lines_smoothly() -> None:
    first = Line(Pose((0, 0, 0)), Pose((0.4, 0, 0)).rotated(x=0.5), 0.25)
    second = Line(Pose((0.4, 0, 0)).rotated(x=0.5), Pose((0.4, 0.4, 0)).rotated(y=0.5), 0.25)
    corner = Corner(first, second, 0.05, 0.08)
    u = np.linspace(0.0, 1.0, 1001)
    p, R = corner.at(u)
    assert np.allclose(p[[0, -1]], ((0.35, 0, 0), (0.4, 0.08, 0)))
    assert np.allclose(R[0], first.at(np.array([0.35]))[1][0])
    assert np.allclose(R[-1], second.at(np.array([0.08]))[1][0])
    speed, bend = np.gradient(p, u, axis=0), np.gradient(np.gradient(p, u, axis=0), u, axis=0)
    assert np.allclose(speed[[0, -1]], ((0.1, 0, 0), (0, 0.16, 0)), atol=1e-3)
    assert np.abs(bend[[0, -1]]).max() < 0.02
    assert np.linalg.norm(p - (0.4, 0, 0), axis=1).min() < 0.05  # inside the zone, towards the corner
    assert (p[:, 0] <= 0.4 + 1e-12).all()
    assert (p[:, 1] >= -1e-12).all()


def test_the_weight_of_a_corner() -> None:
    u = np.linspace(0.0, 1.0, 2001)
    weight, slope = corner_weight(u)
    assert (weight[0], slope[0], weight[-1], slope[-1]) == (1.0, -2.0, 0.0, 0.0)
    assert np.allclose(np.gradient(weight, u)[1:-1], slope[1:-1], atol=1e-5)
    straight_on = corner_weight(1.0 - u)[0] - weight  # both halves of a straight line: even speed
    assert np.allclose(straight_on, 2.0 * u - 1.0, atol=1e-12)
    assert math.isclose(weight[1000], 0.5 * (0.5**3) * 3.0, rel_tol=1e-9)
