"""Shapes: triangles, normals and texture coordinates of what a station says it looks like.

Every shape is made once in a unit size and scaled by its node, so that twelve boxes are one geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.station import Mesh, Visual

__all__ = ["Geometry", "capsule", "drawn", "scale", "unit"]

CREASE: Final = np.cos(np.radians(40.0))  # edges flatter than this are shaded across
AROUND: Final = 32  # corners of a circle
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Triangles within -1..1, to be scaled and moved by their node."""

    positions: Floats  # (n, 3) within -1..1
    normals: Floats  # (n, 3) unit, true after scaling
    texture: Floats  # (n, 2) 0..1, origin top left
    faces: NDArray[np.int64]  # (m, 3), counter-clockwise seen from outside


def unit(shape: str) -> Geometry:
    """The unit geometry of box, cylinder, sphere or plane: half a metre becomes 1. Raises ValueError for others.

    Capsules and meshes have no unit geometry: `capsule` and `drawn` make them.
    """
    made = {"box": _box, "cylinder": _cylinder, "sphere": _sphere, "plane": _plane}
    if shape not in made:
        raise ValueError(f"no unit geometry for the shape {shape!r}; there is one for {', '.join(made)}")
    return made[shape]()


def scale(visual: Visual) -> tuple[float, float, float]:
    """What the unit geometry of a visual is multiplied by along x, y, z [m]."""
    size = visual.size
    if visual.shape == "box":
        return (size[0] / 2.0, size[1] / 2.0, size[2] / 2.0)
    if visual.shape == "cylinder":
        return (size[0], size[0], size[1] / 2.0)
    if visual.shape == "plane":
        return (size[0] / 2.0, size[1] / 2.0, 1.0)
    return (size[0], size[0], size[0])


def capsule(radius: float, length: float) -> tuple[Geometry, float]:
    """A capsule (length without its round ends [m]) in units of the returned scale [m]."""
    rings = AROUND // 4
    up = np.linspace(0.0, np.pi / 2.0, rings + 1)
    polar = np.concatenate((up - np.pi / 2.0, up))  # latitude of each ring, the equator twice
    shift = np.repeat((-length / 2.0, length / 2.0), rings + 1)
    profile = np.stack((radius * np.cos(polar), radius * np.sin(polar) + shift), 1)
    whole = max(radius + length / 2.0, 1e-9)
    return _turned(profile / whole, np.stack((np.cos(polar), np.sin(polar)), 1)), whole


def drawn(mesh: Mesh) -> tuple[Geometry, tuple[float, float, float], float]:
    """A mesh in units of the returned scale [m] about the returned centre [m]; texture laid on by x and y."""
    low, high = mesh.vertices.min(0).astype(float), mesh.vertices.max(0).astype(float)
    centre = (low + high) / 2.0
    half = float(max((high - low).max() / 2.0, 1e-9))
    positions, normals, faces = _creased(mesh)
    span = np.maximum(high[:2] - low[:2], 1e-9)
    across = (positions[:, :2] - low[:2]) / span
    across[:, 1] = 1.0 - across[:, 1]
    x, y, z = centre.tolist()
    return Geometry((positions - centre) / half, normals, across, faces), (x, y, z), half


def _creased(mesh: Mesh) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Positions, normals and faces with vertices doubled where an edge is sharp (all edges if not smooth).

    Read-only.
    """
    vertices, faces = mesh.vertices, mesh.faces
    return _kept(vertices.tobytes(), vertices.dtype.str, faces.tobytes(), faces.dtype.str, mesh.smooth)


@lru_cache(maxsize=64)
def _kept(
    vertices: bytes, real: str, faces: bytes, whole: str, smooth: bool
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The newest are kept by their content: a server draws the same arm for each run that is watched."""
    points = np.frombuffer(vertices, real).reshape(-1, 3)
    made = _doubled(Mesh(points, np.frombuffer(faces, whole).reshape(-1, 3), smooth))
    for array in made:
        array.setflags(write=False)
    return made


def _doubled(mesh: Mesh) -> tuple[Floats, Floats, NDArray[np.int64]]:
    welded, index = np.unique(np.round(mesh.vertices.astype(np.float64), 6), axis=0, return_inverse=True)
    faces = index.reshape(-1)[mesh.faces].astype(np.int64)
    corners = welded[faces]  # (m, 3, 3)
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    kept = np.linalg.norm(areas, axis=1) > 1e-14
    faces, areas = faces[kept], areas[kept]
    flat = areas / np.linalg.norm(areas, axis=1, keepdims=True)
    each = _smoothed(faces, areas, flat) if mesh.smooth else np.repeat(flat, 3, axis=0)
    # a corner is one vertex of the file where position and normal are the same to int8
    key = np.column_stack((faces.reshape(-1), np.round(each * 127.0).astype(np.int64)))
    chosen, first, back = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return welded[chosen[:, 0]], each[first], back.reshape(-1, 3).astype(np.int64)


