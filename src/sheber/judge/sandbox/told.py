"""Told: a sentence of ours that came back through the program, as the judge takes it from untrusted hands.

When a program ends with an error of the station or of the client library, the stub's last words carry the id and the
values of the error's sentence, so that the outcome can be read in any language. A program can forge them. All it can
change is the wording of its own error: the judge accepts only sentences that a station or a client says, never its own,
with values that these have places for, and no depth or length that would burden the readers of the trace.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import msgspec

import sheber.client
from sheber.i18n import Text, fields, is_form, known

__all__ = ["one_line", "told_text"]

LONGEST_VALUE = 1000  # characters of one value
MOST_VALUES = 20  # of one sentence, or of one list
DEEPEST = 3  # lists and sentences within a sentence
LARGEST = 1 << 256  # of the numbers, either sign
JUDGES_OWN = ("run.", "wire.", "trace.", "criteria.")  # how the ids of what the judge says begin


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    """A stored sentence, before its values have been looked at."""

    id: Annotated[str, msgspec.Meta(max_length=100)]
    values: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=100)], Any],
        msgspec.Meta(max_length=MOST_VALUES),
    ]


def told_text(form: object) -> Text | None:
    """The sentence that the form stands for; None for anything that we would not say."""
    try:
        return _text(form, 0)
    except (ValueError, RecursionError):
        return None


def one_line(text: str) -> str:
    """Text of a program as one line, without what a terminal would obey or no file would take."""
    line = " · ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _text(form: object, depth: int) -> Text:
    """Raises ValueError (msgspec's is one) for a form that is not acceptable."""
    found = msgspec.convert(form, _Form)
    sentence = _sentence(found.id)
    if not sentence:
        raise ValueError("unknown sentence")
    if not found.values.keys() <= fields(sentence):
        raise ValueError("values that the sentence has no place for")
    return Text(found.id, {name: _value(value, depth) for name, value in found.values.items()}, sentence)


def _sentence(id_: str) -> str:
    """The English sentence of an id; "" for an unknown one, and for what only the judge says."""
    if id_.startswith(JUDGES_OWN):
        return ""
    if id_ not in known():
        _load_clients()
    return known().get(id_, "")


@cache
def _load_clients() -> None:
    """Load the client library of every kind of station: its sentences were said in a box, not in this process."""
    for module in pkgutil.walk_packages(sheber.client.__path__, "sheber.client."):
        import_module(module.name)


def _value(value: Any, depth: int) -> Any:
    """A plain value, a list or a sentence, cleaned. Raises ValueError."""
    if isinstance(value, str) and len(value) <= LONGEST_VALUE:
        return one_line(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) <= LARGEST:  # false for what is not a number
        return value
    if depth < DEEPEST and isinstance(value, list) and len(value) <= MOST_VALUES:
        return [_value(one, depth + 1) for one in value]
    if depth < DEEPEST and is_form(value):
        return _text(value, depth + 1)
    raise ValueError("not a value of a sentence")
