"""The server's mouth: what a command gave, as Hamlib's daemons write it; and the conversation of one client.

The default protocol answers a question with its values, a line each, and everything else with "RPRT 0". The extended
protocol repeats the command, labels the values, and always ends with RPRT.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sheber.ground.protocols.language import Code, Command, Language
from sheber.ground.protocols.reader import NeedData, Refused, Request, RequestReader
from sheber.i18n import Text, message

__all__ = ["CLOSED", "Asked", "Closed", "Refusal", "Said", "Server", "number"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NO_NUMBER = message("ground.rotctl_no_number", "{name} = {value!r} is no finite number.")


class Refusal(Exception):
    """A command that the equipment does not carry out."""

    def __init__(self, code: Code, why: Text) -> None:
        super().__init__(str(why))
        self.code, self.why = code, why


class Said(list[str]):
    """Lines that are the answer as they stand, in the default protocol too: dump_state."""


class Closed:
    """The client has taken its leave."""


CLOSED: Final = Closed()

S = TypeVar("S")
Asked = Callable[[S, Sequence[str]], Sequence[str] | None]


def number(name: str, value: str) -> float:
    """An argument as a finite number; raises Refusal."""
    given = float(value) if _NUMBER.fullmatch(value) else math.inf
    if abs(given) > 1e300:
        raise Refusal(Code.INVALID, _NO_NUMBER(name=name, value=value[:40]))
    return given


class Server:
    """One client's conversation: bytes in, bytes out. A language's server gives the equipment and the handlers."""

    def __init__(self, language: Language, equipment: Any, handlers: Mapping[str, Asked[Any]]) -> None:
        self._reader = RequestReader(language)
        self._equipment = equipment
        self._handlers = handlers
        self.refused: list[Text] = []  # why requests were refused, for a log; who reads it empties it

    def receive_data(self, data: bytes) -> None:
        """Take bytes of the client as they came."""
        self._reader.receive_data(data)

    @property
    def waiting(self) -> int:
        """Bytes that were received and not yet answered."""
        return self._reader.waiting

    def next_answer(self) -> bytes | NeedData | Closed:
        """Carry out the next request, and give what is to be sent."""
        event = self._reader.next_event()
        if isinstance(event, NeedData):
            return event
        if isinstance(event, Refused):
            return self._refuse(event.code, event.why, event.separator)
        if event.command.ends:
            return CLOSED
        return self._answer(event)

    def _answer(self, request: Request) -> bytes:
        handler = self._handlers.get(request.command.name)
        try:
            values = [] if handler is None else handler(self._equipment, request.arguments)
        except Refusal as refusal:
            self.refused.append(refusal.why)
            return _written(request, None, refusal.code)
        return _written(request, values, Code.OK if handler else Code.NOT_IMPLEMENTED)

    def _refuse(self, code: Code, why: Text, separator: str) -> bytes:
        self.refused.append(why)
        return f"RPRT {-code}{separator or chr(10)}".encode()


def _written(request: Request, values: Sequence[str] | None, code: Code) -> bytes:
    """An answer in the protocol that the request asked for."""
    if request.separator:
        return _extended(request, values or (), code)
    if code is Code.OK and values:
        return "".join(f"{value}\n" for value in values).encode()
    return f"RPRT {-code}\n".encode()


def _extended(request: Request, values: Sequence[str], code: Code) -> bytes:
    """An answer of the extended protocol."""
    separator, command = request.separator, request.command
    records = [f"{command.name}:{''.join(f' {argument}' for argument in request.arguments)}"]
    records += values if isinstance(values, Said) else _labelled(command, values)
    records.append(f"RPRT {-code}")
    ending = separator if separator == "\n" else ""
    return (separator.join(records) + (ending or "\n")).encode("utf-8", "replace")


def _labelled(command: Command, values: Sequence[str]) -> list[str]:
    return [f"{label}: {value}" for label, value in zip(command.gives, values, strict=False)]
