"""Space packets: their header, and how they are put together from pieces in frames (CCSDS 133.0-B-2).

A packet is six bytes of header and 1 to 65,536 bytes of data. Packets lie in the data of frames one after the other,
over their borders. A frame says where in it the first packet begins; so a receiver that lost a frame is right again
with the next packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["IDLE", "NOTHING_BEGINS", "ONLY_IDLE", "UNSEGMENTED", "Assembler", "Packet", "PacketError", "split"]

IDLE: Final = 0x7FF
"""The application of packets that only fill."""
UNSEGMENTED: Final = 3
NOTHING_BEGINS: Final = 0x7FF
"""A frame's first header pointer where no packet begins in it."""
ONLY_IDLE: Final = 0x7FE
"""A frame's first header pointer where it carries nothing."""

_HEADER = 6
_BAD_PACKET = message("ground.space_packet", "these {count} bytes are no space packet: {reason}")


class PacketError(GroundError):
    """Bytes are no space packet, or a packet cannot be sent."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A space packet."""

    application: int  # APID, 0 to 2047
    count: int  # sequence count of the application, 0 to 16383
    data: bytes  # after the header; begins with the secondary header where there is one
    secondary: bool = False  # whether there is a secondary header, usually the time
    command: bool = False  # to the satellite, not from it
    segment: int = UNSEGMENTED

    def encoded(self) -> bytes:
        """The bytes of the packet. Raises PacketError."""
        inside = 0 <= self.application <= IDLE and 0 <= self.count < 1 << 14 and 0 <= self.segment <= 3
        if not inside or not 1 <= len(self.data) <= 1 << 16:
            raise PacketError(_BAD_PACKET(count=len(self.data), reason="a number of its header does not fit"))
        first = self.command << 12 | self.secondary << 11 | self.application
        words = first, self.segment << 14 | self.count, len(self.data) - 1
        return b"".join(word.to_bytes(2, "big") for word in words) + self.data

    @classmethod
    def decoded(cls, data: bytes) -> Packet:
        """The packet of its bytes. Raises PacketError where they are more or less than one."""
        if len(data) <= _HEADER or len(data) != _size(data):
            raise PacketError(_BAD_PACKET(count=len(data), reason="their length is not that of the header"))
        first, second = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        if first >> 13:
            raise PacketError(_BAD_PACKET(count=len(data), reason=f"its version is {first >> 13}, not 0"))
        return cls(
            first & IDLE, second & 0x3FFF, data[_HEADER:], bool(first >> 11 & 1), bool(first >> 12 & 1), second >> 14
        )


def split(data: bytes) -> tuple[list[Packet], bytes]:
    """The packets that lie one after the other from the first byte on, and what is left of one that is not whole.

    Raises PacketError where something is no packet.
    """
    packets, at = [], 0
    while len(data) - at >= _HEADER:
        size = _size(data[at : at + _HEADER])
        if len(data) - at < size:
            break
        packets.append(Packet.decoded(data[at : at + size]))
        at += size
    return packets, data[at:]


class Assembler:
    """Puts the packets of one virtual channel together, frame by frame."""

    def __init__(self) -> None:
        self._begun: bytes | None = None  # of a packet; None: not known where one begins
        self.lost = 0  # packets whose beginning came and whose end did not

    def take(self, data: bytes, first: int, *, gap: bool = False) -> list[Packet]:
        """The packets that the data of a frame complete; idle ones are left out.

        first: the frame's first header pointer; gap: whether frames before this one are missing.
        """
        if gap:
            self._forget()
        if first == ONLY_IDLE:
            return []
        if first == NOTHING_BEGINS:
            return self._go_on(data)
        if first >= len(data):  # it points outside
            self._forget()
            return []
        packets = self._go_on(data[:first])
        if self._begun:  # the header said that it is longer
            self._forget()
        self._begun = b""
        return packets + self._go_on(data[first:])

    def _go_on(self, data: bytes) -> list[Packet]:
        """The packets that more data complete."""
        if self._begun is None:
            return []
        try:
            packets, self._begun = split(self._begun + data)
        except PacketError:
            self._forget()
            return []
        return [packet for packet in packets if packet.application != IDLE]

    def _forget(self) -> None:
        """Give up the packet that was begun."""
        self.lost += bool(self._begun)
        self._begun = None


def _size(data: bytes) -> int:
    """Bytes of the packet that begins here, by its header."""
    return _HEADER + 1 + int.from_bytes(data[4:6], "big")
