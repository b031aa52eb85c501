"""Parts: criteria of what became of things that were moved: where they lie, and how they were set down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sheber.exercises.criteria.common import Worth, worst
from sheber.exercises.criteria.measure import Array, Turn, sample_at, tcp_speed, turn_between
from sheber.exercises.criteria.way import off_by
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.robot.bodies import called
from sheber.trace import NOTHING, Trace

__all__ = [
    "Placed",
    "gripped_nothing",
    "held_at",
    "last_release",
    "let_go",
    "lies",
    "placements",
    "pushed",
    "set_down",
    "stands_in",
    "where",
]

ON_KPA = 1.0  # kPa: less vacuum is a cup that is switched off
CLOSES = 1e-3  # m: by less a gripper did not close
STILL_MOVING = 0.02  # m/s: faster than this the tool moves while it lets go
MOVED = 1e-3  # m: a part that lay and moves farther than this was pushed
RESTS = 0.3  # s after it was let go a part lies
NEAR = 0.25  # m: parts whose middles are farther away from each other do not touch

LIES = message(
    "criteria.lies",
    "At {time:.1f} s {part} was let go. It lies {off:.1f} mm from its place ({by}) and is turned by {yaw:.1f}°.",
)
CUP_NEVER_ON = message("criteria.cup_never_on", "The suction cup was never switched on. Use suction.on().")
CUP_HELD_NOTHING = message(
    "criteria.cup_held_nothing", "The suction cup was switched on, but it never held a part. Was it on a part?"
)
NEVER_CLOSED = message("criteria.never_closed", "The gripper was never closed. Use gripper.close().")
GRIPPED_NOTHING = message(
    "criteria.gripped_nothing", "The gripper never held a part. Was a part between its fingers when it closed?"
)
SET_DOWN = message("criteria.set_down", "Set down, not dropped")
NOTHING_LET_GO = message("criteria.nothing_let_go", "The program let no part go on purpose.")
NOT_LET_GO = message("criteria.not_let_go", "Parts that the program did not let go on purpose: {missing} of {all}.")
DROPPED = message(
    "criteria.dropped",
    "Parts that fell when they were let go: {parts}. The highest fall was {drop:.1f} mm: {part}, at {time:.1f} s.",
)
DROPPED_MOVING = message(
    "criteria.dropped_moving",
    "{dropped} The tool was still moving then ({speed:.0f} mm/s). Let go only when the move is done.",
)
DROPPED_AND_NOT_LET_GO = message("criteria.dropped_and_not_let_go", "{dropped} {missing}")


@dataclass(frozen=True, slots=True)
class Placed:
    """A part that was let go, and how it lies against the place that it was meant for."""

    part: str
    place: int  # index of the place, -1 where none is near
    offset: Array  # (3,) m, base axes: part minus place
    distance: float  # m
    turn: Turn
    time: float  # s, when it was let go
    fall: float  # m, how far it sank then

    def errors(self) -> dict[str, float]:
        """How far off it lies: position [m], yaw and tilt [rad]; and how far it fell [m]."""
        return {"position": self.distance, "yaw": abs(self.turn.yaw), "tilt": self.turn.tilt, "fall": self.fall}


def placements(
    trace: Trace, parts: Sequence[str], places: Sequence[Pose], at: float, symmetry: int = 1, within: float = 0.05
) -> list[Placed]:
    """The parts that were let go, each with the nearest of the places (`within` m), as they lie at time `at` [s].

    A part that is still held, was lost on the way, or was never gripped is not among them.
    """
    released = let_go(trace)
    sample = sample_at(trace, at)
    placed = []
    for part in parts:
        if part not in released:
            continue
        pose = trace.body(part)[sample]
        offsets = pose[:3] - np.array([place.position for place in places])  # (n_places, 3)
        distances = np.linalg.norm(offsets, axis=1)
        nearest = int(np.argmin(distances))
        place = nearest if distances[nearest] < within else -1
        turn = turn_between(pose, places[nearest], symmetry)
        time = released[part]
        fall = _drop(trace, part, time)
        placed.append(Placed(part, place, offsets[nearest], float(distances[nearest]), turn, time, fall))
    return placed


def let_go(trace: Trace) -> dict[str, float]:
    """Parts whose last handling was a release on purpose, and when [s]."""
    last: dict[str, tuple[str, float]] = {}
    for event in trace.events_of("grip", "release", "lost"):
        part = str(event.data.get("part", ""))
        if part:
            last[part] = event.kind, event.step * trace.step_s
    return {part: time for part, (kind, time) in last.items() if kind == "release"}


def held_at(trace: Trace, time: float) -> str:
    """The part that the tool held at this time [s]; "" for none."""
    held = ""
    for event in trace.events_of("grip", "release", "lost"):
        if event.step * trace.step_s > time:
            break
        held = str(event.data.get("part", "")) if event.kind == "grip" else ""
    return held


def gripped_nothing(trace: Trace) -> Text:
    """Why no part was ever gripped, by what the tool recorded of itself; nothing where one was, or who can say."""
    if trace.events_of("grip") or len(trace.time) == 0:
        return NOTHING
    recorded = {channel.name for channel in trace.channels}
    if "tool_on" in recorded:  # a tool of several: who knows which one was meant
        return NOTHING
    if "vacuum" in recorded:
        return CUP_HELD_NOTHING() if float(trace["vacuum"].max()) > ON_KPA else CUP_NEVER_ON()
    if "gripper_width" in recorded:
        width = trace["gripper_width"]
        return GRIPPED_NOTHING() if float((np.maximum.accumulate(width) - width).max()) > CLOSES else NEVER_CLOSED()
    return NOTHING


def stands_in(trace: Trace, part: str, places: Mapping[int, Pose], half: float, tilt: float = math.pi) -> int | None:
    """The place in which the origin of a part is at the end: within `half` [m] of its middle along each axis, with its
    own z tilted by up to `tilt` [rad] against that of the place. None for no place."""
    pose = Pose.from_list(trace.body(part)[-1])
    for n, place in places.items():
        inside = place.inverse() @ pose
        if float(np.abs(inside.position).max()) < half and inside.rotation[2, 2] >= math.cos(tilt):
            return n
    return None


def pushed(trace: Trace, part: str, since: float) -> tuple[float, str]:
    """When [s] a part that was let go at `since` [s] first moved, and the part in the tool that was beside it then.

    "" where the tool held none, or none that was near; infinity where the part never moved.
    """
    first = sample_at(trace, since + RESTS)
    path = trace.body(part)[first:, :3]
    moved = np.flatnonzero(np.linalg.norm(path - path[0], axis=1) > MOVED)
    if not moved.size:
        return math.inf, ""
    sample = first + int(moved[0])
    time = float(trace.time[sample])
    other = held_at(trace, time)
    if not other or other == part:
        return time, ""
    away = trace.body(other)[sample, :3] - trace.body(part)[sample, :3]
    return time, other if float(np.linalg.norm(away)) < NEAR else ""


def last_release(trace: Trace) -> float:
    """When the last part was let go [s]; 0 where none was."""
    return max(let_go(trace).values(), default=0.0)


def where(placed: Placed, part: Text | str) -> Text:
    """Where a part lies, in words; `part` is what it is called."""
    by, yaw = off_by(placed.offset), math.degrees(placed.turn.yaw)
    return LIES(part=part, time=placed.time, off=placed.distance * 1e3, by=by, yaw=yaw)


def lies(key: str, title: Text, placed: Placed, worths: Mapping[str, Worth], told: Text) -> Check:
    """How a part lies: the worst of those of its errors (position, yaw, tilt, fall) that `worths` names."""
    errors = placed.errors()
    return worst(key, title, [(worth, errors[kind]) for kind, worth in worths.items()], placed.time, told)


def set_down(trace: Trace, worth: Worth, count: int) -> Check:
    """From how high the parts fell that were let go; shared by the `count` parts of the whole job."""
    released, title = let_go(trace), SET_DOWN()
    if not released:
        return worth.missing("set-down", title, gripped_nothing(trace) or NOTHING_LET_GO(), follows=True)
    tolerance, points = worth.tolerance, worth.points
    drops = {part: _drop(trace, part, time) for part, time in sorted(released.items(), key=lambda one: one[1])}
    part = max(drops, key=lambda one: drops[one])
    fallen = [called(one) for one, drop in drops.items() if tolerance.share(drop) < 1.0]
    earned = points * sum(tolerance.share(drop) for drop in drops.values()) / max(count, len(drops))
    highest = called(part), drops[part], released[part]
    told = _down_told(trace, fallen, highest, max(0, count - len(drops)), count)
    time, drop = released[part] if fallen else None, tolerance.show(drops[part])
    return Check(title, worth.group, earned, points, drop, tolerance.full, tolerance.unit, time, told, "set-down")


def _down_told(
    trace: Trace, fallen: Sequence[Text | str], highest: tuple[Text | str, float, float], missing: int, count: int
) -> Text:
    """Which parts fell, which of them farthest (what it is called, m, at s), and how many were not let go at all."""
    part, drop, time = highest
    dropped = DROPPED(parts=list(fallen), drop=drop * 1e3, part=part, time=time) if fallen else NOTHING
    speed = float(tcp_speed(trace)[max(sample_at(trace, time) - 1, 0)])
    if dropped and speed > STILL_MOVING:
        dropped = DROPPED_MOVING(dropped=dropped, speed=speed * 1e3)
    left = NOT_LET_GO(missing=missing, all=count) if missing else NOTHING
    return DROPPED_AND_NOT_LET_GO(dropped=dropped, missing=left) if dropped and left else dropped or left


def _drop(trace: Trace, part: str, time: float) -> float:
    """How far a part sank in the second after it was let go [m], from its height before it could fall."""
    heights = trace.body(part)[:, 2]
    at, later = sample_at(trace, time), sample_at(trace, time + 1.0)
    return max(0.0, float(heights[max(at - 1, 0)] - heights[later]))
