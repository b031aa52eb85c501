"""Looks: what a cell looks like, as shapes fixed to its bodies, for every replay and every camera. No physics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sheber.geometry import Pose
from sheber.robot.appearance import lathe_name, plate_name, prism_name
from sheber.robot.arms import Arm
from sheber.robot.cell.docks import dock_fixture, tools_of_docks
from sheber.robot.cell.lights import light_fixture
from sheber.robot.cell.operator import control_fixture, moving_shapes
from sheber.robot.cell.positioner import plate_shapes, stand
from sheber.robot.cell.scene import Belt, CameraSpec, Colour, Fixture, Light, LightBarrier, Scene, Shape
from sheber.robot.cell.stacks import lit_shapes, stack_fixture
from sheber.robot.cell.turntable import column, table_shapes
from sheber.robot.vision.material import DULL, Material
from sheber.station import Visual

__all__ = ["camera_looks", "camera_visuals", "cell_visuals", "shape_visual"]

FLOOR_SIDE = 6.0  # m, the floor that is drawn
FLOOR: Colour = (0.56, 0.58, 0.60)
PROFILE: Colour = (0.74, 0.76, 0.78)
BELT: Colour = (0.14, 0.17, 0.16)
DARK: Colour = (0.16, 0.17, 0.19)
SENSOR: Colour = (0.93, 0.72, 0.08)
BEAM: Colour = (0.90, 0.10, 0.08)

# a quarter turn about x: takes a cylinder's z to y
_ACROSS = (math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0)


Looks = list[tuple[Visual, Material]]


def cell_visuals(scene: Scene, arm: Arm) -> tuple[Visual, ...]:
    """Everything there is to draw in a scene, its cameras' housings too."""
    visuals = list(camera_visuals(scene, arm))
    for camera in scene.cameras:
        visuals += _housing(camera, arm.links[-1].name if camera.mount else "")
    return tuple(visuals)


def camera_visuals(scene: Scene, arm: Arm) -> tuple[Visual, ...]:
    """Everything that a camera may see: all but the cameras."""
    return tuple(visual for visual, _ in camera_looks(scene, arm))


def camera_looks(scene: Scene, arm: Arm) -> Looks:
    """The same, each with how it takes light."""
    from sheber.robot.arms.meshes import pieces
    from sheber.robot.cell.dock_tools import dock_tool_shapes
    from sheber.robot.cell.tool import tool_shapes

    floor = Shape("plane", (FLOOR_SIDE, FLOOR_SIDE), Pose((0.0, 0.0, scene.floor)), FLOOR)
    looks = [_look("floor", floor)]
    looks += [(Visual(p.body, "mesh", (), p.pose, p.colour, p.mesh), DULL) for p in pieces(arm)]
    looks += [_look(body, shape) for body, shape in _drawn(tool_shapes(scene.tool))]
    for dock, tool in tools_of_docks(scene):
        looks += [_look(body, shape) for body, shape in _drawn(dock_tool_shapes(dock, tool))]
    for fixture in (*scene.fixtures, *map(dock_fixture, scene.docks)):
        looks += [_look(fixture.name, shape) for shape in fixture.shapes if shape.drawn]
    for belt in scene.belts:
        looks += [(visual, DULL) for visual in _belt(belt, scene.floor)]
    for table in scene.turntables:
        looks += _with_moving(column(table), table_shapes(table))
    if scene.positioner:
        looks += _with_moving(stand(scene.positioner), plate_shapes(scene.positioner))
    for barrier in scene.barriers:
        looks += [(visual, DULL) for visual in _barrier(barrier)]
    for part in scene.parts:
        looks += [_look(part.name, shape) for shape in part.shapes if shape.drawn]
    for light in scene.lights:
        looks += _light(light, arm)
    for stack in scene.stacks:
        looks += _with_moving(stack_fixture(stack), lit_shapes(stack))
    for control in scene.controls:
        looks += _with_moving(control_fixture(control), moving_shapes(control))
    return looks


def _look(body: str, shape: Shape) -> tuple[Visual, Material]:
    return shape_visual(body, shape), Material(shape.gloss, shape.shininess, shape.relief)


def _with_moving(fixture: Fixture, moving: Iterable[tuple[str, Shape]]) -> Looks:
    """A body that stands, and the shapes of others that move on it."""
    standing = ((fixture.name, shape) for shape in fixture.shapes)
    return [_look(body, shape) for body, shape in _drawn((*standing, *moving))]


