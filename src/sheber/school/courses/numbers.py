"""Numbers: those of an exercise that a course has of its own, as a form shows and takes them.

They have the same checks as `exercise.toml`; what is stored is only what differs from the exercise's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from sheber.allowed import Allowed, Choice
from sheber.exercises import Exercise, ExerciseError
from sheber.i18n import _
from sheber.school.errors import Refused, all_wrong

__all__ = ["NumberField", "checked_numbers", "number_fields", "numbers_from_form"]

Kind = Literal["number", "whole", "choice", "ramp", "pair"]


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number in a form: what it is, in which range, and what it is now."""

    key: str  # "tolerance.position"
    table: str  # "tolerance": the fields of a table belong together
    name: str  # "position"
    kind: Kind
    low: float  # of a number, and of both ends of a ramp or pair
    high: float
    unit: str
    names: tuple[str, ...]  # to choose from
    usual: Any  # what the exercise has: a number, a name, [lowest, highest], {full, zero, unit}
    value: Any  # what the course has
    words: str  # what is allowed, as a sentence says it
    title: str  # what it is, in the language in force; its key in plain letters where its exercise has no title

    @property
    def changed(self) -> bool:
        """Whether the course has a number of its own."""
        return bool(self.value != self.usual)


def number_fields(exercise: Exercise) -> tuple[NumberField, ...]:
    """The numbers of an exercise that a course may change, in the order of the file; limits that it leaves out last.

    exercise: with the course's own numbers, as `exercise_of` gives it.
    """
    usual = exercise.with_numbers({})
    return tuple(_field(key, range_, usual, exercise) for key, range_ in exercise.changeable.items())


def checked_numbers(exercise: Exercise, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a course's own numbers: those that differ from the exercise's. Raises Refused in words."""
    try:
        return dict(exercise.with_numbers(numbers).own)
    except ExerciseError as error:
        sentence = str(error).replace(f"{exercise.folder / 'exercise.toml'}: ", "")
        where = next((key for key in numbers if sentence.startswith(f"{key} ")), "")
        raise Refused(sentence, f"numbers.{where}" if where else "numbers") from error


def numbers_from_form(exercise: Exercise, texts: Mapping[str, str]) -> dict[str, Any]:
    """Own numbers from the texts of a form, checked as above; a field that is left empty has the exercise's own number.

    texts: by dotted key; both ends of a pair as KEY.low and KEY.high, of a ramp as KEY.full and KEY.zero. A decimal
    comma is taken for a point. Raises Refused, which names the field.
    """
    found: dict[str, Any] = {}

    def take(key: str, range_: Allowed | Choice) -> None:
        value = _read(key, range_, texts)
        if value is not None:
            found[key] = value

    all_wrong(*(partial(take, key, range_) for key, range_ in exercise.changeable.items()))
    return checked_numbers(exercise, found)


def _field(key: str, range_: Allowed | Choice, usual: Exercise, exercise: Exercise) -> NumberField:
    table, _dot, name = key.rpartition(".")
    low, high, unit, names = 0.0, 0.0, "", tuple[str, ...]()
    kind: Kind = "choice"
    if isinstance(range_, Choice):
        names = range_.names
    else:
        low, high, unit = range_.low, range_.high, range_.unit
        kind = "ramp" if range_.ramp else "pair" if range_.pair else "whole" if range_.whole else "number"
    values = (usual.written(key), exercise.written(key))
    title = _(range_.title) if range_.title else key.partition(".")[2].replace(".", ": ").replace("_", " ")
    return NumberField(key, table, name, kind, low, high, unit, names, *values, range_.words(), title)


def _read(key: str, range_: Allowed | Choice, texts: Mapping[str, str]) -> Any:
    """One value from its texts; None where they are left empty."""
    if isinstance(range_, Choice):
        return texts.get(key, "").strip() or None
    if not (range_.ramp or range_.pair):
        return _number(key, range_, texts.get(key, ""))
    ends = ("full", "zero") if range_.ramp else ("low", "high")
    first, second = (_number(key, range_, texts.get(f"{key}.{end}", "")) for end in ends)
    if first is None and second is None:
        return None
    if first is None or second is None:
        raise Refused(_("Fill in both numbers, or none."), f"numbers.{key}")
    _check_order(key, range_, first, second)
    return {"full": first, "zero": second, "unit": range_.unit} if range_.ramp else [first, second]


def _check_order(key: str, range_: Allowed, first: float, second: float) -> None:
    """Raises Refused, in the words of the form, for two numbers in the wrong order."""
    sentence = ""
    if range_.ramp and (first == second or (first > second) is not range_.more):
        sentence = _("The number for full points must be smaller than the one for no points.")
        if range_.more:
            sentence = _("The number for full points must be greater than the one for no points.")
    elif range_.pair and first > second:
        sentence = _("The lowest number must not be greater than the highest.")
    if sentence:
        raise Refused(sentence, f"numbers.{key}")


def _number(key: str, range_: Allowed, text: str) -> float | int | None:
    """One number. Raises Refused, in the words of the form, for what is none or out of range."""
    plain = text.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-")
    if not plain:
        return None
    try:
        number = float(plain) if plain.isascii() and len(plain) <= 40 else math.nan
    except ValueError:
        number = math.nan
    value = int(number) if range_.whole and number.is_integer() else number
    if range_.fits(value):
        return value
    sentence = _("{text!r} does not fit. It must be {allowed}.")
    allowed = replace(range_, ramp=False, pair=False).words()
    raise Refused(sentence.format(text=text.strip()[:40], allowed=allowed), f"numbers.{key}")
