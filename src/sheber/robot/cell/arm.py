"""Arm: its links and joints in the engine, and the servo that makes the joints follow their targets.

Theory of operation. A servo gets a target for every physics step and has three terms: feedback
(stiffness, damping, a slow integral for the weight of what is carried), gravity compensation of
the arm and the tool from the engine, and feed-forward of what the model says the motion needs:
M(q) * acceleration + centrifugal and Coriolis torques. Torque limits hold for the sum.

Steps are semi-implicit (q' = q + h v', v' = v + h a), so for targets q[i] a perfect servo is at
q[i-1] with speed v[i-1] at the start of step i. The step's position setpoint is therefore
q[i-1]. Its speed setpoint is v[i], not v[i-1]: the engine treats damping implicitly, at the
speed of the step's end. With that the error of a motion inside the torque limits is of second
order, micrometres at the tool.

The arm's true angle is the encoder's plus a zero offset, fixed for a run, plus a small error
drawn anew for each move (repeatability). The servo, like a real one, sees encoders only.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import Arm, Joint
from sheber.robot.cell.scene import Shape
from sheber.robot.cell.world import ROBOT, World, add_shape
from sheber.robot.clock import STEP_S

__all__ = ["Servo", "add_arm"]

Array = NDArray[np.float64]

INERTIA_AGE = 10  # steps after which M(q) is read anew
SETTLE = 100  # steps in which a move takes on its error of repeatability
LEVER = 0.6  # m from a joint to the TCP, typical: turns an error at the TCP into one of the joints


def add_arm(spec: Any, arm: Arm) -> Any:
    """Add the arm to the world of `spec`, on its foot; returns the flange's body (frame: the maker's flange)."""
    body = spec.worldbody.add_body(name=arm.links[0].name, pos=arm.foot)
    _add_link(spec, body, arm, 0)
    for i, joint in enumerate(arm.joints):
        body = body.add_body(name=arm.links[i + 1].name)
        cosine, sine = np.cos(joint.alpha), np.sin(joint.alpha)
        T_parent_link = _at_zero(joint)
        body.pos, body.quat = T_parent_link.position, T_parent_link.quaternion
        hinge = body.add_joint(name=f"joint{i + 1}", type=mujoco.mjtJoint.mjJNT_HINGE)
        # the axis is z of the parent's frame, through its origin, written in the link's own frame
        hinge.axis = (0.0, joint.direction * sine, joint.direction * cosine)
        hinge.pos = (-joint.a, -sine * joint.d, -cosine * joint.d)
        hinge.armature = joint.rotor_inertia
        hinge.actgravcomp = True
        hinge.actfrclimited, hinge.actfrcrange = True, (-joint.torque, joint.torque)
        _add_link(spec, body, arm, i + 1)
        drive = spec.add_actuator(name=f"servo{i + 1}", target=f"joint{i + 1}", trntype=mujoco.mjtTrn.mjTRN_JOINT)
        drive.set_to_pid(kp=1.0, kv=1.0, ki=1.0, imax=1.0, ctrlspec=POSITION_SPEED_TORQUE)
    # the engine leaves out neighbours, but not where one of them is fixed to the world
    spec.add_exclude(bodyname1=arm.links[0].name, bodyname2=arm.links[1].name)
    return body


def _at_zero(joint: Joint) -> Pose:
    """T_parent_link at angle zero: about z by theta, along z by d, along x by a, about x by alpha."""
    T_theta_link = Pose((joint.a, 0.0, joint.d), (np.cos(joint.alpha / 2), np.sin(joint.alpha / 2), 0.0, 0.0))
    return T_theta_link if joint.offset == 0.0 else Pose().rotated(z=joint.offset) @ T_theta_link


POSITION_SPEED_TORQUE = 7  # bits of the inputs of a servo: position, speed, feed-forward torque


def _add_link(spec: Any, body: Any, arm: Arm, index: int) -> None:
    link = arm.links[index]
    body.explicitinertial = True
    body.mass, body.ipos, body.fullinertia = link.mass, link.centre, link.inertia
    body.gravcomp = 1.0
    for collider in link.colliders:
        add_shape(spec, body, Shape(collider.shape, collider.size, collider.pose), 0.4, ROBOT)


class Servo:
    """The drives of the arm in a compiled world: joint targets in, encoders out."""

    def __init__(self, world: World, arm: Arm, joint_zero: tuple[float, ...], repeatability: float) -> None:
        """`joint_zero`: true angle minus encoder's, rad, () for none; `repeatability`: m at the TCP, 1 sigma."""
        n = self.n = len(arm.joints)
        model, data = world.model, world.data
        self._zero = np.array(joint_zero if joint_zero else (0.0,) * n)
        self._offset = self._zero.copy()  # true minus encoder now
        self._sigma = repeatability / LEVER / np.sqrt(n / 3.0)
        self._change = np.zeros(n)  # of the offset, each step, while it goes to that of the next move
        self._change_left = 0  # steps
        self.joints: Array = data.qpos[:n]  # true, views
        self.speeds: Array = data.qvel[:n]
        self.torques: Array = data.qfrc_actuator[:n]
        self.controls: memoryview = data.ctrl[: 3 * n].data  # position, speed, torque, joint by joint
        self._triangle = data.M[: n * (n + 1) // 2]  # lower triangle, row by row: the arm is a chain and comes first
        self._bias, self._gravity = data.qfrc_bias[:n], data.qfrc_gravcomp[:n]
        # M(q) and, last, the torques that do not depend on acceleration (what the indices put there is overwritten)
        self._to_square = np.hstack((_triangle_to_square(n), np.zeros((n, 1), dtype=np.intp)))
        self._inertia = np.zeros((n, n + 1))
        self._still_torques = self._inertia[:, -1]
        self.joints[:] = np.array(arm.home) + self._offset
        mujoco.mj_forward(model, data)
        self._set_gains(model, arm)
        self._work = _Work(n, 5)
        self._work.path[:] = self.joints
        self._works = {5: self._work}
        self._last = self._still = b""  # targets as they were given last; those that need nothing new
        self._age = INERTIA_AGE  # steps since M(q) was read

    def _set_gains(self, model: Any, arm: Arm) -> None:
        """Gains from the joints' own inertias at home: the same stiffness in hertz for all."""
        self._triangle.take(self._to_square, out=self._inertia, mode="clip")
        inertia = self._inertia.diagonal()
        omega = 2.0 * np.pi * arm.servo.stiffness_hz
        kp = inertia * omega**2
        self.stiffness = kp  # (n,) Nm/rad
        kv = 2.0 * arm.servo.damping * inertia * omega
        ki = kp / arm.servo.integral_s
        for i in range(self.n):
            model.actuator_biasprm[i, 1:3] = (-kp[i], -kv[i])
            model.actuator_gainprm[i, 0] = ki[i]
            # the integral gives at most half the torque
            model.actuator_dynprm[i, 0] = 0.5 * arm.joints[i].torque / ki[i]

    def measured(self) -> Array:
        """The encoders' angles (n,) rad."""
        encoders: Array = self.joints - self._offset
        return encoders

    def new_move(self, rng: np.random.Generator) -> None:
        """Draw the error of repeatability of one move."""
        if self._sigma > 0.0:
            goal = self._zero + self._sigma * rng.standard_normal(self.n)
            self._change = (goal - self._offset) / SETTLE
            self._change_left = SETTLE
            self._last = self._still = b""

    def rows(self, targets: Array) -> list[memoryview]:
        """The `controls` of each of the k physics steps whose encoder targets (k, n) these are."""
        key = targets.tobytes()
        if key == self._still:
            return self._work.rows
        work = self._work
        if work.k != len(targets):
            work = self._change_work(len(targets))
        if self._change_left > 0:
            self._offset += min(work.k, self._change_left) * self._change
            self._change_left -= work.k
        work.before[:] = work.latest
        np.add(targets, self._offset, work.now)
        work.columns.dot(work.differences, work.setpoints)
        self._model_torques(work)
        if key == self._last and self._change_left <= 0 and (work.path == work.path[0]).all():
            self._still = key
        else:
            self._last, self._still = key, b""
        return work.rows

    def _change_work(self, k: int) -> _Work:
        """The work space for k steps; it goes on where the last one ended."""
        work = self._works.get(k)
        if work is None:
            work = self._works[k] = _Work(self.n, k)
        work.latest[:] = self._work.latest
        self._work = work
        return work

    def _model_torques(self, work: _Work) -> None:
        """Fill in what the model says the accelerations need."""
        self._age += work.k
        if self._age >= INERTIA_AGE:
            self._age = 0
            self._triangle.take(self._to_square, out=self._inertia, mode="clip")
        np.subtract(self._bias, self._gravity, self._still_torques)  # centrifugal and Coriolis
        self._inertia.dot(work.accelerations, work.torques)
        work.packed[:] = work.by_step
        work.packed[:, :, 2] = work.torques.T


class _Work:
    """Work space for ticks of k steps. `rows` are views of `packed`: memory is copied in a third of an array's time."""

    def __init__(self, n: int, k: int) -> None:
        self.k = k
        self.path = np.zeros((k + 2, n))  # true joint targets of the last two steps and of these
        self.before, self.now, self.latest = self.path[:2], self.path[2:], self.path[-2:]
        self.columns = self.path.T
        self.differences = _differences(k)  # (k + 2, 3 k)
        # a row more than joints: its ones add the constant torques in the same product
        everything = np.ones((n + 1, 3 * k))
        self.setpoints = everything[:n]  # (n, 3 k): positions, speeds, accelerations
        self.accelerations = everything[:, 2 * k :]  # (n + 1, k)
        self.torques = np.zeros((n, k))
        self.by_step = self.setpoints.reshape(n, 3, k).transpose(2, 0, 1)  # (k, n, 3)
        self.packed = np.zeros((k, n, 3))
        self.rows = [self.packed[i].reshape(-1).data for i in range(k)]


def _differences(k: int) -> Array:
    """(k + 2, 3 k): takes k + 2 positions to the position, speed and acceleration setpoints of the last k steps."""
    matrix = np.zeros((k + 2, 3, k))
    for i in range(k):
        before, now, after = i, i + 1, i + 2
        matrix[now, 0, i] = 1.0
        matrix[after, 1, i], matrix[now, 1, i] = 1.0 / STEP_S, -1.0 / STEP_S
        matrix[after, 2, i], matrix[now, 2, i], matrix[before, 2, i] = np.array([1.0, -2.0, 1.0]) / STEP_S**2
    return matrix.reshape(k + 2, 3 * k)


def _triangle_to_square(n: int) -> NDArray[np.intp]:
    """(n, n) indices of a symmetric matrix's entries in its lower triangle, row by row."""
    row, column = np.indices((n, n))
    high, low = np.maximum(row, column), np.minimum(row, column)
    return np.asarray(high * (high + 1) // 2 + low, dtype=np.intp)
