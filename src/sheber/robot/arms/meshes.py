"""Meshes: what an arm looks like, taken from its description package once and kept small.

Each file is split by material, so that covers, joints and links keep the maker's colours; each
piece is decimated, and all are kept in the cache folder as plain arrays. The arm's description
says where the pieces belong (`mesh_pose`: the package's base may be turned against the maker's). An arm without such
a package is drawn instead: see `shells`.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber import cache
from sheber.geometry import Pose
from sheber.robot.arms.description import Arm, load
from sheber.robot.arms.shells import shell, shells
from sheber.station import Mesh

__all__ = ["Piece", "mesh", "pieces", "prepare"]

FACES = 20_000  # of a whole arm, about
FEWEST = 300  # a piece is not decimated below this
EDITION = 5  # counts the ways of making them; a new one makes new files
WELD = 1e-6  # m, vertices nearer than this are one
CAREFUL = 3  # of the decimation: at its default, 7, single vertices stood 10 mm off
STUCK = 1.3  # times the wanted faces: a piece that keeps more is joined to a grid first
GRID = 1.0e-3  # m


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of one link, of one material."""

    body: str  # the link's name
    mesh: str  # name for `mesh`
    pose: Pose  # T_link_mesh
    colour: tuple[float, float, float]  # sRGB, 0..1


def pieces(arm: Arm) -> tuple[Piece, ...]:
    """All pieces of an arm, base first."""
    if not arm.mesh_package:
        drawn = shells(arm).items()
        return tuple(Piece(name.split("/")[0], f"{arm.name}/{name}", one.pose, one.colour) for name, one in drawn)
    arrays = _arrays(arm.name)
    colours = arrays["colours"]  # (n_pieces, 3)
    poses = {link.name: link.mesh_pose for link in arm.links}
    made = []
    for name, colour in zip(arrays["names"].tolist(), colours.tolist(), strict=True):
        link = name.split("/")[0]
        made.append(Piece(link, f"{arm.name}/{name}", poses[link], (colour[0], colour[1], colour[2])))
    return tuple(made)


def mesh(name: str) -> Mesh:
    """The piece "arm/link/number"; raises ValueError that lists what exists."""
    arm, _, piece = name.partition("/")
    if not load(arm).mesh_package:
        drawn = shells(load(arm))
        return shell(drawn[_known(arm, piece, list(drawn))])
    arrays = _arrays(arm)
    _known(arm, piece, arrays["names"].tolist())
    return Mesh(arrays[f"{piece}/vertices"], arrays[f"{piece}/faces"])


def _known(arm: str, piece: str, names: list[str]) -> str:
    if piece not in names:
        raise ValueError(f"no mesh '{arm}/{piece}'; there are: {', '.join(f'{arm}/{one}' for one in names)}")
    return piece


def prepare(arm: Arm) -> Path:
    """Make the cached file of an arm's pieces if it is not there; returns it."""
    path = _path(arm)
    if not path.exists():
        arrays = _make(arm)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with cache.write_atomically(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    return path


def _path(arm: Arm) -> Path:
    version = metadata.version(arm.mesh_package)
    return cache.folder() / "meshes" / f"{arm.name}-{arm.mesh_package}-{version}-{EDITION}.npz"


@lru_cache(maxsize=4)
def _arrays(arm_name: str) -> Mapping[str, NDArray[Any]]:
    """All arrays of an arm: `names`, `colours`, and of each piece `vertices` and `faces`."""
    with np.load(prepare(load(arm_name)), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _make(arm: Arm) -> dict[str, NDArray[Any]]:
    found = [(link.name, *piece) for link in arm.links for piece in _split(_folder(arm) / link.mesh)]
    wanted = _shares([(vertices, faces) for *_, vertices, faces in found])
    arrays: dict[str, NDArray[Any]] = {}
    names, colours, number = [], [], {link.name: 0 for link in arm.links}
    for (link, colour, vertices, faces), count in zip(found, wanted, strict=True):
        name = f"{link}/{number[link]}"
        number[link] += 1
        names.append(name)
        colours.append(colour)
        arrays[f"{name}/vertices"], arrays[f"{name}/faces"] = _decimated(vertices, faces, count)
    return {"names": np.array(names), "colours": np.array(colours), **arrays}


def _folder(arm: Arm) -> Path:
    module = arm.mesh_package.replace("-", "_")
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise FileNotFoundError(
            f"the meshes of {arm.title} come with the package {arm.mesh_package!r}, which is not installed"
        )
    return Path(found.origin).parent / arm.mesh_folder


_Split = tuple[tuple[float, float, float], NDArray[np.float64], NDArray[np.int32]]


def _split(path: Path) -> Iterator[_Split]:
    """The pieces of an OBJ file: colour, vertices (n, 3), faces (m, 3)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    vertices = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], dtype=np.float64)
    colours = _materials(path.with_suffix(".mtl"))
    groups: dict[str, list[list[int]]] = {}
    current: list[list[int]] = []
    for line in lines:
        if line.startswith("usemtl "):
            current = groups.setdefault(line.split()[1], [])
        elif line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            current += [[corners[0], corners[i], corners[i + 1]] for i in range(1, len(corners) - 1)]
    for material, triangles in groups.items():
        yield colours[material], *_welded(vertices, np.array(triangles, dtype=np.int64))


def _materials(path: Path) -> dict[str, tuple[float, float, float]]:
    """Diffuse colours by material; these files hold them as sRGB."""
    colours: dict[str, tuple[float, float, float]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *rest = line.split() or [""]
        if word == "newmtl":
            name = rest[0]
        elif word == "Kd":
            colours[name] = (float(rest[0]), float(rest[1]), float(rest[2]))
    return colours


def _welded(
    vertices: NDArray[np.float64], faces: NDArray[Any], grid: float = WELD
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Only the vertices that these faces use, equal ones joined; faces that vanish are left out."""
    used = vertices[faces.ravel()]
    _, first, inverse = np.unique(
        np.round(used / grid).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    joined = inverse.reshape(-1, 3).astype(np.int32)
    a, b, c = joined.T
    return used[first], joined[(a != b) & (b != c) & (a != c)]


def _shares(found: list[tuple[NDArray[np.float64], NDArray[np.int32]]]) -> list[int]:
    """How many faces each piece keeps: by its surface and its detail, so that screws do not starve covers."""
    weights = []
    for vertices, faces in found:
        a, b, c = (vertices[faces[:, corner]] for corner in range(3))
        area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        weights.append(math.sqrt(area * len(faces)))
    return [max(FEWEST, round(FACES * weight / sum(weights))) for weight in weights]


def _decimated(
    vertices: NDArray[np.float64], faces: NDArray[np.int32], wanted: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    if len(faces) <= wanted:
        return vertices.astype(np.float32), faces
    points, triangles = _simplified(vertices, faces, wanted)
    if len(triangles) > STUCK * wanted:
        # thin seals are made of slivers that do not collapse: joined to a coarser grid they do
        points, triangles = _simplified(*_welded(vertices, faces, GRID), wanted)
    return np.ascontiguousarray(points, np.float32), np.ascontiguousarray(triangles, np.int32)


def _simplified(
    vertices: NDArray[np.float64], faces: NDArray[np.int32], wanted: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    import fast_simplification

    reduction = max(0.0, 1.0 - wanted / len(faces))
    points, triangles = fast_simplification.simplify(
        vertices.astype(np.float32), faces, target_reduction=reduction, agg=CAREFUL
    )
    return points, triangles
