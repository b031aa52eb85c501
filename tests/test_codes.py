"""Printed codes are drawn so that what lies in the box reads them; scratches and chips are what their names say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp

from sheber.geometry import DOWN, Pose
from sheber.robot.cell.scene import CameraSpec, Lighting
from sheber.robot.vision.camera import Camera
from sheber.robot.vision.codes import LONGEST
from sheber.robot.vision.textures import texture
from sheber.station import Mesh, Visual

TEXT = "LOT A17-0042"
PICTURES = 40
HEIGHT = 0.40  # m, of the camera over the code


def no_mesh(name: str) -> Mesh:
    raise AssertionError(f"mesh {name} was asked for")


def picture_of(kind: str, side: float, seed: int) -> np.ndarray:
    """A code of this side [m] somewhere in the picture, turned, tilted, well or badly lit, with the lens and noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-0.08, 0.08), rng.uniform(-0.06, 0.06)
    tilt = rng.uniform(-0.15, 0.15, 2)
    at = Pose((x, y, 0.0)).rotated(x=tilt[0], y=tilt[1], z=rng.uniform(-np.pi, np.pi))
    camera = CameraSpec(
        "c", Pose((0.0, 0.0, HEIGHT)) @ DOWN, focal=(1000.0, 1000.0), distortion=(-0.12, 0.03, 0.0004, -0.0003, 0.0)
    )
    visuals = [
        Visual("", "plane", (1.0, 1.0), Pose((0.0, 0.0, -0.03)), texture="laminate"),
        Visual("", "plane", (side, side), at, texture=f"{kind}/{TEXT}"),
    ]
    level = rng.uniform(0.5, 1.0)
    lighting = Lighting((rng.uniform(-0.5, 0.5), 0.2, -1.0), 0.4 * level, 0.6 * level)
    return Camera(camera, visuals, no_mesh, texture).capture({}, lighting, rng).colour


def read_by_opencv(image: np.ndarray) -> list[str]:
    """OpenCV wants 3.5 px a module; twice the picture does, from 2.5 px on."""
    twice = cv2.resize(image, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
    return [cv2.QRCodeDetector().detectAndDecode(twice)[0]]


def read_by_zxing(image: np.ndarray) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize(
    ("kind", "side", "reader"),
    [("qr", 0.030, read_by_opencv), ("qr", 0.024, read_by_zxing), ("datamatrix", 0.024, read_by_zxing)],
    ids=["QR by OpenCV", "QR by zxing-cpp", "Data Matrix by zxing-cpp"],
)
def test_a_code_at_the_distance_of_an_exercise_is_read(kind: str, side: float, reader: object) -> None:
    assert callable(reader)
    read = [TEXT in reader(picture_of(kind, side, seed)) for seed in range(PICTURES)]
    assert sum(read) >= 0.95 * PICTURES


def test_a_code_says_its_text_and_no_other() -> None:
    assert read_by_zxing(texture("datamatrix/LOT A17-0043")) == ["LOT A17-0043"]
    assert read_by_opencv(texture("qr/A+B/C")) == ["A+B/C"]
    image = texture(f"datamatrix/{TEXT}")
    assert image.shape[0] == image.shape[1]


@pytest.mark.parametrize("text", ["x" * (LONGEST + 1), "Шеберхана", "a\nb"])
def test_a_text_that_no_code_carries_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 letters of ASCII"):
        texture(f"qr/{text}")


def test_a_scratch_covers_its_line_and_knows_its_direction() -> None:
    relief = texture("scratch/0.2,0.5,0.8,0.5,0.01/1").astype(float)
    cover = relief[..., 0] / 255.0
    rows, columns = np.nonzero(cover > 0.3)
    assert rows.mean() == pytest.approx(256, abs=10)
    assert columns.min() == pytest.approx(0.2 * 512, abs=5)
    assert columns.max() == pytest.approx(0.8 * 512, abs=5)
    assert 2.0 < cover[:, 256].sum() < 8.0
    strong = cover > 0.6
    assert ((relief[..., 1][strong] - 128.0) / 127.0 / cover[strong]).min() > 0.8, "twice the angle is near 0"
    upright = texture("scratch/0.5,0.2,0.5,0.8,0.01/1").astype(float)
    strong = upright[..., 0] > 150
    assert ((upright[..., 1][strong] - 128.0) / 127.0 / (upright[..., 0][strong] / 255.0)).max() < -0.8
    assert not np.array_equal(texture("scratch/0.2,0.5,0.8,0.5,0.01/2"), relief)


def test_a_chip_is_darker_and_lies_where_it_is_said() -> None:
    whole, chipped = texture("plain/b0b4b8").astype(int), texture("plain/b0b4b8+chip/0.25,0.75,0.1/3").astype(int)
    rows, columns = np.nonzero((chipped != whole).any(axis=2))
    assert rows.mean() == pytest.approx(0.75 * 256, abs=8)
    assert columns.mean() == pytest.approx(0.25 * 256, abs=8)
    assert (chipped <= whole).all()
    assert np.ptp(columns) <= 2 * 0.1 * 256 + 1
    relief = texture("chip/0.25,0.75,0.1/3")
    assert relief[..., 0].max() > 180
    assert not relief[:200, :, 0].any()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scratch/0.1,0.2/3", "a scratch has 5 numbers from 0 to 1"),
        ("chip/0.1,0.2,nan/3", "a chip has 3 numbers from 0 to 1"),
        ("chip/0.1,0.2,0.1/x", "seed must be a whole number"),
        ("+".join(["chip/0.1,0.2,0.1/1"] * 13), "at most 12"),
        ("wood/1+dent/0.1,0.2,0.1/1", "unknown relief 'dent'; known kinds: chip, scratch"),
        ("plain/zzz", "six hexadecimal digits"),
    ],
)
def test_a_flaw_that_cannot_be_is_named(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        texture(name)
