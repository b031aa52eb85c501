"""Transfer frames of TM (CCSDS 132.0-B-3) and AOS (732.0-B-4), with their virtual channels.

A frame of a link has a fixed length. Its header names the spacecraft, the virtual channel and the frame's number in
it, and where the first packet begins. What no header says, both sides have agreed on: that is the `Layout`. The header
error control of AOS is not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sheber.ground.coding.crc import crc16_ccsds
from sheber.ground.errors import GroundError
from sheber.ground.packets.space_packets import ONLY_IDLE
from sheber.i18n import message

__all__ = ["AOS_IDLE", "Frame", "FrameError", "Layout"]

AOS_IDLE: Final = 63
"""The virtual channel of AOS frames that only fill."""

_BAD_FRAME = message("ground.transfer_frame", "this is no frame of the link: {reason}")
_HEADER = 6


class FrameError(GroundError):
    """Bytes are no frame of this link, or a frame does not fit it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A transfer frame."""

    spacecraft: int
    channel: int  # virtual channel: TM 0 to 7, AOS 0 to 63
    count: int  # its number in the virtual channel: TM 8 bits, AOS 24 bits
    data: bytes  # packets and pieces of them
    first: int = 0  # index in `data` at which the first packet begins; see `space_packets`
    master: int = 0  # TM: its number on the whole link, 8 bits
    replay: bool = False  # AOS: recorded earlier and sent now
    control: bytes = b""  # the operational control field: none or four bytes, usually how commands arrived
    secondary: bytes = b""  # TM: the secondary header, with its first byte
    cycle: int | None = None  # AOS: the count's own count, 4 bits, where it is used


@dataclass(frozen=True)
class Layout:
    """What both sides of a link have agreed on."""

    size: int  # bytes of a frame, all in all
    kind: Literal["tm", "aos"] = "tm"
    spacecraft: int | None = None  # frames of others are refused; None: of any
    checked: bool = False  # whether a frame ends with a check sequence (FECF)
    control: bool = False  # AOS: whether frames have an operational control field; TM says it in each
    insert: int = 0  # AOS: bytes of the insert zone

    @property
    def counts(self) -> int:
        """How many numbers a virtual channel has before it begins anew, without the cycles of AOS."""
        return 1 << 8 if self.kind == "tm" else 1 << 24

    def room(self, *, control: bool = False, secondary: int = 0) -> int:
        """Bytes for packets in a frame."""
        before = _HEADER + (secondary if self.kind == "tm" else self.insert + 2)
        return self.size - before - 4 * (control or self.control) - 2 * self.checked

    def encoded(self, frame: Frame) -> bytes:
        """The bytes of a frame. Raises FrameError where it does not fit."""
        room = self.room(control=bool(frame.control), secondary=len(frame.secondary))
        if len(frame.data) != room or len(frame.control) not in (0, 4):
            raise FrameError(_BAD_FRAME(reason=f"its data have {len(frame.data)} bytes, not {room}"))
        head = _tm_head(frame) if self.kind == "tm" else _aos_head(frame, self.insert)
        body = head + frame.data + frame.control
        return body + crc16_ccsds(body).to_bytes(2, "big") if self.checked else body

    def decoded(self, data: bytes) -> Frame:
        """The frame of bytes. Raises FrameError."""
        if len(data) != self.size:
            raise FrameError(_BAD_FRAME(reason=f"it has {len(data)} bytes, not {self.size}"))
        if self.checked and crc16_ccsds(data):
            raise FrameError(_BAD_FRAME(reason="its check sequence is wrong"))
        body = data[:-2] if self.checked else data
        frame = _tm(body) if self.kind == "tm" else _aos(body, self)
        if self.spacecraft is not None and frame.spacecraft != self.spacecraft:
            raise FrameError(_BAD_FRAME(reason=f"it is of spacecraft {frame.spacecraft}, not {self.spacecraft}"))
        return frame

    def idle(self, frame: Frame) -> bool:
        """Whether a frame only fills."""
        return frame.first == ONLY_IDLE or (self.kind == "aos" and frame.channel == AOS_IDLE)


def _tm_head(frame: Frame) -> bytes:
    """The header of a TM frame."""
    _fits(frame.spacecraft < 1 << 10 and frame.channel < 8 and frame.count < 256 and frame.master < 256)
    _fits(frame.first < 1 << 11)
    word = frame.spacecraft << 4 | frame.channel << 1 | bool(frame.control)
    status = bool(frame.secondary) << 15 | 3 << 11 | frame.first
    return word.to_bytes(2, "big") + bytes([frame.master, frame.count]) + status.to_bytes(2, "big") + frame.secondary


def _tm(body: bytes) -> Frame:
    """The frame of TM bytes without their check sequence."""
    word, status = int.from_bytes(body[:2], "big"), int.from_bytes(body[4:6], "big")
    if word >> 14:
        raise FrameError(_BAD_FRAME(reason=f"its version is {word >> 14}, not 0 (TM)"))
    if status >> 14 & 1:
        raise FrameError(_BAD_FRAME(reason="it carries no packets"))
    start = _HEADER + (1 + (body[_HEADER] & 0x3F) if status >> 15 else 0)
    end = len(body) - 4 * (word & 1)
    if start >= end:
        raise FrameError(_BAD_FRAME(reason="its secondary header is longer than the frame"))
    return Frame(
        spacecraft=word >> 4 & 0x3FF,
        channel=word >> 1 & 7,
        count=body[3],
        data=body[start:end],
        first=status & 0x7FF,
        master=body[2],
        control=body[end:],
        secondary=body[_HEADER:start],
    )


def _aos_head(frame: Frame, insert: int) -> bytes:
    """The header of an AOS frame, an empty insert zone, and the header of its packets."""
    _fits(frame.spacecraft < 256 and frame.channel < 64 and frame.count < 1 << 24 and frame.first < 1 << 11)
    word = 1 << 14 | frame.spacecraft << 6 | frame.channel
    signal = frame.replay << 7 | (0 if frame.cycle is None else 1 << 6 | frame.cycle)
    head = word.to_bytes(2, "big") + frame.count.to_bytes(3, "big") + bytes([signal])
    return head + bytes(insert) + frame.first.to_bytes(2, "big")


def _aos(body: bytes, layout: Layout) -> Frame:
    """The frame of AOS bytes without their check sequence."""
    word, signal = int.from_bytes(body[:2], "big"), body[5]
    if word >> 14 != 1:
        raise FrameError(_BAD_FRAME(reason=f"its version is {word >> 14}, not 1 (AOS)"))
    start, end = _HEADER + layout.insert + 2, len(body) - 4 * layout.control
    return Frame(
        spacecraft=word >> 6 & 0xFF,
        channel=word & 0x3F,
        count=int.from_bytes(body[2:5], "big"),
        data=body[start:end],
        first=int.from_bytes(body[start - 2 : start], "big") & 0x7FF,
        replay=bool(signal >> 7),
        control=body[end:],
        cycle=signal & 15 if signal >> 6 & 1 else None,
    )


def _fits(inside: bool) -> None:
    """Raise FrameError where a number is too large for its field."""
    if not inside:
        raise FrameError(_BAD_FRAME(reason="a number of its header does not fit"))
