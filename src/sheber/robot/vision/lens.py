"""Lens and sensor: from the light of a pinhole to the picture of a real camera. Same bytes everywhere.

The distortion is OpenCV's (Brown's radial k1, k2, k3 and tangential p1, p2). A pinhole picture is
drawn a little larger than the sensor, so that every pixel finds its light, and with the same
focal length; each pixel of the sensor then reads it where its ray goes. Noise is that of a
sensor: shot noise that grows with the light, and read noise, in linear light; given as the
sigma at mid grey of the finished picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.resample import develop, expose

__all__ = ["Lens", "Sensor", "distorted", "undistorted"]

Array = NDArray[np.float64]

_READ_SHARE = 0.15  # share of the read noise in the variance at mid grey
_MID_GREY = 128
TILE = 4  # px, of the pinhole picture: what is known to have changed, or not
_GREATEST_WINDOW = 2.0  # a pinhole picture of more than twice the width or height is not a lens any more


def distorted(rays: Array, coefficients: Sequence[float]) -> Array:
    """Where rays (n, 2), x / z and y / z in the camera's frame, meet the image plane behind the lens (n, 2)."""
    k1, k2, p1, p2, k3 = coefficients
    x, y = rays[:, 0], rays[:, 1]
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ],
        axis=1,
    )


