"""Force, with numbers: how true a close fit is, an insertion, a guarded touch, a force that is held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from conversation import Conversation, conversation
from sheber import DOWN, Contact, Pose
from sheber.robot.cell import build
from sheber.robot.cell.scene import Fixture, Imperfections, Scene, Shape
from sheber.robot.cell.stock import gripper, peg, pointer, socket, table
from sheber.trace import Trace

pytestmark = pytest.mark.physics

HOLE, START = Pose((0.5, 0.15, 0.0)), Pose((0.5, -0.1, 0.0))
FLOOR, MOUTH, GRIP = 0.008, 0.033, 0.055  # m: floor and mouth of the socket; where the peg is held, above its end
SENSOR = Imperfections(wrench_noise=0.3, wrench_bias=(2.0, -3.0, 1.5, 0.1, 0.2, -0.1))


def peak(trace: Trace, a: str, b: str) -> float:
    """The largest sum of normal forces [N] between two bodies."""
    pairs = [event.data for event in trace.events if event.kind == "contact_end"]
    return max((data["peak_N"] for data in pairs if {data["a"], data["b"]} == {a, b}), default=0.0)


# --- a close fit ----------------------------------------------------------------------------


def play_mm(clearance: float, force: float, firm: bool = True) -> float:
    """How far a peg goes from one side of its hole to the other when its middle is pushed with `force` [N]."""
    part, hole = peg("peg", HOLE.offset(z=FLOOR)), socket("socket", HOLE, clearance=clearance)
    if not firm:
        part = replace(part, shapes=tuple(replace(shape, firm=False) for shape in part.shapes))
        hole = replace(hole, shapes=tuple(replace(shape, firm=False) for shape in hole.shapes))
    cell = build(Scene(gripper(), parts=(part,), fixtures=(table(), hole), meant_contacts=(("peg", "socket"),)))
    model, data, body = cell.world.model, cell.world.data, cell.world.body("peg")
    sides = []
    for push in (force, -force):
        places = []
        for _step in range(300):
            middle = data.xpos[body] + data.xmat[body].reshape(3, 3) @ (0.0, 0.0, 0.0125)
            data.xfrc_applied[body] = (push, 0.0, 0.0, *np.cross(middle - data.xipos[body], (push, 0.0, 0.0)))
            mujoco.mj_step(model, data)
            places.append(middle[0])
        sides.append(np.mean(places[-50:]))
    return 1e3 * (sides[0] - sides[1])


@pytest.mark.parametrize("clearance", [0.0002, 0.0001])
def test_a_peg_has_the_play_that_its_clearance_says(clearance: float) -> None:
    assert play_mm(clearance, 1.0) == pytest.approx(1e3 * clearance, abs=0.003)
    assert play_mm(clearance, 10.0) == pytest.approx(1e3 * clearance, abs=0.012)
    assert play_mm(clearance, 30.0) == pytest.approx(1e3 * clearance, abs=0.016)
    assert play_mm(clearance, 10.0, firm=False) > 1e3 * clearance + 0.05  # why a fit needs firm shapes


# --- an insertion ---------------------------------------------------------------------------


def insertion(path: Path, clearance: float, off: float, force: float = 10.0, seconds: float = 6.0) -> Conversation:
    """Take the peg, touch the mouth `off` [m] beside the middle, and press it in while the other axes give way."""
    hole = socket("socket", HOLE, clearance=clearance)
    fits = (("finger_*", "peg"), ("tool", "peg"), ("peg", "table"), ("peg", "socket"))
    scene = Scene(
        gripper(),
        parts=(peg("peg", START),),
        fixtures=(table(), hole),
        meant_contacts=fits,
        measured_contacts=(("peg", "socket"),),
        imperfections=SENSOR,
    )
    with conversation(scene, path) as talk:
        robot, tool = talk.cell.robot, talk.cell.gripper
        pick = START.offset(z=GRIP) @ DOWN
        robot.move_to(pick.offset(z=0.1))
        tool.open(0.05)
        robot.move_linear(pick)
        tool.close(60.0)
        robot.move_linear(pick.offset(z=0.1))
        top = HOLE.offset(x=off, z=MOUTH + GRIP) @ DOWN
        robot.move_to(top.offset(z=0.03))
        talk.cell.wait(0.3)
        robot.zero_wrench()
        robot.move_linear(top.offset(z=-0.015), speed=0.005, until=Contact(4.0, along=(0, 0, 1)))
        with robot.compliance({"x": 0.0, "y": 0.0, "z": force, "rx": 0.0, "ry": 0.0}, speed=0.01, travel=0.05):
            talk.cell.wait(seconds)
    return talk


def depth_mm(talk: Conversation) -> float:
    """How deep the peg is in its hole at the end."""
    return 1e3 * (MOUTH - float(talk.station.cell.body_pose("peg").position[2]))


@pytest.mark.parametrize("clearance", [0.0002, 0.0001])
def test_a_peg_that_meets_the_chamfer_goes_to_the_floor(tmp_path: Path, clearance: float) -> None:
    talk = insertion(tmp_path / "run.trace", clearance, 0.0006)
    assert depth_mm(talk) == pytest.approx(25.0, abs=0.2)
    assert 10.0 < peak(talk.trace, "peg", "socket") < 60.0


def test_a_peg_beside_the_chamfer_stays_on_top(tmp_path: Path) -> None:
    talk = insertion(tmp_path / "run.trace", 0.0002, 0.0016, seconds=3.0)
    assert depth_mm(talk) == pytest.approx(0.0, abs=0.05)
    assert peak(talk.trace, "peg", "socket") < 40.0


def test_a_peg_that_is_too_thick_by_a_twentieth_of_a_millimetre_does_not_go_in(tmp_path: Path) -> None:
    talk = insertion(tmp_path / "run.trace", -0.00005, 0.0002, force=30.0, seconds=4.0)
    assert depth_mm(talk) < 1.05  # that of the chamfer is 1 mm


def test_an_insertion_is_the_same_twice(tmp_path: Path) -> None:
    one, two = (insertion(tmp_path / f"{n}.trace", 0.0001, 0.0004, seconds=2.0) for n in range(2))
    assert one.path.read_bytes() == two.path.read_bytes()


# --- touches --------------------------------------------------------------------------------


def plate(tilt: float = 0.0) -> Scene:
    """A pin above a steel plate whose upper side is at 75 mm in (0.5, 0.1)."""
    top = Fixture("plate", (Shape("box", (0.3, 0.3, 0.05)),), Pose((0.5, 0.1, 0.05)).rotated(y=tilt), 0.3)
    meant = (("tool", "plate"),)
    return Scene(
        pointer(), fixtures=(table(), top), meant_contacts=meant, measured_contacts=meant, imperfections=SENSOR
    )


TOP = Pose((0.5, 0.1, 0.075)) @ DOWN


@pytest.mark.parametrize(("speed", "most_N"), [(0.002, 8.0), (0.01, 45.0), (0.02, 80.0)])
def test_a_guarded_move_stops_where_it_touches(tmp_path: Path, speed: float, most_N: float) -> None:
    with conversation(plate(), tmp_path / "run.trace") as talk:
        robot = talk.cell.robot
        robot.move_to(TOP.offset(z=0.02))
        talk.cell.wait(0.3)
        robot.zero_wrench()
        touch = robot.move_linear(TOP.offset(z=-0.05), speed=speed, until=Contact(5.0))
        assert touch.reason == "force"
        assert 5.0 < np.linalg.norm(touch.wrench[:3]) < most_N
        assert touch.pose.position[2] == pytest.approx(TOP.position[2], abs=30e-6)
        assert touch.pose.distance(TOP) < 0.1e-3
        assert robot.pose.distance(touch.pose) < 0.15e-3
    assert peak(talk.trace, "tool", "plate") < most_N


# --- a force that is held --------------------------------------------------------------------


def pressed(path: Path, tilt: float = 0.0, soft: bool = False, slide: float = 0.0) -> np.ndarray:
    """Forces along the tool [N] (n,) of the record while it presses with 10 N; `slide` [m] with 10 mm/s."""
    with conversation(plate(tilt), path) as talk:
        if soft:
            _soften(talk)
        robot = talk.cell.robot
        robot.move_to(TOP.offset(x=-0.05, z=0.02))
        talk.cell.wait(0.3)
        robot.zero_wrench()
        with robot.compliance({"z": 10.0}, speed=0.02):
            talk.cell.wait(3.0)
            began = talk.cell.state().time
            if slide:
                robot.move_linear(TOP.offset(x=slide - 0.05), speed=0.01)
            else:
                talk.cell.wait(1.0)
            ended = talk.cell.state().time
    samples = talk.trace.samples
    time = samples["step"] * 0.002
    return -samples["wrench"][(time >= began + 0.2) & (time < ended), 2]


def _soften(talk: Conversation) -> None:
    """Let the plate give way under the pin like rubber, by 0.3 mm under 10 N."""
    world = talk.station.cell.world
    geoms = world.model.geom_bodyid == world.body("plate")
    world.model.geom_solref[geoms] = (-3e3, -110.0)
    world.model.geom_solimp[geoms] = (0.5, 0.5001, 0.001, 0.5, 2.0)
    world.model.geom_priority[geoms] = 5


def test_a_force_is_held_on_steel_while_the_robot_stands(tmp_path: Path) -> None:
    force = pressed(tmp_path / "run.trace")
    assert force.mean() == pytest.approx(10.0, abs=0.8)
    assert force.std() < 0.8


def test_a_force_is_held_while_the_tool_slides_over_a_plate_that_gives_way(tmp_path: Path) -> None:
    force = pressed(tmp_path / "run.trace", soft=True, slide=0.1)
    assert force.mean() == pytest.approx(10.0, abs=0.3)
    assert force.std() < 0.8
    assert np.abs(force - 10.0).max() < 3.0


def test_a_slope_of_thirty_milliradians_costs_a_fifth_of_the_force(tmp_path: Path) -> None:
    force = pressed(tmp_path / "run.trace", tilt=0.03, soft=True, slide=0.1)
    assert force.mean() == pytest.approx(8.5, abs=0.5)  # it goes down with 0.3 mm/s, and the force trails
    assert np.abs(force - force.mean()).max() < 3.0


def test_on_steel_a_sliding_pin_hops_and_presses_right_on_average(tmp_path: Path) -> None:
    force = pressed(tmp_path / "run.trace", slide=0.1)
    assert force.mean() == pytest.approx(10.0, abs=1.0)
