"""Compliance: along chosen axes the arm follows a force instead of a position; the moves keep the others.

Theory of operation. The servos hold positions, so the force is made by moving the target (an admittance). Every tick
reads the wrench at the wrist. Along the chosen axes the target moves with

    speed = BANDWIDTH * (stiffness of the arm along these axes)^-1 * (wanted force - present force)

The stiffness of the arm at the TCP follows from the stiffness of its servos and its Jacobian. Against something
much stiffer than the arm, the force then follows with the time constant 1 / BANDWIDTH in every posture and along every
axis; against something softer it follows more slowly. So there is nothing to tune, and the delay of a tick and of the
servos (about 20 ms) is half of that time. In free air this would be slow: where less than half of a wanted force
is met for a while, the target goes towards it with up to the speed that was allowed.

Moves are given to the interpolator as always. What they do along the chosen axes is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose, rotvec_from_matrix
from sheber.robot.clock import STEP_S
from sheber.robot.motion import errors as e
from sheber.robot.motion import kinematics
from sheber.robot.motion.closed_form import closed_form
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.motion.words import place

__all__ = ["AXES", "Compliance", "rotations"]

Array = NDArray[np.float64]

AXES = ("x", "y", "z", "rx", "ry", "rz")
BANDWIDTH = 25.0  # rad/s, of the force against something stiff
MET = 0.5  # of a wanted force: from here on something is touched
LOST = 30  # ticks without it, until what was touched counts as lost: a tool that slides may hop
REFRESH = 10  # ticks after which the stiffness is worked out anew
SLOWING = 20.0  # 1/s: so near (speed over this) to the end of its travel it gets slower
_EYE = np.eye(3)
_TINY = float(np.finfo(np.float64).eps)
ARRIVED = 0.005  # of the travel: so near to its end it is used up


class Sensed(Protocol):
    """What it reads of the cell."""

    @property
    def wrench(self) -> Array:
        """What the surroundings do to the tool (6,): N and Nm at the TCP, in its axes."""
        ...

    @property
    def joint_stiffness(self) -> Array:
        """Of the servos (n,) Nm/rad."""
        ...


class Compliance:
    """Joint targets that give way: a motion (`sheber.robot.serving.Motion`) around the interpolator."""

    every_tick = True

    def __init__(
        self,
        inner: Interpolator,
        T_flange_tcp: Pose,
        axes: Array,
        wanted: dict[str, float],
        speed: float,
        travel: float,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """From rest. `axes` (3, 3): the columns are the axes in the base frame.

        `wanted`: what the tool shall do to its surroundings along each chosen axis, N and Nm. `speed`: m/s at most
        along them; `travel`: m at most from where it begins. A turn counts `Arm.rotation_radius` metres a radian.
        `over` is called when the controller takes the arm back.
        """
        self.joints: Array = inner.joints
        self.moving = False
        self.fault: e.MotionError | None = None
        self._over = over
        self.offset = np.zeros(6)  # how far it gave way, m and rad along the axes
        self._inner, self._arm, self._T_flange_tcp, self._axes = inner, inner.arm, T_flange_tcp, axes
        self.wanted = wanted
        self._chosen = np.array([axis in wanted for axis in AXES])
        self._wanted = np.array([wanted.get(axis, 0.0) for axis in AXES])
        self._pushing = [(AXES.index(axis), force) for axis, force in wanted.items() if force != 0.0]
        self._speed, self._travel = speed, travel
        arm, slack = self._arm, 1e-9  # rad: rounding at a limit, as `kinematics.within` has it
        self._lower, self._upper, self._most = arm.lower - slack, arm.upper + slack, arm.max_speed * STEP_S
        self._form = closed_form(self._arm)
        self._branch = int(self._form.branches(self._arm, self.joints[None])[0])
        self._metres = np.array([1.0] * 3 + [self._arm.rotation_radius] * 3)  # that a unit of the offset counts
        self._tool, self._back = T_flange_tcp.matrix, T_flange_tcp.inverse().matrix
        self._start = self._tcp(self.joints[None])[0]
        self._velocity = np.zeros(6)  # of the offset
        self._lost = [LOST] * 6  # ticks since each axis met half of its force
        self._gain = np.zeros((6, 6))
        self._age = REFRESH
        self._stopping = False
        self._told = b""  # what the moves gave last, ...
        self._moves_own: tuple[Array, Array, Array]  # ... and what follows from it: see `_from_moves`

    # --- the motion -------------------------------------------------------------------------

    def next(self, steps: int, cell: Sensed) -> Array:
        """Joint targets (steps, n) [rad]; where it can go no further, `fault` says why and it stands."""
        if self.fault is not None:
            return np.broadcast_to(self.joints, (steps, len(self.joints)))
        nominal = self._inner.next(steps)
        R_base_tcp = self._read(nominal)
        before, after = self._velocity, self._steered(cell, R_base_tcp, steps * STEP_S)
        share, half_square = _shares(steps)
        offsets = self.offset + steps * STEP_S * (before * share + (after - before) * half_square)
        q = self._solved(self._placed(offsets))
        self.fault = self._fault(q, offsets[-1])
        if self.fault is not None:
            self.moving, self._velocity = False, np.zeros(6)
            return np.broadcast_to(self.joints, (steps, len(self.joints)))
        self._velocity, self.offset, self.joints = after, offsets[-1], q[-1]
        self.moving = self._inner.moving or (self._stopping and bool(after.any()))
        return q

    def remaining_steps(self) -> int:
        """Physics steps until the moves are done; at least one while it still brakes."""
        return max(self._inner.remaining_steps(), int(self.moving))

    def stop(self) -> None:
        """Brake, along the chosen axes too, and give way no more."""
        self._inner.stop()
        self._stopping = True
        self.moving = self.fault is None and (self._inner.moving or bool(self._velocity.any()))

    def over(self) -> None:
        """The controller takes the arm back."""
        self._over()

    # --- the law ----------------------------------------------------------------------------

    def _steered(self, cell: Sensed, R_base_tcp: Array, seconds: float) -> Array:
        """The velocity (6,) of the offset at the end of the next `seconds`."""
        goal = np.zeros(6) if self._stopping else self._slowed(self._sought(cell, R_base_tcp))
        change = (goal - self._velocity) * self._metres
        size, most = _length(change), self._arm.max_linear_acceleration * seconds
        if size <= most:
            return goal
        velocity: Array = self._velocity + change / self._metres * (most / size)
        return velocity

    def _sought(self, cell: Sensed, R_base_tcp: Array) -> Array:
        """The velocity (6,) that the forces ask for."""
        self._age += 1
        if self._age >= REFRESH:
            self._age, self._gain = 0, self._gains(cell.joint_stiffness, R_base_tcp)
        felt = (cell.wrench.reshape(2, 3) @ (self._axes.T @ R_base_tcp).T).reshape(6)
        met = -felt  # what the tool does to its surroundings
        velocity: Array = self._gain @ np.where(self._chosen, self._wanted - met, 0.0)
        for axis, wanted in self._pushing:
            sign = math.copysign(1.0, wanted)
            free = _missing(float(met[axis]) * sign, MET * abs(wanted))
            self._lost[axis] = self._lost[axis] + 1 if free > 0.0 else 0
            if self._lost[axis] <= LOST:
                continue
            most = self._speed / self._metres[axis]
            towards = sign * max(most, abs(velocity[axis]))
            velocity[axis] += free * (towards - velocity[axis])
        return velocity

    def _gains(self, joint_stiffness: Array, R_base_tcp: Array) -> Array:
        """Velocities (6, 6) a unit of missing force and torque, along the chosen axes."""
        J = kinematics.jacobian(self._arm, self.joints)
        R_base_flange = R_base_tcp @ self._T_flange_tcp.rotation.T
        lever = R_base_flange @ self._T_flange_tcp.position
        J[:3] += kinematics.cross(J[3:], lever[:, None])
        J = np.vstack((self._axes.T @ J[:3], self._axes.T @ J[3:]))
        stiffness = np.linalg.pinv(J / joint_stiffness @ J.T)
        chosen = np.ix_(self._chosen, self._chosen)
        gains = np.zeros((6, 6))
        gains[chosen] = BANDWIDTH * np.linalg.inv(stiffness[chosen])
        return gains

    def _slowed(self, velocity: Array) -> Array:
        """Within the speed, and slower towards the end of the travel."""
        asked, gone = velocity * self._metres, self.offset * self._metres
        speed, most = _length(asked), self._speed
        if asked.dot(gone) > 0.0:
            most = min(most, SLOWING * max(self._travel - _length(gone), 0.0))
        return velocity if speed <= most else velocity * (most / speed)

    # --- from offsets to joints --------------------------------------------------------------

    def _tcp(self, q: Array) -> Array:
        """T_base_tcp (n, 4, 4) for joints (n, 6)."""
        poses: Array = kinematics.forward_all(self._arm, q) @ self._tool
        return poses

    def _read(self, nominal: Array) -> Array:
        """R_base_tcp (3, 3) of the last target; and note what the moves' own joints (n, 6) come to."""
        told = nominal.tobytes()
        if told == self._told:
            return self._tcp(self.joints[None])[0, :3, :3]
        T = self._tcp(np.concatenate((nominal, self.joints[None])))
        self._told, self._moves_own = told, self._from_moves(T[:-1])
        return T[-1, :3, :3]

    def _from_moves(self, T: Array) -> tuple[Array, Array, Array]:
        """The moves' own T_base_tcp (n, 4, 4), and how far they go and turn along the axes not chosen (n, 3)."""
        moved = (T[:, :3, 3] - self._start[:3, 3]) @ self._axes
        moved[:, self._chosen[:3]] = 0.0
        turned = np.where(self._chosen[3:], 0.0, self._turns(T)) if self._chosen[3:].any() else moved
        return T, moved, turned

    def _placed(self, offsets: Array) -> Array:
        """T_base_tcp (n, 4, 4): the moves' own along the other axes, the offsets along the chosen ones."""
        own, moved, turned = self._moves_own
        axes, start, T = self._axes, self._start, own.copy()
        T[:, :3, 3] = start[:3, 3] + (moved + offsets[:, :3]) @ axes.T
        if self._chosen[3:].any():
            T[:, :3, :3] = axes @ rotations(turned + offsets[:, 3:]) @ axes.T @ start[:3, :3]
        return T

    def _turns(self, T: Array) -> Array:
        """By how much the moves turned the tool (n, 3), as rotation vectors [rad] along the axes."""
        found, known, own = np.empty((len(T), 3)), np.zeros((3, 3)), np.zeros(3)
        for row, R in enumerate(T[:, :3, :3]):
            if not (known == R).all():  # while no move turns the tool, all are alike
                known = R
                own = rotvec_from_matrix(self._axes.T @ R @ self._start[:3, :3].T @ self._axes)
            found[row] = own
        return found

    def _solved(self, T_base_tcp: Array) -> Array:
        """Joints (n, 6), NaN where there are none; each turned to be next to the one before."""
        q = self._form.inverse_branch(self._arm, T_base_tcp @ self._back, self._branch)
        turns: Array = q + 2.0 * np.pi * np.rint((self.joints - q) / (2.0 * np.pi))
        return turns

    def _place(self) -> Any:
        """Where the TCP is, in words."""
        return place(self._tcp(self.joints[None])[0, :3, 3])

    def _fault(self, q: Array, offset: Array) -> e.MotionError | None:
        """Why the arm cannot go on to these joints (n, 6)."""
        steps = np.abs(q - np.concatenate((self.joints[None], q[:-1])))
        if not ((q >= self._lower) & (q <= self._upper) & (steps <= self._most)).all():  # NaN is none of these
            return self._joints_fault(q, steps)
        gone = _length(offset * self._metres)
        if gone >= (1.0 - ARRIVED) * self._travel:
            return e.NoContact(e.GAVE_WAY_TO_THE_END(place=self._place(), travel=self._travel * 1000.0))
        return None

    def _joints_fault(self, q: Array, steps: Array) -> e.MotionError:
        """Why the joints (n, 6) cannot go there, in these steps (n, 6) rad."""
        if np.isnan(q).any():
            return e.Unreachable(e.GAVE_WAY_TOO_FAR(place=self._place()))
        outside = ~((q >= self._lower) & (q <= self._upper)).all(axis=0)
        if outside.any():
            joint = int(outside.argmax())
            return e.JointLimit(
                e.GAVE_WAY_TO_LIMIT(place=self._place(), number=joint + 1, name=self._arm.joints[joint].name)
            )
        return e.Singularity(e.GAVE_WAY_TO_SINGULARITY(place=self._place()))