def _light(light: Light, arm: Arm) -> Looks:
    """A light; one that the arm carries is drawn on the flange."""
    fixture = light_fixture(light)
    looks = []
    for shape in fixture.shapes:
        if shape.drawn:
            bright = light.kind == "back" and shape is fixture.shapes[-1]
            if light.mount:
                shape = replace(shape, pose=light.pose @ shape.pose)
            body = arm.links[-1].name if light.mount else light.name
            looks.append((shape_visual(body, shape), Material(light=light.name if bright else "")))
    return looks


def _drawn(shapes: Iterable[tuple[str, Shape]]) -> Iterator[tuple[str, Shape]]:
    return ((body, shape) for body, shape in shapes if shape.drawn)


def shape_visual(body: str, shape: Shape) -> Visual:
    """A shape of a scene as it is drawn; prisms and turned profiles become meshes that their names describe."""
    if shape.kind == "prism":
        mesh = prism_name(shape.size[0], shape.polygon)
        return Visual(body, "mesh", (), shape.pose, shape.colour, mesh, shape.texture)
    if shape.kind == "plate":
        mesh = plate_name(shape.size[0], shape.polygon, shape.holes)
        return Visual(body, "mesh", (), shape.pose, shape.colour, mesh, shape.texture)
    if shape.kind == "lathe":
        return Visual(body, "mesh", (), shape.pose, shape.colour, lathe_name(shape.polygon), shape.texture)
    return Visual(body, shape.kind, shape.size, shape.pose, shape.colour, "", shape.texture)


def _belt(belt: Belt, floor: float) -> list[Visual]:
    """A belt over two drums between side rails, on four legs."""
    length, width, thick = belt.length, belt.width, belt.thickness
    radius = thick / 2
    drum = length / 2 - radius
    rail = width / 2 + 0.012
    shapes = [Shape("box", (2 * drum, width, thick), Pose((0.0, 0.0, -radius)), BELT, texture="rubber")]
    for sign in (-1.0, 1.0):
        shapes.append(Shape("cylinder", (radius, width), Pose((sign * drum, 0.0, -radius), _ACROSS), BELT))
        beam = Pose((0.0, sign * rail, -radius))
        shapes.append(Shape("box", (length - 0.02, 0.022, thick * 0.9), beam, PROFILE))
        motor = Pose((sign * drum, sign * (rail + 0.02), -radius), _ACROSS)
        shapes.append(Shape("cylinder", (radius * 0.7, 0.03), motor, DARK))
    drop = belt.pose.position[2] - thick - floor
    for sx in (-0.8, 0.8):
        for sy in (-1.0, 1.0):
            at = (sx * length / 2, sy * rail, -thick - drop / 2)
            shapes.append(Shape("box", (0.04, 0.022, drop), Pose(at), PROFILE))
    return [shape_visual(belt.name, shape) for shape in shapes]


def _barrier(barrier: LightBarrier) -> list[Visual]:
    """Sender and receiver just outside the beam's ends (of a diffuse one, the one housing), and a thin red beam."""
    ends = (barrier.start, barrier.end)
    along = [b - a for a, b in zip(*ends, strict=True)]
    length = math.hypot(*along)
    turn = _turn_z_to([value / length for value in along])
    beam = Pose([(a + b) / 2 for a, b in zip(*ends, strict=True)], turn)
    shapes = [Shape("cylinder", (0.0006, length), beam, BEAM)]
    housings = ((barrier.start, -1.0), (barrier.end, 1.0))
    for end, sign in housings[:1] if barrier.diffuse else housings:
        at = Pose(end, turn)
        shapes.append(Shape("box", (0.018, 0.030, 0.024), at.offset_tool(z=sign * 0.013), SENSOR))
        shapes.append(Shape("cylinder", (0.006, 0.002), at, DARK))
    return [shape_visual("", shape) for shape in shapes]


def _turn_z_to(direction: list[float]) -> tuple[float, float, float, float]:
    """The quaternion of the shortest turn that takes z to a unit direction."""
    x, y, z = direction
    if z < -0.999999:
        return (0.0, 1.0, 0.0, 0.0)
    w = math.sqrt((1.0 + z) / 2.0)
    return (w, -y / (2.0 * w), x / (2.0 * w), 0.0)


def _housing(camera: CameraSpec, body: str) -> list[Visual]:
    """An industrial camera behind its lens; `body`: what carries it."""
    lens = Shape("cylinder", (0.018, 0.040), camera.pose.offset_tool(z=-0.026), DARK)
    ring = Shape("cylinder", (0.0195, 0.006), camera.pose.offset_tool(z=-0.010), (0.30, 0.31, 0.33))
    box = Shape("box", (0.050, 0.050, 0.060), camera.pose.offset_tool(z=-0.076), (0.20, 0.32, 0.46))
    return [shape_visual(body, shape) for shape in (lens, ring, box)]
