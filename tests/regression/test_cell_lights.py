"""Lights of the cell: what each of them shows, in numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import CameraSpec, Fault, Lamp, Light, Lighting, Part, Scene, Shape
from sheber.station import SceneError

pytestmark = pytest.mark.physics

DIM = Lighting(ambient=0.05, diffuse=0.0)
TOP = 0.4  # m, height of the camera
CAMERA = CameraSpec("top", Pose((0.5, 0.0, TOP)) @ DOWN, focal=(1000.0, 1000.0))
BACK = Light("back", "back", Pose((0.5, 0.0, 0.02)), (0.14, 0.12), strength=0.9)


def cell_with(
    *parts: Part,
    lights: tuple[Light, ...] = (),
    lighting: Lighting = DIM,
    camera: CameraSpec = CAMERA,
    faults: tuple[Fault, ...] = (),
) -> Cell:
    scene = Scene(stock.pointer(), parts=parts, lights=lights, lighting=lighting, cameras=(camera,), faults=faults)
    return build(scene)


def light_of(cell: Cell, camera: str = "top") -> np.ndarray:
    """Linear light 0..1 of a picture (h, w), its green."""
    grey = cell.capture(camera).colour[..., 1].astype(float) / 255.0
    return np.where(grey <= 0.04045, grey / 12.92, ((grey + 0.055) / 1.055) ** 2.4)


def plate(turn: float = 0.0, x: float = 0.5, y: float = 0.0) -> Part:
    """A plate whose upper edge is the silhouette, as its sides lean outwards: 60 x 40 mm at z = 28 mm."""
    low, high = 0.0201, 0.028
    thick = Shape("box", (0.06, 0.04, high - low), Pose((0.0, 0.0, (low - high) / 2)), (0.1, 0.1, 0.1))
    return Part("plate", (thick,), Pose((x, y, high)).rotated(z=turn), 0.1)


def edge_errors(light: np.ndarray, part: Part) -> np.ndarray:
    """How far [px] the silhouette's edges lie from where the pinhole puts the sides of the plate's upper face.

    An edge is where the light, summed along a row across it, would step: the sum of the dark part of each pixel.
    """
    white, dark = light.max(), np.median(light[230:250, 310:330])
    T_camera_part = CAMERA.pose.inverse() @ part.pose
    errors = []
    for start, end in (((-1, -1), (1, -1)), ((1, -1), (1, 1)), ((1, 1), (-1, 1)), ((-1, 1), (-1, -1))):
        one, other = (T_camera_part @ (0.03 * s[0], 0.02 * s[1], 0.0) for s in (start, end))
        a, b = (np.array([1000.0 * p[0] / p[2] + 319.5, 1000.0 * p[1] / p[2] + 239.5]) for p in (one, other))
        along = (b - a) / np.linalg.norm(b - a)
        axis = 0 if abs(along[1]) > abs(along[0]) else 1  # scan along rows (0) or columns (1)
        for part_of in np.linspace(0.2, 0.8, 25):
            middle = a + part_of * (b - a)
            other_axis = round(float(middle[1 - axis]))
            crossing = a[axis] + (other_axis - a[1 - axis]) * along[axis] / along[1 - axis]
            first = round(crossing) - 8
            strip = light[other_axis, first : first + 17] if axis == 0 else light[first : first + 17, other_axis]
            bright = ((strip - dark) / (white - dark)).sum()
            found = first - 0.5 + (17.0 - bright if strip[0] < strip[-1] else bright)
            errors.append(found - crossing)
    return np.array(errors)


@pytest.mark.parametrize("turn", [0.0, 0.02, 0.3, 1.1])
@pytest.mark.parametrize("shift", [0.0, 0.3e-4, 1.1e-4, 1.9e-4, 2.7e-4])
def test_a_silhouette_before_a_back_light_is_where_geometry_puts_it(turn: float, shift: float) -> None:
    part = plate(turn, 0.5 + shift, 0.7 * shift)
    cell = cell_with(part, lights=(replace(BACK, initial=1.0),), camera=replace(CAMERA, noise=0.0))
    errors = edge_errors(light_of(cell), part)
    assert np.abs(errors).max() < 0.1
    assert np.sqrt((errors**2).mean()) < 0.05


def test_a_back_light_shines_only_when_it_is_on_and_hides_nothing_before_it() -> None:
    cell = cell_with(plate(), lights=(BACK,))
    assert light_of(cell)[100, 200] < 0.1
    cell.set_output("back", True)
    light = light_of(cell)
    assert light[100, 200] > 0.8
    assert light[240, 320] < 0.05


def scratched(angle: float) -> Part:
    """A satin plate with one scratch through its middle; along x at an angle of 0."""
    du, dv = 0.3 * math.cos(angle), 0.3 * math.sin(angle)
    relief = f"scratch/{0.5 - du:.4f},{0.5 - dv:.4f},{0.5 + du:.4f},{0.5 + dv:.4f},0.008/5"
    face = Shape("plane", (0.06, 0.06), Pose((0, 0, 0.0051)), (0.5, 0.5, 0.5), solid=False, gloss=0.1, relief=relief)
    return Part("plate", (Shape("box", (0.06, 0.06, 0.01), colour=(0.5, 0.5, 0.5)), face), Pose((0.5, 0.0, 0.025)), 0.1)


def contrast(cell: Cell) -> float:
    """Brightest place near the middle over the plate's own light."""
    light = light_of(cell)
    return float(light[220:260, 300:340].max() / np.median(light[200:280, 280:360]))


