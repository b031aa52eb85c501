"""Checking of what people touch and see: controls, what the operator does with them, lamp stacks. Raises SceneError."""

from __future__ import annotations

import math

from sheber.i18n import _
from sheber.robot.cell.refusing import listed, shown, wrong
from sheber.robot.cell.scene import Act, Control, LampStack, Scene
from sheber.robot.cell.stacks import COLOURS
from sheber.robot.cell.wires import digital_inputs, digital_outputs

__all__ = ["check_panel"]


def check_panel(scene: Scene) -> None:
    """Raise SceneError where a control, an act of the operator or a lamp stack cannot be."""
    for control in scene.controls:
        _check_control(control)
    controls = {control.name: control for control in scene.controls}
    signals = [*digital_inputs(scene), *digital_outputs(scene)]
    for number, act in enumerate(scene.operator, 1):
        _check_act(act, number, controls, signals)
    for stack in scene.stacks:
        _check_stack(stack)


def _check_control(control: Control) -> None:
    positions = control.positions
    if positions and (len(positions) < 2 or not _are_different(positions)):
        text = _(
            "The selector {name!r} has the positions {value}. It must have two or more different names, or () for a "
            "button."
        )
        raise wrong(text, name=control.name, value=shown(positions))


def _check_act(act: Act, number: int, controls: dict[str, Control], signals: list[str]) -> None:
    control = controls.get(act.control)
    if control is None:
        text = _("operator {number}: There is no control {name!r}. The controls are: {names}.")
        raise wrong(text, number=number, name=act.control, names=listed(controls))
    if act.position not in (control.positions or ("",)):
        text = _("operator {number}: {name!r} has no position {position!r}. Its positions are: {names}.")
        raise wrong(
            text, number=number, name=act.control, position=act.position, names=listed(map(repr, control.positions))
        )
    if act.when and act.when not in signals:
        text = _("operator {number}: There is no digital signal {name!r}. The digital signals are: {names}.")
        raise wrong(text, number=number, name=act.when, names=listed(signals))
    if act.again and not act.when:
        raise wrong(_("operator {number}: What is done again needs a signal. Write when=..."), number=number)
    if act.lasts is not None and not _is_positive(act.lasts):
        text = _("operator {number}: lasts is {value}. It must be a number above zero, in seconds, or None.")
        raise wrong(text, number=number, value=shown(act.lasts))


def _are_different(names: tuple[object, ...]) -> bool:
    """Names of which none is there twice."""
    return all(isinstance(one, str) and one for one in names) and len(set(names)) == len(names)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 < value < math.inf


def _check_stack(stack: LampStack) -> None:
    colours = stack.colours
    if not colours or not _are_different(colours) or not set(colours) <= set(COLOURS):
        text = _("The lamp stack {name!r} has the colours {value}. It must have each once, of: {names}.")
        raise wrong(text, name=stack.name, value=shown(colours), names=listed(COLOURS))
