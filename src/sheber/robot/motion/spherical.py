"""The inverse kinematics of arms with a spherical wrist in closed form: all eight branches, for many poses at once.

Theory. The axes of joints 4, 5 and 6 meet in one point, the wrist centre, so the position of that
point depends on joints 1 to 3 only. Joint 1 turns the plane of the arm to it (two answers: the arm
reaches to its front or back over itself). In the plane stands an arm of two links, the upper arm and
the straight line from elbow to wrist centre (two answers: elbow up or down). The rest of the
rotation is a turn about z, about y and about z again (two answers: flip or not).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import Arm, ArmError

__all__ = ["Spherical"]

Array = NDArray[np.float64]

_ROUNDING = 1e-9  # a cosine this much beyond 1 is rounding
_NO_WRIST = 1e-9  # a sine of joint 5 below which joints 4 and 6 turn about one axis, and joint 6 is set to 0


class Spherical:
    """KUKA, ABB, FANUC and others with six joints and no lateral offset between shoulder and wrist."""

    configurations = (
        "front up flip",
        "front up noflip",
        "front down flip",
        "front down noflip",
        "back up flip",
        "back up noflip",
        "back down flip",
        "back down noflip",
    )
    singularities = ("wrist", "elbow", "shoulder")

    def check(self, arm: Arm) -> None:
        """Raise ArmError unless the table has a spherical wrist on a planar arm."""
        a, d, alpha = arm.dh.T if len(arm.joints) == 6 else np.full((3, 6), np.nan)
        sines = np.sin(alpha)
        right_angles = np.allclose(np.abs(sines), (1.0, 0.0, 1.0, 1.0, 1.0, 0.0), atol=1e-9)
        if not right_angles or sines[3] * sines[4] > 0.0 or np.any((*a[3:], *d[[1, 2, 4]])) or np.cos(alpha[1]) < 0.0:
            raise ArmError(f"the table of the arm {arm.name!r} is not of the class 'spherical'")

    def inverse(self, arm: Arm, T_base_flange: Array) -> Array:
        """All branches (n, 8, 6); see `ClosedForm`."""
        sides = np.array([1.0, -1.0])
        q = self._solve(arm, T_base_flange, sides[:, None, None], sides[:, None], sides)
        return q.reshape(len(T_base_flange), 8, 6)

    def inverse_branch(self, arm: Arm, T_base_flange: Array, branch: int) -> Array:
        """One branch (n, 6); see `ClosedForm`."""
        signs = [np.full((1, 1, 1), 1.0 if branch & bit == 0 else -1.0) for bit in (4, 2, 1)]
        return self._solve(arm, T_base_flange, *signs).reshape(len(T_base_flange), 6)

    def _solve(self, arm: Arm, T: Array, front: Array, up: Array, flip: Array) -> Array:
        """Joints (n, fronts, elbows, wrists, 6) for the signs of the branches: +1 front, up, flip."""
        sign1, length, lead = self._planar(arm)
        a1, a2, d1 = arm.dh[0, 0], arm.dh[1, 0], arm.dh[0, 1]
        x6, y6, z6, p06 = (T[:, :3, column, None, None, None] for column in range(4))
        centre = p06 - arm.dh[5, 1] * z6
        with np.errstate(invalid="ignore"):
            q1 = np.arctan2(front * centre[:, 1], front * centre[:, 0])
            c1, s1 = np.cos(q1), np.sin(q1)
            out, rise = c1 * centre[:, 0] + s1 * centre[:, 1] - a1, sign1 * (centre[:, 2] - d1)
            cosine = (out * out + rise * rise - a2 * a2 - length * length) / (2.0 * a2 * length)
            cosine = np.where(np.abs(cosine) < 1.0 + _ROUNDING, np.clip(cosine, -1.0, 1.0), np.nan)
            bend = -sign1 * front * up * np.arccos(cosine)
            q2 = np.arctan2(rise, out) - np.arctan2(length * np.sin(bend), a2 + length * cosine)
            q3 = bend - lead
            # the axes of frame 3 in the base: along the forearm's plane, and where joint 4 turns about
            c23, s23 = np.cos(q2 + q3), np.sin(q2 + q3)
            x3 = (c1 * c23, s1 * c23, sign1 * s23)
            normal = (sign1 * s1, -sign1 * c1, 0.0 * c1)
            sign3 = math.copysign(1.0, math.sin(arm.dh[2, 2]))
            z3 = (sign3 * c1 * s23, sign3 * s1 * s23, -sign3 * sign1 * c23)
            y3 = tuple(sign3 * component for component in normal)

            def along(axis: tuple[Array, ...], column: Array) -> Array:
                return axis[0] * column[:, 0] + axis[1] * column[:, 1] + axis[2] * column[:, 2]

            m02, m12, m22 = along(x3, z6), along(y3, z6), along(z3, z6)
            sine = np.hypot(m02, m12)
            sign4 = math.copysign(1.0, math.sin(arm.dh[3, 2]))
            turn = sign4 * flip  # of the turn about y, so that joint 5 is negative where flipped
            q5 = -sign4 * np.arctan2(turn * sine, m22)
            stuck = sine < _NO_WRIST
            q4 = np.where(stuck, np.arctan2(-along(x3, y6), along(y3, y6)), np.arctan2(turn * m12, turn * m02))
            q6 = np.where(stuck, 0.0, np.arctan2(turn * along(z3, y6), -turn * along(z3, x6)))
            q = np.stack(np.broadcast_arrays(q1, q2, q3, q4, q5, q6), axis=-1)
        q -= 2.0 * math.pi * np.round(q / (2.0 * math.pi))
        q[np.isnan(q).any(axis=-1)] = np.nan
        return q

    def branches(self, arm: Arm, q: Array) -> NDArray[np.intp]:
        """The branch numbers (n,) of joints (n, 6); see `ClosedForm`."""
        sign1, _, lead = self._planar(arm)
        front = self._out(arm, q) >= 0.0
        up = np.sin(q[:, 2] + lead) * sign1 * np.where(front, 1.0, -1.0) <= 0.0
        flip = np.sin(q[:, 4]) < 0.0
        return np.asarray(4 * ~front + 2 * ~up + 1 * ~flip, dtype=np.intp)

    def nearness(self, arm: Arm, q: Array) -> Array:
        """Distances (n, 3) from the singularities of wrist, elbow and shoulder; see `ClosedForm`."""
        lead = self._planar(arm)[2]
        wrist = np.abs(np.sin(q[:, 4])) / math.sin(arm.wrist_singularity)
        elbow = np.abs(np.sin(q[:, 2] + lead)) / math.sin(arm.elbow_singularity)
        return np.stack([wrist, elbow, np.abs(self._out(arm, q)) / arm.shoulder_singularity], axis=1)

    def stretched(self, arm: Arm) -> float:
        """Theta of joint 3 of the stretched arm [rad]; see `ClosedForm`."""
        return -self._planar(arm)[2]

    def _out(self, arm: Arm, q: Array) -> Array:
        """How far the wrist centre is out from the axis of joint 1 [m] (n,), negative behind it."""
        _, length, lead = self._planar(arm)
        out: Array = arm.dh[0, 0] + arm.dh[1, 0] * np.cos(q[:, 1]) + length * np.cos(q[:, 1] + q[:, 2] + lead)
        return out

    def _planar(self, arm: Arm) -> tuple[float, float, float]:
        """Whether the plane's second axis points up (+1), the way from elbow to wrist centre [m], its angle [rad]."""
        a3, d4 = float(arm.dh[2, 0]), float(arm.dh[3, 1])
        return (
            math.copysign(1.0, math.sin(arm.dh[0, 2])),
            math.hypot(a3, d4),
            math.atan2(-d4 * math.sin(arm.dh[2, 2]), a3),
        )
