"""Building: a scene with its arm and tool put together and compiled for the physics engine.

Bodies come in this order: the floor, the arm (base first), the tool, the tools of docks, what motors drive, fixtures,
belts, loose parts; the arm's joints are the first, fingers and motors follow, and the free joints of the parts are one
block at the end of qpos.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.robot.arms import Arm
from sheber.robot.cell.arm import add_arm
from sheber.robot.cell.coupling import PAYLOAD
from sheber.robot.cell.dock_tools import add_dock_tools, bodies_in_dock
from sheber.robot.cell.docks import tools_of_docks
from sheber.robot.cell.furniture import standing
from sheber.robot.cell.positioner import add_clamps, add_positioner, driven
from sheber.robot.cell.scene import Belt, Part, Scene, Shape
from sheber.robot.cell.tool import TOOL_BODIES, add_tool
from sheber.robot.cell.turntable import add_turntable
from sheber.robot.cell.wires import lamp_outputs
from sheber.robot.cell.world import (
    LOOSE,
    SCENERY,
    World,
    add_carton,
    add_fixture,
    add_shape,
    new_spec,
    quiet_engine,
    solid_shapes,
    volume,
)
from sheber.station import SceneError

__all__ = ["build_world"]


def build_world(scene: Scene, arm: Arm) -> World:
    """Compile `scene`, which was checked, with `arm` and its tool; raises SceneError in words where names clash."""
    quiet_engine()
    _check_names(scene, arm)
    spec = new_spec()
    world = spec.worldbody
    floor = world.add_body(name="floor")
    add_shape(spec, floor, Shape("plane", (0.0, 0.0), Pose((0.0, 0.0, scene.floor))), 0.8, SCENERY)
    flange = add_arm(spec, arm)
    add_tool(spec, flange, scene.tool)
    add_dock_tools(spec, scene)
    for table in scene.turntables:
        add_turntable(spec, table)
    if scene.positioner:
        add_positioner(spec, scene.positioner)
    for fixture in standing(scene):
        add_fixture(spec, fixture)
    for belt in scene.belts:
        _add_belt(spec, belt)
    for part in scene.parts:
        _add_part(spec, part)
    if scene.positioner:
        add_clamps(spec, scene.positioner, scene.parts)
    model = _compiled(spec)
    names = tuple(model.body(i).name for i in range(1, model.nbody))
    parts = tuple(part.name for part in scene.parts)
    qpos_parts, dof_parts = model.nq - 7 * len(parts), model.nv - 6 * len(parts)
    return World(model, mujoco.MjData(model), names, len(names) - len(parts), parts, qpos_parts, dof_parts)


def _compiled(spec: Any) -> Any:
    """The engine's model. Raises SceneError: what is checked here no longer, the engine refuses in its own words."""
    try:
        return spec.compile()
    except ValueError as error:
        text = _("The physics engine refuses the scene: {why}.")
        raise SceneError(text.format(why=" ".join(str(error).split()).rstrip("."))) from error


def _check_names(scene: Scene, arm: Arm) -> None:
    names = ["world", "floor", "tcp", *TOOL_BODIES, PAYLOAD, *(link.name for link in arm.links)]
    given = [name for dock, tool in tools_of_docks(scene) for name in bodies_in_dock(dock, tool)]
    given += [f.name for f in standing(scene)]
    given += [b.name for b in scene.belts] + [p.name for p in scene.parts]
    given += [name for stack in scene.stacks for name in lamp_outputs(stack)] + [one.name for one in scene.controls]
    given += [table.name for table in scene.turntables]
    given += driven(scene.positioner) if scene.positioner else []
    for name in given:
        if name in names:
            text = _("Two bodies have the name {name!r}. These names are taken: {names}.")
            raise SceneError(text.format(name=name, names=", ".join(sorted(names))))
        names.append(name)


def _add_belt(spec: Any, belt: Belt) -> None:
    body = spec.worldbody.add_body(name=belt.name, pos=belt.pose.position, quat=belt.pose.quaternion)
    shape = Shape("box", (belt.length, belt.width, belt.thickness), Pose((0.0, 0.0, -belt.thickness / 2)))
    geom = add_shape(spec, body, shape, belt.friction, SCENERY)
    # must not be zero when compiled, or the engine never looks at it again
    geom.surfacevel = (max(abs(belt.speed), 1e-3), 0.0, 0.0, 0.0, 0.0, 0.0)


def _add_part(spec: Any, part: Part) -> None:
    body = spec.worldbody.add_body(name=part.name, pos=part.pose.position, quat=part.pose.quaternion)
    body.add_freejoint()
    shapes = list(solid_shapes(part.shapes))
    volumes = np.array([volume(shape) for shape in shapes])
    for shape, share in zip(shapes, volumes / volumes.sum(), strict=True):
        add = add_carton if shape.edge > 0.0 else add_shape
        add(spec, body, shape, part.friction, LOOSE, mass=part.mass * float(share))
