"""The quick changer as a program has it: what follows a change, what is recorded, what is said when it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conversation import Conversation, conversation, events
from sheber.client.errors import NotGiven, ToolError
from sheber.client.robot_cell import Cell
from sheber.geometry import DOWN, Pose
from sheber.judge.report.curves import plots
from sheber.robot.cell import stock
from sheber.robot.cell.scene import Imperfections, Part, Scene, Shape

pytestmark = pytest.mark.physics

A, B = Pose((0.35, 0.40, 0.32)), Pose((0.35, -0.40, 0.32))
BLOCK = Part("block", (Shape("box", (0.05, 0.05, 0.10)),), Pose((0.5, 0.0, 0.05)), 0.5)
PICK = Pose((0.5, 0.0, 0.07)) @ DOWN


def changing(**more: Any) -> Scene:
    meant = (("gripper_*", "block"), ("suction_*", "block"), ("block", "table"))
    given: dict[str, Any] = {
        "tool": stock.changer(),
        "parts": (BLOCK,),
        "fixtures": (stock.table(),),
        "docks": (
            stock.dock("dock_a", A, stock.gripper(), "gripper"),
            stock.dock("dock_b", B, stock.suction(), "suction"),
        ),
        "frames": (("dock_a", A), ("dock_b", B)),
        "meant_contacts": meant,
    }
    return Scene(**(given | more))


@pytest.fixture
def talk(tmp_path: Path) -> Any:
    with conversation(changing(), tmp_path / "run.trace") as talk:
        yield talk


def told(talk: Conversation, kind: str) -> list[dict[str, Any]]:
    """Values of the events of one kind, of a run that has ended."""
    return [event.data for event in events(talk.trace, kind)]


def go(cell: Cell, dock: str, up: float = 0.0) -> None:
    """Bring the changer's face to a dock, with whatever is on it."""
    goal = cell.frames[dock].offset(z=up) @ DOWN @ cell.changer.face.inverse() @ cell.robot.tool.pose
    cell.robot.move_to(goal.offset(z=0.3))
    cell.robot.move_linear(goal, speed=0.4)


def leave(cell: Cell) -> None:
    cell.robot.move_linear(cell.robot.pose.offset(z=0.3), speed=0.4)


def take(cell: Cell, dock: str) -> None:
    go(cell, dock, 0.0005)
    cell.changer.lock()
    leave(cell)


def put(cell: Cell, dock: str) -> None:
    go(cell, dock)
    cell.changer.unlock()
    leave(cell)


def use_both(cell: Cell) -> None:
    """Take the gripper and the suction cup in turn, and lift the block with each."""
    robot, changer = cell.robot, cell.changer
    assert robot.tool.kind == "changer"
    assert changer.tool == ""
    take(cell, "dock_a")
    assert (changer.tool, changer.locked, robot.tool.kind) == ("gripper", True, "gripper")
    robot.move_to(PICK.offset(z=0.1))
    robot.move_linear(PICK)
    cell.gripper.close(40.0)
    assert cell.gripper.holding
    robot.move_linear(PICK.offset(z=0.1))
    robot.move_linear(PICK)
    cell.gripper.open()
    robot.move_linear(PICK.offset(z=0.2))
    put(cell, "dock_a")
    assert (changer.tool, changer.locked, robot.tool.kind) == ("", False, "changer")
    take(cell, "dock_b")
    lip = PICK.offset(z=0.03)
    robot.move_to(lip.offset(z=0.1))
    robot.move_linear(lip)
    cell.suction.on()
    assert cell.suction.holding
    cell.suction.off()


def test_tools_are_taken_used_and_put_down(tmp_path: Path) -> None:
    with conversation(changing(), tmp_path / "run.trace") as talk:
        use_both(talk.cell)
    assert [values["part"] for values in told(talk, "grip")] == ["block", "block"]
    assert [values["tool"] for values in told(talk, "tool_on")] == ["gripper", "suction"]
    (down,) = told(talk, "tool_off")
    assert down["dock"] == "dock_a"
    assert down["lateral_mm"] < 0.1
    assert [values["lateral_mm"] < 0.1 for values in told(talk, "docked")] == [True, True]
    assert not told(talk, "lost")
    assert not [values for values in told(talk, "contact") if not values["meant"]]


def test_the_tcp_follows_the_tool_and_what_is_planned_with_it(talk: Conversation) -> None:
    cell = talk.cell
    robot = cell.robot
    face = robot.tool.pose
    assert face.position[2] == pytest.approx(0.03)
    assert robot.forward(robot.home) == robot.forward(robot.home)
    before = robot.forward(robot.home)
    take(cell, "dock_a")
    assert robot.tool.pose.position[2] == pytest.approx(0.21)
    assert robot.tool.mass == pytest.approx(0.3 + 0.25 + 1.0)
    assert robot.forward(robot.home).distance(before.offset_tool(z=0.18)) < 1e-9
    assert robot.pose.distance(robot.forward(robot.joints)) < 1e-5
    assert talk.station.cell.T_base_tcp.distance(robot.pose) < 1e-4
    robot.set_tool(robot.tool.pose.offset_tool(z=0.002))
    assert robot.tool.pose.position[2] == pytest.approx(0.212)
    put_down = robot.tool.pose.offset_tool(z=-0.002)
    robot.set_tool(put_down)
    put(cell, "dock_a")
    assert robot.tool.pose == face


