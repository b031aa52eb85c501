"""A teacher's own copy of an exercise, with one thing changed. The fixture `copy` makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheber.exercises import ExerciseError, load


def changed(folder: Path, old: str, new: str, file: str = "exercise.toml") -> Path:
    """The folder, with one thing in one of its files changed."""
    text = (folder / file).read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (folder / file).write_text(text.replace(old, new), "utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(ExerciseError) as caught:
        load(str(folder))
    return str(caught.value)
