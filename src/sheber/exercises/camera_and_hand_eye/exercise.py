"""Camera and hand-eye: find a lens, a camera on the flange and a camera in the cell; touch marks that only they see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria import CLOSING_TITLES, Worth, closing, off_by, worth
from sheber.exercises.criteria.measure import sample_at
from sheber.exercises.numbers import Allowed, ExerciseError, Numbers
from sheber.exercises.robot_cell import ARMS, aside, between, home, imperfections, level_pose, work_table
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import N_, Text, _, message
from sheber.robot.cell.scene import CameraSpec, Colour, Fixture, Lighting, Scene, Shape
from sheber.robot.cell.stock import chessboard, pointer, post
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
NUMBERS = {
    "scene.arm": ARMS,
    "scene.marks": Allowed(1, 5, whole=True, title=N_("Marks to touch")),
    "scene.views": Allowed(3, 20, whole=True, title=N_("Views of a board, for each camera")),
    "scene.focal": Allowed(500, 760, "px", pair=True, title=N_("Focal length of the camera on the flange")),
    "scene.barrel": Allowed(0, 0.3, pair=True, title=N_("Barrel distortion of the camera on the flange")),
    "scene.light": Allowed(0, 0.4, title=N_("Change of the light")),
    "tolerance.reprojection": Allowed(0.01, 20, "px", ramp=True, title=N_("Error of the lens in the picture")),
    "tolerance.focal": Allowed(0.01, 50, "%", ramp=True, title=N_("Focal length")),
    "tolerance.camera_position": Allowed(0.05, 100, "mm", ramp=True, title=N_("Position of a camera")),
    "tolerance.camera_angle": Allowed(0.01, 45, "deg", ramp=True, title=N_("Angle of a camera")),
    "tolerance.mark": Allowed(0.05, 50, "mm", ramp=True, title=N_("Position of a touch")),
    "tolerance.views": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Views of a board")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.reprojection": N_("Error of the lens in the picture"),
    "points.focal": N_("Focal length"),
    "points.hand_position": N_("Position of the camera on the flange"),
    "points.hand_angle": N_("Angle of the camera on the flange"),
    "points.fixed_position": N_("Position of the fixed camera"),
    "points.fixed_angle": N_("Angle of the fixed camera"),
    "points.marks": N_("Marks touched"),
    "points.views": N_("Views of the boards"),
}

FIELDS = (10, 7)  # of both boards: as many corners inside as 9 x 6
BOARD_FIELD, TARGET_FIELD = 0.020, 0.016  # m
POINTER = 0.24  # m
HAND_DRAWN = Pose((0.095, 0.0, 0.040)).rotated(z=math.pi / 2)  # T_flange_hand as it was drawn
TARGET_DRAWN = (Pose((-0.075, 0.0, 0.095)).rotated(z=math.pi / 2)).rotated(x=-math.pi / 2)  # T_flange_target
ZONE = {"x": (0.30, 0.54), "y": (-0.34, -0.10), "z": (0.03, 0.10)}  # m: where the marks are
RING = (0.36, 0.60)  # m: as far from the axis of the base as the long tool reaches them
SPACING = 0.085  # m, between two marks
PEDESTAL, PAD, DISC = 0.05, 0.008, 0.007  # m: sides of a pedestal, soft pad on it, radius of the printed disc
MOUNTED = (0.010, 0.004, 5.0, 1.5)  # m, m, deg, deg: largest and least error of the bracket along and about each axis
STOOD = (0.030, 0.010, 3.0, 1.0)  # the same of the fixed camera
COLOURS: dict[str, Colour] = {
    "red": (0.80, 0.08, 0.08),
    "yellow": (0.92, 0.76, 0.06),
    "green": (0.08, 0.56, 0.18),
    "blue": (0.08, 0.26, 0.76),
    "magenta": (0.78, 0.10, 0.66),
}
LENS = ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3")
PLACE = ("x", "y", "z", "rx", "ry", "rz")
UNITS = {"fx": "px", "fy": "px", "cx": "px", "cy": "px", "x": "m", "y": "m", "z": "m"} | dict.fromkeys(PLACE[3:], "rad")
SHEET = [f"hand_{name}" for name in (*LENS, *PLACE)] + [f"fixed_{name}" for name in PLACE]
TOUCH = "touch"
OTHER_VIEW = math.radians(4.0)  # a picture that is turned less than this against another one is no view of its own

Array = NDArray[np.float64]


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a board left, marks right, a camera and a board on the arm, a camera that looks at both."""
    rng = np.random.default_rng([seed, 6])
    board = level_pose(between(rng, 0.45, 0.50), between(rng, 0.18, 0.22), 0.045, math.pi / 2 + aside(rng, 0.3, 0.05))
    board = board.rotated(x=aside(rng, 0.08, 0.02), y=aside(rng, 0.08, 0.02))
    target = _off(rng, TARGET_DRAWN, (0.004, 0.001, 3.0, 0.5))
    hand, fixed = _hand(rng, numbers), _fixed(rng)
    marks = _marks(rng, numbers)
    arm = numbers.choice("scene.arm")
    tool = replace(pointer(POINTER), carries=_carried(target), mass=0.7)
    return Scene(
        arm=arm,
        tool=tool,
        fixtures=(
            work_table(),
            _board(board),
            post("mast", 0.02, 0.65, Pose((1.12, 0.0, 0.0))),
            *(_pedestal(name, at) for name, at in marks.items()),
        ),
        cameras=(hand, fixed),
        lighting=_lighting(rng, numbers),
        outputs=(TOUCH,),
        analog_outputs=tuple((name, UNITS.get(name.split("_")[1], "")) for name in SHEET),
        frames=(("board", _off(rng, board, (0.012, 0.003, 4.0, 1.0))),),
        sheet=(
            ("board", _on_sheet(BOARD_FIELD)),
            ("target", _on_sheet(TARGET_FIELD) | {"flange_pose": TARGET_DRAWN.to_list()}),
            ("marks", list(marks)),
            ("zone", {axis: list(ends) for axis, ends in ZONE.items()}),
        ),
        imperfections=imperfections(rng, numbers, arm, camera=True),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("tool", tool.pose.to_list()),
            ("hand", _truth(hand)),
            ("fixed", _truth(fixed)),
            ("board", board.to_list()),
            ("target", target.to_list()),
            ("marks", {name: list(at) for name, at in marks.items()}),
        ),
    )


