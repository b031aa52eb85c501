"""`sheber grade` of a folder or of several programs: one table over a class."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.cli.errors import DONE, FAULT, Refused
from sheber.cli.output import (
    console,
    plain,
    print_json,
    progress,
    results_folder,
    shown_path,
    usual_folder,
    writable_folder,
    write_text,
)
from sheber.i18n import _
from sheber.untrusted import files_below

if TYPE_CHECKING:
    from sheber.exercises import Exercise
    from sheber.judge import Grade, Sandbox
    from sheber.judge.several import Submission

__all__ = ["grade_class"]

_MOST_LOST = 5  # criteria shown of a class
_OTHER_FILES = 200  # that this process has open beside the folders of the programs


@dataclass(frozen=True, slots=True)
class Row:
    """What one student's program got."""

    name: str
    sha256: str = ""  # of the program; "" where it cannot be read
    grade: Grade | None = None
    words: str = ""  # why there is no grade; else how runs ended badly, and what else a teacher should know
    fault: bool = False  # ours, so that it must be graded again


@dataclass(frozen=True, slots=True)
class Loss:
    """What a class lost with one criterion: points of one run, the mean over all runs of all programs."""

    key: str
    name: str
    points: float


def grade_class(arguments: argparse.Namespace, sandbox: Sandbox) -> int:
    """Grade every program; a table, JSON or CSV of all. Pages are not written."""
    from sheber.exercises import load_typed

    exercise = load_typed(arguments.exercise)
    files = _files(arguments.programs)
    _make_room(len(files))
    with ExitStack() as held:
        submissions, rows = _submissions(arguments, exercise, files, sandbox, held)
        if arguments.csv is not None:
            writable_folder(arguments.csv.absolute().parent)
        rows += _graded(arguments, exercise, submissions, sandbox)
    order = list(files)
    rows = _twins(sorted(rows, key=lambda row: order.index(row.name)))
    losses = _losses(rows)
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(rows, exercise))
        print(_("table   {path}").format(path=shown_path(arguments.csv)), file=sys.stderr)
    if arguments.json:
        print_json(_form(exercise, rows, losses))
    else:
        _show(exercise, rows, losses)
    return FAULT if any(row.fault for row in rows) else DONE


def _files(given: Sequence[Path]) -> dict[str, Path]:
    """The programs by what they are called: all .py files below a folder, and the files that are named."""
    found: dict[str, Path] = {}
    for path in given:
        if path.is_dir():
            below = files_below(path, ".py")
            found |= {_name(file.relative_to(path) if len(given) == 1 else file): file for file in below}
        else:
            found[_name(path)] = path
    if not found:
        text = _("There is no program (a file with the ending .py) in {folder}.")
        raise Refused(text.format(folder=", ".join(map(str, given))))
    return found


