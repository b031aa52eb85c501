"""Measure: times and geometry of what a trace recorded, vectorised over its samples. No words, no points.

Poses of samples are arrays (n, 7): x, y, z [m], then the quaternion w, x, y, z, in the base frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.trace import Trace

__all__ = [
    "Array",
    "Turn",
    "best_in_order",
    "body_path",
    "circle_deviation",
    "last_action",
    "line_deviation",
    "output_at",
    "pose_errors",
    "rests",
    "sample_at",
    "speed_between",
    "stands_and_passes",
    "tcp_speed",
    "turn_between",
]

Array = NDArray[np.float64]


def pose_errors(poses: Array, wanted: Pose) -> tuple[Array, Array]:
    """Distance (n,) [m] and angle (n,) [rad] of each of the poses (n, 7) from the wanted one."""
    distance = np.linalg.norm(poses[:, :3] - wanted.position, axis=1)
    cosine = np.abs(poses[:, 3:] @ wanted.quaternion)
    # the sine is taken from the vector part of the difference: acos alone is blind below 1e-8
    w, v = wanted.quaternion[0], wanted.quaternion[1:]
    difference = w * poses[:, 4:] - poses[:, 3:4] * v - np.cross(poses[:, 4:], v)
    return distance, 2.0 * np.arctan2(np.linalg.norm(difference, axis=1), cosine)


def best_in_order(values: Array) -> list[int | None]:
    """For each row of values (k, n) >= 0 the column to take, columns not decreasing, so that the sum is largest.

    None for a row that earns nothing where it would have to be taken.
    """
    rows, columns = values.shape
    if columns == 0:
        return [None] * rows
    best = np.zeros(columns)  # the largest sum up to each column with the rows so far
    came_from = np.zeros((rows, columns), dtype=np.int64)
    for row in range(rows):
        total = best + values[row]
        came_from[row] = _running_argmax(total)
        best = total[came_from[row]]
    chosen: list[int | None] = [None] * rows
    column = columns - 1
    for row in reversed(range(rows)):
        column = int(came_from[row, column])
        if values[row, column] > 0.0:
            chosen[row] = column
    return chosen


def _running_argmax(values: Array) -> NDArray[np.int64]:
    """Where the largest value up to each column stands, the first one where several are equal."""
    largest = np.maximum.accumulate(values)
    fresh = np.concatenate(([True], values[1:] > largest[:-1]))
    return np.asarray(np.maximum.accumulate(np.where(fresh, np.arange(len(values)), 0)), np.int64)


def line_deviation(points: Array) -> Array:
    """Distance (n,) [m] of each of the points (n, 3) from the segment between the first and the last."""
    start, along = points[0], points[-1] - points[0]
    length = float(along @ along)
    if length == 0.0:
        return np.asarray(np.linalg.norm(points - start, axis=1))
    share = np.clip((points - start) @ along / length, 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - start - share[:, None] * along, axis=1))


def circle_deviation(points: Array, start: Array, via: Array, end: Array) -> Array:
    """Distance (n,) [m] of each of the points (n, 3) from the circle through three points."""
    a, b = via - start, end - start
    normal = np.cross(a, b)
    square = float(normal @ normal)
    if square < 1e-12:
        raise ValueError("three points on one line make no circle")
    to_centre = (np.cross(normal, a) * float(b @ b) + np.cross(b, normal) * float(a @ a)) / (2.0 * square)
    radius = float(np.linalg.norm(to_centre))
    offset = points - (start + to_centre)
    height = offset @ normal / math.sqrt(square)
    flat = np.linalg.norm(offset - height[:, None] * normal / math.sqrt(square), axis=1)
    return np.asarray(np.hypot(flat - radius, height))


def tcp_speed(trace: Trace) -> Array:
    """Speed of the TCP (n,) [m/s] at the samples, from where it was one sample before and after."""
    if len(trace.time) < 3:
        return np.zeros(len(trace.time))
    return np.asarray(np.linalg.norm(np.gradient(trace["tcp"][:, :3], trace.time, axis=0), axis=1))


STANDING = 0.02  # m/s: where the tool is slowest, and slower than this, it stands
STOP_NEAR = 0.01  # m: a stop this near to a pose counts as a stop at it; the pose is judged there


def rests(trace: Trace) -> NDArray[np.bool_]:
    """Whether the tool stands at each sample (n,): its speed is low there, and no lower beside it."""
    speed = tcp_speed(trace)
    beside = np.concatenate(([np.inf], speed, [np.inf]))
    return np.asarray((speed < STANDING) & (speed <= beside[:-2]) & (speed <= beside[2:]))


def stands_and_passes(distance: Array, standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The samples (n,) at which a pose may be judged: those at which the tool stands, and each nearest approach
    between two of them, unless the tool stood near the pose just before or after.

    `distance` (n,) [m] is that from the pose. No tolerance has a say here: a looser one must never lower a score.
    """
    chosen = standing.copy()
    stops = np.flatnonzero(standing)
    near = np.concatenate(([False], distance[stops] < STOP_NEAR, [False]))
    ends = np.concatenate(([-1], stops, [len(distance)]))
    for n, (before, after) in enumerate(pairwise(ends.tolist())):
        if after - before > 1 and not near[n] and not near[n + 1]:
            chosen[before + 1 + int(np.argmin(distance[before + 1 : after]))] = True
    return chosen


