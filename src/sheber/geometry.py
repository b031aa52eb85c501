"""Poses and rotations, with the angle conventions of the robot makers.

`T_a_b` is the pose of frame b in frame a: it turns coordinates in b into coordinates in a.
Inner names cancel: ``T_base_part = T_base_camera @ T_camera_part``. Metres and radians;
quaternions are ``wxyz`` and of unit length. Only numpy is needed (and `i18n`, for messages), because this
file also lies in the box beside the student's program.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.i18n import N_, _

__all__ = [
    "DOWN",
    "Pose",
    "quaternion_from_matrix",
    "quaternion_from_rotvec",
    "quaternion_product",
    "rotvec_from_matrix",
    "steady_rotvec",
]

Array = NDArray[np.float64]

NEAR_HALF_A_TURN = math.radians(1.0)
"""Within this of half a turn a pose is printed with a rotation vector of steady sign [rad]."""

MOST_TURN = 4.0 * math.pi
"""Two whole turns [rad]: a program that asks for more has degrees in mind."""


def _vector(values: ArrayLike, size: int, name: str) -> Array:
    """A checked (size,) float64 copy of `values`; raises ValueError in words."""
    try:
        vector = np.array(values, dtype=np.float64)
        if vector.ndim != 1:
            vector = vector.reshape(-1)
    except (TypeError, ValueError) as error:
        text = _("{name} must be {size} numbers. You gave {values!r}.")
        raise ValueError(text.format(name=_(name), size=size, values=values)) from error
    if vector.shape != (size,):
        text = _("{name} must be {size} numbers. You gave {count}: {values!r}.")
        raise ValueError(text.format(name=_(name), size=size, count=vector.size, values=values))
    if not math.isfinite(vector.dot(vector)) and not np.isfinite(vector).all():  # the product alone may overflow
        text = _("{name} must be finite numbers. You gave {values}.")
        raise ValueError(text.format(name=_(name), values=vector.tolist()))
    return vector


def _along(x: float, y: float, z: float) -> Array:
    """Three numbers, one for each axis, as (3,); raises ValueError in words, also for a vector in place of a number."""
    if vectors := [one for one in (x, y, z) if np.ndim(one)]:
        text = _("x, y and z are three separate numbers, for example offset(x=0.1, z=0.2). You gave {value!r} for one.")
        raise ValueError(text.format(value=vectors[0]))
    return _vector((x, y, z), 3, N_("An offset"))


def quaternion_product(p: Sequence[float], q: Sequence[float]) -> tuple[float, float, float, float]:
    """Hamilton product of two quaternions wxyz."""
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    return (
        pw * qw - px * qx - py * qy - pz * qz,
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy - px * qz + py * qw + pz * qx,
        pw * qz + px * qy - py * qx + pz * qw,
    )


def quaternion_from_rotvec(rotvec: ArrayLike) -> Array:
    """Unit quaternion (4,) wxyz of a rotation vector (3,): axis times angle [rad]."""
    vector = _vector(rotvec, 3, N_("A rotation vector"))
    angle = float(np.linalg.norm(vector))
    # sin(a/2)/a without dividing by zero; the series is exact to 1e-16 below 1e-4
    scale = 0.5 - angle * angle / 48.0 if angle < 1e-4 else math.sin(angle / 2.0) / angle
    return np.concatenate(([math.cos(angle / 2.0)], scale * vector))


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """Unit quaternion (4,) wxyz, w >= 0, of a rotation matrix (3, 3) (Shepperd 1978)."""
    m = np.array(matrix, dtype=np.float64)
    if m.shape != (3, 3) or not np.isfinite(m).all():
        raise ValueError(_("A rotation must be a finite (3, 3) matrix. You gave shape {shape}.").format(shape=m.shape))
    if np.abs(m @ m.T - np.eye(3)).max() > 1e-6 or np.linalg.det(m) < 0.0:
        raise ValueError(_("The matrix is not a rotation: its columns must be orthonormal, its determinant +1."))
    return _shepperd(m)


def _shepperd(matrix: Array) -> Array:
    """Unit quaternion (4,) wxyz, w >= 0, of what is a rotation matrix (3, 3). In plain numbers, which is faster."""
    m = matrix.tolist()
    trace = m[0][0] + m[1][1] + m[2][2]
    diagonal = (trace, m[0][0], m[1][1], m[2][2])
    largest = diagonal.index(max(diagonal))
    if largest == 0:
        plain = [1.0 + trace, m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]]
    else:
        i, j, k = ((0, 1, 2), (1, 2, 0), (2, 0, 1))[largest - 1]
        plain = [m[k][j] - m[j][k], 0.0, 0.0, 0.0]
        plain[1 + i] = 1.0 + m[i][i] - m[j][j] - m[k][k]
        plain[1 + j] = m[j][i] + m[i][j]
        plain[1 + k] = m[k][i] + m[i][k]
    q: Array = np.array(plain)
    q /= math.sqrt(q.dot(q))
    return -q if q[0] < 0.0 else q


def rotvec_from_matrix(matrix: Array) -> Array:
    """Rotation vector (3,) [rad], angle in 0..pi, of a rotation matrix (3, 3) of one's own: it is not checked."""
    return _rotvec(_shepperd(matrix))