def undistorted(seen: Array, coefficients: Sequence[float]) -> Array:
    """The rays (n, 2) that `distorted` takes to `seen` (n, 2), by Newton's method to 1e-12.

    Raises ValueError where the distortion cannot be undone (it folds the picture over).
    """
    k1, k2, p1, p2, k3 = coefficients
    rays = seen.copy()
    for _ in range(30):
        error = distorted(rays, coefficients) - seen
        if not np.isfinite(error).all():
            break
        if float(np.abs(error).max(initial=0.0)) < 1e-12:
            return rays
        x, y = rays[:, 0], rays[:, 1]
        r2 = x * x + y * y
        radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = 2.0 * (k1 + r2 * (2.0 * k2 + 3.0 * r2 * k3))  # d radial / d r2 * 2
        xx = radial + slope * x * x + 2.0 * p1 * y + 6.0 * p2 * x
        xy = slope * x * y + 2.0 * p1 * x + 2.0 * p2 * y
        yy = radial + slope * y * y + 6.0 * p1 * y + 2.0 * p2 * x
        determinant = xx * yy - xy * xy
        rays = (
            rays
            - np.stack([yy * error[:, 0] - xy * error[:, 1], xx * error[:, 1] - xy * error[:, 0]], axis=1)
            / np.where(determinant == 0.0, np.nan, determinant)[:, None]
        )
    raise ValueError(
        f"the distortion {tuple(coefficients)} cannot be undone over the whole picture; "
        "use weaker coefficients or a longer focal length"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """Where each pixel of the sensor looks in the pinhole picture, and how much light it gets."""

    width: int  # of the pinhole picture, px
    height: int
    centre: tuple[float, float]  # principal point in the pinhole picture, px
    source: NDArray[np.float32]  # (h, w, 2) column, row in the pinhole picture
    vignette: NDArray[np.float32]  # (h, w) 0..1
    tile: NDArray[np.int32]  # (h, w) the tile of the pinhole picture that a pixel looks at, row by row

    @classmethod
    def of(
        cls,
        size: tuple[int, int],
        focal: tuple[float, float],
        centre: tuple[float, float],
        distortion: Sequence[float],
        vignetting: float = 0.0,
    ) -> Lens:
        """The lens of a camera of `size` (width, height); `vignetting`: the light that is lost in the corner, 0..1.

        Raises ValueError where the distortion cannot be undone or is no lens's.
        """
        (width, height), (fx, fy), (cx, cy) = size, focal, centre
        columns, rows = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
        pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
        offset, looks = np.zeros(2), pixels
        if any(distortion):
            rays = undistorted((pixels - (cx, cy)) / (fx, fy), distortion)
            looks = rays * (fx, fy) + (cx, cy)
            offset = np.floor(looks.min(axis=0))
        window = np.ceil(looks.max(axis=0)) - offset + 1.0
        if (window > _GREATEST_WINDOW * np.array(size)).any():
            raise ValueError(f"the distortion {tuple(distortion)} needs a pinhole picture of {window} px; too strong")
        middle = (np.array(size) - 1.0) / 2.0
        r2 = ((pixels - middle) ** 2).sum(axis=1) / (middle**2).sum()
        source = (looks - offset).reshape(height, width, 2).astype(np.float32)
        tiles = source.clip(0).astype(np.int32) // TILE
        return cls(
            width=int(window[0]),
            height=int(window[1]),
            centre=(float(cx - offset[0]), float(cy - offset[1])),
            source=source,
            vignette=(1.0 - vignetting * r2).reshape(height, width).astype(np.float32),
            tile=np.ascontiguousarray(tiles[..., 1] * -(-int(window[0]) // TILE) + tiles[..., 0]),
        )


class Sensor:
    """Turns light into grey levels. Linear light 1.0 at exposure 1.0 is white (255)."""

    def __init__(self, lens: Lens, noise: float = 0.0) -> None:
        """`noise`: sigma at mid grey, in grey levels."""
        self._lens = lens
        self._noise = noise
        self._levels = np.zeros((*lens.vignette.shape, 3), np.uint16)
        self._gain = np.full(3, -1.0, np.float32)

    def read(
        self,
        light: NDArray[np.float32],
        changed: NDArray[np.uint8],
        gain: Sequence[float],
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """The picture (h, w, 3) uint8 BGR of linear light (H, W, 3) RGB.

        changed: which tiles of the light are not as they were at the last call (see `Lens.tile`);
        gain: factors on red, green, blue (exposure, colour of the light); seed: of the noise, None for none.
        """
        gains = np.array(gain, np.float32)
        if not np.array_equal(gains, self._gain):
            changed, self._gain = np.ones_like(changed), gains
        lens, out = self._lens, np.empty(self._levels.shape, np.uint8)
        develop(changed, lens.tile, light, lens.source, lens.vignette, gains, _encoded(), self._levels)
        noisy = seed is not None and self._noise > 0.0
        expose(self._levels, _spread(self._noise), _quantiles(), np.uint64(seed or 0), noisy, out)
        return out


def _grey(light: float) -> float:
    """sRGB grey level 0..255 of linear light 0..1 (IEC 61966-2-1)."""
    return 255.0 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1.0 / 2.4) - 0.055)


def _light(grey: float) -> float:
    """Linear light of an sRGB grey level."""
    part = grey / 255.0
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


@cache
def _encoded() -> NDArray[np.uint16]:
    """sRGB in 1/64 grey levels of 65,536 steps of linear light.

    Rounded from a value that is never near a half: another mathematics library gives the same table.
    """
    return np.array([round(64.0 * _grey(k / 65535.0)) for k in range(65536)], np.uint16)


@cache
def _quantiles() -> NDArray[np.int16]:
    """The middle quantiles of 4,096 equal parts of a normal distribution, in 1/1024 sigma, scaled to sigma 1."""
    normal = NormalDist()
    values = np.array([normal.inv_cdf((k + 0.5) / 4096.0) for k in range(4096)])
    values /= np.sqrt((values * values).mean())
    return np.round(1024.0 * values).astype(np.int16)


@cache
def _spread(noise: float) -> NDArray[np.int32]:
    """Sigma of the noise at each of 256 grey levels, in 1/1024 grey levels."""

    def slope(grey: float) -> float:
        return (_grey(min(_light(grey) + 5e-4, 1.0)) - _grey(max(_light(grey) - 5e-4, 0.0))) / 1e-3

    mid = _light(_MID_GREY)
    sigma = noise / slope(_MID_GREY)
    spread = []
    for grey in range(256):
        variance = _READ_SHARE + (1.0 - _READ_SHARE) * _light(grey) / mid
        spread.append(round(1024.0 * sigma * variance**0.5 * slope(min(max(grey, 2), 253))))
    return np.array(spread, np.int32)
