"""Legs: a move worked out for an arm: its joints along the whole way, checked, with its limits.

A leg begins where the one before it ends. Working it out checks everything that can be known
before moving: reach, joint limits, singularities, speeds, and the arm against itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.i18n import Message, Text
from sheber.robot.arms import Arm
from sheber.robot.motion import errors as e
from sheber.robot.motion import kinematics
from sheber.robot.motion.closed_form import closed_form
from sheber.robot.motion.curve import JointCurve, hermite, straight
from sheber.robot.motion.errors import JointLimit, MotionError, SelfCollision, Singularity, SpeedLimit, Unreachable
from sheber.robot.motion.flags import flags
from sheber.robot.motion.moves import Move, MoveCircular, MoveJoints, MoveLinear, MoveTo
from sheber.robot.motion.paths import Arc, Corner, Line, SpatialPath, corner_weight
from sheber.robot.motion.words import in_words, joints_in_words, place

__all__ = ["Bend", "Leg", "Planner", "Span"]

Array = NDArray[np.float64]
SelfCollides = Callable[[Array], int]

_GRID = 0.005  # m (or u * m in a corner): distance of the knots on a Cartesian path
_JOINT_GRID = 0.05  # rad that a joint turns at most between two knots; more means a finer grid
_FINEST = 4096  # knots; a path that asks for more runs into a singularity
_SPANS = 8  # parts of a path that get speed limits of their own where joints limit the speed
_MARGIN = 0.97  # of the joint accelerations, for what the pieces of a curve leave out
_SPEED_MARGIN = 0.9999  # of the joint speeds, likewise
_BEND_SHARE = 0.5  # of a joint's acceleration that the bend of the path may use up
_CORNER_KNOTS = 32
_CHECKS = 0.08  # rad between two checks of the arm against itself


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One move from where the last one ends."""

    move: Move
    length: float  # in the leg's unit: m on a Cartesian path, rad of the farthest joint otherwise; 0: already there
    curve: JointCurve
    path: SpatialPath | None  # None for a joint move
    branch: int  # of the inverse kinematics, on a Cartesian path
    speed: float  # asked, unit/s
    acceleration: float  # asked, unit/s2
    end: Array  # (6,) joints at its end
    goal: Pose | None  # T_base_tcp at its end, where the move or its path says it
    spans: tuple[Span, ...]  # limits along it


@dataclass(frozen=True, slots=True)
class Span:
    """Limits between two parameters of a curve. They belong to the curve, however much of it is still to run."""

    start: float  # the curve's parameter
    end: float
    speed: float  # unit/s
    acceleration: float  # unit/s2, as asked for, or less where joints could not follow
    braking: float  # unit/s2, the most that the arm has there, whatever was asked for


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """The corner between two legs; its parameter runs from 0 to 1."""

    curve: JointCurve
    span: Span
    zone_first: float  # what it takes from the end of the first leg, in that leg's unit
    zone_second: float  # ... and from the start of the second


