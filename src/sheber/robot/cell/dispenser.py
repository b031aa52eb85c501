"""Dispenser: a head that lays glue, as physics. What leaves the nozzle lies where the nozzle is,
but for a drop that still hangs on it.

valve     answers late, both ways; then the flow follows with a time constant
strand    a bead with a half-round cross-section: area = flow / speed of the TCP, width = sqrt(8 area / pi)
too low   the bead is pressed flat under the nozzle: width = 4 area / (pi stand-off); near contact the flow chokes
too high  the strand tears: glue gathers to drops that fall apart from each other, larger and wider spread
          the higher the nozzle is
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.ahead import Ahead
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.marks import Marks
from sheber.robot.cell.scene import Colour, Shape, ToolSpec
from sheber.robot.cell.world import ROBOT, World, add_shape, set_mass
from sheber.robot.clock import STEP_S

__all__ = ["BODIES", "DEFAULTS", "FAR", "Dispenser", "add", "shapes"]

Array = NDArray[np.float64]

BODIES = ("tool",)
DEFAULTS = {
    "bore": 0.0012,  # m, inner diameter of the needle
    "max_flow": 8e-7,  # m3/s
    "open_s": 0.08,  # s from the command until glue comes
    "close_s": 0.06,  # s from the command until the flow begins to end
    "reach": 0.0045,  # m: a nozzle higher than this lays no whole strand
    "marks": 300.0,  # pieces of the bead that a replay shows
}
FOLLOW_S = 0.02  # s, time constant of the flow
ENDED = 0.02  # of the largest flow: less is none
CHOKE = 0.2  # times the bore: a stand-off below this lets less through
DROP = 6e-8  # m3, of a drop that falls from twice the reach
SCATTER = 0.25  # m of spread for each metre above the reach
TURN = 2.4  # rad from one drop to the next: spreads them evenly
FAR = 0.05  # m: no larger stand-off is told
PIECE = 0.002  # m of bead for each mark
WIDEST = 0.012  # m, of a bead as it is drawn
DOWN = np.array((0.0, 0.0, -1.0))
PIN = 0.04  # m, length of the needle
GLUE: Colour = (0.93, 0.45, 0.08)


def _names(tool: ToolSpec) -> list[str]:
    return [f"bead_{n + 1}" for n in range(round(tool.numbers_over(DEFAULTS)["marks"]))]


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the head's body and colliders to the flange."""
    body = flange.add_body(name="tool")
    set_mass(body, tool.mass, tool.centre, (0.06, 0.06, float(tool.pose.position[2])))
    for name, shape in shapes(tool):
        if name == "tool" and shape.solid:
            add_shape(spec, body, shape, 0.3, ROBOT)


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A flange plate, a cartridge with its valve, a needle that ends in the TCP, and the glue that is still to come.

    A piece of bead is a ball, sunk into the surface so far that it shows with the bead's width.
    """
    length, bore = float(tool.pose.position[2]), tool.numbers_over(DEFAULTS)["bore"]
    plate, valve, outer = 0.012, 0.03, bore / 2 + 0.0004
    barrel = length - plate - valve - PIN
    bead = Shape("sphere", (WIDEST / 2,), colour=GLUE, solid=False)
    return (
        ("tool", Shape("cylinder", (0.0315, plate), Pose((0.0, 0.0, plate / 2)), (0.78, 0.79, 0.80))),
        ("tool", Shape("cylinder", (0.019, barrel), Pose((0.0, 0.0, plate + barrel / 2)), (0.86, 0.80, 0.55))),
        ("tool", Shape("box", (0.034, 0.034, valve), Pose((0.0, 0.0, plate + barrel + valve / 2)), (0.20, 0.21, 0.23))),
        # the collider of the needle stops one radius short: a capsule's round end is the tip
        (
            "tool",
            Shape("capsule", (0.002, PIN - 0.002), Pose((0.0, 0.0, length - 0.002 - (PIN - 0.002) / 2)), drawn=False),
        ),
        ("tool", Shape("lathe", (), Pose((0.0, 0.0, length)), (0.62, 0.66, 0.70), _profile(outer), solid=False)),
        *((name, bead) for name in _names(tool)),
    )


def _profile(outer: float) -> tuple[tuple[float, float], ...]:
    """(radius, z) of the drawn needle, tip at z = 0: a cone of plastic and a tube of steel."""
    return ((0.0, -PIN), (0.009, -PIN), (0.009, -0.8 * PIN), (0.003, -0.4 * PIN), (outer, -0.4 * PIN), (outer, 0.0))


def half_round(area: float) -> float:
    """Width [m] of a free bead with this cross-section [m2]."""
    return math.sqrt(8.0 * area / math.pi)


class Dispenser:
    """The head alive."""

    kind = "dispenser"

    def __init__(self, world: World, contacts: Contacts, tool: ToolSpec) -> None:
        number = tool.numbers_over(DEFAULTS)
        self.holding = ""
        self.busy = False  # the valve is open, or about to open, or glue still comes
        self.flow = 0.0  # m3/s, that leaves the nozzle
        self.stand_off = FAR  # m, of the nozzle from what is ahead of it; measured while the head is busy
        self.laid = 0.0  # m3, of glue that lies somewhere
        self.width = 0.0  # m, of the bead that was laid last; 0 where none was laid now
        self.place = np.zeros(3)  # m, base frame: where glue was laid last
        self.max_flow, self.bore = number["max_flow"], number["bore"]
        self.open_s, self.close_s = number["open_s"], number["close_s"]
        self.marks = Marks(_names(tool))
        self._reach = number["reach"]
        self._ahead = Ahead(world)
        self._goal = self._inner = 0.0  # m3/s: of the open valve; that arrives at the nozzle
        self._asked: list[tuple[int, float]] = []  # step from which the valve lets so much through [m3/s]
        self._step = 0
        self._strand = False  # the last advance laid a whole strand
        self._drop = 0.0  # m3, that hangs at the nozzle
        self._drops = 0
        self._since_mark = math.inf  # m of bead without a mark

    def command(self, flow: float) -> None:
        """Open the valve for a flow [m3/s], or close it with 0."""
        delay = self.open_s if flow > 0.0 else self.close_s
        self._asked.append((self._step + round(delay / STEP_S), flow))
        self.busy = True

    def before(self) -> None:
        """The valve has no drive in the engine."""

    def unplug(self) -> None:
        """Its air and current are cut: the valve is closed, and nothing comes."""
        self._asked.clear()
        self._goal = self._inner = self.flow = 0.0
        self.busy = self._strand = False

    def pull(self) -> float:
        """A nozzle draws nothing."""
        return 0.0

    def after(self, step: int) -> None:
        """Let glue come for the time since the last call, and lay it."""
        seconds, self._step = (step - self._step) * STEP_S, step
        if not self.busy:
            return
        self._follow(seconds)
        self._ahead.refresh()
        distance = self._ahead.along_axis()
        self.stand_off = min(FAR, max(0.0, distance))
        self.flow = self._inner * min(1.0, self.stand_off / (CHOKE * self.bore))
        if distance <= self._reach:
            self._lay(self.flow * seconds + self._drop, self._ahead.tip + distance * self._ahead.axis)
            self._drop = 0.0
        else:
            self._let_drop(self.flow * seconds)
        self.busy = bool(self._asked) or self._goal > 0.0 or self._inner > 0.0
        if not self.busy:
            self.stand_off, self._strand, self._since_mark = FAR, False, math.inf

    def _follow(self, seconds: float) -> None:
        """Valve and flow."""
        while self._asked and self._asked[0][0] <= self._step:
            self._goal = self._asked.pop(0)[1]
        self._inner += (self._goal - self._inner) * (1.0 - math.exp(-seconds / FOLLOW_S))
        if self._goal == 0.0 and self._inner < ENDED * self.max_flow:
            self._inner = 0.0

    def _lay(self, volume: float, place: Array) -> None:
        """Lay a strand from the last place to this one, pressed flat where the nozzle is low."""
        self.width = 0.0
        if volume > 0.0:
            gone = place - self.place
            way = math.sqrt(gone.dot(gone)) if self._strand else 0.0
            if way > 1e-6:
                area = volume / way
                flat = 4.0 * area / (math.pi * self.stand_off) if self.stand_off > 0.0 else math.inf
                self.width = min(FAR, max(half_round(area), flat))
            else:
                self.width = _drop_width(volume)
            self._mark(way, place)
        self._put(volume, place)

    def _let_drop(self, volume: float) -> None:
        """Let glue gather at the nozzle, and fall where there is enough of it for a drop."""
        self.width, self._strand = 0.0, False
        self._drop += volume
        above = min(1.0, self.stand_off / self._reach - 1.0)
        if self._drop < DROP * above or self._drop == 0.0:
            return
        self._drops += 1
        spread = SCATTER * (self.stand_off - self._reach)
        aside = np.array((math.cos(TURN * self._drops), math.sin(TURN * self._drops), 0.0))
        fall = self._ahead.distance(DOWN)
        if math.isfinite(fall):
            self.width = _drop_width(self._drop)
            place = self._ahead.tip + fall * DOWN + spread * aside
            self._mark(math.inf, place)
            self._put(self._drop, place)
            self._strand = False
        self._drop = 0.0

    def _put(self, volume: float, place: Array) -> None:
        self.laid += volume
        self.place = place
        self._strand = volume > 0.0

    def _mark(self, way: float, place: Array) -> None:
        """Show the glue: a ball sunk so far that a cap of the bead's width looks out."""
        self._since_mark += way
        if self._since_mark < PIECE:
            return
        self._since_mark = 0.0
        radius = WIDEST / 2
        half = min(self.width / 2, radius)
        self.marks.lay(place - math.sqrt(radius * radius - half * half) * self._ahead.normal)


def _drop_width(volume: float) -> float:
    """Width [m] of a drop that lies as half a ball."""
    return 2.0 * math.cbrt(1.5 * volume / math.pi)
