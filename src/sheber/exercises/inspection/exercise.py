"""Inspection: covers are measured and classified under lights of the program's choice, and sorted into bins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Worth,
    closing,
    cut_off,
    gripped_nothing,
    let_go,
    output_at,
    set_down,
    worth,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.robot_cell import (
    ARMS,
    aside,
    between,
    failing,
    home,
    imperfections,
    level_pose,
    with_faults,
    work_table,
)
from sheber.exercises.score import Check
from sheber.geometry import DOWN, Pose
from sheber.i18n import N_, Text, message
from sheber.robot.cell.scene import CameraSpec, Colour, Fixture, Light, Lighting, Part, Scene, Shape
from sheber.robot.cell.stock import open_bin, suction
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
COUNTS = ("parts",)
NUMBERS = {
    "scene.arm": ARMS,
    "scene.parts": Allowed(6, 12, whole=True, pair=True, title=N_("Covers in the feeder")),
    "scene.defects": Allowed(4, 10, whole=True, pair=True, title=N_("Covers with a defect")),
    "scene.stains": Allowed(0, 6, whole=True, pair=True, title=N_("Good covers with a stain")),
    "scene.diameter": Allowed(0.045, 0.064, "m", pair=True, title=N_("Diameter of the covers")),
    "scene.chip": Allowed(0.002, 0.009, "m", pair=True, title=N_("Diameter of a chip")),
    "scene.scratch": Allowed(0.004, 0.018, "m", pair=True, title=N_("Length of a scratch")),
    "scene.light": Allowed(0, 0.5, title=N_("Change of the room’s light")),
    "scene.lamps": Allowed(0, 0.3, title=N_("Change of the lights of the cell")),
    "scene.exposure": Allowed(0, 0.3, title=N_("Change of the exposure")),
    "scene.tilt_deg": Allowed(0, 3, "deg", title=N_("Largest tilt of the camera")),
    "scene.turn_deg": Allowed(0, 12, "deg", title=N_("Largest turn of station and bins")),
    "tolerance.sorted": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Covers in their bins")),
    "tolerance.cost": Allowed(0, 200, "%", ramp=True, title=N_("Cost of missed defects and false rejects")),
    "tolerance.size": Allowed(0.01, 20, "mm", ramp=True, title=N_("Error of a diameter")),
    "tolerance.drop": Allowed(0.1, 200, "mm", ramp=True, title=N_("Height of a drop")),
    **failing("goes_dark", "leaks"),
}
TITLES = {
    **CLOSING_TITLES,
    "points.sorted": N_("Covers in their bins"),
    "points.cost": N_("Missed defects and false rejects"),
    "points.measured": N_("Measured diameters"),
    "cycle.per.parts": N_("Reference time for each cover"),
}

KINDS = ("good", "scratch", "chip", "hole", "code")  # of covers, and of bins
DEFECTS = KINDS[1:]

THICKNESS = 0.008  # m, of every cover
MASS = 0.05  # kg
HOLES, HOLE = 4, 0.003  # in each cover, and their radius, m
HOLES_AT = 0.70  # radius of the circle of holes, in radii of the cover
HOLES_FROM = 0.11  # rad, where the first one is
LABEL = 0.017  # m, side of the printed code
SCRATCH_WIDTH = 0.0004  # m
FLAWS_AT = {"scratch": (0.66, 0.66), "chip": (0.84, 0.84), "good": (0.62, 0.84)}  # of a good cover: a stain; in radii
SIDES = 90  # of the outline that is drawn
METAL: Colour = (0.62, 0.63, 0.65)
STAIN: Colour = (0.34, 0.32, 0.31)

FLOOR = 0.006  # m, of the feeder and of the bins
NESTS = {"columns": 3, "pitch": 0.075}
ASIDE = 0.004  # m, how far a cover lies from the middle of its nest
BIN = {"side": 0.080, "wall": 0.006, "height": 0.046, "pitch": 0.100}  # m; side: inside
PANEL = 0.03  # m, height of the lit panel over the table
PANEL_SIZE = (0.12, 0.10)  # m
BAR_AWAY, BAR_UP, BAR_LENGTH = 0.150, 0.085, 0.26  # m
LEAST_TURN = math.radians(3.0)
LEAST_TILT = math.radians(0.3)
TELLS = "diameter"  # name of the analog output
MOST_TOLD = 1.0  # m: what a program tells beyond this is told as this


@dataclass(frozen=True)
class Cover:
    """One cover as drawn by seed; lengths in metres, angles in radians."""

    name: str
    kind: str  # of KINDS
    stained: bool
    diameter: float
    flaw: tuple[float, float, float]  # where a flaw or a stain is: x, y; and its size
    slant: float  # of a scratch
    code: str
    grain: int  # seed of the flaw's details


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a feeder on the right, a lit station under a camera in the middle, bins on the left."""
    rng = np.random.default_rng([seed, 8])
    weather = np.random.default_rng([seed, 9])  # of light and exposure
    code = _code(rng)
    covers = _covers(rng, numbers, code)
    most = math.radians(numbers.real("scene.turn_deg"))
    station = level_pose(between(rng, 0.47, 0.49), between(rng, -0.01, 0.01), PANEL, aside(rng, most, LEAST_TURN))
    nests, bins = _nests(rng, len(covers)), _bins(rng, most)
    arm = numbers.choice("scene.arm")
    made = Scene(
        arm=arm,
        tool=suction(radius=0.010),
        parts=tuple(_part(rng, cover, nest) for cover, nest in zip(covers, nests.values(), strict=True)),
        fixtures=(work_table(), _feeder(nests), *(_bin(kind, frame) for kind, frame in bins.items())),
        cameras=(_camera(rng, weather, numbers, station),),
        lighting=_lighting(weather, numbers),
        lights=_lights(weather, numbers, station),
        analog_outputs=((TELLS, "mm"),),
        frames=(("station", station), *nests.items(), *bins.items()),
        sheet=(
            ("count", len(covers)),
            ("thickness", THICKNESS),
            ("diameter", list(numbers.pair("scene.diameter"))),
            ("holes", HOLES),
            ("code", code),
        ),
        meant_contacts=tuple(("cover_*", other) for other in ("cover_*", "tool", "feeder", "back", "bin_*")),
        imperfections=imperfections(rng, numbers, arm, camera=True),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"parts": len(covers)}),
            ("covers", {c.name: {"kind": c.kind, "stained": c.stained, "diameter": c.diameter} for c in covers}),
            ("bins", {kind: frame.to_list() for kind, frame in bins.items()}),
        ),
    )
    return with_faults(made, numbers)