# --- what stands where ------------------------------------------------------------------------------


def _on_sheet(field: float) -> dict[str, Any]:
    """A board on the job sheet: how many corners are inside, and the side of a field [m]."""
    return {"columns": FIELDS[0] - 1, "rows": FIELDS[1] - 1, "field": field}


def _off(rng: np.random.Generator, pose: Pose, most: tuple[float, float, float, float]) -> Pose:
    """A pose beside another one, in its own axes: largest and least shift [m] and turn [deg] along and about each."""
    shift = [aside(rng, most[0], most[1], 5) for _axis in range(3)]
    turn = [aside(rng, math.radians(most[2]), math.radians(most[3]), 5) for _axis in range(3)]
    beside: Pose = pose.offset_tool(*shift).rotated(*turn)
    return beside


def _hand(rng: np.random.Generator, numbers: Numbers) -> CameraSpec:
    """The camera on the flange: only the drawing of its bracket is given."""
    focal = between(rng, *numbers.pair("scene.focal"), digits=2)
    low, high = numbers.pair("scene.barrel")
    return CameraSpec(
        "hand",
        _off(rng, HAND_DRAWN, MOUNTED),
        focal=(focal, round(focal * between(rng, 0.994, 1.006), 2)),
        centre=(between(rng, 308.0, 331.0, 2), between(rng, 228.0, 251.0, 2)),
        distortion=(
            -between(rng, low, high),
            between(rng, 0.3, 0.5) * low,
            between(rng, -0.001, 0.001, 6),
            between(rng, -0.001, 0.001, 6),
            0.0,
        ),
        depth=False,
        given=("pose",),
        mount="flange",
        nominal=HAND_DRAWN,
    )


