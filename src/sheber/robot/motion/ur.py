"""The inverse kinematics of the UR class in closed form: all eight branches, for many poses at once.

Theory. Joints 2, 3 and 4 are parallel, and they stand across the plane in which they move the
wrist; so the wrist centre (origin of frame 5) keeps the distance d4 from the plane through the
axis of joint 1. That gives joint 1 (two answers: the arm reaches left or right of its shoulder).
The direction of the tool against the plane's normal gives joint 5 (two answers: flip or not) and
with it joint 6. What remains is a planar arm of two links (two answers: elbow up or down), and
joint 4 closes the chain. Sines and cosines are kept where an angle is not needed, and joint 5
comes from both its sine and its cosine, so that no accuracy is lost near its singularity.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import Arm, ArmError

__all__ = ["UR"]

Array = NDArray[np.float64]

_ROUNDING = 1e-9  # a cosine this much beyond 1 is rounding (moves the flange by less than 1e-9 m)
_NO_WRIST = 1e-9  # a sine of joint 5 below which joints 4 and 6 turn about one axis, and joint 6 is set to 0


class UR:
    """Universal Robots and all arms whose table has the same zeros and right angles."""

    configurations = (
        "left up flip",
        "left up noflip",
        "left down flip",
        "left down noflip",
        "right up flip",
        "right up noflip",
        "right down flip",
        "right down noflip",
    )
    singularities = ("wrist", "elbow", "shoulder")

    def check(self, arm: Arm) -> None:
        """Raise ArmError unless the table has the UR's zeros and right angles."""
        right = math.pi / 2.0
        a, d, alpha = arm.dh.T if len(arm.joints) == 6 else np.full((3, 6), np.nan)
        zeros = (*a[[0, 3, 4, 5]], *d[[1, 2]])
        if not (np.allclose(alpha, (right, 0.0, 0.0, right, -right, 0.0), atol=1e-9) and not np.any(zeros)):
            raise ArmError(f"the table of the arm {arm.name!r} is not of the class 'ur'")

    def inverse(self, arm: Arm, T_base_flange: Array) -> Array:
        """All branches (n, 8, 6); see `ClosedForm`."""
        sides = np.array([1.0, -1.0])
        # axes: pose, shoulder, elbow, wrist; so that a flat index is the branch's number
        shoulder, elbow, wrist = sides[:, None, None], sides[:, None], sides
        axes = T_base_flange[:, :3, :, None, None, None]
        return self._solve(arm, axes, shoulder, elbow, wrist).reshape(len(T_base_flange), 8, 6)

    def inverse_branch(self, arm: Arm, T_base_flange: Array, branch: int) -> Array:
        """One branch (n, 6); see `ClosedForm`."""
        shoulder, elbow, wrist = (1.0 if branch & bit == 0 else -1.0 for bit in (4, 2, 1))
        return self._solve(arm, T_base_flange[:, :3], shoulder, elbow, wrist)

    def _solve(
        self, arm: Arm, axes: Array, shoulder: Array | float, elbow: Array | float, wrist: Array | float
    ) -> Array:
        """Joints (n, ..., 6) for the signs of the branches: +1 left, up, flip.

        `axes`: x, y, z of the flange and its origin (n, 3, 4, ...), with as many further axes as the signs have.
        """
        a2, a3 = arm.dh[1, 0], arm.dh[2, 0]
        d1, d4, d5, d6 = arm.dh[[0, 3, 4, 5], 1]
        x6, y6, z6, p06 = (axes[:, :, column] for column in range(4))
        p05 = p06 - d6 * z6
        with np.errstate(invalid="ignore", divide="ignore"):
            # joint 1: the wrist centre is d4 away from the plane of the arm
            radius = np.hypot(p05[:, 0], p05[:, 1])
            psi = np.arccos(_cosine(d4 / radius))
            q1 = np.arctan2(p05[:, 1], p05[:, 0]) + shoulder * psi + math.pi / 2.0
            c1, s1 = np.cos(q1), np.sin(q1)
            # joints 5 and 6: the flange's axes against the plane's normal (s1, -c1, 0)
            m = x6[:, 0] * s1 - x6[:, 1] * c1
            n = y6[:, 1] * c1 - y6[:, 0] * s1
            sine5 = np.hypot(m, n)
            q5 = np.arctan2(-wrist * sine5, z6[:, 0] * s1 - z6[:, 1] * c1)
            q6 = np.where(sine5 < _NO_WRIST, 0.0 * q1, np.arctan2(-wrist * n, -wrist * m))
            # the planar arm of joints 2 and 3, in the plane's coordinates: out along x1, up along z0
            c6, s6 = np.cos(q6), np.sin(q6)
            z4 = -(s6[:, None] * x6 + c6[:, None] * y6)
            p04 = p05 - d5 * z4
            out = c1 * p04[:, 0] + s1 * p04[:, 1]
            up = p04[:, 2] - d1
            square = out * out + up * up
            cosine3 = _cosine((square - a2 * a2 - a3 * a3) / (2.0 * a2 * a3))
            q3 = shoulder * elbow * np.arccos(cosine3)
            q2 = np.arctan2(up, out) - np.arctan2(a3 * np.sin(q3), a2 + a3 * cosine3)
            q234 = np.arctan2(c1 * z4[:, 0] + s1 * z4[:, 1], -z4[:, 2])
            q4 = q234 - q2 - q3
            q = np.empty((*np.broadcast(q4, q6).shape, 6))
            for joint, angles in enumerate((q1, q2, q3, q4, q5, q6)):
                q[..., joint] = angles
        q -= 2.0 * math.pi * np.rint(q / (2.0 * math.pi))
        missing = np.isnan(q).any(axis=-1)
        if missing.any():
            q[missing] = np.nan
        return q

    def branches(self, arm: Arm, q: Array) -> NDArray[np.intp]:
        """The branch numbers (n,) of joints (n, 6); see `ClosedForm`."""
        left = self._out(arm, q) < 0.0
        up = np.where(left, np.sin(q[:, 2]) >= 0.0, np.sin(q[:, 2]) < 0.0)
        flip = np.sin(q[:, 4]) < 0.0
        return np.asarray(4 * ~left + 2 * ~up + 1 * ~flip, dtype=np.intp)

    def nearness(self, arm: Arm, q: Array) -> Array:
        """Distances (n, 3) from the singularities of wrist, elbow and shoulder; see `ClosedForm`."""
        wrist = np.abs(np.sin(q[:, 4])) / math.sin(arm.wrist_singularity)
        elbow = np.abs(np.sin(q[:, 2])) / math.sin(arm.elbow_singularity)
        d4 = arm.dh[3, 1]
        shoulder = (np.hypot(self._out(arm, q), d4) - abs(d4)) / arm.shoulder_singularity
        return np.stack([wrist, elbow, shoulder], axis=1)

    def stretched(self, arm: Arm) -> float:
        """Theta of joint 3 of the stretched arm [rad]; see `ClosedForm`."""
        return 0.0

    def _out(self, arm: Arm, q: Array) -> Array:
        """How far the wrist centre is out along x1 [m] (n,)."""
        q23 = q[:, 1] + q[:, 2]
        out: Array = arm.dh[1, 0] * np.cos(q[:, 1]) + arm.dh[2, 0] * np.cos(q23) + arm.dh[4, 1] * np.sin(q23 + q[:, 3])
        return out


def _cosine(value: Array) -> Array:
    """The value as a cosine: NaN where it is none, rounding beyond 1 taken back."""
    size = np.abs(value)
    if np.maximum.reduce(size, axis=None, initial=0.0) <= 1.0:  # the usual case; False where there is a NaN
        return value
    return np.where(size < 1.0 + _ROUNDING, np.clip(value, -1.0, 1.0), np.nan)
