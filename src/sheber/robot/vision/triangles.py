"""What a station looks like, as flat arrays of triangles that the kernels can walk through."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.creases import crease_normals
from sheber.robot.vision.material import DULL, Material
from sheber.robot.vision.shapes import Surface, plan_uv, surface
from sheber.station import Mesh, Visual

__all__ = ["Triangles", "linear_colour", "triangles"]

_CREASE_COSINE = 0.766  # of 40 degrees
_FLAT_COSINE = 0.99999
_LEVELS = 12  # of a texture, itself included
_WELD_M = 1e-6  # vertices nearer than this are one

Texture = Callable[[str], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """All shapes of a station, those of still bodies first. `k` shapes, `n` vertices, `m` faces."""

    bodies: tuple[str, ...]  # names; "" (the base frame) is always the first
    body_of: NDArray[np.int32]  # (k,) number of the body that carries a shape
    T_body_shape: NDArray[np.float64]  # (k, 3, 4)
    albedos: NDArray[np.float32]  # (k, 3) linear red, green, blue
    textures: NDArray[np.int32]  # (k,) number of a texture, -1 for none
    reliefs: NDArray[np.int32]  # (k,) number of a relief among the textures, -1 for none
    gloss: NDArray[np.float64]  # (k, 2) height and whole exponent of the highlight
    panels: tuple[str, ...]  # (k,) name of the light whose bright panel a shape is, "" for none
    vertices: NDArray[np.float32]  # (n, 3) m, in the shape's frame
    vertex_shape: NDArray[np.int32]  # (n,)
    faces: NDArray[np.int32]  # (m, 3)
    face_shape: NDArray[np.int32]  # (m,)
    normals: NDArray[np.float32]  # (m, 3, 3) at the corners, in the shape's frame
    uv: NDArray[np.float32]  # (m, 3, 2)
    groups: NDArray[np.int32]  # (m,) smooth groups, numbered through all shapes
    casts: NDArray[np.uint8]  # (m,) 1 where a face casts a shadow (planes do not)
    texels: NDArray[np.uint16]  # (t, 3) linear red, green, blue, 0..65535
    levels: NDArray[np.int32]  # (textures, levels, 3) offset, width, height
    still_vertices: int  # the first so many vertices belong to still bodies
    still_faces: int


def triangles(
    visuals: Sequence[Visual],
    mesh: Callable[[str], Mesh],
    texture: Texture,
    still: Collection[str] = (),
    materials: Sequence[Material] = (),
) -> Triangles:
    """Triangles of all visuals. `mesh` and `texture` look names up; `still` names bodies that do not move.

    `texture` knows the reliefs too; `materials`: one a visual, or none at all where every surface is dull.
    Raises ValueError where a shape is unknown or there is nothing to draw.
    """
    if not visuals:
        raise ValueError("there is nothing to draw: no visuals were given")
    still = {"", *still}
    made_of = list(materials) or [DULL] * len(visuals)
    pairs = sorted(zip(visuals, made_of, strict=True), key=lambda pair: pair[0].body not in still)
    ordered, made_of = [visual for visual, _ in pairs], [material for _, material in pairs]
    bodies = list(dict.fromkeys(["", *(visual.body for visual in visuals)]))
    names = list(dict.fromkeys(visual.texture for visual in ordered if visual.texture))
    reliefs = list(dict.fromkeys(material.relief for material in made_of if material.relief))
    surfaces = [_surface(visual, mesh) for visual in ordered]
    shaded = [_shaded(s) for s in surfaces]
    vertex_counts = [len(s.vertices) for s in surfaces]
    face_counts = [len(s.faces) for s in surfaces]
    vertex_start = np.concatenate([[0], np.cumsum(vertex_counts)]).astype(np.int32)
    face_start = np.concatenate([[0], np.cumsum(face_counts)]).astype(np.int32)
    number_still = sum(visual.body in still for visual in ordered)
    linear = [_texel_steps()[texture(name)] for name in names]
    texels, levels = _texels(linear + [texture(name).astype(np.uint16) * np.uint16(257) for name in reliefs])
    shape = np.arange(len(ordered), dtype=np.int32)
    casts = np.array([visual.shape != "plane" for visual in ordered], np.uint8)
    return Triangles(
        bodies=tuple(bodies),
        body_of=np.array([bodies.index(visual.body) for visual in ordered], np.int32),
        T_body_shape=np.array([visual.pose.matrix[:3] for visual in ordered]),
        albedos=np.array([linear_colour(visual.colour) for visual in ordered], np.float32),
        textures=np.array([names.index(v.texture) if v.texture else -1 for v in ordered], np.int32),
        reliefs=np.array([len(names) + reliefs.index(m.relief) if m.relief else -1 for m in made_of], np.int32),
        gloss=np.array([(material.gloss, material.shininess) for material in made_of], float),
        panels=tuple(material.light for material in made_of),
        vertices=np.concatenate([s.vertices for s in surfaces]),
        vertex_shape=np.repeat(shape, vertex_counts),
        faces=np.concatenate([s.faces + start for s, start in zip(surfaces, vertex_start, strict=False)]),
        face_shape=np.repeat(shape, face_counts),
        normals=np.concatenate([normals for normals, _ in shaded]),
        uv=np.concatenate([s.uv for s in surfaces]),
        groups=np.concatenate([group + start for (_, group), start in zip(shaded, face_start, strict=False)]),
        casts=np.repeat(casts, face_counts),
        texels=texels,
        levels=levels,
        still_vertices=int(vertex_start[number_still]),
        still_faces=int(face_start[number_still]),
    )


def _surface(visual: Visual, mesh: Callable[[str], Mesh]) -> Surface:
    if visual.shape != "mesh":
        return surface(visual.shape, visual.size)
    found = mesh(visual.mesh)
    vertices, faces = _welded(found.vertices, found.faces)
    return Surface(vertices, faces, plan_uv(vertices, faces), found.smooth)


def _welded(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The same triangles with one vertex a place, so that faces know their neighbours; faces without area go."""
    places = np.round(vertices.astype(np.float64) / _WELD_M).astype(np.int64)
    _, first, index = np.unique(places, axis=0, return_index=True, return_inverse=True)
    renumbered = index.reshape(-1)[faces].astype(np.int32)
    a, b, c = renumbered.T
    whole = (a != b) & (b != c) & (c != a)
    return np.ascontiguousarray(vertices[first], dtype=np.float32), np.ascontiguousarray(renumbered[whole])


