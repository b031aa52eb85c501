"""Docks: where tools are parked for a quick changer, and the plates of the coupling. Shapes and poses; no physics.

A tool hangs in its dock by its tool plate: three balls under the plate's ears sit in three grooves, two along y and one
along x, as in the racks for the probes of measuring machines. Three balls in three grooves have one place where they
fit. A tool that is set down beside it slides there by its weight, from as far as the flanks of the grooves reach.

Frames. The flange of a dock's tool, on which its own poses are built, is the lower face of its tool plate. On the arm
it is `MASTER + PLATE` in front of the flange of the arm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sheber.geometry import DOWN, Pose
from sheber.robot.cell.scene import Colour, Dock, Fixture, Scene, Shape, ToolSpec

__all__ = [
    "CHANGER",
    "GROOVE_FRICTION",
    "MASTER",
    "PLATE",
    "PLATE_MASS",
    "T_dock_tool",
    "T_flange_tool",
    "dock_fixture",
    "master_shapes",
    "meant_in_docks",
    "occupied",
    "on_arm",
    "plate_shapes",
    "starts_with",
    "tools_of_docks",
]

CHANGER: Final = "changer"
"""The kind of tool that takes others, and its body."""

MASTER, PLATE = 0.030, 0.020  # m, how thick the two halves of the coupling are
GAP = 0.0003  # m, by which the master's collider ends before its face: locked plates do not press on each other
RADIUS = 0.0315  # m, of both halves
PLATE_MASS = 0.25  # kg
GROOVE_FRICTION = 0.15  # hard, polished steel on both sides
BALL = 0.007  # m, radius
REACH, SPREAD = 0.082, 0.03  # m, of the balls along x; of the two on one side along y
FLANK = 0.0100  # m, width of a groove's flank in the plan: a ball that comes down 4 mm beside the middle still finds in
LONG = 0.024  # m, length of a groove
_STEEL: Colour = (0.60, 0.62, 0.65)
_ALUMINIUM: Colour = (0.78, 0.79, 0.80)
_BLUE: Colour = (0.20, 0.33, 0.52)
_DARK: Colour = (0.17, 0.18, 0.20)

T_flange_tool: Final = Pose((0.0, 0.0, MASTER + PLATE))
"""Of a tool that is locked: from the arm's flange to the tool's own."""
T_dock_tool: Final = DOWN.offset_tool(z=PLATE)
"""Of a tool that sits in its dock."""

_BALLS: Final = ((REACH, SPREAD), (REACH, -SPREAD), (-REACH, 0.0))  # x, y in the tool's flange
_BALL_Z = 0.003  # m, of their middles


def tools_of_docks(scene: Scene) -> Iterator[tuple[Dock, ToolSpec]]:
    """The docks that have a tool, with it."""
    return ((dock, dock.tool) for dock in scene.docks if dock.tool is not None)


def starts_with(scene: Scene) -> ToolSpec:
    """What is in front of the arm's flange at the start: the tool of the scene, or the one that its changer has."""
    return next((on_arm(tool, scene.tool) for dock, tool in tools_of_docks(scene) if dock.away), scene.tool)


def on_arm(tool: ToolSpec, changer: ToolSpec) -> ToolSpec:
    """A tool of a dock as the arm has it behind `changer`: poses from the arm's flange, mass with both plates."""
    mass = changer.mass + PLATE_MASS + tool.mass
    moments = (
        (changer.mass, changer.centre),
        (PLATE_MASS, (0.0, 0.0, MASTER + PLATE / 2)),
        (tool.mass, (tool.centre[0], tool.centre[1], tool.centre[2] + MASTER + PLATE)),
    )
    x, y, z = (sum(m * centre[axis] for m, centre in moments) / mass for axis in range(3))
    nominal = None if tool.nominal is None else T_flange_tool @ tool.nominal
    return replace(tool, pose=T_flange_tool @ tool.pose, mass=mass, centre=(x, y, z), nominal=nominal)


