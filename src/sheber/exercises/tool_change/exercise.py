"""Tool change: two tools in docks, a jig, and a PLC that clamps each part; one answer is late, or never comes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sheber.exercises.criteria import (
    CLOSING_TITLES,
    Asked,
    Placed,
    asked,
    closing,
    cut_off,
    docking_checks,
    forbidden,
    lies,
    placements,
    set_down,
    where,
    worth,
)
from sheber.exercises.numbers import Allowed, Choice, Numbers
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
from sheber.exercises.score import Check, shared
from sheber.geometry import Pose
from sheber.i18n import N_, Text, message
from sheber.robot.cell.scene import Colour, Dock, Fixture, Handshake, Part, Scene, Shape, ToolSpec
from sheber.robot.cell.stock import changer, dock, gripper, suction
from sheber.robot.kind import CELL
from sheber.trace import NOTHING, Event, Trace

STATION = CELL
COUNTS = ("jobs", "changes")
NUMBERS = {
    "scene.arm": ARMS,
    "scene.blocks": Allowed(1, 2, whole=True, title=N_("Parts for the gripper")),
    "scene.lids": Allowed(1, 2, whole=True, title=N_("Parts for the suction cup")),
    "scene.dock_error_mm": Allowed(0, 3, "mm", title=N_("Error of a dock’s frame, along each axis")),
    "scene.dock_shift_mm": Allowed(0, 30, "mm", title=N_("Largest shift of a dock")),
    "scene.dock_turn_deg": Allowed(0, 20, "deg", title=N_("Largest turn of a dock")),
    "scene.lead_in_mm": Allowed(0.5, 4.5, "mm", title=N_("Lead-in of the changer")),
    "scene.lead_in_deg": Allowed(0.5, 5, "deg", title=N_("Turn that the changer takes")),
    "scene.busy_s": Allowed(0.02, 5, "s", pair=True, title=N_("Time from a request to busy")),
    "scene.works_s": Allowed(0.1, 10, "s", pair=True, title=N_("Time from busy to done")),
    "scene.late_s": Allowed(2, 20, "s", pair=True, title=N_("How much later the late answer comes")),
    "scene.interlock": Choice(("off", "on"), N_("Interlock of the changer")),
    "safety.forbidden": Allowed(0, 15, "points", title=N_("Points lost for a forbidden state")),
    "tolerance.dock_position": Allowed(0.1, 10, "mm", ramp=True, title=N_("Position at a dock")),
    "tolerance.dock_angle": Allowed(0.1, 10, "deg", ramp=True, title=N_("Turn at a dock")),
    "tolerance.position": Allowed(0.1, 100, "mm", ramp=True, title=N_("Position of a part")),
    "tolerance.yaw": Allowed(0.1, 90, "deg", ramp=True, title=N_("Turn of a part")),
    "tolerance.reply": Allowed(1, 100, "s", ramp=True, title=N_("Time until the answer")),
    "tolerance.drop": Allowed(0.1, 200, "mm", ramp=True, title=N_("Height of a drop")),
    **failing("leaks", "falls_silent"),
}
TITLES = {
    **CLOSING_TITLES,
    "points.docking": N_("Tools taken and put down exactly"),
    "points.placed": N_("Parts in the jig, by the right tool"),
    "points.handshake": N_("Handshakes in order"),
    "points.reply": N_("The answer that did not come in time"),
    "points.parked": N_("Tools back in docks"),
    "cycle.per.jobs": N_("Reference time for each job"),
    "cycle.per.changes": N_("Reference time for each tool that is taken"),
}

JOB = "clamp"  # what the PLC does
TIMEOUT = 1.5  # s, that the job sheet gives: a request that is not busy by then is taken back
DOCKS = {"dock_left": (0.14, 0.46), "dock_right": (0.14, -0.46)}  # m, where they stand but for their shift
DOCK_HEIGHT = 0.28  # m, of the coupling faces over the table
SUPPLY, JIG = 0.010, 0.012  # m, how thick
BLOCK, LID = (0.030, 0.030, 0.070), (0.090, 0.090, 0.008)  # m
BLOCK_MASS, LID_MASS = 0.25, 0.15  # kg
AT_BLOCKS, AT_LIDS = 0.26, -0.25  # m, y of the supplies
JIG_AT = (0.52, 0.0)
LEAST_TURN = math.radians(2.0)
NEAR = 0.05  # m from its place: farther away a part is on none
BLUE: Colour = (0.24, 0.40, 0.62)
AMBER: Colour = (0.90, 0.62, 0.15)
WHITE: Colour = (0.93, 0.93, 0.92)
STEEL: Colour = (0.56, 0.58, 0.61)
BOARD: Colour = (0.30, 0.33, 0.37)


@dataclass(frozen=True)
class _Job:
    """A part, the tool for it, and the middles of its upper side: where it lies and where it belongs."""

    part: str
    tool: str
    size: tuple[float, float, float]
    pick: Pose
    place: Pose


def scene(seed: int, numbers: Numbers) -> Scene:
    """The cell of one seed: docks behind, blocks on the left, lids on the right, the jig in front."""
    rng = np.random.default_rng([seed, 5])
    jig = level_pose(*JIG_AT, JIG, aside(rng, math.radians(10.0), LEAST_TURN)).offset(x=between(rng, -0.02, 0.02))
    jobs = _in_order(rng, [*_blocks(rng, numbers, jig), *_lids(rng, numbers, jig)])
    docks = _docks(rng, numbers)
    arm, strange = numbers.choice("scene.arm"), int(rng.integers(len(jobs)))
    made = Scene(
        arm=arm,
        tool=changer(
            lead_in=numbers.real("scene.lead_in_mm") * 1e-3,
            angle_deg=numbers.real("scene.lead_in_deg"),
            interlock=numbers.choice("scene.interlock") == "on",
        ),
        docks=docks,
        parts=tuple(_part(job) for job in sorted(jobs, key=lambda one: one.part)),
        fixtures=(work_table(), _board("supply_left", AT_BLOCKS), _board("supply_right", AT_LIDS), _jig(jig, jobs)),
        plc=(_clamp(rng, numbers, strange),),
        frames=(
            *((one.name, _taught(rng, numbers, one.pose)) for one in docks),
            *((f"pick_{n}", job.pick) for n, job in enumerate(jobs, 1)),
            *((f"place_{n}", job.place) for n, job in enumerate(jobs, 1)),
        ),
        sheet=(
            ("jobs", [{"tool": job.tool, "height": job.size[2]} for job in jobs]),
            ("timeout", TIMEOUT),
        ),
        meant_contacts=(
            *(("block_*", other) for other in ("gripper_*", "supply_left", "jig")),
            *(("lid_*", other) for other in ("suction_*", "supply_right", "jig")),
            ("lid_*", "gripper_*"),
            ("block_*", "suction_*"),
        ),
        imperfections=imperfections(rng, numbers, arm),
        noise_seed=seed,
        facts=(
            ("home", home(arm)),
            ("counts", {"jobs": len(jobs), "changes": _changes(jobs)}),
            (
                "jobs",
                [
                    {"part": job.part, "tool": job.tool, "place": job.place.offset(z=-job.size[2] / 2).to_list()}
                    for job in jobs
                ],
            ),
            ("docks", {one.name: one.pose.to_list() for one in docks}),
            ("strange", strange),  # number of the request that is answered late, or never
        ),
    )
    return with_faults(made, numbers)


def _changes(jobs: list[_Job]) -> int:
    """How often a tool must be taken."""
    return 1 + sum(one.tool != other.tool for one, other in pairwise(jobs))


def _in_order(rng: np.random.Generator, jobs: list[_Job]) -> list[_Job]:
    """The jobs in the order of the sheet: anyhow."""
    return [jobs[n] for n in rng.permutation(len(jobs))]


def _blocks(rng: np.random.Generator, numbers: Numbers, jig: Pose) -> Iterator[_Job]:
    for n in range(numbers.whole("scene.blocks")):
        at = (0.44 + 0.13 * n + between(rng, -0.01, 0.01), AT_BLOCKS + between(rng, -0.02, 0.02))
        pick = level_pose(*at, SUPPLY + BLOCK[2], aside(rng, 0.35, LEAST_TURN))
        place = jig.offset_tool(x=0.13 * n - 0.065, y=0.065, z=BLOCK[2])
        yield _Job(f"block_{n + 1}", "gripper", BLOCK, pick, place)


def _lids(rng: np.random.Generator, numbers: Numbers, jig: Pose) -> Iterator[_Job]:
    for n in range(numbers.whole("scene.lids")):
        at = (0.43 + 0.14 * n + between(rng, -0.01, 0.01), AT_LIDS + between(rng, -0.01, 0.01))
        pick = level_pose(*at, SUPPLY + LID[2], aside(rng, 0.2, LEAST_TURN))
        place = jig.offset_tool(x=0.13 * n - 0.065, y=-0.065, z=LID[2])
        yield _Job(f"lid_{n + 1}", "suction", LID, pick, place)


def _docks(rng: np.random.Generator, numbers: Numbers) -> tuple[Dock, ...]:
    """The two docks, shifted and turned, with the tools one way or the other."""
    tools: list[tuple[str, ToolSpec]] = [("gripper", gripper()), ("suction", suction())]
    if rng.random() < 0.5:
        tools.reverse()
    most, turn = numbers.real("scene.dock_shift_mm") * 1e-3, math.radians(numbers.real("scene.dock_turn_deg"))
    found = []
    for (name, (x, y)), (tool_name, tool) in zip(DOCKS.items(), tools, strict=True):
        at = (x + between(rng, -most, most), y + between(rng, -most, most), DOCK_HEIGHT)
        pose = level_pose(*at, aside(rng, turn, math.radians(5.0)))
        found.append(dock(name, pose, tool, tool_name, height=DOCK_HEIGHT))
    return tuple(found)


def _taught(rng: np.random.Generator, numbers: Numbers, true: Pose) -> Pose:
    """A dock as it was taught: a little beside where it is."""
    most = numbers.real("scene.dock_error_mm") * 1e-3
    return Pose(np.round(true.position + rng.uniform(-most, most, 3), 5), true.quaternion)


def _clamp(rng: np.random.Generator, numbers: Numbers, strange: int) -> Handshake:
    """What the PLC does for the robot; the request with the number `strange` it answers late, or never."""
    begins = between(rng, *numbers.pair("scene.busy_s"), digits=2)
    takes = between(rng, *numbers.pair("scene.works_s"), digits=2)
    late = between(rng, *numbers.pair("scene.late_s"), digits=2)
    if rng.random() < 0.5:
        return Handshake(JOB, begins, takes, unanswered=(strange,))
    return Handshake(JOB, begins, takes, late=((strange, late),))


def _part(job: _Job) -> Part:
    block = job.tool == "gripper"
    body = Shape("box", job.size, colour=AMBER if block else BLUE)
    return Part(job.part, (body,), job.pick.offset(z=-job.size[2] / 2), BLOCK_MASS if block else LID_MASS)


def _board(name: str, y: float) -> Fixture:
    """A low board on which parts wait."""
    return Fixture(
        name, (Shape("box", (0.30, 0.16, SUPPLY), Pose((0.0, 0.0, SUPPLY / 2)), BOARD),), Pose((0.5, y, 0.0))
    )


def _jig(jig: Pose, jobs: list[_Job]) -> Fixture:
    """A plate with a mark at each place; `jig`: the middle of its upper side."""
    plate = Shape("box", (0.26, 0.26, JIG), Pose((0.0, 0.0, -JIG / 2)), STEEL)
    marks = (
        Shape(
            "box",
            (job.size[0], job.size[1], 0.0006),
            jig.inverse() @ job.place.offset(z=-job.size[2]),
            WHITE,
            solid=False,
        )
        for job in jobs
    )
    return Fixture("jig", (plate, *marks), jig)


# --- what is measured -------------------------------------------------------------------------------

BLOCK_CALLED = message("tool_change.block", "block {number}")
LID_CALLED = message("tool_change.lid", "lid {number}")
PLACE = message("tool_change.place", "Job {number:d}: {part}")
NOT_THERE = message("tool_change.not_there", "At the end {part} is not on its place in the jig, let go on purpose.")
WRONG_TOOL = message(
    "tool_change.wrong_tool",
    "At {time:.1f} s {part} was let go by the tool {tool!r}. The right tool for it is {right!r}.",
)
CUT_OFF = message("tool_change.cut_off", "The run ended before this job was done.")
FELL = message("tool_change.fell", "{lies} It fell {fall:.0f} mm when it was let go.")
HANDSHAKE = message("tool_change.handshake", "Handshake of job {number:d}")
NEVER_LET_GO = message("tool_change.never_let_go", "There was nothing to clamp: {part} was never let go on purpose.")
NOT_ASKED = message(
    "tool_change.not_asked",
    "After {part} was let go at {time:.1f} s, clamp_request was not switched on before the next part.",
)
NOT_DONE_YET = message(
    "tool_change.no_done",
    "After {part} was let go at {time:.1f} s, no request was kept on until clamp_done came. {seen}",
)
SEEN = message("tool_change.seen", "The last one was on from {rises:.1f} s to {falls:.1f} s.")
SEEN_ON = message("tool_change.seen_on", "The last one was on from {rises:.1f} s to the end.")
LEFT_ON = message(
    "tool_change.left_on",
    "The request was on when the next part was gripped at {time:.1f} s. Switch it off after clamp_done.",
)
LEFT_ON_AT_THE_END = message(
    "tool_change.left_on_at_the_end", "The request was still on at the end. Switch it off after clamp_done."
)
ONCE_MORE = message(
    "tool_change.once_more",
    "The clamp was closed at {time:.1f} s, and at {again:.1f} s it was asked for once more. There was nothing left to "
    "clamp. Read clamp_done.",
)
OUT_OF_TURN = message(
    "tool_change.out_of_turn",
    "At {time:.1f} s {part} was let go before the part of job {before:d}. The job sheet has another order.",
)
TOO_SOON = message(
    "tool_change.too_soon", "The request for {part} was switched on at {time:.1f} s, before the part was let go."
)
REPLY = message("tool_change.reply", "The answer that did not come in time")
REPLY_TOOK = message(
    "tool_change.reply_took",
    "The request of {time:.1f} s was not answered in time. The clamp was closed {took:.1f} s after it.",
)
REPLY_NEVER = message(
    "tool_change.reply_never",
    "The request of {time:.1f} s was not answered in time, and the clamp was not closed for this job any more.",
)
REPLY_FOR_NOTHING = message(
    "tool_change.reply_for_nothing",
    "The request of {time:.1f} s was not answered in time. It was one with nothing to clamp: no part had been let go.",
)
REPLY_NOT_MET = message(
    "tool_change.reply_not_met",
    "The PLC does not answer request number {number:d} in time. The program made {count:d} requests.",
)
PARKED = message("tool_change.parked", "Tools back in docks")
NOT_PARKED = message("tool_change.not_parked", "At the end these tools are not in a dock: {tools}.")
NEVER_USED = message("tool_change.never_used", "No tool was ever taken.")
JOBS_LEFT = message("tool_change.jobs_left", "Parts that do not lie in the jig: {missing} of {count}.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Docking, parts in the jig by the right tool, handshakes, time, safety, setting down, tools back, home."""
    jobs = [_Wanted.of(n, job) for n, job in enumerate(trace.facts["jobs"], 1)]
    changes = int(trace.facts["counts"]["changes"])
    placed = _placed(trace, jobs)
    missing = len(jobs) - len(placed)
    not_done = JOBS_LEFT(missing=missing, count=len(jobs)) if missing else NOTHING
    down = set_down(trace, worth(numbers, "set_down", "drop"), len(jobs))
    return [
        *docking_checks(
            trace, worth(numbers, "docking", "dock_position"), worth(numbers, "docking", "dock_angle"), changes
        ),
        *_placed_checks(trace, numbers, jobs, placed),
        *_handshake_checks(trace, numbers, jobs),
        _reply_check(trace, numbers),
        *closing(trace, numbers, not_done, _parked_check(trace, numbers), down, also=forbidden(trace, numbers)),
    ]