def _rotvec(quaternion: Array) -> Array:
    """Rotation vector (3,) [rad] of a unit quaternion (4,), w >= 0."""
    v = quaternion[1:]
    sine = math.sqrt(v.dot(v))
    scale = 2.0 if sine < 1e-9 else 2.0 * math.atan2(sine, float(quaternion[0])) / sine
    turn: Array = scale * v
    return turn


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Pose:
    """A position [m] and an orientation: `T_a_b`, the pose of a frame b in a frame a.

    >>> from sheber import DOWN, Pose
    >>> pick = Pose((0.4, 0.1, 0.05)) @ DOWN      # tool pointing down
    >>> print(pick.offset(z=0.10))
    Pose(400.0, 100.0, 150.0 mm; rotvec 180.0, 0.0, 0.0 deg)
    """

    position: Array  # (3,) m, origin of b in a
    quaternion: Array  # (4,) wxyz, unit, w >= 0: orientation of b in a

    def __init__(self, position: ArrayLike = (0.0, 0.0, 0.0), quaternion: ArrayLike = (1.0, 0.0, 0.0, 0.0)) -> None:
        """Take (3,) m and (4,) wxyz of any length above zero. Raises ValueError for anything else."""
        p = _vector(position, 3, N_("A position"))
        q = _vector(quaternion, 4, N_("A quaternion"))
        length = math.sqrt(q.dot(q))
        if length < 1e-9:
            raise ValueError(_("A quaternion must not be zero."))
        if abs(length - 1.0) > 1e-15:
            q = q / length
        if q[0] < 0.0 or (q[0] == 0.0 and q[np.flatnonzero(q)[0]] < 0.0):
            q = -q
        p.setflags(write=False)
        q.setflags(write=False)
        object.__setattr__(self, "position", p)
        object.__setattr__(self, "quaternion", q)

    # --- making ---------------------------------------------------------------------------

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Pose:
        """The pose of a homogeneous matrix (4, 4), or of a rotation (3, 3) at the origin.

        Raises ValueError for any other matrix.

        >>> Pose.from_matrix(np.eye(4))
        Pose(0.0, 0.0, 0.0 mm; rotvec 0.0, 0.0, 0.0 deg)
        """
        m = np.array(matrix, dtype=np.float64)
        if m.shape == (3, 3):
            return cls((0.0, 0.0, 0.0), quaternion_from_matrix(m))
        if m.shape != (4, 4) or not np.allclose(m[3], (0.0, 0.0, 0.0, 1.0)):
            text = _("A pose must be a (4, 4) matrix with last row 0 0 0 1. You gave shape {shape}.")
            raise ValueError(text.format(shape=m.shape))
        return cls(m[:3, 3], quaternion_from_matrix(m[:3, :3]))

    @classmethod
    def from_rotvec(cls, position: ArrayLike, rotvec: ArrayLike) -> Pose:
        """A pose as Universal Robots writes it, p[x, y, z, rx, ry, rz]: m and a rotation vector [rad].

        >>> Pose.from_rotvec((0.4, 0.1, 0.05), (0.0, math.pi, 0.0))
        Pose(400.0, 100.0, 50.0 mm; rotvec 0.0, 180.0, 0.0 deg)
        """
        return cls(position, quaternion_from_rotvec(rotvec))

    @classmethod
    def from_abc(cls, position: ArrayLike, abc: ArrayLike) -> Pose:
        """A pose as KUKA writes it: A about z, then B about the new y, then C about the new x [rad].

        >>> Pose.from_abc((0.4, 0.1, 0.05), (math.radians(90), 0.0, 0.0))
        Pose(400.0, 100.0, 50.0 mm; rotvec 0.0, 0.0, 90.0 deg)
        """
        a, b, c = _vector(abc, 3, N_("The angles A, B, C"))
        q = quaternion_product(_about(2, a), quaternion_product(_about(1, b), _about(0, c)))
        return cls(position, q)

    @classmethod
    def from_wpr(cls, position: ArrayLike, wpr: ArrayLike) -> Pose:
        """A pose as FANUC writes it: W about x, P about y, R about z, all fixed axes [rad].

        >>> Pose.from_wpr((0.4, 0.1, 0.05), (math.radians(180), 0.0, 0.0))
        Pose(400.0, 100.0, 50.0 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        w, p, r = _vector(wpr, 3, N_("The angles W, P, R"))
        return cls.from_abc(position, (r, p, w))

    @classmethod
    def from_quaternion(cls, position: ArrayLike, quaternion: ArrayLike) -> Pose:
        """A pose as ABB writes it: m and a quaternion wxyz (q1, q2, q3, q4).

        >>> Pose.from_quaternion((0.4, 0.1, 0.05), (0.0, 1.0, 0.0, 0.0))
        Pose(400.0, 100.0, 50.0 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        return cls(position, quaternion)

    @classmethod
    def from_list(cls, values: Iterable[float]) -> Pose:
        """The inverse of `to_list`: x, y, z [m], then the quaternion w, x, y, z.

        >>> Pose.from_list(DOWN.to_list()) == DOWN
        True
        """
        seven = _vector(list(values), 7, N_("A pose"))
        return cls(seven[:3], seven[3:])

    # --- reading --------------------------------------------------------------------------

    @property
    def rotation(self) -> Array:
        """The rotation matrix R_a_b (3, 3).

        >>> tool_z = DOWN.rotation[:, 2]
        >>> tool_z.tolist()
        [0.0, 0.0, -1.0]
        """
        w, x, y, z = self.quaternion.tolist()
        return np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )

    @property
    def matrix(self) -> Array:
        """The homogeneous matrix T_a_b (4, 4).

        >>> Pose((0.4, 0.1, 0.05)).matrix[:3, 3].tolist()
        [0.4, 0.1, 0.05]
        """
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.position
        return matrix

    @property
    def rotvec(self) -> Array:
        """Rotation vector (3,) [rad], angle in 0..pi (Universal Robots rx, ry, rz).

        Half a turn about an axis and half a turn about the opposite axis are the same. So near half a turn, two almost
        equal poses can have opposite vectors. Use `angle` to compare orientations.

        >>> DOWN.rotvec.round(3).tolist()
        [3.142, 0.0, 0.0]
        """
        return _rotvec(self.quaternion)

    @property
    def abc(self) -> Array:
        """KUKA's angles A, B, C (3,) [rad]: about z, new y, new x; at B = +-90 deg, C is 0.

        >>> Pose.from_abc((0.4, 0.1, 0.05), (0.5, 0.2, 0.1)).abc.round(3).tolist()
        [0.5, 0.2, 0.1]
        """
        r = self.rotation
        b = math.atan2(-r[2, 0], math.hypot(r[0, 0], r[1, 0]))
        if math.hypot(r[0, 0], r[1, 0]) < 1e-9:
            return np.array([math.atan2(-r[0, 1], r[1, 1]), b, 0.0])
        return np.array([math.atan2(r[1, 0], r[0, 0]), b, math.atan2(r[2, 1], r[2, 2])])

    @property
    def wpr(self) -> Array:
        """FANUC's angles W, P, R (3,) [rad]: about the fixed x, y, z axes.

        >>> Pose.from_wpr((0.4, 0.1, 0.05), (0.1, 0.2, 0.5)).wpr.round(3).tolist()
        [0.1, 0.2, 0.5]
        """
        return self.abc[::-1].copy()

    def to_list(self) -> list[float]:
        """x, y, z [m], then w, x, y, z: seven plain numbers, as in messages and files.

        >>> Pose((0.4, 0.1, 0.05)).to_list()
        [0.4, 0.1, 0.05, 1.0, 0.0, 0.0, 0.0]
        """
        return [*self.position.tolist(), *self.quaternion.tolist()]

    # --- composing ------------------------------------------------------------------------

    @overload
    def __matmul__(self, other: Pose) -> Pose: ...
    @overload
    def __matmul__(self, other: ArrayLike) -> Array: ...
    def __matmul__(self, other: Pose | ArrayLike) -> Pose | Array:
        """`T_a_b @ T_b_c` is T_a_c; with points (3,) or (n, 3) in b, it gives the points in a.

        Raises ValueError for anything else.

        >>> T_base_pallet = Pose((0.4, 0.1, 0.0))
        >>> T_base_pallet @ (0.1, 0.0, 0.05)
        array([0.5 , 0.1 , 0.05])
        """
        if isinstance(other, Pose):
            return Pose(
                self.position + self.rotation @ other.position,
                quaternion_product(self.quaternion.tolist(), other.quaternion.tolist()),
            )
        points = np.asarray(other, dtype=np.float64)
        if points.shape[-1:] != (3,):
            text = _("A Pose takes a Pose or points (n, 3). You gave shape {shape}.")
            raise ValueError(text.format(shape=points.shape))
        moved: Array = points @ self.rotation.T + self.position
        return moved

    def inverse(self) -> Pose:
        """T_b_a.

        >>> (DOWN @ DOWN.inverse()).distance(Pose())
        0.0
        """
        w, x, y, z = self.quaternion.tolist()
        return Pose(-(self.rotation.T @ self.position), (w, -x, -y, -z))

    def offset(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same orientation, moved by x, y, z [m] along the axes of the frame of the pose (ABB: Offs).

        >>> DOWN.offset(z=0.1)
        Pose(0.0, 0.0, 100.0 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        return Pose(self.position + _along(x, y, z), self.quaternion)

    def offset_tool(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same orientation, moved by x, y, z [m] along the pose's own axes (ABB: RelTool).

        >>> DOWN.offset_tool(z=0.1)
        Pose(0.0, 0.0, -100.0 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        return Pose(self @ _along(x, y, z), self.quaternion)

    def rotated(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same position, turned about the pose's own axes by the rotation vector x, y, z [rad].

        Raises ValueError for more than two whole turns, because that is an angle in degrees.

        >>> Pose((0.4, 0.1, 0.0)).rotated(z=math.radians(30))
        Pose(400.0, 100.0, 0.0 mm; rotvec 0.0, 0.0, 30.0 deg)
        """
        turn = quaternion_from_rotvec(_along(x, y, z))
        if max(map(abs, (x, y, z))) > MOST_TURN:
            text = _(
                "Angles are in radians. rotated({x:g}, {y:g}, {z:g}) would turn more than two times around. "
                "If you have degrees, use math.radians(...)."
            )
            raise ValueError(text.format(x=x, y=y, z=z))
        return Pose(self.position, quaternion_product(self.quaternion.tolist(), turn.tolist()))

    # --- comparing ------------------------------------------------------------------------

    def distance(self, other: Pose) -> float:
        """Distance between the two positions [m].

        >>> DOWN.distance(DOWN.offset(z=0.1))
        0.1
        """
        return float(np.linalg.norm(self.position - other.position))

    def angle(self, other: Pose) -> float:
        """Angle of the rotation between the two orientations [rad], 0..pi.

        >>> round(DOWN.angle(DOWN.rotated(z=0.3)), 3)
        0.3
        """
        w, x, y, z = quaternion_product((self.inverse().quaternion).tolist(), other.quaternion.tolist())
        return 2.0 * math.atan2(math.sqrt(x * x + y * y + z * z), abs(w))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pose):
            return NotImplemented
        return bool(np.array_equal(self.position, other.position) and np.array_equal(self.quaternion, other.quaternion))

    def __hash__(self) -> int:
        return hash(tuple(self.to_list()))  # of numbers, not bytes: 0.0 and -0.0 are equal

    def __repr__(self) -> str:
        def words(values: Array) -> str:
            return ", ".join(f"{value:.1f}" for value in np.round(values, 1) + 0.0)

        return f"Pose({words(self.position * 1000.0)} mm; rotvec {words(np.degrees(steady_rotvec(self)))} deg)"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Pose, (self.position.tolist(), self.quaternion.tolist()))


def _about(axis: int, angle: float) -> tuple[float, float, float, float]:
    """Quaternion of a turn by `angle` [rad] about one of the axes 0, 1, 2."""
    q = [math.cos(angle / 2.0), 0.0, 0.0, 0.0]
    q[1 + axis] = math.sin(angle / 2.0)
    return (q[0], q[1], q[2], q[3])


def steady_rotvec(pose: Pose) -> Array:
    """The rotation vector (3,) [rad] as it is printed, so that poses that are almost alike look alike.

    That is `Pose.rotvec`, but near half a turn the one about the axis whose first large component is positive; its
    angle may be a little more than pi.
    """
    vector = pose.rotvec
    angle = float(np.linalg.norm(vector))
    if angle < math.pi - NEAR_HALF_A_TURN:
        return vector
    axis = vector / angle
    leading = axis[np.abs(axis) > 0.1][0]
    return vector if leading > 0.0 else vector - 2.0 * math.pi * axis


DOWN = Pose((0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0))
"""Half a turn about x: in a frame whose z points up, the tool points down."""
