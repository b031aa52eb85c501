"""Way: criteria of how the tool of a robot moved: poses reached in order, lines, arcs, speeds, home."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.criteria.measure import (
    Array,
    best_in_order,
    circle_deviation,
    last_action,
    line_deviation,
    pose_errors,
    rests,
    speed_between,
    stands_and_passes,
    tcp_speed,
)
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.trace import Trace

__all__ = [
    "Leg",
    "arc_driven",
    "finished_at_home",
    "leg_between",
    "line_driven",
    "off_by",
    "poses_reached",
    "speed_kept",
]

AS_NEAR = 1e-4  # m: by less than this no stop is nearer to a pose than another one
GONE_TO = 0.03  # m: the tool went to a pose that it came so near to; what was driven from there is measured
SAME_CORNER = 0.5  # s: a move that ended within this of a passed pose made the corner there
MOVES = ("move_joints", "move_to", "move_linear", "move_circular")
AT_REST = 1e-3  # m/s: a tool that is slower than this has stopped
NEARER = 0.01  # m: a tool that came nearer to a pose by less than this did not go towards it
CORNER = 5.0  # a rounded corner begins at most so many times as far from its pose as it passes it
FIT = (1e-3, math.radians(0.5))  # m, rad: what halves the fit of a sample to a pose

OFF_BY = message("criteria.off_by", "x {x:+.1f}, y {y:+.1f}, z {z:+.1f} mm")
POSE_POSITION = message("criteria.pose_position", "Pose {name}: position")
POSE_ANGLE = message("criteria.pose_angle", "Pose {name}: angle")
POSE_OFF = message(
    "criteria.pose_off", "The tool reached pose {name} at {time:.1f} s with an error of {off:.1f} mm ({by})."
)
POSE_TURNED = message(
    "criteria.pose_turned", "At pose {name}, at {time:.1f} s, the angle of the tool was wrong by {off:.2f}°."
)
POSE_NEVER_REACHED = message("criteria.pose_never_reached", "The tool never reached pose {name}.")
POSE_CUT_OFF = message("criteria.pose_cut_off", "The run ended before the tool reached pose {name}.")
POSE_OUT_OF_ORDER = message(
    "criteria.pose_out_of_order", "The tool reached pose {name} at {time:.1f} s, but not in the right order."
)
POSE_PASSED = message(
    "criteria.pose_passed",
    "The tool passed pose {name} at {time:.1f} s at a distance of {off:.1f} mm ({by}), without stopping.",
)
POSE_PASSED_BLEND = message(
    "criteria.pose_passed_blend",
    "{passed} The move of line {line} has blend={blend:g}. Without a blend the tool stops at the pose.",
)
POSE_STOPPED_BESIDE = message(
    "criteria.pose_stopped_beside",
    "The tool never reached pose {name}. It stopped at a distance of {off:.1f} mm, at {time:.1f} s.",
)
POSE_FAR = message(
    "criteria.pose_far", "The tool never reached pose {name}. Its smallest distance was {off:.0f} mm, at {time:.1f} s."
)
LEG_MISSING = message(
    "criteria.leg_missing",
    "The path from {start} to {end} cannot be measured, because the tool did not go to both poses in the right order.",
)
LINE = message("criteria.line", "Straight line {start} to {end}")
LINE_LEFT = message(
    "criteria.line_left",
    "Between {start} and {end} the tool left the straight line by {off:.1f} mm at {time:.1f} s.",
)
ARC = message("criteria.arc", "Arc {start} to {end}")
ARC_LEFT = message(
    "criteria.arc_left", "Between {start} and {end} the tool left the circle by {off:.1f} mm at {time:.1f} s."
)
ARC_VIA_MISSED = message(
    "criteria.arc_via_missed", "Between {start} and {end} the tool passed the via pose at a distance of {off:.1f} mm."
)
OTHER_MOVE = message("criteria.other_move", "{left} Line {line} calls {kind}. Use {wanted} for this path.")
SPEED = message("criteria.speed", "Speed {start} to {end}")
SPEED_OFF = message(
    "criteria.speed_off",
    "Between {start} and {end} the speed of the tool was {speed:.0f} mm/s. The job sheet asks for {wanted:.0f} mm/s.",
)
HOME = message("criteria.home", "Finish at home")
HOME_NOTHING = message("criteria.home_nothing", "Nothing was recorded.")
HOME_NEVER_LEFT = message(
    "criteria.home_never_left", "The arm never left home. These points are for coming home from the job."
)
HOME_AWAY = message(
    "criteria.home_away",
    "At the end one joint was {off:.1f}° away from home. Finish with robot.move_joints(robot.home).",
)


def off_by(error: Array | Sequence[float]) -> Text:
    """A vector [m] in words: its coordinates in mm along the base axes."""
    x, y, z = (round(float(value) * 1e3, 1) + 0.0 for value in error)
    return OFF_BY(x=x, y=y, z=z)


# --- poses ------------------------------------------------------------------------------------------


def poses_reached(
    trace: Trace, wanted: Sequence[tuple[str, Pose]], position: Worth, angle: Worth
) -> tuple[list[Check], list[int | None]]:
    """Each pose reached by the true TCP, in order; the poses share `position` and `angle`.

    A pose is judged where the tool stands; one that is passed without a stop, where it came nearest.
    Gives two checks a pose, and the sample at which the tool came to each: beyond the tolerance a pose earns nothing,
    but the way from it can be measured. None: the tool never went there.
    """
    errors = [pose_errors(trace["tcp"], pose) for _name, pose in wanted]
    standing = rests(trace)
    fits = np.zeros((len(wanted), len(trace.time)))
    for row, (distance, turn) in enumerate(errors):
        fit = 1.0 / (1.0 + (distance / FIT[0]) ** 2) * (1.0 + 0.5 / (1.0 + (turn / FIT[1]) ** 2))
        fits[row] = np.where(stands_and_passes(distance, standing), fit, 0.0)
    reached, checks = best_in_order(fits), []
    shares = list(zip(position.shared(len(wanted)), angle.shared(len(wanted)), strict=True))
    reached = [_gone_to(at, errors[n][0], position.tolerance.zero_si) for n, at in enumerate(reached)]
    for n, one in enumerate(wanted):
        if reached[n] is None:
            told = _never_reached(trace, one[0], errors[n][0], fits[n] > 0.0, position, reached[: n + 1])
            if cut_off(trace) and all(at is None for at in reached[n:]):
                told = POSE_CUT_OFF(name=one[0])
            checks += _unreached(one[0], told, shares[n])
            continue
        checks += _pose_checks(trace, one, errors[n], standing, int(reached[n] or 0), shares[n])
    return checks, reached


def _gone_to(sample: int | None, distance: Array, near: float) -> int | None:
    """The sample, where the tool is near enough to have gone to the pose."""
    return None if sample is None or distance[sample] >= max(near, GONE_TO) else sample


def _unreached(name: str, told: Text, worths: tuple[Worth, Worth]) -> list[Check]:
    """Position and angle of a pose that the tool never reached."""
    keys, titles = _named(name)
    follows = told.id == POSE_CUT_OFF.id
    return [
        one.missing(key, title, told, follows=follows) for one, key, title in zip(worths, keys, titles, strict=True)
    ]


def _named(name: str) -> tuple[tuple[str, str], tuple[Text, Text]]:
    """Keys and titles of a pose's two checks."""
    return (f"pose-{name}-position", f"pose-{name}-angle"), (POSE_POSITION(name=name), POSE_ANGLE(name=name))