def _shaded(s: Surface) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Normals at the faces' corners (m, 3, 3), and smooth groups (m,)."""
    normals = np.zeros((len(s.faces), 3, 3), np.float32)
    group = np.zeros(len(s.faces), np.int32)
    crease_normals(s.vertices, s.faces, _CREASE_COSINE if s.smooth else _FLAT_COSINE, normals, group)
    return normals, group


@cache
def _linear_steps() -> NDArray[np.float64]:
    """Linear light 0..1 of the 256 steps of sRGB (IEC 61966-2-1), rounded so that every mathematics library agrees."""
    steps = [k / 255.0 for k in range(256)]
    return np.array([round(s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4, 9) for s in steps])


@cache
def _texel_steps() -> NDArray[np.uint16]:
    """The same in 65,535 parts."""
    return np.round(65535.0 * _linear_steps()).astype(np.uint16)


def linear_colour(colour: Sequence[float]) -> NDArray[np.float32]:
    """Linear red, green, blue (3,) 0..1 of an sRGB colour 0..1, taken to the nearest of 256 steps."""
    steps = [min(max(round(255.0 * value), 0), 255) for value in colour]
    return _linear_steps()[steps].astype(np.float32)


def _texels(images: Sequence[NDArray[np.uint16]]) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Texels of all textures, linear light or parts, and their smaller copies; and where each level lies."""
    pieces: list[NDArray[np.uint16]] = [np.zeros((1, 3), np.uint16)]
    levels = np.zeros((max(len(images), 1), _LEVELS, 3), np.int32)
    offset = 1
    for t, level in enumerate(images):
        for at in range(_LEVELS):
            if at > 0 and min(level.shape[:2]) < 2:
                levels[t, at] = levels[t, at - 1]
                continue
            if at > 0:
                level = _halved(level)
            levels[t, at] = (offset, level.shape[1], level.shape[0])
            pieces.append(level.reshape(-1, 3))
            offset += level.shape[0] * level.shape[1]
    return np.concatenate(pieces), levels


def _halved(level: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Mean of each 2 x 2 texels, in whole numbers."""
    rows, columns = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
    wide = level[:rows, :columns].astype(np.uint32)
    total = wide[0::2, 0::2] + wide[1::2, 0::2] + wide[0::2, 1::2] + wide[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint16)