def _fixed(rng: np.random.Generator) -> CameraSpec:
    """The camera on the mast: its lens is given, of its place only the drawing."""
    drawn = _looking(np.array((1.05, 0.0, 0.55)), np.array((0.42, 0.0, 0.38)))
    focal = between(rng, 760.0, 800.0, 2)
    return CameraSpec(
        "fixed",
        _off(rng, drawn, STOOD),
        focal=(focal, round(focal * between(rng, 0.998, 1.002), 2)),
        centre=(between(rng, 313.0, 326.0, 2), between(rng, 233.0, 246.0, 2)),
        distortion=(-between(rng, 0.08, 0.14), between(rng, 0.02, 0.05), 0.0, 0.0, 0.0),
        depth=False,
        nominal=drawn,
    )


def _looking(at: Array, to: Array) -> Pose:
    """T_base_camera of an upright camera at one point [m] that looks to another one."""
    z = (to - at) / np.linalg.norm(to - at)
    x = np.cross(z, (0.0, 0.0, 1.0))
    x /= np.linalg.norm(x)
    turn = np.eye(4)
    turn[:3] = np.column_stack((x, np.cross(z, x), z, at))
    return Pose.from_matrix(turn)


def _board(pose: Pose) -> Fixture:
    """The board on the table, propped up by a foot."""
    foot = Shape("box", (0.10, 0.08, 0.03), Pose((0.0, 0.0, -0.026)), (0.16, 0.17, 0.19))
    return Fixture("board", (foot, *chessboard(*FIELDS, BOARD_FIELD, Pose())), pose)


def _carried(target: Pose) -> tuple[Shape, ...]:
    """The board that the arm carries beside the pointer, and the bracket that holds it."""
    bracket = Shape("box", (0.055, 0.03, 0.008), Pose((-0.0375, 0.0, 0.07)), (0.30, 0.31, 0.33))
    return (bracket, *chessboard(*FIELDS, TARGET_FIELD, target, thick=0.004))


def _marks(rng: np.random.Generator, numbers: Numbers) -> dict[str, tuple[float, float, float]]:
    """Where the marks are [m], by colour: the middles of the printed discs."""
    names = [str(name) for name in rng.permutation(list(COLOURS))[: numbers.whole("scene.marks")]]
    for _attempt in range(1000):
        spots: list[tuple[float, float, float]] = []
        for _try in range(60):
            x, y, z = (between(rng, *ZONE[axis]) for axis in ("x", "y", "z"))
            near = any(math.hypot(x - a, y - b) < SPACING for a, b, _c in spots)
            if not near and RING[0] < math.hypot(x, y) < RING[1]:
                spots.append((x, y, z))
            if len(spots) == len(names):
                return dict(zip(names, spots, strict=True))
    raise ExerciseError(_("{count} marks do not fit on the table.").format(count=len(names)))


def _pedestal(name: str, at: tuple[float, float, float]) -> Fixture:
    """A block with a soft pad, on it a printed disc. The tip sinks into the pad and touches nothing hard there."""
    x, y, z = at
    hard = z - PAD
    block = Shape("box", (PEDESTAL, PEDESTAL, hard), Pose((0.0, 0.0, hard / 2 - z)), (0.30, 0.31, 0.33))
    pad = Shape("box", (PEDESTAL, PEDESTAL, PAD), Pose((0.0, 0.0, -PAD / 2 - 0.0004)), (0.86, 0.86, 0.85), solid=False)
    disc = Shape("cylinder", (DISC, 0.0004), Pose((0.0, 0.0, -0.0002)), COLOURS[name], solid=False)
    return Fixture(f"mark_{name}", (block, pad, disc), Pose((x, y, z)))


def _lighting(rng: np.random.Generator, numbers: Numbers) -> Lighting:
    """One lamp, brighter or darker, from above and from the side of the mast."""
    base, share = Lighting(), numbers.real("scene.light")
    bright = between(rng, 1.0 - share, 1.0 + share, 3)
    direction = (between(rng, -0.75, -0.55), between(rng, 0.05, 0.30), -1.0)
    return replace(base, direction=direction, ambient=base.ambient * bright, diffuse=base.diffuse * bright)


