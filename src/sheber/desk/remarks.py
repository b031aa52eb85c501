"""Remarks: what a program may tell any station: who it is, notes, pictures, that it sleeps. They cost no time."""

from __future__ import annotations

from typing import Annotated, Any, Final, Protocol

from msgspec import Meta

from sheber.client.wire import LONGEST_NOTE, LONGEST_TITLE, PROTOCOL
from sheber.desk.fields import Command, Name, NotNegative
from sheber.i18n import Message, message
from sheber.station import ProtocolError

__all__ = ["REMARKS", "Connect", "Note", "Remarked", "Show", "Slept", "remark"]

HINTS_RECORDED = 10  # that the program slept; our client says it once
NO_JPEG = message("robot.not_a_jpeg", "The program sent a picture to show, but the picture is not a JPEG.")
PICTURES_USED_UP = message(
    "robot.pictures_used_up", "The program has already shown {limit:d} pictures. This is the limit."
)
NOTES_USED_UP = message("robot.notes_used_up", "The program has already written {limit:d} notes. This is the limit.")


class Connect(Command, tag="connect", frozen=True, kw_only=True):
    """The first command, and only the first: what a program may know without asking."""

    protocol: Annotated[int, Meta(ge=PROTOCOL, le=PROTOCOL)]
    client: Name = ""


class Note(Command, tag="note", frozen=True, kw_only=True):
    """A mark in the trace."""

    text: Annotated[str, Meta(max_length=LONGEST_NOTE)]


class Show(Command, tag="show", frozen=True, kw_only=True):
    """A picture that the program made."""

    jpeg: bytes  # base64 on the wire
    title: Annotated[str, Meta(max_length=LONGEST_TITLE)] = ""


class Slept(Command, tag="slept", frozen=True, kw_only=True):
    """The program sleeps in wall time: worth a hint in the report."""

    seconds: NotNegative


REMARKS: Final[tuple[type[Command], ...]] = (Note, Show, Slept)
"""Commands that cost no simulated time and leave the equipment alone."""


class Remarked(Protocol):
    """A station, as remarks see it."""

    line: int  # of the command that is served

    def count(self, what: str, over: Message) -> int:
        """Count one use of what is limited and give how many there were before; one too many ends the run."""
        ...

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        ...

    def picture(self, jpeg: bytes, title: str) -> None:
        """Record a picture that the program showed now."""
        ...


def remark(station: Remarked, command: Note | Show | Slept, slept: Message) -> None:
    """Record a remark. slept: the sentence for a program that sleeps, with the value `line`; events note, show, hint.

    Raises ProtocolError for a picture that is no JPEG; ends the run where a limit is used up.
    """
    if isinstance(command, Note):
        station.count("notes", NOTES_USED_UP)
        station.event("note", {"text": command.text, "line": station.line})
    elif isinstance(command, Show):
        if not command.jpeg.startswith(b"\xff\xd8\xff"):
            raise ProtocolError(NO_JPEG())
        station.count("pictures", PICTURES_USED_UP)
        station.event("show", {"title": command.title, "line": station.line})
        station.picture(command.jpeg, command.title)
    elif station.count("hints", NOTES_USED_UP) < HINTS_RECORDED:  # they have no limit: a program may sleep on
        station.event("hint", {"text": slept(line=station.line)})
