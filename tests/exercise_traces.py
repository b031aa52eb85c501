"""Synthetic traces: what a perfect, or a deliberately imperfect, run of an exercise would have recorded. No physics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.exercises import Exercise
from sheber.geometry import Pose
from sheber.i18n import Text
from sheber.robot.cell.wires import analog_outputs
from sheber.robot.devices import tool_channels
from sheber.robot.io import signal_channels
from sheber.trace import NOTHING, Channel, EventKind, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

CHANNELS: tuple[Channel, ...] = (
    Channel("joints", "f8", (6,), "rad"),
    Channel("joint_speeds", "f4", (6,), "rad/s"),
    Channel("tcp", "f8", (7,), "m"),
    Channel("tcp_target", "f8", (7,), "m"),
    Channel("wrench", "f4", (6,), "N"),
    Channel("inputs", "u4", (), "bits"),
)
FORCE = ("wrench_zeroed", "guard", "compliance", "compliance_end")
TOOLS = ("grip", "release", "glue_on", "glue_off", "tool_on", "tool_off")
ACTIONS = ("move_done", "positioner_done", "output", "capture", *TOOLS, *FORCE)
CHANGER = ("docked", "input", "unlocked_off_dock", "unlocked_under_load", "load_dropped", "left_unlocked")
EVENTS = {kind: EventKind(kind, action=True) for kind in ACTIONS} | {
    kind: EventKind(kind) for kind in ("lost", "contact", "contact_end", "emergency_stop", *CHANGER)
}
SAMPLE_STEPS = 10

Event = tuple[float, str, dict[str, Any]]  # time [s], kind, data


def write_trace(
    path: Path,
    exercise: Exercise,
    facts: Mapping[str, Any],
    tcp: NDArray[np.float64],
    joints: NDArray[np.float64],
    bodies: Mapping[str, NDArray[np.float64]] | None = None,
    events: Sequence[Event] = (),
    outcome: OutcomeKind = OutcomeKind.FINISHED,
    reason: Text = NOTHING,
    outputs: Mapping[str, NDArray[np.float64]] | None = None,
    wrench: NDArray[np.float64] | None = None,
) -> Trace:
    """A trace with one sample every 20 ms: tcp (n, 7), joints (n, 6), poses (n, 7) of each body, numbers (n,) of analog
    outputs, a wrench (n, 6). The arm follows its targets exactly. What is not given is 0: the tool did nothing."""
    bodies, outputs, scene = bodies or {}, outputs or {}, exercise.scene(1)
    channels = (*CHANNELS, *tool_channels(scene), *signal_channels("output", analog_outputs(scene)))
    names = list(bodies)
    speeds = np.diff(joints, axis=0, prepend=joints[:1]) / (SAMPLE_STEPS * 0.002)
    left = sorted(events, key=lambda event: event[0])
    with TraceWriter(path, Header(exercise.name)) as writer:
        row = writer.begin(channels, names, (), facts, step_s=0.002, events=EVENTS)
        for n in range(len(tcp)):
            step = n * SAMPLE_STEPS
            while left and left[0][0] <= step * 0.002:
                _time, kind, data = left.pop(0)
                writer.event(step, kind, data)
            sample = np.zeros((), row)
            sample["joints"], sample["joint_speeds"] = joints[n], speeds[n]
            sample["tcp"], sample["tcp_target"] = tcp[n], tcp[n]
            if wrench is not None:
                sample["wrench"] = wrench[n]
            for name, values in outputs.items():
                sample[f"output_{name}"] = values[n]
            writer.sample(step, sample.tobytes())
            if names:
                poses = np.array([bodies[name][n] for name in names], np.float32)
                writer.bodies(step, np.arange(len(names), dtype=np.uint16), poses)
        writer.end(max(0, len(tcp) - 1) * SAMPLE_STEPS, Outcome(outcome, reason))
    return read(path)


def facts_of(exercise: Exercise, seed: int) -> dict[str, Any]:
    """The scene's truth, as the station writes it into the trace."""
    return dict(exercise.scene(seed).facts)


def along(poses: Sequence[Pose], seconds: Sequence[float]) -> NDArray[np.float64]:
    """Straight ways (n, 7) through the poses at even speed; the orientation is that of the next pose."""
    rows = [poses[0].to_list()] * 3
    for start, end, time in zip(poses, poses[1:], seconds, strict=False):
        count = max(2, round(time / 0.02))
        for share in np.linspace(0.0, 1.0, count + 1)[1:]:
            rows.append([*((1 - share) * start.position + share * end.position).tolist(), *end.quaternion.tolist()])
        rows += [end.to_list()] * 2
    return np.array(rows)


