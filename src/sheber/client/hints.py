"""What was probably meant, and what the box does not have: the sentences beside a student's error."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Any

from sheber.client.fixed import Fixed
from sheber.client.named import Named
from sheber.client.suggest import listed, question

__all__ = ["hint", "in_plain_words"]

PACKAGES = "numpy, OpenCV (cv2) and Python's standard library"
FILES = "A program in the box may write files in /tmp only, and finds there nothing but what it wrote itself."
REFUSED = "the box does not allow this: no other programs or processes, no network, and files in /tmp only"
UNCHANGED = "this cannot be changed: pose.offset(z=0.1) gives a new pose, array.copy() an array to work on"
FROZEN = ("super(type, obj)", "cannot assign to field", "assignment destination is read-only")
NETWORK = ("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib", "imaplib", "xmlrpc", "asyncio", "requests")
PROCESSES = ("subprocess", "multiprocessing", "concurrent", "pty")
WINDOWS = ("imshow", "waitKey", "namedWindow", "createTrackbar", "setMouseCallback", "selectROI")


def in_plain_words(error: BaseException) -> str:
    """The whole sentence for an error whose own words would not help a student; empty for all others."""
    kind = type(error).__name__
    if kind == "error" and type(error).__module__ == "cv2":
        return _opencv(error)
    if kind == "BdbQuit":
        return _debugger()
    if isinstance(error, EOFError) and "reading a line" in str(error):
        return "nobody sits at a keyboard in the box, so input() has nothing to read; write the value into the program"
    if isinstance(error, OSError):
        return _closed(error)
    if isinstance(error, ImportError) and (found := _sheber_lacks(error)):
        return f"there is no {found!r} in sheber"
    return UNCHANGED if str(error).startswith(FROZEN) else ""


def hint(error: BaseException) -> str:
    """One line that helps further, or nothing."""
    if isinstance(error, ModuleNotFoundError):
        return f"The box has {PACKAGES}; nothing else can be imported there."
    if isinstance(error, ImportError):
        return _import(_sheber_lacks(error))
    if isinstance(error, NameError) and isinstance(name := getattr(error, "name", None), str):
        return _missing_import(name) or _among(name, _names_at(error.__traceback__))
    if isinstance(error, PermissionError | FileNotFoundError) and not _closed(error):
        return FILES
    if isinstance(error, AttributeError):
        return _attribute(error)
    if isinstance(error, TypeError):
        return _arguments(str(error))
    return ""


def _in_box() -> bool:
    return "SHEBER_ENDPOINT" in os.environ


# --- what the box does not have ---------------------------------------------------------------


def _debugger() -> str:
    if not _in_box():
        return "the debugger was left"
    return (
        "nobody sits at a keyboard in the box, so breakpoint() cannot stop there; remove it, or start the program by "
        "hand (python program.py), where breakpoints work"
    )


def _closed(error: OSError) -> str:
    """The sentence for a network or a process that was tried; empty for other mistakes with files."""
    if not _in_box():
        return ""
    through = {name.partition(".")[0] for name in _modules(error.__traceback__)}
    if through & set(PROCESSES):
        return "a program in the box cannot start other programs or processes"
    if through & set(NETWORK):
        return "a program in the box has no network"
    return REFUSED if isinstance(error, PermissionError) and error.filename is None else ""


def _modules(trace: TracebackType | None) -> Iterable[str]:
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next


# --- OpenCV -----------------------------------------------------------------------------------


def _opencv(error: BaseException) -> str:
    """What OpenCV has to say, without the places in its source text."""
    words, text = str(getattr(error, "err", "") or ""), str(error)
    name = re.search(r"in function '([A-Za-z]\w*)'", text)
    if "Rebuild the library with Windows" in words or (name and name[1] in WINDOWS):
        return 'OpenCV has no window here; cell.show(image, "title") puts the picture into the report'
    if "empty()" in words:
        return "OpenCV was given an empty picture, or None instead of one"
    said = [line.lstrip("> ").rstrip() for line in text.splitlines() if line.startswith(">")]
    where = f"OpenCV's {name[1]}" if name else "OpenCV"
    if said:
        return f"{where}: {_few(said)}"
    return f"{where}: this must hold, and does not: {words.strip()}" if words else f"{where}: {text.strip()}"


def _few(said: list[str]) -> str:
    """What several lines say, each once, in one."""
    return " ".join(dict.fromkeys(line.strip() for line in said if line.strip() and "Ptr<" not in line))[:400]


# --- what was meant ---------------------------------------------------------------------------


def _among(name: str, known: Iterable[str]) -> str:
    asked = question(name, known)
    return asked[:1].upper() + asked[1:]


def _names_at(trace: TracebackType | None) -> list[str]:
    """The names that could be used where the error was raised."""
    frame: FrameType | None = None
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
    return [] if frame is None else [*frame.f_locals, *frame.f_globals, *frame.f_builtins]


def _missing_import(name: str) -> str:
    import sheber

    if name in sheber.__all__:
        return f"{name} must be imported: from sheber import {name}"
    if name in ("np", "numpy"):
        return "numpy must be imported: import numpy as np"
    if name in ("cv2", "math", "time"):
        return f"{name} must be imported: import {name}"
    return ""


def _sheber_lacks(error: ImportError) -> str:
    """The name that was to be imported from sheber and is not there; empty for other errors."""
    found = re.match(r"cannot import name '(\w+)' from 'sheber'", str(error))
    return found[1] if found else ""


def _import(name: str) -> str:
    import sheber

    return f"{_among(name, sheber.__all__)} There is: {', '.join(sheber.__all__)}".strip() if name else ""


def _attribute(error: AttributeError) -> str:
    name, thing = error.name, error.obj
    if not isinstance(name, str) or thing is None or isinstance(thing, Fixed | Named):
        return ""  # these say it themselves
    try:
        known = listed(thing)
    except Exception:  # whatever a student's own __dir__ does
        return ""
    if not type(thing).__module__.startswith("sheber"):
        return _among(name, known)
    return f"{_among(name, known)} There is: {', '.join(known)}".strip()


def _arguments(words: str) -> str:
    """What a function of ours takes, where it was called with something else."""
    found = re.match(r"(?:(\w+)\.)?(\w+)\(\) (got an unexpected|takes|missing|got multiple)", words)
    function = _ours(found[1], found[2]) if found else None
    if found is None or function is None:
        return ""
    code = function.__code__
    takes = [name for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if name != "self"]
    called = found[1] if found[2] == "__init__" else found[2]
    keyword = re.search(r"keyword argument '(\w+)'", words)
    asked = _among(keyword[1], takes) if keyword and keyword[1] not in takes else ""
    return f"{asked} {called} takes: {', '.join(takes) or 'nothing'}".strip()


def _ours(owner: str | None, name: str) -> Any:
    """The function of the program's side with this name, or None."""
    import sheber
    from sheber import client

    place: Any = sheber if owner is None else getattr(client, owner, None) or getattr(sheber, owner, None)
    function = getattr(place, name, None)
    return function if hasattr(function, "__code__") else None
