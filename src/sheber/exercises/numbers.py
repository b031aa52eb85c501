"""Numbers: what a teacher may change in `exercise.toml`, checked with messages that a teacher understands.

An exercise declares each number of its own with the range that makes sense (`Allowed`), or the names to choose from
(`Choice`); its kind of station declares those that all its exercises have. Points, limits, cycle time and rehearsal
scenes are common to all exercises and declared here. Whatever is missing, unknown, or out of range is refused when
the exercise is loaded, never in the middle of a run.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from sheber import seeds
from sheber.allowed import Allowed, Choice
from sheber.exercises.files import ExerciseError, read_toml
from sheber.exercises.score import GROUPS, ramp
from sheber.i18n import N_, _
from sheber.station import Limits
from sheber.units import SI

__all__ = [
    "LEVELS",
    "Allowed",
    "Choice",
    "ExerciseError",
    "Numbers",
    "Tolerance",
    "changeable",
    "plain",
    "read_numbers",
]

LEVELS: Final = ("elementary", "intermediate", "advanced")
REHEARSAL_SCENES: Final = 8
LONGEST_NAME: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A ramp with its unit: full points at `full` or better, none at `zero` or worse."""

    full: float  # in `unit`
    zero: float  # in `unit`
    unit: str

    def share(self, value: float) -> float:
        """The share 0..1 of the points that `value` (SI) earns."""
        return ramp(round(value / SI[self.unit], 3), self.full, self.zero)

    def show(self, value: float) -> float:
        """`value` (SI) in the tolerance's own unit, rounded for readers."""
        return round(value / SI[self.unit], 1 if self.unit == "%" else 2)

    @property
    def full_si(self) -> float:
        """The end where points are full, SI."""
        return self.full * SI[self.unit]

    @property
    def zero_si(self) -> float:
        """The end where points are gone, SI."""
        return self.zero * SI[self.unit]


_LIMITS: Final = {
    "simulated_s": Allowed(1, 259_200, "s", title=N_("Simulated time")),
    "commands": Allowed(100, 10_000_000, whole=True, title=N_("Commands")),
    "pictures": Allowed(0, 100, whole=True, title=N_("Pictures that a program shows")),
    "notes": Allowed(0, 10_000, whole=True, title=N_("Notes of a program")),
    "processor_s": Allowed(1, 3600, "s", whole=True, title=N_("Processor time")),
    "wall_s": Allowed(5, 7200, "s", title=N_("Waiting time of the judge")),
    "silent_s": Allowed(1, 3600, "s", title=N_("Time without a command")),
    "memory_bytes": Allowed(128 << 20, 16 << 30, "bytes", whole=True, title=N_("Memory")),
    "output_bytes": Allowed(1 << 10, 16 << 20, "bytes", whole=True, title=N_("Printed text")),
    "scratch_bytes": Allowed(1 << 20, 1 << 30, "bytes", whole=True, title=N_("Room for files")),
}
_COMMON: Final = {
    "order": Allowed(0, 1000, whole=True, title=N_("Place in the catalogue")),
    "cycle.fixed_s": Allowed(0, 3600, "s", title=N_("Reference time: fixed part")),
    "cycle.full": Allowed(0.1, 10, title=N_("Full points up to this many reference times")),
    "cycle.zero": Allowed(0.1, 20, title=N_("No points from this many reference times")),
}
_NAME: Final = re.compile(rf"(?!-)(?:[^\W_]|-){{1,{LONGEST_NAME}}}")
_ALIKE: Final = 0.7  # how much of two names must be the same for one to be offered for the other, 0..1
_WORDS: Final = ("name", "version", "level")


