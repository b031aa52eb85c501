"""Robot cell: what the scenes of robot exercises have in common, and things to stand in them. No physics.

A scene is drawn from its seed alone. In every cell the robot stands on the table: the table's top is z = 0, and the
work lies in front of it, along the base's +x.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from sheber.allowed import Allowed, Choice
from sheber.exercises.numbers import Numbers
from sheber.geometry import DOWN, Pose
from sheber.i18n import N_
from sheber.robot import arms
from sheber.robot.cell.faults import may_fail
from sheber.robot.cell.scene import CameraSpec, Colour, Fault, Fixture, Imperfections, Lighting, Scene, Shape
from sheber.robot.cell.stock import table

__all__ = [
    "ARMS",
    "any_pose",
    "aside",
    "between",
    "camera_over",
    "down_pose",
    "failing",
    "home",
    "imperfections",
    "level_pose",
    "mark",
    "one_lamp",
    "with_faults",
    "work_table",
]

ARMS = Choice(tuple(arms.available()), N_("Model of the arm"))
"""The arms that an `exercise.toml` may name: `"scene.arm": ARMS`."""


def home(arm: str) -> list[float]:
    """The home [rad] of an arm, as the checks need it."""
    return [float(angle) for angle in arms.load(arm).home]


def between(rng: np.random.Generator, low: float, high: float, digits: int = 4) -> float:
    """One number from `low` to `high`, rounded as a job sheet would give it."""
    return round(float(rng.uniform(low, high)), digits)


def aside(rng: np.random.Generator, most: float, least: float, digits: int = 4) -> float:
    """One number from `-most` to `most` that is at least `least` away from 0, or `most` where that is less.

    Turns are drawn with it: at a turn of nearly 0 a program that forgets the turn would be right by chance.
    """
    drawn = float(rng.uniform(-1.0, 1.0))
    least = min(least, most)
    return round(math.copysign(least + abs(drawn) * (most - least), drawn), digits)


def level_pose(x: float, y: float, z: float, yaw: float = 0.0) -> Pose:
    """A frame whose z points up, turned by `yaw` [rad] about it."""
    return Pose((x, y, z)).rotated(z=yaw)


def down_pose(x: float, y: float, z: float, yaw: float = 0.0) -> Pose:
    """A pose of the tool pointing down, turned by `yaw` [rad] about the vertical."""
    pose: Pose = level_pose(x, y, z, yaw) @ DOWN
    return pose


def any_pose(rng: np.random.Generator, x: float, y: float, z: float) -> Pose:
    """A pose there, turned anyhow: every turn is as likely as any other. For parts that `settled` lets fall."""
    turn = rng.normal(size=4)
    return Pose((x, y, z), (turn / np.sqrt((turn * turn).sum())).round(6).tolist())


def imperfections(
    rng: np.random.Generator, numbers: Numbers, arm: str, *, camera: bool = False, bias: bool = False
) -> Imperfections:
    """What makes a cell with this arm a real one, from the table [imperfections].

    `camera`: its pictures are noisy. `bias`: the wrench reads up to `wrench_bias_N` (torques a tenth of it, Nm) without
    a touch, until a program zeroes it.
    """
    most = math.radians(numbers.real("imperfections.joint_zero_deg"))
    return Imperfections(
        joint_zero=tuple(float(offset) for offset in rng.uniform(-most, most, len(arms.load(arm).joints))),
        repeatability=numbers.real("imperfections.repeatability_mm") * 1e-3,
        wrench_noise=numbers.real("imperfections.wrench_N"),
        wrench_bias=_bias(rng, numbers.real("imperfections.wrench_bias_N")) if bias else (),
        camera_noise=camera,
    )


def _bias(rng: np.random.Generator, most: float) -> tuple[float, ...]:
    """What a wrench reads without a touch: up to `most` [N] along each axis, a tenth of it [Nm] about each."""
    return tuple((most * rng.uniform(-1.0, 1.0, 6) * np.repeat((1.0, 0.1), 3)).tolist())


FAULTS: Final = {
    "stops": N_("The belts stand, from and to"),
    "jams": N_("The turntables come to rest, from and to"),
    "sticks": N_("The light barriers say that something is there, from and to"),
    "leaks": N_("The suction cup holds no vacuum, from and to"),
    "goes_dark": N_("The lights give no light, from and to"),
    "falls_silent": N_("The PLC answers no request, from and to"),
}
"""What a teacher may let fail, by the kind of the fault."""


def failing(*kinds: str) -> dict[str, Allowed]:
    """Numbers by which a teacher lets something fail: `faults.KIND_s = [begins, ends]`; [0, 0], and left out: never."""
    return {
        f"faults.{kind}_s": Allowed(0, 3600, "s", pair=True, title=FAULTS[kind], usual=(0.0, 0.0)) for kind in kinds
    }


def with_faults(scene: Scene, numbers: Numbers) -> Scene:
    """The scene in which everything of a kind fails from when to when its teacher says; see `failing`."""
    times = {kind: numbers.pair(f"faults.{kind}_s") for kind in FAULTS if f"faults.{kind}_s" in numbers.allowed}
    told = [Fault(kind, what, *times[kind]) for kind, what in may_fail(scene) if kind in times]
    return replace(scene, faults=(*scene.faults, *(one for one in told if one.begins < (one.ends or 0.0))))


def camera_over(
    rng: np.random.Generator, name: str, below: Pose, height: float, focal: float, tilt: float
) -> CameraSpec:
    """A colour camera that looks down on a place from `height` [m] over it, its longer side along x of the place.

    Every cell has its own mounting, tilted by up to `tilt` [rad] about each axis, and its own lens. `focal`: px, within
    2 %.
    """
    least = 0.2 * tilt
    turned = (below @ DOWN).rotated(x=aside(rng, tilt, least), y=aside(rng, tilt, least))
    focal = round(focal * between(rng, 0.98, 1.02), 2)
    return CameraSpec(
        name,
        Pose(np.round(below.position - height * turned.rotation[:, 2], 5), turned.quaternion),
        focal=(focal, round(focal * between(rng, 0.998, 1.002), 2)),
        centre=(between(rng, 313.0, 326.0, 2), between(rng, 233.0, 246.0, 2)),
        distortion=(between(rng, -0.12, -0.06), between(rng, 0.01, 0.03), 0.0, 0.0, 0.0),
        depth=False,
    )


def one_lamp(rng: np.random.Generator, share: float) -> Lighting:
    """One lamp, brighter or darker by up to `share`, never quite at the same place."""
    base = Lighting()
    return Lighting(
        direction=(between(rng, -0.5, -0.25), between(rng, 0.05, 0.35), -1.0),
        ambient=round(base.ambient * between(rng, 1.0 - share, 1.0 + share), 3),
        diffuse=round(base.diffuse * between(rng, 1.0 - share, 1.0 + share), 3),
    )


def work_table(colour: Colour = (0.80, 0.81, 0.82), texture: str = "") -> Fixture:
    """The table that the robot and everything else stands on; it reaches 0.35 m behind the robot."""
    return table(length=1.5, width=1.5, pose=Pose((0.40, 0.0, 0.0)), colour=colour, texture=texture)


def mark(name: str, pose: Pose, colour: Colour, radius: float = 0.03) -> Fixture:
    """A coloured disc on the table under a pose, with its letter where there is one: seen, never touched."""
    x, y, _z = pose.position.tolist()
    disc = Shape("cylinder", (radius, 0.002), Pose((x, y, 0.001)), colour, solid=False)
    white = (0.97, 0.97, 0.97)
    if name not in _LETTERS:
        dot = Shape("cylinder", (0.45 * radius, 0.003), Pose((x, y, 0.0015)), white, solid=False)
        return Fixture(f"mark_{name}", (disc, dot))
    middle = level_pose(x, y, 0.002, _FACING)
    strokes = []
    for line in _LETTERS[name]:
        for (right, up), (to_right, to_up) in pairwise(line):
            along, across = to_right - right, to_up - up
            size = (radius * (math.hypot(along, across) + _PEN), radius * _PEN, 0.001)
            at = middle.offset_tool(x=radius * (right + to_right) / 2, y=radius * (up + to_up) / 2)
            strokes.append(Shape("box", size, at.rotated(z=math.atan2(across, along)), white, solid=False))
    return Fixture(f"mark_{name}", (disc, *strokes))


_FACING = 0.95  # rad: a report first shows the cell from its front right corner; from there letters stand upright
_PEN = 0.15  # width of a stroke; like the letters below in radii of the disc
_LETTERS = {  # lines through points (right, up)
    "A": (((-0.32, -0.5), (0.0, 0.5), (0.32, -0.5)), ((-0.2, -0.14), (0.2, -0.14))),
    "B": (
        ((-0.28, -0.5), (-0.28, 0.5), (0.1, 0.5), (0.27, 0.38), (0.27, 0.14), (0.1, 0.02), (-0.28, 0.02)),
        ((0.1, 0.02), (0.3, -0.12), (0.3, -0.37), (0.12, -0.5), (-0.28, -0.5)),
    ),
    "C": (
        ((0.3, 0.3), (0.12, 0.5), (-0.12, 0.5), (-0.3, 0.3), (-0.3, -0.3), (-0.12, -0.5), (0.12, -0.5), (0.3, -0.3)),
    ),
    "D": (((-0.28, -0.5), (-0.28, 0.5), (0.05, 0.5), (0.3, 0.25), (0.3, -0.25), (0.05, -0.5), (-0.28, -0.5)),),
    "E": (((0.28, 0.5), (-0.28, 0.5), (-0.28, -0.5), (0.28, -0.5)), ((-0.28, 0.0), (0.2, 0.0))),
    "F": (((0.28, 0.5), (-0.28, 0.5), (-0.28, -0.5)), ((-0.28, 0.0), (0.2, 0.0))),
}
