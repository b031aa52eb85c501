"""Language: the texts that people read, in the language that they chose. Standard library only.

Two kinds of text. What is shown at once is translated at once: `_("...")` and `ngettext("...", "...", n)` look it up
at the moment of the call. What is recorded, and read later by somebody else, is a `Text`: the id of a sentence and
its values. It is put into words when it is shown, in the language of whoever reads it:

    NOT_THERE = message("robot.not_there", "There is no camera {name}.")      # once, beside the code that says it
    text = NOT_THERE(name="left")                                              # recorded: an id and its values
    str(text)                                                                  # words, in the language in force

English is the language of the sources; another one joins as `locale/<language>/LC_MESSAGES/sheber.mo` (`make messages`
gathers the texts) without a change in the code.
"""

from __future__ import annotations

import gettext as _gettext
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

__all__ = [
    "LANGUAGES",
    "N_",
    "Message",
    "Text",
    "Worded",
    "_",
    "check_language",
    "choose",
    "current",
    "fields",
    "filled",
    "is_form",
    "known",
    "language",
    "message",
    "ngettext",
    "plain",
    "preferred",
    "revived",
    "tag_of",
    "texts_in",
    "written",
]

LANGUAGES = ("en", "kk", "ru", "zh-Hans")
"""Languages that texts may be written in, the fallback first. What exists is found on the disk."""

_DOMAIN = "sheber"
_FOLDER = Path(__file__).parent / "locale"
_chosen: ContextVar[str | None] = ContextVar("sheber_language", default=None)
_catalogues: dict[str, _gettext.NullTranslations] = {}


def _(message: str) -> str:
    """The message in the current language; the message itself where no translation exists.

    >>> _("Score")
    'Score'
    """
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of a message that fits the number n; `{n}` is not filled in here."""
    return _catalogue().ngettext(singular, plural, n)


def N_(message: str) -> str:
    """Mark a message for translation where it stands and translate it later, where it is shown."""
    return message


# --- texts that are recorded ----------------------------------------------------------------------

_FIELD = re.compile(r"\{\{|\}\}|\{([a-z]\w*)(!r)?(?::([+]?\d{0,2}(?:\.\d{1,2})?[defg%]?))?\}")  # a name, and its format
_MOST_FIELDS = 40  # of a sentence: one with more is not ours
_DEEPEST = 8  # texts and lists within a stored text
_LONGEST_VALUE = 4000  # characters of one value in words: values may come from a program
_sentences: dict[str, str] = {}  # by id, in English: those of the modules that are loaded


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence as it is recorded: its id and its values. `str(text)` is the sentence, in the language in force.

    Two texts are equal where id and values are: the English words are only what is shown where nobody knows the id.
    """

    id: str  # "robot.unreachable"; stays when the wording is mended
    values: Mapping[str, Any] = field(default_factory=dict)  # plain values, texts, and lists of these
    english: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """The sentence in the language in force."""
        english = _sentences.get(self.id, self.english)
        values = {name: _worded(value) for name, value in self.values.items()}  # each text in it is said once
        for template in (_(english), english) if english else ():
            words = filled(template, values)
            if words is not None:
                return words
        rest = ", ".join(f"{name} {_shown(value)}" for name, value in values.items())
        return f"{self.id}: {rest}" if rest else self.id

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.id)

    def form(self) -> dict[str, Any]:
        """Plain JSON values: what is stored and hashed."""
        return {"id": self.id, "values": {name: plain(value) for name, value in self.values.items()}}

    @classmethod
    def from_form(cls, form: Mapping[str, Any], english: Mapping[str, str] | None = None, depth: int = 0) -> Self:
        """The text of stored values; `english`: sentences by id, for ids that no loaded module knows.

        Raises ValueError for what is no such form, or is nested too deep.
        """
        if not is_form(form):
            raise ValueError(f"not a stored text: {str(form)[:80]!r}")
        words = english or {}
        values = {name: revived(value, words, depth + 1) for name, value in form["values"].items()}
        return cls(form["id"], values, words.get(form["id"], ""))

    def sentences(self) -> Iterator[tuple[str, str]]:
        """Id and English sentence of this text and of those among its values."""
        yield self.id, self.english
        for value in self.values.values():
            for one in texts_in(value):
                yield from one.sentences()


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence that can be said: called with its values it gives the `Text`."""

    id: str
    english: str

    def __call__(self, **values: Any) -> Text:
        """The text with these values."""
        return Text(self.id, values, self.english)


class Worded(Exception):
    """An error whose sentence is recorded: it carries the `Text`, and is told in the language in force."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        """The sentence in the language in force."""
        return str(self.text)


def message(id: str, english: str) -> Message:  # noqa: A002  (the word that readers of a trace see)
    """Define a sentence: an id that stays ("robot.unreachable"), and its English words with `{name:.1f}` for values."""
    _sentences[id] = english
    return Message(id, english)


def known() -> Mapping[str, str]:
    """The English sentences by id, of the modules that are loaded."""
    return MappingProxyType(_sentences)


def plain(value: Any) -> Any:
    """A value of a text as plain JSON."""
    if isinstance(value, Text):
        return value.form()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def texts_in(value: object) -> Iterator[Text]:
    """The texts that a value is, or holds in lists."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)