def test_the_trace_tells_which_tool_is_on_and_where_all_are(tmp_path: Path) -> None:
    with conversation(changing(), tmp_path / "run.trace") as talk:
        take(talk.cell, "dock_a")
        put(talk.cell, "dock_a")
        take(talk.cell, "dock_b")
    trace = talk.trace
    on = trace["tool_on"].tolist()
    assert [one for n, one in enumerate(on) if n == 0 or one != on[n - 1]] == [0, 1, 0, 2]
    assert {"gripper_width", "gripper_force", "vacuum", "sealed"} <= {channel.name for channel in trace.channels}
    assert {"gripper", "gripper_finger_left", "suction_tool", "dock_a", "dock_b"} <= set(trace.bodies)
    drawn = {visual.body for visual in trace.visuals}
    assert {"changer", "gripper", "gripper_tool", "gripper_finger_left", "suction", "suction_tool", "dock_a"} <= drawn
    # the planned TCP is that of the tool that is on, at both ends of a change
    off = np.linalg.norm(trace["tcp"][:, :3] - trace["tcp_target"][:, :3], axis=1)
    assert off.max() < 2e-3
    # it jumps from the face to the tip, which is no speed
    (speeds,) = (plot for plot in plots(trace) if plot.unit == "mm/s")
    assert max(max(curve) for curve in speeds.curves) < 1500.0


def test_a_tool_that_is_off_says_what_was_asked_what_is_wrong_and_what_exists(talk: Conversation) -> None:
    cell = talk.cell
    with pytest.raises(ToolError, match=r"command for the gripper was sent.*has nothing.*suction, at first in dock_b"):
        cell.gripper.close()
    take(cell, "dock_b")
    with pytest.raises(ToolError, match=r"The gripper is not on the arm\. The changer has suction\."):
        cell.gripper.open()
    with pytest.raises(NotGiven, match=r"no tool 'dispenser' here. These exist: gripper, suction"):
        cell.dispenser  # noqa: B018
    with pytest.raises(NotGiven, match=r"no tool in a dock 'hammer' here. These exist: gripper, suction"):
        cell.changer.tools["hammer"]


def test_a_lock_in_empty_air_says_how_near_a_tool_must_be(talk: Conversation) -> None:
    cell = talk.cell
    with pytest.raises(
        ToolError, match=r"did not lock a tool.*tool_present was False.*2\.0 mm before it, 3\.0 mm beside"
    ):
        cell.changer.lock()
    with pytest.raises(ToolError, match=r"Its piston is at its end without a tool\. Unlock it first"):
        cell.changer.lock()
    cell.changer.unlock()
    take(cell, "dock_a")
    with pytest.raises(ToolError, match="It already has gripper"):
        cell.changer.lock()


def test_a_dock_left_unlocked_leaves_the_tool_and_the_next_command_says_so(tmp_path: Path) -> None:
    with conversation(changing(), tmp_path / "run.trace") as talk:
        go(talk.cell, "dock_a")
        leave(talk.cell)
        with pytest.raises(
            ToolError, match=r"The changer has nothing\. The tools of this cell are: gripper \(a gripper"
        ):
            talk.cell.gripper.close()
    assert told(talk, "left_unlocked") == [{"tool": "gripper"}]


def test_a_tool_unlocked_in_the_air_is_told_and_an_interlock_refuses_it(tmp_path: Path) -> None:
    for interlock in (False, True):
        with conversation(changing(tool=stock.changer(interlock=interlock)), tmp_path / f"{interlock}.trace") as talk:
            take(talk.cell, "dock_a")
            talk.cell.robot.move_joints(talk.cell.robot.home)
            if interlock:
                with pytest.raises(ToolError, match=r"Its interlock holds gripper: it unlocks only in a dock"):
                    talk.cell.changer.unlock()
                assert talk.cell.changer.tool == "gripper"
            else:
                talk.cell.changer.unlock()
                assert talk.cell.robot.tool.kind == "changer"
        assert bool(told(talk, "unlocked_off_dock")) is not interlock
        assert bool(told(talk, "unlock_refused")) is interlock


def test_the_valve_can_be_switched_by_its_outputs(talk: Conversation) -> None:
    cell = talk.cell
    go(cell, "dock_a", 0.0005)
    cell.wait_for("tool_present", timeout=0.1)
    cell.outputs["changer_lock"] = True
    cell.wait_for("changer_locked", timeout=1.0)
    assert cell.inputs["tool_id"] == 1.0
    assert cell.robot.tool.kind == "changer"  # the program has to say it
    cell.robot.set_tool(cell.changer.tools["gripper"].pose)
    leave(cell)
    assert cell.changer.tool == "gripper"


