"""Details: what the list of changes says of one change beside who, when and what kind; in words, never column names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sheber.exercises import catalogue
from sheber.i18n import N_, _, ngettext
from sheber.school.changes import ChangeLine
from sheber.web.moments import moment
from sheber.web.pages.teaching.assignments import labels, plain

__all__ = ["details", "thing"]

_LABELS: Final = {
    "answer": N_("Answer"),
    "days": N_("Days that it works"),
    "deleted": N_("Accounts deleted"),
    "disabled": N_("Account closed"),
    "email": N_("E-mail"),
    "exercise": N_("Exercise"),
    "joined": N_("People enrolled"),
    "kept": N_("It keeps its promises"),
    "language": N_("Language"),
    "left": N_("People who left"),
    "login": N_("Login"),
    "made": N_("Accounts made"),
    "moved": N_("People moved to another group"),
    "name": N_("Name"),
    "names": N_("Name"),
    "people": N_("People"),
    "place": N_("Scene"),
    "points": N_("Attempts whose points changed"),
    "programs": N_("Programs"),
    "rank": N_("Rank in the school"),
    "reason": N_("Why"),
    "recounted": N_("Attempts whose lateness changed"),
    "returned": N_("People who came back"),
    "role": N_("Role"),
    "submissions": N_("Attempts judged anew"),
    "title": N_("Title"),
    "zone": N_("Time zone"),
}
"""What is shown of a change, beside the settings of an assignment; what has no name here is for machines alone."""

_SUBJECTS: Final = {
    "course.changed": "title",
    "group.renamed": "name",
    "course.zone-changed": "zone",
    "member.changed": "role",
    "school.zone-changed": "zone",
}
"""What stands before and after, where the entry gives it no name."""

_VALUES: Final = {
    "administrator": N_("administrator"),
    "assistant": N_("assistant"),
    "best": N_("the best attempt"),
    "latest": N_("the latest attempt"),
    "student": N_("student"),
    "teacher": N_("teacher"),
}
_COUNTED: Final = ("joined", "made", "moved", "people", "points", "returned")  # lists and tables of ids
_MOMENTS: Final = ("opens", "due", "closes")
_LONGEST: Final = 200  # characters of one value


def details(one: ChangeLine) -> list[tuple[str, str]]:
    """The details as names and short texts, in the language in force; before and after beside each other."""
    found = {key: value for key, value in one.details.items() if not (key == "name" and _own(one))}
    pairs = list(_compared(one, found.pop("before", None), found.pop("after", None)))
    pairs += [pair for key, value in found.items() for pair in _told(one, key, value)]
    return pairs


def thing(one: ChangeLine) -> str:
    """What was changed, by its title; "" where the entry says it otherwise, or it is the course itself."""
    return _exercise(one.exercise) if one.exercise else str(one.details.get("name", "")) if _own(one) else ""


def _own(one: ChangeLine) -> bool:
    return one.thing.startswith("exercise ")


def _compared(one: ChangeLine, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in after:
            yield from _differing(one, key, before.get(key), after[key])
    elif one.action.startswith("grade."):
        yield _("Points"), f"{_value('', before)} → {_value('', after)}"
    elif one.action in _SUBJECTS:
        yield _(_LABELS[_SUBJECTS[one.action]]), f"{_value('', before)} → {_value('', after)}"


def _differing(one: ChangeLine, key: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """One setting before and after; of own numbers each that differs."""
    if key != "numbers":
        yield _label(key) or key, f"{_value(key, before)} → {_value(key, after)}"
        return
    titles, usual = _number_titles(one.exercise), _("as usual")
    for name in sorted({*(before or {}), *(after or {})}):
        was, is_ = (_value("", (side or {}).get(name, usual)) for side in (before, after))
        if was != is_:
            yield titles.get(name, name), f"{was} → {is_}"


def _told(one: ChangeLine, key: str, value: Any) -> Iterator[tuple[str, str]]:
    if key == "settings" and isinstance(value, dict):
        for name, inner in value.items():
            if inner not in (None, False, {}):
                yield from _told(one, name, inner)
        return
    label = _label(key)
    if label and value not in (None, [], {}, ""):
        yield label, _exercise(value) if key == "exercise" else _value(key, value)


def _label(key: str) -> str:
    """What a detail is called; "" for what nobody reads."""
    known = labels()
    return known[key] if key in known else _(_LABELS[key]) if key in _LABELS else ""


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return "–"
    if isinstance(value, int | float):
        return plain(value)
    if isinstance(value, Mapping | list) and key in _COUNTED:
        return plain(len(value))
    if isinstance(value, Mapping):
        return _tolerance(value)
    if isinstance(value, list):
        return (
            _("{low} to {high}").format(low=value[0], high=value[1]) if len(value) == 2 else ", ".join(map(str, value))
        )
    return _text(key, str(value))


def _tolerance(value: Mapping[str, Any]) -> str:
    """A tolerance: {full, zero, unit}; anything else by its names."""
    if value.keys() == {"full", "zero", "unit"}:
        words = _("full points {full}, no points {zero} {unit}")
        return words.format(full=plain(value["full"]), zero=plain(value["zero"]), unit=value["unit"])
    return ngettext("{n} entry", "{n} entries", len(value)).format(n=len(value))


def _text(key: str, text: str) -> str:
    if key in _MOMENTS:
        return moment(datetime.fromisoformat(text))
    if key in ("counts", "rank", "role", "") and text in _VALUES:
        return _(_VALUES[text])
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _exercise(name: Any) -> str:
    """The title of an exercise of the catalogue; the name of one of a teacher's own."""
    return next((one.title for one in catalogue() if one.name == name), str(name))


def _number_titles(exercise: str) -> dict[str, str]:
    """What the numbers of an exercise of the catalogue are called."""
    found = next((one for one in catalogue() if one.name == exercise), None)
    return {} if found is None else {key: _(one.title) for key, one in found.changeable.items() if one.title}