def _smoothed(faces: NDArray[np.int64], areas: Floats, flat: Floats) -> Floats:
    """Normal of each corner (3m, 3): the faces about its vertex that lie within the crease angle, by area."""
    vertex = faces.reshape(-1)
    order = np.argsort(vertex, kind="stable")
    counts = np.bincount(vertex)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    size = counts[vertex]  # corners about the vertex of each corner
    mine = np.repeat(np.arange(len(vertex)), size)
    within = np.arange(len(mine)) - np.repeat(np.cumsum(size) - size, size)
    other = order[np.repeat(starts[vertex], size) + within] // 3  # faces about it
    near = np.einsum("ij,ij->i", flat[mine // 3], flat[other]) >= CREASE
    total = np.zeros((len(vertex), 3))
    for axis in range(3):
        total[:, axis] = np.bincount(mine[near], areas[other[near], axis], len(vertex))
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(lengths > 1e-12, total / np.maximum(lengths, 1e-12), np.repeat(flat, 3, axis=0))


def _quads(corners: Sequence[Sequence[Sequence[float]]], normals: Sequence[Sequence[float]]) -> Geometry:
    """Four-cornered faces, each from its lower left counter-clockwise, with the whole texture on each."""
    count = len(corners)
    first = 4 * np.arange(count)[:, None]
    faces = (first + np.array([0, 1, 2, 0, 2, 3])).reshape(-1, 3)
    texture = np.tile([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]], (count, 1))
    return Geometry(np.array(corners, float).reshape(-1, 3), np.repeat(np.array(normals, float), 4, 0), texture, faces)


def _plane() -> Geometry:
    return _quads([[(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]], [(0, 0, 1)])


def _box() -> Geometry:
    """Pictures stand upright: z is up on the sides, y on top and bottom."""
    sides = [((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (-1, 0, 0)), ((-1, 0, 0), (0, -1, 0)), ((0, -1, 0), (1, 0, 0))]
    faces = [(np.array(normal), np.array(right), np.array((0, 0, 1))) for normal, right in sides]
    faces.append((np.array((0, 0, 1)), np.array((1, 0, 0)), np.array((0, 1, 0))))
    faces.append((np.array((0, 0, -1)), np.array((1, 0, 0)), np.array((0, -1, 0))))
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = [[(normal + u * right + v * up).tolist() for u, v in signs] for normal, right, up in faces]
    return _quads(corners, [normal.tolist() for normal, _, _ in faces])


def _turned(profile: Floats, slopes: Floats) -> Geometry:
    """A surface of revolution about z: profile (k, 2) of radius and height, slopes (k, 2) of the normal."""
    angles = np.linspace(0.0, 2.0 * np.pi, AROUND + 1)[:-1]
    circle = np.stack((np.cos(angles), np.sin(angles)), 1)  # (a, 2)

    def swept(values: Floats) -> Floats:
        ring = values[:, None, :1] * circle[None]  # (k, a, 2)
        return np.concatenate((ring, np.broadcast_to(values[:, None, 1:], (*ring.shape[:2], 1))), 2).reshape(-1, 3)

    ring, step = np.meshgrid(np.arange(len(profile) - 1), np.arange(AROUND), indexing="ij")
    a, b = ring * AROUND + step, ring * AROUND + (step + 1) % AROUND
    faces = np.concatenate((np.stack((a, b, b + AROUND), -1), np.stack((a, b + AROUND, a + AROUND), -1)))
    positions = swept(profile)
    above = (positions[:, :2] * (1.0, -1.0) + 1.0) / 2.0  # a texture is seen from above, as on a mesh
    return Geometry(positions, swept(slopes), above, _whole(faces.reshape(-1, 3), positions))


def _whole(faces: NDArray[np.int64], positions: Floats) -> NDArray[np.int64]:
    """Faces that have an area."""
    corners = positions[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return np.asarray(faces[area > 1e-12], dtype=np.int64)


def _cylinder() -> Geometry:
    profile = np.array([(0, -1), (1, -1), (1, -1), (1, 1), (1, 1), (0, 1)], float)
    return _turned(profile, np.array([(0, -1), (0, -1), (1, 0), (1, 0), (0, 1), (0, 1)], float))


def _sphere() -> Geometry:
    polar = np.linspace(-np.pi / 2.0, np.pi / 2.0, AROUND // 2 + 1)
    circle = np.stack((np.cos(polar), np.sin(polar)), 1)
    return _turned(circle, circle)