@dataclass(frozen=True)
class _Wanted:
    """A job as the checks know it."""

    number: int
    part: str
    tool: str
    place: Pose  # of the middle of the part

    @classmethod
    def of(cls, number: int, job: dict[str, Any]) -> _Wanted:
        return cls(number, job["part"], job["tool"], Pose.from_list(job["place"]))

    @property
    def called(self) -> Text:
        """The part in a sentence."""
        kind, _, number = self.part.rpartition("_")
        return (BLOCK_CALLED if kind == "block" else LID_CALLED)(number=int(number))


def _handled(trace: Trace, part: str, *kinds: str) -> list[Event]:
    return [event for event in trace.events_of(*kinds) if event.data.get("part") == part]


def _placed(trace: Trace, jobs: list[_Wanted]) -> dict[int, Placed]:
    """The parts that lie near their own places at the end, let go on purpose, by the numbers of their jobs."""
    if not len(trace.time):
        return {}
    found = {}
    for job in jobs:
        ones = placements(trace, [job.part], [job.place], trace.duration, symmetry=4, within=NEAR)
        if ones and ones[0].place == 0:
            found[job.number] = ones[0]
    return found


def _placed_checks(trace: Trace, numbers: Numbers, jobs: list[_Wanted], placed: dict[int, Placed]) -> list[Check]:
    """How each part lies that the right tool brought: the worst of position, yaw and fall."""
    checks = []
    shares = (worth(numbers, "placed", kind).shared(len(jobs)) for kind in ("position", "yaw", "drop"))
    for job, position, yaw, fall in zip(jobs, *shares, strict=True):
        key, title = f"job-{job.number}", PLACE(number=job.number, part=job.called)
        one = placed.get(job.number)
        if one is None:
            nothing = NOT_THERE(part=job.called) if trace.events_of("tool_on") else NEVER_USED()
            follows = cut_off(trace) and not _handled(trace, job.part, "grip")
            checks.append(position.missing(key, title, CUT_OFF() if follows else nothing, follows=follows))
            continue
        if (turn := _out_of_turn(trace, jobs, job)) is not None:
            checks.append(position.missing(key, title, turn, one.time))
            continue
        tools = [str(event.data["tool"]) for event in _handled(trace, job.part, "release")]
        if tools[-1] != job.tool:
            told = WRONG_TOOL(time=one.time, part=job.called, tool=tools[-1], right=job.tool)
            checks.append(position.missing(key, title, told, one.time))
            continue
        told = where(one, job.called)
        told = FELL(lies=told, fall=one.fall * 1e3) if one.fall > fall.tolerance.full_si else told
        checks.append(lies(key, title, one, {"position": position, "yaw": yaw, "fall": fall}, told))
    return checks


