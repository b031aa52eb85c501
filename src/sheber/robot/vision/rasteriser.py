"""Rasteriser: triangles, a pinhole and a lamp in; linear light, nearness and seen faces out. No graphics card.

A picture is made in four steps, each a kernel over plain arrays:

1. `project`: vertices to the image and to the lamp's shadow map (a parallel lamp, one depth a texel);
2. `coverage`: for each of 2 x 2 samples a pixel the nearest face; for each texel of the shadow map how far light gets;
3. `shading`: what the seen faces send to the camera, in linear light, with soft shadows and filtered textures;
4. `tiles`: what does not move is drawn once and kept; later pictures redo only what something moving changed.

The fourth is lossless: the same bytes come out of a rasteriser that has drawn a thousand
pictures and of a new one. The shadow map spans what the camera can see of the still cell, so a
change of camera, lamp, or pose of a still body begins anew. Sample (row, column) lies at the
pixel coordinate (column / 2 - 0.25, row / 2 - 0.25); pixel centres are whole numbers.

The lamp has shadows; further lamps (`Lights`) have none. A lit panel, the back light, has its edges and what stands
before it drawn with 64 samples a pixel (`panels`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.vision.coverage import cover_image, cover_shadow
from sheber.robot.vision.panels import cover_panel, shares
from sheber.robot.vision.project import place, project
from sheber.robot.vision.shading import shade_tiles
from sheber.robot.vision.tiles import restore_blocks, restore_light, restore_samples, spread_shadows
from sheber.robot.vision.triangles import Triangles, linear_colour

__all__ = ["DARK", "Lamp", "Lights", "Picture", "Pinhole", "Rasteriser"]

_FAR = np.float32(1e9)  # where the light of the shadow map meets nothing
_MARGIN_M = 0.5  # shadows are drawn so far around the still cell
_ALONE_M = 1.5  # and so far around the origin where nothing is still

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A camera without a lens. Frame of computer vision: +x right, +y down, +z forward."""

    width: int
    height: int
    focal: tuple[float, float]  # px
    centre: tuple[float, float]  # px; pixel centres are whole numbers
    pose: Pose  # T_base_camera


@dataclass(frozen=True, slots=True)
class Lamp:
    """Parallel light, and light from everywhere; linear factors on a surface's albedo."""

    direction: tuple[float, float, float]  # in which the light travels, base frame
    ambient: float
    diffuse: float


@dataclass(frozen=True, slots=True)
class Lights:
    """What gives light beside the lamp with shadows."""

    lamps: tuple[tuple[float, ...], ...] = ()  # kind, place [m], direction, strength: see `lamps.add_lamps`
    panels: tuple[tuple[str, float], ...] = ()  # lit panels by the name of their light: linear light that they send


DARK = Lights()


