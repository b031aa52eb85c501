"""Check the arguments of a program before anything is sent. The messages use the student's terms."""

from __future__ import annotations

import numbers
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.client.errors import wrong
from sheber.client.wire import LARGEST_NUMBER
from sheber.geometry import Pose
from sheber.i18n import Text, message
from sheber.seeds import checked

__all__ = ["factor", "joints", "length", "number", "optional", "pixels", "points", "pose", "seed", "text", "truth"]

GIVEN = message("client.you_gave", "{rule} You gave {value}.")  # the rule is one of the sentences below
SHAPE = message("client.you_gave_shape", "{rule} You gave an array of shape {value}.")
A_NUMBER = message("client.a_number", "{name} must be a number in {unit}.")
FINITE = message("client.finite", "{name} must be a finite number in {unit}, from -{most:g} to {most:g}.")
ABOVE = message("client.above", "{name} must be greater than {limit:g} {unit}.")
AT_LEAST = message("client.at_least", "{name} must be at least {limit:g} {unit}.")
FACTOR = message("client.factor", "{name} must be a number from {least:g} to {most:g}.")
METRES = message(
    "client.metres",
    "{name} is {metres:g} m, which is too far to make sense here. Lengths are in metres, not in millimetres: "
    "{metres:g} mm is {wanted:g} m.",
)
TRUTH = message("client.truth", "{name} must be True or False.")
A_TEXT = message("client.a_text", "{name} must be a string.")
JOINTS = message("client.joints", "{name} must be {count:d} joint angles in rad.")
JOINTS_OF_POSE = message(
    "client.joints_of_pose",
    "{name} must be {count:d} joint angles in rad. You gave a Pose: move_to and move_linear take poses.",
)
A_POSE = message(
    "client.a_pose",
    "{name} must be a Pose. Make one with Pose((x, y, z)), Pose.from_rotvec(...) or Pose.from_matrix(...), or take "
    "one from cell.frames.",
)
FAR_AWAY = message("client.far_away", "{name} is {metres:g} m away. Positions are in metres.")
POINTS = message(
    "client.points", "{name} must be points. A point is three numbers in metres. The shape is (3,) or (n, 3)."
)
PIXELS = message("client.pixels", "{name} must be numbers in pixels.")
ALL_FINITE = message(
    "client.all_finite", "{rule} All numbers must be finite, from -{most:g} to {most:g}. You gave {value}."
)
ONE_SHAPE = message("client.one_shape", "u and v must have the same shape. You gave {u} and {v}.")

FAR = 20.0  # m: nothing in a cell is farther away

E = TypeVar("E", bound=Exception)


def number(
    value: Any,
    name: str,
    unit: str,
    above: float | None = None,
    least: float | None = None,
    most: float = LARGEST_NUMBER,
) -> float:
    """`value` as a finite float. Raises TypeError if it is not a number, ValueError if it is out of range."""
    real = _real(value, A_NUMBER(name=name, unit=unit))
    if not -most <= real <= most:
        raise _refused(ValueError, FINITE(name=name, unit=unit, most=most), value)
    if above is not None and real <= above:
        raise _refused(ValueError, ABOVE(name=name, unit=unit, limit=above), value)
    if least is not None and real < least:
        raise _refused(ValueError, AT_LEAST(name=name, unit=unit, limit=least), value)
    return float(real)


def optional(value: Any, name: str, unit: str, above: float | None = None) -> float | None:
    """None, or `number`."""
    return None if value is None else number(value, name, unit, above)


def factor(value: Any, name: str, least: float, most: float) -> float:
    """A number without a unit. Raises TypeError if it is not a number, ValueError if it is out of range."""
    rule = FACTOR(name=name, least=least, most=most)
    real = _real(value, rule)
    if not least <= real <= most:
        raise _refused(ValueError, rule, value)
    return float(real)