def _out_of_turn(trace: Trace, jobs: list[_Wanted], job: _Wanted) -> Text | None:
    """That the part of a job was first let go before that of an earlier one; None where it was not."""
    first = {one.number: _handled(trace, one.part, "release") for one in jobs}
    own = first[job.number][0]
    later = [n for n, events in first.items() if n < job.number and events and events[0].step > own.step]
    if not later:
        return None
    return OUT_OF_TURN(time=own.step * trace.step_s, part=job.called, before=later[0])


def _handshake_checks(trace: Trace, numbers: Numbers, jobs: list[_Wanted]) -> list[Check]:
    """Of each job: asked after the part was let go, kept on until done, taken off before the next part is gripped."""
    requests = asked(trace, JOB)
    group, checks = numbers.group("handshake"), []
    for job, most in zip(jobs, shared(numbers.points("handshake"), len(jobs)), strict=True):
        share, time, told = _handshake(trace, requests, job)
        follows = bool(told) and cut_off(trace) and not _handled(trace, job.part, "release")
        title, key, done = HANDSHAKE(number=job.number), f"handshake-{job.number}", share * 100.0
        checks.append(Check(title, group, share * most, most, done, 100.0, "%", time, told, key, follows))
    return checks


def _handshake(trace: Trace, requests: list[Asked], job: _Wanted) -> tuple[float, float | None, Text]:
    """The share of its points that the handshake of a job earns, when [s] something was wrong, and what."""
    released = _handled(trace, job.part, "release")
    if not released:
        return 0.0, None, NEVER_LET_GO(part=job.called)
    time = released[-1].step * trace.step_s
    following = [event.step * trace.step_s for event in trace.events_of("grip") if event.step * trace.step_s > time]
    until = following[0] if following else math.inf
    mine = [one for one in requests if time <= one.rises < until]
    early = [one for one in requests if one.rises < time and (one.falls is None or one.falls > time)]
    done = next((one for one in mine if one.done is not None and one.done < until), None)
    if done is not None:
        again = [one.rises for one in mine if one.rises > done.rises]
        if again:
            return 0.5, again[0], ONCE_MORE(time=done.done, again=again[0])
        if done.falls is not None and done.falls < until:
            return 1.0, None, NOTHING
        return 0.5, until if following else None, LEFT_ON(time=until) if following else LEFT_ON_AT_THE_END()
    if early:
        return 0.0, early[0].rises, TOO_SOON(part=job.called, time=early[0].rises)
    if not mine:
        return 0.0, time, NOT_ASKED(part=job.called, time=time)
    last = mine[-1]
    seen = SEEN(rises=last.rises, falls=last.falls) if last.falls is not None else SEEN_ON(rises=last.rises)
    return 0.0, last.rises, NOT_DONE_YET(part=job.called, time=time, seen=seen)


