"""The replay as a GLB: read back by these tests' own few lines, it shows what the trace says."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import moving_boxes
from sheber.geometry import Pose
from sheber.judge.report import shapes
from sheber.judge.report.finish import CARDBOARD, METAL, PAINT, RUBBER, finish
from sheber.judge.report.glb import GROUND, POSITION_TOLERANCE, ROTATION_TOLERANCE, replay
from sheber.judge.report.thin import between, continuous, thinned
from sheber.station import Mesh, Visual
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceWriter, read

KINDS = {5120: "i1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class Glb:
    """A GLB as a viewer sees it."""

    def __init__(self, raw: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", raw)
        assert (magic, version, length) == (0x46546C67, 2, len(raw))
        words = struct.unpack_from("<I", raw, 12)[0]
        self.file: dict[str, Any] = json.loads(raw[20 : 20 + words])
        self.raw = raw[28 + words :]
        self.names = {node["name"]: n for n, node in enumerate(self.file["nodes"]) if "name" in node}

    def array(self, index: int) -> NDArray[np.float64]:
        accessor = self.file["accessors"][index]
        view = self.file["bufferViews"][accessor["bufferView"]]
        kind, size = np.dtype(KINDS[accessor["componentType"]]), SIZES[accessor["type"]]
        stride = view.get("byteStride", kind.itemsize * size)
        assert view["byteOffset"] % 4 == 0
        assert stride % kind.itemsize == 0
        raw = self.raw[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        assert len(raw) == stride * accessor["count"]
        rows = np.frombuffer(raw, kind).reshape(accessor["count"], -1)[:, :size]
        full = np.iinfo(kind).max if accessor.get("normalized") else 1
        return rows.astype(np.float64) / full

    def track(self, name: str, path: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        (animation,) = self.file["animations"]
        for channel in animation["channels"]:
            if channel["target"] == {"node": self.names[name], "path": path}:
                sampler = animation["samplers"][channel["sampler"]]
                return self.array(sampler["input"])[:, 0], self.array(sampler["output"])
        raise KeyError(name, path)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return moving_boxes.write(tmp_path_factory.mktemp("glb") / "run.trace")


@pytest.fixture(scope="module")
def glb(trace: Trace) -> Glb:
    exercise = moving_boxes.Exercise()
    return Glb(replay(trace, exercise.mesh, exercise.texture))


def test_bodies_move_as_recorded(trace: Trace, glb: Glb) -> None:
    for name in trace.bodies:
        true = trace.body(name)
        times, places = glb.track(name, "translation")
        shown = np.stack([np.interp(trace.time, times, column) for column in places.T], 1)
        assert np.abs(shown - true[:, :3]).max() <= POSITION_TOLERANCE + 1e-6
        times, turns = glb.track(name, "rotation")
        shown = np.stack([np.interp(trace.time, times, column) for column in turns.T], 1)[:, [3, 0, 1, 2]]
        shown /= np.linalg.norm(shown, axis=1, keepdims=True)
        error = np.minimum(np.abs(shown - true[:, 3:]).max(1), np.abs(shown + true[:, 3:]).max(1))
        assert error.max() <= 2.0 * ROTATION_TOLERANCE
        assert len(times) < len(trace.time) / 4


def test_the_tool_is_a_node_of_its_own(trace: Trace, glb: Glb) -> None:
    times, places = glb.track("tcp frame", "translation")
    middle = np.interp(5.0, times, places[:, 0])
    assert middle == pytest.approx(trace["tcp"][250, 0], abs=2 * POSITION_TOLERANCE)


def test_shapes_have_their_size_and_place(glb: Glb) -> None:
    load = glb.file["nodes"][glb.names["load"]]
    box = glb.file["nodes"][load["children"][0]]
    assert box["scale"] == [0.06, 0.04, 0.03]
    primitive = glb.file["meshes"][box["mesh"]]["primitives"][0]
    positions = glb.array(primitive["attributes"]["POSITION"])
    assert np.ptp(positions, axis=0).tolist() == [2.0, 2.0, 2.0]
    assert glb.array(primitive["indices"]).shape == (36, 1)


def test_the_file_names_its_licences_and_its_extension(glb: Glb) -> None:
    assert glb.file["asset"]["copyright"] == "Wedge (c) us"
    assert glb.file["extensionsRequired"] == ["KHR_mesh_quantization"]
    assert len(glb.file["images"]) == 1


def test_a_run_without_samples_still_shows_its_scene(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], ["crane"], moving_boxes.VISUALS[:1], step_s=0.002)
        writer.end(0, Outcome(OutcomeKind.PROGRAM_ERROR))
    exercise = moving_boxes.Exercise()
    glb = Glb(replay(read(tmp_path / "run.trace"), exercise.mesh, exercise.texture))
    assert "animations" not in glb.file
    assert len(glb.file["meshes"]) == 1


def test_a_run_that_never_began_gives_an_empty_scene(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")):
        pass
    exercise = moving_boxes.Exercise()
    assert Glb(replay(read(tmp_path / "run.trace"), exercise.mesh, exercise.texture)).file["nodes"][0]["name"] == "base"


def outward(geometry: shapes.Geometry) -> NDArray[np.float64]:
    """Cosines between the normals and the direction that the faces' order gives."""
    corners = geometry.positions[geometry.faces]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(face, axis=1).min() > 0
    face /= np.linalg.norm(face, axis=1, keepdims=True)
    cosines: NDArray[np.float64] = np.einsum("ij,ikj->ik", face, geometry.normals[geometry.faces])
    return cosines


