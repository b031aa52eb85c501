"""Pictures that a program shows: made small enough for one request, as JPEG."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.client.errors import NotGiven, wrong
from sheber.i18n import message

__all__ = ["LARGEST_PICTURE", "compressed"]

NO_OPENCV = message(
    "client.no_opencv",
    "cell.show needs OpenCV. Install the package opencv-python-headless.",
)
AN_ARRAY = message("client.show_array", "show takes an array, (h, w, 3) or (h, w). You gave an object of type {kind}.")
IMAGE_COLOUR = message(
    "client.show_image",
    "show takes an array, (h, w, 3) or (h, w). You gave an object of type {kind}. Show its .colour instead.",
)
PICTURE_SHAPE = message(
    "client.show_shape", "show takes a picture, (h, w, 3) BGR or (h, w) grey. You gave an array of shape {shape}."
)
PICTURE_KIND = message(
    "client.show_kind", "show takes arrays of uint8, bool, or floats from 0 to 1. You gave an array of {kind}."
)
PICTURE_RANGE = message(
    "client.show_range",
    "show takes floats from 0 (black) to 1 (white). You gave {lowest} to {highest}. Divide by the largest value: "
    "image / image.max(). Or convert the array: image.astype(np.uint8).",
)

LARGEST_PICTURE = 44 << 10  # bytes of a JPEG; in base64 it still fits one request
LARGEST_SIDE = 640  # px
ROUNDING = 1e-3  # that a picture of floats may be beyond black and white


def compressed(image: Any) -> bytes:
    """A JPEG of at most LARGEST_PICTURE bytes of `image`: (h, w, 3) BGR or (h, w) grey, uint8, bool or 0..1 floats.

    Raises TypeError or ValueError for arrays that are no picture, NotGiven where OpenCV is not installed.
    """
    pixels = _as_bytes(image)
    try:
        cv2: Any = importlib.import_module("cv2")
    except ImportError:
        raise NotGiven(NO_OPENCV()) from None
    side = LARGEST_SIDE
    while True:
        factor = min(1.0, side / max(pixels.shape[:2]))
        size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if factor < 1.0 else pixels
        for quality in (85, 70, 50, 30):
            data = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()
            if len(data) <= LARGEST_PICTURE:
                return bytes(data)
        side = side * 2 // 3


def _as_bytes(image: Any) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray):
        wanted = IMAGE_COLOUR if hasattr(image, "colour") else AN_ARRAY
        raise wrong(TypeError, wanted(kind=type(image).__name__))
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3)) or 0 in image.shape:
        raise wrong(ValueError, PICTURE_SHAPE(shape=str(image.shape)))
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    if image.dtype == np.bool_:
        return np.ascontiguousarray(image.astype(np.uint8) * np.uint8(255))
    if image.dtype.kind == "f":
        return _from_floats(image)
    raise wrong(TypeError, PICTURE_KIND(kind=str(image.dtype)))


def _from_floats(image: NDArray[Any]) -> NDArray[np.uint8]:
    """0 is black, 1 is white, NaN (no depth was measured) is black; raises ValueError for what lies outside."""
    known = np.where(np.isnan(image), 0.0, image)
    lowest, highest = float(known.min()), float(known.max())
    if lowest < -ROUNDING or highest > 1.0 + ROUNDING:
        raise wrong(ValueError, PICTURE_RANGE(lowest=f"{lowest:.3g}", highest=f"{highest:.3g}"))  # may be inf
    return np.ascontiguousarray((np.clip(known, 0.0, 1.0) * 255.0).round().astype(np.uint8))
