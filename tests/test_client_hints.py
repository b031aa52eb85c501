"""Hints read words of Python, numpy and OpenCV: here those words come from the versions that run.

Each pattern in client/hints.py is tried on a real error, so that a new release cannot switch a hint off unnoticed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import sheber
from ordinary_user import run_as_ordinary
from sheber import Pose
from sheber.client import hints
from sheber.client.fixed import Fixed
from sheber.client.hints import hint, in_plain_words
from sheber.client.robot_cell import Image, Robot

FILES = "A program in the box can write files only in /tmp. It finds only its own files there."
REFUSED = "The box does not allow this. It has no other programs or processes and no network. Files are only in /tmp."


def error_of(call: Callable[[], Any]) -> Exception:
    """The error that a call really raises here."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def test_the_public_names_are_those_of_sheber() -> None:
    assert sorted(hints.PUBLIC) == sorted(sheber.__all__)


# --- files and what the box refuses -----------------------------------------------------------


@pytest.fixture
def in_the_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEBER_ENDPOINT", "fd:3")


@pytest.mark.parametrize("name", ["/etc/shadow", "read-only"])
def test_a_file_that_may_not_be_opened_is_told_as_a_matter_of_files(name: str, in_the_box: None) -> None:
    """As the system raises it: with the file's name."""
    error = PermissionError(13, "Permission denied", name)
    assert in_plain_words(error) == ""
    assert hint(error) == FILES


OPENS_A_FILE = """
import os, tempfile
from sheber.client.hints import hint, in_plain_words
os.environ["SHEBER_ENDPOINT"] = "fd:3"
with tempfile.NamedTemporaryFile() as closed:
    os.chmod(closed.name, 0)
    try:
        open(closed.name)
    except PermissionError as error:
        print([in_plain_words(error), hint(error)])
"""


def test_a_file_that_this_user_may_not_open_is_told_as_a_matter_of_files() -> None:
    done = run_as_ordinary([sys.executable, "-c", OPENS_A_FILE])
    assert done.stdout == f"{['', FILES]}\n", done.stderr


def test_a_file_that_does_not_exist_is_told_as_a_matter_of_files(in_the_box: None) -> None:
    error = error_of(lambda: Path("/nowhere/at/all").read_text())
    assert (in_plain_words(error), hint(error)) == ("", FILES)


@pytest.mark.parametrize("error", [PermissionError(1, "Operation not permitted"), PermissionError("not here")])
def test_what_is_refused_without_a_file_is_told_as_the_box(error: PermissionError, in_the_box: None) -> None:
    assert in_plain_words(error) == REFUSED
    assert hint(error) == ""


def test_outside_the_box_a_refusal_keeps_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHEBER_ENDPOINT", raising=False)
    assert in_plain_words(PermissionError(1, "Operation not permitted")) == ""


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: subprocess.run(["/nowhere/at/all"], check=False), "A program in the box cannot start other programs"),
        (lambda: asyncio.run(asyncio.open_connection("127.0.0.1", 1)), "A program in the box has no network."),
    ],
)
def test_through_which_modules_an_error_came_says_what_was_tried(
    call: Callable[[], Any], sentence: str, in_the_box: None
) -> None:
    assert in_plain_words(error_of(call)).startswith(sentence)


