"""Checks: criteria that exercises share, each from the trace alone, each lost point explained in words.

Every function takes the trace, the exercise's numbers and what is wanted, and gives `Check`s. A
message says what was wanted, what was measured, when, and by how much, in units that students use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.exercises.measure import (
    STOP_NEAR,
    Array,
    Turn,
    best_in_order,
    circle_deviation,
    last_action,
    line_deviation,
    pose_errors,
    rests,
    sample_at,
    speed_between,
    stands_and_passes,
    turn_between,
)
from sheber.exercises.numbers import Numbers, Tolerance
from sheber.exercises.score import Check, ramp
from sheber.geometry import Pose
from sheber.i18n import _
from sheber.trace import Event, OutcomeKind, Trace

__all__ = [
    "Leg",
    "Placed",
    "arc_driven",
    "cycle_time",
    "finished_at_home",
    "last_release",
    "leg_between",
    "let_go",
    "line_driven",
    "missing_check",
    "off_by",
    "placements",
    "poses_reached",
    "safety",
    "set_down",
    "speed_kept",
    "tolerance_check",
]


def tolerance_check(
    key: str,
    name: str,
    group: str,
    maximum: float,
    value: float,
    tolerance: Tolerance,
    time: float | None,
    message: str,
) -> Check:
    """A check whose points follow a ramp; `value` in SI, the message is kept where points were lost."""
    points = maximum * tolerance.share(value)
    told = message if round(points, 2) < round(maximum, 2) else ""
    return Check(name, group, points, maximum, tolerance.show(value), tolerance.full, tolerance.unit, time, told, key)


def missing_check(key: str, name: str, group: str, maximum: float, tolerance: Tolerance, message: str) -> Check:
    """A check that earns nothing because what it measures did not happen."""
    return Check(name, group, 0.0, maximum, None, tolerance.full, tolerance.unit, None, message, key)


def off_by(error: Array | Sequence[float]) -> str:
    """A vector [m] in words: its coordinates in mm along the base axes."""
    x, y, z = (round(float(value) * 1e3, 1) + 0.0 for value in error)
    return f"x {x:+.1f}, y {y:+.1f}, z {z:+.1f} mm"


AS_NEAR = 1e-4  # m: by less than this no stop is nearer to a pose than another one
FIT = (1e-3, math.radians(0.5))  # m, rad: what halves the fit of a sample to a pose


# --- the way of the tool ----------------------------------------------------------------------------


def poses_reached(
    trace: Trace,
    numbers: Numbers,
    wanted: Sequence[tuple[str, Pose]],
    position: Sequence[float],
    angle: Sequence[float],
) -> tuple[list[Check], list[int | None]]:
    """Each pose reached by the true TCP, in order; `position` and `angle` are the points of each pose.

    A pose is judged where the tool stands; one that is passed without a stop, where it came nearest.
    Gives two checks a pose, and the sample at which each was reached (None: never).
    """
    errors = [pose_errors(trace["tcp"], pose) for _name, pose in wanted]
    standing = rests(trace)
    fits = np.zeros((len(wanted), len(trace.time)))
    for row, (distance, turn) in enumerate(errors):
        fit = 1.0 / (1.0 + (distance / FIT[0]) ** 2) * (1.0 + 0.5 / (1.0 + (turn / FIT[1]) ** 2))
        fits[row] = np.where(stands_and_passes(distance, standing), fit, 0.0)
    reached, checks = best_in_order(fits), []
    for n, (name, pose) in enumerate(wanted):
        one, found = _pose_checks(
            trace, numbers, (name, pose), errors[n], fits[n] > 0.0, reached[n], (position[n], angle[n])
        )
        checks += one
        reached[n] = found
    return checks, reached


def _pose_checks(
    trace: Trace,
    numbers: Numbers,
    wanted: tuple[str, Pose],
    errors: tuple[Array, Array],
    judged: NDArray[np.bool_],
    sample: int | None,
    points: Sequence[float],
) -> tuple[list[Check], int | None]:
    """Position and angle of one pose; `judged` (n,) says where it may be judged, `sample` where it is, and what is
    given back with the checks is the sample if that is near enough."""
    (name, pose), (distance, turn) = wanted, errors
    tolerances = numbers.tolerance("position"), numbers.tolerance("angle")
    titles = _("Pose {name}: position").format(name=name), _("Pose {name}: angle").format(name=name)
    keys = f"pose-{name}-position", f"pose-{name}-angle"
    if sample is None or distance[sample] >= tolerances[0].zero_si:
        message = _never_reached(trace, name, distance, judged, tolerances[0])
        both = zip(keys, titles, points, tolerances, strict=True)
        return [missing_check(key, title, "quality", most, tol, message) for key, title, most, tol in both], None
    time = float(trace.time[sample])
    error = trace["tcp"][sample, :3] - pose.position
    told = _("Pose {name} was reached at {time:.1f} s, {off:.1f} mm from where it was asked ({by}).").format(
        name=name, time=time, off=distance[sample] * 1e3, by=off_by(error)
    )
    turned = _("At pose {name} the tool was turned {off:.2f}° from what was asked, at {time:.1f} s.").format(
        name=name, time=time, off=math.degrees(turn[sample])
    )
    off = float(distance[sample]), float(turn[sample])
    checks = [
        tolerance_check(keys[i], titles[i], "quality", points[i], off[i], tolerances[i], time, (told, turned)[i])
        for i in range(2)
    ]
    return checks, sample


def _never_reached(trace: Trace, name: str, distance: Array, judged: NDArray[np.bool_], tolerance: Tolerance) -> str:
    if len(distance) == 0:
        return _("Pose {name} was never reached.").format(name=name)
    nearest = int(np.argmin(np.where(judged, distance, np.inf)))
    if distance[nearest] < tolerance.zero_si:
        text = _("Pose {name} was reached at {time:.1f} s, but not in the order that was asked.")
    elif distance[nearest] < STOP_NEAR:
        text = _("Pose {name} was never reached; the tool stopped {off:.1f} mm from it, at {time:.1f} s.")
    else:
        text = _("Pose {name} was never reached; the tool came no nearer than {off:.0f} mm, at {time:.1f} s.")
    return text.format(name=name, time=float(trace.time[nearest]), off=distance[nearest] * 1e3)


@dataclass(frozen=True, slots=True)
class Leg:
    """The way between two poses: their names, and the samples at which they were reached."""

    start: str
    end: str
    first: int | None
    last: int | None

    def samples(self) -> tuple[int, int] | None:
        """First and last sample, or None where the leg was not driven."""
        if self.first is None or self.last is None or self.last - self.first < 2:
            return None
        return self.first, self.last

    def missing(self) -> str:
        """Why there is nothing to measure."""
        text = _("There is no way from {start} to {end} to measure: one of the two was not reached.")
        return text.format(start=self.start, end=self.end)


def leg_between(
    trace: Trace, start: tuple[str, Pose], end: tuple[str, Pose], first: int | None, last: int | None
) -> Leg:
    """The way between two poses that were reached at the samples `first` and `last`.

    It begins where the tool last stood at its start, as near as where the pose was judged, and ends where it first
    stood at its end: who comes twice to a pose has not driven the way between in a roundabout way.
    """
    leg = Leg(start[0], end[0], first, last)
    samples = leg.samples()
    if samples is None:
        return leg
    first, last = samples
    stands = np.flatnonzero(rests(trace))
    stands = stands[(stands >= first) & (stands <= last)]
    from_start, from_end = (pose_errors(trace["tcp"], pose)[0] for _name, pose in (start, end))
    departed = max(stands[from_start[stands] < from_start[first] + AS_NEAR], default=first)
    there = (stands > departed) & (from_end[stands] < from_end[last] + AS_NEAR)
    return Leg(start[0], end[0], int(departed), int(min(stands[there], default=last)))


def line_driven(trace: Trace, numbers: Numbers, leg: Leg, points: float) -> Check:
    """How straight the TCP went between two poses."""
    tolerance, key = numbers.tolerance("straightness"), f"line-{leg.start}-{leg.end}"
    name = _("Straight line {start} to {end}").format(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return missing_check(key, name, "quality", points, tolerance, leg.missing())
    deviation = line_deviation(trace["tcp"][samples[0] : samples[1] + 1, :3])
    worst = int(np.argmax(deviation))
    time, off = float(trace.time[samples[0] + worst]), float(deviation[worst])
    message = _("Between {start} and {end} the tool left the straight line by {off:.1f} mm at {time:.1f} s.").format(
        start=leg.start, end=leg.end, off=off * 1e3, time=time
    )
    return tolerance_check(key, name, "quality", points, off, tolerance, time, message)


def arc_driven(trace: Trace, numbers: Numbers, leg: Leg, poses: tuple[Pose, Pose, Pose], points: float) -> Check:
    """How near to the circle through three poses (start, via, end) the TCP went, and that it passed the via pose."""
    tolerance, key = numbers.tolerance("roundness"), f"arc-{leg.start}-{leg.end}"
    name = _("Arc {start} to {end}").format(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return missing_check(key, name, "quality", points, tolerance, leg.missing())
    path = trace["tcp"][samples[0] : samples[1] + 1, :3]
    deviation = circle_deviation(path, *(pose.position for pose in poses))
    # the other half of the same circle is not what was asked for
    missed = float(np.linalg.norm(path - poses[1].position, axis=1).min()) - 0.5 * _longest_step(path)
    worst = int(np.argmax(deviation))
    off, time = float(deviation[worst]), float(trace.time[samples[0] + worst])
    if missed > off:
        off = missed
        text = _("Between {start} and {end} the tool passed the via pose at a distance of {off:.1f} mm.")
    else:
        text = _("Between {start} and {end} the tool left the circle by {off:.1f} mm at {time:.1f} s.")
    message = text.format(start=leg.start, end=leg.end, off=off * 1e3, time=time)
    return tolerance_check(key, name, "quality", points, off, tolerance, time, message)


def _longest_step(path: Array) -> float:
    """The longest way between two samples: a point between them may have been passed unseen."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).max())


