"""Editions: what differs between the exercise that a trace was made with and the one that judges it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sheber.i18n import _, ngettext

if TYPE_CHECKING:
    from sheber.exercises.exercise import Exercise
    from sheber.trace import Header

__all__ = ["edition"]

_SHOWN = 4  # entries that differ; more are counted
_DIGITS = 8  # of a hash


def edition(header: Header, exercise: Exercise) -> str:
    """One sentence where the exercise is not the one that the trace was made with; empty where it is.

    Entry by entry where the edition of then is known, which is where the catalogue still has it; by hashes elsewhere.
    """
    if header.exercise_sha256 == exercise.sha256:
        return ""
    original = _original(header)
    if original is not None:
        text = _("made with {then} and judged by {now} ({folder}), which differs in {what}")
        folder = exercise.folder.name
        return text.format(
            then=header.exercise, now=exercise.name, folder=folder, what=_differences(original, exercise)
        )
    then, now = header.exercise_sha256[:_DIGITS] or _("unknown"), exercise.sha256[:_DIGITS]
    if header.exercise_version == exercise.version:
        text = _(
            "made with another edition of {name}: exercise.toml or exercise.py differs "
            "(then {then}, now {now}; both are of version {version})"
        )
        return text.format(name=header.exercise, then=then, now=now, version=exercise.version)
    text = _("made with another edition of {name}: version {old} ({then}), judged by version {new} ({now})")
    old = header.exercise_version or _("unknown")
    return text.format(name=header.exercise, then=then, now=now, old=old, new=exercise.version)


def _original(header: Header) -> Exercise | None:
    """The exercise that the trace was made with, if the catalogue has this very edition."""
    from sheber.exercises import catalogue

    return next((one for one in catalogue() if one.sha256 == header.exercise_sha256), None)


def _differences(then: Exercise, now: Exercise) -> str:
    """Entries of exercise.toml that differ, and whether exercise.py does."""
    known = {**then.numbers, **now.numbers}.keys() - {"name"}
    keys = [key for key in sorted(known) if _entry(then.numbers, key) != _entry(now.numbers, key)]
    words = [f"{key} ({_entry(then.numbers, key)} → {_entry(now.numbers, key)})" for key in keys[:_SHOWN]]
    more = len(keys) - len(words)
    if more > 0:
        words.append(ngettext("{n} entry more", "{n} entries more", more).format(n=more))
    if (then.folder / "exercise.py").read_bytes() != (now.folder / "exercise.py").read_bytes():
        words.append("exercise.py")
    return ", ".join(words) or _("nothing that counts (remarks or spaces in exercise.toml)")


def _entry(numbers: Mapping[str, Any], key: str) -> str:
    """The value of an entry as a teacher would write it."""
    return _shown(numbers[key]) if key in numbers else _("none")


def _shown(value: Any) -> str:
    if hasattr(value, "full"):
        return f"{value.full:g} … {value.zero:g} {value.unit}".strip()
    if isinstance(value, list | tuple):
        return " … ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
