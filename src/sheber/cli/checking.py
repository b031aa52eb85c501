"""`sheber check`: whether an exercise keeps what every exercise must keep. For teachers."""

from __future__ import annotations

import argparse

from sheber.cli.errors import DONE, WRONG_USE
from sheber.cli.output import plain, print_json
from sheber.i18n import _

__all__ = ["check"]


def check(arguments: argparse.Namespace) -> int:
    """`sheber check`: each promise with what breaks it. The exit code is that of wrong use where one is broken."""
    from sheber.exercises import load_typed
    from sheber.judge import best_sandbox
    from sheber.judge.contract import examined

    exercise = load_typed(arguments.exercise)
    promises = []
    for promise in examined(exercise, best_sandbox()):
        promises.append(promise)
        if not arguments.json:
            text = _("broken  {promise}") if promise.broken else _("kept    {promise}")
            print(plain(text.format(promise=_(promise.title))))
            for flaw in promise.broken:
                print(plain(f"        {flaw}"), flush=True)
    if arguments.json:
        print_json([{"promise": _(one.title), "broken": list(one.broken)} for one in promises])
    return WRONG_USE if any(one.broken for one in promises) else DONE
