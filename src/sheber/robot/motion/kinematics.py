"""Forward and inverse kinematics: joints to flange and back, every branch, many poses in one call.

Joints are rad, positions m; base is the frame of the cell, in which the maker's base stands at `Arm.foot`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import Arm
from sheber.robot.motion.closed_form import closed_form
from sheber.robot.motion.errors import NO_CONFIGURATION, Unreachable
from sheber.robot.motion.flags import flag

__all__ = [
    "configuration",
    "configurations",
    "cross",
    "forward",
    "forward_all",
    "frames",
    "inverse",
    "inverse_one",
    "jacobian",
    "matching",
    "named",
    "nearest",
    "nearness",
    "within",
]

Array = NDArray[np.float64]
_TURN = 2.0 * math.pi


def frames(arm: Arm, q: Array) -> Array:
    """T_base_frame (n, joints + 1, 4, 4) of the base and of every link for joints (n, joints)."""
    theta = (arm.directions * q + arm.offsets)[..., None, None]
    constant, cosine, sine = arm.link_matrices
    step = np.cos(theta) * cosine
    step += np.sin(theta) * sine
    step += constant
    chain = np.empty((q.shape[0], q.shape[1] + 1, 4, 4))
    chain[:, 0] = np.eye(4)
    chain[:, 0, :3, 3] = arm.foot
    for joint in range(q.shape[1]):
        np.matmul(chain[:, joint], step[:, joint], out=chain[:, joint + 1])
    return chain


def forward_all(arm: Arm, q: Array) -> Array:
    """T_base_flange (n, 4, 4) for joints (n, 6)."""
    flange: Array = frames(arm, np.asarray(q, dtype=np.float64))[:, -1]
    return flange


def forward(arm: Arm, q: Array) -> Pose:
    """T_base_flange for joints (6,). In plain numbers: for a single pose that is several times as fast."""
    xx, xy, xz = 1.0, 0.0, 0.0  # the axes x, y, z and the origin of the frame so far, in the base
    yx, yy, yz = 0.0, 1.0, 0.0
    zx, zy, zz = 0.0, 0.0, 1.0
    px, py, pz = arm.foot
    w, x, y, z = 1.0, 0.0, 0.0, 0.0  # the same axes as a quaternion
    for angle, (direction, offset, a, d, ca, sa, ch, sh) in zip(np.asarray(q).tolist(), arm.plain_table, strict=True):
        theta = direction * angle + offset
        c, s = math.cos(theta), math.sin(theta)
        xx, xy, xz, yx, yy, yz = (
            *(c * xx + s * yx, c * xy + s * yy, c * xz + s * yz),
            *(c * yx - s * xx, c * yy - s * xy, c * yz - s * xz),
        )
        px += d * zx + a * xx
        py += d * zy + a * xy
        pz += d * zz + a * xz
        yx, yy, yz, zx, zy, zz = (
            *(ca * yx + sa * zx, ca * yy + sa * zy, ca * yz + sa * zz),
            *(ca * zx - sa * yx, ca * zy - sa * yy, ca * zz - sa * yz),
        )
        c, s = math.cos(0.5 * theta), math.sin(0.5 * theta)  # about its own z, then about its own x
        w, x, y, z = c * w - s * z, c * x + s * y, c * y - s * x, c * z + s * w
        w, x, y, z = ch * w - sh * x, ch * x + sh * w, ch * y + sh * z, ch * z - sh * y
    return Pose((px, py, pz), (w, x, y, z))


def jacobian(arm: Arm, q: Array) -> Array:
    """Geometric Jacobian (6, 6) of the flange in base axes: joint speeds to m/s and rad/s."""
    chain = frames(arm, np.asarray(q, dtype=np.float64)[None])[0]
    axes = arm.directions[:, None] * chain[:-1, :3, 2]
    arms = chain[-1, :3, 3] - chain[:-1, :3, 3]
    return np.concatenate((cross(axes.T, arms.T), axes.T))


def cross(a: Array, b: Array) -> Array:
    """Cross products (3, n) of vectors (3, n); as numpy's own, in a fifth of its time."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))


def inverse(arm: Arm, T_base_flange: Array) -> Array:
    """All branches (n, 8, 6) for poses (n, 4, 4), angles in -pi..pi, NaN where a branch does not exist.

    The order of the branches is that of `configurations`. Where joints 4 and 6 turn about one
    axis (wrist singularity) theta of joint 6 is 0.
    """
    return closed_form(arm).inverse(arm, np.asarray(T_base_flange, dtype=np.float64))


def inverse_one(arm: Arm, T_base_flange: Pose) -> Array:
    """The branches (k, 6) that exist for one pose, k from 0 to 8, angles in -pi..pi."""
    q = inverse(arm, T_base_flange.matrix[None])[0]
    existing: Array = q[~np.isnan(q[:, 0])]
    return existing


def nearest(arm: Arm, q: Array, reference: Array) -> Array:
    """The same postures (..., 6), each joint turned by whole turns to be nearest to the reference within its limits.

    A joint that has no angle within its limits is left as near as whole turns bring it: see `within`.
    """
    turned = q + _TURN * np.round((reference - q) / _TURN)
    turned = np.where(turned > arm.upper + 1e-9, turned - _TURN, turned)
    return np.where(turned < arm.lower - 1e-9, turned + _TURN, turned)


def within(arm: Arm, q: Array) -> NDArray[np.bool_]:
    """Which joints (..., 6) are within the arm's limits."""
    return (q >= arm.lower - 1e-9) & (q <= arm.upper + 1e-9)


def configurations(arm: Arm) -> tuple[str, ...]:
    """The names of the branches, in the order of `inverse`."""
    return closed_form(arm).configurations


def configuration(arm: Arm, q: Array) -> str:
    """The name of the configuration that joints (6,) are in."""
    return configurations(arm)[int(closed_form(arm).branches(arm, np.asarray(q, dtype=np.float64)[None])[0])]


def matching(arm: Arm, words: str) -> list[int]:
    """The branches that a configuration in words allows: "up" allows four, "left up flip" one, "" all.

    The maker's own word does too where it has one: "S2", "cfx0".

    Raises Unreachable that lists the words there are.
    """
    asked = set(words.replace(",", " ").lower().split())
    names = [{*name.split(), flag(arm, name).lower()} for name in configurations(arm)]
    fits = [branch for branch, name in enumerate(names) if asked <= name]
    if not fits:
        raise Unreachable(NO_CONFIGURATION(asked=words, names=[named(arm, name) for name in configurations(arm)]))
    return fits


def named(arm: Arm, name: str) -> str:
    """A configuration's name, with the maker's own word for it: "front up noflip (S2)"."""
    word = flag(arm, name)
    return f"{name} ({word})" if word else name


def nearness(arm: Arm, q: Array) -> Array:
    """How far joints (n, 6) are from each singularity (n, k): at 1 Cartesian paths end, 0 is singular."""
    return closed_form(arm).nearness(arm, q)
