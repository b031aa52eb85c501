"""Fields: the values that the commands of every station may carry, decoded strictly."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sheber.client.wire import LARGEST_NUMBER, LONGEST_NAME

__all__ = ["Command", "Line", "Name", "NotNegative", "Number", "Positive"]

Line = Annotated[int, Meta(ge=0, le=10_000_000)]
Number = Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Positive = Annotated[float, Meta(gt=0.0, le=LARGEST_NUMBER)]
NotNegative = Annotated[float, Meta(ge=0.0, le=LARGEST_NUMBER)]
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """What every command carries."""

    line: Line = 0  # of the student's program
