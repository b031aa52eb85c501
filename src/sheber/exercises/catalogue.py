"""Catalogue: the exercises that come with the package, and how a name or a folder becomes an exercise."""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path

from sheber.exercises.exercise import Exercise, read_exercise
from sheber.exercises.numbers import LEVELS, ExerciseError
from sheber.i18n import _

__all__ = ["catalogue", "load", "load_typed"]

_FOLDER = Path(__file__).parent
_SHORTEST_PART = 3  # letters of a name that are enough to offer it


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
    if isinstance(name, str) and (own := _of_catalogue(name)):
        return _read(own)
    for folder in (Path(name),) if beside is None else (beside / name, Path(name)):
        if (folder / "exercise.toml").is_file():
            return read_exercise(folder)
    raise ExerciseError(_unknown(str(name)))


def load_typed(name: str) -> Exercise:
    """The exercise that a user typed. A folder with a name like one of the catalogue is named by a path, `./post`.

    Opening an exercise runs its code, and the working folder may be a hand-in with a folder `poses_and_moves` in it.
    Raises ExerciseError.
    """
    bare = os.path.basename(name) == name not in (os.curdir, os.pardir)
    if bare and _hint(name) and not _of_catalogue(name) and Path(name, "exercise.toml").is_file():
        text = _(
            "There is no exercise {name!r} in the catalogue.{hint} There is a folder of this name here, and to open "
            "an exercise runs its code. If you trust the folder, name it by its path: {path}."
        )
        raise ExerciseError(text.format(name=name, hint=_hint(name), path=os.path.join(os.curdir, name)))
    return load(name)


def _of_catalogue(name: str) -> Path | None:
    """The folder of an exercise of the package."""
    own = _FOLDER / name.replace("-", "_")
    return own if name.replace("-", "").isalnum() and (own / "exercise.toml").is_file() else None


@cache
def _read(folder: Path) -> Exercise:
    return read_exercise(folder)


def _unknown(name: str) -> str:
    if os.path.isabs(name) and not os.path.isdir(name):
        text = _(
            "There is no folder {name} on this machine. If the path is of another machine, write "
            'the path from the folder of the program to the exercise instead, for example "../my-exercises/post".'
        )
        return text.format(name=name)
    text = _(
        "There is no exercise {name!r}, and no folder of that name with an exercise.toml.{hint} "
        "The exercises are: {names}."
    )
    return text.format(name=name, hint=_hint(name), names=", ".join(_names()))


def _hint(name: str) -> str:
    """A question with the exercise whose name is nearly this one, or has it as a part; "" where there is none."""
    asked, names = name.lower().replace("_", "-"), _names()
    near = difflib.get_close_matches(asked, names, 1)
    near += [one for one in names if len(asked) >= _SHORTEST_PART and asked in one]
    return _(" Did you mean {near}?").format(near=near[0]) if near else ""


def _names() -> list[str]:
    return sorted(f.name.replace("_", "-") for f in _FOLDER.iterdir() if (f / "exercise.toml").is_file())
