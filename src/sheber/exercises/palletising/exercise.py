"""Palletising: boxes from a feeder to a pallet, in a pattern that must stand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Placed,
    Worth,
    closing,
    cut_off,
    falls,
    gripped_nothing,
    last_release,
    let_go,
    lies,
    off_by,
    placements,
    pushed,
    set_down,
    where,
    worth,
)
from sheber.exercises.criteria.measure import sample_at
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
from sheber.geometry import Pose
from sheber.i18n import N_, Text, message
from sheber.robot.cell.scene import Belt, Fixture, LightBarrier, Part, Scene, Shape
from sheber.robot.cell.stock import pallet, suction
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
COUNTS = ("boxes",)
NUMBERS = {
    "scene.arm": ARMS,
    "scene.columns": Allowed(1, 4, whole=True, title=N_("Columns of the pattern")),
    "scene.rows": Allowed(1, 3, whole=True, title=N_("Rows of the pattern")),
    "scene.layers": Allowed(1, 3, whole=True, title=N_("Layers of the pattern")),
    "scene.box_length": Allowed(0.06, 0.12, "m", pair=True, title=N_("Length of the boxes")),
    "scene.box_width": Allowed(0.05, 0.09, "m", pair=True, title=N_("Width of the boxes")),
    "scene.box_height": Allowed(0.04, 0.08, "m", pair=True, title=N_("Height of the boxes")),
    "scene.box_mass": Allowed(0.05, 2.0, "kg", title=N_("Mass of a box")),
    "scene.gap": Allowed(0.002, 0.02, "m", title=N_("Gap between the boxes")),
    "scene.turn_deg": Allowed(0, 30, "deg", title=N_("Largest turn of the pallet")),
    "scene.belt_speed": Allowed(0.05, 0.25, "m/s", title=N_("Speed of the belt")),
    "scene.stand_s": Allowed(0.1, 2.0, "s", title=N_("How long the pattern must stand")),
    "tolerance.position": Allowed(0.1, 100, "mm", ramp=True, title=N_("Position of a box")),
    "tolerance.yaw": Allowed(0.1, 90, "deg", ramp=True, title=N_("Turn of a box")),
    "tolerance.tilt": Allowed(0.1, 90, "deg", ramp=True, title=N_("Tilt of a box")),
    "tolerance.drop": Allowed(0.1, 200, "mm", ramp=True, title=N_("Height of a drop")),
    **failing("stops", "sticks", "leaks"),
}
TITLES = {
    **CLOSING_TITLES,
    "points.boxes": N_("Boxes in their places"),
    "cycle.per.boxes": N_("Reference time for each box"),
}

BELT_TOP = 0.10  # m over the table
DECK = 0.09  # m, the pallet's deck over the table
PICK = (0.42, -0.20)  # m, where the front face of the first box comes to rest, in the middle of the belt
EDGE = 0.005  # m, radius of the lower edges: those of a filled carton give way
ASIDE = 0.003  # m: a box that moved farther than this after it was let go is told so
LEAST_TURN = math.radians(4.0)  # of the pallet
CARDBOARD = (0.80, 0.63, 0.42)
STEEL = (0.55, 0.57, 0.60)
DARK = (0.20, 0.21, 0.23)


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: an accumulating feeder on the right, a pallet on the left."""
    rng = np.random.default_rng([seed, 2])
    size = tuple(between(rng, *numbers.pair(f"scene.box_{side}"), digits=3) for side in ("length", "width", "height"))
    columns, rows, layers = (numbers.whole(f"scene.{name}") for name in ("columns", "rows", "layers"))
    pitch = (size[0] + numbers.real("scene.gap"), size[1] + numbers.real("scene.gap"), size[2])
    count = columns * rows * layers
    corner = _pallet_corner(rng, numbers, (columns * pitch[0], rows * pitch[1]))
    belt, pick = _belt(size, count, numbers.real("scene.belt_speed"))
    cells = [(column, row, layer) for layer in range(layers) for row in range(rows) for column in range(columns)]
    places = [corner.offset_tool(*((n + 0.5) * p for n, p in zip(cell, pitch, strict=True))) for cell in cells]
    margin = 0.012
    deck = (columns * pitch[0] + 2 * margin, rows * pitch[1] + 2 * margin)
    arm = numbers.choice("scene.arm")
    made = Scene(
        arm=arm,
        tool=suction(),
        parts=_boxes(rng, size, count, numbers.real("scene.box_mass"), belt),
        fixtures=(
            work_table(),
            pallet("pallet", deck[0], deck[1], DECK, corner.offset_tool(x=-margin, y=-margin)),
            *_feeder_fixtures(size, belt),
        ),
        belts=(belt,),
        barriers=(_barrier(size),),
        frames=(("pick", pick), ("pallet", corner)),
        sheet=(
            ("count", count),
            ("box", _xyz(size)),
            ("pitch", _xyz(pitch)),
            ("pattern", {"columns": columns, "rows": rows, "layers": layers}),
        ),
        meant_contacts=tuple(("box_*", other) for other in ("box_*", "tool", "feeder*", "pallet")),
        imperfections=imperfections(rng, numbers, arm),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"boxes": count}),
            ("boxes", [f"box_{n + 1}" for n in range(count)]),
            ("cells", cells),
            ("places", [place.to_list() for place in places]),
        ),
    )
    return with_faults(made, numbers)


