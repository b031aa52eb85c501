"""Capstone cell: orders of a PLC are fetched, inserted, inspected and stored, while one thing in the cell fails."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Pressed,
    asked,
    closing,
    cut_off,
    deepest,
    fault_told,
    hardest,
    let_go,
    matched,
    output_at,
    pressed_in,
    stands_in,
    taken_first,
    told_at,
    went_in,
    worth,
)
from sheber.exercises.numbers import Allowed, Choice, Numbers
from sheber.exercises.robot_cell import (
    ARMS,
    aside,
    between,
    camera_over,
    home,
    imperfections,
    level_pose,
    one_lamp,
    work_table,
)
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import N_, Text, message
from sheber.robot.cell.scene import Belt, Colour, Dock, Fault, Handshake, Part, Scene, Shape
from sheber.robot.cell.stock import across, changer, dock, gripper, open_bin, peg, rack, socket, suction
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Trace

STATION = CELL
FAULTS = ("none", "belt_stands", "no_vacuum", "sensor_stuck", "part_missing", "plc_late")
"""The faults by their codes on the operator’s panel, 1 to 5."""
COUNTS = ("changes", "fault_s")  # changes of the tool; s that the fault costs a program that notices it
NUMBERS = {
    "scene.arm": ARMS,
    "scene.fault": Choice(("any", *FAULTS[1:]), N_("What fails")),
    "scene.clearance": Allowed(0.0001, 0.001, "m", title=N_("Clearance of pin and gauge")),
    "scene.rush_s": Allowed(1, 120, "s", pair=True, title=N_("When the rush order comes")),
    "scene.late_s": Allowed(1, 30, "s", title=N_("By how much a late answer of the PLC is late")),
    "scene.belt_speed": Allowed(0.03, 0.2, "m/s", title=N_("Speed of the belt")),
    "scene.part_turn_deg": Allowed(0, 90, "deg", title=N_("Largest turn of a part on the belt")),
    "scene.part_aside": Allowed(0, 0.02, "m", title=N_("How far a part stands beside the middle of the belt")),
    "scene.turn_deg": Allowed(0, 10, "deg", title=N_("Largest turn of belt, gauge and rack")),
    "scene.tilt_deg": Allowed(0, 3, "deg", title=N_("Largest tilt of the cameras")),
    "scene.light": Allowed(0, 0.4, title=N_("Change of the light")),
    "imperfections.wrench_bias_N": Allowed(0, 20, "N", title=N_("Bias of the force sensor")),
    "tolerance.complete": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Orders that are complete")),
    "tolerance.rush": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Orders that waited for the rush order")),
    "tolerance.depth": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Depth of an insertion")),
    "tolerance.force": Allowed(1, 200, "N", ramp=True, title=N_("Force of an insertion")),
    "tolerance.told": Allowed(0, 100, "%", ramp=True, more=True, title=N_("The fault told to the operator")),
    "tolerance.recovered": Allowed(0, 100, "%", ramp=True, more=True, title=N_("Orders that the fault hit, complete")),
    "tolerance.report": Allowed(0.01, 20, "mm", ramp=True, title=N_("Depth that was told to the operator")),
}
TITLES = {
    **CLOSING_TITLES,
    "points.complete": N_("Orders that are complete"),
    "points.rush": N_("The rush order first"),
    "points.depth": N_("Depth of the insertions"),
    "points.force": N_("Force of the insertions"),
    "points.told": N_("The fault told to the operator"),
    "points.recovered": N_("Recovered from the fault"),
    "points.report": N_("Values on the operator’s panel"),
    "cycle.per.changes": N_("Reference time for each change of the tool"),
    "cycle.per.fault_s": N_("Reference time for each second that the fault costs"),
}

FAULT_S = {"belt_stands": 9.5, "no_vacuum": 3.0, "plc_late": 2.0}  # what they cost
GOOD, DEFECTIVE = 1, 2  # results on the operator's panel

SHAFT, SHAFT_RADIUS = 0.04, 0.010  # m, of every part: what goes into the gauge
PIN_HEAD, COVER_HEAD = (0.014, 0.014, 0.030), (0.056, 0.056, 0.006)  # m
MASS = 0.10  # kg
MARK_RADIUS = 0.003  # m, of the dark spot that a good part has on top
GAUGE_DEPTH, CHAMFER = 0.025, 0.002  # m
NOTICE_S = 25.0  # from the rush order to the grip of a part whose order the program had before
IN_GAUGE = 0.004  # m from the axis of the gauge: further away nothing is in it
BELT_TOP, BELT_WIDTH, BELT_END = 0.10, 0.14, 0.20  # m; the end along x of the frame "belt"
STOP_AT = 0.13  # m along it: the light barrier
PITCH = (0.085, 0.10)  # m from one part on the belt to the next
AWAY = 0.44  # m from the last part of the first group to the first of the second
SLOTS, SLOT = 5, (0.075, 0.11, 0.03)  # of the rack; m
NEAR_SLOT = 0.02  # m from the middle of a slot, along each side: further away nothing is in it
UPRIGHT = math.radians(10.0)  # a part that leans more does not stand
BIN_SIDE = 0.11  # m, inside
LEAST_TURN = math.radians(1.0)
STEEL: Colour = (0.58, 0.60, 0.63)
BIN_GREY: Colour = (0.42, 0.43, 0.45)
DARK: Colour = (0.05, 0.05, 0.06)
COLOURS: tuple[Colour, ...] = ((0.66, 0.10, 0.52), (0.92, 0.76, 0.08), (0.12, 0.52, 0.20), (0.10, 0.28, 0.70))
HUES = (157, 25, 65, 108)  # of OpenCV's 0..179
SUBSTITUTE = {1: 2, 2: 1, 3: 4, 4: 3}  # of a part that is missing
TOOLS = {1: "gripper", 2: "gripper", 3: "suction", 4: "suction"}
DOCKS = {"gripper": (0.12, -0.44), "suction": (-0.14, -0.44)}  # m, x and y
DOCK_HEIGHT = 0.32  # m


@dataclass(frozen=True)
class Order:
    """One order as drawn by seed."""

    number: int  # of the part, 1..4
    slot: int  # of the rack, 1..SLOTS


@dataclass(frozen=True)
class Job:
    """What is to be done in a scene: three orders, the rush order as the fourth, and what stands on the belt."""

    orders: tuple[Order, ...]
    parts: tuple[int, ...]  # numbers, from the end of the belt backwards; the last two come later than the first three
    defective: int  # index of the part without a mark
    fault: int  # code
    rush_s: float


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: the belt from the right, the gauge in the middle, the rack on the left."""
    rng = np.random.default_rng([seed, 10])
    job = _job(rng, numbers)
    turn, tilt = (math.radians(numbers.real(f"scene.{name}_deg")) for name in ("turn", "tilt"))
    line = level_pose(0.50, -0.25, BELT_TOP, math.pi / 2 + aside(rng, turn, LEAST_TURN))
    hole = level_pose(between(rng, 0.33, 0.36), between(rng, 0.13, 0.16), 0.0, aside(rng, turn, LEAST_TURN))
    mouth = hole.offset(z=0.008 + GAUGE_DEPTH)
    store = rack(
        "rack",
        level_pose(between(rng, 0.37, 0.39), between(rng, 0.35, 0.37), 0.0, aside(rng, turn, LEAST_TURN)),
        SLOTS,
        rows=1,
        slot=SLOT,
    )
    reject, spare = level_pose(0.58, 0.20, 0.006), SUBSTITUTE[job.orders[2].number]
    parts, docks = _parts(rng, numbers, job, line), _docks(rng)
    arm = numbers.choice("scene.arm")
    return Scene(
        arm=arm,
        tool=changer(),
        docks=docks,
        parts=tuple(parts.values()),
        fixtures=(
            work_table(),
            socket("gauge", hole, 2 * SHAFT_RADIUS, numbers.real("scene.clearance"), GAUGE_DEPTH, CHAMFER),
            store.fixture,
            open_bin("reject_bin", BIN_SIDE, BIN_SIDE, 0.04, reject.offset(z=-0.006), BIN_GREY),
            open_bin("end_bin", 0.11, 0.16, 0.05, line.offset_tool(x=BELT_END + 0.075, z=-BELT_TOP), STEEL),
        ),
        belts=(_belt(numbers, line, parts),),
        barriers=(across("belt_end", line.offset_tool(x=STOP_AT, z=0.02), 0.18), *store.barriers),
        plc=_plc(rng, numbers, job),
        faults=_faults(rng, job),
        cameras=(
            camera_over(rng, "belt", line, 0.85, 750.0, tilt),
            camera_over(rng, "gauge", mouth, 0.72, 2000.0, tilt),
        ),
        lighting=one_lamp(rng, numbers.real("scene.light")),
        analog_inputs=(("order_part", ""), ("order_slot", "")),
        analog_outputs=(("alarm", ""), ("result", ""), ("depth", "mm")),
        frames=(
            ("belt", line),
            ("gauge", mouth),
            ("reject", reject),
            *store.frames,
            *((one.name, one.pose) for one in docks),
        ),
        sheet=(
            ("parts", {str(number): _told(number) for number in SUBSTITUTE}),
            ("gauge", {"depth": GAUGE_DEPTH}),
            ("belt", {"stop": STOP_AT, "end": BELT_END, "speed": numbers.real("scene.belt_speed")}),
        ),
        meant_contacts=tuple(
            ("part_*", other)
            for other in ("part_*", "gripper_*", "suction_*", "belt", "gauge", "rack", "reject_bin", "end_bin", "floor")
        ),
        measured_contacts=(("part_*", "gauge"),),
        imperfections=imperfections(rng, numbers, arm, camera=True, bias=True),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"changes": _changes(job), "fault_s": FAULT_S.get(FAULTS[job.fault], 0.0)}),
            ("orders", [[order.number, order.slot] for order in job.orders]),
            ("serving", [order.number if order.number in job.parts else spare for order in job.orders]),
            ("parts", dict(zip(parts, job.parts, strict=True))),
            ("defective", list(parts)[job.defective]),
            ("fault", job.fault),
            ("rush_s", job.rush_s),
            ("gauge", mouth.to_list()),
            ("slots", [slot.to_list() for _name, slot in store.frames]),
            ("hit", _hit(job)),
            ("reject", reject.to_list()),
        ),
    )


