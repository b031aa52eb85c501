"""The controller with the real cell, and the real client talking to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversation import BOX, PICK, Conversation, box_scene, conversation, empty_scene, events, station_for
from sheber import (
    DOWN,
    Collision,
    JointLimit,
    NotGiven,
    Pose,
    Singularity,
    SpeedLimit,
    Timeout,
    ToolError,
    Unreachable,
)
from sheber.client import RunOver
from sheber.client.session import student_line
from sheber.desk.remarks import HINTS_RECORDED
from sheber.robot.cell.scene import Belt, CameraSpec, Fault, Handshake, Scene
from sheber.robot.cell.stock import gripper, suction
from sheber.robot.controller import ERRORS_RECORDED, REST_SPEED, SETTLE_S
from sheber.robot.record import poses_to_seven
from sheber.robot.registers import register_map
from sheber.robot.watch import FORCE_LIMIT_N
from sheber.station import Limits, ProtocolError, RunEnds
from sheber.trace import OutcomeKind, Trace, read

pytestmark = pytest.mark.physics

ASIDE = np.array([1.5, 0.0, 0.0, 0.0, 0.0, 0.0])


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk:
        yield talk


# --- moves ------------------------------------------------------------------------------------


def test_a_joint_move_arrives_and_is_on_record(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        goal = robot.home + np.array([0.4, -0.2, 0.1, 0.0, 0.3, -0.5])
        robot.move_joints(goal, speed=1.0, acceleration=2.0)
        line = student_line() - 1
        np.testing.assert_allclose(robot.joints, goal, atol=1e-4)
        assert not robot.moving
        assert talk.cell.time < 1.5
    trace = talk.trace
    assert trace.outcome is not None
    assert trace.outcome.kind is OutcomeKind.FINISHED
    (move,), (done,) = events(trace, "move"), events(trace, "move_done")
    assert move.data == {"kind": "move_joints", "line": line, "blend": 0.0, "speed": 1.0, "acceleration": 2.0}
    assert done.data == {"kind": "move_joints", "line": line}
    during = (trace.time > move.step * 0.002) & (trace.time < done.step * 0.002)
    assert (trace["line"][during] == line).all()
    assert trace["moving"][during].all()
    assert not trace["moving"][~during][1:].any()
    np.testing.assert_allclose(np.diff(trace.time), 0.02, atol=1e-9)
    np.testing.assert_allclose(trace["joint_targets"][-1], goal, atol=1e-12)


def test_the_pose_of_the_target_is_that_of_the_joints(talk: Conversation, tmp_path: Path) -> None:
    robot = talk.cell.robot
    robot.move_linear(robot.pose.offset(z=-0.1).rotated(x=0.3))
    talk.session.close()
    targets = robot.tool.pose
    path = shutil.copy(talk.path, tmp_path / "copy.trace")
    assert Path(path).exists()
    q = talk.station.interpolator.joints
    from sheber.robot.motion.kinematics import forward

    expected = forward(talk.station.arm, q) @ targets
    seven = poses_to_seven(expected.matrix[None])[0]
    assert Pose.from_list(seven).distance(expected) < 1e-12
    assert Pose.from_list(seven).angle(expected) < 1e-9


@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.01))
@settings(max_examples=60, deadline=None)
def test_quaternions_of_matrices_agree_with_pose(q: list[float]) -> None:
    pose = Pose((0.1, 0.2, 0.3), q)
    seven = poses_to_seven(pose.matrix[None])[0]
    np.testing.assert_allclose(seven[:3], pose.position)
    assert abs(abs(float(seven[3:] @ pose.quaternion)) - 1.0) < 1e-12


def test_a_linear_move_is_straight_and_a_circle_is_round(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        start = robot.pose
        robot.move_linear(start.offset(y=-0.2, z=0.1), speed=0.2)
        robot.move_circular(start.offset(x=-0.1, y=-0.1, z=0.1), start.offset(y=0.0, z=0.1), speed=0.2)
        assert robot.pose.distance(start.offset(z=0.1)) < 1e-3
    trace = talk.trace
    line, circle = (
        trace["tcp_target"][(trace.time >= m.step * 0.002) & (trace.time <= d.step * 0.002), :3]
        for m, d in zip(events(trace, "move"), events(trace, "move_done"), strict=True)
    )
    direction = np.array((0.0, -0.2, 0.1)) / np.hypot(0.2, 0.1)
    off = line - start.position
    assert np.abs(off - np.outer(off @ direction, direction)).max() < 1e-4
    centre = start.offset(y=-0.1, z=0.1).position
    assert np.abs(np.linalg.norm(circle - centre, axis=1) - 0.1).max() < 1e-4
    true = trace["tcp"][:, :3]
    assert np.abs(true - trace["tcp_target"][:, :3]).max() < 1e-3, "what the servo adds stays below a millimetre"


def test_blending_does_not_stop_and_cuts_the_corner_within_its_zone(tmp_path: Path) -> None:
    def corner(blend: float, where: Path) -> tuple[Trace, Pose]:
        with conversation(empty_scene(), where) as talk:
            robot = talk.cell.robot
            start = robot.pose
            robot.move_linear(start.offset(y=-0.2), speed=0.25, blend=blend)
            robot.move_linear(start.offset(y=-0.2, z=0.2), speed=0.25)
        return talk.trace, start.offset(y=-0.2)

    def slowest_in_the_middle(trace: Trace) -> float:
        first, last = events(trace, "move")[0].step, events(trace, "move_done")[-1].step
        p = trace["tcp_target"][(trace.time > first * 0.002 + 0.4) & (trace.time < last * 0.002 - 0.4), :3]
        return float((np.linalg.norm(np.diff(p, axis=0), axis=1) / 0.02).min())

    sharp, at = corner(0.0, tmp_path / "sharp.trace")
    round_, _ = corner(0.04, tmp_path / "round.trace")
    assert slowest_in_the_middle(sharp) < 0.01
    assert slowest_in_the_middle(round_) > 0.1
    nearest = np.linalg.norm(round_["tcp_target"][:, :3] - at.position, axis=1).min()
    assert 0.005 < nearest < 0.04


def test_a_blended_move_is_answered_at_once_and_any_other_command_makes_it_a_fine_point(talk: Conversation) -> None:
    robot, cell = talk.cell.robot, talk.cell
    start = robot.pose
    goal = start.offset(y=-0.1)
    before = cell.time
    robot.move_linear(goal, blend=0.05)
    assert cell.time == pytest.approx(before + 0.01)
    cell.wait(0.01)
    assert cell.time > before + 0.5
    assert robot.pose.distance(goal) < 1e-3


def test_computing_and_noting_leave_the_corner_open(talk: Conversation) -> None:
    robot, cell = talk.cell.robot, talk.cell
    robot.move_linear(robot.pose.offset(y=-0.1), blend=0.05)
    after = cell.time
    cell.note("here")
    assert robot.forward(robot.home).distance(robot.forward(robot.home)) == 0.0
    assert len(robot.inverse(robot.forward(robot.home))) > 1
    assert cell.time == after
    assert not talk.station.motion.moving


def test_at_most_two_moves_wait(talk: Conversation) -> None:
    robot, cell = talk.cell.robot, talk.cell
    start, times = robot.pose, [cell.time]
    for n in range(1, 6):
        robot.move_linear(start.offset(y=-0.05 * n), blend=0.01)
        times.append(cell.time)
        assert talk.station.interpolator.pending <= 2
    spent = np.diff(times)
    assert spent[:2] == pytest.approx(0.01)
    assert (spent[2:] > 0.1).all()


def test_a_move_that_is_not_waited_for_runs_while_time_passes(talk: Conversation) -> None:
    robot, cell = talk.cell.robot, talk.cell
    goal = robot.home + 0.5
    start = cell.time
    robot.move_joints(goal, wait=False)
    assert cell.time == pytest.approx(start + 0.01)
    count = 0
    while robot.moving:
        cell.wait(0.05)
        count += 1
    assert 5 < count < 40
    np.testing.assert_allclose(robot.joints, goal, atol=1e-3)
    robot.move_joints(robot.home, wait=False)
    robot.wait()
    np.testing.assert_allclose(robot.joints, robot.home, atol=1e-3)
    assert np.abs(talk.station.cell.joint_speeds).max() < REST_SPEED


def test_stop_brakes_on_the_path_and_forgets_the_rest(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk:
        robot, cell = talk.cell.robot, talk.cell
        start = robot.pose
        robot.move_linear(start.offset(y=-0.3), wait=False)
        robot.move_linear(start.offset(y=-0.3, z=0.2), wait=False)
        cell.wait(0.7)
        robot.stop()
        assert not robot.moving
        here = robot.pose.position - start.position
        assert -0.25 < here[1] < -0.05
        assert abs(here[2]) < 1e-3
        robot.move_linear(start)
        assert robot.pose.distance(start) < 1e-3
    done = events(talk.trace, "move_done")
    assert [d.data.get("stopped", False) for d in done] == [True, False]
    assert len(events(talk.trace, "move")) == 2


def test_the_override_slows_moves_down(talk: Conversation) -> None:
    robot, cell = talk.cell.robot, talk.cell
    robot.move_joints(robot.home + 0.4)
    usual = cell.time
    robot.speed_override = 0.25
    assert robot.speed_override == 0.25
    start = cell.time
    robot.move_joints(robot.home)
    assert cell.time - start > 1.4 * usual


def test_a_work_object_moves_the_pose_with_it(talk: Conversation) -> None:
    robot = talk.cell.robot
    frame = talk.cell.frames["corner"]
    robot.move_to(DOWN.offset(z=0.1), frame=frame)
    assert robot.pose.distance(frame @ DOWN.offset(z=0.1)) < 1e-3
    robot.move_linear(DOWN, frame=frame)
    assert robot.pose.distance(frame @ DOWN) < 1e-3


def test_configurations_are_chosen_by_name_and_every_branch_is_reachable(talk: Conversation) -> None:
    robot = talk.cell.robot
    pose = robot.forward(robot.home)
    branches = robot.inverse(pose)
    assert len(branches) == 8
    np.testing.assert_allclose(branches[0], robot.home, atol=1e-9)
    for q in branches:
        assert robot.forward(q).distance(pose) < 1e-9
    robot.move_to(pose.offset(z=0.1), configuration="left up noflip")
    assert robot.pose.distance(pose.offset(z=0.1)) < 1e-3
    assert abs(robot.joints[4] - robot.home[4]) > 1.0


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "kind", "words"),
    [
        (lambda r: r.move_to(Pose((2.0, 0.0, 0.3)) @ DOWN), Unreachable, "out of reach"),
        (lambda r: r.move_linear(Pose((2.0, 0.0, 0.3)) @ DOWN), Unreachable, "reach"),
        (lambda r: r.move_linear(Pose((400.0, 0.0, 300.0)) @ DOWN), Unreachable, "metres, not in millimetres"),
        (lambda r: r.inverse(Pose((2.0, 0.0, 0.3))), Unreachable, "reaches 850 mm"),
        (lambda r: r.move_joints([9.0, 0, 0, 0, 0, 0]), JointLimit, "base"),
        (lambda r: r.move_linear(r.pose.offset(z=0.1), speed=9.0), SpeedLimit, "9000 mm/s"),
        (lambda r: r.move_joints(r.home + 0.1, speed=9.0), SpeedLimit, "speed"),
        (
            lambda r: r.move_joints([0, -90, 90, -90, -90, 0]),
            JointLimit,
            "in radians, not in degrees: -90 deg is -1.571",
        ),
        (
            lambda r: r.move_joints(r.home, speed=90),
            SpeedLimit,
            "speed of 90 rad/s .*not in degrees: 90 deg is 1.57 rad",
        ),
        (
            lambda r: r.move_linear(r.pose, speed=100),
            SpeedLimit,
            "speed of 100 m/s .*not in millimetres: 100 mm is 0.1",
        ),
        (lambda r: r.move_linear(r.pose, acceleration=500), SpeedLimit, "acceleration of 500 m/s.2 .*500 mm is 0.5 m"),
        (lambda r: r.move_linear(Pose((-0.49, 0.13, 0.37)) @ DOWN), (Singularity, Unreachable), "joint move"),
    ],
)
def test_what_cannot_be_done_is_refused_before_moving_with_the_line(
    move: Any, kind: type[Exception], words: str, talk: Conversation
) -> None:
    robot, before = talk.cell.robot, talk.cell.robot.joints
    with pytest.raises(kind, match=words) as caught:
        move(robot)
    assert caught.value.line > 0  # type: ignore[attr-defined]
    np.testing.assert_allclose(robot.joints, before, atol=1e-6)
    robot.move_joints(robot.home + 0.01)  # and the cell goes on


def test_errors_are_on_record_with_their_line(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk, pytest.raises(Unreachable):
        talk.cell.robot.move_to(Pose((2.0, 0.0, 0.3)))
    line = student_line() - 1
    (error,) = events(talk.trace, "error")
    assert (error.data["kind"], error.data["line"]) == ("Unreachable", line)


def test_hitting_something_hard_is_an_emergency_stop(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(Pose((0.4, -0.35, 0.4)) @ DOWN)
        line = student_line() + 2
        with pytest.raises(Collision, match=r"Collision of .* with the wall: \d+ N. An unintended contact") as caught:
            robot.move_linear(robot.pose.offset(x=0.25), speed=0.5)
        assert caught.value.line == line
        with pytest.raises(RunOver):
            robot.move_joints(robot.home)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.EMERGENCY_STOP
    assert talk.outcome.line == line
    trace = talk.trace
    (stop,) = events(trace, "emergency_stop")
    assert stop.data["force_N"] > FORCE_LIMIT_N
    assert stop.data["b"] == "wall"
    contact = events(trace, "contact")[0]
    assert (contact.data["b"], contact.data["meant"]) == ("wall", False)
    after = trace.time > stop.step * 0.002
    assert after.sum() >= (SETTLE_S + 0.2) / 0.02, "what follows is on record"
    assert not trace["moving"][after].any()
    assert np.abs(trace["joint_speeds"][-1]).max() < 0.01


def test_a_part_that_the_tool_presses_on_something_is_told_so(tmp_path: Path) -> None:
    with conversation(box_scene(suction(), meant_contacts=(("tool", "box"),)), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(PICK.offset(z=0.05) @ DOWN)
        robot.move_linear(PICK @ DOWN)
        talk.cell.suction.on()
        with pytest.raises(Collision, match=r"^The tool pressed the box on the table: \d+ N\. An unintended contact"):
            robot.move_linear(PICK.offset(z=-0.03) @ DOWN)


def test_a_light_touch_is_recorded_and_the_run_goes_on(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(PICK.offset(x=-0.09, z=-0.02) @ DOWN)
        robot.move_linear(robot.pose.offset(x=0.06), speed=0.05)
        robot.move_joints(robot.home)
    scene = box_scene(suction(), meant_contacts=(("box", "table"),))
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.FINISHED
    assert all(contact.data["meant"] for contact in events(talk.trace, "contact"))
    with conversation(scene, tmp_path / "unmeant.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(PICK.offset(x=-0.09, z=-0.02) @ DOWN)
        robot.move_linear(robot.pose.offset(x=0.06), speed=0.05)
        robot.move_joints(robot.home)
    (contact, *_) = events(talk.trace, "contact")
    assert not contact.data["meant"]
    ended = events(talk.trace, "contact_end")
    assert ended
    assert 0.0 < ended[0].data["peak_N"] < FORCE_LIMIT_N
    assert ended[0].data["duration_s"] > 0.0


def test_a_contact_that_lasts_ends_with_the_run(tmp_path: Path) -> None:
    """Otherwise its peak would be that of the first moment: nothing, for a part that fell."""
    with conversation(box_scene(suction(), meant_contacts=()), tmp_path / "run.trace") as talk:
        talk.cell.wait(1.0)
    (contact,), (end,) = (events(talk.trace, kind) for kind in ("contact", "contact_end"))
    assert {contact.data["a"], contact.data["b"]} == {"box", "table"}
    assert end.step * 0.002 == pytest.approx(talk.trace.duration)
    assert end.data["duration_s"] == pytest.approx(3.0, abs=0.05)
    assert end.data["peak_N"] >= contact.data["force_N"]


# --- tools, signals, camera ---------------------------------------------------------------------


def test_suction_picks_and_lets_go(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        cell, robot, cup = talk.cell, talk.cell.robot, talk.cell.suction
        pick = cell.frames["pick"] @ DOWN
        robot.move_to(pick.offset(z=0.1))
        with pytest.raises(ToolError, match=r"holds nothing after 0\.3 s: the vacuum is \d+ kPa"):
            cup.on(timeout=0.3)
        assert not cup.holding
        robot.move_linear(pick, speed=0.1)
        cup.on()
        assert cup.holding
        assert cup.vacuum > 30.0
        robot.move_linear(pick.offset(z=0.1))
        assert not cell.inputs["box_there"]
        robot.move_linear(pick.offset(z=0.002), speed=0.1)
        cup.off()
        line = student_line() - 1
        assert cup.vacuum <= 1.0
        robot.move_linear(pick.offset(z=0.1))
        assert cell.inputs["box_there"]
    trace = talk.trace
    (grip,), (release,) = events(trace, "grip"), events(trace, "release")
    assert (grip.data["tool"], grip.data["part"]) == ("suction", "box")
    assert release.data == {"tool": "suction", "part": "box", "line": line}
    assert not events(trace, "lost")
    heights = trace.body("box")[:, 2]
    assert heights.max() > 0.11
    assert abs(heights[-1] - 0.025) < 0.002
    inputs = [event.data["value"] for event in events(trace, "input")]
    assert inputs == [False, True]
    assert trace["vacuum"].max() > 30.0
    assert set(trace["sealed"]) == {0, 1}


def test_a_part_dropped_while_the_fingers_were_told_to_narrow_is_lost(tmp_path: Path) -> None:
    with conversation(box_scene(gripper()), tmp_path / "run.trace") as talk:
        cell, robot, hand = talk.cell, talk.cell.robot, talk.cell.gripper
        hand.open()
        robot.move_to(cell.frames["pick"].offset(z=0.05) @ DOWN)
        robot.move_linear(cell.frames["pick"].offset(z=-0.02) @ DOWN, speed=0.1)
        hand.open(width=0.0)  # closes on the box
        assert hand.holding
        robot.move_linear(robot.pose.offset(z=0.15))
        talk.station.cell.world.data.qvel[talk.station.cell.world.dof_parts + 2] = -8.0  # torn out
        cell.wait(0.3)
        assert not hand.holding
    assert [event.data["part"] for event in events(talk.trace, "lost")] == ["box"]
    assert not events(talk.trace, "release")


def test_refusals_beyond_five_hundred_are_answered_but_not_recorded(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        station.handle(b'{"do": "connect", "protocol": 1}')
        for _turn in range(ERRORS_RECORDED + 20):
            answer = station.handle(b'{"do": "wait_for", "name": "nothing", "value": true, "timeout": 0.01}')
            assert b"There is no digital input" in answer.body
        station.close()
    assert len(events(read(tmp_path / "run.trace"), "error")) == ERRORS_RECORDED


def test_a_program_that_sleeps_on_does_not_fill_the_record(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        station.handle(b'{"do": "connect", "protocol": 1}')
        for turn in range(HINTS_RECORDED + 20):
            station.handle(b'{"do": "slept", "seconds": 1.0, "line": %d}' % turn)
        station.close()
    assert len(events(read(tmp_path / "run.trace"), "hint")) == HINTS_RECORDED


def test_suction_without_waiting_returns_after_a_tick(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        before = talk.cell.time
        talk.cell.suction.on(wait=False)
        talk.cell.suction.off(wait=False)
        assert talk.cell.time == pytest.approx(before + 0.02)


def test_the_gripper_holds_by_friction_and_says_so(tmp_path: Path) -> None:
    with conversation(box_scene(gripper()), tmp_path / "run.trace") as talk:
        cell, robot, hand = talk.cell, talk.cell.robot, talk.cell.gripper
        pick = cell.frames["pick"].offset(z=-0.02) @ DOWN
        hand.open()
        assert hand.width == pytest.approx(hand.stroke, abs=0.002)
        robot.move_to(pick.offset(z=0.1))
        hand.close()
        assert hand.width < 0.002
        assert not hand.holding
        hand.open(width=0.08)
        assert hand.width == pytest.approx(0.08, abs=0.002)
        robot.move_linear(pick, speed=0.1)
        hand.close(force=40.0)
        assert hand.holding
        assert hand.width == pytest.approx(BOX[1], abs=0.002)
        robot.move_linear(pick.offset(z=0.1))
        assert hand.holding
        told = talk.session.call("state")["tool"]
        assert told == {"holding": True, "width": pytest.approx(BOX[1], abs=0.002)}
        robot.move_linear(pick.offset(z=0.001))
        hand.open()
        with pytest.raises(
            ToolError, match=r"A width of 200\.0 mm was asked for\. The gripper opens from 0 to 85\.0 mm"
        ):
            hand.open(width=0.2)
        with pytest.raises(ToolError, match="limit of the gripper is 130 N"):
            hand.close(force=1000.0)
        with pytest.raises(NotGiven, match="These exist: gripper"):
            _ = cell.suction
    assert [e.data["part"] for e in events(talk.trace, "grip")] == ["box"]
    assert [e.data["part"] for e in events(talk.trace, "release")] == ["box"]


def test_inputs_outputs_and_waiting_for_them(tmp_path: Path) -> None:
    feeder = Belt("feeder", Pose((0.5, 0.45, 0.1)), length=0.4, width=0.1, output="run_feeder", speed=0.1)
    with conversation(box_scene(suction(), belts=(feeder,)), tmp_path / "run.trace") as talk:
        cell = talk.cell
        assert list(cell.inputs) == ["box_there"]
        assert set(cell.outputs) == {"lamp", "run_feeder"}
        assert not cell.outputs["lamp"]
        cell.outputs["lamp"] = True
        line = student_line() - 1
        assert cell.outputs["lamp"]
        cell.wait_for("box_there")
        start = cell.time
        with pytest.raises(Timeout, match=r"'box_there' did not become False within 0\.5 s\. It is True"):
            cell.wait_for("box_there", False, timeout=0.5)
        assert cell.time == pytest.approx(start + 0.5)
    (output,) = events(talk.trace, "output")
    assert output.data == {"name": "lamp", "value": True, "line": line}
    assert talk.trace["outputs"][-1] == 1 << list(talk.station.outputs.names).index("lamp")


def test_a_program_shakes_hands_with_the_plc_and_a_fault_is_told_afterwards(tmp_path: Path) -> None:
    job = Handshake("turn", begins=0.1, takes=0.4, unanswered=(0,))
    feeder = Belt(
        "feeder", Pose((0.5, 0.45, 0.1)), 0.4, 0.1, output="run", speed=0.1, encoder="way", counts_per_m=1000.0
    )
    fault = Fault("stops", "feeder", begins=0.2, ends=0.9)
    scene = box_scene(suction(), belts=(feeder,), plc=(job,), faults=(fault,))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        assert list(cell.inputs) == ["box_there", "turn_busy", "turn_done", "way"]
        assert list(cell.outputs) == ["lamp", "run", "turn_request"]
        assert cell.inputs.units == {"way": "counts"}
        documented = (Path(__file__).parents[1] / "docs" / "program.md").read_text("utf-8")
        known: dict[str, Any] = {"Timeout": Timeout}
        exec(documented[documented.index("def ask(") :].partition("```")[0], known)
        known["ask"](cell, "turn")
        assert cell.time == pytest.approx(2.5, abs=0.1)  # 2 s in vain, then 0.1 s to busy and 0.4 s to done
        cell.outputs["run"] = True
        cell.wait(1.0)
        assert cell.inputs["way"] == pytest.approx(100.0, abs=3.0)
    begun, ended = events(talk.trace, "fault") + events(talk.trace, "fault_end")
    assert (begun.step * 0.002, ended.step * 0.002) == pytest.approx((0.2, 0.9), abs=0.03)
    assert str(begun.data["text"]) == "The belt 'feeder' stands, whatever runs it."
    assert [e.data["name"] for e in events(talk.trace, "input")] == ["turn_busy", "turn_busy", "turn_done", "turn_done"]
    assert talk.trace["input_way"][-1] == pytest.approx(300.0, abs=3.0)  # 2 s of settling more


def test_the_signals_of_a_cell_are_a_table_of_registers() -> None:
    feeder = Belt("feeder", Pose((0.5, 0.45, 0.1)), 0.4, 0.1, output="run", encoder="way", counts_per_m=1000.0)
    numbers = {"analog_inputs": (("flow", "l/min"),), "analog_outputs": (("heat", "K"), ("light", ""))}
    scene = box_scene(suction(), belts=(feeder,), plc=(Handshake("turn"),), **numbers)
    assert [(one.table, one.address, one.name, one.unit) for one in register_map(scene)] == [
        ("coil", 0, "lamp", ""),
        ("coil", 1, "run", ""),
        ("coil", 2, "turn_request", ""),
        ("discrete input", 0, "box_there", ""),
        ("discrete input", 1, "turn_busy", ""),
        ("discrete input", 2, "turn_done", ""),
        ("input register", 0, "flow", "l/min"),
        ("input register", 2, "way", "counts"),
        ("holding register", 0, "heat", "K"),
        ("holding register", 2, "light", ""),
    ]


def test_waiting_takes_whole_ticks_and_at_least_one(talk: Conversation) -> None:
    cell = talk.cell
    for seconds, spent in ((0.0, 0.01), (0.01, 0.01), (0.011, 0.02), (0.5, 0.5)):
        before = cell.time
        cell.wait(seconds)
        assert cell.time - before == pytest.approx(spent)
    before = cell.time
    state = cell.state()
    assert state.time == cell.time == pytest.approx(before + 0.01)
    assert state.joints.shape == (6,)
    assert state.wrench.shape == (6,)
    assert state.pose.distance(talk.cell.robot.forward(state.joints)) < 1e-12


def test_a_picture_takes_time_and_shows_the_middle_of_it(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace", Limits(counts={"captures": 2})) as talk:
        cell, camera = talk.cell, talk.cell.cameras["overhead"]
        cell.robot.move_joints(cell.robot.home + ASIDE)
        before = cell.time
        image = camera.capture()
        assert cell.time == pytest.approx(before + 0.05)
        assert image.time == pytest.approx(before + 0.03)
        assert image.colour.shape == (48, 64, 3)
        assert image.depth is not None
        assert image.depth[24, 32] == pytest.approx(0.95, abs=0.01), "the top of the box, 1 m under the camera"
        u, v = camera.project((0.5, 0.1, 0.05))
        assert (u, v) == pytest.approx((31.5, 23.5), abs=0.1)
        cell.show(image.colour, "overhead")
        cell.note("seen")
        camera.capture()
        with pytest.raises(RunOver, match="already taken 2 camera pictures"):
            camera.capture()
    trace = talk.trace
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert len(trace.captures) == 2
    assert [p.title for p in trace.pictures] == ["overhead"]
    assert [n.data["text"] for n in events(trace, "note")] == ["seen"]
    assert [c.data["index"] for c in events(trace, "capture")] == [0, 1]


# --- what a program may know, and limits --------------------------------------------------------


def test_nothing_of_the_truth_goes_to_the_program(tmp_path: Path) -> None:
    station, recorder = station_for(box_scene(suction()), tmp_path / "run.trace")
    answer = json.loads(station.handle(b'{"do":"connect","protocol":1}').body)
    text = json.dumps(answer)
    assert "secret" not in text
    assert '"box"' not in text
    state = station.handle(b'{"do":"state"}').body.decode()
    assert '"box"' not in state
    station.close()
    recorder.close()


def test_what_a_camera_may_tell_is_up_to_the_exercise(tmp_path: Path) -> None:
    camera = CameraSpec("side", Pose((0, 0, 1)), given=("distortion",))
    with conversation(box_scene(suction(), cameras=(camera,)), tmp_path / "run.trace") as talk:
        side = talk.cell.cameras["side"]
        assert side.distortion.shape == (5,)
        with pytest.raises(NotGiven, match=r"matrix.*It gives: distortion"):
            _ = side.matrix


def test_simulated_time_is_limited(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(simulated_s=1.0)) as talk:
        robot = talk.cell.robot
        line = student_line() + 2
        with pytest.raises(RunOver, match="simulated time of this exercise, 1 s, is used up"):
            robot.move_joints(robot.home + ASIDE, speed=0.1)
    assert talk.outcome is not None
    assert (talk.outcome.kind, talk.outcome.line) == (OutcomeKind.TIME_LIMIT, line)
    assert 3.0 < talk.trace.time[-1] < 3.5, "braking, and what follows, are on record"
    assert np.abs(talk.trace["joint_speeds"][-1]).max() < 0.01


def test_commands_are_limited(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(commands=5)) as talk:
        for _ in range(4):
            talk.cell.note("again")
        with pytest.raises(RunOver):
            talk.cell.note("once too often")
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.RESOURCE_LIMIT


def test_a_motion_that_the_program_left_running_is_finished(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace") as talk:
        goal = talk.cell.robot.home + 0.5
        talk.cell.robot.move_joints(goal, blend=0.05)
    np.testing.assert_allclose(talk.trace["joints"][-1], goal, atol=1e-3)
    assert events(talk.trace, "move_done")
    assert events(talk.trace, "end")


def test_a_collision_after_the_end_of_the_program_counts(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(Pose((0.4, -0.35, 0.4)) @ DOWN)
        robot.move_linear(robot.pose.offset(x=0.25), speed=0.5, wait=False)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.EMERGENCY_STOP


# --- the same again, and bad manners --------------------------------------------------------------


def test_the_same_program_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    def run(where: Path) -> str:
        with conversation(box_scene(suction()), where) as talk:
            cell, robot = talk.cell, talk.cell.robot
            pick = cell.frames["pick"] @ DOWN
            robot.move_to(pick.offset(z=0.1), blend=0.02)
            robot.move_linear(pick, speed=0.1)
            cell.suction.on()
            robot.move_linear(pick.offset(z=0.2), wait=False)
            while robot.moving:
                cell.wait(0.05)
            robot.move_linear(pick.offset(y=0.1, z=0.2))
            cell.suction.off()
        return talk.trace.sha256

    assert run(tmp_path / "one.trace") == run(tmp_path / "two.trace")
    assert (tmp_path / "one.trace").stat().st_size == (tmp_path / "two.trace").stat().st_size


@pytest.mark.parametrize(
    "request_",
    [
        b'{"do":"state"}',
        b'{"do":"connect","protocol":1}{"do":"state"}',
        b"",
        b'{"do":"move_linear","pose":[0,0,0,0,0,0,0]}',
        b'{"do":"show","jpeg":"AAAA"}',
    ],
)
def test_bad_manners_are_protocol_errors(request_: bytes, tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    if b"state" not in request_:
        station.handle(b'{"do":"connect","protocol":1}')
    with pytest.raises(ProtocolError):
        station.handle(request_)
    station.close()
    recorder.close()


def test_connect_comes_once(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    station.handle(b'{"do":"connect","protocol":1}')
    with pytest.raises(ProtocolError, match="connect twice"):
        station.handle(b'{"do":"connect","protocol":1}')
    station.close()
    station.close()
    recorder.close()


numbers = st.floats(-1e6, 1e6)
seven = st.lists(numbers, min_size=7, max_size=7)
near = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-0.2, 1.2)).map(lambda p: [*p, 0.0, 1.0, 0.0, 0.0])
options = st.fixed_dictionaries(
    {},
    optional={
        "speed": st.floats(1e-3, 5.0),
        "acceleration": st.floats(1e-3, 20.0),
        "blend": st.floats(0.0, 2.0),
        "wait": st.booleans(),
    },
)
requests = st.one_of(
    st.builds(lambda q, o: {"do": "move_joints", "q": q, **o}, st.lists(numbers, min_size=1, max_size=7), options),
    st.builds(
        lambda q, o: {"do": "move_joints", "q": q, **o}, st.lists(st.floats(-4, 4), min_size=6, max_size=6), options
    ),
    st.builds(lambda p, o: {"do": "move_to", "pose": p, **o}, seven | near, options),
    st.builds(lambda p, o: {"do": "move_linear", "pose": p, **o}, seven | near, options),
    st.builds(lambda v, p, o: {"do": "move_circular", "via": v, "to": p, **o}, seven | near, near, options),
    st.builds(lambda f: {"do": "override", "factor": f}, st.floats(1e-6, 1.0)),
    st.sampled_from(
        [
            {"do": "stop"},
            {"do": "state"},
            {"do": "wait_motion"},
            {"do": "wait", "seconds": 0.05},
            {"do": "gripper_open"},
            {"do": "gripper_open", "width": -1.0},
            {"do": "gripper_close", "force": 1e6},
            {"do": "suction_on", "timeout": 0.1},
            {"do": "suction_off"},
            {"do": "output", "name": "nothing", "value": True},
            {"do": "wait_for", "name": "nothing"},
            {"do": "capture", "camera": "nothing"},
            {"do": "note", "text": "x"},
            {"do": "slept", "seconds": 1.0},
        ]
    ),
    st.builds(lambda p: {"do": "inverse", "pose": p}, seven | near),
    st.builds(lambda q: {"do": "forward", "q": q}, st.lists(numbers, min_size=1, max_size=8)),
)


@pytest.mark.parametrize(
    "scene", [empty_scene(), box_scene(suction()), box_scene(gripper())], ids=["pointer", "suction", "gripper"]
)
@given(asked=st.lists(requests, min_size=1, max_size=12))
@settings(
    max_examples=int(os.environ.get("SHEBER_FUZZ", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_no_sequence_of_commands_breaks_the_station(tmp_path: Path, scene: Scene, asked: list[dict[str, Any]]) -> None:
    station, recorder = station_for(scene, tmp_path / "run.trace", Limits(simulated_s=6.0))
    station.handle(b'{"do":"connect","protocol":1}')
    end: RunEnds | None = None
    try:
        for request in asked:
            before = station.step
            answer = json.loads(station.handle(json.dumps(request).encode()).body)
            assert answer["time"] == pytest.approx(station.step * 0.002)
            assert station.step >= before
    except RunEnds as ended:
        end = ended
    except ProtocolError:
        pass
    with contextlib.suppress(RunEnds):
        station.settle()
    station.settle()
    station.close()
    recorder.close()
    if end is not None:
        assert end.answer is not None
        assert json.loads(end.answer.body)["error"]["message"] == end.outcome.reason
    assert (np.diff(read(tmp_path / "run.trace").time) > 0.0).all()
