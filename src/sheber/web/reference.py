"""Reference: the page that describes everything a program can use, as the school shows it: `docs/program.md`."""

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

__all__ = ["Chapter", "Reference", "reference", "source"]

_SHIPPED: Final = Path(__file__).parent / "program.md"
_CHECKOUT: Final = Path(__file__).parents[3] / "docs" / "program.md"
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
def source() -> str:
    """The page as it is written: shipped with the package, or that of the checkout."""
    file = _SHIPPED if _SHIPPED.is_file() else _CHECKOUT
    return _REMARK.sub("", file.read_text("utf-8"))


@cache
def reference() -> Reference:
    """The page as HTML, without its title and its own list of chapters. Markdown alone makes it: no raw HTML."""
    maker = markdown()
    tokens = _headed(maker.parse(source()))
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
