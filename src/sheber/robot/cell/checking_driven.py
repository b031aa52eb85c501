"""Checking of what motors drive: turntables, a positioner. Raises SceneError."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.robot.cell.drives import INERTIA
from sheber.robot.cell.refusing import shape_called, shown, wrong
from sheber.robot.cell.scene import Axis, Positioner, Scene, Shape, Turntable

__all__ = ["check_driven"]


def check_driven(scene: Scene, check_shape: Callable[[Shape, Callable[[], str]], None]) -> None:
    """Raise SceneError where a turntable or the positioner cannot be.

    `check_shape` takes a shape and what a message calls it.
    """
    for table in scene.turntables:
        _check_turntable(table)
        for number, shape in enumerate(table.shapes, 1):
            check_shape(shape, partial(shape_called, number, table.name))
    if scene.positioner is not None:
        _check_positioner(scene.positioner)
        for number, shape in enumerate(scene.positioner.carries, 1):
            check_shape(shape, partial(shape_called, number, scene.positioner.name))


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
    _check_torque(table.name, table.acceleration, table.torque)
    if table.encoder and table.counts_per_turn <= 0.0:
        text = _("The turntable {name!r} has an encoder and {value} counts per turn. It must have a number above zero.")
        raise wrong(text, name=table.name, value=shown(table.counts_per_turn))


def _check_torque(name: str, acceleration: float, torque: float) -> None:
    """A motor can give its acceleration to itself and its gears, with nothing on them."""
    if INERTIA * acceleration > torque:
        text = _(
            "The motor of {name!r} has {torque:g} Nm. An acceleration of {asked:g} rad/s² wants {wanted:g} Nm for its "
            "own inertia ({inertia:g} kg m²). The largest acceleration is {most:g} rad/s²."
        )
        about = {"torque": torque, "asked": acceleration, "wanted": INERTIA * acceleration, "most": torque / INERTIA}
        raise wrong(text, name=name, inertia=INERTIA, **about)


def _check_positioner(positioner: Positioner) -> None:
    if not positioner.axes:
        raise wrong(_("The positioner {name!r} has no axis. It must have tilt, turn or both."), name=positioner.name)
    for name, axis in positioner.axes:
        _check_axis(positioner.name, name, axis)
        _check_torque(f"{positioner.name} {name}", axis.acceleration, axis.torque)
    if positioner.below < 0.0 or positioner.height <= max(positioner.below, 0.0):
        text = _(
            "The positioner {name!r}: below is {below:g} m and height is {height:g} m. The tilting axis must lie under "
            "the plate's surface, and over what the positioner stands on."
        )
        raise wrong(text, name=positioner.name, below=positioner.below, height=positioner.height)
    frames: Any = positioner.frames
    for entry in frames:
        if not isinstance(entry, tuple) or len(entry) != 2 or not isinstance(entry[1], Pose):
            text = _("The positioner {name!r}: frames has the entry {value}. Each entry must be a name and a Pose.")
            raise wrong(text, name=positioner.name, value=shown(entry))
    if positioner.clamped and not positioner.clamp:
        text = _("The positioner {name!r} has the input {signal!r} of a clamp, and no clamp. Write clamp=...")
        raise wrong(text, name=positioner.name, signal=positioner.clamped)


def _check_axis(positioner: str, name: str, axis: object) -> None:
    if not isinstance(axis, Axis):
        text = _("The positioner {positioner!r}: {name} is {value}. It must be an Axis or None.")
        raise wrong(text, positioner=positioner, name=name, value=shown(axis))
    numbers: tuple[Any, ...] = (axis.lower, axis.upper, axis.speed, axis.acceleration, axis.torque)
    plain = all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
    if not plain or not axis.lower <= 0.0 <= axis.upper or min(axis.speed, axis.acceleration, axis.torque) <= 0.0:
        text = _(
            "The positioner {positioner!r}: {name} is {value}. Its range must be finite and hold 0. Speed, "
            "acceleration and torque must be above zero."
        )
        raise wrong(text, positioner=positioner, name=name, value=axis)
