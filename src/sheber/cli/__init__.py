"""The command `sheber`: wires the parts together, computes nothing itself.

Exit codes: 0 done, however low the score; 2 wrong use; 3 the program never connected; 4 a fault of
ours. Whatever is heavy (the engine, compiled kernels, tables for terminals) is imported inside the
command that needs it, because a student waits for `sheber run` many times a day.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence

from sheber import i18n
from sheber.cli.arguments import parsed
from sheber.cli.errors import DONE, FAULT, INTERRUPTED, WRONG_USE, expected
from sheber.cli.output import plain, speak_plainly

__all__ = ["main"]

_NAMES = {"kk": "Kazakh", "ru": "Russian", "zh-Hans": "Chinese"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code and never raises."""
    speak_plainly()
    try:
        return _run(argv)
    except BrokenPipeError:  # `sheber ... | head`: the reader has gone
        _forget_output()
        return DONE
    except OSError as error:  # the standard output, or that of errors, is a file on a full disk
        _forget_output()
        with contextlib.suppress(OSError):
            _say(i18n._("the output could not be written: {why}").format(why=(error.strerror or str(error)).lower()))
        return WRONG_USE


def _run(argv: Sequence[str] | None) -> int:
    """As `main`, without an answer to an output that takes nothing."""
    try:
        arguments = parsed(argv)
    except SystemExit as end:  # --help, --version, or an argument that does not exist
        sys.stdout.flush()
        return end.code if isinstance(end.code, int) else WRONG_USE
    try:
        i18n.choose(getattr(arguments, "language", None))
        _tell_of_english(getattr(arguments, "language", None) or os.environ.get("SHEBER_LANGUAGE", ""))
        code: int = arguments.command(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say(i18n._("The command was stopped. The files that it wrote are kept."))
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, BrokenPipeError) or _is_of_output(error):
            raise
        known = expected(error)
        if known is None:
            return _fault(error)
        _say(str(error))
        return known


def _is_of_output(error: Exception) -> bool:
    """Whether the standard output took no more: an error of the system that names no file."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None


def _forget_output() -> None:
    """What is still to be written goes nowhere, so that the interpreter can end in peace."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell_of_english(asked: str) -> None:
    """Tell a user who asks for a language that there is not, or into which the messages are not translated yet."""
    tag = i18n.tag_of(asked)
    if asked and not tag:
        text = i18n._("There is no language {tag!r}. The languages are: {tags}.")
        _say(text.format(tag=asked, tags=", ".join(i18n.written())))
    elif tag in _NAMES and tag not in i18n.written():
        _say(f"There is no {_NAMES[tag]} translation of the messages yet. They are in English.")


def _say(message: str) -> None:
    print(plain(f"sheber: {message}"), file=sys.stderr)


def _fault(error: Exception) -> int:
    """Report a fault of ours with what is needed to mend it: the traceback and the versions."""
    import platform
    import traceback

    print(plain("".join(traceback.format_exception(error))), file=sys.stderr, end="")
    text = i18n._("This is a fault of Sheberkhana, not of your program. Please report the lines above. ({system})")
    _say(text.format(system=f"sheber {_version()}, Python {platform.python_version()}, {platform.platform()}"))
    return FAULT


def _version() -> str:
    from importlib.metadata import version

    return version("sheberkhana")
