"""Tables in the signs that a terminal has, laid out in these signs, and without blanks behind a line of a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sheber.cli.signs import spelled

__all__ = ["Plain"]


class Plain(Console):
    """A console whose columns stand in line, whatever signs its encoding has."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does. What goes into a pipe or a file has no blanks at the ends of its lines."""
        shown = [_in_signs(one, self.encoding) for one in objects]
        if self.is_terminal:
            super().print(*shown, **options)
            return
        with self.capture() as caught:
            super().print(*shown, **options)
        self.file.write("".join(f"{line.rstrip()}\n" for line in caught.get().splitlines()))


def _in_signs(shown: Any, encoding: str) -> Any:
    """What is shown, with the signs that the encoding lacks replaced before columns get their widths."""
    if isinstance(shown, str):
        return spelled(shown, encoding)
    if isinstance(shown, Text):
        return _text(shown, encoding)
    if isinstance(shown, Group):
        return Group(*(_in_signs(one, encoding) for one in shown.renderables))
    if isinstance(shown, Padding):
        shown.renderable = _in_signs(shown.renderable, encoding)
    if isinstance(shown, Table):
        shown.title = _in_signs(shown.title, encoding)
        for column in shown.columns:
            column.header = _in_signs(column.header, encoding)
            column._cells = [_in_signs(cell, encoding) for cell in column.cells]
    if not isinstance(shown, Text | Padding | Table) and hasattr(shown, "__rich_console__"):
        return _Later(shown, encoding)
    return shown


@dataclass(frozen=True, slots=True)
class _Later:
    """What makes its parts only when it knows how wide it may be."""

    shown: Any
    encoding: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        for one in self.shown.__rich_console__(console, options):
            yield _in_signs(one, self.encoding)


def _text(text: Text, encoding: str) -> Text:
    """A text sign by sign: each keeps its style, and may become several."""
    if spelled(text.plain, encoding) == text.plain:
        return text
    whole = Text(style=text.style, justify=text.justify)
    for place, sign in enumerate(text.plain):
        one = text[place]
        one.plain = spelled(sign, encoding)
        one.spans = [span.__class__(0, len(one.plain), span.style) for span in one.spans]
        whole.append_text(one)
    return whole
