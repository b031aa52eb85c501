"""Criteria of a bead of glue, on traces that were made by hand: a bead as wanted earns everything, and each flaw costs
its own criterion."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sheber.exercises.criteria import Contour, Worth, bead_checks, bead_on, bead_only_there, touched_gently
from sheber.exercises.numbers import Tolerance
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.trace import Channel, EventKind, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

Array = NDArray[np.float64]

WIDTH, HEIGHT, SPEED = 0.004, 0.0025, 0.05
AREA = math.pi * WIDTH**2 / 8.0
PLATE = Pose((0.4, -0.1, 0.12)).rotated(z=0.4).rotated(x=0.15)
LENGTH = 0.2
CONTOUR = Contour(PLATE, np.stack([np.linspace(0.0, LENGTH, 401), np.zeros(401)], axis=1), WIDTH, HEIGHT)
NAMES = ("glue_laid", "stand_off", "bead_width", "bead_x", "bead_y", "bead_z")
RAMPS = {
    "line": Tolerance(0.4, 2.5, "mm"),
    "worst": Tolerance(0.8, 4.0, "mm"),
    "width": Tolerance(6.0, 35.0, "%"),
    "even": Tolerance(15.0, 60.0, "%"),
    "stand_off": Tolerance(0.4, 2.0, "mm"),
    "gaps": Tolerance(0.5, 8.0, "%"),
    "start": Tolerance(2.0, 8.0, "mm"),
    "stop": Tolerance(2.0, 8.0, "mm"),
}
WORTHS = {name: Worth("quality", 10.0, ramp) for name, ramp in RAMPS.items()}
ONLY = Worth("procedure", 10.0, Tolerance(1.0, 15.0, "%"))


def laid(
    path: Path,
    places: Array,
    volume: Array | float | None = None,
    stand_off: float = HEIGHT,
    events: tuple[tuple[str, dict[str, Any]], ...] = (),
) -> Trace:
    """A trace in which these volumes [m3] were laid at places (n, 2) of the plate, a sample each."""
    many = np.full(len(places), AREA * SPEED * 0.02 if volume is None else 0.0)
    many[:] = many if volume is None else volume
    base = PLATE @ np.column_stack([places, np.zeros(len(places))])
    with TraceWriter(path / "run.trace", Header("test")) as writer:
        kinds = {kind: EventKind(kind) for kind in ("contact", "contact_end")}
        row = writer.begin([Channel(name, "f4", (), "m") for name in NAMES], [], (), {}, step_s=0.002, events=kinds)
        for kind, data in events:
            writer.event(0, kind, data)
        for n, (place, total) in enumerate(zip(base, np.cumsum(many), strict=True)):
            sample = np.zeros((), row)
            for name, value in zip(NAMES, (total, stand_off, WIDTH, *place), strict=True):
                sample[name] = value
            writer.sample(n * 10, sample.tobytes())
        writer.end(len(places) * 10, Outcome(OutcomeKind.FINISHED))
    return read(path / "run.trace")


def line(start: float = 0.0, end: float = LENGTH, aside: float = 0.0, speed: float = SPEED) -> Array:
    """Places (n, 2) along the contour, 20 ms apart."""
    along = np.arange(start, end + 1e-9, speed * 0.02)
    return np.stack([along, np.full(len(along), aside)], axis=1)


def judged(trace: Trace) -> dict[str, Check]:
    return {check.key: check for check in bead_checks(trace, bead_on(trace, CONTOUR), WORTHS)}


def lost(checks: dict[str, Check]) -> set[str]:
    return {key for key, check in checks.items() if check.points < check.maximum}


def test_a_bead_as_wanted_earns_everything(tmp_path: Path) -> None:
    trace = laid(tmp_path, line())
    checks = judged(trace)
    assert lost(checks) == set()
    assert checks["bead-line"].measured == pytest.approx(0.0, abs=0.01)
    assert checks["bead-width"].measured == pytest.approx(0.0, abs=1.0)
    bead = bead_on(trace, CONTOUR)
    assert bead.length == pytest.approx(LENGTH)
    assert bead.laid == pytest.approx(AREA * LENGTH, rel=0.01)
    assert bead_only_there(bead, ONLY).points == 10.0


def test_no_bead_earns_nothing_and_says_so_once(tmp_path: Path) -> None:
    nothing = judged(laid(tmp_path, line(), volume=0.0))
    assert {check.points for check in nothing.values()} == {0.0}
    assert [check.key for check in nothing.values() if not check.follows] == ["bead-line"]
    assert judged(laid(tmp_path, np.zeros((0, 2)))).keys() == nothing.keys() == judged(laid(tmp_path, line())).keys()
    beside = judged(laid(tmp_path, line(aside=0.02)))
    assert "none within 6 mm" in beside["bead-line"].message


@pytest.mark.parametrize("aside", [0.001, -0.001])
def test_a_bead_beside_the_contour(aside: float, tmp_path: Path) -> None:
    checks = judged(laid(tmp_path, line(aside=aside)))
    assert lost(checks) == {"bead-line", "bead-worst"}
    assert checks["bead-line"].measured == pytest.approx(1.0, abs=0.02)
    sign = "+" if aside > 0.0 else "-"
    assert f"shifted by x +0.0, y {sign}1.0 mm and turned by +0.00°" in checks["bead-line"].message


def test_a_zigzag_is_no_straight_bead(tmp_path: Path) -> None:
    places = line()
    places[::2, 1], places[1::2, 1] = 0.002, -0.002
    assert judged(laid(tmp_path, places))["bead-line"].measured == pytest.approx(1.0, abs=0.1)


def test_a_short_bead_earns_its_share_of_each_criterion(tmp_path: Path) -> None:
    checks = judged(laid(tmp_path, line(end=LENGTH / 2)))
    assert checks["bead-gaps"].points == checks["bead-worst"].points == checks["bead-stop"].points == 0.0
    assert "50 % of the contour" in checks["bead-line"].message
    for key in ("bead-line", "bead-width", "bead-stand-off"):
        assert 4.0 < checks[key].points < 6.5, key


def test_width_comes_from_what_lies_there(tmp_path: Path) -> None:
    twice = judged(laid(tmp_path, line(), volume=2.0 * AREA * SPEED * 0.02))
    assert twice["bead-width"].measured == pytest.approx(35.0)  # 41 %, but no cell counts more than what earns nothing
    assert {"bead-width", "bead-even"} <= lost(twice)
    two_layers = judged(laid(tmp_path, np.concatenate([line(), line()[::-1]])))
    assert two_layers["bead-width"].points == 0.0
    fast = judged(laid(tmp_path, line(speed=0.1)))
    assert fast["bead-width"].measured == pytest.approx(100.0 * (1.0 - math.sqrt(0.5)), abs=1.5)


def test_a_stop_on_the_way_makes_a_blob(tmp_path: Path) -> None:
    places = line()
    places = np.concatenate([places[:100], np.tile(places[100], (50, 1)), places[100:]])
    checks = judged(laid(tmp_path, places))
    assert lost(checks) == set()  # one place in a hundred is none of the worst five
    several = np.concatenate([np.repeat(line(end=0.15)[::15], 30, axis=0), line()])
    assert {"bead-even"} <= lost(judged(laid(tmp_path, several)))


def test_stand_off(tmp_path: Path) -> None:
    checks = judged(laid(tmp_path, line(), stand_off=0.0037))
    assert lost(checks) == {"bead-stand-off"}
    assert checks["bead-stand-off"].measured == pytest.approx(1.2, abs=0.01)


def test_gaps(tmp_path: Path) -> None:
    places = np.concatenate([line(end=0.09), line(start=0.1)])
    volume = np.full(len(places), AREA * SPEED * 0.02)
    volume[len(line(end=0.09))] = 0.0  # the valve was closed meanwhile
    checks = judged(laid(tmp_path, places, volume))
    assert checks["bead-gaps"].measured == pytest.approx(5.0, abs=1.0)
    assert re.search("first gap is 9[02] mm", checks["bead-gaps"].message)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0.005, LENGTH, "begins 5.0 mm after"),
        (-0.005, LENGTH, "begins 5.0 mm before"),
        (0.0, LENGTH - 0.006, "ends 6.0 mm before"),
        (0.0, LENGTH + 0.006, "ends 6.0 mm after"),
    ],
)
def test_start_and_stop(start: float, end: float, words: str, tmp_path: Path) -> None:
    checks = judged(laid(tmp_path, line(start, end)))
    key = "bead-start" if start else "bead-stop"
    assert key in lost(checks)
    assert checks[key].measured == pytest.approx(abs(start) * 1e3 or abs(end - LENGTH) * 1e3, abs=1.0)
    assert words.split(" mm ")[1] in checks[key].message


def test_a_blob_at_the_end_costs_the_stop(tmp_path: Path) -> None:
    places = np.concatenate([line(), np.tile(line()[-1], (60, 1))])
    check = judged(laid(tmp_path, places))["bead-stop"]
    assert check.points < check.maximum
    assert "blob" in check.message


def test_glue_elsewhere_is_found(tmp_path: Path) -> None:
    places = np.concatenate([line(), [[0.1, 0.08]]])
    volume = np.full(len(places), AREA * SPEED * 0.02)
    volume[-1] = 0.1 * AREA * LENGTH
    bead = bead_on(laid(tmp_path, places, volume), CONTOUR)
    check = bead_only_there(bead, ONLY)
    assert check.measured == pytest.approx(9.1, abs=0.3)
    assert check.time == pytest.approx(4.02, abs=0.03)


def test_the_hardest_touch_counts_meant_or_not(tmp_path: Path) -> None:
    touch = {"a": "tool", "b": "plate", "force_N": 20.0, "meant": True}
    end = {"a": "tool", "b": "plate", "peak_N": 95.0, "meant": True, "duration_s": 0.1}
    other = {"a": "tool", "b": "table", "peak_N": 140.0, "meant": False, "duration_s": 0.1}
    gentle = Worth("procedure", 10.0, Tolerance(50.0, 140.0, "N"))
    trace = laid(tmp_path, line(), events=(("contact", touch), ("contact_end", end), ("contact_end", other)))
    assert touched_gently(trace, gentle, ("plate",), felt=True).points == pytest.approx(5.0)
    assert touched_gently(trace, gentle, ("plate",), felt=False).points == pytest.approx(5.0)
    untouched = laid(tmp_path, line())
    assert touched_gently(untouched, gentle, ("plate",), felt=True).points == 10.0  # felt a little early, never pressed
    never = touched_gently(untouched, gentle, ("plate",), felt=False)
    assert (never.points, str(never.message)) == (0.0, "The tool never touched the plate.")


def test_a_trickle_is_no_bead(tmp_path: Path) -> None:
    volume = np.full(len(line()), AREA * SPEED * 0.02)
    volume[len(volume) // 2 :] *= 0.15
    checks = judged(laid(tmp_path, line(), volume))
    assert checks["bead-gaps"].measured == pytest.approx(50.0, abs=2.0)
    assert 4.0 < checks["bead-line"].points < 6.5
