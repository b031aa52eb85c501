"""Poses and moves: six poses in order, a line, an arc, and a post in the way."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Worth,
    arc_driven,
    closing,
    leg_between,
    line_driven,
    poses_reached,
    speed_kept,
    worth,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.robot_cell import ARMS, aside, between, down_pose, home, imperfections, mark, work_table
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import N_, message
from sheber.robot import arms
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.stock import pointer, post
from sheber.robot.kind import CELL
from sheber.robot.motion.legs import Planner
from sheber.trace import NOTHING, Trace

STATION = CELL
COUNTS = ("line_s",)  # seconds of line and arc at their speeds
NUMBERS = {
    "scene.arm": ARMS,
    "scene.post_radius": Allowed(0.01, 0.04, "m", title=N_("Radius of the post")),
    "scene.post_height": Allowed(0.10, 0.30, "m", pair=True, title=N_("Height of the post")),
    "scene.speed": Allowed(0.02, 0.25, "m/s", pair=True, title=N_("Speed on line and arc")),
    "scene.tilt_deg": Allowed(0, 30, "deg", title=N_("Largest tilt of poses E and F")),
    "scene.turn_deg": Allowed(0, 60, "deg", title=N_("Largest turn of a pose")),
    "tolerance.position": Allowed(0.01, 100, "mm", ramp=True, title=N_("Position of a pose")),
    "tolerance.angle": Allowed(0.01, 45, "deg", ramp=True, title=N_("Angle of a pose")),
    "tolerance.straightness": Allowed(0.01, 100, "mm", ramp=True, title=N_("Straightness of the line")),
    "tolerance.roundness": Allowed(0.01, 100, "mm", ramp=True, title=N_("Roundness of the arc")),
    "tolerance.speed": Allowed(0.1, 100, "%", ramp=True, title=N_("Speed on line and arc")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.position": N_("Position of the poses"),
    "points.angle": N_("Angle of the poses"),
    "points.line": N_("The straight line"),
    "points.arc": N_("The arc"),
    "points.speed": N_("Speed on line and arc"),
    "cycle.per.line_s": N_("Reference time for each second of line and arc"),
}

LEAST_SPEED = 0.03  # m/s, between line and arc
SURE = 0.005  # m, by which at least the tip would run into the post
LEAST_TURN = math.radians(4.0)  # of a pose; that of B is near A's
NAMES = ("A", "B", "C", "D", "E", "F")
COLOURS = {
    "A": (0.13, 0.42, 0.75),
    "B": (0.13, 0.42, 0.75),
    "C": (0.10, 0.58, 0.42),
    "D": (0.10, 0.58, 0.42),
    "E": (0.62, 0.30, 0.68),
    "F": (0.62, 0.30, 0.68),
}


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: poses A and B right of the post, C and D left of it, E and F high and tilted."""
    rng = np.random.default_rng([seed, 1])
    poses = _poses(rng, numbers)
    height = between(rng, *numbers.pair("scene.post_height"), digits=3)
    radius, arm = numbers.real("scene.post_radius"), numbers.choice("scene.arm")
    foot = _foot(rng, poses, arm, radius)
    line, arc = _speeds(rng, numbers.pair("scene.speed"))
    route = [
        {"pose": "A", "move": "joints"},
        {"pose": "B", "move": "line", "speed": line},
        {"pose": "C", "move": "joints"},
        {"pose": "D", "move": "arc", "via": "via", "speed": arc},
        {"pose": "E", "move": "joints"},
        {"pose": "F", "move": "joints"},
    ]
    line_s = poses["A"].distance(poses["B"]) / line + _arc_length(poses) / arc
    return Scene(
        arm=arm,
        tool=pointer(),
        fixtures=(
            work_table(),
            post("post", radius, height, foot),
            *(mark(name, poses[name], COLOURS[name]) for name in NAMES),
        ),
        frames=(*poses.items(), ("post", foot)),
        sheet=(("route", route), ("post", {"radius": radius, "height": height})),
        imperfections=imperfections(rng, numbers, arm),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"line_s": round(line_s, 3)}),
            ("poses", {name: pose.to_list() for name, pose in poses.items()}),
            ("speeds", {"line": line, "arc": arc}),
        ),
    )


