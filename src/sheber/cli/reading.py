"""Commands that only read: the catalogue, and stored traces. No physics, no processes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sheber.cli.errors import DONE, Refused
from sheber.cli.forms import exercise_form, print_json, scene_form
from sheber.cli.output import console, plain, shown_path, writable_folder, write_text
from sheber.i18n import N_, _, current

if TYPE_CHECKING:
    from sheber.exercises.exercise import Exercise
    from sheber.trace import Trace

__all__ = ["exercises", "report", "rescore"]

_LEVELS = (N_("elementary"), N_("intermediate"), N_("advanced"))  # marked here, where they are shown to people


def exercises(arguments: argparse.Namespace) -> int:
    """`sheber exercises`."""
    from sheber.exercises import catalogue

    found = catalogue()
    if arguments.json:
        print_json([exercise_form(exercise) for exercise in found])
        return DONE
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for heading in (_("exercise"), _("level"), _("simulated time"), _("pictures"), _("what is asked")):
        table.add_column(heading, overflow="fold")
    for exercise in found:
        seconds = _("{s:g} s").format(s=exercise.limits.simulated_s)
        level = _(exercise.level) if exercise.level in _LEVELS else exercise.level
        table.add_row(exercise.name, level, seconds, str(exercise.limits.captures), exercise.summary)
    console().print(table)
    print("\n" + _("Begin one: sheber new {name} work/").format(name=found[0].name))
    return DONE


def report(arguments: argparse.Namespace) -> int:
    """`sheber report`: the page of each trace."""
    from sheber.judge import report as page

    for path, trace, exercise in _opened(arguments):
        folder = writable_folder(arguments.out or path.parent)
        with _stored(path, exercise):
            html = page(exercise, trace, exercise.score(trace), language=current())
        print(shown_path(write_text(folder / f"{path.stem}.html", html)))
    return DONE


def rescore(arguments: argparse.Namespace) -> int:
    """`sheber rescore`: the points of each trace."""
    forms = []
    for path, trace, exercise in _opened(arguments):
        with _stored(path, exercise):
            score = exercise.score(trace)
            form = scene_form(trace.header.scene, trace.outcome, score, trace.sha256)
        if arguments.json:
            forms.append({"trace": str(path), "exercise": exercise.name, **form})
            continue
        from sheber.judge.report.text import table

        print(plain(f"{shown_path(path)}: {exercise.name}, {trace.header.scene}"))
        console().print(table(exercise, trace, score))
    if arguments.json:
        print_json(forms)
    return DONE


@contextmanager
def _stored(path: Path, exercise: Exercise) -> Iterator[None]:
    """What fails in here is the stored trace: it is of another exercise, damaged, or made up."""
    try:
        yield
    except (LookupError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        text = _("{path} does not hold what {exercise} needs to judge it ({why})")
        why = f"{type(error).__name__}: {error}"
        raise Refused(text.format(path=path, exercise=exercise.name, why=why)) from error


def _opened(arguments: argparse.Namespace) -> list[tuple[Path, Trace, Exercise]]:
    """Every trace with its exercise, all opened before anything is written. Notes go to the standard error."""
    import sys

    from sheber.trace import read

    opened = []
    for path in arguments.traces:
        trace = read(path)
        exercise = _exercise_of(trace, arguments.exercise)
        if not trace.channels:
            text = _("{path}: the run ended before the station began; there is nothing to judge")
            raise Refused(text.format(path=path))
        for note in _notes(path, trace, exercise):
            print(plain(f"sheber: {note}"), file=sys.stderr)
        opened.append((path, trace, exercise))
    return opened


def _exercise_of(trace: Trace, wanted: str | None) -> Exercise:
    """The exercise that judges a trace. A trace may come from anybody, and opening an exercise runs its code: by
    itself it may name one of the catalogue only, a folder is the user's to name."""
    from sheber.exercises import catalogue, load

    if wanted is not None:
        return load(wanted)
    found = {exercise.name: exercise for exercise in catalogue()}
    if trace.header.exercise not in found:
        text = _(
            "the trace was made with the exercise {name!r}, which is not in the catalogue ({names}). "
            "If you have its folder, name it: --exercise FOLDER"
        )
        raise Refused(text.format(name=trace.header.exercise, names=", ".join(found)))
    return found[trace.header.exercise]


def _notes(path: Path, trace: Trace, exercise: Exercise) -> list[str]:
    """What a reader of these points should know."""
    notes = []
    if not trace.whole:
        text = _("{path} breaks off before the run's end, at {time:.2f} s; what it holds is judged")
        notes.append(text.format(path=path, time=trace.duration))
    if trace.header.exercise_sha256 != exercise.sha256:
        text = _("{path} was made with another edition of {exercise} ({then}; judged by {now})")
        then, now = trace.header.exercise_version, exercise.version
        notes.append(text.format(path=path, exercise=exercise.name, then=then, now=now))
    return notes
