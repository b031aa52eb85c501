"""Frame and trace: teach a work object by three touches on a tilted plate, then lay a bead of glue along a contour."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Contour,
    bead_checks,
    bead_on,
    bead_only_there,
    closing,
    touched_gently,
    worth,
)
from sheber.exercises.numbers import Allowed, Choice, Numbers
from sheber.exercises.robot_cell import ARMS, aside, between, down_pose, home, imperfections, level_pose, work_table
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import N_, message
from sheber.robot.cell.scene import Fixture, Scene, Shape, TouchProbe
from sheber.robot.cell.stock import dispenser
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

Array = NDArray[np.float64]

KINDS = ("U", "S", "Z")
STATION = CELL
COUNTS = ("bead_s",)  # seconds of the contour at the speed of the job sheet
NUMBERS = {
    "scene.arm": ARMS,
    "scene.contour": Choice((*KINDS, "any"), N_("Contour")),
    "scene.shift_mm": Allowed(0, 100, "mm", title=N_("Largest shift of the plate")),
    "scene.turn_deg": Allowed(0, 40, "deg", title=N_("Largest turn of the plate")),
    "scene.tilt_deg": Allowed(0, 15, "deg", title=N_("Largest tilt of the plate")),
    "scene.by_eye_mm": Allowed(0, 2, "mm", title=N_("Error of the poses taught by eye, sideways")),
    "scene.touch_mm": Allowed(0, 2, "mm", title=N_("Noise of a touch")),
    "scene.width_mm": Allowed(2, 8, "mm", pair=True, title=N_("Width of the bead")),
    "scene.speed": Allowed(0.02, 0.1, "m/s", pair=True, title=N_("Speed on the contour")),
    "tolerance.line": Allowed(0.01, 100, "mm", ramp=True, title=N_("Centre line of the bead, on average")),
    "tolerance.worst": Allowed(0.01, 100, "mm", ramp=True, title=N_("Centre line of the bead, worst places")),
    "tolerance.width": Allowed(0.1, 100, "%", ramp=True, title=N_("Width of the bead, on average")),
    "tolerance.even": Allowed(0.1, 200, "%", ramp=True, title=N_("Width of the bead, worst places")),
    "tolerance.stand_off": Allowed(0.01, 100, "mm", ramp=True, title=N_("Stand-off of the nozzle")),
    "tolerance.gaps": Allowed(0.1, 100, "%", ramp=True, title=N_("Gaps in the bead")),
    "tolerance.ends": Allowed(0.1, 100, "mm", ramp=True, title=N_("Start and stop of the bead")),
    "tolerance.only_there": Allowed(0.1, 100, "%", ramp=True, title=N_("Glue only on the contour")),
    "tolerance.gentle": Allowed(1, 500, "N", ramp=True, title=N_("The tool touches gently")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.line": N_("Centre line of the bead, on average"),
    "points.worst": N_("Centre line of the bead, worst places"),
    "points.width": N_("Width of the bead, on average"),
    "points.even": N_("Width of the bead, worst places"),
    "points.stand_off": N_("Stand-off of the nozzle"),
    "points.gaps": N_("Gaps in the bead"),
    "points.start": N_("Start of the bead"),
    "points.stop": N_("Stop of the bead"),
    "points.only_there": N_("Glue only on the contour"),
    "points.gentle": N_("The tool touches gently"),
    "cycle.per.bead_s": N_("Reference time for each second of the contour"),
}

SIZE = (0.26, 0.19, 0.025)  # m, of the plate
CORNER = (0.02, 0.02)  # m, from the plate's corner to its origin, the first mark
MARKS = {"origin": (0.0, 0.0), "x": (0.21, 0.0), "y": (0.03, 0.15)}  # m, on the plate
MIDDLE = (0.46, 0.0)  # m, base: the middle of the plate before it was moved
ALONG_X = 0.6  # of the shift
OPEN_S, CLOSE_S = (0.15, 0.25), (0.10, 0.20)  # s, delays of the valve: a long hose
STAND_OFF = 0.0025  # m
ROUND = 0.012  # m, radius of the corners of the contour
SPACING = 0.0005  # m, between two points of the contour as the checks know it
LEAST_TURN, LEAST_TILT = math.radians(5.0), math.radians(4.0)
DONE = 0.1  # share of the contour that may be without glue for a job that is done
STEEL, DARK, BLUE = (0.58, 0.63, 0.68), (0.22, 0.23, 0.25), (0.10, 0.32, 0.66)


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a plate that was moved and tilted, three marks on it, and a contour."""
    rng = np.random.default_rng([seed, 3])
    plate = _plate(rng, numbers)
    legs = _contour(rng, numbers.choice("scene.contour"))
    points = _points(legs)
    width = round(between(rng, *numbers.pair("scene.width_mm"), digits=1) * 1e-3, 4)
    speed = between(rng, *numbers.pair("scene.speed"), digits=3)
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    arm = numbers.choice("scene.arm")
    return Scene(
        arm=arm,
        tool=dispenser(open_s=between(rng, *OPEN_S, digits=2), close_s=between(rng, *CLOSE_S, digits=2)),
        fixtures=(work_table(), _plate_fixture(plate, points), _stand(plate)),
        probes=(TouchProbe("contact", numbers.real("scene.touch_mm") * 1e-3),),
        frames=tuple(
            (f"above_{name}", _above(rng, numbers, plate, at, height))
            for (name, at), height in zip(MARKS.items(), _heights(rng), strict=True)
        ),
        sheet=(
            ("bead", {"width": width, "stand_off": STAND_OFF, "speed": speed}),
            ("marks", {name: _xy(at) for name, at in MARKS.items()}),
            ("start", _xy(legs[0][1][0])),
            ("contour", [_told(kind, ends) for kind, ends in legs]),
        ),
        meant_contacts=(("tool", "plate"),),
        imperfections=imperfections(rng, numbers, arm),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"bead_s": round(length / speed, 3)}),
            ("plate", plate.to_list()),
            ("contour", points.round(6).tolist()),
            ("width", width),
            ("stand_off", STAND_OFF),
        ),
    )


