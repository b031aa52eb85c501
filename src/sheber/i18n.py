"""Language: the texts that people read, in the language that they chose. Standard library only.

`_("...")` and `ngettext("...", "...", n)` look a text up at the moment of the call. English is the
language of the sources; another one joins as `locale/<language>/LC_MESSAGES/sheber.mo`
(`make messages` gathers the texts) without a change in the code.
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

__all__ = ["LANGUAGES", "N_", "_", "choose", "current", "language", "ngettext", "preferred", "written"]

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


def written() -> tuple[str, ...]:
    """The languages that messages are there in: English, and those with a catalogue on the disk."""
    others = (tag for tag in LANGUAGES[1:] if _gettext.find(_DOMAIN, _FOLDER, [tag.replace("-", "_")]))
    return (LANGUAGES[0], *others)


def current() -> str:
    """The language in force: the one chosen, else what the environment prefers."""
    return _chosen.get() or preferred()


def choose(tag: str | None) -> None:
    """Choose the language of this context ("kk", "zh-Hans"); None returns to the environment's.

    Raises ValueError for a language that is not in `LANGUAGES`.
    """
    if tag is not None and tag not in LANGUAGES:
        raise ValueError(f"unknown language {tag!r}; known: {', '.join(LANGUAGES)}")
    _chosen.set(tag)


@contextmanager
def language(tag: str) -> Iterator[None]:
    """Within the `with` block, texts are in this language."""
    if tag not in LANGUAGES:
        raise ValueError(f"unknown language {tag!r}; known: {', '.join(LANGUAGES)}")
    token = _chosen.set(tag)
    try:
        yield
    finally:
        _chosen.reset(token)


def preferred(environment: dict[str, str] | None = None) -> str:
    """The first language of `SHEBER_LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG` that is in `LANGUAGES`; else "en"."""
    variables = os.environ if environment is None else environment
    for name in ("SHEBER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        tag = _tag(variables.get(name, ""))
        if tag:
            return tag
    return LANGUAGES[0]


def _tag(locale_name: str) -> str:
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
