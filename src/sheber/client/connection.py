"""connect(): find the cell that this program was started for, or start a practice cell beside it.

The judge names the endpoint in SHEBER_ENDPOINT. Where there is none (the program was started by hand, in an
IDE, in a debugger), `sheber practice` is started as a child: it builds the cell, gives an endpoint on this
machine, and when the program has ended it scores the run and writes the report, which is waited for and shown.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheber.client import checks, messages
from sheber.client.cell import Cell
from sheber.client.errors import RobotError, RunOver, SheberError
from sheber.client.session import Session
from sheber.client.wire import PROTOCOL, WireClosed, open_endpoint

if TYPE_CHECKING:
    import subprocess

__all__ = ["connect", "in_the_box"]

_cell: Cell | None = None


def connect(exercise: str | None = None, seed: int | None = None) -> Cell:
    """The cell that this program was started for.

    Started by `sheber run` or `sheber grade`, the arguments are not needed and not looked at. Started by
    hand (``python program.py``, an IDE), a practice cell of `exercise` is started: named here or in the
    environment (SHEBER_EXERCISE); `seed` chooses the scene (SHEBER_SEED), a random one if left out. At the
    program's end the score is printed and the report written. Called again, gives the same cell. Raises
    ValueError where the exercise is not named or does not exist.

    >>> from sheber import connect
    >>> cell = connect(exercise="palletising", seed=3)
    """
    global _cell
    if _cell is None:
        endpoint = os.environ.get("SHEBER_ENDPOINT")
        if endpoint:
            _cell = _open(endpoint)
        else:
            _cell = _practise(exercise or os.environ.get("SHEBER_EXERCISE"), _seed(seed))
    return _cell


def _open(endpoint: str) -> Cell:
    session = Session(open_endpoint(endpoint))
    messages.set_clock(lambda: session.time)
    # the client's name is an event of the trace: with a version in it, the same run would hash differently elsewhere
    facts = session.call("connect", protocol=PROTOCOL, client="python")
    messages.hint_on_sleep(lambda seconds: _tell_of_sleep(session, seconds))
    atexit.register(session.close)
    return Cell(session, facts)


def _tell_of_sleep(session: Session, seconds: float) -> None:
    with contextlib.suppress(RunOver, SheberError):  # the program learns of these with its next own request
        session.call("slept", seconds=max(0.0, min(float(seconds), 1e6)))


def _seed(seed: int | None) -> int | None:
    value = os.environ.get("SHEBER_SEED") if seed is None else seed
    return None if value is None or value == "" else checks.seed(value)


# --- practice, where no judge started the program -------------------------------------------


def _practise(exercise: str | None, seed: int | None) -> Cell:
    program = str(getattr(sys.modules.get("__main__"), "__file__", "") or "")
    if program:
        messages.explain_uncaught(program)
    if not exercise:
        raise ValueError(
            "this program was not started by `sheber run`, so connect() needs the exercise: "
            'connect(exercise="palletising"), or set SHEBER_EXERCISE; `sheber exercises` lists what exists'
        )
    child = _start(exercise, seed, program)
    assert child.stdout is not None
    endpoint = child.stdout.readline().strip()
    if not endpoint.startswith("tcp:"):
        child.wait()
        raise ValueError(f"the practice cell of {exercise!r} did not start; its message stands above")
    print(
        f"Practice cell of {exercise}. The program runs beside it without isolation; in the box: "
        f"{in_the_box(exercise, seed, program)}",
        file=sys.stderr,
    )
    atexit.register(_wait_for_report, child)  # runs after the wire was closed: atexit goes backwards
    try:
        cell = _open(endpoint)
    except (OSError, WireClosed) as error:
        raise RobotError(f"the practice cell of {exercise!r} cannot be reached: {error}") from None
    if not hasattr(sys, "ps1"):
        messages.install_stdout_times()
    return cell


def in_the_box(exercise: str, seed: int | None, program: str) -> str:
    """The command that runs the same program in the box, as it can be typed in this folder."""
    import shlex

    file = program or "program.py"
    with contextlib.suppress(ValueError):
        file = str(Path(file).relative_to(Path.cwd()))
    words = ["sheber", "run", exercise, file, *([] if seed is None else ["--seed", str(seed)])]
    return shlex.join(words)


def _start(exercise: str, seed: int | None, program: str) -> subprocess.Popen[str]:
    """The practice child, in a process group of its own: Ctrl-C ends the program, and the child then scores it."""
    import subprocess  # not in the box: only practice needs it

    command = [sys.executable, "-m", "sheber", "practice", exercise, "--endpoint"]
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
