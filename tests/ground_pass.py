"""A ground station during one pass of a satellite, for tests of the report: numbers and words, nothing to draw."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from sheber.diagrams import Diagram
from sheber.exercises.score import Check, Score
from sheber.i18n import message
from sheber.trace import Channel, EventKind, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

CHANNELS = [
    Channel("pointing", "f8", (2,), "rad", "Antenna", "deg", ("azimuth", "elevation")),
    Channel("wanted", "f8", (2,), "rad", "Antenna", "deg", ("azimuth of the satellite", "elevation of the satellite")),
    Channel("snr", "f4", (), "dB", "Signal to noise"),
    Channel("battery", "f4", (), "Wh", "Battery"),
    Channel("mode", "u1", (), "", "Mode", plot="none"),
    Channel("line", "u2", (), "", "Line", plot="none"),
]
EVENTS = {
    "acquired": EventKind("signal acquired", "{snr_dB:.1f} dB at {elevation_deg:.0f}°"),
    "frame": EventKind("frame received", "{number:d}", quiet=True),
    "slew": EventKind("slew", "{axis} to {angle_deg:.0f}°", action=True),
    "dropped": EventKind("signal lost", "{snr_dB:.1f} dB", grave=True, unless="below_horizon"),
}
STEP_S = 0.1
WIND = message("ground_pass.wind", "The wind of {speed:.0f} m/s was too strong for the antenna.")


class Exercise:
    """What the report needs of an exercise: a station without bodies has no meshes and no textures."""

    name = "first-pass"
    title = "Follow a satellite"

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        return ()

    def mesh(self, name: str) -> None:
        raise AssertionError(name)

    texture = mesh


def write(path: Path, seconds: float = 600.0, seed: int = 7, outcome: Outcome | None = None) -> Trace:
    """One pass: the antenna follows, loses the signal for a moment, and takes a picture of the spectrum."""
    header = Header(
        "first-pass",
        "1",
        program="track.py",
        program_sha256="ab" * 32,
        source="import sheber\n\nstation = sheber.connect()\nstation.track('NOAA 19')\nstation.record()\n",
        scene=f"practice {seed}",
        station="ground-station",
        seed=seed,
        sandbox="A",
    )
    with TraceWriter(path, header) as trace:
        row = np.zeros((), trace.begin(CHANNELS, [], facts={"tumbling": 0.25}, step_s=STEP_S, events=EVENTS))
        for step in range(round(seconds / STEP_S) + 1):
            share = step * STEP_S / seconds
            row["wanted"] = [2 * math.pi * 0.7 * share, math.sin(math.pi * share) * 1.2]
            row["pointing"] = row["wanted"] + [0.01 * math.sin(step / 7), 0.008 * math.cos(step / 5)]
            row["snr"] = 3.0 + 17.0 * math.sin(math.pi * share) - (9.0 if 0.42 < share < 0.44 else 0.0)
            row["battery"] = 60.0 - 12.0 * share
            row["mode"], row["line"] = share > 0.1, 4 + int(share > 0.1)
            trace.sample(step, row)
        at = [round(share * seconds / STEP_S) for share in (0.02, 0.1, 0.42, 0.5, 0.98)]
        trace.event(at[0], "slew", {"axis": "azimuth", "angle_deg": 12.4, "line": 4})
        trace.event(at[1], "acquired", {"snr_dB": 8.25, "elevation_deg": 21.2, "line": 5})
        trace.event(at[2], "dropped", {"snr_dB": 2.5, "below_horizon": False})
        trace.event(at[3], "frame", {"number": 118})
        trace.capture(at[3], "spectrum", np.full((48, 64, 3), 120, np.uint8))
        trace.event(at[4], "dropped", {"snr_dB": 1.0, "below_horizon": True})
        trace.printed("stdout", "[ 60.00 s] receiving, tumbling at 0.25\n")
        trace.end(round(seconds / STEP_S), outcome or Outcome(OutcomeKind.EMERGENCY_STOP, WIND(speed=31.0), line=5))
    return read(path)


def score() -> Score:
    """Something lost in quality and in cycle time."""
    return Score(
        (
            Check("Frames received", "quality", 36, 45, 118, 148, "frames", 252.0, "30 frames were missed.", "frames"),
            Check("Pointing error", "quality", 15, 15, 0.6, 1.0, "deg", None, "", "pointing"),
            Check("Cycle time", "cycle", 12, 15, 600, 540, "s", None, "600 s, where 540 s earn all points.", "cycle"),
            Check("No limit exceeded", "safety", 15, 15, 0, 0, "", None, "", "limits"),
            Check("Parked at the end", "procedure", 10, 10, 0.2, 1.0, "deg", None, "", "parked"),
        )
    )