def speed_kept(trace: Trace, numbers: Numbers, leg: Leg, wanted: float, points: float) -> Check:
    """How well the TCP held the wanted speed [m/s] between two poses (middle half of the way)."""
    tolerance, key = numbers.tolerance("speed"), f"speed-{leg.start}-{leg.end}"
    name = _("Speed {start} to {end}").format(start=leg.start, end=leg.end)
    samples = leg.samples()
    if samples is None:
        return missing_check(key, name, "procedure", points, tolerance, leg.missing())
    speed, time = speed_between(trace, *samples), float(trace.time[samples[0]])
    text = _("Between {start} and {end} the tool held {speed:.0f} mm/s; the sheet asks for {wanted:.0f} mm/s.")
    message = text.format(start=leg.start, end=leg.end, speed=speed * 1e3, wanted=wanted * 1e3)
    return tolerance_check(key, name, "procedure", points, abs(speed / wanted - 1.0), tolerance, time, message)


def finished_at_home(trace: Trace, numbers: Numbers, home: Sequence[float], points: float) -> Check:
    """The arm stands at home at the end; earns nothing where it never left."""
    tolerance, name = numbers.tolerance("home"), _("Finish at home")
    if len(trace.time) == 0:
        return missing_check("home", name, "procedure", points, tolerance, _("Nothing was recorded."))
    away = np.abs(trace["joints"] - np.asarray(home)).max(axis=1)
    time = last_action(trace)
    if away.max() < tolerance.zero_si:
        return missing_check("home", name, "procedure", points, tolerance, _("The arm never left home."))
    off = float(away[-1])
    text = _("At the end one joint stood {off:.1f}° away from home. Finish with robot.move_joints(robot.home).")
    message = text.format(off=math.degrees(off))
    return tolerance_check("home", name, "procedure", points, off, tolerance, time, message)