def _make_room(programs: int) -> None:
    """Let this process hold a folder open for each program. Raises Refused where the system lets it have too few."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = programs + _OTHER_FILES
    if hard != resource.RLIM_INFINITY and needed > hard:
        text = _("These are {count} programs. This system lets one command grade {most}. Grade them in several parts.")
        raise Refused(text.format(count=programs, most=max(0, hard - _OTHER_FILES)))
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _name(file: Path) -> str:
    """What a program is called: its path, without .py."""
    whole = Path(os.path.normpath(file))
    return (whole.with_suffix("") if whole.suffix == ".py" else whole).as_posix()


def _submissions(
    arguments: argparse.Namespace, exercise: Exercise, files: dict[str, Path], sandbox: Sandbox, held: ExitStack
) -> tuple[list[Submission], list[Row]]:
    """What can be judged, and a row, with words, for each program that cannot be read. `held` keeps the folders."""
    from sheber.judge import Program, ProgramError
    from sheber.judge.grade import rehearsal
    from sheber.judge.several import Submission, judged_before

    submissions: list[Submission] = []
    unread: list[Row] = []
    for name, file in files.items():
        try:
            program = Program.read(file)
        except ProgramError as error:
            unread.append(Row(name, words=str(error)))
            continue
        own = usual_folder(exercise.name, file)
        inside = own if arguments.out is None else own.relative_to(Path("reports", exercise.name))
        if (arguments.out / inside if arguments.out else own) in {other.folder for other in submissions}:
            continue  # the same file, named twice
        named = arguments.out
        folder = held.enter_context(results_folder(named, inside, alone=True, inside=named is not None))
        one = Submission(name, program, rehearsal(exercise), folder)
        if arguments.resume:
            one = dataclasses.replace(one, judged=judged_before(exercise, one, sandbox))
        submissions.append(one)
    return submissions, unread


def _graded(
    arguments: argparse.Namespace, exercise: Exercise, submissions: Sequence[Submission], sandbox: Sandbox
) -> list[Row]:
    """A row for each submission. An error that is not about one program stops the command."""
    from sheber.judge import SystemFault
    from sheber.judge.several import grade_several

    rows: list[Row] = []
    with progress(_("programs"), len(submissions)) as step:
        for one, found in grade_several(exercise, submissions, sandbox, arguments.workers):
            if isinstance(found, SystemFault):
                rows.append(Row(one.name, one.program.sha256, words=str(found), fault=True))
            elif isinstance(found, Exception):
                raise found
            else:
                rows.append(Row(one.name, one.program.sha256, found, words=_endings(found)))
            step(len(rows), one.name)
    return rows


def _endings(grade: Grade) -> str:
    """How runs of a program ended badly: what most of its scenes had, and how many; "" where all went well.

    Scenes that ended alike are counted together, also where their sentences differ in a number.
    """
    from sheber.judge.report import words

    outcomes = [scene.outcome for scene in grade.scenes]
    if alike := words.ending_of_all(outcomes):
        return alike
    kinds = Counter(outcome.kind for outcome in outcomes if words.ending(outcome))
    if not kinds:
        return ""
    kind, count = kinds.most_common(1)[0]
    first = next(outcome for outcome in outcomes if outcome.kind is kind)
    text = _("In {count} of {all} scenes: {ending}")
    return text.format(count=count, all=len(outcomes), ending=words.ending(first))


def _twins(rows: Sequence[Row]) -> list[Row]:
    """The rows, with a word where a program is the same, byte for byte, as an earlier one."""
    first: dict[str, str] = {}
    told = []
    for row in rows:
        same = first.setdefault(row.sha256, row.name) if row.sha256 else row.name
        if same != row.name:
            text = _("This is the same program as {name}.").format(name=same)
            row = dataclasses.replace(row, words=f"{text} {row.words}".strip())
        told.append(row)
    return told


def _losses(rows: Sequence[Row]) -> list[Loss]:
    """What was lost over the class, the most first. A criterion whose name differs from run to run goes by its key."""
    runs = [scene.score for row in rows if row.grade is not None for scene in row.grade.scenes]
    names: dict[str, set[str]] = {}
    lost: dict[str, float] = {}
    for check in (check for score in runs for check in score.checks):
        names.setdefault(check.key, set()).add(check.name)
        lost[check.key] = lost.get(check.key, 0.0) + check.lost
    called = {key: min(given) if len(given) == 1 else key for key, given in names.items()}
    losses = [Loss(key, called[key], round(points / len(runs), 2)) for key, points in lost.items()]
    return sorted((loss for loss in losses if loss.points > 0.0), key=lambda loss: -loss.points)


def _show(exercise: Exercise, rows: Sequence[Row], losses: Sequence[Loss]) -> None:
    from rich.table import Table
    from rich.text import Text

    from sheber.judge.report import words

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=exercise.title, title_justify="left")
    grid.add_column(_("Program"), overflow="fold")
    for title in (_("Final score"), _("Worst scene")):
        grid.add_column(title, justify="right", no_wrap=True)
    grid.add_column(_("Passed"), no_wrap=True)
    grid.add_column(_("Note"), ratio=1, overflow="fold")
    for row in rows:
        final = worst = passed = "–"
        if row.grade is not None:
            final, passed = words.number(row.grade.final), words.passed(row.grade.final)
            worst = words.number(min(scene.score.points for scene in row.grade.scenes))
        grid.add_row(Text(plain(row.name)), final, worst, passed, Text(plain(row.words)))
    console().print(grid)
    graded = [row.grade.final for row in rows if row.grade is not None]
    if graded:
        print("\n" + _("Mean of the class: {mean:.1f}.").format(mean=sum(graded) / len(graded)))
        print(_("The class lost most points here (mean of all runs):"))
        for loss in losses[:_MOST_LOST]:
            print(plain(f"  −{loss.points:<6g} {loss.name}"))


def _form(exercise: Exercise, rows: Sequence[Row], losses: Sequence[Loss]) -> dict[str, Any]:
    """The class as plain JSON values."""
    from sheber.judge.forms import grade_form

    programs = []
    for row in rows:
        form: dict[str, Any] = {"program_sha256": row.sha256 or None, "final": None, "level": None, "scenes": []}
        if row.grade is not None:
            form = grade_form(exercise.name, row.sha256, row.grade)
        programs.append({"name": row.name, "words": row.words, **{k: v for k, v in form.items() if k != "exercise"}})
    return {"exercise": exercise.name, "programs": programs, "lost": [dataclasses.asdict(loss) for loss in losses]}


def _csv(rows: Sequence[Row], exercise: Exercise) -> str:
    """A line for each program, for a spreadsheet. Its names of columns are the same in every language."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    seeds = [f"seed {seed}" for seed in exercise.rehearsal]
    table.writerow(["program", "final", "worst", "passed", *seeds, "program_sha256", "note"])
    for row in rows:
        points = ["", "", "", *[""] * len(seeds)] if row.grade is None else _points(row.grade)
        table.writerow([_unspelled(row.name), *points, row.sha256, _unspelled(row.words)])
    return file.getvalue()


def _points(grade: Grade) -> list[object]:
    """The final score, the worst scene, yes or no for a pass, and the points of each scene."""
    from sheber.exercises.score import PASS

    scenes = [scene.score.points for scene in grade.scenes]
    return [grade.final, min(scenes), "yes" if grade.final >= PASS else "no", *scenes]


def _unspelled(words: str) -> str:
    """Words that no spreadsheet takes for a formula, and that every encoding has."""
    shown = plain(words)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) else shown