@cache
def _shares(steps: int) -> tuple[Array, Array]:
    """The share of a tick that is over after each of its steps (steps, 1), and half of its square."""
    share: Array = np.arange(1, steps + 1)[:, None] / steps
    return share, share**2 / 2.0


def rotations(vectors: Array) -> Array:
    """Rotation matrices (n, 3, 3) of rotation vectors (n, 3) [rad] (Rodrigues 1840); near zero too."""
    angle = np.sqrt((vectors * vectors).sum(axis=1))[:, None, None]
    x, y, z = vectors.T
    cross = np.zeros((len(vectors), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -z, y, -x
    cross[:, 1, 0], cross[:, 2, 0], cross[:, 2, 1] = z, -y, x
    sine, cosine = _sinc(angle / np.pi), 0.5 * _sinc(angle / (2.0 * np.pi)) ** 2  # sin a / a, (1 - cos a) / a^2
    turned: Array = _EYE + sine * cross + cosine * (cross @ cross)
    return turned


def _missing(met: float, wanted: float) -> float:
    """The share 0..1 of a wanted force >= 0 that is not met; it may be as small as a number can be."""
    if met <= 0.0:
        return 1.0
    return 0.0 if met >= wanted else 1.0 - met / wanted


def _sinc(x: Array) -> Array:
    """sin(pi x) / (pi x); near zero too."""
    y = np.pi * x
    y = np.where(y, y, _TINY)
    ratio: Array = np.sin(y) / y
    return ratio


def _length(vector: Array) -> float:
    return math.sqrt(vector.dot(vector))