def _truth(camera: CameraSpec) -> dict[str, Any]:
    """A camera as the checks need it."""
    lens = (*camera.focal, *camera.centre, *camera.distortion)
    size = [camera.width, camera.height]
    return {"lens": list(lens), "pose": camera.pose.to_list(), "size": size}


# --- what is measured -------------------------------------------------------------------------------

REPROJECTION = message("camera_and_hand_eye.reprojection", "Lens of the camera on the flange: error in the picture")
REPROJECTION_OFF = message(
    "camera_and_hand_eye.reprojection_off",
    "With the lens that the program handed over, points in front of the camera appear {off:.2f} px (root mean square) "
    "beside where the camera really sees them. A wrong k1, k2, p1, p2, k3 or centre is part of this error.",
)
FOCAL = message("camera_and_hand_eye.focal", "Focal length of the camera on the flange")
FOCAL_OFF = message(
    "camera_and_hand_eye.focal_off",
    "The program handed over fx = {fx:.1f} px and fy = {fy:.1f} px. The camera has fx = {true_fx:.1f} px and "
    "fy = {true_fy:.1f} px.",
)
HAND_POSITION = message("camera_and_hand_eye.hand_position", "Camera on the flange: position")
HAND_ANGLE = message("camera_and_hand_eye.hand_angle", "Camera on the flange: angle")
FIXED_POSITION = message("camera_and_hand_eye.fixed_position", "Fixed camera: position")
FIXED_ANGLE = message("camera_and_hand_eye.fixed_angle", "Fixed camera: angle")
PLACE_TITLES = {"hand": (HAND_POSITION, HAND_ANGLE), "fixed": (FIXED_POSITION, FIXED_ANGLE)}
PLACE_OFF = message(
    "camera_and_hand_eye.place_off", "The camera is {off:.1f} mm away from where the program says that it is ({by})."
)
PLACE_TURNED = message(
    "camera_and_hand_eye.place_turned", "The camera is turned by {off:.2f}° against what the program says."
)
OTHER_WAY_ROUND = message(
    "camera_and_hand_eye.other_way_round",
    "{off} The inverse of this pose would be right: the program handed over the pose the other way round.",
)
NOT_HANDED_OVER = message(
    "camera_and_hand_eye.not_handed_over", "The program did not hand over these values: {outputs}."
)
IMPOSSIBLE = message("camera_and_hand_eye.impossible", "No camera has such values: {outputs}.")
MARK = message("camera_and_hand_eye.mark", "Mark: {colour}")
COLOUR_WORDS = {
    "red": message("camera_and_hand_eye.red", "red"),
    "yellow": message("camera_and_hand_eye.yellow", "yellow"),
    "green": message("camera_and_hand_eye.green", "green"),
    "blue": message("camera_and_hand_eye.blue", "blue"),
    "magenta": message("camera_and_hand_eye.magenta", "magenta"),
}
MARK_OFF = message(
    "camera_and_hand_eye.mark_off",
    "At {time:.1f} s the tip was {off:.1f} mm away from the {colour} mark when the program said “touch” ({by}).",
)
MARK_NEVER = message(
    "camera_and_hand_eye.mark_never",
    "None of the first {count} touches was at the {colour} mark. The program said “touch” {told} times.",
)
VIEWS_HAND = message("camera_and_hand_eye.views_hand", "Different views of the board on the table")
VIEWS_FIXED = message("camera_and_hand_eye.views_fixed", "Different views of the board on the arm")
TOO_FEW_VIEWS = message(
    "camera_and_hand_eye.too_few_views",
    "The camera {camera!r} took {count} pictures with the whole board in view, each turned against all the others. "
    "{wanted} are wanted.",
)
NOT_TOUCHED = message("camera_and_hand_eye.not_touched", "These marks were not touched: {marks}.")
USELESS = message("camera_and_hand_eye.useless", "These values are missing or earn nothing: {values}.")