class Planner:
    """Turns moves into legs, and legs into stretches, for one arm and one tool."""

    def __init__(self, arm: Arm, T_flange_tcp: Pose, self_collides: SelfCollides | None = None) -> None:
        self.arm = arm
        self.form = closed_form(arm)
        self._called = dict(arm.singularities)
        self.self_collides = self_collides
        self.T_flange_tcp = T_flange_tcp
        self._tcp_flange = T_flange_tcp.inverse().matrix
        self._per_speed = 1.0 / (_SPEED_MARGIN * arm.max_speed)
        self._per_acceleration = 1.0 / (_MARGIN * arm.max_acceleration)

    # --- moves to legs ----------------------------------------------------------------------

    def leg(self, move: Move, q_start: Array, start: Pose | None = None) -> Leg:
        """The leg of a move that starts at joints (6,) and T_base_tcp, where that is known.

        Raises MotionError in words for the student.
        """
        if isinstance(move, MoveJoints):
            self._check_joints(move.q)
            return self._joint_leg(move, q_start, np.array(move.q, dtype=np.float64), None)
        if isinstance(move, MoveTo):
            return self._joint_leg(move, q_start, self.goal(move.pose, q_start, move.configuration), move.pose)
        return self._spatial_leg(move, q_start, start or self.tcp(q_start))

    def goal(self, pose: Pose, q_near: Array, configuration: str = "") -> Array:
        """The joints (6,) that reach T_base_tcp, in the configuration that is named.

        Without a name the arm keeps the configuration it is in; where that one does not reach the pose
        it turns its wrist over, then its elbow, and changes its shoulder last.
        """
        T = pose.matrix @ self._tcp_flange
        allowed = kinematics.matching(self.arm, configuration)
        every = self.form.inverse(self.arm, T[None])[0]
        exists = ~np.isnan(every[:, 0])
        if not exists.any():
            raise Unreachable(self._out_of_reach(pose))
        here = int(self.form.branches(self.arm, q_near[None])[0])
        branches = sorted((branch for branch in allowed if exists[branch]), key=lambda branch: branch ^ here)
        if not branches:
            every_name = (kinematics.named(self.arm, name) for name in self.form.configurations)
            names = [name for name, there in zip(every_name, exists, strict=True) if there]
            raise Unreachable(e.OTHER_CONFIGURATION(pose=self._named(pose), asked=configuration, names=names))
        q = kinematics.nearest(self.arm, every[branches], q_near)
        legal = kinematics.within(self.arm, q).all(axis=1)
        if not legal.any():
            raise JointLimit(self._beyond(e.RANGE_AT_POSE, q[0], pose=self._named(pose)))
        best: Array = q[int(legal.argmax())]
        return best

    def tcp(self, q: Array) -> Pose:
        """T_base_tcp for joints (6,)."""
        pose: Pose = kinematics.forward(self.arm, q) @ self.T_flange_tcp
        return pose

    def _joint_leg(self, move: MoveJoints | MoveTo, q_start: Array, q_end: Array, goal: Pose | None) -> Leg:
        arm = self.arm
        speed = _limited(move.speed, arm.joint_speed, float(arm.max_speed.max()), e.TOO_FAST, "deg/s")
        acceleration = _limited(
            move.acceleration, arm.joint_acceleration, float(arm.max_acceleration.max()), e.TOO_SUDDEN, "deg/s2"
        )
        length = float(np.abs(q_end - q_start).max())
        curve = straight(q_start, q_end, max(length, 1e-12))
        spans = self._spans(curve, speed, acceleration, float(arm.max_acceleration.max()))
        leg = Leg(move, length if length > 1e-9 else 0.0, curve, None, -1, speed, acceleration, q_end, goal, spans)
        self._check_itself(leg)
        return leg

    def _spatial_leg(self, move: MoveLinear | MoveCircular, q_start: Array, start: Pose) -> Leg:
        arm = self.arm
        speed = _limited(move.speed, arm.linear_speed, arm.max_linear_speed, e.TOO_FAST, "mm/s")
        acceleration = _limited(
            move.acceleration, arm.linear_acceleration, arm.max_linear_acceleration, e.TOO_SUDDEN, "mm/s2"
        )
        goal = move.pose if isinstance(move, MoveLinear) else move.to
        path: SpatialPath = Line(start, goal, arm.rotation_radius)
        if isinstance(move, MoveCircular):
            try:
                path = Arc(start, move.via, goal, arm.rotation_radius)
            except ValueError as error:
                points = {"start": start.position, "via": move.via.position, "to": goal.position}
                told = e.NO_CIRCLE(**{name: place(position) for name, position in points.items()})
                raise Unreachable(told) from error
        if path.length < 1e-7:
            curve = straight(q_start, q_start, 1.0)
            return Leg(move, 0.0, curve, path, -1, speed, acceleration, q_start, goal, ())
        branch = int(self.form.branches(arm, q_start[None])[0])
        q = self._solve(path, branch, q_start, goal)
        if path.bend() > 0.0:  # the centripetal acceleration is held to the asked one as well
            speed = min(speed, math.sqrt(acceleration / path.bend()))
        curve = hermite(q, path.length)
        spans = self._spans(curve, speed, acceleration, arm.max_linear_acceleration)
        leg = Leg(move, path.length, curve, path, branch, speed, acceleration, q[-1], goal, spans)
        self._check_itself(leg)
        return leg

    def _solve(self, path: SpatialPath | Corner, branch: int, q_start: Array, goal: Pose, knots: int = 0) -> Array:
        """Joints (m + 1, 6) at equal distances along a path, checked."""
        knots = knots or min(_FINEST, max(12, math.ceil(path.length / _GRID)))
        s = _even(path.length, knots + 1)
        position, rotation = path.at(s)
        T = np.zeros((len(s), 4, 4))
        T[:, :3, :3], T[:, :3, 3], T[:, 3, 3] = rotation, position, 1.0
        q = self.form.inverse_branch(self.arm, T @ self._tcp_flange, branch)
        fraction = s / path.length
        missing = np.isnan(q[:, 0])
        if missing.any():
            raise Unreachable(self._lost(goal, float(fraction[missing.argmax()]), position[missing.argmax()]))
        q[0] += 2.0 * math.pi * np.rint((q_start - q[0]) / (2.0 * math.pi))
        turns = q[1:] - q[:-1]
        if np.abs(turns).max() > math.pi:
            q[1:] -= 2.0 * math.pi * np.cumsum(np.rint(turns / (2.0 * math.pi)), axis=0)
            turns = q[1:] - q[:-1]
        self._check_singular(q, goal, fraction, position)
        if np.abs(turns).max() > _JOINT_GRID:
            if 2 * knots <= _FINEST:
                return self._solve(path, branch, q_start, goal, 2 * knots)
            worst = int(np.abs(np.diff(q, axis=0)).max(axis=1).argmax())
            raise Singularity(self._singular(goal, "", float(fraction[worst]), position[worst]))
        beyond = ~kinematics.within(self.arm, q).all(axis=1)
        if beyond.any():
            k = int(beyond.argmax())
            percent = 100.0 * float(fraction[k])
            raise JointLimit(self._beyond(e.RANGE_ON_PATH, q[k], pose=self._named(goal), percent=percent))
        return q

    # --- checks -----------------------------------------------------------------------------

    def _check_joints(self, q: Array) -> None:
        q = np.asarray(q, dtype=np.float64)
        if not kinematics.within(self.arm, q).all():
            raise JointLimit(self._beyond(e.RANGE_OF_JOINTS, q, joints=joints_in_words(q)))

    def _check_singular(self, q: Array, goal: Pose, fraction: Array, position: Array) -> None:
        nearness = self.form.nearness(self.arm, q)
        near = nearness < 1.0
        if near.any():
            k = int(near.any(axis=1).argmax())
            kind = self.form.singularities[int(nearness[k].argmin())]
            raise Singularity(self._singular(goal, kind, float(fraction[k]), position[k]))

    def _check_itself(self, leg: Leg) -> None:
        if self.self_collides is None or leg.length == 0.0:
            return
        turned = float(leg.curve.bounds()[0].max()) * leg.length
        s = _even(leg.length, min(512, 2 + int(turned / _CHECKS)))
        q = leg.curve.at(s)
        k = self.self_collides(q)
        if k >= 0:
            pose = self._named(leg.goal or self.tcp(leg.end))
            percent = 100.0 * float(s[k]) / leg.length
            raise SelfCollision(e.HITS_ITSELF(pose=pose, percent=percent, joints=self._posture(q[k])))

    # --- words ------------------------------------------------------------------------------

    def _named(self, pose: Pose) -> str:
        return in_words(pose, self.arm.orientation)

    def _posture(self, q: Array) -> str:
        """Joints (6,) in words, with the maker's flags where it writes any."""
        written = flags(self.arm, kinematics.configuration(self.arm, q), q)
        return f"{joints_in_words(q)}, {written}" if written else joints_in_words(q)

    def _out_of_reach(self, pose: Pose) -> Text:
        wrist = (pose.matrix @ self._tcp_flange) @ np.array([0.0, 0.0, -self.arm.dh[-1, 1], 1.0])
        x, y, z = (wrist[:3] - self.arm.foot).tolist()
        distance = math.hypot(x, y, z - float(self.arm.dh[0, 1]))
        if distance > self.arm.reach:
            return e.TOO_FAR(pose=self._named(pose), far=1000.0 * distance, reach=1000.0 * self.arm.reach)
        return e.TOO_NEAR(pose=self._named(pose), far=1000.0 * math.hypot(x, y))

    def _lost(self, goal: Pose, fraction: float, position: Array) -> Text:
        return e.LEAVES_REACH(pose=self._named(goal), percent=100.0 * fraction, place=place(position))

    def _singular(self, goal: Pose, kind: str, fraction: float, position: Array) -> Text:
        stretched = math.degrees(self.form.stretched(self.arm))
        folded = stretched + 180.0 if stretched <= 0.0 else stretched - 180.0
        why = e.WHY_SINGULAR.get(kind, e.WHY_SINGULAR[""])(stretched=stretched, folded=folded)
        if kind in self._called:
            why = e.CALLED(why=why, maker=self.arm.maker, called=self._called[kind])
        return e.SINGULAR(pose=self._named(goal), percent=100.0 * fraction, place=place(position), why=why)

    def _beyond(self, sentence: Message, q: Array, **values: object) -> Text:
        """The sentence about the first joint of q (6,) [rad] that is beyond its range."""
        k = int((~kinematics.within(self.arm, q)).argmax())
        joint = self.arm.joints[k]
        return sentence(
            **values,
            number=k + 1,
            name=joint.name,
            angle=math.degrees(q[k]),
            low=math.degrees(joint.lower),
            high=math.degrees(joint.upper),
        )

    # --- corners ----------------------------------------------------------------------------

    def zones(self, first: Leg, second: Leg) -> tuple[float, float]:
        """How much of each leg (in its unit) the corner between them takes; cut to half of each."""
        blend = first.move.blend
        return self._zone(first, blend, at_end=True), self._zone(second, blend, at_end=False)

    def _zone(self, leg: Leg, blend: float, at_end: bool) -> float:
        half = 0.5 * leg.length
        if isinstance(leg.path, Line):
            way = math.sqrt(leg.path.way.dot(leg.path.way))
            return min(half, blend * leg.length / way) if way > 1e-9 else half
        s = _even(half, 33)
        along = leg.length - s if at_end else s
        T = kinematics.forward_all(self.arm, leg.curve.at(along)) @ self.T_flange_tcp.matrix
        distance = np.linalg.norm(T[:, :3, 3] - T[0, :3, 3], axis=1)
        outside = distance > blend
        if not outside.any():
            return half
        k = int(outside.argmax())
        share = (blend - distance[k - 1]) / (distance[k] - distance[k - 1])
        return float(s[k - 1] + share * (s[k] - s[k - 1]))

    def bend(self, first: Leg, second: Leg, zone_first: float, zone_second: float) -> Bend | None:
        """The corner between two legs; None where it cannot be made and the robot has to stop in the corner point."""
        corner = None
        if first.path is not None and second.path is not None:
            corner = Corner(first.path, second.path, zone_first, zone_second)
            q_start = first.curve.at(np.array([first.length - zone_first]))[0]
            goal = second.goal or Pose()  # only for words that nobody reads
            try:
                q = self._solve(corner, first.branch, q_start, goal, _CORNER_KNOTS)
            except MotionError:
                return None
        u = _even(1.0, (_CORNER_KNOTS if corner is None else len(q) - 1) + 1)
        if corner is None:
            before, after = zone_first * corner_weight(u)[0], zone_second * corner_weight(1.0 - u)[0]
            q = first.curve.at(first.length - before) + second.curve.at(after) - first.end
        if not kinematics.within(self.arm, q).all():
            return None
        curve = hermite(q, 1.0)
        points = corner.at(u)[0] if corner is not None else q
        speed, acceleration, hardest = self._bend_limits(first, second, points, zone_first, zone_second)
        (span,) = self._spans(curve, speed, acceleration, hardest, 1)
        return Bend(curve, span, zone_first, zone_second)

    def _bend_limits(
        self, first: Leg, second: Leg, points: Array, zone_first: float, zone_second: float
    ) -> tuple[float, float, float]:
        """Speed, acceleration and hardest braking [1/s, 1/s2] of a corner's parameter, for points on it: (m, 3) m or
        (m, 6) rad.

        In space the TCP keeps to the speed and acceleration that were asked; where a joint move takes
        part, the joints do.
        """
        joint_legs = [leg for leg in (first, second) if leg.path is None]
        asked = max(leg.acceleration for leg in joint_legs or (first, second))
        h = 1.0 / (len(points) - 1)
        slope, bend = np.diff(points, axis=0) / h, np.diff(points, 2, axis=0) / (h * h)
        fastest = _size(slope, bool(joint_legs))
        speed = max(first.speed / (2.0 * zone_first), second.speed / (2.0 * zone_second))
        if not joint_legs:
            speed = min(speed, max(first.speed, second.speed) / fastest)
        speed = min(speed, math.sqrt(asked / _size(bend, bool(joint_legs))))
        hardest = float(self.arm.max_acceleration.max()) if joint_legs else self.arm.max_linear_acceleration
        return speed, asked / fastest, hardest / fastest

    def _spans(
        self, curve: JointCurve, speed: float, acceleration: float, hardest: float, most: int = _SPANS
    ) -> tuple[Span, ...]:
        """Limits along a curve: what was asked for, lowered where joints could not follow.

        `hardest`: braking [unit/s2] that the arm has where no joint limits it. most: parts of the curve.
        """
        slope, bend = curve.bounds()
        turns = np.maximum((slope * self._per_speed).max(axis=1), 1e-12)  # shares of what the joints have, (m,)
        bends = np.maximum((bend * self._per_acceleration).max(axis=1), 1e-12)
        pushes = np.maximum((slope * self._per_acceleration).max(axis=1), 1e-12)
        limit = np.minimum(speed, np.minimum(1.0 / turns, np.sqrt(_BEND_SHARE / bends)))
        by_joint = (1.0 - bends * limit**2) / pushes  # unit/s2 that the joints have
        asked, braking = np.minimum(acceleration, by_joint), np.minimum(max(hardest, acceleration), by_joint)
        parts = 1 if limit.min() >= speed else min(most, len(limit))
        edges = [len(limit) * k // parts for k in range(parts + 1)]
        return tuple(
            Span(a * curve.step, b * curve.step, *(float(values[a:b].min()) for values in (limit, asked, braking)))
            for a, b in pairwise(edges)
        )


def _even(length: float, count: int) -> Array:
    """`count` numbers from 0 to `length` at equal distances; numpy's own way there takes five times as long."""
    numbers: Array = np.arange(count, dtype=np.float64)
    numbers *= length / (count - 1)
    numbers[-1] = length
    return numbers


def _size(rows: Array, of_joints: bool) -> float:
    """The largest row: its largest entry for joints, its length for points in space."""
    sizes = np.abs(rows).max() if of_joints else np.linalg.norm(rows, axis=1).max()
    return max(float(sizes), 1e-9)


def _limited(asked: float | None, default: float, most: float, too_much: Message, unit: str) -> float:
    """A speed or an acceleration that was asked for, or its default. Raises SpeedLimit."""
    if asked is None:
        return default
    if asked > 0.0 and asked <= most * (1.0 + 1e-9):
        return min(asked, most)
    factor = 1000.0 if unit.startswith("mm") else math.degrees(1.0)
    raise SpeedLimit(too_much(asked=asked * factor, most=most * factor, unit=unit))