def _reply_check(trace: Trace, numbers: Numbers) -> Check:
    """From the request that was not answered in time to the done that came for the same part."""
    own, requests = worth(numbers, "reply", "reply"), asked(trace, JOB)
    number = int(trace.facts["strange"])
    if number >= len(requests):
        return own.missing("reply", REPLY(), REPLY_NOT_MET(number=number + 1, count=len(requests)), follows=True)
    strange = requests[number]
    released = [event.step * trace.step_s for event in trace.events_of("release")]
    if strange.rises < min(released, default=math.inf):
        return own.missing("reply", REPLY(), REPLY_FOR_NOTHING(time=strange.rises), strange.rises)
    grips = [event.step * trace.step_s for event in trace.events_of("grip")]
    until = min((time for time in grips if time > strange.rises), default=math.inf)
    dones = [one.done for one in requests if one.done is not None and strange.rises <= one.done < until]
    if not dones:
        return own.missing("reply", REPLY(), REPLY_NEVER(time=strange.rises), strange.rises)
    took = dones[0] - strange.rises
    return own.check("reply", REPLY(), took, strange.rises, REPLY_TOOK(time=strange.rises, took=took))


def _parked_check(trace: Trace, numbers: Numbers) -> Check:
    """The share of the tools that sit in a dock at the end; who never took one has parked none."""
    own, count = numbers.points("parked"), len(trace.facts["docks"])
    if not trace.events_of("tool_on"):
        return Check(PARKED(), "procedure", 0.0, own, 0.0, 100.0, "%", None, NEVER_USED(), "parked", True)
    last = {str(event.data["tool"]): event for event in trace.events_of("tool_on", "tool_off")}
    away = [tool for tool, event in last.items() if event.kind == "tool_on" or not _in_dock(trace, event)]
    share = 1.0 - len(away) / count
    told = NOT_PARKED(tools=sorted(away)) if away else NOTHING
    return Check(
        PARKED(), "procedure", share * own, own, share * 100.0, 100.0, "%", None, told, "parked", cut_off(trace)
    )


def _in_dock(trace: Trace, put_down: Event) -> bool:
    """Whether a tool sat in a dock when it was unlocked, or slid into one then, as the dock's sensor says."""
    names = {f"{name}_occupied" for name in trace.facts["docks"]}
    slid = [one for one in trace.events_of("input") if one.data["name"] in names and one.step >= put_down.step]
    return bool(put_down.data.get("dock")) or any(one.data["value"] for one in slid)
