"""Changer: a quick changer on the flange that locks tools of docks to itself, and lets them go.

Theory of operation. Every tool of a dock is a free body of the engine, with its own shapes, joints and drives. A tool
that is locked is welded to the changer by a constraint of the engine; one that is not is held by nothing but what it
touches, and falls (`coupling`). Locking is a motion: where the plates are within the lead-in, the weld takes over the
tool as it lies and draws it to its place, as the balls of a real coupling do, whatever presses against it. How far the
plates are off, and which tool sits in which dock, is told by `seats`.

    piston      left for
    UNLOCKED    DRAWING where a tool is within reach, else MISSED, when the valve goes to lock
    DRAWING     LOCKED when the plates lie on each other, MISSED where they do not within `GIVE_UP_S`; OPENING, when the
                valve goes to unlock
    LOCKED      OPENING, when the valve goes to unlock
    MISSED      OPENING, likewise: the piston is at its end without a tool
    OPENING     UNLOCKED after `OPENING_S`

The valve is bistable: it stays where it was switched last, also without either signal.

Numbers of the tool: `lead_in` [m], `gap` [m] and `angle_deg`: how far off the plates may be, across, along and turned,
to be drawn in. `interlock`: 1 lets it unlock only where no tool is on it or the tool sits in a dock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from sheber.geometry import Pose
from sheber.i18n import message
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.coupling import Coupling, DockTool, add_payload
from sheber.robot.cell.docks import CHANGER, MASTER, T_flange_tool, master_shapes, occupied
from sheber.robot.cell.fixtures import Waker
from sheber.robot.cell.scene import Dock, Shape, ToolSpec
from sheber.robot.cell.seats import Offset, Seats
from sheber.robot.cell.wires import LOCK, LOCKED, PRESENT, TOOL_ID, UNLOCK, UNLOCKED, Wires
from sheber.robot.cell.world import ROBOT, World, add_shape, set_mass
from sheber.robot.clock import STEP_S

__all__ = ["BODIES", "Changer", "add", "shapes"]

BODIES = (CHANGER,)

DEFAULTS = {"lead_in": 0.003, "gap": 0.002, "angle_deg": 3.0, "interlock": 0.0}
DRAWING_S = 0.25  # in which the plates come together
GIVE_UP_S = 0.6  # from the valve: what has not come by then does not lock
OPENING_S = 0.12
CLOSE_M, CLOSE_RAD = 1e-4, 2e-3  # the plates lie on each other
LOOK_STEPS = 10  # between two looks at who is near whom
FALL_M, FALL_STEPS = 5e-3, 150  # what falls so far within this time was let go in the air

NOTHING_NEAR = message("changer.nothing_near", "no tool is before the changer")
TOO_FAR_OFF = message(
    "changer.too_far_off",
    "{tool} is {across:.1f} mm beside the changer, {along:.1f} mm before it and {angle:.1f}° turned",
)
JAMMED = message("changer.jammed", "{tool} did not come to its place")

_UNLOCKED, _DRAWING, _LOCKED, _MISSED, _OPENING = range(5)


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the changer's half of the coupling (body `changer`), and the body that is lent the weight of tools."""
    body = flange.add_body(name=CHANGER)
    set_mass(body, tool.mass, tool.centre, (0.06, 0.06, MASTER))
    for _name, shape in shapes(tool):
        if shape.solid:
            add_shape(spec, body, shape, 0.4, ROBOT)
    add_payload(flange)


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A plate with a boss and its plug."""
    return tuple((CHANGER, shape) for shape in master_shapes())


class Changer:
    """The changer alive. While a tool is on it, it is that tool for the cell."""

    def __init__(self, world: World, contacts: Contacts, tool: ToolSpec) -> None:
        number = tool.numbers_over(DEFAULTS)
        self.lead_in, self.gap, self.angle_deg = number["lead_in"], number["gap"], number["angle_deg"]
        self.interlocked = number["interlock"] > 0.0
        self.spec = tool
        self.worn: DockTool | None = None  # the tool that is locked
        self.tools: dict[str, DockTool] = {}
        self._world, self._contacts = world, contacts
        self._model, self._data = world.model, world.data
        self._piston, self._since = _UNLOCKED, 0
        self._wanted = False  # where the valve is: to lock
        self._refused = False  # the interlock keeps it there
        self._step = self._next_look = 0
        self._drawn: tuple[DockTool, Pose] | None = None  # what is drawn in, and from where
        self._near: DockTool | None = None  # within reach of the balls
        self._untaken = False  # a tool came within reach and was not locked since
        self._held = ""  # part that the tool held at the last look
        self._falling: list[tuple[str, int, float, str]] = []  # parts let go: name, until step, height, by which tool

    def connect(
        self,
        docks: Sequence[Dock],
        tools: Mapping[str, DockTool],
        wires: Wires,
        waker: Waker,
        changed: Callable[[], None],
        tell: Callable[[str, dict[str, Any]], None],
    ) -> None:
        """Give it what it works with. `changed`: another tool is on; `tell`: kind and values of an event."""
        self.tools = dict(tools)
        self._seats, self._coupling = Seats(self._world, docks, tools.values()), Coupling(self._world, waker)
        self._occupied = [(occupied(dock), dock.name) for dock in docks]
        self._wires, self._waker, self._changed, self._tell = wires, waker, changed, tell
        for dock in docks:
            if dock.away:
                self._start_with(self.tools[dock.tool_name])
        self._sense()

    def _start_with(self, tool: DockTool) -> None:
        self._coupling.bring(tool)
        self._wanted, self._piston = True, _LOCKED
        self._wires.outputs[LOCK] = True
        self._put_on(tool)  # no event: no program did that

    # --- as a tool ------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """Of the tool that is on, or "changer"."""
        return self.worn.tool.kind if self.worn else CHANGER

    @property
    def holding(self) -> str:
        """Name of the part that the tool holds, or ""."""
        return self.worn.tool.holding if self.worn else ""

    @property
    def now(self) -> ToolSpec:
        """What is in front of the flange."""
        return self.worn.spec if self.worn else self.spec

    @property
    def busy(self) -> bool:
        """While the plates come together, or the tool is busy."""
        return self._piston == _DRAWING or (self.worn is not None and self.worn.tool.busy)

    @property
    def locked(self) -> bool:
        """The sensor: the piston is at its end, with a tool."""
        return self._piston == _LOCKED

    @property
    def unlocked(self) -> bool:
        """The sensor: the piston is drawn back."""
        return self._piston == _UNLOCKED

    @property
    def missed(self) -> bool:
        """The piston is at its end without a tool."""
        return self._piston == _MISSED

    def before(self) -> None:
        """Follow the valve, draw in, and write the drives of the tool."""
        self._follow_valve()
        if self._drawn is not None:
            self._draw()
        if self.worn is not None:
            self.worn.tool.before()

    def after(self, step: int) -> None:
        """Read the sensors."""
        self._step = step
        worn = self.worn
        if worn is not None:
            worn.tool.after(step)
            if worn.tool.holding != self._held:
                self._let_go(worn)
        if self._piston in (_DRAWING, _OPENING):
            self._go_on()
        if step >= self._next_look:
            self._next_look = step + LOOK_STEPS
            self._sense()

    def unplug(self) -> None:
        """The arm keeps it."""

    def pull(self) -> float:
        """That of the tool."""
        return self.worn.tool.pull() if self.worn else 0.0

    # --- valve and piston -----------------------------------------------------------------------

    def _follow_valve(self) -> None:
        outputs = self._wires.outputs
        lock, unlock = outputs[LOCK], outputs[UNLOCK]
        if lock == unlock or lock == self._wanted:
            self._refused = False
        elif lock:
            self._wanted = True
            if self._piston == _UNLOCKED:
                self._lock()
        elif self._held_by_interlock():
            if not self._refused:
                self._refused = True
                self._tell("unlock_refused", {"tool": self.worn.name if self.worn else ""})
        else:
            self._wanted = self._refused = False
            if self._piston != _UNLOCKED:
                self._open()

    def _held_by_interlock(self) -> bool:
        """Whether the valve's coil gets no current: with a tool that is in no dock."""
        return self.interlocked and self.worn is not None and not self._seats.dock_of(self.worn)[0]

    def _become(self, piston: int) -> None:
        self._piston, self._since = piston, self._step
        self._next_look = 0

    def _go_on(self) -> None:
        """A motion of the piston ends."""
        passed = (self._step - self._since) * STEP_S
        if self._piston == _OPENING:
            if passed >= OPENING_S:
                self._become(_UNLOCKED)
                if self._wanted:
                    self._lock()
        elif self._drawn is not None and passed >= DRAWING_S:
            tool, _start = self._drawn
            mujoco.mj_kinematics(self._model, self._data)
            left = self._seats.offset(tool)
            if left.across < CLOSE_M and abs(left.along) < CLOSE_M and left.angle < CLOSE_RAD:
                self._drawn = None
                self._become(_LOCKED)
                self._put_on(tool)
                self._tell("tool_on", {"tool": tool.name})
            elif passed >= GIVE_UP_S:
                self._drawn = None
                self._coupling.unweld(tool)
                self._miss(JAMMED(tool=tool.name), tool.name, left)

    def _lock(self) -> None:
        mujoco.mj_kinematics(self._model, self._data)
        tool, offset = self._seats.nearest()
        if tool is None or not self._within(offset):
            text = NOTHING_NEAR()
            if tool is not None:
                values = {"across": offset.across * 1e3, "along": offset.along * 1e3}
                text = TOO_FAR_OFF(tool=tool.name, angle=math.degrees(offset.angle), **values)
            self._miss(text, tool.name if tool else "", offset)
            return
        start = self._seats.T_changer_tool(tool)
        self._drawn = tool, start
        self._coupling.weld(tool, start)
        self._waker.wake([tool.body])
        self._become(_DRAWING)
        dock, _seat = self._seats.dock_of(tool)
        self._tell("docked", {"tool": tool.name, "dock": dock, **offset.values()})

    def _miss(self, why: Any, tool: str, offset: Offset) -> None:
        self._become(_MISSED)
        values = offset.values() if tool else {}
        self._tell("lock_missed", {"tool": tool, "text": why, **values})

    def _draw(self) -> None:
        """Move the weld on, from where the tool was to where it belongs."""
        assert self._drawn is not None
        tool, start = self._drawn
        part = min(1.0, (self._step - self._since) * STEP_S / DRAWING_S)
        self._coupling.weld(tool, _between(start, T_flange_tool, part * part * (3.0 - 2.0 * part)))

    def _open(self) -> None:
        tool = self._drawn[0] if self._drawn else self.worn
        self._drawn = None
        self._become(_OPENING)
        if tool is None:
            return
        self._coupling.unweld(tool)
        if tool is self.worn:
            self._take_off(tool)

    # --- the tool -------------------------------------------------------------------------------

    def _put_on(self, tool: DockTool) -> None:
        self.worn, self._untaken, self._held = tool, False, ""
        self._coupling.weld(tool, T_flange_tool)
        self._coupling.lend(tool)
        self._contacts.robot([CHANGER, *self._names(tool)])
        self._changed()

    def _take_off(self, tool: DockTool) -> None:
        mujoco.mj_kinematics(self._model, self._data)
        dock, seat = self._seats.dock_of(tool)
        if part := tool.tool.holding:
            self._tell("unlocked_under_load", {"tool": tool.name, "part": part})
        tool.tool.unplug()
        self.worn = None
        self._coupling.take_back(tool)
        self._contacts.robot([CHANGER])
        self._changed()
        self._tell("tool_off", {"tool": tool.name, "dock": dock, **(seat.values() if dock else {})})
        if not dock:
            self._tell("unlocked_off_dock", {"tool": tool.name})

    def _names(self, tool: DockTool) -> list[str]:
        return [self._world.bodies[body - 1] for body in range(tool.bodies.start, tool.bodies.stop)]

    def _let_go(self, worn: DockTool) -> None:
        """The tool began or ceased to hold a part."""
        part, self._held = self._held, worn.tool.holding
        if part:
            self._falling.append((part, self._step + FALL_STEPS, self._height(part), worn.name))

    def _height(self, part: str) -> float:
        return float(self._data.xpos[self._world.body(part)][2])

    # --- sensors --------------------------------------------------------------------------------

    def _sense(self) -> None:
        wires = self._wires
        near = self.worn or (self._drawn[0] if self._drawn else None) or self._within_reach()
        if near is not None and self._near is None and self.worn is None:
            self._untaken = True
        elif near is None and self._near is not None and self._untaken:
            self._untaken = False
            self._tell("left_unlocked", {"tool": self._near.name})
        self._near = near
        wires.inputs[LOCKED], wires.inputs[UNLOCKED] = self.locked, self.unlocked
        wires.inputs[PRESENT] = near is not None
        wires.analog_inputs[TOOL_ID] = float(self.worn.number) if self.worn else 0.0
        full = self._seats.full()
        for name, dock in self._occupied:
            wires.inputs[name] = dock in full
        if self._falling:
            self._watch_falling()

    def _watch_falling(self) -> None:
        still = []
        for part, until, height, tool in self._falling:
            if height - self._height(part) > FALL_M:
                self._tell("load_dropped", {"tool": tool, "part": part})
            elif self._step < until:
                still.append((part, until, height, tool))
        self._falling = still

    def _within_reach(self) -> DockTool | None:
        tool, offset = self._seats.nearest()
        return tool if tool is not None and self._within(offset) else None

    def _within(self, offset: Offset) -> bool:
        across, along = offset.across <= self.lead_in, -self.lead_in <= offset.along <= self.gap
        return across and along and offset.angle <= math.radians(self.angle_deg)


def _between(start: Pose, end: Pose, part: float) -> Pose:
    """A pose on the way from one to another, both near each other."""
    if part >= 1.0:
        return end
    place = (1.0 - part) * start.position + part * end.position
    turn = (start.inverse() @ end).rotvec
    way = Pose.from_rotvec((0.0, 0.0, 0.0), part * np.asarray(turn))
    return Pose(place, (start @ way).quaternion)
