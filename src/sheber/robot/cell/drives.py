"""Drives: bodies that a motor turns about an axis: a turntable, the axes of a positioner.

Theory of operation. As the arm's servo (see `arm`): a target for every physics step, feedback by stiffness and damping,
and the torque that the acceleration needs, within the torque of the motor. The inertia that counts is the motor's, seen
through its gears; what lies on the body is small beside it. Weight of the body itself is balanced.

Targets come from a jerk-limited profile; several axes start and end together. A body that stands falls asleep with what
lies on it. Whoever lets it move wakes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Trajectory

from sheber.geometry import Pose
from sheber.robot.cell.fixtures import Waker
from sheber.robot.cell.scene import Shape
from sheber.robot.cell.world import SCENERY, World, add_shape, solid_shapes
from sheber.robot.clock import STEP_S

__all__ = ["Drive", "Limits", "add_driven", "stepping"]

Array = NDArray[np.float64]

INERTIA: Final = 20.0  # kg m2, of a motor behind its gears
OMEGA: Final = 2.0 * np.pi * 20.0  # rad/s, stiffness of the servo
JERK_S: Final = 0.1  # s in which a motion comes to its acceleration
WEIGHT: Final = 1.0  # kg: the weight is balanced and the motor's inertia counts, so it says little
POSITION_SPEED_TORQUE: Final = 7  # bits of the inputs of a servo


class Limits(NamedTuple):
    """Of one axis."""

    speed: float  # rad/s
    acceleration: float  # rad/s2


def add_driven(
    spec: Any,
    parent: Any,
    name: str,
    pose: Pose,
    shapes: Sequence[Shape],
    torque: float,
    friction: float,
    axis: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> Any:
    """Add a body with a motor to `parent`; returns the engine's body.

    pose: T_parent_body at zero; torque: Nm, the motor's most; axis: a direction and a point of it [m], in the body.
    """
    body = parent.add_body(name=name, pos=pose.position, quat=pose.quaternion)
    body.explicitinertial, body.gravcomp = True, 1.0
    body.mass, body.inertia = WEIGHT, (0.01, 0.01, 0.01)
    if parent.name == "world":  # the policy is that of a whole tree; with motors the engine would choose never
        body.sleep = mujoco.mjtSleepPolicy.mjSLEEP_ALLOWED
    hinge = body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis[0], pos=axis[1])
    hinge.armature = INERTIA
    hinge.actgravcomp = True
    hinge.actfrclimited, hinge.actfrcrange = True, (-torque, torque)
    for shape in solid_shapes(tuple(shapes)):
        add_shape(spec, body, shape, friction, SCENERY)
    motor = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    kp, kv = INERTIA * OMEGA**2, 2.0 * INERTIA * OMEGA
    motor.set_to_pid(kp=kp, kv=kv, ki=0.0, imax=1.0, ctrlspec=POSITION_SPEED_TORQUE)
    return body


class Drive:
    """The motors of one or more axes, alive, that start and end together."""

    def __init__(self, world: World, names: Sequence[str], limits: Sequence[Limits], waker: Waker) -> None:
        """`names`: of the driven bodies, the engine's motors in their order, one after another."""
        model, data = world.model, world.data
        self._bodies = [world.body(name) for name in names]
        joints = [int(model.body_jntadr[body]) for body in self._bodies]
        first = int(model.jnt_qposadr[joints[0]])
        self.angles: Array = data.qpos[first : first + len(names)]  # (n,) rad, true; a view
        ctrl = int(model.actuator_ctrladr[model.actuator(names[0]).id])
        self._controls = data.ctrl[ctrl : ctrl + 3 * len(names)].reshape(-1, 3)
        self._limits, self._waker = limits, waker
        self._path = np.tile(self.angles, (2, 1))  # (2, n) targets of the last two steps
        self._rows: list[Array] = []  # controls of the steps that come
        self._trajectory: Trajectory | None = None
        self._time = 0.0  # s, along it
        self._ends = False  # it comes to rest
        self._next: tuple[Sequence[float], Sequence[Limits]] | None = None  # goal and limits of what comes after that

    @property
    def target(self) -> Array:
        """Where the axes are to be now (n,) rad."""
        target: Array = self._path[-1]
        return target

    @property
    def moving(self) -> bool:
        """The targets change."""
        return self._trajectory is not None

    @property
    def remaining(self) -> float:
        """Seconds until the targets rest; 0 where they do, or never will."""
        return max(0.0, self._trajectory.duration - self._time) if self._trajectory and self._ends else 0.0

    def go(self, goal: Sequence[float], limits: Sequence[Limits] | None = None) -> None:
        """Move to angles (n,) rad within `limits`, or those of the axes.

        On the way to somewhere else the axes go on from there, or come to rest first where there is no such motion.
        """
        wanted = limits or self._limits
        self._next = None
        if not self._plan(wanted, goal=goal):
            self.run([0.0] * len(self._bodies))
            self._next = goal, wanted

    def run(self, speeds: Sequence[float]) -> None:
        """Come to these speeds (n,) rad/s and keep them; zeros let it come to rest."""
        self._next = None
        if not self._plan(self._limits, speeds=speeds):
            raise ArithmeticError(f"no motion from {self._state()} to the speeds {speeds}")
        self._ends = not any(speeds)

    def _plan(
        self, limits: Sequence[Limits], goal: Sequence[float] | None = None, speeds: Sequence[float] | None = None
    ) -> bool:
        """Whether there is a motion from the state now to a goal or to speeds; it is what comes then."""
        n = len(self._bodies)
        position, speed, acceleration = self._state()
        asked, found = InputParameter(n), Trajectory(n)
        asked.current_position, asked.current_velocity, asked.current_acceleration = position, speed, acceleration
        asked.max_velocity = [one.speed for one in limits]
        most = [max(one.acceleration, abs(now)) for one, now in zip(limits, acceleration, strict=True)]
        asked.max_acceleration, asked.max_jerk = most, [one / JERK_S for one in most]
        if speeds is not None:
            asked.control_interface, asked.target_velocity = ControlInterface.Velocity, list(speeds)
        elif goal is not None:
            asked.target_position = list(goal)
        try:
            if Ruckig(n).calculate(asked, found) not in (Result.Working, Result.Finished):
                return False
        except (RuckigError, ValueError):  # the second: an error whose number the binding does not know
            return False
        self._trajectory, self._time, self._ends = found, 0.0, True
        return True

    def _state(self) -> tuple[list[float], list[float], list[float]]:
        """Targets now, their speeds and accelerations."""
        if self._trajectory is None:
            zeros = [0.0] * len(self._bodies)
            return self.target.tolist(), zeros, zeros
        position, speed, acceleration = self._trajectory.at_time(self._time)
        return list(position), list(speed), list(acceleration)

    def advance(self, steps: int) -> None:
        """Make the controls of the steps that come; called before them."""
        self._rows = []
        if self._trajectory is None:
            return
        self._waker.wake(self._bodies)
        path = np.concatenate((self._path, self._targets(self._trajectory, steps)))
        speeds = np.diff(path, axis=0) / STEP_S
        torques = INERTIA * np.diff(speeds, axis=0) / STEP_S
        rows = np.stack((path[1:-1], speeds[1:], torques), axis=2)  # (steps, n, 3), see `arm`
        self._rows = list(rows[::-1])
        self._path = path[-2:]
        if self._ends and self._time >= self._trajectory.duration + 2 * STEP_S:
            self._trajectory = None
            if self._next is not None:
                self.go(*self._next)

    def _targets(self, trajectory: Trajectory, steps: int) -> Array:
        times = self._time + STEP_S * np.arange(1, steps + 1)
        self._time = float(times[-1])
        return np.array([trajectory.at_time(time)[0] for time in times.tolist()])

    def write(self) -> None:
        """Give the motors their controls of the next step."""
        if self._rows:
            self._controls[:] = self._rows.pop()


def stepping(drives: Sequence[Drive]) -> Callable[[Any, Any], None]:
    """The engine's step for a cell with drives: they are told what to do before each."""

    def step(model: Any, data: Any) -> None:
        for drive in drives:
            drive.write()
        mujoco.mj_step(model, data)

    return step