@dataclass(slots=True, eq=False)
class _Panel:
    """A lit panel in a picture."""

    face: tuple[int, int]  # its faces, first and last but one
    shape: int
    brightness: float
    window: NDArray[np.int32]  # least and greatest column and row
    plane: Array  # (4,) height over it, of homogeneous sample coordinates
    own: NDArray[np.uint64]  # (h, w) samples that it covers
    still: NDArray[np.uint64]  # (h, w) samples that still things before it cover
    covered: NDArray[np.uint64]  # (h, w) samples that anything before it covers


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What the pinhole sees. The arrays belong to the rasteriser and change with its next picture."""

    light: NDArray[np.float32]  # (h, w, 3) linear red, green, blue
    nearness: NDArray[np.float32]  # (2h, 2w) 1 / depth [1/m] of the samples, 0 where nothing is seen
    seen: NDArray[np.int32]  # (2h, 2w) number of the seen face, -1 for none
    changed: NDArray[np.uint8]  # (tiles,) whether a tile of 4 x 4 pixels, or one beside or below it, is not as before


class Rasteriser:
    """Draws one station again and again."""

    def __init__(
        self, triangles: Triangles, shadow_size: int = 1024, background: Sequence[float] = (0.62, 0.65, 0.68)
    ) -> None:
        """`shadow_size`: texels along each side of the shadow map; `background`: sRGB where nothing is seen."""
        self.triangles = triangles
        self._background = linear_colour(background).astype(np.float64)
        self._T_base_shape = np.zeros_like(triangles.T_body_shape)
        self._points = np.zeros((len(triangles.vertices), 3))
        self._lamp_points = np.zeros((len(triangles.vertices), 3))
        self._shadow = np.full((shadow_size, shadow_size), _FAR, np.float32)
        self._still_shadow = self._shadow.copy()
        self._blocks = np.zeros((-(-shadow_size // 8),) * 2, np.uint8)
        self._key: tuple[object, ...] = ()
        self._panels: list[_Panel] = []
        self._rich = False
        self._panel_of = np.full(len(triangles.panels), -1, np.int32)

    def picture(
        self, camera: Pinhole, lamp: Lamp, poses: Array, lights: Lights = DARK, *, passing: bool = False
    ) -> Picture:
        """Draw all bodies at poses (b, 7), T_base_body in m and wxyz, in the order of `triangles.bodies`.

        `passing`: this view will not come again, so nothing is kept of it. The bytes are the same.
        """
        shapes = self.triangles
        place(shapes.T_body_shape, poses, shapes.body_of, self._T_base_shape)
        still = self._T_base_shape[: _number_still(shapes)]
        key = (camera, lamp, lights, still.tobytes())
        if passing:
            self._key = ()
            self._begin(camera, lamp, lights)
            self._draw_moving()
            self._tiles.fill(1)
            self._shade(record=True)
            return Picture(self._light, self._nearness, self._seen, _reached(self._tiles))
        if key != self._key:
            self._begin(camera, lamp, lights)
            self._keep()
            self._key = key
            before = np.ones_like(self._tiles)
        else:
            before = self._tiles.copy()
            restore_samples(self._drawn, self._nearness, self._still_nearness, self._seen, self._still_seen)
            restore_blocks(self._blocks, self._shadow, self._still_shadow)
            self._tiles.fill(0)
        self._draw_moving()
        spread_shadows(self._blocks, self._read, self._tiles)
        restore_light(before, self._tiles, _rows(self._light), _rows(self._still_light))
        self._shade(record=False)
        return Picture(self._light, self._nearness, self._seen, _reached(before | self._tiles))

    def _draw_moving(self) -> None:
        """Draw what moves over what is still; leaves the tiles touched by it."""
        shapes = self.triangles
        self._draw(shapes.still_vertices, len(shapes.vertices), shapes.still_faces, len(shapes.faces))
        np.copyto(self._drawn, self._tiles)
        for panel in self._panels:
            np.copyto(panel.covered, panel.still)
            self._cover(panel, shapes.still_faces, len(shapes.faces), panel.covered)
        self._share()

    def _begin(self, camera: Pinhole, lamp: Lamp, lights: Lights) -> None:
        """Draw what is still."""
        shapes = self.triangles
        rows, columns = 2 * camera.height, 2 * camera.width
        self._nearness = np.zeros((rows, columns), np.float32)
        self._seen = np.full((rows, columns), -1, np.int32)
        self._light = np.zeros((camera.height, camera.width, 3), np.float32)
        self._tiles = np.ones((-(-rows // 8), -(-columns // 8)), np.uint8)
        self._drawn = np.zeros_like(self._tiles)
        self._read = np.zeros((*self._tiles.shape, 4), np.int32)
        self._shadow.fill(_FAR)
        self._image_from_base = _image_from_base(camera)
        lamp_frame = _lamp_frame(lamp)
        corners = _still_corners(shapes, self._T_base_shape)
        self._lamp_from_base, texel_m = _lamp_from_base(lamp_frame, corners, camera, self._shadow.shape[0])
        self._lamp_from_image = _lamp_from_image(self._lamp_from_base, camera)
        self._lamp = np.array([*-lamp_frame[2], lamp.ambient, lamp.diffuse, texel_m])
        self._base_from_image = _base_from_image(camera)
        self._lamps = np.array(lights.lamps, float).reshape(-1, 8)
        self._rich = bool(lights.lamps) or bool((shapes.gloss[:, 0] > 0.0).any() or (shapes.reliefs >= 0).any())
        self._draw(0, shapes.still_vertices, 0, shapes.still_faces)
        self._panels = [
            panel for name, brightness in lights.panels for panel in self._panels_of(name, brightness, camera)
        ]
        self._panel_of.fill(-1)
        for number, panel in enumerate(self._panels):
            self._panel_of[panel.shape] = number
        lit = (camera.height, camera.width) if self._panels else (0, 0)
        self._shares, self._shining = np.zeros(lit, np.float32), np.zeros(lit, np.float32)

    def _panels_of(self, name: str, brightness: float, camera: Pinhole) -> Iterator[_Panel]:
        """The lit panels of one light that the camera can see."""
        shapes, size = self.triangles, (camera.height, camera.width)
        for shape, light in enumerate(shapes.panels):
            if light != name or brightness <= 0.0 or shape >= _number_still(shapes):
                continue
            of = np.flatnonzero(shapes.face_shape == shape)
            pose, normal = self._T_base_shape[shape], self._T_base_shape[shape, :, 2]
            plane = _product(normal[None], self._base_from_image)[0]  # (4,)
            plane[3] -= _product(normal[None], pose[:, 3:])[0, 0]
            whole = np.array([0, camera.width - 1, 0, camera.height - 1], np.int32)
            panel = _Panel(
                (int(of[0]), int(of[-1]) + 1), shape, brightness, whole, plane,
                *(np.zeros(size, np.uint64) for _ in range(3)),
            )  # fmt: skip
            self._cover(panel, *panel.face, panel.own)
            rows, columns = np.nonzero(panel.own)
            if not len(rows):
                continue
            panel.window = np.array([columns.min(), columns.max(), rows.min(), rows.max()], np.int32)
            self._cover(panel, 0, shapes.still_faces, panel.still)
            np.copyto(panel.covered, panel.still)
            yield panel

    def _cover(self, panel: _Panel, first: int, last: int, bits: NDArray[np.uint64]) -> None:
        """Set the samples of a panel that some of the faces cover."""
        shapes = self.triangles
        cover_panel(
            self._points, shapes.faces, first, last, shapes.face_shape, panel.shape, bits is panel.own, panel.plane,
            panel.window, bits, self._tiles,
        )  # fmt: skip

    def _share(self) -> None:
        """What the lit panels give to each pixel."""
        if self._panels:
            self._shares.fill(-1.0)
            self._shining.fill(0.0)
        for panel in self._panels:
            shares(panel.own, panel.covered, panel.brightness, panel.window, self._shares, self._shining)

    def _keep(self) -> None:
        """Shade and keep what is still."""
        self._share()
        self._tiles.fill(1)
        self._shade(record=True)
        self._still_nearness, self._still_seen = self._nearness.copy(), self._seen.copy()
        self._still_light = self._light.copy()
        np.copyto(self._still_shadow, self._shadow)
        self._tiles.fill(0)
        self._blocks.fill(0)

    def _draw(self, first_vertex: int, last_vertex: int, first_face: int, last_face: int) -> None:
        """Cover samples and texels with some of the faces."""
        shapes = self.triangles
        for matrix, points in (
            (self._image_from_base, self._points),
            (self._lamp_from_base, self._lamp_points),
        ):
            project(shapes.vertices, shapes.vertex_shape, self._T_base_shape, matrix, first_vertex, last_vertex, points)
        cover_image(self._points, shapes.faces, first_face, last_face, self._nearness, self._seen, self._tiles)
        cover_shadow(self._lamp_points, shapes.faces, shapes.casts, first_face, last_face, self._shadow, self._blocks)

    def _shade(self, record: bool) -> None:
        """Shade the touched tiles; `record` what each read of the shadow map."""
        shapes = self.triangles
        shade_tiles(
            self._tiles, self._seen, shapes.groups, self._points, shapes.faces, shapes.normals, shapes.uv,
            shapes.face_shape, self._T_base_shape, shapes.albedos, shapes.textures, shapes.texels, shapes.levels,
            self._lamp, self._lamp_from_image, self._shadow, self._background,
            self._light.reshape(-1, 3),
            self._light.shape[1], self._read, record, self._rich, self._base_from_image, self._lamps, shapes.gloss,
            shapes.reliefs, self._panel_of, self._shares.reshape(-1), self._shining.reshape(-1),
        )  # fmt: skip


def _rows(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light (h, w, 3) as rows (h, 3 * w)."""
    return light.reshape(len(light), -1)


