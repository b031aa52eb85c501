"""World: a compiled scene, who is who in it, and how a shape becomes a collider of the physics engine.

The engine's model holds primitive colliders only; what is drawn never enters it. `building.py` puts a whole scene
together from these pieces.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.scene import Fixture, Shape
from sheber.robot.clock import STEP_S

__all__ = [
    "LOOSE",
    "ROBOT",
    "SCENERY",
    "World",
    "add_carton",
    "add_fixture",
    "add_shape",
    "new_spec",
    "quiet_engine",
    "set_mass",
    "solid_shapes",
    "volume",
]

# Contacts: stiff enough that a stack of four stands 0.1 mm short, and at least twice the step (the engine's limit).
CONTACT_SOLREF = (0.005, 1.0)
# Surfaces that hold things: firm, and moving when compiled, or the engine never lets them move later (see `grip`).
FIRM_SOLIMP = (0.95, 0.99, 0.001, 0.5, 2.0)
# Close fits: 30 N on a part of 100 g press two of them 10 um into each other, a hundredth of what others give way.
FIT_SOLIMP = (0.99, 0.9995, 1e-5, 0.5, 2.0)
COMPILED_SURFACE = (1e-3, 0.0, 0.0, 0.0, 0.0, 0.0)
HAIR = 1e-4  # m, see `add_carton`
ROBOT, SCENERY, LOOSE = 1, 2, 3  # geom groups: rays choose by them

_log = logging.getLogger("sheber.engine")
_GEOM = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "plane": mujoco.mjtGeom.mjGEOM_PLANE,
    "prism": mujoco.mjtGeom.mjGEOM_MESH,
}


@dataclass(slots=True)
class World:
    """The compiled scene: engine's model and state, and who is who in them."""

    model: Any  # mujoco.MjModel
    data: Any  # mujoco.MjData
    bodies: tuple[str, ...]  # names; the engine's body i + 1
    first_part: int  # index in `bodies` of the first loose part
    parts: tuple[str, ...]  # names of the loose parts, in order
    qpos_parts: int  # address in qpos of the first part's free joint
    dof_parts: int  # address in qvel of the first part's free joint
    prefix: str = ""  # before the names of a tool's bodies and drives, where the cell has several tools

    def body(self, name: str) -> int:
        """The engine's number of the body `name`."""
        if self.prefix and self.prefix + name in self.bodies:
            name = self.prefix + name
        return self.bodies.index(name) + 1

    def drive(self, name: str) -> int:
        """Where the controls of the tool's drive `name` begin in the engine's."""
        return int(self.model.actuator_ctrladr[self.model.actuator(self.prefix + name).id])


def quiet_engine() -> None:
    """Send the engine's warnings to logging: its own handler writes MUJOCO_LOG.TXT into the working folder."""
    mujoco.set_mju_user_warning(_log.warning)


def new_spec() -> Any:
    """An empty mujoco.MjSpec with this product's solver options."""
    spec = mujoco.MjSpec()
    option = spec.option
    option.timestep = STEP_S
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10.0
    option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    return spec


def add_shape(spec: Any, body: Any, shape: Shape, friction: float, group: int, mass: float | None = None) -> Any:
    """Add the collider of a solid shape to a body of `spec`; returns the engine's geom."""
    geom = body.add_geom(
        type=_GEOM[shape.kind],
        pos=shape.pose.position,
        quat=shape.pose.quaternion,
        friction=(friction, 0.005, 0.0001),
        solref=CONTACT_SOLREF,
        group=group,
    )
    if shape.firm:
        geom.solimp = FIT_SOLIMP
    if shape.kind == "prism":
        geom.meshname = _add_prism(spec, shape)
    else:
        geom.size = _half_sizes(shape)
    if mass is not None:
        geom.mass = mass
    return geom


