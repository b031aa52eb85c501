"""TLE: elements as two lines of 69 columns, with or without a line of the name before them.

A line is held against everything that it says about itself: its first column, its length, its checksum, the number
that both lines must share, the figures in their columns. Whatever is wrong is told with file, line and columns.
Source of the columns: CelesTrak, "NORAD two-line element set format".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final, TypeVar

from sheber.ground.elements.model import BadElements, Elements, Provenance, designator_of
from sheber.ground.elements.numbers import LARGEST_ALPHA5, from_alpha5, to_alpha5
from sheber.ground.instants import DAY, from_datetime, to_datetime
from sheber.i18n import Text, message

__all__ = ["checksum", "from_tle", "to_tle"]

_LENGTH: Final = 69
_LONGEST_NAME: Final = 200  # characters of a name that anybody needs
_LAST_YEAR: Final = 2056  # of the two figures of an epoch
_Kind = TypeVar("_Kind", int, float, str)

SHORT = message(
    "ground.tle_short", "{where}, line {line}: a TLE line has 69 columns, this one has {columns}. Was it cut off?"
)
LONE = message("ground.tle_lone", "{where}, line {line}: line 1 of a TLE stands here, and no line 2 follows it.")
STRAY = message("ground.tle_stray", "{where}, line {line}: line 2 of a TLE stands here without its line 1.")
SUM = message(
    "ground.tle_sum",
    "{where}, line {line}: the checksum of this TLE line of {name} is {found}, and its figures give {wanted}. "
    "A figure was changed.",
)
TWO_NUMBERS = message(
    "ground.tle_numbers",
    "{where}, line {line}: line 1 is of satellite {first}, line 2 of {second}. They do not belong together.",
)
COLUMNS = message("ground.tle_columns", "{where}, line {line}, columns {first} to {last}: {text!r} is no {what}.")
NOT_SGP4 = message(
    "ground.tle_theory",
    "{where}, line {line}: these elements are of type {kind}, for another theory (4 is SGP4-XP). "
    "SGP4 takes types 0 and 2.",
)
TOO_LARGE = message(
    "ground.tle_number_large",
    "A TLE has no room for the number {number} of {name}: its five columns end at {most}. Write an OMM.",
)

NO_COLUMNS = message("ground.tle_no_columns", "A TLE has no columns for {what} = {value!r} of {name}. Write an OMM.")


def checksum(line: str) -> int:
    """The last figure that a TLE line should have: its figures added, a minus as 1, modulo 10, over 68 columns."""
    return sum(int(one) if "0" <= one <= "9" else one == "-" for one in line[: _LENGTH - 1]) % 10


def from_tle(text: str, source: Provenance | None = None) -> list[Elements]:
    """The elements of all pairs of lines in a text; lines with # and empty ones are passed over. Raises BadElements."""
    source = source or Provenance("TLE")
    return [
        _elements(_Line(source, *one), _Line(source, *two), name, source) for name, one, two in _pairs(text, source)
    ]


Numbered = tuple[int, str]


def _pairs(text: str, source: Provenance) -> Iterator[tuple[str, Numbered, Numbered]]:
    """(name, line 1, line 2) with their numbers in the file."""
    name, first = "", None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.rstrip()
        kind = _kind(line)
        if first is not None and kind != "2":
            raise BadElements(LONE(where=source.where, line=first[0]))
        if kind == "1":
            first = (number, line)
        elif kind == "2":
            if first is None:
                raise BadElements(STRAY(where=source.where, line=number))
            yield name, first, (number, line)
            name, first = "", None
        elif line and not line.startswith("#"):
            name = line.removeprefix("0 ").strip()[:_LONGEST_NAME]
    if first is not None:
        raise BadElements(LONE(where=source.where, line=first[0]))


def _kind(line: str) -> str:
    """ "1" or "2" for a line of figures, "" for any other: a name may begin with a figure too."""
    return line[0] if re.match(r"[12] [ 0-9A-Z]{5}[ A-Z]?", line) and _figures(line) else ""


def _figures(line: str) -> bool:
    """Whether a line looks like one of figures, even if it was cut off."""
    return len(line) > 30 or len(line.split()) > 4


