"""Operator: buttons and selectors on a panel, and what a hand does with them by the script of the scene.

    act        begins                                                  ends
    once       `at` seconds after the start                            after `lasts` seconds
    a signal   `at` seconds after the signal `when` was `value`        likewise
    again      the same, each time that the signal came anew           likewise

A signal that comes anew while the hand is still busy with it is missed, as by a person.

A button's input says `rests` while nobody presses it. A selector stays where it was turned to: one of its inputs is on.
An operator who waits for a lamp waits for its light: for a lamp that is broken, for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import Any

from sheber.geometry import Pose
from sheber.i18n import message
from sheber.robot.cell.figures import Figures
from sheber.robot.cell.scene import Act, Colour, Control, Fixture, Scene, Shape
from sheber.robot.cell.wires import Wires, control_inputs
from sheber.robot.clock import NEVER, steps_in

__all__ = ["Operator", "control_fixture", "moving_shapes"]

PRESSES = message("operator.presses", "The operator presses {what!r}.")
TURNS = message("operator.turns", "The operator turns {what!r} to {position!r}.")

PRESSED = 0.004  # m that a button goes in
SWING = math.radians(45.0)  # between two positions of a selector, or less where it has many
_FOOT, _CAP, _KNOB = 0.006, 0.012, 0.018  # m, heights over the panel
_RING: Colour = (0.62, 0.64, 0.67)
_BLACK: Colour = (0.10, 0.10, 0.11)


# --- what it looks like --------------------------------------------------------------------


def control_fixture(control: Control) -> Fixture:
    """What of a control stands still: the ring around it."""
    ring = Shape("cylinder", (0.0165, _FOOT), Pose((0.0, 0.0, _FOOT / 2)), _RING)
    return Fixture(_foot_of(control), (ring,), control.pose)


def moving_shapes(control: Control) -> Iterator[tuple[str, Shape]]:
    """What a hand moves: (body, shape) pairs."""
    if not control.positions:
        cap = Pose((0.0, 0.0, _FOOT + _CAP / 2 - 0.001))
        yield control.name, Shape("cylinder", (0.0135, _CAP), cap, control.colour, solid=False)
        return
    knob = Pose((0.0, 0.0, _FOOT + _KNOB / 2))
    yield control.name, Shape("cylinder", (0.013, _KNOB), knob, _BLACK, solid=False)
    yield control.name, Shape("box", (0.005, 0.024, 0.004), knob.offset(z=_KNOB / 2), (0.92, 0.92, 0.90), solid=False)


def _foot_of(control: Control) -> str:
    return f"{control.name}_ring"


def _turned(control: Control, position: int) -> Pose:
    """T_base_knob of a selector in a position: the middle ones point up, the first to the left."""
    count = len(control.positions)
    swing = min(SWING, math.radians(270.0) / max(1, count - 1))
    return control.pose.rotated(z=swing * ((count - 1) / 2.0 - position))


# --- what happens --------------------------------------------------------------------------


class Operator:
    """The operator and the panel, alive."""

    def __init__(
        self, scene: Scene, wires: Wires, dark: Collection[str], tell: Callable[[str, dict[str, Any]], None]
    ) -> None:
        """dark: names of lamps that give no light, alive. tell: takes the kind and the values of an event."""
        self._controls = {control.name: control for control in scene.controls}
        self._wires, self._dark, self._tell = wires, dark, tell
        self._hands = [_Hand(act) for act in scene.operator]
        self._pressing = dict.fromkeys(self._controls, 0)  # hands on each button
        self.figures = Figures({one.name: _at_start(one) for one in scene.controls})

    def update(self, steps: int) -> None:
        """Let `steps` pass: what is pressed and turned is as at their end."""
        for hand in self._hands:
            if hand.waits:
                hand.look(self._sees(hand.act.when) is hand.act.value)
            hand.left -= steps
            while hand.left <= 0:
                self._move(hand)

    def _sees(self, signal: str) -> bool:
        wires = self._wires
        if signal in wires.outputs:
            return wires.outputs[signal] and signal not in self._dark
        return wires.inputs[signal]

    def _move(self, hand: _Hand) -> None:
        """Begin what is due, or end it."""
        act, control = hand.act, self._controls[hand.act.control]
        if control.positions:
            self._turn(control, act.position)
            hand.done()
        elif hand.presses:
            self._press(control, -1)
            hand.done()
        else:
            self._press(control, 1)
            self._tell("operator", {"what": control.name, "text": PRESSES(what=control.name)})
            hand.press()

    def _press(self, control: Control, change: int) -> None:
        self._pressing[control.name] += change
        pressed = self._pressing[control.name] > 0
        self._wires.inputs[control.name] = pressed is not control.rests
        self.figures.put(control.name, control.pose.offset_tool(z=-PRESSED if pressed else 0.0))

    def _turn(self, control: Control, position: str) -> None:
        for name, where in zip(control_inputs(control), control.positions, strict=True):
            self._wires.inputs[name] = where == position
        self.figures.put(control.name, _turned(control, control.positions.index(position)))
        self._tell("operator", {"what": control.name, "text": TURNS(what=control.name, position=position)})


def _at_start(control: Control) -> Pose:
    return _turned(control, 0) if control.positions else control.pose


class _Hand:
    """One act: what it waits for, and what comes next."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.waits = act.when != ""  # for its signal
        self.presses = False
        self.left = NEVER if self.waits else steps_in(act.at)  # steps until what comes next
        self._came = False  # the signal is there since the last time, so it is no new one

    def look(self, there: bool) -> None:
        """The signal is there, or not."""
        if there and not self._came:
            self.waits, self.left = False, steps_in(self.act.at)
        self._came = there

    def press(self) -> None:
        """The button is down."""
        self.presses = True
        self.left = NEVER if self.act.lasts is None else steps_in(self.act.lasts)

    def done(self) -> None:
        """Nothing more is to do, or the same again."""
        self.presses, self.left = False, NEVER
        self.waits = self.act.again
