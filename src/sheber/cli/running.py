"""Commands that run programs: new, run, grade, practice."""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.cli.errors import DONE, FAULT, NEVER_CONNECTED, Refused
from sheber.cli.output import (
    OVERVIEW,
    console,
    linked,
    open_page,
    print_json,
    progress,
    results_folder,
    shown_path,
    usual_folder,
    writable_folder,
    write_text,
)
from sheber.i18n import _, current

if TYPE_CHECKING:
    from sheber.exercises.exercise import Exercise
    from sheber.exercises.score import Score
    from sheber.judge import Grade, Program, Sandbox
    from sheber.trace import Outcome, Trace

__all__ = ["grade", "new", "practice", "run"]

_PYTHON = ".py"
_NO_PROGRAMS = (".md", ".html", ".trace", ".toml", ".ipynb", ".csv", ".json", ".pdf")  # of files that lie beside one
_PRACTICE_SEEDS = 1_000_000  # drawn below this: short enough to read out loud


def new(arguments: argparse.Namespace) -> int:
    """`sheber new`: the text and a program to begin with; never overwrites a program."""
    from sheber.exercises import load_typed

    exercise = load_typed(arguments.exercise)
    folder = writable_folder(arguments.folder)
    program = folder / "program.py"
    if os.path.lexists(program):  # a link that leads nowhere is a name that is taken, too
        text = _("{path} already exists. It was not changed. Choose another folder.")
        raise Refused(text.format(path=shown_path(program)))
    text_file = write_text(folder / "exercise.md", exercise.text(current()))
    write_text(program, exercise.starter_in(folder))
    print(_("{path}: the text of the exercise").format(path=shown_path(text_file)))
    print(_("{path}: a program to begin with").format(path=shown_path(program)))
    print("\n" + _("Try it: sheber run {name} {path}").format(name=arguments.exercise, path=shown_path(program)))
    return DONE


def run(arguments: argparse.Namespace) -> int:
    """`sheber run`: one practice scene."""
    from sheber.exercises import load_typed
    from sheber.judge import Program

    _refuse_what_is_no_program(arguments, arguments.program)
    exercise = load_typed(arguments.exercise)
    program = Program.read(arguments.program)
    sandbox = _sandbox(arguments.sandbox)
    with results_folder(arguments.out, usual_folder(exercise.name, arguments.program), alone=False) as folder:
        return _run_in(folder, arguments, exercise, program, sandbox)


def _refuse_what_is_no_program(arguments: argparse.Namespace, program: Path) -> None:
    """Refuse exercise and program in the wrong order, and a file that is plainly something else."""
    if arguments.exercise.endswith(_PYTHON) and not program.name.endswith(_PYTHON):
        text = _("{given} is a program. The exercise comes first, then the program: {example}")
        example = f"{arguments.own.prog} {program} {arguments.exercise}"
        raise Refused(text.format(given=arguments.exercise, example=example))
    if program.suffix.lower() in _NO_PROGRAMS and not program.is_dir():
        beside = program.with_name("program.py")
        hint = _(" Did you mean {near}?").format(near=beside) if beside.is_file() else ""
        text = _("{file} is not a program. A program is a Python file, and its name ends with .py.{hint}")
        raise Refused(text.format(file=program, hint=hint))


def _run_in(folder: Path, arguments: argparse.Namespace, exercise: Exercise, program: Program, sandbox: Sandbox) -> int:
    from sheber.judge import run as judge_run
    from sheber.judge.collector import collector_at_rest
    from sheber.judge.forms import scene_form
    from sheber.trace import OutcomeKind

    _tell_of_lost_cache()
    seed = _drawn() if arguments.seed is None else arguments.seed
    _tell(arguments, _("{title}, seed {seed}, sandbox level {level}"), exercise, seed=seed, level=sandbox.level)
    trace_file = folder / f"scene-{seed}.trace"
    with collector_at_rest():
        trace = judge_run(exercise, program, seed, sandbox, to=trace_file)
    if trace.outcome.kind is OutcomeKind.SYSTEM_FAULT:
        text = _("This run was not scored. The program is not to blame: {reason} The recording is in {path}.")
        raise Refused(text.format(reason=trace.outcome.reason, path=shown_path(trace_file)), FAULT)
    score = exercise.score(trace)
    _show_printed(arguments, trace, seed)
    if arguments.json:
        form = scene_form(trace.header.scene, trace.outcome, score, trace.sha256)
        print_json({"exercise": exercise.name, "seed": seed, "level": sandbox.level, **form})
    else:
        from sheber.judge.report.text import table

        console().print(table(exercise, trace, score))
    pages = [] if arguments.no_report else [_page(exercise, trace, score, folder / f"scene-{seed}.html")]
    _name_files(arguments, [trace_file], pages)
    return _code([trace.outcome])


def _show_printed(arguments: argparse.Namespace, trace: Trace, seed: int) -> None:
    """The last lines that the program printed; on the standard error where JSON is printed."""
    from sheber.judge.report.text import said

    everything = _("the trace") if arguments.no_report else _("scene-{seed}.html, Printed").format(seed=seed)
    shown = said(trace, everything)
    if shown is not None:
        console(arguments.json).print(shown)


