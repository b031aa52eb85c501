"""Numbers of the catalogue in five columns: alpha-5, which lasts to 339,999.

The first of five digits may be a letter: A is 10, B is 11, … without I and O, which look like 1 and 0.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LARGEST_ALPHA5", "from_alpha5", "to_alpha5"]

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
LARGEST_ALPHA5: Final = 339_999


def from_alpha5(text: str) -> int:
    """The number of five columns, "25544" or "T0001". Raises ValueError."""
    text = text.strip()
    if text[:1].isalpha():
        return 10_000 * (10 + _LETTERS.index(text[0])) + _digits(text[1:], 4)
    return _digits(text, len(text))


def _digits(text: str, count: int) -> int:
    if len(text) != count or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def to_alpha5(number: int) -> str:
    """Five columns for a number up to 339,999. Raises ValueError for a larger one."""
    if not 0 <= number <= LARGEST_ALPHA5:
        raise ValueError(f"{number} does not fit into five columns")
    if number < 100_000:
        return f"{number:05d}"
    return f"{_LETTERS[number // 10_000 - 10]}{number % 10_000:04d}"