def _pose_checks(
    trace: Trace,
    wanted: tuple[str, Pose],
    errors: tuple[Array, Array],
    standing: NDArray[np.bool_],
    sample: int,
    worths: tuple[Worth, Worth],
) -> list[Check]:
    """Position and angle of one pose, judged at `sample`; `standing` (n,) says where the tool stands."""
    (name, _pose), (distance, turn), (position, angle) = wanted, errors, worths
    keys, titles = _named(name)
    near = position.tolerance.zero_si
    time, away, turned = float(trace.time[sample]), float(distance[sample]), float(turn[sample])
    off_told = _off_told(trace, wanted, sample, away, bool(standing[sample]), near)
    if away >= near:
        measured = position.check(keys[0], titles[0], away, time, off_told)
        return [measured, angle.missing(keys[1], titles[1], off_told, time)]
    turned_told = POSE_TURNED(name=name, time=time, off=math.degrees(turned))
    return [
        position.check(keys[0], titles[0], away, time, off_told),
        angle.check(keys[1], titles[1], turned, time, turned_told),
    ]


def _off_told(trace: Trace, wanted: tuple[str, Pose], sample: int, away: float, stands: bool, near: float) -> Text:
    """How far from a pose the tool was, and whether it stood there or passed."""
    (name, pose), time, off = wanted, float(trace.time[sample]), away * 1e3
    by = off_by(trace["tcp"][sample, :3] - pose.position)
    line, blend = _blended_at(trace, time)
    if line and float(tcp_speed(trace)[sample]) > AT_REST:  # slow in a corner that turns back, but it did not stop
        stands = False
    if not stands:
        passed = POSE_PASSED(name=name, time=time, off=off, by=by)
        return POSE_PASSED_BLEND(passed=passed, line=line, blend=blend) if line else passed
    if away >= near:
        return POSE_STOPPED_BESIDE(name=name, off=off, time=time)
    return POSE_OFF(name=name, time=time, off=off, by=by)


