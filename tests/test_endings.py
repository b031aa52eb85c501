"""How a run of the robot ends: limits brake the arm, collisions count until it stands, parts come to rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conversation import PICK, box_scene, conversation, empty_scene, events, station_for
from sheber import DOWN, Collision, Pose
from sheber.client import RunOver
from sheber.client.session import student_line
from sheber.robot import commands as c
from sheber.robot.arms import load
from sheber.robot.cell.scene import Fixture, Part, Shape
from sheber.robot.cell.stock import pointer, suction
from sheber.robot.controller import SETTLE_MORE_S, SETTLE_S
from sheber.station import Limits, RunEnds
from sheber.trace import OutcomeKind, Trace, read

pytestmark = pytest.mark.physics

ARM = load("ur5e")
SWING = np.array([1.5, 0.0, 0.0, 0.0, 0.0, 0.0])
SAMPLE_S = 0.02


def assert_braked(trace: Trace) -> None:
    """The targets keep to the limits of the joints all the way to rest, and the arm follows them."""
    targets = trace["joint_targets"]
    speeds = np.diff(targets, axis=0) / SAMPLE_S
    assert np.abs(speeds).max() > 0.3, "it moved"
    assert np.abs(speeds[-1]).max() == 0.0
    accelerations = np.diff(speeds, axis=0) / SAMPLE_S
    assert (np.abs(accelerations) <= 1.05 * ARM.max_acceleration).all()
    assert np.abs(trace["joints"] - targets).max() < 0.01
    assert np.abs(trace["joint_speeds"][-1]).max() < 0.01


def test_time_that_is_up_in_the_middle_of_a_move_brakes_on_the_path(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(simulated_s=1.0)) as talk:
        robot = talk.cell.robot
        with pytest.raises(RunOver, match="1 s, is used up"):
            robot.move_joints(robot.home + SWING, speed=1.0, acceleration=2.0)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.TIME_LIMIT
    assert_braked(talk.trace)
    (done,) = events(talk.trace, "move_done")
    assert done.data["stopped"]
    assert talk.trace["moving"][talk.trace.time < 1.0][5:].all()


@pytest.mark.parametrize("acceleration", [1e-3, 1e-6, 1e-12])
def test_a_program_cannot_choose_how_long_its_limit_brakes(tmp_path: Path, acceleration: float) -> None:
    """The corner leads into a move that hardly accelerates: braking uses what the arm has, and has a time limit."""
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(simulated_s=120.0, notes=1)) as talk:
        robot, cell = talk.cell.robot, talk.cell
        robot.move_joints(robot.home + SWING, speed=1.0, blend=0.2, wait=False)
        robot.move_joints(robot.home + 1.8 * SWING, acceleration=acceleration, wait=False)
        cell.wait(4.0)
        cell.note("one")
        with pytest.raises(RunOver):
            cell.note("two")
        ended = cell.time
    assert talk.trace.duration < ended + 4.0 + SETTLE_S + SETTLE_MORE_S
    assert np.abs(talk.trace["joint_speeds"][-1]).max() < 0.01


def test_a_count_that_is_used_up_in_the_middle_of_a_move_brakes_too(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(notes=1)) as talk:
        robot, cell = talk.cell.robot, talk.cell
        robot.move_joints(robot.home + SWING, speed=1.0, acceleration=2.0, wait=False)
        cell.wait(0.8)
        cell.note("one")
        line = student_line() + 2
        with pytest.raises(RunOver, match="already written 1 notes"):
            cell.note("two")
    assert talk.outcome is not None
    assert (talk.outcome.kind, talk.outcome.line) == (OutcomeKind.RESOURCE_LIMIT, line)
    assert_braked(talk.trace)


def test_time_that_is_up_while_a_move_that_was_left_runs_brakes_too(tmp_path: Path) -> None:
    with conversation(empty_scene(), tmp_path / "run.trace", Limits(simulated_s=1.0)) as talk:
        talk.cell.robot.move_joints(talk.cell.robot.home + SWING, speed=1.0, acceleration=2.0, wait=False)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.TIME_LIMIT
    assert_braked(talk.trace)


def test_a_collision_while_the_arm_brakes_is_what_ended_the_run(tmp_path: Path) -> None:
    """The time is up a hair before the tool reaches the wall, too late to brake."""
    start = (Pose((0.4, -0.35, 0.4)) @ DOWN).to_list()
    into = (Pose((0.65, -0.35, 0.4)) @ DOWN).to_list()

    def run(limit: float, where: Path) -> tuple[RunEnds, Trace]:
        station, recorder = station_for(box_scene(suction()), where, Limits(simulated_s=limit))
        with recorder:
            station.serve(c.MoveTo(pose=start, line=1))
            with pytest.raises(RunEnds) as end:
                station.serve(c.MoveLinear(pose=into, speed=0.8, acceleration=2.5, line=2))
            with pytest.raises(RunEnds):
                station.serve(c.State())
            station.settle()
            station.close()
        return end.value, read(where)

    _, whole = run(60.0, tmp_path / "whole.trace")
    (stop,) = events(whole, "emergency_stop")
    limit = round(stop.step * 0.002 - 0.05, 2)
    end, trace = run(limit, tmp_path / "run.trace")
    (stop,) = events(trace, "emergency_stop")
    assert stop.step * 0.002 > limit
    assert end.outcome.kind is OutcomeKind.EMERGENCY_STOP
    assert stop.data["text"] == end.outcome.text
    assert str(end.outcome.text).startswith("Collision of ")
    assert stop.data["b"] == "wall"


def test_a_collision_is_told_in_one_text_everywhere(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(Pose((0.4, -0.35, 0.4)) @ DOWN)
        with pytest.raises(Collision) as caught:
            robot.move_linear(robot.pose.offset(x=0.25), speed=0.5)
    (stop,) = events(talk.trace, "emergency_stop")
    assert talk.outcome is not None
    assert talk.outcome.text == stop.data["text"]
    assert str(caught.value) == talk.outcome.reason == str(stop.data["text"])
    assert stop.data["text"].values["b"].id == "body.other"


def test_parts_that_still_roll_after_two_seconds_get_more_time(tmp_path: Path) -> None:
    ball = Part("ball", (Shape("sphere", (0.03,)),), Pose((-0.5, 0.4, 0.2)), 0.2)
    slope = Fixture("slope", (Shape("box", (0.8, 0.3, 0.02)),), Pose((-0.3, 0.4, 0.12)).rotated(y=0.02))
    with conversation(empty_scene(parts=(ball,), fixtures=(slope,)), tmp_path / "run.trace") as talk:
        left = talk.cell.time
    after = talk.trace.time[-1] - left
    assert SETTLE_S + 0.5 < after <= SETTLE_S + SETTLE_MORE_S + 0.4
    path = talk.trace.body("ball")[:, 0]
    assert abs(path[-1] - path[talk.trace.time <= left + SETTLE_S][-1]) > 0.01
    with conversation(empty_scene(tool=pointer()), tmp_path / "still.trace") as talk:
        left = talk.cell.time
    assert talk.trace.time[-1] - left <= SETTLE_S + 0.4


def test_what_the_tool_takes_while_a_move_runs_belongs_to_the_line_of_the_move(tmp_path: Path) -> None:
    with conversation(box_scene(suction()), tmp_path / "run.trace") as talk:
        cell, robot = talk.cell, talk.cell.robot
        pick = PICK @ DOWN
        robot.move_to(pick.offset(z=0.02))
        cell.suction.on(wait=False)
        robot.move_linear(pick.offset(z=-0.001), speed=0.02, wait=False)
        line = student_line() - 1
        cell.wait(3.0)
        assert cell.suction.holding
        robot.move_linear(pick.offset(z=0.1))
    (grip,) = events(talk.trace, "grip")
    moves = events(talk.trace, "move_done")
    assert moves[0].step < grip.step < moves[1].step, "it was taken on the way"
    assert grip.data == {"tool": "suction", "part": "box", "line": line}