def _xyz(size: tuple[float, ...]) -> dict[str, float]:
    return {axis: round(value, 4) for axis, value in zip("xyz", size, strict=True)}


def _pallet_corner(rng: np.random.Generator, numbers: Numbers, pattern: tuple[float, float]) -> Pose:
    """T_base_pallet: the first corner of the pattern on the deck; the pattern's middle stays within reach."""
    most = math.radians(numbers.real("scene.turn_deg"))
    middle = level_pose(between(rng, 0.42, 0.50), between(rng, 0.22, 0.32), DECK, aside(rng, most, LEAST_TURN))
    corner = middle.offset_tool(x=-pattern[0] / 2, y=-pattern[1] / 2)
    return Pose(np.round(corner.position, 5), corner.quaternion)


def _belt(size: tuple[float, ...], count: int, speed: float) -> tuple[Belt, Pose]:
    """The belt, which runs along base +y up to the stop, and T_base_pick: the middle of the first box's top."""
    length = count * (size[0] + 0.004) + 0.25
    x, front = PICK
    pose = level_pose(x, front + 0.02 - length / 2, BELT_TOP, math.pi / 2)
    belt = Belt("feeder", pose, length, size[1] + 0.05, thickness=0.06, speed=speed, until="part_present", delay=0.5)
    return belt, level_pose(x, front - size[0] / 2, BELT_TOP + size[2], math.pi / 2)


def _boxes(rng: np.random.Generator, size: tuple[float, ...], count: int, mass: float, belt: Belt) -> tuple[Part, ...]:
    """The boxes on the belt, the first one just before the stop, each a little out of line."""
    x, front = PICK
    parts = []
    for n in range(count):
        y = front - 0.03 - size[0] / 2 - n * (size[0] + 0.004)
        aside = float(rng.uniform(-0.0005, 0.0005))
        shade = float(rng.uniform(0.92, 1.06))
        colour = (CARDBOARD[0] * shade, CARDBOARD[1] * shade, CARDBOARD[2] * shade)
        body = Shape("box", (size[0], size[1], size[2]), colour=colour, edge=EDGE)
        tape = Shape("box", (size[0] + 0.0006, 0.014, size[2] + 0.0006), colour=(0.72, 0.52, 0.30), solid=False)
        pose = level_pose(x + aside, y, BELT_TOP + size[2] / 2, math.pi / 2)
        parts.append(Part(f"box_{n + 1}", (body, tape), pose, mass, friction=0.5))
    return tuple(parts)