@pytest.mark.parametrize("shape", ["box", "cylinder", "sphere", "plane"])
def test_unit_shapes_face_outward(shape: str) -> None:
    geometry = shapes.unit(shape)
    assert outward(geometry).min() > 0.9
    if shape != "plane":
        centres = geometry.positions[geometry.faces].mean(1)
        assert np.einsum("ij,ij->i", centres, geometry.normals[geometry.faces].mean(1)).min() > 0
    assert geometry.texture.min() >= 0
    assert geometry.texture.max() <= 1


def test_a_capsule_is_round_at_its_ends() -> None:
    geometry, whole = shapes.capsule(0.03, 0.2)
    assert whole == pytest.approx(0.13)
    assert outward(geometry).min() > 0.9
    points = geometry.positions * whole
    distance = np.linalg.norm(points - np.clip(points, (0, 0, -0.1), (0, 0, 0.1)), axis=1)
    np.testing.assert_allclose(distance, 0.03, atol=1e-12)


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(ValueError, match="shape 'cone'; there is one for box, cylinder, sphere, plane"):
        shapes.unit("cone")


def test_meshes_keep_sharp_edges_and_smooth_flat_ones() -> None:
    """A cube has 24 vertices; the same cube cut into a fine sphere is shaded smoothly."""
    cube = shapes.unit("box")
    flat, centre, half = shapes.drawn(Mesh(cube.positions.astype(np.float32) * 2, cube.faces.astype(np.int32)))
    assert (centre, half) == ((0.0, 0.0, 0.0), 2.0)
    assert len(flat.positions) == 24
    assert outward(flat).min() > 0.999
    ball = shapes.unit("sphere")
    round_one, _, _ = shapes.drawn(Mesh(ball.positions.astype(np.float32), ball.faces.astype(np.int32)))
    assert np.einsum("ij,ij->i", round_one.normals, round_one.positions).min() > 0.98
    assert len(round_one.positions) == 32 * 15 + 2
    edged, _, _ = shapes.drawn(Mesh(ball.positions.astype(np.float32), ball.faces.astype(np.int32), smooth=False))
    assert outward(edged).min() > 0.999


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_thinned_keys_stay_within_the_tolerance(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.01, 0.03, count))
    values = np.cumsum(rng.normal(0, 1e-3, (count, 3)) * (rng.random((count, 1)) > 0.5), axis=0)
    keys = thinned(times, values, 2e-3)
    assert np.abs(between(times, values, keys) - values).max() <= 2e-3
    assert keys[0] == 0
    assert keys[-1] == count - 1
    assert (np.diff(keys) > 0).all()


def test_a_straight_line_needs_two_keys() -> None:
    times = np.linspace(0, 60, 3001)
    assert thinned(times, np.outer(times, (1.0, 2.0)), 1e-6).tolist() == [0, 3000]


def test_neighbouring_quaternions_are_near_each_other() -> None:
    turns = [Pose().rotated(z=angle).quaternion for angle in np.linspace(0, 9, 50)]
    joined = continuous(np.array(turns))
    assert (np.einsum("ij,ij->i", joined[1:], joined[:-1]) > 0.9).all()


def test_equal_shapes_are_one_geometry(tmp_path: Path) -> None:
    boxes = [Visual("", "box", (0.1, 0.1, n / 10), colour=(n / 10, 0, 0)) for n in range(1, 9)]
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], boxes, step_s=0.002)
    exercise = moving_boxes.Exercise()
    meshes = Glb(replay(read(tmp_path / "run.trace"), exercise.mesh, exercise.texture)).file["meshes"]
    assert len(meshes) == 8  # one a colour
    assert len({mesh["primitives"][0]["attributes"]["POSITION"] for mesh in meshes}) == 1


@pytest.mark.parametrize(
    ("texture", "colour", "wanted"),
    [
        ("rubber/1", (0.2, 0.2, 0.2), (0.0, 0.95)),
        ("aluminium", (0.7, 0.7, 0.7), METAL),
        ("cardboard/3", (0.7, 0.5, 0.3), CARDBOARD),
        ("", (0.62, 0.64, 0.67), METAL),
        ("", (0.05, 0.05, 0.06), RUBBER),
        ("", (0.8, 0.81, 0.82), PAINT),
        ("", (0.77, 0.61, 0.41), CARDBOARD),
        ("", (0.93, 0.74, 0.1), PAINT),
        ("", (0.78, 0.11, 0.1), PAINT),
    ],
)
def test_a_surface_takes_light_as_its_texture_or_colour_says(
    texture: str, colour: tuple[float, float, float], wanted: tuple[float, float]
) -> None:
    assert finish(Visual("", "box", (1.0, 1.0, 1.0), colour=colour, texture=texture)) == wanted


def test_a_large_plain_plane_is_the_ground(tmp_path: Path) -> None:
    visuals = [
        Visual("hall", "plane", (6.0, 6.0)),
        Visual("mat", "plane", (0.6, 0.5)),
        Visual("print", "plane", (4.0, 4.0), texture="chequered"),
    ]
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], visuals, step_s=0.002)
    exercise = moving_boxes.Exercise()
    made = Glb(replay(read(tmp_path / "run.trace"), exercise.mesh, exercise.texture))
    (ground,) = [node for node in made.file["nodes"] if node.get("name") == GROUND]
    assert ground["scale"] == [3.0, 3.0, 1.0]


def test_the_same_triangles_are_made_ready_once() -> None:
    cube = shapes.unit("box")
    points, faces = cube.positions.astype(np.float32) * 3, cube.faces.astype(np.int32)
    one, other = shapes.drawn(Mesh(points, faces))[0], shapes.drawn(Mesh(points.copy(), faces.copy()))[0]
    assert one.faces is other.faces
    assert not one.faces.flags.writeable
    flat = shapes.drawn(Mesh(points, faces, smooth=False))[0]
    assert flat.faces is not one.faces
