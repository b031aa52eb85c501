"""The client's side: questions to rotctld or rigctld as bytes, and what comes back as replies. No sockets.

Theory of operation. It asks in the extended protocol ("+\\get_pos"), whose answers begin with the name of the command
and end with RPRT, whatever stands between: so an answer needs no table to be understood. One question is on its way at
a time:

    READY   -- question -->   ASKED   -- "get_pos:" -->   ANSWERED   -- "RPRT 0" -->   READY
                              ASKED   -- "RPRT -1" --> READY       (a command that the other side does not know)

A line in a state that has no place for it is a fault of the other side, and so is one that is too long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sheber.ground.protocols.language import Language, PeerError, ProtocolError, words_of
from sheber.ground.protocols.reader import NEED_DATA, NeedData
from sheber.i18n import message

__all__ = ["LONGEST_ANSWER", "Conversation", "Reply"]

LONGEST_ANSWER: Final = 64 << 10  # bytes
READY, ASKED, ANSWERED = "ready", "asked", "answered"

TRANSITIONS: Final[dict[str, dict[str, str]]] = {
    # state: kind of the line -> what is done
    READY: {"empty": "ignore", "end": "complain", "record": "complain"},
    ASKED: {"empty": "ignore", "end": "finish", "record": "open"},
    ANSWERED: {"empty": "keep", "end": "finish", "record": "keep"},
}

_END = re.compile(r"RPRT (-?\d{1,6})")
_BUSY = message("ground.peer_asked", "The answer to {name} has not come yet: one question at a time.")
_UNKNOWN = message("ground.peer_unknown", "This language has no command {name!r}. It has: {names}.")
_ARGUMENTS = message("ground.peer_arguments", "The command {name} takes {wanted:d} values. You gave {given:d}.")
_BAD_VALUE = message(
    "ground.peer_value", "{value!r} cannot be sent: values are finite numbers, or words without a space."
)
_UNASKED = message("ground.peer_unasked", "The other side said {line!r} and was not asked.")
_OTHER = message("ground.peer_other", "The other side answered {line!r} to {name}.")
_LONG = message("ground.peer_long", "The answer to {name} is longer than {most:d} bytes.")
_REFUSED = message("ground.peer_refused", "The other side refuses {name}: {why} (RPRT {code:d}).")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one question."""

    name: str
    code: int  # 0, or Hamlib's number of an error, negative
    values: Mapping[str, str]  # by their labels
    lines: tuple[str, ...]  # as they came, without the first and the last

    def check(self) -> Reply:
        """The reply itself; raises PeerError where it is a refusal."""
        if self.code:
            raise PeerError(_REFUSED(name=self.name, why=words_of(self.code), code=self.code), self.code)
        return self


class Conversation:
    """One client's side of a conversation."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._state = READY
        self._name = ""
        self._buffer = b""
        self._lines: list[str] = []
        self._length = 0  # of these lines

    def ask(self, name: str, *values: float | str) -> bytes:
        """The bytes of a question; raises ProtocolError for one that cannot be asked (now)."""
        command = self._language.by_name.get(name)
        if command is None:
            raise ProtocolError(_UNKNOWN(name=name, names=list(self._language.by_name)))
        if self._state != READY:
            raise ProtocolError(_BUSY(name=self._name))
        if len(values) != len(command.takes):
            raise ProtocolError(_ARGUMENTS(name=name, wanted=len(command.takes), given=len(values)))
        sent = "".join(f" {_sent(value)}" for value in values)
        self._state, self._name, self._lines, self._length = ASKED, name, [], 0
        return f"+\\{name}{sent}\n".encode()

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came; raises ProtocolError for an answer without end."""
        self._buffer += data
        if len(self._buffer) + self._length > LONGEST_ANSWER:
            raise ProtocolError(_LONG(name=self._name, most=LONGEST_ANSWER))

    def next_event(self) -> Reply | NeedData:
        """The reply, once it is whole; raises ProtocolError for what is no answer to the question."""
        while b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            reply = self._take(line.decode("utf-8", "replace").rstrip("\r"))
            if reply is not None:
                return reply
        return NEED_DATA

    def _take(self, line: str) -> Reply | None:
        """Go through one transition."""
        end = _END.fullmatch(line)
        kind = "end" if end else "record" if line.strip() else "empty"
        done = TRANSITIONS[self._state][kind]
        if done == "complain":
            raise ProtocolError(_UNASKED(line=line[:80]))
        if done == "open":
            self._open(line)
        elif done == "keep":
            self._lines.append(line)
            self._length += len(line) + 1
        elif done == "finish" and end:
            return self._finish(int(end[1]))
        return None

    def _open(self, line: str) -> None:
        """The first line of an answer repeats the command."""
        if line.partition(":")[0] != self._name:
            raise ProtocolError(_OTHER(line=line[:80], name=self._name))
        self._state = ANSWERED

    def _finish(self, code: int) -> Reply:
        self._state = READY
        pairs = (re.match(r"([\w ]+?)\s*(?::\s|=)(.*)", line) for line in self._lines)
        values = {pair[1]: pair[2].strip() for pair in pairs if pair}
        return Reply(self._name, code, values, tuple(self._lines))


def _sent(value: float | str) -> str:
    """A value as it is sent; raises ProtocolError for one that would be another command."""
    if isinstance(value, str):
        if not re.fullmatch(r"[\w.+-]{1,80}", value, re.ASCII):
            raise ProtocolError(_BAD_VALUE(value=value[:40]))
        return value
    if not math.isfinite(value):
        raise ProtocolError(_BAD_VALUE(value=str(value)))
    return str(value) if isinstance(value, int) else f"{value:.6f}"