# --- what stands where ------------------------------------------------------------------------------


def _code(rng: np.random.Generator) -> str:
    """The code that is printed on each right cover of this scene."""
    letter = "ABCDEFGHJKLMNPRSTUVWXYZ"[int(rng.integers(23))]
    return f"{letter}{int(rng.integers(10, 100))}-{int(rng.integers(100, 1000))}"


def _other_code(rng: np.random.Generator, code: str) -> str:
    """The code of another product: one digit is different."""
    at = int(rng.choice([n for n, sign in enumerate(code) if sign.isdigit()]))
    digit = (int(code[at]) + int(rng.integers(1, 10))) % 10
    return f"{code[:at]}{digit}{code[at + 1 :]}"


def _covers(rng: np.random.Generator, numbers: Numbers, code: str) -> list[Cover]:
    """The covers of the feeder: each defect at least once, then good ones, some of them stained."""
    count, defects, stains = (
        int(rng.integers(int(low), int(high) + 1))
        for low, high in (numbers.pair(f"scene.{name}") for name in ("parts", "defects", "stains"))
    )
    defects = min(defects, count)
    kinds = [*DEFECTS, *(str(kind) for kind in rng.choice(DEFECTS, max(0, defects - len(DEFECTS))))]
    kinds = kinds[:defects] + ["good"] * (count - defects)
    stained = [False] * defects + [n < stains for n in range(count - defects)]
    return [
        _cover(rng, numbers, f"cover_{n + 1}", kinds[k], stained[k], code)
        for n, k in enumerate(rng.permutation(count).tolist())
    ]


