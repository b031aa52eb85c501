"""Arguments: every command with its options, and a help that teaches by example."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from sheber.cli import ground_arguments, school_arguments
from sheber.cli.output import plain
from sheber.i18n import LANGUAGES, _, written
from sheber.seeds import checked

__all__ = ["parsed", "parser"]

_REMARK = " # "  # between an example and what it does


class _Help(argparse.HelpFormatter):
    """Wraps lines to the terminal. Where a remark does not fit behind its example, every remark goes below its own."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        examples = [line.split(_REMARK) for line in text.splitlines()]
        room = max((len(parts[0]) for parts in examples if len(parts) > 1), default=0) + 3
        beside = all(room + len(parts[1]) <= width for parts in examples if len(parts) > 1)
        lines = (line for parts in examples for line in _fitted(*parts, room=room if beside else 0, width=width))
        return "\n".join(indent + line for line in lines)


def _fitted(line: str, remark: str = "", *, room: int, width: int) -> list[str]:
    """A line within this width, and its remark: behind it in the column `room`, or below it where there is none."""
    import textwrap

    margin = line[: len(line) - len(line.lstrip())]
    lines = textwrap.wrap(line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False) or [""]
    if not remark:
        return lines
    if room:
        return [f"{line:<{room}}{remark}"]
    below = f"{margin}    "
    return [*lines, *textwrap.wrap(remark, width, initial_indent=below, subsequent_indent=below)]


class _Parser(argparse.ArgumentParser):
    """Prints the examples of the command after an error, because they show how it is used."""

    def error(self, message: str) -> NoReturn:
        shown = self._get_formatter()
        shown.add_text(self.epilog)
        about = plain(message).replace("\n", "\ufffd")  # a shell types names of files for *, and they may hold any sign
        self.exit(2, f"sheber: {about}\n\n{shown.format_help() or self.format_usage()}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Say of a command that does not exist which one was probably meant."""
        if not isinstance(action, argparse._SubParsersAction) or value in action.choices:
            super()._check_value(action, value)
            return
        import difflib

        text = _("There is no command {name!r}.{hint} The commands are: {names}.")
        near = difflib.get_close_matches(value, action.choices, 1)
        hint = _(" Did you mean {near}?").format(near=near[0]) if near else ""
        self.error(text.format(name=value, hint=hint, names=", ".join(action.choices)))


def parsed(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The arguments of a command line. One that cannot be used ends the command, with the help of its own command."""
    top = parser()
    arguments, rest = top.parse_known_args(argv)
    if rest:
        _refuse(top, arguments.own, rest[0])
    return arguments


def _refuse(top: argparse.ArgumentParser, own: argparse.ArgumentParser, left: str) -> NoReturn:
    """Refuse an argument that this command does not have; name the commands that have it, where it is an option."""
    name = left.partition("=")[0]
    (commands,) = (one for one in top._actions if isinstance(one, argparse._SubParsersAction))
    others = [one.prog for one in commands.choices.values() if name in one._option_string_actions]
    if not name.startswith("-"):
        own.error(_("{command} takes no further argument: {name}").format(command=own.prog, name=left))
    if others:
        text = _("{command} has no option {name}. These commands have it: {others}.")
        own.error(text.format(command=own.prog, name=name, others=", ".join(others)))
    own.error(_("{command} has no option {name}.{hint}").format(command=own.prog, name=name, hint=_near(own, name)))


def _near(own: argparse.ArgumentParser, name: str) -> str:
    """A question with the option whose name is nearly this one; "" where there is none."""
    import difflib

    near = difflib.get_close_matches(name, own._option_string_actions, 1)
    return _(" Did you mean {near}?").format(near=near[0]) if near else ""


def parser() -> argparse.ArgumentParser:
    """The whole command line. Each command's function is in `arguments.command`."""
    top = _Parser(
        prog="sheber",
        formatter_class=_Help,
        description=_(
            "Sheberkhana: a digital workshop. Your program drives simulated equipment. You get points for what the "
            "equipment did."
        ),
        epilog=_(
            "A first round:\n"
            "  sheber exercises # the list of exercises\n"
            "  sheber new poses-and-moves work # the text of one exercise, and a starter program\n"
            "  sheber run poses-and-moves work/program.py # one practice scene: points and a replay\n"
            "  sheber grade poses-and-moves work/program.py # the rehearsal on 8 scenes\n\n"
            "Each command has a --help with examples. Exit codes: 0 the command is done (even with few points), "
            "2 wrong use, 3 the program did not connect, 4 a fault of Sheberkhana."
        ),
    )
    top.add_argument("--version", action=_Version, nargs=0, help=_("print the version and exit"))
    commands = top.add_subparsers(title=_("commands"), metavar="COMMAND", required=True, parser_class=_Parser)
    for add in (
        _exercises,
        _new,
        _run,
        _grade,
        _report,
        _rescore,
        _check,
        _doctor,
        _bench,
        _prepare,
        _practice,
        _submit,
    ):
        add(commands)
    for add_command in (*school_arguments.COMMANDS, *ground_arguments.COMMANDS):
        add_command(commands, _command)
    return top


class _Version(argparse.Action):
    """Reads the version only when asked: importlib.metadata costs every start otherwise."""

    def __call__(self, *_unused: object) -> NoReturn:
        from importlib.metadata import version

        print(version("sheberkhana"))
        raise SystemExit(0)


def _later(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """The function of a command, imported when it is called."""

    def command(arguments: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"sheber.cli.{module}"), function)(arguments)
        return code

    return command


def _command(
    commands: Any, name: str, where: str, summary: str, examples: str, **shown: Any
) -> argparse.ArgumentParser:
    """One command with its summary, its examples and the choice of a language."""
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=_("Examples:") + "\n" + examples,
        formatter_class=_Help,
        **shown,
    )
    there = _("language of the texts, one of: {tags} (default: your system's)").format(tags=", ".join(written()))
    added.add_argument("--language", type=_language, metavar="LANGUAGE", help=there)
    added.set_defaults(command=_later(where, name.replace("-", "_")), own=added)
    return added


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help=_("print only JSON on the standard output"))


