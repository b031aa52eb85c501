"""Lens and sensor: OpenCV is the authority for distortion, statistics for the noise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sheber.robot.vision.lens import TILE, Lens, Sensor, distorted, undistorted

STRONG = (-0.28, 0.09, 0.0012, -0.0008, -0.01)
FOCAL, CENTRE, SIZE = (610.0, 607.0), (322.3, 236.1), (640, 480)
MATRIX = np.array([[610.0, 0.0, 322.3], [0.0, 607.0, 236.1], [0.0, 0.0, 1.0]])


def rays() -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-0.53, 0.52, 31), np.linspace(-0.4, 0.39, 23))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def flat(lens: Lens, level: float) -> np.ndarray:
    return np.full((lens.height, lens.width, 3), level, np.float32)


def tiles(lens: Lens) -> np.ndarray:
    return np.ones(-(-lens.width // TILE) * -(-lens.height // TILE), np.uint8)


def plain(vignetting: float = 0.0) -> Lens:
    return Lens.of(SIZE, FOCAL, CENTRE, (0.0,) * 5, vignetting)


def grey(light: float) -> float:
    """The sRGB standard's grey level of linear light, written down once more."""
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


# --- distortion -----------------------------------------------------------------------------------


def test_distortion_is_opencvs() -> None:
    points = np.column_stack([rays(), np.ones(len(rays()))])
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), MATRIX, np.array(STRONG))
    seen = distorted(rays(), STRONG) * FOCAL + CENTRE
    assert np.abs(seen - expected.reshape(-1, 2)).max() < 1e-9


def test_undistortion_undoes_it() -> None:
    assert np.abs(undistorted(distorted(rays(), STRONG), STRONG) - rays()).max() < 1e-11


def test_each_pixel_looks_where_opencv_says() -> None:
    lens = Lens.of(SIZE, FOCAL, CENTRE, STRONG)
    columns, rows = np.meshgrid(np.arange(640.0), np.arange(480.0))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).reshape(-1, 1, 2)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-13)
    around = cv2.undistortPoints(pixels, MATRIX, np.array(STRONG), criteria=criteria)
    expected = around.reshape(480, 640, 2) * FOCAL + lens.centre
    assert np.abs(lens.source - expected).max() < 1e-3
    assert lens.source.min() >= 0.0
    assert (lens.source.max(axis=(0, 1)) <= (lens.width - 1, lens.height - 1)).all()
    assert lens.width > 640, "a barrel distortion looks beyond the pinhole's picture"


def test_without_distortion_pixels_look_straight() -> None:
    lens = plain()
    assert (lens.width, lens.height, lens.centre) == (640, 480, CENTRE)
    assert np.array_equal(lens.source[100, 200], (200.0, 100.0))


def test_a_distortion_that_folds_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be undone"):
        Lens.of(SIZE, FOCAL, CENTRE, (-0.9, 0.0, 0.0, 0.0, 0.0))


# --- grey levels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("light", [0.0, 0.001, 0.02, 0.2158, 0.5, 0.9, 1.0, 3.0])
def test_light_becomes_srgb(light: float) -> None:
    lens = plain()
    image = Sensor(lens).read(flat(lens, light), tiles(lens), (1.0, 1.0, 1.0))
    assert image[7, 9].tolist() == pytest.approx([grey(min(light, 1.0))] * 3, abs=0.6)


def test_exposure_and_colour_of_the_light_multiply() -> None:
    lens = plain()
    sensor = Sensor(lens)
    first = sensor.read(flat(lens, 0.1), tiles(lens), (1.0, 1.0, 1.0))
    image = sensor.read(flat(lens, 0.1), 0 * tiles(lens), (4.0, 2.0, 0.5))  # red, green, blue
    assert first[0, 0, 0] == round(grey(0.1))
    assert image[0, 0].tolist() == pytest.approx([grey(0.05), grey(0.2), grey(0.4)], abs=0.6)


def test_the_corner_gets_less_light() -> None:
    lens = plain(vignetting=0.3)
    image = Sensor(lens).read(flat(lens, 0.5), tiles(lens), (1.0, 1.0, 1.0))
    assert image[0, 0, 1] == pytest.approx(grey(0.35), abs=0.6)
    assert image[240, 320, 1] == pytest.approx(grey(0.5), abs=0.6)


def test_between_pixels_light_is_interpolated() -> None:
    lens = Lens.of(SIZE, FOCAL, CENTRE, STRONG)
    ramp = np.broadcast_to(np.linspace(0, 1, lens.width, dtype=np.float32)[None, :, None], (lens.height, lens.width, 3))
    image = Sensor(lens).read(np.ascontiguousarray(ramp), tiles(lens), (1.0, 1.0, 1.0))
    expected = [grey(float(u) / (lens.width - 1)) for u in lens.source[200, :, 0]]
    assert np.abs(image[200, :, 2] - np.array(expected)).max() < 0.6


def test_unchanged_tiles_are_kept_and_changed_ones_are_not() -> None:
    lens = plain()
    sensor, gain = Sensor(lens), (1.0, 1.0, 1.0)
    sensor.read(flat(lens, 0.2), tiles(lens), gain)
    changed = 0 * tiles(lens)
    changed[0] = 1  # the first tile
    image = sensor.read(flat(lens, 0.6), changed, gain)
    assert image[0, 0, 0] == round(grey(0.6))
    assert image[10, 10, 0] == round(grey(0.2))


# --- noise ----------------------------------------------------------------------------------------


def noisy(level: float, noise: float, seed: int) -> np.ndarray:
    lens = plain()
    return Sensor(lens, noise).read(flat(lens, level), tiles(lens), (1.0, 1.0, 1.0), seed).astype(float)


def test_noise_has_the_sigma_that_is_asked_for_at_mid_grey() -> None:
    image = noisy(0.21586, 2.0, 1)
    assert image.mean() == pytest.approx(128.0, abs=0.05)
    assert image.std() == pytest.approx(np.hypot(2.0, np.sqrt(1 / 12)), rel=0.02)  # and that of rounding
    assert np.abs(image - 128).max() <= 9


def test_noise_grows_with_the_light_as_a_sensors_does() -> None:
    # in linear light the variance is a part of read noise and a part that is proportional to the light
    def variance(light: float) -> float:
        slope = (grey(light + 1e-3) - grey(light - 1e-3)) / 2e-3
        return (float(noisy(light, 3.0, 2).std()) ** 2 - 1 / 12) / slope**2

    one, two, four = (variance(light) for light in (0.1, 0.2, 0.4))
    assert (four - two) / (two - one) == pytest.approx(2.0, rel=0.15)
    assert one > 0.5 * two  # more than the shot noise alone


def test_noise_is_seeded_and_has_no_pattern() -> None:
    first, again, other = noisy(0.3, 2.0, 5), noisy(0.3, 2.0, 5), noisy(0.3, 2.0, 6)
    assert np.array_equal(first, again)
    first -= first.mean()
    other -= other.mean()
    power = (first**2).mean()
    for shifted in (
        first[:, 1:] * first[:, :-1],
        first[1:] * first[:-1],
        first[..., :1] * first[..., 1:2],
        first * other,
        first[:, :-1] * other[:, 1:],
    ):
        assert abs(shifted.mean()) < 0.01 * power


def test_no_seed_means_no_noise() -> None:
    lens = plain()
    image = Sensor(lens, 5.0).read(flat(lens, 0.3), tiles(lens), (1.0, 1.0, 1.0))
    assert image.min() == image.max()
