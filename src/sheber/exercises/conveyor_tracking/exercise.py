"""Conveyor tracking: parts picked from a belt that moves, stands once, and moves on; its encoder's scale is unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

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
from sheber.geometry import DOWN, Pose
from sheber.i18n import N_, Text, message
from sheber.robot.bodies import called
from sheber.robot.cell.scene import Belt, CameraSpec, Colour, Fault, Fixture, Lighting, Part, Scene, Shape
from sheber.robot.cell.stock import open_bin, suction
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Event, Trace

STATION = CELL
COUNTS = ("belt_s",)  # s until the last part comes to the place "pick"
NUMBERS = {
    "scene.arm": ARMS,
    "scene.parts": Allowed(3, 9, whole=True, title=N_("Parts on the belt")),
    "scene.belt_speed": Allowed(0.03, 0.2, "m/s", pair=True, title=N_("Speed of the belt")),
    "scene.interval_s": Allowed(3, 20, "s", pair=True, title=N_("Time from one part to the next")),
    "scene.counts_per_m": Allowed(500, 50000, pair=True, title=N_("Counts of the encoder in a metre")),
    "scene.stop_s": Allowed(1, 20, "s", pair=True, title=N_("How long the belt stands")),
    "scene.belt_turn_deg": Allowed(0, 10, "deg", title=N_("Largest turn of the belt")),
    "scene.part_turn_deg": Allowed(0, 90, "deg", title=N_("Largest turn of a part on the belt")),
    "scene.part_aside": Allowed(0, 0.03, "m", title=N_("How far a part lies beside the middle of the belt")),
    "scene.part_length": Allowed(0.045, 0.08, "m", pair=True, title=N_("Length of the parts")),
    "scene.part_width": Allowed(0.034, 0.044, "m", pair=True, title=N_("Width of the parts")),
    "scene.part_mass": Allowed(0.02, 0.5, "kg", title=N_("Mass of a part")),
    "scene.tilt_deg": Allowed(0, 5, "deg", title=N_("Largest tilt of the camera")),
    "scene.light": Allowed(0, 0.5, title=N_("Change of the light")),
    "tolerance.picked": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Parts on the tray")),
    "tolerance.position": Allowed(0.1, 100, "mm", ramp=True, title=N_("Position of a part")),
    "tolerance.yaw": Allowed(0.1, 90, "deg", ramp=True, title=N_("Turn of a part")),
    "tolerance.touch": Allowed(1, 500, "mm/s", ramp=True, title=N_("Speed of the cup against a part at the touch")),
    "tolerance.after_stop": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Parts that came after the stop")),
    "tolerance.drop": Allowed(0.1, 200, "mm", ramp=True, title=N_("Height of a drop")),
    **failing("leaks"),
}
TITLES = {
    **CLOSING_TITLES,
    "points.picked": N_("Parts on the tray"),
    "points.placed": N_("Parts in their places"),
    "points.touch": N_("Touched while going with the part"),
    "points.after_stop": N_("Parts gripped after the belt stood"),
    "cycle.per.belt_s": N_("Reference time for each second of the belt"),
}

BELT_TOP = 0.10  # m over the table
BELT_WIDTH = 0.15  # m
ORIGIN = (0.52, 0.0)  # m: the frame "belt" in base
BELT_END = 0.33  # m from there along the belt
RAMP_S = 0.4  # in which the belt comes to its speed, and stands again
CAMERA_AT = -0.48  # m from the frame "belt" along the belt
PICK_AT = -0.12  # m: where the arm is well out of the camera's sight
FIRST = (-0.62, -0.55)  # m: where the first part lies at the start
LEAST_GAP = 0.15  # m from one part to the next
HEIGHT = 0.03  # m, of every part
RIM = 0.014  # m, height of the tray
TRAY_FLOOR = 0.006  # m
BETWEEN = 0.03  # m, from one place of the tray to the next: the part and this much
COLUMNS = 3  # of the tray
LEAST_TURN = math.radians(2.0)  # of the belt and the tray
LEAST_PART_TURN = math.radians(8.0)
LEAST_TILT = math.radians(0.5)  # of the camera, about each of its axes
GREY: Colour = (0.34, 0.36, 0.40)
YELLOW: Colour = (0.95, 0.78, 0.10)
BLUE: Colour = (0.22, 0.38, 0.60)
STEEL: Colour = (0.55, 0.57, 0.60)


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: a belt from the right past the robot, a camera over it, a tray on the left."""
    rng = np.random.default_rng([seed, 9])
    size = (*(between(rng, *numbers.pair(f"scene.part_{side}"), digits=3) for side in ("length", "width")), HEIGHT)
    count, speed = numbers.whole("scene.parts"), between(rng, *numbers.pair("scene.belt_speed"))
    line = level_pose(*ORIGIN, BELT_TOP, math.pi / 2 + aside(rng, _rad(numbers, "scene.belt_turn_deg"), LEAST_TURN))
    starts = _starts(rng, numbers, speed, count)
    stop, belt_s = _stop(rng, numbers, speed, starts)
    tray = level_pose(between(rng, 0.08, 0.11), between(rng, 0.31, 0.34), TRAY_FLOOR, aside(rng, 0.14, LEAST_TURN))
    places = [_place(tray, size, n) for n in range(count)]
    arm = numbers.choice("scene.arm")
    made = Scene(
        arm=arm,
        tool=suction(radius=0.013),
        parts=tuple(_part(rng, numbers, n, line, start, size) for n, start in enumerate(starts)),
        fixtures=(work_table(), _tray(tray, size, count), _end_bin(line)),
        belts=(_belt(rng, numbers, line, starts, speed),),
        faults=(Fault("stops", "belt", *stop),),
        cameras=(_camera(rng, numbers, line),),
        lighting=_lighting(rng, numbers),
        frames=(("belt", line), ("tray", _rounded(tray))),
        sheet=(
            ("count", count),
            ("part", {axis: round(value, 4) for axis, value in zip("xyz", size, strict=True)}),
            ("columns", COLUMNS),
            ("pitch", {"x": round(size[0] + BETWEEN, 4), "y": round(size[1] + BETWEEN, 4)}),
            ("belt", {"width": BELT_WIDTH, "end": BELT_END}),
        ),
        meant_contacts=tuple(("part_*", other) for other in ("part_*", "tool", "belt", "tray", "end_bin")),
        imperfections=imperfections(rng, numbers, arm, camera=True),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"belt_s": round(belt_s, 2)}),
            ("parts", [f"part_{n + 1}" for n in range(count)]),
            ("places", [place.to_list() for place in places]),
            ("stop", list(stop)),  # s, when it begins and ends
            ("along", line.rotation[:2, 0].tolist()),  # the motion of the belt in base
        ),
    )
    return with_faults(made, numbers)


