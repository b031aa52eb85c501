"""Errors of the school, by who must act. Each carries a sentence for the person who asked."""

from __future__ import annotations

__all__ = ["Conflict", "DatabaseAway", "NotAllowed", "NotFound", "Refused", "SchoolError", "TooMany"]


class SchoolError(Exception):
    """What a request could not be given, in words."""


class Refused(SchoolError):
    """Bad input: the sentence says what was asked, what was wrong and what exists."""

    def __init__(self, sentence: str, where: str = "") -> None:
        super().__init__(sentence)
        self.where = where  # name of the field or place that caused it: "due", "line 7"


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