def _open(command: argparse._ActionsContainer) -> None:
    command.add_argument("--open", action="store_true", help=_("show the report page in your browser"))


def _exercise(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "exercise", metavar="EXERCISE", help=_("name of an exercise, or a folder with an exercise.toml")
    )


def _program(command: argparse.ArgumentParser) -> None:
    command.add_argument("program", type=Path, metavar="PROGRAM", help=_("your program, a Python file"))


def _programs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "programs",
        type=Path,
        nargs="+",
        metavar="PROGRAM",
        help=_("your program, a Python file; several programs or a folder of them give one table"),
    )


def _language(tag: str) -> str:
    """A language that texts may be written in; whether they are is said when the command runs."""
    if tag not in LANGUAGES:
        text = _("There is no language {tag!r}. The languages are: {tags}.")
        raise argparse.ArgumentTypeError(text.format(tag=tag, tags=", ".join(written())))
    return tag


def _seed(text: str) -> int:
    """A seed. argparse prints the message of an ArgumentTypeError as it is, and none of a ValueError."""
    try:
        return checked(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        message = _("{text!r} is not a number of workers. A grade needs at least 1.").format(text=text)
        raise argparse.ArgumentTypeError(message)
    return count


def _judging(command: argparse.ArgumentParser, program: Callable[[argparse.ArgumentParser], None]) -> None:
    """What `run` and `grade` share."""
    _exercise(command)
    program(command)
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=_("folder for traces and report pages (default: reports/EXERCISE/PROGRAM without .py)"),
    )
    pages = command.add_mutually_exclusive_group()
    pages.add_argument("--no-report", action="store_true", help=_("write the trace, but no report page"))
    _open(pages)
    command.add_argument(
        "--sandbox",
        choices=("A", "B", "C"),
        help=_("level of the sandbox (default: the strongest level that works here; see sheber doctor)"),
    )
    _json(command)


