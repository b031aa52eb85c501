"""Shells: what an arm looks like whose maker gives no meshes away, drawn from the dimensions in its description.

Two solids are enough: a *lathe* is a profile turned about z, a *plate* is the hull of circles, drawn along z, with
round edges. All are closed and convex across z, and need no cache: they are made in some milliseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms.description import Arm, Shell
from sheber.station import Mesh

__all__ = ["shell", "shells", "turned"]

AROUND = 48  # segments of what is turned
EDGE = (0.0, 30.0, 60.0, 90.0)  # deg, steps of a round edge: flatter than what shading takes for a crease

Array = NDArray[np.float64]


def shells(arm: Arm) -> dict[str, Shell]:
    """The shells of an arm by name: "forearm/0" is the first of its forearm."""
    return {f"{link.name}/{n}": one for link in arm.links for n, one in enumerate(link.shells)}


def shell(one: Shell) -> Mesh:
    """The triangles of a shell, in its own frame."""
    if one.kind == "lathe":
        return turned(np.array(one.points))
    return _plate(np.array(one.points), one.depth, one.edge)


def turned(profile: Array) -> Mesh:
    """A profile (n, 2) of radius and z, from its lowest to its highest point, turned about z; radius zero closes it."""
    angles = np.arange(AROUND) * (2.0 * np.pi / AROUND)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    rings = [np.column_stack([radius * circle, np.full(AROUND, z)]) for radius, z in profile]
    here = np.arange(AROUND)
    there = np.roll(here, -1)
    faces = []
    for k in range(len(profile) - 1):
        a, b = k * AROUND, (k + 1) * AROUND
        if profile[k, 0] > 0.0:
            faces.append(np.column_stack([a + here, a + there, b + there]))
        if profile[k + 1, 0] > 0.0:
            faces.append(np.column_stack([a + here, b + there, b + here]))
    return Mesh(np.concatenate(rings).astype(np.float32), np.concatenate(faces).astype(np.int32))


def _plate(circles: Array, depth: tuple[float, float], edge: float) -> Mesh:
    """The hull of circles (n, 3) x, y, radius, between two z, its edges rounded by the radius `edge`."""
    low, high = depth
    turns = np.radians(EDGE if edge > 0.0 else EDGE[-1:])
    inset, rise = edge * (1.0 - np.sin(turns)), edge * (1.0 - np.cos(turns))
    levels = [(low + up, back) for up, back in zip(rise, inset, strict=True)]
    levels += [(high - up, back) for up, back in zip(rise[::-1], inset[::-1], strict=True)]
    rings = [np.column_stack([_outline(circles, back), np.full(AROUND, z)]) for z, back in levels]
    here = np.arange(AROUND)
    there = np.roll(here, -1)
    fan = np.column_stack([np.zeros(AROUND - 2, dtype=int), here[1:-1], here[2:]])
    faces = [fan[:, ::-1], fan + (len(rings) - 1) * AROUND]
    for k in range(len(rings) - 1):
        a, b = k * AROUND, (k + 1) * AROUND
        faces += [np.column_stack([a + here, a + there, b + there]), np.column_stack([a + here, b + there, b + here])]
    return Mesh(np.concatenate(rings).astype(np.float32), np.concatenate(faces).astype(np.int32))


def _outline(circles: Array, back: float) -> Array:
    """Points (AROUND, 2) of the hull of circles that are smaller by `back`: the farthest one in each direction."""
    angles = (np.arange(AROUND) + 0.5) * (2.0 * np.pi / AROUND)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    farthest = (directions @ circles[:, :2].T + circles[:, 2]).argmax(axis=1)
    outline: Array = circles[farthest, :2] + (circles[farthest, 2] - back)[:, None] * directions
    return outline
