"""Paths of the TCP in space: line, arc, and the corner between two of them. Only geometry, no joints.

A path gives positions and rotations for its parameter s from 0 to `length`. Its unit is the
metre: the way of the TCP, or the turn times the arm's `rotation_radius` where that is longer, so
that a turn on the spot has a length and a speed too.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose

__all__ = ["Arc", "Corner", "Line", "SpatialPath", "corner_weight"]

Array = NDArray[np.float64]


class SpatialPath(Protocol):
    """Positions and rotations of the TCP in the base frame."""

    length: float

    def at(self, s: Array) -> tuple[Array, Array]:
        """p_base_tcp (n, 3) and R_base_tcp (n, 3, 3) at s (n,)."""
        ...

    def bend(self) -> float:
        """Largest curvature [1/m]: 0 for a line."""
        ...


class _Turn:
    """The even turn from one rotation to another, about one axis, the short way."""

    def __init__(self, start: Pose, end: Pose) -> None:
        self.R_start = start.rotation
        w, x, y, z = _from_to(start.quaternion.tolist(), end.quaternion.tolist())
        sine = math.sqrt(x * x + y * y + z * z)
        self.angle = 2.0 * math.atan2(sine, w)
        x, y, z = (x / sine, y / sine, z / sine) if sine > 1e-13 else (0.0, 0.0, 1.0)
        self.cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])

    def at(self, fraction: Array) -> Array:
        """Rotations (n, 3, 3) after fractions (n,) of the turn."""
        if self.angle < 1e-12:
            return np.broadcast_to(self.R_start, (len(fraction), 3, 3))
        angle = (fraction * self.angle)[:, None, None]
        turn = np.eye(3) + np.sin(angle) * self.cross + (1.0 - np.cos(angle)) * (self.cross @ self.cross)
        rotated: Array = turn @ self.R_start
        return rotated


def _from_to(a: list[float], b: list[float]) -> tuple[float, float, float, float]:
    """The quaternion of the short turn, about fixed axes, that takes one orientation to another."""
    (aw, ax, ay, az), (bw, bx, by, bz) = a, b
    w = bw * aw + bx * ax + by * ay + bz * az
    sign = -1.0 if w < 0.0 else 1.0
    return (
        sign * w,
        sign * (aw * bx - bw * ax - by * az + bz * ay),
        sign * (aw * by - bw * ay - bz * ax + bx * az),
        sign * (aw * bz - bw * az - bx * ay + by * ax),
    )


class Line:
    """Straight from one pose to another."""

    def __init__(self, start: Pose, end: Pose, rotation_radius: float) -> None:
        self.start = start.position
        self.way = end.position - start.position
        self.turn = _Turn(start, end)
        self.length = max(math.sqrt(self.way.dot(self.way)), self.turn.angle * rotation_radius)

    def at(self, s: Array) -> tuple[Array, Array]:
        """See `SpatialPath`."""
        fraction = s / self.length
        return self.start + fraction[:, None] * self.way, self.turn.at(fraction)

    def bend(self) -> float:
        """See `SpatialPath`."""
        return 0.0


class Arc:
    """On a circle from one pose through the position of a second to a third."""

    def __init__(self, start: Pose, via: Pose, end: Pose, rotation_radius: float) -> None:
        """Raises ValueError where the three positions do not fix a circle."""
        a, b = via.position - start.position, end.position - start.position
        normal = np.cross(a, b)
        square = float(normal @ normal)
        if square < 1e-6 * max(float(a @ a), float(b @ b)) ** 2 or np.linalg.norm(a - b) < 1e-6:
            raise ValueError("the three points lie on a line or on each other")
        to_centre = np.cross(normal, a * float(b @ b) - b * float(a @ a)) / (2.0 * square)
        self.centre = start.position + to_centre
        self.radius = float(np.linalg.norm(to_centre))
        self.x = -to_centre / self.radius
        self.y = np.cross(normal / math.sqrt(square), self.x)
        last = end.position - self.centre
        self.angle = math.atan2(float(last @ self.y), float(last @ self.x)) % (2.0 * math.pi)
        self.turn = _Turn(start, end)
        self.length = max(self.radius * self.angle, self.turn.angle * rotation_radius)

    def at(self, s: Array) -> tuple[Array, Array]:
        """See `SpatialPath`."""
        fraction = s / self.length
        angle = (fraction * self.angle)[:, None]
        position = self.centre + self.radius * (np.cos(angle) * self.x + np.sin(angle) * self.y)
        return position, self.turn.at(fraction)

    def bend(self) -> float:
        """See `SpatialPath`."""
        return self.radius * (self.angle / self.length) ** 2


def corner_weight(u: Array) -> tuple[Array, Array]:
    """How much of the zone before the corner is left at u in 0..1 (1 at 0, 0 at 1), and its derivative.

    The Bezier polynomial of degree five with the values 1, 3/5, 1/5, 0, 0, 0: it begins at the slope
    -2 and ends flat, both with no curvature, so that path, slope and curvature go on across the borders.
    """
    v = 1.0 - u
    weight = v**3 * (v * v + 3.0 * u * v + 2.0 * u * u)
    slope = -(v * v) * (2.0 * v * v + 8.0 * u * v + 6.0 * u * u)
    return weight, slope


class Corner:
    """The rounded corner between the end of one path and the start of the next; parameter 0..1.

    On the way through the zone the rest of the first path and the beginning of the second are
    added up: what is left of the first fades while the second grows.
    """

    length = 1.0

    def __init__(self, first: SpatialPath, second: SpatialPath, zone_first: float, zone_second: float) -> None:
        self.first, self.second = first, second
        self.zone_first, self.zone_second = zone_first, zone_second
        position, rotation = second.at(np.zeros(1))
        self.p_corner, self.R_corner = position[0], rotation[0]

    def at(self, s: Array) -> tuple[Array, Array]:
        """See `SpatialPath`."""
        p1, R1 = self.first.at(self.first.length - self.zone_first * corner_weight(s)[0])
        p2, R2 = self.second.at(self.zone_second * corner_weight(1.0 - s)[0])
        return p1 + p2 - self.p_corner, R2 @ self.R_corner.T @ R1