def _reached(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The tiles, row by row, that touch a changed one to the right, below or both: a pixel there reads into it."""
    wide = tiles.copy()
    wide[:, :-1] |= tiles[:, 1:]
    tall = wide.copy()
    tall[:-1] |= wide[1:]
    return tall.reshape(-1)


def _number_still(shapes: Triangles) -> int:
    """How many shapes, the first ones, belong to still bodies."""
    return int(shapes.face_shape[shapes.still_faces - 1]) + 1 if shapes.still_faces else 0


def _product(a: Array, b: Array) -> Array:
    """Matrix product of small matrices in one fixed order: BLAS may take another on another processor."""
    return np.array([[sum(x * y for x, y in zip(row, column, strict=True)) for column in b.T] for row in a])


def _image_from_base(camera: Pinhole) -> Array:
    """Projection (3, 4) to homogeneous sample coordinates."""
    (fx, fy), (cx, cy) = camera.focal, camera.centre
    to_samples = np.array([[2.0 * fx, 0.0, 2.0 * cx + 0.5], [0.0, 2.0 * fy, 2.0 * cy + 0.5], [0.0, 0.0, 1.0]])
    R_camera_base = camera.pose.rotation.T
    offset = -_product(R_camera_base, camera.pose.position[:, None])
    return _product(to_samples, np.concatenate([R_camera_base, offset], axis=1))


def _base_from_image(camera: Pinhole) -> Array:
    """Matrix (3, 4) from homogeneous sample coordinates (and 1) back to the base frame."""
    (fx, fy), (cx, cy) = camera.focal, camera.centre
    to_rays = np.array([[0.5 / fx, 0.0, -(cx + 0.25) / fx], [0.0, 0.5 / fy, -(cy + 0.25) / fy], [0.0, 0.0, 1.0]])
    return np.concatenate([_product(camera.pose.rotation, to_rays), camera.pose.position[:, None]], axis=1)


def _lamp_frame(lamp: Lamp) -> Array:
    """Rows: two axes across the light, and the direction in which it travels."""
    x, y, z = lamp.direction
    length = (x * x + y * y + z * z) ** 0.5
    along = np.array([x, y, z]) / length
    other = np.array([0.0, 1.0, 0.0]) if abs(along[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(other, along)
    across /= (across[0] ** 2 + across[1] ** 2 + across[2] ** 2) ** 0.5
    return np.stack([across, np.cross(along, across), along])


def _still_corners(shapes: Triangles, T_base_shape: Array) -> Array:
    """Corners (8, 3) of the box around all that is still and casts shadows, with a margin."""
    used = np.zeros(len(shapes.vertices), bool)
    used[shapes.faces[: shapes.still_faces][shapes.casts[: shapes.still_faces] == 1]] = True
    if not used.any():
        low, high = np.full(3, -_ALONE_M), np.full(3, _ALONE_M)
    else:
        base = np.zeros((len(shapes.vertices), 3))
        project(shapes.vertices, shapes.vertex_shape, T_base_shape, np.eye(3, 4), 0, shapes.still_vertices, base)
        low, high = base[used].min(axis=0) - _MARGIN_M, base[used].max(axis=0) + _MARGIN_M
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def _lamp_from_base(frame: Array, corners: Array, camera: Pinhole, size: int) -> tuple[Array, float]:
    """Projection (3, 4) to the shadow map's texels and depth [m], and the width of a texel [m].

    The map spans, across the light, what lies both in the cell and in the camera's view.
    """
    cell = _product(corners, frame.T)
    depths = _product(corners - camera.pose.position, camera.pose.rotation)[:, 2]
    w, h = 2.0 * camera.width - 1.0, 2.0 * camera.height - 1.0
    z = max(float(depths.max()), 0.1)
    view = np.array([[0, 0, 0, 1], [0, 0, z, 1], [w * z, 0, z, 1], [0, h * z, z, 1], [w * z, h * z, z, 1]], float)
    seen = _product(_product(view, _base_from_image(camera).T), frame.T)
    low = np.maximum(cell.min(axis=0), seen.min(axis=0))[:2]
    high = np.minimum(cell.max(axis=0), seen.max(axis=0))[:2]
    if not (high > low).all():
        low, high = cell.min(axis=0)[:2], cell.max(axis=0)[:2]
    texel_m = float((high - low).max()) / (size - 8)
    middle = (low + high) / 2.0
    matrix = np.zeros((3, 4))
    matrix[:2, :3] = frame[:2] / texel_m
    matrix[:2, 3] = size / 2.0 - middle / texel_m
    matrix[2, :3] = frame[2]
    return matrix, texel_m


def _lamp_from_image(lamp_from_base: Array, camera: Pinhole) -> Array:
    """Matrix (3, 4) from homogeneous sample coordinates (and 1) to the shadow map."""
    whole = np.concatenate([_base_from_image(camera), [[0.0, 0.0, 0.0, 1.0]]])
    return _product(lamp_from_base, whole)
