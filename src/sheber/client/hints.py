"""Hints beside a student's error: the name that the student probably meant, and what the box does not have.

Python, numpy and OpenCV word their own errors, and here some of those words are read: tests/test_client_hints.py
provokes each of them for real, so that a new release cannot switch a hint off unnoticed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import FrameType, FunctionType, MethodType, TracebackType
from typing import Any

from sheber.client.errors import KINDS, SheberError
from sheber.client.fixed import Fixed
from sheber.client.named import IN_BRACKETS, Named
from sheber.client.suggest import MEANT, listed, question
from sheber.geometry import Pose
from sheber.i18n import _

__all__ = ["PUBLIC", "hint", "in_plain_words"]

PUBLIC = ("Contact", "DOWN", "Pose", "Signal", "connect", SheberError.__name__, *KINDS)
"""What `sheber` exports (a test compares): the package itself imports this module."""
FROZEN = ("super(type, obj)", "cannot assign to field", "assignment destination is read-only")
NETWORK = ("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib", "imaplib", "xmlrpc", "asyncio", "requests")
PROCESSES = ("subprocess", "multiprocessing", "concurrent", "pty")
_AXES = ("x", "y", "z")
WINDOWS = ("imshow", "waitKey", "namedWindow", "createTrackbar", "setMouseCallback", "selectROI")


def in_plain_words(error: BaseException) -> str:
    """The whole sentence for an error whose own words would not help a student; empty for all others."""
    kind = type(error).__name__
    if kind == "error" and type(error).__module__ == "cv2":
        return _opencv(error)
    if kind == "BdbQuit":
        return _debugger()
    if isinstance(error, EOFError) and "reading a line" in str(error):
        return _(
            "There is no keyboard in the box, so input() has nothing to read. Write the value into the program instead."
        )
    if isinstance(error, OSError):
        return _closed(error)
    if isinstance(error, ImportError) and (found := _sheber_lacks(error)):
        return _("There is no {name!r} in sheber.").format(name=found)
    return _unchanged() if str(error).startswith(FROZEN) else ""


def hint(error: BaseException) -> str:
    """One line that helps further, or nothing."""
    if isinstance(error, ModuleNotFoundError):
        return _(
            "The box has Python's standard library, numpy, OpenCV (cv2) and zxingcpp; scipy and sgp4 where the ground "
            "station is installed. Of sheber it has what a program needs, not sheber.ground. "
            "You cannot import anything else there."
        )
    if isinstance(error, ImportError):
        return _import(_sheber_lacks(error))
    if isinstance(error, NameError) and isinstance(name := getattr(error, "name", None), str):
        names = _names_at(error.__traceback__)
        return _missing_import(name) or _held(name, names) or _asked(name, names)
    if isinstance(error, PermissionError | FileNotFoundError) and not _closed(error):
        return _("A program in the box can write files only in /tmp. It finds only its own files there.")
    if isinstance(error, AttributeError):
        return _attribute(error)
    if isinstance(error, TypeError):
        return _arguments(error)
    return ""


def _in_box() -> bool:
    return "SHEBER_ENDPOINT" in os.environ


def _unchanged() -> str:
    return _("You cannot change this. Make a new pose: pose.offset(z=0.1). Or make a copy of an array: array.copy().")


# --- what the box does not have ---------------------------------------------------------------


def _debugger() -> str:
    if not _in_box():
        return _("You left the debugger.")
    return _(
        "There is no keyboard in the box, so breakpoint() does not work there. Remove it, or start the program by hand "
        "with python program.py. Breakpoints work then."
    )


def _closed(error: OSError) -> str:
    """The sentence for a network or a process that was tried; empty for other mistakes with files."""
    if not _in_box():
        return ""
    through = {name.partition(".")[0] for name in _modules(error.__traceback__)}
    if through & set(PROCESSES):
        return _("A program in the box cannot start other programs or processes.")
    if through & set(NETWORK):
        return _("A program in the box has no network.")
    if isinstance(error, PermissionError) and error.filename is None:
        return _(
            "The box does not allow this. It has no other programs or processes and no network. Files are only in /tmp."
        )
    return ""


def _modules(trace: TracebackType | None) -> Iterable[str]:
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next


# --- OpenCV -----------------------------------------------------------------------------------


def _opencv(error: BaseException) -> str:
    """What OpenCV says to people, without the places in its own sources."""
    words, text = str(getattr(error, "err", "") or ""), str(error)
    found = re.search(r"in function '([A-Za-z]\w*)'", text)
    name = found[1] if found else ""
    if "Rebuild the library with Windows" in words or name in WINDOWS:
        return _('OpenCV has no window here. cell.show(image, "title") puts the picture into the report.')
    if "empty()" in words:
        return _("You gave OpenCV an empty picture, or None instead of a picture.")
    said = [line.lstrip("> ").rstrip() for line in text.splitlines() if line.startswith(">")]
    if said:
        return _opencv_says(name, _few(said))
    if words and name:
        return _("OpenCV's {name} needs this, but it is not true: {words}").format(name=name, words=words.strip())
    return _opencv_says(name, words.strip() or text.strip())


def _opencv_says(name: str, words: str) -> str:
    if name:
        return _("OpenCV's {name} says: {words}").format(name=name, words=words)
    return _("OpenCV says: {words}").format(words=words)


def _few(said: list[str]) -> str:
    """What several lines say, each once, in one."""
    return " ".join(dict.fromkeys(line.strip() for line in said if line.strip() and "Ptr<" not in line))[:400]


# --- what was meant ---------------------------------------------------------------------------


def _asked(name: str, known: Iterable[str]) -> str:
    """The question which name was meant, or nothing."""
    asked = question(name, known)
    return "" if asked is None else str(asked)


def _asked_and_listed(name: str, known: Iterable[str]) -> str:
    """The question which name was meant, where one is like it, and the names that exist."""
    names = [*known]
    listing = _("These names exist: {names}.").format(names=_(", ").join(names))
    return " ".join(sentence for sentence in (_asked(name, names), listing) if sentence)


def _names_at(trace: TracebackType | None) -> dict[str, Any]:
    """What could be used by name where the error was raised."""
    frame: FrameType | None = None
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
    return {} if frame is None else {**frame.f_builtins, **frame.f_globals, **frame.f_locals}


def _missing_import(name: str) -> str:
    if name in PUBLIC:
        return _("You must import {name}: from sheber import {name}").format(name=name)
    if name in ("np", "numpy"):
        return _("You must import numpy: import numpy as np")
    if name in ("cv2", "math", "time"):
        return _("You must import {name}: import {name}").format(name=name)
    return ""


def _held(name: str, names: Mapping[str, Any]) -> str:
    """The question whether a part of the cell was meant: `frame` or `frames` for cell.frames; "" for other names."""
    several = f"{name}s"
    if several in names:
        return ""
    for holder, thing in names.items():
        for own in (name, several) if isinstance(thing, Fixed) else ():
            if own in listed(type(thing)):
                return str(MEANT(name=f"{holder}.{own}"))
    return ""


def _sheber_lacks(error: ImportError) -> str:
    """The name that was to be imported from sheber and is not there; empty for other errors."""
    found = re.match(r"cannot import name '(\w+)' from 'sheber'", str(error))
    return found[1] if found else ""


def _import(name: str) -> str:
    return _asked_and_listed(name, sorted(PUBLIC)) if name else ""


def _attribute(error: AttributeError) -> str:
    name, thing = error.name, error.obj
    if not isinstance(name, str) or thing is None or isinstance(thing, Fixed | Named):
        return ""  # these say it themselves
    if found := _another_way(thing, name):
        return found
    try:
        known = listed(thing)
    except Exception:  # whatever a student's own __dir__ does
        return ""
    return (_asked_and_listed if type(thing).__module__.startswith("sheber") else _asked)(name, known)


def _another_way(thing: object, name: str) -> str:
    """How to write what was meant, where it was no slip in the name; "" for all else."""
    if isinstance(thing, dict) and name in thing:
        return str(IN_BRACKETS(name=name))
    if isinstance(thing, Pose) and name in _AXES:
        return _("Write pose.position[{place}] for the {name} of a pose, in metres.").format(
            place=_AXES.index(name), name=name
        )
    if isinstance(thing, FunctionType | MethodType) and thing.__module__.startswith("sheber."):
        return _("You must call {name} with brackets: {name}(...)").format(name=thing.__name__)
    return ""


def _arguments(error: TypeError) -> str:
    """What a function of ours takes, where it was called with something else; how poses are moved and put together."""
    words = str(error)
    if re.match(r"unsupported operand type\(s\) for [-+*].*'Pose'", words):
        return _(
            "You cannot calculate with a pose as with a number. pose.offset(z=0.1) moves it by 0.1 m, "
            "and frame @ pose puts one pose into the frame of another one."
        )
    found = re.match(r"(?:(\w+)\.)?(\w+)\(\) (got an unexpected|takes|missing|got multiple)", words)
    function = _ours(found[1], found[2], error.__traceback__) if found else None
    if found is None or function is None:
        return ""
    code = function.__code__
    takes = [name for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if name != "self"]
    keyword = re.search(r"keyword argument '(\w+)'", words)
    asked = _asked(keyword[1], takes) if keyword and keyword[1] not in takes else ""
    return " ".join(sentence for sentence in (asked, _takes(found[1] or "", found[2], takes)) if sentence)


def _takes(owner: str, name: str, takes: list[str]) -> str:
    called = owner if name == "__init__" else name
    if not takes:
        return _("{function} takes no arguments.").format(function=called)
    return _("{function} takes: {names}.").format(function=called, names=_(", ").join(takes))


def _ours(owner: str | None, name: str, trace: TracebackType | None) -> Any:
    """The function of the program's side that the student called by this name, or None."""
    if owner is None:
        called = _names_at(trace).get(name)
        function = called if str(getattr(called, "__module__", "")).startswith("sheber.") else None
    else:
        function = getattr(_classes().get(owner), name, None)
    return function if hasattr(function, "__code__") else None


def _classes() -> dict[str, type]:
    """Our classes of which a student calls functions, by name: Pose, and all that a connected program holds."""
    found: dict[str, type] = {"Pose": Pose}
    coming = [Fixed]
    while coming:
        for kind in coming.pop().__subclasses__():
            found[kind.__name__] = kind
            coming.append(kind)
    return found
