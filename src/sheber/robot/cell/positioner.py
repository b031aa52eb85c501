"""Positioner: a plate that motors tilt and turn, with what is screwed to it and what is clamped on it.

    stand       a fixture, `name_stand`
    cradle      tilts about x, `name_cradle`; where there is no turning axis it is the plate itself
    plate       turns about its z, `name`; parts lie on it by friction, or are clamped

A clamp that closes holds every loose part that touches the plate, or what the plate carries, exactly as it lies, until
the clamp opens. What falls or is pushed against is met by real contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.drives import Drive, Limits, add_driven
from sheber.robot.cell.fixtures import Waker
from sheber.robot.cell.scene import Fixture, Part, Positioner, Shape
from sheber.robot.cell.wires import Wires
from sheber.robot.cell.world import World

__all__ = ["TiltingTable", "add_clamps", "add_positioner", "driven", "plate_shapes", "stand"]

Array = NDArray[np.float64]

TOUCHES: Final = 1e-3  # m: a part nearer than this to the plate, or to what it carries, is clamped
CLAMP_SOLREF, CLAMP_SOLIMP = (0.004, 1.0), (0.99, 0.9999, 1e-4, 0.5, 2.0)
_PLATE, _CASE, _DARK = (0.72, 0.74, 0.76), (0.86, 0.45, 0.12), (0.20, 0.21, 0.23)
_THICK, _CLEAR = 0.02, 2e-3  # m, of the plate; between what moves and what does not
_ALONG_X = Pose().rotated(y=np.pi / 2.0)


def driven(positioner: Positioner) -> list[str]:
    """Names of the bodies that motors move, from the stand to the plate."""
    both = positioner.tilt is not None and positioner.turn is not None
    return [*([f"{positioner.name}_cradle"] if both else []), positioner.name]


# --- what it is made of --------------------------------------------------------------------


def add_positioner(spec: Any, positioner: Positioner) -> None:
    """Add cradle and plate with their motors to the engine's model."""
    parent, pose = spec.worldbody, positioner.pose
    shapes: dict[str, list[Shape]] = {name: [] for name in driven(positioner)}
    for body, shape in plate_shapes(positioner):
        shapes[body].append(shape)
    for body, (axis, limits) in zip(driven(positioner), positioner.axes, strict=True):
        hinge = (
            ((1.0, 0.0, 0.0), (0.0, 0.0, -positioner.below)) if axis == "tilt" else ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
        )
        parent = add_driven(spec, parent, body, pose, shapes[body], limits.torque, positioner.friction, hinge)
        spec.add_exclude(bodyname1=_stand_of(positioner), bodyname2=body)
        pose = Pose()


def add_clamps(spec: Any, positioner: Positioner, parts: Sequence[Part]) -> None:
    """Add a clamp, open, for each part to the engine's model."""
    for part in parts if positioner.clamp else ():
        weld = spec.add_equality(name=f"clamp_{part.name}", type=mujoco.mjtEq.mjEQ_WELD)
        weld.objtype, weld.active = mujoco.mjtObj.mjOBJ_BODY, False
        weld.name1, weld.name2 = positioner.name, part.name
        weld.solref, weld.solimp = CLAMP_SOLREF, CLAMP_SOLIMP


def plate_shapes(positioner: Positioner) -> Iterator[tuple[str, Shape]]:
    """What moves: (body, shape) pairs, each in the frame of the plate with all axes at 0."""
    plate, cradle = positioner.name, driven(positioner)[0]
    disc = Pose((0.0, 0.0, -_THICK / 2))
    yield plate, Shape("cylinder", (positioner.radius, _THICK), disc, _PLATE)
    yield plate, Shape("box", (0.03, 0.006, 4e-4), Pose((positioner.radius - 0.018, 0.0, 0.0)), _CASE, solid=False)
    for shape in positioner.carries:
        yield plate, shape
    if positioner.tilt is not None:
        for shape in _cradle(positioner):
            yield cradle, shape


def _cradle(positioner: Positioner) -> Iterator[Shape]:
    """A beam under the plate between two arms that hang in the axis."""
    arm, deep = positioner.radius + 0.03, max(positioner.below, _THICK + 0.02)
    yield Shape("box", (2.0 * arm, 0.07, 0.03), Pose((0.0, 0.0, -deep)), _DARK)
    hub = deep - 0.015 - _THICK - _CLEAR
    if hub > 0.0:
        yield Shape("cylinder", (0.045, hub), Pose((0.0, 0.0, -_THICK - _CLEAR - hub / 2)), _DARK)
    for side in (-1.0, 1.0):
        yield Shape("box", (0.02, 0.07, 0.09), Pose((side * arm, 0.0, -positioner.below)), _CASE)


def stand(positioner: Positioner) -> Fixture:
    """What of it stands still."""
    shapes = _uprights(positioner) if positioner.tilt is not None else _column(positioner)
    return Fixture(_stand_of(positioner), tuple(shapes), positioner.pose)


def _stand_of(positioner: Positioner) -> str:
    return f"{positioner.name}_stand"


