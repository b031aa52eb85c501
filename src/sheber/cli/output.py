"""Output: what a terminal can show, folders that results go to, and how progress is shown."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from sheber.cli import signs
from sheber.cli.errors import Refused
from sheber.i18n import _
from sheber.untrusted import folder_without_links, held, write_whole

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "OVERVIEW",
    "console",
    "linked",
    "open_page",
    "plain",
    "print_json",
    "progress",
    "results_folder",
    "shown_path",
    "speak_plainly",
    "usual_folder",
    "writable_folder",
    "write_text",
]

_DIGITS = 8  # of a hash
OVERVIEW = "report.html"  # the page of a whole rehearsal, beside those of its scenes
_PIPE_COLUMNS: Final = 100  # where nobody says how wide a pipe is
_TERMINAL_COLUMNS: Final = 80  # where a terminal does not tell
_LINES: Final = 25  # of a terminal; nothing that we print depends on it
_FEWEST_COLUMNS: Final = 20
_MOST_COLUMNS: Final = 10_000


def speak_plainly() -> None:
    """Let the standard streams show what their encoding lacks by something like it, and never fail for a sign.

    A stream that was closed before the start (`>&-`) takes everything and shows nothing.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    signs.register()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=signs.ERRORS)


def console(beside: bool = False) -> Console:
    """Where tables go: the standard output (`beside`: the standard error). As wide as the terminal; a pipe is as wide
    as `COLUMNS` says."""
    from sheber.cli.tables import Plain

    width = _columns(sys.stderr if beside else sys.stdout)
    return Plain(highlight=False, width=width, height=_LINES, stderr=beside)  # rich itself falls over COLUMNS=²


def _columns(stream: TextIO) -> int:
    """How wide a stream is: as `COLUMNS` says, where it says something sensible; else as the terminal is."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdecimal() and 0 < int(asked[:9]) < _MOST_COLUMNS:
        return max(_FEWEST_COLUMNS, int(asked))
    if stream.isatty():
        with suppress(OSError, ValueError):
            return max(_FEWEST_COLUMNS, os.get_terminal_size(stream.fileno()).columns or _TERMINAL_COLUMNS)
    return _PIPE_COLUMNS


def linked(path: Path, stream: TextIO) -> str:
    """A path as a user would type it; in a terminal one can click on it (OSC 8)."""
    words = plain(shown_path(path)).replace("\n", "\ufffd")
    if not stream.isatty() or os.environ.get("TERM") == "dumb" or "*" in path.name:
        return words
    return f"\033]8;;{path.resolve().as_uri()}\033\\{words}\033]8;;\033\\"


def open_page(path: Path) -> None:
    """Show a page in the user's browser; say so where there is none."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        text = _("no browser could be started; open {path} yourself")
        print(plain(f"sheber: {text.format(path=shown_path(path))}"), file=sys.stderr)


def print_json(value: object) -> None:
    """Strict JSON on the standard output; a number that JSON does not have (NaN, infinity) becomes null."""
    import json

    from sheber.judge.forms import strict

    words = json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in words))  # a name may hold any


@contextmanager
def progress(what: str, total: int, *, shown: bool = True) -> Iterator[Any]:
    """Give `step(done, text)`: a bar on a terminal, plain lines on the standard error elsewhere.

    The bar is drawn only when `step` is called, without a thread of its own.
    """
    if not shown:
        yield lambda done, text="": None
    elif sys.stderr.isatty():
        yield from _bar(what, total)
    else:
        last = [-1]

        def step(done: int, text: str = "") -> None:
            if done != last[0]:
                last[0] = done
                print(f"{what}: {done}/{total} {text}".rstrip(), file=sys.stderr, flush=True)

        yield step


def _bar(what: str, total: int) -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    drawn = Progress(*columns, TextColumn("{task.fields[text]}"), console=console(beside=True), auto_refresh=False)
    with drawn:
        task = drawn.add_task(what, total=total, text="")

        def step(done: int, text: str = "") -> None:
            drawn.update(task, completed=done, text=text)
            drawn.refresh()

        step(0)
        yield step


def plain(text: str) -> str:
    """The text with each control character, except the line feed, shown as U+FFFD.

    Words of a file, a path or a program must not control the user's terminal.
    """
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def usual_folder(exercise: str, program: Path | None) -> Path:
    """The usual folder for the results of a program: reports/EXERCISE and the path of the program, without its .py.

    Each program file has a folder of its own, so one never overwrites the results of another. The folder of a program
    outside the current folder has the name of the file and the first digits of the hash of its whole path.
    """
    folder = Path("reports", exercise)
    if program is None:
        return folder
    file = Path(os.path.abspath(program))
    name = file.with_suffix("") if file.suffix == ".py" else file
    try:
        return folder / name.relative_to(Path.cwd())
    except ValueError:
        return folder / f"{name.name}-{hashlib.sha256(os.fsencode(file)).hexdigest()[:_DIGITS]}"


def writable_folder(path: Path) -> Path:
    """The folder, made if it is missing. Raises Refused where nothing can be written in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise Refused(_("{path} is a file, but a folder is needed.").format(path=path)) from error
    except OSError as error:
        text = _("The folder {path} cannot be made: {why}.")
        raise Refused(text.format(path=path, why=_why(error))) from error
    if not os.access(path, os.W_OK | os.X_OK):
        text = _("You cannot write in the folder {path}. Choose another folder, for example with --out ~/reports")
        raise Refused(text.format(path=path))
    return path


@contextmanager
def results_folder(named: Path | None, usual: Path, *, alone: bool, inside: bool = False) -> Iterator[Path]:
    """The folder for results: the one that the user named, or the usual one below the working folder.

    inside: not the named folder itself, but `usual` below it. Other commands may write there at the same time, but not
    while one needs it `alone`. The working folder may be a hand-in, so no folder that the user has not named may be a
    link. Raises Refused.
    """
    folder = named / usual if named and inside else named or usual
    with ExitStack() as kept:
        try:
            if named is None or inside:
                folder_without_links(usual, writable_folder(named) if named else Path())
            kept.enter_context(held(writable_folder(folder), alone=alone))
        except OSError as error:
            text = _("The folder {path} cannot be used for results: {why}.")
            raise Refused(text.format(path=folder, why=error.strerror)) from error
        yield folder


def write_text(path: Path, text: str) -> Path:
    """Write a file whole or not at all. Raises Refused with the reason."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise Refused(_("{path} cannot be written: {why}.").format(path=path, why=_why(error))) from error
    return path


def shown_path(path: Path) -> str:
    """A path as a user would type it: relative to the current folder where it lies in it."""
    try:
        relative = path.resolve().relative_to(Path.cwd())
    except (ValueError, OSError):
        return str(path)
    return str(relative)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
