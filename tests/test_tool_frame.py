"""The tool frame as a program has it: what it is told, what it sets, and what the record keeps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from conversation import conversation, events
from sheber import DOWN, Contact, Pose, RobotError
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Fixture, Imperfections, Scene, Shape
from sheber.robot.cell.stock import pointer, stylus, table
from sheber.robot.cell.tool import tool_shapes
from sheber.robot.commands import Connect

pytestmark = pytest.mark.physics

TIP = Pose((0.05, -0.03, 0.16))
BALL = 0.004
OVER = Pose((0.5, 0.1, 0.2)) @ DOWN


def leaning(bias: tuple[float, ...] = ()) -> Scene:
    """A leaning stylus above a plate whose top is 50 mm high; the program is told a straight one."""
    plate = Fixture("plate", (Shape("box", (0.3, 0.3, 0.05), firm=True),), Pose((0.5, 0.1, 0.025)))
    return Scene(
        tool=stylus(TIP, BALL, Pose((0.0, 0.0, 0.15))),
        fixtures=(table(), plate),
        meant_contacts=(("tool", "plate"),),
        imperfections=Imperfections(wrench_bias=bias),
    )


def test_a_program_is_told_the_nominal_tool_and_nothing_of_the_true_one(tmp_path: Path) -> None:
    with conversation(leaning(), tmp_path / "run.trace") as talk:
        assert talk.cell.robot.tool.pose == Pose((0.0, 0.0, 0.15))
        told = json.dumps(dict(talk.station.serve(Connect(protocol=1)).values))
        believed = talk.cell.robot.pose
    assert json.dumps(TIP.to_list())[1:12] not in told
    true = Pose.from_list(talk.trace.samples["tcp"][0])
    straight = true @ TIP.inverse() @ Pose((0.0, 0.0, 0.15))
    assert believed.distance(straight) < 1e-4


def test_moves_go_to_the_tcp_that_was_set(tmp_path: Path) -> None:
    with conversation(leaning(), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(OVER)
        talk.cell.wait(0.3)
        robot.set_tool(TIP)
        assert robot.tool.pose == TIP
        assert robot.pose.distance(OVER @ Pose((0.0, 0.0, 0.15)).inverse() @ TIP) < 1e-4
        robot.move_linear(OVER)
        talk.cell.wait(0.3)
        assert robot.forward(robot.inverse(OVER)[0]).distance(OVER) < 1e-9
    ends = [Pose.from_list(row) for row in talk.trace.samples["tcp"]]
    assert ends[-1].distance(OVER) < 1e-4
    assert min(end.distance(OVER) for end in ends[:20]) > 0.04  # and the record is of the true one throughout
    assert len(events(talk.trace, "tool_set")) == 1


@pytest.mark.parametrize("bias", [(), (4.0, -2.0, 1.0, 0.1, 0.2, -0.1)])
def test_the_wrench_is_read_at_the_tcp_that_was_set(bias: tuple[float, ...], tmp_path: Path) -> None:
    """The ball is pressed from below: about the true TCP there is no torque, about another one the lever's."""
    with conversation(leaning(bias), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.set_tool(TIP)
        robot.move_to(OVER)
        robot.zero_wrench()
        robot.move_linear(OVER.offset(z=-0.16), speed=0.005, until=Contact(5.0))
        talk.cell.wait(0.1)
        at_ball = robot.wrench
        robot.set_tool(Pose((0.0, 0.0, 0.15)).rotated(z=np.pi / 2))
        elsewhere = robot.wrench
    assert np.abs(at_ball[3:]).max() < 0.01 * np.abs(at_ball[2])
    assert elsewhere[2] == pytest.approx(at_ball[2], abs=0.2)
    lever = np.cross(TIP.position - (0.0, 0.0, 0.15), at_ball[:3])
    assert elsewhere[3:] == pytest.approx((lever[1], -lever[0], lever[2]), abs=0.02)


def test_a_tcp_in_millimetres_is_refused(tmp_path: Path) -> None:
    with conversation(leaning(), tmp_path / "run.trace") as talk:
        with pytest.raises(RobotError, match=r"It may be up to 1 m away\. Lengths are in metres\."):
            talk.cell.robot.set_tool(Pose((0.0, 0.0, 15.0)))
        assert talk.cell.robot.tool.pose == Pose((0.0, 0.0, 0.15))


def test_a_compliant_robot_keeps_its_tcp(tmp_path: Path) -> None:
    with conversation(leaning(), tmp_path / "run.trace") as talk:
        soft = talk.cell.robot.compliance({"z": 0.0})
        with pytest.raises(RobotError, match="The robot is compliant"):
            talk.cell.robot.set_tool(TIP)
        soft.end()


def test_a_stylus_leans_so_that_its_ball_is_the_tcp() -> None:
    cell = Cell(leaning())
    (ball,) = [shape for _body, shape in tool_shapes(cell.scene.tool) if shape.kind == "sphere"]
    assert (cell.body_pose("tool") @ ball.pose).distance(cell.T_base_tcp) < 1e-9
    assert cell.T_base_flange.distance(cell.T_base_tcp @ TIP.inverse()) < 1e-9
    (pin,) = [shape for _body, shape in tool_shapes(cell.scene.tool) if shape.kind == "capsule"]
    axis = TIP.position / np.linalg.norm(TIP.position)
    assert pin.pose.rotation[:, 2] == pytest.approx(axis)


def test_a_straight_pointer_is_as_it_was() -> None:
    shapes = [shape for _body, shape in tool_shapes(pointer())]
    assert [shape.kind for shape in shapes] == ["cylinder", "cylinder", "capsule", "lathe"]
    for shape, z in zip(shapes, (0.006, 0.0585, 0.126, 0.15), strict=True):
        assert shape.pose.distance(Pose((0.0, 0.0, z))) < 1e-12
        assert shape.pose.angle(Pose()) == 0.0


def test_the_bias_of_the_sensor_goes_with_the_tcp(tmp_path: Path) -> None:
    bias = (4.0, -2.0, 1.0, 0.1, 0.2, -0.1)
    with conversation(leaning(bias), tmp_path / "run.trace") as talk:
        talk.cell.robot.set_tool(TIP)
        assert talk.cell.robot.wrench == pytest.approx(bias, abs=1e-9)
        talk.cell.robot.set_tool(TIP.rotated(z=np.pi / 2))
        assert talk.cell.robot.wrench == pytest.approx((-2.0, -4.0, 1.0, 0.2, -0.1, -0.1), abs=1e-9)