# --- what is to be done -----------------------------------------------------------------------------


def _job(rng: np.random.Generator, numbers: Numbers) -> Job:
    """Three orders and a rush order, each for another part; the third one's part stands in the second group."""
    number = (rng.permutation(4) + 1).tolist()
    slot = (rng.permutation(SLOTS) + 1).tolist()
    orders = tuple(Order(part, place) for part, place in zip(number, slot, strict=False))
    drawn, chosen = int(rng.integers(1, len(FAULTS))), numbers.choice("scene.fault")
    fault = drawn if chosen == "any" else FAULTS.index(chosen)
    first = [number[k] for k in rng.permutation((0, 1, 3))]
    spare = SUBSTITUTE[number[2]]
    last = [spare] if FAULTS[fault] == "part_missing" else [number[2], spare][:: int(rng.choice((-1, 1)))]
    parts = (*first, *last)
    bad = int(rng.integers(4))
    defective = 3 + last.index(number[2]) if bad == 3 and number[2] in last else min(bad, 2)
    return Job(orders, parts, defective, fault, between(rng, *numbers.pair("scene.rush_s"), digits=2))


def _told(number: int) -> dict[str, Any]:
    """What the job sheet says of a part."""
    head = _head(number)
    return {
        "hue": HUES[number - 1],
        "tool": TOOLS[number],
        "length": round(SHAFT + head[2], 4),
        "head": dict(zip("xyz", head, strict=True)),
        "substitute": SUBSTITUTE[number],
    }