def _rad(numbers: Numbers, name: str) -> float:
    return math.radians(numbers.real(name))


def _rounded(pose: Pose) -> Pose:
    return Pose(np.round(pose.position, 5), pose.quaternion)


def _starts(rng: np.random.Generator, numbers: Numbers, speed: float, count: int) -> list[float]:
    """Where the parts lie on the belt at the start [m along the belt], the first one in sight of the camera."""
    starts = [between(rng, *FIRST)]
    for _n in range(count - 1):
        starts.append(starts[-1] - max(LEAST_GAP, speed * between(rng, *numbers.pair("scene.interval_s"))))
    return starts


def _stop(
    rng: np.random.Generator, numbers: Numbers, speed: float, starts: list[float]
) -> tuple[tuple[float, float], float]:
    """When the belt stands [s], while parts in the middle of the row are near the robot; when the last one comes."""
    arrivals = [(PICK_AT - start) / speed + RAMP_S / 2 for start in starts]
    begins = between(rng, arrivals[1] - 0.5, arrivals[-2] - 0.5, digits=2)
    stands = between(rng, *numbers.pair("scene.stop_s"), digits=2)
    return (begins, round(begins + stands, 2)), arrivals[-1] + stands


def _belt(rng: np.random.Generator, numbers: Numbers, line: Pose, starts: list[float], speed: float) -> Belt:
    """The belt, from behind the last part to the robot. Nothing but the hidden stop stops it."""
    length = BELT_END - starts[-1] + 0.15
    return Belt(
        "belt",
        line.offset_tool(x=BELT_END - length / 2),
        length,
        BELT_WIDTH,
        thickness=0.05,
        speed=speed,
        ramp=RAMP_S,
        encoder="encoder",
        counts_per_m=between(rng, *numbers.pair("scene.counts_per_m"), digits=1),
    )


