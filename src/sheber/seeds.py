"""Seeds: the number that a scene is drawn from; one range and one message for all. Standard library only."""

from __future__ import annotations

from typing import Final

from sheber.i18n import _

__all__ = ["BITS", "checked"]

BITS: Final = 256
"""A seed is a whole number of up to so many bits, so that the seed of a hidden scene cannot be guessed."""


def checked(value: object) -> int:
    """The seed that `value` names: a whole number from 0 to 2^256 - 1, or its decimal digits as a text.

    Raises ValueError in words for anything else.

    >>> checked("7")
    7
    """
    text = value.strip() if isinstance(value, str) else ""
    if text.isascii() and text.isdecimal() and len(text) <= 78:
        value = int(text)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << BITS:
        return value
    huge = isinstance(value, int) and value.bit_length() > 4 * BITS  # too long to be written out
    shown = _("This number") if huge else value if isinstance(value, str) else repr(value)
    raise ValueError(
        _("{value} is not a seed. A seed is a whole number from 0 to 2^256 - 1.").format(value=shown[:100])
    )