def _cover(rng: np.random.Generator, numbers: Numbers, name: str, kind: str, stained: bool, code: str) -> Cover:
    """One cover; its flaw lies between two holes."""
    diameter = between(rng, *numbers.pair("scene.diameter"))
    between_holes = int(rng.integers(HOLES)) + 0.5 + between(rng, -0.1, 0.1)
    quarter = HOLES_FROM + between_holes * 2.0 * math.pi / HOLES
    lowest, highest = numbers.pair("scene.scratch" if kind == "scratch" else "scene.chip")
    size = between(rng, lowest, highest, 5)
    away = between(rng, *FLAWS_AT.get(kind, FLAWS_AT["good"])) * diameter / 2
    flaw = (round(away * math.cos(quarter), 5), round(away * math.sin(quarter), 5), size)
    slant = between(rng, 0.0, math.pi)
    printed = _other_code(rng, code) if kind == "code" else code
    return Cover(name, kind, stained, diameter, flaw, slant, printed, int(rng.integers(1000)))


def _part(rng: np.random.Generator, cover: Cover, nest: Pose) -> Part:
    """A cover in its nest, a little beside the middle, turned anyhow."""
    x, y, z = nest.position.tolist()
    away, towards = ASIDE * math.sqrt(float(rng.uniform(0.0, 1.0))), float(rng.uniform(-math.pi, math.pi))
    x, y = x + away * math.cos(towards), y + away * math.sin(towards)
    pose = level_pose(round(x, 5), round(y, 5), z + THICKNESS / 2, between(rng, -math.pi, math.pi))
    solid = Shape("cylinder", (cover.diameter / 2, THICKNESS), drawn=False)
    label = Pose((0.0, 0.0, THICKNESS / 2 + 1e-4))
    code = Shape("plane", (LABEL, LABEL), label, texture=f"datamatrix/{cover.code}", solid=False)
    stain = (_stain(cover),) if cover.stained else ()
    return Part(cover.name, (solid, _plate(cover), code, *stain), pose, MASS)


def _plate(cover: Cover) -> Shape:
    """What is seen of a cover: a round plate with holes, a scratch or a chip on its upper side."""
    radius, drilled = cover.diameter / 2, HOLES - (cover.kind == "hole")
    angles = [HOLES_FROM + 2.0 * math.pi * n / HOLES for n in range(drilled)]
    away = HOLES_AT * radius
    holes = tuple(_circle(HOLE, 24, away * math.cos(angle), away * math.sin(angle)) for angle in angles)
    relief = _relief(cover)
    chipped = f"plain/{''.join(f'{round(255 * part):02x}' for part in METAL)}+{relief}"
    return Shape(
        "plate",
        (THICKNESS,),
        colour=METAL,
        polygon=_circle(radius, SIDES),
        holes=holes,
        texture=chipped if cover.kind == "chip" else "",
        relief=relief,
        solid=False,
        gloss=0.1,
        shininess=10,
    )


def _relief(cover: Cover) -> str:
    """The name of the scratch or the chip: parts of the diameter, from the left upper corner."""
    x, y, size = (length / cover.diameter for length in cover.flaw)
    u, v = 0.5 + x, 0.5 - y
    if cover.kind == "chip":
        return f"chip/{u:.4f},{v:.4f},{size / 2:.4f}/{cover.grain}"
    if cover.kind == "scratch":
        du, dv = size / 2 * math.cos(cover.slant), -size / 2 * math.sin(cover.slant)
        ends = (u - du, v - dv, u + du, v + dv, SCRATCH_WIDTH / cover.diameter)
        return f"scratch/{','.join(f'{end:.4f}' for end in ends)}/{cover.grain}"
    return ""


def _stain(cover: Cover) -> Shape:
    """A dark, flat spot with an uneven outline."""
    x, y, size = cover.flaw
    rng = np.random.default_rng(cover.grain)
    reach = size / 2 * rng.uniform(0.75, 1.0, 11)
    angles = np.arange(11) * 2.0 * math.pi / 11
    outline = tuple((round(r * math.cos(a), 6), round(r * math.sin(a), 6)) for r, a in zip(reach, angles, strict=True))
    at = Pose((x, y, THICKNESS / 2 + 2e-5))
    return Shape("plate", (6e-5,), at, STAIN, outline, solid=False)


def _circle(radius: float, sides: int, x: float = 0.0, y: float = 0.0) -> tuple[tuple[float, float], ...]:
    angles = [2.0 * math.pi * n / sides for n in range(sides)]
    return tuple((round(x + radius * math.cos(a), 6), round(y + radius * math.sin(a), 6)) for a in angles)


