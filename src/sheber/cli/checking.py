"""`sheber check`: whether an exercise keeps what every exercise must keep. For teachers."""

from __future__ import annotations

import argparse
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.cli.errors import DONE, WRONG_USE
from sheber.cli.output import console, plain, print_json
from sheber.i18n import _
from sheber.untrusted import write_whole

if TYPE_CHECKING:
    from sheber.allowed import Allowed, Choice
    from sheber.exercises import Exercise
    from sheber.exercises.numbers import Numbers

__all__ = ["check"]


def check(arguments: argparse.Namespace) -> int:
    """`sheber check`: each promise with what breaks it. The exit code is that of wrong use where one is broken."""
    from sheber.exercises import load_typed
    from sheber.judge import best_sandbox
    from sheber.judge.contract import examined

    exercise = load_typed(arguments.exercise)
    if arguments.numbers:
        return _tell_numbers(exercise.numbers, arguments.json)
    promises = []
    for promise in examined(exercise, best_sandbox()):
        promises.append(promise)
        if not arguments.json:
            text = _("broken  {promise}") if promise.broken else _("kept    {promise}")
            print(plain(text.format(promise=_(promise.title))))
            for flaw in promise.broken:
                print(plain(f"        {flaw}"), flush=True)
    broken = any(one.broken for one in promises)
    if arguments.pictures and not broken:
        _draw(exercise, arguments.pictures)
    if arguments.json:
        print_json([{"promise": _(one.title), "broken": list(one.broken)} for one in promises])
    return WRONG_USE if broken else DONE


def _draw(exercise: Exercise, folder: Path) -> None:
    """Pictures of the public scenes, as they begin: scene-1.png, scene-2.png …"""
    from sheber.judge.beginnings import beginnings, png

    folder.mkdir(parents=True, exist_ok=True)
    for place, picture in enumerate(beginnings(exercise), start=1):
        write_whole(folder / f"scene-{place}.png", png(picture))


def _tell_numbers(numbers: Numbers, as_json: bool) -> int:
    """Every number that may stand in `exercise.toml`: its name, its value, and what is allowed."""
    given = {name: _value(numbers[name]) for name in numbers}
    rows = [(name, given.get(name), one.words()) for name, one in _in_order(numbers)]
    if as_json:
        print_json([{"name": name, "value": value, "allowed": allowed} for name, value, allowed in rows])
        return DONE
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in (_("Name"), _("Value"), _("Allowed")):
        grid.add_column(title, overflow="fold")
    for name, value, allowed in rows:
        grid.add_row(Text(name), Text(_shown(value)), Text(allowed))
    console().print(grid)
    return DONE


def _in_order(numbers: Numbers) -> list[tuple[str, Allowed | Choice]]:
    """What is allowed, table by table."""
    return sorted(numbers.allowed.items(), key=lambda entry: entry[0].rpartition(".")[0])


def _value(value: Any) -> Any:
    """A value as plain JSON: a tolerance as its entries, a pair as a list."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    """A value as it may stand in the file."""
    if value is None:
        return _("usual value")
    if isinstance(value, dict):
        return ", ".join(f"{name} = {part}" for name, part in value.items())
    return plain(str(value))