def _head(number: int) -> tuple[float, float, float]:
    return PIN_HEAD if TOOLS[number] == "gripper" else COVER_HEAD


def _plc(rng: np.random.Generator, numbers: Numbers, job: Job) -> tuple[Handshake, ...]:
    """The PLC: it gives orders, calls for the rush order, and resets drives and valves."""

    def given(order: Order | None) -> tuple[tuple[str, float], ...]:
        part, slot = (order.number, order.slot) if order else (0, 0)
        return (("order_part", float(part)), ("order_slot", float(slot)))

    *three, rush = job.orders
    request, silent = int(rng.integers(1, 3)), bool(rng.integers(2))
    hit = FAULTS[job.fault] == "plc_late"
    return (
        Handshake(
            "order",
            takes=0.3,
            gives=tuple(given(order) for order in (*three, None)),
            unanswered=(request,) if hit and silent else (),
            late=((request, numbers.real("scene.late_s")),) if hit and not silent else (),
        ),
        Handshake("rush", takes=0.3, gives=(given(rush),), calls=job.rush_s),
        Handshake("reset", takes=1.5, clears=("belt", "suction")),
    )


def _faults(rng: np.random.Generator, job: Job) -> tuple[Fault, ...]:
    """The fault of this scene, where it is one of a device; those of parts and PLC are in their descriptions."""
    begins, says = between(rng, 4.0, 7.0, digits=2), float(rng.integers(2))
    return {
        "belt_stands": (Fault("stops", "belt", begins),),
        "no_vacuum": (Fault("leaks", "suction", begins),),
        "sensor_stuck": (Fault("sticks", f"rack_1_{job.orders[_hit(job)[0]].slot}", 0.0, value=says),),
    }.get(FAULTS[job.fault], ())