def _nests(rng: np.random.Generator, count: int) -> dict[str, Pose]:
    """T_base_nest of each cover: the middle of its nest on the feeder's floor."""
    x, y, columns, pitch = between(rng, 0.295, 0.310), between(rng, -0.25, -0.24), NESTS["columns"], NESTS["pitch"]
    places = [(round(x + n % columns * pitch, 4), round(y - n // columns * pitch, 4)) for n in range(count)]
    return {f"nest_{n + 1}": level_pose(*place, FLOOR) for n, place in enumerate(places)}


def _feeder(nests: Mapping[str, Pose]) -> Fixture:
    """A flat tray with a mark at each nest."""
    places = np.array([nest.position for nest in nests.values()])
    low, high = places.min(axis=0) - 0.04, places.max(axis=0) + 0.04
    middle, size = (low + high) / 2, high - low
    tray = Shape(
        "box", (float(size[0]), float(size[1]), FLOOR), Pose((middle[0], middle[1], FLOOR / 2)), (0.3, 0.32, 0.35)
    )
    marks = (
        Shape("cylinder", (0.033, 4e-4), Pose((x, y, FLOOR + 1e-4)), (0.42, 0.45, 0.49), solid=False)
        for x, y, _z in places.tolist()
    )
    return Fixture("feeder", (tray, *marks))


def _bins(rng: np.random.Generator, most: float) -> dict[str, Pose]:
    """T_base_bin of each kind: the middle of the bin's floor; which bin stands where differs."""
    middle = level_pose(between(rng, 0.37, 0.39), between(rng, 0.28, 0.30), FLOOR, aside(rng, most, LEAST_TURN))
    spots = [(x, y) for y in (-0.5, 0.5) for x in (-1, 0, 1)]
    places = (
        middle.offset_tool(x=BIN["pitch"] * spots[n][0], y=BIN["pitch"] * spots[n][1]) for n in rng.permutation(6)
    )
    return {kind: Pose(np.round(at.position, 5), at.quaternion) for kind, at in zip(KINDS, places, strict=False)}


BIN_COLOURS: dict[str, Colour] = {
    "good": (0.20, 0.58, 0.28),
    "scratch": (0.86, 0.66, 0.12),
    "chip": (0.78, 0.22, 0.16),
    "hole": (0.22, 0.38, 0.72),
    "code": (0.50, 0.30, 0.62),
}


def _bin(kind: str, frame: Pose) -> Fixture:
    foot = frame.offset(z=-FLOOR)
    side, height, wall = BIN["side"], BIN["height"], BIN["wall"]
    return open_bin(f"bin_{kind}", side, side, height, foot, BIN_COLOURS[kind], wall=wall, floor=FLOOR)


def _lights(rng: np.random.Generator, numbers: Numbers, station: Pose) -> tuple[Light, ...]:
    """A ring around the camera, low bars on two sides of the station, and the panel that is its floor."""
    share = numbers.real("scene.lamps")

    def bar(name: str, turn: float) -> Light:
        at = station.rotated(z=turn).offset_tool(y=-BAR_AWAY, z=BAR_UP - PANEL).rotated(x=-1.85)
        return Light(name, "bar", at, (BAR_LENGTH,), strength=_varied(rng, 0.75, share))

    ring = Pose((*station.position[:2].tolist(), 0.80)) @ DOWN
    return (
        Light("ring", "ring", ring, (0.06,), strength=_varied(rng, 4.0, share)),
        bar("bar_right", 0.0),
        bar("bar_front", math.pi / 2),
        Light("back", "back", station, PANEL_SIZE, strength=_varied(rng, 0.75, share)),
    )


def _varied(rng: np.random.Generator, value: float, share: float) -> float:
    return round(value * between(rng, 1.0 - share, 1.0 + share), 4)


def _camera(rng: np.random.Generator, weather: np.random.Generator, numbers: Numbers, station: Pose) -> CameraSpec:
    """The camera over the station; every cell has its own mounting, its own lens and its own exposure."""
    share, most = numbers.real("scene.exposure"), math.radians(numbers.real("scene.tilt_deg"))
    turned = DOWN.rotated(x=aside(rng, most, LEAST_TILT), y=aside(rng, most, LEAST_TILT))
    turned = station @ turned.rotated(z=between(rng, -0.05, 0.05))
    away, beside = between(rng, 0.81, 0.84), (between(rng, -0.004, 0.004), between(rng, -0.004, 0.004), 0.0)
    at = station.position + beside - away * turned.rotation[:, 2]  # it looks at the station, whatever its tilt
    focal = between(rng, 3350.0, 3450.0, 2)
    return CameraSpec(
        "station",
        Pose(np.round(at, 5), turned.quaternion),
        focal=(focal, round(focal * between(rng, 0.998, 1.002), 2)),
        centre=(between(rng, 313.0, 326.0, 2), between(rng, 233.0, 246.0, 2)),
        distortion=(between(rng, -0.5, -0.2), 0.0, between(rng, -5e-4, 5e-4, 6), between(rng, -5e-4, 5e-4, 6), 0.0),
        exposure=between(weather, 1.0 - share, 1.0 + share, 3),
        depth=False,
    )


def _lighting(rng: np.random.Generator, numbers: Numbers) -> Lighting:
    """A dim room: it is the lights of the cell that make the pictures."""
    share = numbers.real("scene.light")
    direction = (between(rng, -0.55, -0.25), between(rng, 0.05, 0.40), -1.0)
    return Lighting(direction, ambient=_varied(rng, 0.06, share), diffuse=_varied(rng, 0.06, share))


# --- what is measured -------------------------------------------------------------------------------

KIND_WORDS = {
    "good": message("inspection.good", "good"),
    "scratch": message("inspection.scratch", "scratch"),
    "chip": message("inspection.chip", "chip"),
    "hole": message("inspection.hole", "missing hole"),
    "code": message("inspection.code", "wrong code"),
}
STAINED = message("inspection.stained", "good, with a stain")
COVER = message("inspection.cover", "cover {number} ({kind})")
IN_BIN = message("inspection.in_bin", "{cover} in the bin for “{bin}”")
SORTED = message("inspection.sorted", "Covers in their bins")
IN_NO_BIN = message("inspection.in_no_bin", "In no bin: {covers}.")
IN_WRONG_BIN = message("inspection.in_wrong_bin", "In a wrong bin: {covers}.")
IN_NO_OR_WRONG_BIN = message("inspection.in_no_or_wrong_bin", "In no bin: {missed}. In a wrong bin: {wrong}.")
COST = message("inspection.cost", "Missed defects and false rejects")
MISSED = message("inspection.missed", "Missed defects, each of which costs double: {missed}.")
REJECTED = message("inspection.rejected", "False rejects: {rejected}.")
MISSED_AND_REJECTED = message(
    "inspection.missed_and_rejected",
    "Missed defects, each of which costs double: {missed}. False rejects: {rejected}.",
)
MEASURED = message("inspection.measured", "Diameter of {cover}")
OFF_BY = message(
    "inspection.off_by",
    "At {time:.1f} s, when {cover} was let go, the output “diameter” was {told:.2f} mm. The diameter is {true:.2f} mm.",
)
NOT_COUNTED = message(
    "inspection.not_counted",
    "The diameter counts only where the cover lies in its own bin. This one does not: {cover}.",
)
CUT_OFF = message("inspection.cut_off", "The run ended before this cover was brought to a bin: {cover}.")
NOT_DONE = message("inspection.not_done", "Covers that are in no bin: {missing} of {count}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Which covers lie in which bins, what mistakes cost, the diameters, time, safety, setting down, home."""
    covers: dict[str, dict[str, object]] = trace.facts["covers"]
    found = {name: _bin_of(trace, name) for name in covers}
    missing = sum(not kind for kind in found.values())
    not_done = NOT_DONE(missing=missing, count=len(covers)) if missing else NOTHING
    down = set_down(trace, worth(numbers, "set_down", "drop"), len(covers))
    return [
        _sorted_check(trace, numbers, found),
        _cost_check(trace, numbers, found),
        *_measured_checks(trace, numbers, found),
        *closing(trace, numbers, not_done, down),
    ]


def _kind(trace: Trace, name: str) -> str:
    return str(trace.facts["covers"][name]["kind"])


def _called(trace: Trace, name: str) -> Text:
    """A cover in words: "cover 3 (scratch)"."""
    about = trace.facts["covers"][name]
    kind = STAINED() if about["stained"] else KIND_WORDS[about["kind"]]()
    return COVER(number=int(name.removeprefix("cover_")), kind=kind)


def _bin_of(trace: Trace, name: str) -> str:
    """The kind for which the bin is in which a cover lies at the end, let go on purpose; "" for none."""
    if name not in let_go(trace):
        return ""
    at, half = trace.body(name)[-1, :3], BIN["side"] / 2
    for kind, frame in trace.facts["bins"].items():
        x, y, z = (Pose.from_list(frame).inverse() @ at).tolist()
        if abs(x) < half and abs(y) < half and -FLOOR < z < 2 * BIN["height"]:
            return str(kind)
    return ""


def _first_let_go(trace: Trace, names: Sequence[str]) -> float | None:
    """When the first of these covers was let go for the last time [s]."""
    return min((time for name, time in let_go(trace).items() if name in names), default=None)


def _sorted_check(trace: Trace, numbers: Numbers, found: Mapping[str, str]) -> Check:
    """The share of the covers that lie in the bins of their kinds."""
    nowhere = [name for name, kind in found.items() if not kind]
    wrong = [name for name, kind in found.items() if kind and kind != _kind(trace, name)]
    share = 1.0 - (len(nowhere) + len(wrong)) / len(found)
    missed = [_called(trace, name) for name in nowhere]
    told = [IN_BIN(cover=_called(trace, name), bin=KIND_WORDS[found[name]]()) for name in wrong]
    if missed and told:
        said = IN_NO_OR_WRONG_BIN(missed=missed, wrong=told)
    else:
        said = IN_NO_BIN(covers=missed) if missed else IN_WRONG_BIN(covers=told)
    said = gripped_nothing(trace) or said
    return worth(numbers, "sorted", "sorted").check("sorted", SORTED(), share, _first_let_go(trace, wrong), said)


def _cost_check(trace: Trace, numbers: Numbers, found: Mapping[str, str]) -> Check:
    """What mistakes cost: a missed defect twice as much as a false reject, against the number of covers.

    A cover in no bin is a mistake too: else a program that does nothing would make none.
    """
    defects = [name for name in found if _kind(trace, name) != "good"]
    missed = [name for name in defects if found[name] in ("", "good")]
    rejected = [name for name in found if name not in defects and found[name] != "good"]
    cost = (2 * len(missed) + len(rejected)) / len(found)
    words = {"missed": [_called(trace, one) for one in missed], "rejected": [_called(trace, one) for one in rejected]}
    if missed and rejected:
        told = MISSED_AND_REJECTED(**words)
    else:
        told = MISSED(missed=words["missed"]) if missed else REJECTED(rejected=words["rejected"])
    time = _first_let_go(trace, [*missed, *rejected])
    return worth(numbers, "cost", "cost").check("cost", COST(), cost, time, told)


def _measured_checks(trace: Trace, numbers: Numbers, found: Mapping[str, str]) -> Iterator[Check]:
    """The diameters that the program told, each when its cover was let go; of covers in their own bins alone."""
    released = let_go(trace)
    for (name, kind), own in zip(found.items(), worth(numbers, "measured", "size").shared(len(found)), strict=True):
        key, cover = f"measured-{name}", _called(trace, name)
        title = MEASURED(cover=cover)
        if kind == _kind(trace, name):
            yield _measured_check(trace, own, key, name, released[name])
        else:
            late = cut_off(trace) and not kind
            yield own.missing(key, title, CUT_OFF(cover=cover) if late else NOT_COUNTED(cover=cover), follows=True)


def _measured_check(trace: Trace, own: Worth, key: str, name: str, time: float) -> Check:
    """How far the diameter that stood on the output, when a cover was let go at `time` [s], is from the true one."""
    cover, true = _called(trace, name), float(trace.facts["covers"][name]["diameter"])
    told = _told_at(trace, time)
    said = OFF_BY(time=time, cover=cover, told=told * 1e3, true=true * 1e3)
    return own.check(key, MEASURED(cover=cover), abs(told - true), time, said)


def _told_at(trace: Trace, time: float) -> float:
    """The diameter [m] on the output at `time` [s]: at most `MOST_TOLD` away from 0."""
    told = output_at(trace, TELLS, time) * 1e-3
    return min(max(told, -MOST_TOLD), MOST_TOLD)
