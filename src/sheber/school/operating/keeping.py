"""Keeping: what runs beside the web server of one process: the worker as its child, and the cleaning by rule."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from sheber.school.background import Background
from sheber.school.opening import School
from sheber.school.operating.retention import Rule, clean

__all__ = ["Cleaning", "WorkerProcess", "end_with_parent"]

log = logging.getLogger("sheber.school.keeping")

AGAIN_S: Final = (1.0, 60.0)  # first and longest wait before a worker that died is started again [s]
WELL_S: Final = 60.0  # a worker that lived so long was well [s]
LEAVE_S: Final = 20.0  # that a worker has to give its jobs back [s]
CLEAN_S: Final = 3600.0  # between two cleanings [s]


class WorkerProcess:
    """A worker as a child: started again where it dies, ended in good order, and never left alone.

    Its standard input is a pipe that nobody writes to. It closes when this process ends, however it ends, and the
    worker ends then (`end_with_parent`).
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = list(command), dict(environment)
        self._stopping = threading.Event()
        self._started = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._stopping.set()
        with self._started:
            child = self._child
        if child is not None:
            _end(child)
        self._thread.join(LEAVE_S)

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._child.pid if self._child else None

    def _keep(self) -> None:
        wait = AGAIN_S[0]
        while not self._stopping.is_set():
            started = time.monotonic()
            code = self._once()
            if self._stopping.is_set():
                return
            wait = AGAIN_S[0] if time.monotonic() - started > WELL_S else wait
            log.warning("the worker process ended with code %s and is started again in %.0f s", code, wait)
            self._stopping.wait(wait)
            wait = min(AGAIN_S[1], 2.0 * wait)

    def _once(self) -> int | str:
        """Run the child to its end; gives its exit code, or why it could not be started."""
        with self._started:
            if self._stopping.is_set():
                return 0
            try:
                self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=self._environment)
            except OSError as error:
                return str(error)
        with self._child as child:
            return child.wait()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask it to end; kill it where it does not."""
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        log.warning("the worker process did not end within %.0f s and is killed; its jobs are judged again", LEAVE_S)
        child.kill()


def end_with_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when the standard input closes: the process that started this one has ended."""

    def listen() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 64):
                pass
        stop()

    threading.Thread(target=listen, name="parent", daemon=True).start()


class Cleaning(Background):
    """A thread that removes traces by rule, now and every hour."""

    def __init__(self, school: School, rule: Rule) -> None:
        super().__init__("cleaning", LEAVE_S)
        self._school, self._rule = school, rule

    def rest_s(self) -> float:
        """Between two cleanings [s]."""
        return CLEAN_S

    def turn(self) -> None:
        """Clean."""
        clean(self._school, self._rule)
