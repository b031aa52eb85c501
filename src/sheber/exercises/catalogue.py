"""Catalogue: the exercises that come with the package, and how a name or a folder becomes an exercise."""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path

from sheber.exercises.exercise import Exercise, read_exercise
from sheber.exercises.numbers import LEVELS, ExerciseError
from sheber.i18n import _

__all__ = ["catalogue", "load"]

_FOLDER = Path(__file__).parent


def catalogue() -> list[Exercise]:
    """Every exercise of the package, the easier first. Raises ExerciseError where one is broken."""
    found = [_read(folder) for folder in _FOLDER.iterdir() if (folder / "exercise.toml").is_file()]
    return sorted(found, key=lambda exercise: (LEVELS.index(exercise.level), exercise.numbers["order"], exercise.name))


def load(name: str | os.PathLike[str], beside: Path | None = None) -> Exercise:
    """The exercise of this name, or in this folder (a teacher's own).

    beside: a folder in which that of the exercise is looked for first, before the current one.

    Raises ExerciseError: for an unknown name it lists what exists.

    >>> load("poses-and-moves").level
    'elementary'
    """
    own = _FOLDER / str(os.fspath(name)).replace("-", "_")
    if isinstance(name, str) and name.replace("-", "").isalnum() and (own / "exercise.toml").is_file():
        return _read(own)
    for folder in (Path(name),) if beside is None else (beside / name, Path(name)):
        if (folder / "exercise.toml").is_file():
            return read_exercise(folder)
    raise ExerciseError(_unknown(str(name)))


@cache
def _read(folder: Path) -> Exercise:
    return read_exercise(folder)


def _unknown(name: str) -> str:
    names = sorted(f.name.replace("_", "-") for f in _FOLDER.iterdir() if (f / "exercise.toml").is_file())
    near = difflib.get_close_matches(name, names, 1)
    hint = _(" Did you mean {near}?").format(near=near[0]) if near else ""
    text = _(
        "There is no exercise {name!r}, and no folder of that name with an exercise.toml.{hint} "
        "The exercises are: {names}."
    )
    return text.format(name=name, hint=hint, names=", ".join(names))
