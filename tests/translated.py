"""A made-up catalogue of Kazakh, so that tests see what a translation does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from sheber import i18n


@contextmanager
def catalogue(sentences: Mapping[str, str], *, here: bool = False) -> Iterator[Path]:
    """A locale folder, open to everybody, with these translations; `here`: this process reads it too."""
    with tempfile.TemporaryDirectory(prefix="sheber-locale-", dir="/tmp") as name:
        folder = Path(name)
        place = folder / "kk" / "LC_MESSAGES"
        place.mkdir(parents=True)
        folder.chmod(0o755)
        translations = Catalog(locale="kk")
        for english, kazakh in sentences.items():
            translations.add(english, kazakh)
        with (place / "sheber.mo").open("wb") as file:
            write_mo(file, translations)
        if not here:
            yield folder
            return
        with mock.patch.object(i18n, "_FOLDER", folder), mock.patch.object(i18n, "_catalogues", {}):
            yield folder