def _exercises(commands: Any) -> None:
    command = _command(
        commands,
        "exercises",
        "reading",
        _("List the exercises: name, level, simulated time, and what is asked."),
        "  sheber exercises\n  sheber exercises --json",
    )
    _json(command)


def _new(commands: Any) -> None:
    command = _command(
        commands,
        "new",
        "running",
        _("Begin an exercise: put its text and a starter program into a folder."),
        "  sheber new vision-sorting work/\n  sheber new my-exercises/palletising work/",
    )
    _exercise(command)
    command.add_argument("folder", type=Path, metavar="FOLDER", help=_("folder for exercise.md and program.py"))


def _run(commands: Any) -> None:
    command = _command(
        commands,
        "run",
        "running",
        _("Run a program on one practice scene: points, trace, and a report page with the replay."),
        "  sheber run vision-sorting work/program.py # a random scene; its seed is printed\n"
        "  sheber run vision-sorting work/program.py --seed 3 # the same scene again\n"
        "  sheber run vision-sorting work/program.py --json > scene.json",
    )
    _judging(command, _program)
    _seed_option(command)


def _seed_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seed", type=_seed, metavar="N", help=_("seed of the practice scene (default: a random seed)")
    )


def _grade(commands: Any) -> None:
    command = _command(
        commands,
        "grade",
        "running",
        _("Rehearse: grade a program on the 8 public scenes. Final score = 0.7 × mean + 0.3 × worst scene."),
        "  sheber grade vision-sorting work/program.py\n"
        "  sheber grade vision-sorting work/program.py --workers 1 --out results/\n"
        "  sheber grade vision-sorting work/program.py --json | python -m json.tool\n"
        "  sheber grade vision-sorting class/ --csv class.csv # one table over all programs of a folder\n"
        "  sheber grade vision-sorting class/ --resume # goes on after Ctrl-C",
    )
    _judging(command, _programs)
    command.add_argument("--csv", type=Path, metavar="FILE", help=_("write the table of a class as CSV too"))
    command.add_argument("--resume", action="store_true", help=_("skip the scenes that already have a complete trace"))
    command.add_argument(
        "--workers", type=_count, metavar="N", help=_("number of scenes at the same time (default: one for each core)")
    )


def _traces(command: argparse.ArgumentParser) -> None:
    command.add_argument("traces", type=Path, nargs="+", metavar="TRACE", help=_("a trace that a run or a grade wrote"))
    command.add_argument(
        "--exercise",
        metavar="EXERCISE",
        help=_("judge with this exercise (default: the exercise that the trace names)"),
    )


def _report(commands: Any) -> None:
    command = _command(
        commands,
        "report",
        "reading",
        _("Write the report pages of stored traces again, without physics."),
        "  sheber report reports/palletising/work/program/scene-3.trace\n"
        "  sheber report reports/palletising/work/program/*.trace # for a whole rehearsal, report.html too",
    )
    _traces(command)
    command.add_argument("--out", type=Path, metavar="DIR", help=_("folder for the pages (default: beside the trace)"))
    _open(command)


def _rescore(commands: Any) -> None:
    command = _command(
        commands,
        "rescore",
        "reading",
        _(
            "Score stored traces again, without physics. A whole rehearsal gets its final score. The command tells you "
            "if the exercise or Sheberkhana has changed since the run."
        ),
        "  sheber rescore reports/palletising/work/program/scene-*.trace\n"
        "  sheber rescore run.trace --exercise my-exercises/palletising --json",
    )
    _traces(command)
    _json(command)


