"""Changing: criteria of an arm that changes its tools: how exactly it docks, and what must never happen meanwhile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sheber.exercises.criteria.common import Worth, worst
from sheber.exercises.criteria.safety import Incident
from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check
from sheber.i18n import Text, message
from sheber.robot.bodies import called
from sheber.trace import Trace

__all__ = ["FORBIDDEN", "Docking", "docking_checks", "dockings", "forbidden"]

TAKEN_TITLE = message("criteria.dock_taken", "Taking a tool, time {number:d}")
PUT_TITLE = message("criteria.dock_put", "Putting a tool down, time {number:d}")
TAKEN = message(
    "criteria.dock_taken_off",
    "At {time:.1f} s the changer locked the tool {tool!r}. It stood {off:.1f} mm beside it and was turned by "
    "{angle:.1f}°.",
)
PUT = message(
    "criteria.dock_put_off",
    "At {time:.1f} s the changer let go of the tool {tool!r} in {dock!r}. The tool was {off:.1f} mm off its place and "
    "turned by {angle:.1f}°.",
)
NEVER_TAKEN = message("criteria.dock_never_taken", "Tools were taken {done:d} times. The job needs {needed:d} times.")
NEVER_PUT = message(
    "criteria.dock_never_put", "Tools were put into a dock {done:d} times. The job needs {needed:d} times."
)

OFF_DOCK = message(
    "criteria.unlocked_off_dock",
    "At {time:.1f} s the changer unlocked the tool {tool!r} outside a dock. The tool fell.",
)
UNDER_LOAD = message(
    "criteria.unlocked_under_load", "At {time:.1f} s the changer unlocked the tool {tool!r}, which held {part}."
)
LET_FALL = message("criteria.load_dropped", "At {time:.1f} s the tool {tool!r} let {part} go in the air.")
LEFT = message(
    "criteria.left_unlocked",
    "At {time:.1f} s the arm left the tool {tool!r} in its dock. The changer had not locked it.",
)
TITLE = message("criteria.forbidden", "Forbidden: {what}")
WHATS: Final = {
    "unlocked_off_dock": (message("criteria.forbidden_off_dock", "unlocked outside a dock"), OFF_DOCK),
    "unlocked_under_load": (message("criteria.forbidden_under_load", "unlocked with a part in the tool"), UNDER_LOAD),
    "load_dropped": (message("criteria.forbidden_dropped", "a part let go in the air"), LET_FALL),
    "left_unlocked": (message("criteria.forbidden_left", "left a tool without locking it"), LEFT),
}
FORBIDDEN: Final = tuple(WHATS)
"""Events of a changer that an exercise may forbid."""


@dataclass(frozen=True, slots=True)
class Docking:
    """A tool that was taken from a dock, or put into one."""

    taken: bool
    tool: str
    dock: str
    off: float  # m, that the two were beside each other; of a tool that was put down, also too high or low
    angle: float  # rad
    time: float  # s


def dockings(trace: Trace) -> list[Docking]:
    """The tools that were locked, and those that were unlocked in a dock, in the order of time."""
    found: list[Docking] = []
    drawn: Docking | None = None
    for event in trace.events_of("docked", "tool_on", "tool_off"):
        data, time = event.data, event.step * trace.step_s
        if event.kind == "tool_on":
            if drawn is not None and drawn.tool == data["tool"]:
                found.append(drawn)
            drawn = None
            continue
        if event.kind == "tool_off" and not data.get("dock"):
            continue
        across, along = float(data["lateral_mm"]) * 1e-3, float(data["axial_mm"]) * 1e-3
        taken = event.kind == "docked"
        off, angle = across if taken else math.hypot(across, along), math.radians(float(data["angle_deg"]))
        docking = Docking(taken, str(data["tool"]), str(data["dock"]), off, angle, time)
        if taken:
            drawn = docking
        else:
            found.append(docking)
    return found


def docking_checks(trace: Trace, position: Worth, angle: Worth, needed: int) -> list[Check]:
    """How exactly tools were taken and put down, `needed` times each: the worse of position and angle of each.

    Further ones count where they are worse than those: nobody gains by a second try.
    """
    found = dockings(trace)
    checks: list[Check] = []
    shares = list(zip(position.shared(2 * needed), angle.shared(2 * needed), strict=True))
    for taken, half in ((True, shares[:needed]), (False, shares[needed:])):
        ones = [one for one in found if one.taken is taken]
        worst_last = sorted(
            ones, key=lambda one: min(position.tolerance.share(one.off), angle.tolerance.share(one.angle))
        )
        counted = sorted(worst_last[:needed], key=lambda one: one.time)
        for n, worths in enumerate(half):
            checks.append(_docking(counted, n, taken, worths, (len(ones), needed)))
    return checks


def _docking(counted: list[Docking], n: int, taken: bool, worths: tuple[Worth, Worth], done: tuple[int, int]) -> Check:
    title = (TAKEN_TITLE if taken else PUT_TITLE)(number=n + 1)
    key = f"{'take' if taken else 'put'}-{n + 1}"
    if n >= len(counted):
        told = (NEVER_TAKEN if taken else NEVER_PUT)(done=done[0], needed=done[1])
        return worths[0].missing(key, title, told)
    one = counted[n]
    values = {"time": one.time, "tool": one.tool, "off": one.off * 1e3, "angle": math.degrees(one.angle)}
    told = TAKEN(**values) if taken else PUT(dock=one.dock, **values)
    return worst(key, title, [(worths[0], one.off), (worths[1], one.angle)], one.time, told)


def forbidden(trace: Trace, numbers: Numbers) -> Iterator[Incident]:
    """What must never happen with a changer; each takes `safety.forbidden` points."""
    cost = numbers.real("safety.forbidden")
    for event in trace.events_of(*FORBIDDEN):
        what, told = WHATS[event.kind]
        time = event.step * trace.step_s
        values: dict[str, Text | str | float] = {"time": time, "tool": str(event.data["tool"])}
        if "part" in event.data:
            values["part"] = called(str(event.data["part"]))
        yield Incident(event.kind, TITLE(what=what()), cost, time, told(**values))
