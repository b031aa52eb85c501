"""Stock: ready-made tools and furniture, so that scenes say what stands where and not how it is built. No physics.

Lengths in metres, masses in kilograms; every fixture is placed by a pose in the robot's base frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.robot.cell.docks import MASTER
from sheber.robot.cell.scene import (
    Colour,
    Control,
    Dock,
    Fixture,
    LightBarrier,
    Part,
    Positioner,
    Shape,
    ToolSpec,
    Turntable,
)
from sheber.station import SceneError

__all__ = [
    "Feeder",
    "Rack",
    "across",
    "changer",
    "chessboard",
    "dispenser",
    "dock",
    "gripper",
    "open_bin",
    "pallet",
    "panel",
    "peg",
    "pointer",
    "positioner",
    "post",
    "rack",
    "rotary_feeder",
    "socket",
    "stylus",
    "suction",
    "table",
]

ALUMINIUM: Colour = (0.74, 0.76, 0.78)
PROFILE: Colour = (0.62, 0.64, 0.67)
DARK: Colour = (0.16, 0.17, 0.19)
WOOD: Colour = (0.76, 0.60, 0.40)
SAFETY_YELLOW: Colour = (0.95, 0.74, 0.08)
STEEL: Colour = (0.58, 0.60, 0.63)
STOP_RED: Colour = (0.72, 0.07, 0.06)

SIDES = 16  # of the hole of a socket: in its corners a peg has 2 % more play


# --- tools ---------------------------------------------------------------------------------


def pointer(length: float = 0.15) -> ToolSpec:
    """A pointed pin on the flange; the TCP is its tip, `length` in front of the flange."""
    return ToolSpec("pointer", Pose((0.0, 0.0, length)), mass=0.3, centre=(0.0, 0.0, 0.4 * length), strength=50.0)


def stylus(tip: Pose, ball: float = 0.004, nominal: Pose | None = None) -> ToolSpec:
    """A pin with a steel ball on the flange; the TCP is the middle of the ball, `tip` = T_flange_tcp.

    The pin is straight and begins in the middle of the flange, so it leans where `tip` is not straight before it.
    `ball`: radius. `nominal`: what a program is told instead of `tip`.
    """
    centre = (0.0, 0.0, 0.04)  # a program is told it: it must not give `tip` away
    return ToolSpec("pointer", tip, 0.3, centre, strength=50.0, numbers=(("ball", ball),), nominal=nominal)


def suction(length: float = 0.12, radius: float = 0.02, vacuum_kPa: float = 65.0) -> ToolSpec:
    """A bellows suction cup; the TCP is the middle of its lip.

    `radius`: of the lip. `vacuum_kPa`: what the ejector reaches with a whole seal; the most it can hold is that times
    the lip's area. See `sheber.robot.cell.suction` for the other numbers.
    """
    numbers = (("radius", radius), ("vacuum_kPa", vacuum_kPa))
    return ToolSpec("suction", Pose((0.0, 0.0, length)), mass=0.6, centre=(0.0, 0.0, 0.045), numbers=numbers)


def gripper(length: float = 0.16, stroke: float = 0.085, max_force: float = 130.0) -> ToolSpec:
    """A parallel gripper; the TCP lies between the pads, which open along the tool's y; the tips reach 10 mm further.

    `stroke`: widest opening. `max_force`: each pad's largest force [N].
    """
    numbers = (("stroke", stroke), ("max_force", max_force))
    return ToolSpec("gripper", Pose((0.0, 0.0, length)), mass=1.0, centre=(0.0, 0.0, 0.06), numbers=numbers)


def dispenser(length: float = 0.16, bore: float = 0.0012, max_flow: float = 8e-7, **more: float) -> ToolSpec:
    """A head that lays glue through a needle; the TCP is the middle of its opening.

    `bore`: inner diameter of the needle. `max_flow`: m3/s. `more`: see `sheber.robot.cell.dispenser` for delays of the
    valve and the other numbers.
    """
    numbers = (("bore", bore), ("max_flow", max_flow), *more.items())
    return ToolSpec("dispenser", Pose((0.0, 0.0, length)), mass=0.8, centre=(0.0, 0.0, 0.06), numbers=numbers)


def changer(lead_in: float = 0.003, gap: float = 0.002, angle_deg: float = 3.0, interlock: bool = False) -> ToolSpec:
    """The arm's half of a quick changer, which takes the tools of docks; without one its TCP is the middle of its face.

    `lead_in`, `gap`, `angle_deg`: how far beside it, before it and turned a tool may be to be drawn in. `interlock`: it
    unlocks a tool only in a dock.
    """
    numbers = (("lead_in", lead_in), ("gap", gap), ("angle_deg", angle_deg), ("interlock", float(interlock)))
    centre = (0.0, 0.0, MASTER / 2)
    return ToolSpec("changer", Pose((0.0, 0.0, MASTER)), 0.3, centre, strength=200.0, numbers=numbers)


def dock(
    name: str, pose: Pose, tool: ToolSpec | None = None, tool_name: str = "", height: float = 0.3, away: bool = False
) -> Dock:
    """A dock with or without a tool: two posts, between which it hangs. `pose`: the coupling face, z up.

    `height`: of the coupling face over the table. `away`: the tool is on the arm at the start.
    """
    return Dock(name, pose, tool, tool_name, height, away)


# --- targets -------------------------------------------------------------------------------


def chessboard(columns: int, rows: int, field: float, pose: Pose, thick: float = 0.006) -> tuple[Shape, Shape]:
    """A printed chessboard of `columns` x `rows` fields of `field` [m], with a white border half a field wide.

    The plate and its print: shapes of a fixture, or carried by a tool (`ToolSpec.carries`). `pose` is the middle of the
    print, which faces +z; x along the columns.
    """
    length, width = (columns + 1) * field, (rows + 1) * field
    plate = Shape("box", (length, width, thick), pose.offset_tool(z=-thick / 2 - 0.0002), (0.93, 0.93, 0.92))
    print_ = Shape("plane", (length, width), pose, texture=f"chessboard/{columns}x{rows}", solid=False)
    return plate, print_


# --- furniture -----------------------------------------------------------------------------


def table(
    name: str = "table",
    length: float = 1.6,
    width: float = 1.4,
    pose: Pose | None = None,
    height: float = 0.85,
    colour: Colour = (0.82, 0.83, 0.84),
    texture: str = "",
    friction: float = 0.6,
) -> Fixture:
    """A work table of aluminium profile; `pose` is the middle of its upper surface, `height` its height over the floor.

    The solid part is a block, 0.2 m thick: thin plates let capsules through.
    """
    top, rail, leg = 0.04, 0.08, 0.08
    inset = 0.05 + leg / 2
    block = Shape("box", (length, width, 0.2), Pose((0.0, 0.0, -0.1)), drawn=False)
    shapes = [
        block,
        Shape("box", (length, width, top), Pose((0.0, 0.0, -top / 2)), colour, texture=texture, solid=False),
    ]
    drop = height - top
    for sign in (-1.0, 1.0):
        y, x = sign * (width / 2 - inset), sign * (length / 2 - inset)
        along = Shape("box", (length - 2 * inset, leg, rail), Pose((0.0, y, -top - rail / 2)), PROFILE, solid=False)
        across = Shape("box", (leg, width - 2 * inset, rail), Pose((x, 0.0, -top - rail / 2)), PROFILE, solid=False)
        shapes += [along, across]
        for other in (-1.0, 1.0):
            at = Pose((x, other * (width / 2 - inset), -top - drop / 2))
            shapes.append(Shape("box", (leg, leg, drop), at, PROFILE, solid=False))
    return Fixture(name, tuple(shapes), pose or Pose(), friction)


def post(name: str, radius: float, height: float, pose: Pose, colour: Colour = SAFETY_YELLOW) -> Fixture:
    """An upright post; `pose` is the middle of its foot."""
    foot = Shape("cylinder", (2.2 * radius, 0.012), Pose((0.0, 0.0, 0.006)), DARK)
    pole = Shape("cylinder", (radius, height), Pose((0.0, 0.0, height / 2)), colour)
    band = Shape("cylinder", (radius * 1.01, 0.05), Pose((0.0, 0.0, height - 0.06)), DARK, solid=False)
    return Fixture(name, (foot, pole, band), pose)


def peg(
    name: str,
    pose: Pose,
    diameter: float = 0.02,
    length: float = 0.04,
    mass: float = 0.12,
    head: tuple[float, float, float] = (0.024, 0.024, 0.030),
    colour: Colour = DARK,
) -> Part:
    """A round steel peg under a square head to grip; `pose` is the middle of its lower end, z up.

    The head, of the size `head`, stands on the shaft, whose length is `length`.
    """
    shaft = Shape("cylinder", (diameter / 2, length), Pose((0.0, 0.0, length / 2)), STEEL, firm=True)
    top = Shape("box", head, Pose((0.0, 0.0, length + head[2] / 2)), colour)
    return Part(name, (shaft, top), pose, mass, friction=0.15)


def socket(
    name: str,
    pose: Pose,
    diameter: float = 0.02,
    clearance: float = 0.0002,
    depth: float = 0.025,
    chamfer: float = 0.001,
    friction: float = 0.15,
) -> Fixture:
    """A steel ring with a hole for a peg of this diameter; `pose` is the middle of its foot, z up, the mouth above.

    `clearance`: by how much the hole is wider than the peg, in diameter. `depth`: from the mouth to the floor of the
    hole. `chamfer`: width and depth of the slope around the mouth.
    """
    radius, floor, wall = (diameter + clearance) / 2, 0.008, 0.02
    height, half = floor + depth, 1.02 * (diameter / 2 + wall) * math.tan(math.pi / SIDES)
    shapes = [Shape("cylinder", (radius + wall, floor), Pose((0.0, 0.0, floor / 2)), STEEL, firm=True)]
    side = depth - chamfer
    for n in range(SIDES):
        out = Pose().rotated(z=2.0 * math.pi * n / SIDES)  # x points out of the hole
        middle = out.offset_tool(x=radius + wall / 2, z=floor + side / 2)
        shapes.append(Shape("box", (wall, 2.0 * half, side), middle, firm=True, drawn=False))
        slope = out.offset_tool(x=radius + chamfer / 2, z=height - chamfer / 2).rotated(y=-math.pi / 4)
        size = (chamfer * math.sqrt(2.0), 2.0 * half, chamfer)
        shapes.append(Shape("box", size, slope.offset_tool(z=-chamfer / 2), firm=True, drawn=False))
        rim = out.offset_tool(x=radius + (chamfer + wall) / 2, z=height - chamfer / 2)
        shapes.append(Shape("box", (wall - chamfer, 2.0 * half, chamfer), rim, firm=True, drawn=False))
        shapes.append(_sector(out, radius, radius + wall, floor, height))
    return Fixture(name, tuple(shapes), pose, friction)


def _sector(out: Pose, inner: float, outer: float, low: float, high: float) -> Shape:
    """One drawn side of a ring."""
    width = math.tan(math.pi / SIDES)
    outline = ((inner, -inner * width), (outer, -outer * width), (outer, outer * width), (inner, inner * width))
    return Shape("prism", (high - low,), out.offset_tool(z=(low + high) / 2), STEEL, outline, solid=False)


def panel(name: str, pose: Pose, *controls: Control, pitch: float = 0.055) -> tuple[Fixture, tuple[Control, ...]]:
    """An operator's panel and the controls on it, side by side; `pose`: middle of its face, z to the operator, y up.

    Where the controls say to stand counts for nothing. `pitch`: from one to the next. A lamp stack is a `LampStack`.

    >>> desk, controls = panel("desk", pose, Control("start"), Control("stop", colour=STOP_RED, rests=True))
    """
    depth, width = 0.06, pitch * max(1, len(controls)) + 0.02
    body = Shape("box", (width, 0.08, depth), Pose((0.0, 0.0, -depth / 2)), PROFILE)
    plate = Shape("box", (width - 0.008, 0.072, 0.001), Pose(), (0.86, 0.86, 0.84), solid=False)
    first = -pitch * (len(controls) - 1) / 2.0
    placed = (replace(one, pose=pose.offset_tool(x=first + n * pitch)) for n, one in enumerate(controls))
    return Fixture(name, (body, plate), pose), tuple(placed)


def across(name: str, middle: Pose, width: float) -> LightBarrier:
    """A light barrier along y of a pose, for example across a belt, whose frame runs along x."""
    start, end = ((middle @ (0.0, side * width / 2, 0.0)).round(6).tolist() for side in (-1.0, 1.0))
    return LightBarrier(name, (start[0], start[1], start[2]), (end[0], end[1], end[2]))


def open_bin(
    name: str,
    length: float,
    width: float,
    height: float,
    pose: Pose,
    colour: Colour,
    wall: float = 0.01,
    floor: float = 0.006,
) -> Fixture:
    """An open box; `pose` is the middle of its underside, `length` and `width` are inside measures."""
    outer_x, outer_y = length + 2 * wall, width + 2 * wall
    inner = tuple(0.55 + 0.35 * c for c in colour)
    shapes = [Shape("box", (outer_x, outer_y, floor), Pose((0.0, 0.0, floor / 2)), (inner[0], inner[1], inner[2]))]
    side = height - floor
    for sign in (-1.0, 1.0):
        at_x = Pose((sign * (length + wall) / 2, 0.0, floor + side / 2))
        at_y = Pose((0.0, sign * (width + wall) / 2, floor + side / 2))
        shapes.append(Shape("box", (wall, outer_y, side), at_x, colour))
        shapes.append(Shape("box", (length, wall, side), at_y, colour))
    return Fixture(name, tuple(shapes), pose)


class Feeder(NamedTuple):
    """A rotary feeder with a nest at each station."""

    table: Turntable
    places: tuple[Pose, ...]  # T_base_nest at the start, one a station: middle of its floor, z up, x outwards

    @property
    def pick(self) -> Pose:
        """Where the first nest is at the start, and each index brings the next one."""
        return self.places[0]


def rotary_feeder(
    name: str,
    pose: Pose,
    nest: tuple[float, float] = (0.05, 0.05),
    stations: int = 6,
    circle: float = 0.15,
    clearance: float = 0.001,
    rim: float = 0.012,
    **more: Any,
) -> Feeder:
    """A turntable with nests for parts; `pose`: middle of its surface, z up, x to the place where parts are picked.

    `nest`: what a part measures outwards and across. `circle`: radius on which the nests lie. `clearance`: by how much
    a nest is wider than a part. `rim`: height of its walls. `more`: other values of a `Turntable`; without an output or
    an index it has the index "name_index", and without done the input "name_done".

    >>> feeder = rotary_feeder("feeder", Pose((0.45, 0.3, 0.1)))
    >>> parts = [Part(f"part_{n}", (cube,), place @ Pose((0, 0, 0.02)), 0.2) for n, place in enumerate(feeder.places)]
    """
    wall = 0.006
    outs = [Pose().rotated(z=2.0 * math.pi * n / stations).offset_tool(x=circle) for n in range(stations)]
    shapes = tuple(shape for out in outs for shape in _nest(out, nest, clearance, rim, wall))
    given: dict[str, Any] = {"radius": circle + nest[0] / 2 + 2.5 * wall, "stations": stations, "shapes": shapes}
    if not (more.get("output") or more.get("index")):
        given["index"] = f"{name}_index"
    given["done"] = f"{name}_done"
    return Feeder(Turntable(name, pose, **given | more), tuple(pose @ out for out in outs))


def _nest(at: Pose, size: tuple[float, float], clearance: float, rim: float, wall: float) -> Iterator[Shape]:
    """Four low walls."""
    (x, y), z = ((side + clearance) for side in size), rim / 2
    for sign in (-1.0, 1.0):
        yield Shape("box", (wall, y + 2 * wall, rim), at.offset_tool(x=sign * (x + wall) / 2, z=z), DARK, firm=True)
        yield Shape("box", (x, wall, rim), at.offset_tool(y=sign * (y + wall) / 2, z=z), DARK, firm=True)


def positioner(
    pose: Pose, nest: tuple[float, float] = (0.05, 0.05), clearance: float = 0.001, rim: float = 0.012, **more: Any
) -> Positioner:
    """A turn-tilt positioner with a nest for a part in the middle of its plate, and a clamp.

    `pose`: T_base_plate with both axes at 0. `nest`: what a part measures along x and y; the frame "nest" is the middle
    of its floor. The output "clamp" closes the clamp, and the input "clamped" says whether it holds a part. `more`:
    other values of a `Positioner`, for example tilt=None for a turning plate, or turn=None for a tilting one.
    """
    given: dict[str, Any] = {"carries": tuple(_nest(Pose(), nest, clearance, rim, 0.006))}
    given |= {"frames": (("nest", Pose()),), "clamp": "clamp", "clamped": "clamped"}
    return Positioner(pose, **given | more)


class Rack(NamedTuple):
    """What a storage rack is made of, to be added to a scene's fixtures, barriers and frames."""

    fixture: Fixture
    barriers: tuple[LightBarrier, ...]  # one a slot: True while something is in it
    frames: tuple[tuple[str, Pose], ...]  # the same names: T_base_slot, middle of a slot's floor, y into the rack, z up


