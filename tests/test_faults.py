"""Faults: what a scene may fail in, what a cell can let fail, and what a teacher may ask for are the same."""

from __future__ import annotations

import pytest

from sheber.exercises import catalogue
from sheber.exercises.robot_cell import FAULTS
from sheber.geometry import Pose
from sheber.robot.cell import stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.faults import WORDS, may_fail
from sheber.robot.cell.scene import Belt, Handshake, LampStack, Light, LightBarrier, Scene
from sheber.robot.kind import CELL

FEEDER = stock.rotary_feeder("feeder", Pose((0.6, -0.4, 0.2)), (0.04, 0.04))


def everything() -> Scene:
    """A cell with one of each thing that can fail, and two suction cups in docks."""
    cups = [
        stock.dock(f"dock_{n}", Pose((0.35, y, 0.32)), stock.suction(), f"cup_{n}") for n, y in enumerate((0.4, -0.4))
    ]
    return Scene(
        tool=stock.changer(),
        docks=tuple(cups),
        fixtures=(stock.table(),),
        belts=(Belt("belt", Pose((0.5, 0.1, 0.1)), 0.4, 0.1, 0.1),),
        turntables=(FEEDER.table,),
        barriers=(LightBarrier("free", (0.2, 0.3, 0.4), (0.4, 0.3, 0.4)),),
        plc=(Handshake("clamp"),),
        lights=(Light("ring", "ring", Pose((0.5, 0.0, 0.6)), (0.05,)),),
        stacks=(LampStack("stack", Pose((0.2, 0.5, 0.0))),),
    )


def test_every_kind_has_words_and_a_teacher_may_ask_for_it() -> None:
    assert set(WORDS) == set(FAULTS) == {kind for kind, _what in may_fail(everything())}


@pytest.mark.physics
def test_a_cell_has_a_switch_for_each_thing_that_may_fail() -> None:
    scene = everything()
    assert sorted(Cell(scene)._switches()) == sorted(may_fail(scene))


@pytest.mark.physics
@pytest.mark.parametrize("name", [exercise.name for exercise in catalogue() if exercise.station is CELL])
def test_so_has_the_cell_of_each_exercise(name: str) -> None:
    (exercise,) = [one for one in catalogue() if one.name == name]
    scene = exercise.scene(1)
    assert sorted(Cell(scene)._switches()) == sorted(may_fail(scene))
