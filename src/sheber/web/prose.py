"""Prose: the written text of an exercise as HTML. Markdown alone: HTML in it is shown as it stands."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from sheber.i18n import _

__all__ = ["markdown", "prose"]


@lru_cache(256)
def prose(text: str) -> Markup:
    """The text without its title, which the page has already. Tables scroll by themselves on narrow screens."""
    maker = markdown()
    tokens = maker.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        tokens = tokens[3:]
    return Markup(maker.renderer.render(tokens, maker.options, {}))


def markdown() -> MarkdownIt:
    """What makes pages of Markdown, with tables; HTML in it stays text."""
    maker = MarkdownIt("commonmark", {"html": False}).enable("table")
    maker.add_render_rule("table_open", _table_open)
    maker.add_render_rule("table_close", _table_close)
    maker.add_render_rule("fence", _fence)
    return maker


def _table_open(_renderer: Any, *_rest: Any) -> str:
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{Markup.escape(_("Table"))}"><table>\n'


def _fence(_renderer: Any, tokens: Any, at: int, *_rest: Any) -> str:
    """Code scrolls by itself, also by the keys."""
    return f'<pre tabindex="0"><code>{Markup.escape(tokens[at].content)}</code></pre>\n'


def _table_close(_renderer: Any, *_rest: Any) -> str:
    return "</table></div>\n"