def rack(
    name: str,
    pose: Pose,
    columns: int = 3,
    rows: int = 2,
    slot: tuple[float, float, float] = (0.12, 0.12, 0.14),
    sensor: float = 0.015,
    board: float = 0.012,
    colour: Colour = PROFILE,
) -> Rack:
    """A storage rack: slots in columns and rows, open at the front and, the upper row, above.

    `pose`: middle of its foot, x along a row, y from the front to the back. `slot`: clear width, depth and height.
    The slot in row 2 (from below) and column 3 is "name_2_3". `sensor`: how high over the floor of a slot its sensor
    looks from the back wall, over 0.7 of the depth; it sees parts, and the robot. Raises SceneError for no slot.

    >>> store = rack("rack", Pose((0.6, 0.3, 0.0)))
    >>> Scene(..., fixtures=(store.fixture,), barriers=store.barriers, frames=store.frames)
    """
    if columns < 1 or rows < 1:
        text = _("The rack {name!r} has {columns} columns and {rows} rows. It must have one or more of each.")
        raise SceneError(text.format(name=name, columns=columns, rows=rows))
    places = {f"{name}_{r + 1}_{c + 1}": _slot(c - (columns - 1) / 2, r, slot, board) for r, c in _grid(rows, columns)}
    frames = tuple((slot_name, pose @ place) for slot_name, place in places.items())
    barriers = tuple(_sensor(slot_name, frame, slot[1], sensor) for slot_name, frame in frames)
    return Rack(Fixture(name, tuple(_boards(columns, rows, slot, board, colour)), pose), barriers, frames)


