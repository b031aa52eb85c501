"""Criteria of a calibrated tool on samples that are written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sheber.exercises.criteria import (
    Worth,
    first_stops,
    pivot_drift,
    points_held,
    scatter_told,
    slow_touches,
    touch_spread,
)
from sheber.exercises.criteria.calibration import Touch
from sheber.exercises.numbers import Tolerance
from sheber.exercises.score import Check
from sheber.geometry import DOWN, Pose
from sheber.trace import NOTHING, Event, OutcomeKind

MM = Worth("quality", 10.0, Tolerance(0.5, 2.0, "mm"))
PER_CENT = Worth("quality", 10.0, Tolerance(15.0, 60.0, "%"))
DEG = Worth("procedure", 6.0, Tolerance(1.0, 20.0, "deg"))
AT = Pose((0.3, 0.2, 0.1)) @ DOWN


class Samples:
    """What the criteria read of a trace: a way of stops of five samples, one sample of motion between them."""

    def __init__(
        self, stops: list[Pose], events: list[Event] | None = None, heights: list[float] | None = None
    ) -> None:
        self.tcp = np.array([row.to_list() for stop in stops for row in [stop] * 6])
        self.speeds = np.zeros((len(self.tcp), 6))
        self.speeds[5::6] = 1.0
        self.target = self.tcp.copy()
        if heights is not None:
            self.target[:, 2] = np.repeat(heights, 6)
        self.time = np.arange(len(self.tcp)) * 0.02
        self.step_s, self._events = 0.002, events or []
        self.outcome = SimpleNamespace(kind=OutcomeKind.FINISHED, text=NOTHING)

    def __getitem__(self, name: str) -> Any:
        return {"tcp": self.tcp, "joint_speeds": self.speeds, "tcp_target": self.target}[name]

    def events_of(self, *kinds: str) -> list[Event]:
        return [event for event in self._events if event.kind in kinds]


def away(mm: float) -> Pose:
    return AT.offset(x=mm * 1e-3)


def test_the_first_stop_near_a_point_counts_not_the_best_one() -> None:
    trace: Any = Samples([away(40.0), away(1.25), away(0.0)])
    stops = first_stops(trace, {"point": AT})
    assert stops == {"point": 8}
    (check,) = points_held(trace, {"point": AT}, stops, MM)
    assert (check.measured, check.points) == (1.25, 5.0)


def test_a_stop_in_another_orientation_or_out_of_order_does_not_count() -> None:
    other = AT.offset(y=0.1)
    trace: Any = Samples([AT.rotated(x=0.1), other, AT])
    assert first_stops(trace, {"point": AT}) == {"point": 14}
    assert first_stops(trace, {"a": other, "b": other.offset(z=0.1)}) == {"a": 8, "b": None}
    assert list(first_stops(trace, {"b": AT, "a": other}).values()).count(None) == 1


def test_a_pass_without_a_stop_does_not_count() -> None:
    trace: Any = Samples([AT])
    trace.speeds[:] = 0.1
    stops = first_stops(trace, {"point": AT})
    assert points_held(trace, {"point": AT}, stops, MM)[0].measured is None


def test_drift_is_from_the_mean_and_needs_every_orientation() -> None:
    turned = {f"pivot_{n}": AT.rotated(x=0.2 * n) for n in range(3)}
    trace: Any = Samples([pose.offset(x=5e-3, z=1.5e-3 * (n == 2)) for n, pose in enumerate(turned.values())])
    check = pivot_drift(trace, first_stops(trace, turned), MM)
    assert check.measured == 1.0  # the mean is 0.5 mm up; 5 mm to the side are no drift
    assert "pivot_2" in str(check.message)
    assert pivot_drift(trace, {"pivot_0": 2, "pivot_1": None}, MM).measured is None


def touched(speeds: list[float]) -> list[Event]:
    found = []
    for n, speed in enumerate(speeds):
        found += [Event(60 * n, "move", {"speed": speed}), Event(60 * n + 20, "guard", {"flange": AT.to_list()})]
    return found


def test_only_slow_touches_of_the_ball_on_the_plate_count() -> None:
    trace: Any = Samples([AT, AT, AT.offset(z=0.01), AT, AT], touched([0.005, 0.02, 0.005, 0.02, 0.001]))
    assert slow_touches(trace, 0.1, 0.005) == [Touch(2, AT), Touch(26, AT)]


@pytest.mark.parametrize(("mm_s", "counts"), [(5.0, True), (9.0, True), (11.0, False), (100.0, False)])
def test_a_tip_that_is_thrown_at_the_plate_beside_a_move_that_creeps_has_not_touched_slowly(
    mm_s: float, counts: bool
) -> None:
    trace: Any = Samples([AT, AT], [Event(0, "move", {"speed": 0.001}), Event(100, "guard", {"flange": AT.to_list()})])
    trace.tcp[:11, 2] += mm_s * 1e-3 * np.arange(10, -1, -1) * 0.02
    assert bool(slow_touches(trace, 0.1, 0.005)) is counts


TIP, LEFT = np.array([0.02, -0.01, 0.14]), 0.1e-3  # m: the ball in the flange frame; every touch is off by so much


def touches_of(orientations: list[Pose], off: list[float]) -> list[Touch]:
    """Touches of one ball at one height with these flange orientations, each higher than it should be."""
    flanges = [
        Pose((0.4, 0.1, 0.3 - (one.rotation @ TIP)[2] + high), one.quaternion)
        for one, high in zip(orientations, off, strict=True)
    ]
    return [Touch(6 * n, flange) for n, flange in enumerate(flanges)]


LEANING = [AT.rotated(x=0.3 * np.cos(a), y=0.3 * np.sin(a)).rotated(z=a) for a in np.linspace(0.0, 6.0, 8)]


def test_a_reported_scatter_is_held_against_what_is_left_of_the_touches_and_needs_a_proof() -> None:
    equations = np.array([[*one.rotation[2], -1.0] for one in LEANING])
    unseen = np.linalg.svd(equations)[0][:, 4]  # of unit length: what no TCP and no height explains
    touches = touches_of(LEANING, (LEFT * unseen).tolist())
    true_mm = 1e3 * LEFT / 2.0  # √(Σ e² / (8 − 4))

    def check(value: float, touches: list[Touch] = touches, output: str = "scatter", proved: bool = True) -> Check:
        trace: Any = Samples([AT], [Event(5, "output", {"name": "scatter", "value": value})])
        return scatter_told(trace, output, touches, proved, PER_CENT)

    assert check(true_mm).measured == pytest.approx(0.0)
    assert check(true_mm).points == 10.0
    assert check(1.3 * true_mm).measured == check(true_mm / 1.3).measured == pytest.approx(30.0)
    assert check(0.0).points == check(-1.0).points == check(0.0).points == 0.0
    assert "The program reported 0.065 mm. The 8 touches that count scatter by 0.050 mm." in str(check(0.065).message)
    assert check(true_mm, proved=False).points == 0.0
    assert check(true_mm, touches[:7]).points == 0.0
    assert check(true_mm, output="another").points == 0.0


def test_touches_are_spread_as_far_as_the_two_that_differ_most_and_a_turn_about_the_axis_is_none() -> None:
    trace: Any = Samples([AT] * 4)
    touches = touches_of([AT, AT.rotated(x=0.2).rotated(z=2.0), AT.rotated(x=-0.2), AT.rotated(z=-1.0)], [0.0] * 4)
    check = touch_spread(trace, touches, np.radians(30.0), 0.005, DEG)
    assert check.measured == pytest.approx(30.0 - np.degrees(0.4), abs=0.01)
    assert touch_spread(trace, touches, np.radians(20.0), 0.005, DEG).points == 6.0
    assert touch_spread(trace, touches[:3], np.radians(20.0), 0.005, DEG).points == 0.0
