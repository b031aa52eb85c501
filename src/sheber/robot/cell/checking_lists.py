"""Checking of a scene's lists: pairs of names, signals, numbers of tools and of joints. Raises SceneError."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sheber.i18n import _
from sheber.robot.arms import load
from sheber.robot.cell.docks import tools_of_docks
from sheber.robot.cell.refusing import is_number, shown, wrong
from sheber.robot.cell.scene import Scene, ToolSpec

__all__ = ["check_lists"]


def check_lists(scene: Scene, check_shape: Callable[[Any, Callable[[], str]], None]) -> None:
    """Raise SceneError where an entry of a list is not what belongs there.

    Arm, tools and docks are what they shall be. `check_shape` takes a shape and what a message calls it.
    """
    for name in ("meant_contacts", "measured_contacts"):
        _check_pairs(name, getattr(scene, name), _("two names of bodies: (('tool', 'plate'),)"))
    for name in ("analog_inputs", "analog_outputs"):
        _check_pairs(name, getattr(scene, name), _("a name and a unit: (('flow', 'l/min'),)"))
    outputs: Any = scene.outputs
    for entry in outputs:
        if not isinstance(entry, str) or not entry:
            text = _("outputs has the entry {value}. Each entry must be a text that is not empty.")
            raise wrong(text, value=shown(entry))
    joints, count = scene.imperfections.joint_zero, len(load(scene.arm).joints)
    if len(joints) not in (0, count) or not all(map(is_number, joints)):
        text = _("imperfections: joint_zero is {value}. It must be {count} numbers, or () for none.")
        raise wrong(text, value=shown(joints), count=count)
    for barrier in scene.barriers:
        for name in ("start", "end"):
            _check_place(f"barriers ({barrier.name!r}): {name}", getattr(barrier, name))
    for where, tool in (
        ("tool", scene.tool),
        *((f"docks ({dock.name!r}) tool", tool) for dock, tool in tools_of_docks(scene)),
    ):
        _check_tool(where, tool)
        for shape in tool.carries:
            check_shape(shape, partial(_carried, where))


def _carried(tool: str) -> str:
    return _("A shape that {tool} carries").format(tool=tool)


def _check_pairs(name: str, entries: Any, wanted: str) -> None:
    for entry in entries:
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not all(isinstance(one, str) for one in entry):
            text = _("{name} has the entry {value}. Each entry must be {wanted}.")
            raise wrong(text, name=name, value=shown(entry), wanted=wanted)


def _check_tool(where: str, tool: ToolSpec) -> None:
    _check_place(f"{where}: centre", tool.centre)
    numbers: Any = tool.numbers
    for entry in numbers:
        pair = isinstance(entry, tuple | list) and len(entry) == 2
        if not pair or not isinstance(entry[0], str) or not is_number(entry[1]):
            text = _("{where}: numbers has the entry {value}. Each entry must be a name and a number that is finite.")
            raise wrong(text, where=where, value=shown(entry))


def _check_place(where: str, place: Any) -> None:
    if len(place) != 3 or not all(map(is_number, place)):
        raise wrong(_("{where} is {value}. It must be three numbers, in metres."), where=where, value=shown(place))
