"""Reliefs: scratches and chips of a surface, computed from their names. Numpy only.

A relief is a picture (h, w, 3) of whole numbers 0..255: how much of each place is scratched, and 128 + 127 * that times
cosine and sine of twice the scratch's angle (from the right, downwards). So a smaller copy, the mean of four, is still
a relief: a scratch that is thinner than a pixel does not vanish.

Names: "scratch/U0,V0,U1,V1,WIDTH/SEED" from one point to another, and "chip/U,V,RADIUS/SEED"; in parts of the surface's
width, from its left upper corner. Several are joined by "+". A chip has facets in all directions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["RELIEFS", "chipped", "relief", "split"]

SIZE = 512  # texels each way
MOST = 12  # scratches and chips on one surface
BENDS, FACETS = 10, 24
RELIEFS = {"scratch": 5, "chip": 3}
"""Kinds of flaws, and how many numbers each has."""

Array = NDArray[np.float64]


def split(name: str) -> list[tuple[str, list[float], int]]:
    """The flaws of a name: kind, numbers, seed. Raises ValueError that says how a name is written."""
    flaws = []
    for one in name.split("+"):
        kind, _, rest = one.partition("/")
        words, _, seed = rest.partition("/")
        if kind not in RELIEFS:
            raise ValueError(f"unknown relief {kind!r}; known kinds: {', '.join(sorted(RELIEFS))}")
        try:
            numbers = [float(word) for word in words.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != RELIEFS[kind] or not all(0.0 <= number <= 1.0 for number in numbers):
            raise ValueError(f"a {kind} has {RELIEFS[kind]} numbers from 0 to 1, got {words!r}")
        if seed and not seed.isdecimal():
            raise ValueError(f"a {kind}'s seed must be a whole number, got {seed!r}")
        flaws.append((kind, numbers, int(seed or 0) % 10_000))
    if len(flaws) > MOST:
        raise ValueError(f"a surface has at most {MOST} scratches and chips, got {len(flaws)}")
    return flaws


def relief(name: str) -> NDArray[np.uint8]:
    """The relief (h, w, 3) uint8 of this name; raises ValueError for an unknown one."""
    cover, cosine, sine = (np.zeros((SIZE, SIZE)) for _ in range(3))
    for kind, numbers, seed in split(name):
        draw = _scratch if kind == "scratch" else _chip
        draw(numbers, seed, cover, cosine, sine)
    parts = (cover * 255.0, 128.0 + 127.0 * cover * cosine, 128.0 + 127.0 * cover * sine)
    return np.stack([np.floor(part + 0.5) for part in parts], axis=-1).astype(np.uint8)


def chipped(image: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """A texture in which chips show the raw, darker ground; scratches change no colour."""
    made = np.array(image)
    rows, columns = image.shape[:2]
    for kind, numbers, seed in split(name):
        if kind == "chip":
            u, v = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
            inside, facet = _facets(numbers, seed, u, v)
            shade = (35 + 5 * (facet * 7 % 11))[..., None] * made.astype(np.int64) // 100
            made = np.where(inside[..., None], shade, made).astype(np.uint8)
    return made


def _scratch(numbers: Sequence[float], seed: int, cover: Array, cosine: Array, sine: Array) -> None:
    """A line that wavers, now deeper and now shallower."""
    u0, v0, u1, v1, width = numbers
    rng = np.random.default_rng(900_000 + seed)
    part = np.arange(BENDS + 1) / BENDS
    waver = rng.integers(-100, 101, BENDS + 1) / 100.0 * np.minimum(part, 1.0 - part)
    depth = rng.integers(70, 101, BENDS) / 100.0
    bend = 0.04 * waver
    us, vs = u0 + (u1 - u0) * part - (v1 - v0) * bend, v0 + (v1 - v0) * part + (u1 - u0) * bend
    for k in range(BENDS):
        _line((us[k], vs[k], us[k + 1], vs[k + 1]), width, float(depth[k]), cover, cosine, sine)


def _line(ends: Sequence[float], width: float, depth: float, cover: Array, cosine: Array, sine: Array) -> None:
    """Cover the texels near a straight line."""
    u0, v0, u1, v1 = (float(end) * SIZE - 0.5 for end in ends)
    reach = width * SIZE / 2.0 + 1.0
    left, right = max(int(min(u0, u1) - reach), 0), min(int(max(u0, u1) + reach) + 2, SIZE)
    top, bottom = max(int(min(v0, v1) - reach), 0), min(int(max(v0, v1) + reach) + 2, SIZE)
    if left >= right or top >= bottom:
        return
    x, y = np.meshgrid(np.arange(left, right) - u0, np.arange(top, bottom) - v0)
    dx, dy = u1 - u0, v1 - v0
    square = max(dx * dx + dy * dy, 1e-12)
    along = np.clip((x * dx + y * dy) / square, 0.0, 1.0)
    away = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
    found = depth * np.clip(reach - 0.5 - away, 0.0, 1.0)
    window = (slice(top, bottom), slice(left, right))
    more = found > cover[window]
    for values, value in ((cover, found), (cosine, (dx * dx - dy * dy) / square), (sine, 2.0 * dx * dy / square)):
        values[window] = np.where(more, value, values[window])


def _chip(numbers: Sequence[float], seed: int, cover: Array, cosine: Array, sine: Array) -> None:
    """A patch of facets in all directions."""
    middle = (np.arange(SIZE) + 0.5) / SIZE
    u, v = np.meshgrid(middle, middle)
    inside, facet = _facets(numbers, seed, u, v)
    t = np.random.default_rng(920_000 + seed).integers(-100, 101, FACETS) / 100.0  # tangent of the angle
    double_cosine, double_sine = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    for values, value in ((cover, np.full(FACETS, 0.8)), (cosine, double_cosine), (sine, double_sine)):
        values[inside] = value[facet[inside]]


def _facets(numbers: Sequence[float], seed: int, u: Array, v: Array) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which places lie in a chip, and the nearest of its facets."""
    u0, v0, radius = numbers
    rng = np.random.default_rng(910_000 + seed)
    places = rng.integers(-100, 101, (FACETS, 2)) / 100.0 * radius
    x, y = u - u0, v - v0
    distances = np.stack([(x - px) ** 2 + (y - py) ** 2 for px, py in places.tolist()])
    facet = distances.argmin(axis=0)
    reach = rng.integers(70, 101, FACETS) / 100.0 * radius
    return x * x + y * y < reach[facet] ** 2, facet