def poses_run(
    path: Path, exercise: Exercise, seed: int = 1, spoil: Callable[[str, Pose], Pose] = lambda _name, pose: pose
) -> Trace:
    """Poses and moves driven perfectly, but for what `spoil(name, pose)` does to the stops."""
    facts = facts_of(exercise, seed)
    taught = {name: Pose.from_list(values) for name, values in facts["poses"].items()}
    stops = {name: spoil(name, pose) for name, pose in taught.items()}
    up = taught["F"].offset(z=0.2)
    line_s = taught["A"].distance(taught["B"]) / facts["speeds"]["line"]
    arc_s = facts["counts"]["line_s"] - line_s
    arc = _arc(stops["C"], stops["via"], stops["D"], round(arc_s / 0.02))
    before = along([up, stops["A"], stops["B"], up, stops["C"]], [1.0, line_s, 1.0, 1.0])
    after = along([stops["D"], stops["E"], stops["F"], up], [1.0, 1.0, 1.0])
    tcp = np.concatenate([before, [pose.to_list() for pose in arc], after])
    joints = np.tile(facts["home"], (len(tcp), 1))
    joints[10:-5] += 0.5
    end = (len(tcp) - 1) * 0.02
    return write_trace(path, exercise, facts, tcp, joints, events=[(end, "move_done", {"kind": "joints", "line": 1})])


def _arc(start: Pose, via: Pose, end: Pose, count: int) -> list[Pose]:
    """Poses on the circle through three positions."""
    a, b = via.position - start.position, end.position - start.position
    normal = np.cross(a, b)
    to_centre = (np.cross(normal, a) * (b @ b) + np.cross(b, normal) * (a @ a)) / (2.0 * normal @ normal)
    centre, first = start.position + to_centre, -to_centre
    axis = normal / np.linalg.norm(normal)
    last = end.position - centre
    angle = np.arctan2(axis @ np.cross(first, last), first @ last) % (2 * np.pi)
    turns = np.linspace(0.0, angle, count)
    return [Pose(centre + np.cos(t) * first + np.sin(t) * np.cross(axis, first), start.quaternion) for t in turns]


def idle_run(path: Path, exercise: Exercise, seed: int = 1, outcome: OutcomeKind = OutcomeKind.FINISHED) -> Trace:
    """A run in which nothing moved for three seconds."""
    scene = exercise.scene(seed)
    facts = dict(scene.facts)
    tcp = np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (150, 1))
    joints = np.tile(facts["home"], (150, 1))
    bodies = {part.name: np.tile(part.pose.to_list(), (150, 1)) for part in scene.parts}
    return write_trace(path, exercise, facts, tcp, joints, bodies, outcome=outcome)


def placing_run(
    path: Path,
    exercise: Exercise,
    wanted: Mapping[str, Pose],
    seed: int = 1,
    seconds_each: float = 4.0,
    events: Sequence[Event] = (),
    paths: Mapping[str, NDArray[np.float64]] | None = None,
    later: Mapping[str, NDArray[np.float64]] | None = None,
) -> Trace:
    """Each part lifted and set down at its pose in `wanted`, one after the other; the others stay, or go along
    `paths` (n, 7). Once all lie, those in `later` go along paths of their own. Paths are cut to the run's length."""
    scene = exercise.scene(seed)
    facts = dict(scene.facts)
    count = round((seconds_each * len(wanted) + 4.0) / 0.02)
    bodies = {part.name: np.tile(part.pose.to_list(), (count, 1)) for part in scene.parts}
    bodies |= {name: path[:count] for name, path in (paths or {}).items()}
    told: list[Event] = list(events)
    for n, (name, pose) in enumerate(wanted.items()):
        first, last = n * seconds_each + 1.0, (n + 1) * seconds_each
        tool = scene.tool.kind
        told += [(first, "grip", {"tool": tool, "part": name}), (last, "release", {"tool": tool, "part": name})]
        bodies[name][round(first / 0.02) : round(last / 0.02), 2] += 0.2
        bodies[name][round(last / 0.02) - 1 :] = pose.to_list()
    done = round(seconds_each * len(wanted) / 0.02)
    for name, way in (later or {}).items():
        bodies[name][done:] = way[done:count]
    end = seconds_each * len(wanted) + 1.0
    told.append((end, "move_done", {"kind": "joints", "line": 1}))
    joints = np.tile(facts["home"], (count, 1))
    joints[10 : count - 20] += 0.5
    tcp = np.tile(Pose((0.49, 0.13, 0.34)).to_list(), (count, 1))
    return write_trace(path, exercise, facts, tcp, joints, bodies, told)