def _poses(rng: np.random.Generator, numbers: Numbers) -> dict[str, Pose]:
    """The taught poses by name, with the via pose of the arc."""
    most = math.radians(numbers.real("scene.turn_deg"))
    turn = [aside(rng, most, LEAST_TURN) for _name in NAMES]
    turn[1] = round(turn[0] + between(rng, -0.3, 0.3), 4)  # a large turn on a short line would set its speed
    poses = {
        "A": down_pose(between(rng, 0.32, 0.40), between(rng, -0.42, -0.34), between(rng, 0.08, 0.14), turn[0]),
        "B": down_pose(between(rng, 0.48, 0.56), between(rng, -0.28, -0.22), between(rng, 0.12, 0.20), turn[1]),
    }
    x, y, z = between(rng, 0.36, 0.40), between(rng, 0.19, 0.23), between(rng, 0.10, 0.16)
    radius = between(rng, 0.07, 0.10)
    poses["C"] = down_pose(x, y, z, turn[2])
    poses["via"] = down_pose(x + radius, y + radius, z + between(rng, 0.0, 0.05), turn[2])
    poses["D"] = down_pose(x, y + 2.0 * radius, z, turn[2])
    lean = [math.radians(between(rng, 0.5, 1.0)) * numbers.real("scene.tilt_deg") for _n in range(2)]
    poses["E"] = down_pose(between(rng, 0.42, 0.48), between(rng, 0.28, 0.36), between(rng, 0.34, 0.40), turn[4])
    poses["E"] = poses["E"].rotated(x=lean[0])
    poses["F"] = down_pose(between(rng, 0.50, 0.56), between(rng, -0.10, 0.05), between(rng, 0.42, 0.48), turn[5])
    poses["F"] = poses["F"].rotated(y=-lean[1])
    return poses


def _speeds(rng: np.random.Generator, ends: tuple[float, float]) -> tuple[float, float]:
    """Speeds [m/s] on the line and on the arc: never nearly equal where the range has room."""
    line, arc = (between(rng, *ends, digits=2) for _n in range(2))
    if abs(arc - line) < LEAST_SPEED:
        arc = line + LEAST_SPEED if line + LEAST_SPEED <= ends[1] else max(ends[0], line - LEAST_SPEED)
    return line, round(arc, 2)


def _foot(rng: np.random.Generator, poses: dict[str, Pose], arm: str, radius: float) -> Pose:
    """T_base_post: between the joint move and the line from B to C, about in their middle, so that both hit the post.

    The two paths are 50 to 75 mm apart. A post of a small `radius` [m] stands in the way of the joint move alone.
    """
    on_joints = _on_joint_move(arm, poses, between(rng, 0.45, 0.60))[:2]
    start, end = (poses[name].position[:2] for name in ("B", "C"))
    along = (end - start) / np.linalg.norm(end - start)
    to_line = start + ((on_joints - start) @ along) * along - on_joints
    x, y = on_joints + to_line * min(0.5, (radius - SURE) / float(np.linalg.norm(to_line)))
    return Pose((round(float(x) + between(rng, -0.005, 0.005), 3), round(float(y), 3), 0.0))


def _on_joint_move(arm: str, poses: dict[str, Pose], share: float) -> NDArray[np.float64]:
    """Where (3,) the tip is when an arm that came from home to A and B has done this share of the joint move to C."""
    robot = arms.load(arm)
    planner = Planner(robot, pointer().pose)
    before = after = np.asarray(robot.home)
    for name in ("A", "B", "C"):
        before, after = after, planner.goal(poses[name], after)
    return planner.tcp(before + share * (after - before)).position


def _arc_length(poses: dict[str, Pose]) -> float:
    """Length [m] of the arc C, via, D, which is symmetrical about its via pose."""
    chord = poses["C"].distance(poses["D"])
    half = poses["C"].distance(poses["via"])
    rise = math.sqrt(half**2 - (chord / 2.0) ** 2)
    radius = half**2 / (2.0 * rise)
    return radius * 4.0 * math.atan2(rise, chord / 2.0)


def _reached(check: Check, position: Worth) -> bool:
    """Whether the tool came so near to a pose that its position may earn points."""
    return check.measured is not None and check.measured < position.tolerance.zero


NOT_REACHED = message("poses_and_moves.not_reached", "The tool did not reach these poses in the right order: {poses}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Six poses on the true TCP, the line, the arc, their speeds, home, time and safety."""
    poses = {name: Pose.from_list(values) for name, values in trace.facts["poses"].items()}
    wanted = [(name, poses[name]) for name in NAMES]
    position, angle = (worth(numbers, name, name) for name in ("position", "angle"))
    found, samples = poses_reached(trace, wanted, position, angle)
    line = leg_between(trace, wanted[0], wanted[1], samples[0], samples[1])
    arc = leg_between(trace, wanted[2], wanted[3], samples[2], samples[3])
    through = poses["C"], poses["via"], poses["D"]
    speeds = trace.facts["speeds"]
    of_line, of_arc = worth(numbers, "speed", "speed").shared(2)
    missing = [name for name, check in zip(NAMES, found[::2], strict=True) if not _reached(check, position)]
    return [
        *found,
        line_driven(trace, line, worth(numbers, "line", "straightness")),
        arc_driven(trace, arc, through, worth(numbers, "arc", "roundness")),
        *closing(
            trace,
            numbers,
            NOT_REACHED(poses=missing) if missing else NOTHING,
            speed_kept(trace, line, speeds["line"], of_line),
            speed_kept(trace, arc, speeds["arc"], of_arc),
        ),
    ]