def _plate(rng: np.random.Generator, numbers: Numbers) -> Pose:
    """T_base_plate: the first mark, x and y in the surface; the plate's middle was moved by the shift at most.

    Along x it was moved by less: the arm must reach over all of it.
    """
    shift = numbers.real("scene.shift_mm") * 1e-3
    x, y = MIDDLE[0] + ALONG_X * between(rng, -shift, shift), MIDDLE[1] + between(rng, -shift, shift)
    yaw = aside(rng, math.radians(numbers.real("scene.turn_deg")), LEAST_TURN)
    tilt = abs(aside(rng, math.radians(numbers.real("scene.tilt_deg")), LEAST_TILT))
    towards = between(rng, -math.pi, math.pi)
    middle = level_pose(x, y, between(rng, 0.10, 0.14), yaw)
    middle = middle.rotated(x=tilt * math.cos(towards), y=tilt * math.sin(towards))
    corner = middle.offset_tool(x=CORNER[0] - SIZE[0] / 2, y=CORNER[1] - SIZE[1] / 2)
    return Pose(np.round(corner.position, 5), corner.quaternion)


def _heights(rng: np.random.Generator) -> list[float]:
    """Of the three taught poses over their marks [m]: one low, one high, one anyhow, so that no guess fits them all."""
    low, high, any_ = between(rng, 0.011, 0.014), between(rng, 0.026, 0.029), between(rng, 0.011, 0.029)
    return [float(height) for height in rng.permutation([low, high, any_])]


def _above(rng: np.random.Generator, numbers: Numbers, plate: Pose, at: tuple[float, float], height: float) -> Pose:
    """T_base_tcp as the operator taught it: upright over a mark, by eye."""
    error = numbers.real("scene.by_eye_mm") * 1e-3
    x, y, z = (plate @ np.array([*at, 0.0])).tolist()
    x, y = (value + float(rng.uniform(-error, error)) for value in (x, y))
    return down_pose(round(x, 5), round(y, 5), round(z + height, 3))


# --- the contour ------------------------------------------------------------------------------------

Leg = tuple[str, list[tuple[float, float]]]  # "line": start, end; "arc": start, via, end


def _contour(rng: np.random.Generator, kind: str) -> list[Leg]:
    """Lines and arcs on the plate that go smoothly into each other."""
    drawn = KINDS[int(rng.integers(len(KINDS)))]
    left, right = between(rng, 0.02, 0.04, 3), between(rng, 0.18, 0.20, 3)
    low, high = between(rng, 0.02, 0.03, 3), between(rng, 0.12, 0.135, 3)
    level = round((low + high) / 2, 3)
    corners = {
        "U": [(left, high), (left, low), (right, low), (right, high)],
        "S": [(left, low), (right, low), (right, level), (left, level), (left, high), (right, high)],
        "Z": [(left, high), (right, high), (left, low), (right, low)],
    }[drawn if kind == "any" else kind]
    if rng.random() < 0.5:
        corners.reverse()
    return _rounded(corners)


def _rounded(corners: list[tuple[float, float]]) -> list[Leg]:
    """The way through the corners (x, y), each but the first and last rounded with an arc."""
    legs: list[Leg] = []
    here = corners[0]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        arc = _arc(np.array(before), np.array(corner), np.array(after))
        legs += [("line", [here, arc[0]]), ("arc", arc)]
        here = arc[2]
    return [*legs, ("line", [here, corners[-1]])]