def test_a_cell_without_a_changer_has_none(tmp_path: Path) -> None:
    with conversation(changing(tool=stock.suction(), docks=()), tmp_path / "run.trace") as talk:
        with pytest.raises(NotGiven, match=r"no quick changer\. Its tool, a suction, is fixed to the flange"):
            talk.cell.changer  # noqa: B018
        assert list(talk.cell.inputs) == []
    assert "tool_on" not in {channel.name for channel in talk.trace.channels}


def test_two_grippers_keep_their_channels_apart(tmp_path: Path) -> None:
    docks = (
        stock.dock("dock_a", A, stock.gripper(), "wide"),
        stock.dock("dock_b", B, stock.gripper(stroke=0.04), "narrow"),
    )
    with conversation(changing(docks=docks, meant_contacts=()), tmp_path / "run.trace") as talk:
        take(talk.cell, "dock_b")
        assert talk.cell.gripper.width == pytest.approx(0.04, abs=1e-3)
        assert talk.cell.gripper.stroke == 0.04
    names = {channel.name for channel in talk.trace.channels}
    assert {"wide_gripper_width", "narrow_gripper_width"} <= names


def test_the_same_run_gives_the_same_trace(tmp_path: Path) -> None:
    def run(name: str) -> bytes:
        noisy = Imperfections(repeatability=2e-5, wrench_noise=0.5)
        with conversation(changing(imperfections=noisy, noise_seed=5), tmp_path / name) as talk:
            take(talk.cell, "dock_a")
            talk.cell.robot.move_joints(talk.cell.robot.home)
            put(talk.cell, "dock_a")
        return talk.trace.samples.tobytes()

    assert run("a") == run("b")


def test_the_bias_of_the_wrench_stays_at_the_flange_when_the_tool_changes(tmp_path: Path) -> None:
    """A force that is not there, 4 N along the flange's x, has the lever of the tool's length to every other TCP."""
    bias = Imperfections(wrench_bias=(4.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    with conversation(changing(imperfections=bias), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        at_face, face = robot.wrench, robot.tool.pose
        take(talk.cell, "dock_a")
        at_tip, tip = robot.wrench, robot.tool.pose
        robot.set_tool(face)
        at_face_again = robot.wrench
    lever = (face.inverse() @ tip).position
    assert at_face == pytest.approx([4.0, 0.0, 0.0, 0.0, 0.0, 0.0], abs=0.05)
    assert at_face_again == pytest.approx(at_face, abs=0.05)
    assert at_tip[:3] == pytest.approx(at_face[:3], abs=0.05)
    assert at_tip[3:] == pytest.approx(-np.cross(lever, at_face[:3]), abs=0.02)


def test_a_tool_that_was_not_locked_in_time_is_not_locked_later(talk: Conversation) -> None:
    """The plates need a quarter of a second to come together: who gives up before lets go."""
    cell = talk.cell
    go(cell, "dock_a", 0.0005)
    with pytest.raises(ToolError, match=r"changer_locked is off after 0\.1 s"):
        cell.changer.lock(timeout=0.1)
    cell.wait(1.0)
    assert not cell.changer.locked
    assert cell.robot.tool.kind == "changer"
    cell.changer.lock()
    assert cell.changer.tool == "gripper"


def test_an_unlock_that_the_interlock_refused_is_not_done_at_the_next_dock(tmp_path: Path) -> None:
    scene = changing(tool=stock.changer(interlock=True))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        take(cell, "dock_a")
        with pytest.raises(ToolError, match="Its interlock holds gripper"):
            cell.changer.unlock()
        go(cell, "dock_a")
        cell.wait(1.0)
        assert cell.changer.tool == "gripper"
        assert cell.changer.locked
        cell.changer.unlock()
        assert cell.changer.tool == ""


@pytest.mark.parametrize("turned", [False, True])
def test_the_nearest_tool_is_locked_whichever_dock_is_named_first(turned: bool, tmp_path: Path) -> None:
    near, far = Pose((0.35, 0.40, 0.32)), Pose((0.35, 0.315, 0.32))
    docks = [stock.dock("near", near, stock.pointer(), "one"), stock.dock("far", far, stock.pointer(), "other")]
    scene = changing(docks=tuple(docks[::-1] if turned else docks), frames=(("near", near),), meant_contacts=())
    with conversation(scene, tmp_path / "run.trace") as talk:
        go(talk.cell, "near", 0.0005)
        talk.cell.changer.lock()
        assert talk.cell.changer.tool == "one"


def test_a_tool_that_is_on_the_arm_at_the_start_is_no_action_of_the_program(tmp_path: Path) -> None:
    docks = (stock.dock("dock_a", A, stock.gripper(), "gripper", away=True),)
    with conversation(changing(docks=docks, frames=(("dock_a", A),)), tmp_path / "run.trace") as talk:
        assert talk.cell.changer.tool == "gripper"
        talk.cell.wait(0.1)
    assert told(talk, "tool_on") == []
    assert int(talk.trace["tool_on"][0]) == 1