def _hit(job: Job) -> list[int]:
    """Indices of the orders that cannot be served well while a program does nothing about the fault."""
    good = next(n for n in (1, 0) if job.orders[n].number != job.parts[job.defective])
    with_cup = [n for n, order in enumerate(job.orders) if TOOLS[order.number] == "suction"]
    return {"no_vacuum": with_cup, "sensor_stuck": [good], "plc_late": [1, 2]}.get(FAULTS[job.fault], [2])


def _changes(job: Job) -> int:
    """How often the tool is changed where the rush order is the second one."""
    first, second, third, rush = (TOOLS[order.number] for order in job.orders)
    return sum(one != other for one, other in pairwise(("gripper", first, rush, second, third)))


# --- what stands where ------------------------------------------------------------------------------


def _parts(rng: np.random.Generator, numbers: Numbers, job: Job, line: Pose) -> dict[str, Part]:
    """The parts on the belt: three in one group, the others later."""
    parts, x = {}, -0.36
    for n, number in enumerate(job.parts):
        x -= AWAY if n == 3 else between(rng, *PITCH) if n else 0.0
        y = between(rng, -1.0, 1.0) * numbers.real("scene.part_aside")
        turn = aside(rng, math.radians(numbers.real("scene.part_turn_deg")), LEAST_TURN)
        name = f"part_{n + 1}"
        parts[name] = _part(name, number, n != job.defective, line.offset_tool(x=x, y=y).rotated(z=turn))
    return parts


def _part(name: str, number: int, good: bool, pose: Pose) -> Part:
    """A shaft that fits the gauge, a head in the colour of its number, and a dark mark on top where it is good."""
    head = _head(number)
    part = peg(name, pose, 2 * SHAFT_RADIUS, SHAFT, MASS, head, COLOURS[number - 1])
    mark = Shape("cylinder", (MARK_RADIUS, 0.0004), Pose((0.0, 0.0, SHAFT + head[2])), DARK, solid=False)
    return replace(part, shapes=(*part.shapes, mark)) if good else part


def _belt(numbers: Numbers, line: Pose, parts: Mapping[str, Part]) -> Belt:
    """The belt, from behind the last part to its end; an output of the program runs it."""
    first = min(float((line.inverse() @ part.pose).position[0]) for part in parts.values()) - 0.10
    return Belt(
        "belt",
        line.offset_tool(x=(first + BELT_END) / 2),
        BELT_END - first,
        BELT_WIDTH,
        thickness=0.05,
        speed=numbers.real("scene.belt_speed"),
        output="belt_run",
        ramp=0.4,
    )


def _docks(rng: np.random.Generator) -> tuple[Dock, ...]:
    """A dock for the gripper, which is on the arm at the start, and one with the suction cup."""
    tools = {"gripper": gripper(stroke=0.05), "suction": suction(radius=0.013)}
    poses = {
        name: level_pose(x + between(rng, -0.01, 0.01), y + between(rng, -0.01, 0.01), DOCK_HEIGHT)
        for name, (x, y) in DOCKS.items()
    }
    return tuple(
        dock(f"dock_{name}", poses[name], tool, name, DOCK_HEIGHT, away=name == "gripper")
        for name, tool in tools.items()
    )


# --- what is measured -------------------------------------------------------------------------------

