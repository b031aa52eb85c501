"""Desk: bytes in, commands to the station, replies out as JSON; refuses what is out of order.

A request is one JSON object whose "do" names the command. Unknown commands, unknown or missing fields, wrong kinds and
numbers out of range are what no client sends: they raise ProtocolError and end the run. What a student may ask for in
good faith but cannot have is answered by the station in words.

How many requests a program may send is not counted here but where they come in, once for every kind of station:
`judge.run.converse` ends the run at the first beyond `Limits.commands`, judged or practised. Whoever serves commands
in another way lets in as many as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Protocol, cast

import msgspec
import numpy as np

from sheber.client.wire import LARGEST_REQUEST
from sheber.desk.errors import CommandError
from sheber.desk.fields import Command
from sheber.desk.remarks import Connect
from sheber.desk.reply import Reply
from sheber.i18n import Text, Worded, message
from sheber.station import Answer, ProtocolError, RunEnds
from sheber.trace import Outcome, OutcomeKind

__all__ = ["Decoder", "Desk", "name_of"]

TOO_LONG = message(
    "robot.request_too_long", "A request may have up to {most:d} bytes. The program sent {arrived:d} bytes."
)
NO_COMMAND = message(
    "robot.not_a_command",
    "The program sent something that is not a command: {why}. It sent {arrived!r}. The commands are: {known}.",
)
TWICE = message("robot.connected_twice", "The program sent the command connect twice.")
NOT_FIRST = message("robot.not_connected", "The first command must be connect. The program sent {command}.")


class _Refusal(Protocol):
    """What the errors have that answer a command in words."""

    kind: str  # a name of sheber.client.errors.KINDS
    text: Text


def name_of(command: type[Command] | Command) -> str:
    """What a command is called in a request: "move_linear"."""
    return str(command.__struct_config__.tag)


class Decoder:
    """Decodes the requests of a station: one of a closed set of commands, strictly."""

    def __init__(self, commands: Sequence[type[Command]]) -> None:
        kinds: Any = reduce(or_, commands)
        self._decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(kinds, strict=True)
        self.known = tuple(name_of(kind) for kind in commands)

    def decode(self, request: bytes) -> Command:
        """The command of one request; raises ProtocolError that says what arrived and what is allowed."""
        if len(request) > LARGEST_REQUEST:
            raise ProtocolError(TOO_LONG(arrived=len(request), most=LARGEST_REQUEST))
        try:
            return self._decoder.decode(request)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            shown = request[:80].decode("utf-8", "replace")
            raise ProtocolError(NO_COMMAND(why=str(error), arrived=shown, known=self.known)) from error


class Desk:
    """Answers the requests of one program."""

    def __init__(
        self,
        decoder: Decoder,
        serve: Callable[[Command], Reply],
        clock: Callable[[], float],
        refusals: tuple[type[Worded], ...] = (CommandError,),
    ) -> None:
        """serve: carries out a command. clock: simulated time [s]. refusals: errors that are answers, with a `kind`."""
        self._decoder, self._serve, self._clock, self._refusals = decoder, serve, clock, refusals
        self._connected = False

    def handle(self, request: bytes) -> Answer:
        """Carry out one request; see `sheber.station.Station`."""
        command = self._decoder.decode(request)
        self._check_order(command)
        try:
            reply = self._serve(command)
        except self._refusals as error:
            refusal = cast("_Refusal", error)
            return self._error(refusal.kind, refusal.text, command.line)
        except RunEnds as end:
            raise RunEnds(end.outcome, self._farewell(end.outcome)) from end
        return self._answer(reply.values, reply.binary)

    def _check_order(self, command: Command) -> None:
        if isinstance(command, Connect):
            if self._connected:
                raise ProtocolError(TWICE())
            self._connected = True
        elif not self._connected:
            raise ProtocolError(NOT_FIRST(command=name_of(command)))

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
