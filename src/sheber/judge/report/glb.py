"""Replay: an animated binary glTF of a run, made from the trace and from what the station says it looks like.

One node a body with tracks of its pose, its shapes as children; positions as int16, normals as int8
(KHR_mesh_quantization), rotations as int16; keys that straight lines reproduce are left out. Any viewer of
glTF opens the file; the report has it inside. glTF's y is up, ours is z: one root node turns it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.judge.report.finish import finish
from sheber.judge.report.shapes import Geometry, capsule, drawn, scale, unit
from sheber.judge.report.thin import continuous, thinned
from sheber.station import Mesh, Visual
from sheber.trace import Trace

__all__ = ["GROUND", "POSITION_TOLERANCE", "ROTATION_TOLERANCE", "TOOL", "replay"]

POSITION_TOLERANCE: Final = 2e-4  # m, of a thinned track
ROTATION_TOLERANCE: Final = 1e-3  # of a quaternion's components; 0.1 degrees
TEXTURE_PIXELS: Final = 512  # longest side of a texture in a report
GROUND: Final = "ground"  # name of the node of a floor, for viewers that draw one of their own
GROUND_SIZE: Final = 3.0  # m: a plain plane of this size or more is a floor
TOOL: Final = "tcp"  # the channel whose frame becomes a node of its own

_FLOAT, _INT8, _INT16, _UINT16, _UINT32 = 5126, 5120, 5122, 5123, 5125
_VERTICES, _FACES = 34962, 34963


def replay(trace: Trace, mesh: Callable[[str], Mesh], texture: Callable[[str], NDArray[np.uint8]]) -> bytes:
    """The animated GLB of a trace; `mesh` and `texture` look up what its visuals name (textures RGB)."""
    file = _File(mesh, texture, next(iter(trace.notices), "").partition("\n")[0])
    bodies = {"": file.node("fixed")} | {name: file.node(name) for name in trace.bodies}
    for visual in trace.visuals:
        if visual.body not in bodies:  # never declared, so it does not move
            bodies[visual.body] = file.node(visual.body)
        file.draw(visual, bodies[visual.body])
    times = np.asarray(trace.time)
    for name in trace.bodies if len(times) else ():
        if trace.knows(name):
            file.animate(bodies[name], times, trace.body(name))
    if any(channel[0] == TOOL and channel[2] == (7,) for channel in trace.channels) and len(times):
        file.animate(file.node(f"{TOOL} frame"), times, trace[TOOL].astype(np.float64))
    return file.written()


@dataclass(slots=True)
class _File:
    """A glTF file in the making: its JSON lists and the bytes that they point into."""

    mesh: Callable[[str], Mesh]
    texture: Callable[[str], NDArray[np.uint8]]
    copyright: str
    nodes: list[dict[str, Any]] = field(default_factory=lambda: [_root()])
    meshes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    samplers: list[dict[str, Any]] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    known: dict[tuple[Any, ...], Any] = field(default_factory=dict)  # geometries, materials, meshes, times

    def node(self, name: str) -> int:
        """A node for a body, under the root."""
        self.nodes.append({"name": name, "children": []})
        self.nodes[0]["children"].append(len(self.nodes) - 1)
        return len(self.nodes) - 1

    def draw(self, visual: Visual, body: int) -> None:
        """A shape of a body."""
        geometry, centre, factors = self._geometry(visual)
        material = self._material(visual)
        key = ("mesh", geometry, material)
        if key not in self.known:
            attributes, faces = self.known["attributes", geometry]
            if not visual.texture:
                attributes = {name: at for name, at in attributes.items() if name != "TEXCOORD_0"}
            self.meshes.append({"primitives": [{"attributes": attributes, "indices": faces, "material": material}]})
            self.known[key] = len(self.meshes) - 1
        place = visual.pose @ Pose(centre)
        name = {"name": GROUND} if _is_ground(visual) else {}
        placed = _placed(place.position, place.quaternion)
        self.nodes.append({**name, "mesh": self.known[key], **placed, "scale": list(factors)})
        self.nodes[body]["children"].append(len(self.nodes) - 1)

    def _geometry(self, visual: Visual) -> tuple[int, tuple[float, float, float], tuple[float, float, float]]:
        """Number of the shape's geometry, its centre [m] and its scale [m]."""
        key = ("geometry", visual.mesh or visual.shape, visual.size if visual.shape == "capsule" else ())
        if key not in self.known:
            centre, whole = (0.0, 0.0, 0.0), 0.0
            if visual.shape == "mesh":
                geometry, centre, whole = drawn(self.mesh(visual.mesh))
            elif visual.shape == "capsule":
                geometry, whole = capsule(visual.size[0], visual.size[1])
            else:
                geometry = unit(visual.shape)
            number = len(self.known)
            self.known["attributes", number] = self._attributes(geometry)
            self.known[key] = (number, centre, whole)
        number, centre, whole = self.known[key]
        return number, centre, (whole, whole, whole) if whole else scale(visual)

    def _attributes(self, geometry: Geometry) -> tuple[dict[str, int], int]:
        """Accessors of the vertices, and of the faces."""
        count = len(geometry.positions)
        positions = np.zeros((count, 4), np.int16)  # four, so that rows begin at multiples of four bytes
        positions[:, :3] = np.round(np.clip(geometry.positions, -1.0, 1.0) * 32767.0)
        normals = np.zeros((count, 4), np.int8)
        normals[:, :3] = np.round(geometry.normals * 127.0)
        bounds = {"min": positions[:, :3].min(0).tolist(), "max": positions[:, :3].max(0).tolist()}
        attributes = {
            "POSITION": self._vertices(positions, _INT16, "VEC3", **bounds),
            "NORMAL": self._vertices(normals, _INT8, "VEC3"),
        }
        across = np.round(np.clip(geometry.texture, 0.0, 1.0) * 65535.0).astype("<u2")
        attributes["TEXCOORD_0"] = self._vertices(across, _UINT16, "VEC2")
        kind, number = ("<u2", _UINT16) if count < 65535 else ("<u4", _UINT32)
        return attributes, self._accessor(geometry.faces.reshape(-1).astype(kind), number, "SCALAR", target=_FACES)

    def _vertices(self, rows: NDArray[Any], kind: int, shape: str, **more: Any) -> int:
        row = rows.strides[0]
        return self._accessor(rows, kind, shape, target=_VERTICES, byteStride=row, normalized=True, **more)

    def _material(self, visual: Visual) -> int:
        key = ("material", visual.colour, visual.texture)
        if key not in self.known:
            metallic, roughness = finish(visual)
            surface: dict[str, Any] = {"metallicFactor": metallic, "roughnessFactor": roughness}
            if visual.texture:
                surface["baseColorTexture"] = {"index": self._image(visual.texture)}
            else:
                surface["baseColorFactor"] = [*(round(_linear(value), 4) for value in visual.colour), 1.0]
            self.materials.append({"pbrMetallicRoughness": surface})
            self.known[key] = len(self.materials) - 1
        return int(self.known[key])

    def _image(self, name: str) -> int:
        key = ("image", name)
        if key not in self.known:
            self.images.append({"mimeType": "image/jpeg", "bufferView": self._view(_jpeg(self.texture(name)))})
            self.known[key] = len(self.images) - 1
        return int(self.known[key])

    def animate(self, node: int, times: NDArray[np.float64], poses: NDArray[np.float64]) -> None:
        """Tracks of a node along poses (n, 7) at times (n,)."""
        poses = np.where(np.isfinite(poses).all(1, keepdims=True), poses, (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0))
        quaternions = continuous(poses[:, 3:])[:, [1, 2, 3, 0]]  # glTF has w last
        self.nodes[node] |= _placed(poses[0, :3], poses[0, 3:])
        self._track(node, "translation", times, poses[:, :3], POSITION_TOLERANCE)
        self._track(node, "rotation", times, quaternions, ROTATION_TOLERANCE)

    def _track(self, node: int, path: str, times: NDArray[np.float64], values: NDArray[np.float64], by: float) -> None:
        if np.ptp(values, axis=0).max() <= by / 4.0:
            return
        keys = thinned(times, values, by)
        if path == "rotation":
            unit_length = values[keys] / np.linalg.norm(values[keys], axis=1, keepdims=True)
            rows = np.round(unit_length * 32767.0).astype("<i2")
            output = self._accessor(rows, _INT16, "VEC4", normalized=True)
        else:
            output = self._accessor(values[keys].astype("<f4"), _FLOAT, "VEC3")
        self.samplers.append({"input": self._times(times[keys]), "output": output, "interpolation": "LINEAR"})
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})

    def _times(self, times: NDArray[np.float64]) -> int:
        rows = times.astype("<f4")
        key = ("times", rows.tobytes())
        if key not in self.known:
            bounds: dict[str, Any] = {"min": [float(rows[0])], "max": [float(rows[-1])]}
            self.known[key] = self._accessor(rows, _FLOAT, "SCALAR", **bounds)
        return int(self.known[key])

    def _accessor(
        self, rows: NDArray[Any], kind: int, shape: str, target: int = 0, byteStride: int = 0, **more: Any
    ) -> int:
        about = {name: value for name, value in (("target", target), ("byteStride", byteStride)) if value}
        view = self._view(rows.tobytes(), **about)
        self.accessors.append({"bufferView": view, "componentType": kind, "count": len(rows), "type": shape, **more})
        return len(self.accessors) - 1

    def _view(self, raw: bytes, **about: int) -> int:
        self.raw += bytes(-len(self.raw) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.raw), "byteLength": len(raw), **about})
        self.raw += raw
        return len(self.views) - 1

    def written(self) -> bytes:
        """The bytes of the file."""
        self.raw += bytes(-len(self.raw) % 4)
        for node in self.nodes:
            if not node.get("children", True):
                del node["children"]
        asset = {"version": "2.0", "generator": "sheber"} | ({"copyright": self.copyright} if self.copyright else {})
        parts: dict[str, Any] = {
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": self.materials,
            "images": self.images,
            "textures": [{"source": number} for number in range(len(self.images))],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "animations": [{"channels": self.channels, "samplers": self.samplers}] if self.channels else [],
            "buffers": [{"byteLength": len(self.raw)}] if self.raw else [],
        }
        needed = ["KHR_mesh_quantization"]
        head = {"asset": asset, "scene": 0, "scenes": [{"nodes": [0]}]}
        head |= {"extensionsUsed": needed, "extensionsRequired": needed} if self.meshes else {}
        words = json.dumps(head | {name: part for name, part in parts.items() if part}, separators=(",", ":")).encode()
        words += b" " * (-len(words) % 4)
        whole = 12 + 8 + len(words) + (8 + len(self.raw) if self.raw else 0)
        out = struct.pack("<III", 0x46546C67, 2, whole) + struct.pack("<II", len(words), 0x4E4F534A) + words
        return out + (struct.pack("<II", len(self.raw), 0x004E4942) + bytes(self.raw) if self.raw else b"")


def _is_ground(visual: Visual) -> bool:
    return visual.shape == "plane" and not visual.texture and min(visual.size) >= GROUND_SIZE


def _root() -> dict[str, Any]:
    """The node that turns z up into glTF's y up."""
    half = float(np.sqrt(0.5))
    return {"name": "base", "rotation": [-half, 0.0, 0.0, half], "children": []}


def _placed(position: NDArray[np.float64], quaternion: NDArray[np.float64]) -> dict[str, list[float]]:
    w, x, y, z = (round(float(value), 6) for value in quaternion / np.linalg.norm(quaternion))
    return {"translation": [round(float(value), 6) for value in position], "rotation": [x, y, z, w]}


def _linear(value: float) -> float:
    """A channel of sRGB as light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _jpeg(texture: NDArray[np.uint8]) -> bytes:
    """An RGB texture as a JPEG of bounded size."""
    import cv2

    picture = np.ascontiguousarray(texture[..., ::-1])
    shrink = TEXTURE_PIXELS / max(picture.shape[:2])
    if shrink < 1.0:
        picture = np.asarray(cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise ValueError(f"no JPEG can be made of a texture of shape {texture.shape}")
    return bytes(encoded)