def grade(arguments: argparse.Namespace) -> int:
    """`sheber grade`: the rehearsal on the public scenes, of one program or of a class."""
    from sheber.exercises import load_typed
    from sheber.judge import Program

    first, *others = arguments.programs
    for program in arguments.programs:
        _refuse_what_is_no_program(arguments, program)
    if others or first.is_dir() or arguments.csv or arguments.resume:
        from sheber.cli.several import grade_class

        return grade_class(arguments, _sandbox(arguments.sandbox))
    exercise = load_typed(arguments.exercise)
    program = Program.read(first)
    sandbox = _sandbox(arguments.sandbox)
    with results_folder(arguments.out, usual_folder(exercise.name, first), alone=True) as folder:
        return _grade_in(folder, arguments, exercise, program, sandbox)


def _grade_in(
    folder: Path, arguments: argparse.Namespace, exercise: Exercise, program: Program, sandbox: Sandbox
) -> int:
    from sheber.judge import grade as judge_grade
    from sheber.judge.forms import grade_form
    from sheber.judge.report.words import number

    _tell_of_lost_cache()
    _tell(arguments, _("{title}, rehearsal, sandbox level {level}"), exercise, level=sandbox.level)
    with progress(_("scenes"), len(exercise.rehearsal)) as step:

        def show(done: int, total: int, scene: Any = None) -> None:
            step(done, "" if scene is None else f"{scene.scene}: {number(scene.score.points)}")

        result = judge_grade(exercise, program, sandbox, workers=arguments.workers, out=folder, progress=show)
    if arguments.json:
        print_json(grade_form(exercise.name, program.sha256, result))
    else:
        from sheber.judge.report.text import grade_table

        console().print(grade_table(exercise, result))
    pages = [] if arguments.no_report else _grade_pages(exercise, result, folder)
    _name_files(arguments, [folder / "scene-*.trace"], pages[-1:])
    return _code([scene.outcome for scene in result.scenes])


def practice(arguments: argparse.Namespace) -> int:
    """`sheber practice`: serve one scene to a program outside a box."""
    from sheber.exercises import load, load_typed
    from sheber.judge import practice as judge_practice

    beside = None if arguments.program is None else arguments.program.absolute().parent
    # connect() asks for the endpoint: then the program has named the exercise, and it runs without a box anyway
    exercise = load(arguments.exercise, beside) if arguments.endpoint else load_typed(arguments.exercise)
    seed = _drawn() if arguments.seed is None else arguments.seed
    with results_folder(arguments.out, usual_folder(exercise.name, arguments.program), alone=False) as folder:
        code: int = judge_practice(exercise, seed, program=arguments.program, out=folder)
        return code


def _grade_pages(exercise: Exercise, result: Grade, folder: Path) -> list[Path]:
    """A page for each scene and the overview, which is the last."""
    from sheber.judge.report import overview

    pages = []
    with progress(_("report pages"), len(result.scenes)) as step:
        for done, scene in enumerate(result.scenes, 1):
            page = folder / f"scene-{scene.seed}.html"
            pages.append(_page(exercise, scene.trace, scene.score, page, overview=OVERVIEW))
            step(done)
    links = {scene.scene: page.name for scene, page in zip(result.scenes, pages, strict=True)}
    html = overview(exercise, result, links, language=current())
    return [*pages, write_text(folder / OVERVIEW, html)]


def _page(exercise: Exercise, trace: Trace, score: Score, path: Path, overview: str = "") -> Path:
    from sheber.judge import report

    return write_text(path, report(exercise, trace, score, language=current(), overview=overview))


def _sandbox(level: str | None) -> Sandbox:
    """The sandbox asked for, or the strongest that works here; a weaker one is named with the remedy."""
    from sheber.judge import SandboxError, best_sandbox, sandbox_of_level

    if level is not None:
        try:
            return sandbox_of_level(level)
        except SandboxError as error:
            raise Refused(str(error)) from error
    sandbox = best_sandbox()
    if sandbox.reason:
        print(f"sheber: {sandbox.reason}", file=sys.stderr)
    return sandbox


def _tell_of_lost_cache() -> None:
    """Say why this start is slow, where nothing can be kept for the next one."""
    from sheber import cache

    if not cache.lasts():
        text = _(
            "there is no folder that can keep kernels and meshes, so they are made again at each start, which takes "
            "about 20 s. Set SHEBER_CACHE to a folder that you can write to, and run `sheber prepare` once."
        )
        print(f"sheber: {text}", file=sys.stderr)


def _drawn() -> int:
    """A random practice seed."""
    return random.SystemRandom().randrange(_PRACTICE_SEEDS)


def _tell(arguments: argparse.Namespace, text: str, exercise: Exercise, **values: object) -> None:
    """The line that opens a run; on the standard error where JSON is printed."""
    print(text.format(title=exercise.title, **values), file=sys.stderr if arguments.json else sys.stdout, flush=True)


def _name_files(arguments: argparse.Namespace, traces: list[Path], pages: list[Path]) -> None:
    """Say where the results are, and show the page if the user asked for it."""
    stream = sys.stderr if arguments.json else sys.stdout
    for path in traces:
        print(_("trace   {path}").format(path=linked(path, stream)), file=stream)
    for path in pages:
        print(_("report  {path}").format(path=linked(path, stream)), file=stream)
    if arguments.open:
        open_page(pages[-1])


def _code(outcomes: list[Outcome]) -> int:
    """The exit code for scored runs with these outcomes."""
    return DONE if all(outcome.connected for outcome in outcomes) else NEVER_CONNECTED
