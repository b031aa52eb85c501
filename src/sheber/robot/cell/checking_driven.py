"""Checking of what motors drive: turntables. Raises SceneError."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sheber.i18n import _
from sheber.robot.cell.refusing import shape_called, shown, wrong
from sheber.robot.cell.scene import Scene, Shape, Turntable

__all__ = ["check_driven"]


def check_driven(scene: Scene, check_shape: Callable[[Shape, Callable[[], str]], None]) -> None:
    """Raise SceneError where a turntable cannot be; `check_shape` takes a shape and what a message calls it."""
    for table in scene.turntables:
        _check_turntable(table)
        for number, shape in enumerate(table.shapes, 1):
            check_shape(shape, partial(shape_called, number, table.name))


def _check_turntable(table: Turntable) -> None:
    if table.stations < 1:
        text = _("The turntable {name!r} has {count} stations. It must have one or more.")
        raise wrong(text, name=table.name, count=table.stations)
    if table.speed == 0.0:
        raise wrong(_("The turntable {name!r} has the speed 0. It must be another number, in rad/s."), name=table.name)
    if not (table.output or table.index):
        text = _("The turntable {name!r} has neither an output nor an index. It must have one of them, to be turned.")
        raise wrong(text, name=table.name)
    if table.height <= table.thickness:
        text = _("The turntable {name!r} is {thick:g} m thick and stands {height:g} m high. It must stand higher.")
        raise wrong(text, name=table.name, thick=table.thickness, height=table.height)
    if table.encoder and table.counts_per_turn <= 0.0:
        text = _("The turntable {name!r} has an encoder and {value} counts per turn. It must have a number above zero.")
        raise wrong(text, name=table.name, value=shown(table.counts_per_turn))
