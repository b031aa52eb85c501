"""A ground station with a dish during one high pass, for tests of the report: bodies of many metres."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sheber.ground.looks import BODIES, Antenna, mesh, satellite, texture
from sheber.station import Mesh
from sheber.trace import Channel, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

ANTENNA = Antenna(5.0)
STEP_S = 0.1
SKYLINE_DEG = (np.arange(0.0, 360.0, 30.0), np.array([18, 20, 14, 8, 4, 3, 2, 3, 4, 6, 9, 15.0]))
CHANNELS = [Channel("direction", "f8", (2,), "deg", "Antenna", "", ("azimuth", "elevation"))]


class Exercise:
    """What the report needs of an exercise."""

    name = "high-pass"
    title = "Follow a satellite with a dish"

    def mesh(self, name: str) -> Mesh:
        return mesh(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        return texture(name)


def direction(share: float) -> tuple[float, float]:
    """Azimuth and elevation [deg] of a satellite that passes from southwest to northeast, 78° high."""
    along = math.radians(170.0 * (share - 0.5))
    across = math.radians(12.0)
    x, y, z = math.sin(along), math.cos(along) * math.sin(across), math.cos(along) * math.cos(across)
    azimuth = math.degrees(math.atan2(x * 0.8 - y * 0.6, x * 0.6 + y * 0.8)) % 360.0
    return azimuth, math.degrees(math.asin(z))


def write(path: Path, seconds: float = 600.0) -> Trace:
    """The antenna follows a few degrees late."""
    header = Header("high-pass", "1", scene="practice 1", station="ground-station", source="import sheber\n")
    visuals = [*ANTENNA.visuals(SKYLINE_DEG), *satellite("NKSAT", ANTENNA)]
    with TraceWriter(path, header) as trace:
        row = np.zeros((), trace.begin(CHANNELS, [*BODIES, "NKSAT"], visuals, {}, step_s=STEP_S))
        for step in range(0, round(seconds / STEP_S) + 1, 10):
            azimuth, elevation = direction(step * STEP_S / seconds)
            row["direction"] = direction(max(step * STEP_S - 4.0, 0.0) / seconds)
            poses = [*ANTENNA.poses(*row["direction"].tolist()), ANTENNA.satellite_pose(azimuth, elevation)]
            trace.sample(step, row)
            trace.bodies(step, np.arange(3, dtype=np.uint16), np.array(poses, np.float32))
        trace.end(round(seconds / STEP_S), Outcome(OutcomeKind.FINISHED))
    return read(path)
