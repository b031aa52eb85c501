"""Calibration: criteria of a tool's centre that a program found: where the true one is, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sheber.exercises.criteria.common import Worth, cut_off
from sheber.exercises.criteria.measure import Array, best_in_order, pose_errors, sample_at
from sheber.exercises.criteria.way import off_by
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.trace import Trace

__all__ = ["Touch", "first_stops", "pivot_drift", "points_held", "scatter_told", "slow_touches", "touch_spread"]

STOPPED = 5e-3  # rad/s: an arm whose joints are all slower stands
NEAR = 0.015  # m: a stop this near to a pose is the one at it; the first one counts
TURNED = math.radians(3.0)  # by which its orientation may be off
TOUCHED = 5e-4  # m: where a ball touches, its middle is this near to the height of a touch
APPROACH_S = (0.10, 0.02)  # s before a touch: between these two moments the tip's own speed is measured
FASTER = 2.0  # times the slow speed: a tip that comes faster was driven by something beside the guarded move
FEWEST = 4  # touches
UNKNOWNS = 4  # the middle of the ball in the flange frame, and the height of the plate
ENOUGH = 8  # touches: what is left of fewer is as good as a guess
MOST_BEYOND = 100.0  # times: a scatter that is wrong by more is told as this

POINT = message("calibration.point", "Ball at {name}")
POINT_OFF = message(
    "calibration.point_off", "At {name}, at {time:.1f} s, the middle of the ball was {off:.2f} mm away ({by})."
)
POINT_MISSED = message(
    "calibration.point_missed",
    "The ball never stopped within {near:.0f} mm of {name}, in the orientation of its frame and in the right order.",
)
PIVOT = message("calibration.pivot", "Pivot test: drift of the ball")
PIVOT_DRIFT = message(
    "calibration.pivot_drift",
    "In {name}, at {time:.1f} s, the middle of the ball was {off:.2f} mm away from its mean place in the pivot test.",
)
PIVOT_MISSED = message("calibration.pivot_missed", "The pivot test needs a stop in each orientation. Missing: {names}.")
SCATTER = message("calibration.scatter", "Reported scatter of the touches")
SCATTER_OFF = message(
    "calibration.scatter_off",
    "The program reported {told:.3f} mm. The {count:d} touches that count scatter by {true:.3f} mm.",
)
SCATTER_NEVER = message("calibration.scatter_never", "The program never set the output {name}.")
SCATTER_EMPTY = message(
    "calibration.scatter_empty",
    "The reported scatter counts with {fewest:d} or more touches that count. There were {count:d}.",
)
SCATTER_UNPROVED = message(
    "calibration.scatter_unproved", "The reported scatter counts only when the ball came to a point."
)
SPREAD = message("calibration.spread", "Touches from different orientations")
SPREAD_SMALL = message(
    "calibration.spread_small",
    "In two of the {count:d} touches the flange's axis was at most {off:.0f}° apart. At least {wanted:.0f}° are wanted."
    " A turn about that axis does not count.",
)
SPREAD_FEW = message(
    "calibration.spread_few",
    "{fewest:d} touches or more are needed. {count:d} counted: on the plate, with the ball, {slow:g} mm/s or slower.",
)


def first_stops(trace: Trace, wanted: Mapping[str, Pose]) -> dict[str, int | None]:
    """The sample in the middle of the first stop at each pose, in order; None where there was none.

    The first one counts, not the best: a program that searches around a point shall not find it by the judge's help.
    """
    stops = _stops(trace)
    poses = trace["tcp"][stops]
    values = np.zeros((len(wanted), len(stops)))
    for row, pose in enumerate(wanted.values()):
        distance, turn = pose_errors(poses, pose)
        there = np.flatnonzero((distance < NEAR) & (turn < TURNED))
        values[row, there] = 1.0 + 1.0 / (1.0 + np.arange(len(there)))
    return {
        name: None if at is None else int(stops[at]) for name, at in zip(wanted, best_in_order(values), strict=True)
    }


def _stops(trace: Trace) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The sample in the middle of each stretch of three or more at which the tool stands."""
    standing = np.concatenate(([False], np.abs(trace["joint_speeds"]).max(axis=1) < STOPPED, [False]))
    edges = np.flatnonzero(standing[1:] != standing[:-1]).reshape(-1, 2)
    edges = edges[edges[:, 1] - edges[:, 0] >= 3]
    return np.asarray((edges[:, 0] + edges[:, 1]) // 2, np.int64)


def points_held(trace: Trace, wanted: Mapping[str, Pose], stops: Mapping[str, int | None], worth: Worth) -> list[Check]:
    """How far the true TCP was from each point at its first stop there."""
    found = []
    for (name, pose), share in zip(wanted.items(), worth.shared(len(wanted)), strict=True):
        at = stops[name]
        if at is None:
            told = POINT_MISSED(name=name, near=NEAR * 1e3)
            found.append(share.missing(f"at-{name}", POINT(name=name), told, follows=cut_off(trace)))
            continue
        error = trace["tcp"][at, :3] - pose.position
        off, time = float(np.linalg.norm(error)), float(trace.time[at])
        told = POINT_OFF(name=name, time=time, off=off * 1e3, by=off_by(error))
        found.append(share.check(f"at-{name}", POINT(name=name), off, time, told))
    return found


def pivot_drift(trace: Trace, stops: Mapping[str, int | None], worth: Worth) -> Check:
    """How far the true TCP went from its mean place while the tool was turned about it."""
    missing = [name for name, at in stops.items() if at is None]
    if missing:
        return worth.missing("pivot", PIVOT(), PIVOT_MISSED(names=missing), follows=cut_off(trace))
    places = trace["tcp"][[at for at in stops.values() if at is not None], :3]
    away = np.linalg.norm(places - places.mean(axis=0), axis=1)
    worst = int(np.argmax(away))
    name, at = list(stops.items())[worst]
    time, off = float(trace.time[at or 0]), float(away[worst])
    return worth.check("pivot", PIVOT(), off, time, PIVOT_DRIFT(name=name, time=time, off=off * 1e3))


class Touch(NamedTuple):
    """A guarded move that ended at a touch."""

    sample: int  # of the trace
    flange: Pose  # T_base_flange at the touch, as the encoders had it


def slow_touches(trace: Trace, height: float, slow: float) -> list[Touch]:
    """The guarded moves that ended at a touch: not faster than `slow` [m/s], the TCP at `height` [m].

    The speed that was asked for is not all: beside a move that creeps, compliance may throw the tip at the plate.
    """
    moves = [(event.step, float(event.data["speed"])) for event in trace.events_of("move") if "speed" in event.data]
    found = []
    for guard in trace.events_of("guard"):
        speed = next((speed for step, speed in reversed(moves) if step <= guard.step), math.inf)
        at = sample_at(trace, guard.step * trace.step_s)
        asked, there = speed <= slow * (1.0 + 1e-9), abs(float(trace["tcp"][at, 2]) - height) < TOUCHED
        if asked and there and _came_at(trace, at) <= FASTER * slow:
            found.append(Touch(at, Pose.from_list(guard.data["flange"])))
    return found


def _came_at(trace: Trace, at: int) -> float:
    """How fast [m/s] the true TCP came to where it is at a sample."""
    time = float(trace.time[at])
    begin, end = (sample_at(trace, max(0.0, time - before)) for before in APPROACH_S)
    way = float(np.linalg.norm(trace["tcp"][end, :3] - trace["tcp"][begin, :3]))
    return way / max(1e-9, float(trace.time[end] - trace.time[begin]))


def scatter_told(trace: Trace, output: str, touches: list[Touch], proved: bool, worth: Worth) -> Check:
    """The scatter that the program set an output to [mm], against that of its touches which count.

    `proved`: it used what it found. A claim alone earns nothing.
    """
    told = [event for event in trace.events_of("output") if event.data.get("name") == output]
    if not told:
        return _no_scatter(SCATTER_NEVER(name=output), worth, cut_off(trace))
    if len(touches) < ENOUGH:
        return _no_scatter(SCATTER_EMPTY(fewest=ENOUGH, count=len(touches)), worth)
    if not proved:
        return _no_scatter(SCATTER_UNPROVED(), worth)
    said, true = float(told[-1].data["value"]) * 1e-3, _scatter(touches)
    time = told[-1].step * trace.step_s
    text = SCATTER_OFF(told=said * 1e3, count=len(touches), true=true * 1e3)
    return worth.check("scatter", SCATTER(), _beyond(said, true), time, text)


def _beyond(one: float, other: float) -> float:
    """By which share of the smaller one the larger of two exceeds it; `MOST_BEYOND` where one is not above zero."""
    low, high = sorted((one, other))
    return min(high / low - 1.0, MOST_BEYOND) if low > 0.0 else MOST_BEYOND


def _no_scatter(why: Text, worth: Worth, follows: bool = False) -> Check:
    return worth.missing("scatter", SCATTER(), why, follows=follows)


def _scatter(touches: list[Touch]) -> float:
    """What is left of the touches [m] when the best TCP and height are put in.

    At each touch the flange is at p with the rotation R, and p_z + (R t)_z = h with the same t and h: four unknowns, so
    √(Σ e² / (n − 4)).
    """
    equations = np.array([[*touch.flange.rotation[2], -1.0] for touch in touches])
    heights: Array = np.array([-touch.flange.position[2] for touch in touches])
    left = equations @ np.linalg.lstsq(equations, heights, rcond=None)[0] - heights
    return math.sqrt(float(left @ left) / (len(touches) - UNKNOWNS))


def touch_spread(trace: Trace, touches: list[Touch], wanted: float, slow: float, worth: Worth) -> Check:
    """By how much the largest angle between the tool's z axes at two touches is less than `wanted` [rad].

    A turn about that axis alone tells nothing of the tool's length.
    """
    if len(touches) < FEWEST:
        told = SPREAD_FEW(fewest=FEWEST, count=len(touches), slow=slow * 1e3)
        return worth.missing("spread", SPREAD(), told, follows=cut_off(trace))
    axes = np.array([touch.flange.rotation[:, 2] for touch in touches])
    angle = float(np.arccos(np.clip(axes @ axes.T, -1.0, 1.0)).max())
    told = SPREAD_SMALL(count=len(touches), off=math.degrees(angle), wanted=math.degrees(wanted))
    return worth.check("spread", SPREAD(), max(0.0, wanted - angle), float(trace.time[touches[-1].sample]), told)
