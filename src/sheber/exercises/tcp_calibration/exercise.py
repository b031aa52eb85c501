"""TCP calibration: find the middle of a tool's ball by touching a plate, then prove it at points and about a pivot."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    closing,
    first_stops,
    pivot_drift,
    points_held,
    scatter_told,
    slow_touches,
    touch_spread,
    worth,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.robot_cell import aside, between, down_pose, home, imperfections, level_pose, work_table
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import N_, message
from sheber.robot.cell.scene import Fixture, Scene, Shape
from sheber.robot.cell.stock import stylus
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
COUNTS = ()
NUMBERS = {
    "scene.length": Allowed(0.08, 0.25, "m", pair=True, title=N_("Length of the tool")),
    "scene.lean_deg": Allowed(0, 30, "deg", title=N_("Largest lean of the tool")),
    "scene.touch_mm": Allowed(0, 0.5, "mm", pair=True, title=N_("Noise of a touch")),
    "scene.plate_off": Allowed(0, 0.01, "m", title=N_("Error of the plate’s height")),
    "scene.spread_deg": Allowed(5, 90, "deg", title=N_("Wanted spread of the touches")),
    "scene.slow": Allowed(0.001, 0.02, "m/s", title=N_("Fastest touch that counts")),
    "tolerance.position": Allowed(0.01, 100, "mm", ramp=True, title=N_("Ball at a point")),
    "tolerance.drift": Allowed(0.01, 100, "mm", ramp=True, title=N_("Drift about the pivot")),
    "tolerance.residual": Allowed(1, 1000, "%", ramp=True, title=N_("Reported scatter")),
    "tolerance.spread": Allowed(0.1, 90, "deg", ramp=True, title=N_("What the spread of the touches lacks")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.points": N_("Ball at the points"),
    "points.pivot": N_("Pivot test"),
    "points.residual": N_("Reported scatter"),
    "points.spread": N_("Touches from different orientations"),
}

ARM = "ur5e"  # a short, leaning tool leaves the wrists of other arms too little room over the plate
BALL = 0.004  # m, radius
NOMINAL = Pose((0.0, 0.0, 0.15))  # T_flange_tcp that the program is told
LEAST_LEAN = math.radians(5.0)
PLATE = (0.36, 0.36, 0.04)  # m
GAP = 0.010  # m, from the tip of a spike to the point above it
POINTS = ("point_1", "point_2", "point_3", "point_4")
PIVOTS = ("pivot_1", "pivot_2", "pivot_3", "pivot_4", "pivot_5", "pivot_6")
STEEL, BRASS, DARK = (0.62, 0.64, 0.67), (0.80, 0.62, 0.22), (0.16, 0.17, 0.19)


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a plate to touch before the robot, four points left of it, the pivot right of it."""
    rng = np.random.default_rng([seed, 5])
    arm, tip = ARM, _tip(rng, numbers)
    at, noise_mm = _plate(rng), _noise(rng, *numbers.pair("scene.touch_mm"))
    off = round(aside(rng, numbers.real("scene.plate_off"), 0.25 * numbers.real("scene.plate_off")), 4)
    points, pivots = _points(rng), _pivots(rng)
    imperfect = replace(imperfections(rng, numbers, arm), repeatability=noise_mm * 1e-3)
    return Scene(
        arm=arm,
        tool=stylus(tip, BALL, NOMINAL),
        fixtures=(
            work_table(),
            Fixture("plate", (_plate_shape(off),), at),
            *(_spike(f"spike_{n}", pose, BRASS) for n, pose in enumerate(points.values(), 1)),
            _spike("pivot", pivots[PIVOTS[0]], (0.78, 0.20, 0.16)),
        ),
        frames=(("plate", at), *points.items(), *pivots.items()),
        sheet=(("ball_radius", BALL), ("slow", numbers.real("scene.slow"))),
        analog_outputs=(("scatter", "mm"),),
        meant_contacts=(("tool", "plate"),),
        imperfections=imperfect,
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("height", round(PLATE[2] + off + BALL, 6)),
            ("tip", tip.to_list()),
            ("points", {name: pose.to_list() for name, pose in points.items()}),
            ("pivots", {name: pose.to_list() for name, pose in pivots.items()}),
        ),
    )


