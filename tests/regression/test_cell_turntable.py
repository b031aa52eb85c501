"""The rotary feeder: how exactly it turns, and how its parts go along, with numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cell_driver import Driver
from conversation import conversation, events
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import CameraSpec, Fault, Fixture, Part, Scene, Shape, Turntable
from sheber.station import SceneError

pytestmark = pytest.mark.physics

AT = Pose((0.5, 0.3, 0.1)).rotated(z=0.4)
CUBE = (0.04, 0.04, 0.04)
TABLE = Turntable("disc", AT, output="run", index="next", done="there", encoder="count", counts_per_turn=36000.0)
FEEDER = stock.rotary_feeder("feeder", AT, nest=CUBE[:2])
SIXTH = math.pi / 3


def lying(*places: Pose) -> tuple[Part, ...]:
    return tuple(
        Part(f"part_{n}", (Shape("box", CUBE),), place.offset_tool(z=CUBE[2] / 2), 0.2)
        for n, place in enumerate(places)
    )


def turning(table: Turntable = TABLE, *parts: Part, **more: object) -> Scene:
    meant = (("part_*", "*"),)
    given: dict = {"fixtures": (stock.table(),), "meant_contacts": meant, **more}
    return Scene(stock.pointer(), parts=parts, turntables=(table,), **given)


def angle(cell: Cell) -> float:
    """True angle of the table [rad], as many turns as it made."""
    return float(cell._tables[0].drive.angles[0])


def polar(cell: Cell, part: str = "part_0") -> tuple[float, float]:
    """Where a part lies on the table's pose: radius [m] and angle [rad]."""
    x, y, _z = AT.inverse() @ cell.body_pose(part).position
    return math.hypot(x, y), math.atan2(y, x)


def index(cell: Cell, driver: Driver, output: str, done: str) -> float:
    """Ask for one index and wait for its end; gives how long it took [s]."""
    began = cell.step
    cell.set_output(output, True)
    driver.wait(0.01)
    assert not cell.inputs[done]
    for _tick in range(1000):
        if cell.inputs[done]:
            break
        driver.wait(0.01)
    cell.set_output(output, False)
    driver.wait(0.01)
    return (cell.step - began) * 0.002


# --- how it turns


def test_an_index_is_exact_and_as_long_as_its_limits_say() -> None:
    """60 deg at 1 rad/s and 2 rad/s2, in 0.1 s to its acceleration: 1.047 + 0.5 + 0.1 s."""
    cell = build(turning())
    driver = Driver(cell)
    for n in range(1, 8):
        assert index(cell, driver, "next", "there") == pytest.approx(SIXTH + 0.5 + 0.1, abs=0.03)
        assert angle(cell) == pytest.approx(n * SIXTH, abs=1e-6)


def test_a_second_pulse_on_the_way_is_a_second_index() -> None:
    cell = build(turning())
    driver = Driver(cell)
    for _pulse in range(2):
        cell.set_output("next", True)
        driver.wait(0.2)
        cell.set_output("next", False)
        driver.wait(0.1)
    driver.wait(3.0)
    assert cell.inputs["there"]
    assert angle(cell) == pytest.approx(2 * SIXTH, abs=1e-6)


@pytest.mark.parametrize("speed", [0.5, -0.5])
def test_it_turns_while_its_output_is_on_and_an_index_brings_it_to_a_station_again(speed: float) -> None:
    cell = build(turning(replace(TABLE, speed=speed)))
    driver = Driver(cell)
    cell.set_output("run", True)
    driver.wait(2.0)
    before, counted = angle(cell), cell.analog_inputs["count"]
    driver.wait(1.0)
    assert angle(cell) - before == pytest.approx(speed, abs=1e-4)
    assert cell.analog_inputs["count"] == pytest.approx(angle(cell) * 36000 / math.tau, abs=2)  # now, not a tick ago
    assert cell.analog_inputs["count"] - counted == pytest.approx(speed * 36000 / math.tau, abs=2)
    cell.set_output("run", False)
    driver.wait(1.0)
    assert not cell.inputs["there"]
    assert cell.analog_inputs["count"] == math.floor(angle(cell) * 36000 / math.tau)
    index(cell, driver, "next", "there")
    assert angle(cell) == pytest.approx(math.copysign(2 * SIXTH, speed), abs=1e-6)


