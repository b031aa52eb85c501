"""Output: folders that results go to, and how progress is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.cli.errors import Refused
from sheber.i18n import _

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["OVERVIEW", "console", "plain", "print_json", "progress", "shown_path", "writable_folder", "write_text"]

OVERVIEW = "report.html"  # the page of a whole rehearsal, beside those of its scenes


def console(beside: bool = False) -> Console:
    """Where tables go: the standard output (`beside`: the standard error). As wide as the terminal; in a pipe at least
    100 columns."""
    from rich.console import Console

    stream = sys.stderr if beside else sys.stdout
    wide = None if stream.isatty() else max(100, int(os.environ.get("COLUMNS", "0") or 0))
    return Console(highlight=False, width=wide, stderr=beside)


def print_json(value: object) -> None:
    """Strict JSON on the standard output; a number that JSON does not have (NaN, infinity) becomes null."""
    import json

    from sheber.judge.forms import strict

    print(json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False))


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
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    drawn = Progress(*columns, TextColumn("{task.fields[text]}"), console=Console(stderr=True), auto_refresh=False)
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


def write_text(path: Path, text: str) -> Path:
    """Write a file whole or not at all. Raises Refused with the reason."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise Refused(_("{path} cannot be written: {why}.").format(path=path, why=_why(error))) from error
    finally:
        temporary.unlink(missing_ok=True)
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