class _Line:
    """One line whose frame is right, and the fields in it."""

    def __init__(self, source: Provenance, number: int, text: str) -> None:
        self.where, self.number, self.text = source.where, number, text
        if len(text) < _LENGTH:
            raise BadElements(SHORT(where=self.where, line=number, columns=len(text)))

    def check(self, name: str) -> None:
        """Raise BadElements where the checksum does not fit."""
        wanted, found = checksum(self.text), self.text[_LENGTH - 1]
        if found != str(wanted):
            raise BadElements(SUM(where=self.where, line=self.number, name=name, found=found, wanted=wanted))

    def take(self, first: int, last: int, read: Callable[[str], _Kind], what: str) -> _Kind:
        """What stands in columns, counted from 1 as the format's description does. Raises BadElements."""
        text = self.text[first - 1 : last]
        try:
            return read(text)
        except (ValueError, OverflowError):
            raise BadElements(
                COLUMNS(where=self.where, line=self.number, first=first, last=last, text=text, what=what)
            ) from None

    def error(self, says: Callable[..., Text], **values: object) -> BadElements:
        """An error of this line."""
        return BadElements(says(where=self.where, line=self.number, **values))


def _elements(one: _Line, two: _Line, name: str, source: Provenance) -> Elements:
    """The elements of two lines."""
    norad_id = one.take(3, 7, from_alpha5, "number of a satellite")
    label = name or str(norad_id)
    one.check(label)
    two.check(label)
    if norad_id != (second := two.take(3, 7, from_alpha5, "number of a satellite")):
        raise two.error(TWO_NUMBERS, first=norad_id, second=second)
    kind = one.text[62].strip() or "0"
    if kind not in "02":
        raise one.error(NOT_SGP4, kind=kind)
    return Elements(
        name=name,
        norad_id=norad_id,
        epoch=one.take(19, 32, _epoch, "epoch (year and day of the year)"),
        inclination_deg=two.take(9, 16, _number, "inclination"),
        raan_deg=two.take(18, 25, _number, "right ascension"),
        eccentricity=two.take(27, 33, _after_point, "eccentricity"),
        argument_deg=two.take(35, 42, _number, "argument of perigee"),
        anomaly_deg=two.take(44, 51, _number, "mean anomaly"),
        mean_motion_rev_day=two.take(53, 63, _number, "mean motion"),
        bstar=one.take(54, 61, _power, "drag term"),
        mean_motion_dot=one.take(34, 43, _number, "derivative of the mean motion"),
        mean_motion_ddot=one.take(45, 52, _power, "second derivative of the mean motion"),
        designator=designator_of(one.text[9:17]),
        classification=one.text[7].strip() or "U",
        element_number=one.take(65, 68, _count, "number of the element set"),
        revolution=two.take(64, 68, _count, "number of revolutions"),
        source=source,
    )


# --- fields -----------------------------------------------------------------------------------------

_NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+) *", re.ASCII)
_POWER = re.compile(r" *([+-]?)\.?(\d{1,5})([+-]\d) *", re.ASCII)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _count(text: str) -> int:
    return int(_number(text)) if text.strip() else 0


def _after_point(text: str) -> float:
    """ "0006703" is 0.0006703."""
    return float(f"0.{_digits(text.replace(' ', '0'))}")


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text


def _power(text: str) -> float:
    """ " 12345-4" is 0.12345e-4; blank is nothing."""
    if not text.strip():
        return 0.0
    found = _POWER.fullmatch(text)
    if not found:
        raise ValueError(text)
    return float(f"{found[1]}0.{found[2]}e{found[3]}")


def _epoch(text: str) -> float:
    """ "26333.50000000": two figures of the year (57 to 99 are 1957 to 1999), then the day of the year from 1."""
    year, day = int(_digits(text[:2].replace(" ", "0"))), _number(text[2:])
    if not 1.0 <= day < 367.0:
        raise ValueError(text)
    return _new_year(year + (1900 if year >= 57 else 2000)) + (day - 1.0) * DAY


def _new_year(year: int) -> float:
    return from_datetime(datetime(year, 1, 1, tzinfo=UTC))


# --- writing ----------------------------------------------------------------------------------------


