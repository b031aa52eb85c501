"""Errors of the school, by who must act. Each carries a sentence for the person who asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

__all__ = [
    "SURE",
    "Conflict",
    "DatabaseAway",
    "NotAllowed",
    "NotFound",
    "Refused",
    "SchoolError",
    "TooMany",
    "Unconfirmed",
    "all_wrong",
]

SURE: Final = "sure"
"""Said by who knows what follows, whatever it is."""


class SchoolError(Exception):
    """What a request could not be given, in words."""


class Refused(SchoolError):
    """Bad input: the sentence says what was asked, what was wrong and what exists."""

    def __init__(self, sentence: str, where: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.where = where  # name of the field or place that caused it: "due", "line 7"
        self.fields = dict(fields or {where: sentence})  # each field of a form with its sentence


class Unconfirmed(Refused):
    """What is wanted takes something from people, and whoever wants it was not told. Said again with the mark, or with
    SURE, it is done."""

    def __init__(self, follows: Sequence[str]) -> None:
        super().__init__(" ".join(follows), "sure")
        self.mark = hashlib.sha256(str(self).encode()).hexdigest()[:16]


class NotFound(SchoolError):
    """There is no such thing, or this person may not know of it: the two look alike on purpose."""


class NotAllowed(SchoolError):
    """The person may see it, and may not do this."""


class Conflict(SchoolError):
    """Somebody else changed the same thing in the meantime."""


class TooMany(SchoolError):
    """Too many requests in a short time."""

    def __init__(self, sentence: str, wait_s: float) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s  # until the next one is taken [s]


class DatabaseAway(SchoolError):
    """The database does not answer, or its disk is full: the operator must act."""


def all_wrong(*checks: Callable[[], object]) -> None:
    """Make all these checks. Raises Refused with everything that is wrong, so that a form tells it at once."""
    found: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except Refused as error:
            found |= {where: sentence for where, sentence in error.fields.items() if where not in found}
    if found:
        raise Refused(" ".join(found.values()), next(iter(found)), fields=found)