MOST = 1e4  # no value of a real camera is larger
NEARLY = (0.02, math.radians(5.0))  # m, rad: an inverse that is as near as this shows what was mixed up
NO_TOUCH = 0.05  # m: a touch that is farther from a mark is no touch of it


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """What the program handed over against the truth, where it touched, what it looked at; time, safety, home."""
    handed = _handed_over(trace)
    lens, places = _lens_checks(trace, numbers, handed), _all_place_checks(trace, numbers, handed)
    marks = list(_mark_checks(trace, numbers))
    colour = {f"mark-{name}": words for name, words in COLOUR_WORDS.items()}
    missed = [colour[check.key]() for check in marks if check.points == 0.0 and check.maximum > 0.0]
    not_done = NOT_TOUCHED(marks=missed) if missed else NOTHING
    useless = [check.title for check in (*lens, *places) if check.points == 0.0 and check.maximum > 0.0]
    if useless:
        not_done = USELESS(values=useless)
    return [*lens, *places, *marks, *closing(trace, numbers, not_done, *_view_checks(trace, numbers))]


def _handed_over(trace: Trace) -> dict[str, tuple[float, float]]:
    """The last value of each output of the result sheet that the program set, and when [s]."""
    events = [event for event in trace.events_of("output") if event.data["name"] in SHEET]
    return {str(event.data["name"]): (float(event.data["value"]), event.step * trace.step_s) for event in events}


def _values(
    handed: Mapping[str, tuple[float, float]], camera: str, names: tuple[str, ...], needed: tuple[str, ...]
) -> tuple[list[float], float] | Text:
    """Values of a camera, zeros where they were left at zero, and when they were complete [s]; or why there are none.

    `needed`: those of which at least one was set.
    """
    outputs = [f"{camera}_{name}" for name in names]
    if not any(f"{camera}_{name}" in handed for name in needed):
        return NOT_HANDED_OVER(outputs=[f"{camera}_{name}" for name in needed])
    values = {name: handed.get(name, (0.0, 0.0)) for name in outputs}
    wild = [name for name, (value, _time) in values.items() if not abs(value) <= MOST]
    if wild:
        return IMPOSSIBLE(outputs=wild)
    return [value for value, _time in values.values()], max(time for _value, time in values.values())


def _lens_checks(trace: Trace, numbers: Numbers, handed: Mapping[str, tuple[float, float]]) -> list[Check]:
    """Where the lens that was handed over shows points, and its focal lengths."""
    reprojection = worth(numbers, "reprojection", "reprojection")
    focal = worth(numbers, "focal", "focal")
    found = _values(handed, "hand", LENS, LENS[:2])
    if isinstance(found, Text):
        return [
            reprojection.missing("reprojection", REPROJECTION(), found),
            focal.missing("focal", FOCAL(), found, follows=True),
        ]
    (values, time), true = found, trace.facts["hand"]["lens"]
    off = _lens_error(np.array(values), np.array(true), trace.facts["hand"]["size"])
    far = max(abs(value / wanted - 1.0) for value, wanted in zip(values[:2], true[:2], strict=True))
    focal_told = FOCAL_OFF(fx=values[0], fy=values[1], true_fx=true[0], true_fy=true[1])
    return [
        reprojection.check("reprojection", REPROJECTION(), off, time, REPROJECTION_OFF(off=off)),
        focal.check("focal", FOCAL(), far, time, focal_told),
    ]


def _project(rays: Array, lens: Array) -> Array:
    """Pixels (n, 2) of rays (n, 3): fx, fy, cx, cy, then k1, k2, p1, p2, k3 as OpenCV has them."""
    (fx, fy, cx, cy), (k1, k2, p1, p2, k3) = lens[:4], lens[4:]
    x, y = rays[:, 0] / rays[:, 2], rays[:, 1] / rays[:, 2]
    square = x * x + y * y
    radial = 1.0 + square * (k1 + square * (k2 + square * k3))
    seen_x = x * radial + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x)
    seen_y = y * radial + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y
    return np.column_stack((fx * seen_x + cx, fy * seen_y + cy))


