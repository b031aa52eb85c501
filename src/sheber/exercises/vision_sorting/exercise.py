"""Vision sorting: parts of several shapes and colours, found by a camera, sorted into trays."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Placed,
    Worth,
    closing,
    cut_off,
    gripped_nothing,
    let_go,
    lies,
    placements,
    set_down,
    where,
    worth,
)
from sheber.exercises.criteria.measure import body_path
from sheber.exercises.numbers import Allowed, ExerciseError, Numbers
from sheber.exercises.robot_cell import ARMS, aside, between, home, imperfections, level_pose, work_table
from sheber.exercises.score import Check
from sheber.geometry import DOWN, Pose
from sheber.i18n import N_, Text, _, message
from sheber.robot.cell.scene import CameraSpec, Colour, Fixture, Lighting, Part, Scene, Shape
from sheber.robot.cell.stock import gripper, open_bin
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
COUNTS = ("parts",)  # those that belong in a tray
NUMBERS = {
    "scene.arm": ARMS,
    "scene.parts": Allowed(2, 14, whole=True, pair=True, title=N_("Parts on the mat")),
    "scene.decoys": Allowed(0, 6, whole=True, pair=True, title=N_("Parts that belong in no tray")),
    "scene.places": Allowed(1, 5, whole=True, title=N_("Places of each tray")),
    "scene.light": Allowed(0, 0.5, title=N_("Change of the light")),
    "scene.exposure": Allowed(0, 0.3, title=N_("Change of the exposure")),
    "scene.warmth": Allowed(0, 0.2, title=N_("Change of the light’s colour")),
    "scene.tilt_deg": Allowed(0, 5, "deg", title=N_("Largest tilt of the camera")),
    "scene.turn_deg": Allowed(0, 12, "deg", title=N_("Largest turn of a tray")),
    "tolerance.sorted": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Parts in the right tray")),
    "tolerance.position": Allowed(0.1, 100, "mm", ramp=True, title=N_("Position of a part")),
    "tolerance.yaw": Allowed(0.1, 90, "deg", ramp=True, title=N_("Turn of a part")),
    "tolerance.drop": Allowed(0.1, 200, "mm", ramp=True, title=N_("Height of a drop")),
    "tolerance.decoy": Allowed(0.5, 200, "mm", ramp=True, title=N_("How far a part that stays was moved")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.sorted": N_("Parts in the right tray"),
    "points.placed": N_("Parts in their places"),
    "points.decoys": N_("Parts that belong in no tray stay"),
    "cycle.per.parts": N_("Reference time for each part"),
}

HEIGHT = 0.03  # m, of every part
PITCH = 0.085  # m, between the places of a tray
TRAY_FLOOR = 0.006  # m
TRAY_WIDTH = 0.128  # m inside: the fingers fit when they are wide open
SPACING = 0.088  # m, between the middles of two parts: room for the fingers
ZONE = {"x": (0.02, 0.56), "y": (-0.56, -0.14)}  # where parts lie ...
RING = (0.30, 0.73)  # ... as far as the arm reaches, m from the axis of its base

LEAST_TURN = math.radians(4.0)  # of a tray
LEAST_TILT = math.radians(0.5)  # of the camera, about each of its axes
LEAST_SHARE = 0.6  # of the largest turn of a part against the base's axes that still looks different

COLOURS: dict[str, Colour] = {
    "red": (0.78, 0.11, 0.10),
    "green": (0.13, 0.56, 0.22),
    "blue": (0.10, 0.27, 0.72),
    "yellow": (0.93, 0.74, 0.10),
    "grey": (0.50, 0.51, 0.53),
}


@dataclass(frozen=True)
class Form:
    """One shape of part; x is along its longer side, or through a corner of the hexagon."""

    symmetry: int  # equal sides; 0: round
    shape: tuple[str, tuple[float, ...]]  # kind and size of the solid, m
    sheet: dict[str, float]  # what the job sheet says of it, m


FORMS = {
    "square": Form(4, ("box", (0.040, 0.040, HEIGHT)), {"side": 0.040}),
    "bar": Form(2, ("box", (0.060, 0.028, HEIGHT)), {"length": 0.060, "width": 0.028}),
    "hexagon": Form(6, ("prism", (HEIGHT,)), {"across_flats": 0.042}),
    "disc": Form(0, ("cylinder", (0.021, HEIGHT)), {"diameter": 0.042}),
}


OFTEN = (0.1, 0.7, 0.15, 0.05)  # how often each form is drawn: bars show a wrong angle, discs fit at any


@dataclass(frozen=True)
class Piece:
    """One part as drawn by seed."""

    name: str
    form: str
    colour: str
    pose: Pose


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a mat with parts under a camera on the right, three trays on the left."""
    rng = np.random.default_rng([seed, 3])
    weather = np.random.default_rng([seed, 4])  # of light and exposure
    colours = [str(name) for name in rng.permutation(["red", "green", "blue", "yellow"])]
    wanted, spare = colours[:3], colours[3]
    pieces = _pieces(rng, numbers, wanted, spare)
    trays = _tray_frames(rng, numbers)
    places = numbers.whole("scene.places")
    names = dict(zip(wanted, trays, strict=True))
    sorted_pieces = [piece for piece in pieces if piece.colour in names]
    arm = numbers.choice("scene.arm")
    return Scene(
        arm=arm,
        tool=gripper(),
        parts=tuple(_part(piece) for piece in pieces),
        fixtures=(work_table(), _mat(), *(_tray(names[c], trays[names[c]], places, COLOURS[c]) for c in wanted)),
        cameras=(_camera(rng, weather, numbers),),
        lighting=_lighting(rng, weather, numbers),
        frames=tuple(trays.items()),
        sheet=(
            ("trays", names),
            ("places", places),
            ("pitch", PITCH),
            ("part_height", HEIGHT),
            ("shapes", {name: form.sheet for name, form in FORMS.items()}),
            ("zone", {axis: list(ends) for axis, ends in ZONE.items()}),
        ),
        meant_contacts=(
            *(("part_*", other) for other in ("part_*", "finger_*", "tray_*", "table")),
            ("finger_left", "finger_right"),
        ),
        imperfections=imperfections(rng, numbers, arm, camera=True),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"parts": len(sorted_pieces)}),
            ("parts", {p.name: {"shape": p.form, "colour": p.colour, "tray": names.get(p.colour, "")} for p in pieces}),
            ("trays", {name: [_place(frame, n).to_list() for n in range(places)] for name, frame in trays.items()}),
        ),
    )


