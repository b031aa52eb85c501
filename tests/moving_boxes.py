"""A station of two moving boxes, for tests of the report: no robot, no physics, but every kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams import Diagram
from sheber.exercises.score import Check, Score, final
from sheber.geometry import Pose
from sheber.i18n import message
from sheber.station import Mesh, Visual
from sheber.trace import Channel, EventKind, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

CHANNELS: list[Channel] = [
    Channel("joints", "f8", (6,), "rad", "Joints", "deg", ("waist", "boom", "jib", "roll", "pitch", "yaw")),
    Channel("joint_targets", "f8", (6,), "rad", "Joint targets", "deg", plot="none"),
    Channel("tcp", "f8", (7,), "m, wxyz", "Speed", "mm", ("true",), "speed"),
    Channel("tcp_target", "f8", (7,), "m, wxyz", "Speed", "mm", ("commanded",), "speed"),
    Channel("wrench", "f4", (6,), "N, Nm", "Force", "", ("x", "y", "z"), "length"),
    Channel("tank", "f4", (), "kPa"),
    Channel("line", "u2", (), ""),
]
EVENTS = {
    "connect": EventKind("connected", quiet=True),
    "note": EventKind("note", "{text}"),
    "grip": EventKind("gripped", "{tool}, {part}", action=True),
    "release": EventKind("let go", "{tool}, {part}", action=True),
    "contact": EventKind("contact", "{a}, {b}, {force_N:.1f} N", grave=True, unless="meant"),
}
HIT = message("boxes.hit", "the load hit the post ({what})")
BODIES = ["crane", "load"]
VISUALS = [
    Visual("", "plane", (2.0, 2.0), texture="chequered"),
    Visual("", "box", (1.2, 0.8, 0.02), Pose((0.0, 0.0, 0.01)), (0.8, 0.78, 0.72)),
    Visual("crane", "cylinder", (0.05, 0.4), Pose((0.0, 0.0, 0.2)), (0.2, 0.45, 0.6)),
    Visual("crane", "capsule", (0.03, 0.2), Pose((0.0, 0.1, 0.4)), (0.9, 0.5, 0.2)),
    Visual("crane", "mesh", (), Pose((0.0, 0.0, 0.45)), (0.5, 0.5, 0.5), mesh="wedge"),
    Visual("load", "box", (0.12, 0.08, 0.06), colour=(0.75, 0.3, 0.2), texture="chequered"),
    Visual("load", "sphere", (0.03,), Pose((0.0, 0.0, 0.06)), (0.95, 0.8, 0.2)),
]
SOURCE = "import sheber\n\ncell = sheber.connect()\nfor n in range(3):\n    cell.crane.move(n)  # <b>not bold</b>\n"
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror=window.hacked=2>\u202e\x1b[31m {{ 7 * 7 }}"


def jpeg(shade: int, width: int = 64, height: int = 48) -> bytes:
    """A small picture."""
    import cv2

    rows = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 3)) * shade
    return bytes(cv2.imencode(".jpg", rows.astype(np.uint8))[1])


class Exercise:
    """What the report needs of an exercise."""

    name = "moving-boxes"
    title = "Moving boxes"

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        return ()

    def mesh(self, name: str) -> Mesh:
        assert name == "wedge"
        vertices = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]], np.float32)
        return Mesh(vertices, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32), smooth=False)

    def texture(self, name: str) -> NDArray[np.uint8]:
        assert name == "chequered"
        fields = (np.indices((8, 8)).sum(0) % 2 * 60 + 150).astype(np.uint8)
        return np.repeat(np.repeat(fields, 16, 0), 16, 1)[..., None].repeat(3, 2)


def crane_pose(time: float) -> list[float]:
    """Where the crane stands: out and back along x while it turns about z."""
    angle = 0.4 * np.sin(time)
    return [0.4 * np.sin(0.7 * time), 0.1 * time / 10.0, 0.02, np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)]


def load_pose(time: float) -> list[float]:
    """The load hangs at the crane between 2 and 6 s and lies still else."""
    held = crane_pose(min(max(time, 2.0), 6.0))
    return [held[0], held[1] + 0.2, 0.05 + 0.2 * np.sin(np.pi * (min(max(time, 2.0), 6.0) - 2.0) / 4.0), *held[3:]]


def write(path: Path, seconds: float = 10.0, hostile: str = "hello", *, seed: int = 3, hit: str = "") -> Trace:
    """A run of the crane; `hostile` is printed, noted, shown and named as a student might, `hit` ends it."""
    header = Header(
        "moving-boxes",
        "1",
        program="program.py" if hostile == "hello" else hostile,
        source=SOURCE + f"print({hostile!r})\n",
        scene="practice",
        seed=seed,
        sandbox="A",
        versions={"sheber": "0.1"},
        processor="test",
    )
    with TraceWriter(path, header) as trace:
        row = np.zeros(
            (),
            trace.begin(
                CHANNELS,
                BODIES,
                VISUALS,
                taught={"dock": Pose((0.3, 0.2, 0.03))},
                notices=["Wedge (c) us"],
                step_s=0.002,
                events=EVENTS,
            ),
        )
        for n in range(int(seconds * 50) + 1):
            time = n * 0.02
            poses = np.array([crane_pose(time), load_pose(time)], np.float32)
            changed = np.array([0, 1] if n == 0 or 2.0 <= time <= 6.0 else [0], np.uint16)
            trace.bodies(10 * n, changed, poses[changed])
            row["joints"] = np.sin(time + np.arange(6))
            row["tcp"] = [*crane_pose(time)[:2], 0.45, *crane_pose(time)[3:]]
            row["tcp_target"] = row["tcp"]
            row["wrench"] = 20.0 * np.exp(-((time - 4.0) ** 2) * 20)
            row["tank"] = -40.0 if time > 2 else 0.0
            row["line"] = 3 + int(time > 1.0) + int(time > 2.0)
            trace.sample(10 * n, row)
            _happen(trace, n, hostile)
        trace.printed("stdout", f"[  1.00 s] {hostile}\nno time here\n[  7.50 s] later\n")
        trace.printed("stderr", f"{hostile}\n")
        trace.end(int(seconds * 500), Outcome(OutcomeKind.EMERGENCY_STOP, HIT(what=hit or hostile), line=5))
    return read(path)


def _happen(trace: TraceWriter, sample: int, hostile: str) -> None:
    step = 10 * sample
    if sample == 50:
        trace.event(step, "note", {"text": hostile, "line": 4})
        trace.capture(step, "overhead", np.full((48, 64, 3), 90, np.uint8))
        trace.picture(step, jpeg(200), hostile)
    if sample == 100:
        trace.event(step, "grip", {"tool": "hook", "part": "load", "line": 5})
    if sample == 200:
        trace.event(step, "contact", {"a": "load", "b": "post", "force_N": 21.5, "meant": False})
        trace.capture(step, "overhead", np.full((48, 64, 3), 180, np.uint8))
    if sample == 300:
        trace.event(step, "release", {"tool": "hook", "part": "load", "line": 5})


def score(message: str = "the load came down 4.2 mm beside the dock; 0.5 mm earns all, 5 mm nothing") -> Score:
    """A score with something lost in every group but procedure."""
    return Score(
        (
            Check("Load at the dock", "quality", 21.3, 30, 4.2, 0.5, "mm", 6.0, message, "dock"),
            Check("Load upright", "quality", 30, 30, 0.1, 1.0, "deg", None, "", "upright"),
            Check("Cycle time", "cycle", 9.5, 15, 10.0, 8.0, "s", None, "10 s, where 8 s earn all points", "cycle"),
            Check(
                "No collision",
                "safety",
                6,
                15,
                21.5,
                0.0,
                "N",
                4.0,
                "at 4.0 s the load hit the post with 21.5 N",
                "hit",
            ),
            Check("Home at the end", "procedure", 10, 10, 0.0, 1.0, "deg", 10.0, "", "home"),
        )
    )


@dataclass
class Scene:
    scene: str
    seed: int | None
    outcome: Outcome
    score: Score


@dataclass
class Grade:
    final: float
    level: str
    scenes: Sequence[Scene]


def grade() -> Grade:
    good = Score(tuple(Check(c.name, c.group, c.maximum, c.maximum) for c in score().checks))
    scenes = [
        Scene("rehearsal 1", 101, Outcome(OutcomeKind.FINISHED), good),
        Scene("rehearsal 2", 102, Outcome(OutcomeKind.EMERGENCY_STOP, HIT(what=HOSTILE)), score()),
    ]
    return Grade(final([scene.score for scene in scenes]), "A", scenes)
