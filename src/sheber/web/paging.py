"""Paging: a long list as pages of few rows, or whole where somebody asks for all of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["ROWS", "Paged", "page_with", "paged"]

_Row = TypeVar("_Row")

ROWS: Final = 50
"""Rows on a page. Two thousand are a megabyte, which a browser lays out for seconds."""


@dataclass(frozen=True, slots=True)
class Paged(Generic[_Row]):
    """A page of a list."""

    rows: Sequence[_Row]
    page: int  # from 1
    pages: int
    whole: int  # rows on all pages


def paged(rows: Sequence[_Row], page: str) -> Paged[_Row]:
    """A page by its number as an address has it; "all": every row. The first or the last one where there is no such."""
    if page == "all":
        return Paged(rows, 1, 1, len(rows))
    pages = max(1, math.ceil(len(rows) / ROWS))
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    number = min(max(number, 1), pages)
    return Paged(rows[(number - 1) * ROWS : number * ROWS], number, pages, len(rows))


def page_with(rows: Sequence[_Row], looked_for: Callable[[_Row], bool]) -> str:
    """The number of the page that has the row looked for; the first where none has."""
    place = next((place for place, row in enumerate(rows) if looked_for(row)), 0)
    return str(1 + place // ROWS)