def _grid(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    return ((row, column) for row in range(rows) for column in range(columns))


def _slot(aside: float, row: int, slot: tuple[float, float, float], board: float) -> Pose:
    """T_rack_slot of the slot so many columns aside from the middle."""
    return Pose((aside * (slot[0] + board), 0.0, board + row * (slot[2] + board)))


def _sensor(name: str, frame: Pose, depth: float, height: float) -> LightBarrier:
    back, front = (frame @ (0.0, y * depth, height) for y in (0.5, -0.2))
    return LightBarrier(name, (back[0], back[1], back[2]), (front[0], front[1], front[2]), diffuse=True)


def _boards(columns: int, rows: int, slot: tuple[float, float, float], board: float, colour: Colour) -> Iterator[Shape]:
    """Floors, walls between the columns, and the back."""
    pitch, level = slot[0] + board, slot[2] + board
    width, height = columns * pitch + board, rows * level
    for row in range(rows):
        floor = Pose((0.0, 0.0, board / 2 + row * level))
        yield Shape("box", (width, slot[1], board), floor, (0.84, 0.85, 0.86))
    for wall in range(columns + 1):
        at = Pose(((wall - columns / 2) * pitch, 0.0, height / 2))
        yield Shape("box", (board, slot[1], height), at, colour)
    yield Shape("box", (width, board, height), Pose((0.0, (slot[1] + board) / 2, height / 2)), colour)


def pallet(name: str, length: float, width: float, height: float, pose: Pose, friction: float = 0.6) -> Fixture:
    """A wooden pallet; `pose` is the first corner of its deck, x along `length`, z up; the deck is at z = 0."""
    middle = (length / 2, width / 2)
    solid = Shape("box", (length, width, height), Pose((*middle, -height / 2)), WOOD, texture="wood/1")
    # only the deck boards, the stringers are seen; the block carries
    deck = 0.35 * height
    shapes = [_unseen(solid)]
    boards = max(3, math.ceil(length / 0.11))
    pitch = length / boards
    for n in range(boards):
        at = ((n + 0.5) * pitch, middle[1], -deck / 2)
        shapes.append(Shape("box", (pitch * 0.93, width, deck), Pose(at), WOOD, texture=f"wood/{n % 4}", solid=False))
    for sy in (0.08, 0.5, 0.92):
        at = (middle[0], sy * width, -deck - (height - deck) / 2)
        shapes.append(
            Shape(
                "box",
                (length, 0.14 * width, height - deck),
                Pose(at),
                (0.66, 0.51, 0.33),
                texture="wood/2",
                solid=False,
            )
        )
    return Fixture(name, tuple(shapes), pose, friction)


def _unseen(shape: Shape) -> Shape:
    """The same solid shape, not drawn."""
    return replace(shape, texture="", solid=True, drawn=False)