# --- what stands where ------------------------------------------------------------------------------


def _pieces(rng: np.random.Generator, numbers: Numbers, wanted: list[str], spare: str) -> list[Piece]:
    """The parts: of each wanted colour at most as many as its tray has places; decoys: grey or the spare colour."""
    low, high = (int(end) for end in numbers.pair("scene.parts"))
    few, many = (int(end) for end in numbers.pair("scene.decoys"))
    places = numbers.whole("scene.places")
    decoys = int(rng.integers(few, many + 1))
    count = min(int(rng.integers(low, high + 1)), 3 * places + decoys)
    stock = [colour for colour in wanted for _n in range(places)]
    # one of each wanted colour first, so that no tray stays empty without a reason
    chosen = wanted[: max(0, count - decoys)]
    rest = [str(c) for c in rng.permutation(stock[:])]
    for colour in chosen:
        rest.remove(colour)
    chosen = chosen + rest[: max(0, count - decoys - len(chosen))]
    chosen += [str(c) for c in rng.choice(["grey", spare], decoys)]
    forms = [str(form) for form in rng.choice(list(FORMS), len(chosen), p=OFTEN)]
    spots = _spots(rng, len(chosen))
    return [
        Piece(f"part_{n + 1}", forms[k], chosen[k], level_pose(x, y, HEIGHT / 2, _turn(rng, forms[k])))
        for n, (k, (x, y)) in enumerate(zip(rng.permutation(len(chosen)), spots, strict=True))
    ]


def _turn(rng: np.random.Generator, form: str) -> float:
    """How a part lies [rad]: turned so far against the base's axes that a grip along them does not fit."""
    sides = FORMS[form].symmetry
    if sides == 0:
        return float(rng.uniform(-math.pi, math.pi))
    half = math.pi / sides
    return 2.0 * half * int(rng.integers(sides)) + aside(rng, half, LEAST_SHARE * half)