def _blended_at(trace: Trace, time: float) -> tuple[int, float]:
    """Line and blend [m] of the move that ended in a rounded corner at this time [s]; zeros where there is none."""
    moves = zip(trace.events_of("move"), trace.events_of("move_done"), strict=False)
    ends = [(abs(done.step * trace.step_s - time), move.data) for move, done in moves]
    away, move = min(ends, key=lambda one: one[0], default=(math.inf, {}))
    blend = float(move.get("blend", 0.0))
    return (int(move.get("line", 0)), blend) if away < SAME_CORNER and blend > 0.0 else (0, 0.0)


def _never_reached(
    trace: Trace,
    name: str,
    distance: Array,
    judged: NDArray[np.bool_],
    position: Worth,
    before: Sequence[int | None],
) -> Text:
    """Why a pose was not reached. `before`: where the poses before it were; only a way that came nearer to it after
    the last of them tells something of it."""
    if len(distance) == 0:
        return POSE_NEVER_REACHED(name=name)
    nearest = int(np.argmin(np.where(judged, distance, np.inf)))
    if distance[nearest] < max(position.tolerance.zero_si, GONE_TO):
        return POSE_OUT_OF_ORDER(name=name, time=float(trace.time[nearest]))
    last = max((at for at in before if at is not None), default=0)
    later = judged & (np.arange(len(distance)) > last)
    nearest = int(np.argmin(np.where(later, distance, np.inf)))
    if not later[nearest] or distance[nearest] > distance[last] - NEARER:
        return POSE_NEVER_REACHED(name=name)
    return POSE_FAR(name=name, off=float(distance[nearest]) * 1e3, time=float(trace.time[nearest]))


# --- the way between two poses ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leg:
    """The way between two poses as it was driven and recorded: their names, and the samples at which they were reached.

    Not the planner's `sheber.robot.motion.legs.Leg`, which is a stretch of a move that is still to be driven.
    """

    start: str
    end: str
    first: int | None
    last: int | None

    def samples(self) -> tuple[int, int] | None:
        """First and last sample, or None where the leg was not driven."""
        if self.first is None or self.last is None or self.last - self.first < 2:
            return None
        return self.first, self.last

    def missing(self) -> Text:
        """Why there is nothing to measure."""
        return LEG_MISSING(start=self.start, end=self.end)


def leg_between(
    trace: Trace, start: tuple[str, Pose], end: tuple[str, Pose], first: int | None, last: int | None
) -> Leg:
    """The way between two poses that were reached at the samples `first` and `last`.

    It begins where the tool last stood at its start, as near as where the pose was judged, and ends where it first
    stood at its end: visiting a pose twice must not lengthen the measured way. Where the tool passed a pose without
    a stop, the rounded corner there is the pose's loss and not the leg's: the leg begins or ends beyond it.
    """
    leg = Leg(start[0], end[0], first, last)
    samples = leg.samples()
    if samples is None:
        return leg
    first, last = samples
    stands = np.flatnonzero(rests(trace))
    stands = stands[(stands >= first) & (stands <= last)]
    from_start, from_end = (pose_errors(trace["tcp"], pose)[0] for _name, pose in (start, end))
    departed = max(stands[from_start[stands] < from_start[first] + AS_NEAR], default=first)
    there = (stands > departed) & (from_end[stands] < from_end[last] + AS_NEAR)
    arrived = min(stands[there], default=last)
    corners = [0.0 if at in stands else CORNER * off[at] for at, off in ((departed, from_start), (arrived, from_end))]
    return Leg(start[0], end[0], *_beyond_corners(trace["tcp"][:, :3], int(departed), int(arrived), corners))