def speed_between(trace: Trace, start: int, end: int) -> float:
    """The speed [m/s] that the TCP held between two samples: the median over the middle half of the way."""
    path, time = trace["tcp"][start : end + 1, :3], trace.time[start : end + 1]
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    way = np.cumsum(steps)
    if len(way) == 0 or way[-1] < 1e-6:
        return 0.0
    middle = (way > 0.25 * way[-1]) & (way < 0.75 * way[-1])
    speeds = steps / np.diff(time)
    return float(np.median(speeds[middle])) if middle.any() else float(speeds.max())


def body_path(trace: Trace, name: str) -> Array:
    """Poses (n, 7) of a body at the samples; (0, 7) where the trace breaks off before the first."""
    return trace.body(name) if len(trace.time) else np.empty((0, 7))


def sample_at(trace: Trace, time: float) -> int:
    """Index of the first sample at `time` [s] or later; the last one where the trace ends before."""
    return min(int(np.searchsorted(trace.time, time - 1e-9)), len(trace.time) - 1)


def output_at(trace: Trace, name: str, time: float) -> float:
    """What the analog output of this name was at a time [s], in its own unit, at most `MOST_TOLD` away from 0."""
    last = int(np.searchsorted(trace.time, time + 1e-9, side="right")) - 1
    told = float(trace[f"output_{name}"][max(last, 0)])
    return MOST_TOLD if math.isnan(told) else min(max(told, -MOST_TOLD), MOST_TOLD)


MOST_TOLD = 1e6  # programs may tell any number; what is beyond this, or none, is told as this


def last_action(trace: Trace) -> float:
    """When the last action of the equipment ended [s]; 0 where it did nothing.

    The station says which kinds of events are actions; raises LookupError where it says it of none.
    """
    actions = [kind for kind, about in trace.event_kinds.items() if about.action]
    if not actions:
        raise LookupError("the trace does not say which kinds of events are actions")
    return max((event.step * trace.step_s for event in trace.events_of(*actions)), default=0.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """How one orientation differs from another one, split as people see it."""

    yaw: float  # rad, signed, about the vertical, within half of the symmetry
    tilt: float  # rad, between the two upright axes


def turn_between(pose: Array | Sequence[float], wanted: Pose, symmetry: int = 1) -> Turn:
    """The turn of `pose` (7,) against `wanted`.

    A part with `symmetry` equal sides looks the same after 1/symmetry of a turn; 0: it is round, its yaw is always 0.
    """
    relative = wanted.rotation.T @ Pose.from_list(pose).rotation
    tilt = math.atan2(math.hypot(relative[0, 2], relative[1, 2]), relative[2, 2])
    if symmetry == 0:
        return Turn(0.0, tilt)
    sector = 2.0 * math.pi / symmetry
    yaw = math.atan2(relative[1, 0], relative[0, 0])
    return Turn(yaw - sector * round(yaw / sector), tilt)