def _arc(before: Array, corner: Array, after: Array) -> list[tuple[float, float]]:
    """Start, middle and end of the arc that rounds a corner."""
    back, ahead = ((end - corner) / np.linalg.norm(end - corner) for end in (before, after))
    half = math.acos(float(np.clip(back @ ahead, -1.0, 1.0))) / 2.0
    bisector = (back + ahead) / np.linalg.norm(back + ahead)
    tangent = ROUND / math.tan(half)
    middle = corner + bisector * (ROUND / math.sin(half) - ROUND)
    return [
        (round(float(x), 5), round(float(y), 5)) for x, y in (corner + tangent * back, middle, corner + tangent * ahead)
    ]


def _points(legs: list[Leg]) -> Array:
    """Points (n, 2) along the legs, close together."""
    parts = [_on_line(*ends) if kind == "line" else _on_arc(*ends) for kind, ends in legs]
    return np.concatenate([parts[0][:1], *(part[1:] for part in parts)])


def _on_line(start: tuple[float, float], end: tuple[float, float]) -> Array:
    count = max(2, math.ceil(math.dist(start, end) / SPACING) + 1)
    return np.linspace(start, end, count)


def _on_arc(start: tuple[float, float], via: tuple[float, float], end: tuple[float, float]) -> Array:
    a, b, c = (complex(*point) for point in (start, via, end))
    w = (c - a) / (b - a)
    centre = (b - a) * (w - abs(w) ** 2) / (2j * w.imag) + a
    turn = 2.0 * np.angle((b - centre) / (a - centre))
    count = max(2, math.ceil(abs(turn) * abs(a - centre) / SPACING) + 1)
    points = centre + (a - centre) * np.exp(1j * np.linspace(0.0, turn, count))
    return np.stack([points.real, points.imag], axis=1)


def _xy(at: tuple[float, float]) -> dict[str, float]:
    return {"x": at[0], "y": at[1]}


def _told(kind: str, ends: list[tuple[float, float]]) -> dict[str, Any]:
    """A leg as the job sheet has it."""
    via = {"via": _xy(ends[1])} if kind == "arc" else {}
    return {"move": kind, **via, "to": _xy(ends[-1])}


# --- what stands there ------------------------------------------------------------------------------


def _plate_fixture(plate: Pose, points: Array) -> Fixture:
    """The plate with its marks; the contour is drawn on it for those who watch."""
    length, width, thick = SIZE
    block = Shape("box", SIZE, Pose((length / 2 - CORNER[0], width / 2 - CORNER[1], -thick / 2)), STEEL, gloss=0.1)
    shapes = [block]
    for x, y in MARKS.values():
        ring = Shape("cylinder", (0.006, 0.0006), Pose((x, y, 0.0)), BLUE, solid=False)
        dot = Shape("cylinder", (0.0015, 0.0012), Pose((x, y, 0.0)), (0.97, 0.97, 0.97), solid=False)
        shapes += [ring, dot]
    every = points[:: round(0.004 / SPACING)]
    for (x, y), (to_x, to_y) in pairwise([*every.tolist(), points[-1].tolist()]):
        size = (math.hypot(to_x - x, to_y - y), 0.0008, 0.0004)
        at = level_pose((x + to_x) / 2, (y + to_y) / 2, 0.0, math.atan2(to_y - y, to_x - x))
        if size[0] > 1e-6:
            shapes.append(Shape("box", size, at, DARK, solid=False))
    return Fixture("plate", tuple(shapes), plate, friction=0.3)


def _stand(plate: Pose) -> Fixture:
    """The column that carries the plate."""
    middle = plate.offset_tool(x=SIZE[0] / 2 - CORNER[0], y=SIZE[1] / 2 - CORNER[1], z=-SIZE[2])
    x, y, z = middle.position.tolist()
    column = Shape("cylinder", (0.035, z), Pose((x, y, z / 2)), DARK)
    foot = Shape("cylinder", (0.07, 0.012), Pose((x, y, 0.006)), DARK)
    return Fixture("stand", (column, foot))


# --- what is measured -------------------------------------------------------------------------------

NOT_DONE = message("frame_and_trace.not_done", "There is no glue on {share:.0f} % of the contour.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """The bead along the contour, where its glue lies, how the tool touched, time, safety, home."""
    facts = trace.facts
    contour = Contour(
        Pose.from_list(facts["plate"]), np.array(facts["contour"]), float(facts["width"]), float(facts["stand_off"])
    )
    bead = bead_on(trace, contour)
    kinds = ("line", "worst", "width", "even", "stand_off", "gaps")
    worths = {kind: worth(numbers, kind, kind) for kind in kinds}
    worths |= {kind: worth(numbers, kind, "ends") for kind in ("start", "stop")}
    return [
        *bead_checks(trace, bead, worths),
        *closing(
            trace,
            numbers,
            NOT_DONE(share=bead.missing * 100.0) if bead.missing > DONE else NOTHING,
            bead_only_there(bead, worth(numbers, "only_there", "only_there")),
            touched_gently(trace, worth(numbers, "gentle", "gentle"), ("plate",), felt=bool(trace["inputs"].any())),
        ),
    ]