def to_tle(elements: Elements) -> str:
    """The elements as a TLE: the name's line, if there is a name, and the two lines. Raises BadElements.

    Figures beyond the columns are rounded off, so it is exact only for what came out of a TLE. What has no columns at
    all is refused.
    """
    if elements.norad_id > LARGEST_ALPHA5:
        raise BadElements(TOO_LARGE(name=elements.label, number=elements.norad_id, most=LARGEST_ALPHA5))
    return "\n".join([*_name_line(elements), _first(elements), _second(elements)]) + "\n"


def _no_columns(elements: Elements, what: str) -> BadElements:
    """The error of a value that a TLE cannot hold."""
    return BadElements(NO_COLUMNS(name=elements.label[:60], what=what, value=str(getattr(elements, what))[:60]))


def _name_line(elements: Elements) -> list[str]:
    """The line of the name; with "0 " before a name that would be taken for something else."""
    name = elements.name.strip()
    if not name:
        return []
    if name.splitlines() != [name] or len(name) > _LONGEST_NAME:
        raise _no_columns(elements, "name")
    return [f"0 {name}" if name.startswith(("#", "0 ")) or _kind(name) else name]


def _epoch_columns(elements: Elements) -> str:
    """Fourteen columns; the last moment of a year may be rounded into the next one."""
    year = to_datetime(elements.epoch).year
    day = round((elements.epoch - _new_year(year)) / DAY + 1.0, 8)
    if day >= (_new_year(year + 1) - _new_year(year)) / DAY + 1.0:
        year, day = year + 1, 1.0
    if year > _LAST_YEAR:
        raise _no_columns(elements, "epoch")
    return f"{year % 100:02d}{day:012.8f}"


def _dot_columns(elements: Elements) -> str:
    """Ten columns: sign, point and eight figures."""
    text = f"{elements.mean_motion_dot: .8f}"
    if text[1:3] != "0.":
        raise _no_columns(elements, "mean_motion_dot")
    return f"{text[0]}{text[2:]}"


def _designator_columns(elements: Elements) -> str:
    """Eight columns: "98067A" of "1998-067A"."""
    text = elements.designator.strip()
    short = text[2:4] + text[5:] if re.match(r"\d{4}-", text) else text
    printed = re.fullmatch(r"[!-~]{0,8}", short)
    if not printed or designator_of(short) not in (text, designator_of(text)):
        raise _no_columns(elements, "designator")
    return f"{short:8s}"


def _classification_column(elements: Elements) -> str:
    """One column; nothing is "U", as when it is read."""
    text = elements.classification.strip() or "U"
    if not re.fullmatch("[A-Z]", text):
        raise _no_columns(elements, "classification")
    return text


def _first(elements: Elements) -> str:
    line = (
        f"1 {to_alpha5(elements.norad_id)}{_classification_column(elements)} {_designator_columns(elements)} "
        f"{_epoch_columns(elements)} {_dot_columns(elements)} {_as_power(elements.mean_motion_ddot)} "
        f"{_as_power(elements.bstar)} 0 {elements.element_number % 10000:4d}"
    )
    return f"{line}{checksum(line)}"


def _second(elements: Elements) -> str:
    line = (
        f"2 {to_alpha5(elements.norad_id)} {elements.inclination_deg:8.4f} {elements.raan_deg % 360:8.4f} "
        f"{round(elements.eccentricity * 1e7):07d} {elements.argument_deg % 360:8.4f} "
        f"{elements.anomaly_deg % 360:8.4f} {elements.mean_motion_rev_day:11.8f}{elements.revolution % 100000:5d}"
    )
    return f"{line}{checksum(line)}"


def _as_power(value: float) -> str:
    """Eight columns: 0.12345e-4 as " 12345-4"."""
    if value == 0.0:
        return " 00000-0"
    exponent = math.floor(math.log10(abs(value))) + 1
    figures = round(abs(value) / 10.0**exponent * 1e5)
    if figures == 100_000:
        figures, exponent = 10_000, exponent + 1
    if exponent < -9:
        return " 00000-0"
    return f"{'-' if value < 0 else ' '}{figures:05d}{exponent:+d}"
