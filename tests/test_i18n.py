"""Language: what the environment prefers, what is chosen, and where a translation comes from."""

from __future__ import annotations

import ast
import json
import pickle
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from catalogues import speak_kazakh
from sheber import i18n
from sheber.i18n import Text, message


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
    speak_kazakh(tmp_path, monkeypatch, {"Score": "Ұпай", ("{n} point", "{n} points"): ("{n} ұпай", "{n} ұпай")})
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


# --- texts that are recorded ------------------------------------------------------------------------

LOST = message("test.lost", "{part} was lost after {time:.1f} s; {{{count:d}}} are left: {names}.")
PART = message("test.part", "the part {name!r}")


def lost(**more: object) -> Text:
    return LOST(**{"part": PART(name="box 1"), "time": 3.14159, "count": 2, "names": ["a", PART(name="b")]} | more)


def test_a_text_becomes_words_when_it_is_shown() -> None:
    assert str(lost()) == "the part 'box 1' was lost after 3.1 s; {2} are left: a, the part 'b'."


def test_a_number_that_is_shown_as_nought_has_no_minus() -> None:
    turned = message("test.turned", "turned by {angle:.1f}°, x {x:+.1f}, {steps} steps")
    assert str(turned(angle=-0.04, x=-0.001, steps=-0.0)) == "turned by 0.0°, x +0.0, 0.0 steps"
    assert str(turned(angle=-0.06, x=-1.0, steps="-0")) == "turned by -0.1°, x -1.0, -0 steps"


def test_a_text_is_its_id_and_values_and_comes_back_from_json() -> None:
    stored = json.loads(json.dumps(lost().form()))
    assert stored["id"] == "test.lost"
    assert Text.from_form(stored) == lost()
    assert Text.from_form(stored) != lost(count=3)
    assert str(Text.from_form(stored)) == str(lost())
    assert pickle.loads(pickle.dumps(lost())) == lost()


def test_a_stored_text_is_read_in_the_language_of_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = lost().form()
    words = {LOST.english: "{time:.1f} с кейін {part} жоғалды; {names}.", PART.english: "{name!r} бөлшегі"}
    speak_kazakh(tmp_path, monkeypatch, words)
    with i18n.language("kk"):
        assert str(Text.from_form(stored)) == "3.1 с кейін 'box 1' бөлшегі жоғалды; a, 'b' бөлшегі."
    assert str(Text.from_form(stored)).startswith("the part")


def test_a_mended_wording_is_what_a_stored_text_says(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = lost().form()
    monkeypatch.setitem(i18n._sentences, "test.lost", "After {time:.0f} s {part} fell.")
    assert str(Text.from_form(stored)) == "After 3 s the part 'box 1' fell."


def test_an_id_that_no_module_knows_is_told_by_the_sentence_that_came_along() -> None:
    stored = {"id": "other.wing", "values": {"level": 7.25}}
    assert str(Text.from_form(stored, {"other.wing": "The level is {level:.1f}."})) == "The level is 7.2."
    assert str(Text.from_form(stored)) == "other.wing: level 7.25"


def test_a_translation_whose_places_do_not_fit_falls_back_to_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak_kazakh(tmp_path, monkeypatch, {PART.english: "{nama} бөлшегі"})
    with i18n.language("kk"):
        assert str(PART(name="x")) == "the part 'x'"


@pytest.mark.parametrize(
    "sentence",
    [
        "{value.__class__}",
        "{value[0]}",
        "{value:>999999999}",
        "{0}",
        "{value:.999f}",
        "{value.__init__.__globals__}",
    ],
)
def test_a_sentence_of_a_stranger_reaches_nothing_and_costs_nothing(sentence: str) -> None:
    """A trace may bring its own sentences: names and short formats are followed, all else stays as it stands."""
    stored = {"id": "stranger.says", "values": {"value": "secret", "other": 1}}
    assert str(Text.from_form(stored, {"stranger.says": sentence})) == sentence


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_whatever_stands_in_a_value_is_told_without_an_error(value: object) -> None:
    stored = {"id": "test.part", "values": {"name": value}}
    assert str(Text.from_form(stored))
    assert str(Text.from_form(stored | {"id": "test.lost"}))


def test_small_stored_texts_cost_little_however_they_are_nested() -> None:
    """Each text within a text is said once, and depth, places and lengths are bounded."""
    many = "{a}" * 400
    deep: dict[str, object] = {"id": "bomb.unfit", "values": {"b": 1}}
    for _n in range(3):
        deep = {"id": "bomb.unfit", "values": {"a": deep, "b": [deep, deep]}}
    assert len(str(Text.from_form(deep, {"bomb.unfit": "{missing}", "bomb.many": many}))) < 20_000
    wide: dict[str, object] = {"id": "bomb.many", "values": {"a": "x" * 4000}}
    for _n in range(6):
        wide = {"id": "bomb.many", "values": {"a": wide}}
    assert len(str(Text.from_form(wide, {"bomb.many": many}))) < 20_000
    for _n in range(20):
        wide = {"id": "bomb.many", "values": {"a": wide}}
    with pytest.raises(ValueError, match="too deep"):
        Text.from_form(wide)
    assert str(Text.from_form({"id": "bomb.big", "values": {"a": 10**400}}, {"bomb.big": "{a:.1f}"}))


@pytest.mark.parametrize("wrong", [{}, {"id": 3, "values": {}}, {"id": "a"}, {"id": "a", "values": []}, "text", None])
def test_what_is_no_stored_text_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="not a stored text"):
        Text.from_form(wrong)  # type: ignore[arg-type]


def test_ids_of_sentences_are_unique_and_their_places_are_names() -> None:
    """One id, one sentence, in the whole source; every brace of it is a name with a short format, or doubled."""
    found: dict[str, str] = {}
    for file in sorted(Path(i18n.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message"):
                continue
            id_, english = (ast.literal_eval(argument) for argument in node.args)
            assert re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", id_), f"{file}: {id_}"
            assert id_ not in found, f"{file}: two sentences have the id {id_}"
            assert not re.search(r"[{}]", i18n._FIELD.sub("", english)), f"{file}: {english}"
            found[id_] = english
    assert len(found) > 20