ORDER = message("capstone_cell.order", "order {number}")
RUSH_ORDER = message("capstone_cell.rush_order", "rush order")
FAULT_WORDS = {
    "belt_stands": message("capstone_cell.belt_stands", "the belt stood (1)"),
    "no_vacuum": message("capstone_cell.no_vacuum", "the suction cup had no vacuum (2)"),
    "sensor_stuck": message("capstone_cell.sensor_stuck", "the sensor of a slot was stuck (3)"),
    "part_missing": message("capstone_cell.part_missing", "a part was missing (4)"),
    "plc_late": message("capstone_cell.plc_late", "the PLC answered late or not at all (5)"),
}
COMPLETE = message("capstone_cell.complete", "Orders that are complete")
NOT_COMPLETE = message("capstone_cell.not_complete", "Not complete at the end: {orders}.")
WHY = message("capstone_cell.why", "{order} ({why})")
NOT_FETCHED = message("capstone_cell.not_fetched", "its part was never gripped")
NOT_LET_GO = message("capstone_cell.not_let_go", "its part was gripped, but not let go on purpose at the end")
NOT_INSERTED = message("capstone_cell.not_inserted", "its part was not, or not deep enough, in the gauge")
STORED_DEFECTIVE = message("capstone_cell.stored_defective", "its part is defective and belongs into the reject bin")
REJECTED_GOOD = message("capstone_cell.rejected_good", "its part is good and belongs into slot {slot}")
ELSEWHERE = message("capstone_cell.elsewhere", "its part does not stand in slot {slot}")
NOT_IN_BIN = message("capstone_cell.not_in_bin", "its part is defective and does not lie in the reject bin")
FIRST = message("capstone_cell.first", "The rush order first")
DEPTH = message("capstone_cell.depth", "Insertion: {order}")
FORCE = message("capstone_cell.force", "Force of the insertion: {order}")
RECOVERED = message("capstone_cell.recovered", "Recovered from the fault")
NOT_RECOVERED = message(
    "capstone_cell.not_recovered", "In this scene {fault}. Orders that it hit and that are not complete: {orders}."
)
REPORT = message("capstone_cell.report", "Values on the operator’s panel: {order}")
WRONG_RESULT = message(
    "capstone_cell.wrong_result",
    "At {time:.1f} s, when the part was let go, the output “result” was {told:g}. It must be {wanted}.",
)
NOT_REPORTED = message("capstone_cell.not_reported", "The values count only for an order that is complete.")
NOT_DONE = message("capstone_cell.not_done", "Orders that are not complete: {missing} of {count}.")