def _feeder_fixtures(size: tuple[float, ...], belt: Belt) -> tuple[Fixture, ...]:
    """The stop, two low guides, and the legs of the part of the feeder that stands beside the table."""
    x, front = PICK
    half, low = size[1] / 2 + 0.0015, 0.5 * size[2]
    stop = Shape("box", (2 * half + 0.02, 0.02, low), Pose((x, front + 0.01, BELT_TOP + low / 2)), STEEL)
    guides = tuple(
        Shape("box", (0.01, belt.length, 0.018), Pose((x + side * (half + 0.005), y, BELT_TOP + 0.009)), STEEL)
        for side, y in ((-1.0, belt.pose.position[1]), (1.0, belt.pose.position[1]))
    )
    legs = tuple(
        Shape("box", (0.04, 0.04, foot), Pose((x, y, BELT_TOP - 0.06 - foot / 2)), DARK, solid=False)
        for y, foot in ((front - 0.06, BELT_TOP - 0.06), (front + 0.04 - belt.length, BELT_TOP - 0.06 + 0.85))
    )
    return (
        Fixture("feeder_stop", (stop,), friction=0.3),
        Fixture("feeder_guides", guides, friction=0.15),
        Fixture("feeder_legs", legs),
    )


def _barrier(size: tuple[float, ...]) -> LightBarrier:
    """A beam across the belt, just before the stop: covered when a box has arrived."""
    x, front = PICK
    y, z, reach = front - 0.001, BELT_TOP + 0.9 * size[2], size[1] / 2 + 0.03
    return LightBarrier("part_present", (x - reach, y, z), (x + reach, y, z))


# --- what is measured -------------------------------------------------------------------------------