# --- things that were moved -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """A part that was let go, and how it lies against the place that it was meant for."""

    part: str
    place: int  # index of the place, -1 where none is near
    offset: Array  # (3,) m, base axes: part minus place
    distance: float  # m
    turn: Turn
    time: float  # s, when it was let go


def placements(
    trace: Trace, parts: Sequence[str], places: Sequence[Pose], at: float, symmetry: int = 1, within: float = 0.05
) -> list[Placed]:
    """The parts that were let go, each with the nearest of the places (`within` m), as they lie at time `at` [s].

    A part that is still held, was lost on the way, or was never gripped is not among them.
    """
    released = let_go(trace)
    sample = sample_at(trace, at)
    placed = []
    for part in parts:
        if part not in released:
            continue
        pose = trace.body(part)[sample]
        offsets = pose[:3] - np.array([place.position for place in places])  # (n_places, 3)
        distances = np.linalg.norm(offsets, axis=1)
        nearest = int(np.argmin(distances))
        place = nearest if distances[nearest] < within else -1
        turn = turn_between(pose, places[nearest], symmetry)
        placed.append(Placed(part, place, offsets[nearest], float(distances[nearest]), turn, released[part]))
    return placed


def let_go(trace: Trace) -> dict[str, float]:
    """Parts whose last handling was a release on purpose, and when [s]."""
    last: dict[str, tuple[str, float]] = {}
    for event in trace.events_of("grip", "release", "lost"):
        part = str(event.data.get("part", ""))
        if part:
            last[part] = event.kind, event.step * trace.step_s
    return {part: time for part, (kind, time) in last.items() if kind == "release"}