def add_carton(spec: Any, body: Any, shape: Shape, friction: float, group: int, mass: float) -> None:
    """Add the colliders of a box whose lower edges are round: sharp ones catch on a neighbour's rim by a hair.

    A foot carries, inset by the radius. Two crossed blocks make the walls, above the rounding and with notches for the
    upright edges; only the first reaches the top, so that what lies there touches one. Capsules along the lower edges
    stand out by a hair to the sides, so that they and not the edges of the walls meet a rim, and stay clear of the
    ground. Foot and first block share the mass so that its centre is the box's.
    """
    (x, y, z), r = shape.size, shape.edge
    blocks = (
        ((x - 2.0 * r, y - 2.0 * r, z - 2.0 * r), -r, mass / 3.0),
        ((x, y - 2.0 * r, z - r), r / 2.0, mass * 2.0 / 3.0),
        ((x - 2.0 * r, y, z - 1.5 * r), r / 4.0, 0.0),
    )
    for size, up, share in blocks:
        add_shape(spec, body, Shape("box", size, shape.pose.offset_tool(z=up)), friction, group, mass=share)
    for length, aside, turn in ((x, y, 0.0), (y, x, math.pi / 2.0)):
        for side in (-1.0, 1.0):
            edge = shape.pose.rotated(z=turn).offset_tool(y=side * (aside / 2.0 - r + HAIR), z=r - z / 2.0 + HAIR)
            capsule = Shape("capsule", (r, length - 2.0 * r), edge.rotated(y=math.pi / 2.0))
            add_shape(spec, body, capsule, friction, group, mass=0.0)


def _half_sizes(shape: Shape) -> tuple[float, float, float]:
    size = shape.size
    if shape.kind == "box":
        return (size[0] / 2, size[1] / 2, size[2] / 2)
    if shape.kind == "sphere":
        return (size[0], 0.0, 0.0)
    if shape.kind == "plane":
        return (size[0] / 2, size[1] / 2, 0.05)
    return (size[0], size[1] / 2, 0.0)


def _add_prism(spec: Any, shape: Shape) -> str:
    """A mesh asset with the hull of the prism; the engine collides it as a convex body."""
    outline = np.asarray(shape.polygon, dtype=np.float64)  # (n, 2)
    if outline.ndim != 2 or len(outline) < 3 or outline.shape[1] != 2:
        raise ValueError(f"a prism needs an outline of at least three points, got {shape.polygon!r}")
    half = np.full((len(outline), 1), shape.size[0] / 2)
    vertices = np.vstack([np.hstack([outline, -half]), np.hstack([outline, half])])
    name = f"prism{len(spec.meshes)}"
    spec.add_mesh(name=name, uservert=vertices.ravel())
    return name


def solid_shapes(shapes: tuple[Shape, ...]) -> Iterator[Shape]:
    """Those of the shapes that can be touched."""
    return (shape for shape in shapes if shape.solid)


def add_fixture(spec: Any, fixture: Fixture) -> None:
    """Add a body that never moves."""
    body = spec.worldbody.add_body(name=fixture.name, pos=fixture.pose.position, quat=fixture.pose.quaternion)
    for shape in solid_shapes(fixture.shapes):
        add_shape(spec, body, shape, fixture.friction, SCENERY)


def volume(shape: Shape) -> float:
    """Volume of a shape [m3]; a plane has none."""
    size = shape.size
    if shape.kind == "box":
        return size[0] * size[1] * size[2]
    if shape.kind == "sphere":
        return 4.0 / 3.0 * np.pi * size[0] ** 3
    if shape.kind == "cylinder":
        return float(np.pi * size[0] ** 2 * size[1])
    if shape.kind == "capsule":
        return float(np.pi * size[0] ** 2 * (size[1] + 4.0 / 3.0 * size[0]))
    if shape.kind == "prism":
        return polygon_area(np.asarray(shape.polygon)) * size[0]
    return 0.0


def polygon_area(outline: NDArray[np.float64]) -> float:
    """Area of an outline (n, 2), counter-clockwise [m2]."""
    x, y = outline[:, 0], outline[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def set_mass(body: Any, mass: float, centre: tuple[float, float, float], size: tuple[float, float, float]) -> None:
    """Give a body of the tool the mass [kg], centre [m] and inertia of a block of this size [m].

    Its weight is compensated by the servo, as that of a tool whose mass the controller knows.
    """
    body.gravcomp = 1.0
    x, y, z = (value * value for value in size)
    body.explicitinertial = True
    body.mass = mass
    body.ipos = centre
    body.inertia = (mass * (y + z) / 12.0, mass * (x + z) / 12.0, mass * (x + y) / 12.0)