def is_form(value: object) -> bool:
    """Whether a JSON value is a stored text."""
    return (
        isinstance(value, Mapping)
        and value.keys() == {"id", "values"}
        and isinstance(value["id"], str)
        and isinstance(value["values"], Mapping)
    )


def revived(value: Any, english: Mapping[str, str], depth: int = 0) -> Any:
    """A JSON value as it was recorded: stored texts in it, also within lists, are texts again.

    Raises ValueError for what is nested deeper than we nest.
    """
    if depth > _DEEPEST:
        raise ValueError("a recorded value is nested too deep")
    if is_form(value):
        return Text.from_form(value, english, depth)
    return [revived(one, english, depth + 1) for one in value] if isinstance(value, list) else value


def fields(template: str) -> set[str]:
    """The names of the values that a sentence has places for."""
    return {found[1] for found in _FIELD.finditer(template) if found[1]}


def filled(template: str, values: Mapping[str, Any]) -> str | None:
    """The template with its values; None where they do not fit.

    Sentences may come from a file of a stranger: only names and short formats of numbers are followed, never
    attributes, indices or wide paddings.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]  # a doubled brace is a brace
        return _shown(values[found[1]], found[3] or "", bool(found[2]))

    if template.count("{") > _MOST_FIELDS:
        return None
    try:
        return _FIELD.sub(value, template)
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _worded(value: Any) -> Any:
    """A value whose texts are words."""
    if isinstance(value, list | tuple):
        return [_worded(one) for one in value]
    return str(value) if isinstance(value, Text) else value


def _shown(value: Any, form: str = "", quoted: bool = False) -> str:
    """One value in words."""
    if isinstance(value, list | tuple):
        return _(", ").join(_shown(one, form, quoted) for one in value)
    words = format(value, form) if form and not isinstance(value, str) else str(value)
    if words.startswith("-") and not isinstance(value, str | Text) and not re.search("[1-9]", words):
        words = format(abs(value), form)  # no "-0.0"
    return repr(words[:_LONGEST_VALUE]) if quoted else words[:_LONGEST_VALUE]


# --- languages ----------------------------------------------------------------------------------------


def written() -> tuple[str, ...]:
    """The languages that messages are there in: English, and those with a catalogue on the disk."""
    return _written(_FOLDER)


@cache
def _written(folder: Path) -> tuple[str, ...]:
    """Looked for once: every request asks."""
    others = (tag for tag in LANGUAGES[1:] if _gettext.find(_DOMAIN, folder, [tag.replace("-", "_")]))
    return (LANGUAGES[0], *others)


def current() -> str:
    """The language in force: the one chosen, else what the environment prefers."""
    return _chosen.get() or preferred()


def choose(tag: str | None) -> None:
    """Choose the language of this context ("kk", "zh-Hans"); None returns to the environment's.

    Raises ValueError for a language that is not in `LANGUAGES`.
    """
    if tag is not None:
        check_language(tag)
    _chosen.set(tag)


def check_language(tag: str) -> None:
    """Raise ValueError for a language that is not in `LANGUAGES`."""
    if tag not in LANGUAGES:
        raise ValueError(f"unknown language {tag!r}; known: {', '.join(LANGUAGES)}")


@contextmanager
def language(tag: str) -> Iterator[None]:
    """Within the `with` block, texts are in this language."""
    check_language(tag)
    token = _chosen.set(tag)
    try:
        yield
    finally:
        _chosen.reset(token)


def preferred(environment: dict[str, str] | None = None) -> str:
    """The first language of `SHEBER_LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG` that is in `LANGUAGES`; else "en"."""
    variables = os.environ if environment is None else environment
    for name in ("SHEBER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        tag = tag_of(variables.get(name, ""))
        if tag:
            return tag
    return LANGUAGES[0]


def tag_of(locale_name: str) -> str:
    """`kk_KZ.UTF-8` → `kk`, `zh_CN` → `zh-Hans`; "" for what we do not write in."""
    name = locale_name.split(".")[0].split("@")[0].replace("_", "-")
    if name in LANGUAGES:
        return name
    if name.split("-")[0] == "zh" and not {"Hant", "TW", "HK", "MO"} & set(name.split("-")):
        return "zh-Hans"
    return name.split("-")[0] if name.split("-")[0] in LANGUAGES else ""


def _catalogue() -> _gettext.NullTranslations:
    """The catalogue of the current language, read once."""
    tag = current()
    found = _catalogues.get(tag)
    if found is None:
        folder = tag.replace("-", "_")
        found = _gettext.translation(_DOMAIN, localedir=_FOLDER, languages=[folder], fallback=True)
        _catalogues[tag] = found
    return found