BAR = Light("bar", "bar", Pose((0.5, -0.15, 0.07)).rotated(x=-1.85), (0.16,), strength=0.9)
RING = Light("ring", "ring", Pose((0.5, 0.0, 0.38)) @ DOWN, (0.05,), strength=1.0)


def test_a_scratch_shows_by_a_low_bar_across_it_and_hardly_by_anything_else() -> None:
    across, along = scratched(0.0), scratched(math.pi / 2)
    dark = replace(CAMERA, noise=0.0)
    by_bar = contrast(cell_with(across, lights=(replace(BAR, initial=1.0),), camera=dark))
    by_bar_along = contrast(cell_with(along, lights=(replace(BAR, initial=1.0),), camera=dark))
    by_ring = contrast(cell_with(across, lights=(replace(RING, initial=1.0),), camera=dark))
    by_lamp = contrast(cell_with(across, lighting=Lighting(ambient=0.2, diffuse=0.4), camera=dark))
    assert by_bar > 2.0
    assert by_bar_along < 1.3
    assert by_ring < 1.15
    assert by_lamp < 1.3


def test_a_highlight_lies_where_the_lamp_is_mirrored() -> None:
    mirror = Shape("plane", (0.3, 0.3), Pose((0, 0, 0.0102)), (0.1, 0.1, 0.1), solid=False, gloss=0.5, shininess=400)
    tile = Part("tile", (Shape("box", (0.3, 0.3, 0.02), colour=(0.1, 0.1, 0.1)), mirror), Pose((0.5, 0.0, 0.01)), 0.1)
    lamp = Lamp(0.5, position=(0.56, 0.04, 0.3))
    light = light_of(cell_with(tile, lighting=replace(DIM, lamps=(lamp,)), camera=replace(CAMERA, noise=0.0)))
    bright = light > 0.8 * light.max()
    rows, columns = np.nonzero(bright)
    height = 0.0202
    eye, far = np.array([0.5, 0.0, TOP - height]), np.array([0.56, 0.04, 0.3 - height])
    mirrored = eye + (far * (1, 1, -1) - eye) * eye[2] / (eye[2] + far[2])
    u, v = (1000.0 * mirrored[0] - 500.0) / (TOP - height) + 319.5, -1000.0 * mirrored[1] / (TOP - height) + 239.5
    assert [columns.mean(), rows.mean()] == pytest.approx([u, v], abs=4.0)


def test_further_lamps_add_their_light_by_cosine_and_distance() -> None:
    white = Part("tile", (Shape("box", (0.3, 0.3, 0.02), colour=(1.0, 1.0, 1.0)),), Pose((0.5, 0.0, 0.01)), 0.1)
    lamps = (Lamp(0.3, direction=(0.6, 0.0, -0.8)), Lamp(0.2, position=(0.5, 0.0, 0.02 + 0.6)))
    dark = replace(CAMERA, noise=0.0)
    light = light_of(cell_with(white, lighting=replace(DIM, lamps=lamps), camera=dark))[240, 320]
    assert light == pytest.approx(0.05 + 0.3 * 0.8 + 0.2 * 0.25, rel=0.02)