def _lens_error(lens: Array, true: Array, size: list[int]) -> float:
    """How far [px, rms] a lens shows points beside where the true one does, over the picture without its margin.

    A small turn of the camera is fitted first, as the pose of a board would be: a centre that is wrong by a pixel is
    hardly seen, because the camera only seems to look a little aside. No more than `MOST`.
    """
    across, down = np.meshgrid(np.linspace(-0.7, 0.7, 29), np.linspace(-0.6, 0.6, 25))
    rays = np.column_stack((across.ravel(), down.ravel(), np.ones(across.size)))
    seen = _project(rays, true)
    margin = MARGIN * np.array(size)
    inside = ((seen >= margin) & (seen <= np.array(size) - 1.0 - margin)).all(axis=1)
    rays = rays[inside & _lens_holds(rays, true)]
    wanted = _project(rays, true)
    off = (_project(rays, lens) - wanted).ravel()
    turns = np.column_stack([(_project(_turned(rays, axis), true) - wanted).ravel() for axis in np.eye(3) * TURN])
    fitted = np.linalg.lstsq(turns, off, rcond=None)[0]
    left = (off - turns @ fitted).reshape(-1, 2)
    return min(MOST, float(np.sqrt((left * left).sum(axis=1).mean())))


TURN = 1e-4  # rad: the step of the turns that are fitted
MARGIN = 0.1  # of the picture's width and height, on each side: a board that is whole in view hardly reaches there


def _turned(rays: Array, turn: Array) -> Array:
    return np.asarray(rays + np.cross(turn, rays))


def _lens_holds(rays: Array, lens: Array) -> NDArray[np.bool_]:
    """Whether pixels still move outwards with their rays (n,): beyond that a lens of this formula folds back."""
    k1, k2, k3 = lens[4], lens[5], lens[8]
    square = rays[:, 0] ** 2 + rays[:, 1] ** 2
    return np.asarray(1.0 + square * (3.0 * k1 + square * (5.0 * k2 + square * 7.0 * k3)) > 0.3)


def _all_place_checks(trace: Trace, numbers: Numbers, handed: Mapping[str, tuple[float, float]]) -> list[Check]:
    return [check for camera in PLACE_TITLES for check in _place_checks(trace, numbers, handed, camera)]


def _place_checks(
    trace: Trace, numbers: Numbers, handed: Mapping[str, tuple[float, float]], camera: str
) -> Iterator[Check]:
    """Position and angle of one camera as it was handed over, against where it is."""
    position = worth(numbers, f"{camera}_position", "camera_position")
    angle = worth(numbers, f"{camera}_angle", "camera_angle")
    place_title, angle_title = (title() for title in PLACE_TITLES[camera])
    found = _values(handed, camera, PLACE, PLACE)
    if isinstance(found, Text):
        yield position.missing(f"{camera}-position", place_title, found)
        yield angle.missing(f"{camera}-angle", angle_title, found, follows=True)
        return
    values, time = found
    claimed, true = Pose.from_rotvec(values[:3], values[3:]), Pose.from_list(trace.facts[camera]["pose"])
    away, turned = claimed.distance(true), claimed.angle(true)
    off = PLACE_OFF(off=away * 1e3, by=off_by(true.position - claimed.position))
    turn = PLACE_TURNED(off=math.degrees(turned))
    if _is_inverse(claimed, true):
        off, turn = OTHER_WAY_ROUND(off=off), OTHER_WAY_ROUND(off=turn)
    yield position.check(f"{camera}-position", place_title, away, time, off)
    yield angle.check(f"{camera}-angle", angle_title, turned, time, turn)


def _is_inverse(claimed: Pose, true: Pose) -> bool:
    back = claimed.inverse()
    return claimed.distance(true) > NEARLY[0] and back.distance(true) < NEARLY[0] and back.angle(true) < NEARLY[1]


# --- marks ------------------------------------------------------------------------------------------