class Numbers(Mapping[str, Any]):
    """The checked content of one `exercise.toml`, by dotted key: ``numbers["scene.post_radius"]``."""

    def __init__(self, values: Mapping[str, Any], file: Path, allowed: Mapping[str, Allowed | Choice]) -> None:
        """Take values that `read_numbers` checked, and what it allows."""
        self._values = dict(values)
        self.file = file
        self.allowed = dict(allowed)  # by dotted key, also for entries that the file leaves out

    def __getitem__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise ExerciseError(_missing(self.file, key, self._values)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def real(self, key: str) -> float:
        """One number as a float."""
        return float(self[key])

    def whole(self, key: str) -> int:
        """One whole number."""
        return int(self[key])

    def choice(self, key: str) -> str:
        """One name that was chosen."""
        return str(self[key])

    def pair(self, key: str) -> tuple[float, float]:
        """The lowest and the highest of what is drawn by seed."""
        low, high = self[key]
        return float(low), float(high)

    def tolerance(self, name: str) -> Tolerance:
        """The tolerance `name` of the table [tolerance]."""
        tolerance: Tolerance = self[f"tolerance.{name}"]
        return tolerance

    def group(self, name: str) -> str:
        """The group in which the criterion `name` has its points."""
        for group in GROUPS:
            if f"points.{group}.{name}" in self._values:
                return group
        raise ExerciseError(_missing(self.file, f"points.*.{name}", self._values))

    def points(self, name: str) -> float:
        """The points of the criterion `name`, whatever group it is in."""
        return float(self[f"points.{self.group(name)}.{name}"])

    def limits(self, usual: Mapping[str, int]) -> Limits:
        """What a run may use; `usual`: the limits of what its kind of station counts, where the file has none."""
        given = {key.removeprefix("limits."): value for key, value in self._values.items() if key.startswith("limits.")}
        counts = {**usual, **{name: given.pop(name) for name in sorted(given.keys() - _LIMITS.keys())}}
        return Limits(**given, counts=counts)

    def reference_time(self, counts: Mapping[str, float]) -> float:
        """T_ref [s] of a scene with these counts: cycle.fixed_s plus cycle.per.X for each X."""
        per = [key for key in self._values if key.startswith("cycle.per.")]
        return self.real("cycle.fixed_s") + sum(self.real(key) * counts[key.removeprefix("cycle.per.")] for key in per)


def read_numbers(
    file: Path,
    allowed: Mapping[str, Allowed | Choice],
    counted: Collection[str] = (),
    own: Mapping[str, Any] | None = None,
) -> Numbers:
    """Read and check one `exercise.toml`; raises ExerciseError.

    `allowed`: the numbers of the exercise and of its kind of station, by dotted key; those of the table [limits] may
    be left out of the file. `counted`: what the scenes of the exercise count, for the table [cycle.per]. `own`: values
    that take the place of the file's, by dotted key, written as in the file and checked like them.
    """
    values = dict(_flat(read_toml(file)))
    if own:
        known = changeable(allowed, values)
        for key in sorted(own.keys() - known.keys()):
            raise ExerciseError(_missing(file, key, known, unknown=True))
        values |= own
    _check_counts(file, values, counted)
    ranges = _ranges(allowed, values)
    for key in sorted(values.keys() - ranges.keys() - set(_WORDS) - {"rehearsal.seeds"}):
        raise ExerciseError(_missing(file, key, ranges, unknown=True))
    for key, range_ in ranges.items():
        if isinstance(range_, Allowed) and range_.usual is not None:
            values.setdefault(key, plain(range_.usual))
        if key in values or not key.startswith("limits."):
            values[key] = _checked(file, key, values.get(key), range_)
    _check_words(file, values)
    _check_points(file, values)
    _check_seeds(file, values.get("rehearsal.seeds"))
    if values["cycle.full"] >= values["cycle.zero"]:
        raise ExerciseError(_("{file}: cycle.full must be less than cycle.zero.").format(file=file))
    return Numbers(values, file, ranges)


def changeable(
    allowed: Mapping[str, Allowed | Choice], values: Collection[str], titles: Mapping[str, str] | None = None
) -> dict[str, Allowed | Choice]:
    """Which numbers may be changed without a change of the exercise itself, and in which range.

    titles: of what the file itself names, "points.boxes" (whatever its group) and "cycle.per.boxes".

    Neither its place in the catalogue nor its public scenes; no criterion and no cycle term that the file has not.
    """
    ranges = _ranges(allowed, dict.fromkeys(values))
    return {key: _titled(key, range_, titles or {}) for key, range_ in ranges.items() if key != "order"}


def _titled(key: str, range_: Allowed | Choice, titles: Mapping[str, str]) -> Allowed | Choice:
    """A range with the title that the exercise gives it."""
    head, _dot, rest = key.partition(".")
    title = titles.get(f"points.{rest.partition('.')[2]}" if head == "points" else key, "")
    return replace(range_, title=str(title)) if title else range_


def plain(value: Any) -> Any:
    """A checked value as it is written in the file."""
    if isinstance(value, Tolerance):
        return {"full": value.full, "zero": value.zero, "unit": value.unit}
    return list(value) if isinstance(value, tuple) else value


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values; a tolerance stays one value, and so does a table in place of points."""
    for key, value in table.items():
        of_points = prefix.startswith("points.") and prefix.count(".") == 2
        if isinstance(value, dict) and prefix != "tolerance." and not of_points:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _ranges(allowed: Mapping[str, Allowed | Choice], values: Mapping[str, Any]) -> dict[str, Allowed | Choice]:
    """What may stand in the file: what is `allowed`, what every exercise has, and its own points and cycle terms."""
    ranges: dict[str, Allowed | Choice] = {f"limits.{name}": range_ for name, range_ in _LIMITS.items()}
    ranges |= {**allowed, **_COMMON}
    for key in values:
        if key.startswith("cycle.per."):
            ranges[key] = Allowed(0, 600, "s")
        if key.startswith("points.") and key.count(".") == 2 and key.split(".")[1] in GROUPS:
            ranges[key] = Allowed(0, GROUPS[key.split(".")[1]], _("points"))
    return ranges


def _checked(file: Path, key: str, value: object, range_: Allowed | Choice) -> Any:
    """The value as it is used; raises ExerciseError."""
    found = _found(value, range_)
    if found is not None:
        return found
    if value is None:
        text = _("{file}: {key} is missing. It must be {allowed}.")
    else:
        text = _("{file}: {key} is {value!r}. It must be {allowed}.")
    message = text.format(file=file, key=key, value=value, allowed=range_.words())
    raise ExerciseError(message + (_comma_hint(value, range_) or _order_hint(value, range_)))


def _comma_hint(value: object, range_: Allowed | Choice) -> str:
    """[0,5, 1,5] is four whole numbers to TOML: that a pair is written with points."""
    if not isinstance(range_, Allowed) or not range_.pair or not isinstance(value, list) or len(value) != 4:
        return ""
    if not all(type(one) is int for one in value):
        return ""
    low, more, high, rest = value
    text = _(" Write numbers with a point, [{low}.{more}, {high}.{rest}], not with a comma.")
    return text.format(low=low, more=more, high=high, rest=rest)


def _order_hint(value: object, range_: Allowed | Choice) -> str:
    """That the lower end of a pair comes first, where both ends are allowed in the other order."""
    if not isinstance(range_, Allowed) or not range_.pair or not isinstance(value, list):
        return ""
    turned = _pair(value[::-1], range_)
    if turned is None:
        return ""
    return _(" The lower number comes first: [{low}, {high}].").format(low=turned[0], high=turned[1])


def _found(value: object, range_: Allowed | Choice) -> object:
    """The value as it is used, or None where it is not allowed."""
    if isinstance(range_, Allowed) and range_.ramp:
        return _tolerance(value, range_)
    if isinstance(range_, Allowed) and range_.pair:
        return _pair(value, range_)
    return value if range_.fits(value) else None


def _tolerance(value: object, range_: Allowed) -> Tolerance | None:
    """A ramp from an allowed number to a worse one in the unit that is asked for, or None."""
    if not isinstance(value, dict) or value.keys() != {"full", "zero", "unit"} or value["unit"] != range_.unit:
        return None
    full, zero = value["full"], value["zero"]
    if not range_.fits(full) or not range_.fits(zero) or full == zero or (full > zero) is not range_.more:
        return None
    return Tolerance(full, zero, range_.unit)


def _pair(value: object, range_: Allowed) -> tuple[float, float] | None:
    """Two allowed numbers, the lower first, or None; two equal ones are a number that no seed changes."""
    if not isinstance(value, list) or len(value) != 2 or not all(map(range_.fits, value)) or value[0] > value[1]:
        return None
    return value[0], value[1]


def _missing(file: Path, key: str, known: Mapping[str, Any], *, unknown: bool = False) -> str:
    hint = _near(key, known)
    if unknown:
        beside = {name for name in known if name.rpartition(".")[0] == key.rpartition(".")[0]}
        there = sorted(beside) if "." in key and beside else sorted({name.rpartition(".")[0] or name for name in known})
        text = _("{file}: {key} is not a number of this exercise.{hint} These names exist: {names}.")
        return text.format(file=file, key=key, hint=hint, names=", ".join(there))
    return _("{file}: {key} does not exist.{hint}").format(file=file, key=key, hint=hint)


def _near(key: str, known: Collection[str]) -> str:
    """What the writer may have meant, in words; "" for nothing near.

    A name is compared with those of its own table; else it may be in the wrong table, or the table is misspelt.
    """
    table, _dot, name = key.rpartition(".")
    names = {one.rpartition(".")[2]: one for one in sorted(known) if one.rpartition(".")[0] == table}
    near = [names[one] for one in difflib.get_close_matches(name, names, 1, _ALIKE)]
    near += sorted(one for one in known if one.rpartition(".")[2] == name)
    return _(" Did you mean {near}?").format(near=near[0]) if near else ""


def _check_counts(file: Path, values: Mapping[str, Any], counted: Collection[str]) -> None:
    """Each [cycle.per] stands for something that the scenes of the exercise count."""
    for name in (key.removeprefix("cycle.per.") for key in values if key.startswith("cycle.per.")):
        if name not in counted:
            text = _(
                "{file}: cycle.per.{name}: The scenes of this exercise do not count {name!r}.{hint} "
                "They count: {names}."
            )
            names = ", ".join(counted) or _("nothing")
            raise ExerciseError(text.format(file=file, name=name, hint=_near(name, counted), names=names))


def _check_words(file: Path, values: Mapping[str, Any]) -> None:
    for key in _WORDS:
        value = values.get(key)
        if not isinstance(value, str) or not value.strip():
            text = _("{file}: {key} is {value!r}. It must be a text in quotes.")
            if value is None:
                text = _("{file}: {key} is missing. It must be a text in quotes.")
            elif isinstance(value, str):
                text = _("{file}: {key} is empty. It must be a text in quotes.")
            raise ExerciseError(text.format(file=file, key=key, value=value))
    if not _NAME.fullmatch(values["name"]):  # files and folders are named after it
        text = _("{file}: name is {name!r}. It must have letters, digits and hyphens only, up to {most} of them.")
        raise ExerciseError(text.format(file=file, name=values["name"], most=LONGEST_NAME))
    if values["level"] not in LEVELS:
        text = _("{file}: level is {level!r}. It must be one of {levels}.")
        raise ExerciseError(text.format(file=file, level=values["level"], levels=", ".join(LEVELS)))


def _check_points(file: Path, values: Mapping[str, Any]) -> None:
    """The points of each group sum to the group's, and no two criteria have one name."""
    names = Counter(key.rpartition(".")[2] for key in values if key.startswith("points."))
    for name in (name for name, times in names.items() if times > 1):
        both = ", ".join(f"points.{group}.{name}" for group in GROUPS if f"points.{group}.{name}" in values)
        text = _("{file}: {both} have the same name. Each criterion needs its own name.")
        raise ExerciseError(text.format(file=file, both=both))
    for group, wanted in GROUPS.items():
        found = sum(float(value) for key, value in values.items() if key.startswith(f"points.{group}."))
        if abs(found - wanted) > 1e-9:
            text = _("{file}: The sum of the points of [points.{group}] is {found:g}. It must be {wanted:g}.")
            raise ExerciseError(text.format(file=file, group=group, found=found, wanted=wanted))


def _check_seeds(file: Path, found: object) -> None:
    numbers = found if isinstance(found, list) and all(type(seed) is int for seed in found) else []
    try:
        different = {seeds.checked(seed) for seed in numbers}
    except ValueError as error:
        raise ExerciseError(_("{file}: rehearsal.seeds: {why}").format(file=file, why=error)) from error
    if not len(numbers) == len(different) == REHEARSAL_SCENES:
        text = _(
            "{file}: rehearsal.seeds must be a list of {count} different seeds. "
            "A seed is a whole number from 0 to 2^256 - 1."
        )
        raise ExerciseError(text.format(file=file, count=REHEARSAL_SCENES))


assert set(_LIMITS) == {field.name for field in fields(Limits)} - {"counts"}, "every limit needs a range"