def last_release(trace: Trace) -> float:
    """When the last part was let go [s]; 0 where none was."""
    return max(let_go(trace).values(), default=0.0)


def set_down(trace: Trace, numbers: Numbers, released: Mapping[str, float], count: int) -> Check:
    """From how high the parts fell that were let go (name: when [s]); shared by the `count` parts of the whole job."""
    tolerance, points = numbers.tolerance("drop"), numbers.points("set_down")
    name = _("Set down, not dropped")
    if not released:
        message = _("Nothing was let go on purpose.")
        return missing_check("set-down", name, "procedure", points, tolerance, message)
    drops = {part: _drop(trace, part, time) for part, time in released.items()}
    part = max(drops, key=lambda one: drops[one])
    earned = points * sum(tolerance.share(drop) for drop in drops.values()) / max(count, len(drops))
    worst, time, message = tolerance.show(drops[part]), released[part], ""
    if round(earned, 2) < points:
        text = _("{count} of {all} parts were let go; the highest fall was {drop:.1f} mm, of {part} at {time:.1f} s.")
        message = text.format(count=len(drops), all=count, drop=worst, part=_body(part), time=time)
    wanted, unit = tolerance.full, tolerance.unit
    return Check(name, "procedure", earned, points, worst, wanted, unit, time, message, "set-down")


def _drop(trace: Trace, part: str, time: float) -> float:
    """How far a part sank in the second after it was let go [m]."""
    heights = trace.body(part)[:, 2]
    at, later = sample_at(trace, time), sample_at(trace, time + 1.0)
    return max(0.0, float(heights[max(at - 1, 0)] - heights[later]))


# --- time and safety ------------------------------------------------------------------------------


def cycle_time(trace: Trace, numbers: Numbers, not_done: str) -> Check:
    """Simulated time against T_ref; counts only if the whole job is done: `not_done` says what is missing, or is ""."""
    points, name = numbers.points("cycle"), _("Cycle time")
    reference = numbers.reference_time(trace.facts["counts"])
    full, zero = numbers.real("cycle.full") * reference, numbers.real("cycle.zero") * reference
    time, wanted = last_action(trace), round(full, 1)
    if not_done:
        message = _("Cycle time counts only when the whole job is done: {why}").format(why=not_done)
        return Check(name, "cycle", 0.0, points, None, wanted, "s", None, message, "cycle")
    earned = points * ramp(time, full, zero)
    text = _("The job took {time:.1f} s; full points up to {full:.1f} s, none from {zero:.1f} s on.")
    message = "" if round(earned, 2) == points else text.format(time=time, full=full, zero=zero)
    return Check(name, "cycle", earned, points, round(time, 2), wanted, "s", time, message, "cycle")


def safety(trace: Trace, numbers: Numbers) -> list[Check]:
    """All points at the start; each unintended contact and an emergency stop take some, one check for each loss."""
    left = maximum = numbers.points("safety")
    checks: list[Check] = []
    for key, name, cost, time, message in sorted(_incidents(trace, numbers), key=lambda incident: incident[3]):
        cost = min(cost, left)
        if cost > 0.0:
            checks.append(Check(name, "safety", 0.0, cost, 1.0, 0.0, "", time, message, key))
            left = round(left - cost, 2)
    if left > 0.0 or maximum == 0.0:
        name = _("No unintended contact") if not checks else _("No further contact or stop")
        checks.append(Check(name, "safety", left, left, 0.0, 0.0, "", None, "", "no-contact"))
    return checks


_Incident = tuple[str, str, float, float, str]  # key, name, points, time [s], message


