"""AX.25: addresses, control and protocol of a packet radio frame (AX.25 Link Access Protocol v2.2, July 1998).

Here a frame is what lies between the flags without its check sequence; `hdlc` adds and takes these away. Control fields
have one byte (modulo 8), as satellites send them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["NO_LAYER_3", "UNNUMBERED_INFORMATION", "Address", "Ax25Error", "Frame"]

UNNUMBERED_INFORMATION: Final = 0x03
"""The control field of UI frames, which carry telemetry."""
NO_LAYER_3: Final = 0xF0
"""The protocol field of frames without a network protocol."""

_CALLSIGN = re.compile(r"[A-Z0-9]{1,6}")
_MOST_REPEATERS = 8
_BAD_ADDRESS = message(
    "ground.ax25_address",
    "{text!r} is no AX.25 address: it has one to six letters A-Z or digits, and maybe -0 to -15, like UN1GWA-1",
)
_BAD_FRAME = message("ground.ax25_frame", "these {count} bytes are no AX.25 frame: {reason}")


class Ax25Error(GroundError):
    """An address or a frame is not as AX.25 wants it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A station: call sign and number, and the bit whose meaning depends on its place."""

    callsign: str  # "UN1GWA"
    number: int = 0  # SSID, 0 to 15
    marked: bool = False  # destination and source: command or response; a repeater: has repeated

    def __post_init__(self) -> None:
        """Raise Ax25Error where the address cannot be sent."""
        if not _CALLSIGN.fullmatch(self.callsign) or not 0 <= self.number <= 15:
            raise Ax25Error(_BAD_ADDRESS(text=str(self)))

    def __str__(self) -> str:
        """The address as people write it: UN1GWA-1."""
        return f"{self.callsign}-{self.number}" if self.number else self.callsign

    @classmethod
    def parse(cls, text: str, *, marked: bool = False) -> Address:
        """The address of "UN1GWA-1". Raises Ax25Error."""
        callsign, dash, number = text.partition("-")
        if dash and not re.fullmatch(r"[0-9]{1,2}", number):
            raise Ax25Error(_BAD_ADDRESS(text=text))
        return cls(callsign, int(number or 0), marked)

    def encoded(self, *, last: bool) -> bytes:
        """Seven bytes: letters shifted by one, then mark, two reserved ones, number, and whether no address follows."""
        letters = bytes(ord(letter) << 1 for letter in self.callsign.ljust(6))
        return letters + bytes([self.marked << 7 | 0x60 | self.number << 1 | last])

    @classmethod
    def decoded(cls, data: bytes) -> Address:
        """The address of seven bytes. Raises Ax25Error where a letter is none."""
        letters = bytes(byte >> 1 for byte in data[:6]).decode("ascii").rstrip(" ")
        return cls(letters, data[6] >> 1 & 15, bool(data[6] & 0x80))


@dataclass(frozen=True, slots=True)
class Frame:
    """An AX.25 frame: who to whom, by whom, what kind, and what it carries."""

    destination: Address
    source: Address
    information: bytes = b""
    repeaters: tuple[Address, ...] = ()
    control: int = UNNUMBERED_INFORMATION
    protocol: int | None = NO_LAYER_3  # None in the kinds of frames that have none

    def __str__(self) -> str:
        """The frame in one line: UN1GWA>CQ: information as text, other bytes as dots."""
        path = "".join(f",{one}{'*' if one.marked else ''}" for one in self.repeaters)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in self.information)
        return f"{self.source}>{self.destination}{path}: {text}"

    def encoded(self) -> bytes:
        """The bytes between flags, without the check sequence. Raises Ax25Error where they would not be read back."""
        if len(self.repeaters) > _MOST_REPEATERS or _has_protocol(self.control) != (self.protocol is not None):
            raise Ax25Error(_BAD_FRAME(count=0, reason="too many repeaters, or the kind does not go with the protocol"))
        addresses = (self.destination, self.source, *self.repeaters)
        head = b"".join(one.encoded(last=at == len(addresses)) for at, one in enumerate(addresses, 1))
        kind = [self.control] if self.protocol is None else [self.control, self.protocol]
        return head + bytes(kind) + self.information

    @classmethod
    def decoded(cls, data: bytes) -> Frame:
        """The frame of the bytes between flags, without the check sequence. Raises Ax25Error."""
        size = 7 * _count_addresses(data)
        addresses = [Address.decoded(data[at : at + 7]) for at in range(0, size, 7)]
        control, rest = data[size], data[size + 1 :]
        protocol = None
        if _has_protocol(control):
            if not rest:
                raise Ax25Error(_BAD_FRAME(count=len(data), reason="its protocol field is missing"))
            protocol, rest = rest[0], rest[1:]
        return cls(addresses[0], addresses[1], rest, tuple(addresses[2:]), control, protocol)


def _has_protocol(control: int) -> bool:
    """Whether a frame of this kind has a protocol field: information (I) and unnumbered information (UI) frames."""
    return control & 0x01 == 0 or control & 0xEF == UNNUMBERED_INFORMATION


def _count_addresses(data: bytes) -> int:
    """How many addresses the frame begins with; the last one says that it is. Raises Ax25Error."""
    ends = [at for at in range(6, len(data), 7) if data[at] & 1]
    if not ends or ends[0] == 6 or ends[0] // 7 + 1 > 2 + _MOST_REPEATERS:
        raise Ax25Error(_BAD_FRAME(count=len(data), reason="its addresses have no end, or are too few or too many"))
    if any(byte & 1 for byte in data[: ends[0]]):
        raise Ax25Error(_BAD_FRAME(count=len(data), reason="the letters of its addresses have their lowest bit set"))
    if len(data) <= ends[0] + 1:
        raise Ax25Error(_BAD_FRAME(count=len(data), reason="its control field is missing"))
    return ends[0] // 7 + 1
