"""The PLC's handshake, encoders and ramps of belts, and faults, with numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cell_driver import Driver, box, picked, scene
from sheber.geometry import Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Belt, Fault, Handshake, LightBarrier, Part, Scene, Shape

pytestmark = pytest.mark.physics

ALONG_Y = Pose((0.45, -0.5, 0.10), (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)))  # T_base_belt: runs along +y
TURN = Handshake("turn", begins=0.1, takes=0.5, sets=(("clamp", True),))


def asked(*jobs: Handshake, **more: object) -> tuple[Cell, Driver]:
    cell = build(scene(stock.pointer(), plc=jobs, **more))
    return cell, Driver(cell)


def answers(cell: Cell, job: str = "turn") -> tuple[bool, bool]:
    return cell.inputs[f"{job}_busy"], cell.inputs[f"{job}_done"]


def carrying(**belt: object) -> Cell:
    """One box on a belt that an output runs."""
    part = Part("box", (Shape("box", (0.10, 0.08, 0.06)),), ALONG_Y @ Pose((-0.4, 0.0, 0.03)), 0.5)
    given: dict = {"output": "run", "speed": 0.2, **belt}
    return build(
        Scene(
            stock.pointer(),
            parts=(part,),
            fixtures=(stock.table(),),
            belts=(Belt("belt", ALONG_Y, 1.2, 0.16, **given),),
            meant_contacts=(("box", "belt"),),
        )
    )


def along(cell: Cell) -> float:
    """Where the box is along the belt [m]."""
    return float(cell.body_pose("box").position[1])


# --- the handshake


def test_request_busy_done_and_back() -> None:
    cell, driver = asked(TURN)
    assert list(cell.outputs) == ["turn_request"]
    driver.wait(0.2)
    assert answers(cell) == (False, False)
    cell.set_output("turn_request", True)
    driver.wait(0.08)
    assert answers(cell) == (False, False)
    driver.wait(0.04)
    assert answers(cell) == (True, False)
    assert cell.wires.coils == {"clamp": False}
    driver.wait(0.44)
    assert answers(cell) == (True, False)
    driver.wait(0.08)
    assert answers(cell) == (False, True)
    assert cell.wires.coils == {"clamp": True}
    driver.wait(1.0)
    assert answers(cell) == (False, True)  # until the request is gone
    cell.set_output("turn_request", False)
    driver.wait(0.02)
    assert answers(cell) == (False, False)


def test_a_request_that_is_taken_back_does_nothing() -> None:
    cell, driver = asked(TURN)
    cell.set_output("turn_request", True)
    driver.wait(0.3)
    assert answers(cell) == (True, False)
    cell.set_output("turn_request", False)
    driver.wait(1.0)
    assert answers(cell) == (False, False)
    assert cell.wires.coils == {"clamp": False}


def test_one_reply_comes_late_and_one_never() -> None:
    cell, driver = asked(replace(TURN, late=((1, 2.0),), unanswered=(0,)))
    cell.set_output("turn_request", True)
    driver.wait(10.0)
    assert answers(cell) == (False, False)
    cell.set_output("turn_request", False)
    driver.wait(0.02)
    cell.set_output("turn_request", True)
    driver.wait(2.08)
    assert answers(cell) == (False, False)
    driver.wait(0.06)
    assert answers(cell) == (True, False)


def test_the_time_of_a_job_is_the_same_however_many_steps_are_taken_at_once() -> None:
    moments = []
    for at_once in (5, 10):
        cell, driver = asked(TURN)
        cell.set_output("turn_request", True)
        path = np.tile(driver.q, (at_once, 1))
        while not cell.inputs["turn_done"]:
            cell.advance(path)
        moments.append(cell.step)
    assert abs(moments[0] - moments[1]) <= 10


ORDERS: tuple[tuple[tuple[str, float], ...], ...] = (
    (("part", 3.0), ("slot", 1.0)),
    (("part", 2.0), ("slot", 4.0)),
    (("part", 0.0), ("slot", 0.0)),
)


def done(cell: Cell, driver: Driver, job: str) -> tuple[float, ...]:
    """Ask for a job, wait until it is done, take the request back; the numbers that there are then."""
    cell.set_output(f"{job}_request", True)
    driver.wait(1.0)
    assert answers(cell, job) == (False, True)
    cell.set_output(f"{job}_request", False)
    driver.wait(0.02)
    return tuple(cell.analog_inputs.values())


def test_a_job_gives_other_numbers_each_time_and_its_last_ones_again() -> None:
    cell, driver = asked(replace(TURN, gives=ORDERS), analog_inputs=(("part", ""), ("slot", "")))
    assert tuple(cell.analog_inputs.values()) == (0.0, 0.0)
    cell.set_output("turn_request", True)
    driver.wait(0.5)
    assert tuple(cell.analog_inputs.values()) == (0.0, 0.0)  # busy: not before it is done
    cell.set_output("turn_request", False)
    driver.wait(0.02)  # and what was taken back used none up
    assert [done(cell, driver, "turn") for _time in range(4)] == [(3.0, 1.0), (2.0, 4.0), (0.0, 0.0), (0.0, 0.0)]


def test_the_plc_calls_for_a_job_once() -> None:
    rush = replace(TURN, name="rush", calls=2.0, gives=((("part", 7.0),),))
    cell, driver = asked(rush, analog_inputs=(("part", ""),))
    assert list(cell.inputs) == ["rush", "rush_busy", "rush_done"]
    cell.set_output("rush_request", True)
    driver.wait(1.98)
    assert (cell.inputs["rush"], answers(cell, "rush")) == (False, (False, False))
    driver.wait(0.04)
    assert cell.inputs["rush"] is True
    driver.wait(0.5)
    assert (cell.inputs["rush"], answers(cell, "rush")) == (True, (True, False))
    driver.wait(0.2)
    assert (cell.inputs["rush"], answers(cell, "rush")) == (False, (False, True))
    assert cell.analog_inputs == {"part": 7.0}
    cell.set_output("rush_request", False)
    driver.wait(0.02)
    cell.set_output("rush_request", True)
    driver.wait(3.0)
    assert answers(cell, "rush") == (False, False)  # there is none any more


# --- encoders and ramps


@pytest.mark.parametrize("counts_per_m", [1000.0, 12345.0])
def test_an_encoder_counts_the_way_of_the_surface(counts_per_m: float) -> None:
    cell = carrying(encoder="counts", counts_per_m=counts_per_m)
    driver = Driver(cell)
    cell.set_output("run", True)
    driver.wait(0.5)
    before, start = cell.analog_inputs["counts"], along(cell)
    assert before == int(before)
    driver.wait(1.5)
    moved = along(cell) - start
    assert moved == pytest.approx(0.3, abs=2e-4)
    assert (cell.analog_inputs["counts"] - before) / counts_per_m == pytest.approx(moved, abs=2e-4 + 2 / counts_per_m)


def test_a_belt_that_ramps_takes_its_parts_along_without_slip() -> None:
    """Speed grows from 0 to 0.2 m/s in 0.4 s, 0.5 m/s2: far below what friction holds (0.6 g)."""
    cell = carrying(ramp=0.4, encoder="counts", counts_per_m=1e6)
    driver = Driver(cell)
    driver.wait(0.2)
    start = along(cell)
    cell.set_output("run", True)
    driver.wait(1.0)
    cell.set_output("run", False)
    driver.wait(1.0)
    way = cell.analog_inputs["counts"] * 1e-6
    assert way == pytest.approx(0.2 * 1.0, abs=0.005)  # what the start lacks the end has
    assert along(cell) - start == pytest.approx(way, abs=5e-4)
    rest = along(cell)
    driver.wait(0.5)
    assert along(cell) == pytest.approx(rest, abs=1e-6)


def test_a_part_with_its_origin_in_its_foot_is_woken_too() -> None:
    cell = carrying()
    pin = stock.peg("box", ALONG_Y @ Pose((-0.4, 0.0, 0.0)))
    cell = build(replace(cell.scene, parts=(pin,)))
    driver = Driver(cell)
    driver.wait(1.0)  # it sleeps, a little below the surface
    start = along(cell)
    cell.set_output("run", True)
    driver.wait(1.0)
    assert along(cell) - start == pytest.approx(0.19, abs=0.015)


def test_a_belt_that_runs_backwards_comes_to_its_speed_and_stays_there() -> None:
    cell = carrying(ramp=0.1, speed=-0.05, encoder="counts", counts_per_m=1e6)
    driver = Driver(cell)
    cell.set_output("run", True)
    driver.wait(0.5)
    before = cell.analog_inputs["counts"]
    driver.wait(0.5)
    assert (cell.analog_inputs["counts"] - before) * 1e-6 == pytest.approx(-0.025, abs=1e-5)


# --- faults


def test_a_belt_stands_while_its_fault_lasts_and_goes_on() -> None:
    cell = carrying(encoder="counts", counts_per_m=1e4)
    cell = build(replace(cell.scene, faults=(Fault("stops", "belt", begins=0.5, ends=1.5),)))
    driver = Driver(cell)
    cell.set_output("run", True)
    places = []
    for _half in range(5):
        driver.wait(0.5)
        places.append(along(cell))
    moved = np.diff(places)
    assert moved == pytest.approx([0.0, 0.0, 0.1, 0.1], abs=0.004)
    assert [(kind, values["what"]) for kind, values in cell.happened] == [("fault", "belt"), ("fault_end", "belt")]


def test_a_job_of_the_plc_clears_the_faults_of_what_it_names() -> None:
    """A fault that has not begun is not cleared, and one that was cleared does not end again by its time."""
    cell = carrying(encoder="counts", counts_per_m=1e4)
    reset = Handshake("reset", begins=0.1, takes=0.3, clears=("belt",))
    faults = (Fault("stops", "belt", begins=0.0, ends=4.0), Fault("stops", "belt", begins=3.0))
    cell = build(replace(cell.scene, faults=faults, plc=(reset,)))
    driver = Driver(cell)
    cell.set_output("run", True)
    moved = []
    for at, job in ((1.0, True), (2.0, False), (3.0, False), (5.0, False)):
        start = along(cell)
        cell.set_output("reset_request", job)
        driver.wait(at - cell.step * 0.002)
        moved.append(along(cell) - start)
    assert moved == pytest.approx([0.12, 0.2, 0.2, 0.0], abs=0.015)
    assert [kind for kind, _values in cell.happened] == ["fault", "fault_end", "fault"]


def test_a_barrier_sticks_and_works_again() -> None:
    post = stock.post("post", 0.02, 0.2, Pose((0.5, 0.0, 0.0)))
    barrier = LightBarrier("free", (0.4, -0.3, 0.1), (0.6, -0.3, 0.1))
    fault = Fault("sticks", "free", begins=0.2, ends=0.6, value=1.0)
    cell = build(scene(stock.pointer(), fixtures=(post,), barriers=(barrier,), faults=(fault,)))
    driver = Driver(cell)
    seen = []
    for _tick in range(4):
        driver.wait(0.2)
        seen.append(cell.inputs["free"])
    assert seen == [False, True, True, False]


def test_a_cup_that_leaks_loses_its_part_and_one_that_leaks_a_little_holds_it() -> None:
    """2 kg need 20 N of the cup's 82 N."""
    for leak, held in ((0.3, "box"), (0.9, "")):
        cell, driver, _pick = picked(box(mass=2.0), faults=(Fault("leaks", "tool", begins=3.0, value=leak),))
        assert cell.tool.holding == "box"
        assert cell.step < 3.0 / 0.002
        driver.wait(3.0)
        assert cell.tool.holding == held


def test_a_job_falls_silent_and_answers_again() -> None:
    cell, driver = asked(TURN, faults=(Fault("falls_silent", "turn", begins=0.0, ends=2.0),))
    cell.set_output("turn_request", True)
    driver.wait(1.9)
    assert answers(cell) == (False, False)
    driver.wait(1.0)
    assert answers(cell) == (False, False)  # it never noticed this request
    cell.set_output("turn_request", False)
    driver.wait(0.02)
    cell.set_output("turn_request", True)
    driver.wait(0.7)
    assert answers(cell) == (False, True)
