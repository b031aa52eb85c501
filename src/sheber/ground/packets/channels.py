"""Virtual channels: a stream of frames sorted into channels, their packets, and what is missing.

Frames of a channel are numbered, so that a gap is seen, and how many frames it is long: modulo 256 with TM, so that a
longer silence looks shorter than it was. A frame that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sheber.ground.packets.frames import Frame, FrameError, Layout
from sheber.ground.packets.space_packets import Assembler, Packet

__all__ = ["Channel", "Demultiplexer", "Gap", "Received"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames of a channel that are missing."""

    after: int  # the number of the last frame before it
    missing: int  # frames
    at: int  # index of the frame that showed it, among all that were taken


@dataclass(frozen=True, slots=True)
class Received:
    """A packet, and how it came."""

    packet: Packet
    channel: int
    at: int  # index of the frame that completed it, among all that were taken
    replay: bool  # AOS: whether that frame had been recorded earlier


@dataclass
class Channel:
    """What came of one virtual channel."""

    frames: int = 0
    repeated: int = 0
    last: int | None = None  # number of the last frame
    gaps: list[Gap] = field(default_factory=list)
    packets: Assembler = field(default_factory=Assembler)

    @property
    def missing(self) -> int:
        """Frames that are missing in all."""
        return sum(gap.missing for gap in self.gaps)


class Demultiplexer:
    """Sorts the frames of a link."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.channels: dict[int, Channel] = {}
        self.refused: list[tuple[int, FrameError]] = []  # index of what was no frame of this link, and why
        self._taken = 0

    def take(self, data: bytes) -> list[Received]:
        """The packets that a frame completes."""
        at, self._taken = self._taken, self._taken + 1
        try:
            frame = self.layout.decoded(data)
        except FrameError as error:
            self.refused.append((at, error))
            return []
        channel = self.channels.setdefault(frame.channel, Channel())
        missing = self._missing(channel, frame)
        if missing is None:
            channel.repeated += 1
            return []
        if missing and channel.last is not None:
            channel.gaps.append(Gap(channel.last, missing, at))
        channel.frames, channel.last = channel.frames + 1, self._number(frame)
        if self.layout.idle(frame):
            return []
        packets = channel.packets.take(frame.data, frame.first, gap=bool(missing))
        return [Received(packet, frame.channel, at, frame.replay) for packet in packets]

    def take_all(self, frames: Iterable[bytes]) -> list[Received]:
        """The packets of frames, in the order in which they were completed."""
        return [one for frame in frames for one in self.take(frame)]

    def _missing(self, channel: Channel, frame: Frame) -> int | None:
        """How many frames of the channel did not come before this one; None where this one came already."""
        if channel.last is None:
            return 0
        ahead = (self._number(frame) - channel.last) % (self.layout.counts * (1 if frame.cycle is None else 16))
        return ahead - 1 if ahead else None

    def _number(self, frame: Frame) -> int:
        """The frame's number, with the cycle where it is used."""
        return frame.count if frame.cycle is None else frame.cycle * self.layout.counts + frame.count