@dataclass(frozen=True)
class Served:
    """What became of one order."""

    order: Order
    called: Text
    part: str  # the part that was used for it, or would have been
    depth: Pressed  # m, of that part in the gauge
    flaw: Text  # why it is not complete; nothing where it is

    @property
    def done(self) -> bool:
        return not self.flaw


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Orders, insertions, the fault, time, safety, what the operator was told, home."""
    served = _served(trace, numbers)
    missing = sum(not one.done for one in served)
    not_done = NOT_DONE(missing=missing, count=len(served)) if missing else NOTHING
    code, rush_s = int(trace.facts["fault"]), float(trace.facts["rush_s"])
    *before, rush = served
    others, own = [one.part for one in before], worth(numbers, "rush", "rush")
    given = [one.done for one in asked(trace, "order") if one.done is not None]
    had = [part for part, time in zip(others, given, strict=False) if time <= rush_s]
    return [
        _complete_check(trace, numbers, served),
        taken_first(trace, "rush", FIRST(), rush.part if rush.done else "", others, had, rush_s, NOTICE_S, own),
        *_insertion_checks(trace, numbers, served),
        fault_told(trace, "alarm", code, FAULT_WORDS[FAULTS[code]](), worth(numbers, "told", "told")),
        _recovered_check(trace, numbers, served),
        *closing(trace, numbers, not_done, *_report_checks(trace, numbers, served)),
    ]


def _served(trace: Trace, numbers: Numbers) -> list[Served]:
    """The three orders and the rush order, each with the part that was used for it."""
    orders = [Order(*values) for values in trace.facts["orders"]]
    mouth = Pose.from_list(trace.facts["gauge"])
    depths = {part: deepest(trace, part, mouth, IN_GAUGE) for part in trace.facts["parts"]}
    called = [*(ORDER(number=n) for n in range(1, len(orders))), RUSH_ORDER()]
    used: dict[int, str] = {}  # part by place of its order

    def flawed(place: int, part: str) -> bool:
        return bool(_flaw(trace, numbers, orders[place], part, depths[part]))

    for number in set(trace.facts["serving"]):
        places = [place for place, serving in enumerate(trace.facts["serving"]) if serving == number]
        fitting = [part for part, own in trace.facts["parts"].items() if own == number]
        used |= matched(trace, places, fitting, flawed)
    return [
        Served(order, name, used[n], depths[used[n]], _flaw(trace, numbers, order, used[n], depths[used[n]]))
        for n, (order, name) in enumerate(zip(orders, called, strict=True))
    ]


def _flaw(trace: Trace, numbers: Numbers, order: Order, part: str, depth: Pressed) -> Text:
    """Why an order is not complete with this part; nothing where it is."""
    if part not in let_go(trace):
        gripped = any(event.data.get("part") == part for event in trace.events_of("grip"))
        return NOT_LET_GO() if gripped else NOT_FETCHED()
    if depth.most / GAUGE_DEPTH < numbers.tolerance("depth").zero_si:
        return NOT_INSERTED()
    slots = {n: Pose.from_list(values) for n, values in enumerate(trace.facts["slots"], 1)}
    slot = stands_in(trace, part, slots, NEAR_SLOT, UPRIGHT)
    rejected = stands_in(trace, part, {0: Pose.from_list(trace.facts["reject"])}, BIN_SIDE / 2) is not None
    if part == trace.facts["defective"]:
        return NOTHING if rejected else STORED_DEFECTIVE() if slot else NOT_IN_BIN()
    if slot == order.slot:
        return NOTHING
    return REJECTED_GOOD(slot=order.slot) if rejected else ELSEWHERE(slot=order.slot)


def _complete_check(trace: Trace, numbers: Numbers, served: list[Served]) -> Check:
    left = [WHY(order=one.called, why=one.flaw) for one in served if not one.done]
    share = 1.0 - len(left) / len(served)
    check = worth(numbers, "complete", "complete").check("complete", COMPLETE(), share, None, NOT_COMPLETE(orders=left))
    return replace(check, follows=cut_off(trace))


def _insertion_checks(trace: Trace, numbers: Numbers, served: list[Served]) -> Iterator[Check]:
    """How deep the part of each order went, and how hard it was pressed."""
    least = numbers.tolerance("depth").zero_si
    for one, own in zip(served, worth(numbers, "depth", "depth").shared(len(served)), strict=True):
        yield went_in(f"depth-{one.part}", DEPTH(order=one.called), one.depth, GAUGE_DEPTH, own)
    for one, own in zip(served, worth(numbers, "force", "force").shared(len(served)), strict=True):
        force = hardest(trace, one.part, "gauge") if one.depth.most / GAUGE_DEPTH >= least else None
        yield pressed_in(f"force-{one.part}", FORCE(order=one.called), force, least, own)


def _recovered_check(trace: Trace, numbers: Numbers, served: list[Served]) -> Check:
    """The share of the orders that the fault hit which are complete."""
    own, code = worth(numbers, "recovered", "recovered"), int(trace.facts["fault"])
    hit = [served[n] for n in trace.facts["hit"]]
    left = [one.called for one in hit if not one.done]
    told = NOT_RECOVERED(fault=FAULT_WORDS[FAULTS[code]](), orders=left)
    return own.check("recovered", RECOVERED(), 1.0 - len(left) / len(hit), None, told)


def _report_checks(trace: Trace, numbers: Numbers, served: list[Served]) -> Iterator[Check]:
    """Result and depth as they stood on the panel when each part was let go for the last time."""
    for one, own in zip(served, worth(numbers, "report", "report").shared(len(served)), strict=True):
        title, key = REPORT(order=one.called), f"report-{one.part}"
        if not one.done:
            yield own.missing(key, title, NOT_REPORTED(), follows=True)
            continue
        time = let_go(trace)[one.part]
        result = output_at(trace, "result", time)
        wanted = DEFECTIVE if one.part == trace.facts["defective"] else GOOD
        if abs(result - wanted) < 0.5:
            yield told_at(trace, key, title, "depth", "mm", one.depth.most, time, own)
        else:
            yield own.missing(key, title, WRONG_RESULT(time=time, told=result, wanted=wanted), time)