def _uprights(positioner: Positioner) -> Iterator[Shape]:
    at, high = positioner.radius + 0.03 + 0.01 + _CLEAR + 0.015, positioner.height - positioner.below + 0.045
    yield Shape("box", (2.0 * at + 0.03, 0.16, 0.015), Pose((0.0, 0.0, 0.0075 - positioner.height)), _DARK)
    for side in (-1.0, 1.0):
        middle = Pose((side * at, 0.0, high / 2 - positioner.height))
        yield Shape("box", (0.03, 0.09, high), middle, _CASE)
        motor = Pose((side * (at + 0.03), 0.0, -positioner.below)) @ _ALONG_X
        yield Shape("cylinder", (0.035, 0.03), motor, _DARK)


def _column(positioner: Positioner) -> Iterator[Shape]:
    high = positioner.height - _THICK - _CLEAR
    yield Shape("cylinder", (0.5 * positioner.radius, high), Pose((0.0, 0.0, high / 2 - positioner.height)), _CASE)


# --- what it does --------------------------------------------------------------------------


class TiltingTable:
    """The positioner alive."""

    def __init__(
        self,
        world: World,
        positioner: Positioner,
        waker: Waker,
        wires: Wires,
        tell: Callable[[str, dict[str, Any]], None],
    ) -> None:
        """tell: takes the kind and the values of an event."""
        self.positioner = positioner
        limits = [Limits(axis.speed, axis.acceleration) for _name, axis in positioner.axes]
        self.drive = Drive(world, driven(positioner), limits, waker)
        self._tell = tell
        self._moves = False
        self._clamp = _Clamp(world, positioner, waker, wires) if positioner.clamp else None

    @property
    def joints(self) -> Array:
        """True angles of the axes (n,) rad; a view."""
        return self.drive.angles

    def move(self, goal: Sequence[float], speed: float | None, acceleration: float | None) -> None:
        """Move all axes together to angles (n,) rad; speed [rad/s] and acceleration [rad/s2] of each at most these."""
        limits = [
            Limits(min(axis.speed, speed or axis.speed), min(axis.acceleration, acceleration or axis.acceleration))
            for _name, axis in self.positioner.axes
        ]
        self.drive.go(goal, limits)
        self._moves = True

    def stop(self) -> None:
        """Come to rest as soon as the limits allow."""
        if self.drive.moving:
            self.drive.run([0.0] * len(self.joints))

    def update(self, steps: int) -> None:
        """Let the axes go on for the next `steps`; close and open the clamp."""
        if self._clamp is not None:
            self._clamp.update()
        self.drive.advance(steps)
        if self._moves and not self.drive.moving:
            self._moves = False
            self._tell("positioner_done", {})


class _Clamp:
    """Holds the parts that touch the plate, while its signal is on."""

    def __init__(self, world: World, positioner: Positioner, waker: Waker, wires: Wires) -> None:
        self._world, self._waker, self._inputs = world, waker, wires.inputs
        self._signal, self._says = positioner.clamp, positioner.clamped
        self._signals = wires.coils if positioner.clamp in wires.coils else wires.outputs
        self._plate = world.body(positioner.name)
        self._welds = {world.body(name): int(world.model.equality(f"clamp_{name}").id) for name in world.parts}
        self._closed = False

    def update(self) -> None:
        """Do what the signal says."""
        wanted = self._signals[self._signal]
        if wanted is not self._closed:
            self._closed = wanted
            held = self._close() if wanted else self._open()
            if self._says:
                self._inputs[self._says] = held

    def _close(self) -> bool:
        """Hold what touches; whether that is anything."""
        model, data = self._world.model, self._world.data
        mujoco.mj_kinematics(model, data)
        T_plate_base = _pose_of(data, self._plate).inverse()
        touching = [body for body in self._welds if self._touches(body)]
        for body in touching:
            held = T_plate_base @ _pose_of(data, body)
            model.eq_data[self._welds[body]][:10] = (0.0, 0.0, 0.0, *held.to_list())  # anchor, T_plate_part
            data.eq_active[self._welds[body]] = 1
        self._waker.wake(touching)
        return bool(touching)

    def _open(self) -> bool:
        active = self._world.data.eq_active
        held = [body for body, weld in self._welds.items() if active[weld]]
        for body in held:
            active[self._welds[body]] = 0
        self._waker.wake(held)
        return False

    def _touches(self, body: int) -> bool:
        """By distance and not by contacts: the engine drops those of what sleeps."""
        model, data = self._world.model, self._world.data
        return any(
            mujoco.mj_geomDistance(model, data, one, other, 2 * TOUCHES, None) < TOUCHES
            for one in _geoms(model, body)
            for other in _geoms(model, self._plate)
        )


def _geoms(model: Any, body: int) -> range:
    first = int(model.body_geomadr[body])
    return range(first, first + int(model.body_geomnum[body]))


def _pose_of(data: Any, body: int) -> Pose:
    """T_base_body."""
    return Pose(data.xpos[body], data.xquat[body])