def test_lights_obey_their_outputs_and_a_dark_one_obeys_nothing() -> None:
    white = Part("tile", (Shape("box", (0.3, 0.3, 0.02), colour=(1.0, 1.0, 1.0)),), Pose((0.5, 0.0, 0.01)), 0.1)
    lights = (
        replace(RING, dimmable=True),
        Light("spot", "spot", Pose((0.5, 0.1, 0.35)) @ DOWN),
        BAR,
    )
    fault = Fault("goes_dark", "bar", begins=0.0, ends=0.1)
    cell = cell_with(white, lights=lights, camera=replace(CAMERA, noise=0.0), faults=(fault,))
    cell.advance(np.tile(cell.measured_joints, (5, 1)))
    assert cell.analog_outputs == {"ring": 0.0}
    assert cell.outputs == {"spot": False, "bar": False}
    off = light_of(cell)[240, 320]
    cell.set_output("bar", True)
    assert light_of(cell)[240, 320] == off
    cell.advance(np.tile(cell.measured_joints, (100, 1)))
    cell.advance(np.tile(cell.measured_joints, (5, 1)))
    assert light_of(cell)[240, 320] > off
    cell.set_output("bar", False)
    levels = []
    for per_cent in (25.0, 50.0, 100.0, 400.0):
        cell.analog_outputs["ring"] = per_cent
        levels.append(light_of(cell)[240, 320] - off)
    assert levels[1] == pytest.approx(2 * levels[0], rel=0.05)
    assert levels[2] == pytest.approx(4 * levels[0], rel=0.05)
    assert levels[3] == levels[2]
    cell.set_output("spot", True)
    assert light_of(cell)[240, 320] > off + levels[3]


def test_pictures_of_a_cell_with_lights_do_not_depend_on_those_before() -> None:
    parts = (plate(), replace(scratched(0.4), name="other", pose=Pose((0.5, 0.045, 0.07))))
    lights = (replace(BACK, initial=1.0), replace(BAR, initial=1.0), replace(RING, initial=1.0))
    used = cell_with(*parts, lights=lights)
    for k in range(6):
        new = cell_with(*parts, lights=lights)
        for cell in (used, new):  # a part goes over the panel's pixels in steps below one of them
            cell.world.data.qpos[-7:-4] = (0.5 + 0.00008 * k, 0.045, 0.07)
            cell._fresh = -1
        one, two = used.capture("top"), new.capture("top")
        assert one.colour.tobytes() == two.colour.tobytes()


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (replace(BAR, kind="laser"), "no light of the kind 'laser'. The kinds are: ring, bar, back, spot"),
        (replace(BAR, size=(0.1, 0.1)), "must be 1 numbers above"),
        (replace(BACK, mount="flange"), "cannot carry a back light"),
        (replace(BAR, mount="roof"), "must be '' or 'flange'"),
        (replace(BAR, initial=2.0), "a number from 0 to 1"),
        (replace(BAR, name="table"), "name 'table'"),
    ],
)
def test_a_light_that_cannot_be_is_named(light: Light, words: str) -> None:
    scene = Scene(stock.pointer(), fixtures=(stock.table(),), lights=(light,))
    with pytest.raises(SceneError) as caught:
        build(scene)
    assert words in str(caught.value)


def test_an_output_of_two_things_and_a_lamp_of_no_place_are_named() -> None:
    with pytest.raises(SceneError, match="Two signals of the scene have the name 'bar'"):
        build(Scene(stock.pointer(), lights=(BAR,), outputs=("bar",)))
    for lamp in (Lamp(0.3), Lamp(0.3, (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)), Lamp(0.3, (0.0, 0.0, 0.0))):
        with pytest.raises(SceneError, match="either a direction or a position"):
            build(Scene(stock.pointer(), lighting=Lighting(lamps=(lamp,))))


@pytest.mark.parametrize("angle", [0.7, -0.7, 2.3])
def test_a_slanting_scratch_wants_the_bar_turned_with_it(angle: float) -> None:
    # the picture's v runs against y: in the cell the scratch lies at -angle from x
    def turned(by: float) -> Light:
        around = Pose((0.5, 0.0, 0.0)).rotated(z=by) @ Pose((-0.5, 0.0, 0.0))
        return replace(BAR, pose=around @ BAR.pose, initial=1.0)

    dark = replace(CAMERA, noise=0.0)
    assert contrast(cell_with(scratched(angle), lights=(turned(-angle),), camera=dark)) > 2.0
    assert contrast(cell_with(scratched(angle), lights=(turned(angle),), camera=dark)) < 1.5