def test_it_jams_in_the_middle_of_an_index_and_goes_on_afterwards() -> None:
    cell = build(turning(faults=(Fault("jams", "disc", 0.5, 3.0),)))
    driver = Driver(cell)
    cell.set_output("next", True)
    driver.wait(1.5)
    rest = angle(cell)
    assert 0.1 < rest < SIXTH - 0.1
    driver.wait(1.4)
    assert angle(cell) == pytest.approx(rest, abs=1e-6)
    assert not cell.inputs["there"]
    driver.wait(2.0)
    assert cell.inputs["there"]
    assert angle(cell) == pytest.approx(SIXTH, abs=1e-6)
    assert str(cell.happened[0][1]["text"]) == "The turntable 'disc' comes to rest, whatever it is told."


def test_it_is_never_done_where_something_holds_it() -> None:
    """A pin on the table meets a stop after 0.5 rad: the motor's 200 Nm do not move it, and the table waits there."""
    pin = Shape("cylinder", (0.01, 0.05), Pose((0.15, 0.0, 0.025)))
    stop = Fixture("stop", (Shape("box", (0.06, 0.02, 0.03)),), AT.rotated(z=0.65).offset_tool(x=0.15, z=0.03))
    cell = build(turning(replace(TABLE, shapes=(pin,)), fixtures=(stock.table(), stop)))
    driver = Driver(cell)
    cell.set_output("next", True)
    driver.wait(4.0)
    assert 0.4 < angle(cell) < 0.65
    assert not cell.inputs["there"]


# --- how parts go along


@pytest.mark.parametrize(("speed", "creep_mm"), [(0.25, 0.025), (0.5, 0.10), (1.0, 0.38), (2.0, 1.39)])
def test_a_part_goes_along_by_friction_and_creeps_outwards_a_little(speed: float, creep_mm: float) -> None:
    """On a radius of 150 mm, while the table runs for 2 s and comes to rest."""
    cell = build(turning(replace(TABLE, speed=speed), *lying(AT.offset_tool(x=0.15))))
    driver = Driver(cell)
    driver.wait(0.5)
    radius, _at = polar(cell)
    cell.set_output("run", True)
    driver.wait(2.0)
    cell.set_output("run", False)
    driver.wait(1.5)
    slipped = (polar(cell)[1] - angle(cell) + math.pi) % math.tau - math.pi
    assert abs(slipped) * 0.15 < 1e-5
    assert (polar(cell)[0] - radius) * 1e3 == pytest.approx(creep_mm, rel=0.1)


def test_a_part_on_a_table_that_is_too_fast_slides_off() -> None:
    """Friction holds 0.6 g = 5.9 m/s2; 7 rad/s want 7.4 m/s2 on this radius."""
    cell = build(turning(replace(TABLE, speed=7.0, acceleration=3.0), *lying(AT.offset_tool(x=0.15))))
    cell.set_output("run", True)
    Driver(cell).wait(4.0)
    assert cell.body_pose("part_0").position[2] < 0.1


def test_a_nest_brings_each_part_to_the_same_place_within_its_clearance() -> None:
    cell = build(turning(FEEDER.table, *lying(*FEEDER.places)))
    driver = Driver(cell)
    for n in range(6):
        index(cell, driver, "feeder_index", "feeder_done")
        away = (FEEDER.pick.inverse() @ cell.body_pose(f"part_{5 - n}")).position - (0.0, 0.0, CUBE[2] / 2)
        assert np.abs(away[:2]).max() < 0.55e-3
        assert abs(away[2]) < 5e-5


def test_table_and_parts_sleep_while_it_stands_and_wake_when_it_turns() -> None:
    cell = build(turning(TABLE, *lying(AT.offset_tool(x=0.15), AT.offset_tool(x=-0.1))))
    driver, asleep = Driver(cell), cell.world.data.tree_asleep
    driver.wait(1.0)
    trees = [int(cell.world.model.body_treeid[cell.world.body(name)]) for name in ("disc", "part_0", "part_1")]
    assert (asleep[trees] >= 0).all()
    index(cell, driver, "next", "there")
    assert (polar(cell)[1] - angle(cell)) * 0.15 == pytest.approx(0.0, abs=2e-5)
    driver.wait(1.0)
    assert (asleep[trees] >= 0).all()


