"""Commands that only read: the catalogue, and stored traces. No physics, no processes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.cli.errors import DONE, Refused
from sheber.cli.output import (
    OVERVIEW,
    console,
    linked,
    open_page,
    plain,
    print_json,
    shown_path,
    writable_folder,
    write_text,
)
from sheber.i18n import N_, _, current, ngettext

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sheber.exercises import Exercise
    from sheber.judge.rehearsals import Double, Rehearsal, Stored
    from sheber.trace import Trace

__all__ = ["exercises", "report", "rescore"]

_LEVELS = (N_("elementary"), N_("intermediate"), N_("advanced"))  # marked here, where they are shown to people


def exercises(arguments: argparse.Namespace) -> int:
    """`sheber exercises`."""
    from sheber.exercises import catalogue

    found = catalogue()
    if arguments.json:
        from sheber.judge.forms import exercise_form

        print_json([exercise_form(exercise) for exercise in found])
        return DONE
    from rich.console import Group

    console().print(Group(*(part for exercise in found for part in _listed(exercise))))
    print(_("Begin one: sheber new {name} work/").format(name=found[0].name))
    return DONE


def _listed(exercise: Exercise) -> list[RenderableType]:
    """An exercise in the list: its name and limits, and below them what is asked."""
    from rich.padding import Padding
    from rich.text import Text

    level = _(exercise.level) if exercise.level in _LEVELS else exercise.level
    about = _("{level}, {s:g} s of simulated time").format(level=level, s=exercise.limits.simulated_s)
    return [Text.assemble((exercise.name, "bold"), "  ", (about, "dim")), Padding(exercise.summary, (0, 0, 1, 4))]


def report(arguments: argparse.Namespace) -> int:
    """`sheber report`: the page of each trace, and the page over all scenes of a whole rehearsal."""
    from sheber.judge import report as page
    from sheber.judge.rehearsals import rehearsals

    stored = _judged(arguments)
    whole = rehearsals(stored)
    overviews = {id(scene): OVERVIEW for one in whole for scene in one.scenes} if len(whole) == 1 else {}
    pages = []
    for one in stored:
        folder = writable_folder(arguments.out or one.path.parent)
        overview = overviews.get(id(one), "")
        with _stored(one.path, one.trace, one.exercise):
            html = page(one.exercise, one.trace, one.score, language=current(), overview=overview)
        pages.append(write_text(folder / f"{one.path.stem}.html", html))
        print(linked(pages[-1], sys.stdout))
    if overviews:
        pages.append(_overview(whole[0], arguments.out or whole[0].scenes[0].path.parent))
        print(linked(pages[-1], sys.stdout))
    if arguments.open:
        open_page(pages[-1])
    return DONE


def _overview(rehearsal: Rehearsal, folder: Path) -> Path:
    """The page over all scenes, beside those of the scenes."""
    from sheber.judge.report import overview

    links = {scene.trace.header.scene: f"{scene.path.stem}.html" for scene in rehearsal.scenes}
    html = overview(rehearsal.exercise, rehearsal.grade, links, language=current())
    return write_text(folder / OVERVIEW, html)


def rescore(arguments: argparse.Namespace) -> int:
    """`sheber rescore`: the points of each trace, and the final score of a whole rehearsal."""
    from sheber.judge.rehearsals import rehearsals

    stored = _judged(arguments)
    whole = rehearsals(stored)
    if arguments.json:
        finals = {id(scene): one.grade.final for one in whole for scene in one.scenes}
        print_json([_form(one, finals.get(id(one))) for one in stored])
        return DONE
    from sheber.judge.report.text import grade_table, table

    for one in stored:
        print(plain(f"{shown_path(one.path)}: {one.exercise.name}, {one.trace.header.scene}"))
        with _stored(one.path, one.trace, one.exercise):
            console().print(table(one.exercise, one.trace, one.score))
    for rehearsal in whole:
        first = rehearsal.scenes[0]
        text = _("The whole rehearsal of {program} in {folder}:")
        folder = shown_path(first.path.absolute().parent)
        print("\n" + plain(text.format(program=first.trace.header.program, folder=folder)))
        console().print(grade_table(rehearsal.exercise, rehearsal.grade))
    return DONE


def _form(one: Stored, final: float | None) -> dict[str, Any]:
    """A trace as plain JSON values. A recording that breaks off has no outcome; `final` is that of its rehearsal."""
    from sheber.judge.forms import scene_form

    header, trace = one.trace.header, one.trace
    with _stored(one.path, trace, one.exercise):
        form = scene_form(header.scene, trace.outcome, one.score, trace.sha256)
    if not trace.whole:
        form |= {"outcome": None, "reason": _("The recording stops at {s:.2f} s.").format(s=trace.duration)}
    named = {"trace": str(one.path), "exercise": one.exercise.name, "program": header.program, "seed": header.seed}
    return {**named, "final": final, **form}


@contextmanager
def _stored(path: Path, trace: Trace, exercise: Exercise) -> Iterator[None]:
    """An error in here is the fault of the stored trace: it is of another exercise, damaged, or made up."""
    from sheber.exercises import ExerciseError

    wrong = (
        ExerciseError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    )
    try:
        yield
    except wrong as error:
        if trace.header.exercise != exercise.name:
            raise Refused(_of_another(path, trace, exercise.name)) from error
        if isinstance(error, ExerciseError):
            raise
        text = _("{path}: The exercise {exercise} cannot judge this trace, because something is missing ({why}).")
        why = f"{type(error).__name__}: {error}"
        raise Refused(text.format(path=path, exercise=exercise.name, why=why)) from error


def _of_another(path: Path, trace: Trace, wanted: str) -> str:
    text = _("{path}: This is a trace of {exercise}. The exercise {wanted} cannot judge it.")
    return text.format(path=path, exercise=trace.header.exercise, wanted=wanted)


def _judged(arguments: argparse.Namespace) -> list[Stored]:
    """Every trace with its score, all of them before anything is written. Notes go to the standard error."""
    import sys

    from sheber.judge.rehearsals import Stored, doubles
    from sheber.trace import read

    stored = []
    for path in arguments.traces:
        trace = read(path)
        exercise = _exercise_of(path, trace, arguments.exercise)
        if not trace.channels:
            text = _("{path}: The run ended before the station started. There is nothing to judge.")
            raise Refused(text.format(path=path))
        with _stored(path, trace, exercise):
            stored.append(Stored(path, trace, exercise, exercise.score(trace)))
    for note, paths in _notes(stored).items():
        more = ngettext(" and {n} other", " and {n} others", len(paths) - 1).format(n=len(paths) - 1)
        names = shown_path(paths[0]) + (more if len(paths) > 1 else "")
        print(plain(f"sheber: {names}: {note}"), file=sys.stderr)
    for double in doubles(stored):
        print(plain(f"sheber: {_double(double)}"), file=sys.stderr)
    return stored


def _double(double: Double) -> str:
    """Which traces are of one scene with one program, and what is left out of the final score."""
    names = ", ".join(shown_path(one.path) for one in double.traces)
    about = {"scene": double.traces[0].trace.header.scene, "names": names}
    if double.same:
        text = _("These traces are of the same run of {scene}: {names}. Only the first one counts in the final score.")
    else:
        text = _(
            "These traces are of {scene} with the same program, but they differ: {names}. So there is no final score. "
            "Leave out all of them except one."
        )
    return text.format(**about)


def _exercise_of(path: Path, trace: Trace, wanted: str | None) -> Exercise:
    """The exercise that judges a trace.

    A trace may come from anybody, and opening an exercise runs its code. So a trace may only name an exercise of the
    catalogue; a folder must be named by the user.
    """
    from sheber.exercises import catalogue, load_typed

    found = {exercise.name: exercise for exercise in catalogue()}
    if wanted is not None:
        exercise = load_typed(wanted)
        if exercise.name != trace.header.exercise and {exercise.name, trace.header.exercise} <= found.keys():
            raise Refused(_of_another(path, trace, exercise.name))
        return exercise
    if trace.header.exercise not in found:
        text = _(
            "The exercise of this trace is {name!r}. It is not in the catalogue ({names}). "
            "If you have its folder, add this option: --exercise FOLDER"
        )
        raise Refused(text.format(name=trace.header.exercise, names=", ".join(found)))
    return found[trace.header.exercise]


def _notes(stored: Sequence[Stored]) -> dict[str, list[Path]]:
    """What a reader of these points should know, and which traces it is about."""
    from sheber.judge.editions import edition

    notes: dict[str, list[Path]] = {}
    for one in stored:
        if not one.trace.whole:
            text = _("The recording stops at {time:.2f} s. The file is incomplete. Only the recorded part is judged.")
            notes.setdefault(text.format(time=one.trace.duration), []).append(one.path)
        if differs := edition(one.trace.header, one.exercise):
            notes.setdefault(differs, []).append(one.path)
    return notes
