"""Raster: a value at every place of a grid, as colours.

The colours go from dark blue over grey to light yellow. Their lightness grows evenly with the value, and blue and
yellow are told apart by those who confuse red and green, so that no value is told by a difference that some do not see.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams.arrays import Floats, span, table
from sheber.diagrams.layout import BELOW, LEFT, Drawing, axes, head, moment, noted
from sheber.diagrams.png import png
from sheber.diagrams.scales import Scale, axis_title, fitting, known, signed, ticks
from sheber.diagrams.tags import cut, label, tag
from sheber.diagrams.values import Axis, Raster, said
from sheber.i18n import _

__all__ = ["colours", "draw_raster"]

WIDTH: Final = 440.0
HIGH: Final = 280.0  # of the field
BESIDE: Final = 74.0  # room for the scale of colours
MOST_COLUMNS: Final = 384
MOST_ROWS: Final = 288
LEVELS: Final = 64  # colours: fewer bits a place, so that a picture of noise stays small
COMMON: Final = (2.0, 99.8)  # hundredths of the values between which the colours lie


def draw_raster(diagram: Raster) -> Drawing:
    """A grid of colours with its axes and the scale of the colours; where it is too fine, the highest of each block."""
    values = _coarse(table(diagram.values))
    top, y = head(diagram.title, (), WIDTH)
    across = _rims(diagram.x, values.shape[1], LEFT, WIDTH - BESIDE)
    upright = _rims(diagram.y, values.shape[0], *((y, y + HIGH) if diagram.y.down else (y + HIGH, y)))
    heat = _heat(diagram.value, values, (y + HIGH, y))
    picture = _picture(values if diagram.y.down else values[::-1], heat)
    place = {"x": LEFT, "y": y, "width": across.end - LEFT, "height": HIGH}
    image = tag("image", href=picture, preserveAspectRatio="none", image_rendering="pixelated", **place)
    body = [top, image, axes(diagram.x, diagram.y, across, upright, grid=False), _key(diagram.value, heat, across.end)]
    body += [moment(diagram.x, across, (y, y + HIGH)), moment(diagram.y, upright, (LEFT, across.end), upright=True)]
    below, end = noted(diagram.note, WIDTH, y + HIGH + BELOW)
    return Drawing(WIDTH, end, "".join(body) + below, _about(diagram, values))


def _coarse(values: Floats) -> Floats:
    """The highest value of each block, for a grid of at most `MOST_ROWS` and `MOST_COLUMNS`."""
    span(values)  # there is something to draw
    for axis, most in ((0, MOST_ROWS), (1, MOST_COLUMNS)):
        size = -(-values.shape[axis] // most)
        if size > 1:
            values = np.fmax.reduceat(values, np.arange(0, values.shape[axis], size), axis=axis)
    return values


def _rims(axis: Axis, count: int, start: float, end: float) -> Scale:
    """The scale between the outer rims of a grid; counted from 0 where the axis names none."""
    low, high = known(axis.low) or 0.0, known(axis.high)
    return fitting(Axis(low=low, high=low + count if high is None else high), start, end)


def _heat(axis: Axis, values: Floats, ends: tuple[float, float]) -> Scale:
    """From values to places along the scale of colours."""
    low, high = np.nanpercentile(values, COMMON).tolist()
    named = known(axis.low), known(axis.high)
    low = low if named[0] is None else named[0]
    high = high if named[1] is None else named[1]
    return Scale(low, high if high > low else low + 1.0, *ends)


def _picture(values: Floats, heat: Scale) -> str:
    """The grid as the address of a picture that holds all of it; what is no number is clear."""
    share = np.clip((values - heat.low) / (heat.high - heat.low), 0.0, 1.0)
    indices = np.where(np.isnan(share), LEVELS, np.nan_to_num(share) * (LEVELS - 1) + 0.5).astype(np.uint8)
    palette = np.concatenate((colours(), np.zeros((1, 3), np.uint8)))
    return "data:image/png;base64," + base64.b64encode(png(indices, palette, LEVELS)).decode("ascii")


@cache
def colours() -> NDArray[np.uint8]:
    """The colours (LEVELS, 3) from the lowest to the highest value: even steps of lightness, from blue to yellow."""
    share = np.linspace(0.0, 1.0, LEVELS)
    return _srgb(0.24 + 0.71 * share, -0.01 - 0.02 * share, -0.1 + 0.24 * share)


def _srgb(lightness: Floats, a: Floats, b: Floats) -> NDArray[np.uint8]:
    """Colours of the space OKLab as sRGB (B. Ottosson, "A perceptual color space for image processing", 2020)."""
    cones = np.stack(
        (
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        )
    )
    to_light = np.array(
        (
            (4.0767416621, -3.3077115913, 0.2309699292),
            (-1.2684380046, 2.6097574011, -0.3413193965),
            (-0.0041960863, -0.7034186147, 1.7076147010),
        )
    )
    light = np.clip(to_light @ cones**3, 0.0, 1.0)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1.0 / 2.4) - 0.055)
    return np.round(255.0 * coded.T).astype(np.uint8)


def _key(axis: Axis, heat: Scale, left: float) -> str:
    """The scale of the colours beside the field."""
    picture = _picture(np.linspace(heat.high, heat.low, LEVELS)[:, None], heat)
    place = {"x": left + 12.0, "y": heat.end, "width": 10.0, "height": heat.start - heat.end}
    image = tag("image", href=picture, preserveAspectRatio="none", **place)
    rows = [(heat.at(value), words) for value, words in ticks(axis, heat, 6)]
    names = [label(words, left + 26.0, at + 4.0, class_="soft small") for at, words in rows]
    middle = (heat.start + heat.end) / 2.0
    turned = f"rotate(90 {WIDTH - 12.0:g} {middle:.1f})"
    words = cut(axis_title(axis, heat), HIGH)
    title = label(words, WIDTH - 12.0, middle + 4.0, text_anchor="middle", transform=turned, class_="soft")
    return image + tag("rect", **place, class_="frame") + "".join(names) + (title if words else "")


def _about(diagram: Raster, values: Floats) -> str:
    """The lowest and the highest value, and where the highest is."""
    low, high = (f"{signed(end, 1)} {diagram.value.unit}".strip() for end in span(values))
    name = said(diagram.value.title) or said(diagram.title)
    return _("{name}: from {low} to {high}.").format(name=name, low=low, high=high)
