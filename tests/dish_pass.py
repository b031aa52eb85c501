"""A ground station with a dish during one high pass, for tests of the report: bodies of many metres."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams import Diagram, attempted
from sheber.ground import pictures
from sheber.ground.looks import BODIES, Antenna, mesh, satellite, texture
from sheber.ground.mount import pointing_error_deg
from sheber.station import Mesh
from sheber.trace import Channel, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

ANTENNA = Antenna(5.0)
STEP_S = 0.1
NOON = 1795003200.0  # 2026-11-18 12:00 UTC
SKYLINE_DEG = (np.arange(0.0, 360.0, 30.0), np.array([18, 20, 14, 8, 4, 3, 2, 3, 4, 6, 9, 15.0]))
CHANNELS = [Channel("direction", "f8", (2,), "deg", "Antenna", "", ("azimuth", "elevation"))]


class Exercise:
    """What the report needs of an exercise."""

    name = "high-pass"
    title = "Follow a satellite with a dish"

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        """What a ground station draws: the sky, the pointing error, a waterfall, a constellation, a timetable."""
        truth = np.array([direction(time / 600.0) for time in trace.time])
        looked = trace["direction"]
        off = pointing_error_deg(*truth.T, *looked.T)
        rng = np.random.default_rng(5)
        shift = -9000.0 * np.tanh((trace.time - 300.0) / 90.0)
        rows = rng.normal(size=(300, 256)) + 25.0 * np.exp(
            -((((np.arange(256) - 128) * 93.75 - shift[::2, None][:300]) / 400.0) ** 2)
        )
        symbols = np.exp(2j * np.pi * (rng.integers(0, 4, 800) + 0.5) / 4.0) + 0.15 * (
            rng.normal(size=(2, 800)).T @ (1, 1j)
        )
        ways = [pictures.Way("NKSAT", trace.time, *truth.T), pictures.Way("dish", trace.time, *looked.T, 4.0)]
        bookings = [
            pictures.Booking("dish", f"SAT-{n}", 60.0 * n, 60.0 * n + 80.0, "KazNU" if n % 2 else "NWPU", n % 4 == 1)
            for n in range(8)
        ]
        return (
            pictures.sky(ways, skyline_deg=SKYLINE_DEG, minimum_deg=10.0, start=NOON, marks={"Sun": (190.0, 22.0)}),
            pictures.pointing(trace.time, off, 4.0),
            pictures.doppler((trace.time, shift), tuned=(trace.time, 0.9 * shift)),
            pictures.waterfall(rows, (0.0, 600.0), 24_000.0),
            attempted("Eye", lambda: pictures.eye(np.sin(np.arange(4000) * np.pi / 10.0), 10.0)),
            pictures.constellation(symbols, np.exp(2j * np.pi * (np.arange(4) + 0.5) / 4.0)),
            attempted("Frames", lambda: pictures.eye([], 10.0)),
            pictures.timetable(bookings, start=NOON),
        )

    def mesh(self, name: str) -> Mesh:
        return mesh(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        return texture(name)


class Unseen(Exercise):
    """A station that shows nothing."""

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        return ()


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
