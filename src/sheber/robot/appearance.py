"""Appearance: the meshes and textures that the visuals of a robot cell name.

A mesh's name is all there is to know about it: "ur5e/forearm/0" is a piece of an arm,
"prism/HEIGHT/X,Y;X,Y;..." an upright prism about its middle (outline counter-clockwise),
"plate/HEIGHT/X,Y;...|X,Y;..." the same with a hollow outline and holes, and
"lathe/R,Z;R,Z;..." a profile turned about z. Lengths in metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import available, load
from sheber.robot.arms.shells import turned
from sheber.robot.outlines import filled
from sheber.station import Mesh

__all__ = ["lathe_name", "mesh", "notices", "plate_name", "prepare", "prism_name", "texture"]

MOST_POINTS = 200  # of an outline or a profile: names come from traces too, and a trace may be anybody's

Outline = tuple[tuple[float, float], ...]


@lru_cache(maxsize=256)
def mesh(name: str) -> Mesh:
    """The mesh of this name; raises ValueError that says which names there are."""
    kind, _, rest = name.partition("/")
    if kind == "prism":
        height, _, outline = rest.partition("/")
        return _prism(float(height), _points(outline))
    if kind == "plate":
        height, _, outlines = rest.partition("/")
        return _plate(float(height), [_points(outline) for outline in outlines.split("|")])
    if kind == "lathe":
        return turned(_points(rest))
    if kind in available():
        from sheber.robot.arms import meshes

        return meshes.mesh(name)
    raise ValueError(
        f"no mesh {name!r}; there are: prism/..., plate/..., lathe/..., "
        f"{', '.join(f'{arm}/...' for arm in available())}"
    )


def texture(name: str) -> NDArray[np.uint8]:
    """The texture of this name: (h, w, 3), red, green, blue, sRGB; raises ValueError for an unknown one."""
    from sheber.robot.vision import textures

    return textures.texture(name)


def prepare() -> Iterator[tuple[str, int, int]]:
    """Make the meshes of every arm that are not in the cache yet; yields (part, parts done, parts in all)."""
    from sheber.robot.arms import meshes

    arms = available()
    for number, name in enumerate(arms, start=1):
        if load(name).mesh_package:
            meshes.prepare(load(name))
        yield f"meshes of {name}", number, len(arms)


def notices(arm: str) -> list[str]:
    """The notices that must travel with what this arm looks like, in full; none where it is drawn here."""
    if not load(arm).mesh_package:
        return []
    file = resources.files("sheber.robot.arms") / f"{arm}.notice.txt"
    return [file.read_text(encoding="utf-8")]


def prism_name(height: float, outline: Outline) -> str:
    """The name of an upright prism about its middle."""
    return f"prism/{height:.9g}/{_words(outline)}"


def plate_name(height: float, outline: Outline, holes: tuple[Outline, ...]) -> str:
    """The name of an upright plate about its middle, with holes."""
    return f"plate/{height:.9g}/{'|'.join(map(_words, (outline, *holes)))}"


def lathe_name(profile: Outline) -> str:
    """The name of a profile of (radius, z) turned about z, listed from low to high."""
    return f"lathe/{_words(profile)}"


def _words(points: Outline) -> str:
    return ";".join(f"{a:.9g},{b:.9g}" for a, b in points)


def _points(words: str) -> NDArray[np.float64]:
    count = words.count(";") + 1
    if count > MOST_POINTS:
        raise ValueError(f"a mesh by outline has at most {MOST_POINTS} points; this one has {count}")
    return np.array([[float(value) for value in pair.split(",")] for pair in words.split(";")])


def _prism(height: float, outline: NDArray[np.float64]) -> Mesh:
    """Caps as fans, sides as quads; corners are not shared, so that edges stay sharp."""
    n = len(outline)
    half = height / 2.0
    low = np.column_stack([outline, np.full(n, -half)])
    high = np.column_stack([outline, np.full(n, half)])
    fan = np.array([[0, i, i + 1] for i in range(1, n - 1)])
    following = np.roll(np.arange(n), -1)
    sides = np.stack([low, low[following], high[following], high], axis=1).reshape(-1, 3)  # four corners a side
    first = 2 * n + 4 * np.arange(n)[:, None]
    quads = np.concatenate([np.add(first, (0, 1, 2)), np.add(first, (0, 2, 3))])
    faces = np.concatenate([fan[:, ::-1], fan + n, quads])
    return Mesh(np.concatenate([low, high, sides]).astype(np.float32), faces.astype(np.int32), smooth=False)


def _plate(height: float, rings: list[NDArray[np.float64]]) -> Mesh:
    """Caps without the holes, and a wall along each ring; corners are not shared, so that edges stay sharp."""
    if sum(map(len, rings)) > MOST_POINTS:
        raise ValueError(f"a plate has at most {MOST_POINTS} points in all; this one has {sum(map(len, rings))}")
    half, flat = height / 2.0, np.concatenate(rings)
    caps = filled(rings)
    vertices = [np.column_stack([flat, np.full(len(flat), z)]) for z in (-half, half)]
    faces, count = [caps[:, ::-1], caps + len(flat)], 2 * len(flat)
    for number, ring in enumerate(rings):
        following = np.roll(ring, -1, axis=0)
        area = (ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]).sum()
        if (area > 0.0) == (number > 0):
            ring, following = following, ring
        low, high = np.full(len(ring), -half), np.full(len(ring), half)
        pairs = ((ring, low), (following, low), (following, high), (ring, high))
        walls = np.stack([np.column_stack(pair) for pair in pairs], axis=1).reshape(-1, 3)
        first = count + 4 * np.arange(len(ring))[:, None]
        vertices.append(walls)
        faces.append(np.concatenate([np.add(first, (0, 1, 2)), np.add(first, (0, 2, 3))]))
        count += len(walls)
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32), smooth=False)
