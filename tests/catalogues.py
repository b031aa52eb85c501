"""Made-up catalogues: a language that tests can read, without waiting for a translator."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from sheber import i18n

Words = str | tuple[str, str]


def write_catalogue(folder: Path, words: Mapping[Words, Words], language: str = "kk") -> Path:
    """Write `words` (English to the other language) as the catalogue of `language` below `folder`; the file."""
    catalogue = Catalog(locale=language.replace("-", "_"))
    for english, other in words.items():
        catalogue.add(english, other)
    place = folder / language.replace("-", "_") / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "sheber.mo").open("wb") as file:
        write_mo(file, catalogue)
    return place / "sheber.mo"


@contextmanager
def catalogue(sentences: Mapping[str, str], *, here: bool = False) -> Iterator[Path]:
    """A locale folder, open to everybody, with these Kazakh sentences; `here`: this process reads it too."""
    with tempfile.TemporaryDirectory(prefix="sheber-locale-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_catalogue(folder, dict(sentences))
        if not here:
            yield folder
            return
        with mock.patch.object(i18n, "_FOLDER", folder), mock.patch.object(i18n, "_catalogues", {}):
            yield folder


def speak_kazakh(folder: Path, monkeypatch: pytest.MonkeyPatch, words: Mapping[Words, Words]) -> None:
    """Let this process find `words` as its Kazakh catalogue."""
    write_catalogue(folder, words)
    monkeypatch.setattr(i18n, "_FOLDER", folder)
    monkeypatch.setattr(i18n, "_catalogues", {})
