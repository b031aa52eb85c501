"""Reference: the pages that describe everything a program can use, as the school shows them.

`docs/program.md` for
robot cells, and what all stations have in common; `docs/program-<station>.md` for another kind of station.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from markdown_it.token import Token
from markupsafe import Markup

from sheber.web.prose import markdown

__all__ = ["Chapter", "Reference", "place_of", "reference", "source", "stations"]

_SHIPPED: Final = Path(__file__).parent
_CHECKOUT: Final = Path(__file__).parents[3] / "docs"
_REMARK: Final = re.compile(r"^<!--.*?-->\n", re.M)  # for the tests of the page's examples


@dataclass(frozen=True, slots=True)
class Chapter:
    """One heading of the page."""

    title: str
    place: str  # the id of the heading


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole page."""

    html: Markup
    chapters: tuple[Chapter, ...]


@cache
def stations() -> dict[str, str]:
    """The titles of all pages, by the station; "": the page of robot cells and of all stations, the first."""
    files = {file.stem.removeprefix("program").lstrip("-"): file for file in _folder().glob("program*.md")}
    return {station: _title(files[station]) for station in sorted(files)}


def place_of(station: str) -> str:
    """The address of the page for a station; that of all stations where it has none of its own."""
    return f"/reference/{station}" if station and station in stations() else "/reference"


def _folder() -> Path:
    """Where the pages are: shipped with the package, or those of the checkout."""
    return _SHIPPED if (_SHIPPED / "program.md").is_file() else _CHECKOUT


def _title(file: Path) -> str:
    """The words of the first heading."""
    with file.open(encoding="utf-8") as lines:
        return next(lines).lstrip("# ").strip()


@cache
def source(station: str = "") -> str:
    """A page as it is written; `station` is one of `stations`."""
    name = f"program-{station}.md" if station else "program.md"
    return _REMARK.sub("", (_folder() / name).read_text("utf-8"))


@cache
def reference(station: str = "") -> Reference:
    """A page as HTML, without its title and its own list of chapters. Markdown alone makes it: no raw HTML."""
    maker = markdown()
    tokens = _headed(maker.parse(source(station)))
    chapters: list[Chapter] = []
    for token, inside in pairwise(tokens):
        _inward(token.children or [])
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            token.attrSet("id", _place(inside.content))
            if token.tag == "h2":
                chapters.append(Chapter(inside.content, _place(inside.content)))
    begin = next(n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2")
    options: Any = maker.options
    return Reference(Markup(maker.renderer.render(tokens[begin:], options, {})), tuple(chapters))


def _headed(tokens: list[Token]) -> list[Token]:
    """The tokens without heads of tables that say nothing; an empty cell in a head is no title of a column."""
    found: list[Token] = []
    for token, inside in zip(tokens, [*tokens[1:], None], strict=True):
        found.append(token)
        empty = token.type == "th_open" and inside is not None and not inside.content
        if empty or (token.type == "th_close" and found[-3].tag == "td"):
            token.tag = "td"
        elif token.type == "thead_close":
            begin = max(n for n, one in enumerate(found) if one.type == "thead_open")
            if not any(one.type == "th_open" and one.tag == "th" for one in found[begin:]):
                del found[begin:]
    return found


def _place(title: str) -> str:
    """The id of a heading, as links of the page name it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _inward(tokens: list[Token]) -> None:
    """Links to other pages of the documents stay as words: only places of this page are here."""
    outward = False
    for token in tokens:
        if token.type == "link_open":
            outward = not str(token.attrGet("href")).startswith("#")
        if token.type in ("link_open", "link_close") and outward:
            outward = token.type == "link_open"
            token.type, token.tag, token.nesting, token.content = "text", "", 0, ""