def _spots(rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    """Places on the mat, within reach, with room for the fingers between them."""
    for _attempt in range(200):
        spots: list[tuple[float, float]] = []
        for _try in range(1500):
            x, y = between(rng, *ZONE["x"]), between(rng, *ZONE["y"])
            near = any(math.hypot(x - a, y - b) < SPACING for a, b in spots)
            if not near and RING[0] < math.hypot(x, y) < RING[1]:
                spots.append((x, y))
            if len(spots) == count:
                return spots
    raise ExerciseError(_("{count} parts do not fit on the mat.").format(count=count))


def _part(piece: Piece) -> Part:
    kind, size = FORMS[piece.form].shape
    polygon: tuple[tuple[float, float], ...] = ()
    if kind == "prism":
        radius = FORMS[piece.form].sheet["across_flats"] / math.sqrt(3.0)
        polygon = tuple((radius * math.cos(n * math.pi / 3), radius * math.sin(n * math.pi / 3)) for n in range(6))
    solid = Shape(kind, size, colour=COLOURS[piece.colour], polygon=polygon)
    return Part(piece.name, (solid,), piece.pose, mass=0.08, friction=0.8)


def _mat() -> Fixture:
    """A dark mat under the parts: seen, never touched."""
    (x0, x1), (y0, y1) = ZONE["x"], ZONE["y"]
    edge = 0.05
    size = (x1 - x0 + 2 * edge, y1 - y0 + 2 * edge)
    at = Pose(((x0 + x1) / 2, (y0 + y1) / 2, 0.0004))
    return Fixture("mat", (Shape("plane", size, at, (0.17, 0.18, 0.20), texture="rubber/1", solid=False),))


def _tray_frames(rng: np.random.Generator, numbers: Numbers) -> dict[str, Pose]:
    """T_base_tray of the three trays: the middle of the first place on the tray's floor, x along the places."""
    most = math.radians(numbers.real("scene.turn_deg"))
    middle = level_pose(between(rng, 0.38, 0.42), between(rng, 0.31, 0.33), TRAY_FLOOR, aside(rng, most, LEAST_TURN))
    half = (numbers.whole("scene.places") - 1) * PITCH / 2
    frames = {}
    for n in range(3):
        frame = middle.offset_tool(x=-half, y=(n - 1) * (TRAY_WIDTH + 0.019))
        frames[f"tray_{n + 1}"] = Pose(np.round(frame.position, 5), frame.quaternion)
    return frames


def _place(tray: Pose, n: int) -> Pose:
    """Where the middle of a part belongs that stands on place n of a tray."""
    return tray.offset_tool(x=n * PITCH, z=HEIGHT / 2)


def _tray(name: str, frame: Pose, places: int, colour: Colour) -> Fixture:
    """A low tray with a mark at each place."""
    length, width, rim = places * PITCH + 0.015, TRAY_WIDTH, 0.016
    foot = frame.offset_tool(x=(places - 1) * PITCH / 2, z=-TRAY_FLOOR)
    box = open_bin(name, length, width, rim, foot, colour, wall=0.008, floor=TRAY_FLOOR)
    marks = tuple(
        Shape(
            "cylinder",
            (0.028, 0.0006),
            Pose(((n - (places - 1) / 2) * PITCH, 0.0, TRAY_FLOOR + 0.0003)),
            (0.93, 0.93, 0.92),
            solid=False,
        )
        for n in range(places)
    )
    return Fixture(name, (*box.shapes, *marks), box.pose)


def _camera(rng: np.random.Generator, weather: np.random.Generator, numbers: Numbers) -> CameraSpec:
    """The overhead camera: every cell has its own mounting, its own lens and its own exposure."""
    share = numbers.real("scene.exposure")
    most = math.radians(numbers.real("scene.tilt_deg"))
    at = (between(rng, 0.275, 0.305), between(rng, -0.365, -0.335), between(rng, 0.97, 0.99))
    tilted = (Pose(at) @ DOWN).rotated(x=aside(rng, most, LEAST_TILT), y=aside(rng, most, LEAST_TILT))
    focal = between(rng, 735.0, 765.0, 2)
    return CameraSpec(
        "overhead",
        tilted.rotated(z=aside(rng, most, LEAST_TILT)),
        focal=(focal, round(focal * between(rng, 0.998, 1.002), 2)),
        centre=(between(rng, 313.0, 326.0, 2), between(rng, 233.0, 246.0, 2)),
        distortion=(
            between(rng, -0.18, -0.10),
            between(rng, 0.02, 0.06),
            between(rng, -0.0006, 0.0006, 6),
            between(rng, -0.0006, 0.0006, 6),
            0.0,
        ),
        exposure=between(weather, 1.0 - share, 1.0 + share, 3),
    )


def _lighting(rng: np.random.Generator, weather: np.random.Generator, numbers: Numbers) -> Lighting:
    """One lamp before the cell, brighter or darker, never quite at the same place; shadows fall behind the parts."""
    share = numbers.real("scene.light")
    warmth = between(weather, -1.0, 1.0, 3) * numbers.real("scene.warmth")
    base = Lighting()
    return Lighting(
        direction=(between(rng, -0.55, -0.25), between(rng, 0.05, 0.40), -1.0),
        ambient=round(base.ambient * between(rng, 1.0 - share, 1.0 + share), 3),
        diffuse=round(base.diffuse * between(rng, 1.0 - share, 1.0 + share), 3),
        colour=(round(1.0 + warmth, 4), 1.0, round(1.0 - warmth, 4)),
    )


# --- what is measured -------------------------------------------------------------------------------


SHAPES = {
    "square": message("vision_sorting.square", "square"),
    "bar": message("vision_sorting.bar", "bar"),
    "hexagon": message("vision_sorting.hexagon", "hexagon"),
    "disc": message("vision_sorting.disc", "disc"),
}
COLOUR_WORDS = {
    "red": message("vision_sorting.red", "red"),
    "green": message("vision_sorting.green", "green"),
    "blue": message("vision_sorting.blue", "blue"),
    "yellow": message("vision_sorting.yellow", "yellow"),
    "grey": message("vision_sorting.grey", "grey"),
}
PART = message("vision_sorting.part", "part {number} ({shape}, {colour})")
SORTED = message("vision_sorting.sorted", "Parts in their trays")
IN_NO_TRAY = message("vision_sorting.in_no_tray", "In no tray: {parts}.")
IN_WRONG_TRAY = message("vision_sorting.in_wrong_tray", "In a wrong tray, which costs double: {parts}.")
IN_NO_OR_WRONG_TRAY = message(
    "vision_sorting.in_no_or_wrong_tray", "In no tray: {missed}. In a wrong tray, which costs double: {wrong}."
)
PLACE = message("vision_sorting.place", "Place of {part}")
FELL = message("vision_sorting.fell", "{lies} It fell {fall:.0f} mm when it was let go.")
NO_PLACE = message("vision_sorting.no_place", "This part does not lie on a free place of the right tray: {part}.")
CUT_OFF = message("vision_sorting.cut_off", "The run ended before this part was fetched: {part}.")
NO_DECOYS = message("vision_sorting.no_decoys", "No decoys in this scene")
NO_DECOYS_SCALED = message(
    "vision_sorting.no_decoys_scaled",
    "This scene has no decoys. Their points are multiplied by the finished share of the job: {done:.0f} %.",
)
LEFT_ALONE = message("vision_sorting.left_alone", "Not moved: {part}")
DECOY_MOVED = message(
    "vision_sorting.decoy_moved",
    "At {time:.1f} s {part} was moved by up to {moved:.0f} mm. It belongs in no tray.",
)
DECOY_SCALED = message(
    "vision_sorting.decoy_scaled",
    "The points for {part} are multiplied by the finished share of the job: {done:.0f} %.",
)
NOT_DONE = message("vision_sorting.not_done", "Parts that are not in their trays: {missing} of {count}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Which parts lie in their trays and how well, the decoys, time, safety, setting down, home."""
    parts = trace.facts["parts"]
    wanted = {name: about["tray"] for name, about in parts.items() if about["tray"]}
    found = {name: _tray_of(trace, name) for name in parts}
    right = [name for name, tray in wanted.items() if found[name] == tray]
    missing = len(wanted) - len(right)
    not_done = NOT_DONE(missing=missing, count=len(wanted)) if missing else NOTHING
    down = set_down(trace, worth(numbers, "set_down", "drop"), len(wanted))
    return [
        _sorted_check(trace, numbers, wanted, found),
        *_placed_checks(trace, numbers, wanted, _placed(trace, right)),
        *_decoy_checks(trace, numbers, len(right) / max(1, len(wanted))),
        *closing(trace, numbers, not_done, down),
    ]


def _called(trace: Trace, name: str) -> Text:
    """A part in words: "part 3 (hexagon, red)"."""
    about = trace.facts["parts"][name]
    number = int(name.removeprefix("part_"))
    return PART(number=number, shape=SHAPES[about["shape"]](), colour=COLOUR_WORDS[about["colour"]]())


def _tray_of(trace: Trace, part: str) -> str:
    """The tray in which a part lies at the end, let go on purpose; "" for none."""
    if part not in let_go(trace):
        return ""
    at = trace.body(part)[-1, :3]
    for tray, places in trace.facts["trays"].items():
        frame = Pose.from_list(places[0])
        x, y, z = (frame.inverse() @ at).tolist()
        if -PITCH / 2 < x < (len(places) - 0.5) * PITCH and abs(y) < TRAY_WIDTH / 2 and abs(z) < HEIGHT:
            return str(tray)
    return ""


def _sorted_check(trace: Trace, numbers: Numbers, wanted: dict[str, str], found: dict[str, str]) -> Check:
    """The share of parts in their trays; a part in a wrong tray costs double."""
    missed = [name for name in wanted if found[name] == ""]
    wrong = [name for name, tray in found.items() if tray and tray != wanted.get(name, "")]
    share = max(0.0, 1.0 - (len(missed) + 2 * len(wrong)) / max(1, len(wanted)))
    time = min((time for name, time in let_go(trace).items() if name in wrong), default=None)
    told = _sorted_told([_called(trace, name) for name in missed], [_called(trace, name) for name in wrong])
    return worth(numbers, "sorted", "sorted").check("sorted", SORTED(), share, time, told)


def _sorted_told(missed: list[Text], wrong: list[Text]) -> Text:
    if missed and wrong:
        return IN_NO_OR_WRONG_TRAY(missed=missed, wrong=wrong)
    return IN_NO_TRAY(parts=missed) if missed else IN_WRONG_TRAY(parts=wrong)


def _placed(trace: Trace, right: list[str]) -> dict[str, Placed]:
    """The parts in their own trays against the nearest place there; of two on one place, the nearer one counts."""
    best: dict[tuple[str, int], Placed] = {}
    parts = trace.facts["parts"]
    for name in right:
        about = parts[name]
        places = [Pose.from_list(values) for values in trace.facts["trays"][about["tray"]]]
        form = FORMS[about["shape"]]
        for one in placements(trace, [name], places, trace.duration, form.symmetry):
            key = (about["tray"], one.place)
            if one.place >= 0 and (key not in best or one.distance < best[key].distance):
                best[key] = one
    return {one.part: one for one in best.values()}


def _placed_checks(
    trace: Trace, numbers: Numbers, wanted: Collection[str], placed: Mapping[str, Placed]
) -> Iterator[Check]:
    """Where each part lies in its tray, and that it did not fall there: the worst of position, yaw and fall."""
    shares = (worth(numbers, "placed", kind).shared(len(wanted)) for kind in ("position", "yaw", "drop"))
    for name, position, yaw, fall in zip(wanted, *shares, strict=True):
        called, key = _called(trace, name), f"placed-{name}"
        title = PLACE(part=called)
        if name in placed:
            worths = {"position": position, "yaw": yaw, "fall": fall}
            yield lies(key, title, placed[name], worths, _told(placed[name], called, fall))
        else:
            left = cut_off(trace) and not any(event.data.get("part") == name for event in trace.events_of("grip"))
            told = CUT_OFF(part=called) if left else NO_PLACE(part=called)
            yield position.missing(key, title, gripped_nothing(trace) or told, follows=left)


def _told(placed: Placed, part: Text, fall: Worth) -> Text:
    """Where a part lies, and how far it fell where that costs points."""
    told = where(placed, part)
    return FELL(lies=told, fall=placed.fall * 1e3) if placed.fall > fall.tolerance.full_si else told


def _decoy_checks(trace: Trace, numbers: Numbers, done: float) -> list[Check]:
    """Decoys that stayed where they were; earned only as far as the job was done."""
    decoys = [name for name, about in trace.facts["parts"].items() if not about["tray"]]
    whole = worth(numbers, "decoys", "decoy")
    if not decoys:
        told = NO_DECOYS_SCALED(done=100.0 * done) if done < 1.0 else NOTHING
        check = Check(
            NO_DECOYS(), whole.group, whole.points * done, whole.points, told=told, key="decoys", follows=True
        )
        return [check] if whole.points else []
    shares = zip(decoys, whole.shared(len(decoys)), strict=True)
    return [_decoy_check(trace, name, share, done) for name, share in shares]


def _decoy_check(trace: Trace, name: str, own: Worth, done: float) -> Check:
    """How far one decoy was moved at the most, from where it lay at first."""
    path = body_path(trace, name)[:, :3]
    way = np.linalg.norm(path - path[0], axis=1) if len(path) else np.zeros(1)
    moved, tolerance = float(way.max()), own.tolerance
    share = tolerance.share(moved)
    called, time, told = _called(trace, name), None, NOTHING
    if share < 1.0:
        time = float(trace.time[int(np.argmax(way > tolerance.full_si))])
        told = DECOY_MOVED(part=called, moved=moved * 1e3, time=time)
    elif done < 1.0:
        told = DECOY_SCALED(part=called, done=100.0 * done)
    earned = own.points * share * done
    title, measured = LEFT_ALONE(part=called), tolerance.show(moved)
    points = own.group, earned, own.points
    key, follows = f"decoy-{name}", share == 1.0
    return Check(title, *points, measured, tolerance.full, tolerance.unit, time, told, key, follows)
