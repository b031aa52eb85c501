"""Insertion: criteria of parts that go into holes: how deep they went, and how hard the robot pressed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.criteria.common import Worth
from sheber.exercises.criteria.measure import body_path
from sheber.exercises.score import Check
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.trace import Trace

__all__ = ["Pressed", "deepest", "hardest", "pressed_in", "went_in"]

TOO_SHALLOW = message(
    "criteria.too_shallow",
    "At {time:.1f} s the part was {depth:.1f} mm deep in the hole. The hole is {whole:.0f} mm deep.",
)
NEVER_IN = message("criteria.never_in", "The part was never in the hole.")
TOO_HARD = message(
    "criteria.too_hard",
    "At {time:.1f} s the force at the wrist was {force:.0f} N, while the part touched the hole. Come near fast, touch "
    "slowly, then press with a force.",
)
FORCE_NOT_COUNTED = message(
    "criteria.force_not_counted", "The force counts only for a part that went in by at least {least:.0f} %."
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """The largest value of something, and when it was."""

    most: float  # m or N
    time: float | None  # s; None where it never happened


def deepest(trace: Trace, part: str, mouth: Pose, radius: float) -> Pressed:
    """How deep [m] a part's own origin, the middle of its lower end, was below the mouth of a hole, z up.

    It is in the hole where it is less than `radius` [m] away from its axis.
    """
    path = body_path(trace, part)[:, :3]
    x, y, z = ((path - mouth.position) @ mouth.rotation).T
    depth = np.where(np.hypot(x, y) < radius, -z, 0.0)
    most = float(depth.max(initial=0.0))
    return Pressed(most, float(trace.time[int(depth.argmax())]) if most > 0.0 else None)


def hardest(trace: Trace, part: str, body: str) -> Pressed:
    """The largest force [N] at the wrist, as it is recorded, in a sample during which a part touched a body."""
    force = np.linalg.norm(trace["wrench"][:, :3], axis=1)
    during = np.zeros(len(force), bool)
    begun: float | None = None
    pair = {part, body}
    for event in trace.events_of("contact", "contact_end"):
        if {event.data["a"], event.data["b"]} == pair:
            time = event.step * trace.step_s
            if event.kind == "contact":
                begun = time
            else:
                during |= _between(trace, time if begun is None else begun, time)
                begun = None
    if begun is not None:
        during |= _between(trace, begun, trace.duration)
    if not during.any():
        return Pressed(0.0, None)
    sample = int(np.where(during, force, -1.0).argmax())
    return Pressed(float(force[sample]), float(trace.time[sample]))


def _between(trace: Trace, begin: float, end: float) -> NDArray[np.bool_]:
    """Whether each sample lies between two moments [s], or is the first after them."""
    first = np.searchsorted(trace.time, begin - 1e-9)
    last = np.searchsorted(trace.time, end - 1e-9)
    samples = np.arange(len(trace.time))
    return (samples >= first) & (samples <= last)


def went_in(key: str, title: Text, depth: Pressed, whole: float, worth: Worth) -> Check:
    """How deep a part went, as a share of the `whole` depth [m] of the hole."""
    if depth.time is None:
        return worth.missing(key, title, NEVER_IN(), follows=True)
    told = TOO_SHALLOW(time=depth.time, depth=depth.most * 1e3, whole=whole * 1e3)
    return worth.check(key, title, depth.most / whole, depth.time, told)


def pressed_in(key: str, title: Text, force: Pressed | None, least: float, worth: Worth) -> Check:
    """How hard a part was pressed; None for one that did not go in by the share `least`."""
    if force is None or force.time is None:
        return worth.missing(key, title, FORCE_NOT_COUNTED(least=least * 100), follows=True)
    return worth.check(key, title, force.most, force.time, TOO_HARD(time=force.time, force=force.most))