def test_reading_the_keyboard_where_there_is_none() -> None:
    script = "from sheber.client.hints import in_plain_words\ntry:\n    input()\nexcept EOFError as error:\n"
    script += "    print(in_plain_words(error))\n"
    done = subprocess.run([sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "There is no keyboard in the box" in done.stdout


def test_leaving_the_debugger(monkeypatch: pytest.MonkeyPatch) -> None:
    import bdb

    debugger = bdb.Bdb()
    debugger.reset()
    debugger.set_quit()
    error = error_of(lambda: debugger.dispatch_line(sys._getframe()))
    assert type(error).__name__ == "BdbQuit"
    monkeypatch.delenv("SHEBER_ENDPOINT", raising=False)
    assert in_plain_words(error) == "You left the debugger."


# --- what cannot be changed -------------------------------------------------------------------


def frozen_with_slots() -> None:
    Pose().position = np.zeros(3)  # type: ignore[misc]


def frozen_new_name() -> None:
    Pose().z = 0.1  # type: ignore[attr-defined]


def read_only_array() -> None:
    Pose().position[2] = 0.1


@pytest.mark.parametrize("call", [frozen_with_slots, frozen_new_name, read_only_array])
def test_what_cannot_be_changed_is_told_in_words(call: Callable[[], None]) -> None:
    error = error_of(call)
    assert isinstance(error, FrozenInstanceError | TypeError | ValueError | AttributeError)
    assert in_plain_words(error).startswith("You cannot change this. Make a new pose: pose.offset(z=0.1).")


# --- names ------------------------------------------------------------------------------------


def wrong_import() -> None:
    from sheber import Dwon  # noqa: F401


def test_a_name_that_sheber_does_not_have() -> None:
    error = error_of(wrong_import)
    assert in_plain_words(error) == "There is no 'Dwon' in sheber."
    assert hint(error).startswith("Did you mean DOWN? These names exist: ")


def wrong_module() -> None:
    import pandas_of_nobody  # noqa: F401


def test_a_package_that_the_box_does_not_have() -> None:
    assert "You cannot import anything else there." in hint(error_of(wrong_module))


def called_by_name() -> None:
    from sheber import connect

    connect(exercice="palletising")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: lenght, "Did you mean length?"),  # noqa: F821
        (lambda: Unreachable, "You must import Unreachable: from sheber import Unreachable"),  # noqa: F821
        (lambda: Pose().ofset(z=1), "Did you mean offset? These names exist: "),
        (lambda: np.arrray(3), "Did you mean array?"),
        (called_by_name, "Did you mean exercise? connect takes: exercise, seed."),
        (lambda: Pose(x=1.0), "Pose takes: position, quaternion."),
        (lambda: Pose().offset(1, 2, 3, 4), "offset takes: x, y, z."),
        (lambda: Pose().distance(), "distance takes: other."),
        (lambda: Pose().offset(0.1, x=0.1), "offset takes: x, y, z."),
        (lambda: Pose().inverse(1), "inverse takes no arguments."),
        (lambda: Robot.move_to(None, Pose(), velocity=0.3), "Did you mean speed? move_to takes: pose, speed, "),
        (lambda: max(1, 2, kee=3), ""),
        (lambda: {"x": 0.1}.x, "Write the name in brackets: ['x'], not .x"),  # type: ignore[attr-defined]
        (lambda: {"x": 0.1}.y, ""),  # type: ignore[attr-defined]
        (lambda: Pose().z, "Write pose.position[2] for the z of a pose, in metres."),  # type: ignore[attr-defined]
        (lambda: sheber.connect.robot, "You must call connect with brackets: connect(...)"),  # type: ignore[attr-defined]
        (lambda: Pose().offset.position, "You must call offset with brackets"),  # type: ignore[attr-defined]
        (lambda: Pose() + 0.1, "You cannot calculate with a pose as with a number. pose.offset(z=0.1)"),  # type: ignore[operator]
        (lambda: 2 * Pose(), "You cannot calculate with a pose as with a number."),  # type: ignore[operator]
        (lambda: "x" + 1, ""),  # type: ignore[operator]
    ],
)
def test_what_was_meant(call: Callable[[], Any], sentence: str) -> None:
    length = 3
    error = error_of(call)
    if sentence == "Did you mean length?":  # the names that exist are those where the error was raised
        error = error_of(lambda: lenght + length)  # noqa: F821
    assert hint(error).startswith(sentence) if sentence else hint(error) == ""


def test_a_name_that_the_cell_holds_is_offered_with_it() -> None:
    class Holder(Fixed):
        __slots__ = ("frames", "robot")

    cell = Holder()
    assert hint(error_of(lambda: frame + str(cell))) == "Did you mean cell.frames?"  # type: ignore[name-defined]  # noqa: F821
    assert hint(error_of(lambda: robot + str(cell))) == "Did you mean cell.robot?"  # type: ignore[name-defined]  # noqa: F821
    frames = {"A": Pose()}
    assert hint(error_of(lambda: frame[str(cell) + str(frames)])) == "Did you mean frames?"  # type: ignore[name-defined]  # noqa: F821


def test_a_list_of_names_ends_where_a_students_class_fails() -> None:
    class Odd:
        def __dir__(self) -> list[str]:
            raise RuntimeError

    assert hint(error_of(lambda: Odd().length)) == ""
    assert hint(error_of(lambda: Image(np.zeros(1), None, 0.0).color)).startswith("Did you mean colour?")


# --- OpenCV -----------------------------------------------------------------------------------

GREY = np.zeros((4, 4), np.uint8)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: cv2.imshow("parts", GREY), 'OpenCV has no window here. cell.show(image, "title") puts'),
        (lambda: cv2.cvtColor(None, cv2.COLOR_BGR2HSV), "You gave OpenCV an empty picture, or None instead"),
        (lambda: cv2.cvtColor(GREY, cv2.COLOR_BGR2HSV), "OpenCV says: Invalid number of channels"),
        (lambda: cv2.cvtColor([1, 2], cv2.COLOR_BGR2HSV), "OpenCV's cvtColor says: Overload resolution failed"),
        (lambda: cv2.resize(GREY, (0, 0)), "OpenCV's resize needs this, but it is not true: inv_scale_x > 0"),
    ],
)
def test_what_opencv_says(call: Callable[[], Any], sentence: str) -> None:
    said = in_plain_words(error_of(call))
    assert said.startswith(sentence)
    assert "/io/" not in said
