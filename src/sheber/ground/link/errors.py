"""Errors of the link: a number that no antenna, path or mode can have, said in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["Floats", "LinkError", "checked", "finite"]

Floats = NDArray[np.float64]


class LinkError(GroundError):
    """Something that was asked of the link is not possible; it carries a sentence."""


NOT_IN_RANGE: Final = message(
    "ground.link.not_in_range", "The link was given {name} = {value}. It must be a number from {low:g} to {high:g}."
)
NOT_FINITE: Final = message(
    "ground.link.not_finite", "The link was given {name} with a value that is not a finite number, at position {index}."
)


def checked(values: Mapping[str, tuple[float, float, float]]) -> None:
    """Raise LinkError for the first of `name: (value, low, high)` that is not a number from low to high."""
    for name, (value, low, high) in values.items():
        if not _between(value, low, high):
            raise LinkError(NOT_IN_RANGE(name=name, value=str(value)[:40], low=low, high=high))


def finite(name: str, values: ArrayLike) -> Floats:
    """The values as an array of floats. Raises LinkError with the first position that is not finite."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~np.isfinite(array)
    if bad.any():
        raise LinkError(NOT_FINITE(name=name, index=int(np.flatnonzero(bad)[0])))
    return array


def _between(value: object, low: float, high: float) -> bool:
    """Whether this is a number from low to high; a callers' program may have given anything."""
    return (
        isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(low <= float(value) <= high)
    )
