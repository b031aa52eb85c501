"""Looks: what an antenna and the sky above it look like in a replay, from the size of the dish.

The frame is the station's: x east, y north, z up, metres, the origin on the ground below the antenna. A pedestal
stands still; the yoke turns about z by the azimuth; the dish turns in it by the elevation. The sky is a dome about the
point where both axes meet: the skyline is a line on it, and a satellite a small body, far nearer and larger than it
is, in its true direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.diagrams.arrays import circle
from sheber.geometry import Pose
from sheber.ground.mount.pointing import direction
from sheber.station import Mesh
from sheber.trace import Visual

__all__ = ["BODIES", "Antenna", "mesh", "satellite", "texture"]

BODIES: Final = ("yoke", "dish")
"""The bodies of an antenna, in the order of `Antenna.poses`."""

CORNERS: Final = 200  # of a skyline that are drawn exactly
RODS: Final = 9  # of a Yagi, each way
FOCUS: Final = 0.38  # of the diameter: how far the focus of a dish is from its vertex
SIZES_M: Final = (0.3, 40.0)  # diameters that a dish may have
ROSE_M: Final = (1.0, 200.0)  # as above, of the rose of directions
LOWEST_DEG: Final = -25.0  # below the horizon a satellite stays here, out of sight and near enough for the picture

_CONCRETE: Final = (0.72, 0.71, 0.68)
_WHITE: Final = (0.93, 0.93, 0.92)
_GREY: Final = (0.5, 0.52, 0.54)
_DARK: Final = (0.2, 0.21, 0.23)
_PANEL: Final = (0.1, 0.17, 0.42)
_RIDGE: Final = (0.45, 0.36, 0.24)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Antenna:
    """An antenna on its pedestal, and how large the sky about it is drawn."""

    diameter_m: float  # of the dish; of a Yagi the length of its boom
    yagi: bool = False  # a boom with crossed rods in place of a dish

    @property
    def axes_m(self) -> float:
        """Height of the point where both axes meet."""
        return 0.72 * self.diameter_m

    @property
    def dome_m(self) -> float:
        """Radius of the dome on which the sky is drawn."""
        return 2.0 * self.diameter_m

    def visuals(self, skyline_deg: tuple[ArrayLike, ArrayLike] | None = None) -> tuple[Visual, ...]:
        """All that stands: the antenna, the ground with its rose of directions, and the skyline.

        skyline_deg: azimuths (n,), and how high the skyline is there (n,).
        """
        moving = _boom(self) if self.yagi else _dish(self)
        parts = (*_pedestal(self), *_yoke(self), *moving, *_ground(self))
        return parts if skyline_deg is None else (*parts, *_skyline(self, *skyline_deg))

    def poses(self, azimuth_deg: float, elevation_deg: float) -> list[list[float]]:
        """Where yoke and dish are: x, y, z [m], w, x, y, z; an elevation above 90° lies over the top."""
        yoke = _turned((0.0, 0.0, self.axes_m), -azimuth_deg, 2)
        return [yoke.to_list(), (yoke @ _turned((0.0, 0.0, 0.0), elevation_deg, 0)).to_list()]

    def satellite_pose(self, azimuth_deg: float, elevation_deg: float) -> list[float]:
        """Where the body of a satellite is that is seen in this direction; it turns one side to the antenna."""
        turned = self.poses(azimuth_deg, max(elevation_deg, LOWEST_DEG))[1]
        return Pose(turned[:3], turned[3:]).offset_tool(y=self.dome_m).to_list()


def satellite(body: str, antenna: Antenna) -> tuple[Visual, ...]:
    """What a satellite looks like: a box with two wings, large enough to be seen."""
    size = 0.16 * antenna.diameter_m
    wing = (1.5 * size, 0.04 * size, 0.7 * size)
    wings = [Visual(body, "box", wing, Pose((side * 1.4 * size, 0.0, 0.0)), _PANEL) for side in (-1.0, 1.0)]
    return (Visual(body, "box", (size, size, size), colour=(0.85, 0.7, 0.3)), *wings)


def _turned(position: tuple[float, float, float], angle_deg: float, axis: int) -> Pose:
    about = [0.0, 0.0, 0.0]
    about[axis] = math.radians(angle_deg)
    return Pose.from_rotvec(position, about)


# --- the antenna ------------------------------------------------------------------------------------------


def _pedestal(antenna: Antenna) -> list[Visual]:
    d, high = antenna.diameter_m, antenna.axes_m - 0.24 * antenna.diameter_m
    return [
        Visual("", "box", (0.6 * d, 0.6 * d, 0.06 * d), Pose((0.0, 0.0, 0.03 * d)), _CONCRETE),
        Visual("", "cylinder", (0.11 * d, high), Pose((0.0, 0.0, high / 2.0)), _WHITE),
        Visual("", "cylinder", (0.15 * d, 0.03 * d), Pose((0.0, 0.0, high - 0.02 * d)), _GREY),
    ]


def _yoke(antenna: Antenna) -> list[Visual]:
    """A turntable and two arms, between which the dish tips; its frame lies where the axes meet."""
    d = antenna.diameter_m
    parts = [Visual("yoke", "cylinder", (0.16 * d, 0.05 * d), Pose((0.0, 0.0, -0.215 * d)), _GREY)]
    parts += [
        Visual("yoke", "box", (0.05 * d, 0.14 * d, 0.27 * d), Pose((side * 0.14 * d, 0.0, -0.08 * d)), _WHITE)
        for side in (-1.0, 1.0)
    ]
    sideways = Pose.from_rotvec((0.0, 0.0, 0.0), (0.0, math.pi / 2.0, 0.0))
    return [*parts, Visual("yoke", "cylinder", (0.045 * d, 0.36 * d), sideways, _DARK)]


def _dish(antenna: Antenna) -> list[Visual]:
    """The reflector, what holds it, its counterweights, and the feed on four struts; it looks along y."""
    d = antenna.diameter_m
    along = Pose.from_rotvec((0.0, 0.0, 0.0), (-math.pi / 2.0, 0.0, 0.0))  # z of a shape becomes y of the dish
    vertex = 0.13 * d
    parts = [
        Visual("dish", "mesh", (), Pose((0.0, vertex, 0.0)) @ along, _WHITE, mesh=f"reflector/{d:g}"),
        Visual("dish", "cylinder", (0.1 * d, 0.16 * d), Pose((0.0, 0.06 * d, 0.0)) @ along, _GREY),
        Visual("dish", "box", (0.2 * d, 0.07 * d, 0.12 * d), Pose((0.0, -0.12 * d, 0.0)), _DARK),
        Visual("dish", "cylinder", (0.03 * d, 0.09 * d), Pose((0.0, vertex + FOCUS * d, 0.0)) @ along, _DARK),
    ]
    return parts + [_strut(d, vertex, turn) for turn in np.radians((45.0, 135.0, 225.0, 315.0)).tolist()]


def _boom(antenna: Antenna) -> list[Visual]:
    """Two Yagis on one boom, at right angles; it looks along y. Rods are longer and thicker than true ones."""
    d = antenna.diameter_m
    boom = _rod("dish", np.array((0.0, -0.35 * d, 0.0)), np.array((0.0, 0.65 * d, 0.0)), 0.016 * d, _DARK)
    parts = [boom, Visual("dish", "box", (0.2 * d, 0.1 * d, 0.1 * d), Pose((0.0, 0.0, 0.0)), _DARK)]
    for n, along in enumerate(np.linspace(-0.33, 0.63, RODS).tolist()):
        half = (0.15 - 0.04 * n / (RODS - 1)) * d
        for side in (np.array((half, 0.0, 0.0)), np.array((0.0, 0.0, half))):
            middle = np.array((0.0, along * d, 0.0))
            parts.append(_rod("dish", middle - side, middle + side, 0.009 * d, _GREY))
    return parts


def _strut(d: float, vertex: float, turn: float) -> Visual:
    """From the reflector, three quarters of the way out, to the feed."""
    out = 0.375 * d
    foot = np.array((out * math.cos(turn), vertex + out**2 / (4.0 * FOCUS * d), out * math.sin(turn)))
    return _rod("dish", foot, np.array((0.0, vertex + FOCUS * d, 0.0)), 0.008 * d, _GREY)


def _rod(body: str, start: Floats, end: Floats, radius: float, colour: tuple[float, float, float]) -> Visual:
    """A round rod between two points."""
    way = end - start
    length = float(np.linalg.norm(way))
    up = way / length
    axis = np.cross((0.0, 0.0, 1.0), up)
    sine = float(np.linalg.norm(axis))
    rotvec = axis / sine * math.atan2(sine, float(up[2])) if sine > 1e-9 else np.zeros(3)
    return Visual(body, "cylinder", (radius, length), Pose.from_rotvec((start + end) / 2.0, rotvec), colour)


# --- the ground and the sky -------------------------------------------------------------------------------


def _ground(antenna: Antenna) -> list[Visual]:
    """The ground, which viewers replace by their own, and on it the rose of directions."""
    d, wide = antenna.diameter_m, 2.0 * antenna.dome_m
    rose = Visual("", "cylinder", (antenna.dome_m, 0.002 * d), Pose((0.0, 0.0, 0.001 * d)), texture=f"rose/{wide:g}")
    return [Visual("", "plane", (wide, wide), colour=(0.6, 0.62, 0.58)), rose]


def _skyline(antenna: Antenna, azimuth_deg: ArrayLike, elevation_deg: ArrayLike) -> list[Visual]:
    """The skyline as a line on the dome: thin bars through its corners, and through points between far ones."""
    azimuth, high = circle(np.asarray(azimuth_deg, float), np.asarray(elevation_deg, float))
    corners = np.stack((azimuth, high), axis=1)[1:-1][:CORNERS]
    between = np.arange(0.0, 360.0, 5.0)
    filled = np.stack((between, np.interp(between, azimuth, high)), axis=1)
    around = np.concatenate((corners, filled))
    around = around[np.argsort(around[:, 0], kind="stable")]  # two corners of one azimuth are a wall: in their order
    points = _on_dome(antenna, around[:, 0], around[:, 1])
    ends = np.roll(points, -1, axis=0)
    pairs = ((a, b) for a, b in zip(points, ends, strict=True) if np.linalg.norm(b - a) > 1e-3)
    return [_rod("", start, end, 0.006 * antenna.diameter_m, _RIDGE) for start, end in pairs]


def _on_dome(antenna: Antenna, azimuth_deg: Floats, elevation_deg: Floats) -> Floats:
    """Points (n, 3) in directions."""
    return antenna.dome_m * direction(azimuth_deg, elevation_deg) + (0.0, 0.0, antenna.axes_m)


# --- meshes and textures by name ---------------------------------------------------------------------------


@lru_cache(maxsize=32)
def mesh(name: str) -> Mesh:
    """The mesh that a visual names: "reflector/DIAMETER", a paraboloid that opens along z from its vertex [m].

    Raises KeyError.
    """
    diameter = _size(name, "reflector", SIZES_M)
    radii = np.linspace(0.0, diameter / 2.0, 9)[1:]
    inside = _bowl(radii, 0.0, diameter)
    outside = _bowl(radii, -0.012 * diameter, diameter)
    faces = _bowl_faces(len(radii))
    count = len(inside)
    rim = _rim(count - _AROUND, 2 * count - _AROUND)
    whole = np.concatenate((faces, faces[:, ::-1] + count, rim))
    return Mesh(np.concatenate((inside, outside)).astype(np.float32), whole.astype(np.int32))


_AROUND: Final = 48  # corners of a circle


def _bowl(radii: Floats, shift: float, diameter: float) -> Floats:
    """The vertex and the rings of a paraboloid z = r² / 4f."""
    turns = np.linspace(0.0, 2.0 * np.pi, _AROUND, endpoint=False)
    r, turn = np.meshgrid(radii, turns, indexing="ij")
    z = r**2 / (4.0 * FOCUS * diameter) + shift
    rings = np.stack((r * np.cos(turn), r * np.sin(turn), z), axis=-1).reshape(-1, 3)
    return np.concatenate(([[0.0, 0.0, shift]], rings))


def _bowl_faces(rings: int) -> NDArray[np.int64]:
    """Triangles (n, 3) that are seen from inside the bowl."""
    n = np.arange(_AROUND)
    after = (n + 1) % _AROUND
    faces = [np.stack((np.zeros_like(n), 1 + n, 1 + after), axis=1)]
    for ring in range(rings - 1):
        a, b = 1 + ring * _AROUND + n, 1 + ring * _AROUND + after
        faces += [np.stack((a, a + _AROUND, b + _AROUND), axis=1), np.stack((a, b + _AROUND, b), axis=1)]
    return np.concatenate(faces)


def _rim(inner: int, outer: int) -> NDArray[np.int64]:
    """Triangles between two rings of the same size: the first corners of the inner and of the outer one."""
    n = np.arange(_AROUND)
    after = (n + 1) % _AROUND
    one = np.stack((inner + n, outer + n, outer + after), axis=1)
    return np.concatenate((one, np.stack((inner + n, outer + after, inner + after), axis=1)))


@lru_cache(maxsize=8)
def texture(name: str) -> NDArray[np.uint8]:
    """The texture that a visual names: "rose/WIDTH", rings and azimuths each 30°, north up. Raises KeyError."""
    _size(name, "rose", ROSE_M)
    return _rose(512)


def _rose(pixels: int) -> NDArray[np.uint8]:
    import cv2

    ground, ink, faint = (214, 212, 204), (70, 78, 80), (182, 180, 172)
    picture = np.full((pixels, pixels, 3), ground, np.uint8)
    middle, radius = pixels / 2.0, 0.47 * pixels
    for share in (1.0, 2.0 / 3.0, 1.0 / 3.0):
        cv2.circle(picture, (pixels // 2, pixels // 2), round(radius * share), faint, 1, cv2.LINE_AA)
    for degrees in range(0, 360, 10):
        x, y = math.sin(math.radians(degrees)), -math.cos(math.radians(degrees))
        inner = 0.9 if degrees % 30 else 0.3
        start, end = (
            (round(middle + x * radius * share), round(middle + y * radius * share)) for share in (inner, 1.0)
        )
        cv2.line(picture, start, end, faint if degrees % 90 else ink, 1, cv2.LINE_AA)
        if degrees % 30 == 0:
            _written(
                picture, _NAMES.get(degrees, str(degrees)), (middle + 0.83 * radius * x, middle + 0.83 * radius * y)
            )
    picture.setflags(write=False)
    return picture


_NAMES: Final = {0: "N", 90: "E", 180: "S", 270: "W"}


def _written(picture: NDArray[np.uint8], words: str, middle: Sequence[float]) -> None:
    """Write words about a point of the picture, on a clear patch."""
    import cv2

    font, size, ink = cv2.FONT_HERSHEY_SIMPLEX, 1.1 if len(words) == 1 else 0.7, (45, 52, 54)
    (wide, high), _below = cv2.getTextSize(words, font, size, 2)
    left, bottom = round(middle[0] - wide / 2.0), round(middle[1] + high / 2.0)
    cv2.rectangle(picture, (left - 4, bottom - high - 4), (left + wide + 4, bottom + 4), (214, 212, 204), -1)
    cv2.putText(picture, words, (left, bottom), font, size, ink, 2, cv2.LINE_AA)


def _size(name: str, kind: str, allowed: tuple[float, float]) -> float:
    """The number in a name "kind/number". Raises KeyError: a name may come from anybody's trace."""
    found, _slash, words = name.partition("/")
    try:
        size = float(words)
    except ValueError:
        size = math.nan
    if found != kind or not allowed[0] <= size <= allowed[1]:
        raise KeyError(name)
    return size
