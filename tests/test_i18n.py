"""Language: what the environment prefers, what is chosen, and where a translation comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from sheber import i18n


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "kk_KZ"}, "kk"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "ru_RU", "SHEBER_LANGUAGE": "zh-Hans"}, "zh-Hans"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_preferred(variables: dict[str, str], wanted: str) -> None:
    assert i18n.preferred(variables) == wanted


def test_choose_refuses_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="known: en, kk, ru, zh-Hans"):
        i18n.choose("tlh")
    with pytest.raises(ValueError, match="tlh"), i18n.language("tlh"):
        pass


def test_language_ends_with_its_block() -> None:
    before = i18n.current()
    with i18n.language("kk"):
        assert i18n.current() == "kk"
    assert i18n.current() == before


def test_a_catalogue_on_the_disk_is_used_without_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalog(locale="kk")
    catalogue.add("Score", "Ұпай")
    catalogue.add(("{n} point", "{n} points"), ("{n} ұпай", "{n} ұпай"))
    folder = tmp_path / "kk" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "sheber.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(i18n, "_FOLDER", tmp_path)
    monkeypatch.setattr(i18n, "_catalogues", {})
    with i18n.language("kk"):
        assert i18n._("Score") == "Ұпай"
        assert i18n.ngettext("{n} point", "{n} points", 3) == "{n} ұпай"
        assert i18n._("not translated") == "not translated"
    assert i18n._("Score") == "Score"


def test_the_gathered_texts_are_those_of_the_sources() -> None:
    """A translator must not work on texts that nobody shows; `make messages` gathers them anew."""
    package = Path(i18n.__file__).parent
    with (package / "locale" / "sheber.pot").open("rb") as file:
        gathered = {message.id for message in read_po(file) if message.id}
    found = extract_from_dir(
        package, keywords=DEFAULT_KEYWORDS | {"message": (2,)}, method_map=[("**.py", "python"), ("**.j2", "jinja2")]
    )
    shown = {message if isinstance(message, str) else tuple(message) for _, _, message, *_ in found}
    assert gathered == shown, "the texts changed: run `make messages`"


def test_messages_name_their_places() -> None:
    """A translator may turn a sentence around; `{}` and `%s` would not let them."""
    package = Path(i18n.__file__).parent
    with (package / "locale" / "sheber.pot").open("rb") as file:
        for message in read_po(file):
            for text in [message.id] if isinstance(message.id, str) else message.id:
                assert "{}" not in text, text
                assert "%s" not in text, text