def _incidents(trace: Trace, numbers: Numbers) -> list[_Incident]:
    cost, again = numbers.real("safety.contact"), numbers.real("safety.again_s")
    most = numbers.points("safety") / cost if cost else 0.0
    incidents: list[_Incident] = []
    for event in trace.events_of("contact"):
        if event.data.get("meant"):
            continue
        time = event.step * trace.step_s
        force, lasted = _rest_of_contact(trace, event.step, event.data)
        name, message = _contact_words(trace, event, force, lasted)
        incidents.append(("contact", name, cost, time, message))
        for n in range(1, 1 + int(max(0.0, min(lasted / again, most)))):  # more could not cost more
            lasting = _("{contact}, still after {time:g} s").format(contact=name, time=n * again)
            text = _("A contact that lasts counts again every {again:g} s, this one at {time:.1f} s. {message}")
            told = text.format(again=again, time=time + n * again, message=message)
            incidents.append(("contact", lasting, cost, time + n * again, told))
    stop = _stop(trace)
    if stop is not None:
        message = _("The equipment was stopped at {time:.1f} s: {why}").format(time=stop[0], why=stop[1])
        incidents.append(("stop", _("Emergency stop"), numbers.real("safety.emergency_stop"), stop[0], message))
    return incidents


def _contact_words(trace: Trace, event: Event, force: float, lasted: float) -> tuple[str, str]:
    """Title and message of a contact that was not meant: what touched what, or what fell on the table."""
    a, b = str(event.data["a"]), str(event.data["b"])
    part = next((one for one, other in ((a, b), (b, a)) if other == "table" and _is_loose(trace, one)), "")
    time = event.step * trace.step_s
    if part and not _is_held(trace, part, event.step):
        name = _("{part} fell on the table").format(part=_body(part).capitalize())
        text = _(
            "{part} fell on the table at {time:.1f} s, with up to {force:.0f} N, and lay there for {lasted:.1f} s."
        )
        return name, text.format(part=_body(part).capitalize(), time=time, force=force, lasted=lasted)
    if part:
        a, b = part, "table"
    name = _("Unintended contact: {a} and {b}").format(a=_body(a), b=_body(b))
    text = _("{a} and {b} touched at {time:.1f} s, with up to {force:.0f} N, for {lasted:.1f} s.")
    return name, text.format(a=_body(a).capitalize(), b=_body(b), time=time, force=force, lasted=lasted)


def _is_loose(trace: Trace, name: str) -> bool:
    """Whether a body can fall: it moves in this run, and is none of the robot's."""
    names = list(trace.bodies)
    tools = [n for n, body in enumerate(names) if body == "tool" or body.startswith("finger_")]
    if name not in names[max(tools, default=-1) + 1 :] or len(trace.time) == 0:
        return False
    return bool(np.ptp(trace.body(name)[:, :3], axis=0).max() > 1e-3)


def _is_held(trace: Trace, part: str, step: int) -> bool:
    """Whether the tool holds a part at this step."""
    handled = [
        event.kind
        for event in trace.events_of("grip", "release", "lost")
        if event.step <= step and event.data.get("part") == part
    ]
    return handled[-1:] == ["grip"]


def _stop(trace: Trace) -> tuple[float, str] | None:
    """When [s] and why the equipment was stopped. The event counts, whatever the outcome: a program that ends with an
    error of its own while the arm runs into something has still run into it."""
    for event in trace.events_of("emergency_stop"):
        return event.step * trace.step_s, f"{event.data.get('reason', '')}."
    if trace.outcome.kind is OutcomeKind.EMERGENCY_STOP:
        return trace.duration, trace.outcome.reason.removeprefix(_("Emergency stop: {reason}.").partition("{")[0])
    return None


def _rest_of_contact(trace: Trace, step: int, data: object) -> tuple[float, float]:
    """Peak force [N] and duration [s] of the contact that began at `step`; to the end of the run if it never ended."""
    assert isinstance(data, dict)
    for event in trace.events_of("contact_end"):
        if event.step >= step and (event.data["a"], event.data["b"]) == (data["a"], data["b"]):
            return float(event.data["peak_N"]), float(event.data["duration_s"])
    return float(data["force_N"]), trace.duration - step * trace.step_s


def _body(name: object) -> str:
    """A body's name as people write it."""
    return str(name).replace("_", " ")
