"""The language of Hamlib's daemons: commands with a letter and a long name, codes of errors.

`rotctld` and `rigctld` speak the same protocol with two tables of commands. It is described in Hamlib's manual pages
rotctld(1) and rigctld(1); what they leave open was measured on Hamlib 4.5.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from sheber.ground.errors import GroundError
from sheber.i18n import Message, Text, message

__all__ = ["Code", "Command", "Language", "PeerError", "ProtocolError", "words_of"]


class ProtocolError(GroundError):
    """Bytes that this protocol does not have, or a question that cannot be sent."""


class PeerError(GroundError):
    """The other side answered with an error. `code` is its number."""

    def __init__(self, text: Text, code: int) -> None:
        super().__init__(text)
        self.code = code


class Code(IntEnum):
    """What stands behind RPRT, as in Hamlib's `rig_errcode_e`; on the wire it is negative."""

    OK = 0
    INVALID = 1
    NOT_IMPLEMENTED = 4
    TIMEOUT = 5
    IO = 6
    INTERNAL = 7
    PROTOCOL = 8
    REJECTED = 9
    NOT_AVAILABLE = 11
    BUSY = 14


_WORDS: dict[int, Message] = {
    Code.INVALID: message("ground.rprt_invalid", "invalid parameter"),
    Code.NOT_IMPLEMENTED: message("ground.rprt_not_implemented", "not implemented"),
    Code.TIMEOUT: message("ground.rprt_timeout", "no answer in time"),
    Code.IO: message("ground.rprt_io", "the equipment does not answer"),
    Code.INTERNAL: message("ground.rprt_internal", "a fault of the other side"),
    Code.PROTOCOL: message("ground.rprt_protocol", "protocol error"),
    Code.REJECTED: message("ground.rprt_rejected", "rejected by the equipment"),
    Code.NOT_AVAILABLE: message("ground.rprt_not_available", "not available"),
    Code.BUSY: message("ground.rprt_busy", "busy"),
}
_OTHER = message("ground.rprt_other", "error {code:d}")


def words_of(code: int) -> Text:
    """What a code means."""
    known = _WORDS.get(abs(code))
    return known() if known is not None else _OTHER(code=code)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a language."""

    letter: str  # "P"; "" where it has a long name only
    name: str  # "set_pos"
    takes: tuple[str, ...] = ()  # names of its arguments
    gives: tuple[str, ...] = ()  # labels of its values in the extended protocol
    ends: bool = False  # it ends the conversation


@dataclass(frozen=True)
class Language:
    """The commands of one daemon."""

    commands: tuple[Command, ...]
    by_letter: dict[str, Command] = field(init=False)
    by_name: dict[str, Command] = field(init=False)

    def __post_init__(self) -> None:
        """Make the two indices."""
        object.__setattr__(self, "by_letter", {one.letter: one for one in self.commands if one.letter})
        object.__setattr__(self, "by_name", {one.name: one for one in self.commands})
