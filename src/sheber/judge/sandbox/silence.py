"""Silence: how long a program has asked nothing, as far as the program is to blame.

Processor time counts while the program computes, wall time while it sleeps. The time in which it is ready to compute
but the machine is busy with others does not count. So a busy machine never ends an honest program.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from sheber.i18n import Text, message

__all__ = ["Silence", "asleep"]

COMPUTED = message(
    "run.silent_computing",
    "The program computed for {limit:g} s (processor time) and sent no command in this time. This is the limit. "
    "Look for a loop that never ends.",
)
SLEPT = message(
    "run.silent_asleep",
    "The program slept for {limit:g} s and sent no command in this time. This is the limit. "
    "No simulated time passes during time.sleep: the station stands still while a program sleeps. "
    "Let the station wait instead.",
)

_AT_WORK = ("R", "D")  # states of a thread that computes, wants to compute, or waits for a disk


@dataclass
class Silence:
    """The time since the last request, looked at now and then."""

    limit_s: float
    computed_s: float = 0.0  # processor time
    slept_s: float = 0.0  # wall time
    _requests: int = -1  # that had come at the last look
    _processor_s: float = 0.0  # at the last look
    _looked: float = field(default_factory=time.monotonic)

    def look(self, requests: int, processor_s: float, sleeps: bool) -> Text | None:
        """Add the time since the last look; a sentence where the limit is reached.

        requests: that have come so far; a new one ends the silence. processor_s: of the program so far [s].
        """
        now = time.monotonic()
        computed, passed = processor_s - self._processor_s, now - self._looked
        if requests != self._requests:
            self.computed_s = self.slept_s = 0.0
        else:
            self.computed_s += computed
            self.slept_s += max(0.0, passed - computed) if sleeps else 0.0
        self._requests, self._processor_s, self._looked = requests, processor_s, now
        if self.computed_s + self.slept_s < self.limit_s:
            return None
        return (SLEPT if self.slept_s > self.computed_s else COMPUTED)(limit=self.limit_s)


def asleep(pids: list[int]) -> bool:
    """Whether no thread of these processes computes or wants to; False where the system does not tell."""
    try:
        return not any(_state(pid, thread) in _AT_WORK for pid in pids for thread in os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return False


def _state(pid: int, thread: str) -> str:
    """The letter of a thread's state."""
    with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]
