"""Desk: bytes in, commands to the controller, replies out as JSON; refuses what is out of order.

How many requests a program may send is not counted here but where they come in, once for every kind of station:
`judge.run.converse` ends the run at the first beyond `Limits.commands`, judged or practised. Whoever serves commands
in another way lets in as many as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from sheber.i18n import Text, message
from sheber.robot import commands as c
from sheber.robot.fields import Command
from sheber.robot.motion.errors import MotionError
from sheber.robot.serving import CommandError, Reply, refusal
from sheber.station import Answer, ProtocolError, RunEnds
from sheber.trace import Outcome, OutcomeKind

__all__ = ["Desk"]

TWICE = message("robot.connected_twice", "The program sent the command connect twice.")
NOT_FIRST = message("robot.not_connected", "The first command must be connect. The program sent {command}.")


class Desk:
    """Answers the requests of one program."""

    def __init__(self, serve: Callable[[Command], Reply], clock: Callable[[], float]) -> None:
        """`serve` carries out a command; `clock` tells the simulated time [s]."""
        self._serve, self._clock = serve, clock
        self._connected = False

    def handle(self, request: bytes) -> Answer:
        """Carry out one request; see `sheber.station.Station`."""
        command = c.decode(request)
        self._check_order(command)
        try:
            reply = self._serve(command)
        except (CommandError, MotionError) as error:
            kind, text = refusal(error)
            return self._error(kind, text, command.line)
        except RunEnds as end:
            raise RunEnds(end.outcome, self._farewell(end.outcome)) from end
        return self._answer(reply.values, reply.binary)

    def _check_order(self, command: Command) -> None:
        if isinstance(command, c.Connect):
            if self._connected:
                raise ProtocolError(TWICE())
            self._connected = True
        elif not self._connected:
            raise ProtocolError(NOT_FIRST(command=c.name_of(command)))

    def _farewell(self, outcome: Outcome) -> Answer:
        kind = "Collision" if outcome.kind is OutcomeKind.EMERGENCY_STOP else "RunOver"
        return self._error(kind, outcome.text, outcome.line)

    def _error(self, kind: str, text: Text, line: int) -> Answer:
        return self._answer({"error": {"kind": kind, "message": str(text), "line": line, "text": text.form()}})

    def _answer(self, values: Mapping[str, Any], binary: bytes = b"") -> Answer:
        return Answer(_encode({**values, "time": self._clock()}), binary)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):  # a number in a text of the mathematics
        return value.item()
    raise TypeError(f"no reply holds a {type(value).__name__}: {value!r}")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
