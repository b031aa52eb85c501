"""Refusing: how a scene that cannot be built is told so, in words for the author of the exercise."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from sheber.i18n import _
from sheber.station import SceneError

__all__ = ["listed", "shape_called", "shown", "wrong"]


def wrong(text: str, **values: object) -> SceneError:
    """The error of a sentence, with its values."""
    return SceneError(text.format(**values))


def listed(names: Iterable[str]) -> str:
    """Names in a message."""
    return ", ".join(names) or _("none")


def shown(value: object) -> str:
    """A value in a message, not too long."""
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:57]}..."


def shape_called(number: int, body: str) -> str:
    """What a message calls a shape of a body."""
    return _("Shape {number} of {body!r}").format(number=number, body=body)


def is_number(value: object) -> bool:
    """Whether it is a finite number; True and False are none."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