def length(value: Any, name: str, most: float = FAR, least: float | None = None) -> float:
    """`number` in metres. Raises ValueError for more than `most` [m]; the message converts millimetres to metres."""
    metres = number(value, name, "m", least=least)
    if abs(metres) > most:
        raise wrong(ValueError, METRES(name=name, metres=metres, wanted=metres / 1000.0))
    return metres


def truth(value: Any, name: str) -> bool:
    """A bool. Takes 0, 1 and numpy's bools too. Raises TypeError for anything else."""
    if isinstance(value, bool | np.bool_) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise _refused(TypeError, TRUTH(name=name), value)


def text(value: Any, name: str, longest: int) -> str:
    """A string that can be sent, cut to `longest` characters. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise _refused(TypeError, A_TEXT(name=name), value)
    return value.encode("utf-8", "replace").decode()[:longest]


def joints(values: Any, name: str, count: int) -> list[float]:
    """`count` joint angles [rad] as plain floats. Raises ValueError or TypeError with a message."""
    if isinstance(values, Pose):
        raise wrong(TypeError, JOINTS_OF_POSE(name=name, count=count))
    array = _array(values, JOINTS(name=name, count=count))
    if array.shape != (count,):
        raise wrong(ValueError, SHAPE(rule=JOINTS(name=name, count=count), value=str(array.shape)))
    return [float(value) for value in array]


def pose(value: Any, name: str) -> Pose:
    """The Pose. Takes a (4, 4) matrix too. Raises TypeError for anything else; the message says how to make a Pose."""
    if isinstance(value, Pose):
        furthest = float(max(abs(value.position)))
        if furthest > LARGEST_NUMBER:
            raise wrong(ValueError, FAR_AWAY(name=name, metres=furthest))
        return value
    if isinstance(value, np.ndarray) and value.shape == (4, 4):
        return Pose.from_matrix(value)
    raise _refused(TypeError, A_POSE(name=name), value)


def points(values: Any, name: str) -> NDArray[np.float64]:
    """Points (..., 3) [m] as floats. Raises TypeError or ValueError for anything else."""
    array = _array(values, POINTS(name=name))
    if array.shape[-1:] != (3,):
        raise wrong(ValueError, SHAPE(rule=POINTS(name=name), value=str(array.shape)))
    return array


def pixels(u: Any, v: Any) -> NDArray[np.float64]:
    """Columns and rows [px] as pairs (..., 2). Raises TypeError or ValueError for anything else."""
    columns, rows = (_array(values, PIXELS(name=name)) for values, name in ((u, "u"), (v, "v")))
    if columns.shape != rows.shape and columns.size != 1 and rows.size != 1:
        raise wrong(ValueError, ONE_SHAPE(u=str(columns.shape), v=str(rows.shape)))
    return np.stack(np.broadcast_arrays(columns, rows), axis=-1)


def seed(value: Any) -> int:
    """A seed. Takes a whole number (numpy's too) or its digits. Raises ValueError for anything else."""
    return checked(value.item() if isinstance(value, np.integer) else value)


def _real(value: Any, rule: Text) -> Any:
    """The real number in `value`, numpy's included (numbers.Real has no typed comparison); raises TypeError."""
    single = value.item() if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1 else value
    if isinstance(single, bool) or not isinstance(single, numbers.Real):
        raise _refused(TypeError, rule, value)
    return single


def _array(values: Any, rule: Text) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _refused(TypeError, rule, values) from None
    if not np.isfinite(array).all() or (array.size and np.abs(array).max() > LARGEST_NUMBER):
        raise wrong(ValueError, ALL_FINITE(rule=rule, most=LARGEST_NUMBER, value=_shown(array.tolist())))
    return array


def _refused(kind: type[E], rule: Text, value: Any) -> E:
    return wrong(kind, GIVEN(rule=rule, value=_shown(value)))


def _shown(value: Any) -> str:
    """A value as Python writes it, shortened, and its type: two values may look the same and have different types."""
    words = repr(value)
    return f"{words if len(words) <= 60 else words[:57] + '...'} ({type(value).__name__})"