def occupied(dock: Dock) -> str:
    """Name of the digital input that tells whether a tool sits in a dock."""
    return f"{dock.name}_occupied"


def meant_in_docks(scene: Scene) -> Iterator[tuple[str, str]]:
    """Contacts that a cell with a changer means: plates that meet, and tools in their docks."""
    for owner, _tool in tools_of_docks(scene):
        yield (CHANGER, owner.tool_name)
        for dock in scene.docks:
            yield (dock.name, owner.tool_name)


# --- shapes ---------------------------------------------------------------------------------


def master_shapes() -> tuple[Shape, ...]:
    """The half of the coupling that the arm keeps, in the frame of its flange."""
    solid = MASTER - GAP
    boss = MASTER + 0.004
    return (
        Shape("cylinder", (RADIUS, solid), Pose((0.0, 0.0, solid / 2)), _ALUMINIUM, drawn=False),
        Shape("cylinder", (RADIUS, MASTER), Pose((0.0, 0.0, MASTER / 2)), _ALUMINIUM, solid=False),
        Shape("cylinder", (0.014, 0.004), Pose((0.0, 0.0, (MASTER + boss) / 2)), _STEEL, solid=False),
        Shape("box", (0.030, 0.020, 0.022), Pose((0.0, RADIUS + 0.008, 0.015)), _BLUE, solid=False),
    )


def plate_shapes() -> tuple[Shape, ...]:
    """The tool plate with its ears and balls, in the frame of the tool's flange, which is its lower face."""
    middle = -PLATE / 2
    return (
        Shape("cylinder", (RADIUS, PLATE), Pose((0.0, 0.0, middle)), _ALUMINIUM),
        Shape("box", (2 * REACH, 0.024, 0.010), Pose((0.0, 0.0, middle)), _ALUMINIUM),
        Shape("box", (0.024, 2 * SPREAD + 0.02, 0.010), Pose((REACH, 0.0, middle)), _ALUMINIUM),
        *(Shape("cylinder", (0.004, 0.01), Pose((x, y, _BALL_Z - 0.006)), _STEEL, solid=False) for x, y in _BALLS),
        *(Shape("sphere", (BALL,), Pose((x, y, _BALL_Z)), _STEEL, firm=True) for x, y in _BALLS),
    )


def dock_fixture(dock: Dock) -> Fixture:
    """The body of a dock: two posts with the grooves on top; what hangs below the plate fits between them."""
    apex = -PLATE - _BALL_Z - BALL * math.sqrt(2.0)  # z of the lines in which the flanks of the grooves meet
    shapes: list[Shape] = []
    for x, y in _BALLS:
        along_y = x > 0.0
        # T_dock_tool turns y round
        middle = Pose((x, -y, apex)).rotated(z=math.pi / 2 if along_y else 0.0)
        shapes += _groove(middle)
    foot = apex - 0.006
    tall = dock.height + foot
    for x, width in ((REACH, 2 * SPREAD + LONG), (-REACH, LONG)):
        post = Pose((x, 0.0, foot - tall / 2))
        shapes.append(Shape("box", (2 * FLANK + 0.006, width, tall), post, _DARK))
    base = Pose((0.0, 0.0, 0.004 - dock.height))
    shapes.append(Shape("box", (2 * REACH + 0.06, 2 * SPREAD + 0.06, 0.008), base, _BLUE, solid=False))
    return Fixture(dock.name, tuple(shapes), dock.pose, GROOVE_FRICTION)


def _groove(middle: Pose) -> Iterator[Shape]:
    """Two flanks of 45 degrees that meet in the x axis of `middle`, and rise to both sides."""
    slope, thick = FLANK * math.sqrt(2.0), 0.006
    for side in (-1.0, 1.0):
        out = middle.rotated(x=side * math.pi / 4)
        yield Shape("box", (LONG, slope, thick), out.offset_tool(y=side * slope / 2, z=-thick / 2), _STEEL, firm=True)