def _part(
    rng: np.random.Generator, numbers: Numbers, n: int, line: Pose, start: float, size: tuple[float, ...]
) -> Part:
    """A dark block with a yellow upper side, turned, beside the middle of the belt."""
    y = between(rng, -1.0, 1.0) * numbers.real("scene.part_aside")
    turn = aside(rng, _rad(numbers, "scene.part_turn_deg"), LEAST_PART_TURN)
    body = Shape("box", (size[0], size[1], size[2]), colour=GREY)
    lid = Shape("box", (size[0], size[1], 0.001), Pose((0.0, 0.0, size[2] / 2)), YELLOW, solid=False)
    pose = line.offset_tool(x=start, y=y, z=size[2] / 2).rotated(z=turn)
    return Part(f"part_{n + 1}", (body, lid), pose, numbers.real("scene.part_mass"))


def _place(tray: Pose, size: tuple[float, ...], n: int) -> Pose:
    """Where the middle of the part on place n belongs; `tray`: the middle of the first place, on the tray's floor."""
    column, row = n % COLUMNS, n // COLUMNS
    return tray.offset_tool(x=column * (size[0] + BETWEEN), y=row * (size[1] + BETWEEN), z=size[2] / 2)


def _tray(tray: Pose, size: tuple[float, ...], count: int) -> Fixture:
    """A low tray with a mark at each place."""
    rows = -(-count // COLUMNS)
    pitch = size[0] + BETWEEN, size[1] + BETWEEN
    middle = tray.offset_tool(x=(COLUMNS - 1) * pitch[0] / 2, y=(rows - 1) * pitch[1] / 2, z=-TRAY_FLOOR)
    box = open_bin("tray", COLUMNS * pitch[0] + 0.01, rows * pitch[1] + 0.01, RIM, middle, BLUE, wall=0.008)
    inverse = middle.inverse()
    marks = tuple(
        Shape("box", (size[0], size[1], 0.0006), inverse @ _place(tray, size, n).offset(z=-HEIGHT / 2), solid=False)
        for n in range(count)
    )
    white = tuple(replace(mark, colour=(0.93, 0.93, 0.92)) for mark in marks)
    return Fixture("tray", (*box.shapes, *white), box.pose)


def _end_bin(line: Pose) -> Fixture:
    """A bin at the end of the belt: what was missed falls into it."""
    at = line.offset_tool(x=BELT_END + 0.14, z=-BELT_TOP)
    return open_bin("end_bin", 0.22, 0.16, 0.05, at, STEEL)


def _camera(rng: np.random.Generator, numbers: Numbers, line: Pose) -> CameraSpec:
    """The camera over the belt, its longer side along the belt; every cell has its own mounting and its own lens."""
    most = _rad(numbers, "scene.tilt_deg")
    above = line.offset_tool(x=CAMERA_AT + between(rng, -0.015, 0.015), y=between(rng, -0.015, 0.015))
    tilted = (above.offset(z=between(rng, 0.94, 0.96)) @ DOWN).rotated(
        x=aside(rng, most, LEAST_TILT), y=aside(rng, most, LEAST_TILT), z=aside(rng, most, LEAST_TILT)
    )
    focal = between(rng, 735.0, 765.0, 2)
    return CameraSpec(
        "belt",
        tilted,
        focal=(focal, round(focal * between(rng, 0.998, 1.002), 2)),
        centre=(between(rng, 313.0, 326.0, 2), between(rng, 233.0, 246.0, 2)),
        distortion=(between(rng, -0.16, -0.08), between(rng, 0.02, 0.06), 0.0, 0.0, 0.0),
        depth=False,
    )


def _lighting(rng: np.random.Generator, numbers: Numbers) -> Lighting:
    """One lamp, brighter or darker, never quite at the same place."""
    share, base = numbers.real("scene.light"), Lighting()
    return Lighting(
        direction=(between(rng, -0.5, -0.25), between(rng, 0.05, 0.35), -1.0),
        ambient=round(base.ambient * between(rng, 1.0 - share, 1.0 + share), 3),
        diffuse=round(base.diffuse * between(rng, 1.0 - share, 1.0 + share), 3),
    )


# --- what is measured -------------------------------------------------------------------------------

PART = message("conveyor_tracking.part", "part {number}")
PICKED = message("conveyor_tracking.picked", "Parts on the tray")
NOT_PICKED = message("conveyor_tracking.not_picked", "Not on the tray at the end, let go on purpose: {parts}.")
MISSED = message(
    "conveyor_tracking.missed", "Not on the tray at the end: {parts}. Over the end of the belt went: {lost}."
)
PLACE = message("conveyor_tracking.place", "Place of {part}")
NO_PLACE = message("conveyor_tracking.no_place", "This part does not lie on a free place of the tray: {part}.")
LOST = message(
    "conveyor_tracking.lost",
    "At {taken:.1f} s the cup took {part}. At {time:.1f} s it lost it. The part lies on no place.",
)
LOST_BY = message(
    "conveyor_tracking.lost_by",
    "At {taken:.1f} s the cup took {part}. At {time:.1f} s the cup lost it: {part} and {other} touched.",
)
OVER_THE_END = message("conveyor_tracking.over_the_end", "At {time:.1f} s the belt carried {part} over its end.")
CUT_OFF = message("conveyor_tracking.cut_off", "The run ended before this part was fetched: {part}.")
FELL = message("conveyor_tracking.fell", "{lies} It fell {fall:.0f} mm when it was let go.")
TOUCH = message("conveyor_tracking.touch", "Touch of {part}")
TOUCHED = message(
    "conveyor_tracking.touched",
    "At {time:.1f} s the cup touched {part}. It moved at {speed:.0f} mm/s against the part ({along:+.0f} mm/s along "
    "the belt). Move with the belt when you touch.",
)
NOT_BROUGHT = message(
    "conveyor_tracking.not_brought",
    "The touch counts only for a part that lies on the tray at the end. {part} does not.",
)
AFTER = message("conveyor_tracking.after_stop", "Parts that came after the stop")
NOT_AFTER = message(
    "conveyor_tracking.not_after",
    "From {begins:.1f} s to {ends:.1f} s the belt stood. Of the parts that came later, these are not on the tray: "
    "{parts}.",
)
NONE_LEFT = message("conveyor_tracking.none_left", "The run ended before the belt went on.")
NOT_DONE = message("conveyor_tracking.not_done", "Parts that are not on the tray: {missing} of {count}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Parts on the tray and how they lie, how they were touched, the stop, time, safety, setting down, home."""
    parts: list[str] = trace.facts["parts"]
    on_tray = _on_tray(trace, parts)
    missing = [part for part in parts if part not in on_tray]
    not_done = NOT_DONE(missing=len(missing), count=len(parts)) if missing else NOTHING
    down = set_down(trace, worth(numbers, "set_down", "drop"), len(parts))
    return [
        _picked_check(trace, numbers, parts, missing),
        *_placed_checks(trace, numbers, parts, on_tray),
        *_touch_checks(trace, numbers, parts, on_tray),
        _after_check(trace, numbers, parts, on_tray),
        *closing(trace, numbers, not_done, down),
    ]


def _called(part: str) -> Text:
    return PART(number=int(part.removeprefix("part_")))


def _on_tray(trace: Trace, parts: list[str]) -> dict[str, Placed]:
    """The parts that lie on a place of the tray at the end; of two on one place, the nearer one."""
    if not len(trace.time):
        return {}
    places = [Pose.from_list(values) for values in trace.facts["places"]]
    best: dict[int, Placed] = {}
    for one in placements(trace, parts, places, trace.duration, symmetry=2, within=BETWEEN):
        if one.place >= 0 and (one.place not in best or one.distance < best[one.place].distance):
            best[one.place] = one
    return {one.part: one for one in best.values()}


def _over_the_end(trace: Trace, part: str) -> float | None:
    """When [s] a part that the tool did not hold fell from the belt; None where it did not."""
    if not len(trace.time) or part in let_go(trace):
        return None
    height = trace.body(part)[:, 2]
    if height[-1] > BELT_TOP:
        return None
    return float(trace.time[int(np.argmax(height < BELT_TOP))])


def _picked_check(trace: Trace, numbers: Numbers, parts: list[str], missing: list[str]) -> Check:
    """The share of the parts that lie on the tray."""
    lost = {part: time for part in missing if (time := _over_the_end(trace, part)) is not None}
    names = [_called(part) for part in missing]
    told = MISSED(parts=names, lost=[_called(part) for part in lost]) if lost else NOT_PICKED(parts=names)
    share = 1.0 - len(missing) / len(parts)
    follows = cut_off(trace) and not lost
    check = worth(numbers, "picked", "picked").check("picked", PICKED(), share, min(lost.values(), default=None), told)
    return replace(check, follows=follows)


def _placed_checks(trace: Trace, numbers: Numbers, parts: list[str], on_tray: Mapping[str, Placed]) -> list[Check]:
    """How each part lies on its place: the worst of position, yaw and fall."""
    checks = []
    shares = (worth(numbers, "placed", kind).shared(len(parts)) for kind in ("position", "yaw", "drop"))
    for part, position, yaw, fall in zip(parts, *shares, strict=True):
        title, key = PLACE(part=_called(part)), f"placed-{part}"
        if part in on_tray:
            worths = {"position": position, "yaw": yaw, "fall": fall}
            checks.append(lies(key, title, on_tray[part], worths, _lies_told(on_tray[part], fall)))
        else:
            time, told, follows = _missing_told(trace, part)
            checks.append(position.missing(key, title, told, time, follows=follows))
    return checks


def _lies_told(placed: Placed, fall: Worth) -> Text:
    told = where(placed, _called(placed.part))
    return FELL(lies=told, fall=placed.fall * 1e3) if placed.fall > fall.tolerance.full_si else told


def _missing_told(trace: Trace, part: str) -> tuple[float | None, Text, bool]:
    """When [s] and why a part lies on no place, and whether that only follows from the end of the run."""
    lost = _lost(trace, part)
    if lost is not None:
        return *lost, False
    time = _over_the_end(trace, part)
    if time is not None:
        return time, OVER_THE_END(part=_called(part), time=time), False
    if cut_off(trace) and not _grips(trace, part):
        return None, CUT_OFF(part=_called(part)), True
    return None, gripped_nothing(trace) or NO_PLACE(part=_called(part)), False


LOST_AFTER_S = 0.3  # s after a touch in which a part that the cup loses was lost by it


def _lost(trace: Trace, part: str) -> tuple[float, Text] | None:
    """When [s] the cup last lost a part that it held, and what the part touched just before; None where it did not."""
    handled = [one for one in trace.events_of("grip", "release", "lost") if one.data.get("part") == part]
    if len(handled) < 2 or handled[-1].kind != "lost":
        return None
    taken, lost = (one.step * trace.step_s for one in handled[-2:])
    values = {"taken": taken, "time": lost, "part": _called(part)}
    others = [
        ({one.data["a"], one.data["b"]} - {part}).pop()
        for one in trace.events_of("contact")
        if part in (one.data["a"], one.data["b"]) and max(taken, lost - LOST_AFTER_S) < one.step * trace.step_s <= lost
    ]
    others = [name for name in others if name not in ("tool", "")]
    return lost, LOST_BY(other=called(others[-1]), **values) if others else LOST(**values)


def _grips(trace: Trace, part: str) -> list[Event]:
    return [event for event in trace.events_of("grip") if event.data.get("part") == part]


TOUCH_S = 1.5  # s before a grip, or before another touch of it, in which a touch of the same part belongs to it
BEFORE_S = (0.08, 0.02)  # s before the touch: between these two moments speeds are measured


def _touch_checks(trace: Trace, numbers: Numbers, parts: list[str], on_tray: Mapping[str, Placed]) -> list[Check]:
    """How fast the cup moved against each part that lies on the tray when it touched it, at the worst of its grips."""
    checks = []
    for part, own in zip(parts, worth(numbers, "touch", "touch").shared(len(parts)), strict=True):
        title, key, called = TOUCH(part=_called(part)), f"touch-{part}", _called(part)
        if part in on_tray:
            time, speed, along = max(
                (_touch(trace, part, grip) for grip in _grips(trace, part)), key=lambda one: one[1]
            )
            told = TOUCHED(part=called, time=time, speed=speed * 1e3, along=along * 1e3)
            checks.append(own.check(key, title, speed, time, told))
        else:
            checks.append(own.missing(key, title, NOT_BROUGHT(part=called), follows=True))
    return checks


def _touch(trace: Trace, part: str, grip: Event) -> tuple[float, float, float]:
    """When [s] the cup first touched a part before this grip, how fast it moved against it then, level [m/s], and how
    fast along the belt.

    A cup that presses on a part stops it, however fast it came: so a touch that lasts is as old as its beginning.
    """
    step, belongs = grip.step, round(TOUCH_S / trace.step_s)
    for began, ended in reversed(_touches(trace, part)):
        if began <= step <= ended + belongs:
            step = began
    time = step * trace.step_s
    begin, end = (sample_at(trace, time - before) for before in BEFORE_S)
    way = (trace["tcp"] - trace.body(part))[[begin, end], :2]
    velocity = (way[1] - way[0]) / max(1e-9, float(trace.time[end] - trace.time[begin]))
    return time, float(np.hypot(*velocity)), float(velocity @ trace.facts["along"])


def _touches(trace: Trace, part: str) -> list[tuple[int, int]]:
    """Each time that the cup touched a part: the steps at which it began and ended, in the order of the beginnings."""
    pair = {"tool", part}
    began = [one.step for one in trace.events_of("contact") if {one.data["a"], one.data["b"]} == pair]
    over = [one for one in trace.events_of("contact_end") if {one.data["a"], one.data["b"]} == pair]
    lasted = [round(float(one.data["duration_s"]) / trace.step_s) for one in over]
    # one that has no end lasts to the end of the run; one contact of a pair is over before the next begins
    return [
        (step, step + lasted[n] if n < len(lasted) else round(trace.duration / trace.step_s))
        for n, step in enumerate(began)
    ]


def _after_check(trace: Trace, numbers: Numbers, parts: list[str], on_tray: Mapping[str, Placed]) -> Check:
    """Of the parts that the cup had not held when the belt went on: how many lie on the tray at the end."""
    own = worth(numbers, "after_stop", "after_stop")
    begins, ends = trace.facts["stop"]
    if trace.duration < ends:
        return own.missing("after-stop", AFTER(), NONE_LEFT(), follows=True)
    before = {part for part in parts for grip in _grips(trace, part) if grip.step * trace.step_s <= ends}
    left = [part for part in parts if part not in before]
    missed = [part for part in left if part not in on_tray]
    share = 1.0 - len(missed) / len(left) if left else len(on_tray) / len(parts)
    told = NOT_AFTER(begins=begins, ends=ends, parts=[_called(part) for part in missed])
    return replace(own.check("after-stop", AFTER(), share, ends, told), follows=True)