def _beyond_corners(points: Array, first: int, last: int, corners: Sequence[float]) -> tuple[int, int]:
    """First and last sample of the way without a corner [m] at each end; at least the middle half is left."""
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(points[first : last + 1], axis=0), axis=1))))
    begin, end = (min(corner, 0.25 * way[-1]) for corner in corners)
    inside = first + np.flatnonzero((way >= begin) & (way <= way[-1] - end))
    return int(inside[0]), int(inside[-1])


def line_driven(trace: Trace, leg: Leg, worth: Worth) -> Check:
    """How straight the TCP went between two poses."""
    key, title = f"line-{leg.start}-{leg.end}", LINE(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return worth.missing(key, title, leg.missing(), follows=True)
    deviation = line_deviation(trace["tcp"][samples[0] : samples[1] + 1, :3])
    at = int(np.argmax(deviation))
    time, off = float(trace.time[samples[0] + at]), float(deviation[at])
    told = LINE_LEFT(start=leg.start, end=leg.end, off=off * 1e3, time=time)
    return worth.check(key, title, off, time, _by_other_move(trace, samples, told, "move_linear"))


def arc_driven(trace: Trace, leg: Leg, poses: tuple[Pose, Pose, Pose], worth: Worth) -> Check:
    """How near to the circle through three poses (start, via, end) the TCP went, and that it passed the via pose."""
    key, title = f"arc-{leg.start}-{leg.end}", ARC(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return worth.missing(key, title, leg.missing(), follows=True)
    path = trace["tcp"][samples[0] : samples[1] + 1, :3]
    deviation = circle_deviation(path, *(pose.position for pose in poses))
    at = int(np.argmax(deviation))
    off, time = float(deviation[at]), float(trace.time[samples[0] + at])
    # the other half of the same circle is not what was asked for
    missed = float(np.linalg.norm(path - poses[1].position, axis=1).min()) - 0.5 * _longest_step(path)
    if missed > off:
        off, told = missed, ARC_VIA_MISSED(start=leg.start, end=leg.end, off=missed * 1e3)
    else:
        told = ARC_LEFT(start=leg.start, end=leg.end, off=off * 1e3, time=time)
    return worth.check(key, title, off, time, _by_other_move(trace, samples, told, "move_circular"))


def _by_other_move(trace: Trace, samples: tuple[int, int], told: Text, wanted: str) -> Text:
    """The words, and the line of the move in the middle of a leg where it is of another kind than the wanted one."""
    middle = float(trace.time[(samples[0] + samples[1]) // 2])
    moves = zip(trace.events_of("move"), trace.events_of("move_done"), strict=False)
    for move, done in moves:
        kind, line = str(move.data.get("kind")), int(move.data.get("line", 0))
        if move.step * trace.step_s <= middle <= done.step * trace.step_s and kind in MOVES and kind != wanted:
            return OTHER_MOVE(left=told, line=line, kind=kind, wanted=wanted)
    return told


def _longest_step(path: Array) -> float:
    """The longest way between two samples: a point between them may have been passed unseen."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).max())


def speed_kept(trace: Trace, leg: Leg, wanted: float, worth: Worth) -> Check:
    """How well the TCP held the wanted speed [m/s] between two poses (middle half of the way)."""
    key, title = f"speed-{leg.start}-{leg.end}", SPEED(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return worth.missing(key, title, leg.missing(), follows=True)
    speed, time = speed_between(trace, *samples), float(trace.time[samples[0]])
    told = SPEED_OFF(start=leg.start, end=leg.end, speed=speed * 1e3, wanted=wanted * 1e3)
    return worth.check(key, title, abs(speed / wanted - 1.0), time, told)


# --- home -------------------------------------------------------------------------------------------


def finished_at_home(trace: Trace, home: Sequence[float], worth: Worth) -> Check:
    """The arm stands at home [rad] at the end; earns nothing where it never left."""
    if len(trace.time) == 0:
        return worth.missing("home", HOME(), HOME_NOTHING())
    away = np.abs(trace["joints"] - np.asarray(home)).max(axis=1)
    if away.max() < worth.tolerance.zero_si:
        return worth.missing("home", HOME(), HOME_NEVER_LEFT(), follows=True)
    off = float(away[-1])
    check = worth.check("home", HOME(), off, last_action(trace), HOME_AWAY(off=math.degrees(off)))
    return replace(check, follows=cut_off(trace))
