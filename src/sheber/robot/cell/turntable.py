"""Turntable: a rotary feeder. A motor turns a round table; parts go along by friction, or by nests that turn with it.

    output   while it is on, the table turns on and on; when it goes off, the table comes to rest where it can
    index    when it comes on, the table turns to its next station, unless it turns on and on
    done     True while the table stands at a station: off from the first tick of an index to its end

Friction of the engine acts on speeds at the beginning of a step: a part without a nest creeps outwards, by about
0.7 of the acceleration towards the middle times the step, each second. Precise places want nests.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sheber.geometry import Pose
from sheber.robot.cell.drives import Drive, Limits, add_driven
from sheber.robot.cell.fixtures import Waker
from sheber.robot.cell.scene import Fixture, Shape, Turntable
from sheber.robot.cell.wires import Wires
from sheber.robot.cell.world import World

__all__ = ["TurningTable", "add_turntable", "column", "table_shapes"]

IN_PLACE = 1e-3  # rad from a station: the table counts as being there
_JUST_PAST = 1e-6  # rad
_CLEAR = 1e-3  # m between table and column
_PLATE, _DARK, _YELLOW = (0.72, 0.74, 0.76), (0.25, 0.26, 0.28), (0.95, 0.74, 0.08)


def add_turntable(spec: Any, table: Turntable) -> None:
    """Add the table and its motor to the engine's model."""
    about_z = ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    shapes = tuple(_solid(table))
    add_driven(spec, spec.worldbody, table.name, table.pose, shapes, table.torque, table.friction, about_z)


def _solid(table: Turntable) -> Iterator[Shape]:
    yield Shape("cylinder", (table.radius, table.thickness), Pose((0.0, 0.0, -table.thickness / 2)), _PLATE)
    yield from table.shapes


def table_shapes(table: Turntable) -> Iterator[tuple[str, Shape]]:
    """What turns: (body, shape) pairs. The rim has a mark at each station; the first is yellow."""
    for shape in _solid(table):
        yield table.name, shape
    for number in range(table.stations):
        out = Pose().rotated(z=2.0 * math.pi * number / table.stations)
        length = 0.03 if number == 0 else 0.012
        at = out.offset_tool(x=table.radius - length / 2 - 0.002, z=2e-4)
        yield table.name, Shape("plane", (length, 0.004), at, _YELLOW if number == 0 else _DARK, solid=False)


def column(table: Turntable) -> Fixture:
    """What of it stands still."""
    height = table.height - table.thickness - _CLEAR
    middle = Pose((0.0, 0.0, -table.thickness - _CLEAR - height / 2))
    shape = Shape("cylinder", (0.4 * table.radius, height), middle, _DARK)
    return Fixture(f"{table.name}_column", (shape,), table.pose)


class TurningTable:
    """The table alive."""

    def __init__(self, world: World, table: Turntable, waker: Waker, wires: Wires) -> None:
        self.table = table
        self.blocked = False  # a fault: it comes to rest, whatever it is told
        speed = abs(table.speed)
        self.drive = Drive(world, [table.name], [Limits(speed, table.acceleration)], waker)
        self._wires = wires
        self._step = math.copysign(2.0 * math.pi / table.stations, table.speed)  # rad from a station to the next
        self._runs = False
        self._was_asked = False  # the output `index`, when it was looked at last
        self._goal: float | None = None  # rad, of the index that is under way
        self._tell()

    def jam(self, blocked: bool, _value: float) -> None:
        """A fault: come to rest, whatever it is told; or go on."""
        self.blocked = blocked
        if blocked:
            self._runs = False
            self.drive.run([0.0])
        elif self._goal is not None:
            self.drive.go([self._goal])

    def update(self, steps: int) -> None:
        """Obey the outputs for the next `steps`."""
        outputs, table = self._wires.outputs, self.table
        wanted = bool(table.output) and outputs[table.output] and not self.blocked
        if wanted is not self._runs:
            self._runs, self._goal = wanted, None
            self.drive.run([table.speed if wanted else 0.0])
        asked = bool(table.index) and outputs[table.index]
        if asked and not self._was_asked and not self._runs:
            self._goal = self._next()
            if not self.blocked:
                self.drive.go([self._goal])
        self._was_asked = asked
        before = float(self.drive.target[0])
        self.drive.advance(steps)
        self._tell(float(self.drive.target[0]) - before)

    def _next(self) -> float:
        """The angle of the station that follows: the one after the goal of an index that is under way."""
        here = self._goal if self._goal is not None else float(self.drive.target[0])
        return (math.floor(here / self._step + _JUST_PAST) + 1) * self._step

    def _tell(self, ahead: float = 0.0) -> None:
        """Set the inputs as they will be when the table has turned by `ahead` [rad] more."""
        table, wires = self.table, self._wires
        angle = float(self.drive.angles[0]) + ahead
        if table.done:
            off = abs(angle / self._step - round(angle / self._step)) * abs(self._step)
            wires.inputs[table.done] = not self.drive.moving and off < IN_PLACE
        if table.encoder:
            wires.analog_inputs[table.encoder] = float(math.floor(angle * table.counts_per_turn / math.tau))