PLACE = message("palletising.place", "Layer {layer}, row {row}, column {column}")
EMPTY = message(
    "palletising.empty", "There is no box at this place. A box counts only after your program has let it go."
)
EMPTY_BESIDE = message(
    "palletising.empty_beside",
    "There is no box at this place. {box} was let go at {time:.1f} s. It lies {off:.0f} mm from this place ({by}).",
)
EMPTY_CUT_OFF = message("palletising.empty_cut_off", "The run ended before a box was brought to this place.")
EMPTY_FELL = message(
    "palletising.empty_fell", "There is no box at this place. At {time:.1f} s {box} fell on the table."
)
BOX = message("palletising.box", "box {number}")
FELL_OVER = message("palletising.fell_over", "{lies} It has fallen over.")
FELL = message("palletising.fell", "{lies} It fell {fall:.0f} mm when it was let go.")
MOVED_LATER = message("palletising.moved_later", "{lies} It moved {moved:.0f} mm after it was let go.")
PUSHED = message("palletising.pushed", "{lies} At {time:.1f} s {other} pushed it. In all it moved {moved:.0f} mm.")
MOVED_AWAY = message(
    "palletising.moved_away",
    "At {time:.1f} s {box} was moved away from this place. A box counts only if it still stands there at the end.",
)
PUSHED_AWAY = message(
    "palletising.pushed_away",
    "At {time:.1f} s {other} pushed {box} away from this place. A box counts only if it still stands there at the end.",
)
NOT_DONE = message("palletising.not_done", "Places that are empty or wrong: {missing} of {count}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Each place of the pattern, how the boxes were set down, time, safety, home."""
    places = [Pose.from_list(values) for values in trace.facts["places"]]
    boxes: list[str] = trace.facts["boxes"]
    moments = last_release(trace) + numbers.real("scene.stand_s"), trace.duration
    stood, standing = (_by_place(placements(trace, boxes, places, time, symmetry=2)) for time in moments)
    astray = [box for box in let_go(trace) if box in boxes and box not in {one.part for one in standing.values()}]
    worths = _worths(numbers, len(places))
    quality = [
        min(
            _place_check(trace, n, worths[n], astray, stood.get(n)),
            _place_check(trace, n, worths[n], astray, standing.get(n), stood.get(n)),
            key=lambda check: check.points,
        )
        for n in range(len(places))
    ]
    missing = sum(check.points == 0.0 for check in quality)
    not_done = NOT_DONE(missing=missing, count=len(places)) if missing else NOTHING
    down = set_down(trace, worth(numbers, "set_down", "drop"), len(places))
    return [*quality, *closing(trace, numbers, not_done, down)]


def _worths(numbers: Numbers, count: int) -> list[dict[str, Worth]]:
    """What each place is worth by position, yaw and tilt, the worst of which counts."""
    kinds = ("position", "yaw", "tilt")
    shares = zip(*(worth(numbers, "boxes", kind).shared(count) for kind in kinds), strict=True)
    return [dict(zip(kinds, share, strict=True)) for share in shares]


def _by_place(placed: list[Placed]) -> dict[int, Placed]:
    """The nearest box of each place."""
    return {one.place: one for one in sorted(placed, key=lambda one: -one.distance) if one.place >= 0}


def _place_check(
    trace: Trace,
    n: int,
    worths: dict[str, Worth],
    astray: Sequence[str],
    placed: Placed | None,
    before: Placed | None = None,
) -> Check:
    """One place of the pattern: the worst of position, yaw and tilt of the box that stands there.

    `astray`: boxes that were let go and stand at no place. `before`: the box that stood there earlier, where the end
    of the run is judged. Columns, rows and layers count from 0, as in the exercise's text and in a program.
    """
    column, row, layer = trace.facts["cells"][n]
    key, title = f"place-{n + 1}", PLACE(layer=layer, row=row, column=column)
    if placed is not None:
        return lies(key, title, placed, worths, _told(trace, placed))
    time, told = _empty(trace, n, astray) if before is None else _moved_away(trace, before)
    return worths["position"].missing(key, title, told, time, follows=told.id == EMPTY_CUT_OFF.id)


def _called(box: str) -> Text:
    return BOX(number=int(box.removeprefix("box_")))


def _told(trace: Trace, placed: Placed) -> Text:
    """Where a box lies, and what became of it after it was let go."""
    told = where(placed, _called(placed.part))
    path = trace.body(placed.part)[sample_at(trace, placed.time) :]
    moved = float(np.linalg.norm(path[-1, :3] - path[0, :3]))
    if placed.turn.tilt > math.radians(20.0):
        return FELL_OVER(lies=told)
    time, other = pushed(trace, placed.part, placed.time)
    if other and moved > 1e-3:
        return PUSHED(lies=told, other=_called(other), time=time, moved=moved * 1e3)
    if moved > ASIDE and abs(moved - placed.fall) < ASIDE:
        return FELL(lies=told, fall=placed.fall * 1e3)
    return MOVED_LATER(lies=told, moved=moved * 1e3) if moved > ASIDE else told


def _empty(trace: Trace, n: int, astray: Sequence[str]) -> tuple[float | None, Text]:
    """Why nothing stands at place n, and since when [s]: its own box fell, or one was let go beside it."""
    own = trace.facts["boxes"][n]
    for event, part in falls(trace):
        if part == own:
            time = event.step * trace.step_s
            return time, EMPTY_FELL(box=_called(own), time=time)
    if astray:
        return _beside(trace, n, own if own in astray else None, astray)
    if cut_off(trace) and trace.events_of("grip"):
        return None, EMPTY_CUT_OFF()
    return None, gripped_nothing(trace) or EMPTY()


def _beside(trace: Trace, n: int, own: str | None, astray: Sequence[str]) -> tuple[float, Text]:
    """Which box was let go beside place n, its own or the nearest one, when [s], and how far away it lies."""
    place = Pose.from_list(trace.facts["places"][n]).position
    offsets = {box: trace.body(box)[-1, :3] - place for box in astray}
    box = own or min(astray, key=lambda one: float(np.linalg.norm(offsets[one])))
    time, off = let_go(trace)[box], float(np.linalg.norm(offsets[box])) * 1e3
    return time, EMPTY_BESIDE(box=_called(box), time=time, off=off, by=off_by(offsets[box]))


def _moved_away(trace: Trace, before: Placed) -> tuple[float | None, Text]:
    """When [s] a box that had stood was moved away, and the words for it: halfway between where it was let go and where
    it ended, or when another box in the tool pushed it."""
    box = _called(before.part)
    time, other = pushed(trace, before.part, before.time)
    if other:
        return time, PUSHED_AWAY(time=time, other=_called(other), box=box)
    path = trace.body(before.part)[sample_at(trace, before.time) :, :3]
    to_go = np.linalg.norm(path - path[-1], axis=1)
    halfway = int(np.argmax(to_go < 0.5 * to_go[0]))
    time = float(trace.time[len(trace.time) - len(path) + halfway])
    return time, MOVED_AWAY(time=time, box=box)