def test_two_runs_are_equal_bit_for_bit() -> None:
    def run() -> bytes:
        cell = build(turning(FEEDER.table, *lying(*FEEDER.places)))
        index(cell, Driver(cell), "feeder_index", "feeder_done")
        return cell.world.data.qpos.tobytes()

    assert run() == run()


# --- seen by program, camera and trace


def test_a_program_indexes_it_and_the_trace_has_table_and_parts_where_they_are(tmp_path: Path) -> None:
    scene = turning(FEEDER.table, *lying(*FEEDER.places), frames=(("pick", FEEDER.pick),))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        documented = (Path(__file__).parents[2] / "docs" / "program.md").read_text("utf-8")
        known: dict = {}
        exec(documented[documented.index("def next_part(") :].partition("```")[0], known)
        known["next_part"](cell)
        assert cell.time == pytest.approx(1.67, abs=0.05)
        alive = talk.station.cell
        true = {name: alive.body_pose(name) for name in ("feeder", "part_0", "tool", "wrist_3")}
        assert cell.frames["pick"].distance(FEEDER.pick) < 1e-9
    trace = talk.trace
    assert [e.data["name"] for e in events(trace, "input")] == ["feeder_done", "feeder_done"]
    for name, pose in true.items():
        recorded = Pose.from_list(trace.body(name)[-1])
        assert recorded.distance(pose) < 2e-5
        assert recorded.angle(pose) < 2e-5
    turned = Pose.from_list(trace.body("feeder")[0]).inverse() @ Pose.from_list(trace.body("feeder")[-1])
    assert turned.rotvec == pytest.approx((0.0, 0.0, SIXTH), abs=1e-5)


def test_a_camera_sees_it_turn() -> None:
    top = CameraSpec("top", Pose((0.5, 0.3, 0.7)) @ DOWN, width=320, height=240, focal=(300.0, 300.0), noise=0.0)
    red = replace(lying(FEEDER.pick)[0], shapes=(Shape("box", CUBE, colour=(0.9, 0.05, 0.05)),))
    cell = build(turning(FEEDER.table, red, cameras=(replace(top, centre=(159.5, 119.5)),)))

    def seen() -> tuple[float, float]:
        blue, green, colour = np.moveaxis(cell.capture("top").colour.astype(int), 2, 0)
        rows, columns = np.nonzero((colour > 100) & (blue < 60) & (green < 60))
        return columns.mean() - 159.5, 119.5 - rows.mean()

    before = math.atan2(*reversed(seen()))
    index(cell, Driver(cell), "feeder_index", "feeder_done")
    after = math.atan2(*reversed(seen()))
    assert before == pytest.approx(0.4, abs=0.03)
    assert after == pytest.approx(0.4 + SIXTH, abs=0.03)


# --- bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stations": 0}, "The turntable 'disc' has 0 stations. It must have one or more."),
        ({"speed": 0.0}, "The turntable 'disc' has the speed 0. It must be another number, in rad/s."),
        ({"output": "", "index": ""}, "has neither an output nor an index. It must have one of them, to be turned."),
        ({"counts_per_turn": 0.0}, "has an encoder and 0.0 counts per turn. It must have a number above zero."),
        ({"height": 0.02}, "is 0.02 m thick and stands 0.02 m high. It must stand higher."),
        ({"radius": -1.0}, "turntables 1 ('disc'): radius is -1.0. It must be a number above zero."),
        ({"acceleration": 0.0}, "acceleration is 0.0. It must be a number above zero."),
        ({"torque": float("nan")}, "torque is nan. It must be a number above zero."),
        ({"shapes": (Shape("box", (1.0,)),)}, "Shape 1 of 'disc': The size of a box is (1.0,)."),
        ({"name": "table"}, "Two bodies have the name 'table'."),
        ({"done": "count"}, "Two signals of the scene have the name 'count'."),
    ],
)
def test_a_turntable_that_cannot_be_is_told_in_words(changes: dict, words: str) -> None:
    with pytest.raises(SceneError) as caught:
        build(turning(replace(TABLE, **changes)))
    assert words in str(caught.value)


def test_only_a_turntable_jams() -> None:
    with pytest.raises(SceneError, match="There is no fault 'stops' of 'disc'"):
        build(turning(faults=(Fault("stops", "disc", 0.0),)))
