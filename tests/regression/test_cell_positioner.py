"""The positioner: how exactly it turns and tilts, what goes along with it, and what a program may do, with numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cell_driver import Driver
from conversation import conversation, events
from sheber import JointLimit, NotGiven, RobotError, SpeedLimit
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, drives, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Axis, Fixture, Handshake, Part, Positioner, Scene, Shape
from sheber.robot.cell.standing import flaws
from sheber.station import SceneError
from sheber.trace import OutcomeKind

pytestmark = pytest.mark.physics

AT = Pose((0.45, 0.42, 0.30)).rotated(z=0.3)  # beside the arm, which stands at home
FLAT = Pose()
CUBE = (0.05, 0.05, 0.05)
BOTH = stock.positioner(AT)
TURN, TILT = replace(BOTH, tilt=None), replace(BOTH, turn=None)


def with_plate(positioner: Positioner = BOTH, part: Pose | None = FLAT, **more: object) -> Scene:
    """A cell with a positioner, and a part at `part`, T_plate_part of its foot."""
    parts = () if part is None else (Part("part", (Shape("box", CUBE),), AT @ part @ Pose((0.0, 0.0, 0.025)), 0.5),)
    given: dict = {"fixtures": (stock.table(),), "meant_contacts": (("part", "*"),), **more}
    return Scene(stock.pointer(), parts=parts, positioner=positioner, **given)


def moved(cell: Cell, driver: Driver, goal: tuple[float, ...], speed: float | None = None) -> float:
    """Move it to angles; gives how long that took [s]."""
    assert cell.positioner is not None
    began = cell.step
    cell.positioner.move(goal, speed, None)
    driver.wait(0.01)
    while cell.positioner.drive.moving:
        driver.wait(0.01)
    return (cell.step - began) * 0.002


def on_plate(cell: Cell) -> Pose:
    """T_plate_part, true."""
    return cell.body_pose("positioner").inverse() @ cell.body_pose("part")


# --- axes


@pytest.mark.parametrize(
    ("positioner", "goal"),
    [(BOTH, (0.7, -2.0)), (BOTH, (-1.6, 3.2)), (TURN, (2.5,)), (TILT, (-1.2,))],
    ids=["both", "to the ends", "turn", "tilt"],
)
def test_the_plate_is_where_its_axes_say_and_the_axes_where_they_were_sent(
    positioner: Positioner, goal: tuple[float, ...]
) -> None:
    scene = with_plate(positioner, part=None)
    assert list(flaws(scene)) == []
    cell = build(scene)
    moved(cell, Driver(cell), goal)
    assert cell.positioner.joints == pytest.approx(goal, abs=1e-6)
    expected = AT
    for (name, _axis), angle in zip(positioner.axes, goal, strict=True):
        if name == "tilt":
            expected = expected @ Pose((0.0, 0.0, -0.05)) @ Pose().rotated(x=angle) @ Pose((0.0, 0.0, 0.05))
        else:
            expected = expected.rotated(z=angle)
    plate = cell.body_pose("positioner")
    assert plate.distance(expected) < 1e-6
    assert plate.angle(expected) < 2e-6


def test_both_axes_start_and_end_together_within_their_limits() -> None:
    """3 rad at 1 rad/s and 2 rad/s2, in 0.1 s to its acceleration: 3 + 0.5 + 0.1 s; half as fast, 6 + 0.25 + 0.1 s."""
    cell = build(with_plate(part=None))
    driver, speeds = Driver(cell), []
    velocities = cell.world.data.qvel[cell.world.dof_parts - 2 :]
    driver.each_tick = lambda: speeds.append(velocities.copy())
    assert moved(cell, driver, (1.0, 3.0)) == pytest.approx(3.6, abs=0.03)
    tilting, turning = np.abs(speeds).T
    assert turning.max() == pytest.approx(1.0, abs=1e-3)
    assert tilting[150] > 0.1  # 0.6 s before the end both still move
    assert np.abs(np.diff(speeds, axis=0)).max() / 0.01 < 2.02
    assert moved(cell, driver, (1.0, 0.0), speed=0.5) == pytest.approx(6.35, abs=0.03)


def test_any_move_may_follow_any_other_at_any_moment() -> None:
    """A program may ask for anything while the axes are on their way: they never leave their ranges and never jump."""
    cell, rng = build(with_plate(part=None)), np.random.default_rng(5)
    driver, angles = Driver(cell), []
    driver.each_tick = lambda: angles.append(cell.positioner.joints.copy())
    for _move in range(300):
        goal = rng.uniform((-1.6, -3.2), (1.6, 3.2)) * rng.integers(0, 2, 2)
        cell.positioner.move(goal.tolist(), float(10 ** rng.uniform(-3, 0)), float(10 ** rng.uniform(-2, 0.3)))
        driver.wait(float(rng.choice((0.01, 0.05, 0.5))))
        if rng.random() < 0.2:
            cell.positioner.stop()
    path = np.array(angles)
    assert (np.abs(path) < (1.6 + 1e-3, 3.2 + 1e-3)).all()
    assert np.abs(np.diff(path, axis=0)).max() < 1.0 * 0.01 + 1e-4
    assert moved(cell, driver, (0.3, -0.3)) < 10.0
    assert cell.positioner.joints == pytest.approx((0.3, -0.3), abs=1e-5)


def test_a_move_for_which_there_is_no_motion_on_the_way_begins_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = []

    class Refusing(drives.Ruckig):
        def calculate(self, asked: Any, found: Any) -> Any:
            if not refused:
                refused.append(list(asked.target_position))
                raise drives.RuckigError("no motion")
            return super().calculate(asked, found)

    cell = build(with_plate(part=None))
    driver = Driver(cell)
    cell.positioner.move((1.0, 1.0), None, None)
    driver.wait(0.5)
    monkeypatch.setattr(drives, "Ruckig", Refusing)
    moved(cell, driver, (-0.5, 0.5))
    assert refused == [[-0.5, 0.5]]
    assert cell.positioner.joints == pytest.approx((-0.5, 0.5), abs=1e-5)


# --- what goes along


def test_a_clamped_part_follows_the_plate_upside_down_and_is_let_go_where_it_was() -> None:
    cell = build(with_plate())
    driver = Driver(cell)
    driver.wait(0.5)
    lay = on_plate(cell)
    cell.set_output("clamp", True)
    driver.wait(0.02)
    assert cell.inputs["clamped"]
    farthest = [0.0]
    driver.each_tick = lambda: farthest.append(on_plate(cell).distance(lay))
    for goal in ((1.6, 0.0), (1.6, 3.0), (-1.5, -3.0), (0.0, 0.0)):
        moved(cell, driver, goal)
        driver.wait(0.3)
    assert max(farthest) < 5e-6
    cell.set_output("clamp", False)
    driver.wait(0.5)
    assert not cell.inputs["clamped"]
    assert on_plate(cell).distance(lay) < 5e-6
    driver.each_tick = lambda: None
    moved(cell, driver, (1.6, 0.0))
    driver.wait(1.0)
    assert on_plate(cell).distance(lay) > 2e-3  # loose again: it tips, and hangs in its nest


def test_a_part_without_a_clamp_slides_off_beyond_the_angle_of_friction() -> None:
    """tan 0.4 is 0.42, tan 0.7 is 0.84; friction is 0.6."""
    bare = replace(BOTH, carries=())
    for tilt, stays in ((0.4, True), (0.7, False)):
        cell = build(with_plate(bare))
        driver, before = Driver(cell), on_plate(cell)
        moved(cell, driver, (tilt, 0.0))
        driver.wait(1.0)
        assert (on_plate(cell).distance(before) < 1e-3) is stays


def test_a_clamp_closes_on_what_touches_only() -> None:
    for height, held in ((0.0, True), (0.02, False)):
        cell = build(with_plate(part=Pose((0.0, 0.0, height))))
        cell.set_output("clamp", True)
        Driver(cell).wait(0.01)
        assert cell.inputs["clamped"] is held


def test_a_clamp_may_be_the_plcs() -> None:
    fixing = Handshake("fix", begins=0.05, takes=0.2, sets=(("clamp", True),))
    cell = build(with_plate(plc=(fixing,)))
    assert list(cell.outputs) == ["fix_request"]
    cell.set_output("fix_request", True)
    driver = Driver(cell)
    driver.wait(0.2)
    assert not cell.inputs["clamped"]
    driver.wait(0.1)
    assert cell.inputs["clamped"]


def test_it_sleeps_with_its_part_while_it_stands() -> None:
    cell = build(with_plate())
    driver = Driver(cell)
    cell.set_output("clamp", True)
    moved(cell, driver, (1.2, 0.5))
    driver.wait(1.0)
    asleep, trees = cell.world.data.tree_asleep, cell.world.model.body_treeid
    assert all(asleep[trees[cell.world.body(name)]] >= 0 for name in ("positioner", "part"))


# --- the program


def test_a_program_turns_it_and_works_in_its_frame(tmp_path: Path) -> None:
    scene = with_plate(part=None, meant_contacts=())
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell, robot, positioner = talk.cell, talk.cell.robot, talk.cell.positioner
        assert repr(positioner) == "Positioner(tilt, turn)"
        assert "positioner tilt, turn" in repr(cell)
        assert positioner.axes == ("tilt", "turn")
        assert positioner.limits == pytest.approx(np.array([[-1.6, 1.6], [-3.2, 3.2]]))
        positioner.move_joints([-0.3, 0.8])
        assert positioner.joints == pytest.approx((-0.3, 0.8), abs=1e-5)
        true = talk.station.cell.body_pose("positioner")
        assert positioner.pose.distance(true) < 1e-6
        assert positioner.pose.angle(true) < 2e-6
        assert positioner.forward([-0.3, 0.8]).distance(true) < 1e-6
        work = positioner.pose @ positioner.frames["nest"]
        robot.move_to(DOWN.offset(z=0.05), frame=work)
        tip = talk.station.cell.T_base_tcp
        assert work.inverse() @ tip.position == pytest.approx((0.0, 0.0, 0.05), abs=2e-4)
        robot.move_joints(robot.home)
        positioner.move_joints([0.0, -1.0], speed=0.5, wait=False)
        robot.move_joints(np.add(robot.home, (0, 0, 0, 0, 0, 0.5)), wait=False)  # at the same time
        assert positioner.moving
        assert robot.moving
        positioner.wait()
        assert not positioner.moving
        positioner.move_joints([0.0, 1.0], wait=False)
        cell.wait(0.5)
        positioner.stop()
        assert -0.95 < positioner.joints[1] < 0.5
    trace = talk.trace
    tilt, turn = trace["positioner_tilt"], trace["positioner_turn"]
    assert tilt.min() == pytest.approx(-0.3, abs=1e-4)
    assert turn.max() == pytest.approx(0.8, abs=1e-4)
    assert events(trace, "positioner_move")[0].data["degrees"] == [-17.19, 45.84]
    assert len(events(trace, "positioner_done")) == 3
    told = {channel.name: channel for channel in trace.channels}["positioner_tilt"]
    assert (told.unit, told.shown, told.labels) == ("rad", "deg", ("tilt",))
    recorded = Pose.from_list(trace.body("positioner")[-1])
    assert recorded.angle(positioner.forward([tilt[-1], turn[-1]])) < 2e-5


def test_the_function_of_the_docs_works_on_each_side(tmp_path: Path) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "program.md").read_text("utf-8")
    code = documented[documented.index("## A positioner") :].partition("```python\n")[2].partition("```")[0]
    known: dict = {}
    exec(code, known)
    with conversation(with_plate(), tmp_path / "run.trace") as talk:
        reached = []
        known["work_on_sides"](talk.cell, lambda work: reached.append(work))
        assert talk.cell.inputs["clamped"]
    sides = [reached[0].inverse() @ work for work in reached]
    assert sides[1].rotvec == pytest.approx((1.5, 0.0, 0.0), abs=1e-5)
    assert (sides[1].inverse() @ sides[2]).rotvec == pytest.approx((0.0, 0.0, math.pi / 2), abs=1e-5)


def test_what_a_program_is_told_of_it_may_be_wrong_and_the_truth_stays_with_the_judge(tmp_path: Path) -> None:
    told = AT.offset(x=0.004)
    with conversation(with_plate(replace(BOTH, nominal=told), part=None), tmp_path / "run.trace") as talk:
        assert talk.cell.positioner.pose.distance(told) < 1e-6
        assert talk.station.cell.body_pose("positioner").distance(AT) < 1e-6


def test_a_program_that_asks_for_too_much_is_told_in_words(tmp_path: Path) -> None:
    with conversation(with_plate(part=None), tmp_path / "run.trace") as talk:
        positioner = talk.cell.positioner
        with pytest.raises(JointLimit, match="45 rad was asked for the axis tilt of the positioner"):
            positioner.move_joints([45.0, 0.0])
        with pytest.raises(SpeedLimit, match="A speed of 60 rad/s was asked for"):
            positioner.move_joints([0.5, 0.0], speed=60.0)
        with pytest.raises(SpeedLimit, match="An acceleration of 9 rad/s"):
            positioner.move_joints([0.5, 0.0], acceleration=9.0)
        with pytest.raises(SpeedLimit, match="The least that the positioner can do"):
            positioner.move_joints([0.5, 0.0], speed=1e-300)
        with pytest.raises(ValueError, match="q"):
            positioner.move_joints([0.5])
        with pytest.raises(RobotError, match="1 angles were given"):
            talk.session.call("positioner_move", q=[0.5])
        assert positioner.joints == pytest.approx((0.0, 0.0), abs=1e-6)
    with conversation(replace(with_plate(part=None), positioner=None), tmp_path / "other.trace") as talk:
        with pytest.raises(NotGiven, match="This cell has no positioner"):
            _ = talk.cell.positioner
        with pytest.raises(NotGiven, match="This cell has no positioner"):
            talk.session.call("positioner_wait")


def test_an_axis_that_something_holds_is_named(tmp_path: Path) -> None:
    """A bar on the plate meets a post: 400 Nm do not bend it."""
    bar = Shape("box", (0.04, 0.02, 0.06), Pose((0.12, 0.0, 0.03)))
    post = Fixture("post", (Shape("box", (0.08, 0.03, 0.3)),), AT.rotated(z=1.0) @ Pose((0.16, 0.0, 0.2)))
    scene = with_plate(replace(TURN, carries=(bar,)), part=None, fixtures=(stock.table(), post))
    with (
        conversation(scene, tmp_path / "run.trace") as talk,
        pytest.raises(RobotError, match=r"The axis turn of the positioner is .*: something holds it"),
    ):
        talk.cell.positioner.move_joints([2.0])


def test_a_plate_that_turns_into_the_arm_is_a_collision_and_the_emergency_stop_stops_it_too(tmp_path: Path) -> None:
    """The pointer stands beside the plate, where its edge comes up."""
    scene = with_plate(part=None, meant_contacts=())
    with conversation(scene, tmp_path / "run.trace") as talk:
        robot, positioner = talk.cell.robot, talk.cell.positioner
        edge = AT @ Pose((0.0, -0.12, 0.02))
        above = Pose(edge.position) @ DOWN
        robot.move_to(above.offset(z=0.1))
        robot.move_linear(above)
        with pytest.raises(RobotError, match="Collision"):
            positioner.move_joints([-1.2, 0.0])
    assert talk.outcome.kind is OutcomeKind.EMERGENCY_STOP
    turned = talk.trace["positioner_tilt"]
    assert -0.6 < turned[-1] < -0.05
    assert abs(turned[-1] - turned[-50]) < 1e-3


# --- bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tilt": None, "turn": None}, "The positioner 'positioner' has no axis. It must have tilt, turn or both."),
        ({"tilt": 1.0}, "The positioner 'positioner': tilt is 1.0. It must be an Axis or None."),
        ({"tilt": Axis(0.1, 1.0)}, "Its range must be finite and hold 0. Speed, acceleration and torque must be above"),
        ({"turn": Axis(-1.0, math.inf)}, "turn is Axis(lower=-1.0, upper=inf"),
        ({"turn": Axis(-1.0, 1.0, speed=0.0)}, "Speed, acceleration and torque must be above zero."),
        (
            {"turn": Axis(-1.0, 1.0, acceleration=21.0)},
            "The motor of 'positioner turn' has 400 Nm. An acceleration of 21 rad/s² wants 420 Nm for its own inertia",
        ),
        ({"below": 0.4}, "below is 0.4 m and height is 0.3 m. The tilting axis must lie under the plate's surface"),
        ({"radius": 0.0}, "positioner 1 ('positioner'): radius is 0.0. It must be a number above zero."),
        ({"pose": (1, 2, 3)}, "positioner 1 ('positioner'): pose is (1, 2, 3). It must be a Pose."),
        ({"frames": (("nest", 1),)}, "frames has the entry ('nest', 1). Each entry must be a name and a Pose."),
        ({"clamp": ""}, "has the input 'clamped' of a clamp, and no clamp. Write clamp=..."),
        ({"carries": (Shape("cube", (1.0,)),)}, "Shape 1 of 'positioner': There is no shape 'cube'."),
        ({"name": "table"}, "Two bodies have the name 'table'."),
    ],
)
def test_a_positioner_that_cannot_be_is_told_in_words(changes: dict, words: str) -> None:
    with pytest.raises(SceneError) as caught:
        build(with_plate(replace(BOTH, **changes)))
    assert words in str(caught.value)


def test_something_else_is_no_positioner() -> None:
    with pytest.raises(SceneError, match="The scene: positioner has 'plate'"):
        build(replace(with_plate(), positioner="plate"))