def _check(commands: Any) -> None:
    command = _command(
        commands,
        "check",
        "checking",
        _(
            "Check an exercise: its texts, its scenes, and the points of its own programs. For teachers. "
            "Exit code 2 if something is wrong."
        ),
        "  sheber check my-exercises/post\n"
        "  sheber check my-exercises/post --numbers # what may stand in exercise.toml\n"
        "  sheber check my-exercises/post --pictures pictures/ # how its eight public scenes begin\n"
        "  sheber check palletising --json",
    )
    _exercise(command)
    command.add_argument(
        "--numbers",
        action="store_true",
        help=_("only list the numbers of exercise.toml: the value of each, and what is allowed"),
    )
    command.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help=_("also write a picture of each public scene, as it begins, into this folder"),
    )
    _json(command)


def _doctor(commands: Any) -> None:
    command = _command(
        commands,
        "doctor",
        "machine",
        _("Check this machine: sandbox levels (by trying attacks), camera, speed, and what to install."),
        "  sheber doctor\n  sheber doctor --json\n  sheber doctor --school /srv/school # and a school",
    )
    _json(command)
    command.add_argument("--school", type=Path, metavar="FOLDER", help=_("look at the school in this folder too"))
    school_arguments.database(command)


def _bench(commands: Any) -> None:
    command = _command(
        commands,
        "bench",
        "machine",
        _("Measure the gates of docs/performance.md. A gate is a ratio of two measured values."),
        "  sheber bench\n  sheber bench --only camera --only start\n  sheber bench --json > bench.json\n"
        "  sheber bench school # a server with many people, rows and viewers, and one that is killed\n"
        "  sheber bench ground # orbits, schedules, receivers",
    )
    command.add_argument(
        "what",
        nargs="?",
        choices=("judge", "school", "ground"),
        default="judge",
        help=_("which gates (default: judge)"),
    )
    command.add_argument(
        "--only",
        action="append",
        metavar="GATE",
        help=_("measure only this gate; you can use the option several times"),
    )
    command.add_argument("--quick", action="store_true", help=_("fewer repetitions: quick, but not exact"))
    words = _("an empty PostgreSQL database for `submissions`, or for the first --only gate (default: one of its own)")
    command.add_argument("--database", default="", metavar="URL", help=words)
    _json(command)


def _prepare(commands: Any) -> None:
    _command(
        commands,
        "prepare",
        "machine",
        _("Compile the kernels and simplify the meshes now, so that the first run does not have to wait."),
        "  sheber prepare",
    )


def _practice(commands: Any) -> None:
    command = _command(
        commands,
        "practice",
        "running",
        _("Serve a practice scene to a program that was started by hand. connect() does this for you."),
        "  sheber practice poses-and-moves --seed 3",
    )
    _exercise(command)
    _seed_option(command)
    command.add_argument("--program", type=Path, metavar="PROGRAM", help=_("file of the program, for the report"))
    command.add_argument("--out", type=Path, metavar="DIR", help=_("folder for trace and report page"))
    command.add_argument("--endpoint", action="store_true", help=argparse.SUPPRESS)


def _submit(commands: Any) -> None:
    command = _command(
        commands,
        "submit",
        "submitting",
        _("Hand a program in at your school's server, wait, and print the explained score."),
        "  sheber submit robotics/vision-sorting work/program.py --server https://school.example\n"
        "  sheber submit robotics/vision-sorting work/program.py # the server of your token\n"
        "  sheber submit 3/12 work/program.py --practice --seed 7 # one scene that does not count\n"
        "  sheber submit 3/12 work/program.py --json > score.json",
    )
    command.add_argument(
        "assignment", metavar="COURSE/ASSIGNMENT", help=_("course and exercise: their names, or their numbers")
    )
    _program(command)
    command.add_argument("--server", metavar="URL", help=_("address of the school (default: the one of your token)"))
    command.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help=_("file with the token, which only you can read (default: ~/.config/sheber/tokens)"),
    )
    command.add_argument("--practice", action="store_true", help=_("run one practice scene, which does not count"))
    _seed_option(command)
    command.add_argument("--no-wait", action="store_true", help=_("hand in, and do not wait for the score"))
    _json(command)
