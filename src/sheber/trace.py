"""Trace: the record of one run, written as it happens, whole up to its last record. No physics.

The contract (the format is described in docs/trace-format.md). This file is being filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Event", "Outcome", "OutcomeKind"]


class OutcomeKind(StrEnum):
    """How a run ended: a closed set."""

    FINISHED = "finished"  # the program came to its end
    EMERGENCY_STOP = "emergency stop"  # a collision, a force or a limit stopped the equipment
    PROGRAM_ERROR = "program error"  # the program ended with an error, or never connected
    TIME_LIMIT = "time limit"  # simulated time was used up
    RESOURCE_LIMIT = "resource limit"  # processor, wall time, memory, output, commands
    PROTOCOL_ERROR = "protocol error"  # bytes that no client sends
    SYSTEM_FAULT = "system fault"  # a fault of ours; never a zero: the run is repeated


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and why, in words."""

    kind: OutcomeKind
    reason: str = ""  # one calm sentence; empty for finished
    line: int = 0  # line of the student's program, 0 where none is known
    connected: bool = True  # False: the program never connected


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    step: int  # physics steps since the start
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values
