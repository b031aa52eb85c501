"""Stacks: lamps above each other that tell people what the cell does, seen by cameras and in the replay.

A lamp that is lit is a bright body around the dark one. While it is off it waits inside the foot of the stack. What is
lit in truth is told as an event, because a lamp may be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from sheber.geometry import Pose
from sheber.robot.cell.figures import Figures
from sheber.robot.cell.scene import Colour, Fixture, LampStack, Shape
from sheber.robot.cell.wires import lamp_outputs

__all__ = ["COLOURS", "Stacks", "lit_shapes", "stack_fixture"]

COLOURS: Final[Mapping[str, tuple[Colour, Colour]]] = {
    "red": ((0.33, 0.05, 0.05), (1.00, 0.14, 0.10)),
    "yellow": ((0.36, 0.27, 0.05), (1.00, 0.82, 0.12)),
    "green": ((0.05, 0.25, 0.10), (0.16, 1.00, 0.34)),
    "blue": ((0.06, 0.11, 0.34), (0.22, 0.45, 1.00)),
    "white": ((0.40, 0.40, 0.40), (1.00, 1.00, 0.97)),
}
"""Colours of lamps: how each looks dark, and lit."""

_FOOT, _LAMP, _GAP, _CAP = 0.070, 0.048, 0.006, 0.014  # m, heights
_SKIN = 0.001  # m by which a lit lamp is wider than a dark one
_BLACK: Colour = (0.13, 0.13, 0.14)


def stack_fixture(stack: LampStack) -> Fixture:
    """The body of a stack with its lamps dark."""
    return Fixture(stack.name, tuple(_shapes(stack)), stack.pose)


def lit_shapes(stack: LampStack) -> Iterator[tuple[str, Shape]]:
    """The lit lamps: (body, shape) pairs."""
    size = (stack.radius + _SKIN, _LAMP + _SKIN)
    for name, colour in zip(lamp_outputs(stack), stack.colours, strict=True):
        yield name, Shape("cylinder", size, Pose(), COLOURS[colour][1], solid=False)


def _shapes(stack: LampStack) -> Iterator[Shape]:
    foot = Pose((0.0, 0.0, _FOOT / 2))
    yield Shape("cylinder", (stack.radius + 0.008, _FOOT), foot, _BLACK)
    for number, colour in enumerate(stack.colours):
        lens = Pose((0.0, 0.0, _height(number)))
        yield Shape("cylinder", (stack.radius, _LAMP), lens, COLOURS[colour][0])
        ring = lens.offset(z=(_LAMP + _GAP) / 2)
        yield Shape("cylinder", (stack.radius - 0.003, _GAP), ring, _BLACK, solid=False)
    cap = Pose((0.0, 0.0, _height(len(stack.colours)) - _LAMP / 2 + _CAP / 2))
    yield Shape("cylinder", (stack.radius, _CAP), cap, _BLACK)


def _height(number: int) -> float:
    """Of the middle of a lamp over the stack's foot [m]."""
    return _FOOT + _GAP + number * (_LAMP + _GAP) + _LAMP / 2


class Stacks:
    """All lamps of a cell, alive."""

    def __init__(
        self,
        stacks: Collection[LampStack],
        outputs: Mapping[str, bool],
        dark: Collection[str],
        tell: Callable[[str, dict[str, Any]], None],
    ) -> None:
        """dark: names of lamps that give no light, alive. tell: takes the kind and the values of an event."""
        self._outputs, self._dark, self._tell = outputs, dark, tell
        self._off, self._on = _places(stacks, lit=False), _places(stacks, lit=True)
        self.figures = Figures(self._off)
        self._lit = dict.fromkeys(self._off, False)

    def update(self, _steps: int) -> None:
        """Light what its output lights, if it is not broken."""
        for name, was in self._lit.items():
            lit = self._outputs[name] and name not in self._dark
            if lit is not was:
                self._lit[name] = lit
                self.figures.put(name, (self._on if lit else self._off)[name])
                self._tell("lamp", {"name": name, "value": lit})


def _places(stacks: Collection[LampStack], lit: bool) -> dict[str, Pose]:
    """Where the lit bodies are while their lamps are on, or off."""
    return {
        name: stack.pose.offset_tool(z=_height(number) if lit else _FOOT / 2)
        for stack in stacks
        for number, name in enumerate(lamp_outputs(stack))
    }