def _mark_checks(trace: Trace, numbers: Numbers) -> Iterator[Check]:
    """How far from each mark the true tip was at the touch that belongs to it."""
    marks = trace.facts["marks"]
    said = [e.step * trace.step_s for e in trace.events_of("output") if e.data["name"] == TOUCH and e.data["value"]]
    times = said[: len(marks)]  # more touches than marks would be a search
    tips = np.array([trace["tcp"][sample_at(trace, time), :3] for time in times]).reshape(-1, 3)
    shares = worth(numbers, "marks", "mark").shared(len(marks))
    chosen = _matched(tips, np.array(list(marks.values())))
    for (name, at), touch, own in zip(marks.items(), chosen, shares, strict=True):
        colour = COLOUR_WORDS[name]()
        key, title = f"mark-{name}", MARK(colour=colour)
        if touch is None:
            yield own.missing(key, title, MARK_NEVER(count=len(marks), colour=colour, told=len(said)))
            continue
        by = tips[touch] - at
        away, time = float(np.linalg.norm(by)), times[touch]
        told = MARK_OFF(time=time, off=away * 1e3, colour=colour, by=off_by(by))
        yield own.check(key, title, away, time, told)


def _matched(tips: Array, marks: Array) -> list[int | None]:
    """The touch of each mark: one touch to a mark, so that they are nearest in all. None: no touch was near."""
    padded = np.vstack((tips, np.full((len(marks) - len(tips), 3), np.inf)))
    distance = np.minimum(np.linalg.norm(padded[:, None] - marks[None], axis=2), NO_TOUCH)
    order = min(permutations(range(len(marks))), key=lambda one: float(distance[one, range(len(marks))].sum()))
    return [touch if distance[touch, mark] < NO_TOUCH else None for mark, touch in enumerate(order)]


# --- views ------------------------------------------------------------------------------------------


def _view_checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """How many pictures of each camera show its whole board, each turned against the others."""
    wanted = numbers.whole("scene.views")
    shares = worth(numbers, "views", "views").shared(2)
    titles = {"hand": VIEWS_HAND(), "fixed": VIEWS_FIXED()}
    return [_view_check(trace, name, titles[name], wanted, own) for name, own in zip(titles, shares, strict=True)]


def _view_check(trace: Trace, camera: str, title: Text, wanted: int, own: Worth) -> Check:
    count = len(_views(trace, camera))
    told = TOO_FEW_VIEWS(camera=camera, count=count, wanted=wanted)
    return own.check(f"views-{camera}", title, min(1.0, count / wanted), None, told)


def _views(trace: Trace, camera: str) -> list[Pose]:
    """T_camera_board of the views of its own that a camera took."""
    views: list[Pose] = []
    for event in trace.events_of("capture"):
        if event.data["camera"] != camera:
            continue
        view = _board_seen(trace, camera, event.step * trace.step_s)
        field = BOARD_FIELD if camera == "hand" else TARGET_FIELD
        if _in_view(view, field, trace.facts[camera]) and all(view.angle(other) > OTHER_VIEW for other in views):
            views.append(view)
    return views


def _board_seen(trace: Trace, camera: str, time: float) -> Pose:
    """True T_camera_board at a moment [s]: of the board on the table, or of that on the arm."""
    tcp = Pose.from_list(trace["tcp"][sample_at(trace, time)])
    flange = tcp @ Pose.from_list(trace.facts["tool"]).inverse()
    own = Pose.from_list(trace.facts[camera]["pose"])
    if camera == "hand":
        seen: Pose = (flange @ own).inverse() @ Pose.from_list(trace.facts["board"])
    else:
        seen = own.inverse() @ flange @ Pose.from_list(trace.facts["target"])
    return seen


def _in_view(view: Pose, field: float, camera: Mapping[str, Any]) -> bool:
    """Whether the four outer corners of a board's pattern are in the picture, seen from the front."""
    half = np.array([(sx * (FIELDS[0] / 2 - 1), sy * (FIELDS[1] / 2 - 1), 0.0) for sx in (-1, 1) for sy in (-1, 1)])
    corners = view @ (half * field)
    if (corners[:, 2] <= 0.05).any() or view.rotation[:, 2] @ view.position >= 0.0:
        return False
    pixels = _project(corners, np.array(camera["lens"]))
    return bool(((pixels >= 0.0) & (pixels <= np.array(camera["size"]) - 1.0)).all())
