"""Editions: what differs between what a trace was made with and what judges it now, in words.

Points depend on the exercise (its numbers and its `exercise.py`) and on the product, which brings the criteria.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sheber.exercises import Exercise, catalogue
from sheber.i18n import _, ngettext
from sheber.judge.run import versions
from sheber.trace import Header

__all__ = ["edition"]

PRODUCT = "sheberkhana"  # its name among the versions of a header

_SHOWN = 4  # entries that differ; more are counted
_DIGITS = 8  # of a hash


def edition(header: Header, exercise: Exercise) -> str:
    """What differs, in a sentence or two; empty where exercise and product are those that the trace was made with."""
    return " ".join(note for note in (_exercise(header, exercise), _product(header)) if note)


def _product(header: Header) -> str:
    """A sentence where another version of the product made the trace; empty where the trace names none."""
    then, now = header.versions.get(PRODUCT, ""), versions().get(PRODUCT, "")
    if then in ("", now):
        return ""
    text = _("Sheberkhana has changed since the run: {then} before, {now} now. The same run may get different points.")
    return text.format(then=then, now=now)


def _exercise(header: Header, exercise: Exercise) -> str:
    """A sentence where another exercise made the trace.

    It compares entry by entry where the catalogue still has the exercise that made the trace, and hashes elsewhere.
    """
    if header.exercise_sha256 == exercise.sha256:
        return ""
    original = _original(header)
    if original is not None:
        text = _("The run was made with {then}. Now {now} ({folder}) judges it. The difference is: {what}.")
        folder = exercise.folder.name
        return text.format(
            then=header.exercise, now=exercise.name, folder=folder, what=_differences(original, exercise)
        )
    then, now = header.exercise_sha256[:_DIGITS] or _("unknown"), exercise.sha256[:_DIGITS]
    if header.exercise_version == exercise.version:
        text = _(
            "The exercise {name} has changed since the run: exercise.toml or exercise.py is different "
            "({then} before, {now} now; both are version {version})."
        )
        return text.format(name=header.exercise, then=then, now=now, version=exercise.version)
    text = _("The exercise {name} has changed since the run: version {old} ({then}) before, version {new} ({now}) now.")
    old = header.exercise_version or _("unknown")
    return text.format(name=header.exercise, then=then, now=now, old=old, new=exercise.version)


def _original(header: Header) -> Exercise | None:
    """The exercise that the trace was made with, if the catalogue has this very edition."""
    return next((one for one in catalogue() if one.sha256 == header.exercise_sha256), None)


def _differences(then: Exercise, now: Exercise) -> str:
    """Entries of exercise.toml that differ, and whether exercise.py does."""
    known = {**then.numbers, **now.numbers}.keys() - {"name"}
    keys = [key for key in sorted(known) if _entry(then.numbers, key) != _entry(now.numbers, key)]
    words = [f"{key} ({_entry(then.numbers, key)} → {_entry(now.numbers, key)})" for key in keys[:_SHOWN]]
    more = len(keys) - len(words)
    if more > 0:
        words.append(ngettext("{n} more entry", "{n} more entries", more).format(n=more))
    if (then.folder / "exercise.py").read_bytes() != (now.folder / "exercise.py").read_bytes():
        words.append("exercise.py")
    return ", ".join(words) or _("only comments or spaces in exercise.toml")


def _entry(numbers: Mapping[str, Any], key: str) -> str:
    """The value of an entry as a teacher would write it."""
    return _shown(numbers[key]) if key in numbers else _("none")


def _shown(value: Any) -> str:
    if hasattr(value, "full"):
        return f"{value.full:g} … {value.zero:g} {value.unit}".strip()
    if isinstance(value, list | tuple):
        return " … ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