def _tip(rng: np.random.Generator, numbers: Numbers) -> Pose:
    """The true T_flange_tcp: the axes of the flange, moved to the middle of the ball."""
    length = between(rng, *numbers.pair("scene.length"), digits=5)
    lean = abs(aside(rng, math.radians(numbers.real("scene.lean_deg")), LEAST_LEAN))
    around = between(rng, -math.pi, math.pi)
    side = length * math.sin(lean)
    return Pose((side * math.cos(around), side * math.sin(around), length * math.cos(lean)))


def _noise(rng: np.random.Generator, low: float, high: float) -> float:
    """The noise of a touch [mm], as often in the lower half of its octaves as in the upper: no guess fits every arm."""
    least = max(low, 1e-3)
    return round(least * (max(high, least) / least) ** float(rng.uniform()), 4) if high > 0.0 else 0.0


def _plate(rng: np.random.Generator) -> Pose:
    """The middle of the plate's upper side, as the frame says."""
    return level_pose(between(rng, 0.46, 0.50), between(rng, -0.02, 0.02), PLATE[2])


def _plate_shape(off: float) -> Shape:
    """The plate, whose upper side is `off` [m] beside where its frame says."""
    length, width, height = PLATE
    return Shape("box", (length, width, height + off), Pose((0.0, 0.0, (off - height) / 2)), STEEL, firm=True)


def _points(rng: np.random.Generator) -> dict[str, Pose]:
    """The points that the ball shall be at, each with a tilt to another side."""
    found = {}
    for n, name in enumerate(POINTS):
        x, y, z = between(rng, 0.27, 0.29) + 0.06 * n, between(rng, 0.26, 0.32), between(rng, 0.08, 0.14)
        found[name] = _tilted(rng, (round(x, 4), y, z), n * math.pi / 2, (15.0, 25.0))
    return found


def _pivots(rng: np.random.Generator) -> dict[str, Pose]:
    """Six orientations about one and the same point."""
    at = between(rng, 0.34, 0.42), between(rng, -0.32, -0.27), between(rng, 0.10, 0.14)
    return {name: _tilted(rng, at, n * math.pi / 3, (15.0, 30.0)) for n, name in enumerate(PIVOTS)}


def _tilted(rng: np.random.Generator, at: tuple[float, ...], side: float, tilt_deg: tuple[float, float]) -> Pose:
    """A pose of the flange's axes that points down, tilted to a side [rad] and turned about its own z."""
    tilt, turn = math.radians(between(rng, *tilt_deg)), between(rng, -0.7, 0.7)
    pose = down_pose(*at).rotated(x=tilt * math.cos(side), y=tilt * math.sin(side))
    return pose.rotated(z=turn)


def _spike(name: str, pose: Pose, colour: tuple[float, float, float]) -> Fixture:
    """A slim pin on the table whose tip is `GAP` under a point."""
    x, y, z = pose.position.tolist()
    height = z - GAP
    foot = Shape("cylinder", (0.02, 0.008), Pose((0.0, 0.0, 0.004)), DARK)
    pin = Shape("cylinder", (0.003, height), Pose((0.0, 0.0, height / 2)), colour)
    return Fixture(name, (foot, pin), level_pose(x, y, 0.0))


NOT_AT = message("tcp_calibration.not_at", "The ball did not come to: {names}.")
NO_PIVOT = message("tcp_calibration.no_pivot", "The pivot test is not whole.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """The ball at four points, its drift about the pivot, the scatter that was reported, touches, time, safety."""
    facts, slow = trace.facts, numbers.real("scene.slow")
    points, pivots = ({name: Pose.from_list(one) for name, one in facts[key].items()} for key in ("points", "pivots"))
    stops = first_stops(trace, points | pivots)
    at_points, at_pivots = ({name: stops[name] for name in names} for names in (points, pivots))
    position = worth(numbers, "points", "position")
    held = points_held(trace, points, at_points, position)
    touches = slow_touches(trace, facts["height"], slow)
    reached = [one.points > 0.0 for one in held]
    missed = [name for name, there in zip(points, reached, strict=True) if not there]
    drift = pivot_drift(trace, at_pivots, worth(numbers, "pivot", "drift"))
    not_done = NOT_AT(names=missed) if missed else NO_PIVOT() if drift.measured is None else NOTHING
    spread = touch_spread(
        trace, touches, math.radians(numbers.real("scene.spread_deg")), slow, worth(numbers, "spread", "spread")
    )
    return [
        *held,
        drift,
        scatter_told(trace, "scatter", touches, any(reached), worth(numbers, "residual", "residual")),
        *closing(trace, numbers, not_done, spread),
    ]
