"""Arguments of a program, checked for kind before anything is sent; messages in the student's terms."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.client.wire import LARGEST_NUMBER
from sheber.geometry import Pose

__all__ = ["joints", "length", "number", "optional", "pixels", "points", "pose", "seed", "text", "truth"]

FAR = 20.0  # m: nothing of a cell is so far away


def number(value: Any, name: str, unit: str = "", above: float | None = None, least: float | None = None) -> float:
    """A finite float of `value`; raises TypeError where it is no number, ValueError where it is out of range."""
    unit_words = f" in {unit}" if unit else ""
    single = value.item() if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1 else value
    if isinstance(single, bool) or not isinstance(single, numbers.Real):
        raise TypeError(f"{name} must be a number{unit_words}, got {_shown(value)}")
    real: Any = single  # numbers.Real has no typed comparison
    if not -LARGEST_NUMBER <= real <= LARGEST_NUMBER:
        raise ValueError(f"{name} must be a finite number{unit_words}, at most {LARGEST_NUMBER:g}, got {_shown(value)}")
    result = float(real)
    if above is not None and result <= above:
        raise ValueError(f"{name} must be greater than {above:g}{' ' + unit if unit else ''}, got {result:g}")
    if least is not None and result < least:
        raise ValueError(f"{name} must be at least {least:g}{' ' + unit if unit else ''}, got {result:g}")
    return result


def optional(value: Any, name: str, unit: str = "", above: float | None = None) -> float | None:
    """None, or `number`."""
    return None if value is None else number(value, name, unit, above)


def length(value: Any, name: str, most: float = FAR, least: float | None = None) -> float:
    """`number` in metres; raises ValueError, with the metres of those millimetres, for more than `most` [m]."""
    metres = number(value, name, "m", least=least)
    if abs(metres) > most:
        raise ValueError(
            f"{name} is {metres:g} m, which is further than makes sense here; lengths are in metres, "
            f"not in millimetres: {metres:g} mm is {metres / 1000.0:g}"
        )
    return metres


def truth(value: Any, name: str) -> bool:
    """A bool; 0, 1 and numpy's bools count; raises TypeError for anything else."""
    if isinstance(value, bool | np.bool_) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise TypeError(f"{name} must be True or False, got {_shown(value)}")


def text(value: Any, name: str, longest: int) -> str:
    """A text that can travel, cut to `longest` characters; raises TypeError for anything that is no text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {_shown(value)}")
    return value.encode("utf-8", "replace").decode()[:longest]


def joints(values: Any, name: str, count: int) -> list[float]:
    """`count` joint angles [rad] as plain floats; raises ValueError or TypeError in words."""
    if isinstance(values, Pose):
        raise TypeError(f"{name} must be {count} joint angles in rad, got a Pose; move_to and move_linear take poses")
    array = _array(values, f"{name} must be {count} joint angles in rad")
    if array.shape != (count,):
        raise ValueError(f"{name} must be {count} joint angles in rad, got an array of shape {array.shape}")
    return [float(value) for value in array]


def pose(value: Any, name: str) -> Pose:
    """The Pose itself; a (4, 4) matrix counts; raises TypeError for anything else, with the ways to make one."""
    if isinstance(value, Pose):
        if max(abs(value.position)) > LARGEST_NUMBER:
            raise ValueError(f"{name} is {max(abs(value.position)):g} m away; positions are in metres")
        return value
    if isinstance(value, np.ndarray) and value.shape == (4, 4):
        return Pose.from_matrix(value)
    raise TypeError(
        f"{name} must be a Pose, got {_shown(value)}; make one by Pose((x, y, z)), Pose.from_rotvec(...), "
        f"Pose.from_matrix(...) or take one of cell.frames"
    )


def points(values: Any, name: str) -> NDArray[np.float64]:
    """Points (..., 3) [m] as floats; raises ValueError where they are not."""
    array = _array(values, f"{name} must be points of three numbers in metres")
    if array.shape[-1:] != (3,):
        raise ValueError(f"{name} must be points (3,) or (n, 3) in metres, got shape {array.shape}")
    return array


def pixels(u: Any, v: Any) -> NDArray[np.float64]:
    """Columns and rows [px] as pairs (..., 2); raises TypeError or ValueError where they are not."""
    columns, rows = (_array(values, f"{name} must be numbers in pixels") for values, name in ((u, "u"), (v, "v")))
    if columns.shape != rows.shape and columns.size != 1 and rows.size != 1:
        raise ValueError(f"u and v must have one shape, got {columns.shape} and {rows.shape}")
    return np.stack(np.broadcast_arrays(columns, rows), axis=-1)


def seed(value: Any) -> int:
    """A whole number from 0 up, as a number or as its digits; raises ValueError for anything else."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 0:
        return int(value)
    raise ValueError(f"seed must be a whole number from 0 up, got {_shown(value)}")


def _array(values: Any, wanted: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{wanted}, got {_shown(values)}") from None
    if not np.isfinite(array).all() or (array.size and np.abs(array).max() > LARGEST_NUMBER):
        raise ValueError(f"{wanted}, all finite and at most {LARGEST_NUMBER:g}, got {_shown(array.tolist())}")
    return array


def _shown(value: Any) -> str:
    words = repr(value)
    return f"{words if len(words) <= 60 else words[:57] + '...'} ({type(value).__name__})"
