"""connect(): connect the program to its cell, or start a practice cell beside it.

The answer to connect names the station. The table `CLIENTS` has the class of its client. A station that is not in
the table gets the plain `Station`. A new station adds its folder and its line here.

The judge gives the endpoint in SHEBER_ENDPOINT. If there is no endpoint (you started the program by hand, in an IDE
or in a debugger), connect() starts `sheber practice` as a child process. The child builds the cell and gives an
endpoint on this machine. At the end of the program it scores the run and writes the report. The program waits for it
and shows the score.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sheber.client import checks, messages
from sheber.client.errors import RunOver, SheberError, wrong
from sheber.client.session import Session
from sheber.client.station import Station
from sheber.client.wire import PROTOCOL, WireClosed, open_endpoint
from sheber.i18n import _, message

if TYPE_CHECKING:
    import subprocess

    from sheber.client.robot_cell import Cell

__all__ = ["CLIENTS", "client_of", "connect", "in_the_box"]

CLIENTS = {
    "robot-cell": ("sheber.client.robot_cell", "Cell"),
    "ground-station": ("sheber.client.ground_station", "GroundStation"),
}
"""The client of each station, by the station's name: a module, and in it the class that takes session and given."""

NO_STATION = message("client.no_station", "The program is connected to something that is not a sheber station.")
NO_EXERCISE = message(
    "client.no_exercise",
    "This program was not started by `sheber run`, so connect() needs the name of an exercise: "
    'connect(exercise="palletising"). You can also set SHEBER_EXERCISE. `sheber exercises` lists the exercises.',
)
NOT_STARTED = message(
    "client.practice_not_started", "The practice cell of {exercise!r} did not start. The message above says why."
)
NOT_REACHED = message("client.practice_not_reached", "The practice cell of {exercise!r} cannot be reached: {why}")

_connected: Any = None  # the Cell, or the client of another station


def connect(exercise: str | None = None, seed: int | None = None) -> Cell:
    """Connect the program to its cell, and give the cell.

    Under `sheber run` and `sheber grade` the cell is already chosen, and both arguments are ignored. When you start
    the program by hand (``python program.py``, an IDE), connect() starts a practice cell of `exercise`. You can also
    set the exercise in the environment (SHEBER_EXERCISE). `seed` (or SHEBER_SEED) chooses the scene. Without a seed
    you get a random scene. At the end of the program you get the score and a report. A second call gives the same
    cell. Raises ValueError if you do not name an exercise, or if it does not exist.

    For another kind of station, connect() gives the object of its client. If the station has no client of its own,
    connect() gives a `sheber.client.Station`.

    >>> from sheber import connect
    >>> cell = connect(exercise="palletising", seed=3)
    """
    global _connected
    if _connected is None:
        endpoint = os.environ.get("SHEBER_ENDPOINT")
        if endpoint:
            _connected = _open(endpoint)
        else:
            _connected = _practise(exercise or os.environ.get("SHEBER_EXERCISE"), _seed(seed))
    return cast("Cell", _connected)


def _open(endpoint: str) -> Any:
    session = Session(open_endpoint(endpoint))
    messages.set_clock(lambda: session.time)
    # the client's name is an event of the trace: with a version in it, the same run would hash differently elsewhere
    given = session.call("connect", protocol=PROTOCOL, client="python")
    messages.hint_on_sleep(lambda seconds: _tell_of_sleep(session, seconds))
    atexit.register(session.close)
    return client_of(session, given)


def client_of(session: Session, given: Mapping[str, Any]) -> Any:
    """The client's object for the station that answered; `given`: its answer to connect.

    Raises SheberError for an answer that names no station.
    """
    name = given.get("station")
    if not isinstance(name, str):
        raise SheberError(NO_STATION())
    if name not in CLIENTS:
        return Station(session, given)
    module, kind = CLIENTS[name]
    return getattr(importlib.import_module(module), kind)(session, given)


def _tell_of_sleep(session: Session, seconds: float) -> None:
    with contextlib.suppress(RunOver, SheberError):  # the program learns of these with its next own request
        session.call("slept", seconds=max(0.0, min(float(seconds), 1e6)))


def _seed(seed: int | None) -> int | None:
    value = os.environ.get("SHEBER_SEED") if seed is None else seed
    return None if value is None or value == "" else checks.seed(value)


# --- practice, where no judge started the program -------------------------------------------


def _practise(exercise: str | None, seed: int | None) -> Any:
    program = str(getattr(sys.modules.get("__main__"), "__file__", "") or "")
    if program:
        messages.explain_uncaught(program)
    if not exercise:
        raise wrong(ValueError, NO_EXERCISE())
    child = _start(exercise, seed, program)
    assert child.stdout is not None
    endpoint = child.stdout.readline().strip()
    if not endpoint.startswith("tcp:"):
        child.wait()
        raise wrong(ValueError, NOT_STARTED(exercise=exercise))
    text = _("Practice cell of {exercise}. Your program runs without isolation. To run it in the box, use: {command}")
    print(text.format(exercise=exercise, command=in_the_box(exercise, seed, program)), file=sys.stderr)
    atexit.register(_wait_for_report, child)  # runs after the wire was closed: atexit goes backwards
    try:
        connected = _open(endpoint)
    except (OSError, WireClosed) as error:
        raise SheberError(NOT_REACHED(exercise=exercise, why=str(error))) from None
    if not hasattr(sys, "ps1"):
        messages.install_stdout_times()
    return connected


def in_the_box(exercise: str, seed: int | None, program: str) -> str:
    """The command that runs the same program in the box, as it can be typed in this folder."""
    import shlex

    file = program or "program.py"
    with contextlib.suppress(ValueError):
        file = str(Path(file).relative_to(Path.cwd()))
    words = ["sheber", "run", _from_here(exercise, program), file, *([] if seed is None else ["--seed", str(seed)])]
    return shlex.join(words)


def _from_here(exercise: str, program: str) -> str:
    """An exercise as it can be typed in this folder: one beside the program is named by its path from here."""
    beside = Path(program).parent / exercise
    if not program or Path(exercise).is_absolute() or not (beside / "exercise.toml").is_file():
        return exercise
    path = os.path.relpath(beside)
    return path if os.path.dirname(path) else os.path.join(os.curdir, path)


def _start(exercise: str, seed: int | None, program: str) -> subprocess.Popen[str]:
    """The practice child, in a process group of its own: Ctrl-C ends the program, and the child then scores it."""
    import subprocess  # not in the box: only practice needs it

    command = [sys.executable, "-P", "-m", "sheber", "practice", exercise, "--endpoint"]
    if seed is not None:
        command += ["--seed", str(seed)]
    if program and Path(program).is_file():
        command += ["--program", program]
    windows = sys.platform == "win32"
    own_group: dict[str, Any] = (
        {"creationflags": 0x00000200} if windows else {"start_new_session": True}  # CREATE_NEW_PROCESS_GROUP
    )
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        **own_group,
    )


def _wait_for_report(child: subprocess.Popen[str]) -> None:
    """Show what the practice child says of the run: score and report."""
    if isinstance(sys.stdout, messages.TimedLines):
        sys.stdout.flush()
    stream = sys.__stdout__ or sys.stderr
    assert child.stdout is not None
    for line in child.stdout:
        stream.write(line)
        stream.flush()
    child.wait()
