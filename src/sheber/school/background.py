"""Background: a thread that does one thing again and again, from the beginning of a block to its end."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from sheber.school.errors import SchoolError

__all__ = ["Background"]

log = logging.getLogger("sheber.school.background")


class Background(ABC):
    """A context manager. What goes wrong in a turn is told in the log, and the next turn comes all the same."""

    def __init__(self, name: str, leave_s: float) -> None:
        """leave_s: that a turn has to end at the end of the block [s]."""
        self._name, self._leave_s = name, leave_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def turn(self) -> None:
        """Do what there is to do. A long one looks now and then whether `_stopping` is set."""

    @abstractmethod
    def rest_s(self) -> float:
        """Between two turns [s]."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join(self._leave_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except (SchoolError, OSError) as error:
                log.warning("%s: %s", self._name, error)
            except Exception:  # the process goes on, and the operator reads why this does not
                log.exception("%s: a fault of ours", self._name)
            self._stopping.wait(self.rest_s())
